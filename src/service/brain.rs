//! What people ask of the brain and read of what it said. It thinks in the background (`jobs`); here are its states.

use std::collections::BTreeMap;

use model::{
    access::Action,
    actor::Actor,
    brain::{Cycle, Outcome, State, Trigger},
    fact::{Bits, Channel, DayOf, Depth, Ledger, Reported, window},
    figure::Scope,
    id::{BrainCycleId, ChannelId, ClientId},
    input::Invalid,
    metric::{Days, Level},
    organization::Organization,
    page::{Page, wrong_cursor},
};
use serde_json::json;
use store::{TenantTx, audit, brain, exchange_rate, fact, organization};
use time::{Date, Duration, OffsetDateTime};

use crate::{Error, Result, Service, access, moment};

/// Asks for a cycle now; the one that waits already, if one does.
///
/// # Errors
/// The rule that forbids it.
pub async fn compute(service: &Service, actor: &Actor) -> Result<BrainCycleId> {
    access::allow(service, actor, Action::RunBrain).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let id = brain::ask(&mut tx, Trigger::Manual, now, None).await?;
    audit::insert(&mut tx, Action::RunBrain.rule(), true, None, &json!({ "cycle": id }), now).await?;
    tx.commit().await?;
    Ok(id)
}

/// A cycle.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn cycle(service: &Service, actor: &Actor, id: BrainCycleId) -> Result<Cycle> {
    access::allow(service, actor, Action::RunBrain).await?;
    Ok(brain::get(&mut service.db.tenant(actor).await?, id).await?)
}

/// The state as of a moment, or the newest, and the moment whose rows it speaks of.
///
/// # Errors
/// Missing when nothing was thought by then.
pub async fn state(service: &Service, actor: &Actor, as_of: Option<OffsetDateTime>) -> Result<(State, OffsetDateTime)> {
    access::allow(service, actor, Action::ReadClients).await?;
    brain::find_as_of(&mut service.db.tenant(actor).await?, as_of).await?.ok_or(Error::Missing)
}

/// What to read of a state.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// These kinds; all if none is named.
    pub kinds: Vec<&'static str>,
    /// Of this client; otherwise of all in sight.
    pub client_id: Option<ClientId>,
    /// As of this moment.
    pub as_of: Option<OffsetDateTime>,
}

/// What a state says of what the member sees, in the state's order. The cursor names the state, so that pages of one list
/// are of one state.
///
/// # Errors
/// A malformed cursor; missing when nothing was thought by then.
pub async fn list(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Outcome>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    let (state, after) = match cursor.map(parse).transpose()? {
        Some((state, after)) => (state, Some(after)),
        None => (brain::find_as_of(&mut tx, filter.as_of).await?.ok_or(Error::Missing)?.0.id, None),
    };
    let mut items = brain::list(&mut tx, state, &filter.kinds, filter.client_id, after, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|item| format!("{state}_{}", item.number));
    Ok(Page { items, next_cursor })
}

/// What figures are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The days.
    pub now: Days,
    /// The days to compare them with; as many right before, if none are named.
    pub before: Option<Days>,
    /// How deep to look.
    pub depth: Depth,
    /// Of this client only.
    pub client_id: Option<ClientId>,
}

/// How much older than the days asked for rows are read: the scatter of days is measured before both ranges, too.
const PAST: Duration = Duration::days(84);

/// Figures of any days against any others, of what the member sees, made now from what is stored.
///
/// # Errors
/// Days the wrong way round or too many of them, or the rule that forbids it.
pub async fn figures(service: &Service, actor: &Actor, question: Question) -> Result<Vec<Outcome>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let Question { now, depth, client_id, .. } = question;
    let before = question.before.or_else(|| now.before());
    let before = before.ok_or_else(|| Invalid::new("from", "there are no days before these to compare with"))?;
    for (field, days) in [("to", now), ("compare_to", before)] {
        if days.count() < 1 {
            return Err(Invalid::new(field, "the last day must not be before the first").into());
        }
        if days.count() > model::figure::LONGEST {
            let words = format!("ask for at most {} days at once", model::figure::LONGEST);
            return Err(Invalid::new(field, words).into());
        }
    }
    let mut tx = service.db.tenant(actor).await?;
    brain::freeze(&mut tx).await?;
    let first = now.first.min(before.first).checked_sub(PAST).unwrap_or(Date::MIN);
    let scope = client_id.map_or(Scope::Agency(actor.organization_id), Scope::Client);
    let reading = Reading { days: Days { first, last: Date::MAX }, asked: Vec::new(), scope, as_of: None };
    let mut ledger = ledger(service, &mut tx, &reading).await?;
    ledger.parts = match depth {
        Depth::Campaign => fact::parts(&mut tx, Level::Campaign, first).await?,
        Depth::Creative => fact::parts(&mut tx, Level::Ad, first).await?,
        _ => Vec::new(),
    };
    ledger.buyers = fact::buyers(&mut tx).await?;
    drop(tx);
    let memory = service.memory.clone();
    let made = tokio::task::spawn_blocking(move || memory.figures(&ledger, now, before, depth));
    made.await.map_err(|error| error.to_string()).and_then(|made| made).map_err(|words| Error::Internal(words.into()))
}

/// What of the stored days is read for figures.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// The days, with those around that tell what a source reports at all.
    pub days: Days,
    /// The days that figures are asked of: of those around no rows are read, but only what is reported on them. Of all days, if none
    /// are named.
    pub asked: Vec<Days>,
    /// Of whose channels, or of which campaigns or advertisements in them.
    pub scope: Scope,
    /// As it was known at this moment; now, if none is named.
    pub as_of: Option<OffsetDateTime>,
}

/// What is stored of the channels in sight: their days, or those of what is asked for below them, and not who ordered. The caller
/// freezes the transaction first.
///
/// # Errors
/// The database failed.
pub(crate) async fn ledger(service: &Service, tx: &mut TenantTx, reading: &Reading) -> Result<Ledger> {
    let agency = organization::get(tx).await?;
    let client_id = if let Scope::Client(id) = reading.scope { Some(id) } else { None };
    let (mut channels, day) = whole_channels(service, tx, &agency, client_id, reading.as_of).await?;
    channels.retain(|channel| reading.scope.holds(channel.id, channel.client_id));
    ledger_of(tx, &agency, channels, day, reading).await
}

/// The same of channels that were read already, with the last day that has ended.
///
/// # Errors
/// The database failed.
pub(crate) async fn ledger_of(
    tx: &mut TenantTx,
    agency: &Organization,
    channels: Vec<Channel>,
    day: Date,
    reading: &Reading,
) -> Result<Ledger> {
    let mut ledger = around(tx, agency, channels, day, reading).await?;
    let ids = ledger.channels.iter().map(|channel| channel.id).collect();
    let mut span = fact::Span { days: reading.days, channels: ids, as_of: reading.as_of };
    match &reading.scope {
        Scope::Campaigns(of) => ledger.parts = fact::parts_in(tx, Level::Campaign, &span, of).await?,
        Scope::Creatives(of) => ledger.parts = fact::parts_in(tx, Level::Ad, &span, of).await?,
        // What was known at a moment is not counted beforehand: all of it is looked through anyway.
        _ if reading.asked.is_empty() || reading.as_of.is_some() => ledger.days = fact::days(tx, &span).await?,
        _ => {
            for only in together(&reading.asked) {
                span.days = only;
                ledger.days.extend(fact::days(tx, &span).await?);
            }
            ledger.reported = reported(tx, &ledger.channels, &reading.asked, &ledger.days).await?;
        }
    }
    Ok(ledger)
}

/// What is stored beside the days of these channels.
///
/// # Errors
/// The database failed.
pub(crate) async fn around(
    tx: &mut TenantTx,
    agency: &Organization,
    channels: Vec<Channel>,
    day: Date,
    reading: &Reading,
) -> Result<Ledger> {
    let since = reading.days.first.checked_sub(PAST).unwrap_or(Date::MIN);
    let rates = match reading.as_of {
        Some(as_of) => exchange_rate::list_as_of(tx, since, as_of).await?,
        None => fact::rates(tx, since).await?,
    };
    Ok(Ledger {
        currency: agency.currency.clone(),
        day,
        from: reading.days.first,
        channels,
        days: Vec::new(),
        reported: Vec::new(),
        parts: Vec::new(),
        buyers: Vec::new(),
        clients: fact::clients(tx).await?,
        rates,
    })
}

/// The same days, those that overlap or follow one another as one.
fn together(asked: &[Days]) -> Vec<Days> {
    let mut sorted = asked.to_vec();
    sorted.sort_by_key(|days| (days.first, days.last));
    let mut found: Vec<Days> = Vec::new();
    for days in sorted {
        match found.last_mut() {
            Some(before) if days.first <= before.last.saturating_add(Duration::DAY) => {
                before.last = before.last.max(days.last);
            }
            _ => found.push(days),
        }
    }
    found
}

/// What channels report on the days around those that are asked for, each as far as it was read. A channel of which the rows that
/// were read hold all that it ever reported is looked at no further.
async fn reported(tx: &mut TenantTx, channels: &[Channel], asked: &[Days], rows: &[DayOf]) -> Result<Vec<Reported>> {
    let ever: BTreeMap<ChannelId, Bits> = fact::ever(tx).await?.into_iter().collect();
    let mut windows: Vec<Days> = asked.iter().copied().map(window).collect();
    windows.sort_by_key(|days| (days.first, days.last));
    windows.dedup();
    let mut found = Vec::new();
    for days in windows {
        let read = |channel: &Channel| {
            let (first, last) = (days.first.max(channel.first_day), days.last.min(channel.last_day));
            (first <= last).then_some((channel.id, Days { first, last }))
        };
        let mut open: BTreeMap<ChannelId, Days> = channels.iter().filter_map(read).collect();
        let mut seen: BTreeMap<ChannelId, Bits> = BTreeMap::new();
        for row in rows {
            if open.get(&row.channel_id).is_some_and(|read| read.contains(row.day)) {
                let bits = seen.entry(row.channel_id).or_default();
                *bits = bits.and(Bits::of(&row.measures));
            }
        }
        let of = |known: &BTreeMap<ChannelId, Bits>, id: &ChannelId| known.get(id).copied().unwrap_or_default();
        open.retain(|id, _| !of(&seen, id).holds(of(&ever, id)));
        let open: Vec<(ChannelId, Days)> = open.into_iter().collect();
        if !open.is_empty() {
            let told = fact::reported(tx, &open).await?.into_iter();
            found.extend(told.map(|(channel_id, measures)| Reported { channel_id, days, measures }));
        }
    }
    Ok(found)
}

/// The channels of a client, or all in sight, with the whole days that are known of them, and the last day that has ended.
///
/// # Errors
/// The rule that forbids it.
pub(crate) async fn channels(
    service: &Service,
    actor: &Actor,
    client_id: Option<ClientId>,
) -> Result<(Vec<Channel>, Date)> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    let agency = organization::get(&mut tx).await?;
    whole_channels(service, &mut tx, &agency, client_id, None).await
}

/// The same in a transaction, as of a moment.
pub(crate) async fn whole_channels(
    service: &Service,
    tx: &mut TenantTx,
    agency: &Organization,
    client_id: Option<ClientId>,
    as_of: Option<OffsetDateTime>,
) -> Result<(Vec<Channel>, Date)> {
    // A day that has not ended counts neither where a moment is asked for that is still to come.
    let now = service.clock.now();
    let there = as_of.map_or(now, |as_of| as_of.min(now)) + agency.ahead;
    let today = moment::day(&agency.time_zone, there).unwrap_or_else(|| there.date());
    let day = today.previous_day().unwrap_or(today);
    let mut channels = fact::channels(tx).await?;
    channels.retain(|channel| client_id.is_none() || channel.client_id == client_id);
    only_whole_days(&mut channels, day, there);
    if let Some(as_of) = as_of {
        // What was read to its end without anything new left no trace: of the days that had ended, the newest of which something
        // had been said counts as whole, as it did in the states of that time.
        let known: BTreeMap<ChannelId, Days> = fact::known(tx, &channels, as_of).await?.into_iter().collect();
        channels.retain_mut(|channel| {
            let Some(days) = known.get(&channel.id) else { return false };
            channel.first_day = channel.first_day.max(days.first);
            channel.last_day = channel.last_day.min(days.last);
            channel.first_day <= channel.last_day
        });
    }
    Ok((channels, day))
}

/// Cuts what is known of channels to days that have ended where they are counted and were read after that. `day` is the last
/// day that ended for the agency, `there` its clock.
pub fn only_whole_days(channels: &mut Vec<Channel>, day: Date, there: OffsetDateTime) {
    for channel in channels.iter_mut() {
        let ended = moment::day(&channel.time_zone, there).and_then(Date::previous_day).unwrap_or(day);
        let read = if channel.file { channel.last_day } else { channel.last_day - Duration::DAY };
        channel.last_day = read.min(ended);
    }
    channels.retain(|channel| channel.first_day <= channel.last_day);
}

fn parse(text: &str) -> std::result::Result<(model::id::BrainStateId, i32), Invalid> {
    let (state, after) = text.split_once('_').ok_or_else(wrong_cursor)?;
    Ok((state.parse().map_err(|_| wrong_cursor())?, after.parse().map_err(|_| wrong_cursor())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_follow_one_another_are_read_at_once_and_those_far_apart_by_themselves() {
        let days = |first, last| Days {
            first: Date::from_ordinal_date(2026, first).unwrap(),
            last: Date::from_ordinal_date(2026, last).unwrap(),
        };
        assert_eq!(together(&[days(29, 56), days(1, 28)]), [days(1, 56)]);
        assert_eq!(together(&[days(200, 227), days(1, 28), days(5, 9)]), [days(1, 28), days(200, 227)]);
        assert_eq!(together(&[]), []);
    }

    #[test]
    fn a_cursor_names_its_state_and_place() {
        let state = "01890000-0000-7000-8000-000000000000";
        assert_eq!(parse(&format!("{state}_7")).unwrap(), (state.parse().unwrap(), 7));
        for wrong in ["", "7", "x_7", &format!("{state}_x"), &format!("{state}_99999999999")] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
