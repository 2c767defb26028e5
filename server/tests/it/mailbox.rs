//! Connecting a mailbox by address and app password. What real mail servers say is tested beside their peers in `providers`; here
//! a listener refuses whoever signs in, and counts.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::{
    process::Process,
    support::{TestApp, count},
    sync::{KEYS, SECRET},
    typed::{PAGE, connect, said},
};

const WRONG: &str = "wrong-app-password-c0ffee";

/// A mail server that accepts nobody, and what it was told. It ends with the test.
async fn refusing() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let telling = telling.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                stream.write_all(b"* OK ready\r\n").await.unwrap();
                while stream.read_line(&mut line).await.is_ok_and(|length| length > 0) {
                    let tag = line.split(' ').next().unwrap().to_owned();
                    telling.lock().unwrap().push(std::mem::take(&mut line));
                    let answer = format!("{tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (port, told)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_wrong_app_password_is_tried_once_says_what_to_do_and_stands_in_no_log(pool: PgPool) {
    let (port, told) = refusing().await;
    let app = TestApp::start_with(pool.clone(), |config| {
        (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
    })
    .await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    app.leave_jobs();
    let base = format!("imap-plain://127.0.0.1:{port}/?smtp=smtp-plain://127.0.0.1:{port}");
    let settings = [
        ("RUST_LOG", "trace"),
        ("AUDIENCEOS_SECRET", SECRET),
        ("AUDIENCEOS_KEYS", KEYS),
        ("AUDIENCEOS_IMAP_BASE_URL", base.as_str()),
    ];
    let process = Process::start(&pool, &settings).await;
    let olga = olga.at(&process.url);
    let page = olga.get(PAGE).await.text().await.unwrap();
    assert!(page.contains("action=\"/integrations/imap/token\"") && page.contains("Connect Mailbox (IMAP)"), "{page}");

    let fields = json!({"address": " Olga@Yahoo.com ", "access_token": WRONG});
    let (status, code, field, words) = said(connect(&olga, "imap", fields, None).await);
    assert_eq!((status, code.as_str(), field.as_str()), (422, "invalid", "access_token"), "{words}");
    for part in ["app password", "login.yahoo.com", "Invalid credentials"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let signed_in = told.lock().unwrap().clone();
    assert_eq!(signed_in.len(), 1, "{signed_in:?}");
    assert!(signed_in[0].contains("LOGIN \"olga@yahoo.com\"") && signed_in[0].contains(WRONG), "{signed_in:?}");

    // What is no address, or has no known servers, is said at its field before anybody is asked.
    for (fields, part) in [
        (json!({"address": "olga", "access_token": WRONG}), "name@example.com"),
        (json!({"address": "olga@acme.test", "access_token": WRONG}), "The IMAP server of acme.test is not known here"),
    ] {
        let (status, _, field, words) = said(connect(&olga, "imap", fields, None).await);
        assert!(status == 422 && field == "address" && words.contains(part), "{field}: {words}");
    }
    let fields: Value = json!({"address": "olga@yahoo.com"});
    assert_eq!(said(connect(&olga, "imap", fields, None).await).2, "access_token");
    assert_eq!(told.lock().unwrap().len(), 1);
    assert_eq!(count(&pool, "select count(*) from connection").await, 0);
    assert_eq!(count(&pool, "select count(*) from credential").await, 0);

    let log = process.log();
    assert!(log.contains("TRACE"), "the log tells everything that it may");
    assert!(!log.contains(WRONG), "the password is in the log");
    drop(process);
    app.stop().await;
}
