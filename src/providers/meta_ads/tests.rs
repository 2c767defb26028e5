use http::StatusCode;
use model::metric::{DayRow, Level, Measures};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::macros::date;

use super::{
    place::Waiting,
    refusal::fault,
    wire::{Insight, List, Outcome, RunState},
    *,
};
use crate::{Answer, LONGEST_PAUSE};

const DAYS: Days = Days { first: date!(2023 - 06 - 01), last: date!(2023 - 06 - 07) };

fn dec(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

/// A row as Meta sends it, with these fields beside its ids.
fn row(fields: &Value) -> Value {
    let mut row = json!({
        "account_currency": "USD", "campaign_id": "c1", "campaign_name": "Prospecting", "adset_id": "s1",
        "adset_name": "US 25-44", "ad_id": "a1", "ad_name": "Video A", "date_start": "2023-06-01", "date_stop": "2023-06-01"
    });
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    row
}

fn report(level: Level, fields: &Value) -> Result<Report> {
    let list: List<Insight> = serde_json::from_value(json!({ "data": [row(fields)] })).unwrap();
    list.report(level, DAYS, "USD")
}

fn only(fields: &Value) -> DayRow {
    report(Level::Ad, fields).unwrap().rows.remove(0)
}

fn measures(fields: &Value) -> Measures {
    only(fields).measures
}

#[test]
fn texts_are_numbers_and_count_and_value_of_purchases_are_told_apart() {
    let said = measures(&json!({
        "spend": "14.35", "impressions": "185", "clicks": "9",
        "actions": [{ "action_type": "link_click", "value": "9" }, { "action_type": "omni_purchase", "value": "3" }],
        "action_values": [{ "action_type": "omni_purchase", "value": "412.25" }]
    }));
    assert_eq!((said.spend, said.impressions, said.clicks), (dec("14.35"), Some(185), Some(9)));
    assert_eq!((said.conversions, said.claimed_revenue), (dec("3"), dec("412.25")));
    assert_eq!((said.orders, said.ledger_revenue), (None, None));
}

#[test]
fn purchases_of_several_kinds_are_never_added_and_count_and_value_are_of_one_kind() {
    let list = |kinds: &[(&str, &str)]| -> Value {
        kinds.iter().map(|(kind, value)| json!({ "action_type": kind, "value": value })).collect()
    };
    let said = |counts: &[(&str, &str)], values: &[(&str, &str)]| {
        let said = measures(&json!({ "actions": list(counts), "action_values": list(values) }));
        (said.conversions, said.claimed_revenue)
    };
    let (omni, plain, pixel) =
        (("omni_purchase", "5"), ("purchase", "4"), ("offsite_conversion.fb_pixel_purchase", "3"));
    assert_eq!(said(&[pixel, plain, omni], &[plain, pixel, omni]), (dec("5"), dec("5")));
    assert_eq!(said(&[pixel, plain], &[pixel, plain]), (dec("4"), dec("4")));
    assert_eq!(said(&[pixel], &[pixel]), (dec("3"), dec("3")));
    // The value of the pixel's purchases is not that of all of them.
    assert_eq!(said(&[omni, pixel], &[pixel]), (dec("5"), None));
    assert_eq!(said(&[], &[plain]), (None, dec("4")));
    assert_eq!(said(&[("link_click", "9")], &[]), (None, None));
}

#[test]
fn nothing_reported_is_nothing_and_not_zero() {
    assert!(measures(&json!({})).nothing());
    let zero = measures(&json!({ "spend": "0", "actions": [{ "action_type": "purchase", "value": "0" }] }));
    assert_eq!((zero.spend, zero.conversions, zero.claimed_revenue), (dec("0"), dec("0"), None));
}

#[test]
fn the_window_is_kept_with_each_row() {
    let window = |setting: Value| only(&json!({ "attribution_setting": setting })).attribution;
    assert_eq!(window(json!("7d_click_1d_view")), "7d_click_1d_view");
    assert_eq!(window(json!("")), ATTRIBUTION);
    assert_eq!(window(Value::Null), ATTRIBUTION);
}

#[test]
fn each_level_has_its_own_id_name_and_parent() {
    let entity = |level| report(level, &json!({})).unwrap().entities.remove(0);
    let named = |level| {
        let entity = entity(level);
        (entity.external_id, entity.name, entity.parent_id)
    };
    let owned =
        |id: &str, name: &str, parent: Option<&str>| (id.to_owned(), name.to_owned(), parent.map(str::to_owned));
    assert_eq!(named(Level::Campaign), owned("c1", "Prospecting", None));
    assert_eq!(named(Level::Group), owned("s1", "US 25-44", Some("c1")));
    assert_eq!(named(Level::Ad), owned("a1", "Video A", Some("s1")));
}

#[test]
fn another_day_two_days_at_once_or_another_currency_make_a_report_unreadable() {
    for fields in [
        json!({ "date_start": "2023-06-08", "date_stop": "2023-06-08" }),
        json!({ "date_stop": "2023-06-02" }),
        json!({ "account_currency": "EUR" }),
        json!({ "ad_id": null }),
    ] {
        assert_eq!(report(Level::Ad, &fields).unwrap_err().key(), "malformed", "{fields}");
    }
}

#[test]
fn a_creative_is_what_the_ad_says_or_where_it_leads() {
    let of = |creative: Value| {
        let ad = json!({ "id": "a1", "name": "Video A", "effective_status": "ACTIVE", "adset_id": "s1", "creative": creative });
        serde_json::from_value::<wire::Object>(ad).unwrap().entity(Level::Ad)
    };
    let ad = of(json!({ "id": "9", "title": "Sale", "body": "Now in blue" }));
    assert_eq!((ad.status.as_str(), ad.parent_id.as_deref()), ("ACTIVE", Some("s1")));
    assert_eq!(ad.creative.as_deref(), Some("Now in blue"));
    assert_eq!(of(json!({ "link_url": "https://a.test/" })).creative.as_deref(), Some("https://a.test/"));
    assert_eq!((of(json!({ "id": "9" })).creative, of(Value::Null).creative), (None, None));
}

#[test]
fn only_a_link_makes_another_page_and_only_its_cursor_is_used() {
    let next = |paging: Value, after: &str| {
        serde_json::from_value::<List<Value>>(json!({ "data": [], "paging": paging })).unwrap().next(after)
    };
    let evil = "https://evil.test/v26.0/act_1/insights?access_token=x&after=other";
    assert_eq!(next(json!({ "cursors": { "before": "x", "after": "NzIZD" } }), ""), Ok(None));
    assert_eq!(next(json!({ "cursors": { "after": "NzIZD" }, "next": evil }), ""), Ok(Some("NzIZD".into())));
    assert_eq!(next(Value::Null, ""), Ok(None));
    for endless in [json!({ "next": evil }), json!({ "cursors": { "after": "" }, "next": evil })] {
        assert_eq!(next(endless, "").unwrap_err().key(), "malformed");
    }
    assert_eq!(next(json!({ "cursors": { "after": "same" }, "next": evil }), "same").unwrap_err().key(), "malformed");
}

fn answer(status: u16, headers: &[(&'static str, &str)], error: Value) -> Answer {
    let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body: json!({ "error": error }).to_string().into(),
    }
}

#[test]
fn the_code_says_what_a_refusal_is() {
    let key = |status, error| fault(&answer(status, &[], error)).unwrap().key();
    let code = |code: i64| json!({ "message": "Words", "type": "OAuthException", "code": code });
    for limit in [4, 17, 32, 613, 80_000, 80_004, 80_014] {
        assert_eq!(key(400, code(limit)), "rate_limited", "{limit}");
    }
    assert_eq!((key(400, code(190)), key(400, code(102))), ("unauthorized", "unauthorized"));
    assert_eq!((key(500, code(1)), key(400, code(2))), ("unavailable", "unavailable"));
    assert_eq!((key(403, code(200)), key(400, code(10)), key(400, code(100))), ("rejected", "rejected", "rejected"));
    assert_eq!(key(400, json!({ "code": 100, "error_subcode": 1_504_018 })), "unavailable");
    assert_eq!(key(400, json!({ "code": 3000, "is_transient": true })), "unavailable");
    assert_eq!(key(503, json!({ "code": 3000 })), "unavailable");
    let expired = json!({ "message": "Session has expired.", "code": 190, "error_subcode": 463 });
    assert_eq!(
        fault(&answer(400, &[], expired)),
        Some(Error::Unauthorized("Session has expired. (code 190/463)".into()))
    );
    let both = json!({ "message": "Invalid parameter", "error_user_msg": "The range is too long.", "code": 100 });
    assert_eq!(fault(&answer(400, &[], both)), Some(Error::Rejected("The range is too long. (code 100)".into())));
    let fine = Answer { status: StatusCode::OK, headers: Default::default(), body: b"{}".to_vec() };
    assert_eq!(fault(&fine), None);
}

#[test]
fn a_limit_says_in_minutes_how_long() {
    let pause = |headers: &[(&'static str, &str)]| match fault(&answer(400, headers, json!({ "code": 80_004 }))) {
        Some(Error::RateLimited { after }) => after,
        other => panic!("{other:?}"),
    };
    let usage = |minutes: u64| {
        let of = |kind: &str, minutes: u64| json!({ "type": kind, "call_count": 100, "estimated_time_to_regain_access": minutes });
        json!({ "111": [of("ads_insights", 0), of("ads_management", minutes)] }).to_string()
    };
    assert_eq!(pause(&[("x-business-use-case-usage", &usage(4))]), Duration::from_secs(240));
    assert_eq!(pause(&[("x-business-use-case-usage", &usage(600))]), LONGEST_PAUSE);
    assert_eq!(
        pause(&[("x-ad-account-usage", r#"{"acc_id_util_pct":100,"reset_time_duration":90}"#)]),
        Duration::from_secs(90)
    );
    assert_eq!(pause(&[("x-business-use-case-usage", &usage(0)), ("retry-after", "30")]), Duration::from_secs(30));
    for unsaid in [vec![], vec![("x-business-use-case-usage", "?")]] {
        assert_eq!(pause(&unsaid), Duration::from_secs(60));
    }
}

#[test]
fn a_report_is_being_made_ready_or_failed() {
    let outcome = |state: Value| serde_json::from_value::<RunState>(state).unwrap().outcome();
    for running in ["Job Not Started", "Job Started", "Job Running"] {
        assert!(matches!(
            outcome(json!({ "async_status": running, "async_percent_completion": 99 })),
            Outcome::Running
        ));
    }
    assert!(matches!(outcome(json!({ "async_status": "Job Completed" })), Outcome::Ready));
    let failed = |code: i64| match outcome(
        json!({ "async_status": "Job Failed", "error_code": code, "error_message": "Words" }),
    ) {
        Outcome::Failed(error) => error.key(),
        _ => panic!(),
    };
    assert_eq!(
        (failed(-2), failed(100), failed(4), failed(0)),
        ("unavailable", "rejected", "rate_limited", "unavailable")
    );
}

#[test]
fn a_place_is_read_as_it_is_written() {
    for text in [
        "campaign sync ",
        "group sync MTAw",
        "ad start 2",
        "ad wait 602 3 1",
        "group result 602 ",
        "group result 602 a b",
        "ad list x",
    ] {
        assert_eq!(Place::read(text).map(|place| place.to_string()).as_deref(), Some(text));
    }
    let waiting = Place::read("ad wait 602 3 1").unwrap();
    assert!(matches!(waiting.step, Step::Wait(Waiting { run, calls: 3, starts: 1 }) if run == "602"));
    for broken in [
        "",
        "campaign",
        "campaign sync",
        "account sync x",
        "ad start x",
        "ad wait 602",
        "ad wait 602 3",
        "ad result 602",
        "ad read 1",
    ] {
        assert!(Place::read(broken).is_none(), "{broken}");
    }
}

#[test]
fn long_reports_are_made_in_the_background() {
    let longer = Days { last: date!(2023 - 06 - 08), ..DAYS };
    assert_eq!(Place::first(&DEPTHS[0], DAYS).to_string(), "campaign sync ");
    assert_eq!(Place::first(&DEPTHS[1], longer).to_string(), "group start 0");
}

#[test]
fn consent_is_at_a_host_of_its_own() {
    let hosts = MetaAds.hosts(None).unwrap();
    assert_eq!(
        (hosts.consent.as_str(), hosts.tokens.as_str()),
        ("https://www.facebook.com/", "https://graph.facebook.com/")
    );
    assert_eq!(hosts.api, hosts.tokens);
    let replaced: Url = "http://127.0.0.1:1/".parse().unwrap();
    let hosts = MetaAds.hosts(Some(&replaced)).unwrap();
    assert_eq!([hosts.api, hosts.consent, hosts.tokens], [replaced.clone(), replaced.clone(), replaced]);
}
