//! How often somebody tried to sign in to an account, or had mail sent to it: buckets that fill again by themselves.
//!
//! A bucket is kept as the moment until which it is spoken for (the "generic cell rate algorithm" of ATM Forum TM 4.0): each
//! attempt moves it on by one share of a minute, and none may move it further than a full bucket ahead of now.

use time::{Duration, OffsetDateTime};

use crate::{Result, SystemTx};

/// A bucket: its keyed hash, and how many attempts a minute it holds.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// 64 hexadecimal digits.
    pub key: String,
    /// Attempts a minute, which may also come at once; at least one.
    pub a_minute: u32,
}

/// Counts an attempt against both buckets by one statement, so that it holds for attempts at the same time; how long to
/// wait when one of them is empty. What the `narrow` one refuses does not count against the `wide` one.
///
/// # Errors
/// The database failed.
pub async fn take(tx: &mut SystemTx, narrow: &Bucket, wide: &Bucket, now: OffsetDateTime) -> Result<Option<Duration>> {
    let share = |bucket: &Bucket| 60.0 / f64::from(bucket.a_minute.max(1));
    let row = sqlx::query!(
        r#"with narrow as (
             insert into sign_in_attempt as kept (bucket, free_at) values ($1, $3::timestamptz + make_interval(secs => $4))
             on conflict (bucket) do update set free_at = greatest(kept.free_at, $3) + make_interval(secs => $4)
               where greatest(kept.free_at, $3) + make_interval(secs => $4) <= $3 + interval '1 minute'
             returning 1),
           wide as (
             insert into sign_in_attempt as kept (bucket, free_at)
               select $2, $3 + make_interval(secs => $5) where exists (select from narrow)
             on conflict (bucket) do update set free_at = greatest(kept.free_at, $3) + make_interval(secs => $5)
               where greatest(kept.free_at, $3) + make_interval(secs => $5) <= $3 + interval '1 minute'
             returning 1)
           select exists (select from narrow) as "narrow!", exists (select from wide) as "wide!",
             (select free_at from sign_in_attempt where bucket = $1) as narrow_free,
             (select free_at from sign_in_attempt where bucket = $2) as wide_free"#,
        narrow.key,
        wide.key,
        now,
        share(narrow),
        share(wide)
    )
    .fetch_one(&mut **tx)
    .await?;
    let (free_at, bucket) = match (row.narrow, row.wide) {
        (true, true) => return Ok(None),
        (true, false) => (row.wide_free, wide),
        (false, _) => (row.narrow_free, narrow),
    };
    let wait = free_at.unwrap_or(now).max(now) + Duration::seconds_f64(share(bucket)) - now - Duration::MINUTE;
    Ok(Some(wait.max(Duration::SECOND)))
}

/// Throws away the buckets that are full again; tells how many.
///
/// # Errors
/// The database failed.
pub async fn purge(tx: &mut SystemTx, now: OffsetDateTime) -> Result<u64> {
    Ok(sqlx::query!("delete from sign_in_attempt where free_at <= $1", now).execute(&mut **tx).await?.rows_affected())
}
