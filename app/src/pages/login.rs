//! Signing in. The form posts to `/login`; a refused one comes back with the address still in it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{
        field::Field,
        notice::{Notice, Tone},
    },
    form::Form,
    pages::outside::Outside,
};

/// The sign-in page.
#[component]
pub fn LoginPage() -> impl IntoView {
    let form = Form::of_page();
    let form_error = form.error("");
    view! {
        <Title text="Sign in" />
        <Outside heading="Sign in to AudienceOS">
            {form.notice.clone().map(|notice| view! { <Notice tone=Tone::Good>{notice}</Notice> })}
            {form_error.map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
            <form method="post" action="/login" class="flex flex-col gap-4">
                <input type="hidden" name="redirect" value=form.value("redirect") />
                <Field name="email" label="E-mail" kind="email" autocomplete="username" required=true autofocus=true
                    value=form.value("email") error=form.error("email") />
                <Field name="password" label="Password" kind="password" autocomplete="current-password" required=true
                    error=form.error("password") />
                <button type="submit" class="button button-primary">"Sign in"</button>
            </form>
            <p class="text-muted"><a href="/forgot" rel="external">"Forgot your password?"</a></p>
            <p class="text-muted">"No verification mail? " <a href="/resend" rel="external">"Send it again"</a></p>
            <p class="text-muted">"New here? " <a href="/signup" rel="external">"Create an account"</a></p>
        </Outside>
    }
}
