//! What has ended is thrown away, and nothing else.

use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use store::queue;
use time::Duration;

use crate::support::{PASSWORD, TestApp, count, sign_up_body};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_has_ended_goes_after_its_time_and_not_before(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    app.browser().post("/api/v1/auth/signup", &sign_up_body("late@acme.test", "Late")).await;
    app.browser().post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    let used = app.reset_link("olga@acme.test").await;
    let kept = async |now: &str, expected: [i64; 3]| {
        let purged = service::purge::run(&app.service).await.unwrap();
        let mut left = [0; 3];
        for (left, table) in left.iter_mut().zip([
            "select count(*) from session",
            "select count(*) from sign_up",
            "select count(*) from password_reset",
        ]) {
            *left = count(&app.pool, table).await;
        }
        assert_eq!(left, expected, "{now}: {purged:?}");
    };
    kept("at once", [1, 2, 1]).await;

    app.service.clock.advance(Duration::days(13));
    assert_eq!(olga.get("/api/v1/auth/session").await.status(), StatusCode::OK, "it is in use and lives on");
    app.service.clock.advance(Duration::days(13));
    kept("on day 26, links have ended long ago", [1, 2, 1]).await;
    let late = app.link_in_mail("late@acme.test", "/verify-email").await;
    let late = app.browser().get(&late).await.text().await.unwrap();
    assert!(late.contains("has ended"), "an old mail still says what became of its link");

    app.service.clock.advance(Duration::days(2));
    kept("on day 28, nobody was seen for two weeks", [0, 2, 1]).await;
    app.service.clock.advance(Duration::days(3));
    kept("on day 31, the link used on day 0 goes, and the reset that ended then", [0, 1, 0]).await;
    app.service.clock.advance(Duration::days(2));
    kept("on day 33, the sign-up goes whose link ended on day 2", [0, 0, 0]).await;

    assert!(!used.is_empty());
    let login = json!({"email": "olga@acme.test", "password": PASSWORD});
    assert_eq!(olga.post("/api/v1/auth/login", &login).await.status(), StatusCode::OK, "the account itself stays");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_runner_purges_once_a_day_by_itself(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.owner("olga@acme.test", "Acme").await;
    let scheduled = "select count(*) from graphile_worker._private_known_crontabs where identifier = 'purge_ended'";
    for _ in 0..100 {
        if count(&app.pool, scheduled).await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(count(&app.pool, scheduled).await, 1, "the queue knows of it");

    app.service.clock.advance(Duration::days(40));
    let mut tx = app.service.db.system().await.unwrap();
    queue::enqueue(&mut tx, &model::job::Job::PurgeEnded, None).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..100 {
        if app.jobs_left().await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(count(&app.pool, "select count(*) from session").await, 0, "the job did it");
    app.finish().await;
}
