//! The vault's keys as an operator handles them: made, counted, and changed while the product runs.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use model::id::{ConnectionId, OrganizationId};
use reqwest::StatusCode;
use service::{Vault, vault::Keys};
use sqlx::{ConnectOptions, PgPool};
use store::{credential, sealed::Row};

use crate::{
    support::{TestApp, count, secret},
    two_factor::{code, login_body, second, turn_on},
};

const SECRET: &str = "0707070707070707070707070707070707070707070707070707070707070707";
const K1: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
const K2: &str = "k2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI";
const SECRETS: usize = 4000;

/// `audienceos keys …` on the test's database.
fn audienceos(pool: &PgPool, words: &[&str], keys: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audienceos"));
    command.args(words).current_dir(std::env::temp_dir());
    command.env("DATABASE_URL", pool.connect_options().to_url_lossy().to_string());
    command.env("AUDIENCEOS_SECRET", SECRET).env("AUDIENCEOS_KEYS", keys);
    command
}

fn text(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(text).unwrap()
}

fn vault(secret: u8, keys: &str) -> Vault {
    Vault::with_keys([secret; 32], Keys::parse(keys).unwrap())
}

/// An agency with a connection that has many sealed fields.
#[expect(clippy::disallowed_methods, reason = "makes its rows as the superuser")]
async fn filled(app: &TestApp) -> (OrganizationId, ConnectionId) {
    app.owner("olga@acme.test", "Acme").await;
    let organization: uuid::Uuid =
        sqlx::query_scalar("select organization_id from organization").fetch_one(&app.pool).await.unwrap();
    let (organization, connection) = (organization.into(), store::id::new::<ConnectionId>(app.service.clock.now()));
    sqlx::query(
        "insert into connection (organization_id, id, provider, label, created_by, created_at)
         select organization_id, $1, 'google_ads', 'Ads', id, created_at from member",
    )
    .bind(connection.0)
    .execute(&app.pool)
    .await
    .unwrap();
    let field = |number: usize| {
        let name = format!("field:{number:05}");
        let row = Row::Credential(organization, connection, name.clone());
        let sealed = app.service.vault.seal(&row, format!("plain secret {number}").as_bytes()).unwrap();
        credential::Field { name, sealed, expires_at: None }
    };
    let fields: Vec<_> = (0..SECRETS).map(field).collect();
    let mut tx = app.service.db.system().await.unwrap();
    credential::upsert(&mut tx, organization, connection, &fields, app.service.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    (organization, connection)
}

/// Opens everything with keys among which the installation's is another.
async fn all_open_under(app: &TestApp, (organization, connection): (OrganizationId, ConnectionId), keys: &str) {
    let vault = vault(9, keys);
    let mut tx = app.service.db.system().await.unwrap();
    let fields = credential::list(&mut tx, organization, connection).await.unwrap();
    assert_eq!(fields.len(), SECRETS);
    for (number, field) in fields.into_iter().enumerate() {
        let plain = vault.open(&Row::Credential(organization, connection, field.name), &field.sealed).unwrap();
        assert_eq!(plain, format!("plain secret {number}").as_bytes());
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rotation_that_is_killed_goes_on_and_ends_complete(pool: PgPool) {
    let app = TestApp::start_with(pool.clone(), |config| config.secret = secret(SECRET)).await;
    let place = filled(&app).await;
    let file = app.data.join("keys");
    std::fs::write(&file, format!("# of March\n{K1}\n")).unwrap();
    let ring = format!("file:{}", file.display());
    let under_k1 = "select count(*) from credential where sealed_key(sealed) = 'k1'";

    let mut killed = audienceos(&pool, &["keys", "rotate"], &ring).stdout(Stdio::null()).spawn().unwrap();
    while count(&pool, under_k1).await < 200 {
        assert!(killed.try_wait().unwrap().is_none(), "it runs");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let begun = count(&pool, under_k1).await;
    assert!((200..4000).contains(&begun), "killed half-way: {begun}");

    let status = text(&audienceos(&pool, &["keys", "status"], &ring).output().unwrap());
    let lines: Vec<Vec<&str>> = status.lines().map(|line| line.split_whitespace().collect()).collect();
    let left = (4000 - begun).to_string();
    assert_eq!(lines, [["k1", "seals", &begun.to_string()], ["installation", "opens", &left]], "{status}");

    let again = audienceos(&pool, &["keys", "rotate"], &ring).output().unwrap();
    let words = text(&again);
    assert!(again.status.success() && words.contains(&format!("put under k1: {left}\n")), "{words}");
    assert!(words.contains("nothing lies under the installation's secret"), "{words}");
    all_open_under(&app, place, K1).await;

    let both = audienceos(&pool, &["keys", "rotate"], &format!("{K2},{K1}")).output().unwrap();
    let words = text(&both);
    assert!(both.status.success() && words.contains("take k1 out of AUDIENCEOS_KEYS"), "{words}");
    all_open_under(&app, place, K2).await;
    for said in [&status, &words] {
        assert!(!said.contains("plain secret") && !said.contains(&K1[3..20]) && !said.contains(&K2[3..20]), "{said}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_key_that_is_missing_is_named_and_the_rest_works(pool: PgPool) {
    let app = TestApp::start_with(pool.clone(), |config| {
        (config.secret, config.keys) = (secret(SECRET), secret(K1));
    });
    let app = app.await;
    let place = filled(&app).await;
    let status = audienceos(&pool, &["keys", "status"], K2).output().unwrap();
    let words = text(&status);
    assert!(!status.status.success() && words.contains("not in AUDIENCEOS_KEYS: k1"), "{words}");
    let rotated = audienceos(&pool, &["keys", "rotate"], K2).output().unwrap();
    let words = text(&rotated);
    assert!(!rotated.status.success(), "{words}");
    assert!(words.contains("4000 in all") && words.contains("field:00000"), "{words}");
    assert!(!words.contains("take k1 out"), "{words}");
    let doctor = text(&audienceos(&pool, &["doctor"], K2).output().unwrap());
    let told = |line: &str| {
        line.starts_with("wrong") && line.contains("vault") && line.contains("4000 under k1; k1 is not in")
    };
    assert!(doctor.lines().any(told), "{doctor}");
    let doctor = text(&audienceos(&pool, &["doctor"], "k1:short").output().unwrap());
    let told =
        |line: &str| line.starts_with("wrong") && line.contains("keys") && line.contains("the key k1 is not 32 bytes");
    assert!(doctor.lines().any(told), "{doctor}");
    all_open_under(&app, place, K1).await;
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_factor_sign_in_goes_on_under_a_new_key(pool: PgPool) {
    let old = TestApp::start_with(pool.clone(), |config| config.secret = secret(SECRET)).await;
    let olga = old.owner("olga@acme.test", "Acme").await;
    let (key, _) = turn_on(&old, &olga).await;
    let rotated = audienceos(&pool, &["keys", "rotate"], K1).output().unwrap();
    assert!(text(&rotated).contains("put under k1: 1\n"), "{}", text(&rotated));
    assert_eq!(count(&pool, "select count(*) from two_factor where sealed_key(secret) = 'k1'").await, 1);
    let new = TestApp::start_with(pool.clone(), |config| {
        (config.secret, config.keys) = (secret(SECRET), secret(K1));
    });
    let new = new.await;
    new.service.clock.advance(time::Duration::seconds(30));
    let browser = new.browser();
    browser.post("/api/v1/auth/login", &login_body()).await;
    assert_eq!(second(&browser, &code(&new, &key)).await, StatusCode::OK);
    new.finish().await;
    old.finish().await;
}

#[test]
fn a_new_key_is_printed_without_a_database_or_settings() {
    let new =
        || Command::new(env!("CARGO_BIN_EXE_audienceos")).args(["keys", "new"]).current_dir(Path::new("/")).output();
    let (one, two) = (text(&new().unwrap()), text(&new().unwrap()));
    assert!(one != two && Keys::parse(&one).is_ok(), "{one}");
}
