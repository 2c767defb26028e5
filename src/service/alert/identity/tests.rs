//! What is one event over several states, and what is two.

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
    for (kind, metrics) in [(FindingKind::ChangePoint, ["clicks"; 2]), (FindingKind::LtvDrift, ["ltv_30", "ltv_90"])] {
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
    let twice = vec![found(FindingKind::Drop, DAY, 3), found(FindingKind::DeliveryCollapse, DAY + Duration::DAY, 4)];
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
