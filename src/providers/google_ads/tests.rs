use std::time::Duration;

use http::StatusCode;
use model::metric::Measures;
use rust_decimal::Decimal;
use serde_json::Value;
use time::macros::date;

use super::*;

const DAYS: Days = Days { first: date!(2026 - 01 - 01), last: date!(2026 - 01 - 07) };
const MASK: &str = "segments.date,campaign.id,campaign.name,campaign.status,metrics.costMicros,metrics.impressions,\
                    metrics.clicks,metrics.conversions,metrics.conversionsValue";

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn answer(status: u16, body: &Value) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers: Default::default(), body: body.to_string().into() }
}

/// A stream of one chunk for each list of rows.
fn stream(mask: &str, chunks: &[Value]) -> wire::Stream {
    let chunks = chunks.iter().map(|rows| json!({ "results": rows, "fieldMask": mask, "requestId": "x" }));
    wire::Stream::read(&answer(200, &chunks.collect())).unwrap()
}

fn row(metrics: Value) -> Value {
    json!({
        "campaign": { "resourceName": "customers/1/campaigns/21000000001", "id": "21000000001", "name": "Brand – Search",
                      "status": "ENABLED" },
        "adGroup": { "id": "151", "name": "Shoes", "status": "PAUSED" },
        "adGroupAd": { "status": "REMOVED", "ad": { "id": "7001", "name": "RSA", "finalUrls": ["https://a.test/", "https://b.test/"] } },
        "segments": { "date": "2026-01-05" }, "metrics": metrics
    })
}

fn measures(mask: &str, metrics: Value) -> Measures {
    stream(mask, &[json!([row(metrics)])]).report(Level::Campaign, DAYS, ATTRIBUTION).unwrap().rows.remove(0).measures
}

#[test]
fn micros_and_texts_are_read_exactly() {
    let said = measures(
        MASK,
        json!({ "costMicros": "2500000", "clicks": "10", "impressions": "200", "conversions": 1.5, "conversionsValue": 412.25 }),
    );
    assert_eq!((said.spend, said.clicks, said.impressions), (Some(dec("2.50")), Some(10), Some(200)));
    assert_eq!((said.conversions, said.claimed_revenue), (Some(dec("1.5")), Some(dec("412.25"))));
    assert_eq!((said.orders, said.ledger_revenue), (None, None));
    let text = |text: &str| measures(MASK, json!({ "costMicros": text, "conversions": "1.5" }));
    assert_eq!(text("1").spend, Some(dec("0.000001")));
    assert_eq!(text("9223372036854775807").spend, Some(dec("9223372036854.775807")));
    assert_eq!(text("0").conversions, Some(dec("1.5")));
}

#[test]
fn a_zero_that_was_left_out_is_zero_and_what_was_not_answered_is_nothing() {
    let zero = measures(MASK, json!({ "clicks": "0" }));
    assert_eq!((zero.spend, zero.clicks, zero.impressions), (Some(Decimal::ZERO), Some(0), Some(0)));
    assert_eq!((zero.conversions, zero.claimed_revenue), (Some(Decimal::ZERO), Some(Decimal::ZERO)));
    let clicks_only = measures("segments.date,metrics.clicks", json!({}));
    assert_eq!(clicks_only, Measures { clicks: Some(0), ..Measures::default() });
    assert!(measures("segments.date,metrics.clicksPerDay", json!({})).nothing());
}

#[test]
fn each_level_has_its_own_id_name_and_parent() {
    let rows = json!([row(json!({}))]);
    let entity =
        |level| stream(MASK, std::slice::from_ref(&rows)).report(level, DAYS, ATTRIBUTION).unwrap().entities.remove(0);
    let (campaign, group, ad) = (entity(Level::Campaign), entity(Level::Group), entity(Level::Ad));
    assert_eq!((campaign.external_id.as_str(), campaign.name.as_str()), ("21000000001", "Brand – Search"));
    assert_eq!((campaign.parent_id, campaign.status.as_str()), (None, "ENABLED"));
    assert_eq!((group.external_id.as_str(), group.parent_id.as_deref()), ("151", Some("21000000001")));
    assert_eq!((ad.external_id.as_str(), ad.parent_id.as_deref()), ("151~7001", Some("151")));
    assert_eq!((ad.status.as_str(), ad.creative.as_deref()), ("REMOVED", Some("https://a.test/")));
}

#[test]
fn all_chunks_count_and_a_row_that_was_not_asked_for_is_refused() {
    let chunks =
        [json!([row(json!({ "clicks": "1" })), row(json!({ "clicks": "2" }))]), json!([row(json!({ "clicks": "3" }))])];
    let report = stream(MASK, &chunks).report(Level::Campaign, DAYS, ATTRIBUTION).unwrap();
    let clicks: Vec<_> = report.rows.iter().map(|row| row.measures.clicks.unwrap()).collect();
    assert_eq!((clicks, report.entities.len()), (vec![1, 2, 3], 1));
    let earlier = Days { last: date!(2026 - 01 - 04), ..DAYS };
    assert_eq!(stream(MASK, &chunks).report(Level::Campaign, earlier, ATTRIBUTION).unwrap_err().key(), "malformed");
    let nothing = wire::Stream::read(&answer(200, &json!([]))).unwrap();
    assert_eq!(nothing.report(Level::Campaign, DAYS, ATTRIBUTION), Ok(Report::default()));
}

#[test]
fn a_stream_that_breaks_off_is_worth_nothing() {
    let broken = json!([
        { "results": [row(json!({ "clicks": "1" }))], "fieldMask": MASK },
        { "error": { "code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE" } }
    ]);
    let error = wire::Stream::read(&answer(200, &broken)).err();
    assert_eq!(error, Some(Error::Unavailable("The service is currently unavailable.".into())));
}

fn failure(code: u16, kind: &str, word: &str, details: Value) -> Value {
    let error = json!({ "errorCode": { kind: word }, "message": "Words.", "details": details });
    let failure =
        json!({ "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure", "errors": [error] });
    json!({ "error": { "code": code, "message": "General words.", "status": "X", "details": [failure] } })
}

#[test]
fn refusals_have_their_kind_and_googles_words() {
    let said = |status, body: &Value| fault(&answer(status, body)).unwrap();
    let both = |body: Value| {
        let status = body["error"]["code"].as_u64().unwrap().try_into().unwrap();
        let (alone, listed) = (said(status, &body), said(status, &json!([body])));
        assert_eq!(alone, listed);
        alone
    };
    assert_eq!(fault(&answer(200, &json!([]))), None);
    let expired = both(failure(401, "authenticationError", "OAUTH_TOKEN_REVOKED", Value::Null));
    assert_eq!(expired, Error::Unauthorized("Words. (OAUTH_TOKEN_REVOKED)".into()));
    for (code, kind, word) in [
        (401, "authenticationError", "CUSTOMER_NOT_FOUND"),
        (401, "authenticationError", "DEVELOPER_TOKEN_INVALID"),
        (403, "authorizationError", "USER_PERMISSION_DENIED"),
        (403, "authorizationError", "CUSTOMER_NOT_ENABLED"),
        (400, "queryError", "UNRECOGNIZED_FIELD"),
    ] {
        assert_eq!(both(failure(code, kind, word, Value::Null)), Error::Rejected(format!("Words. ({word})")));
    }
    let delay = json!({ "quotaErrorDetails": { "rateScope": "ACCOUNT", "retryDelay": "30.5s" } });
    let limited = both(failure(429, "quotaError", "RESOURCE_EXHAUSTED", delay));
    assert_eq!(limited, Error::RateLimited { after: Duration::from_millis(30_500) });
    let daily = json!({ "quotaErrorDetails": { "rateScope": "DEVELOPER", "retryDelay": "86400s" } });
    assert_eq!(
        both(failure(429, "quotaError", "RESOURCE_EXHAUSTED", daily)),
        Error::RateLimited { after: crate::LONGEST_PAUSE }
    );
    assert_eq!(both(failure(500, "internalError", "INTERNAL_ERROR", Value::Null)).key(), "unavailable");
    let scope = json!({ "error": { "code": 403, "message": "Insufficient scopes.", "details": [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT" }] } });
    assert_eq!(both(scope), Error::Unauthorized("Insufficient scopes.".into()));
}

#[test]
fn a_refused_refresh_means_reconnect_and_a_refused_client_does_not() {
    let said = |status, error: &str| {
        fault(&answer(status, &json!({ "error": error, "error_description": "Words." }))).unwrap()
    };
    assert_eq!(said(400, "invalid_grant"), Error::Unauthorized("Words. (invalid_grant)".into()));
    assert_eq!(said(401, "invalid_client"), Error::Rejected("Words. (invalid_client)".into()));
    assert_eq!(said(503, "backend_error").key(), "unavailable");
}

#[test]
fn pages_cover_every_day_of_every_level_once() {
    // Rows of a day, by level: what the pages hold decides how many days the next one has.
    for of_a_day in [[0, 0, 0], [1, 3, 9], [2_000, 8_000, 30_000], [90_000, 90_000, 90_000]] {
        let mut seen: BTreeMap<&str, Vec<Date>> = BTreeMap::new();
        let mut page = Some(Place::first(DAYS));
        while let Some(place) = page {
            let days = seen.entry(place.depth.level.key()).or_default();
            days.extend(DAYS.newest_first(1).map(|day| day.first).filter(|day| place.days.contains(*day)));
            let level = DEPTHS.iter().position(|depth| depth.level == place.depth.level).unwrap();
            let rows = of_a_day[level] * usize::try_from(place.days.count()).unwrap();
            page = place.next(DAYS, rows).map(|text| Place::read(&text, DAYS).unwrap());
        }
        for days in seen.values_mut() {
            days.sort_unstable();
            assert_eq!(days.len(), 7, "{of_a_day:?}");
            days.dedup();
            assert_eq!(days.len(), 7, "{of_a_day:?}");
        }
        assert_eq!(seen.len(), DEPTHS.len());
    }
}

#[test]
fn few_rows_make_few_pages_and_many_rows_small_ones() {
    let campaigns = Place::first(DAYS);
    assert_eq!(campaigns.next(DAYS, 7 * 20).as_deref(), Some("group 2026-01-01 7"));
    assert_eq!(campaigns.next(DAYS, 7 * 2_000).as_deref(), Some("group 2026-01-01 2"));
    let groups = Place::read("group 2026-01-01 2", DAYS).unwrap();
    assert_eq!(groups.next(DAYS, 40_000).as_deref(), Some("group 2026-01-03 1"));
    let last = Place::read("ad 2026-01-07 1", DAYS).unwrap();
    assert_eq!(last.next(DAYS, 100_000), None);
    for broken in [
        "",
        "group",
        "group 2026-01-01",
        "group 2026-01-01 0",
        "group 2026-01-01 8",
        "group 2026-01-08 1",
        "account 2026-01-01 1",
    ] {
        assert!(Place::read(broken, DAYS).is_none(), "{broken}");
    }
}

#[test]
fn an_account_is_digits_and_nothing_else() {
    assert_eq!(digits("1234567890"), Ok("1234567890"));
    for bad in ["", "123-456-7890", "1/../2", "1 ", "١"] {
        assert!(digits(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn the_hosts_are_googles_own_or_the_one_in_their_place() {
    let hosts = GoogleAds.hosts(None).unwrap();
    let named = [hosts.api, hosts.consent, hosts.tokens].map(|url| url.to_string());
    assert_eq!(
        named,
        ["https://googleads.googleapis.com/", "https://accounts.google.com/", "https://oauth2.googleapis.com/"]
    );
    let replaced: Url = "http://127.0.0.1:1/".parse().unwrap();
    let hosts = GoogleAds.hosts(Some(&replaced)).unwrap();
    assert_eq!([hosts.api, hosts.consent, hosts.tokens], [replaced.clone(), replaced.clone(), replaced]);
}
