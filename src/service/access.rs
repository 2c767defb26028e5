//! The first line of every action: may the actor do this? A refusal is written into the audit log and names its rule.

use model::{
    access::{self, Action, Refusal},
    actor::Actor,
    role::Role,
};
use serde_json::json;
use store::{TenantTx, audit};
use uuid::Uuid;

use crate::{Error, Result, Service};

/// Lets the actor do `action` or refuses it.
///
/// # Errors
/// `Refused` with the rule, after the refusal was written down.
pub(crate) async fn allow(service: &Service, actor: &Actor, action: Action) -> Result<()> {
    settle(service, actor, None, access::check(actor, action)).await
}

/// Lets the actor do `action` to `resource`, called `name`, or refuses it.
///
/// # Errors
/// `Refused` with the rule, after the refusal was written down.
pub(crate) async fn allow_to(
    service: &Service,
    actor: &Actor,
    action: Action,
    resource: impl Into<Uuid>,
    name: &str,
) -> Result<()> {
    settle(service, actor, Some((resource.into(), name)), access::check(actor, action)).await
}

/// Lets the actor give the role `granted`, or change what holds it; `resource` is whom or what it is about.
///
/// # Errors
/// `Refused` with the rule, after the refusal was written down.
pub(crate) async fn allow_rank(
    service: &Service,
    actor: &Actor,
    resource: Option<(Uuid, &str)>,
    granted: Role,
) -> Result<()> {
    settle(service, actor, resource, access::check_rank(actor, granted)).await
}

/// Refuses with a rule of the action's own.
///
/// # Errors
/// Always `Refused`, after the refusal was written down.
pub(crate) async fn refuse<T>(
    service: &Service,
    actor: &Actor,
    resource: (Uuid, &str),
    rule: &str,
    message: &str,
) -> Result<T> {
    let refusal = Refusal { rule: rule.to_owned(), message: message.to_owned() };
    settle(service, actor, Some(resource), Err(refusal.clone())).await?;
    Err(refusal.into())
}

/// Refuses what is about nothing in particular, with a rule beside the table.
///
/// # Errors
/// Always `Refused`, after the refusal was written down.
pub(crate) async fn refuse_all(service: &Service, actor: &Actor, rule: &str, message: &str) -> Result<()> {
    settle(service, actor, None, Err(Refusal { rule: rule.to_owned(), message: message.to_owned() })).await
}

async fn settle(
    service: &Service,
    actor: &Actor,
    resource: Option<(Uuid, &str)>,
    decision: std::result::Result<(), Refusal>,
) -> Result<()> {
    let Err(refusal) = decision else { return Ok(()) };
    let mut tx = service.db.tenant(actor).await?;
    let detail = json!({ "role": actor.role.key() });
    audit::insert(&mut tx, &refusal.rule, false, resource, &detail, service.clock.now()).await?;
    tx.commit().await?;
    Err(Error::Refused(refusal))
}

/// Writes into the audit log, in the same transaction, that `action` was done to `resource`, called `name` at this time.
///
/// # Errors
/// The database failed.
pub(crate) async fn done_to(
    service: &Service,
    tx: &mut TenantTx,
    action: Action,
    (resource, name): (impl Into<Uuid>, &str),
    detail: serde_json::Value,
) -> Result<()> {
    let resource = Some((resource.into(), name));
    Ok(audit::insert(tx, action.rule(), true, resource, &detail, service.clock.now()).await?)
}

/// The same for what has no name, such as a session.
///
/// # Errors
/// The database failed.
pub(crate) async fn done(
    service: &Service,
    tx: &mut TenantTx,
    action: Action,
    resource: impl Into<Uuid>,
    detail: serde_json::Value,
) -> Result<()> {
    done_to(service, tx, action, (resource, ""), detail).await
}
