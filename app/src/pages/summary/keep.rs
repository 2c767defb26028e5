//! What can be done with a summary: copied as text, printed, and mailed to oneself or to colleagues.

use leptos::{html, prelude::*, task::spawn_local};
use model::{
    id::{MemberId, SummaryMailId},
    summary::Persona,
};

use super::MailSummary;
use crate::{
    components::{
        button::{Button, Kind},
        form::ActionForm,
        outcome::{Outcome, at, failure, on_success},
        toast::{Next, Toasts},
    },
    refused::Typed,
};

/// Copying, printing and mailing.
#[component]
pub(super) fn Keep(
    text: String,
    persona: Persona,
    client_id: String,
    people: Vec<(MemberId, String)>,
    me: MemberId,
    click: SummaryMailId,
    mail: ServerAction<MailSummary>,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let own = text.clone();
    let toasts = Toasts::of_page();
    let copy = move |_| copied(own.clone(), field, toasts);
    let print = move |_| drop(window().print());
    let lines = text.lines().count().min(20);
    // As the element's own text, so that it is there before the page is live.
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    view! {
        <section class="no-print flex flex-col gap-3" aria-label="Keep it" data-test="keep">
            <p class="needs-live flex flex-wrap gap-2">
                <Button does="button" press=copy>"Copy as text"</Button>
                <Button does="button" press=print>"Print"</Button>
            </p>
            <details data-test="as-text">
                <summary class="disclosure">"As text"</summary>
                <textarea node_ref=field readonly class="control" rows=lines aria-label="The summary as text" data-literal="" inner_html=escaped></textarea>
            </details>
            <Mail persona=persona client_id=client_id people=people me=me click=click mail=mail />
        </section>
    }
}

/// Puts the text where it can be pasted from; where the browser does not let a page do that, it is chosen in its field.
fn copied(text: String, field: NodeRef<html::Textarea>, toasts: Option<Toasts>) {
    let say = move |words: &'static str| {
        if let Some(toasts) = toasts {
            toasts.show(words, Next::Nothing);
        }
    };
    let choose = move || {
        if let Some(field) = field.get_untracked() {
            if let Some(details) = field.parent_element() {
                let _ = details.set_attribute("open", "");
            }
            let _ = field.focus();
            field.select();
        }
        say("This browser does not let pages copy: the text is chosen below, copy it by your keys");
    };
    // Only pages that came over a safe connection have a clipboard.
    if !window().is_secure_context() {
        choose();
        return;
    }
    let writing = window().navigator().clipboard().write_text(&text);
    spawn_local(async move {
        match wasm_bindgen_futures::JsFuture::from(writing).await {
            Ok(_) => say("Copied"),
            Err(_) => choose(),
        }
    });
}

/// Mails it: what each person gets is of the clients that they see.
#[component]
fn Mail(
    persona: Persona,
    client_id: String,
    people: Vec<(MemberId, String)>,
    me: MemberId,
    click: SummaryMailId,
    mail: ServerAction<MailSummary>,
) -> impl IntoView {
    let (failure, typed) = (failure(mail), Typed::of(mail));
    let back = typed.came_back();
    let chosen = move |id: MemberId| {
        let named = || typed.fields().iter().any(|(name, text)| name.starts_with("to") && *text == id.to_string());
        if back { untrack(named) } else { id == me }
    };
    // The next click is another one: a mail that is asked for again is meant.
    let click = RwSignal::new(click);
    on_success(mail, move |()| {
        spawn_local(async move {
            if let Ok(next) = super::next_click().await {
                click.try_set(next);
            }
        });
    });
    let error = at(failure, "to");
    view! {
        <details data-test="mail" open=back>
            <summary class="button button-plain">"Mail it…"</summary>
            <ActionForm action=mail attr:class="flex flex-col gap-3 pt-2" attr:novalidate=true>
                <input type="hidden" name="click" value=move || click.get().to_string() />
                <input type="hidden" name="persona" value=persona.key() />
                <input type="hidden" name="client_id" value=client_id />
                <fieldset class="flex flex-col gap-1">
                    <legend class="text-xs text-muted">"To whom. Each is told of the clients that they see."</legend>
                    <div class="boxes">
                        {people.into_iter().map(|(id, name)| {
                            let words = if id == me { format!("{name} (you)") } else { name };
                            view! {
                                <label class="box"><input type="checkbox" name="to[]" value=id.to_string() autocomplete="off" checked=chosen(id) /><span data-literal="">{words}</span></label>
                            }
                        }).collect_view()}
                    </div>
                    {move || error.get().map(|words| view! { <p class="field-error" role="alert">{words}</p> })}
                </fieldset>
                <div><Button kind=Kind::Primary id="mail-summary" pending=mail.pending()>"Mail it"</Button></div>
            </ActionForm>
            <Outcome action=mail fields=&["to"] done="It is on its way" />
        </details>
    }
}
