//! Assignments: which clients a Manager or Member sees.

use model::{
    assignment::{Assignment, Sight},
    id::{AssignmentId, ClientId, MemberId},
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{OnConstraint, Result, TenantTx};

/// The clients assigned to each of these members, by name.
///
/// # Errors
/// The database failed.
pub async fn list_of(tx: &mut TenantTx, members: &[MemberId]) -> Result<Vec<(MemberId, Sight)>> {
    let members: Vec<Uuid> = members.iter().map(|id| id.0).collect();
    Ok(sqlx::query!(
        r#"select a.id, a.member_id, a.client_id, c.name, c.archived_at is not null as "archived!"
           from assignment a join client c on c.organization_id = a.organization_id and c.id = a.client_id
           where a.member_id = any($1) order by lower(c.name), a.id"#,
        &members
    )
    .map(|row| {
        let sight =
            Sight { id: row.id.into(), client_id: row.client_id.into(), client: row.name, archived: row.archived };
        (row.member_id.into(), sight)
    })
    .fetch_all(&mut **tx)
    .await?)
}

/// Clients in the lists that are not assigned to a member yet, by name; `search` is part of their name.
///
/// # Errors
/// The database failed.
pub async fn list_free(
    tx: &mut TenantTx,
    member_id: MemberId,
    search: Option<&str>,
    limit: i64,
) -> Result<Vec<(ClientId, String)>> {
    Ok(sqlx::query!(
        "select id, name from client c
         where archived_at is null and ($2::text is null or position(lower($2) in lower(name)) > 0)
           and not exists (select from assignment a
                           where a.organization_id = c.organization_id and a.client_id = c.id and a.member_id = $1)
         order by lower(name), id limit $3",
        member_id.0,
        search,
        limit
    )
    .map(|row| (row.id.into(), row.name))
    .fetch_all(&mut **tx)
    .await?)
}

/// Gives a member sight of a client, unless it has it already.
///
/// # Errors
/// The database failed.
pub async fn insert_if_missing(tx: &mut TenantTx, new: &Assignment, now: OffsetDateTime) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    sqlx::query!(
        "insert into assignment (organization_id, id, client_id, member_id, created_at) values ($1, $2, $3, $4, $5)
         on conflict on constraint assignment_once do nothing",
        organization_id.0,
        new.id.0,
        new.client_id.0,
        new.member_id.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives a member sight of a client.
///
/// # Errors
/// `Conflict("assignment_once")` when it has it already.
pub async fn insert(tx: &mut TenantTx, new: &Assignment, now: OffsetDateTime) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    sqlx::query!(
        "insert into assignment (organization_id, id, client_id, member_id, created_at) values ($1, $2, $3, $4, $5)",
        organization_id.0,
        new.id.0,
        new.client_id.0,
        new.member_id.0,
        now
    )
    .execute(&mut **tx)
    .await
    .on_constraint("assignment_once")?;
    Ok(())
}

/// Takes a member's sight of a client.
///
/// # Errors
/// Missing, also when it is another tenant's.
pub async fn remove(tx: &mut TenantTx, id: AssignmentId) -> Result<Assignment> {
    let row = sqlx::query!("delete from assignment where id = $1 returning client_id, member_id", id.0)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Assignment { id, client_id: row.client_id.into(), member_id: row.member_id.into() })
}
