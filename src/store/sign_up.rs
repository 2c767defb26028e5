//! Sign-ups that wait for their address to be verified.

use model::{
    email::EmailAddress,
    id::{MemberId, OrganizationId, SignUpId},
};
use time::OffsetDateTime;

use crate::{Result, SystemTx, organization::address};

/// A stored sign-up.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// Its id.
    pub id: SignUpId,
    /// The id the agency will have.
    pub organization_id: OrganizationId,
    /// The id the Owner will have.
    pub member_id: MemberId,
    /// The address to verify.
    pub email: EmailAddress,
    /// The person's name.
    pub name: String,
    /// The agency's name.
    pub organization: String,
    /// The argon2id hash of the chosen password.
    pub password_hash: String,
    /// Counts the links; only the newest works.
    pub token_version: i32,
    /// When the verification link ends.
    pub expires_at: OffsetDateTime,
    /// When the address was verified.
    pub verified_at: Option<OffsetDateTime>,
}

/// Stores a sign-up with the hash of its token.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut SystemTx, sign_up: &SignUp, token_hash: &[u8], now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "insert into sign_up (id, organization_id, member_id, email, name, organization, password_hash, token_hash,
           created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        sign_up.id.0,
        sign_up.organization_id.0,
        sign_up.member_id.0,
        sign_up.email.as_str(),
        sign_up.name,
        sign_up.organization,
        sign_up.password_hash,
        token_hash,
        now,
        sign_up.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The sign-up with this id.
///
/// # Errors
/// Missing, or the database failed.
pub async fn get(tx: &mut SystemTx, id: SignUpId) -> Result<SignUp> {
    let row = sqlx::query_as!(
        Row,
        "select id, organization_id, member_id, email, name, organization, password_hash, token_version, expires_at,
           verified_at from sign_up where id = $1",
        id.0
    )
    .fetch_one(&mut **tx)
    .await?;
    row.try_into()
}

/// The sign-up whose token has this hash, locked until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn find_by_token(tx: &mut SystemTx, token_hash: &[u8]) -> Result<Option<SignUp>> {
    let row = sqlx::query_as!(
        Row,
        "select id, organization_id, member_id, email, name, organization, password_hash, token_version, expires_at,
           verified_at from sign_up where token_hash = $1 for update",
        token_hash
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// Whether the link whose token has this hash was replaced by a newer one, and then whether its sign-up is verified.
///
/// # Errors
/// The database failed.
pub async fn find_replaced(tx: &mut SystemTx, token_hash: &[u8]) -> Result<Option<bool>> {
    Ok(sqlx::query_scalar!(
        r#"select s.verified_at is not null as "verified!"
           from replaced_link l join sign_up s on s.id = l.sign_up_id where l.token_hash = $1"#,
        token_hash
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The newest unverified sign-up of `email`.
///
/// # Errors
/// The database failed.
pub async fn find_unverified(tx: &mut SystemTx, email: &EmailAddress) -> Result<Option<SignUp>> {
    let row = sqlx::query_as!(
        Row,
        "select id, organization_id, member_id, email, name, organization, password_hash, token_version, expires_at,
           verified_at from sign_up where email = $1 and verified_at is null order by created_at desc, id desc limit 1",
        email.as_str()
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// Gives a sign-up a new link; the one before ends, and its mail waits to be sent.
///
/// # Errors
/// The database failed.
pub async fn set_token(
    tx: &mut SystemTx,
    id: SignUpId,
    version: i32,
    token_hash: &[u8],
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into replaced_link (token_hash, sign_up_id) select token_hash, id from sign_up where id = $1",
        id.0
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update sign_up set token_version = $2, token_hash = $3, expires_at = $4, mail_sent_at = null, mail_error = null
         where id = $1",
        id.0,
        version,
        token_hash,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that the address was verified.
///
/// # Errors
/// The database failed.
pub async fn set_verified(tx: &mut SystemTx, id: SignUpId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!("update sign_up set verified_at = $2 where id = $1", id.0, now).execute(&mut **tx).await?;
    Ok(())
}

/// Notes how the mail to the new address went; a later success clears an earlier error.
///
/// # Errors
/// The database failed.
pub async fn set_mail(tx: &mut SystemTx, id: SignUpId, error: Option<&str>, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update sign_up set mail_error = $2, mail_sent_at = case when $2::text is null then $3 else mail_sent_at end where id = $1",
        id.0,
        error,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How the mail went: `None` while it waits, `Some(true)` once sent, `Some(false)` after a failed attempt.
///
/// # Errors
/// Missing, or the database failed.
pub async fn get_mail(tx: &mut SystemTx, id: SignUpId) -> Result<Option<bool>> {
    let row =
        sqlx::query!("select mail_sent_at, mail_error from sign_up where id = $1", id.0).fetch_one(&mut **tx).await?;
    Ok(row.mail_sent_at.map(|_| true).or(row.mail_error.map(|_| false)))
}

/// Throws away the sign-ups that were verified, or whose link ended, before this moment; tells how many.
///
/// # Errors
/// The database failed.
pub async fn purge(tx: &mut SystemTx, before: OffsetDateTime) -> Result<u64> {
    Ok(sqlx::query!("delete from sign_up where coalesce(verified_at, expires_at) <= $1", before)
        .execute(&mut **tx)
        .await?
        .rows_affected())
}

struct Row {
    id: sqlx::types::Uuid,
    organization_id: sqlx::types::Uuid,
    member_id: sqlx::types::Uuid,
    email: String,
    name: String,
    organization: String,
    password_hash: String,
    token_version: i32,
    expires_at: OffsetDateTime,
    verified_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for SignUp {
    type Error = crate::Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization_id: row.organization_id.into(),
            member_id: row.member_id.into(),
            email: address(&row.email)?,
            name: row.name,
            organization: row.organization,
            password_hash: row.password_hash,
            token_version: row.token_version,
            expires_at: row.expires_at,
            verified_at: row.verified_at,
        })
    }
}
