//! Meta against Prism, which judges every request by the specification of Meta's own client libraries and refuses what it
//! does not allow.
//!
//! The specification's answers are mostly empty: examples are put into a copy of it, its rules are left as they are. What
//! it does not know, consent, pages and reports that take long, is given by mountebank, whose record says what was asked.

mod consent;

use std::path::PathBuf;

use model::metric::{Account, Days, Level};
use providers::{Call, Credential, Error, Http, Page, Provider, Report, Settings, find};
use serde_json::{Value, json};
use time::macros::date;
use url::Url;

use crate::{
    faults::{Faults, header},
    peers::{self, Peer},
};

const TOKEN: &str = "EAAB-token";
/// HMAC-SHA-256 of the token under the tests' secret, by OpenSSL.
const PROOF: &str = "aaee61023d3aef980f5bb60c8c292c8537a17fc5e44e67c05b4a9e9aa2c49855";
/// The example of the specification is of the first of these days.
const WEEK: Days = Days { first: date!(2023 - 06 - 01), last: date!(2023 - 06 - 07) };
const MONTH: Days = Days { first: date!(2023 - 06 - 01), last: date!(2023 - 06 - 30) };

fn meta() -> &'static dyn Provider {
    find("meta_ads").unwrap()
}

struct Connection {
    http: Http,
    credential: Credential,
    settings: Settings,
}

impl Connection {
    fn new(base: &Url) -> Self {
        let (http, settings) = (peers::http(meta(), base), peers::settings(meta()));
        Self { http, credential: peers::credential(TOKEN), settings }
    }

    fn call(&self) -> Call<'_> {
        Call { http: &self.http, credential: &self.credential, settings: &self.settings }
    }

    async fn report(&self, days: Days, page: Option<&str>) -> Result<Page<Report>, Error> {
        meta().ads().unwrap().report(&self.call(), &account(), days, page).await
    }
}

fn account() -> Account {
    Account {
        external_id: "111111111111111".into(),
        name: "Example Store".into(),
        currency: "USD".into(),
        time_zone: "America/Los_Angeles".into(),
        manager_id: None,
    }
}

/// Prism on the copy; it is removed with the value.
struct Judge {
    peer: Peer,
    copy: PathBuf,
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.copy);
    }
}

/// Changes the answers of one operation of the specification.
fn answers<'a>(specification: &'a mut Value, path: &str, method: &str) -> &'a mut Value {
    &mut specification["paths"][format!("/{{version}}/{path}")][method]["responses"]
}

async fn judge(name: &str, prepare: impl FnOnce(&mut Value)) -> Option<Judge> {
    let specification = std::fs::read(peers::shared("meta", "peers/openapi/meta.json")?).unwrap();
    let mut specification: Value = serde_json::from_slice(&specification).unwrap();
    prepare(&mut specification);
    let copy = std::env::temp_dir().join(format!("audienceos-meta-{}-{name}.json", std::process::id()));
    std::fs::write(&copy, specification.to_string()).unwrap();
    let Some(peer) = peers::prism_on("meta", &copy).await else {
        let _ = std::fs::remove_file(&copy);
        return None;
    };
    Some(Judge { peer, copy })
}

/// Answers as Meta gives them, where the specification has none.
fn with_examples(specification: &mut Value) {
    let list =
        |row: Value| json!({ "data": [row], "paging": { "cursors": { "before": "MAZDZD", "after": "MAZDZD" } } });
    let account = json!({ "id": "act_111111111111111", "account_id": "111111111111111", "name": "Example Store",
                          "currency": "USD", "timezone_name": "America/Los_Angeles" });
    let campaign = json!({ "id": "23854404676180548", "name": "Prospecting", "effective_status": "ACTIVE" });
    let set = json!({ "id": "23854404706320548", "name": "US 25-44", "effective_status": "CAMPAIGN_PAUSED",
                      "campaign_id": "23854404676180548" });
    let ad = json!({ "id": "23854695759200548", "name": "Prospecting - Video A", "effective_status": "PAUSED",
                     "adset_id": "23854404706320548", "creative": { "id": "1", "body": "Now in blue" } });
    let run = json!({ "id": "6023920149050", "async_status": "Job Completed", "async_percent_completion": 100 });
    for (path, example) in [
        ("me/adaccounts", list(account)),
        ("{account_id}/campaigns", list(campaign)),
        ("{account_id}/adsets", list(set)),
        ("{account_id}/ads", list(ad)),
        ("{report_run_id}", run),
    ] {
        answers(specification, path, "get")["200"]["content"]["application/json"]["example"] = example;
    }
    // Of its two examples of a report, the one that has a row.
    let examples =
        &mut answers(specification, "{account_id}/insights", "get")["200"]["content"]["application/json"]["examples"];
    examples.as_object_mut().unwrap().remove("empty").unwrap();
}

#[tokio::test]
async fn accounts_are_asked_for_as_specified() {
    let Some(judge) = judge("accounts", with_examples).await else { return };
    let connection = Connection::new(&judge.peer.url);
    assert_eq!(meta().accounts(&connection.call()).await.unwrap(), [account()]);
    // The judge does judge.
    let insights = |level| connection.http.get("v26.0/act_111111111111111/insights").query("level", level).answer();
    assert!(insights("adset").await.is_ok() && insights("adgroup").await.is_err());
}

#[tokio::test]
async fn reports_and_lists_are_asked_for_as_specified_and_their_pages_end() {
    let Some(judge) = judge("report", with_examples).await else { return };
    let connection = Connection::new(&judge.peer.url);
    // A month is made in the background.
    for days in [WEEK, MONTH] {
        let (mut page, mut pages) = (None, Vec::new());
        loop {
            let answer = connection.report(days, page.as_deref()).await.unwrap();
            page = answer.next;
            pages.push(answer.items);
            if page.is_none() {
                break;
            }
            assert!(pages.len() < 10, "the pages do not end");
        }
        let levels = [Level::Campaign, Level::Group, Level::Ad];
        let ids = ["23854404676180548", "23854404706320548", "23854695759200548"];
        let [reports, lists] = [&pages[..3], &pages[3..]];
        for ((report, level), id) in reports.iter().zip(levels).zip(ids) {
            let [row] = report.rows.as_slice() else { panic!("{report:?}") };
            assert_eq!((row.day, row.level, row.entity_id.as_str()), (WEEK.first, level, id));
            assert_eq!(row.measures.spend, Some("14.35".parse().unwrap()));
            assert_eq!((row.measures.impressions, row.measures.clicks), (Some(185), Some(9)));
            assert_eq!((row.measures.conversions, row.measures.claimed_revenue), (None, None));
            assert_eq!(row.attribution, "ad_set_setting");
            assert_eq!(report.entities[0].external_id, id);
        }
        for ((list, level), id) in lists.iter().zip(levels).zip(ids) {
            assert_eq!(
                (list.rows.len(), list.entities[0].level, list.entities[0].external_id.as_str()),
                (0, level, id)
            );
            assert!(!list.entities[0].status.is_empty());
        }
        assert_eq!(lists[2].entities[0].creative.as_deref(), Some("Now in blue"));
        assert_eq!(lists.len(), 3);
    }
}

#[tokio::test]
async fn the_specifications_refusals_have_their_kind() {
    // One call for each of them.
    let calls = [
        ("me/adaccounts", "get", "expired"),
        ("{account_id}/insights", "get", "account_limit"),
        ("{account_id}/insights", "post", "user_limit"),
        ("{report_run_id}", "get", "app_limit"),
        ("{account_id}/campaigns", "get", "bad_param"),
    ];
    let only_refusals = |specification: &mut Value| {
        for (path, method, name) in calls {
            let responses = answers(specification, path, method);
            let mut refusal = responses["400"].clone();
            let examples = &mut refusal["content"]["application/json"]["examples"];
            *examples = json!({ name: examples[name] });
            *responses = json!({ "400": refusal });
        }
    };
    let Some(judge) = judge("refusals", only_refusals).await else { return };
    let connection = Connection::new(&judge.peer.url);
    let expired = meta().accounts(&connection.call()).await.unwrap_err();
    let words = "Error validating access token: Session has expired. (code 190/463)";
    assert_eq!(expired, Error::Unauthorized(words.into()));
    let report = async |days, page| connection.report(days, page).await.unwrap_err();
    for limited in
        [report(WEEK, None).await, report(MONTH, None).await, report(MONTH, Some("ad wait 6023920149050 0 1")).await]
    {
        assert_eq!(limited.key(), "rate_limited");
    }
    assert_eq!(report(WEEK, Some("campaign list ")).await, Error::Rejected("Invalid parameter (code 100)".into()));
}

fn ok(body: &Value) -> Value {
    json!({ "is": { "statusCode": 200, "headers": { "Content-Type": "application/json" }, "body": body } })
}

fn refused(code: i64) -> Value {
    json!({ "is": { "statusCode": 400, "body": { "error": { "message": "Words", "code": code } } } })
}

/// A page of rows of these ads; the link to the next one is another host's.
fn rows(ads: &[&str], after: &str, more: bool) -> Value {
    let row = |ad: &&str| {
        json!({ "ad_id": ad, "ad_name": ad, "adset_id": "s", "date_start": "2023-06-02", "date_stop": "2023-06-02",
                "spend": "1.10", "account_currency": "USD", "attribution_setting": "7d_click_1d_view" })
    };
    let mut paging = json!({ "cursors": { "before": "x", "after": after } });
    if more {
        paging["next"] = json!(format!("https://evil.test/v26.0/act_1/insights?access_token={TOKEN}&after=elsewhere"));
    }
    ok(&json!({ "data": ads.iter().map(row).collect::<Vec<_>>(), "paging": paging }))
}

#[tokio::test]
async fn a_next_page_is_asked_for_at_metas_own_host_by_its_cursor() {
    let Some(faults) = Faults::start(json!([rows(&["1", "2"], "Mg==", true), rows(&["3"], "Mw==", false)])).await
    else {
        return;
    };
    let connection = Connection::new(&faults.url);
    let first = connection.report(WEEK, Some("ad sync ")).await.unwrap();
    assert_eq!((first.items.rows.len(), first.next.as_deref()), (2, Some("ad sync Mg==")));
    assert_eq!(first.items.rows[0].attribution, "7d_click_1d_view");
    let second = connection.report(WEEK, first.next.as_deref()).await.unwrap();
    assert_eq!((second.items.rows[0].entity_id.as_str(), second.next.as_deref()), ("3", Some("campaign list ")));
    let requests = faults.requests().await;
    let [first, second] = requests.as_slice() else { panic!("{requests:?}") };
    for request in [first, second] {
        assert_eq!(request["path"], "/base/v26.0/act_111111111111111/insights");
        assert_eq!(header(request, "authorization"), &json!(format!("Bearer {TOKEN}")));
        let query = &request["query"];
        assert_eq!((&query["appsecret_proof"], &query["access_token"]), (&json!(PROOF), &Value::Null));
        assert_eq!((&query["level"], &query["time_increment"]), (&json!("ad"), &json!("1")));
        assert_eq!(query["use_unified_attribution_setting"], "true");
        let range: Value = serde_json::from_str(query["time_range"].as_str().unwrap()).unwrap();
        assert_eq!(range, json!({ "since": "2023-06-01", "until": "2023-06-07" }));
        let filter: Value = serde_json::from_str(query["filtering"].as_str().unwrap()).unwrap();
        assert_eq!(filter[0]["field"], "ad.effective_status");
        assert!(filter[0]["value"].as_array().unwrap().contains(&json!("DELETED")));
    }
    assert_eq!((&first["query"]["after"], &second["query"]["after"]), (&Value::Null, &json!("Mg==")));
}

fn state(status: &str) -> Value {
    ok(&json!({ "id": "602", "async_status": status, "async_percent_completion": 50 }))
}

#[tokio::test]
async fn a_long_report_is_started_waited_for_and_read_in_pages() {
    let run = ok(&json!({ "report_run_id": "602" }));
    let answers = json!([
        run,
        state("Job Running"),
        state("Job Completed"),
        rows(&["1"], "Mg==", true),
        rows(&["2"], "Mw==", false)
    ]);
    let Some(faults) = Faults::start(answers).await else { return };
    let connection = Connection::new(&faults.url);
    let first = connection.report(MONTH, Some("ad start 0")).await.unwrap();
    assert_eq!((first.items.rows.len(), first.next.as_deref()), (1, Some("ad result 602 Mg==")));
    let second = connection.report(MONTH, first.next.as_deref()).await.unwrap();
    assert_eq!((second.items.rows[0].entity_id.as_str(), second.next.as_deref()), ("2", Some("campaign list ")));
    let requests = faults.requests().await;
    let asked: Vec<_> = requests.iter().map(|request| format!("{} {}", request["method"], request["path"])).collect();
    let (run, pages) = (r#""GET" "/base/v26.0/602""#, r#""GET" "/base/v26.0/602/insights""#);
    assert_eq!(asked, [r#""POST" "/base/v26.0/act_111111111111111/insights""#, run, run, pages, pages]);
    assert!(requests.iter().all(|request| request["query"]["appsecret_proof"] == PROOF));
}

#[tokio::test]
async fn a_report_that_fails_is_started_again_and_not_for_ever() {
    let run = ok(&json!({ "report_run_id": "602" }));
    let failed = ok(
        &json!({ "async_status": "Job Failed", "error_code": -2, "error_subcode": 2_490_547, "error_message": "Try again later." }),
    );
    let Some(faults) = Faults::start(json!([run, failed])).await else { return };
    let connection = Connection::new(&faults.url);
    let (mut page, mut error) = (None::<String>, None);
    for _ in 0..5 {
        match connection.report(MONTH, page.as_deref()).await {
            Ok(Page { items, next }) => {
                assert_eq!(items, Report::default());
                page = next;
            }
            Err(found) => {
                error = Some(found);
                break;
            }
        }
    }
    assert_eq!(error, Some(Error::Unavailable("Try again later. (code -2/2490547)".into())));
    let started = faults.requests().await.iter().filter(|request| request["method"] == "POST").count();
    assert_eq!(started, 3);
}

#[tokio::test]
async fn a_report_that_was_left_behind_begins_anew() {
    let Some(faults) = Faults::start(json!([state("Job Expired")])).await else { return };
    let connection = Connection::new(&faults.url);
    let again = connection.report(MONTH, Some("group wait 602 7 1")).await.unwrap();
    assert_eq!(again.next.as_deref(), Some("group start 1"));
    let ended = connection.report(MONTH, Some("group wait 602 7 3")).await;
    assert_eq!(ended, Err(Error::CursorExpired));
    // Half an hour was waited for it: it is not asked for any more.
    let asked = faults.requests().await.len();
    let slow = connection.report(MONTH, Some("group wait 602 30 1")).await.unwrap();
    assert_eq!((slow.next.as_deref(), faults.requests().await.len()), (Some("group start 1"), asked));
}
