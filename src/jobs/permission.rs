//! Having a provider take a permission back that came by consent. Some providers know one permission only, of a person and our
//! whole app: taking it back would end every other connection that came of it, so it is left until the last of them goes.
//! What stays at the provider, and what to do about it, is said to who ended the connection.

use std::time::Duration;

use model::{
    actor::Actor,
    id::{ConnectionId, OrganizationId},
};
use providers::{Call, Mode, Outside, Provider};
use service::{Service, connection, credential};

use crate::sync::used;

/// Longer nobody waits for a provider.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Why a permission stays at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// Other connections came of it.
    Shared,
    /// The provider did not take it back, for this reason.
    Failed(String),
}

impl Left {
    /// Why it stays, and what to do about it, at the provider of this name.
    fn words(&self, name: &str) -> (String, String) {
        match self {
            Self::Shared => (
                format!("another connection came of the same permission, and {name} takes it back as a whole"),
                format!("nothing: {name} is asked to take it back when the last such connection is disconnected"),
            ),
            Self::Failed(why) => (
                format!("{name} did not take it back: {why}"),
                format!(
                    "remove this app yourself at {name}, among the apps that have access; what was stored here is gone"
                ),
            ),
        }
    }
}

/// A permission that is to be taken back.
#[derive(Clone, Copy)]
pub struct Permission<'a> {
    /// Whose connection had it.
    pub organization_id: OrganizationId,
    /// The connection, which uses it no more.
    pub connection_id: ConnectionId,
    /// Who gave it.
    pub provider: &'static dyn Provider,
    /// Real, or simulated.
    pub mode: Mode,
    /// What came of it.
    pub given: &'a credential::Credential,
}

/// Has the provider take the permission back, waiting for it no longer than `patience`; why it stays there, if it does.
///
/// # Errors
/// The database failed.
pub async fn take_back(
    service: &Service,
    outside: &Outside,
    patience: Duration,
    permission: Permission<'_>,
) -> anyhow::Result<Option<Left>> {
    let Permission { organization_id, connection_id, provider, mode, given } = permission;
    let Some(oauth) = provider.oauth() else { return Ok(None) };
    let credential = used(given);
    let reach = oauth.reach(&credential);
    let others = {
        let mut tx = service.db.system().await?;
        store::credential::list_consented(&mut tx, organization_id, connection_id).await?
    };
    for (organization, other) in others {
        let other = credential::find(service, organization, other).await?;
        if other.is_some_and(|other| reach.ends(&oauth.reach(&used(&other)))) {
            return Ok(Some(Left::Shared));
        }
    }
    let asked = async {
        let hosts = outside.hosts(provider, &credential.fields, mode)?;
        let http = outside.once(provider, hosts.tokens, mode);
        let call = Call { http: &http, credential: &credential, settings: outside.settings(mode) };
        oauth.revoke(&call, given.refresh_token.as_ref()).await
    };
    Ok(match tokio::time::timeout(patience, asked).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(Left::Failed(error.to_string())),
        Err(_) => Some(Left::Failed("it did not answer in time".to_owned())),
    })
}

/// Says in the audit log, in the name of who ended the connection or gave it another credential, what stays and what to do.
///
/// # Errors
/// The database failed.
pub async fn tell(
    service: &Service,
    actor: &Actor,
    id: ConnectionId,
    provider: &dyn Provider,
    left: &Left,
) -> Result<(), service::Error> {
    let (why, to_do) = left.words(provider.descriptor().name);
    tracing::warn!(connection = %id, why, "a permission stays at its provider");
    connection::note_left(service, actor, id, &why, &to_do).await
}
