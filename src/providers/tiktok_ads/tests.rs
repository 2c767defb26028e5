use http::StatusCode;
use model::metric::Measures;
use time::macros::date;

use super::*;

const DAYS: Days = Days { first: date!(2024 - 01 - 01), last: date!(2024 - 01 - 30) };

fn rows(metrics: &str) -> wire::Rows {
    let dimensions = r#"{"stat_time_day":"2024-01-02 00:00:00","campaign_id":"c1","adgroup_id":"g1","ad_id":"a1"}"#;
    let text = format!(
        r#"{{"list":[{{"dimensions":{dimensions},"metrics":{metrics}}}],"page_info":{{"page":1,"total_page":1}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn measures(metrics: &str) -> Measures {
    rows(metrics).report(Level::Campaign, DAYS, ATTRIBUTION).unwrap().rows.remove(0).measures
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: Default::default(), body: body.into() }
}

#[test]
fn texts_are_numbers_and_a_dash_is_not_reported() {
    let said = measures(
        r#"{"spend":"20.10","impressions":"4696","clicks":51,"conversion":"-",
            "total_complete_payment_rate":"100.05","total_purchase_value":"0.10"}"#,
    );
    let decimal = |text: &str| Some(text.parse().unwrap());
    assert_eq!(said.spend, decimal("20.10"));
    assert_eq!((said.impressions, said.clicks), (Some(4696), Some(51)));
    assert_eq!(said.conversions, None);
    assert_eq!(said.claimed_revenue, decimal("100.15"));
    assert_eq!(said.ledger_revenue, None);
}

#[test]
fn nothing_reported_is_nothing_and_not_zero() {
    assert!(measures("{}").nothing());
    let said = measures(r#"{"spend":"0.00","total_purchase_value":"0.00"}"#);
    assert_eq!((said.spend, said.claimed_revenue), (Some("0".parse().unwrap()), Some("0".parse().unwrap())));
}

#[test]
fn each_level_has_its_own_id_name_and_parent() {
    let metrics = r#"{"campaign_id":"c1","campaign_name":"Spring","adgroup_id":"g1","adgroup_name":"Women",
                      "ad_name":"Film","ad_text":"Now in blue"}"#;
    let entity = |level| rows(metrics).report(level, DAYS, ATTRIBUTION).unwrap().entities.remove(0);
    let (campaign, group, ad) = (entity(Level::Campaign), entity(Level::Group), entity(Level::Ad));
    assert_eq!((campaign.external_id.as_str(), campaign.name.as_str(), campaign.parent_id), ("c1", "Spring", None));
    assert_eq!((group.external_id.as_str(), group.name.as_str()), ("g1", "Women"));
    assert_eq!(group.parent_id.as_deref(), Some("c1"));
    assert_eq!((ad.external_id.as_str(), ad.name.as_str()), ("a1", "Film"));
    assert_eq!((ad.parent_id.as_deref(), ad.creative.as_deref()), (Some("g1"), Some("Now in blue")));
}

#[test]
fn a_row_that_was_not_asked_for_is_refused() {
    let days = Days { first: date!(2024 - 01 - 03), last: date!(2024 - 01 - 30) };
    assert_eq!(rows("{}").report(Level::Ad, days, ATTRIBUTION).unwrap_err().key(), "malformed");
}

#[test]
fn the_code_decides_inside_status_200() {
    let key = |status, body: &str| fault(&answer(status, body)).map(|error| error.key());
    assert_eq!(key(200, r#"{"code":0,"message":"OK","data":{}}"#), None);
    assert_eq!(key(200, r#"{"data":{}}"#), None);
    assert_eq!(key(200, r#"{"code":40100,"message":"Too many requests. Please retry later."}"#), Some("rate_limited"));
    assert_eq!(
        key(200, r#"{"code":40105,"message":"Access token is incorrect or has been revoked."}"#),
        Some("unauthorized")
    );
    assert_eq!(key(200, r#"{"code":40001,"message":"No permission to operate advertiser 1"}"#), Some("rejected"));
    assert_eq!(key(200, r#"{"code":50000,"message":"System error"}"#), Some("unavailable"));
    assert_eq!(key(400, r#"{"code":40105,"message":"x"}"#), Some("unauthorized"));
    assert_eq!(key(503, "<html>"), Some("unavailable"));
    let Some(Error::Rejected(words)) = fault(&answer(200, r#"{"code":40001,"message":"No permission"}"#)) else {
        panic!()
    };
    assert_eq!(words, "No permission (code 40001)");
}

#[test]
fn a_report_that_was_cut_off_is_refused() {
    let mut answer = answer(200, r#"{"code":0,"data":{}}"#);
    answer.headers.insert("x-tt-ads-throttle", "only return the top 20k id's results".parse().unwrap());
    assert_eq!(fault(&answer).unwrap().key(), "rejected");
}

#[test]
fn a_higher_permission_includes_ours() {
    assert_eq!(with_included(&[4, 15]), ["4", "15", "44"]);
    assert_eq!(with_included(&[1, 44]), ["1", "44", "100"]);
    assert_eq!(DESCRIPTOR.missing(&with_included(&[15])).len(), 2);
    assert!(DESCRIPTOR.missing(&with_included(&[10, 4])).is_empty());
}

#[test]
fn pages_are_told_by_level_and_number() {
    assert!(place("group 3").is_some_and(|(depth, number)| depth.level == Level::Group && number == 3));
    for broken in ["", "group", "group 0", "account 1", "group x"] {
        assert!(place(broken).is_none(), "{broken}");
    }
}
