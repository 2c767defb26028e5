//! Events over the states of the brain: what makes a finding of another cycle the same one, and which channels an outage covers.

use model::{
    alert::{Found, Severity},
    id::{AlertId, BrainStateId, ChannelId},
};
use sqlx::types::Uuid;
use time::{Date, OffsetDateTime};

use super::{mail, word};
use crate::{Result, TenantTx, id};

/// What is known of an event, as far as telling it from others needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The alert.
    pub id: AlertId,
    /// What makes it the same event, beside its days.
    pub story: String,
    /// The first day that the newest state with it names.
    pub first: Date,
    /// The last day.
    pub last: Date,
    /// How bad it was.
    pub severity: Severity,
    /// The channels that an outage has covered, ever.
    pub channels: Vec<ChannelId>,
    /// Those of them that people know to be out: all but those that states found it without for long.
    pub told: Vec<ChannelId>,
    /// Whether somebody has seen to it, or lets it wait still.
    pub seen: bool,
    /// The first day whose state did not find it.
    pub missing_since: Option<Date>,
    /// Whether it has ended.
    pub ended: bool,
}

/// Lets no other transaction tell events from each other until this one ends: two at once would both keep the same new event.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &mut TenantTx) -> Result<()> {
    // Rows that refer to the organization can still be written.
    sqlx::query!("select organization_id from organization for no key update").fetch_one(&mut **tx).await?;
    Ok(())
}

/// The events that have not ended, and those that have whose days reach `since`. People no longer know a channel to be out that
/// an outage was found without since the day `gone`, or for longer. What was let wait until before `now` waits no more.
///
/// # Errors
/// The database failed.
pub async fn list_known(tx: &mut TenantTx, since: Date, gone: Date, now: OffsetDateTime) -> Result<Vec<Known>> {
    let rows = sqlx::query!(
        r#"select a.id, a.story, a.first_day, a.last_day, a.severity, a.missing_since, a.ended_at is not null as "ended!",
             (a.acknowledged_at is not null or coalesce(a.snoozed_until > $3, false)) as "seen!",
             array(select c.channel_id from alert_channel c
               where c.organization_id = a.organization_id and c.alert_id = a.id order by c.channel_id) as "channels!",
             array(select c.channel_id from alert_channel c
               where c.organization_id = a.organization_id and c.alert_id = a.id and coalesce(c.missing_since > $2, true)
               order by c.channel_id) as "told!"
           from alert a where a.ended_at is null or a.last_day >= $1 order by a.first_seen_at, a.id"#,
        since,
        gone,
        now
    );
    rows.fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| {
            Ok(Known {
                id: row.id.into(),
                story: row.story,
                first: row.first_day,
                last: row.last_day,
                severity: word(&row.severity, Severity::parse)?,
                channels: row.channels.into_iter().map(Into::into).collect(),
                told: row.told.into_iter().map(Into::into).collect(),
                seen: row.seen,
                missing_since: row.missing_since,
                ended: row.ended,
            })
        })
        .collect()
}

/// Keeps a new event that `state` found.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut TenantTx,
    story: &str,
    found: &Found,
    state: BrainStateId,
    now: OffsetDateTime,
) -> Result<AlertId> {
    let organization = tx.actor().organization_id;
    let id: AlertId = id::new(now);
    sqlx::query!(
        "insert into alert (organization_id, id, story, kind, level, entity, severity, first_day, last_day, client_id, channel_id,
           body, first_state_id, state_id, first_seen_at, last_seen_at, number)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $14, $15)",
        organization.0,
        id.0,
        story,
        found.kind.key(),
        found.level,
        found.entity,
        found.severity.key(),
        found.first,
        found.last,
        found.client_id.map(|id| id.0),
        found.channel().map(|id| id.0),
        found.body,
        state.0,
        now,
        found.number
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// Keeps what `state` says of an event that is known; it has not ended, whatever was thought.
///
/// # Errors
/// The database failed.
pub async fn update(
    tx: &mut TenantTx,
    id: AlertId,
    found: &Found,
    state: BrainStateId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update alert set kind = $2, severity = $3, first_day = $4, last_day = $5, client_id = $6, channel_id = $7, body = $8,
           state_id = $9, last_seen_at = $10, number = $11, missing_since = null, ended_at = null
         where id = $1",
        id.0,
        found.kind.key(),
        found.severity.key(),
        found.first,
        found.last,
        found.client_id.map(|id| id.0),
        found.channel().map(|id| id.0),
        found.body,
        state.0,
        now,
        found.number
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps that the state of `day` found an outage of these channels, and of no others.
///
/// # Errors
/// The database failed.
pub async fn set_channels(tx: &mut TenantTx, id: AlertId, channels: &[ChannelId], day: Date) -> Result<()> {
    let organization = tx.actor().organization_id;
    let channels: Vec<Uuid> = channels.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into alert_channel (organization_id, alert_id, channel_id) select $1, $2, unnest($3::uuid[])
         on conflict (organization_id, alert_id, channel_id) do update set missing_since = null",
        organization.0,
        id.0,
        &channels
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update alert_channel set missing_since = $3
         where alert_id = $1 and channel_id <> all($2::uuid[]) and missing_since is null",
        id.0,
        &channels,
        day
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Has a new event stand as the one that it is a part of: who has seen to that has seen to it, and who was told of that, or is
/// about to be, was told of it.
///
/// # Errors
/// The database failed.
pub async fn inherit(tx: &mut TenantTx, from: AlertId, part: AlertId) -> Result<()> {
    sqlx::query!(
        "update alert a set acknowledged_at = f.acknowledged_at, acknowledged_by = f.acknowledged_by,
           acknowledged_name = f.acknowledged_name, snoozed_until = f.snoozed_until, snoozed_by = f.snoozed_by,
           snoozed_name = f.snoozed_name
         from alert f where f.id = $1 and a.id = $2",
        from.0,
        part.0
    )
    .execute(&mut **tx)
    .await?;
    mail::inherit(tx, from, part).await
}

/// Notes that the state of `day` did not find these events.
///
/// # Errors
/// The database failed.
pub async fn set_missing(tx: &mut TenantTx, ids: &[AlertId], day: Date) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("update alert set missing_since = $2 where id = any($1) and missing_since is null", &ids, day)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends these events.
///
/// # Errors
/// The database failed.
pub async fn set_ended(tx: &mut TenantTx, ids: &[AlertId], now: OffsetDateTime) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("update alert set ended_at = $2 where id = any($1) and ended_at is null", &ids, now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
