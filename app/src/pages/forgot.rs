//! Asking for a link to choose a new password, and for a new verification link. The answer is the same for every address.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{
        field::Field,
        notice::{Notice, Tone},
    },
    form::Form,
    pages::outside::{OutboxNotice, Outside},
};

/// "Forgot your password?"
#[component]
pub fn ForgotPage() -> impl IntoView {
    view! { <AskForLink action="/forgot" heading="Forgot your password?" button="Send a link" /> }
}

/// "Send the verification link again"
#[component]
pub fn ResendPage() -> impl IntoView {
    view! { <AskForLink action="/resend" heading="Verify your address" button="Send a new link" /> }
}

#[component]
fn AskForLink(action: &'static str, heading: &'static str, button: &'static str) -> impl IntoView {
    let form = Form::of_page();
    view! {
        <Title text=heading />
        <Outside heading=heading>
            {form.notice.clone().map(|notice| view! { <Notice tone=Tone::Good>{notice}</Notice> })}
            <OutboxNotice />
            <form method="post" action=action class="flex flex-col gap-4">
                <Field name="email" label="E-mail" kind="email" autocomplete="username" required=true autofocus=true
                    value=form.value("email") error=form.error("email") />
                <button type="submit" class="button button-primary">{button}</button>
            </form>
            <p class="text-muted"><a href="/login" rel="external">"Back to sign in"</a></p>
        </Outside>
    }
}

/// Choosing the new password, from the link in the mail.
#[component]
pub fn ResetPage() -> impl IntoView {
    let form = Form::of_page();
    let form_error = form.error("");
    let usable = form.values.contains_key("token");
    view! {
        <Title text="Choose a new password" />
        <Outside heading="Choose a new password">
            {form_error.map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
            {usable.then(|| view! {
                <form method="post" action="/reset" class="flex flex-col gap-4">
                    <input type="hidden" name="token" value=form.value("token") />
                    <Field name="password" label="New password" kind="password" autocomplete="new-password" required=true autofocus=true
                        help="At least 8 characters. A few uncommon words are best." error=form.error("password") />
                    <button type="submit" class="button button-primary">"Set password"</button>
                </form>
            })}
            <p class="text-muted"><a href="/forgot" rel="external">"Ask for a new link"</a></p>
        </Outside>
    }
}
