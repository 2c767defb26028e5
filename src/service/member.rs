//! What those who run the agency do with its members, and what everybody does with their own row.

use model::{
    access::Action,
    actor::Actor,
    assignment::Assignment,
    id::{AssignmentId, ClientId, MemberId},
    input::Invalid,
    member::{Change, Member},
    page::Page,
    role::Role,
};
use serde_json::json;
use store::{TenantTx, assignment, client, cursor::Cursor, member, session};

pub use store::member::Filter;

use crate::{Error, Result, Service, access, client::searchable};

/// The members of the agency, newest first.
///
/// # Errors
/// A malformed cursor, or the rule that forbids it.
pub async fn list(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Member>> {
    access::allow(service, actor, Action::ReadMembers).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let filter = &Filter { search: filter.search.as_deref().map(searchable), ..filter.clone() };
    Ok(member::list(&mut service.db.tenant(actor).await?, filter, limit, cursor).await?)
}

/// One member, with the clients assigned to it.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: MemberId) -> Result<(Member, Vec<Assignment>)> {
    access::allow(service, actor, Action::ReadMembers).await?;
    let mut tx = service.db.tenant(actor).await?;
    Ok((member::get(&mut tx, id).await?, assignment::list(&mut tx, None, Some(id)).await?))
}

/// Changes one's own name and nickname.
///
/// # Errors
/// A field that cannot be accepted.
pub async fn update_self(service: &Service, actor: &Actor, change: Change) -> Result<Member> {
    access::allow(service, actor, Action::EditSelf).await?;
    let change = Change { role: None, active: None, ..change }.parse()?;
    let mut tx = service.db.tenant(actor).await?;
    let mut this = member::get(&mut tx, actor.member_id).await?;
    this.name = change.name.unwrap_or(this.name);
    this.nickname = change.nickname.unwrap_or(this.nickname);
    member::set_profile(&mut tx, &this.name, &this.nickname).await?;
    access::done(service, &mut tx, Action::EditSelf, this.id, json!({ "name": this.name })).await?;
    tx.commit().await?;
    Ok(this)
}

/// Changes a member. Deactivation ends its sessions at once.
///
/// # Errors
/// Missing, a field that cannot be accepted, the last Owner, or the rule that forbids it.
pub async fn update(service: &Service, actor: &Actor, id: MemberId, change: Change) -> Result<Member> {
    access::allow(service, actor, Action::EditMembers).await?;
    let change = change.parse()?;
    let role = allow_change(service, actor, id).await?;
    if let Some(role) = change.role {
        access::allow_rank(service, actor, role).await?;
    }
    if id == actor.member_id && (change.role.is_some_and(|new| new != role) || change.active == Some(false)) {
        return access::refuse(
            service,
            actor,
            "members.self",
            "nobody changes their own role or deactivates themselves",
        )
        .await;
    }
    let mut tx = service.db.tenant(actor).await?;
    let owners = member::lock_owners(&mut tx).await?;
    let before = member::get(&mut tx, id).await?;
    model::access::check_rank(actor, before.role)?;
    let after = Member {
        name: change.name.unwrap_or(before.name.clone()),
        nickname: change.nickname.unwrap_or(before.nickname.clone()),
        role: change.role.unwrap_or(before.role),
        active: change.active.unwrap_or(before.active),
        ..before.clone()
    };
    let stays_owner = after.role == Role::Owner && after.active;
    if before.role == Role::Owner && before.active && !stays_owner && owners <= 1 {
        return Err(last_owner());
    }
    member::update(&mut tx, &after, service.clock.now()).await?;
    if before.active && !after.active {
        session::remove_all(&mut tx, id, None).await?;
    }
    let detail = json!({ "role": after.role.key(), "active": after.active, "role_before": before.role.key() });
    access::done(service, &mut tx, Action::EditMembers, id, detail).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes a member. Clients it answers for must be given to somebody else.
///
/// # Errors
/// Missing, clients without a new owner, the last Owner, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, id: MemberId, reassign_to: Option<MemberId>) -> Result<()> {
    access::allow(service, actor, Action::EditMembers).await?;
    allow_change(service, actor, id).await?;
    if id == actor.member_id {
        return access::refuse(service, actor, "members.self", "nobody removes themselves").await;
    }
    let mut tx = service.db.tenant(actor).await?;
    let owners = member::lock_owners(&mut tx).await?;
    let before = member::get(&mut tx, id).await?;
    model::access::check_rank(actor, before.role)?;
    if before.role == Role::Owner && before.active && owners <= 1 {
        return Err(last_owner());
    }
    hand_over(&mut tx, id, reassign_to).await?;
    member::remove(&mut tx, id).await?;
    access::done(service, &mut tx, Action::EditMembers, id, json!({ "removed": before.name })).await?;
    Ok(tx.commit().await?)
}

/// Nobody changes a member above their own role; returns the member's role.
async fn allow_change(service: &Service, actor: &Actor, id: MemberId) -> Result<Role> {
    let role = member::get(&mut service.db.tenant(actor).await?, id).await?.role;
    access::allow_rank(service, actor, role).await?;
    Ok(role)
}

async fn hand_over(tx: &mut TenantTx, from: MemberId, to: Option<MemberId>) -> Result<()> {
    let owned = client::list_owned(tx, from).await?;
    match to {
        None if owned.is_empty() => Ok(()),
        None => {
            let names: Vec<_> = owned.into_iter().map(|(_, name)| name).collect();
            Err(Error::Conflict {
                code: "reassignment_required",
                message: format!(
                    "this member answers for {}. Choose who takes over; nothing was changed",
                    names.join(", ")
                ),
            })
        }
        Some(to) => match member::get(tx, to).await {
            Ok(target) if target.active && to != from => Ok(client::reassign_owner(tx, from, to).await?),
            Ok(_) | Err(store::Error::Missing) => {
                Err(Invalid::new("reassign_to", "choose another active member of the agency").into())
            }
            Err(error) => Err(error.into()),
        },
    }
}

fn last_owner() -> Error {
    Error::Conflict {
        code: "last_owner",
        message: "this is the last Owner. Make somebody else an Owner first; nothing was changed".into(),
    }
}

/// Gives a Manager or Member sight of a client.
///
/// # Errors
/// Missing for a client or member that is not there, somebody who sees every client already, a repeat, or the rule
/// that forbids it.
pub async fn assign(service: &Service, actor: &Actor, member_id: MemberId, client_id: ClientId) -> Result<Assignment> {
    access::allow(service, actor, Action::EditMembers).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    client::get(&mut tx, client_id).await?;
    if member::get(&mut tx, member_id).await?.role.sees_every_client() {
        return Err(Invalid::new("member_id", "this member sees every client already").into());
    }
    let new = Assignment { id: store::id::new(now), client_id, member_id };
    assignment::insert(&mut tx, &new, now).await.map_err(|error| match error {
        store::Error::Conflict(_) => {
            Error::Conflict { code: "assigned_already", message: "this member sees the client already".into() }
        }
        other => other.into(),
    })?;
    access::done(service, &mut tx, Action::EditMembers, member_id, json!({ "assigned": client_id })).await?;
    tx.commit().await?;
    Ok(new)
}

/// Takes a member's sight of a client, from its next request on.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn unassign(service: &Service, actor: &Actor, id: AssignmentId) -> Result<()> {
    access::allow(service, actor, Action::EditMembers).await?;
    let mut tx = service.db.tenant(actor).await?;
    let gone = assignment::remove(&mut tx, id).await?;
    access::done(service, &mut tx, Action::EditMembers, gone.member_id, json!({ "unassigned": gone.client_id }))
        .await?;
    Ok(tx.commit().await?)
}

/// Who sees a client by assignment.
///
/// # Errors
/// Missing when the client is out of sight, or the rule that forbids it.
pub async fn assigned_to(service: &Service, actor: &Actor, client_id: ClientId) -> Result<Vec<Assignment>> {
    access::allow(service, actor, Action::ReadMembers).await?;
    let mut tx = service.db.tenant(actor).await?;
    client::get(&mut tx, client_id).await?;
    Ok(assignment::list(&mut tx, Some(client_id), None).await?)
}
