//! What is not proposed because of what people decided: the ledger bars it, and whoever tells of a state leaves it out.

use std::collections::BTreeSet;

use model::id::ClientId;
use time::{Date, OffsetDateTime};

use super::sync::DISMISSED_FOR;
use crate::{Result, TenantTx};

/// The keys of what is barred by client, now or as of a moment, for a state that was thought on this day: what is under way,
/// and what was dismissed lately.
///
/// # Errors
/// The database failed.
pub async fn barred(
    tx: &mut TenantTx,
    as_of: Option<OffsetDateTime>,
    today: Date,
) -> Result<BTreeSet<(ClientId, String)>> {
    let rows = sqlx::query!(
        "select a.client_id, a.key from action a
           cross join lateral (select case when $1::timestamptz is null then a.state else (
             select e.state from action_event e
             where e.organization_id = a.organization_id and e.action_id = a.id and e.at <= $1
             order by e.at desc, e.id desc limit 1) end as state) then_
         where then_.state in ('approved', 'done') or then_.state = 'dismissed' and a.since > $2",
        as_of,
        today - DISMISSED_FOR
    );
    Ok(rows.fetch_all(&mut **tx).await?.into_iter().map(|row| (row.client_id.into(), row.key)).collect())
}
