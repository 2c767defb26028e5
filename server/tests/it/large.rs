//! Reports that are larger than what is read at once: the same days come in pieces of fewer days, and a single day that is too
//! large is said.

use serde_json::json;
use sqlx::PgPool;

use crate::{
    support::{Agency, TestApp},
    sync::{back, connect, map, run, sizes, stored_cents, sync, today},
    tiktok::{APP_SECRET, TikTok},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_report_that_is_too_large_comes_in_pieces_of_fewer_days(pool: PgPool) {
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
