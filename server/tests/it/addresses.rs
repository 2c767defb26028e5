//! Forms and pages, asked with ids of another agency: each answers as if there were no such thing, and the other agency keeps
//! what it has. That each question could have been answered otherwise is shown in `owners`.
//!
//! A new route that is no page and not of the API has to be put into [`ROUTES`], a page with an id in its address into
//! [`PAGES`].

use std::collections::BTreeSet;

use app::{App, needs_no_session};
use leptos_axum::generate_route_list;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    foreign::{self, Ids},
    functions::job_stays,
    plain,
    support::{Agency, Browser, TestApp, all_rows},
};

/// Every route that is no page and not of the API, and why another agency's ids are nothing to it; or that it is asked below.
const ROUTES: [(&str, &str); 35] = [
    ("/app/{*function}", "the server functions: in `functions`"),
    ("/app/events", "takes no id; who is told of what is in `events`"),
    ("/app/messages/{id}/html", "in `mail_html`"),
    ("/app/messages/{id}/source", "in `mail_html`"),
    ("/app/messages/{id}/parts/{part}", "in `mail_html`"),
    ("/app/messages/{id}/picture", "in `mail_html`: its pass is the proof, in whatever agency"),
    ("/", "takes no id"),
    ("/login", "takes no id"),
    ("/login/code", "its step is a secret of the browser's own"),
    ("/auth/google", "takes no id"),
    ("google::CALLBACK", "its state is a secret of the browser's own"),
    ("/logout", "takes no id"),
    ("/signup", "takes no id"),
    ("/signup/sent", "takes no id"),
    ("/verify-email", "its token is the proof, in whatever agency"),
    ("/resend", "takes no id"),
    ("/forgot", "takes no id"),
    ("/reset", "its token is the proof, in whatever agency"),
    ("/invite/{token}", "its token is the proof, in whatever agency"),
    ("/privacy", "takes no id"),
    ("/terms", "takes no id"),
    ("/security", "takes no id"),
    ("/theme", "takes no id"),
    ("/simulation", "takes no id"),
    ("/simulation/leave", "takes no id"),
    ("/simulation/forward", "takes no id"),
    ("/api/docs", "takes no id"),
    ("/imports/upload", ASKED),
    ("/brand/upload", ASKED),
    ("/exchange-rates/upload", "takes no id"),
    ("/integrations/{provider}/connect", ASKED),
    ("/integrations/{provider}/token", ASKED),
    ("/healthz", "takes no id"),
    ("/readyz", "takes no id"),
    ("/metrics", "takes no id"),
];
const ASKED: &str = "asked below";

/// The forms that are posted with an id, and of what it is.
pub const FORMS: [(&str, &str); 4] = [
    ("/imports/upload", "{source}"),
    ("/brand/upload", "{client}"),
    ("/integrations/{provider}/connect", "{connection}"),
    ("/integrations/{provider}/token", "{connection}"),
];

/// One of [`FORMS`] with this id, as `browser` posts it. The provider is that of the connection.
pub fn form(browser: &Browser, path: &str, id: &str) -> reqwest::RequestBuilder {
    let request = browser.client.post(format!("{}{}", browser.url, path.replace("{provider}", "google_ads")));
    match path {
        "/imports/upload" => {
            let body = format!(
                "--x\r\nContent-Disposition: form-data; name=\"source_id\"\r\n\r\n{id}\r\n--x\r\nContent-Disposition: \
                 form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nDay,Cost\n2026-02-01,1\n\r\n--x--\r\n"
            );
            request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=x").body(body)
        }
        "/brand/upload" => {
            let body = format!(
                "--x\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\n{id}\r\n--x\r\nContent-Disposition: \
                 form-data; name=\"accent\"\r\n\r\n#123456\r\n--x--\r\n"
            );
            request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=x").body(body)
        }
        "/integrations/{provider}/connect" => request.form(&[("connection_id", id)]),
        _ => request.form(&[("connection_id", id), ("access_token", "t")]),
    }
}

/// The provider is set up: a foreign connection must be refused for what it is, not for a setting.
pub async fn with_provider(pool: PgPool) -> TestApp {
    TestApp::start_with(pool, |config| {
        for name in ["GOOGLE_ADS_DEVELOPER_TOKEN", "GOOGLE_ADS_CLIENT_ID", "GOOGLE_ADS_CLIENT_SECRET"] {
            config.providers.insert(name.to_owned(), "set".into());
        }
    })
    .await
}

/// Status and body of a form's answer to a program, without what names the request.
pub async fn posted(request: reqwest::RequestBuilder, ids: &Ids) -> (StatusCode, String) {
    let answer = request.header(header::ACCEPT, "application/json").send().await.unwrap();
    let status = answer.status();
    let mut body: Value = answer.json().await.unwrap_or_default();
    body["error"]["request_id"] = json!(null);
    (status, foreign::without_ids(ids, &body.to_string()))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_1_forms_treat_another_agencys_ids_like_missing_ones(pool: PgPool) {
    let app = with_provider(pool).await;
    let routes: BTreeSet<_> = plain::routes().into_iter().map(|(path, _)| path).collect();
    assert_eq!(routes, ROUTES.map(|(path, _)| path).into(), "every plain route is in this table, and no other");

    let agency = Agency::found(&app).await;
    let ids = foreign::ids(&app, &agency).await;
    let before = all_rows(&app.pool, Some("Beta")).await;
    let asked: BTreeSet<_> = ROUTES.into_iter().filter(|(_, why)| *why == ASKED).map(|(path, _)| path).collect();
    assert_eq!(FORMS.map(|(path, _)| path).into_iter().collect::<BTreeSet<_>>(), asked);
    for (path, kind) in FORMS {
        let foreign = posted(form(&agency.olga, path, &foreign::theirs(&ids, kind)), &ids).await;
        let missing = posted(form(&agency.olga, path, &foreign::absent(&ids, kind)), &ids).await;
        assert_eq!(foreign.0, StatusCode::NOT_FOUND, "{path}: {}", foreign.1);
        assert_eq!(foreign, missing, "{path}");
    }
    assert_eq!(all_rows(&app.pool, Some("Beta")).await, before, "nothing of the other agency was changed");
    job_stays(&app, &agency).await;
    app.stop().await;
}

/// A page as it is drawn, without what is new in every answer.
pub fn drawn(page: &str, ids: &Ids) -> String {
    let nonce = page.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    // Addresses within pages write an id's hyphens in their own way.
    let page = page.replace(nonce, "{nonce}").replace("%2D", "-");
    // When it was drawn.
    let at =
        page.split_once("\\\"at\\\":").map(|(_, at)| at.chars().take_while(char::is_ascii_digit).collect::<String>());
    let page = at.map_or(page.clone(), |at| page.replace(&at, "{at}"));
    // How long a run takes that is under way.
    let took = |part: &str| part.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned();
    let mut parts: Vec<String> = page.split(" s").map(str::to_owned).collect();
    let last = parts.len() - 1;
    parts[..last].iter_mut().for_each(|part| *part = took(part));
    foreign::without_ids(ids, &parts.join(" s"))
}

/// Pages whose addresses name a thing, and the status of one that is another agency's. Every route with an id in its path is
/// among them, and pages that are narrowed by one.
pub const PAGES: [(&str, u16); 19] = [
    ("/inbox/{conversation}", 404),
    ("/inbox?client={client}", 404),
    ("/people/{contact}", 404),
    ("/clients/{client}", 404),
    ("/clients/{client}/dashboard", 404),
    ("/clients/{client}/analytics", 404),
    ("/analytics?client_id={client}", 422),
    ("/figures/m.spend.c{client}.2026-03-01.2026-03-02.EUR", 404),
    ("/settings/integrations/{connection}", 404),
    ("/settings/integrations/import/{import}", 404),
    ("/summary?client_id={client}", 404),
    ("/alerts?client={client}", 404),
    ("/findings?client={client}", 404),
    ("/reports/{report}", 404),
    ("/reports?client_id={client}", 404),
    ("/clients?stage={stage}", 200),
    ("/members?of={assignee}", 200),
    ("/audit?member_id={member}", 200),
    ("/settings/integrations?connected={connection}", 200),
];

#[tokio::test]
async fn b3_4_every_page_with_an_id_is_asked_for_another_agencys() {
    let routes: Vec<_> = generate_route_list(App).iter().map(|route| route.path().replace(':', "{")).collect();
    let takes_id = |path: &&String| path.contains('{') && !path.contains('*') && !needs_no_session(path);
    let with_id: Vec<_> = routes.iter().filter(takes_id).collect();
    assert!(with_id.len() >= 3, "{routes:?}");
    for route in with_id {
        let asked = |(page, _): &(&str, u16)| plain::answers(route, page.split('?').next().unwrap());
        assert!(PAGES.iter().any(asked), "{route} takes an id: it belongs to the pages above");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_1_pages_treat_another_agencys_ids_like_missing_ones(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let ids = foreign::ids(&app, &agency).await;
    let before = all_rows(&app.pool, Some("Beta")).await;
    for (page, status) in PAGES {
        let mut answers = Vec::new();
        for path in [foreign::theirs(&ids, page), foreign::absent(&ids, page)] {
            let answer = agency.olga.get(&path).await;
            let seen = answer.status().as_u16();
            answers.push((seen, drawn(&answer.text().await.unwrap(), &ids)));
        }
        assert_eq!(answers[0].0, status, "{page}");
        assert_eq!(answers[0], answers[1], "{page}");
    }
    assert_eq!(all_rows(&app.pool, Some("Beta")).await, before, "nothing of the other agency was changed");
    job_stays(&app, &agency).await;
    app.stop().await;
}
