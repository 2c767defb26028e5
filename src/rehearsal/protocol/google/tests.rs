//! The way of an app through the protocol, from consent to reports and changes, and what wrong questions get.

use std::collections::BTreeMap;

use super::*;
use crate::{
    Level, World,
    protocol::test::{self, REDIRECT},
};
use time::{Date, Duration, macros::date};

const NOW: OffsetDateTime = time::macros::datetime!(2026-06-15 09:00 UTC);
const TODAY: Date = date!(2026 - 06 - 15);

fn desk() -> Desk {
    test::desk(World::since(11, date!(2026 - 03 - 17), TODAY).unwrap())
}

fn ask_at(
    desk: &Desk,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
    now: OffsetDateTime,
) -> (u16, Value) {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let question = Question {
        method: method.into(),
        path: path.into(),
        query: form(query),
        headers,
        body: body.as_bytes().to_vec(),
        early: false,
    };
    let answer = answer(desk, &question, now).unwrap();
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(json!(answer.body)))
}

/// The code that the `at`th choice of the page of consent leads back with.
fn code(desk: &Desk, more: &str, at: usize) -> String {
    let scope = encoded(ADS.scopes);
    let path = format!(
        "/o/oauth2/v2/auth?client_id=app&redirect_uri={REDIRECT}&response_type=code&scope={scope}&state=a+b{more}"
    );
    let (status, page) = ask_at(desk, "GET", &path, &[], "", NOW);
    let page = page.as_str().unwrap();
    assert_eq!((status, page.matches("<li>").count()), (200, 8), "{page}");
    let link = page.split("href=\"").nth(at + 1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let back = form(link.split_once('?').unwrap().1);
    assert_eq!(back["state"], "a b");
    back["code"].clone()
}

fn exchange(desk: &Desk, fields: &str) -> (u16, Value) {
    let body = format!("client_id=app&client_secret=secret&redirect_uri={REDIRECT}&{fields}");
    ask_at(desk, "POST", "/token", &[], &body, NOW)
}

fn token(desk: &Desk, at: usize) -> String {
    let code = code(desk, "&access_type=offline", at);
    let (status, given) = exchange(desk, &format!("grant_type=authorization_code&code={code}"));
    assert_eq!(status, 200, "{given}");
    given["access_token"].as_str().unwrap().to_owned()
}

/// Asks a customer as the agency.
fn search(desk: &Desk, token: &str, id: &str, query: &str) -> (u16, Value) {
    let (manager, bearer) = (manager(desk), format!("Bearer {token}"));
    let headers =
        [("authorization", bearer.as_str()), ("developer-token", "developer"), ("login-customer-id", &manager)];
    let path = format!("/v26/customers/{id}/googleAds:searchStream");
    ask_at(desk, "POST", &path, &headers, &json!({ "query": query }).to_string(), NOW)
}

fn results(told: &(u16, Value)) -> Vec<Value> {
    assert_eq!(told.0, 200, "{}", told.1);
    let chunks = told.1.as_array().unwrap().iter();
    chunks.flat_map(|chunk| chunk["results"].as_array().unwrap().clone()).collect()
}

#[test]
fn codes_need_their_verifier_and_tokens_end_with_the_permission() {
    let desk = desk();
    // Verifier and challenge of RFC 7636, appendix B.
    let challenge =
        "&access_type=offline&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let code = code(&desk, challenge, 0);
    let body = |verifier: &str| format!("grant_type=authorization_code&code={code}&code_verifier={verifier}");
    assert_eq!(exchange(&desk, &body("another")).1["error"], "invalid_grant");
    assert_eq!(exchange(&desk, &body("")).1["error"], "invalid_grant");
    let (status, given) = exchange(&desk, &body(verifier));
    assert_eq!((status, &given["scope"], &given["expires_in"]), (200, &json!(ADS.scopes), &json!(3599)));
    assert_eq!(exchange(&desk, &body(verifier)).0, 400, "a code works once");
    let refresh = given["refresh_token"].as_str().unwrap();
    let body = format!("grant_type=refresh_token&refresh_token={refresh}");
    let (status, renewed) = exchange(&desk, &body);
    assert!(status == 200 && renewed.get("refresh_token").is_none());
    let access = format!("Bearer {}", renewed["access_token"].as_str().unwrap());
    let headers = [("authorization", access.as_str()), ("developer-token", "developer")];
    let reach = |now| ask_at(&desk, "GET", "/v26/customers:listAccessibleCustomers", &headers, "", now);
    assert_eq!(reach(NOW).1["resourceNames"].as_array().unwrap().len(), 1);
    let (status, ended) = reach(NOW + Duration::HOUR);
    assert_eq!((status, &ended["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
    assert_eq!(ask_at(&desk, "POST", "/revoke", &[], &format!("token={refresh}"), NOW).0, 200);
    assert_eq!((reach(NOW).0, exchange(&desk, &body).1["error"].clone()), (401, json!("invalid_grant")));
    assert_eq!(ask_at(&desk, "POST", "/revoke", &[], &format!("token={refresh}"), NOW).0, 400);
    // Consent again works at the same moment.
    token(&desk, 0);
    let online = self::code(&desk, "", 0);
    let (_, given) = exchange(&desk, &format!("grant_type=authorization_code&code={online}"));
    assert!(given["access_token"].is_string() && given.get("refresh_token").is_none());
}

const METRICS: &str =
    "metrics.cost_micros, metrics.impressions, metrics.clicks, metrics.conversions, metrics.conversions_value";

fn cents(row: &Value) -> i64 {
    let metrics = &row["metrics"];
    let micros: i64 = metrics["costMicros"].as_str().unwrap().parse().unwrap();
    assert_eq!(micros % 10_000, 0);
    micros / 10_000 + (metrics["conversionsValue"].as_f64().unwrap() * 100.0).round() as i64
}

#[test]
fn the_agency_reads_every_day_of_every_account_to_the_cent() {
    let desk = desk();
    let token = token(&desk, 7);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("developer-token", "developer")];
    let reached = ask_at(&desk, "GET", "/v26/customers:listAccessibleCustomers", &headers, "", NOW).1;
    assert_eq!(reached["resourceNames"], json!([format!("customers/{}", manager(&desk))]));
    let clients = "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, \
                   customer_client.time_zone FROM customer_client WHERE customer_client.manager = FALSE AND \
                   customer_client.status = 'ENABLED'";
    let clients = results(&search(&desk, &token, &manager(&desk), clients));
    assert_eq!(clients.len(), 7);
    let (first, last) = (desk.world.first(), TODAY);
    for client in clients {
        let id = client["customerClient"]["id"].as_str().unwrap();
        let channel = desk.world.channels().iter().find(|channel| channel.external_id == id).unwrap();
        assert_eq!(client["customerClient"]["timeZone"], desk.world.client_of(channel).zone.iana());
        for (fields, resource) in [
            ("campaign.id, campaign.name, campaign.status", "campaign"),
            ("campaign.id, ad_group.id, ad_group.name, ad_group.status", "ad_group"),
            (
                "ad_group.id, ad_group_ad.ad.id, ad_group_ad.ad.name, ad_group_ad.ad.final_urls, ad_group_ad.status",
                "ad_group_ad",
            ),
            ("customer.id", "customer"),
        ] {
            let query = format!(
                "SELECT segments.date, {fields}, {METRICS} FROM {resource} WHERE segments.date BETWEEN '{first}' AND '{last}'"
            );
            let mut sums = BTreeMap::<String, i64>::new();
            for row in results(&search(&desk, &token, id, &query)) {
                *sums.entry(row["segments"]["date"].as_str().unwrap().to_owned()).or_default() += cents(&row);
            }
            for row in desk.world.ad_rows(channel, first..=last, Level::Account, last) {
                let truth = row.sums.spend_cents + row.sums.revenue_cents;
                assert_eq!(sums.remove(&row.day.to_string()), Some(truth), "{resource} {}", row.day);
            }
            assert!(sums.is_empty());
        }
    }
}

#[test]
fn reports_are_filtered_added_up_ordered_and_cut() {
    let desk = desk();
    let token = token(&desk, 7);
    let channel = accounts(&desk, Holder::AGENCY).next().unwrap();
    let ask = |query: &str| results(&search(&desk, &token, &channel.external_id, query));
    let rows = ask(
        "SELECT campaign.name, metrics.clicks FROM campaign WHERE segments.date DURING LAST_30_DAYS ORDER BY metrics.clicks DESC LIMIT 2",
    );
    let clicks = |row: &Value| row["metrics"]["clicks"].as_str().unwrap().parse::<i64>().unwrap();
    assert!(rows.len() == 2 && clicks(&rows[0]) >= clicks(&rows[1]));
    let days = TODAY - Duration::days(30)..=TODAY - Duration::days(1);
    let all: i64 = desk.world.ad_rows(channel, days, Level::Account, TODAY).iter().map(|row| row.sums.clicks).sum();
    let told = ask("SELECT metrics.clicks FROM customer WHERE segments.date DURING LAST_30_DAYS");
    assert_eq!(told.iter().map(clicks).collect::<Vec<_>>(), [all]);
    let months = ask(
        "SELECT segments.month, metrics.clicks FROM customer WHERE segments.date BETWEEN '2026-04-10' AND '2026-06-15'",
    );
    let months: Vec<_> = months.iter().map(|row| row["segments"]["month"].as_str().unwrap()).collect();
    assert_eq!(months, ["2026-04-01", "2026-05-01", "2026-06-01"]);
    let brand =
        ask("SELECT campaign.id, campaign_budget.amount_micros FROM campaign WHERE campaign.name LIKE '%brand%'");
    assert_eq!((brand.len(), brand[0]["campaign"].get("name")), (1, None));
    assert!(brand[0]["campaignBudget"]["amountMicros"].as_str().unwrap().ends_with("0000"));
    assert_eq!(ask("SELECT campaign.id FROM campaign WHERE campaign.status NOT IN ('ENABLED')"), [] as [Value; 0]);
}

#[test]
fn wrong_questions_get_googles_refusals() {
    let desk = desk();
    let token = token(&desk, 7);
    let channel = accounts(&desk, Holder::AGENCY).next().unwrap();
    let id = channel.external_id.as_str();
    let failure = |told: (u16, Value), kind: &str| {
        let error = if told.1.is_array() { told.1[0]["error"].clone() } else { told.1["error"].clone() };
        assert_eq!(error["code"], told.0);
        let failure = &error["details"][0]["errors"][0];
        (told.0, failure["errorCode"][kind].as_str().map(str::to_owned).unwrap_or_else(|| error.to_string()))
    };
    for (query, code) in [
        ("SELECT campaign.nope FROM campaign", "UNRECOGNIZED_FIELD"),
        ("SELECT campaign.id FROM nothing", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ("SELECT ad_group.id FROM campaign", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE"),
        ("SELECT segments.date, metrics.clicks FROM campaign", "EXPECTED_FILTERS_ON_DATE_RANGE"),
        ("SELECT campaign.id FROM campaign WHERE segments.date = '2026-02-30'", "INVALID_DATE_FORMAT"),
        ("SELECT campaign.id FROM campaign WHERE segments.date DURING SOON", "INVALID_VALUE_WITH_DURING_OPERATOR"),
        ("SELECT campaign.id FROM campaign ORDER BY campaign.name", "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE"),
        ("campaign.id", "EXPECTED_SELECT"),
    ] {
        assert_eq!(failure(search(&desk, &token, id, query), "queryError"), (400, code.to_owned()), "{query}");
    }
    let metrics = search(&desk, &token, &manager(&desk), "SELECT metrics.clicks FROM customer");
    assert_eq!(failure(metrics, "queryError").1, "REQUESTED_METRICS_FOR_MANAGER");
    let (bearer, path) = (format!("Bearer {token}"), format!("/v26/customers/{id}/googleAds:searchStream"));
    let body = json!({ "query": "SELECT campaign.id FROM campaign" }).to_string();
    let with = |headers: &[(&str, &str)]| ask_at(&desk, "POST", &path, headers, &body, NOW);
    let authorization = ("authorization", bearer.as_str());
    assert_eq!(with(&[("authorization", "Bearer gg-access-0-0-0")]).0, 401);
    assert_eq!(failure(with(&[authorization]), "requestError").1, "DEVELOPER_TOKEN_PARAMETER_MISSING");
    let wrong = failure(with(&[authorization, ("developer-token", "x")]), "authenticationError");
    assert_eq!(wrong, (401, "DEVELOPER_TOKEN_INVALID".to_owned()));
    let alone = failure(with(&[authorization, ("developer-token", "developer")]), "authorizationError");
    assert_eq!(alone, (403, "USER_PERMISSION_DENIED".to_owned()));
    let (status, told) = ask_at(&desk, "GET", "/v26/nothing", &[], "", NOW);
    assert_eq!((status, &told["error"]["status"]), (404, &json!("NOT_FOUND")));
    assert!(answer(&desk, &Question { path: "/v26.0/me".into(), ..Question::default() }, NOW).is_none());
    let away = "/o/oauth2/v2/auth?client_id=app&redirect_uri=http://elsewhere/&response_type=code";
    assert_eq!(ask_at(&desk, "GET", away, &[], "", NOW).0, 400);
}

fn mutate(desk: &Desk, token: &str, id: &str, of: &str, body: &Value) -> (u16, Value) {
    let (manager, bearer) = (manager(desk), format!("Bearer {token}"));
    let headers =
        [("authorization", bearer.as_str()), ("developer-token", "developer"), ("login-customer-id", &manager)];
    ask_at(desk, "POST", &format!("/v26/customers/{id}/{of}:mutate"), &headers, &body.to_string(), NOW)
}

#[test]
fn campaigns_are_paused_and_budgets_set_or_nothing_is() {
    let desk = desk();
    let token = token(&desk, 7);
    let id = accounts(&desk, Holder::AGENCY).next().unwrap().external_id.as_str();
    let find = "SELECT campaign.resource_name, campaign.status, campaign_budget.resource_name, campaign_budget.amount_micros FROM campaign";
    let before = results(&search(&desk, &token, id, find));
    let (name, budget) = (&before[0]["campaign"]["resourceName"], &before[1]["campaignBudget"]["resourceName"]);
    let pause = json!({ "update": { "resourceName": name, "status": "PAUSED" }, "updateMask": "status" });
    let wrong = json!({ "update": { "resourceName": name, "status": "GONE" }, "updateMask": "status" });
    assert_eq!(mutate(&desk, &token, id, "campaigns", &json!({ "operations": [pause, wrong] })).0, 400);
    assert_eq!(
        mutate(&desk, &token, id, "campaigns", &json!({ "operations": [pause], "validateOnly": true })).1,
        json!({})
    );
    assert!(desk.renewed().is_none(), "nothing was changed");
    let done = mutate(&desk, &token, id, "campaigns", &json!({ "operations": [pause] }));
    assert_eq!(done, (200, json!({ "results": [{ "resourceName": name }] })));
    let set =
        json!({ "update": { "resourceName": budget, "amountMicros": "123450000" }, "updateMask": "amountMicros" });
    assert_eq!(mutate(&desk, &token, id, "campaignBudgets", &json!({ "operations": [set] })).0, 200);
    let desk = desk.renewed().unwrap();
    let after = results(&search(&desk, &token, id, find));
    assert_eq!(
        (&after[0]["campaign"]["status"], &after[1]["campaign"]["status"]),
        (&json!("PAUSED"), &json!("ENABLED"))
    );
    assert_eq!(after[1]["campaignBudget"]["amountMicros"], "123450000");
    assert_eq!(mutate(&desk, &token, id, "adGroups", &json!({ "operations": [] })).0, 400);
    assert_eq!(mutate(&desk, &token, id, "labels", &json!({})).0, 404);
}
