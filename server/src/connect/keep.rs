//! Stores what connecting brought, by consent or typed: a new connection, or another credential of one that is there, which may
//! be one that nobody named.

use model::{
    actor::Actor,
    connection::{BACKFILL_DAYS, Given},
    id::ConnectionId,
    metric::Account,
};
use providers::{Mode, Provider};
use service::{
    Service,
    connection::{self, Connected, New},
    credential::Tokens,
};

/// How many days a simulated account has.
const SIMULATED_DAYS: i16 = 400;

/// What connecting brought: the provider was asked with it, and answered.
pub(super) struct Brought<'a> {
    pub provider: &'a dyn Provider,
    /// The connection that gets another credential; none for a new one.
    pub connection_id: Option<ConnectionId>,
    pub given: Given,
    pub scopes: Vec<String>,
    pub tokens: Tokens,
    /// The accounts that it reaches.
    pub accounts: Vec<Account>,
}

/// Why it was not stored.
pub(super) enum Unkept {
    /// It reaches none of the accounts that the connection had.
    OtherAccount,
    /// Anything else.
    Service(service::Error),
}

impl From<service::Error> for Unkept {
    fn from(error: service::Error) -> Self {
        Self::Service(error)
    }
}

/// Stores it.
///
/// # Errors
/// Why it was not stored.
pub(super) async fn keep(service: &Service, actor: &Actor, brought: Brought<'_>) -> Result<Connected, Unkept> {
    let Brought { provider, connection_id, given, scopes, tokens, accounts } = brought;
    if let Some(id) = connection_id {
        let known = connection::channels(service, actor, id).await?;
        let reached = |id: &str| accounts.iter().any(|account| account.external_id == id);
        if !known.is_empty() && !known.iter().any(|channel| reached(&channel.account.external_id)) {
            return Err(Unkept::OtherAccount);
        }
        let connection = connection::reconnect(service, actor, id, given, &scopes, &tokens, &accounts).await?;
        return Ok(Connected { connection, renewed: false });
    }
    let kind = providers::channel_kind(provider);
    // A simulated past costs nobody anything: all of it is read.
    let simulated = super::mode(service, actor).await? != Mode::Live;
    let backfill_days = if simulated { SIMULATED_DAYS } else { BACKFILL_DAYS };
    let (key, label) = (provider.descriptor().key.to_owned(), label(provider.descriptor().name, &accounts));
    let new = New { provider: key, label, given, scopes, tokens, kind, accounts, backfill_days };
    Ok(connection::connect(service, actor, new).await?)
}

/// What a new connection is called: its provider, with the account's name where there is only one.
fn label(name: &str, accounts: &[Account]) -> String {
    // What a provider lets somebody call an account may hold what our own names may not.
    let shown = |account: &Account| -> String {
        let printed = account.name.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_graphic() || *c == ' ');
        printed.collect::<String>().trim().to_owned()
    };
    let label = match accounts {
        [only] if !shown(only).is_empty() => format!("{name}: {}", shown(only)),
        _ => name.to_owned(),
    };
    label.chars().take(200).collect()
}
