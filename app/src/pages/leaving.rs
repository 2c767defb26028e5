//! The way to a provider's page of consent: browsers that came by a form are not led to another site at once, since the
//! policy of our pages lets forms lead to ourselves only. The answer's `Refresh` header leads on; this is what stands
//! there meanwhile, with a link for browsers that do not follow it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::pages::outside::Outside;

/// Where one goes, as the server puts it into the context of [`LeavingPage`].
#[derive(Clone, Debug)]
pub struct Leaving {
    /// The provider's name.
    pub name: &'static str,
    /// Its page of consent.
    pub href: String,
}

/// "Going on to …".
#[component]
pub fn LeavingPage() -> impl IntoView {
    let Some(Leaving { name, href }) = use_context::<Leaving>() else { return ().into_any() };
    view! {
        <Title text="Connecting" />
        <Outside heading="Connecting">
            <p>{format!("You are going on to {name}, where you choose what this installation may read. You come back here afterwards.")}</p>
            <p><a href=href rel="external" class="button button-primary">{format!("Go on to {name}")}</a></p>
            <p><a href="/settings/integrations" rel="external">"Stay here"</a></p>
        </Outside>
    }
    .into_any()
}
