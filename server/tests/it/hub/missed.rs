//! Messages that cannot be read, for a while or for ever: none of them keeps another away, and a run says how many are missing.

use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use super::{
    Hub, JANE, OWNER,
    peers::{at, refusal},
    reading::{messages, rows},
};
use crate::{
    patience::{go_on, has_tried, tried},
    support::{count, execute},
    sync::{run, sync},
};

const ATTEMPTS: &str = "select coalesce(sum(attempts), 0)::bigint from missed_message";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_5_a_message_that_can_never_be_read_holds_up_nothing_and_is_named(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let ids = hub.many(5).await;
    let broken = at("GET", OWNER, &format!("messages/{}", ids[2]));
    hub.gmail.answers(broken, &[refusal(500, "Internal error encountered.")]).await;
    let connection = hub.connected().await;
    assert_eq!((messages(&pool).await, count(&pool, ATTEMPTS).await), (4, 1), "asked for once in a run");
    let named = "1 message could not be read, and is in the mailbox only";
    for (number, attempts) in [(2, 2), (3, 3)] {
        hub.gmail.arrives(OWNER, &hub.mail(JANE, &format!("After it {number}"), "", "Hello"), &[]).await;
        let read = hub.desk.read(&connection, number).await;
        assert_eq!(rows(&read).0, &json!(1), "{read}");
        assert_eq!(count(&pool, ATTEMPTS).await, attempts, "it is asked for again");
        assert!(read["step"].as_str().unwrap().ends_with(named), "{read}");
    }
    // After so many it is not asked for any more, and still named.
    execute(&pool, "update missed_message set attempts = 21".to_owned()).await;
    let given_up = hub.desk.read(&connection, 4).await;
    assert_eq!((rows(&given_up).0, count(&pool, ATTEMPTS).await), (&json!(0), 21));
    assert!(given_up["step"].as_str().unwrap().ends_with(named), "{given_up}");
    let seen = service::connection::overview(&hub.desk.app.service, &hub.desk.actor).await.unwrap();
    assert_eq!(seen.iter().map(|one| one.missing).collect::<Vec<_>>(), [1], "the connection's page says it");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn half_of_a_page_that_can_never_be_read_fails_a_run_and_not_every_run(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let connection = hub.connected().await;
    let ids = hub.many(3).await;
    let broken = |id: &String| json!({ "endsWith": { "method": "GET", "path": format!("/messages/{id}") } });
    hub.gmail.answers(json!({ "or": [broken(&ids[0]), broken(&ids[1])] }), &[refusal(500, "Internal error")]).await;
    assert_eq!(sync(&hub.desk.agency.ada, &connection).await, StatusCode::ACCEPTED);
    // It is tried some times in a row, and passes nothing over meanwhile.
    assert_eq!(tried(&pool).await, 1);
    assert_eq!((messages(&pool).await, count(&pool, ATTEMPTS).await), (0, 0));
    has_tried(&pool, 4).await;
    go_on(&hub.desk.app).await;
    let failed = run(&hub.desk.agency.ada, &connection, 2).await;
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("2 of 3 messages could not be read"), "{failed}");
    assert_eq!((messages(&pool).await, count(&pool, ATTEMPTS).await), (1, 2));
    hub.gmail.arrives(OWNER, &hub.mail(JANE, "After them", "", "Hello"), &[]).await;
    assert_eq!(rows(&hub.desk.read(&connection, 3).await).0, &json!(1));
    hub.gmail.heals().await;
    assert_eq!(rows(&hub.desk.read(&connection, 4).await).0, &json!(2));
    assert_eq!((messages(&pool).await, count(&pool, ATTEMPTS).await), (4, 0));
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn messages_that_are_too_large_stop_no_mailbox(pool: PgPool) {
    let Some(hub) = Hub::open_with(&pool, |config| config.largest_answer = 1).await else { return };
    hub.many(2).await;
    let large = "0123456789abcdef\r\n".repeat(80_000);
    for number in 0..3 {
        hub.gmail.arrives(OWNER, &hub.mail(JANE, &format!("Large {number}"), "", &large), &[]).await;
    }
    let connection = hub.connected().await;
    assert_eq!((messages(&pool).await, count(&pool, ATTEMPTS).await), (2, 3));
    hub.gmail.arrives(OWNER, &hub.mail(JANE, "After them", "", "Hello"), &[]).await;
    let second = hub.desk.read(&connection, 2).await;
    assert_eq!(rows(&second).0, &json!(1), "{second}");
    // Once more each, and not anew: they end some day.
    assert_eq!(count(&pool, ATTEMPTS).await, 6);
    let said = second["step"].as_str().unwrap();
    assert!(said.ends_with("3 messages could not be read, and are in the mailbox only"), "{said}");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_page_of_large_messages_ends_where_it_is_full_and_all_of_them_are_read(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let large = "0123456789abcdef\r\n".repeat(250_000);
    for number in 0..9 {
        hub.gmail.arrives(OWNER, &hub.mail(JANE, &format!("Large {number}"), "", &large), &[]).await;
    }
    let connection = hub.connect(&hub.desk.agency.ada, OWNER).await;
    let first = run(&hub.desk.agency.ada, &connection, 1).await;
    assert_eq!(rows(&first).0, &json!(9), "{first}");
    let apart = "select count(*) from (select from message group by stored_at having count(*) = 1) alone";
    assert_eq!(count(&pool, apart).await, 1, "eight fill the page, and the ninth comes by itself");
    assert_eq!(count(&pool, ATTEMPTS).await, 0);
    hub.desk.app.stop().await;
}
