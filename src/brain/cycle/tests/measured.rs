//! What came of actions: by what they are judged, what does not count as usual, and when it is said that it cannot be told.

use super::*;
use crate::{
    NotEnough,
    curiosity::Kind,
    cycle::{Done, Measured, measured},
    effect::Verdict,
    finding::Entity,
};

/// Something done at channel `a` of the client, as nobody had said a margin.
fn done(key: &str, kind: Kind, day: Date) -> Done {
    Done {
        key: key.into(),
        kind,
        client: "client".into(),
        channel: Some("a".into()),
        target: Entity { id: "a".into(), level: Level::Channel },
        changes: vec![],
        currency: "EUR".into(),
        margin: None,
        day,
        last: day + Duration::days(27),
        undone: None,
    }
}

fn of_creative(kind: Kind, day: Date) -> Done {
    Done { target: Entity { id: "ad".into(), level: Level::Creative }, ..done("ad", kind, day) }
}

/// A channel with other values on some days.
fn changed(mut channel: Channel, change: impl Fn(Date, Measure, Decimal) -> Option<Decimal>) -> Channel {
    let source = channel.days.unwrap();
    let measures = [
        Measure::Spend,
        Measure::Clicks,
        Measure::ClaimedConversions,
        Measure::ClaimedRevenue,
        Measure::Orders,
        Measure::LedgerRevenue,
    ];
    let rows = source.rows(source.read).iter().map(|row| {
        measures.iter().fold(Day::new(row.day, row.currency), |day, measure| {
            let value = row.get(*measure).and_then(|value| change(row.day, *measure, value));
            day.with(*measure, value)
        })
    });
    channel.days = Source::new(&channel.id, source.read, rows.collect());
    channel
}

/// A shop that sells so many times as much on some days.
fn selling(days: impl Fn(Date) -> Decimal) -> Channel {
    changed(shop("s", 400), |day, measure, value| {
        Some(if measure == Measure::LedgerRevenue { value * days(day) } else { value })
    })
}

/// A half more since a day.
fn half_more_since(since: Date) -> Channel {
    selling(|day| if day >= since { Decimal::new(15, 1) } else { Decimal::ONE })
}

fn only(input: &Input, one: &Done, beside: &[Done]) -> Measured {
    match &measured(input, std::slice::from_ref(one), beside)[..] {
        [(0, Ok(told))] => told.clone(),
        other => panic!("not measured: {other:?}"),
    }
}

const SINCE: Date = date!(2026 - 10 - 05);

#[test]
fn an_action_is_measured_once_its_days_have_settled_and_with_what_was_done_beside_it() {
    let input = agency(vec![ads("a", 400, |_| 300.0), half_more_since(SINCE)]);
    let raised = done("raise:a", Kind::Raise, SINCE);
    let told = only(&input, &raised, &[]);
    assert_eq!((told.metric, told.verdict), ("half_of_revenue_less_spend", Verdict::Won));
    assert!((told.low..=told.high).contains(&(28.0 * 300.0)), "{told:?}");
    assert_eq!((told.first, told.last), (SINCE, SINCE + Duration::days(27)));
    // A margin makes it net contribution; what was done in the same days is named, and so is why nothing can be said.
    let raised = Done { margin: Some(0.5), ..raised };
    let beside = done("lower:a", Kind::Lower, SINCE - Duration::days(5));
    let looked = done("investigate:a", Kind::Investigate, LAST - Duration::days(1));
    let late = done("raise:b", Kind::Raise, SINCE + Duration::days(6));
    let all = measured(&input, &[raised, looked, late], &[beside]);
    assert_eq!(all.len(), 2, "the last one's days have not settled");
    let told = all[0].1.as_ref().unwrap();
    assert_eq!(
        (told.metric, &told.together_with[..]),
        ("net_contribution", &["lower:a".to_owned(), "raise:b".to_owned()][..])
    );
    assert!((told.low..=told.high).contains(&(28.0 * 300.0)), "{told:?}");
    assert_eq!(all[1], (1, Err(NotEnough::ChangesNothing)), "who looked is done at once");
}

#[test]
fn what_black_friday_brings_is_not_what_was_done_before_it() {
    let sale = |day: Date| {
        (date!(2024 - 11 - 29)..=date!(2024 - 12 - 02)).contains(&day)
            || (date!(2025 - 11 - 28)..=date!(2025 - 12 - 01)).contains(&day)
    };
    let busy = changed(shop("s", 800), |day, measure, value| {
        Some(if measure == Measure::LedgerRevenue && sale(day) { value * Decimal::from(4) } else { value })
    });
    let input = agency(vec![ads("a", 800, |_| 300.0), busy]);
    let lowered = done("lower:a", Kind::Lower, date!(2025 - 11 - 10));
    let told = only(&input, &lowered, &[]);
    assert!(told.verdict == Verdict::CannotTell && told.low <= 0.0 && told.high >= 0.0, "{told:?}");
}

#[test]
fn a_creative_is_judged_by_what_it_brings_less_what_it_costs() {
    // 300 more a day are claimed since, for 400 more.
    let costly = changed(ads("a", 400, |_| 300.0), |day, measure, value| {
        let more = match measure {
            Measure::ClaimedRevenue => 300,
            Measure::Spend => 400,
            _ => 0,
        };
        Some(if day >= SINCE { value + Decimal::from(more) } else { value })
    });
    let input = agency(vec![costly, shop("s", 400)]);
    for (kind, margin, metric, truth) in [
        (Kind::Raise, None, "half_of_claimed_revenue_less_spend", 28.0 * (150.0 - 400.0)),
        (Kind::Raise, Some(0.6), "claimed_net_contribution", 28.0 * (180.0 - 400.0)),
        (Kind::PauseCreative, None, "claimed_revenue_less_spend", 28.0 * (300.0 - 400.0)),
        (Kind::RefreshCreative, Some(0.6), "claimed_net_contribution", 28.0 * (180.0 - 400.0)),
    ] {
        let told = only(&input, &Done { margin, ..of_creative(kind, SINCE) }, &[]);
        assert_eq!(told.metric, metric);
        assert!((told.low..=told.high).contains(&truth) && told.verdict != Verdict::Won, "{truth}: {told:?}");
    }
    // Conversions without revenue have no worth to hold against the money.
    let counting = changed(ads("a", 400, |_| 300.0), |_, measure, value| {
        Some(value).filter(|_| measure != Measure::ClaimedRevenue)
    });
    let mut input = agency(vec![counting, shop("s", 400)]);
    input.day = LAST + Duration::days(23);
    assert_eq!(only(&input, &of_creative(Kind::RefreshCreative, SINCE), &[]).metric, "claimed_conversions");
    assert!(measured(&input, &[of_creative(Kind::PauseCreative, SINCE)], &[])[0].1.is_err());
}

#[test]
fn the_margin_and_the_currency_are_those_of_the_prediction() {
    let mut input = agency(vec![ads("a", 400, |_| 300.0), half_more_since(SINCE)]);
    let raised = Done { margin: Some(0.5), ..done("raise:a", Kind::Raise, SINCE) };
    let told = only(&input, &raised, &[]);
    input.clients[0].margin = Some(Decimal::new(9, 1));
    input.clients[0].currency = Currency::parse("USD").unwrap();
    assert_eq!(only(&input, &raised, &[]), told);
    // In another currency than that of the rows it is told by the rates of the days.
    let days = (0..400).map(|ago| (LAST - Duration::days(ago), Currency::parse("USD").unwrap(), Decimal::TWO));
    input.rates = Rates::new(euro(), days).unwrap();
    let dollars = only(&input, &Done { currency: "USD".into(), ..raised }, &[]);
    assert!((dollars.actual - 2.0 * told.actual).abs() < 1e-6, "{dollars:?} {told:?}");
}

#[test]
fn what_cannot_be_told_yet_is_tried_again_until_a_last_day() {
    let raised = done("raise:a", Kind::Raise, SINCE);
    let settled = raised.last + Duration::days(14);
    let given_up = settled + Duration::days(28);
    let missing = |input: &Input, one: &Done| measured(input, std::slice::from_ref(one), &[]);
    let whole = || agency(vec![ads("a", 400, |_| 300.0), half_more_since(SINCE)]);
    // No rate, a client that is archived, an account of which nothing is read.
    let dollars = Done { currency: "USD".into(), ..raised.clone() };
    let mut archived = whole();
    archived.clients[0].id = None;
    let gone = agency(vec![ads("b", 400, |_| 300.0), half_more_since(SINCE)]);
    for (mut input, one) in [(whole(), &dollars), (archived, &raised), (gone, &raised)] {
        for day in [settled, given_up - Duration::days(1)] {
            input.day = day;
            assert_eq!(missing(&input, one), [], "{day}");
        }
        input.day = given_up;
        assert!(matches!(missing(&input, one)[..], [(0, Err(_))]));
    }
    // What was read late is measured then.
    let mut late = whole();
    let source = late.clients[0].channels[1].days.clone().unwrap();
    let read = Days { first: source.read.first, last: raised.last - Duration::days(1) };
    late.clients[0].channels[1].days = Source::new("s", read, source.rows(read).to_vec());
    late.day = settled;
    assert_eq!(missing(&late, &raised), []);
    late.clients[0].channels[1].days = Ok(source);
    assert_eq!(only(&late, &raised, &[]).verdict, Verdict::Won);
    // The budget of a channel that is gone would be missing in the sum.
    let moved = Done { channel: None, changes: vec!["gone".into()], ..raised };
    assert_eq!(missing(&whole(), &moved), []);
}

#[test]
fn days_on_which_something_acted_that_was_taken_back_are_not_usual() {
    let (from, to) = (SINCE - Duration::days(60), SINCE - Duration::days(30));
    let input = |times: i64| {
        let days = move |day: Date| match day {
            day if day >= SINCE => Decimal::new(15, 1),
            day if (from..=to).contains(&day) => Decimal::from(times),
            _ => Decimal::ONE,
        };
        agency(vec![ads("a", 400, |_| 300.0), selling(days)])
    };
    let raised = done("raise:a", Kind::Raise, SINCE);
    let undone = Done { undone: Some(to), ..done("lower:a", Kind::Lower, from) };
    let told = only(&input(3), &raised, std::slice::from_ref(&undone));
    assert_eq!(told, only(&input(9), &raised, std::slice::from_ref(&undone)), "whatever happened on those days");
    assert!((told.low..=told.high).contains(&(28.0 * 300.0)) && told.together_with.is_empty(), "{told:?}");
    assert_ne!(told, only(&input(3), &raised, &[]));
    // One that still acted in the days that are measured is named.
    let during = Done { undone: Some(SINCE), ..undone };
    assert_eq!(only(&input(3), &raised, &[during]).together_with, ["lower:a"]);
}
