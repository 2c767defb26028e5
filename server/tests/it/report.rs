//! Reports over HTTP: the same bytes whenever one is opened, totals that are those of the rows and of pages, a worker that is killed,
//! one that could not be made, and how they look.

use std::{process::Command, time::Duration};

use model::{
    actor::Actor,
    id::{OrganizationId, ReportId},
    report::{Every, ReportState, Timing},
};
use serde_json::{Value, json};
use service::report::{making, schedule};
use sqlx::PgPool;
use time::Date;

use crate::support::{Agency, Browser, TestApp, count, execute};

/// What does not change when something is corrected later.
const OF_THE_MOMENT: [&str; 7] = ["cover", "summary", "figures", "channels", "forecast", "findings", "method"];

/// The text of a PDF, page by page.
pub fn text(app: &TestApp, pdf: &[u8]) -> Vec<String> {
    let file = app.data.join(format!("{}.pdf", uuid::Uuid::from_u128(u128::from(pdf.len() as u64))));
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output();
    let output = output.expect("pdftotext reads what a PDF says: ./dev test installs it with poppler-utils");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split('\u{c}').filter(|page| !page.trim().is_empty()).map(str::to_owned).collect()
}

/// Asks for a report and waits until it is made.
pub async fn make(who: &Browser, body: &Value) -> Value {
    let answer = who.post("/api/v1/reports", body).await;
    assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap());
    let asked: Value = answer.json().await.unwrap();
    made(who, asked["id"].as_str().unwrap()).await
}

async fn made(who: &Browser, id: &str) -> Value {
    for _ in 0..1200 {
        let report = who.json(&format!("/api/v1/reports/{id}")).await;
        assert_ne!(report["state"], "failed", "{report}");
        if report["state"] == "made" {
            return report;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the report was not made");
}

/// The file of a report that is made.
pub async fn pdf(who: &Browser, report: &Value) -> Vec<u8> {
    let answer = who.get(&format!("/api/v1/reports/{}/pdf", report["id"].as_str().unwrap())).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    answer.bytes().await.unwrap().to_vec()
}

/// An agency that counts in euros, with a client that advertises in two accounts and has a shop; the sources' ids.
async fn furnished(app: &TestApp) -> (Browser, String, Vec<String>) {
    let olga = app.owner("olga@acme.test", "Acme").await;
    assert_eq!(olga.send("PATCH", "/api/v1/organization", &json!({"currency": "EUR"})).await.status(), 200);
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery *1*", "currency": "EUR"})).await;
    let mut sources = Vec::new();
    for (name, holds) in [("Radio", "ads"), ("Search", "ads"), ("Shop", "shop")] {
        let new = json!({"name": name, "holds": holds, "currency": "EUR", "time_zone": "UTC", "client_id": client});
        sources.push(olga.create("/api/v1/imports/sources", &new).await);
    }
    for (number, source) in sources.iter().enumerate() {
        push(&olga, source, number, yesterday(app), 60).await;
    }
    (olga, client, sources)
}

fn yesterday(app: &TestApp) -> Date {
    app.service.clock.now().date().previous_day().unwrap()
}

/// So many days of a source until `last`, no two alike.
async fn push(olga: &Browser, source: &str, number: usize, last: Date, many: i64) {
    let row = |ago: i64| {
        let (day, cents) = ((last - time::Duration::days(ago)).to_string(), ago * 37 % 100);
        match number {
            2 => json!({"day": day, "orders": 9 + ago % 7, "ledger_revenue": format!("{}.{cents:02}", 500 + ago)}),
            _ => json!({"day": day, "spend": format!("{}.{cents:02}", 90 + ago + number as i64), "clicks": 200 + ago,
                "impressions": 10_000 + ago, "claimed_revenue": 300 + ago}),
        }
    };
    let rows: Vec<Value> = (0..many).map(row).collect();
    let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// Cents as money on a page and in a report: 123456 is 1,234.56 EUR.
pub fn money(cents: i64, currency: &str) -> String {
    let (whole, rest) = ((cents / 100).to_string(), cents % 100);
    let digits: Vec<char> = whole.chars().rev().collect();
    let groups: Vec<String> = digits.chunks(3).map(|group| group.iter().rev().collect()).collect();
    format!("{}.{rest:02} {currency}", groups.into_iter().rev().collect::<Vec<String>>().join(","))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn totals_in_the_text_are_those_of_the_rows_and_of_the_figures_that_pages_show(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, client, _) = furnished(&app).await;
    let last = yesterday(&app);
    let first = last - time::Duration::days(27);
    let body = json!({"client_id": client, "title": "Bakery #November $x$", "first": first.to_string(), "last": last.to_string()});
    let report = make(&olga, &body).await;
    assert_eq!(report["done"], 9);
    let pages = text(&app, &pdf(&olga, &report).await);
    assert_eq!(json!(pages.len()), report["pages"]);
    let all = pages.join("\n");
    assert!(
        all.contains("Bakery #November $x$") && all.contains("Bakery *1*"),
        "what people typed stands as it is: {all}"
    );
    for (key, column) in
        [("spend", "spend"), ("claimed_revenue", "claimed_revenue"), ("ledger_revenue", "ledger_revenue")]
    {
        let sum = sum_of(&app, column, first, last).await;
        assert!(sum > 0);
        let figure = olga.json(&format!("/api/v1/figures/m.{key}.c{client}.{first}.{last}.EUR")).await;
        let value: f64 = figure["value"].as_str().unwrap().parse().unwrap();
        assert!((value * 100.0 - sum as f64).abs() < 0.5, "{key}: {figure}");
        let channels = pages.iter().find(|page| page.contains("All together")).expect("the table of channels");
        let row = channels.lines().find(|line| line.contains("All together")).unwrap();
        let written = money(sum, "EUR");
        assert!(row.contains(&written), "{key} is {written} in: {row}");
        assert!(all.matches(&written).count() >= 2, "{key} stands among the main figures, too");
    }
    // Of a shop nobody says what was spent: that is no zero.
    let channels = pages.iter().find(|page| page.contains("All together")).unwrap();
    let shop = channels.lines().find(|line| line.trim_start().starts_with("Shop")).unwrap();
    assert!(shop.contains('–') && !shop.contains(" 0.00 EUR"), "{shop}");
    app.finish().await;
}

/// What is stored of these days, in cents.
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn sum_of(app: &TestApp, column: &str, first: Date, last: Date) -> i64 {
    let sql =
        format!("select (sum({column}) * 100)::bigint from metric_daily where day between '{first}' and '{last}'");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&app.pool).await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_report_is_the_same_bytes_when_it_is_opened_and_when_it_is_made_again_of_its_moment(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, client, sources) = furnished(&app).await;
    let last = yesterday(&app);
    let first = last - time::Duration::days(6);
    let body = |as_of: Option<&Value>| {
        json!({"client_id": client, "title": "Week", "sections": OF_THE_MOMENT, "first": first.to_string(),
            "last": last.to_string(), "as_of": as_of})
    };
    // A cycle that began before and ends after it would be of its moment, too.
    for _ in 0..1200 {
        if app.jobs_left().await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    crate::dashboard::think(&olga).await;
    let report = make(&olga, &body(None)).await;
    let bytes = pdf(&olga, &report).await;
    assert!(report["state_id"].is_string(), "{report}");
    assert_eq!(json!(bytes.len()), report["size"]);
    // Everything is said otherwise from now on.
    app.service.clock.advance(time::Duration::minutes(5));
    push(&olga, &sources[0], 7, last, 60).await;
    assert!(pdf(&olga, &report).await == bytes, "opened again");
    let again = make(&olga, &body(Some(&report["as_of"]))).await;
    assert_ne!(again["id"], report["id"]);
    assert_eq!(again["sha256"], report["sha256"], "made again of the same moment");
    assert!(pdf(&olga, &again).await == bytes);
    let now = make(&olga, &body(None)).await;
    assert_ne!(now["sha256"], report["sha256"], "what was corrected is in a new one");
    app.finish().await;
}

/// The agency and a report of it that nobody makes.
async fn asked(olga: &Browser) -> (OrganizationId, ReportId, String) {
    let body = json!({"title": "R", "sections": ["figures", "method"], "first": "2026-11-02", "last": "2026-11-08"});
    let report: Value = olga.post("/api/v1/reports", &body).await.json().await.unwrap();
    let session = olga.json("/api/v1/auth/session").await;
    let organization = session["organization_id"].as_str().unwrap().parse().unwrap();
    let id = report["id"].as_str().unwrap().to_owned();
    assert_eq!(olga.json(&format!("/api/v1/reports/{id}")).await["state"], "queued");
    let not_yet = olga.get(&format!("/api/v1/reports/{id}/pdf")).await;
    assert_eq!(not_yet.status(), 409, "there is no file yet");
    (organization, id.parse().unwrap(), id)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_worker_that_is_killed_leaves_the_report_to_the_next_and_cannot_change_it_afterwards(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    app.leave_jobs();
    let (organization, id, text_id) = asked(&olga).await;
    // It wrote one section and is gone.
    making::begin(&app.service, organization, id).await.unwrap().expect("it is to be made");
    making::progress(&app.service, organization, id, 1).await.unwrap();
    let half = olga.json(&format!("/api/v1/reports/{text_id}")).await;
    assert_eq!((&half["state"], &half["done"]), (&json!("making"), &json!(1)));
    let page = olga.get(&format!("/reports/{text_id}")).await.text().await.unwrap();
    assert!(page.contains("Being made") && page.contains("of "), "{page}");
    let _work = app.take_jobs();
    let report = made(&olga, &text_id).await;
    let bytes = pdf(&olga, &report).await;
    // The first one comes to life again.
    let typeset = making::Typeset { state_id: None, pages: 1, bytes: b"other".to_vec(), hash: vec![0; 32] };
    making::finish(&app.service, organization, id, &typeset).await.unwrap();
    making::fail(&app.service, organization, id, "too late").await.unwrap();
    assert!(making::begin(&app.service, organization, id).await.unwrap().is_none());
    assert_eq!(olga.json(&format!("/api/v1/reports/{text_id}")).await, report);
    assert!(pdf(&olga, &report).await == bytes);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_report_that_could_not_be_made_says_why_and_is_made_when_somebody_asks_again(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    app.leave_jobs();
    let (organization, id, text_id) = asked(&olga).await;
    let path = format!("/api/v1/reports/{text_id}");
    assert_eq!(olga.post(&format!("{path}/retry"), &json!({})).await.status(), 409, "it did not fail");
    making::fail(&app.service, organization, id, "the oven was cold").await.unwrap();
    let page = olga.get(&format!("/reports/{text_id}")).await.text().await.unwrap();
    assert!(page.contains("The oven was cold") && page.contains("Make it again"), "{page}");
    assert_eq!(olga.json(&path).await["error"], "the oven was cold");
    assert_eq!(olga.post(&format!("{path}/retry"), &json!({})).await.status(), 202);
    let _work = app.take_jobs();
    made(&olga, &text_id).await;
    assert_eq!(olga.send("DELETE", &path, &json!({})).await.status(), 204);
    assert_eq!(olga.get(&format!("{path}/pdf")).await.status(), 404);
    assert_eq!(count(&app.pool, "select count(*) from report_file").await, 0, "its file went with it");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_sees_a_client_reads_its_reports_and_nobody_else_does(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let body = |client: Option<&String>| json!({"client_id": client, "title": "R", "sections": ["method"], "first": "2026-11-02", "last": "2026-11-08"});
    let of_c2 = make(&agency.olga, &body(Some(&agency.c[1]))).await;
    let whole = make(&agency.ada, &body(None)).await;
    let path = |report: &Value| format!("/api/v1/reports/{}/pdf", report["id"].as_str().unwrap());
    // Max sees C1; Mel C1 and C2, and only reads.
    for (who, of_client) in [(&agency.ada, 200), (&agency.max, 404), (&agency.mel, 200), (&agency.bert, 404)] {
        assert_eq!(who.get(&path(&of_c2)).await.status(), of_client);
    }
    for (who, of_agency) in [(&agency.olga, 200), (&agency.max, 404), (&agency.mel, 404), (&agency.bert, 404)] {
        assert_eq!(who.get(&path(&whole)).await.status(), of_agency, "it tells of clients that not everybody sees");
    }
    let refused = agency.mel.send("DELETE", &path(&of_c2).replace("/pdf", ""), &json!({})).await;
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["rule"], "reports.edit");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_clients_own_logo_and_colour_go_before_the_agencys(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, client, _) = furnished(&app).await;
    // One red point.
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
    let body = json!({"client_id": client, "title": "R", "sections": ["cover", "method"], "first": "2026-11-02",
        "last": "2026-11-08", "as_of": "2026-01-05T12:00:00Z"});
    let mut seen = Vec::new();
    for look in
        [json!({}), json!({"accent": "#123456"}), json!({"client_id": client, "accent": "#654321", "logo": png})]
    {
        assert_eq!(olga.send("PUT", "/api/v1/brand", &look).await.status(), 200);
        seen.push(make(&olga, &body).await["sha256"].clone());
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2], "{seen:?}");
    for bad in [json!({"accent": "#ffff00"}), json!({"logo": "PHN2Zy8+"}), json!({"logo": "?"})] {
        assert_eq!(olga.send("PUT", "/api/v1/brand", &bad).await.status(), 422, "{bad}");
    }
    // A file that only begins as a picture: the name stands in its place, and the report is made.
    let broken = "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKAAAA";
    assert_eq!(olga.send("PUT", "/api/v1/brand", &json!({"client_id": client, "logo": broken})).await.status(), 200);
    make(&olga, &body).await;
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_page_of_a_simulated_agencys_report_says_so_and_so_does_its_mail(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, client, _) = furnished(&app).await;
    let session = olga.json("/api/v1/auth/session").await;
    let organization: OrganizationId = session["organization_id"].as_str().unwrap().parse().unwrap();
    let actor = Actor::machine(organization);
    let timing = Timing::parse(Every::Weekly, 1, 8, "jane@client.test", true).unwrap();
    let question = model::report::Question::parse(
        Some(client.parse().unwrap()),
        "Weekly",
        model::summary::Persona::Cmo,
        &["cover", "figures", "channels", "method"].map(str::to_owned),
    )
    .unwrap();
    let kept = {
        let olga = Actor { member_id: session["user_id"].as_str().unwrap().parse().unwrap(), ..actor.clone() };
        schedule::add(&app.service, &olga, question, timing).await.unwrap()
    };
    let simulated = "do $$ begin perform set_config('session_replication_role', 'replica', true);
        update organization set mode = 'simulated'; end $$";
    execute(&app.pool, simulated.to_owned()).await;
    let mut tx = app.service.db.system().await.unwrap();
    schedule::queue_due(&mut tx, app.service.clock.now() + time::Duration::days(8)).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..1200 {
        if !app.mails("jane@client.test").is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mail = app.mail("jane@client.test").await;
    assert!(mail.contains("[Simulated data]") && mail.contains("Everything in it is simulated"), "{mail}");
    let page = service::report::list(&app.service, &actor, None, 5, None).await.unwrap();
    let report = &page.items[0];
    assert_eq!((report.schedule_id, report.state), (Some(kept.id), ReportState::Made));
    let (_, bytes) = service::report::file(&app.service, &actor, report.id).await.unwrap();
    let pages = text(&app, &bytes);
    assert!(pages.len() >= 4, "{} pages", pages.len());
    for page in &pages {
        assert!(page.contains("Simulated data"), "{page}");
    }
    app.finish().await;
}

/// The typefaces that a PDF brings along.
fn typefaces(app: &TestApp, pdf: &[u8]) -> String {
    let file = app.data.join(format!("typefaces-{}.pdf", pdf.len()));
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdffonts").arg(&file).output();
    let output = output.expect("pdffonts says what typefaces a PDF has: ./dev test installs it with poppler-utils");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn letters_that_our_typeface_has_not_are_set_with_those_of_the_installation(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.fonts = Some("/usr/share/fonts/truetype/dejavu".into())).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    // A Latin title, and a Georgian one.
    for (title, others) in [("Bakery", false), ("თონე", true)] {
        let body =
            json!({"title": title, "sections": ["cover", "method"], "first": "2026-11-02", "last": "2026-11-08"});
        let report = make(&olga, &body).await;
        let bytes = pdf(&olga, &report).await;
        let faces = typefaces(&app, &bytes);
        assert!(faces.contains("Inter"), "{faces}");
        assert_eq!(faces.contains("DejaVu"), others, "{title}: {faces}");
        assert!(text(&app, &bytes).join("").contains(title), "{title} can be read and copied");
    }
    app.finish().await;
}
