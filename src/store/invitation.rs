//! Invitations: people asked to join. The link's token is kept as a hash only.

use std::collections::HashMap;

use model::{
    email::EmailAddress,
    id::{InvitationId, MemberId, OrganizationId},
    invitation::{EmailStatus, Invitation, State},
    page::Page,
    role::Role,
};
use time::OffsetDateTime;

use crate::{
    Error, OnConstraint, Result, SystemTx, TenantTx,
    cursor::{self, Cursor},
    organization::{address, parse_role},
};

struct Row {
    id: sqlx::types::Uuid,
    email: String,
    role: String,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    mail_sent_at: Option<OffsetDateTime>,
    mail_error: Option<String>,
    accepted_at: Option<OffsetDateTime>,
    cancelled_at: Option<OffsetDateTime>,
}

impl Row {
    fn into_model(self, now: OffsetDateTime) -> Result<Invitation> {
        let state = match () {
            () if self.accepted_at.is_some() => State::Accepted,
            () if self.cancelled_at.is_some() => State::Cancelled,
            () if self.expires_at <= now => State::Expired,
            () => State::Pending,
        };
        let email_status = match (self.mail_sent_at, self.mail_error) {
            (_, Some(_)) => EmailStatus::Failed,
            (Some(_), None) => EmailStatus::Sent,
            (None, None) => EmailStatus::Queued,
        };
        Ok(Invitation {
            id: self.id.into(),
            email: address(&self.email)?,
            role: parse_role(&self.role)?,
            state,
            email_status,
            created_at: self.created_at,
            expires_at: self.expires_at,
        })
    }
}

/// Invitations newest first, with their state at `now`.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    limit: i64,
    cursor: Option<Cursor>,
    now: OffsetDateTime,
) -> Result<Page<Invitation>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, email, role, created_at, expires_at, mail_sent_at, mail_error, accepted_at, cancelled_at
         from invitation where $1::timestamptz is null or (created_at, id) < ($1, $2::uuid)
         order by created_at desc, id desc limit $3",
        cursor.map(|c| c.created_at),
        cursor.map(|c| c.id),
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let items = rows.into_iter().map(|row| row.into_model(now)).collect::<Result<Vec<_>>>()?;
    Ok(cursor::page(items, limit, |invitation| (invitation.created_at, invitation.id.0)))
}

/// The roles that these invitations give, as far as they are in sight.
///
/// # Errors
/// The database failed.
pub async fn roles(tx: &mut TenantTx, ids: &[InvitationId]) -> Result<HashMap<InvitationId, Role>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("select id, role from invitation where id = any($1)", &ids)
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| Ok((row.id.into(), parse_role(&row.role)?)))
        .collect()
}

/// One invitation, with its state at `now`.
///
/// # Errors
/// Missing, also when it is another tenant's.
pub async fn get(tx: &mut TenantTx, id: InvitationId, now: OffsetDateTime) -> Result<Invitation> {
    sqlx::query_as!(
        Row,
        "select id, email, role, created_at, expires_at, mail_sent_at, mail_error, accepted_at, cancelled_at
         from invitation where id = $1",
        id.0
    )
    .fetch_one(&mut **tx)
    .await?
    .into_model(now)
}

/// How many invitations of the organization can still be accepted at `now`.
///
/// # Errors
/// The database failed.
pub async fn count_pending(tx: &mut TenantTx, now: OffsetDateTime) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from invitation
           where accepted_at is null and cancelled_at is null and expires_at > $1"#,
        now
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// How many invitations the organization made since `since`, counted one request at a time.
///
/// # Errors
/// The database failed.
pub async fn count_since(tx: &mut TenantTx, since: OffsetDateTime) -> Result<i64> {
    let organization_id = tx.actor().organization_id;
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('invitation ' || $1::text, 0))",
        organization_id.0.to_string()
    )
    .execute(&mut **tx)
    .await?;
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from invitation where created_at > $1"#, since)
        .fetch_one(&mut **tx)
        .await?)
}

/// Takes back pending invitations of this address that have ended, so that a new one can be made.
///
/// # Errors
/// The database failed.
pub async fn cancel_expired(tx: &mut TenantTx, email: &EmailAddress, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update invitation set cancelled_at = $2
         where email = $1 and accepted_at is null and cancelled_at is null and expires_at <= $2",
        email.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores an invitation with the hash of its token.
///
/// # Errors
/// `Conflict("invitation_pending")` when the address has one already.
pub async fn insert(
    tx: &mut TenantTx,
    id: InvitationId,
    email: &EmailAddress,
    role: Role,
    token_hash: &[u8],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into invitation (organization_id, id, email, role, invited_by, token_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        actor.organization_id.0,
        id.0,
        email.as_str(),
        role.key(),
        actor.member_id.0,
        token_hash,
        now,
        expires_at
    )
    .execute(&mut **tx)
    .await
    .on_constraint("invitation_pending")?;
    Ok(())
}

/// Takes an invitation back.
///
/// # Errors
/// The database failed.
pub async fn cancel(tx: &mut TenantTx, id: InvitationId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!("update invitation set cancelled_at = $2 where id = $1", id.0, now).execute(&mut **tx).await?;
    Ok(())
}

/// Lets an invitation's link work until `expires_at` again, and its mail be sent again; it is `by` now who invites.
///
/// # Errors
/// The database failed.
pub async fn renew(tx: &mut TenantTx, id: InvitationId, by: MemberId, expires_at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update invitation set expires_at = $2, mail_sent_at = null, mail_error = null, invited_by = $3 where id = $1",
        id.0,
        expires_at,
        by.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the link of an invitation needs.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// The agency.
    pub organization_id: OrganizationId,
    /// The agency's name.
    pub organization: String,
    /// Who asked.
    pub invited_by: String,
    /// Whether who asked is still an active member of at least the role that was given.
    pub inviter_may: bool,
}

/// The invitation whose token has this hash, locked until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn find_by_token(tx: &mut SystemTx, token_hash: &[u8], now: OffsetDateTime) -> Result<Option<Invited>> {
    let id = sqlx::query!("select organization_id, id from invitation where token_hash = $1 for update", token_hash)
        .fetch_optional(&mut **tx)
        .await?;
    match id {
        Some(row) => invited(tx, row.organization_id.into(), row.id.into(), now).await.map(Some),
        None => Ok(None),
    }
}

/// An invitation with what its mail says.
///
/// # Errors
/// Missing when the organization or the inviting member is gone.
pub async fn invited(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    id: InvitationId,
    now: OffsetDateTime,
) -> Result<Invited> {
    let row = sqlx::query!(
        r#"select i.email, i.role, i.created_at, i.expires_at, i.mail_sent_at, i.mail_error, i.accepted_at,
           i.cancelled_at, o.name as organization, m.name as "invited_by?", m.role as "inviter_role?",
           m.deactivated_at is null as "inviter_active!"
         from invitation i join organization o using (organization_id)
         left join member m on m.organization_id = i.organization_id and m.id = i.invited_by
         where i.organization_id = $1 and i.id = $2"#,
        organization_id.0,
        id.0
    )
    .fetch_one(&mut **tx)
    .await?;
    let inviter = row.inviter_role.as_deref().map(parse_role).transpose()?;
    let given = parse_role(&row.role)?;
    let inviter_may = row.inviter_active && inviter.is_some_and(|role| role.sees_every_client() && role >= given);
    let invitation = Row {
        id: id.0,
        email: row.email,
        role: row.role,
        created_at: row.created_at,
        expires_at: row.expires_at,
        mail_sent_at: row.mail_sent_at,
        mail_error: row.mail_error,
        accepted_at: row.accepted_at,
        cancelled_at: row.cancelled_at,
    };
    Ok(Invited {
        invitation: invitation.into_model(now)?,
        organization_id,
        organization: row.organization,
        invited_by: row.invited_by.unwrap_or_else(|| "a former member".to_owned()),
        inviter_may,
    })
}

/// Notes that the person joined.
///
/// # Errors
/// The database failed.
pub async fn set_accepted(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    id: InvitationId,
    now: OffsetDateTime,
) -> Result<()> {
    let done = sqlx::query!(
        "update invitation set accepted_at = $3 where organization_id = $1 and id = $2",
        organization_id.0,
        id.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Notes how the mail went; a later success clears an earlier error.
///
/// # Errors
/// The database failed.
pub async fn set_mail(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    id: InvitationId,
    error: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update invitation set mail_error = $3, mail_sent_at = case when $3::text is null then $4 else mail_sent_at end
         where organization_id = $1 and id = $2",
        organization_id.0,
        id.0,
        error,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
