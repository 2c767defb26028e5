//! The application under test: the real router on a port of its own, its worker, a fresh database, an outbox.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use jobs::runner::keep_running;
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
    events: std::sync::Arc<server::events::Hub>,
    work: Working,
    tasks: [tokio::task::AbortHandle; 2],
}

/// Jobs being run; they stop with it.
pub struct Work(tokio::task::AbortHandle);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl TestApp {
    /// Serves the application over the test's database, mail going into the outbox.
    pub async fn start(pool: PgPool) -> Self {
        Self::start_with(pool, |_| ()).await
    }

    /// The same with changed settings.
    pub async fn start_with(pool: PgPool, change: impl FnOnce(&mut Config)) -> Self {
        Self::serve(pool, change).await
    }

    async fn serve(pool: PgPool, change: impl FnOnce(&mut Config)) -> Self {
        let _ = tracing_subscriber::fmt().with_env_filter("warn,graphile_worker=off").with_test_writer().try_init();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("audienceos-it-{}-{count}", std::process::id()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let mut config = Config::test(data.clone()).unwrap();
        config.address = address;
        config.public_url = Some(format!("http://127.0.0.1:{}", address.port()));
        (config.limit_sign_in, config.limit_api) = (10_000, 100_000);
        (config.jobs, config.worker_silence) = (2, 1_000);
        change(&mut config);

        let own =
            PgPoolOptions::new().max_connections(12).connect_with((*pool.connect_options()).clone()).await.unwrap();
        let db = Db::from_pool(own);
        db.migrate().await.unwrap();
        db.check_separation().await.unwrap();
        let app = state::AppState::new(&config, db).unwrap();
        let (service, events) = (app.service.clone(), app.events.clone());
        let context = state::job_context(&config, &app).unwrap();
        let work = (context, config.jobs, config.recovery(), app.pulse.clone());
        server::simulation::start(&config, &app).await.unwrap();
        let working = run_jobs(work.clone());
        let serving = tokio::spawn(async move {
            let service = routes::router(app).into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await
        });
        let tasks = [working, serving.abort_handle()];
        Self { url: config.public_url(), service, pool, data, events, work, tasks }
    }

    /// Runs jobs again after [`Self::leave_jobs`].
    pub fn take_jobs(&self) -> Work {
        Work(run_jobs(self.work.clone()))
    }

    /// Stops running jobs: other processes do.
    pub fn leave_jobs(&self) {
        self.tasks[0].abort();
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

    /// Is invited by `host` and joins with `role`.
    pub async fn join(&self, host: &Browser, email: &str, role: &str) -> Browser {
        host.create("/api/v1/invitations", &json!({"email": email, "role": role})).await;
        let link = self.link_in_mail(email, "/invite/").await;
        let browser = self.browser();
        let name = email.split('@').next().unwrap();
        let answer = browser.post(&format!("/api/v1{link}"), &json!({"name": name, "password": PASSWORD})).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
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

    /// All links under `path` in the mails to `email`.
    pub fn links_in_mails(&self, email: &str, path: &str) -> Vec<String> {
        let start = format!("{}{path}", self.url);
        let link = |mail: &String| {
            let at = mail.find(&start)? + self.url.len();
            Some(mail[at..].split(|c: char| c.is_whitespace() || c == '"' || c == '<').next()?.to_owned())
        };
        self.mails(email).iter().filter_map(link).collect()
    }

    /// The token in the newest reset mail to `email`, waiting up to five seconds for it.
    pub async fn reset_link(&self, email: &str) -> String {
        for _ in 0..100 {
            if let Some(link) = self.links_in_mails(email, "/reset").pop() {
                return link.strip_prefix("/reset?token=").unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no reset mail to {email} within five seconds");
    }

    /// Goes on to a first of July: what a test says of the days around now must not depend on the holidays that the brain knows.
    pub fn to_july(&self) {
        let now = self.service.clock.now();
        let year = now.year() + i32::from(now.month() >= time::Month::July);
        let july = time::Date::from_calendar_date(year, time::Month::July, 1).unwrap().midnight().assume_utc();
        self.service.clock.advance(july - now + time::Duration::hours(12));
    }

    /// Fails when a job is left in the queue; the last line of a test.
    pub async fn finish(self) {
        for _ in 0..600 {
            if self.jobs_left().await == 0 {
                return self.stop().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} jobs are left in the queue", self.jobs_left().await);
    }

    /// Lets go of the database, so that it can be dropped at once.
    pub async fn stop(self) {
        self.events.close();
        for task in self.tasks {
            task.abort();
        }
        self.service.db.pool().close().await;
        let _ = std::fs::remove_dir_all(&self.data);
    }

    /// Ends the worker in the middle of what it does.
    pub fn kill_worker(&self) {
        self.tasks[0].abort();
    }

    pub async fn jobs_left(&self) -> i64 {
        count(&self.pool, "select count(*) from graphile_worker._private_jobs").await
    }
}

/// What a worker needs: what jobs need, how many at once, how fast a dead one is missed, and where it says that it lives.
type Working = (jobs::Context, usize, jobs::runner::Recovery, jobs::pulse::Pulse);

fn run_jobs((context, jobs, recovery, pulse): Working) -> tokio::task::AbortHandle {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let beat = pulse.begin();
    let working = tokio::spawn(async move {
        let _stop = stop;
        keep_running(context, jobs, recovery, stopped, beat).await;
    });
    working.abort_handle()
}

/// One number, asked as the superuser.
pub async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Waits until somebody waits for rows of this table.
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
pub async fn until_one_waits(pool: &PgPool, table: &str) {
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%' || $1::text || '%'";
    for _ in 0..200 {
        let many: i64 = sqlx::query_scalar(waiting).bind(table).fetch_one(pool).await.unwrap();
        if many > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("nobody waits for {table}");
}

/// Every row of every table, or of one agency's rows in every table, as one text each: equal before and after when
/// nothing was changed.
#[expect(clippy::disallowed_methods, reason = "walks the catalogue, whatever tables there are")]
pub async fn all_rows(pool: &PgPool, agency: Option<&str>) -> Vec<(String, String)> {
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "select c.relname::text, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
         from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for (table, of_agency) in tables {
        let only = match agency {
            Some(_) if !of_agency => continue,
            Some(name) => {
                format!("where organization_id = (select organization_id from organization where name = '{name}')")
            }
            None => String::new(),
        };
        // When the clock's next turn comes is set by the clock, in whichever minute.
        let row = "to_jsonb(t) - 'brain_next_at'";
        let sql = format!("select coalesce(json_agg({row} order by t::text)::text, '') from {table} t {only}");
        rows.push((table, sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await.unwrap()));
    }
    rows
}

/// The agency of the checks: Olga (Owner), Ada (Admin), Max (Manager: C1), Mel (Member: C1, C2), Nia (Member: none);
/// clients C1, C2, C3; and Bert's agency with its client D1.
pub struct Agency {
    pub olga: Browser,
    pub ada: Browser,
    pub max: Browser,
    pub mel: Browser,
    pub nia: Browser,
    pub bert: Browser,
    pub c: [String; 3],
    pub d1: String,
}

impl Agency {
    pub async fn found(app: &TestApp) -> Self {
        let olga = app.owner("olga@acme.test", "Acme").await;
        let bert = app.owner("bert@beta.test", "Beta").await;
        let mut c = Vec::new();
        for name in ["C1", "C2", "C3"] {
            c.push(olga.create("/api/v1/clients", &json!({"name": name})).await);
        }
        let d1 = bert.create("/api/v1/clients", &json!({"name": "D1"})).await;
        let ada = app.join(&olga, "ada@acme.test", "admin").await;
        let max = app.join(&olga, "max@acme.test", "manager").await;
        let mel = app.join(&olga, "mel@acme.test", "member").await;
        let nia = app.join(&olga, "nia@acme.test", "member").await;
        for (browser, client) in [(&max, &c[0]), (&mel, &c[0]), (&mel, &c[1])] {
            let body = json!({"member_id": browser.member_id().await, "client_id": client});
            olga.create("/api/v1/assignments", &body).await;
        }
        Self { olga, ada, max, mel, nia, bert, c: c.try_into().unwrap(), d1 }
    }
}

pub fn sign_up_body(email: &str, organization: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "Olga Owner", "organization": organization})
}

pub struct Browser {
    pub client: Client,
    pub url: String,
}

impl Browser {
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(format!("{}{path}", self.url)).json(body).send().await.unwrap()
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Response {
        let method = method.parse().unwrap();
        self.client.request(method, format!("{}{path}", self.url)).json(body).send().await.unwrap()
    }

    /// The same request as a future of its own, giving the status; for many at once.
    pub fn send_owned(&self, method: &str, path: &str, body: Value) -> impl Future<Output = u16> + Send + use<> {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.url)).json(&body);
        async move { request.send().await.unwrap().status().as_u16() }
    }

    /// The same browser, with its cookies, at another server of the same installation.
    pub fn at(&self, url: &str) -> Self {
        Self { client: self.client.clone(), url: url.to_owned() }
    }

    /// Posts and returns the new thing's id.
    pub async fn create(&self, path: &str, body: &Value) -> String {
        let answer = self.post(path, body).await;
        let status = answer.status();
        let created: Value = answer.json().await.unwrap();
        assert_eq!(status, StatusCode::CREATED, "{path}: {created}");
        created["id"].as_str().unwrap().to_owned()
    }

    /// Its member's address in the API.
    pub async fn member_path(&self) -> String {
        format!("/api/v1/members/{}", self.member_id().await.as_str().unwrap())
    }

    pub async fn member_id(&self) -> Value {
        self.json("/api/v1/auth/session").await["user_id"].clone()
    }

    /// The names in a list of clients.
    pub async fn client_names(&self) -> Vec<String> {
        let list = self.json("/api/v1/clients").await;
        let mut names: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
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

#[expect(clippy::disallowed_methods, reason = "changes as the superuser what takes hours otherwise")]
pub async fn execute(pool: &PgPool, sql: String) {
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(pool).await.unwrap();
}

/// Why the database refuses a statement of the superuser.
pub async fn refused(pool: &PgPool, sql: &'static str) -> String {
    #[expect(clippy::disallowed_methods, reason = "what no code of ours does, tried as the superuser")]
    let done = sqlx::query(sql).execute(pool).await;
    done.expect_err(sql).to_string()
}
