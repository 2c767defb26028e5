//! A conversation: its messages, what members said among themselves, what was done to it and what is to go out, in one time line.

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use model::{event::Kind as Told, id::MessageId};

use super::{
    asked::Asked,
    context::{Around, ContextPart, read_context},
    deeds::{Deeds, change_conversations},
    head::{Controls, Stands},
    letter::LetterView,
    outgoing::GoingView,
    reply::{NoteForm, ReplyPart, read_reply},
    told::{Item, Row, Shown, What, Writing},
    triage::Triage,
};
use crate::{
    components::{
        button::{Button, Kind},
        form::ActionForm,
        live::changes,
        outcome::{Outcome, successes},
        page::When,
        part::{again, kept, part_or},
    },
    error::AppError,
};

/// A conversation; one that was joined to another is that other.
#[server(prefix = "/app", endpoint = "get_conversation", output = crate::codec::Json)]
pub async fn get_conversation(id: String) -> Result<Shown, AppError> {
    use model::access::{Action, may};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    let thread = service::conversation::thread(&service, &actor, id).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let readers = service::conversation::readers(&service, &actor, thread.conversation.id).await?;
    let candidates = service::conversation::candidates(&service, &actor, thread.conversation.id).await?;
    let setting = service::inbox::setting(&service, &actor).await?;
    let last = model::message::answered(&thread.messages).filter(|message| message.inbound);
    Ok(Shown {
        items: super::told::made::items(&thread, &actor, &words),
        writer: last.map(|message| message.from.address.clone()).unwrap_or_default(),
        row: super::told::made::row(thread.conversation, &words),
        suggestion: thread.suggestion.map(|one| (one.client_id, one.client, one.why)),
        readers,
        candidates,
        named: thread.named,
        labels: setting.labels.into_iter().map(|label| label.name).collect(),
        clients: setting.clients,
        me: actor.member_id,
        may_edit: may(actor.role, Action::EditConversations),
    })
}

/// Reads the conversation that the address names, if it names one.
async fn read(id: String) -> Result<Option<Shown>, AppError> {
    if id.is_empty() { Ok(None) } else { get_conversation(id).await.map(Some) }
}

/// The conversation that the address names, and what is known around it.
#[component]
pub(super) fn ThreadPart(asked: Memo<Asked>, open: Memo<String>, deeds: Deeds) -> impl IntoView {
    let shown = Resource::new(move || open.get(), read);
    // These are read beside it, and belong to it by their ids.
    let written = deeds.written();
    let writing = Resource::new(move || (open.get(), written.get()), |(id, _)| read_reply(id));
    let (joined, parted, put) = (successes(deeds.merge), successes(deeds.part), successes(deeds.put));
    let around =
        Resource::new(move || (open.get(), joined.get() + parted.get() + put.get()), |(id, _)| read_context(id));
    let missing = |error: &AppError| {
        (*error == AppError::Missing).then(|| {
            view! {
                <section class="inbox-conversation" aria-label="Conversation">
                    <h2>"There is no such conversation"</h2>
                    <p class="text-muted">"The address is wrong, or the conversation is not in your sight. "<a href="/inbox">"Show all conversations"</a></p>
                </section>
            }
            .into_any()
        })
    };
    let draw = move |shown: Option<Shown>| match shown {
        Some(shown) => {
            view! { <Conversation shown=shown asked=asked deeds=deeds writing=writing around=around /> }.into_any()
        }
        None => view! {
            <section class="inbox-conversation inbox-none" aria-label="Conversation">
                <p class="text-muted">"Open a conversation to read and answer it here."</p>
            </section>
        }
        .into_any(),
    };
    part_or("The conversation", "heading", shown, draw, missing)
}

/// A conversation drawn. What comes to it is read into what is there: what is being typed stays.
#[component]
fn Conversation(
    shown: Shown,
    asked: Memo<Asked>,
    deeds: Deeds,
    writing: Resource<Result<Option<Writing>, AppError>>,
    around: Resource<Result<Option<Around>, AppError>>,
) -> impl IntoView {
    let (id, may_edit, newest) = (shown.row.id, shown.may_edit, newest(&shown));
    let title = shown.row.title();
    let shown = RwSignal::new(shown);
    let (done, told) = (deeds.changes(), changes(move |event| event.of(Told::Conversation, &id.to_string())));
    let when = Signal::derive(move || done.get() + told.get());
    let row = Memo::new(move |_| shown.with(|shown| shown.row.clone()));
    let items = Memo::new(move |_| shown.with(|shown| shown.items.clone()));
    let triage = Memo::new(move |_| shown.with(|shown| shown.row.triage && shown.may_edit));
    let calls = Memo::new(move |_| shown.with(|shown| shown.items.iter().filter(|item| item.calls()).count()));
    deeds.begin(id);
    follow_reading(row, calls, deeds);
    let draw = move |item: Memo<Item>| view! { <Happened item=item newest=newest may_edit=may_edit shown=shown deeds=deeds /> };
    view! {
        <Title text=title />
        <section class="inbox-conversation" aria-label="Conversation" data-keys="">
            <p class="inbox-back"><a class=Kind::Quiet.class() href=move || asked.with(|asked| asked.href("")) data-key="b" data-does="Back to the list">"← Inbox"</a></p>
            <Stands row=row />
            {again("The conversation", "conversation", when, move || get_conversation(id.to_string()), shown)}
            <Controls shown=shown deeds=deeds />
            {move || triage.get().then(|| view! { <Triage shown=shown deeds=deeds /> })}
            <ol class="timeline" aria-label="What was written and done, the first first" data-test="timeline">{kept(items, |item: &Item| item.key(), draw)}</ol>
            <Outcome action=deeds.split />
            <Outcome action=deeds.part />
            <Outcome action=deeds.take_back />
            <Outcome action=deeds.again />
            <Outcome action=deeds.confirm />
            {may_edit.then(|| view! {
                <ReplyPart id=id writing=writing deeds=deeds />
                <NoteForm shown=shown deeds=deeds />
            })}
        </section>
        <section class="inbox-context" aria-label="Who this is" data-keys=""><ContextPart shown=shown around=around deeds=deeds /></section>
    }
}

/// The message that is shown as it was laid out from the beginning: the last.
fn newest(shown: &Shown) -> Option<MessageId> {
    shown.items.iter().rev().find_map(|item| match &item.what {
        What::Message(letter) => Some(letter.id),
        _ => None,
    })
}

/// Whoever looks at a conversation has read it, once for each message that comes and each note that calls them, unless they want it
/// unread.
fn follow_reading(row: Memo<Row>, calls: Memo<usize>, deeds: Deeds) {
    let seen = StoredValue::new((String::new(), 0));
    Effect::new(move |_| {
        let (id, unread, at) = row.with(|row| (row.id, row.unread, (row.at.at.clone(), calls.get())));
        let wanted = deeds.unread.get_untracked() == Some(id);
        if !unread || wanted || document().hidden() || seen.with_value(|seen| *seen == at) {
            return;
        }
        seen.set_value(at);
        spawn_local(async move {
            // What cannot be noted now stays unread, which is no harm.
            if change_conversations(vec![id], "read".to_owned(), String::new()).await.is_ok() {
                deeds.more.try_update(|more| *more += 1);
            }
        });
    });
}

/// One thing that happened.
#[component]
fn Happened(
    item: Memo<Item>,
    newest: Option<MessageId>,
    may_edit: bool,
    shown: RwSignal<Shown>,
    deeds: Deeds,
) -> impl IntoView {
    let Item { at, what } = item.get_untracked();
    let id = shown.with_untracked(|shown| shown.row.id);
    let several = Memo::new(move |_| shown.with(|shown| shown.row.messages > 1));
    match what {
        What::Message(letter) => {
            let laid = newest == Some(letter.id);
            view! { <li class="timeline-item"><LetterView letter=*letter at=at laid=laid splits=Signal::derive(move || may_edit && several.get()) conversation=id deeds=deeds /></li> }
                .into_any()
        }
        What::Note { member, text, me, .. } => view! {
            <li class="timeline-item note" class=("note-me", me) data-test="note">
                <p class="text-xs text-muted"><strong data-literal="">{member}</strong>{if me { " noted, and calls you · " } else { " noted · " }}<When at=at /></p>
                <p class="letter-text" data-literal="">{text}</p>
            </li>
        }
        .into_any(),
        What::Change { id: change, words, undoes } => view! {
            <li class="timeline-item flex flex-wrap items-center gap-2 text-xs text-muted" data-test="change">
                <span class="min-w-0 break-words" data-literal="">{words}</span><When at=at />
                {(undoes && may_edit).then(|| view! {
                    <ActionForm action=deeds.part>
                        <input type="hidden" name="at" value=id.to_string() />
                        <input type="hidden" name="change" value=change.to_string() />
                        <Button kind=Kind::Quiet pending=deeds.part.pending()>"Undo"</Button>
                    </ActionForm>
                })}
            </li>
        }
        .into_any(),
        What::Outgoing(going) => view! { <li class="timeline-item"><GoingView going=*going at=at may_edit=may_edit deeds=deeds /></li> }.into_any(),
    }
}
