//! Signing up. The form posts to `/signup`; a refused one comes back with everything in it but the password.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{
        complete::SendWhenComplete,
        field::Field,
        notice::{Notice, Tone},
    },
    form::Form,
    pages::outside::{OutboxNotice, Outside, Rehearse, Ways},
};

/// The sign-up page.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let form = Form::of_page();
    let form_error = form.error("");
    view! {
        <Title text="Create an account" />
        <Outside heading="Create your agency's account">
            {form_error.map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
            <form method="post" action="/signup" class="flex flex-col gap-4" data-complete="">
                <Field name="organization" label="Agency name" autocomplete="organization" required=true autofocus=form.focus("organization", "organization")
                    value=form.value("organization") error=form.error("organization") />
                <Field name="name" label="Your name" autocomplete="name" required=true autofocus=form.focus("name", "organization")
                    value=form.value("name") error=form.error("name") />
                <Field name="email" label="E-mail" kind="email" autocomplete="username" required=true autofocus=form.focus("email", "organization")
                    help="We send a link to this address; the account opens with it."
                    value=form.value("email") error=form.error("email") />
                <Field name="password" label="Password" kind="password" autocomplete="new-password" required=true autofocus=form.focus("password", "organization")
                    help="At least 8 characters. A few uncommon words are best." error=form.error("password") />
                <Field name="repeat" label="Repeat it" kind="password" autocomplete="new-password" required=true
                    autofocus=form.focus("repeat", "organization") error=form.error("repeat") />
                <button type="submit" class="button button-primary">"Create account"</button>
            </form>
            <SendWhenComplete />
            <Rehearse />
            <p class="text-muted">"Have an account? " <a href="/login" rel="external">"Sign in"</a></p>
        </Outside>
    }
}

/// What follows a sign-up: whether the mail went out, as stored.
#[component]
pub fn SentPage() -> impl IntoView {
    let form = Form::of_page();
    let sent = form.error.is_none();
    let email = form.value("email");
    let outbox = use_context::<Ways>().unwrap_or_default().outbox;
    view! {
        <Title text="Check your mail" />
        <Outside heading=if sent { "Check your mail" } else { "Your sign-up is stored" }>
            {if outbox && sent {
                view! {
                    <p>"A mail to " <strong>{email}</strong> " with a link is ready. Open the link to verify the address, then sign in."</p>
                    <OutboxNotice />
                }.into_any()
            } else if sent {
                view! {
                    <p>"We sent a link to " <strong>{email}</strong> ". Open it to verify the address, then sign in."</p>
                }.into_any()
            } else {
                view! {
                    <Notice tone=Tone::Bad>
                        "The mail to " <strong>{email}</strong>
                        " has not gone out yet. We keep trying for some hours; there is no need to sign up again."
                    </Notice>
                }.into_any()
            }}
            <p class="text-muted">"Nothing there? Look among unwanted mail, or " <a href="/resend" rel="external">"send a new link"</a> "."</p>
            <p><a href="/login" rel="external">"Go to sign in"</a></p>
        </Outside>
    }
}
