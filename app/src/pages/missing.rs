//! The page for addresses that lead nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::pages::outside::Outside;

/// "There is nothing here", with status 404.
#[component]
pub fn MissingPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::server::set_status(http::StatusCode::NOT_FOUND);
    view! {
        <Title text="Not found" />
        <Outside heading="There is nothing here">
            <p class="text-muted">"The address is wrong, or what stood here is gone or not in your sight."</p>
            <p><a href="/" rel="external">"Go to the start page"</a></p>
        </Outside>
    }
}
