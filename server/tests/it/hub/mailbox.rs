//! What becomes of a mailbox at Dovecot with time: its server tells what comes, numbers all mails anew, and takes another password.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use super::dovecot::{Dovecot, ordinary};
use crate::{
    support::count,
    sync::{run, sync},
};

/// Waits until what is asked comes to this.
async fn until(pool: &PgPool, sql: &'static str, wanted: i64) {
    for _ in 0..2400 {
        if count(pool, sql).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{sql} did not come to {wanted}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mailbox_whose_server_tells_is_read_at_once_as_long_as_it_is_switched_on(pool: PgPool) {
    let Some(dovecot) = Dovecot::start(&[ordinary(0)]).await else { return };
    let desk = dovecot.listening(&pool, 5).await;
    let connection = desk.connect_mailbox().await;
    // Who begins to listen has it read, as nobody knows what came before.
    let listened = "select count(*) from listener l join connection c on c.id = l.connection_id
        where l.holder is not null and l.mark is not null and c.asked_at is null
          and (select count(*) from sync_run) > 1 and not exists (select from sync_run where state = 'running')";
    until(&pool, listened, 1).await;
    assert_eq!(count(&pool, "select count(*) from message").await, 1);

    // The next ordinary reading is minutes away.
    dovecot.arrives("1700000001.000001.test", &ordinary(5));
    until(&pool, "select count(*) from message", 2).await;

    // What comes while nobody listens is told as soon as somebody does.
    let path = format!("/api/v1/integrations/{connection}");
    assert_eq!(desk.agency.ada.send("PATCH", &path, &json!({"paused": true})).await.status(), StatusCode::OK);
    until(&pool, "select count(*) from listener where holder is not null", 0).await;
    dovecot.arrives("1700000002.000002.test", &ordinary(10));
    assert_eq!(desk.agency.ada.send("PATCH", &path, &json!({"paused": false})).await.status(), StatusCode::OK);
    until(&pool, "select count(*) from message", 3).await;
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mailbox_that_numbers_its_mails_anew_is_read_again_and_nothing_is_doubled_or_thrown_away(pool: PgPool) {
    const NUMBERED: &str = "select max(split_part(external_id, '.', 1)::bigint) from message";
    const OLDEST: &str = "select min(split_part(external_id, '.', 1)::bigint) from message";
    let Some(dovecot) = Dovecot::start(&[ordinary(0), ordinary(1), ordinary(5)]).await else { return };
    let desk = dovecot.desk(&pool).await;
    let connection = desk.connect_mailbox().await;
    assert_eq!(run(&desk.agency.ada, &connection, 1).await["rows_new"], 3);
    let (before, conversations) =
        (count(&pool, NUMBERED).await, count(&pool, "select count(*) from conversation").await);

    dovecot.forgets_numbers();
    let again = desk.read(&connection, 2).await;
    assert_eq!((&again["state"], &again["rows_new"]), (&json!("succeeded"), &json!(0)), "{again}");
    assert!(count(&pool, OLDEST).await > before, "each is known under its new number");
    assert_eq!(count(&pool, "select count(*) from message").await, 3);
    assert_eq!(count(&pool, "select count(*) from conversation").await, conversations);
    assert_eq!(count(&pool, "select count(*) from message where gone_at is not null").await, 0);

    dovecot.arrives("1700000009.000009.test", &ordinary(10));
    assert_eq!(desk.read(&connection, 3).await["rows_new"], 1, "it goes on from there");
    assert_eq!(desk.read(&connection, 4).await["rows_new"], 0);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_password_that_was_taken_back_waits_for_reconnect_and_another_goes_on_where_reading_stopped(pool: PgPool) {
    let Some(dovecot) = Dovecot::start(&[ordinary(0)]).await else { return };
    let desk = dovecot.desk(&pool).await;
    let (ada, connection) = (&desk.agency.ada, desk.connect_mailbox().await);
    assert_eq!(run(ada, &connection, 1).await["rows_new"], 1);
    dovecot.has_password("another-app-password").await;
    dovecot.arrives("1700000009.000009.test", &ordinary(5));
    assert_eq!(sync(ada, &connection).await, StatusCode::ACCEPTED);
    let failed = run(ada, &connection, 2).await;
    assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("unauthorized")), "{failed}");
    let path = format!("/api/v1/integrations/{connection}");
    assert_eq!(ada.json(&path).await["state"], "reconnect");
    assert_eq!(sync(ada, &connection).await, StatusCode::CONFLICT, "nobody tries the wrong one again");
    assert_eq!(count(&pool, "select count(*) from message").await, 1, "what was read stays");

    assert_eq!(desk.connect_with("another-app-password", Some(&connection)).await, connection);
    let read = run(ada, &connection, 3).await;
    assert_eq!((&read["state"], &read["rows_new"]), (&json!("succeeded"), &json!(1)), "{read}");
    desk.app.stop().await;
}
