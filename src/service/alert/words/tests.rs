//! What alerts and findings say.

use model::id::AlertId;
use serde_json::json;
use time::{OffsetDateTime, macros::date};

use super::*;

fn alert(kind: FindingKind, metric: Option<&str>, size: Value) -> Alert {
    let nil = uuid::Uuid::nil();
    Alert {
        id: AlertId(nil),
        kind,
        severity: Severity::High,
        level: "channel".into(),
        entity: "x".into(),
        entity_name: None,
        first_day: date!(2026 - 11 - 03),
        last_day: date!(2026 - 11 - 05),
        client_id: None,
        client: Some("Bakery".into()),
        channel_id: None,
        channel: Some("Radio".into()),
        channels: Vec::new(),
        body: json!({"metric": metric, "size": size, "probability": 0.9991}).to_string(),
        first_state_id: BrainStateId(nil),
        state_id: BrainStateId(nil),
        number: None,
        first_seen_at: OffsetDateTime::UNIX_EPOCH,
        last_seen_at: OffsetDateTime::UNIX_EPOCH,
        ended_at: None,
        acknowledged: None,
        snoozed: None,
    }
}

#[test]
fn an_alert_says_what_where_when_how_large_and_how_sure() {
    let size = json!({"value": -320.4, "low": -400.0, "high": -240.0, "confidence": 0.95, "unit": "count"});
    let words = of(&alert(FindingKind::Drop, Some("clicks"), size));
    assert_eq!(words.title, "Clicks: far below what was to be expected");
    assert_eq!(words.place, "Bakery · Radio");
    assert_eq!(
        words.detail,
        "3 to 5 Nov 2026: −320.4 a day against what was to be expected (95 % sure: between −400 and −240)"
    );
    assert_eq!(words.sure.as_deref(), Some("over 99 % sure"));
    let money = json!({"value": 1234.5, "low": 1234.5, "high": 1234.5, "confidence": 1.0, "unit": {"money": "EUR"}});
    let words = of(&alert(FindingKind::ChangePoint, Some("spend"), money));
    assert_eq!(words.detail, "3 to 5 Nov 2026: +1,234.50 EUR a day against before");
    let words = of(&alert(FindingKind::TrackingOutage, Some("claimed_conversions"), Value::Null));
    assert_eq!(words.detail, "3 to 5 Nov 2026", "what has no size says none");
    let drift = json!({"value": -0.2, "low": -0.3, "high": -0.1, "confidence": 0.9, "unit": "change"});
    let words = of(&alert(FindingKind::LtvDrift, Some("ltv_90"), drift));
    assert_eq!(words.title, "New customers are worth less");
    assert_eq!(words.detail, "3 to 5 Nov 2026: −20 % (90 % sure: between −30 % and −10 %)");
}

#[test]
fn every_number_of_an_alert_opens_at_its_place_once_that_is_known() {
    use model::figure::Piece;
    let size = json!({"value": -320.4, "low": -400.0, "high": -240.0, "confidence": 0.95, "unit": "count"});
    let mut event = alert(FindingKind::Drop, Some("clicks"), size);
    let figures = |line: &Line| line.pieces().iter().filter(|piece| matches!(piece, Piece::Figure(..))).count();
    assert_eq!(figures(&told(&event).detail), 0, "nobody knows where it stands");
    event.number = Some(7);
    let opened = told(&event);
    assert_eq!((figures(&opened.detail), opened.sure.as_ref().map(figures)), (4, Some(1)));
    assert_eq!(opened.detail.text(), of(&event).detail);
    let id = FigureId::Said { state: event.state_id, outcome: 7, path: "/size/value".into() }.to_string();
    assert!(opened.detail.pieces().contains(&Piece::Figure(id, "−320.4".into())));
}

#[test]
fn days_on_which_much_moved_say_how_much_and_known_days_are_named() {
    let size = json!({"value": 0.09, "low": 0.09, "high": 0.09, "confidence": 1.0, "unit": "share"});
    let mut event = alert(FindingKind::MovedTogether, None, Value::Null);
    let counted = |first: &str, last: &str| {
        json!({"first": first, "last": last, "size": size, "probability": 1.0, "basis": [
            {"name": "series_that_moved", "value": 12.0, "first": "2026-11-27", "last": "2026-11-27"},
            {"name": "series_looked_at", "value": 130.0, "first": "2026-11-27", "last": "2026-11-27"}]})
    };
    event.body = counted("2026-11-27", "2026-11-27").to_string();
    let words = of(&event);
    assert_eq!(words.detail, "27 Nov 2026: 12 of 130 series moved, more than chance explains");
    assert_eq!(words.sure, None);
    event.body = counted("2026-11-26", "2026-11-28").to_string();
    assert!(of(&event).detail.contains("12 of 130 series moved on 27 Nov 2026, the most of these days"));
    let mut fall = alert(FindingKind::Drop, Some("clicks"), Value::Null);
    (fall.first_day, fall.last_day) = (date!(2026 - 12 - 25), date!(2026 - 12 - 25));
    fall.body = json!({"metric": "clicks", "first": "2026-12-25", "last": "2026-12-25", "size": null,
        "calendar": "Christmas", "others": ["spend", "impressions"]})
    .to_string();
    let detail = "25 Dec 2026, on Christmas, as shops know it; spend and impressions moved the same way in these days";
    assert_eq!(of(&fall).detail, detail);
}

#[test]
fn a_size_is_told_of_its_own_days_and_the_event_since_its_first() {
    let size = json!({"value": -320.0, "low": -320.0, "high": -320.0, "confidence": 0.95, "unit": "count"});
    let mut event = alert(FindingKind::DeliveryCollapse, Some("clicks"), Value::Null);
    event.last_day = date!(2026 - 11 - 07);
    let body = |first: &str, size: &Value| {
        json!({"metric": "clicks", "first": first, "last": "2026-11-07", "size": size}).to_string()
    };
    event.body = body("2026-11-04", &size);
    let detail = "4 to 7 Nov 2026 (since 3 Nov 2026): −320 a day against what was to be expected";
    assert_eq!(of(&event).detail, detail);
    event.body = body("2026-11-04", &Value::Null);
    assert_eq!(of(&event).detail, "4 to 7 Nov 2026 (since 3 Nov 2026)");
    event.kind = FindingKind::LtvDrift;
    assert_eq!(of(&event).detail, "4 to 7 Nov 2026", "what does not go on has its own days alone");
    event.kind = FindingKind::Drop;
    event.body = body("2026-11-03", &Value::Null);
    assert_eq!(of(&event).detail, "3 to 7 Nov 2026");
}

#[test]
fn an_outage_names_the_channels_that_it_covers() {
    let mut outage = alert(FindingKind::TrackingOutage, Some("claimed_conversions"), Value::Null);
    outage.channels = vec!["Radio".into()];
    assert_eq!(of(&outage).place, "Bakery · Radio");
    outage.channels.push("Search".into());
    outage.channel = None;
    assert_eq!(of(&outage).place, "Bakery · Radio, Search");
}

#[test]
fn an_ad_has_its_name_and_without_one_its_id() {
    let mut tired = alert(FindingKind::CreativeFatigue, Some("ctr"), Value::Null);
    tired.level = "creative".into();
    assert_eq!(of(&tired).place, "Bakery · Radio · ad x");
    tired.entity_name = Some("Spring".into());
    assert_eq!(of(&tired).place, "Bakery · Radio · ad “Spring”");
}

#[test]
fn every_kind_has_words_and_a_body_that_cannot_be_read_invents_none() {
    for kind in FindingKind::ALL {
        let mut one = alert(*kind, None, Value::Null);
        one.body = "nonsense".into();
        let words = of(&one);
        assert!(!words.title.is_empty() && words.sure.is_none() && words.detail == "3 to 5 Nov 2026", "{words:?}");
    }
}

#[test]
fn days_are_told_once() {
    assert_eq!(range(date!(2026 - 11 - 03), date!(2026 - 11 - 03)), "3 Nov 2026");
    assert_eq!(range(date!(2026 - 10 - 30), date!(2026 - 11 - 02)), "30 Oct to 2 Nov 2026");
    assert_eq!(range(date!(2025 - 12 - 30), date!(2026 - 01 - 02)), "30 Dec 2025 to 2 Jan 2026");
}
