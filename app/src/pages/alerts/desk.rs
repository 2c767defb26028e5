//! What the pages of alerts and of findings have alike: a head with the ways to the other one and to the rules, what it is about, the
//! list, and the drawer in which its figures open.

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    components::{
        button::Kind,
        figure::{FigureDrawer, Opening},
        page::Heading,
        part::part_or,
    },
    error::AppError,
};

/// What stands above the list.
pub(crate) struct Head {
    pub(crate) title: &'static str,
    /// The other page, and what the way there is called.
    pub(crate) beside: (&'static str, &'static str),
    pub(crate) about: &'static str,
}

/// The page, with `between` above its list; `what` names the list where it could not be read.
pub(crate) fn desk<T, V>(
    head: Head,
    between: impl IntoView + 'static,
    what: &'static str,
    list: Resource<Result<T, AppError>>,
    draw: impl Fn(T) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let Head { title, beside: (href, other), about } = head;
    let opening = Opening::provide(Signal::stored(String::new()));
    let missing = |error: &AppError| {
        (*error == AppError::Missing)
            .then(|| view! { <p class="text-muted">"There is no such client in your sight."</p> }.into_any())
    };
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text=title>
                <a class=Kind::Plain.class() href=href>{other}</a>
                <a class=Kind::Plain.class() href="/settings/alerts">"Rules and quiet hours"</a>
            </Heading>
            <p class="max-w-prose text-muted">{about}</p>
            {between}
            {part_or(what, "heading", list, draw, missing)}
        </div>
        <FigureDrawer opening=opening />
    }
}
