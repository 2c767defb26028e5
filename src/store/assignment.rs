//! Assignments: which clients a Manager or Member sees.

use model::{
    assignment::Assignment,
    id::{AssignmentId, ClientId, MemberId},
};
use time::OffsetDateTime;

use crate::{OnConstraint, Result, TenantTx};

/// The assignments of a client, of a member, or all of them.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    client_id: Option<ClientId>,
    member_id: Option<MemberId>,
) -> Result<Vec<Assignment>> {
    Ok(sqlx::query!(
        "select id, client_id, member_id from assignment
         where ($1::uuid is null or client_id = $1) and ($2::uuid is null or member_id = $2)
         order by created_at, id",
        client_id.map(|id| id.0),
        member_id.map(|id| id.0)
    )
    .map(|row| Assignment { id: row.id.into(), client_id: row.client_id.into(), member_id: row.member_id.into() })
    .fetch_all(&mut **tx)
    .await?)
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
