//! The pages of alerts: what they show to whom, and that their forms work before a page is live and keep what was typed.

use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    seed,
    support::{Agency, Browser, TestApp, execute},
};

/// Posts a form of a page as a browser does by itself.
async fn post(browser: &Browser, page: &str, function: &str, fields: &[(&str, &str)]) -> Response {
    let request = browser.client.post(format!("{}/app/{function}", browser.url));
    let request = request.header(header::ACCEPT, "text/html").header(header::REFERER, format!("{}{page}", browser.url));
    request.form(fields).send().await.unwrap()
}

/// The same, for a form that is accepted: its browser is led back.
async fn done(browser: &Browser, page: &str, function: &str, fields: &[(&str, &str)]) {
    let answer = post(browser, page, function, fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{function} {fields:?}");
    assert_eq!(answer.headers()[header::LOCATION], page);
}

/// The same, for a form that is refused: the page comes back.
async fn refused(browser: &Browser, page: &str, function: &str, fields: &[(&str, &str)]) -> String {
    let answer = post(browser, page, function, fields).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{function} {fields:?}");
    answer.text().await.unwrap()
}

async fn page(browser: &Browser, path: &str) -> String {
    browser.get(path).await.text().await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn alerts_are_shown_to_those_who_see_the_client_and_seen_to_before_the_page_is_live(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let agency = Agency::found(&app).await;
    let Agency { olga, max, mel, nia, c, .. } = &agency;
    assert!(page(olga, "/alerts").await.contains("Nothing has been analysed yet."));
    let alert = seed::alert(&pool, &c[0]).await;
    let shown = page(olga, "/alerts").await;
    let client = format!("href=\"/clients/{}\"", c[0]);
    for words in ["data-test=\"alert open\"", ">High<", "far below what was to be expected", "1 to 2 Mar 2026", &client]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let body = json!({"size": {"value": -187.5, "low": -200, "high": -150, "confidence": 0.95, "unit": {"money": "EUR"}},
        "basis": [{"name": "actual", "value": 812.5, "first": "2026-03-01", "last": "2026-03-02"},
            {"name": "clicks", "value": 31250, "first": null, "last": null}]});
    execute(&pool, format!("update alert set body = '{body}' where id = '{alert}'")).await;
    let (shown, state) = (page(olga, "/alerts").await, seed::id_in(&pool, "brain_state", "Acme").await);
    for line in [">Actual: 812.50 EUR, 2026-03-01 to 2026-03-02<", ">Clicks: 31,250<", &format!(">{state}<")] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    for (who, sees, may) in [(olga, true, true), (max, true, true), (mel, true, false), (nia, false, false)] {
        let shown = page(who, "/alerts").await;
        assert_eq!(shown.contains("data-test=\"alert open\""), sees, "{shown}");
        assert_eq!(shown.contains(">Acknowledge<"), may, "{shown}");
    }
    let of = async |client: &str| page(olga, &format!("/alerts?client={client}")).await;
    assert!(of(&c[0]).await.contains("data-test=\"alert open\""));
    assert!(!of(&c[1]).await.contains("data-test=\"alert open\""));

    let id = ("id", &*alert);
    for (day, words) in [("2020-01-01", "Choose a day after today"), ("2040-01-01", "within a year")] {
        let back = refused(max, "/alerts", "snooze_alert", &[id, ("until", day)]).await;
        assert!(back.contains(words), "{words}: {back}");
        assert_eq!(back.matches(&format!("value=\"{day}\"")).count(), 1, "{back}");
    }
    let standing = async |state: &str| {
        let shown = page(olga, &format!("/alerts?state={state}")).await;
        assert!(shown.contains(&format!("data-test=\"alert {state}\"")), "{state}: {shown}");
        let others = ["open", "snoozed", "acknowledged", "ended"].into_iter().filter(|other| *other != state);
        for other in others {
            assert!(!page(olga, &format!("/alerts?state={other}")).await.contains("data-test=\"alert "), "{other}");
        }
        shown
    };
    let morning = app.service.clock.now().date() + time::Duration::WEEK;
    done(max, "/alerts", "snooze_alert", &[id, ("until", "week")]).await;
    assert!(standing("snoozed").await.contains(&format!("{morning} 08:00 UTC")));
    done(max, "/alerts?state=snoozed", "reopen_alert", &[id]).await;
    standing("open").await;
    done(max, "/alerts", "acknowledge_alert", &[id]).await;
    standing("acknowledged").await;
    assert_eq!(post(mel, "/alerts", "reopen_alert", &[id]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(post(nia, "/alerts", "reopen_alert", &[id]).await.status(), StatusCode::NOT_FOUND);
    app.finish().await;
}

/// A new rule about falls, of these and for these.
fn falls<'a>(named: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    let mut fields = vec![("id", ""), ("name", "Falls"), ("way", "digest"), ("least_severity", "low")];
    fields.extend(["kind:drop"].iter().chain(named).map(|one| ("named[]", *one)));
    fields
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rules_and_quiet_hours_are_changed_before_the_page_is_live(pool: PgPool) {
    const PAGE: &str = "/settings/alerts";
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let Agency { olga, max, mel, c, .. } = &agency;
    let rules = async || olga.json("/api/v1/alerts/rules").await["items"].as_array().unwrap().clone();
    let shown = page(olga, PAGE).await;
    for words in ["High and medium, at once", "Owners, Admins, Managers", "Add a rule", "Mail at once: what is medium"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    for who in [max, mel] {
        let shown = page(who, PAGE).await;
        assert!(shown.contains("Quiet from") && !shown.contains("Add a rule"), "{shown}");
    }

    let client = format!("client:{}", c[0]);
    let back = refused(olga, PAGE, "save_alert_rule", &falls(&[])).await;
    assert!(back.contains("Choose who hears of it") && back.contains("value=\"Falls\""), "{back}");
    assert_eq!(back.matches("value=\"kind:drop\" checked").count(), 1, "in the form that came back: {back}");
    assert_eq!(rules().await.len(), 2);
    let whole = falls(&["role:admin", "role:owner", &client]);
    done(olga, PAGE, "save_alert_rule", &whole).await;
    let made = rules().await[2].clone();
    assert_eq!((&made["kinds"], &made["client_ids"]), (&json!(["drop"]), &json!([c[0]])));
    assert_eq!(
        (&made["roles"], &made["way"], &made["enabled"]),
        (&json!(["admin", "owner"]), &json!("digest"), &json!(true))
    );
    let words = "Monday&#39;s digest: what is low or worse, only Falls; only C1";
    let shown = page(olga, PAGE).await;
    assert!(shown.contains(words) || shown.contains(&words.replace("&#39;", "'")), "{shown}");

    let id = ("id", made["id"].as_str().unwrap());
    done(olga, PAGE, "switch_alert_rule", &[id, ("enabled", "false")]).await;
    assert_eq!(rules().await[2]["enabled"], false);
    let renamed = [("name", "All"), ("way", "mail"), ("least_severity", "info"), ("named[]", "role:owner")];
    done(olga, PAGE, "save_alert_rule", &[&[id][..], &renamed].concat()).await;
    let changed = rules().await[2].clone();
    assert_eq!((&changed["name"], &changed["kinds"], &changed["enabled"]), (&json!("All"), &json!([]), &json!(false)));
    done(olga, PAGE, "remove_alert_rule", &[id]).await;
    assert_eq!(rules().await.len(), 2);
    assert_eq!(post(max, PAGE, "save_alert_rule", &whole).await.status(), StatusCode::FORBIDDEN);

    let hours = |until: &'static str| [("quiet_from", "22:00"), ("quiet_until", until), ("time_zone", "Asia/Tokyo")];
    let back = refused(mel, PAGE, "update_alert_settings", &hours("")).await;
    assert!(back.contains("Say until when") && back.contains("value=\"22:00\""), "{back}");
    done(mel, PAGE, "update_alert_settings", &hours("07:00")).await;
    let kept: Value = mel.json("/api/v1/alerts/settings").await;
    assert_eq!(
        kept,
        json!({"quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "Asia/Tokyo", "digest": false})
    );
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rule_that_is_saved_anew_keeps_what_is_gone_until_it_is_taken_out(pool: PgPool) {
    const PAGE: &str = "/settings/alerts";
    const GONE: &str = "01900000-0000-7000-8000-000000000001";
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let rule = json!({"name": "Radio", "way": "mail", "least_severity": "low", "roles": ["owner"]});
    let id = olga.create("/api/v1/alerts/rules", &rule).await;
    let lists = format!("providers = '{{radio_ads}}', client_ids = '{{{GONE}}}', member_ids = '{{{GONE}}}'");
    execute(&pool, format!("update alert_rule set {lists} where id = '{id}'")).await;
    let stored = async || {
        let rules = olga.json("/api/v1/alerts/rules").await["items"].as_array().unwrap().clone();
        let rule = rules.into_iter().find(|rule| rule["id"] == *id).unwrap();
        ["providers", "client_ids", "member_ids"].map(|list| rule[list].clone())
    };
    let shown = page(&olga, PAGE).await;
    let (client, member) = (format!("client:{GONE}"), format!("member:{GONE}"));
    for value in ["provider:radio_ads", &client, &member] {
        assert_eq!(shown.matches(&format!("value=\"{value}\" checked")).count(), 1, "{value}: {shown}");
    }
    for words in ["only something that is gone; only radio ads", "Owners, somebody who is gone", ">Radio ads<"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }

    // What the page sends by itself, renamed.
    let fields = [("id", &*id), ("name", "All radio"), ("way", "mail"), ("least_severity", "low")];
    let named = |named: &[&'static str]| named.iter().map(|one| ("named[]", *one)).collect::<Vec<_>>();
    let all =
        [&fields[..], &[("named[]", &*client), ("named[]", &*member)], &named(&["role:owner", "provider:radio_ads"])];
    done(&olga, PAGE, "save_alert_rule", &all.concat()).await;
    assert_eq!(stored().await, [json!(["radio_ads"]), json!([GONE]), json!([GONE])]);
    let less = [&fields[..], &named(&["role:owner", "provider:radio_ads"])];
    done(&olga, PAGE, "save_alert_rule", &less.concat()).await;
    assert_eq!(stored().await, [json!(["radio_ads"]), json!([]), json!([])]);
    app.finish().await;
}
