//! The box in which a conversation is answered, and the one for what members say among themselves. What is written is saved while it is
//! written, and can be sent before the page is live.

use leptos::{ev::KeyboardEvent, html, prelude::*, wasm_bindgen::JsCast, web_sys::HtmlElement};
use model::id::{ConversationId, OutgoingId, UploadId};

use super::{
    deeds::Deeds,
    drafting::Drafting,
    files::FilesPart,
    saving::{Kept, Saving},
    told::{Shown, Writing},
};
use crate::{
    components::{
        button::{Button, Kind},
        form::ActionForm,
        notice::sentence,
        outcome::{Outcome, at, failure, reset_when_done, successes},
        part::part,
    },
    error::AppError,
    refused::Typed,
};

/// The fields that show their own errors.
const FIELDS: [&str; 5] = ["to", "subject", "text", "at", "uploads"];

/// What is in the box of a conversation: what was begun, to whom it goes, and what can be put into it; none for who may not answer.
#[server(prefix = "/app", endpoint = "get_reply", output = crate::codec::Json)]
pub async fn get_reply(id: String) -> Result<Option<Writing>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    let Some(found) = service::inbox::reply_box(&service, &actor, id).await? else { return Ok(None) };
    let (agency, _) = service::organization::get(&service, &actor).await?;
    Ok(Some(super::told::made::reply_box(found, agency.time_zone)))
}

/// Reads the box of the conversation that the address names, if it names one.
pub(super) async fn read_reply(id: String) -> Result<Option<Writing>, AppError> {
    if id.is_empty() { Ok(None) } else { get_reply(id).await }
}

/// Answers a conversation, at once or at a moment; `click` is one send, however often it comes.
#[server(prefix = "/app", endpoint = "reply_to_conversation", output = crate::codec::Json)]
pub async fn reply_to_conversation(
    id: ConversationId,
    click: OutgoingId,
    #[server(default)] to: String,
    #[server(default)] cc: String,
    #[server(default)] bcc: String,
    #[server(default)] subject: String,
    text: String,
    #[server(default)] uploads: Vec<UploadId>,
    #[server(default)] at: String,
    #[server(default)] sign: bool,
) -> Result<(), AppError> {
    use service::inbox::{addresses, answer};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let (to, cc, bcc) = (addresses(&to), addresses(&cc), addresses(&bcc));
    let typed = model::outgoing::Draft { to, cc, bcc, subject, text, uploads };
    Ok(answer(&service, &actor, id, click, typed, &at, sign).await.map(|_| ())?)
}

/// The box of a conversation. It is drawn anew when a message was sent, was taken back, or when another device wrote on.
#[component]
pub(super) fn ReplyPart(
    id: ConversationId,
    writing: Resource<Result<Option<Writing>, AppError>>,
    deeds: Deeds,
) -> impl IntoView {
    // While another conversation is on its way its box is not shown under this one.
    let draw = move |writing: Option<Writing>| {
        let own = writing.filter(|writing| writing.id == id);
        // Each is a box of its own: fields that are drawn over keep what was typed in them, also what went.
        view! { <For each=move || own.clone() key=|writing| writing.click let:writing><ReplyBox writing=writing deeds=deeds /></For> }
    };
    part("The box to answer in", "reply-text", writing, draw)
}

#[component]
fn ReplyBox(writing: Writing, deeds: Deeds) -> impl IntoView {
    let Deeds { reply, newer, .. } = deeds;
    let Writing {
        id,
        to,
        cc,
        bcc,
        everyone,
        subject,
        text,
        files,
        revision,
        signature,
        templates,
        click,
        closed,
        drafts,
        zone,
    } = writing;
    let opened = successes(deeds.change);
    if closed {
        // It is read again once it is open.
        let first = opened.get_untracked();
        Effect::new(move |_| {
            if opened.get() > first {
                newer.update(|newer| *newer += 1);
            }
        });
    }
    let typed = Typed::of(reply).only("id", &id.to_string());
    let saving = Saving::new(id, revision, files);
    let fields = saving.fields;
    let failure = failure(reply);
    let [to_error, subject_error, text_error, at_error, uploads_error] = FIELDS.map(|field| at(failure, field));
    // A refusal leaves the box as it is, to be saved on.
    Effect::new(move |_| {
        if failure.get().is_some() {
            saving.end(false);
            saving.touch();
        }
    });
    let unfolded = !cc.is_empty() || !bcc.is_empty() || typed.came_back();
    let (more, signed) = (NodeRef::<html::Details>::new(), !signature.trim().is_empty());
    let touch = move |_| saving.touch();
    let line = move |name: &'static str,
                     words: &'static str,
                     value: String,
                     field: NodeRef<html::Input>,
                     error: Signal<Option<String>>| {
        let (own, error_id) = (format!("reply-{name}"), format!("reply-{name}-error"));
        let value = typed.first(name, value);
        view! {
            <div class="flex min-w-0 flex-col gap-1">
                <label for=own.clone() class="text-xs text-muted">{words}</label>
                <input id=own name=name class="control" value=value autocomplete="off" node_ref=field on:input=touch
                    aria-invalid=move || error.get().is_some().then_some("true") aria-describedby=error_id.clone() />
                <p id=error_id class="field-error" role="alert" hidden=move || error.get().is_none()>{move || error.get().map(|words| sentence(&words))}</p>
            </div>
        }
    };
    let none = Signal::stored(None);
    let all = (!everyone.is_empty()).then(|| {
        let press = move |_| {
            if let (Some(cc), Some(more)) = (fields.cc.get_untracked(), more.get_untracked()) {
                cc.set_value(&everyone);
                more.set_open(true);
                saving.touch();
            }
        };
        view! { <button type="button" class="button button-quiet needs-live" on:click=press>"Reply to all"</button> }
    });
    let send_by_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            let button = document().get_element_by_id("send").and_then(|button| button.dyn_into::<HtmlElement>().ok());
            if let Some(button) = button {
                button.click();
            }
        }
    };
    let at_first = typed.first("text", text);
    let insert = move |text: String| {
        if let Some(area) = fields.text.get_untracked() {
            let before = area.value();
            let text = if before.trim().is_empty() { text } else { format!("{}\n\n{text}", before.trim_end()) };
            area.set_value(&text);
            let _ = area.focus();
            saving.touch();
        }
    };
    let drafting = drafts.then(|| view! { <Drafting id=id insert=Callback::new(insert) /> });
    let missing = RwSignal::new(None::<String>);
    let templates = (!templates.is_empty()).then(|| {
        let one = move |template: super::told::Prepared| {
            let super::told::Prepared { name, text, missing: lacks } = template;
            let put = move |_| {
                missing.set(lacks.clone());
                insert(text.clone());
            };
            view! { <li><button type="button" class="choice" on:click=put data-literal="">{name}</button></li> }
        };
        view! { <details class="needs-live" data-test="templates"><summary class="button button-quiet" data-key="p" data-does="Put a template in">"Templates"</summary>
            <ul>{templates.into_iter().map(one).collect_view()}</ul></details> }
    });
    let uploads = move || {
        saving
            .files
            .get()
            .into_iter()
            .enumerate()
            .map(|(at, file)| {
                view! { <input type="hidden" name=format!("uploads[{at}]") value=file.id.to_string() /> }
            })
            .collect_view()
    };
    let when = typed.first("at", "");
    let later = !when.is_empty();
    view! {
        <section class="reply" aria-label="Answer" data-test="reply">
            {closed.then(|| view! { <p class="text-muted" data-test="closed">"This conversation is closed. Open it again to answer; what you write here is kept."</p> })}
            // What goes out is not saved as a draft any more.
            <div on:submit=move |_| saving.end(true)>
            <ActionForm action=reply attr:class="flex flex-col gap-2" attr:novalidate=true>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="click" value=click.to_string() />
                {uploads}
                {line("to", "To", to, fields.to, to_error)}
                <details node_ref=more open=unfolded>
                    <summary class="disclosure">"Copies and subject"</summary>
                    <div class="flex flex-col gap-2">
                        {line("cc", "Copy to", cc, fields.cc, none)}
                        {line("bcc", "Blind copy to", bcc, fields.bcc, none)}
                        {line("subject", "Subject", subject, fields.subject, subject_error)}
                    </div>
                </details>
                <label for="reply-text" class="sr-only">"Answer"</label>
                <textarea id="reply-text" name="text" class="control reply-text" rows="5" placeholder="Write an answer" node_ref=fields.text
                    data-key="r" data-does="Answer" on:input=touch on:keydown=send_by_key
                    aria-invalid=move || text_error.get().is_some().then_some("true") aria-describedby="reply-text-error"
                    inner_html=escaped(&at_first)></textarea>
                <p id="reply-text-error" class="field-error" role="alert" hidden=move || text_error.get().is_none()>{move || text_error.get().map(|words| sentence(&words))}</p>
                {move || missing.get().map(|words| view! { <p class="text-warn" role="status" data-test="missing-variable" data-literal="">{words}</p> })}
                {move || uploads_error.get().map(|words| view! { <p class="field-error" role="alert">{words}</p> })}
                {if signed {
                    view! { <label class="box"><input type="checkbox" name="sign" value="true" checked=true autocomplete="off" />"Put my signature below"</label> }.into_any()
                } else {
                    view! { <p class="text-xs text-muted"><a href="/settings/texts">"Write a signature"</a></p> }.into_any()
                }}
                <details open=later data-test="later">
                    <summary class="disclosure">"Send later"</summary>
                    <label class="flex flex-col items-start gap-1 text-xs text-muted"><span data-literal="">"At, in " {zone}</span>
                        <input type="datetime-local" name="at" class="control control-narrow" autocomplete="off" value=when /></label>
                    {move || at_error.get().map(|words| view! { <p class="field-error" role="alert">{words}</p> })}
                </details>
                <div class="flex flex-wrap items-center gap-2">
                    <Button kind=Kind::Primary id="send" pending=reply.pending()>"Send"</Button>
                    {all}
                    {templates}
                    <Standing saving=saving newer=newer />
                </div>
            </ActionForm>
            </div>
            <Outcome action=reply fields=&FIELDS />
            {drafting}
            <FilesPart saving=saving />
        </section>
    }
}

/// A text as an element's own: so that a form that is reset shows what was there.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether what is written is saved.
#[component]
fn Standing(saving: Saving, newer: RwSignal<usize>) -> impl IntoView {
    let load = move |_| newer.update(|newer| *newer += 1);
    move || {
        match saving.kept.get() {
        Kept::Still => ().into_any(),
        Kept::Typed => view! { <span class="text-xs text-muted" data-test="draft">"Not saved yet"</span> }.into_any(),
        Kept::Saved => view! { <span class="text-xs text-muted" role="status" data-test="draft">"Draft saved"</span> }.into_any(),
        Kept::Newer(words) => view! {
            <span class="flex flex-wrap items-center gap-2 text-warn" role="alert" data-test="draft-newer"><span class="min-w-0 break-words">{sentence(&words)}"."</span>
                <button type="button" class=Kind::Plain.class() on:click=load>"Load it"</button></span>
        }
        .into_any(),
        Kept::Failed(error) => view! {
            <span class="flex flex-wrap items-center gap-2 text-bad" role="alert" data-test="draft-failed"><span class="min-w-0 break-words">"The draft is not saved, and stands here only: "{error.to_string()}</span>
                <button type="button" class=Kind::Plain.class() on:click=move |_| saving.retry()>"Try again"</button></span>
        }
        .into_any(),
    }
    }
}

/// What members say among themselves; `@name` calls somebody.
#[component]
pub(super) fn NoteForm(shown: RwSignal<Shown>, deeds: Deeds) -> impl IntoView {
    let (id, readers) = shown.with_untracked(|shown| (shown.row.id, shown.readers.clone()));
    let (form, seen, area) =
        (NodeRef::new(), StoredValue::new(deeds.note.version().get_untracked()), NodeRef::<html::Textarea>::new());
    reset_when_done(deeds.note, seen, form);
    let typed = Typed::of(deeds.note).only("id", &id.to_string());
    let error = at(failure(deeds.note), "text");
    let at_first = typed.first("text", "");
    let call = move |name: String| {
        let words = format!("@{name}");
        let put = move |_| {
            if let Some(area) = area.get_untracked() {
                let before = area.value();
                let gap = if before.is_empty() || before.ends_with(char::is_whitespace) { "" } else { " " };
                area.set_value(&format!("{before}{gap}@{name} "));
                let _ = area.focus();
            }
        };
        view! { <button type="button" class="badge badge-button" on:click=put data-literal="">{words}</button> }
    };
    view! {
        <section class="note-form" aria-label="Note">
            <ActionForm action=deeds.note node_ref=form attr:class="flex flex-col gap-2">
                <input type="hidden" name="id" value=id.to_string() />
                <label for="note-text" class="text-xs text-muted">"Note for members only"</label>
                <textarea id="note-text" name="text" class="control" rows="2" node_ref=area data-key="n" data-does="Write a note"
                    aria-describedby="note-text-error" inner_html=escaped(&at_first)></textarea>
                <p id="note-text-error" class="field-error" role="alert" hidden=move || error.get().is_none()>{move || error.get().map(|words| sentence(&words))}</p>
                <div class="flex flex-wrap items-center gap-2">
                    <Button pending=deeds.note.pending()>"Add note"</Button>
                    <span class="needs-live flex flex-wrap gap-1">{readers.into_iter().take(8).map(|(_, name)| call(name)).collect_view()}</span>
                </div>
            </ActionForm>
            <Outcome action=deeds.note fields=&["text"] />
        </section>
    }
}
