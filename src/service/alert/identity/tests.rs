//! What is one event over several states, and what is two.

use model::{alert::Severity, id::ClientId};
use time::{Duration, macros::date};

use super::*;

fn found(kind: FindingKind, first: Date, days: i64) -> Found {
    Found {
        number: 0,
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
        channels: Vec::new(),
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
        channels: if outage(found) { found.channels.clone() } else { Vec::new() },
        told: if outage(found) { found.channels.clone() } else { Vec::new() },
        seen: false,
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
        Found { size: Some(10.0), ..found(FindingKind::ChangePoint, DAY, 2) },
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
    let outage = |first| verdict(FindingKind::TrackingOutage, &[1, 2], first);
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

fn channel(number: u128) -> ChannelId {
    ChannelId(uuid::Uuid::from_u128(number))
}

/// A verdict on the conversions of a client's channels.
fn verdict(kind: FindingKind, channels: &[u128], first: Date) -> Found {
    let (level, entity) = match channels {
        [one] => ("channel", channel(*one).to_string()),
        _ => ("client", "bakery".to_owned()),
    };
    Found {
        level: level.into(),
        entity,
        metric: Some(CONVERSIONS.into()),
        size: None,
        client_id: Some(ClientId(uuid::Uuid::from_u128(7))),
        channels: channels.iter().map(|one| channel(*one)).collect(),
        ..found(kind, first, 3)
    }
}

/// What becomes of outages of these channels: the event each is, whether it is wider, and which it is a part of; in the order of
/// their first channels.
fn spreads(known: &[Known], channels: &[&[u128]]) -> Vec<(Option<u128>, bool, Option<u128>)> {
    let found = channels.iter().map(|channels| verdict(FindingKind::TrackingOutage, channels, DAY)).collect();
    let mut told = events(known, found);
    told.sort_by_key(|one| one.found.channels.clone());
    let number = |id: AlertId| id.0.as_u128();
    told.into_iter().map(|one| (one.known.map(number), one.wider, one.part_of.map(number))).collect()
}

#[test]
fn an_outage_is_one_event_while_it_has_a_channel_in_common_whatever_its_cause_and_its_days() {
    use FindingKind::{DeliveryCollapse, Drop, TrackingOutage};
    let event = [known(1, &verdict(TrackingOutage, &[1], DAY), false)];
    let later = DAY + Duration::days(8);
    let cases: [(&[u128], bool); 4] = [(&[1], true), (&[2], false), (&[1, 2], true), (&[2, 3], false)];
    for kind in [TrackingOutage, Drop, DeliveryCollapse] {
        for (channels, same) in cases {
            let told = events(&event, vec![verdict(kind, channels, later)]);
            assert_eq!(told[0].known.is_some(), same, "{kind:?} of {channels:?}");
        }
    }
    let elsewhere = Found { client_id: None, ..verdict(TrackingOutage, &[1], later) };
    assert_eq!(numbers(&event, vec![elsewhere]), [None], "a channel that goes to another client has events there");
    let ended = [known(1, &verdict(TrackingOutage, &[1, 2], DAY), true)];
    assert_eq!(spreads(&ended, &[&[1]]), [(None, true, None)], "what has ended is over");
    assert_eq!(spreads(&[], &[&[1], &[2]]), [(None, true, None), (None, true, None)]);
    assert_eq!(spreads(&[], &[&[1, 2], &[2, 3]]), [(None, true, None)], "what has one in common is one");
}

#[test]
fn an_outage_that_reaches_a_channel_is_wider_and_what_is_left_of_one_is_not() {
    let wide = |seen| Known { seen, ..known(1, &verdict(FindingKind::TrackingOutage, &[1, 2, 3], DAY), false) };
    assert_eq!(spreads(&[wide(true)], &[&[1, 3]]), [(Some(1), false, None)]);
    assert_eq!(spreads(&[wide(true)], &[&[3, 4]]), [(Some(1), true, None)]);
    let parts = spreads(&[wide(true)], &[&[1], &[2, 3]]);
    assert_eq!(
        parts,
        [(None, false, Some(1)), (Some(1), false, None)],
        "most of it goes on, and the rest stands so too"
    );
    let parted = [wide(true), Known { seen: true, ..known(2, &verdict(FindingKind::Drop, &[1], DAY), false) }];
    assert_eq!(spreads(&parted, &[&[1], &[2]]), [(Some(2), false, None), (Some(1), false, None)], "and it stays so");
    assert_eq!(spreads(&parted, &[&[1, 2, 3]]), [(Some(1), false, None)]);
    let over = [Known { told: vec![channel(1)], ..wide(true) }];
    assert_eq!(spreads(&over, &[&[2]]), [(None, true, None)], "what was well for a week is news");
    assert_eq!(spreads(&over, &[&[1, 2]]), [(Some(1), true, None)]);
}

#[test]
fn an_event_that_was_seen_to_is_open_again_when_nobody_has_seen_to_one_of_its_channels() {
    let event = |number, channels: &[u128], seen| Known {
        seen,
        ..known(number, &verdict(FindingKind::TrackingOutage, channels, DAY), false)
    };
    let opens = |known: &[Known], channels: &[u128]| {
        let told = events(known, vec![verdict(FindingKind::TrackingOutage, channels, DAY)]);
        (told[0].known.map(|id| id.0.as_u128()), told[0].opens, told[0].wider)
    };
    assert_eq!(opens(&[event(1, &[1], true)], &[1]), (Some(1), false, false));
    assert_eq!(opens(&[event(1, &[1], true)], &[1, 2]), (Some(1), true, true));
    assert_eq!(opens(&[event(1, &[1], false)], &[1, 2]), (Some(1), false, true), "it is open anyway");
    let two = [event(1, &[1], true), event(2, &[2], false)];
    assert_eq!(opens(&two, &[1, 2]), (Some(2), false, false), "people know of both");
    let three = [event(1, &[1, 3], true), event(2, &[2], false)];
    assert_eq!(opens(&three, &[1, 2, 3]), (Some(1), true, false));
    let both = [event(1, &[1, 3], true), event(2, &[2], true)];
    assert_eq!(opens(&both, &[1, 2, 3]), (Some(1), false, false));
}

#[test]
fn a_fall_of_the_conversions_of_an_outage_is_part_of_it() {
    let outage = verdict(FindingKind::TrackingOutage, &[1, 2], DAY);
    let fall = |first| Found { size: Some(-9.0), ..verdict(FindingKind::Drop, &[1], first) };
    let (on, before) = (fall(DAY + Duration::DAY), fall(DAY - Duration::days(9)));
    assert_eq!(numbers(&[], vec![outage.clone(), on.clone(), before.clone()]), [None, None]);
    assert_eq!(numbers(&[known(1, &outage, true)], vec![on.clone(), before]), [None], "and it stays so");
    let clicks = Found { metric: Some("clicks".into()), ..on.clone() };
    assert_eq!(numbers(&[known(1, &outage, false)], vec![clicks]), [None]);
    let elsewhere = Found { size: Some(-9.0), ..verdict(FindingKind::Drop, &[3], DAY) };
    assert_eq!(numbers(&[known(1, &outage, false)], vec![elsewhere]), [None], "another channel is another matter");
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

#[test]
fn an_event_knows_the_places_of_all_findings_that_tell_of_it() {
    let tired = |number, metric: &str| {
        let one = found(FindingKind::CreativeFatigue, DAY, 7);
        Found { number, metric: Some(metric.into()), ..one }
    };
    let told = events(&[], vec![tired(3, "ctr"), tired(8, "cvr")]);
    assert_eq!(told.iter().map(|one| one.numbers.clone()).collect::<Vec<_>>(), [[3, 8]]);
    // A fall that is part of an outage is seen to with it.
    let outage = Found { number: 5, ..verdict(FindingKind::TrackingOutage, &[1], DAY) };
    let fall = Found { number: 2, size: Some(-9.0), ..verdict(FindingKind::Drop, &[1], DAY) };
    let told = events(&[], vec![fall, outage]);
    assert_eq!(told.iter().map(|one| one.numbers.clone()).collect::<Vec<_>>(), [[5, 2]]);
}

#[test]
fn a_new_level_and_the_change_that_it_turns_out_to_be_are_one_event() {
    let change = |after: i64| found(FindingKind::ChangePoint, DAY + Duration::days(after), 1);
    let level = found(FindingKind::LevelShift, DAY, 1);
    for (after, one) in [(0, true), (3, true), (-3, true), (4, false)] {
        let told = events(&[], vec![level.clone(), change(after)]);
        assert_eq!(told.len() == 1, one, "{after} days later in one state");
        assert_eq!(numbers(&[known(1, &level, false)], vec![change(after)])[0].is_some(), one, "{after} in another");
    }
    let up = Found { size: Some(10.0), ..change(0) };
    assert_eq!(events(&[], vec![level, up]).len(), 2, "upwards is another event");
}

#[test]
fn what_moves_by_one_cause_is_one_event_that_names_the_others() {
    let of = |metric: &str, severity| Found {
        metric: Some(metric.into()),
        severity,
        body: format!(r#"{{"metric":"{metric}"}}"#),
        ..found(FindingKind::LevelShift, DAY, 2)
    };
    let all = vec![of("clicks", Severity::High), of("spend", Severity::Info), of("impressions", Severity::Low)];
    let told = events(&[], all);
    assert_eq!((told.len(), told[0].found.metric.as_deref()), (1, Some("clicks")), "the worst is told");
    let body: Value = serde_json::from_str(&told[0].found.body).unwrap();
    assert_eq!(body[OTHERS], serde_json::json!(["impressions", "spend"]));
    let event = [known(1, &told[0].found, false)];
    assert_eq!(numbers(&event, vec![of("spend", Severity::Info)]), [Some(1)], "it goes on in either");
    let up = Found { size: Some(10.0), ..of("spend", Severity::Low) };
    assert_eq!(numbers(&event, vec![up]), [None], "the other way is another cause");
    let claims = of("claimed_revenue", Severity::Low);
    assert_eq!(numbers(&event, vec![claims]), [None]);
}

#[test]
fn days_on_which_much_moved_end_with_them() {
    let moved = Found { metric: None, level: "agency".into(), ..found(FindingKind::MovedTogether, DAY, 1) };
    assert!(ends_at_once(&story(&moved)));
    assert!(!ends_at_once(&story(&found(FindingKind::Drop, DAY, 1))));
}
