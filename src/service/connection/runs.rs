//! The readings of a connection, page by page.

use model::{access::Action, actor::Actor, connection::SyncRun, id::ConnectionId, page::Page};
use store::{connection, cursor::Cursor, sync};

use crate::{Result, Service, access};

/// The runs of a connection, newest first.
///
/// # Errors
/// Missing, a malformed cursor, or the rule that forbids it.
pub async fn runs(
    service: &Service,
    actor: &Actor,
    id: ConnectionId,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<SyncRun>> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let mut tx = service.db.tenant(actor).await?;
    connection::get(&mut tx, id, service.clock.now()).await?;
    let Page { items, next_cursor } = sync::list(&mut tx, id, cursor, limit).await?;
    Ok(Page { items: items.into_iter().map(|run| super::discreet(actor, run)).collect(), next_cursor })
}
