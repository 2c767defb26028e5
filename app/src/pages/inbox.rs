//! The inbox: the conversations with all clients in one list, one of them beside it, and what is known of who writes.
//!
//! The list and the conversation are drawn on the server, so that both can be read, and most of it done, before the page is live. What
//! comes to conversations is told to open pages (`components::live`), and read into what is drawn already.

mod asked;
mod bulk;
mod context;
mod deeds;
mod drafting;
mod files;
mod head;
mod letter;
mod list;
mod narrow;
mod outgoing;
mod reply;
mod saving;
mod sight;
pub mod texts;
mod thread;
mod told;
mod triage;

use asked::Asked;
use deeds::Deeds;
use leptos::prelude::*;
use leptos_router::{
    LazyRoute,
    hooks::{use_params_map, use_query_map},
    lazy_route,
};
use list::ListPart;
use model::{conversation::Counts, event::Kind, saved_view::Page};
use thread::ThreadPart;

use crate::{
    components::{
        figure::{FigureDrawer, Opening},
        live::changes_of,
        page::Heading,
    },
    error::AppError,
    pages::views::Views,
};

/// How many conversations wait for oneself.
#[server(prefix = "/app", endpoint = "count_conversations", output = crate::codec::Json)]
pub async fn count_conversations() -> Result<Counts, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::conversation::counts(&service, &actor).await?)
}

/// Has the mailboxes read that were not read for a while: somebody looks.
#[server(prefix = "/app", endpoint = "freshen_inbox", output = crate::codec::Json)]
pub async fn freshen_inbox() -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::inbox::freshen(&service, &actor).await.map(|_| ())?)
}

/// How many conversations wait for oneself. It follows what is told to the page.
pub(super) fn counts() -> Resource<Result<Counts, AppError>> {
    let told = changes_of(&[Kind::Conversation]);
    Resource::new(move || told.get(), |_| count_conversations())
}

/// How many conversations are to be read, beside the way to the inbox.
#[component]
pub(super) fn UnreadCount(counts: Resource<Result<Counts, AppError>>) -> impl IntoView {
    let draw = move || {
        Suspend::new(async move {
            let unread = counts.await.map(|counts| counts.unread).unwrap_or_default();
            (unread > 0).then(|| {
                view! { <span class="nav-count" data-test="unread-count"><span data-literal="">{unread}</span><span class="sr-only">" unread"</span></span> }
            })
        })
    };
    view! { <Transition>{draw}</Transition> }
}

/// The list, and the conversation that the address names.
#[component]
pub fn InboxPage() -> impl IntoView {
    let (query, params) = (use_query_map(), use_params_map());
    let asked = Memo::new(move |_| query.with(Asked::read));
    let open = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let deeds = Deeds::new();
    let opening = Opening::provide(Signal::stored(String::new()));
    // Asked once for each opening, by the server where it draws the page; nothing waits for it, and what comes is told to the page.
    let _asked = Resource::new(|| (), |()| freshen_inbox());
    let choice = Signal::derive(move || asked.with(Asked::choice));
    let one = move || (!open.with(String::is_empty)).then_some("");
    view! {
        <div class="inbox-page" data-open=one>
            <Heading text="Inbox"><a class="button button-quiet" href="/settings/texts">"Signature and templates"</a></Heading>
            <div class="inbox">
                <section class="inbox-list" aria-label="Conversations" data-keys=""><Views page=Page::Inbox query=choice /><ListPart asked=asked open=open deeds=deeds /></section>
                <ThreadPart asked=asked open=open deeds=deeds />
            </div>
        </div>
        <FigureDrawer opening=opening />
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct InboxRoute;

#[lazy_route]
impl LazyRoute for InboxRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <InboxPage /> }.into_any()
    }
}
