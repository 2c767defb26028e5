//! Reports, their files, and to whom each goes. A file is written once and never changes: a report that is made stays as it is,
//! whoever else had begun to make it.

pub mod schedule;

use std::collections::BTreeMap;

use model::{
    email::EmailAddress,
    id::{BrainStateId, ClientId, MemberId, OrganizationId, ReportId, ReportScheduleId},
    metric::Days,
    page::Page,
    report::{File, Question, Report, ReportMail, ReportState, SectionKind},
    summary::Persona,
};
use sqlx::{PgConnection, types::Uuid};
use time::{Date, OffsetDateTime};

use crate::{
    Error, Result, SystemTx, TenantTx,
    alert::word,
    cursor::{self, Cursor},
};

struct Row {
    id: Uuid,
    client_id: Option<Uuid>,
    client: Option<String>,
    title: String,
    persona: String,
    sections: Vec<String>,
    first_day: Date,
    last_day: Date,
    as_of: OffsetDateTime,
    state_id: Option<Uuid>,
    state: String,
    done: i16,
    pages: Option<i32>,
    size: Option<i64>,
    hash: Option<String>,
    made_at: Option<OffsetDateTime>,
    fault: Option<String>,
    schedule_id: Option<Uuid>,
    created_name: String,
    created_at: OffsetDateTime,
}

/// What a report is to tell, as it is stored.
fn question(client_id: Option<Uuid>, title: String, persona: &str, sections: &[String]) -> Result<Question> {
    Ok(Question {
        client_id: client_id.map(Into::into),
        title,
        persona: word(persona, Persona::parse)?,
        sections: sections.iter().map(|section| word(section, SectionKind::parse)).collect::<Result<_>>()?,
    })
}

/// The sections, as they are stored.
fn keys(sections: &[SectionKind]) -> Vec<String> {
    sections.iter().map(|section| section.key().to_owned()).collect()
}

impl Row {
    fn report(self, mails: &mut BTreeMap<Uuid, Vec<ReportMail>>) -> Result<Report> {
        let file = match (self.pages, self.size, self.hash, self.made_at) {
            (Some(pages), Some(size), Some(hash), Some(made_at)) => Some(File { pages, size, hash, made_at }),
            _ => None,
        };
        Ok(Report {
            id: self.id.into(),
            question: question(self.client_id, self.title, &self.persona, &self.sections)?,
            client: self.client,
            days: Days { first: self.first_day, last: self.last_day },
            as_of: self.as_of,
            state_id: self.state_id.map(Into::into),
            state: word(&self.state, ReportState::parse)?,
            done: self.done,
            file,
            fault: self.fault,
            schedule_id: self.schedule_id.map(Into::into),
            created_by: self.created_name,
            created_at: self.created_at,
            mails: mails.remove(&self.id).unwrap_or_default(),
        })
    }
}

/// What a list of reports is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only of this client.
    pub client_id: Option<ClientId>,
    /// Only this one.
    pub id: Option<ReportId>,
}

/// Reports in sight, newest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, filter: Filter, limit: i64, cursor: Option<Cursor>) -> Result<Page<Report>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.client_id, c.name as "client?", r.title, r.persona, r.sections, r.first_day, r.last_day, r.as_of,
             r.state_id, r.state, r.done, r.pages, r.size, encode(r.hash, 'hex') as "hash?", r.made_at, r.fault, r.schedule_id,
             r.created_name, r.created_at
           from report r left join client c on c.organization_id = r.organization_id and c.id = r.client_id
           where ($1::timestamptz is null or (r.created_at, r.id) < ($1, $2::uuid))
             and ($3::uuid is null or r.client_id = $3) and ($4::uuid is null or r.id = $4)
           order by r.created_at desc, r.id desc limit $5"#,
        cursor.map(|cursor| cursor.created_at),
        cursor.map(|cursor| cursor.id),
        filter.client_id.map(|id| id.0),
        filter.id.map(|id| id.0),
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut mails = mails(tx, &ids).await?;
    let reports = rows.into_iter().map(|row| row.report(&mut mails)).collect::<Result<Vec<_>>>()?;
    Ok(cursor::page(reports, limit, |report| (report.created_at, report.id.0)))
}

/// One report.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: ReportId) -> Result<Report> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    list(tx, filter, 1, None).await?.items.pop().ok_or(Error::Missing)
}

/// The mails of these reports, by address.
async fn mails(tx: &mut TenantTx, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<ReportMail>>> {
    let rows = sqlx::query!(
        "select report_id, email, state, fault from report_mail where report_id = any($1) order by email",
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut mails: BTreeMap<Uuid, Vec<ReportMail>> = BTreeMap::new();
    for row in rows {
        let sent = match row.state.as_str() {
            "sent" => Some(Ok(())),
            "refused" => Some(Err(row.fault.unwrap_or_default())),
            _ => None,
        };
        mails.entry(row.report_id).or_default().push(ReportMail { email: address(&row.email)?, sent });
    }
    Ok(mails)
}

fn address(text: &str) -> Result<EmailAddress> {
    word(text, |text| EmailAddress::parse("email", text).ok())
}

/// A report to be kept.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: ReportId,
    /// What it tells.
    pub question: &'a Question,
    /// The days that it is of.
    pub days: Days,
    /// The moment whose rows it shows.
    pub as_of: OffsetDateTime,
    /// The schedule that it comes of, and its due day.
    pub schedule: Option<(ReportScheduleId, Date)>,
    /// Who asked for it, or set its schedule, by the name of the time.
    pub by: (MemberId, &'a str),
    /// To whom it goes.
    pub recipients: &'a [EmailAddress],
}

/// Keeps a report that is to be made.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut TenantTx, new: New<'_>, now: OffsetDateTime) -> Result<()> {
    let organization = tx.actor().organization_id;
    add(tx, organization, new, now).await.map(|_| ())
}

/// Keeps a report of a schedule. `false` if that day's was kept before.
///
/// # Errors
/// The database failed.
pub async fn insert_due(
    tx: &mut SystemTx,
    organization: OrganizationId,
    new: New<'_>,
    now: OffsetDateTime,
) -> Result<bool> {
    add(tx, organization, new, now).await
}

async fn add(tx: &mut PgConnection, organization: OrganizationId, new: New<'_>, now: OffsetDateTime) -> Result<bool> {
    let ((schedule, due), (by, by_name)) = (new.schedule.unzip(), new.by);
    let question = new.question;
    let added = sqlx::query!(
        "insert into report (organization_id, id, client_id, schedule_id, due_on, title, persona, sections, first_day, last_day, as_of,
           state, created_by, created_name, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', $12, $13, $14)
         on conflict on constraint report_once do nothing",
        organization.0,
        new.id.0,
        question.client_id.map(|id| id.0),
        schedule.map(|id| id.0),
        due,
        question.title,
        question.persona.key(),
        &keys(&question.sections),
        new.days.first,
        new.days.last,
        new.as_of,
        by.0,
        by_name,
        now
    )
    .execute(&mut *tx)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    let emails: Vec<String> = new.recipients.iter().map(|email| email.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into report_mail (organization_id, report_id, email, state)
         select $1, $2, t.email, 'waiting' from unnest($3::text[]) t (email)",
        organization.0,
        new.id.0,
        &emails
    )
    .execute(&mut *tx)
    .await?;
    Ok(true)
}

/// Begins to make a report, or begins again. `false` for one that is made or gone.
///
/// # Errors
/// The database failed.
pub async fn begin(tx: &mut TenantTx, id: ReportId) -> Result<bool> {
    let begun = sqlx::query!(
        "update report set state = 'making', done = 0, fault = null where id = $1 and state <> 'made'",
        id.0
    );
    Ok(begun.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Notes that so many sections of a report are there.
///
/// # Errors
/// The database failed.
pub async fn set_done(tx: &mut TenantTx, id: ReportId, done: i16) -> Result<()> {
    sqlx::query!("update report set done = $2 where id = $1 and state = 'making'", id.0, done)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What came out of making a report.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// The brain state that it shows, if there was one.
    pub state_id: Option<BrainStateId>,
    /// How many pages.
    pub pages: i32,
    /// The file.
    pub bytes: &'a [u8],
    /// SHA-256 of it.
    pub hash: &'a [u8],
}

/// Keeps a report's file. `false` where it was made before, and then nothing changes; or where it is gone.
///
/// # Errors
/// The database failed.
pub async fn finish(tx: &mut TenantTx, id: ReportId, made: Made<'_>, now: OffsetDateTime) -> Result<bool> {
    let size = i64::try_from(made.bytes.len()).unwrap_or(i64::MAX);
    let finished = sqlx::query!(
        "update report set state = 'made', done = cardinality(sections), state_id = $2, pages = $3, size = $4, hash = $5,
           made_at = $6, fault = null
         where id = $1 and state <> 'made'",
        id.0,
        made.state_id.map(|id| id.0),
        made.pages,
        size,
        made.hash,
        now
    )
    .execute(&mut **tx)
    .await?;
    if finished.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into report_file (organization_id, report_id, bytes) select organization_id, id, $2 from report where id = $1",
        id.0,
        made.bytes
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// Notes why a report could not be made.
///
/// # Errors
/// The database failed.
pub async fn fail(tx: &mut TenantTx, id: ReportId, fault: &str) -> Result<()> {
    sqlx::query!("update report set state = 'failed', fault = $2 where id = $1 and state <> 'made'", id.0, fault)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Has a report wait again that could not be made. `false` for any other.
///
/// # Errors
/// The database failed.
pub async fn requeue(tx: &mut TenantTx, id: ReportId) -> Result<bool> {
    let waits =
        sqlx::query!("update report set state = 'queued', fault = null where id = $1 and state = 'failed'", id.0);
    Ok(waits.execute(&mut **tx).await?.rows_affected() == 1)
}

/// A report's file.
///
/// # Errors
/// Missing when it is not in sight or not made.
pub async fn file(tx: &mut TenantTx, id: ReportId) -> Result<Vec<u8>> {
    let found = sqlx::query_scalar!("select bytes from report_file where report_id = $1", id.0);
    found.fetch_optional(&mut **tx).await?.ok_or(Error::Missing)
}

/// Throws a report and its file away.
///
/// # Errors
/// Missing when it is not there.
pub async fn remove(tx: &mut TenantTx, id: ReportId) -> Result<()> {
    let removed = sqlx::query!("delete from report where id = $1", id.0).execute(&mut **tx).await?;
    if removed.rows_affected() == 0 { Err(Error::Missing) } else { Ok(()) }
}

/// To whom a report still has to go.
///
/// # Errors
/// The database failed.
pub async fn waiting(tx: &mut TenantTx, id: ReportId) -> Result<Vec<EmailAddress>> {
    let rows = sqlx::query_scalar!(
        "select email from report_mail where report_id = $1 and state = 'waiting' order by email",
        id.0
    );
    rows.fetch_all(&mut **tx).await?.iter().map(|email| address(email)).collect()
}

/// Notes that a report went to somebody, or why it never will.
///
/// # Errors
/// The database failed.
pub async fn set_mailed(
    tx: &mut TenantTx,
    id: ReportId,
    email: &EmailAddress,
    fault: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update report_mail set state = case when $3::text is null then 'sent' else 'refused' end, fault = $3,
           sent_at = case when $3::text is null then $4::timestamptz end
         where report_id = $1 and email = $2 and state = 'waiting'",
        id.0,
        email.as_str(),
        fault,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
