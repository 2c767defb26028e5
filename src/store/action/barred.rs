//! What is not proposed because of what people decided: the ledger bars it, and whoever tells of a state leaves it out.

use std::collections::BTreeMap;

use model::id::ClientId;
use time::{Date, OffsetDateTime};

use super::sync::LEFT_FOR;
use crate::{Result, TenantTx};

/// What is barred, by client and key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Barred(BTreeMap<(ClientId, String), Option<Date>>);

impl Barred {
    /// Bars a key of a client: wholly, or, where it was gone for a week since it was done on this day, but for what began after
    /// that.
    pub fn bar(&mut self, client_id: ClientId, key: String, done_on: Option<Date>) {
        let kept = self.0.entry((client_id, key)).or_insert(done_on);
        *kept = kept.zip(done_on).map(|(one, other)| one.max(other));
    }

    /// Whether this is barred; `began` is the first day of what asks for it.
    pub fn bars(&self, client_id: ClientId, key: String, began: Option<Date>) -> bool {
        self.0
            .get(&(client_id, key))
            .is_some_and(|done_on| done_on.zip(began).is_none_or(|(done_on, began)| began <= done_on))
    }
}

/// What is barred, now or as of a moment, for a state that was thought on this day: what is under way and nothing new asks
/// for, what was dismissed lately, and what somebody looked into lately.
///
/// # Errors
/// The database failed.
pub async fn barred(tx: &mut TenantTx, as_of: Option<OffsetDateTime>, today: Date) -> Result<Barred> {
    let rows = sqlx::query!(
        "select a.client_id, a.key,
           case when then_.state in ('done', 'measured') and a.gone_at <= coalesce($1::timestamptz, 'infinity') then a.done_on end as done_on
         from action a
           cross join lateral (select case when $1::timestamptz is null then a.state else (
             select e.state from action_event e
             where e.organization_id = a.organization_id and e.action_id = a.id and e.at <= $1
             order by e.at desc, e.id desc limit 1) end as state) then_
         where then_.state in ('approved', 'done') or then_.state = 'dismissed' and a.since > $2
           or then_.state = 'measured' and a.kind = 'investigate' and a.done_on > $2",
        as_of,
        today - LEFT_FOR
    );
    let mut barred = Barred::default();
    for row in rows.fetch_all(&mut **tx).await? {
        barred.bar(row.client_id.into(), row.key, row.done_on);
    }
    Ok(barred)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn what_was_done_bars_what_began_before_and_a_decision_bars_all() {
        let client = ClientId::from(uuid::Uuid::from_u128(1));
        let (day, later) = (date!(2026 - 11 - 02), date!(2026 - 11 - 03));
        let mut barred = Barred::default();
        barred.bar(client, "fix:a".to_owned(), Some(day));
        let bars = |barred: &Barred, key: &str, began| barred.bars(client, key.to_owned(), began);
        assert!(bars(&barred, "fix:a", Some(day)) && bars(&barred, "fix:a", None));
        assert!(!bars(&barred, "fix:a", Some(later)) && !bars(&barred, "fix:b", None));
        barred.bar(client, "fix:a".to_owned(), None);
        assert!(bars(&barred, "fix:a", Some(later)), "the second of it was approved");
    }
}
