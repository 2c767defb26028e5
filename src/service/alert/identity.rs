//! What makes a finding of one cycle the same event as a finding of another.
//!
//! The rule, in this order:
//! 1. A finding belongs to a *story*: what kind of event it is, of which client, entity and metric. A fall grows into a new level
//!    and that into delivery that stopped, and the brain renames it meanwhile: all of these downwards are one kind of event, and
//!    jumps and new levels upwards another. A change that stays and worth that drifts are two kinds of event as well, by their
//!    direction. A channel that goes to another client has new events there: nobody has seen to them yet.
//! 2. Findings with *days* (a fall, a jump, a change) are the same event when their days overlap, or lie at most [`NEAR`] days
//!    apart: figures of the last days still move. Two findings of one state whose days do not overlap are two events; each takes
//!    the event that lies nearest.
//! 3. Findings *without days of their own* (an ad that tires, returns that fall, worth that drifts, better or worse than before)
//!    speak of ranges that move with the calendar: one event for each story until it has ended. So do *outages*, the verdicts on
//!    a client's conversions, whose days are the last ones that were read. Today it is one channel's counting, tomorrow that of
//!    all, and then the people: an outage is one event while its channels have one in common, whatever its cause. What was of
//!    the whole client once stays so, and a fall of the same conversions on its days is part of it.
//! 4. A fall, a jump and an outage go on: their first day is the first that any state named. What the newest state says has days
//!    of its own in its body, to which its figures belong.
//! 5. An event that no state has found for [`GONE`] days has ended. A finding with the very days of an ended event is that event
//!    again, not news; anything else is a new one.

use model::{
    alert::{FindingKind, Found},
    id::AlertId,
};
use store::alert::Known;
use time::Date;

/// Days between two findings with days that are the same event: platforms add to their last three days.
pub(super) const NEAR: i64 = 3;
/// Days without being found after which an event has ended: a week, so that each weekday was looked at once.
pub(super) const GONE: i64 = 7;

/// What verdicts on conversions are about, and the falls that are part of them.
const CONVERSIONS: &str = "claimed_conversions";

/// Whether it is a verdict on a client's conversions: counting that broke, delivery that stopped, people who stay away. It has
/// no size; a fall of the figure itself has.
fn outage(found: &Found) -> bool {
    let fell = matches!(found.kind, FindingKind::Drop | FindingKind::DeliveryCollapse) && found.size.is_none();
    found.kind == FindingKind::TrackingOutage || (fell && found.metric.as_deref() == Some(CONVERSIONS))
}

/// Whether a finding has days of its own.
fn has_days(found: &Found) -> bool {
    use FindingKind::{
        Better, ChangePoint, CreativeFatigue, DeliveryCollapse, Drop, Forecast, LevelShift, LtvDrift, MovedTogether,
        OverClaim, RoiDecay, Spike, TrackingOutage, Unattributed, Winner, Worse,
    };
    match found.kind {
        Spike | Drop | LevelShift | DeliveryCollapse | ChangePoint | MovedTogether => !outage(found),
        TrackingOutage | Forecast | Worse | Better | CreativeFatigue | RoiDecay | LtvDrift | OverClaim
        | Unattributed | Winner => false,
    }
}

/// Whether what has begun goes on under later days: the first day stays. The days of a change and of a day on which much moved
/// are where it lies, and the newest state knows that best.
fn goes_on(found: &Found) -> bool {
    use FindingKind::{DeliveryCollapse, Drop, LevelShift, Spike};
    outage(found) || matches!(found.kind, Spike | Drop | LevelShift | DeliveryCollapse)
}

/// The client, as stories name it.
fn client(found: &Found) -> String {
    found.client_id.map_or_else(|| "-".to_owned(), |id| id.to_string())
}

/// The story of an outage in this place: of all channels of the client, or of one.
fn outage_story(found: &Found) -> String {
    let client = client(found);
    if found.level == "client" { format!("outage {client}") } else { format!("outage {client} {}", found.entity) }
}

/// The client of an outage's story, and its channel, if it is of one alone; none for another story.
fn outage_of(story: &str) -> Option<(&str, Option<&str>)> {
    let place = story.strip_prefix("outage ")?;
    Some(place.split_once(' ').map_or((place, None), |(client, channel)| (client, Some(channel))))
}

/// Whether an event and a finding of these stories can be the same: the stories are, or both are outages of one client, of which
/// one is of all its channels.
fn alike(event: &str, one: &str) -> bool {
    match (outage_of(event), outage_of(one)) {
        (Some((client, channel)), Some((of, place))) => {
            client == of && (channel == place || channel.is_none() || place.is_none())
        }
        _ => event == one,
    }
}

/// The story that a finding belongs to.
pub(super) fn story(found: &Found) -> String {
    use FindingKind::{Better, ChangePoint, DeliveryCollapse, Drop, Forecast, LevelShift, LtvDrift, Spike, Worse};
    if outage(found) {
        return short(outage_story(found));
    }
    let event = match found.kind {
        Spike => "up",
        LevelShift if found.size.is_some_and(|size| size > 0.0) => "up",
        LevelShift | Drop | DeliveryCollapse => "down",
        kind => kind.key(),
    };
    // Up and down are opposites: who has seen to one has not seen to the other.
    let way = match found.size.filter(|_| matches!(found.kind, ChangePoint | LtvDrift)) {
        Some(size) if size > 0.0 => " up",
        Some(size) if size < 0.0 => " down",
        _ => "",
    };
    // Of what stands without days, other metrics tell the same again, unless they are what it is about.
    let told = has_days(found) || matches!(found.kind, Worse | Better | Forecast);
    let metric = found.metric.as_deref().filter(|_| told).unwrap_or_default();
    short(format!("{event}{way} {} {} {} {metric}", client(found), found.level, found.entity))
}

/// A story as long as a row takes it.
fn short(story: String) -> String {
    story.chars().take(500).collect()
}

/// A finding with its story, and the event that it is, if that is known.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub story: String,
    pub found: Found,
    pub known: Option<AlertId>,
}

/// Days between two ranges: none if they overlap.
fn apart(a: (Date, Date), b: (Date, Date)) -> i64 {
    (a.0.max(b.0) - a.1.min(b.1)).whole_days().max(0)
}

/// The events of a state: findings that tell the same are one, and each is the known event that it is, or a new one.
pub(super) fn events(known: &[Known], found: Vec<Found>) -> Vec<Told> {
    let mut told = merged(found);
    let mut pairs: Vec<(bool, bool, i64, i64, usize, usize)> = Vec::new();
    for (at, one) in told.iter().enumerate() {
        for (place, event) in known.iter().enumerate().filter(|(_, event)| alike(&event.story, &one.story)) {
            let days = has_days(&one.found);
            let gap = if days { apart((event.first, event.last), (one.found.first, one.found.last)) } else { 0 };
            let same = if event.ended { days && gap == 0 } else { gap <= NEAR };
            if same {
                let moved = (event.first - one.found.first).whole_days().abs();
                pairs.push((event.ended, event.story != one.story, gap, moved, place, at));
            }
        }
    }
    pairs.sort_unstable();
    let mut taken = vec![false; known.len()];
    for (.., place, at) in pairs {
        if !taken[place] && told[at].known.is_none() {
            taken[place] = true;
            let (event, one) = (&known[place], &mut told[at]);
            one.known = Some(event.id);
            // What was of all channels stays so: of an outage the shorter story is the wider one.
            if event.story.len() < one.story.len() {
                one.story.clone_from(&event.story);
            }
            if goes_on(&one.found) {
                one.found.first = one.found.first.min(event.first);
            }
        }
    }
    let outages = outages(known, &told);
    told.retain(|one| one.known.is_some() || !told_already(one, known, &outages));
    told
}

/// The outages that are known or found now, with their days.
fn outages(known: &[Known], told: &[Told]) -> Vec<(String, (Date, Date))> {
    let known = known.iter().map(|event| (&event.story, (event.first, event.last)));
    let now = told.iter().map(|one| (&one.story, (one.found.first, one.found.last)));
    let all = known.chain(now).filter(|(story, _)| outage_of(story).is_some());
    all.map(|(story, days)| (story.clone(), days)).collect()
}

/// Whether a finding that is no known event is part of another: of one channel where its client's outage is known, or a fall of
/// the conversions that an outage is about, on its days.
fn told_already(one: &Told, known: &[Known], outages: &[(String, (Date, Date))]) -> bool {
    let whole = |event: &&Known| matches!(outage_of(&event.story), Some((_, None))) && !event.ended;
    if outage_of(&one.story).is_some() {
        return known.iter().filter(whole).any(|event| alike(&event.story, &one.story));
    }
    let found = &one.found;
    let part = short(outage_story(found));
    let days = (found.first, found.last);
    found.metric.as_deref() == Some(CONVERSIONS)
        && one.story.starts_with("down ")
        && outages.iter().any(|(story, on)| alike(story, &part) && apart(*on, days) == 0)
}

/// Findings of one state that tell of the same event as one: the worst of them, over the days of all.
fn merged(found: Vec<Found>) -> Vec<Told> {
    let mut all: Vec<Told> = found.into_iter().map(|found| Told { story: story(&found), found, known: None }).collect();
    all.sort_by(|a, b| (&a.story, a.found.first, a.found.last).cmp(&(&b.story, b.found.first, b.found.last)));
    let mut events: Vec<Told> = Vec::new();
    for one in all {
        let same = |last: &&mut Told| {
            let (a, b) = (&last.found, &one.found);
            last.story == one.story && (!has_days(b) || apart((a.first, a.last), (b.first, b.last)) == 0)
        };
        match events.last_mut().filter(same) {
            Some(last) => {
                let days = (last.found.first.min(one.found.first), last.found.last.max(one.found.last));
                let worse = (one.found.severity, one.found.probability) > (last.found.severity, last.found.probability);
                if worse {
                    last.found = one.found;
                }
                (last.found.first, last.found.last) = days;
            }
            None => events.push(one),
        }
    }
    events
}

#[cfg(test)]
mod tests;
