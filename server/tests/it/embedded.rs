//! The two commands' own database: without `DATABASE_URL` the built program makes a private Postgres in its data folder, runs it
//! as long as it serves, and finds in it what was stored before.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    process::{Process, free_address},
    support::{PASSWORD, sign_up_body},
};

/// Whether a process runs. One that has ended and whose end nobody has asked about yet does not.
fn runs(id: u32) -> bool {
    let state = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'));
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(state)
}

/// Waits until a process has ended, twenty seconds at most.
async fn gone(id: u32) {
    for _ in 0..400 {
        if !runs(id) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the private Postgres still runs as process {id}");
}

/// Ready, with a Postgres of its own that does not run as root, whoever runs the server.
async fn serving(process: &Process) -> u32 {
    process.ready().await;
    let (id, user) = process.private_postgres().expect("a private Postgres runs");
    assert_ne!(user, 0, "Postgres never runs as root");
    id
}

#[tokio::test]
async fn without_a_database_of_yours_a_private_one_lives_as_long_as_the_server() {
    let mut process = Process::spawn(&free_address(), &[]);
    let first = serving(&process).await;
    let client = reqwest::Client::new();
    let sign_up = sign_up_body("olga@acme.test", "Acme");
    let made = client.post(format!("{}/api/v1/auth/signup", process.url)).json(&sign_up).send().await.unwrap();
    assert_eq!(made.status(), 201, "{}", process.log());

    process.terminate();
    assert!(process.ended().await.success(), "{}", process.log());
    assert!(!runs(first), "Postgres has ended when the server has");
    assert_eq!(process.private_postgres(), None);
    let log = process.postgres_log();
    assert!(log.contains("database system is shut down"), "{log}");

    process.again(&[]);
    let second = serving(&process).await;
    assert_ne!(second, first);
    let login = json!({"email": "olga@acme.test", "password": PASSWORD});
    let known = client.post(format!("{}/api/v1/auth/login", process.url)).json(&login).send().await.unwrap();
    let (status, body) = (known.status(), known.json::<Value>().await.unwrap());
    assert_eq!(
        (status.as_u16(), &body["error"]["code"]),
        (403, &json!("email_unverified")),
        "the sign-up is kept: {body}"
    );

    // A server that is killed cannot stop it: the kernel does.
    process.kill();
    gone(second).await;
}

#[tokio::test]
async fn a_command_that_looks_after_a_database_makes_none() {
    for words in [&["providers", "list"][..], &["jobs", "list"], &["keys", "status"], &["migrate", "--undo"]] {
        let mut process = Process::spawn_as(words, &free_address(), &[]);
        assert!(!process.ended().await.success(), "{words:?}");
        assert!(process.log().contains("there is no database yet"), "{words:?}: {}", process.log());
        assert!(!process.has_private_postgres(), "{words:?}");
    }
}
