//! Reports that are larger than what is read at once: the same days come in pieces of fewer days, and a single day that is too
//! large is said. A run that pauses meanwhile goes on where it was.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    patience::go_on,
    support::{Agency, Browser, TestApp, count},
    sync::{back, connect, map, run, sizes, stored_cents, sync, today},
    tiktok::{APP_SECRET, Fault, TikTok},
};

/// A provider whose reports of more than eight days are longer than what is read at once, and an agency.
async fn open(pool: &PgPool) -> (TikTok, TestApp, Agency) {
    let tiktok = TikTok::start().await;
    let url = tiktok.url.parse().unwrap();
    let app = TestApp::start_with(pool.clone(), |config| {
        config.providers.insert("TIKTOK_APP_ID".to_owned(), "tt-app".to_owned().into());
        config.providers.insert("TIKTOK_APP_SECRET".to_owned(), APP_SECRET.to_owned().into());
        config.provider_urls.insert("tiktok_ads".to_owned(), url);
        config.largest_answer = 1;
    })
    .await;
    let agency = Agency::found(&app).await;
    tiktok.world().long_beyond = Some(8);
    (tiktok, app, agency)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_report_that_is_too_large_comes_in_pieces_of_fewer_days(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    let connection = connect(&agency.ada, "acme").await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    let first = run(&agency.ada, &connection, 1).await;
    assert_eq!(first["state"], "succeeded", "{first}");
    assert_eq!((&first["days_done"], &first["days_total"]), (&json!(90), &json!(90)));
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 89), today(&app)));
    let rows = 90 * (2 + 3 + 5);
    assert_eq!(sizes(&pool).await, (rows, rows), "every day once");
    assert_eq!(
        tiktok.world().long,
        2,
        "thirty days and fifteen were too many; the older pieces were not tried so again"
    );

    tiktok.world().long_beyond = Some(0);
    sync(&agency.ada, &connection).await;
    let failed = run(&agency.ada, &connection, 2).await;
    assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("too_large")), "{failed}");
    let words = format!("Account acme-1: the report of {} alone: it is larger than 1 MiB", today(&app));
    assert!(failed["error"].as_str().unwrap().ends_with(&words), "{failed}");
    assert!(failed["hint"].as_str().unwrap().contains("AUDIENCEOS_LARGEST_ANSWER"), "{failed}");
    assert_eq!(sizes(&pool).await, (rows, rows));

    tiktok.world().long_beyond = None;
    sync(&agency.ada, &connection).await;
    assert_eq!(run(&agency.ada, &connection, 3).await["state"], "succeeded");
    app.finish().await;
}

/// What the provider answers when it wants us to come again in a minute.
const PAUSE: Fault = Fault::Code(40100);

/// The newest run, once it pauses or has ended.
async fn paused(app: &TestApp, browser: &Browser, connection: &str) -> Value {
    const PAUSES: &str =
        "select count(*) from sync_run where state = 'running' and held_until > now() + interval '10 s'";
    for _ in 0..600 {
        let runs = browser.json(&format!("/api/v1/integrations/{connection}/runs?limit=1")).await;
        let newest = &runs["items"][0];
        if !newest.is_null() && newest["state"] != "running" || count(&app.pool, PAUSES).await > 0 {
            return newest.clone();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it neither pauses nor ends");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_run_that_pauses_again_and_again_asks_for_no_page_twice(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    // Four answers and a pause, over and over: who begins anew with thirty days has two that are too large, and then two
    // pages of the three of a piece.
    let many = 300;
    tiktok.world().faults.extend([Fault::Later; 4].into_iter().chain([PAUSE]).cycle().take(many));
    let connection = connect(&agency.ada, "acme").await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    let mut ended = paused(&app, &agency.ada, &connection).await;
    for _ in 0..many {
        if ended["state"] != "running" {
            break;
        }
        go_on(&app).await;
        ended = paused(&app, &agency.ada, &connection).await;
    }
    assert_eq!((&ended["state"], &ended["rows_new"]), (&json!("succeeded"), &json!(900)), "{ended}");
    assert_eq!((&ended["days_done"], &ended["days_total"]), (&json!(90), &json!(90)), "{ended}");
    // Thirty days and fifteen are too many; then each thirty are read in four pieces, each of them at three levels.
    let asked = tiktok.reports();
    assert_eq!(asked - asked / 5, 2 + 3 * 4 * 3, "answers without the pauses");
    assert_eq!(tiktok.world().long, 2);
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 89), today(&app)));
    assert_eq!(sizes(&pool).await, (900, 900));
    assert_eq!(count(&pool, "select count(*) from staged_page").await, 0);
    tiktok.world().faults.clear();
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_run_over_midnight_reads_the_days_it_began_with(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    // Two are too large, nine are three pieces, and half of the fourth is laid aside.
    tiktok.world().faults.extend([Fault::Later; 13]);
    tiktok.world().faults.push_back(PAUSE);
    let connection = connect(&agency.ada, "acme").await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    let waits = paused(&app, &agency.ada, &connection).await;
    assert_eq!((&waits["state"], &waits["days_done"]), (&json!("running"), &json!(24)), "{waits}");
    let asked = tiktok.reports();
    app.service.clock.advance(time::Duration::DAY);
    go_on(&app).await;
    let first = run(&agency.ada, &connection, 1).await;
    assert_eq!((&first["state"], &first["rows_new"]), (&json!("succeeded"), &json!(900)), "{first}");
    assert_eq!((&first["days_done"], &first["days_total"]), (&json!(90), &json!(90)), "{first}");
    assert_eq!(tiktok.reports() - asked, 1 + 2 * 4 * 3, "the rest of the fourth piece, and eight more pieces");
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 90), back(&app, 1)));
    assert_eq!(sync(&agency.ada, &connection).await, 202);
    let next = run(&agency.ada, &connection, 2).await;
    assert_eq!((&next["state"], &next["rows_new"]), (&json!("succeeded"), &json!(10)), "the new day: {next}");
    assert_eq!(sizes(&pool).await, (910, 910));
    app.stop().await;
}
