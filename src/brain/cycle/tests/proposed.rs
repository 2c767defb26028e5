//! What is proposed in a cycle, and what is not beside what people do already.

use super::*;
use crate::{
    curiosity::{Hits, Kind, Prediction, Proposal},
    cycle::{
        About, UnderWay,
        actions::{is_free, of_finding, score},
    },
    finding::{self, Entity, Finding, Severity},
};

fn actions(input: &Input) -> Vec<Proposal> {
    let actions = run(input).into_iter().filter(|outcome| outcome.kind == "action");
    actions.map(|outcome| serde_json::from_str(&outcome.body).unwrap()).collect()
}

fn under_way(key: &str, kind: Kind, channel: Option<&str>, changes: &[&str]) -> UnderWay {
    UnderWay {
        key: key.into(),
        kind,
        client: "client".into(),
        channel: channel.map(Into::into),
        changes: changes.iter().map(|id| (*id).to_owned()).collect(),
    }
}

#[test]
fn what_is_proposed_says_what_it_rests_on() {
    let dead = chosen(agency(vec![
        ads("a", 200, |ago| if ago < 4 { 2.0 } else { 300.0 }),
        ads("b", 200, |_| 300.0),
        shop("s", 200),
    ]));
    let outcomes = run(&dead);
    let actions = actions(&dead);
    let looked = actions
        .iter()
        .find(|one| one.kind == Kind::Investigate && one.target.id == "a")
        .expect("it is proposed to look");
    assert_eq!(looked.key, "investigate:a");
    assert!(looked.began.is_some_and(|day| (LAST - Duration::days(5)..=LAST).contains(&day)), "{looked:?}");
    assert!(!looked.because.is_empty());
    for place in &looked.because {
        assert_eq!(outcomes[*place].kind, "finding");
        assert!(outcomes[*place].body.contains("\"id\":\"a\""), "{}", outcomes[*place].body);
    }
    // A margin is registered with what is promised.
    let mut known = dead;
    known.clients[0].margin = Some(Decimal::new(4, 1));
    assert_eq!(actions_of(&known, "investigate:a").margin, Some(0.4));
    let quiet = chosen(agency(vec![ads("a", 200, |_| 300.0), ads("b", 200, |_| 300.0), shop("s", 200)]));
    assert!(run(&quiet).iter().all(|outcome| outcome.kind != "action"));
}

fn actions_of(input: &Input, key: &str) -> Proposal {
    actions(input).into_iter().find(|one| one.key == key).unwrap()
}

/// An ad account in which one creative sells far better than the others.
fn with_a_winner(id: &str) -> Channel {
    let mut channel = ads(id, 200, |_| 300.0);
    let creative = |at: u32| {
        let mut random = stream(9, &format!("{id}{at}"));
        let read = Days { first: LAST - Duration::days(199), last: LAST };
        let rows = (0..200).map(|ago| {
            let sold = if at == 3 { 12.0 } else { 4.0 };
            Day::new(LAST - Duration::days(ago), euro())
                .with(Measure::Spend, Some(20.into()))
                .with(Measure::Impressions, Some(5000.into()))
                .with(Measure::Clicks, Some(100.into()))
                .with(Measure::ClaimedConversions, Some(count(&mut random, sold).into()))
        });
        (format!("ad {at}"), Source::new(format!("ad {at}"), read, rows.collect()))
    };
    channel.creatives = (0..4).map(creative).collect();
    channel
}

#[test]
fn what_an_action_under_way_changes_is_not_changed_by_another() {
    let input = |under_way: Vec<UnderWay>| Input { under_way, ..agency(vec![with_a_winner("a"), with_a_winner("b")]) };
    let keys = |under_way| -> Vec<String> { actions(&input(under_way)).into_iter().map(|one| one.key).collect() };
    let (a, b) = ("raise:a:ad 3".to_owned(), "raise:b:ad 3".to_owned());
    let free = keys(vec![]);
    assert!(free.contains(&a) && free.contains(&b), "{free:?}");
    for busy in [
        under_way("refresh_creative:a:ad 1", Kind::RefreshCreative, Some("a"), &[]),
        under_way("raise:a", Kind::Raise, Some("a"), &["a"]),
        under_way("move_budget:client", Kind::MoveBudget, None, &["a", "c"]),
    ] {
        let found = keys(vec![busy.clone()]);
        assert!(!found.contains(&a) && found.contains(&b), "{busy:?}: {found:?}");
    }
    let all = keys(vec![under_way("fix_tracking:client", Kind::FixTracking, None, &[])]);
    assert!(!all.contains(&a) && !all.contains(&b), "it is about all accounts: {all:?}");
    let looking = keys(vec![under_way("investigate:a", Kind::Investigate, Some("a"), &[])]);
    assert_eq!(looking, free, "who looks changes nothing");
    let elsewhere = UnderWay { client: "other".into(), ..under_way("x", Kind::FixTracking, None, &[]) };
    assert_eq!(keys(vec![elsewhere]), free);
}

#[test]
fn tired_creatives_of_a_channel_are_replaced_side_by_side() {
    let about = About { client: Some("client".into()), channel: Some("a".into()) };
    let proposal = |kind| Proposal::new(kind, Entity { id: "ad 3".into(), level: Level::Creative }, "EUR");
    let is_free = |kind, under_way: UnderWay| {
        let input = Input { under_way: vec![under_way], ..agency(vec![with_a_winner("a")]) };
        is_free(&input.busy(), &about, &proposal(kind))
    };
    let refresh = || under_way("refresh_creative:a:ad 1", Kind::RefreshCreative, Some("a"), &[]);
    assert!(is_free(Kind::RefreshCreative, refresh()) && !is_free(Kind::Raise, refresh()));
    assert!(!is_free(Kind::RefreshCreative, under_way("raise:a", Kind::Raise, Some("a"), &["a"])));
}

#[test]
fn what_is_broken_is_repaired_whatever_is_under_way() {
    let late = |ago: i64| 1.0 - 0.45 * libm::exp(-(ago as f64) / 5.0);
    let known = |ago: i64| if ago < 3 { 0.0 } else { late(ago) };
    let two = |id| claiming(id, 300, |_| 300.0, known);
    let mut input = agency(vec![two("a"), two("b"), shop("s", 300)]);
    let fixes = |input: &Input| {
        let fixes = actions(input).into_iter().filter(|one| one.kind == Kind::FixTracking);
        fixes.map(|one| (one.key, one.began)).collect::<Vec<_>>()
    };
    let free = fixes(&input);
    assert!(free.iter().any(|(_, began)| *began == Some(LAST - Duration::days(2))), "{free:?}");
    input.under_way = vec![under_way("raise:a", Kind::Raise, Some("a"), &["a"])];
    assert_eq!(fixes(&input), free);
}

#[test]
fn value_counts_by_its_probability_and_by_what_its_kind_brought_less_effort() {
    let mut input = agency(vec![]);
    let mut raise = Proposal::new(Kind::Raise, Entity { id: "a".into(), level: Level::Channel }, "EUR");
    assert_eq!(score(&input, &raise), None, "what nobody can value is not ranked by money");
    raise.prediction = Some(Prediction { value: 1000.0, low: 500.0, high: 1500.0, loss: 0.05 });
    raise.probability = 0.9;
    let near = |told: Option<f64>, wanted: f64| assert!((told.unwrap() - wanted).abs() < 1e-9, "{told:?} {wanted}");
    near(score(&input, &raise), 900.0 - 15.0);
    input.hits = [(Kind::Lower, Hits { won: 0, lost: 4 })].into();
    near(score(&input, &raise), 900.0 - 15.0);
    // Three won and five lost of eight, where three of four are expected.
    input.hits = [(Kind::Raise, Hits { won: 0, lost: 4 })].into();
    near(score(&input, &raise), 450.0 - 15.0);
    raise.effort_minutes = 240;
    near(score(&input, &raise), 450.0 - 240.0);
    raise.currency = "USD".into();
    assert_eq!(score(&input, &raise), None, "an amount without a rate is not compared");
}

#[test]
fn each_kind_of_finding_asks_for_what_helps_while_it_is_news() {
    use finding::Kind as Found;
    let input = agency(vec![]);
    let about = About { client: Some("client".into()), channel: Some("a".into()) };
    let asked_of = |about: &About, kind, severity, probability, ago: i64| {
        let day = LAST - Duration::days(ago);
        let found = Finding {
            kind,
            entity: Entity { id: "a".into(), level: Level::Channel },
            channels: vec![],
            metric: None,
            first: day,
            last: day,
            calendar: None,
            size: None,
            probability,
            severity,
            basis: vec![],
        };
        of_finding(&input, about, &found).map(|proposal| proposal.kind)
    };
    let asked = |kind, severity, probability, ago| asked_of(&about, kind, severity, probability, ago);
    let sure = 0.995;
    for (kind, severity, wanted) in [
        (Found::CreativeFatigue, Severity::Low, Some(Kind::RefreshCreative)),
        (Found::TrackingOutage, Severity::High, Some(Kind::FixTracking)),
        (Found::LtvDrift, Severity::Low, Some(Kind::RetentionPush)),
        (Found::LtvDrift, Severity::Info, None),
        (Found::DeliveryCollapse, Severity::Low, Some(Kind::Investigate)),
        (Found::Drop, Severity::Medium, Some(Kind::Investigate)),
        (Found::RoiDecay, Severity::High, Some(Kind::Investigate)),
        (Found::Drop, Severity::Low, None),
        (Found::Spike, Severity::High, None),
    ] {
        assert_eq!(asked(kind, severity, sure, 1), wanted, "{kind:?}");
    }
    assert_eq!(asked(Found::Drop, Severity::High, 0.95, 1), None, "one in twenty is too many to look at each");
    assert_eq!(asked(Found::TrackingOutage, Severity::High, sure, 14), None, "it is long over");
    assert_eq!(asked_of(&About::agency(), Found::TrackingOutage, Severity::High, sure, 1), None, "it is nobody's");
}
