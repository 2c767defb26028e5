//! Joining an agency from the link in an invitation.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{
        complete::SendWhenComplete,
        field::Field,
        notice::{Notice, Tone},
    },
    form::Form,
    pages::outside::Outside,
};

/// The form for those who were invited, or why the link does not work.
#[component]
pub fn InvitePage() -> impl IntoView {
    let form = Form::of_page();
    let usable = form.values.contains_key("organization");
    let form_error = form.error("");
    view! {
        <Title text="Join" />
        <Outside heading=if usable { format!("Join {}", form.value("organization")) } else { "Join an agency".to_owned() }>
            {form_error.map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
            {usable.then(|| view! {
                <p class="text-muted">"You were invited as " <strong>{form.value("role")}</strong> " and sign in with " <strong>{form.value("email")}</strong> "."</p>
                <form method="post" action=format!("/invite/{}", form.value("token")) class="flex flex-col gap-4" data-complete="">
                    <Field name="name" label="Your name" autocomplete="name" required=true autofocus=form.focus("name", "name") value=form.value("name") error=form.error("name") />
                    <Field name="password" label="Password" kind="password" autocomplete="new-password" required=true autofocus=form.focus("password", "name")
                        help="At least 8 characters. A few uncommon words are best." error=form.error("password") />
                    <button type="submit" class="button button-primary">"Join"</button>
                </form>
                <SendWhenComplete />
            })}
            <p class="text-muted"><a href="/login" rel="external">"Go to sign in"</a></p>
        </Outside>
    }
}
