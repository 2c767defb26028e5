//! What the link in the verification mail leads to. The server has used the token before this page is drawn.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::notice::{Notice, Tone},
    form::Form,
    pages::outside::Outside,
};

/// Whether the address is verified, and what to do next.
#[component]
pub fn VerifyEmailPage() -> impl IntoView {
    let form = Form::of_page();
    view! {
        <Title text="Verify your address" />
        <Outside heading="Verify your address">
            {match form.error("") {
                None => view! { <Notice tone=Tone::Good>"Your address is verified. You can sign in now."</Notice> },
                Some(message) => view! { <Notice tone=Tone::Bad>{message}</Notice> },
            }}
            <p><a href="/login" rel="external" class="button button-primary">"Sign in"</a></p>
        </Outside>
    }
}
