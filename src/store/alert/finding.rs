//! Which alert each finding of a state is: who has seen to the alert has seen to the finding.

use std::collections::BTreeMap;

use model::id::{AlertId, BrainStateId};
use sqlx::types::Uuid;

use crate::{Result, TenantTx};

/// Keeps that these findings of a state are an alert.
///
/// # Errors
/// The database failed.
pub async fn set_findings(tx: &mut TenantTx, state: BrainStateId, numbers: &[i32], alert: AlertId) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into alert_finding (organization_id, state_id, number, alert_id)
         select distinct $1::uuid, $2::uuid, f.number, $4::uuid from unnest($3::int[]) f (number)
         on conflict (organization_id, state_id, number) do update set alert_id = excluded.alert_id",
        organization.0,
        state.0,
        numbers,
        alert.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The alerts that the findings of a state are, by their place in it, as far as the acting member sees them.
///
/// # Errors
/// The database failed.
pub async fn list_of(tx: &mut TenantTx, state: BrainStateId) -> Result<BTreeMap<i32, AlertId>> {
    let rows = sqlx::query!("select number, alert_id from alert_finding where state_id = $1", state.0);
    let one = |(number, alert): (i32, Uuid)| (number, AlertId::from(alert));
    Ok(rows.map(|row| (row.number, row.alert_id)).fetch_all(&mut **tx).await?.into_iter().map(one).collect())
}
