//! Findings: everything that the newest state noticed, seen to by the alert that each is, and by nothing else.

use model::alert::{FindingKind, Found, Severity};
use reqwest::{StatusCode, header};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    alert_desk::{Desk, TUESDAY},
    support::{Agency, Browser, count, execute},
};

/// A finding as the brain writes it.
fn finding(desk: &Desk, client: usize, kind: FindingKind, severity: Severity, metric: &str) -> Found {
    let found = desk.found(client, kind, severity, TUESDAY.date());
    let (first, last) = (found.first.to_string(), found.last.to_string());
    let body = json!({"kind": kind.key(), "entity": {"id": found.entity, "level": found.level}, "metric": metric,
        "first": first, "last": last, "severity": severity.key(), "probability": 0.97,
        "size": {"value": -120.0, "low": -150.0, "high": -90.0, "confidence": 0.95, "unit": "count"},
        "basis": [{"name": "clicks", "value": 812.0, "first": first, "last": last}]});
    Found { metric: Some(metric.to_owned()), body: body.to_string(), ..found }
}

/// A state that found this, as the newest that was thought.
async fn think(desk: &Desk, found: Vec<Found>) {
    desk.cycle(TUESDAY.date(), found).await;
    let cycle = "insert into brain_cycle (organization_id, id, cause, state, asked_at, cut_off, finished_at, state_id)
        select s.organization_id, gen_random_uuid(), 'manual', 'done', now(), clock_timestamp(), now(), s.id from brain_state s
        where not exists (select from brain_cycle c where c.organization_id = s.organization_id and c.state_id = s.id)";
    execute(&desk.pool, cycle.to_owned()).await;
}

async fn page(browser: &Browser, query: &str) -> String {
    browser.get(&format!("/findings{query}")).await.text().await.unwrap()
}

/// How many findings a page shows that stand so.
async fn shown(browser: &Browser, query: &str, standing: &str) -> usize {
    page(browser, query).await.matches(&format!("data-test=\"finding {standing}\"")).count()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_finding_is_seen_to_by_its_alert_and_by_nothing_else(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let Agency { olga, max, mel, nia, bert, c, .. } = &desk.agency;
    assert!(page(olga, "").await.contains("Nothing has been analysed yet."));
    // An ad that tires in two metrics is one alert.
    let tired = |metric: &str| finding(&desk, 0, FindingKind::CreativeFatigue, Severity::Medium, metric);
    let fall = finding(&desk, 1, FindingKind::Drop, Severity::High, "clicks");
    let all = vec![tired("ctr"), tired("cvr"), fall];
    think(&desk, all.clone()).await;
    assert_eq!(count(&desk.pool, "select count(*) from alert").await, 2);
    assert_eq!(count(&desk.pool, "select count(*) from alert_finding").await, 3);
    assert_eq!(count(&desk.pool, "select count(*) from alert where number is null").await, 0);
    for (who, sees, may) in [(olga, 3, true), (max, 2, true), (mel, 3, false), (nia, 0, false), (bert, 0, false)] {
        assert_eq!(shown(who, "", "open").await, sees);
        assert_eq!(page(who, "").await.contains(">Acknowledge<"), may);
    }
    for (query, left) in [
        ("?kind=drop".to_owned(), 1),
        ("?severity=medium".to_owned(), 2),
        (format!("?client={}", c[1]), 1),
        (format!("?client={}&severity=medium", c[1]), 0),
        ("?state=acknowledged".to_owned(), 0),
    ] {
        assert_eq!(shown(olga, &query, "open").await, left, "{query}");
    }
    assert_eq!(max.get(&format!("/findings?client={}", c[1])).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(olga.get("/findings?cursor=x").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // The worst stands first, with its figures and the ways on.
    let whole = page(olga, "").await;
    let first = whole.split("data-test=\"finding open\"").nth(1).unwrap();
    for part in ["far below what was to be expected", "data-figure=\"s.", ">−120<", ">812<", "/analytics?from="] {
        assert!(first.contains(part), "{part}: {first}");
    }

    let alert = olga.json("/api/v1/alerts?severity=medium").await["items"][0]["id"].as_str().unwrap().to_owned();
    let request = max.client.post(format!("{}/app/acknowledge_alert", max.url)).header(header::ACCEPT, "text/html");
    let request = request.header(header::REFERER, format!("{}/findings", max.url)).form(&[("id", &alert)]);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/findings");
    let stands = async || {
        let (open, seen) = (shown(olga, "", "open").await, shown(olga, "", "acknowledged").await);
        assert_eq!(shown(olga, "?state=acknowledged", "acknowledged").await, seen);
        (open, seen)
    };
    assert_eq!(stands().await, (1, 2), "both findings of the alert");
    // What is found again is the same alert, and stands as it stood.
    think(&desk, all).await;
    assert_eq!(stands().await, (1, 2));
    let reopened = olga.post(&format!("/api/v1/alerts/{alert}/reopen"), &json!({})).await;
    assert_eq!(reopened.status(), StatusCode::OK);
    assert_eq!(stands().await, (3, 0));
    // What is not found any more is no finding.
    think(&desk, Vec::new()).await;
    assert!(page(olga, "").await.contains("Nothing was noticed that is more than chance"));
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_fall_that_is_part_of_an_outage_is_seen_to_with_it(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let of = |kind, severity| finding(&desk, 0, kind, severity, "claimed_conversions");
    let outage = Found { size: None, ..of(FindingKind::TrackingOutage, Severity::High) };
    let fall = of(FindingKind::Drop, Severity::Medium);
    think(&desk, vec![fall, outage]).await;
    assert_eq!(count(&desk.pool, "select count(*) from alert").await, 1);
    assert_eq!(count(&desk.pool, "select count(distinct alert_id) from alert_finding").await, 1);
    assert_eq!(shown(&desk.agency.olga, "", "open").await, 2);
    desk.touch(0, "acknowledge", &json!({})).await;
    assert_eq!(shown(&desk.agency.olga, "", "acknowledged").await, 2);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn many_findings_are_pages_of_one_state(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let olga = &desk.agency.olga;
    let one = |n: usize| {
        let found = finding(&desk, 0, FindingKind::ChangePoint, Severity::Low, &format!("metric_{n}"));
        Found { entity: format!("entity {n}"), ..found }
    };
    think(&desk, (0..30).map(one).collect()).await;
    let first = page(olga, "").await;
    assert_eq!(first.matches("data-test=\"finding open\"").count(), 25);
    assert!(first.contains("30 findings"), "{first}");
    let more = first.replace("&amp;", "&");
    let more = more.split("href=\"/findings?cursor=").nth(1).unwrap().split('"').next().unwrap();
    think(&desk, vec![finding(&desk, 1, FindingKind::Drop, Severity::High, "clicks")]).await;
    assert_eq!(shown(olga, &format!("?cursor={more}"), "open").await, 5, "the rest of what was read");
    assert_eq!(shown(olga, "", "open").await, 1);
    desk.app.finish().await;
}
