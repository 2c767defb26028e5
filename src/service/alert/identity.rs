//! What makes a finding of one cycle the same event as a finding of another.
//!
//! The rule, in this order:
//! 1. A finding belongs to a *story*: what kind of event it is, of which client, entity and metric. A fall grows into a new level
//!    and that into delivery that stopped, and the brain renames it meanwhile: all of these downwards are one kind of event, and
//!    jumps and new levels upwards another. A change that stays is what a new level turns out to be: the same event, by its
//!    direction. Worth that drifts is two kinds of event as well. What is spent on a channel, and the clicks and impressions that
//!    it buys, move by one cause, as do a shop's orders and their revenue: they are one story, whose others are named in it. A
//!    channel that goes to another client has new events there: nobody has seen to them yet.
//! 2. Findings with *days* (a fall, a jump, a change) are the same event when their days overlap, or lie at most [`NEAR`] days
//!    apart: figures of the last days still move. Two findings of one state whose days do not overlap are two events; each takes
//!    the event that lies nearest. Only a change that stays, whose day is not known exactly, and an anomaly at most [`NEAR`] days
//!    from it are one there, too.
//! 3. Findings *without days of their own* (an ad that tires, returns that fall, worth that drifts, better or worse than before)
//!    speak of ranges that move with the calendar: one event for each story until it has ended.
//! 4. *Outages*, the verdicts on a client's conversions, have no days of their own either: theirs are the last ones that were
//!    read. Today it is one channel's counting, tomorrow that of all, and then the people. An outage *covers channels*, and is the
//!    same event as one that has not ended and covers one of them, whatever its cause. Of several such events it goes on with the
//!    one that covers most of its channels and fewest others; of several such findings one goes on with the event, and each other
//!    one is a *part* of it: an event of its own that stands as that one does and is no news. An outage that covers a channel of
//!    which nobody was told makes its event *wider*, which is news; with a channel that nobody has seen to it is open again. A
//!    channel without which the outage was found for [`GONE`] days is not covered any more. A fall of the same conversions on the
//!    days of an outage is part of it.
//! 5. A fall, a jump and an outage go on: their first day is the first that any state named. What the newest state says has days
//!    of its own in its body, to which its figures belong.
//! 6. An event that no state has found for [`GONE`] days has ended; one of days on which much moved, as soon as no state finds it.
//!    A finding with the very days of an ended event is that event
//!    again, not news; anything else is a new one.

use std::{cmp::Reverse, collections::BTreeSet};

use model::{
    alert::{FindingKind, Found},
    id::{AlertId, ChannelId},
};
use serde_json::Value;
use store::alert::Known;
use time::Date;

/// Days between two findings with days that are the same event: platforms add to their last three days.
pub(super) const NEAR: i64 = 3;
/// Days without being found after which an event has ended: a week, so that each weekday was looked at once.
pub(super) const GONE: i64 = 7;

/// Where the body of an alert names the other metrics that moved by the same cause; no state says it.
pub(super) const OTHERS: &str = "others";

/// What verdicts on conversions are about, and the falls that are part of them.
const CONVERSIONS: &str = "claimed_conversions";

/// Whether it is a verdict on a client's conversions: counting that broke, delivery that stopped, people who stay away. It has
/// no size; a fall of the figure itself has.
pub(super) fn outage(found: &Found) -> bool {
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

/// The client, as stories name it.
fn client(found: &Found) -> String {
    found.client_id.map_or_else(|| "-".to_owned(), |id| id.to_string())
}

/// The story of the outages of a client.
fn outage_story(found: &Found) -> String {
    format!("outage {}", client(found))
}

/// Whether two outages of one client have a channel in common; one that names none is about all of them.
fn share(a: &[ChannelId], b: &[ChannelId]) -> bool {
    a.is_empty() || b.is_empty() || a.iter().any(|id| b.contains(id))
}

/// Whether an event and a finding can be the same: their stories are, and of outages the channels.
fn alike(event: &Known, one: &Told) -> bool {
    event.story == one.story && (!outage(&one.found) || share(&event.told, &one.found.channels))
}

/// The story that a finding belongs to.
pub(super) fn story(found: &Found) -> String {
    use FindingKind::{Better, ChangePoint, DeliveryCollapse, Drop, Forecast, LevelShift, LtvDrift, Spike, Worse};
    if outage(found) {
        return outage_story(found);
    }
    let event = match found.kind {
        Spike => "up",
        LevelShift | ChangePoint if found.size.is_some_and(|size| size > 0.0) => "up",
        LevelShift | Drop | DeliveryCollapse => "down",
        ChangePoint if found.size.is_some_and(|size| size < 0.0) => "down",
        kind => kind.key(),
    };
    // Up and down are opposites: who has seen to one has not seen to the other.
    let way = match found.size.filter(|_| found.kind == LtvDrift) {
        Some(size) if size > 0.0 => " up",
        Some(size) if size < 0.0 => " down",
        _ => "",
    };
    // Of what stands without days, other metrics tell the same again, unless they are what it is about.
    let told = has_days(found) || matches!(found.kind, Worse | Better | Forecast);
    let metric = found.metric.as_deref().filter(|_| told).unwrap_or_default();
    let metric = if has_days(found) { cause(metric) } else { metric };
    short(format!("{event}{way} {} {} {} {metric}", client(found), found.level, found.entity))
}

/// What moves by one cause, told of by one name.
fn cause(metric: &str) -> &str {
    match metric {
        "spend" | "clicks" | "impressions" => "delivery",
        "orders" | "ledger_revenue" => "sales",
        other => other,
    }
}

/// Whether an event has ended as soon as no state finds it.
pub(super) fn ends_at_once(story: &str) -> bool {
    story.strip_prefix(FindingKind::MovedTogether.key()).is_some_and(|rest| rest.starts_with(' '))
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
    /// The places in the state of all findings that tell of it.
    pub numbers: Vec<i32>,
    /// The other metrics in which it shows.
    pub others: BTreeSet<String>,
    pub known: Option<AlertId>,
    /// Whether it is an outage of a channel that nobody was told of.
    pub wider: bool,
    /// Whether somebody has seen to the event that it is, but nobody to all of its channels.
    pub opens: bool,
    /// The event that it is a part of, if it is none that is known.
    pub part_of: Option<AlertId>,
}

/// Days between two ranges: none if they overlap.
fn apart(a: (Date, Date), b: (Date, Date)) -> i64 {
    (a.0.max(b.0) - a.1.min(b.1)).whole_days().max(0)
}

/// How well a known event and a finding fit, the best first: open before ended, the most channels in common, the fewest
/// others, nobody's before what is seen to, the nearest days; then their places in both lists.
type Fit = (bool, Reverse<usize>, usize, bool, i64, i64, usize, usize);

/// The events of a state: findings that tell the same are one, and each is the known event that it is, or a new one. Parts of
/// known events come first: what those events stand like before anything is done to them is how the parts stand.
pub(super) fn events(known: &[Known], found: Vec<Found>) -> Vec<Told> {
    let mut told = merged(found);
    let mut pairs: Vec<Fit> = Vec::new();
    for (at, one) in told.iter().enumerate() {
        for (place, event) in known.iter().enumerate().filter(|(_, event)| alike(event, one)) {
            let days = has_days(&one.found);
            let gap = if days { apart((event.first, event.last), (one.found.first, one.found.last)) } else { 0 };
            let same = if event.ended { days && gap == 0 } else { gap <= NEAR };
            if same {
                let moved = (event.first - one.found.first).whole_days().abs();
                let common = event.told.iter().filter(|id| one.found.channels.contains(id)).count();
                let (other, seen) = (event.told.len() - common, event.seen && outage(&one.found));
                pairs.push((event.ended, Reverse(common), other, seen, gap, moved, place, at));
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
            if one.found.kind.goes_on() {
                one.found.first = one.found.first.min(event.first);
            }
        }
    }
    for one in told.iter_mut().filter(|one| outage(&one.found)) {
        spread(known, one);
    }
    let outages = outages(known, &told);
    let (mut told, parts): (Vec<Told>, Vec<Told>) =
        told.into_iter().partition(|one| one.known.is_some() || !told_already(one, &outages));
    // Who sees to an outage sees to its parts.
    for part in parts {
        if let Some(event) = told.iter_mut().find(|event| outage(&event.found) && part_of(&part, &known_as(event))) {
            event.numbers.extend(part.numbers);
        }
    }
    told.sort_by_key(|one| one.part_of.is_none());
    told
}

/// Notes what an outage's channels make of it: news, an event that is open again, or a part of one that is known.
fn spread(known: &[Known], one: &mut Told) {
    let open: Vec<&Known> = known.iter().filter(|event| !event.ended && event.story == one.story).collect();
    let beyond = |seen: bool| {
        let covered = |id: &ChannelId| open.iter().any(|event| (event.seen || !seen) && event.told.contains(id));
        one.found.channels.iter().any(|id| !covered(id))
    };
    let (wider, unseen) = (beyond(false), beyond(true));
    let seen = open.iter().any(|event| event.seen && one.known == Some(event.id));
    let near = open.iter().filter(|event| share(&event.told, &one.found.channels)).min_by_key(|event| event.seen);
    let part_of = near.filter(|_| one.known.is_none() && !wider).map(|event| event.id);
    (one.wider, one.opens, one.part_of) = (wider, seen && unseen, part_of);
}

/// An outage that is known or found now: its story, its channels and its days.
type Outage = (String, Vec<ChannelId>, (Date, Date));

/// The outages that are known or found now.
fn outages(known: &[Known], told: &[Told]) -> Vec<Outage> {
    let known = known
        .iter()
        .filter(|event| event.story.starts_with("outage "))
        .map(|event| (event.story.clone(), event.channels.clone(), (event.first, event.last)));
    let now = told.iter().filter(|one| outage(&one.found)).map(known_as);
    known.chain(now).collect()
}

/// An outage that is found now, as what is part of it knows it.
fn known_as(one: &Told) -> Outage {
    (one.story.clone(), one.found.channels.clone(), (one.found.first, one.found.last))
}

/// Whether a finding that is no known event is part of an outage: a fall of the conversions that the outage is about, on its days.
fn told_already(one: &Told, outages: &[Outage]) -> bool {
    let falls = one.found.metric.as_deref() == Some(CONVERSIONS) && one.story.starts_with("down ");
    falls && outages.iter().any(|outage| part_of(one, outage))
}

/// Whether a fall lies on the days of an outage, and in its channels.
fn part_of(fall: &Told, (story, channels, on): &Outage) -> bool {
    let found = &fall.found;
    *story == outage_story(found) && share(channels, &found.channels) && apart(*on, (found.first, found.last)) == 0
}

/// Findings of one state that tell of the same event as one: the worst of them, over the days and channels of all.
fn merged(found: Vec<Found>) -> Vec<Told> {
    let told = |found: Found| Told {
        story: story(&found),
        numbers: vec![found.number],
        others: BTreeSet::new(),
        found,
        known: None,
        wider: false,
        opens: false,
        part_of: None,
    };
    let mut all: Vec<Told> = found.into_iter().map(told).collect();
    all.sort_by(|a, b| (&a.story, a.found.first, a.found.last).cmp(&(&b.story, b.found.first, b.found.last)));
    let mut events: Vec<Told> = Vec::new();
    for one in all {
        let same = |event: &Told| {
            let (a, b) = (&event.found, &one.found);
            match (outage(b), has_days(b)) {
                (true, _) => share(&a.channels, &b.channels),
                (_, true) => {
                    let changed = |found: &Found| found.kind == FindingKind::ChangePoint;
                    let near = if changed(a) == changed(b) { 0 } else { NEAR };
                    apart((a.first, a.last), (b.first, b.last)) <= near
                }
                (false, false) => true,
            }
        };
        let mut of_story = events.iter().enumerate().rev().take_while(|(_, event)| event.story == one.story);
        let Some(at) = of_story.find(|(_, event)| same(event)).map(|(at, _)| at) else {
            events.push(one);
            continue;
        };
        let event = &mut events[at];
        let days = (event.found.first.min(one.found.first), event.found.last.max(one.found.last));
        let mut channels = event.found.channels.clone();
        channels.extend(one.found.channels.iter().filter(|id| !event.found.channels.contains(id)));
        event.numbers.extend(&one.numbers);
        let metrics = [&event.found, &one.found].map(|found| found.metric.clone());
        let mut others = std::mem::take(&mut event.others);
        others.extend(metrics.into_iter().flatten());
        let worse = (one.found.severity, one.found.probability) > (event.found.severity, event.found.probability);
        if worse {
            event.found = one.found;
        }
        (event.found.first, event.found.last) = days;
        event.found.channels = channels;
        others.retain(|metric| Some(metric) != event.found.metric.as_ref());
        event.others = others;
    }
    for event in &mut events {
        name_others(event);
    }
    events
}

/// Has the alert's own body name the other metrics that moved by the same cause.
fn name_others(event: &mut Told) {
    if event.others.is_empty() || !has_days(&event.found) {
        return;
    }
    if let Ok(Value::Object(mut body)) = serde_json::from_str(&event.found.body) {
        body.insert(OTHERS.to_owned(), event.others.iter().cloned().collect());
        event.found.body = Value::Object(body).to_string();
    }
}

#[cfg(test)]
mod tests;
