//! The way of an app through the protocol, from consent to the last page, and what wrong questions get.

use super::*;
use crate::{World, protocol::test};
use time::{Duration, macros::date};

const NOW: OffsetDateTime = time::macros::datetime!(2026-06-15 09:00 UTC);

fn desk() -> Desk {
    test::desk(World::new(11, date!(2026 - 06 - 15)).unwrap())
}

fn ask(desk: &Desk, path: &str, token: &str, query: &[(&str, &str)]) -> Value {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let headers = [("access-token".to_owned(), token.to_owned())].into();
    let question = Question { method: "GET".into(), path: path.into(), query, headers, ..Question::default() };
    serde_json::from_str(&answer(desk, &question, NOW).unwrap().body).unwrap()
}

fn send(desk: &Desk, path: &str, body: &Value) -> Value {
    let question = Question {
        method: "POST".into(),
        path: path.into(),
        body: body.to_string().into_bytes(),
        ..Question::default()
    };
    serde_json::from_str(&answer(desk, &question, NOW).unwrap().body).unwrap()
}

/// Goes through consent for the first account and returns its code.
fn code(desk: &Desk) -> String {
    let query = [("app_id", "app"), ("redirect_uri", "http://localhost/back"), ("state", "a b\"<")];
    let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let question = Question { method: "GET".into(), path: "/portal/auth".into(), query, ..Question::default() };
    let page = answer(desk, &question, NOW).unwrap();
    assert_eq!((page.status, page.body.matches("<li>").count()), (200, 6));
    assert!(page.body.contains("state=a%20b%22%3C"));
    page.body.split("auth_code=").nth(1).unwrap().split("&amp;").next().unwrap().to_owned()
}

fn token(desk: &Desk) -> String {
    let body = json!({ "app_id": "app", "secret": "secret", "auth_code": code(desk) });
    let given = send(desk, "/open_api/v1.3/oauth2/access_token/", &body);
    assert_eq!(send(desk, "/open_api/v1.3/oauth2/access_token/", &body)["code"], 40002, "a code works once");
    given["data"]["access_token"].as_str().unwrap().to_owned()
}

const REPORT: &str = "/open_api/v1.3/report/integrated/get/";

fn pages(
    desk: &Desk,
    token: &str,
    account: &str,
    (level, id): (&str, &str),
    (first, last): (Date, Date),
) -> Vec<Value> {
    let (mut rows, mut page) = (vec![], 1);
    loop {
        let (first, last, number) = (first.to_string(), last.to_string(), page.to_string());
        let dimensions = json!([id, "stat_time_day"]).to_string();
        let metrics = r#"["spend","impressions","clicks","conversion","total_complete_payment_rate","campaign_id","adgroup_name","ad_text"]"#;
        let query = [
            ("advertiser_id", account),
            ("report_type", "BASIC"),
            ("service_type", "AUCTION"),
            ("data_level", level),
            ("dimensions", &dimensions),
            ("metrics", metrics),
            ("start_date", &first),
            ("end_date", &last),
            ("page", &number),
            ("page_size", "40"),
        ];
        let answer = ask(desk, REPORT, token, &query);
        assert_eq!(answer["code"], 0, "{answer}");
        rows.extend(answer["data"]["list"].as_array().unwrap().iter().cloned());
        if answer["data"]["page_info"]["total_page"].as_u64().unwrap() <= page {
            return rows;
        }
        page += 1;
    }
}

#[test]
fn an_app_reads_every_day_to_the_cent() {
    let desk = desk();
    let token = token(&desk);
    let known = [("app_id", "app"), ("secret", "secret")];
    let list = ask(&desk, "/open_api/v1.3/oauth2/advertiser/get/", &token, &known);
    let account = list["data"]["list"][0]["advertiser_id"].as_str().unwrap();
    let ids = json!([account]).to_string();
    let fields = r#"["advertiser_id","name","currency","timezone","display_timezone"]"#;
    let info = ask(&desk, "/open_api/v1.3/advertiser/info/", &token, &[("advertiser_ids", &ids), ("fields", fields)]);
    let channel = desk.world.channels().iter().find(|channel| channel.external_id == account).unwrap();
    let told = info["data"]["list"][0].as_object().unwrap();
    assert_eq!((told.len(), &told["display_timezone"]), (5, &json!(desk.world.client_of(channel).zone.iana())));
    let (last, mut end) = (desk.world.today(), desk.world.today());
    let first = last - Duration::days(399);
    let mut sums = BTreeMap::<(Date, &str), i64>::new();
    while end >= first {
        let begin = (end - Duration::days(29)).max(first);
        for (level, id) in
            [("AUCTION_CAMPAIGN", "campaign_id"), ("AUCTION_ADGROUP", "adgroup_id"), ("AUCTION_AD", "ad_id")]
        {
            for row in pages(&desk, &token, account, (level, id), (begin, end)) {
                let day = row["dimensions"]["stat_time_day"].as_str().unwrap();
                let day = Date::parse(&day[..10], format_description!("[year]-[month]-[day]")).unwrap();
                let text = |name: &str| row["metrics"][name].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
                *sums.entry((day, level)).or_default() += text("spend") + text("total_complete_payment_rate");
                assert!(text("impressions") >= text("clicks"));
                assert_eq!(row["metrics"]["ad_text"] == "-", level != "AUCTION_AD");
                assert_eq!(row["metrics"]["adgroup_name"] == "-", level == "AUCTION_CAMPAIGN");
            }
        }
        end = begin - Duration::days(1);
    }
    for row in desk.world.ad_rows(channel, first..=last, Level::Account, last) {
        for level in ["AUCTION_CAMPAIGN", "AUCTION_ADGROUP", "AUCTION_AD"] {
            assert_eq!(sums.remove(&(row.day, level)), Some(row.sums.spend_cents + row.sums.revenue_cents));
        }
    }
    assert!(sums.is_empty());
}

#[test]
fn wrong_questions_get_tiktoks_refusals() {
    let desk = desk();
    let token = token(&desk);
    let code = |answer: Value| answer["code"].as_i64().unwrap();
    assert_eq!(code(ask(&desk, "/open_api/v1.3/advertiser/info/", "tt-token-0-0-0", &[])), 40105);
    assert_eq!(code(ask(&desk, "/open_api/v1.3/advertiser/info/", &token, &[("advertiser_ids", r#"["1"]"#)])), 40001);
    assert_eq!(code(ask(&desk, "/open_api/v1.3/advertiser/info/", &token, &[])), 40002);
    let other = desk.world.channels().iter().rfind(|channel| channel.platform == Platform::TikTokAds).unwrap();
    assert_eq!(code(ask(&desk, REPORT, &token, &[("advertiser_id", &other.external_id)])), 40001);
    let mine = ask(&desk, "/open_api/v1.3/oauth2/advertiser/get/", &token, &[("app_id", "app"), ("secret", "secret")]);
    let mine = mine["data"]["list"][0]["advertiser_id"].as_str().unwrap();
    let good = [
        ("advertiser_id", mine),
        ("report_type", "BASIC"),
        ("data_level", "AUCTION_AD"),
        ("metrics", r#"["spend"]"#),
        ("dimensions", r#"["ad_id","stat_time_day"]"#),
        ("start_date", "2026-05-17"),
        ("end_date", "2026-06-15"),
    ];
    assert_eq!(code(ask(&desk, REPORT, &token, &good)), 0);
    let bad = [
        ("start_date", "2026-05-16"),
        ("start_date", "2026-06-16"),
        ("end_date", "15.06.2026"),
        ("data_level", "AUCTION"),
        ("dimensions", r#"["ad_id"]"#),
        ("dimensions", "ad_id"),
        ("metrics", r#"["luck"]"#),
        ("page_size", "1001"),
        ("page", "0"),
        ("report_type", "AUDIENCE"),
    ];
    for (name, value) in bad {
        let mut query: BTreeMap<_, _> = good.into();
        query.insert(name, value);
        let query: Vec<_> = query.into_iter().collect();
        assert_eq!(code(ask(&desk, REPORT, &token, &query)), 40002, "{name} {value}");
    }
    let revoke = json!({ "app_id": "app", "secret": "secret", "access_token": token });
    let path = "/open_api/v1.3/oauth2/revoke_token/";
    assert_eq!([send(&desk, path, &revoke), send(&desk, path, &revoke)].map(code), [0, 40105]);
    assert_eq!(code(ask(&desk, REPORT, &token, &good)), 40105);
    let question = |path: &str| Question { method: "GET".into(), path: path.into(), ..Question::default() };
    assert_eq!(answer(&desk, &question("/open_api/v1.3/nothing/"), NOW).unwrap().status, 404);
    assert_eq!(answer(&desk, &question("/admin/api"), NOW), None);
    let mut away = question("/portal/auth");
    away.query =
        [("app_id", "app"), ("redirect_uri", "http://elsewhere/back")].map(|(a, b)| (a.into(), b.into())).into();
    assert_eq!(answer(&desk, &away, NOW).unwrap().status, 400);
}

#[test]
fn what_is_switched_and_set_is_listed_and_acts_on_the_world() {
    let desk = desk();
    let token = token(&desk);
    let mine = ask(&desk, "/open_api/v1.3/oauth2/advertiser/get/", &token, &[("app_id", "app"), ("secret", "secret")]);
    let mine = mine["data"]["list"][0]["advertiser_id"].as_str().unwrap();
    let list = |desk: &Desk, of: &str, size: &str| {
        ask(desk, &format!("/open_api/v1.3/{of}/get/"), &token, &[("advertiser_id", mine), ("page_size", size)])["data"]
            .clone()
    };
    let before = list(&desk, "campaign", "2");
    assert_eq!(before["page_info"], json!({ "page": 1, "page_size": 2, "total_number": 3, "total_page": 2 }));
    assert_eq!(before["list"][0]["secondary_status"], "CAMPAIGN_STATUS_DELIVERY_OK");
    let ads = list(&desk, "ad", "1000");
    assert!(
        ads["list"].as_array().unwrap().iter().all(|ad| ad["adgroup_id"].is_string() && ad["campaign_id"].is_string())
    );
    let change = |path: &str, body: &Value| {
        let question = Question {
            method: "POST".into(),
            path: format!("/open_api/v1.3/{path}"),
            headers: [("access-token".to_owned(), token.clone())].into(),
            body: body.to_string().into_bytes(),
            ..Question::default()
        };
        serde_json::from_str::<Value>(&answer(&desk, &question, NOW).unwrap().body).unwrap()["code"].as_i64().unwrap()
    };
    let (ad, campaign) = (&ads["list"][0]["ad_id"], &before["list"][1]["campaign_id"]);
    let switch =
        |status: &str, id: &Value| json!({ "advertiser_id": mine, "ad_ids": [id], "operation_status": status });
    for (path, body) in [
        ("ad/status/update/", switch("GONE", ad)),
        ("ad/status/update/", switch("DISABLE", campaign)),
        ("ad/status/update/", json!({ "advertiser_id": mine, "ad_ids": [], "operation_status": "DISABLE" })),
        ("campaign/update/", json!({ "advertiser_id": mine, "campaign_id": campaign, "budget": 49 })),
        ("campaign/update/", json!({ "advertiser_id": mine, "budget": 60 })),
    ] {
        assert_eq!(change(path, &body), 40002, "{path} {body}");
    }
    assert!(desk.renewed().is_none());
    assert_eq!(change("ad/status/update/", &switch("DISABLE", ad)), 0);
    assert_eq!(
        change("campaign/update/", &json!({ "advertiser_id": mine, "campaign_id": campaign, "budget": 61.5 })),
        0
    );
    let desk = desk.renewed().unwrap();
    let ads = list(&desk, "ad", "1000");
    assert_eq!(
        (&ads["list"][0]["operation_status"], &ads["list"][1]["operation_status"]),
        (&json!("DISABLE"), &json!("ENABLE"))
    );
    assert_eq!(list(&desk, "campaign", "2")["list"][1]["budget"], 61.5);
    // All of today was told before: it acts from tomorrow on.
    let tomorrow = desk.on(desk.world.today() + Duration::days(1), super::super::Edge::EndOfDay).unwrap();
    let channel = tomorrow.world.channels().iter().find(|channel| channel.external_id == mine).unwrap();
    let days = desk.world.today()..=tomorrow.world.today();
    let rows = tomorrow.world.ad_rows(channel, days, Level::Ad, tomorrow.world.today());
    let of: Vec<_> = rows.iter().filter(|row| *ad == row.external_id).map(|row| row.day).collect();
    assert_eq!(of, [desk.world.today()]);
}
