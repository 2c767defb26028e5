//! One connection: how it stands, whose its accounts are, and what its syncs did.

mod history;
mod name;

use leptos::prelude::*;
use leptos_router::{
    LazyRoute, NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
    lazy_route,
};
use model::{
    access::{Action, may},
    event::Kind,
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        live::changes as changes_told,
        notice::sentence,
        outcome::{on_success, successes},
        page::Heading,
        part::part_or,
    },
    error::AppError,
    pages::integrations::{
        account::Accounts,
        deed::{Deeds, Disconnect},
        row::{ConnectionRow, Row, State},
        token::{TokenField, TokenForm, came_back},
        watch::Watch,
    },
};

/// A connection as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionView {
    row: ConnectionRow,
    /// The provider's name.
    provider: String,
    /// The secrets of a token that could take the place of its credential; empty where there is no such way.
    secrets: Vec<TokenField>,
    role: Role,
}

/// One connection.
#[server(prefix = "/app", endpoint = "get_connection", output = crate::codec::Json)]
pub async fn get_connection(id: String) -> Result<ConnectionView, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id: model::id::ConnectionId = id.parse().map_err(|_| service::Error::Missing)?;
    let all = service::connection::overview(&service, &actor).await?;
    let seen = all.into_iter().find(|seen| seen.connection.id == id).ok_or(service::Error::Missing)?;
    let offered = |offer: &&service::Offer| offer.descriptor.key == seen.connection.provider;
    let offer = service.offers.iter().find(offered).ok_or(service::Error::Missing)?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let provider = offer.descriptor.name.to_owned();
    let mut secrets = crate::pages::integrations::token::fields(offer);
    // The rest is known.
    secrets.retain(|field| field.secret && !seen.connection.simulated);
    let row = crate::pages::integrations::row::read(&seen, offer, &words);
    Ok(ConnectionView { row, provider, secrets, role: actor.role })
}

/// The connection named in the address.
#[component]
pub fn ConnectionPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let deeds = Deeds::new();
    let watch = Watch::new();
    let changes = deeds.changes();
    deeds.followed_by(watch);
    let told = changes_told(move |event| event.of(Kind::Connection, &id.get_untracked()));
    let mapped = RwSignal::new(0);
    let rename = ServerAction::<name::RenameConnection>::new();
    let (named, renamed) = (StoredValue::new(rename.version().get_untracked()), successes(rename));
    let view = Resource::new(
        while_there(deeds, move || (id.get(), changes.get(), watch.ended(), (mapped.get(), renamed.get(), told.get()))),
        |(id, ..)| get_connection(id),
    );
    let query = use_query_map();
    let older = Memo::new(move |_| query.with(|query| query.get("older")).unwrap_or_default());
    let runs = Resource::new(
        while_there(deeds, move || (id.get(), older.get(), changes.get(), (watch.ended(), told.get()))),
        |(id, older, ..)| history::list_runs(id, older),
    );
    let navigate = use_navigate();
    on_success(deeds.disconnect, move |()| {
        navigate("/settings/integrations", NavigateOptions { replace: true, ..Default::default() });
    });
    let seen = while_there(deeds, move || watch.ended());
    let seen = Signal::derive(seen);
    let draw = move |view: ConnectionView| {
        let ConnectionView { row, provider, secrets, role } = view;
        let edits = may(role, Action::EditIntegrations);
        let (key, called, typed) = (row.provider.clone(), provider.clone(), row.typed);
        let open = typed && matches!(row.state, State::Reconnect(_));
        let offered = edits && !secrets.is_empty() && (row.switched_off.is_none() || came_back(&key, Some(row.id)));
        let words = if typed { "Replace the token" } else { "Use a token instead" };
        view! {
            <Heading text=row.label.clone() />
            {(!edits).then(|| view! { <p class="text-muted">{sentence(Action::EditIntegrations.explanation())} "."</p> })}
            <Row row=row.clone() provider=provider edits=edits alone=true deeds=deeds watch=watch />
            {offered.then(|| view! {
                <TokenForm provider=key called=called fields=secrets of=Some(row.id) words=words open=open />
            })}
            {edits.then(|| view! { <name::Name id=row.id label=row.label action=rename seen=named /> })}
        }
    };
    let missing = |error: &AppError| {
        (*error == AppError::Missing).then(|| {
            view! {
                <Heading text="There is no such connection" />
                <p class="text-muted">"The address is wrong, or the account was disconnected. What was read through it stays with its clients."</p>
            }
            .into_any()
        })
    };
    let nothing = |error: &AppError| (*error == AppError::Missing).then(|| ().into_any());
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <p><a href="/settings/integrations" class="text-muted">"← Integrations"</a></p>
            {deeds.refusals()}
            {part_or("The connection", "heading", view, draw, missing)}
            <Accounts id=id version=seen changed=mapped />
            {part_or("The history", "history", runs, move |runs| view! { <history::History runs=runs deeds=deeds /> }, nothing)}
            <Disconnect deeds=deeds />
        </div>
    }
}

/// What a part of the page is read by. It stays as it is while the connection is being ended, of which the browser may be told
/// before its own answer comes, and once it has ended: what is gone is asked for no more.
fn while_there<K>(
    deeds: Deeds,
    key: impl Fn() -> K + Send + Sync + 'static,
) -> impl Fn() -> K + Copy + Send + Sync + 'static
where
    K: Clone + PartialEq + Send + Sync + 'static,
{
    let (ending, ended) = (deeds.disconnect.pending(), successes(deeds.disconnect));
    let kept = Memo::new(move |before: Option<&K>| match before {
        Some(before) if ending.get() || ended.get() > 0 => before.clone(),
        _ => key(),
    });
    move || kept.get()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ConnectionRoute;

#[lazy_route]
impl LazyRoute for ConnectionRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ConnectionPage /> }.into_any()
    }
}
