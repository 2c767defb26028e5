//! Rates of exchange of an agency: units of a currency for one euro, by day. What was said of a rate and when is kept as
//! observations, which are only added to; beside them stands what is said now.

use model::fact::Rate;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

use crate::{Result, TenantTx};

/// Keeps rates; a day and currency that is there already gets the new rate, and the one before stays as what was said before.
/// The moments are the database's, as those of the brain's cycles are.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, rates: &[Rate]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let currencies: Vec<&str> = rates.iter().map(|rate| rate.currency.as_str()).collect();
    let days: Vec<Date> = rates.iter().map(|rate| rate.day).collect();
    let values: Vec<Decimal> = rates.iter().map(|rate| rate.per_euro).collect();
    let at = sqlx::query_scalar!(r#"select clock_timestamp() as "at!""#).fetch_one(&mut **tx).await?;
    sqlx::query!(
        "with kept as (
           insert into exchange_rate as e (organization_id, currency, day, per_euro, imported_at)
           select $1, r.currency, r.day, r.per_euro, $5 from unnest($2::text[], $3::date[], $4::numeric[]) r (currency, day, per_euro)
           on conflict (organization_id, currency, day) do update
             set per_euro = excluded.per_euro, imported_at = greatest(excluded.imported_at, e.imported_at + interval '1 microsecond')
             where e.per_euro <> excluded.per_euro
           returning e.currency, e.day, e.imported_at, e.per_euro
         )
         insert into exchange_rate_observation (organization_id, currency, day, observed_at, per_euro)
         select $1, currency, day, imported_at, per_euro from kept",
        organization.0,
        &currencies as _,
        &days,
        &values,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Rates from `first` on as they were known at a moment, by currency and day.
///
/// # Errors
/// The database failed.
pub async fn list_as_of(tx: &mut TenantTx, first: Date, as_of: OffsetDateTime) -> Result<Vec<Rate>> {
    let rows = sqlx::query!(
        "select distinct on (currency, day) currency, day, per_euro from exchange_rate_observation
         where day >= $1 and observed_at <= $2 order by currency, day, observed_at desc",
        first,
        as_of
    );
    let rows = rows.fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| Rate { currency: row.currency, day: row.day, per_euro: row.per_euro }).collect())
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
