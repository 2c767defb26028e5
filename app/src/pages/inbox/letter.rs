//! One message. Its plain text stands in the page; how it was laid out is shown in a frame of its own, without scripts and without anything
//! from elsewhere, and its source and files have addresses of their own.

use leptos::{ev::MouseEvent, prelude::*};
use model::{
    id::{ConversationId, MessageId},
    message::{Attachment, Kind as Written},
    moment::Moment,
};

use super::{
    deeds::Deeds,
    told::{Letter, people, person, size},
};
use crate::components::{
    badge::{Badge, Shade},
    button::{Button, Kind},
    form::ActionForm,
    page::When,
};

/// The kinds of files of which a picture is shown, made anew by the server.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A message.
#[component]
pub(super) fn LetterView(
    letter: Letter,
    at: Moment,
    /// Whether it is shown as it was laid out from the beginning.
    laid: bool,
    /// Whether it can be moved into a conversation of its own.
    splits: Signal<bool>,
    conversation: ConversationId,
    deeds: Deeds,
) -> impl IntoView {
    let Letter { id, inbound, kind, from, to, cc, subject, text, quoted, html, attachments, fault, apart } = letter;
    let kind = match kind {
        Written::Person => None,
        Written::Automatic => Some("Automatic"),
        Written::Bulk => Some("To many"),
    };
    let (test, word) = if inbound { ("message", "Message") } else { ("answer", "Answer") };
    let named = format!("{word} of {}", person(&from));
    let (laid, images) = (RwSignal::new(laid && html), RwSignal::new(false));
    let empty = text.trim().is_empty() && quoted.is_empty() && fault.is_none();
    let source = format!("/app/messages/{id}/source");
    view! {
        <article class="letter" class=("letter-out", !inbound) aria-label=named data-test=test>
            <header class="flex flex-wrap items-baseline justify-between gap-2">
                <p class="min-w-0 break-words"><strong data-literal="">{person(&from)}</strong></p>
                <span class="flex items-center gap-1 text-xs text-muted">
                    {kind.map(|words| view! { <Badge shade=Shade::Plain words=words /> })}
                    {apart.map(|words| view! { <Badge shade=Shade::Warn words=words /> })}
                    <When at=at />
                </span>
            </header>
            <details class="text-xs text-muted">
                <summary class="disclosure"><span data-literal="">"To " {people(&to)}</span></summary>
                <dl class="break-words" data-literal="">
                    <div><dt class="inline font-medium">"Subject: "</dt><dd class="inline">{subject}</dd></div>
                    {(!cc.is_empty()).then(|| view! { <div><dt class="inline font-medium">"Copy to: "</dt><dd class="inline">{people(&cc)}</dd></div> })}
                </dl>
                <div class="flex flex-wrap items-center gap-2 pt-1">
                    <a href=source rel="external">"Source of the message"</a>
                    <Split id=id splits=splits conversation=conversation deeds=deeds />
                </div>
            </details>
            {fault.map(|fault| view! {
                <p class="text-warn" data-test="unreadable"><span data-literal="">{fault}</span>" Nothing of it is lost."</p>
            })}
            {empty.then(|| view! { <p class="text-muted">{if html { "It has no plain text." } else { "It says nothing." }}</p> })}
            {move || (!laid.get()).then(|| view! { <div class="letter-text" data-literal="" data-test="text">{text.clone()}</div> })}
            {move || (!laid.get() && !quoted.is_empty()).then(|| view! {
                <details data-test="quoted"><summary class="disclosure">"What it quotes"</summary><div class="letter-text text-muted" data-literal="">{quoted.clone()}</div></details>
            })}
            {html.then(|| view! { <Layout id=id laid=laid images=images /> })}
            <Files id=id attachments=attachments />
        </article>
    }
}

/// How a message was laid out, in a frame that can do nothing.
#[component]
fn Layout(id: MessageId, laid: RwSignal<bool>, images: RwSignal<bool>) -> impl IntoView {
    let address = move || {
        let images = if images.get() { "?images=1" } else { "" };
        format!("/app/messages/{id}/html{images}")
    };
    let show = move |event: MouseEvent| {
        event.prevent_default();
        laid.update(|laid| *laid = !*laid);
    };
    let load = move |event: MouseEvent| {
        event.prevent_default();
        images.update(|images| *images = !*images);
        laid.set(true);
    };
    // Before the page is live both lead to the message by itself.
    view! {
        {move || laid.get().then(|| view! { <iframe class="letter-frame" sandbox="" src=address title="The message as it was laid out" data-test="layout"></iframe> })}
        <p class="flex flex-wrap gap-2">
            <a class=Kind::Quiet.class() href=format!("/app/messages/{id}/html") rel="external" on:click=show>
                {move || if laid.get() { "Show plain text" } else { "Show as it was laid out" }}</a>
            <a class=Kind::Quiet.class() href=format!("/app/messages/{id}/html?images=1") rel="external" on:click=load>
                {move || if images.get() { "Block remote images" } else { "Show remote images" }}</a>
        </p>
    }
}

/// Moves the message into a conversation of its own.
#[component]
fn Split(id: MessageId, splits: Signal<bool>, conversation: ConversationId, deeds: Deeds) -> impl IntoView {
    move || {
        splits.get().then(|| {
            view! {
                <ActionForm action=deeds.split>
                    <input type="hidden" name="id" value=conversation.to_string() />
                    <input type="hidden" name="messages[0]" value=id.to_string() />
                    <Button kind=Kind::Quiet pending=deeds.split.pending()>"Move into a conversation of its own"</Button>
                </ActionForm>
            }
        })
    }
}

/// The files that came with a message; those that its layout shows are not named again.
#[component]
fn Files(id: MessageId, attachments: Vec<Attachment>) -> impl IntoView {
    let files: Vec<_> = attachments.into_iter().filter(|one| !one.inline).collect();
    (!files.is_empty()).then(|| {
        let file = move |one: Attachment| {
            let Attachment { part, name, content_type, size: bytes, .. } = one;
            let picture = PICTURES.contains(&content_type.to_lowercase().as_str()).then(|| {
                let words = format!("Preview of {name}");
                view! { <img class="letter-picture" src=format!("/app/messages/{id}/parts/{part}?preview=1") alt=words loading="lazy" /> }
            });
            view! {
                <li class="break-words"><a href=format!("/app/messages/{id}/parts/{part}") rel="external" data-literal="">{name}</a>
                    " " <span class="text-xs text-muted" data-literal="">{content_type} ", " {size(i64::from(bytes))}</span>{picture}</li>
            }
        };
        view! { <ul class="flex flex-col gap-1" aria-label="Files" data-test="files">{files.into_iter().map(file).collect_view()}</ul> }
    })
}
