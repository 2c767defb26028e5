//! Whose the accounts of a connection are: a person says so, nobody guesses. One account belongs to one client, a client
//! may have several; those without one stand first and are not read.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::id::{ChannelId, ClientId, ConnectionId};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        form::ActionForm,
        notice::{Notice, Tone},
        number::counted,
        outcome::{Outcome, on_success, successes},
        part::{drawing, part_or},
        toast::Toasts,
    },
    error::AppError,
    refused::Typed,
};

/// An account as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    id: ChannelId,
    name: String,
    /// As the provider numbers it.
    external_id: String,
    currency: String,
    time_zone: String,
    /// Whether it is a mailbox, which is of no client: its conversations are.
    mailbox: bool,
    /// Its client: id, name, and whether it is archived.
    client: Option<(ClientId, String, bool)>,
}

/// The accounts of a connection and the clients to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountList {
    /// Those without a client first, each by name.
    rows: Vec<AccountRow>,
    clients: Vec<(ClientId, String)>,
    of: ConnectionId,
    /// Whether the person looking can give accounts to clients.
    edits: bool,
    /// Whether the connection can be read: its provider accepts it, and nobody has switched it off.
    works: bool,
    /// What the connection is called.
    label: String,
}

/// The accounts of a connection, and the clients they can belong to.
#[server(prefix = "/app", endpoint = "list_accounts", output = crate::codec::Json)]
pub async fn list_accounts(id: String) -> Result<AccountList, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(read(&service, &actor, &id).await?)
}

/// The same where there may be no such connection, which is then no fault of the page: anybody can write an address.
#[server(prefix = "/app", endpoint = "find_accounts", output = crate::codec::Json)]
pub async fn find_accounts(id: String) -> Result<Option<AccountList>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    match read(&service, &actor, &id).await {
        Err(service::Error::Missing) => Ok(None),
        found => Ok(Some(found?)),
    }
}

#[cfg(feature = "ssr")]
async fn read(
    service: &service::Service,
    actor: &model::actor::Actor,
    id: &str,
) -> Result<AccountList, service::Error> {
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    let service::connection::Accounts { channels, clients } = service::connection::accounts(service, actor, id).await?;
    let connection = service::connection::get(service, actor, id).await?;
    let row = |channel: model::connection::Channel| AccountRow {
        id: channel.id,
        mailbox: channel.kind == model::connection::ChannelKind::Inbox,
        client: channel.client_id.and_then(|id| clients.iter().find(|(client, ..)| *client == id).cloned()),
        name: channel.account.name,
        external_id: channel.account.external_id,
        currency: channel.account.currency,
        time_zone: channel.account.time_zone,
    };
    let mut rows: Vec<_> = channels.into_iter().map(row).collect();
    rows.sort_by_key(|row| row.client.is_some());
    let open = clients.into_iter().filter(|(.., archived)| !archived).map(|(id, name, _)| (id, name)).collect();
    let edits = model::access::may(actor.role, model::access::Action::EditIntegrations);
    let works = connection.state == model::connection::ConnectionState::Connected;
    Ok(AccountList { rows, clients: open, of: id, edits, works, label: connection.label })
}

/// What was changed: the account, its name, its client before, and now.
type Mapped = (ChannelId, String, Option<ClientId>, Option<ClientId>);

/// Gives an account to a client, or to none (an empty `client_id`).
#[server(prefix = "/app", endpoint = "map_account", output = crate::codec::Json)]
pub async fn map_account(id: ChannelId, client_id: String, before: String) -> Result<Mapped, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client = |text: &str| match text {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| model::input::Invalid::new("client_id", "choose a client")),
    };
    let (before, after) = (client(&before)?, client(&client_id)?);
    let mapped = service::connection::map(&service, &actor, id, after).await?;
    Ok((id, mapped.account.name, before, after))
}

/// So many choices are drawn at once; beyond that an account is opened by its link.
const CHOICES: usize = 3000;

/// The accounts of a connection.
#[component]
pub(crate) fn Accounts(
    /// The connection's id.
    #[prop(into)]
    id: Signal<String>,
    /// Changes when they are to be read again.
    #[prop(optional, into)]
    version: Signal<usize>,
    /// Counts what was changed, for what is drawn beside it.
    #[prop(optional)]
    changed: Option<RwSignal<usize>>,
    /// Whether somebody just came back from the provider and is told how that went.
    #[prop(optional)]
    greets: bool,
) -> impl IntoView {
    let map = ServerAction::<MapAccount>::new();
    let again = RwSignal::new(0);
    let done = successes(map);
    let list = Resource::new(
        move || (id.get(), version.get(), done.get(), again.get()),
        move |(id, ..)| async move {
            if greets { find_accounts(id).await?.ok_or(AppError::Missing) } else { list_accounts(id).await }
        },
    );
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| query.get("account")));
    let tell = move || {
        if let Some(changed) = changed {
            changed.update(|changed| *changed += 1);
        }
    };
    if let Some(toasts) = Toasts::of_page() {
        on_success(map, move |(id, name, before, after): Mapped| {
            tell();
            let words = match after {
                Some(_) => format!("{name} has its client; it is read from now on"),
                None => format!("{name} is not read any more; what was read stays"),
            };
            let text = |id: Option<ClientId>| id.map(|id| id.to_string()).unwrap_or_default();
            toasts.with_undo(words, again, move || {
                let back = map_account(id, text(before), text(after));
                async move {
                    let back = back.await;
                    tell();
                    back
                }
            });
        });
    }
    let draw = move |list: AccountList| {
        let renewed = query.with_untracked(|query| query.get("renewed").is_some());
        let greeting = greets.then(|| if renewed { renewing(&list) } else { greeting(&list) });
        view! { {greeting} <List list=list asked=asked map=map /> {greets.then(done_link)} }
    };
    let nothing: fn(&AppError) -> Option<AnyView> =
        if greets { unknown } else { |error: &AppError| (*error == AppError::Missing).then(|| ().into_any()) };
    view! {
        <section class="flex flex-col gap-3" aria-label="Accounts" data-test="accounts">
            {(!greets).then(|| view! { <h2 id="accounts" tabindex="-1">"Accounts"</h2> })}
            <Outcome action=map />
            {part_or("The accounts", "accounts", list, draw, nothing)}
        </section>
    }
}

/// What somebody is told whose address names a connection that is not there.
fn unknown(error: &AppError) -> Option<AnyView> {
    (*error == AppError::Missing).then(|| {
        view! {
            <Notice tone=Tone::Plain><p data-test="no-connection">"The address names a connection that is not here: it was disconnected meanwhile, or the address is wrong. What is connected stands below."</p></Notice>
        }
        .into_any()
    })
}

/// What somebody is told who came back from the provider.
fn greeting(list: &AccountList) -> AnyView {
    let words = if !list.works {
        return ().into_any();
    } else if list.rows.is_empty() {
        " It reaches no account that is not read through another connection already."
    } else if list.rows.iter().all(|row| row.client.is_some()) {
        " Every account it reaches has its client already."
    } else {
        " One more step: choose whose accounts these are. Only what belongs to a client is read."
    };
    view! { <Notice tone=Tone::Good><p data-test="connected"><strong>"Connected."</strong>{words}</p></Notice> }
        .into_any()
}

/// What somebody is told who agreed to what is read already: there is no second connection to look for.
fn renewing(list: &AccountList) -> AnyView {
    let words = format!(
        " All that you agreed to is read through “{}” already. That connection has the new access, and no second one was made.",
        list.label
    );
    view! { <Notice tone=Tone::Good><p data-test="renewed"><strong>"Renewed."</strong>{words}</p></Notice> }.into_any()
}

fn done_link() -> impl IntoView {
    view! { <p><a class=Kind::Plain.class() href="/settings/integrations">"Done"</a></p> }
}

#[component]
fn List(list: AccountList, asked: Memo<Option<String>>, map: ServerAction<MapAccount>) -> impl IntoView {
    let AccountList { rows, clients, of, edits, .. } = list;
    if rows.is_empty() {
        let words = if edits {
            "This connection reaches no account yet. What it reaches will stand here."
        } else {
            "None of its accounts belongs to a client of yours."
        };
        return view! { <p class="text-muted" data-test="no-accounts">{words}</p> }.into_any();
    }
    let mapped = rows.iter().any(|row| !row.mailbox);
    let unmapped = rows.iter().filter(|row| row.client.is_none() && !row.mailbox).count();
    let room = CHOICES / clients.len().max(1);
    let (drawing, none, typed) = (drawing(), clients.is_empty(), Typed::of(map));
    let (rows, clients) =
        (StoredValue::new(rows.into_iter().enumerate().collect::<Vec<_>>()), StoredValue::new(clients));
    let open = move |at: usize, id: ChannelId| edits && (at < room || asked.get_untracked() == Some(id.to_string()));
    view! {
        {(edits && mapped).then(|| view! {
            <p class="text-muted">"Choose the client of each account. Everything that is read from it, past days included, then counts for that client. "
                {if unmapped == 0 { "Every account has its client.".to_owned() } else { format!("{} without a client.", counted(i64::try_from(unmapped).unwrap_or(i64::MAX), "account is", "accounts are")) }}</p>
        })}
        {(edits && none).then(|| view! { <p>"There are no clients to choose from yet. " <a href="/clients">"Add a client"</a>" first."</p> })}
        <ul class="flex flex-col">
            <For each=move || rows.get_value() key=move |(_, row)| (drawing, row.id) children=move |(at, row)| {
                let open = open(at, row.id);
                view! { <AccountItem row=row of=of edits=edits open=open clients=clients map=map typed=typed /> }
            } />
        </ul>
    }
    .into_any()
}

#[component]
fn AccountItem(
    row: AccountRow,
    of: ConnectionId,
    edits: bool,
    open: bool,
    clients: StoredValue<Vec<(ClientId, String)>>,
    map: ServerAction<MapAccount>,
    typed: Typed,
) -> impl IntoView {
    let AccountRow { id, name, external_id, currency, time_zone, mailbox, client } = row;
    let held = client.as_ref().map(|(id, ..)| id.to_string()).unwrap_or_default();
    let archived =
        client.as_ref().filter(|(.., archived)| *archived).map(|(id, name, _)| (*id, format!("{name} (archived)")));
    // A choice that was refused stays chosen, as long as it is still one.
    let offered = |chosen: &String| {
        chosen.is_empty() || clients.with_value(|clients| clients.iter().any(|(id, _)| id.to_string() == *chosen))
    };
    let came_back = Some(typed.only("id", &id.to_string()).first("client_id", held.clone())).filter(offered);
    let (chosen, test) = (came_back.unwrap_or_else(|| held.clone()), format!("account {name}"));
    let (label, save) = (format!("Client of {name}"), format!("Save the client of {name}"));
    let details = if mailbox { external_id } else { format!("{external_id} · {currency} · days of {time_zone}") };
    let control = if mailbox {
        view! { <span class="text-muted">"Each conversation finds its client"</span> }.into_any()
    } else if edits && open {
        view! {
            <ActionForm action=map attr:class="flex w-full min-w-0 items-center gap-2 sm:w-auto">
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="before" value=held />
                <select id=format!("client-{id}") name="client_id" class="control sm:w-56" aria-label=label>
                    <option value="" selected=chosen.is_empty()>"No client"</option>
                    {archived.into_iter().chain(clients.get_value()).map(|(id, name)| {
                        let id = id.to_string();
                        let selected = id == chosen;
                        view! { <option value=id selected=selected>{name}</option> }
                    }).collect_view()}
                </select>
                <Button id=format!("map-{id}") named=save pending=map.pending()>"Save"</Button>
            </ActionForm>
        }
        .into_any()
    } else if edits {
        let href = format!("/settings/integrations/{of}?account={id}#accounts");
        let words = client.as_ref().map_or("Choose a client".to_owned(), |(_, name, _)| format!("{name}: change"));
        view! { <a class=Kind::Plain.class() href=href rel="external" aria-label=label>{words}</a> }.into_any()
    } else {
        let words = client.as_ref().map_or("No client".to_owned(), |(_, name, _)| name.clone());
        view! { <span class="text-muted">{words}</span> }.into_any()
    };
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line py-2" data-test=test>
            <div class="min-w-0">
                <p class="flex flex-wrap items-center gap-2 break-words font-medium">{name}
                    {(client.is_none() && !mailbox).then(|| view! { <Badge shade=Shade::Warn words="No client" /> })}</p>
                <p class="break-words text-xs text-muted" data-literal="">{details}</p>
            </div>
            {control}
        </li>
    }
}
