//! What the mails about connections say: a run that failed, figures that nobody could read for a day.

use model::{
    actor::Actor,
    connection::{Connection, RunState, SyncRun},
    id::{ConnectionId, SyncRunId},
};
use store::{connection, sync};

use crate::{Result, Service};

/// What a mail about a run that failed says.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The connection.
    pub connection: Connection,
    /// The run.
    pub run: SyncRun,
    /// Who runs the agency and can do something about it.
    pub to: Vec<model::email::EmailAddress>,
}

/// What a mail about a run says; none when the run did not fail, or the connection is gone.
///
/// # Errors
/// The database failed.
pub async fn failure(
    service: &Service,
    organization_id: model::id::OrganizationId,
    id: SyncRunId,
) -> Result<Option<Failure>> {
    let mut tx = service.db.tenant(&Actor::machine(organization_id)).await?;
    let Some(run) = sync::find(&mut tx, id).await?.filter(|run| run.state == RunState::Failed) else { return Ok(None) };
    let found = match connection::get(&mut tx, run.connection_id, service.clock.now()).await {
        Ok(found) => found,
        Err(store::Error::Missing) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let to = store::member::list_admins(&mut tx).await?;
    Ok(Some(Failure { connection: found, run, to }))
}

/// What a mail about a connection that was not read for a day says.
#[derive(Clone, Debug)]
pub struct Stale {
    /// The connection.
    pub connection: Connection,
    /// When this was noticed.
    pub told_at: time::OffsetDateTime,
    /// Who runs the agency and can do something about it.
    pub to: Vec<model::email::EmailAddress>,
}

/// What a mail about a connection that was not read for a day says; none when it was read meanwhile, or is gone.
///
/// # Errors
/// The database failed.
pub async fn stale(
    service: &Service,
    organization_id: model::id::OrganizationId,
    id: ConnectionId,
) -> Result<Option<Stale>> {
    let mut tx = service.db.tenant(&Actor::machine(organization_id)).await?;
    let Some(told_at) = connection::stale_told_at(&mut tx, id).await? else { return Ok(None) };
    let found = match connection::get(&mut tx, id, service.clock.now()).await {
        Ok(found) if found.last_sync_at.is_none_or(|at| at < told_at) => found,
        Ok(_) | Err(store::Error::Missing) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let to = store::member::list_admins(&mut tx).await?;
    Ok(Some(Stale { connection: found, told_at, to }))
}
