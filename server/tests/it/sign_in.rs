//! Around signing in: the page asked for, words for what went wrong elsewhere, sessions that end on a live page, what the
//! audit log keeps, and mail that lies in the outbox.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, Browser, PASSWORD, TestApp, sign_up_body};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_1_the_start_page_leads_to_login(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let answer = app.browser().get("/").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/login?redirect=/");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_3_the_login_page_has_what_people_look_for(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let page = app.browser().get("/login").await.text().await.unwrap();
    for part in [
        ">Sign in to AudienceOS<",
        "name=\"email\"",
        "name=\"password\"",
        "<button type=\"submit\"",
        "href=\"/signup\"",
        "href=\"/forgot\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("Google"), "not offered where it is not configured");
    for path in ["/login", "/signup", "/forgot", "/resend", "/privacy", "/terms", "/security", "/api/docs"] {
        let page = app.browser().get(path).await.text().await.unwrap();
        assert!(page.contains("<h1") && !page.contains(".wasm"), "{path} loads no WASM: {page}");
    }
    let live = app.browser().get("/styleguide").await.text().await.unwrap();
    assert!(live.contains(".wasm"), "a live page does");
    app.stop().await;
    let app = TestApp::start_with(pool, |config| {
        config.google_client_id = Some("id".into());
        config.google_client_secret = crate::support::secret("secret");
    })
    .await;
    let page = app.browser().get("/login?redirect=/clients").await.text().await.unwrap();
    assert!(page.contains("Sign in with Google") && page.contains("/auth/google?next=/clients"), "{page}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_6_signing_in_leads_to_the_page_asked_for(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    for asked in ["/settings", "/clients?search=a"] {
        assert_eq!(led_to(&app, asked).await, asked);
    }
    let open = browser.get("/login?redirect=/settings").await;
    assert_eq!(open.status(), StatusCode::SEE_OTHER, "those who are signed in are sent on");
    assert_eq!(open.headers()[header::LOCATION], "/settings");
    let round = browser.get("/login?redirect=/login").await;
    assert_eq!(round.headers()[header::LOCATION], "/", "and not in circles");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_9_signing_in_leads_nowhere_but_to_ourselves(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.owner("olga@acme.test", "Acme").await;
    for elsewhere in ["//evil.com", "https://evil.com", "evil.com", "/a://b"] {
        assert_eq!(led_to(&app, elsewhere).await, "/", "{elsewhere}");
    }
    app.finish().await;
}

/// Where somebody is led who signs in to see `asked`.
async fn led_to(app: &TestApp, asked: &str) -> String {
    let fields = [("email", "olga@acme.test"), ("password", PASSWORD), ("redirect", asked)];
    let answer = app.browser().submit("/login", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_7_login_error_texts(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let text = async |error: &str| {
        let page = app.browser().get(&format!("/login?error={error}")).await.text().await.unwrap();
        let (_, rest) = page.split_once("data-test=\"notice\"").expect("a message");
        rest.split_once('>').unwrap().1.split_once("</div>").unwrap().0.to_owned()
    };
    let generic = text("xyz").await;
    assert!(generic.contains("Signing in did not work"));
    for error in
        ["no_code", "auth_callback_error", "access_denied", "unexpected_error", "unknown_address", "step_ended"]
    {
        let words = text(error).await;
        assert!(words != generic && !words.contains(error) && words.len() > 30, "{error}: {words}");
    }
    assert_eq!(text("%3Cscript%3E").await, generic, "nothing of the address is repeated");
    app.finish().await;
}

/// Posts to a server function as a live page does.
async fn call(browser: &Browser, app: &TestApp, path: &str, body: &str) -> (StatusCode, String) {
    let request = browser.client.post(format!("{}{path}", app.url)).header("accept", "application/json");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(body.to_owned()).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_session_that_ended_elsewhere_is_named_on_a_live_page(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let here = app.owner("olga@acme.test", "Acme").await;
    let there = app.browser();
    there.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": PASSWORD})).await;
    let sessions = there.json("/api/v1/auth/sessions").await;
    let first = sessions["items"].as_array().unwrap().iter().find(|row| row["current"] == false).unwrap();
    let path = format!("/api/v1/auth/sessions/{}", first["id"].as_str().unwrap());
    assert_eq!(there.send("DELETE", &path, &json!({})).await.status(), StatusCode::NO_CONTENT);
    for (path, body) in
        [("/app/list_clients", "archived=false"), ("/app/update_profile", "name=x&nickname=y"), ("/app/get_frame", "")]
    {
        let (status, answer) = call(&here, &app, path, body).await;
        assert_eq!((status, answer.as_str()), (StatusCode::UNAUTHORIZED, "[0,[]]"), "{path}");
    }
    let form = here.client.post(format!("{}/app/update_profile", app.url)).header("accept", "text/html");
    let form = form.header("referer", format!("{}/settings?x=1", app.url)).form(&[("name", "x"), ("nickname", "y")]);
    let answer = form.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/login?redirect=/settings%3Fx%3D1");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_audit_log_keeps_how_people_come_in(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    app.join(&olga, "mel@acme.test", "member").await;
    let change = json!({"present": PASSWORD, "password": "another battery horse"});
    assert_eq!(olga.post("/api/v1/auth/password", &change).await.status(), StatusCode::NO_CONTENT);
    let token = olga.create("/api/v1/tokens", &json!({"name": "script", "scope": "read", "days": 1})).await;
    olga.send("DELETE", &format!("/api/v1/tokens/{token}"), &json!({})).await;
    olga.post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    let link = app.reset_link("olga@acme.test").await;
    let reset = json!({"token": link, "password": "a third battery horse"});
    assert_eq!(olga.post("/api/v1/auth/reset", &reset).await.status(), StatusCode::NO_CONTENT);
    olga.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": "a third battery horse"})).await;
    let log = olga.json("/api/v1/audit?limit=100").await;
    let entries: Vec<(String, String)> = log["items"].as_array().unwrap().iter().map(entry).collect();
    let has = |action: &str, detail: &str| entries.iter().any(|(a, d)| a == action && d.contains(detail));
    for (action, detail) in [
        ("sign_in", "password"),
        ("sign_in", "invitation"),
        ("members.join", "member"),
        ("self.edit", "changed"),
        ("self.edit", "script"),
        ("self.edit", "taken back"),
        ("self.edit", "reset by a mailed link"),
    ] {
        assert!(has(action, detail), "{action} {detail} in {entries:?}");
    }
    assert!(!log.to_string().contains(&link), "no link's token in the log");
    let paths: Vec<_> = log["items"].as_array().unwrap().iter().map(|item| item["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"/api/v1/invite/{token}"), "{paths:?}");
    app.finish().await;
}

fn entry(item: &Value) -> (String, String) {
    (item["action"].as_str().unwrap().to_owned(), format!("{} {}", item["resource"], item["detail"]))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn mails_in_the_outbox_are_readable_and_shown_by_rank(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    for email in ["olga@acme.test", "max@acme.test", "bert@beta.test"] {
        app.browser().post("/api/v1/auth/forgot", &json!({"email": email})).await;
        app.reset_link(email).await;
    }
    agency.olga.create("/api/v1/invitations", &json!({"email": "late@acme.test", "role": "owner"})).await;
    app.mail("late@acme.test").await;
    let file = std::fs::read_dir(app.data.join("outbox")).unwrap().map(|entry| entry.unwrap().path());
    let mails: Vec<_> = file.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let max_link = format!("{}/reset?token={}", app.url, app.reset_link("max@acme.test").await);
    assert!(mails.iter().any(|mail| mail.lines().any(|line| line == max_link)), "a line of the file is the link");

    let page = async |browser: &Browser| browser.get("/settings/mail").await.text().await.unwrap();
    let seen = async |browser: &Browser| {
        let page = page(browser).await;
        ["olga@acme.test", "max@acme.test", "late@acme.test", "bert@beta.test", "verify-email"]
            .map(|word| page.contains(&format!(">{word}<")) || word == "verify-email" && page.contains(word))
    };
    assert!(page(&agency.olga).await.contains(&format!("href=\"{max_link}\"")));
    assert_eq!(seen(&agency.olga).await, [true, true, true, false, false]);
    assert_eq!(seen(&agency.ada).await, [false, true, false, false, false], "not of those above");
    assert_eq!(seen(&agency.max).await, [false; 5]);
    assert_eq!(agency.max.get("/settings/mail").await.status(), StatusCode::FORBIDDEN);
    let sent = app.browser().submit("/signup", &sign_up_form("new@acme.test")).await;
    let sent = app.browser().get(sent.headers()[header::LOCATION].to_str().unwrap()).await.text().await.unwrap();
    assert!(sent.contains("no mail leaves it") && !sent.contains("We sent"), "{sent}");
    assert!(app.browser().get("/forgot").await.text().await.unwrap().contains("no mail leaves it"));
    app.finish().await;
}

fn sign_up_form(email: &'static str) -> [(&'static str, &'static str); 4] {
    [("organization", "New"), ("name", "New Person"), ("email", email), ("password", PASSWORD)]
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn links_that_have_ended_say_why_when_they_are_opened(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.browser();
    browser.post("/api/v1/auth/signup", &sign_up_body("olga@acme.test", "Acme")).await;
    let first = app.link_in_mail("olga@acme.test", "/verify-email").await;
    browser.post("/api/v1/auth/resend-verification", &json!({"email": "olga@acme.test"})).await;
    let replaced = browser.get(&first).await;
    assert_eq!(replaced.status(), StatusCode::GONE);
    assert!(replaced.text().await.unwrap().contains("A newer link has replaced this one"));
    for _ in 0..100 {
        if app.links_in_mails("olga@acme.test", "/verify-email").len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for link in app.links_in_mails("olga@acme.test", "/verify-email") {
        browser.get(&link).await;
    }
    assert!(browser.get(&first).await.text().await.unwrap().contains("was verified already"));
    let cut = browser.get("/verify-email?token=abc").await.text().await.unwrap();
    assert!(cut.contains("This link is not complete"));

    browser.post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    let token = app.reset_link("olga@acme.test").await;
    let path = format!("/reset?token={token}");
    assert!(browser.get(&path).await.text().await.unwrap().contains("name=\"password\""));
    browser.post("/api/v1/auth/reset", &json!({"token": token, "password": "another battery horse"})).await;
    let used = browser.get(&path).await;
    assert_eq!(used.status(), StatusCode::GONE);
    let used = used.text().await.unwrap();
    assert!(used.contains("This link was used already") && !used.contains("name=\"password\""), "{used}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_form_has_the_focus_in_its_wrong_field_and_the_chosen_look(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let fields = [("organization", "Acme"), ("name", "Olga"), ("email", "olga@acme.test"), ("password", "short")];
    let request = app.browser().client.post(format!("{}/signup", app.url)).header("cookie", "theme=dark");
    let page = request.form(&fields).send().await.unwrap().text().await.unwrap();
    let focused: Vec<_> =
        page.split("<input").filter(|input| input.split('>').next().unwrap().contains("autofocus")).collect();
    assert_eq!(focused.len(), 1, "{page}");
    assert!(focused[0].contains("name=\"password\""));
    assert!(page.contains("data-theme=\"dark\""));
    let plain = app.browser().get("/signup").await.text().await.unwrap();
    assert!(!plain.contains("data-theme"));
    app.finish().await;
}
