//! What people do with connections: connect, look, sync, map to clients, switch off, disconnect. Who speaks to the
//! provider is none of this file's business: jobs read and revoke, the server brings what came back from consent.

mod change;
mod connect;
mod consent;
mod notice;
mod overview;
mod permission;
mod runs;
mod sight;

use model::{
    access::{Action, may},
    actor::Actor,
    connection::{Cause, Channel, ChannelKind, Connection, ConnectionState, Fault, SyncRun, Test},
    id::{ChannelId, ClientId, ConnectionId},
    input::Invalid,
    job::Job,
};
use serde_json::json;
use store::{TenantTx, channel, client, connection, provider_switch, queue, staged_page, sync};

pub use change::{change, rename, set_paused};
pub use connect::{Connected, New, connect, reconnect};
pub use consent::{Asked, Way, begin, take};
pub use notice::{Failure, Stale, failure, stale};
pub use overview::{Accounts, Overview, accounts, overview};
pub use permission::note_left;
pub use runs::runs;

use crate::{Error, Result, Service, access, credential};

/// The agency's connections, newest first.
///
/// # Errors
/// The rule that forbids it.
pub async fn list(service: &Service, actor: &Actor) -> Result<Vec<Connection>> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = connection::list(&mut tx, service.clock.now()).await?;
    sight::named(service, &mut tx, found).await
}

/// Whether somebody may connect accounts, before anything else is looked at.
///
/// # Errors
/// The rule that forbids it.
pub async fn check_may_connect(service: &Service, actor: &Actor) -> Result<()> {
    access::allow(service, actor, Action::EditIntegrations).await
}

/// Whether anything may be asked of a provider: what its operator switched off is asked nothing, by whoever connects either.
/// `name` is what people call it.
///
/// # Errors
/// A conflict that says why it is off.
pub async fn check_switched_on(service: &Service, provider: &str, name: &str) -> Result<()> {
    let off = switched_off(service).await?;
    let Some((_, reason)) = off.into_iter().find(|(key, _)| key == provider) else { return Ok(()) };
    let reason = reason.trim_end_matches('.');
    let message = format!(
        "your operator has switched {name} off: {reason}. Nothing was connected, and what was read stays. Try again once it \
         is on"
    );
    Err(Error::Conflict { code: "switched_off", message })
}

/// A run as this person may read it: what it says may name accounts of clients that are not a Manager's.
fn discreet(actor: &Actor, mut run: SyncRun) -> SyncRun {
    if !may(actor.role, Action::EditIntegrations) {
        run.progress.step = String::new();
        if let Some(fault) = &mut run.fault {
            fault.message = "those who run the agency see the reason".to_owned();
        }
    }
    run
}

/// One connection.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: ConnectionId) -> Result<Connection> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = connection::get(&mut tx, id, service.clock.now()).await?;
    Ok(sight::named(service, &mut tx, vec![found]).await?.swap_remove(0))
}

/// The accounts and shops of a connection, by name. A Manager sees those of its clients.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn channels(service: &Service, actor: &Actor, id: ConnectionId) -> Result<Vec<Channel>> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    connection::get(&mut tx, id, service.clock.now()).await?;
    Ok(channel::list(&mut tx, id).await?)
}

/// The keys of the providers that an operator has switched off, with the reason.
///
/// # Errors
/// The database failed.
pub async fn switched_off(service: &Service) -> Result<Vec<(String, String)>> {
    Ok(provider_switch::list(&mut service.db.system().await?).await?)
}

/// Ends a connection at once; the provider is then asked to take its permission back, unless a person typed it or another
/// connection uses it, and the credential is thrown away. What was read stays.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn disconnect(service: &Service, actor: &Actor, id: ConnectionId) -> Result<()> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let ended = connection::get(&mut tx, id, now).await?;
    let fault = Fault {
        kind: "switched_off".to_owned(),
        message: "the account was disconnected".to_owned(),
        hint: "Connect it again to go on".to_owned(),
    };
    sync::end_of(&mut tx, id, &fault, now).await?;
    staged_page::remove_of(&mut tx, id).await?;
    connection::set_disconnected(&mut tx, id, now).await?;
    // Whoever else reaches its accounts takes them over when it is read next.
    for other in connection::list(&mut tx, now).await?.into_iter().filter(|other| other.provider == ended.provider) {
        enqueue(&mut tx, other.id, Cause::First, now).await?;
    }
    let detail = json!({ "disconnected": ended.provider });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &ended.label), detail).await?;
    let (organization_id, member_id) = (actor.organization_id, Some(actor.member_id));
    let revoke = Job::RevokeConnection { organization_id, connection_id: id, provider: ended.provider, member_id };
    queue::enqueue(&mut tx, &revoke, None).await?;
    Ok(tx.commit().await?)
}

/// Has a connection read now.
///
/// # Errors
/// Missing; a conflict while it is being read, is switched off, waits for "Reconnect", has a credential that does not open or
/// has no mapped account; or the rule that forbids it.
pub async fn sync_now(service: &Service, actor: &Actor, id: ConnectionId) -> Result<()> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let now = service.clock.now();
    let off = switched_off(service).await?;
    let unreadable = credential::unreadable(service, actor.organization_id, id).await?;
    let mut tx = service.db.tenant(actor).await?;
    let asked = connection::get(&mut tx, id, now).await?;
    let conflict = |code, message: &str| Err(Error::Conflict { code, message: message.to_owned() });
    match &asked.state {
        ConnectionState::Reconnect { reason } => {
            return conflict("reconnect", &format!("the account must be connected again first: {reason}"));
        }
        ConnectionState::Paused => return conflict("switched_off", "it is switched off. Switch it on first"),
        ConnectionState::Connected | ConnectionState::Resting { .. } => {}
    }
    if let Some((_, reason)) = off.iter().find(|(key, _)| *key == asked.provider) {
        return conflict("switched_off", &format!("your operator has switched this provider off: {reason}"));
    }
    if let Some(why) = unreadable {
        connection::set_reconnect(&mut tx, id, why).await?;
        tx.commit().await?;
        return conflict("reconnect", &format!("the account must be connected again first: {why}"));
    }
    if sync::find_running(&mut tx, id).await?.is_some() {
        return conflict("running", "it is being read already. The page shows how far it is");
    }
    let unread = |channel: &Channel| channel.client_id.is_none() && channel.kind != ChannelKind::Inbox;
    if channel::list(&mut tx, id).await?.iter().all(unread) {
        return conflict("unmapped", "none of its accounts belongs to a client yet. Choose a client for one first");
    }
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &asked.label), json!({ "sync": "now" })).await?;
    enqueue(&mut tx, id, Cause::Manual, now).await?;
    Ok(tx.commit().await?)
}

/// Has the provider asked whether a connection works; the answer is with the connection a moment later.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn ask_test(service: &Service, actor: &Actor, id: ConnectionId) -> Result<()> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    connection::get(&mut tx, id, service.clock.now()).await?;
    let test = Job::TestConnection { organization_id: actor.organization_id, connection_id: id };
    queue::enqueue(&mut tx, &test, None).await?;
    Ok(tx.commit().await?)
}

/// Has every connection of a provider read now that can be; how many were queued. `name` is what people call the provider.
///
/// # Errors
/// A conflict when none is connected or none can be read, for the first one's reason; or the rule that forbids it.
pub async fn sync_all(service: &Service, actor: &Actor, provider: &str, name: &str) -> Result<usize> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let found = connection::list(&mut service.db.tenant(actor).await?, service.clock.now()).await?;
    let of_provider: Vec<_> = found.into_iter().filter(|connection| connection.provider == provider).collect();
    if of_provider.is_empty() {
        let message = format!("{name} is not connected, so nothing is read. Connect an account first");
        return Err(Error::Conflict { code: "not_connected", message });
    }
    let (mut queued, mut refused) = (0, None);
    for connection in of_provider {
        match sync_now(service, actor, connection.id).await {
            Ok(()) => queued += 1,
            Err(error @ Error::Conflict { .. }) => refused = refused.or(Some(error)),
            Err(Error::Missing) => {}
            Err(error) => return Err(error),
        }
    }
    match refused {
        // Nobody is to believe that something is read.
        Some(error) if queued == 0 => Err(error),
        _ => Ok(queued),
    }
}

/// How long somebody who asks whether a connection works waits for the answer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Has the provider asked whether a connection works, and waits for the answer.
///
/// # Errors
/// Missing, a conflict when the answer is late, or the rule that forbids it.
pub async fn tested(service: &Service, actor: &Actor, id: ConnectionId) -> Result<Test> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let before = get(service, actor, id).await?.test;
    ask_test(service, actor, id).await?;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < PATIENCE {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let now = get(service, actor, id).await?.test;
        if let Some(test) = now.filter(|test| Some(test) != before.as_ref()) {
            return Ok(test);
        }
    }
    let message = "the provider is still being asked. Look at the connection in a minute".to_owned();
    Err(Error::Conflict { code: "still_asking", message })
}

/// Maps an account to a client, or to none. A newly mapped account is read at once.
///
/// # Errors
/// Missing, an archived client, or the rule that forbids it.
pub async fn map(service: &Service, actor: &Actor, id: ChannelId, client_id: Option<ClientId>) -> Result<Channel> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let before = channel::get(&mut tx, id).await?;
    if before.kind == ChannelKind::Inbox {
        let words = "a mailbox belongs to no client: each of its conversations finds its own";
        return Err(Invalid::new("client_id", words).into());
    }
    let name = match client_id {
        Some(client_id) => {
            let client = client::get(&mut tx, client_id).await?;
            if client.archived_at.is_some() {
                let message = "this client is archived. Bring it back first, or choose another";
                return Err(Error::Conflict { code: "archived", message: message.to_owned() });
            }
            Some(client.fields.name)
        }
        None => None,
    };
    channel::set_client(&mut tx, id, client_id).await?;
    let detail = json!({ "account": before.account.external_id, "client": name });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &before.account.name), detail).await?;
    if client_id.is_some() && before.client_id.is_none() && before.kind != ChannelKind::File {
        enqueue(&mut tx, before.connection_id, Cause::First, now).await?;
    }
    let after = channel::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

async fn enqueue(tx: &mut TenantTx, id: ConnectionId, cause: Cause, now: time::OffsetDateTime) -> Result<()> {
    connection::ask(tx, id, cause, now).await?;
    Ok(queue::enqueue(tx, &Job::QueueDue, None).await?)
}
