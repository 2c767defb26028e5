//! Connecting: what consent or typed fields brought becomes a connection, or another credential of one that is there.

use model::{
    access::Action,
    actor::Actor,
    connection::{Cause, Channel, ChannelKind, Connection, Given},
    id::ConnectionId,
    input::line,
    metric::Account,
};
use serde_json::json;
use store::{channel, connection};

use super::enqueue;
use crate::{
    Error, Result, Service, access,
    credential::{self, Tokens},
};

/// A connection in the making: what consent or typed fields brought.
#[derive(Debug)]
pub struct New {
    /// The provider's key.
    pub provider: String,
    /// What people call it.
    pub label: String,
    /// How the credential was given.
    pub given: Given,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// The credential.
    pub tokens: Tokens,
    /// What the accounts report.
    pub kind: ChannelKind,
    /// The accounts that the credential reaches; asking for them has proved that it works.
    pub accounts: Vec<Account>,
    /// How many days are read for the first time.
    pub backfill_days: i16,
}

/// What connecting came to.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The connection that has the credential now.
    pub connection: Connection,
    /// Whether it was there before and read all of it already, although another one was asked for.
    pub renewed: bool,
}

/// Stores a connection with its credential and accounts. The first run begins when an account is mapped to a client. Nothing
/// is read twice: consent for what another connection reads already renews that one, and no second one is made.
///
/// # Errors
/// A field that cannot be accepted; a conflict when other connections read all that the credential reaches and it cannot take
/// the place of one of theirs, as a typed one never does; or the rule that forbids it.
pub async fn connect(service: &Service, actor: &Actor, new: New) -> Result<Connected> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let reached = reached(new.given, &new.accounts);
    if let Some(connection) = insert(service, actor, &new, reached.as_deref()).await? {
        return Ok(Connected { connection, renewed: false });
    }
    let accounts = ids(&new.accounts);
    if new.given == Given::Consent {
        let found = connection::find_renewable(&mut service.db.tenant(actor).await?, &new.provider, &accounts).await?;
        if let Some(id) = found {
            let New { given, scopes, tokens, accounts, .. } = &new;
            let connection = reconnect(service, actor, id, *given, scopes, tokens, accounts).await?;
            return Ok(Connected { connection, renewed: true });
        }
    }
    Err(connected_already(service, actor, &new.provider, &accounts).await?)
}

/// The ids of accounts, sorted, each once.
fn ids(accounts: &[Account]) -> Vec<String> {
    let mut ids: Vec<_> = accounts.iter().map(|account| account.external_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The ids of what a typed credential reaches; none where it reaches nothing yet, or was not typed.
fn reached(given: Given, accounts: &[Account]) -> Option<Vec<String>> {
    Some(ids(accounts)).filter(|ids| given == Given::Token && !ids.is_empty())
}

/// The refusal of a credential whose accounts other connections read already.
async fn connected_already(service: &Service, actor: &Actor, provider: &str, accounts: &[String]) -> Result<Error> {
    let by = connection::list_reading(&mut service.db.tenant(actor).await?, provider, accounts).await?;
    let by: Vec<_> = by.iter().map(|label| format!("“{label}”")).collect();
    let by = if by.is_empty() { "another connection".to_owned() } else { by.join(" and ") };
    let message = format!(
        "what this token reaches is read through {by} already, and nothing is read twice. Nothing was changed. Replace the \
         credential there with this token, or disconnect it first"
    );
    Ok(Error::Conflict { code: "connected_already", message })
}

/// Stores a new connection; none where others read all that its credential reaches.
async fn insert(service: &Service, actor: &Actor, new: &New, reached: Option<&[String]>) -> Result<Option<Connection>> {
    let now = service.clock.now();
    let id = store::id::new(now);
    let label = line("label", "the label", &new.label, 200)?;
    let made = Connection {
        scopes: new.scopes.clone(),
        backfill_days: new.backfill_days,
        ..Connection::new(id, &new.provider, label, new.given, now)
    };
    let mut tx = service.db.tenant(actor).await?;
    connection::lock_connecting(&mut tx, &new.provider).await?;
    connection::insert(&mut tx, &made).await?;
    if let Some(reached) = reached {
        match connection::set_reached(&mut tx, id, reached).await {
            Err(store::Error::Conflict(_)) => return Ok(None),
            stored => stored?,
        }
    }
    credential::set(service, &mut tx, id, &new.tokens).await?;
    for account in &new.accounts {
        channel::upsert(&mut tx, id, new.kind, account, now).await?;
    }
    // Its accounts may be another one's, also since a moment ago.
    if !new.accounts.is_empty() && channel::list(&mut tx, id).await?.is_empty() {
        return Ok(None);
    }
    let detail = json!({ "connected": made.provider, "by": made.given.key(), "accounts": new.accounts.len() });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &made.label), detail).await?;
    // Accounts of a connection that has ended go on here, with their clients.
    let read = |channel: &Channel| channel.client_id.is_some() || channel.kind == ChannelKind::Inbox;
    if channel::list(&mut tx, id).await?.iter().any(read) {
        enqueue(&mut tx, id, Cause::First, now).await?;
    }
    let made = connection::get(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(Some(made))
}

/// Gives a connection another credential, which reaches these accounts, after somebody consented again or typed another one,
/// and has it read.
///
/// # Errors
/// Missing; a conflict when a typed one reaches just the accounts of another connection; or the rule that forbids it.
pub async fn reconnect(
    service: &Service,
    actor: &Actor,
    id: ConnectionId,
    given: Given,
    scopes: &[String],
    tokens: &Tokens,
    accounts: &[Account],
) -> Result<Connection> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    connection::set_connected(&mut tx, id, given, scopes, now).await?;
    if let Some(reached) = reached(given, accounts) {
        match connection::set_reached(&mut tx, id, &reached).await {
            Err(store::Error::Conflict(_)) => {
                drop(tx);
                let provider = connection::get(&mut service.db.tenant(actor).await?, id, now).await?.provider;
                return Err(connected_already(service, actor, &provider, &reached).await?);
            }
            stored => stored?,
        }
    }
    credential::set(service, &mut tx, id, tokens).await?;
    let connected = connection::get(&mut tx, id, now).await?;
    let detail = json!({ "reconnected": connected.provider, "by": given.key() });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &connected.label), detail).await?;
    enqueue(&mut tx, id, Cause::Manual, now).await?;
    tx.commit().await?;
    Ok(connected)
}
