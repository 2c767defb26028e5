//! The way of an app through the protocol, from consent to reports and changes, and what wrong questions get.

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

fn ask_at(desk: &Desk, method: &str, path: &str, token: &str, now: OffsetDateTime) -> (u16, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
    let question = Question {
        method: method.into(),
        path: format!("{BASE}{path}"),
        query: form(query),
        headers: if token.is_empty() { BTreeMap::new() } else { headers.into() },
        ..Question::default()
    };
    let answer = answer(desk, &question, now).unwrap();
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(json!(answer.body)))
}

fn ask(desk: &Desk, path: &str, token: &str) -> (u16, Value) {
    ask_at(desk, "GET", path, token, NOW)
}

/// The token for 60 days that the `at`th choice of the page of consent brings.
fn token(desk: &Desk, scope: &str, at: usize) -> String {
    let path = format!("dialog/oauth?client_id=app&redirect_uri={REDIRECT}&response_type=code&scope={scope}&state=a+b");
    let (status, page) = ask(desk, &path, "");
    let page = page.as_str().unwrap();
    assert_eq!((status, page.matches("<li>").count()), (200, 7), "{page}");
    let link = page.split("href=\"").nth(at + 1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let back = form(link.split_once('?').unwrap().1);
    assert_eq!(back["state"], "a b");
    let app = "oauth/access_token?client_id=app&client_secret=secret";
    let path = format!("{app}&redirect_uri={REDIRECT}&code={}", back["code"]);
    let (status, short) = ask(desk, &path, "");
    assert_eq!((status, &short["expires_in"]), (200, &json!(5400)));
    assert_eq!(ask(desk, &path, "").0, 400, "a code works once");
    let path =
        format!("{app}&grant_type=fb_exchange_token&fb_exchange_token={}", short["access_token"].as_str().unwrap());
    let (_, long) = ask(desk, &path, "");
    assert_eq!(long["expires_in"], 5_184_000);
    long["access_token"].as_str().unwrap().to_owned()
}

/// All pages of a list, as a client reads them.
fn all(desk: &Desk, path: &str, token: &str) -> Vec<Value> {
    let (mut rows, mut after) = (vec![], String::new());
    loop {
        let (status, page) = ask(desk, &format!("{path}{after}"), token);
        assert_eq!(status, 200, "{page}");
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        if page["paging"]["next"].is_null() {
            return rows;
        }
        assert!(page["paging"]["next"].as_str().unwrap().contains("access_token="));
        after = format!("&after={}", page["paging"]["cursors"]["after"].as_str().unwrap());
    }
}

const FIELDS: &str =
    "fields=campaign_id,ad_id,account_currency,spend,impressions,clicks,actions,action_values,attribution_setting";

fn cents(row: &Value) -> i64 {
    let text = |value: &Value| value.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let value = row["action_values"].as_array().into_iter().flatten().find(|one| one["action_type"] == "omni_purchase");
    text(&row["spend"]) + value.map_or(0, |value| text(&value["value"]))
}

#[test]
fn the_agency_reads_every_day_of_every_account_to_the_cent() {
    let desk = desk();
    let token = token(&desk, "ads_read", 6);
    let accounts = all(&desk, "me/adaccounts?fields=account_id,name,currency,timezone_name&limit=2", &token);
    assert_eq!(accounts.len(), 6);
    let (first, last) = (desk.world.first(), TODAY);
    for account in accounts {
        let channel =
            desk.world.channels().iter().find(|channel| account["account_id"] == channel.external_id).unwrap();
        assert_eq!(account["timezone_name"], desk.world.client_of(channel).zone.iana());
        let range = encoded(&json!({ "since": first.to_string(), "until": last.to_string() }).to_string());
        for level in ["account", "campaign", "adset", "ad"] {
            let asked = format!("level={level}&time_increment=1&time_range={range}&limit=100&{FIELDS}");
            let id = account["id"].as_str().unwrap();
            let at_once = all(&desk, &format!("{id}/insights?{asked}"), &token);
            let (_, run) = ask_at(&desk, "POST", &format!("{id}/insights?{asked}"), &token, NOW);
            let run = run["report_run_id"].as_str().unwrap();
            let (_, state) = ask(&desk, &format!("{run}?fields=async_status,error_code"), &token);
            assert_eq!(state, json!({ "id": run, "async_status": "Job Completed" }));
            assert_eq!(all(&desk, &format!("{run}/insights?limit=500"), &token), at_once);
            let mut sums = BTreeMap::<String, i64>::new();
            for row in &at_once {
                assert!(row["date_start"] == row["date_stop"] && row["account_currency"] == account["currency"]);
                assert_eq!(row.get("ad_id").is_some(), level == "ad");
                *sums.entry(row["date_start"].as_str().unwrap().to_owned()).or_default() += cents(row);
            }
            for row in desk.world.ad_rows(channel, first..=last, Level::Account, last) {
                let truth = row.sums.spend_cents + row.sums.revenue_cents;
                assert_eq!(sums.remove(&row.day.to_string()), Some(truth), "{level} {}", row.day);
            }
            assert!(sums.is_empty());
        }
        let ads = all(
            &desk,
            &format!(
                "{}/ads?limit=3&fields=name,effective_status,adset_id,creative{{body,title,link_url}}",
                account["id"].as_str().unwrap()
            ),
            &token,
        );
        assert_eq!(ads.len(), desk.world.creatives(channel).len());
        assert!(ads.iter().all(|ad| ad["creative"]["body"].as_str().is_some_and(|body| body.len() > 10)));
    }
}

#[test]
fn a_person_at_a_client_reaches_that_clients_account_only() {
    let desk = desk();
    let token = token(&desk, "ads_read", 2);
    let [mine] = all(&desk, "me/adaccounts?fields=account_id", &token).try_into().unwrap();
    let other = accounts(&desk, Holder::AGENCY).find(|channel| mine["account_id"] != channel.external_id).unwrap();
    let (status, told) = ask(&desk, &format!("act_{}/campaigns", other.external_id), &token);
    assert_eq!((status, &told["error"]["code"], &told["error"]["error_subcode"]), (400, &json!(100), &json!(33)));
}

#[test]
fn days_are_put_together_and_states_are_judged() {
    let desk = desk();
    let token = token(&desk, "ads_read,ads_management", 6);
    let channel = accounts(&desk, Holder::AGENCY).next().unwrap();
    let id = format!("act_{}", channel.external_id);
    let spend = |rows: &[Value]| rows.iter().map(cents).sum::<i64>();
    let days: Vec<_> = ["1", "7", "monthly", "all_days"]
        .map(|step| {
            all(&desk, &format!("{id}/insights?level=ad&date_preset=last_28d&time_increment={step}&{FIELDS}"), &token)
        })
        .into();
    assert!(days.iter().all(|rows| spend(rows) == spend(&days[0])));
    let starts = |rows: &[Value]| {
        rows.iter().map(|row| row["date_start"].to_string()).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(days.iter().map(|rows| starts(rows)).collect::<Vec<_>>(), [28, 4, 2, 1]);
    let campaigns = all(&desk, &format!("{id}/campaigns?fields=id,daily_budget,status"), &token);
    let campaign = campaigns[0]["id"].as_str().unwrap();
    let (status, done) = ask_at(&desk, "POST", &format!("{campaign}?status=PAUSED&daily_budget=4200"), &token, NOW);
    assert_eq!((status, done), (200, json!({ "success": true })));
    let desk = desk.renewed().unwrap();
    let (_, told) = ask(&desk, &format!("{campaign}?fields=effective_status,daily_budget"), &token);
    assert_eq!((&told["effective_status"], &told["daily_budget"]), (&json!("PAUSED"), &json!("4200")));
    let sets = all(&desk, &format!("{campaign}/adsets?fields=effective_status"), &token);
    assert!(!sets.is_empty() && sets.iter().all(|set| set["effective_status"] == "CAMPAIGN_PAUSED"));
    let filter = encoded(r#"[{"field":"campaign.effective_status","operator":"IN","value":["PAUSED"]}]"#);
    let paused = all(&desk, &format!("{id}/insights?level=campaign&filtering={filter}&{FIELDS}"), &token);
    assert_eq!((paused.len(), paused[0]["campaign_id"].as_str()), (1, Some(campaign)));
}

#[test]
fn wrong_questions_get_metas_refusals() {
    let desk = desk();
    let token = token(&desk, "ads_read", 6);
    let id = format!("act_{}", accounts(&desk, Holder::AGENCY).next().unwrap().external_id);
    let code = |told: (u16, Value)| (told.0, told.1["error"]["code"].as_i64().unwrap());
    assert_eq!(code(ask(&desk, "me/adaccounts", "")), (400, 2500));
    assert_eq!(code(ask(&desk, "me/adaccounts", "me-long.r-8-0-0")), (400, 190));
    let later = NOW + Duration::days(61);
    assert_eq!(ask_at(&desk, "GET", "me/adaccounts", &token, later).1["error"]["error_subcode"], 463);
    assert_eq!(code(ask(&desk, "me/adaccounts?appsecret_proof=00", &token)), (400, 100));
    for bad in [
        "level=adgroup",
        "fields=luck",
        "date_preset=soon",
        "time_range=2026-01-01",
        "time_range=%7B%22since%22:%222026-06-02%22,%22until%22:%222026-06-01%22%7D",
        "time_increment=91",
        "breakdowns=age",
        "limit=abc",
        "after=nonsense!",
        "filtering=%7B%7D",
    ] {
        assert_eq!(code(ask(&desk, &format!("{id}/insights?{bad}"), &token)), (400, 100), "{bad}");
    }
    let long_ago = encoded(r#"{"since":"2020-01-01","until":"2020-01-02"}"#);
    assert_eq!(code(ask(&desk, &format!("{id}/insights?time_range={long_ago}"), &token)), (400, 3018));
    assert_eq!(code(ask_at(&desk, "POST", &format!("{id}?status=PAUSED"), &token, NOW)), (400, 200));
    assert_eq!(code(ask(&desk, "me/nothing/else", &token)).0, 404);
    assert_eq!(code(ask(&desk, &format!("{id}/luck"), &token)).0, 404);
    assert_eq!(ask_at(&desk, "DELETE", "me/permissions", &token, NOW).1, json!({ "success": true }));
    assert_eq!(ask(&desk, "me/adaccounts", &token).1["error"]["error_subcode"], 458);
    // Consent again works at the same moment, but without the permission nothing can be read.
    let nothing = self::token(&desk, "email", 6);
    assert_eq!(code(ask(&desk, "me/adaccounts", &nothing)), (400, 200));
    assert_eq!(ask(&desk, "me/permissions", &nothing).1["data"].as_array().unwrap().len(), 1);
    assert!(answer(&desk, &Question { path: "/v26/x".into(), ..Question::default() }, NOW).is_none());
}
