//! The first line of every action: may the actor do this? A refusal is written into the audit log and names its rule.

use model::{
    access::{self, Action, Refusal},
    actor::Actor,
    role::Role,
};
use serde_json::json;
use store::{TenantTx, audit};

use crate::{Error, Result, Service};

/// Lets the actor do `action` or refuses it.
///
/// # Errors
/// `Refused` with the rule, after the refusal was written down.
pub(crate) async fn allow(service: &Service, actor: &Actor, action: Action) -> Result<()> {
    settle(service, actor, access::check(actor, action)).await
}

/// Lets the actor give or touch the role `granted`, or refuses it.
///
/// # Errors
/// `Refused` with the rule, after the refusal was written down.
pub(crate) async fn allow_rank(service: &Service, actor: &Actor, granted: Role) -> Result<()> {
    settle(service, actor, access::check_rank(actor, granted)).await
}

/// Refuses with a rule of the action's own.
///
/// # Errors
/// Always `Refused`, after the refusal was written down.
pub(crate) async fn refuse<T>(service: &Service, actor: &Actor, rule: &str, message: &str) -> Result<T> {
    let refusal = Refusal { rule: rule.to_owned(), message: message.to_owned() };
    settle(service, actor, Err(refusal.clone())).await?;
    Err(refusal.into())
}

async fn settle(service: &Service, actor: &Actor, decision: std::result::Result<(), Refusal>) -> Result<()> {
    let Err(refusal) = decision else { return Ok(()) };
    let mut tx = service.db.tenant(actor).await?;
    let detail = json!({ "role": actor.role.key() });
    audit::insert(&mut tx, &refusal.rule, false, None, &detail, service.clock.now()).await?;
    tx.commit().await?;
    Err(Error::Refused(refusal))
}

/// Writes into the audit log, in the same transaction, that `action` was done to `resource`.
///
/// # Errors
/// The database failed.
pub(crate) async fn done(
    service: &Service,
    tx: &mut TenantTx,
    action: Action,
    resource: impl Into<uuid::Uuid>,
    detail: serde_json::Value,
) -> Result<()> {
    Ok(audit::insert(tx, action.rule(), true, Some(resource.into()), &detail, service.clock.now()).await?)
}
