//! What the page of alerts shows and asks for: alerts beside the clients they can be narrowed to, and waiting in whole days.

use model::{
    access::{self, Action},
    actor::Actor,
    alert::Alert,
    id::{AlertId, ClientId},
    input::Invalid,
    page::{Page, parse_day},
};
use store::{alert, brain, client, cursor::Cursor, organization};
use time::{Date, Duration};

use super::{Filter, allow_on, snooze};
use crate::{Error, Result, Service, access as rules, moment};

/// The hour of the agency's day at which an alert that waited until a day is open again; that of the digest.
const MORNING: i8 = 8;

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Board {
    /// The alerts, newest first.
    pub alerts: Page<Alert>,
    /// The clients in sight that they can be narrowed to, by name.
    pub clients: Vec<(ClientId, String)>,
    /// The day until which the newest state knows; none before anything was thought.
    pub day: Option<Date>,
    /// The first day that an alert can wait until, in the agency's zone.
    pub earliest: Date,
    /// Writes the moments.
    pub moments: moment::Words,
    /// Whether the member may see to them.
    pub may_edit: bool,
}

/// Alerts of what the member sees, newest first, with what stands around them.
///
/// # Errors
/// A malformed cursor, missing for a client out of sight, or the rule that forbids it.
pub async fn board(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Board> {
    rules::allow(service, actor, Action::ReadClients).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let zone = organization::get(&mut tx).await?.time_zone;
    let named = client::list_names(&mut tx).await?;
    if filter.client_id.is_some_and(|id| named.iter().all(|(named, ..)| *named != id)) {
        return Err(Error::Missing);
    }
    let offered = |(id, _, archived): &(ClientId, String, bool)| !archived || filter.client_id == Some(*id);
    Ok(Board {
        alerts: alert::list(&mut tx, filter, now, limit, cursor).await?,
        clients: named.into_iter().filter(offered).map(|(id, name, _)| (id, name)).collect(),
        day: brain::find_as_of(&mut tx, None).await?.map(|(state, _)| state.day),
        earliest: moment::day(&zone, now).unwrap_or_else(|| now.date()).saturating_add(Duration::DAY),
        moments: moment::Words::in_zone(&zone, now),
        may_edit: access::may(actor.role, Action::EditAlerts),
    })
}

/// Lets an alert wait until the morning of a day in the agency's zone: `tomorrow`, in a `week`, or a day such as 2026-11-03.
///
/// # Errors
/// Missing, an alert that has ended, no such day, one that is not ahead or too far away, or the rule that forbids it.
pub async fn snooze_until(service: &Service, actor: &Actor, id: AlertId, day: &str) -> Result<Alert> {
    // Who may not, or does not see it, hears that first.
    allow_on(service, actor, id).await?;
    let zone = organization::get(&mut service.db.tenant(actor).await?).await?.time_zone;
    let now = service.clock.now();
    let today = moment::day(&zone, now).unwrap_or_else(|| now.date());
    let until = day_of(day, today).and_then(|day| moment::hour_of(&zone, day, MORNING));
    let wrong = || Invalid::new("until", format!("choose a day after today, {today}, and within a year"));
    snooze(service, actor, id, until.ok_or_else(wrong)?).await
}

/// The day that is meant; none that does not lie ahead.
fn day_of(text: &str, today: Date) -> Option<Date> {
    let day = match text {
        "tomorrow" => today.checked_add(Duration::DAY),
        "week" => today.checked_add(Duration::WEEK),
        day => parse_day("until", day).ok(),
    };
    day.filter(|day| *day > today)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn days_to_wait_until_lie_ahead() {
        let today = date!(2026 - 12 - 31);
        assert_eq!(day_of("tomorrow", today), Some(date!(2027 - 01 - 01)));
        assert_eq!(day_of("week", today), Some(date!(2027 - 01 - 07)));
        assert_eq!(day_of("2027-01-01", today), Some(date!(2027 - 01 - 01)));
        for wrong in ["", "2026-12-31", "2026-12-30", "2027-02-30", "month"] {
            assert_eq!(day_of(wrong, today), None, "{wrong}");
        }
    }
}
