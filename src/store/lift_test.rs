//! Experiments that showed what a channel brings.

use model::{
    fact::LiftTest,
    id::{ChannelId, LiftTestId},
};
use time::OffsetDateTime;

use crate::{Error, Result, TenantTx};

/// Keeps one.
///
/// # Errors
/// Missing when the channel is not in sight.
pub async fn insert(tx: &mut TenantTx, test: &LiftTest, now: OffsetDateTime) -> Result<()> {
    let actor = tx.actor().clone();
    let inserted = sqlx::query!(
        "insert into lift_test (organization_id, id, channel_id, first_day, last_day, roas, standard_error, created_by, created_at)
         select c.organization_id, $1, c.id, $3, $4, $5, $6, $7, $8 from channel c where c.id = $2",
        test.id.0,
        test.channel_id.0,
        test.first_day,
        test.last_day,
        test.roas,
        test.standard_error,
        actor.member_id.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 { Err(Error::Missing) } else { Ok(()) }
}

/// Whether a channel in sight holds orders, not advertising.
///
/// # Errors
/// The database failed.
pub async fn of_shop(tx: &mut TenantTx, channel_id: ChannelId) -> Result<bool> {
    let shop = sqlx::query_scalar!(
        r#"select coalesce(holds = 'shop', kind = 'shop') as "shop!" from channel where id = $1"#,
        channel_id.0
    );
    Ok(shop.fetch_optional(&mut **tx).await?.unwrap_or(false))
}

/// Throws one away.
///
/// # Errors
/// Missing when it is not there.
pub async fn remove(tx: &mut TenantTx, id: LiftTestId) -> Result<()> {
    let removed = sqlx::query!("delete from lift_test where id = $1", id.0).execute(&mut **tx).await?;
    if removed.rows_affected() == 0 { Err(Error::Missing) } else { Ok(()) }
}
