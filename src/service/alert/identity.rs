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
mod tests {
    use model::{alert::Severity, id::ClientId};
    use time::{Duration, macros::date};

    use super::*;

    fn found(kind: FindingKind, first: Date, days: i64) -> Found {
        Found {
            kind,
            level: "channel".into(),
            entity: "radio".into(),
            metric: Some("clicks".into()),
            first,
            last: first + Duration::days(days - 1),
            size: Some(-10.0),
            probability: 0.95,
            severity: Severity::Medium,
            client_id: None,
            channel_id: None,
            body: String::new(),
        }
    }

    fn known(number: u128, found: &Found, ended: bool) -> Known {
        Known {
            id: AlertId(uuid::Uuid::from_u128(number)),
            story: story(found),
            first: found.first,
            last: found.last,
            severity: found.severity,
            missing_since: None,
            ended,
        }
    }

    /// The numbers of the events that these findings are; none for a new one.
    fn numbers(known: &[Known], found: Vec<Found>) -> Vec<Option<u128>> {
        events(known, found).into_iter().map(|told| told.known.map(|id| id.0.as_u128())).collect()
    }

    const DAY: Date = date!(2026 - 11 - 03);

    #[test]
    fn days_that_overlap_or_lie_near_are_the_same_event_and_others_are_not() {
        let fall = found(FindingKind::Drop, DAY, 2);
        let event = [known(1, &fall, false)];
        for (shift, same) in [(0, true), (1, true), (-3, true), (4, true), (5, false), (-4, true), (-5, false)] {
            let moved = found(FindingKind::Drop, DAY + Duration::days(shift), 2);
            assert_eq!(numbers(&event, vec![moved])[0].is_some(), same, "{shift} days later");
        }
        let others = [
            Found { entity: "tv".into(), ..fall.clone() },
            Found { level: "client".into(), ..fall.clone() },
            Found { metric: Some("orders".into()), ..fall.clone() },
            found(FindingKind::Spike, DAY, 2),
            found(FindingKind::ChangePoint, DAY, 2),
            Found { client_id: Some(ClientId(uuid::Uuid::from_u128(7))), ..fall.clone() },
        ];
        for other in others {
            assert_eq!(numbers(&event, vec![other.clone()]), [None], "{other:?}");
        }
    }

    #[test]
    fn a_fall_that_becomes_a_level_and_then_a_collapse_stays_the_same_event() {
        let event = [known(1, &found(FindingKind::Drop, DAY, 1), false)];
        for kind in [FindingKind::LevelShift, FindingKind::DeliveryCollapse] {
            assert_eq!(numbers(&event, vec![found(kind, DAY, 6)]), [Some(1)]);
        }
        let rise = Found { size: Some(10.0), ..found(FindingKind::LevelShift, DAY, 6) };
        assert_eq!(numbers(&event, vec![rise]), [None], "upwards is another event");
    }

    #[test]
    fn what_goes_on_keeps_its_first_day_and_a_change_lies_where_the_newest_state_says() {
        let first_day = |before: Found, now: Found| {
            let told = events(&[known(1, &before, false)], vec![now]);
            assert!(told[0].known.is_some());
            told[0].found.first
        };
        let later = DAY + Duration::days(2);
        let (fall, collapse) = (found(FindingKind::Drop, DAY, 2), found(FindingKind::DeliveryCollapse, later, 4));
        assert_eq!(first_day(fall.clone(), collapse.clone()), DAY);
        assert_eq!(first_day(collapse, fall), DAY, "and what turns out to have begun earlier did");
        let outage = |first| verdict(FindingKind::TrackingOutage, None, first);
        assert_eq!(first_day(outage(DAY), outage(DAY + Duration::days(8))), DAY);
        for kind in [FindingKind::ChangePoint, FindingKind::CreativeFatigue] {
            assert_eq!(first_day(found(kind, DAY, 3), found(kind, later, 3)), later, "{kind:?}");
        }
    }

    #[test]
    fn up_and_down_are_two_events() {
        for (kind, metrics) in
            [(FindingKind::ChangePoint, ["clicks"; 2]), (FindingKind::LtvDrift, ["ltv_30", "ltv_90"])]
        {
            let step = |metric: &str, size, first| Found {
                metric: Some(metric.into()),
                size: Some(size),
                ..found(kind, first, 2)
            };
            let (up, down) = (step(metrics[0], 10.0, DAY), step(metrics[1], -10.0, DAY + Duration::DAY));
            assert_eq!(numbers(&[], vec![up.clone(), down.clone()]), [None, None], "{kind:?} in one state");
            assert_eq!(numbers(&[known(1, &up, false)], vec![down]), [None], "{kind:?} in another");
            assert_eq!(numbers(&[known(1, &up, false)], vec![step(metrics[0], 99.0, DAY)]), [Some(1)]);
        }
    }

    #[test]
    fn each_event_is_one_finding_and_the_nearest_takes_it() {
        let event = [known(1, &found(FindingKind::Drop, DAY, 1), false)];
        let two = vec![
            found(FindingKind::Drop, DAY - Duration::days(2), 1),
            found(FindingKind::Drop, DAY + Duration::days(1), 1),
        ];
        assert_eq!(numbers(&event, two), [None, Some(1)]);
        let twice =
            vec![found(FindingKind::Drop, DAY, 3), found(FindingKind::DeliveryCollapse, DAY + Duration::DAY, 4)];
        let told = events(&event, twice);
        assert_eq!((told.len(), told[0].known.is_some()), (1, true), "what overlaps in one state is one event");
        assert_eq!((told[0].found.first, told[0].found.last), (DAY, DAY + Duration::days(4)));
    }

    #[test]
    fn what_has_no_days_of_its_own_is_one_event_until_it_has_ended() {
        let tired = found(FindingKind::CreativeFatigue, DAY, 14);
        let later = found(FindingKind::CreativeFatigue, DAY + Duration::days(90), 14);
        assert_eq!(numbers(&[known(1, &tired, false)], vec![later.clone()]), [Some(1)]);
        assert_eq!(numbers(&[known(1, &tired, true)], vec![later]), [None]);
        assert_eq!(numbers(&[known(1, &tired, true)], vec![tired.clone()]), [None]);
        let ages: Vec<Found> = ["ltv_30", "ltv_90"]
            .map(|age| Found { metric: Some(age.into()), ..found(FindingKind::LtvDrift, DAY, 90) })
            .into();
        assert_eq!(numbers(&[], ages), [None], "two ages of one shop's customers tell the same");
        let worse: Vec<Found> = ["cpa", "roas_claimed"]
            .map(|metric| Found { metric: Some(metric.into()), ..found(FindingKind::Worse, DAY, 7) })
            .into();
        assert_eq!(numbers(&[], worse), [None, None]);
    }

    #[test]
    fn the_days_of_an_ended_event_are_no_news_and_days_near_them_are() {
        let fall = found(FindingKind::Drop, DAY, 2);
        let event = [known(1, &fall, true)];
        assert_eq!(numbers(&event, vec![fall.clone()]), [Some(1)]);
        assert_eq!(numbers(&event, vec![found(FindingKind::Drop, DAY + Duration::days(3), 2)]), [None]);
        let both = [known(1, &fall, true), known(2, &found(FindingKind::Drop, DAY + Duration::days(3), 1), false)];
        assert_eq!(numbers(&both, vec![fall]), [Some(2)], "what has not ended comes first");
    }

    /// A verdict on the conversions of a client's channel, or of all of them.
    fn verdict(kind: FindingKind, channel: Option<&str>, first: Date) -> Found {
        Found {
            level: if channel.is_some() { "channel" } else { "client" }.into(),
            entity: channel.unwrap_or("bakery").into(),
            metric: Some(CONVERSIONS.into()),
            size: None,
            client_id: Some(ClientId(uuid::Uuid::from_u128(7))),
            ..found(kind, first, 3)
        }
    }

    #[test]
    fn an_outage_is_one_event_whatever_its_channels_its_cause_and_the_days_it_is_read_on() {
        use FindingKind::{DeliveryCollapse, Drop, TrackingOutage};
        let mut event = known(1, &verdict(TrackingOutage, Some("radio"), DAY), false);
        let later = DAY + Duration::days(8);
        let steps = [
            (TrackingOutage, Some("radio"), true),
            (Drop, Some("radio"), true),
            (DeliveryCollapse, Some("radio"), true),
            (TrackingOutage, Some("tv"), false),
            (TrackingOutage, None, true),
            (Drop, Some("tv"), true),
            (Drop, Some("radio"), true),
        ];
        for (kind, channel, same) in steps {
            let told = events(std::slice::from_ref(&event), vec![verdict(kind, channel, later)]);
            assert_eq!(told[0].known, same.then_some(event.id), "{kind:?} of {channel:?}");
            if same {
                event.story.clone_from(&told[0].story);
            }
        }
        let two = vec![verdict(Drop, Some("radio"), later), verdict(TrackingOutage, Some("tv"), later)];
        assert_eq!(numbers(std::slice::from_ref(&event), two.clone()), [Some(1)], "it was of all channels");
        assert_eq!(numbers(&[], two.clone()), [None, None]);
        let other = Found { client_id: None, ..verdict(TrackingOutage, None, later) };
        assert_eq!(numbers(std::slice::from_ref(&event), vec![other]), [None]);
        event.ended = true;
        assert_eq!(numbers(&[event], two), [None, None], "what has ended is over");
        let each = [Some("radio"), Some("tv")].map(|channel| known(2, &verdict(Drop, channel, DAY), false));
        assert_eq!(numbers(&each, vec![verdict(TrackingOutage, None, later)]), [Some(2)]);
    }

    #[test]
    fn a_fall_of_the_conversions_of_an_outage_is_part_of_it() {
        let outage = verdict(FindingKind::TrackingOutage, None, DAY);
        let fall = |first| Found { size: Some(-9.0), ..verdict(FindingKind::Drop, Some("radio"), first) };
        let (on, before) = (fall(DAY + Duration::DAY), fall(DAY - Duration::days(9)));
        assert_eq!(numbers(&[], vec![outage.clone(), on.clone(), before.clone()]), [None, None]);
        assert_eq!(numbers(&[known(1, &outage, true)], vec![on.clone(), before]), [None], "and it stays so");
        let clicks = Found { metric: Some("clicks".into()), ..on.clone() };
        assert_eq!(numbers(&[known(1, &outage, false)], vec![clicks]), [None]);
        let event = known(1, &on, false);
        assert_eq!(numbers(&[event], vec![outage, on]).iter().flatten().count(), 1, "what is known is still found");
    }

    #[test]
    fn an_outage_whose_days_move_with_the_calendar_stays_the_same_event() {
        let mut event = known(1, &found(FindingKind::TrackingOutage, DAY, 3), false);
        for day in [1, 2, 3, 9, 15] {
            let now = found(FindingKind::TrackingOutage, DAY + Duration::days(day), 7);
            assert_eq!(numbers(std::slice::from_ref(&event), vec![now.clone()]), [Some(1)], "day {day}");
            (event.first, event.last) = (now.first, now.last);
        }
    }
}
