//! What operators rely on: how the program stops, what it says when it cannot start, where faults are seen.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{
    process::{Process, free_address},
    support::{TestApp, count},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "holds a request up with a lock of its own")]
async fn a_request_under_way_is_finished_before_the_server_stops(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    olga.create("/api/v1/clients", &json!({"name": "C1"})).await;
    let mut process = Process::start(&pool, &[]).await;

    let mut lock = pool.begin().await.unwrap();
    sqlx::query("lock table client in access exclusive mode").execute(&mut *lock).await.unwrap();
    let request = olga.client.get(format!("{}/api/v1/clients", process.url)).send();
    let request = tokio::spawn(async move { request.await.unwrap() });
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    for _ in 0..200 {
        if count(&pool, waiting).await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(count(&pool, waiting).await, 1, "the request waits in the database");

    process.terminate();
    for _ in 0..200 {
        if TcpStream::connect(&process.address).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(TcpStream::connect(&process.address).await.is_err(), "nobody new is let in");
    assert!(!request.is_finished(), "the request is still under way");
    lock.rollback().await.unwrap();
    let answer = request.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap()["items"][0]["name"], "C1");
    assert!(process.ended().await.success(), "{}", process.log());
    app.finish().await;
}

/// Takes every report and says yes: it stands for an intake of Sentry's that has no faults.
async fn intake() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (reports, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let reports = reports.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                loop {
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let length = text
                        .to_lowercase()
                        .split_once("content-length: ")
                        .and_then(|(_, rest)| rest.split("\r\n").next().unwrap().parse::<usize>().ok());
                    if let (Some((_, body)), Some(length)) = (text.split_once("\r\n\r\n"), length)
                        && body.len() >= length
                    {
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
                        reports.send(text).unwrap();
                        request.clear();
                    } else if stream.read_buf(&mut request).await.unwrap() == 0 {
                        return;
                    }
                }
            });
        }
    });
    (address, received)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "breaks the database under the server")]
async fn a_fault_is_logged_as_json_and_reported_with_its_request_and_nothing_private(pool: PgPool) {
    let (sentry, mut reports) = intake().await;
    let (secret, dsn) = ("5e".repeat(32), format!("http://publickey@{sentry}/1"));
    let settings = [
        ("AUDIENCEOS_PRODUCTION", "true"),
        ("AUDIENCEOS_SECRET", secret.as_str()),
        ("AUDIENCEOS_PUBLIC_URL", "https://app.test"),
        ("SENTRY_DSN", dsn.as_str()),
    ];
    let mut process = Process::start(&pool, &settings).await;
    sqlx::query("alter table password_reset rename to gone").execute(&pool).await.unwrap();
    let request = reqwest::Client::new().post(format!("{}/api/v1/auth/forgot", process.url));
    let request = request.header("cookie", "__Host-audienceos_session=cookie-secret").bearer_auth("header-secret");
    let answer = request.json(&json!({"email": "private@acme.test"})).send().await.unwrap();
    assert_eq!(answer.status(), 500);
    let header = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        body["error"],
        json!({"code": "internal", "message": "Something failed on our side", "request_id": header})
    );

    process.terminate();
    assert!(process.ended().await.success(), "{}", process.log());
    let log = process.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect();
    let fault = lines.iter().find(|line| line["level"] == "ERROR").expect("the fault is in the log");
    assert_eq!(fault["span"]["request_id"], header);
    assert_eq!(fault["span"]["route"], "/api/v1/auth/forgot");
    assert!(fault["fields"]["cause"].as_str().unwrap().contains("password_reset"), "{fault}");

    let report = tokio::time::timeout(Duration::from_secs(10), reports.recv()).await.unwrap().unwrap();
    for part in [header.as_str(), "/api/v1/auth/forgot", "an action failed", "password_reset", "audienceos@"] {
        assert!(report.contains(part), "the report names {part}: {report}");
    }
    for private in ["private@acme.test", "cookie-secret", "header-secret", secret.as_str()] {
        assert!(!report.contains(private) && !log.contains(private), "{private} stays here");
    }
    assert!(reports.try_recv().is_err(), "one fault, one report");
}

#[tokio::test]
async fn a_taken_address_ends_the_start_with_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut process = Process::spawn(&address, &[]);
    assert_eq!(process.ended().await.code(), Some(1));
    let log = process.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains(&format!("listens on {address} already")) && log.contains("AUDIENCEOS_ADDRESS"), "{log}");
    assert!(!process.has_private_postgres(), "nothing was started");
}

#[tokio::test]
async fn b1_22_what_is_missing_or_wrong_ends_the_start_and_is_named() {
    let production = ("AUDIENCEOS_PRODUCTION", "true");
    for (settings, named) in [
        (vec![production], "AUDIENCEOS_SECRET"),
        (vec![production, ("AUDIENCEOS_SECRET", "x")], "AUDIENCEOS_PUBLIC_URL"),
        (vec![("AUDIENCEOS_SECRET", "x")], "AUDIENCEOS_SECRET"),
        (vec![("AUDIENCEOS_CORS_ORIGINS", "*")], "AUDIENCEOS_CORS_ORIGINS"),
        (vec![("SENTRY_DSN", "not an address")], "SENTRY_DSN"),
        (vec![("AUDIENCEOS_KEYS", "k1:too-short")], "AUDIENCEOS_KEYS"),
        (vec![("AUDIENCEOS_KEYS", "file:/nowhere/keys")], "/nowhere/keys"),
    ] {
        let mut process = Process::spawn(&free_address(), &settings);
        assert_eq!(process.ended().await.code(), Some(1), "{named}");
        let log = process.log();
        assert!(log.lines().count() == 1 && log.contains(named), "{log}");
        assert!(!process.has_private_postgres(), "nothing was started");
    }
}

/// The folder of the typeface that is in the program.
const OWN_FONTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/studio/fonts");

/// What `audienceos doctor` says with these settings and nothing else: state and words of each feature; and whether it is well.
fn doctor(folder: &Path, settings: &[(&str, &str)]) -> (bool, BTreeMap<String, (String, String)>) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_audienceos"))
        .arg("doctor")
        .current_dir(folder)
        .env_clear()
        .env("AUDIENCEOS_DATA", folder)
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let (state, rest) = line.split_once(' ').unwrap();
        let (feature, words) = rest.trim_start().split_once(' ').unwrap();
        (feature.to_owned(), (state.to_owned(), words.trim_start().to_owned()))
    };
    (output.status.success(), told.lines().map(line).collect())
}

#[test]
fn doctor_says_of_each_feature_what_is_missing_and_what_that_costs() {
    let folder = std::env::temp_dir().join(format!("audienceos-doctor-features-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("site/pkg")).unwrap();
    let site = folder.join("site").display().to_string();
    let pages = ("AUDIENCEOS_SITE", site.as_str());
    let variables = [
        ("secret", "AUDIENCEOS_SECRET", "5e".repeat(32)),
        ("keys", "AUDIENCEOS_KEYS", "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE".to_owned()),
        ("mail", "AUDIENCEOS_SMTP_URL", "smtp://127.0.0.1:25".to_owned()),
        ("google", "AUDIENCEOS_GOOGLE_CLIENT_ID", "id".to_owned()),
        ("google", "AUDIENCEOS_GOOGLE_CLIENT_SECRET", "secret".to_owned()),
        ("cron", "CRON_SECRET", "secret".to_owned()),
        ("faults", "SENTRY_DSN", "https://key@sentry.test/1".to_owned()),
        ("metrics", "AUDIENCEOS_METRICS_TOKEN", "token".to_owned()),
        ("fonts", "AUDIENCEOS_FONTS", OWN_FONTS.to_owned()),
    ];
    let of_providers = providers::all().iter().flat_map(|provider| {
        let described = provider.descriptor();
        described.settings.iter().map(move |setting| (described.key, setting.variable, "set".to_owned()))
    });
    let variables: Vec<_> = variables.into_iter().chain(of_providers).collect();
    assert!(variables.len() > 12);

    let (well, bare) = doctor(&folder, &[pages]);
    for (feature, variable, _) in &variables {
        let (state, words) = &bare[*feature];
        assert!(state == "missing" && words.contains(variable), "{feature}: {state} {words}");
        assert!(words.contains(": ") || words.contains("; "), "{feature}: it says what that costs: {words}");
    }
    assert!(well, "what is only missing keeps nobody from starting: {bare:?}");
    for feature in ["address", "pages", "database"] {
        assert_eq!(bare[feature].0, "ok", "{bare:?}");
    }

    let settings: Vec<_> = variables.iter().map(|(_, variable, value)| (*variable, value.as_str())).collect();
    let (well, whole) = doctor(&folder, &[settings.as_slice(), &[pages]].concat());
    assert!(well && whole.values().all(|(state, _)| state == "ok"), "{whole:?}");
    assert_eq!(whole.keys().collect::<Vec<_>>(), bare.keys().collect::<Vec<_>>());

    for (feature, variable, value) in [
        ("google", "AUDIENCEOS_GOOGLE_CLIENT_ID", "id"),
        ("mail", "AUDIENCEOS_SMTP_URL", "no address"),
        ("pages", "AUDIENCEOS_SITE", "/nowhere"),
        ("address", "AUDIENCEOS_PUBLIC_URL", "http://app.test"),
        ("database", "DATABASE_URL", "postgres:///gone?host=/nowhere"),
        ("fonts", "AUDIENCEOS_FONTS", "/nowhere"),
    ] {
        let (well, told) = doctor(&folder, &[pages, (variable, value)]);
        let (state, words) = &told[feature];
        assert!(!well && state == "wrong" && words.contains(variable), "{variable}: {told:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn doctor_names_typefaces_that_cannot_be_read() {
    let folder = std::env::temp_dir().join(format!("audienceos-doctor-fonts-{}", std::process::id()));
    let fonts = folder.join("fonts");
    std::fs::create_dir_all(fonts.join("more")).unwrap();
    let told = || {
        let (_, told) = doctor(&folder, &[("AUDIENCEOS_FONTS", fonts.to_str().unwrap())]);
        told["fonts"].clone()
    };
    let inter = std::fs::read(format!("{OWN_FONTS}/Inter.ttf")).unwrap();
    std::fs::write(fonts.join("more/Inter.ttf"), &inter).unwrap();
    std::fs::write(fonts.join("read-me.txt"), "no typeface").unwrap();
    let (state, words) = told();
    assert!(state == "wrong" && words.contains("holds no typeface"), "folders in it are not read: {words}");
    std::fs::write(fonts.join("Inter.OTC"), &inter).unwrap();
    let (state, words) = told();
    assert!(state == "ok" && words.ends_with(": 1"), "{state} {words}");
    std::fs::write(fonts.join("broken.otf"), "no typeface").unwrap();
    let (state, words) = told();
    assert!(state == "wrong" && words.contains("broken.otf") && !words.contains("Inter"), "{state} {words}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn doctor_lists_everything_that_keeps_production_from_starting() {
    let folder = std::env::temp_dir().join(format!("audienceos-doctor-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_audienceos"))
        .arg("doctor")
        .current_dir(&folder)
        .env_clear()
        .env("AUDIENCEOS_DATA", &folder)
        .env("AUDIENCEOS_PRODUCTION", "true")
        .env("AUDIENCEOS_CORS_ORIGINS", "*")
        .env("SENTRY_DSN", "no address")
        .env("AUDIENCEOS_META_ADS_BASE_URL", "http://localhost:1")
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    let names = [
        "AUDIENCEOS_SECRET is not set",
        "AUDIENCEOS_PUBLIC_URL",
        "AUDIENCEOS_CORS_ORIGINS",
        "SENTRY_DSN",
        "AUDIENCEOS_META_ADS_BASE_URL",
    ];
    for name in names {
        assert!(told.lines().any(|line| line.starts_with("wrong    start") && line.contains(name)), "{name}: {told}");
    }
}
