//! Addresses that lead nowhere, and pages that say what went wrong instead of what was asked for.

use leptos::prelude::*;
use leptos_meta::Title;

#[cfg(feature = "ssr")]
use crate::pages::{frame::StillFrame, outside::Outside};

/// "There is nothing here", in the frame: an address that was followed inside the application.
#[component]
pub fn MissingPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::server::set_status(http::StatusCode::NOT_FOUND);
    view! {
        <Title text="Not found" />
        <div class="flex flex-col gap-3">
            <h1 id="heading" tabindex="-1">"There is nothing here"</h1>
            <p class="text-muted">"The address is wrong, or what stood here is gone or not in your sight."</p>
            <p><a href="/" rel="external">"Go to the start page"</a></p>
        </div>
    }
}

/// What went wrong with a request, as the server puts it into the context of [`TroublePage`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The browser's title and the heading.
    pub heading: &'static str,
    /// What happened, what was kept and what to do.
    pub words: String,
    /// Stands in the log beside the cause.
    pub request_id: Option<String>,
    /// Where to go from here: address and words.
    pub way: (&'static str, &'static str),
    /// Whether somebody is signed in, so that the areas can be shown.
    pub signed_in: bool,
}

/// A page that is not live: what went wrong, the request's id, and a way back.
#[cfg(feature = "ssr")]
#[component]
pub fn TroublePage() -> impl IntoView {
    let Some(trouble) = use_context::<Trouble>() else { return ().into_any() };
    let (href, way) = trouble.way;
    let body = view! {
        <p>{trouble.words}</p>
        <p><a href=href rel="external" class="button button-plain">{way}</a></p>
        {trouble.request_id.map(|id| view! { <p class="text-xs text-muted">"Request " <code data-test="request-id">{id}</code></p> })}
    };
    view! {
        <Title text=trouble.heading />
        {if trouble.signed_in {
            view! { <StillFrame><div class="flex flex-col gap-3"><h1>{trouble.heading}</h1>{body}</div></StillFrame> }.into_any()
        } else {
            view! { <Outside heading=trouble.heading>{body}</Outside> }.into_any()
        }}
    }
    .into_any()
}
