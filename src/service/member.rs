//! What those who run the agency do with its members, and what everybody does with their own row.

use model::{
    access::Action,
    actor::Actor,
    assignment::{Assignment, Sight},
    id::{AssignmentId, ClientId, MemberId},
    input::Invalid,
    member::{Change, Member},
    page::Page,
    role::Role,
};
use serde_json::json;
use store::{TenantTx, access_token, assignment, client, cursor::Cursor, member, session};
use time::OffsetDateTime;

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

/// One member, with the clients assigned to it, by name.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: MemberId) -> Result<(Member, Vec<Sight>)> {
    allow_on(service, actor, id, Action::ReadMembers).await?;
    let mut tx = service.db.tenant(actor).await?;
    let member = member::get(&mut tx, id).await?;
    let assigned = assignment::list_of(&mut tx, &[id]).await?.into_iter().map(|(_, sight)| sight).collect();
    Ok((member, assigned))
}

/// The clients assigned to each of these members, by name.
///
/// # Errors
/// The rule that forbids it.
pub async fn assigned(service: &Service, actor: &Actor, ids: &[MemberId]) -> Result<Vec<(MemberId, Sight)>> {
    access::allow(service, actor, Action::ReadMembers).await?;
    Ok(assignment::list_of(&mut service.db.tenant(actor).await?, ids).await?)
}

/// Clients that can be assigned to a member, by name: those it does not see yet.
///
/// # Errors
/// The rule that forbids it.
pub async fn assignable(
    service: &Service,
    actor: &Actor,
    id: MemberId,
    search: Option<&str>,
    limit: i64,
) -> Result<Vec<(ClientId, String)>> {
    access::allow(service, actor, Action::EditMembers).await?;
    let search = search.map(searchable);
    Ok(assignment::list_free(&mut service.db.tenant(actor).await?, id, search.as_deref(), limit).await?)
}

/// The clients that a member answers for, by name.
///
/// # Errors
/// The rule that forbids it.
pub async fn owned(service: &Service, actor: &Actor, id: MemberId) -> Result<Vec<(ClientId, String)>> {
    access::allow(service, actor, Action::ReadMembers).await?;
    Ok(client::list_owned(&mut service.db.tenant(actor).await?, id).await?)
}

/// The names of the members, by name: of all, or of those who can sign in.
///
/// # Errors
/// The rule that forbids it.
pub async fn names(service: &Service, actor: &Actor, active_only: bool) -> Result<Vec<(MemberId, String)>> {
    access::allow(service, actor, Action::ReadMembers).await?;
    Ok(member::list_names(&mut service.db.tenant(actor).await?, active_only).await?)
}

/// Lets the actor do `action` to a member, or refuses it; the refusal names the member where the actor sees it.
async fn allow_on(service: &Service, actor: &Actor, id: MemberId, action: Action) -> Result<()> {
    if model::access::may(actor.role, action) {
        return Ok(());
    }
    let name = match member::get(&mut service.db.tenant(actor).await?, id).await {
        Ok(seen) => seen.name,
        Err(store::Error::Missing) => String::new(),
        Err(error) => return Err(error.into()),
    };
    access::allow_to(service, actor, action, id, &name).await
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
    let detail = json!({ "profile": "changed" });
    access::done_to(service, &mut tx, Action::EditSelf, (this.id, &this.name), detail).await?;
    tx.commit().await?;
    Ok(this)
}

/// Changes a member. Deactivation ends its sessions at once, and its access tokens for good.
///
/// # Errors
/// Missing, a field that cannot be accepted, the last Owner, or the rule that forbids it.
pub async fn update(service: &Service, actor: &Actor, id: MemberId, change: Change) -> Result<Member> {
    allow_on(service, actor, id, Action::EditMembers).await?;
    let change = change.parse()?;
    let present = allow_change(service, actor, id).await?;
    if let Some(role) = change.role {
        access::allow_rank(service, actor, Some((id.0, &present.name)), role).await?;
    }
    if id == actor.member_id && (change.role.is_some_and(|new| new != present.role) || change.active == Some(false)) {
        let words = "nobody changes their own role or deactivates themselves";
        return access::refuse(service, actor, (id.0, &present.name), "members.self", words).await;
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
        session::remove_all(&mut tx, id).await?;
        access_token::remove_all(&mut tx, id).await?;
    }
    access::done_to(service, &mut tx, Action::EditMembers, (id, &after.name), difference(&before, &after)).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes a member. Clients it answers for must be given to somebody else.
///
/// # Errors
/// Missing, clients without a new owner, the last Owner, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, id: MemberId, reassign_to: Option<MemberId>) -> Result<()> {
    allow_on(service, actor, id, Action::EditMembers).await?;
    let present = allow_change(service, actor, id).await?;
    if id == actor.member_id {
        let words = "nobody removes themselves";
        return access::refuse(service, actor, (id.0, &present.name), "members.self", words).await;
    }
    let mut tx = service.db.tenant(actor).await?;
    let owners = member::lock_owners(&mut tx).await?;
    let before = member::get(&mut tx, id).await?;
    model::access::check_rank(actor, before.role)?;
    if before.role == Role::Owner && before.active && owners <= 1 {
        return Err(last_owner());
    }
    let handed = hand_over(&mut tx, id, reassign_to, service.clock.now()).await?;
    member::remove(&mut tx, id).await.map_err(|error| match error {
        store::Error::Conflict(_) => Error::Conflict {
            code: "busy",
            message: "this member was given a client at the same moment. Nothing was changed; try again".into(),
        },
        other => other.into(),
    })?;
    let detail = json!({ "removed": true, "handed_over": handed });
    access::done_to(service, &mut tx, Action::EditMembers, (id, &before.name), detail).await?;
    Ok(tx.commit().await?)
}

/// What of a member is other than before.
fn difference(before: &Member, after: &Member) -> serde_json::Value {
    let mut detail = serde_json::Map::new();
    let mut put = |differs: bool, name: &str, value: serde_json::Value| {
        if differs {
            detail.insert(name.to_owned(), value);
        }
    };
    put(before.role != after.role, "role", json!(after.role.key()));
    put(before.role != after.role, "role_before", json!(before.role.key()));
    put(before.active != after.active, "active", json!(after.active));
    put(before.name != after.name, "name_before", json!(before.name));
    put(before.nickname != after.nickname, "nickname", json!(after.nickname));
    serde_json::Value::Object(detail)
}

/// Nobody changes a member above their own role; returns the member.
async fn allow_change(service: &Service, actor: &Actor, id: MemberId) -> Result<Member> {
    let member = member::get(&mut service.db.tenant(actor).await?, id).await?;
    access::allow_rank(service, actor, Some((id.0, &member.name)), member.role).await?;
    Ok(member)
}

/// Gives the clients of one member to another, with sight of them; returns who took how many.
async fn hand_over(
    tx: &mut TenantTx,
    from: MemberId,
    to: Option<MemberId>,
    now: OffsetDateTime,
) -> Result<Option<serde_json::Value>> {
    let owned = client::list_owned(tx, from).await?;
    let Some(to) = to else {
        return if owned.is_empty() { Ok(None) } else { Err(Error::ReassignmentRequired(owned)) };
    };
    let target = match member::get(tx, to).await {
        Ok(target) if target.active && to != from => target,
        Ok(_) | Err(store::Error::Missing) => {
            return Err(Invalid::new("reassign_to", "choose another active member of the agency").into());
        }
        Err(error) => return Err(error.into()),
    };
    client::reassign_owner(tx, from, to).await?;
    if !target.role.sees_every_client() {
        for (client_id, _) in &owned {
            let new = Assignment { id: store::id::new(now), client_id: *client_id, member_id: to };
            assignment::insert_if_missing(tx, &new, now).await?;
        }
    }
    Ok(Some(json!({ "to": target.name, "clients": owned.len() })))
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
    allow_on(service, actor, member_id, Action::EditMembers).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let client = client::get(&mut tx, client_id).await?.fields.name;
    let member = member::get(&mut tx, member_id).await?;
    if member.role.sees_every_client() {
        return Err(Invalid::new("member_id", "this member sees every client already").into());
    }
    let new = Assignment { id: store::id::new(now), client_id, member_id };
    assignment::insert(&mut tx, &new, now).await.map_err(|error| match error {
        store::Error::Conflict(_) => {
            Error::Conflict { code: "assigned_already", message: "this member sees the client already".into() }
        }
        other => other.into(),
    })?;
    let detail = json!({ "assigned": client });
    access::done_to(service, &mut tx, Action::EditMembers, (member_id, &member.name), detail).await?;
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
    let member = member::get(&mut tx, gone.member_id).await?.name;
    let detail = json!({ "unassigned": client::get(&mut tx, gone.client_id).await?.fields.name });
    access::done_to(service, &mut tx, Action::EditMembers, (gone.member_id, &member), detail).await?;
    Ok(tx.commit().await?)
}
