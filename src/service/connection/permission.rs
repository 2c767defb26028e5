//! A permission that stays at a provider although its connection has ended: the audit log says why, and what is left to do.

use model::{access::Action, actor::Actor, id::ConnectionId};
use serde_json::json;
use store::connection;

use crate::{Result, Service, access};

/// Notes that what `actor` ended or replaced left its permission at the provider: why, and what to do about it.
///
/// # Errors
/// The database failed.
pub async fn note_left(service: &Service, actor: &Actor, id: ConnectionId, why: &str, to_do: &str) -> Result<()> {
    let mut tx = service.db.tenant(actor).await?;
    let label = connection::find_label(&mut tx, id).await?.unwrap_or_default();
    let detail = json!({ "permission": "left at the provider", "why": why, "what_to_do": to_do });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &label), detail).await?;
    Ok(tx.commit().await?)
}
