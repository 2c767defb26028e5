//! How clients and the agency look on paper. Who has no look of their own has the agency's.

use model::{
    brand::{Logo, LogoKind},
    id::ClientId,
};
use sqlx::types::Uuid;

use crate::{Result, TenantTx, alert::word};

/// What somebody chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// The colour.
    pub accent: Option<String>,
    /// The logo.
    pub logo: Option<Logo>,
}

/// The id under which a look is kept: the client's, or the agency's.
fn owner(tx: &TenantTx, client: Option<ClientId>) -> Uuid {
    client.map_or(tx.actor().organization_id.0, |id| id.0)
}

/// The look of a client, or of the agency, itself; nothing chosen is nothing here.
///
/// # Errors
/// The database failed.
pub async fn get(tx: &mut TenantTx, client: Option<ClientId>) -> Result<Brand> {
    let owner = owner(tx, client);
    let row = sqlx::query!("select accent, logo, logo_kind from brand where owner_id = $1", owner)
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = row else { return Ok(Brand::default()) };
    let logo = match row.logo.zip(row.logo_kind) {
        Some((bytes, kind)) => Some(Logo { kind: word(&kind, LogoKind::parse)?, bytes }),
        None => None,
    };
    Ok(Brand { accent: row.accent, logo })
}

/// Keeps a look.
///
/// # Errors
/// The database failed.
pub async fn set(tx: &mut TenantTx, client: Option<ClientId>, brand: &Brand) -> Result<()> {
    let (organization, owner) = (tx.actor().organization_id, owner(tx, client));
    let logo = brand.logo.as_ref();
    sqlx::query!(
        "insert into brand (organization_id, owner_id, client_id, accent, logo, logo_kind) values ($1, $2, $3, $4, $5, $6)
         on conflict (organization_id, owner_id) do update set accent = excluded.accent, logo = excluded.logo,
           logo_kind = excluded.logo_kind",
        organization.0,
        owner,
        client.map(|id| id.0),
        brand.accent,
        logo.map(|logo| logo.bytes.as_slice()),
        logo.map(|logo| logo.kind.key())
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
