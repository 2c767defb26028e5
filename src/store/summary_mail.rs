//! Summaries that somebody asked to be mailed: a row for each click and person, so that a click mails nobody twice.

use model::{
    id::{ClientId, MemberId, SummaryMailId},
    summary::Persona,
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{Result, SystemTx, TenantTx, alert::word};

/// A summary that is to be mailed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryMail {
    /// Who asked for it.
    pub asked_by: MemberId,
    /// In whose words.
    pub persona: Persona,
    /// Of this client only.
    pub client_id: Option<ClientId>,
    /// As it was known then.
    pub as_of: OffsetDateTime,
}

/// Keeps that the acting member asked for a summary to be mailed to these members. Returns those who were not asked for by the same
/// click before.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut TenantTx,
    id: SummaryMailId,
    to: &[MemberId],
    mail: &SummaryMail,
    now: OffsetDateTime,
) -> Result<Vec<MemberId>> {
    let organization = tx.actor().organization_id;
    let to: Vec<Uuid> = to.iter().map(|id| id.0).collect();
    let rows = sqlx::query_scalar!(
        "insert into summary_mail (organization_id, id, member_id, asked_by, persona, client_id, as_of, asked_at)
         select distinct $1::uuid, $2::uuid, t.member_id, $4::uuid, $5::text, $6::uuid, $7::timestamptz, $8::timestamptz
         from unnest($3::uuid[]) t (member_id)
         on conflict (organization_id, id, member_id) do nothing returning member_id",
        organization.0,
        id.0,
        &to,
        mail.asked_by.0,
        mail.persona.key(),
        mail.client_id.map(|id| id.0),
        mail.as_of,
        now
    );
    Ok(rows.fetch_all(&mut **tx).await?.into_iter().map(Into::into).collect())
}

/// What is to be mailed to a member; none where nothing is left to send.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx, id: SummaryMailId, member: MemberId) -> Result<Option<SummaryMail>> {
    let row = sqlx::query!(
        "select asked_by, persona, client_id, as_of from summary_mail where id = $1 and member_id = $2 and settled_at is null",
        id.0,
        member.0
    );
    let Some(row) = row.fetch_optional(&mut **tx).await? else { return Ok(None) };
    Ok(Some(SummaryMail {
        asked_by: row.asked_by.into(),
        persona: word(&row.persona, Persona::parse)?,
        client_id: row.client_id.map(Into::into),
        as_of: row.as_of,
    }))
}

/// Notes that nothing is left to send: it went, or it is not theirs to read.
///
/// # Errors
/// The database failed.
pub async fn settle(tx: &mut TenantTx, id: SummaryMailId, member: MemberId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update summary_mail set settled_at = $3 where id = $1 and member_id = $2 and settled_at is null",
        id.0,
        member.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Throws away what was asked for before a moment; says how much.
///
/// # Errors
/// The database failed.
pub async fn purge(tx: &mut SystemTx, before: OffsetDateTime) -> Result<u64> {
    let done = sqlx::query!("delete from summary_mail where asked_at < $1", before).execute(&mut **tx).await?;
    Ok(done.rows_affected())
}
