//! The application under test: the real router on a port of its own, its worker, a fresh database, an outbox.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jobs::runner::{Recovery, worker};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{config::Config, routes, state};
use service::Service;
use sqlx::{PgPool, postgres::PgPoolOptions};
use store::Db;

pub const PASSWORD: &str = "correct horse battery staple";

pub struct TestApp {
    pub url: String,
    pub service: Service,
    pub pool: PgPool,
    pub data: PathBuf,
    tasks: [tokio::task::AbortHandle; 2],
}

impl TestApp {
    /// Serves the application over the test's database, mail going into the outbox.
    pub async fn start(pool: PgPool) -> Self {
        Self::start_with(pool, |_| ()).await
    }

    /// The same with changed settings.
    pub async fn start_with(pool: PgPool, change: impl FnOnce(&mut Config)) -> Self {
        let _ = tracing_subscriber::fmt().with_env_filter("warn,graphile_worker=off").with_test_writer().try_init();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("audienceos-it-{}-{count}", std::process::id()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let mut config = Config::test(data.clone()).unwrap();
        config.address = address;
        config.public_url = Some(format!("http://127.0.0.1:{}", address.port()));
        change(&mut config);

        let own =
            PgPoolOptions::new().max_connections(12).connect_with((*pool.connect_options()).clone()).await.unwrap();
        let db = Db::from_pool(own);
        db.migrate().await.unwrap();
        db.check_separation().await.unwrap();
        let app = state::AppState::new(&config, db).unwrap();
        let service = app.service.clone();
        let context = state::job_context(&config, service.clone()).unwrap();
        let recovery = Recovery { heartbeat: Duration::from_millis(200), silence: Duration::from_secs(1) };
        let worker = Arc::new(worker(context, 2, recovery).await.unwrap());
        let working = tokio::spawn(async move { worker.run().await });
        let serving = tokio::spawn(async move { axum::serve(listener, routes::router(app)).await });
        let tasks = [working.abort_handle(), serving.abort_handle()];
        Self { url: config.public_url(), service, pool, data, tasks }
    }

    /// A browser of its own: keeps cookies, follows nothing.
    pub fn browser(&self) -> Browser {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        Browser { client, url: self.url.clone() }
    }

    /// Signs up, opens the mailed link and signs in.
    pub async fn owner(&self, email: &str, organization: &str) -> Browser {
        let browser = self.browser();
        let answer = browser.post("/api/v1/auth/signup", &sign_up_body(email, organization)).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        let link = self.link_in_mail(email, "/verify-email").await;
        assert_eq!(browser.get(&link).await.status(), StatusCode::OK);
        let login = browser.post("/api/v1/auth/login", &json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(login.status(), StatusCode::OK);
        browser
    }

    /// The mails to `email` so far, decoded.
    pub fn mails(&self, email: &str) -> Vec<String> {
        let mut mails: Vec<_> = std::fs::read_dir(self.data.join("outbox"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .map(|path| std::fs::read_to_string(path).unwrap().replace("=\r\n", "").replace("=3D", "="))
            .filter(|mail| mail.contains(&format!("To: {email}")))
            .collect();
        mails.sort();
        mails
    }

    /// The newest mail to `email`, waiting up to five seconds for it.
    pub async fn mail(&self, email: &str) -> String {
        for _ in 0..100 {
            if let Some(mail) = self.mails(email).pop() {
                return mail;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail to {email} within five seconds");
    }

    /// The path and query of the first link under `path` in the newest mail to `email`.
    pub async fn link_in_mail(&self, email: &str, path: &str) -> String {
        let mail = self.mail(email).await;
        let start = mail.find(&format!("{}{path}", self.url)).expect("a link") + self.url.len();
        mail[start..].split(|c: char| c.is_whitespace() || c == '"' || c == '<').next().unwrap().to_owned()
    }

    /// Fails when a job is left in the queue; the last line of a test.
    pub async fn finish(self) {
        for _ in 0..100 {
            if self.jobs_left().await == 0 {
                return self.stop().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} jobs are left in the queue", self.jobs_left().await);
    }

    /// Lets go of the database, so that it can be dropped at once.
    pub async fn stop(self) {
        for task in self.tasks {
            task.abort();
        }
        self.service.db.pool().close().await;
        let _ = std::fs::remove_dir_all(&self.data);
    }

    pub async fn jobs_left(&self) -> i64 {
        count(&self.pool, "select count(*) from graphile_worker._private_jobs").await
    }
}

/// One number, asked as the superuser.
pub async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

pub fn sign_up_body(email: &str, organization: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "Olga Owner", "organization": organization})
}

pub struct Browser {
    pub client: Client,
    url: String,
}

impl Browser {
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(format!("{}{path}", self.url)).json(body).send().await.unwrap()
    }

    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.client.post(format!("{}{path}", self.url)).header("accept", "text/html").form(fields).send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }
}

/// A file of the shared peers and data; `None`, said on standard output, where that folder is absent. In CI it must be there.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let folder =
        environment("AUDIENCEOS_SHARED").unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into());
    let path = Path::new(&folder).join(path);
    if path.exists() {
        return Some(path);
    }
    assert!(environment("CI").is_none_or(|ci| ci != "true"), "{} is missing", path.display());
    #[expect(clippy::print_stdout, reason = "people see which tests did not run")]
    {
        println!("not run: {test}");
    }
    None
}

#[expect(clippy::disallowed_methods, reason = "tests are told by ./dev where their helpers are")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub fn secret(text: &str) -> Option<SecretString> {
    Some(SecretString::from(text))
}
