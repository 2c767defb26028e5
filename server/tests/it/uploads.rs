//! Uploads over HTTP that take too much: places, room, and what stays of those that were refused.

use std::{path::PathBuf, time::Duration};

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{Browser, TestApp, execute};

/// How many files of one agency come in at a time, as the operator's guide says.
const AT_ONCE: usize = 3;

async fn source(browser: &Browser) -> String {
    let body = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "Europe/Berlin"});
    browser.create("/api/v1/imports/sources", &body).await
}

async fn upload(browser: &Browser, source: &str, bytes: Vec<u8>) -> Response {
    let url = format!("{}/api/v1/imports?source_id={source}&file_name=a.csv", browser.url);
    browser.client.post(url).body(bytes).send().await.unwrap()
}

async fn code(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    (status, text("code"), text("message"))
}

/// An upload of which half was sent.
async fn begun(app: &TestApp, token: &str, source: &str) -> TcpStream {
    let address = app.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/imports?source_id={source}&file_name=slow.csv HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 100\r\n\r\nDay,Cost\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The files that lie in the folder of uploads, whole or not.
fn files(app: &TestApp) -> Vec<PathBuf> {
    let entries = |path: PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    entries(app.data.join("imports")).flat_map(entries).collect()
}

async fn until(what: &str, happened: impl Fn() -> bool) {
    for _ in 0..200 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen in time: {what}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn so_many_files_come_at_a_time_and_one_that_breaks_off_gives_its_place_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, bert) = (app.owner("olga@acme.test", "Acme").await, app.owner("bert@beta.test", "Beta").await);
    let (own, others) = (source(&olga).await, source(&bert).await);
    let made = olga.post("/api/v1/tokens", &json!({"name": "t", "scope": "write", "days": 1})).await;
    let token = made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let mut slow = Vec::new();
    for _ in 0..AT_ONCE {
        slow.push(begun(&app, &token, &own).await);
    }
    until("the slow ones are coming", || files(&app).len() == AT_ONCE).await;

    let refused = upload(&olga, &own, b"Day,Cost\n".to_vec()).await;
    let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let (status, code, words) = code(refused).await;
    assert_eq!((status, code.as_str()), (429, "too_many"));
    assert!(words.contains("of your agency are being uploaded. Nothing of this one was kept"), "{words}");
    let form = format!(
        "--x\r\nContent-Disposition: form-data; name=\"source_id\"\r\n\r\n{own}\r\n--x\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"a.csv\"\r\n\r\nDay,Cost\n\r\n--x--\r\n"
    );
    let form = olga.client.post(format!("{}/imports/upload", app.url)).body(form).header("accept", "text/html");
    let page = form.header("content-type", "multipart/form-data; boundary=x").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(page.headers().contains_key("retry-after"));
    let text = page.text().await.unwrap();
    assert!(text.contains("of your agency are being uploaded"), "a person reads why: {text}");
    assert_eq!(files(&app).len(), AT_ONCE, "nothing of the refused ones stays");
    assert_eq!(upload(&bert, &others, b"Day,Cost\n2026-02-01,1\n".to_vec()).await.status(), StatusCode::CREATED);

    drop(slow.pop());
    until("the one that broke off is gone", || {
        files(&app).iter().filter(|file| file.extension().is_some()).count() == 2
    })
    .await;
    let again = upload(&olga, &own, b"Day,Cost\n2026-02-01,1\n".to_vec()).await;
    assert_eq!(again.status(), StatusCode::CREATED);
    drop(slow);
    until("nothing is left half", || files(&app).iter().all(|file| file.extension().is_none())).await;
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_agencys_waiting_files_fill_so_much_and_giving_one_up_makes_room(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.import_room = 1).await;
    let (olga, bert) = (app.owner("olga@acme.test", "Acme").await, app.owner("bert@beta.test", "Beta").await);
    let (own, others) = (source(&olga).await, source(&bert).await);
    let file = |rows: usize| format!("Day,Cost\n{}", "2026-02-01,1.00\n".repeat(rows)).into_bytes();
    let first: Value = upload(&olga, &own, file(40_000)).await.json().await.unwrap();
    let id = first["id"].as_str().unwrap().to_owned();
    let (status, code_, words) = code(upload(&olga, &own, file(40_000)).await).await;
    assert_eq!((status, code_.as_str()), (409, "no_room"), "{words}");
    assert!(words.contains("fill the 1 MB that they may. Nothing of this one was kept"), "{words}");
    assert_eq!(files(&app).len(), 1, "nothing of it stays");
    assert_eq!(upload(&bert, &others, file(40_000)).await.status(), StatusCode::CREATED, "another agency's room");
    let gone = olga.send("DELETE", &format!("/api/v1/imports/{id}"), &json!({})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(upload(&olga, &own, file(40_000)).await.status(), StatusCode::CREATED, "there is room again");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_full_disk_of_the_database_is_told_and_the_file_goes(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let own = source(&olga).await;
    let function = "create function full_disk() returns trigger language plpgsql as $$
        begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$";
    execute(&app.pool, function.into()).await;
    let trigger = "create trigger full_disk before insert on import for each row execute function full_disk()";
    execute(&app.pool, trigger.into()).await;
    let (status, code, words) = code(upload(&olga, &own, b"Day,Cost\n2026-02-01,1\n".to_vec()).await).await;
    assert_eq!((status, code.as_str()), (507, "no_room"));
    assert!(words.contains("disk is full, and nothing was changed. Tell your operator"), "{words}");
    assert!(files(&app).is_empty(), "nothing half stored");
    execute(&app.pool, "drop trigger full_disk on import".into()).await;
    let again = upload(&olga, &own, b"Day,Cost\n2026-02-01,1\n".to_vec()).await;
    assert_eq!(again.status(), StatusCode::CREATED);
    app.finish().await;
}
