//! Signing in. The form posts to `/login`; a refused one comes back with the address still in it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{
        field::Field,
        notice::{Notice, Tone},
    },
    form::{Form, leading_to},
    pages::outside::{Outside, Ways},
};

/// The sign-in page.
#[component]
pub fn LoginPage() -> impl IntoView {
    let form = Form::of_page();
    let form_error = form.error("");
    // After a refusal the address is there; most often the password was wrong.
    let known = !form.value("email").is_empty();
    let google = use_context::<Ways>().unwrap_or_default().google;
    view! {
        <Title text="Sign in" />
        <Outside heading="Sign in to AudienceOS">
            {form.notice.clone().map(|notice| view! { <Notice tone=Tone::Good>{notice}</Notice> })}
            {form_error.map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
            <form method="post" action="/login" class="flex flex-col gap-4">
                <input type="hidden" name="redirect" value=form.value("redirect") />
                <Field name="email" label="E-mail" kind="email" autocomplete="username" required=true autofocus=!known
                    value=form.value("email") error=form.error("email") />
                <Field name="password" label="Password" kind="password" autocomplete="current-password" required=true autofocus=known
                    error=form.error("password") />
                <button type="submit" class="button button-primary">"Sign in"</button>
            </form>
            {google.then(|| view! {
                // A link, not a form: the page's policy lets forms lead to ourselves only.
                <a href=leading_to("/auth/google", "next", &form.value("redirect")) rel="external" class="button button-plain">"Sign in with Google"</a>
            })}
            <p class="text-muted"><a href="/forgot" rel="external">"Forgot your password?"</a></p>
            <p class="text-muted">"No verification mail? " <a href="/resend" rel="external">"Send it again"</a></p>
            <p class="text-muted">"New here? " <a href="/signup" rel="external">"Create an account"</a></p>
        </Outside>
    }
}

/// The second step of signing in: a code.
#[component]
pub fn CodePage() -> impl IntoView {
    let form = Form::of_page();
    let form_error = form.error("");
    view! {
        <Title text="Enter your code" />
        <Outside heading="Enter your code">
            {form_error.map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
            <form method="post" action="/login/code" class="flex flex-col gap-4">
                <input type="hidden" name="redirect" value=form.value("redirect") />
                <Field name="code" label="Code" autocomplete="one-time-code" required=true autofocus=true
                    help="Six digits from your authenticator app, or one of your recovery codes." error=form.error("code") />
                <button type="submit" class="button button-primary">"Sign in"</button>
            </form>
            <p class="text-muted"><a href="/login" rel="external">"Start again"</a></p>
        </Outside>
    }
}
