//! A contact's time line: everything that was written with them, through whatever mailbox and under whichever address, the last first.

use leptos::prelude::*;
use leptos_router::{
    LazyRoute,
    hooks::{use_params_map, use_query_map},
    lazy_route,
};
use model::{
    event::Kind as Told,
    id::{ClientId, ConversationId},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::Kind,
        form::address,
        live::changes_of,
        page::{Heading, When},
        part::part_or,
    },
    error::AppError,
};

/// As many messages as are read at once.
#[cfg(feature = "ssr")]
const AT_ONCE: i64 = 50;

/// A message of the time line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    conversation: ConversationId,
    inbound: bool,
    from: String,
    subject: String,
    snippet: String,
    mailbox: String,
    at: Moment,
}

/// A contact and what was written with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    name: String,
    addresses: Vec<String>,
    client_id: ClientId,
    client: String,
    lines: Vec<Line>,
    /// Where the older ones begin.
    older: Option<String>,
}

/// What was written with a contact.
#[server(prefix = "/app", endpoint = "get_person", output = crate::codec::Json)]
pub async fn get_person(id: String, #[server(default)] cursor: String) -> Result<Shown, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    let cursor = Some(cursor.as_str()).filter(|cursor| !cursor.is_empty());
    let found = service::person::get(&service, &actor, id, AT_ONCE, cursor).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let line = |line: model::person::Line| Line {
        conversation: line.conversation_id,
        inbound: line.inbound,
        from: if line.from.name.is_empty() { line.from.address } else { line.from.name },
        subject: line.subject,
        snippet: line.snippet,
        mailbox: line.mailbox,
        at: words.write(line.at),
    };
    Ok(Shown {
        addresses: found.contact.fields.addresses().map(|(_, address)| address.to_owned()).collect(),
        name: found.contact.fields.name,
        client_id: found.contact.client_id,
        client: found.client,
        lines: found.lines.items.into_iter().map(line).collect(),
        older: found.lines.next_cursor,
    })
}

/// The time line of the contact that the address names.
#[component]
pub fn PersonPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor")).unwrap_or_default());
    let told = changes_of(&[Told::Conversation]);
    let person = Resource::new(move || (id.get(), cursor.get(), told.get()), |(id, cursor, _)| get_person(id, cursor));
    let missing = |error: &AppError| {
        (*error == AppError::Missing).then(|| {
            view! {
                <Heading text="There is no such contact" />
                <p class="text-muted">"The address is wrong, or the contact is gone or not in your sight. "<a href="/inbox">"Show all conversations"</a></p>
            }
            .into_any()
        })
    };
    let draw = move |shown: Shown| {
        let Shown { name, addresses, client_id, client, lines, older } = shown;
        let (page, later) = (format!("/people/{}", id.get_untracked()), !cursor.with_untracked(String::is_empty));
        let older = older.map(|cursor| address(&page, [("cursor".to_owned(), cursor)]));
        view! {
            <Heading text=name />
            <p class="break-words text-muted" data-literal="">{addresses.join(", ")}</p>
            <p>"Of " <a href=format!("/clients/{client_id}") data-literal="">{client}</a></p>
            {lines.is_empty().then(|| view! { <p class="text-muted" data-test="empty">{if later { "There is nothing older any more." } else { "What is written with this contact will stand here, from whichever mailbox it comes." }}</p> })}
            <ol class="flex max-w-3xl flex-col" data-test="lines" aria-label="What was written, the last first">
                {lines.into_iter().map(|line| view! { <LineView line=line /> }).collect_view()}
            </ol>
            {older.map(|older| view! { <p><a class=Kind::Plain.class() href=older>"Show older"</a></p> })}
            {later.then(|| view! { <p><a class=Kind::Plain.class() href=page>"Show the newest"</a></p> })}
        }
    };
    view! { <div class="flex flex-col gap-3" data-test="person">{part_or("The messages", "heading", person, draw, missing)}</div> }
}

#[component]
fn LineView(line: Line) -> impl IntoView {
    let Line { conversation, inbound, from, subject, snippet, mailbox, at } = line;
    let title = if subject.trim().is_empty() { "(no subject)".to_owned() } else { subject };
    view! {
        <li class="flex min-w-0 flex-col gap-1 border-b border-line py-2" data-test="line">
            <p class="flex flex-wrap items-baseline justify-between gap-2">
                <a class="min-w-0 break-words font-medium" href=format!("/inbox/{conversation}") data-literal="">{title}</a>
                <span class="text-xs text-muted"><When at=at /></span>
            </p>
            <p class="truncate text-muted" data-literal="">{snippet}</p>
            <p class="flex flex-wrap items-center gap-1 text-xs text-muted">
                <Badge shade=Shade::Plain words=if inbound { "Came" } else { "Went" } />
                <span class="min-w-0 break-words" data-literal="">{from} " · " {mailbox}</span>
            </p>
        </li>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct PersonRoute;

#[lazy_route]
impl LazyRoute for PersonRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <PersonPage /> }.into_any()
    }
}
