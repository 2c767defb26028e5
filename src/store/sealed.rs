//! Everything that lies sealed in the database, whichever table it is in: what it is called, under which key it is, and
//! how it is put under another.
//!
//! To seal something new: a variant of [`Row`], its text, its table in [`Table`], and its arms here; a test walks the
//! catalogue and fails on sealed bytes that are not listed.

use std::fmt;

use model::id::{ConnectionId, MemberId, OAuthStateId, OrganizationId};
use sqlx::types::Uuid;

use crate::{Result, SystemTx};

/// One sealed secret. Its text is bound into the seal, so that the bytes open nowhere else: the text must never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A field of a connection's credential.
    Credential(OrganizationId, ConnectionId, String),
    /// The proof that belongs to a consent that was begun (RFC 7636 §4.1).
    OAuthVerifier(OrganizationId, OAuthStateId),
    /// The secret of a member's app.
    TwoFactor(OrganizationId, MemberId),
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(organization, connection, field) => {
                write!(f, "credential {organization} {connection} {field}")
            }
            Self::OAuthVerifier(organization, state) => write!(f, "oauth_state {organization} {state}"),
            Self::TwoFactor(organization, member) => write!(f, "two_factor {organization} {member}"),
        }
    }
}

/// A table with sealed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Credentials of connections.
    Credential,
    /// Consents that were begun.
    OAuthState,
    /// Second factors.
    TwoFactor,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Credential, Self::OAuthState, Self::TwoFactor];
}

/// A sealed secret and its bytes.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Which it is.
    pub row: Row,
    /// As they lie in the database.
    pub bytes: Vec<u8>,
}

/// Up to `limit` secrets of `table` that are not under `key`, in the order of their keys, after `after`.
///
/// # Errors
/// The database failed.
pub async fn list_not_under(
    tx: &mut SystemTx,
    table: Table,
    key: &str,
    after: Option<&Row>,
    limit: i64,
) -> Result<Vec<Sealed>> {
    let (organization, id, field) = match after {
        None => (Uuid::nil(), Uuid::nil(), ""),
        Some(Row::Credential(organization, id, field)) => (organization.0, id.0, field.as_str()),
        Some(Row::OAuthVerifier(organization, id)) => (organization.0, id.0, ""),
        Some(Row::TwoFactor(organization, id)) => (organization.0, id.0, ""),
    };
    Ok(match table {
        Table::Credential => {
            sqlx::query!(
                "select organization_id, connection_id, field, sealed from credential
             where sealed_key(sealed) is distinct from $1 and (organization_id, connection_id, field) > ($2, $3, $4)
             order by organization_id, connection_id, field limit $5",
                key,
                organization,
                id,
                field,
                limit
            )
            .map(|row| Sealed {
                row: Row::Credential(row.organization_id.into(), row.connection_id.into(), row.field),
                bytes: row.sealed,
            })
            .fetch_all(&mut **tx)
            .await?
        }
        Table::OAuthState => {
            sqlx::query!(
                "select organization_id, id, sealed_verifier from oauth_state
             where sealed_key(sealed_verifier) is distinct from $1 and (organization_id, id) > ($2, $3)
             order by organization_id, id limit $4",
                key,
                organization,
                id,
                limit
            )
            .map(|row| Sealed {
                row: Row::OAuthVerifier(row.organization_id.into(), row.id.into()),
                bytes: row.sealed_verifier,
            })
            .fetch_all(&mut **tx)
            .await?
        }
        Table::TwoFactor => {
            sqlx::query!(
                "select organization_id, member_id, secret from two_factor
             where sealed_key(secret) is distinct from $1 and (organization_id, member_id) > ($2, $3)
             order by organization_id, member_id limit $4",
                key,
                organization,
                id,
                limit
            )
            .map(|row| Sealed {
                row: Row::TwoFactor(row.organization_id.into(), row.member_id.into()),
                bytes: row.secret,
            })
            .fetch_all(&mut **tx)
            .await?
        }
    })
}

/// Puts `new` in the place of the bytes that were read; false when something else is there by now.
///
/// # Errors
/// The database failed.
pub async fn replace(tx: &mut SystemTx, read: &Sealed, new: &[u8]) -> Result<bool> {
    let done = match &read.row {
        Row::Credential(organization, connection, field) => {
            sqlx::query!(
                "update credential set sealed = $5
                 where organization_id = $1 and connection_id = $2 and field = $3 and sealed = $4",
                organization.0,
                connection.0,
                field,
                read.bytes,
                new
            )
            .execute(&mut **tx)
            .await?
        }
        Row::OAuthVerifier(organization, state) => {
            sqlx::query!(
                "update oauth_state set sealed_verifier = $4
                 where organization_id = $1 and id = $2 and sealed_verifier = $3",
                organization.0,
                state.0,
                read.bytes,
                new
            )
            .execute(&mut **tx)
            .await?
        }
        Row::TwoFactor(organization, member) => {
            sqlx::query!(
                "update two_factor set secret = $4 where organization_id = $1 and member_id = $2 and secret = $3",
                organization.0,
                member.0,
                read.bytes,
                new
            )
            .execute(&mut **tx)
            .await?
        }
    };
    Ok(done.rows_affected() == 1)
}

/// How many secrets lie under each key, by the key's id.
///
/// # Errors
/// The database failed.
pub async fn count_by_key(tx: &mut SystemTx) -> Result<Vec<(String, i64)>> {
    Ok(sqlx::query!(
        r#"select sealed_key(sealed) as "key!", count(*) as "count!" from (
             select sealed from credential
             union all select sealed_verifier from oauth_state
             union all select secret from two_factor) s
           group by 1 order by 1"#
    )
    .map(|row| (row.key, row.count))
    .fetch_all(&mut **tx)
    .await?)
}
