//! Organizations and their settings.

use model::{
    email::EmailAddress,
    id::{MemberId, OrganizationId},
    organization::Organization,
    role::Role,
    stage::{self, Thresholds},
};
use sqlx::types::Uuid;
use time::{Duration, OffsetDateTime};

use crate::{Error, Result, SystemTx, TenantTx, id};

/// The word for what is simulated.
const SIMULATED: &str = "simulated";

/// The organization this transaction acts for.
///
/// # Errors
/// Missing only when the organization was deleted meanwhile.
pub async fn get(tx: &mut TenantTx) -> Result<Organization> {
    let row = sqlx::query!(
        "select organization_id, name, time_zone, currency, stage_yellow_days, stage_red_days, mode, ahead_seconds
         from organization"
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Organization {
        id: row.organization_id.into(),
        name: row.name,
        time_zone: row.time_zone,
        currency: row.currency,
        thresholds: Thresholds { yellow_days: row.stage_yellow_days, red_days: row.stage_red_days },
        simulated: row.mode == SIMULATED,
        ahead: Duration::seconds(row.ahead_seconds),
    })
}

/// The organization, locked until the transaction ends, so that two changes at once do not undo each other.
///
/// # Errors
/// Missing only when the organization was deleted meanwhile.
pub async fn lock(tx: &mut TenantTx) -> Result<Organization> {
    sqlx::query!("select organization_id from organization for update").fetch_one(&mut **tx).await?;
    get(tx).await
}

/// Whether the organization is there. Whoever is just throwing it away is waited for, and nobody else.
///
/// # Errors
/// The database failed.
pub async fn exists(tx: &mut TenantTx) -> Result<bool> {
    let found = sqlx::query_scalar!("select organization_id from organization for key share");
    Ok(found.fetch_optional(&mut **tx).await?.is_some())
}

/// Changes the organization's settings.
///
/// # Errors
/// The database failed.
pub async fn update(tx: &mut TenantTx, organization: &Organization) -> Result<()> {
    sqlx::query!(
        "update organization set name = $1, time_zone = $2, currency = $3, stage_yellow_days = $4, stage_red_days = $5",
        organization.name,
        organization.time_zone,
        organization.currency,
        organization.thresholds.yellow_days,
        organization.thresholds.red_days
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Moves the clock of a simulated organization on.
///
/// # Errors
/// Missing for a live one.
pub async fn forward(tx: &mut TenantTx, by: Duration) -> Result<Duration> {
    let seconds = sqlx::query_scalar!(
        "update organization set ahead_seconds = ahead_seconds + $1 where mode = 'simulated' returning ahead_seconds",
        by.whole_seconds()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Duration::seconds(seconds))
}

/// How many simulated organizations there are. Until the transaction ends nobody else counts them, so that two who make one at
/// the same moment do not both believe to make the last.
///
/// # Errors
/// The database failed.
pub async fn count_simulated(tx: &mut SystemTx) -> Result<i64> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('simulated organizations', 0))")
        .execute(&mut **tx)
        .await?;
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from organization where mode = 'simulated'"#);
    Ok(count.fetch_one(&mut **tx).await?)
}

/// When a simulated organization began, and what time it is there.
#[derive(Clone, Copy, Debug)]
pub struct Simulated {
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// How far its clock is ahead of ours.
    pub ahead: Duration,
    /// How often something was changed at its providers.
    pub changes: i64,
}

/// A simulated organization.
///
/// # Errors
/// Missing for a live one, and for none.
pub async fn find_simulated(tx: &mut SystemTx, id: OrganizationId) -> Result<Simulated> {
    let row = sqlx::query!(
        r#"select created_at, ahead_seconds,
             (select count(*) from simulated_change c where c.organization_id = o.organization_id) as "changes!"
           from organization o where organization_id = $1 and mode = 'simulated'"#,
        id.0
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Simulated { created_at: row.created_at, ahead: Duration::seconds(row.ahead_seconds), changes: row.changes })
}

/// Throws a simulated organization away, with every row of it.
///
/// # Errors
/// Missing for a live one, and for none.
pub async fn remove_simulated(tx: &mut SystemTx, id: OrganizationId) -> Result<()> {
    let removed = sqlx::query!("delete from organization where organization_id = $1 and mode = 'simulated'", id.0);
    match removed.execute(&mut **tx).await?.rows_affected() {
        0 => Err(Error::Missing),
        _ => Ok(()),
    }
}

/// The simulated organization that nobody looked into since `before`, and of those the one left longest.
///
/// # Errors
/// The database failed.
pub async fn find_idle(tx: &mut SystemTx, before: OffsetDateTime) -> Result<Option<OrganizationId>> {
    let found = sqlx::query_scalar!(
        "select o.organization_id from organization o left join session s on s.organization_id = o.organization_id
         where o.mode = 'simulated' and o.created_at < $1 group by o.organization_id
         having coalesce(max(s.seen_at), '-infinity') < $1 order by coalesce(max(s.seen_at), '-infinity') limit 1",
        before
    );
    Ok(found.fetch_optional(&mut **tx).await?.map(Into::into))
}

/// Whether the database knows the time zone.
///
/// # Errors
/// The database failed.
pub async fn time_zone_exists(tx: &mut TenantTx, zone: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from pg_timezone_names where name = $1) as "is!""#, zone)
        .fetch_one(&mut **tx)
        .await?)
}

/// An organization in the making.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: &'a str,
    /// Whether everything it will hold is simulated.
    pub simulated: bool,
    /// The id of its Owner.
    pub owner_id: MemberId,
    /// The Owner's name.
    pub owner: &'a str,
    /// The Owner's address.
    pub email: &'a EmailAddress,
}

/// Makes the organization, its stages, its rules of alerts and its Owner.
///
/// # Errors
/// The database failed.
pub async fn insert_with_owner(tx: &mut SystemTx, new: New<'_>, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "insert into organization (organization_id, name, mode, created_at) values ($1, $2, $3, $4)",
        new.id.0,
        new.name,
        if new.simulated { SIMULATED } else { "live" },
        now
    )
    .execute(&mut **tx)
    .await?;
    for (position, name) in (0..).zip(stage::DEFAULT) {
        sqlx::query!(
            "insert into stage (organization_id, id, name, position) values ($1, $2, $3, $4)",
            new.id.0,
            id::new::<Uuid>(now),
            name,
            position
        )
        .execute(&mut **tx)
        .await?;
    }
    crate::alert::rule::insert_defaults(tx, new.id, now).await?;
    crate::member::insert(tx, new.id, new.owner_id, new.owner, new.email, Role::Owner, now).await
}

pub(crate) fn parse_role(role: &str) -> Result<Role> {
    role.parse().map_err(|error| Error::Database(sqlx::Error::Decode(Box::new(error))))
}

pub(crate) fn address(email: &str) -> Result<EmailAddress> {
    EmailAddress::parse("email", email).map_err(|error| Error::Database(sqlx::Error::Decode(Box::new(error))))
}
