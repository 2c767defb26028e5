//! Reports: who asks for one, what stands in it, and its file. A report is asked for in one transaction with the job that makes it;
//! what it tells is gathered in `content`, of the rows and the brain state of its own moment.
//!
//! Those of a client are seen and made like the client is read and changed; those of the agency as a whole are of clients that
//! not everybody sees, so who runs the agency makes and reads them.

mod board;
mod content;
mod figures;
pub mod making;
pub mod schedule;

use model::{
    access::Action,
    actor::Actor,
    id::{ClientId, ReportId},
    job::Job,
    metric::Days,
    page::Page,
    report::{Question, Report, parse_days},
};
use serde_json::json;
use store::{
    TenantTx,
    cursor::Cursor,
    id, member, queue,
    report::{self, Filter, New},
};
use time::OffsetDateTime;

pub use board::{board, show};
pub use content::Gatherer;

use crate::{
    Error, Result, Service, access,
    client::{allow_on, lock_open},
};

/// Lets the actor make or change reports of a client, or of the agency as a whole.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
async fn allow_making(service: &Service, actor: &Actor, client: Option<ClientId>) -> Result<()> {
    match client {
        Some(id) => allow_on(service, actor, id, Action::EditReports).await,
        None => access::allow(service, actor, Action::AgencyReports).await,
    }
}

/// The rule by which a report of a client, or of the agency, is changed.
const fn rule(client: Option<ClientId>) -> Action {
    match client {
        Some(_) => Action::EditReports,
        None => Action::AgencyReports,
    }
}

/// The name of who acts.
async fn own_name(tx: &mut TenantTx) -> Result<String> {
    let id = tx.actor().member_id;
    Ok(member::get(tx, id).await?.name)
}

/// Asks for a report; a job makes it. `as_of` is the moment whose rows it is to show, now if none is named.
///
/// # Errors
/// Days that make no range, a moment that has not come, an archived client, missing for one out of sight, or the rule that forbids
/// it.
pub async fn create(
    service: &Service,
    actor: &Actor,
    question: Question,
    days: Days,
    as_of: Option<OffsetDateTime>,
) -> Result<Report> {
    allow_making(service, actor, question.client_id).await?;
    let (days, now) = (parse_days(days)?, service.clock.now());
    let as_of = as_of.unwrap_or(now);
    if as_of > now {
        let message = "a report shows what was known at a moment: choose one that has come";
        return Err(model::input::Invalid::new("as_of", message).into());
    }
    let report: ReportId = id::new(now);
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = question.client_id {
        lock_open(&mut tx, id).await?;
    }
    let by = own_name(&mut tx).await?;
    let new = New {
        id: report,
        question: &question,
        days,
        as_of,
        schedule: None,
        by: (actor.member_id, &by),
        recipients: &[],
    };
    report::insert(&mut tx, new, now).await?;
    let detail = json!({ "made": true, "first": days.first.to_string(), "last": days.last.to_string() });
    access::done_to(service, &mut tx, rule(question.client_id), (report, &question.title), detail).await?;
    let job = Job::MakeReport { organization_id: actor.organization_id, report_id: report };
    queue::enqueue(&mut tx, &job, None).await?;
    let kept = report::get(&mut tx, report).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Reports in sight, newest first.
///
/// # Errors
/// A malformed cursor, or the rule that forbids it.
pub async fn list(
    service: &Service,
    actor: &Actor,
    client_id: Option<ClientId>,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Report>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client_id {
        store::client::get(&mut tx, id).await?;
    }
    Ok(report::list(&mut tx, Filter { client_id, id: None }, limit, cursor).await?)
}

/// One report.
///
/// # Errors
/// Missing, also when its client is out of sight, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: ReportId) -> Result<Report> {
    access::allow(service, actor, Action::ReadClients).await?;
    Ok(report::get(&mut service.db.tenant(actor).await?, id).await?)
}

/// A report's file: the same bytes whenever it is opened.
///
/// # Errors
/// Missing; a report that is not made yet.
pub async fn file(service: &Service, actor: &Actor, id: ReportId) -> Result<(Report, Vec<u8>)> {
    let found = get(service, actor, id).await?;
    if found.file.is_none() {
        let message = match found.fault {
            Some(_) => "this report could not be made, so there is no file. Its page says why",
            None => "this report is still being made. Its page says how far it is",
        };
        return Err(Error::Conflict { code: "report_not_made", message: message.to_owned() });
    }
    let bytes = report::file(&mut service.db.tenant(actor).await?, id).await?;
    Ok((found, bytes))
}

/// Has a report tried again that could not be made.
///
/// # Errors
/// Missing, a report that did not fail, or the rule that forbids it.
pub async fn retry(service: &Service, actor: &Actor, id: ReportId) -> Result<Report> {
    let found = get(service, actor, id).await?;
    allow_making(service, actor, found.question.client_id).await?;
    let mut tx = service.db.tenant(actor).await?;
    if !report::requeue(&mut tx, id).await? {
        let message = "only a report that could not be made is tried again; nothing was changed".to_owned();
        return Err(Error::Conflict { code: "report_not_failed", message });
    }
    let job = Job::MakeReport { organization_id: actor.organization_id, report_id: id };
    queue::enqueue(&mut tx, &job, None).await?;
    let subject = (id, found.question.title.as_str());
    access::done_to(service, &mut tx, rule(found.question.client_id), subject, json!({ "tried_again": true })).await?;
    let changed = report::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Throws a report and its file away.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, id: ReportId) -> Result<()> {
    let found = get(service, actor, id).await?;
    allow_making(service, actor, found.question.client_id).await?;
    let mut tx = service.db.tenant(actor).await?;
    report::remove(&mut tx, id).await?;
    let subject = (id, found.question.title.as_str());
    access::done_to(service, &mut tx, rule(found.question.client_id), subject, json!({ "removed": true })).await?;
    Ok(tx.commit().await?)
}
