//! The list of conversations: fifty at once, older ones as one scrolls or asks for them. What happens meanwhile is read into the rows that
//! are there. However many were read, few are drawn (`sight`).

use std::collections::BTreeSet;

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};
use model::{
    conversation::Counts,
    event::Kind as Told,
    id::{ConversationId, MemberId},
};
use serde::{Deserialize, Serialize};

use super::{
    asked::Asked,
    bulk::Bulk,
    deeds::Deeds,
    narrow::{Narrow, Views},
    sight::{Sight, row_id},
    told::Row,
};
use crate::{
    components::{
        badge::{Badge, Shade},
        button::Kind,
        focus,
        icon::{Icon, IconView},
        live::changes_of,
        page::When,
        part::{again, failed, kept, part_or},
        toast::Toasts,
    },
    error::AppError,
};

/// As many conversations as are read at once.
#[cfg(feature = "ssr")]
const AT_ONCE: i64 = 50;

/// A page of conversations, and what the list can be narrowed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub(super) rows: Vec<Row>,
    /// Where the older ones begin.
    pub(super) older: Option<String>,
    pub(super) counts: Counts,
    /// Clients by their ids, providers by their keys, labels by their ids.
    pub(super) clients: Vec<(String, String)>,
    pub(super) sources: Vec<(String, String)>,
    pub(super) labels: Vec<(String, String)>,
    /// Those who can be asked to see to many at once; nobody for who may not ask.
    pub(super) members: Vec<(MemberId, String)>,
    pub(super) connected: bool,
    pub(super) may_connect: bool,
    pub(super) may_edit: bool,
    pub(super) me: MemberId,
}

/// Conversations in sight, narrowed as the address says.
#[server(prefix = "/app", endpoint = "list_conversations", output = crate::codec::Json)]
pub async fn list_conversations(
    #[server(default)] show: String,
    client_id: String,
    #[server(default)] source: String,
    #[server(default)] label_id: String,
    #[server(default)] text: String,
    #[server(default)] cursor: String,
) -> Result<Listed, AppError> {
    use model::access::{Action, may};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let some = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let client_id = some(client_id).map(|id| id.parse().map_err(|_| service::Error::Missing)).transpose()?;
    // A label that is no id is none that a conversation has.
    let label_id = some(label_id).map(|id| id.parse().unwrap_or(model::id::LabelId(uuid::Uuid::nil())));
    let filter = service::inbox::view(&actor, &show, some(text));
    let filter = model::conversation::Filter { client_id, source: some(source), label_id, ..filter };
    let page = service::conversation::list(&service, &actor, &filter, AT_ONCE, some(cursor).as_deref()).await?;
    let setting = service::inbox::setting(&service, &actor).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let called = |key: &str| model::provider::name(key).unwrap_or(key).to_owned();
    let mut sources: Vec<_> =
        setting.mailboxes.iter().map(|one| (one.provider.clone(), called(&one.provider))).collect();
    sources.sort();
    sources.dedup();
    let may_edit = may(actor.role, Action::EditConversations);
    let members = if may_edit { service::inbox::assignable(&service, &actor).await? } else { Vec::new() };
    Ok(Listed {
        rows: page.items.into_iter().map(|one| super::told::made::row(one, &words)).collect(),
        older: page.next_cursor,
        counts: service::conversation::counts(&service, &actor).await?,
        clients: setting.clients.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        labels: setting.labels.into_iter().map(|label| (label.id.to_string(), label.name)).collect(),
        connected: !sources.is_empty(),
        sources,
        may_connect: may(actor.role, Action::EditIntegrations),
        members,
        may_edit,
        me: actor.member_id,
    })
}

/// Reads what the address asks for.
async fn read(asked: Asked) -> Result<Listed, AppError> {
    let Asked { show, client, source, label, text, cursor } = asked;
    list_conversations(show, client, source, label, text, cursor).await
}

/// The same with as many rows as are shown already, as far as there are so many.
async fn read_many(asked: Asked, many: usize) -> Result<Listed, AppError> {
    let mut list = read(asked.clone()).await?;
    while list.rows.len() < many {
        let Some(cursor) = list.older.take() else { break };
        let next = read(Asked { cursor, ..asked.clone() }).await?;
        list.rows.extend(next.rows);
        list.older = next.older;
    }
    Ok(list)
}

/// The list that the address asks for.
#[component]
pub(super) fn ListPart(asked: Memo<Asked>, open: Memo<String>, deeds: Deeds) -> impl IntoView {
    let list = Resource::new(move || asked.get(), read);
    let missing = |error: &AppError| {
        (*error == AppError::Missing).then(|| {
            view! { <p class="text-muted">"There is no such client in your sight. "<a href="/inbox">"Show all conversations"</a></p> }.into_any()
        })
    };
    let draw = move |list| view! { <Conversations list=list asked=asked.get_untracked() open=open deeds=deeds /> };
    part_or("The conversations", "heading", list, draw, missing)
}

/// The list drawn.
#[component]
fn Conversations(list: Listed, asked: Asked, open: Memo<String>, deeds: Deeds) -> impl IntoView {
    let (may_edit, may_connect) = (list.may_edit, list.may_connect);
    let choices = [list.clients.clone(), list.sources.clone(), list.labels.clone()];
    let (list, whole) = (RwSignal::new(list), StoredValue::new(asked.clone()));
    let (done, told) = (deeds.changes(), changes_of(&[Told::Conversation]));
    let when = Signal::derive(move || done.get() + told.get());
    let rows = Memo::new(move |_| list.with(|list| list.rows.clone()));
    let counts = Memo::new(move |_| list.with(|list| list.counts));
    let nothing = Memo::new(move |_| list.with(|list| list.rows.is_empty()));
    let connected = Memo::new(move |_| list.with(|list| list.connected));
    let chosen = RwSignal::new(BTreeSet::<ConversationId>::new());
    let current = RwSignal::new(None::<ConversationId>);
    let (loading, failure) = (RwSignal::new(false), RwSignal::new(None));
    let older = Older { list, whole, loading, failure, toasts: Toasts::of_page() };
    let sight = Sight::new(rows);
    let (shown, gaps) = (sight.shown(), sight.gaps());
    let reread = move || read_many(whole.get_value(), chosen.with_untracked(|chosen| sight.needed(chosen)));
    let follow = move || {
        if sight.look() && failure.with_untracked(Option::is_none) {
            older.read();
        }
    };
    // Where the page scrolls and not the list.
    Effect::new(move |_| {
        let scrolled = window_event_listener(leptos::ev::scroll, move |_| follow());
        on_cleanup(move || scrolled.remove());
    });
    // What came or went moves the others.
    Effect::new(move |_| {
        rows.track();
        request_animation_frame(follow);
    });
    let step = move |by: isize| {
        let here = current.get_untracked().or_else(|| open.get_untracked().parse().ok());
        let to = rows.with_untracked(|rows| {
            let at = here.and_then(|here| rows.iter().position(|row| row.id == here));
            let at = at.map_or(0, |at| at.saturating_add_signed(by).min(rows.len().saturating_sub(1)));
            rows.get(at).map(|row| (at, row_id(row.id)))
        });
        match to {
            Some((at, to)) if sight.reveal(at) => request_animation_frame(move || {
                focus::to(&to);
            }),
            Some((_, to)) => {
                focus::to(&to);
            }
            None => {}
        }
    };
    let later = !asked.cursor.is_empty();
    let (newest, view_of, narrowed) = (asked.newest().href(""), asked.clone(), asked.narrowed());
    let draw = move |row: Memo<Row>| {
        view! { <Entry row=row open=open whole=whole chosen=chosen current=current sight=sight may_edit=may_edit /> }
    };
    // Empty, and as high as what is not drawn.
    let gap = move |high: Memo<f64>| {
        move || {
            (high.get() > 0.0).then(|| view! { <li class="inbox-gap" aria-hidden="true" style:height=move || format!("{}px", high.get())></li> })
        }
    };
    let (above, below) = (Memo::new(move |_| gaps.get().0), Memo::new(move |_| gaps.get().1));
    view! {
        <Views asked=asked.clone() counts=counts />
        <Narrow asked=asked open=open choices=choices />
        {again("The conversations", "heading", when, reread, list)}
        <div class="flex items-center justify-between gap-2">
            {may_edit.then(|| view! { <Bulk chosen=chosen rows=rows list=list deeds=deeds /> })}
            <span class="needs-live ml-auto flex gap-1">
                <button type="button" class="button button-quiet button-icon" aria-label="Next conversation" data-key="j" data-does="Next conversation"
                    on:click=move |_| step(1)><IconView icon=Icon::Down /></button>
                <button type="button" class="button button-quiet button-icon" aria-label="Previous conversation" data-key="k" data-does="Previous conversation"
                    on:click=move |_| step(-1)><IconView icon=Icon::Up /></button>
            </span>
        </div>
        <div class="inbox-rows" node_ref=sight.area on:scroll=move |_| follow()>
            {move || nothing.get().then(|| view! { <Nothing asked=view_of.clone() connected=connected.get() may_connect=may_connect narrowed=narrowed later=later /> })}
            <ul data-test="conversations" aria-label="Conversations, the latest first" node_ref=sight.list>{gap(above)}{kept(shown, |row: &Row| row.id, draw)}{gap(below)}</ul>
            <OlderLink older=older open=open />
            {later.then(|| view! { <p><a class=Kind::Plain.class() href=newest>"Show the newest"</a></p> })}
        </div>
    }
}

/// The older conversations, read when they are asked for.
#[derive(Clone, Copy)]
struct Older {
    list: RwSignal<Listed>,
    whole: StoredValue<Asked>,
    loading: RwSignal<bool>,
    failure: RwSignal<Option<AppError>>,
    toasts: Option<Toasts>,
}

impl Older {
    fn read(self) {
        let Some(cursor) = self.list.with_untracked(|list| list.older.clone()) else { return };
        if self.loading.get_untracked() {
            return;
        }
        self.loading.set(true);
        let asked = Asked { cursor, ..self.whole.get_value() };
        spawn_local(async move {
            let next = read(asked).await;
            self.loading.try_set(false);
            match next {
                Ok(next) => {
                    if let Some(toasts) = self.toasts {
                        toasts.tell(format!("{} more conversations are listed", next.rows.len()));
                    }
                    self.failure.try_set(None);
                    self.list.try_update(|list| {
                        let new = next.rows.into_iter().filter(|row| list.rows.iter().all(|known| known.id != row.id));
                        let new: Vec<_> = new.collect();
                        list.rows.extend(new);
                        list.older = next.older;
                    });
                }
                Err(error) => {
                    self.failure.try_set(Some(error));
                }
            }
        });
    }
}

#[component]
fn OlderLink(older: Older, open: Memo<String>) -> impl IntoView {
    let retry = Callback::new(move |()| older.read());
    let press = move |event: MouseEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            older.read();
        }
    };
    let link = move || {
        let cursor = older.list.with(|list| list.older.clone())?;
        let href = Asked { cursor, ..older.whole.get_value() }.href(&open.get());
        let words = move || if older.loading.get() { "Reading older ones…" } else { "Show older" };
        Some(view! { <p class="p-2"><a id="older" class=Kind::Plain.class() href=href on:click=press>{words}</a></p> })
    };
    view! {
        {link}
        {move || older.failure.get().map(|error| failed("The older conversations", &error, retry))}
    }
}

/// One conversation.
#[component]
fn Entry(
    row: Memo<Row>,
    open: Memo<String>,
    whole: StoredValue<Asked>,
    chosen: RwSignal<BTreeSet<ConversationId>>,
    current: RwSignal<Option<ConversationId>>,
    sight: Sight,
    may_edit: bool,
) -> impl IntoView {
    let id = row.with_untracked(|row| row.id);
    let text = id.to_string();
    let href = whole.with_value(|asked| asked.href(&text));
    let here = move || open.with(|open| *open == text).then_some("true");
    let unread = move || row.with(|row| row.unread).then_some("");
    let place = Memo::new(move |_| sight.place(id));
    let (at, of) =
        (move || place.get().map(|(at, _)| at.to_string()), move || place.get().map(|(_, of)| of.to_string()));
    let choose = move |_| {
        chosen.update(|chosen| {
            if !chosen.remove(&id) {
                chosen.insert(id);
            }
        });
    };
    view! {
        <li class="inbox-row" data-unread=unread data-test="conversation" aria-posinset=at aria-setsize=of>
            {may_edit.then(|| view! {
                <label class="inbox-check needs-live"><input type="checkbox" autocomplete="off" prop:checked=move || chosen.with(|chosen| chosen.contains(&id)) on:change=choose />
                    <span class="sr-only">{move || format!("Choose {}", row.with(Row::title))}</span></label>
            })}
            <a id=row_id(id) class="inbox-link" href=href aria-current=here on:focus=move |_| current.set(Some(id)) data-literal="">
                {move || view! { <Summary row=row.get() /> }}
            </a>
        </li>
    }
}

/// What the list says of a conversation.
#[component]
fn Summary(row: Row) -> impl IntoView {
    let title = row.title();
    let whose = match (&row.client, row.triage) {
        (Some(client), _) => client.clone(),
        (None, true) => "Waits for a client".to_owned(),
        (None, false) => "Nobody's".to_owned(),
    };
    let many = (row.messages > 1).then(|| format!(" ({})", row.messages));
    let marks = [
        (row.needs_reply, "Needs reply".to_owned(), Shade::Warn),
        (row.draft, "Draft".to_owned(), Shade::Plain),
        (row.private, "Private".to_owned(), Shade::Plain),
        (row.attachments > 0, "Files".to_owned(), Shade::Plain),
        (row.assignee.is_some(), row.assignee.clone().unwrap_or_default(), Shade::Plain),
    ];
    let labels = row.labels.into_iter().map(|label| (true, label, Shade::Plain));
    let marks: Vec<_> = marks.into_iter().chain(labels).filter(|(shown, ..)| *shown).collect();
    view! {
        <span class="flex min-w-0 items-baseline justify-between gap-2">
            <span class="inbox-from truncate">{row.unread.then(|| view! { <span class="inbox-dot"><span class="sr-only">"Unread: "</span></span> })}{row.from}{many}</span>
            <span class="text-xs text-muted"><When at=row.at /></span>
        </span>
        <span class="inbox-subject block truncate">{title}</span>
        <span class="block truncate text-xs text-muted">{row.snippet}</span>
        <span class="flex min-w-0 flex-wrap items-center gap-1 text-xs text-muted">
            <span class="truncate">{whose}</span>
            {row.snoozed.map(|until| view! { <span>"until " <When at=until /></span> })}
            {marks.into_iter().map(|(_, words, shade)| view! { <Badge shade=shade words=words /> }).collect_view()}
        </span>
    }
}

/// Why none are there, and what makes some.
#[component]
fn Nothing(asked: Asked, connected: bool, may_connect: bool, narrowed: bool, later: bool) -> impl IntoView {
    if !connected {
        return view! {
            <div class="flex flex-col gap-3 p-2" data-test="no-mailbox">
                <p class="max-w-prose text-muted">"Mails of every client will stand here in one list, to be answered from here, once a mailbox is connected."</p>
                {if may_connect {
                    view! { <p><a class=Kind::Primary.class() href="/settings/integrations">"Connect a mailbox"</a></p> }.into_any()
                } else {
                    view! { <p class="text-muted">"An Owner or Admin connects one."</p> }.into_any()
                }}
            </div>
        }
        .into_any();
    }
    let words = match asked.show.as_str() {
        _ if later => "There are no older ones any more.",
        _ if narrowed => "No conversation fits this choice.",
        "mine" => "No open conversation is yours to see to.",
        "needs_reply" => "Nobody waits for an answer.",
        "unread" => "All is read.",
        "triage" => "Every conversation has its client.",
        "snoozed" => "Nothing is put aside.",
        "closed" => "Nothing is closed.",
        _ => "No conversation is open. What comes to the mailboxes stands here within minutes.",
    };
    view! {
        <div class="p-2" data-test="nothing">
            <p class="text-muted">{words}</p>
            {(narrowed || later).then(|| view! { <p><a href=Asked { show: asked.show.clone(), ..Asked::default() }.href("")>"Show all of this view"</a></p> })}
        </div>
    }
    .into_any()
}
