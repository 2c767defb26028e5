//! What people change of a connection: what they call it, and whether it is switched off.

use model::{access::Action, actor::Actor, id::ConnectionId, input::line};
use serde_json::{Map, json};
use store::connection;

use crate::{Result, Service, access};

/// Calls a connection otherwise, or switches it off or on, or both at once: then both happen or neither. What is `None`
/// stays. The provider's own names of its accounts stay; a run that is under way stops at its next page.
///
/// # Errors
/// Missing, a label that is empty or too long, or the rule that forbids it.
pub async fn change(
    service: &Service,
    actor: &Actor,
    id: ConnectionId,
    label: Option<&str>,
    paused: Option<bool>,
) -> Result<()> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let label = label.map(|label| line("label", "the name", label, 200)).transpose()?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let before = connection::get(&mut tx, id, now).await?.label;
    let renamed = label.as_ref().filter(|label| **label != before);
    let mut detail = Map::new();
    if let Some(label) = renamed {
        connection::set_label(&mut tx, id, label).await?;
        detail.insert("renamed".to_owned(), json!(before));
        detail.insert("to".to_owned(), json!(label));
    }
    if let Some(paused) = paused {
        connection::set_paused(&mut tx, id, paused.then_some(now)).await?;
        detail.insert("switched".to_owned(), json!(if paused { "off" } else { "on" }));
    }
    if detail.is_empty() {
        return Ok(());
    }
    let name = renamed.unwrap_or(&before);
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, name), detail.into()).await?;
    Ok(tx.commit().await?)
}

/// Calls a connection otherwise.
///
/// # Errors
/// As for [`change`].
pub async fn rename(service: &Service, actor: &Actor, id: ConnectionId, label: &str) -> Result<()> {
    change(service, actor, id, Some(label), None).await
}

/// Switches a connection off, or on again: the kill switch.
///
/// # Errors
/// As for [`change`].
pub async fn set_paused(service: &Service, actor: &Actor, id: ConnectionId, paused: bool) -> Result<()> {
    change(service, actor, id, None, Some(paused)).await
}
