//! What people call a connection.

use model::{access::Action, actor::Actor, id::ConnectionId, input::line};
use serde_json::json;
use store::connection;

use crate::{Result, Service, access};

/// Calls a connection otherwise. The provider's own names of its accounts stay.
///
/// # Errors
/// Missing, a label that is empty or too long, or the rule that forbids it.
pub async fn rename(service: &Service, actor: &Actor, id: ConnectionId, label: &str) -> Result<()> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let label = line("label", "the name", label, 200)?;
    let mut tx = service.db.tenant(actor).await?;
    let before = connection::get(&mut tx, id, service.clock.now()).await?.label;
    if before == label {
        return Ok(());
    }
    connection::set_label(&mut tx, id, &label).await?;
    let detail = json!({ "renamed": before, "to": label });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &label), detail).await?;
    Ok(tx.commit().await?)
}
