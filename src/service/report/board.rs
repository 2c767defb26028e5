//! What the pages of reports show.

use model::{
    access::{self as rules, Action},
    actor::Actor,
    day::in_words,
    id::{ClientId, ReportId},
    report::{Board, Every, Report, Schedule, Shown, ShownSchedule},
};
use store::{
    client,
    cursor::Cursor,
    organization,
    report::{self, Filter, schedule},
};

use crate::{Result, Service, access, moment};

/// So many reports are shown at once.
const SHOWN: i64 = 25;

/// The reports and schedules in sight, of all clients or of one, and what can be asked for.
///
/// # Errors
/// A malformed cursor, missing for a client out of sight, or the rule that forbids it.
pub async fn board(
    service: &Service,
    actor: &Actor,
    client_id: Option<ClientId>,
    cursor: Option<&str>,
) -> Result<Board> {
    access::allow(service, actor, Action::ReadClients).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let (now, may) = (service.clock.now(), |action| rules::may(actor.role, action));
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client_id {
        client::get(&mut tx, id).await?;
    }
    let agency = organization::get(&mut tx).await?;
    let moments = moment::Words::in_zone(&agency.time_zone, now);
    let there = now + agency.ahead;
    let today = moment::day(&agency.time_zone, there).unwrap_or_else(|| there.date());
    let page = report::list(&mut tx, Filter { client_id, id: None }, SHOWN, cursor).await?;
    let schedules = schedule::list(&mut tx, client_id, None).await?;
    let clients = client::list_names(&mut tx).await?;
    let days = Every::Monthly.days(today).map(|days| (days.first.to_string(), days.last.to_string()));
    Ok(Board {
        reports: page.items.into_iter().map(|report| shown(actor, &moments, report)).collect(),
        more: page.next_cursor,
        schedules: schedules.into_iter().map(|schedule| shown_schedule(actor, schedule)).collect(),
        clients: clients.into_iter().filter(|(_, _, archived)| !archived).map(|(id, name, _)| (id, name)).collect(),
        may_agency: may(Action::AgencyReports),
        may_make: may(Action::EditReports),
        days: days.unwrap_or_default(),
        zone: agency.time_zone,
    })
}

/// One report, as its page shows it.
///
/// # Errors
/// Missing when it is not in sight, or the rule that forbids it.
pub async fn show(service: &Service, actor: &Actor, id: ReportId) -> Result<Shown> {
    let found = super::get(service, actor, id).await?;
    Ok(shown(actor, &moment::Words::of(service, actor).await?, found))
}

fn may_change(actor: &Actor, client: Option<ClientId>) -> bool {
    rules::may(actor.role, super::rule(client))
}

fn shown(actor: &Actor, moments: &moment::Words, report: Report) -> Shown {
    let question = report.question;
    Shown {
        id: report.id,
        title: question.title,
        client: question.client_id.zip(report.client),
        days: format!("{} to {}", in_words(report.days.first), in_words(report.days.last)),
        persona: question.persona,
        sections: question.sections.iter().map(|section| section.label().to_owned()).collect(),
        state: report.state,
        done: usize::try_from(report.done).unwrap_or_default(),
        file: report.file.map(|file| {
            let pages = if file.pages == 1 { "page" } else { "pages" };
            format!("{} {pages}, {} KiB", file.pages, (file.size + 1023) / 1024)
        }),
        fault: report.fault,
        as_of: moments.write(report.as_of),
        created_by: report.created_by,
        created_at: moments.write(report.created_at),
        mails: report.mails,
        may_change: may_change(actor, question.client_id),
    }
}

fn shown_schedule(actor: &Actor, schedule: Schedule) -> ShownSchedule {
    let question = schedule.question;
    ShownSchedule {
        id: schedule.id,
        title: question.title,
        client: question.client_id.zip(schedule.client),
        persona: question.persona,
        sections: question.sections,
        every: schedule.timing.every,
        on_day: schedule.timing.on_day,
        hour: schedule.timing.hour,
        when: schedule.timing.words(),
        recipients: schedule.timing.recipients.iter().map(|email| email.as_str().to_owned()).collect(),
        enabled: schedule.timing.enabled,
        done_on: schedule.done_on.map(|day| day.to_string()),
        may_change: may_change(actor, question.client_id),
    }
}
