//! Reports that are made by themselves and mailed: who sets that, and what is due.

use model::{
    access::Action,
    actor::Actor,
    id::{ClientId, ReportId, ReportScheduleId},
    job::Job,
    report::{Question, Schedule, Timing},
};
use serde_json::json;
use store::{
    SystemTx, id, queue,
    report::{self, New, schedule},
};
use time::OffsetDateTime;

use super::{allow_making, own_name, rule};
use crate::{Result, Service, access, client::lock_open};

/// The schedules in sight, by title.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn list(service: &Service, actor: &Actor, client: Option<ClientId>) -> Result<Vec<Schedule>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client {
        store::client::get(&mut tx, id).await?;
    }
    Ok(schedule::list(&mut tx, client, None).await?)
}

/// One schedule.
///
/// # Errors
/// Missing when it is not in sight, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: ReportScheduleId) -> Result<Schedule> {
    access::allow(service, actor, Action::ReadClients).await?;
    Ok(schedule::get(&mut service.db.tenant(actor).await?, id).await?)
}

/// Sets a schedule. Its first report is due the next time that its hour comes.
///
/// # Errors
/// An archived client, missing for one out of sight, or the rule that forbids it.
pub async fn add(service: &Service, actor: &Actor, question: Question, timing: Timing) -> Result<Schedule> {
    allow_making(service, actor, question.client_id).await?;
    let now = service.clock.now();
    let new: ReportScheduleId = id::new(now);
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = question.client_id {
        lock_open(&mut tx, id).await?;
    }
    let by = own_name(&mut tx).await?;
    schedule::insert(&mut tx, new, (&question, &timing), &by, now).await?;
    let detail = json!({ "schedule": timing.words(), "recipients": timing.recipients });
    access::done_to(service, &mut tx, rule(question.client_id), (new, &question.title), detail).await?;
    let kept = schedule::get(&mut tx, new).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Changes a schedule; whose it is stays. What was due before is not made up for.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn set(
    service: &Service,
    actor: &Actor,
    id: ReportScheduleId,
    question: Question,
    timing: Timing,
) -> Result<Schedule> {
    edit(service, actor, id, move |_| (question, timing)).await
}

/// Changes what a schedule's reports tell, when they come and to whom; whether it is switched on stays.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn change(
    service: &Service,
    actor: &Actor,
    id: ReportScheduleId,
    question: Question,
    timing: Timing,
) -> Result<Schedule> {
    edit(service, actor, id, move |before| (question, Timing { enabled: before.timing.enabled, ..timing })).await
}

/// Switches a schedule on or off; everything else stays.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn switch(service: &Service, actor: &Actor, id: ReportScheduleId, enabled: bool) -> Result<Schedule> {
    edit(service, actor, id, move |before| (before.question, Timing { enabled, ..before.timing })).await
}

/// Makes of a schedule what `of` makes of it as it stands once nobody else changes it: two changes at once follow one another.
async fn edit(
    service: &Service,
    actor: &Actor,
    id: ReportScheduleId,
    of: impl FnOnce(Schedule) -> (Question, Timing),
) -> Result<Schedule> {
    // Whose it is never changes, so that who may change it is known before.
    let client = get(service, actor, id).await?.question.client_id;
    allow_making(service, actor, client).await?;
    let mut tx = service.db.tenant(actor).await?;
    let (question, timing) = of(schedule::lock(&mut tx, id).await?);
    schedule::update(&mut tx, id, (&question, &timing), service.clock.now()).await?;
    let detail = json!({ "schedule": timing.words(), "enabled": timing.enabled, "recipients": timing.recipients });
    access::done_to(service, &mut tx, rule(client), (id, &question.title), detail).await?;
    let kept = schedule::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Throws a schedule away; the reports that came of it stay.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, id: ReportScheduleId) -> Result<()> {
    let found = get(service, actor, id).await?;
    let client = found.question.client_id;
    allow_making(service, actor, client).await?;
    let mut tx = service.db.tenant(actor).await?;
    schedule::remove(&mut tx, id).await?;
    let subject = (id, found.question.title.as_str());
    access::done_to(service, &mut tx, rule(client), subject, json!({ "schedule_removed": true })).await?;
    Ok(tx.commit().await?)
}

/// Asks for the reports whose time has come, each due day's once, whatever the number of servers.
///
/// # Errors
/// The database failed.
pub async fn queue_due(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    for due in schedule::take_due(tx, now).await? {
        let Schedule { id: schedule_id, question, timing, created_by, .. } = due.schedule;
        let Some(days) = timing.every.days(due.on) else { continue };
        let report_id: ReportId = id::new(now);
        let new = New {
            id: report_id,
            question: &question,
            days,
            as_of: now,
            schedule: Some((schedule_id, due.on)),
            by: (due.created_by, &created_by),
            recipients: &timing.recipients,
        };
        let organization_id = due.organization_id;
        if report::insert_due(tx, organization_id, new, now).await? {
            queue::enqueue(tx, &Job::MakeReport { organization_id, report_id }, None).await?;
        }
    }
    Ok(())
}
