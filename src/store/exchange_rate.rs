//! Rates of exchange of an agency: units of a currency for one euro, by day.

use model::fact::Rate;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

use crate::{Result, TenantTx};

/// Keeps rates; a day and currency that is there already gets the new rate.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, rates: &[Rate], now: OffsetDateTime) -> Result<()> {
    let organization = tx.actor().organization_id;
    let currencies: Vec<&str> = rates.iter().map(|rate| rate.currency.as_str()).collect();
    let days: Vec<Date> = rates.iter().map(|rate| rate.day).collect();
    let values: Vec<Decimal> = rates.iter().map(|rate| rate.per_euro).collect();
    sqlx::query!(
        "insert into exchange_rate (organization_id, currency, day, per_euro, imported_at)
         select $1, r.currency, r.day, r.per_euro, $5 from unnest($2::text[], $3::date[], $4::numeric[]) r (currency, day, per_euro)
         on conflict (organization_id, currency, day) do update
           set per_euro = excluded.per_euro, imported_at = excluded.imported_at
           where exchange_rate.per_euro <> excluded.per_euro",
        organization.0,
        &currencies as _,
        &days,
        &values,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Which rates are there: currency, first and last day, how many.
///
/// # Errors
/// The database failed.
pub async fn summary(tx: &mut TenantTx) -> Result<Vec<(String, Date, Date, i64)>> {
    let rows = sqlx::query!(
        r#"select currency, min(day) as "first!", max(day) as "last!", count(*) as "count!" from exchange_rate
           group by currency order by currency"#
    );
    let rows = rows.fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| (row.currency, row.first, row.last, row.count)).collect())
}
