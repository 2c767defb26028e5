//! Signing in with Google, against a Google that we did not write.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Browser, PASSWORD, TestApp, environment, secret, shared};

pub const CLIENT: &str = "client.apps.googleusercontent.com";
pub const SECRET: &str = "GOCSPX-test";

/// The peer, and the folder with its seed.
pub struct Google(Child, u16, std::path::PathBuf);

impl Google {
    async fn start(hook: &Path) -> Self {
        let users = "    - { email: Olga@Acme.test, name: Olga }\n    \
                     - { email: loose@acme.test, name: Loose, email_verified: false }\n";
        Self::start_with(hook, users, "").await
    }

    /// With these users, YAML indented by four. `adjusting` is loaded first, for what the peer lacks; it may be empty.
    pub async fn start_with(hook: &Path, users: &str, adjusting: &str) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("audienceos-google-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let seed = format!(
            "google:\n  port: {port}\n  users:\n{users}  oauth_clients:\n    \
             - {{ client_id: {CLIENT}, client_secret: {SECRET}, name: Us, redirect_uris: [\"http://127.0.0.1/x\"] }}\n"
        );
        std::fs::write(folder.join("seed.yaml"), seed).unwrap();
        let ours = folder.join("hook.mjs");
        std::fs::write(&ours, adjusting).unwrap();
        let peer = environment("AUDIENCEOS_PEER_EMULATE").expect("./dev test sets AUDIENCEOS_PEER_EMULATE");
        let peer = Path::new(&peer);
        let child = Command::new(peer.join("node_modules/.bin/node"))
            .arg("--import")
            .arg(hook)
            .arg("--import")
            .arg(&ours)
            .arg(peer.join("node_modules/emulate/dist/index.js"))
            .args(["start", "--service", "google", "--port", &free_port().to_string(), "--seed", "seed.yaml"])
            .env("EMU_NO_FALLBACK", "1")
            .current_dir(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let google = Self(child, port, folder);
        for _ in 0..600 {
            if reqwest::get(format!("{}/.well-known/openid-configuration", google.url())).await.is_ok() {
                return google;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the peer did not start");
    }

    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.1)
    }

    /// Chooses `email` on the page that `authorize_url` leads to; the answer is where Google sends the browser.
    pub async fn choose(&self, authorize_url: &str, email: &str) -> String {
        let url = reqwest::Url::parse(authorize_url).unwrap();
        let mut fields: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        fields.push(("email".into(), email.into()));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let path = format!("{}/o/oauth2/v2/auth/callback", self.url());
        let answer = client.post(path).form(&fields).send().await.unwrap();
        answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }
}

impl Drop for Google {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = std::fs::remove_dir_all(&self.2);
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn app_with(pool: PgPool, google: &str) -> TestApp {
    TestApp::start_with(pool, |config| {
        config.google_client_id = Some(CLIENT.into());
        config.google_client_secret = secret(SECRET);
        config.google_base_url = Some(google.into());
    })
    .await
}

/// Where a browser is sent.
pub async fn led(browser: &Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

/// All the way: to Google, choose `email` there, and back; where that leads.
async fn sign_in(app: &TestApp, google: &Google, browser: &Browser, next: &str, email: &str) -> String {
    let there = led(browser, &format!("/auth/google?next={next}")).await;
    let back = google.choose(&there, email).await;
    led(browser, back.strip_prefix(&app.url).unwrap()).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_8_a_member_signs_in_with_google(pool: PgPool) {
    let Some(hook) = shared("google", "peers/run/emu-hook.mjs") else { return };
    let google = Google::start(&hook).await;
    let app = app_with(pool, &google.url()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;

    let browser = app.browser();
    assert_eq!(sign_in(&app, &google, &browser, "/clients", "Olga@Acme.test").await, "/clients");
    assert_eq!(browser.json("/api/v1/auth/session").await["email"], "olga@acme.test");
    let log = olga.json("/api/v1/audit").await.to_string();
    assert!(log.contains("google") && !log.contains("code="), "{log}");

    // An address that Google has not verified, and one that nobody signs in with, open nothing.
    app.join(&olga, "loose@acme.test", "admin").await;
    let loose = sign_in(&app, &google, &app.browser(), "/", "loose@acme.test").await;
    assert_eq!(loose, "/login?error=auth_callback_error");
    let stranger = sign_in(&app, &google, &app.browser(), "/", "testuser@gmail.com").await;
    assert_eq!(stranger, "/login?error=unknown_address");
    let member = browser.json("/api/v1/members?search=olga").await["items"][0]["id"].clone();
    assert!(member.is_string());

    // The second step is asked for here too.
    let enrol = olga.post("/api/v1/auth/two-factor/enrol", &json!({"password": PASSWORD})).await;
    let key = enrol.json::<Value>().await.unwrap()["secret"].as_str().unwrap().to_owned();
    let code = crate::two_factor::code(&app, &key);
    olga.post("/api/v1/auth/two-factor/confirm", &json!({"code": code})).await;
    let browser = app.browser();
    let way = sign_in(&app, &google, &browser, "/clients", "Olga@Acme.test").await;
    assert_eq!(way, "/login/code?redirect=/clients");
    assert_eq!(browser.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_9_google_leads_back_to_ourselves_only(pool: PgPool) {
    let Some(hook) = shared("google", "peers/run/emu-hook.mjs") else { return };
    let google = Google::start(&hook).await;
    let app = app_with(pool, &google.url()).await;
    app.owner("olga@acme.test", "Acme").await;
    for (next, led) in
        [("/clients", "/clients"), ("//evil.com", "/"), ("https://evil.com", "/"), ("evil.com", "/"), ("/a://b", "/")]
    {
        assert_eq!(sign_in(&app, &google, &app.browser(), next, "Olga@Acme.test").await, led, "{next}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_way_to_google_is_taken_once_by_the_browser_that_began_it(pool: PgPool) {
    let Some(hook) = shared("google", "peers/run/emu-hook.mjs") else { return };
    let google = Google::start(&hook).await;
    let app = app_with(pool, &google.url()).await;
    app.owner("olga@acme.test", "Acme").await;
    let path = |back: &str| back.strip_prefix(&app.url).unwrap().to_owned();

    let browser = app.browser();
    let there = led(&browser, "/auth/google").await;
    for part in ["code_challenge_method=S256", "nonce=", "state=", "scope=openid+email"] {
        assert!(there.contains(part), "{part} in {there}");
    }
    let back = path(&google.choose(&there, "Olga@Acme.test").await);
    assert_eq!(led(&app.browser(), &back).await, "/login?error=auth_callback_error", "another browser");
    let other = app.browser();
    led(&other, "/auth/google").await;
    assert_eq!(led(&other, &back).await, "/login?error=auth_callback_error", "another browser's way");
    assert_eq!(led(&browser, &back).await, "/");
    assert_eq!(led(&browser, &back).await, "/login?error=auth_callback_error", "once");

    let late = app.browser();
    let back = path(&google.choose(&led(&late, "/auth/google").await, "Olga@Acme.test").await);
    app.service.clock.advance(time::Duration::minutes(11));
    assert_eq!(led(&late, &back).await, "/login?error=auth_callback_error", "within ten minutes");

    // A token made for another nonce: the code of one way on another way's state.
    let victim = app.browser();
    let theirs = google.choose(&led(&app.browser(), "/auth/google").await, "Olga@Acme.test").await;
    let code = theirs.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let there = led(&victim, "/auth/google").await;
    let state = there.split_once("&state=").unwrap().1.split('&').next().unwrap();
    let injected = format!("/auth/google/callback?code={code}&state={state}");
    assert_eq!(led(&victim, &injected).await, "/login?error=auth_callback_error");
    assert_eq!(victim.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_10_what_fails_on_the_way_back_has_a_word(pool: PgPool) {
    // Nobody listens there.
    let app = app_with(pool.clone(), &format!("http://127.0.0.1:{}", free_port())).await;
    let browser = app.browser();
    for (query, error) in [
        ("", "no_code"),
        ("?state=x", "no_code"),
        ("?code=x&state=y", "auth_callback_error"),
        ("?error=access_denied&state=y", "access_denied"),
        ("?error=server_error&error_description=secret", "auth_callback_error"),
    ] {
        assert_eq!(led(&browser, &format!("/auth/google/callback{query}")).await, format!("/login?error={error}"));
    }
    assert_eq!(led(&browser, "/auth/google").await, "/login?error=unexpected_error", "Google is out of reach");
    app.stop().await;

    let app = TestApp::start(pool).await;
    for path in ["/auth/google", "/auth/google/callback?code=x"] {
        assert_eq!(app.browser().get(path).await.status(), StatusCode::NOT_FOUND, "not configured");
    }
    app.finish().await;
}
