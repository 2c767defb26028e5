//! Background work that failed: who sees it, why it failed, and having it tried again.

use std::time::Duration;

use serde_json::json;
use sqlx::{ConnectOptions, PgPool};

use crate::support::{Browser, TestApp, count, execute, secret};

/// Leaves the failed jobs without an attempt.
async fn give_up(pool: &PgPool) {
    let sql = "update graphile_worker._private_jobs set attempts = max_attempts where attempts > 0";
    execute(pool, sql.to_owned()).await;
}

/// What `audienceos jobs …` prints about the test's database.
fn jobs(pool: &PgPool, words: &[&str]) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_audienceos"));
    command.arg("jobs").args(words).current_dir(std::env::temp_dir());
    let output = command.env("DATABASE_URL", pool.connect_options().to_url_lossy().to_string()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

async fn failed(pool: &PgPool, jobs: i64) {
    for _ in 0..200 {
        let sql = "select count(*) from graphile_worker._private_jobs where attempts > 0 and locked_at is null";
        if count(pool, sql).await >= jobs {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing failed");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn failed_work_says_why_and_is_tried_again(pool: PgPool) {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let whole = TestApp::start(pool.clone()).await;
    let olga = whole.owner("olga@acme.test", "Acme").await;
    whole.service.db.pool().close().await;
    let broken =
        TestApp::start_with(pool.clone(), |config| config.smtp_url = secret(&format!("smtp://127.0.0.1:{closed}")))
            .await;
    let here: Browser = olga.at(&broken.url);
    here.post("/api/v1/invitations", &json!({"email": "new@x.com", "role": "member"})).await;
    broken.browser().post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    failed(&pool, 2).await;
    give_up(&pool).await;
    broken.stop().await;

    let mended = TestApp::start(pool.clone()).await;
    let olga = olga.at(&mended.url);
    let list = olga.json("/api/v1/jobs").await;
    assert_eq!(list["counts"], json!({"waiting": 0, "running": 0, "retrying": 0, "failed": 1}));
    let job = &list["items"][0];
    assert_eq!((&job["name"], &job["state"]), (&json!("mail_invitation"), &json!("failed")), "{list}");
    let why = job["error"].as_str().unwrap();
    assert!(why.contains("refused"), "{why}");
    let page = olga.get("/settings/jobs").await.text().await.unwrap();
    assert!(page.contains(">1 failed<") && page.contains("mail invitation"), "{page}");

    // The reset's mail belongs to no agency: the operator sees it.
    let (listed, text) = jobs(&pool, &["list"]);
    assert!(listed && text.lines().count() == 2, "{text}");
    let line = text.lines().find(|line| line.contains("mail_password_reset")).unwrap();
    assert!(line.contains("failed after"), "{line}");
    assert!(!text.contains('@') && !text.contains("new@x.com"), "whose it is stays with the agency: {text}");
    let (done, words) = jobs(&pool, &["retry", line.split('\t').next().unwrap()]);
    assert!(done && words.contains("is tried again now"), "{words}");
    let (done, words) = jobs(&pool, &["retry", "999999999"]);
    assert!(!done && words.contains("there is no job 999999999"), "{words}");

    let path = format!("/api/v1/jobs/{}/retry", job["id"]);
    assert_eq!(olga.post(&path, &json!({})).await.status(), 204);
    mended.mail("new@x.com").await;
    for _ in 0..100 {
        if count(&pool, "select count(*) from graphile_worker._private_jobs").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(olga.json("/api/v1/jobs").await["items"], json!([]), "done");
    assert_eq!(jobs(&pool, &["list"]).1.trim(), "nothing failed");
    whole.stop().await;
    mended.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_list_of_jobs_has_pages(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let session = olga.json("/api/v1/auth/session").await;
    let (own, other) = (session["organization_id"].as_str().unwrap(), uuid::Uuid::now_v7());
    app.leave_jobs();
    // More than the list held at once, many of the same moment, half of them out of attempts; and another agency's.
    let add = async |organization: &str, number: u32| {
        let sql = format!(
            "select graphile_worker.add_job('job', json_build_object('job', 'mail_invitation', 'organization_id',
               '{organization}', 'invitation_id', gen_random_uuid()), run_at => now() + interval '1 day')
             from generate_series(1, {number})"
        );
        execute(&pool, sql).await;
    };
    add(own, 230).await;
    add(&other.to_string(), 5).await;
    let sql = "update graphile_worker._private_jobs set attempts = case when id % 2 = 0 then max_attempts else 1 end,
        last_error = 'no', created_at = '2026-01-01'::timestamptz + (id / 50) * interval '1 second'";
    execute(&pool, sql.to_owned()).await;

    let (mut seen, mut path, mut pages) = (Vec::new(), "/api/v1/jobs?limit=100".to_owned(), 0);
    loop {
        let page = olga.json(&path).await;
        assert_eq!(page["counts"]["retrying"].as_i64().unwrap() + page["counts"]["failed"].as_i64().unwrap(), 230);
        seen.extend(page["items"].as_array().unwrap().iter().map(|job| job["id"].as_i64().unwrap()));
        pages += 1;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/jobs?limit=100&cursor={cursor}");
    }
    let newest_first = seen.is_sorted_by(|one, next| one > next);
    assert_eq!((seen.len(), pages, newest_first), (230, 3, true), "each once");
    assert_eq!(olga.json("/api/v1/jobs").await["items"].as_array().unwrap().len(), 25);
    for wrong in ["cursor=x", "limit=0"] {
        assert_eq!(olga.get(&format!("/api/v1/jobs?{wrong}")).await.status(), 422, "{wrong}");
    }

    let (mut path, mut rows) = ("/settings/jobs".to_owned(), 0);
    loop {
        let html = olga.get(&path).await.text().await.unwrap();
        rows += html.matches("Try mail invitation now").count();
        let Some(at) = html.find("href=\"/settings/jobs?older=") else { break };
        path = html[at + 6..].split('"').next().unwrap().to_owned();
    }
    assert_eq!(rows, 230);

    let (listed, text) = jobs(&pool, &["list"]);
    assert!(listed);
    let states: Vec<_> = text.lines().map(|line| line.contains("\tfailed after")).collect();
    assert_eq!(states.len(), 235, "all of them, of whomever they are");
    assert!(states.is_sorted_by_key(|failed| !failed), "what is out of attempts first");
    execute(&pool, "delete from graphile_worker._private_jobs".to_owned()).await;
    app.stop().await;
}
