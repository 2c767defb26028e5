//! When reports are made by themselves. A due day is one of the agency's zone, and its hour is looked up on that zone's clock: an
//! hour that the clock skips comes with the next, and one that it shows twice comes with the first.

use model::{
    id::{ClientId, MemberId, OrganizationId, ReportScheduleId},
    report::{Every, Question, Schedule, Timing},
};
use sqlx::types::Uuid;
use time::{Date, OffsetDateTime};

use super::{address, keys, question};
use crate::{Error, Result, SystemTx, TenantTx, alert::word};

struct Row {
    id: Uuid,
    client_id: Option<Uuid>,
    client: Option<String>,
    title: String,
    persona: String,
    sections: Vec<String>,
    every: String,
    on_day: i16,
    hour: i16,
    recipients: Vec<String>,
    enabled: bool,
    created_name: String,
    created_at: OffsetDateTime,
    done_on: Option<Date>,
}

impl Row {
    fn schedule(self) -> Result<Schedule> {
        Ok(Schedule {
            id: self.id.into(),
            question: question(self.client_id, self.title, &self.persona, &self.sections)?,
            client: self.client,
            timing: Timing {
                every: word(&self.every, Every::parse)?,
                on_day: self.on_day,
                hour: self.hour,
                recipients: self.recipients.iter().map(|email| address(email)).collect::<Result<_>>()?,
                enabled: self.enabled,
            },
            created_by: self.created_name,
            created_at: self.created_at,
            done_on: self.done_on,
        })
    }
}

/// The schedules in sight, or one of them, or those of a client, by title.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, client: Option<ClientId>, id: Option<ReportScheduleId>) -> Result<Vec<Schedule>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select s.id, s.client_id, c.name as "client?", s.title, s.persona, s.sections, s.every, s.on_day, s.hour, s.recipients,
             s.enabled, s.created_name, s.created_at, s.done_on
           from report_schedule s left join client c on c.organization_id = s.organization_id and c.id = s.client_id
           where ($1::uuid is null or s.client_id = $1) and ($2::uuid is null or s.id = $2)
           order by lower(s.title), s.id"#,
        client.map(|id| id.0),
        id.map(|id| id.0)
    );
    rows.fetch_all(&mut **tx).await?.into_iter().map(Row::schedule).collect()
}

/// One schedule.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: ReportScheduleId) -> Result<Schedule> {
    list(tx, None, Some(id)).await?.pop().ok_or(Error::Missing)
}

/// One schedule, which nobody else changes until the transaction ends.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn lock(tx: &mut TenantTx, id: ReportScheduleId) -> Result<Schedule> {
    sqlx::query!("select id from report_schedule where id = $1 for update", id.0).fetch_one(&mut **tx).await?;
    get(tx, id).await
}

/// Keeps a new schedule.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut TenantTx,
    id: ReportScheduleId,
    (question, timing): (&Question, &Timing),
    by: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into report_schedule (organization_id, id, client_id, title, persona, sections, every, on_day, hour, recipients, enabled,
           created_by, created_name, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        actor.organization_id.0,
        id.0,
        question.client_id.map(|id| id.0),
        question.title,
        question.persona.key(),
        &keys(&question.sections),
        timing.every.key(),
        timing.on_day,
        timing.hour,
        &emails(timing),
        timing.enabled,
        actor.member_id.0,
        by,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn emails(timing: &Timing) -> Vec<String> {
    timing.recipients.iter().map(|email| email.as_str().to_owned()).collect()
}

/// Changes a schedule; whose it is stays. What was due before is not made up for.
///
/// # Errors
/// Missing when it is not there.
pub async fn update(
    tx: &mut TenantTx,
    id: ReportScheduleId,
    (question, timing): (&Question, &Timing),
    now: OffsetDateTime,
) -> Result<()> {
    let changed = sqlx::query!(
        "update report_schedule set title = $2, persona = $3, sections = $4, every = $5, on_day = $6, hour = $7, recipients = $8,
           enabled = $9, changed_at = $10
         where id = $1",
        id.0,
        question.title,
        question.persona.key(),
        &keys(&question.sections),
        timing.every.key(),
        timing.on_day,
        timing.hour,
        &emails(timing),
        timing.enabled,
        now
    )
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() == 0 { Err(Error::Missing) } else { Ok(()) }
}

/// Throws a schedule away; the reports that came of it stay.
///
/// # Errors
/// Missing when it is not there.
pub async fn remove(tx: &mut TenantTx, id: ReportScheduleId) -> Result<()> {
    let removed = sqlx::query!("delete from report_schedule where id = $1", id.0).execute(&mut **tx).await?;
    if removed.rows_affected() == 0 { Err(Error::Missing) } else { Ok(()) }
}

/// A schedule whose time has come.
#[derive(Clone, Debug)]
pub struct Due {
    /// The agency.
    pub organization_id: OrganizationId,
    /// What is due.
    pub schedule: Schedule,
    /// Who set it.
    pub created_by: MemberId,
    /// The day of the agency's zone on which it was due.
    pub on: Date,
}

/// Takes the schedules whose time has come, each due day's once, whatever became of the zone meanwhile. Of due days that every
/// server slept through, the last is made up for. Those of archived clients wait.
///
/// # Errors
/// The database failed.
pub async fn take_due(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"with due as (
             select s.organization_id, s.id, d.day, c.name as client from report_schedule s
               join organization o on o.organization_id = s.organization_id
               left join client c on c.organization_id = s.organization_id and c.id = s.client_id
               cross join lateral (
                 select case s.every
                   when 'weekly' then (date_trunc('week', $1::timestamptz at time zone o.time_zone
                     - make_interval(days => s.on_day - 1, hours => s.hour)) + make_interval(days => s.on_day - 1))::date
                   else (select max(least(m + make_interval(days => s.on_day - 1), m + interval '1 month -1 day')::date)
                     from unnest(array[date_trunc('month', $1::timestamptz at time zone o.time_zone),
                       date_trunc('month', $1::timestamptz at time zone o.time_zone) - interval '1 month']) m
                     where least(m + make_interval(days => s.on_day - 1), m + interval '1 month -1 day')
                       + make_interval(hours => s.hour) <= $1::timestamptz at time zone o.time_zone)
                   end as day) d
             where s.enabled and c.archived_at is null and d.day > coalesce(s.done_on, '-infinity')
               and (d.day + make_interval(hours => s.hour)) at time zone o.time_zone > s.changed_at
             for update of s skip locked
           )
           update report_schedule s set done_on = d.day from due d
           where s.organization_id = d.organization_id and s.id = d.id
           returning s.organization_id, s.id, s.client_id, d.client as "client?", s.title, s.persona, s.sections, s.every, s.on_day,
             s.hour, s.recipients, s.created_by, s.created_name, s.created_at, d.day as "day!""#,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let schedule = Row {
                id: row.id,
                client_id: row.client_id,
                client: row.client,
                title: row.title,
                persona: row.persona,
                sections: row.sections,
                every: row.every,
                on_day: row.on_day,
                hour: row.hour,
                recipients: row.recipients,
                enabled: true,
                created_name: row.created_name,
                created_at: row.created_at,
                done_on: Some(row.day),
            };
            Ok(Due {
                organization_id: row.organization_id.into(),
                schedule: schedule.schedule()?,
                created_by: row.created_by.into(),
                on: row.day,
            })
        })
        .collect()
}
