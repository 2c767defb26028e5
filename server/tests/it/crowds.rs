//! A mail to very many: it is read, and costs no more than one to some.

use std::fmt::Write;

use serde_json::json;
use sqlx::PgPool;

use crate::{
    letters::{Letter, Mailbox, conversation},
    support::{TestApp, count},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_to_ten_thousand_is_there_with_the_first_of_them_and_its_whole_source(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let mailbox = Mailbox::open(&app, &olga, "imap", "hello@acme.test").await;
    let mut source =
        "From: Jane Doe <jane@c1.test>\r\nSubject: To all\r\nMessage-ID: <all@c1.test>\r\nTo: first@c1.test".to_owned();
    for number in 1..10_000 {
        write!(source, ",\r\n p{number}@c1.test").unwrap();
    }
    source.push_str("\r\n\r\nHello all of you\r\n");
    let letter = Letter::raw(source.clone());
    assert_eq!(mailbox.keep(std::slice::from_ref(&letter)).await.new, 1);
    assert_eq!(mailbox.keep(std::slice::from_ref(&letter)).await.new, 0, "once");
    let path = conversation(&olga, "To all").await;
    let messages = olga.json(&format!("{path}/messages")).await;
    let message = &messages["items"][0];
    let to = message["to"].as_array().unwrap();
    assert_eq!((to.len(), &to[0]["address"]), (500, &json!("first@c1.test")));
    assert_eq!(message["sender_email"], "jane@c1.test");
    assert!(count(&app.pool, "select count(*) from message_address").await < 1_000);
    let whole = olga.get(&format!("/app/messages/{}/source", message["id"].as_str().unwrap())).await;
    assert_eq!(whole.bytes().await.unwrap(), source.into_bytes(), "nothing of it is lost");
    let page = path.replace("/api/v1/communications/conversations", "/inbox");
    assert_eq!(olga.get(&page).await.status(), 200);
    app.stop().await;
}
