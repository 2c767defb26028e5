//! The shared client before faults: mountebank provokes them and keeps a record of what was sent.
//!
//! The plain listener at the end stands for what mountebank cannot do: an answer without end, and silence.

use std::time::{Duration, Instant};

use providers::{Answer, Client, Error, Http, LARGEST_ANSWER, Limit, standard};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use crate::{faults::Faults, peers};

const LIMIT: Limit = Limit { per_second: 1000, burst: 1000 };

fn bound(url: &Url) -> Http {
    Client::new().unwrap().bind(url.clone(), LIMIT, standard)
}

fn status(status: u16) -> Value {
    json!({ "is": { "statusCode": status, "body": "words" } })
}

fn ok() -> Value {
    json!({ "is": { "statusCode": 200, "body": { "good": true } } })
}

/// 429 that asks for this pause; the date is there for pauses that are dates.
fn limited(retry_after: &str) -> Value {
    let headers = json!({ "Retry-After": retry_after, "Date": "Tue, 06 Jan 2026 10:00:00 GMT" });
    json!({ "is": { "statusCode": 429, "headers": headers } })
}

#[tokio::test]
async fn a_fault_that_may_pass_is_tried_again() {
    let reset = json!({ "fault": "CONNECTION_RESET_BY_PEER" });
    let Some(faults) = Faults::start(json!([status(503), reset, ok()])).await else { return };
    let answer: Value = bound(&faults.url).post("call").json(&json!({ "a": 1 })).send().await.unwrap();
    assert_eq!(answer, json!({ "good": true }));
    let requests = faults.requests().await;
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| request["body"] == r#"{"a":1}"# && request["path"] == "/base/call"));
}

#[tokio::test]
async fn trying_again_ends() {
    let Some(faults) = Faults::start(json!([status(503)])).await else { return };
    assert_eq!(bound(&faults.url).get("call").answer().await.unwrap_err(), Error::Unavailable("status 503".into()));
    assert_eq!(faults.requests().await.len(), 4);
}

#[tokio::test]
async fn what_must_not_happen_twice_is_sent_once() {
    for fault in [status(503), limited("1"), json!({ "fault": "CONNECTION_RESET_BY_PEER" })] {
        let Some(faults) = Faults::start(json!([fault, ok()])).await else { return };
        assert!(bound(&faults.url).post("call").once().form(&[("code", "c0de")]).answer().await.is_err());
        assert_eq!(faults.requests().await.len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    for (code, key) in [(400, "rejected"), (401, "unauthorized"), (403, "rejected"), (404, "rejected")] {
        let Some(faults) = Faults::start(json!([status(code), ok()])).await else { return };
        let error = bound(&faults.url).get("call").answer().await.unwrap_err();
        assert_eq!((error.key(), error.to_string().contains("words")), (key, true));
        assert_eq!(faults.requests().await.len(), 1);
    }
}

#[tokio::test]
async fn the_pause_that_is_asked_for_is_kept() {
    for pause in ["2", "Tue, 06 Jan 2026 10:00:02 GMT"] {
        let Some(faults) = Faults::start(json!([limited(pause), ok()])).await else { return };
        let begun = Instant::now();
        bound(&faults.url).get("call").answer().await.unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(2), "{pause}: {:?}", begun.elapsed());
        assert_eq!(faults.requests().await.len(), 2);
    }
}

#[tokio::test]
async fn a_long_pause_is_handed_back_and_not_slept() {
    for (pause, seconds) in [("60", 60), ("Tue, 06 Jan 2026 10:05:00 GMT", 300), ("86400", 600), ("soon", 60)] {
        let Some(faults) = Faults::start(json!([limited(pause), ok()])).await else { return };
        let begun = Instant::now();
        let after = Duration::from_secs(seconds);
        assert_eq!(bound(&faults.url).get("call").answer().await.unwrap_err(), Error::RateLimited { after }, "{pause}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{pause}: {:?}", begun.elapsed());
        assert_eq!(faults.requests().await.len(), 1);
    }
}

#[tokio::test]
async fn a_slow_answer_is_not_waited_for_beyond_the_limit() {
    let slow = json!({ "is": { "statusCode": 200 }, "behaviors": [{ "wait": 3000 }] });
    let Some(faults) = Faults::start(json!([slow])).await else { return };
    let begun = Instant::now();
    let http = bound(&faults.url);
    let request = http.get("call").once().within(Duration::from_millis(300));
    assert_eq!(request.answer().await.unwrap_err(), Error::Unavailable("no answer in time".into()));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let Some(other) = Faults::start(json!([ok()])).await else { return };
    let location = format!("{}elsewhere", other.url);
    let away = json!({ "is": { "statusCode": 302, "headers": { "Location": location } } });
    let Some(faults) = Faults::start(json!([away])).await else { return };
    let token = SecretString::from("hidden-token");
    assert_eq!(bound(&faults.url).get("call").bearer(&token).answer().await.unwrap_err().key(), "rejected");
    assert_eq!((faults.requests().await.len(), other.requests().await.len()), (1, 0));
}

#[tokio::test]
async fn a_path_never_leaves_the_host() {
    let Some(faults) = Faults::start(json!([ok()])).await else { return };
    for path in ["//evil.test/a", "http://evil.test/a", "/a?x=1#y", "\\\\evil.test\\a"] {
        bound(&faults.url).get(path).answer().await.unwrap();
    }
    let requests = faults.requests().await;
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert!(request["path"].as_str().unwrap().starts_with("/base/"), "{request}");
        assert_eq!(request["query"], json!({}), "{request}");
    }
}

#[tokio::test]
async fn errors_and_debug_tell_neither_address_nor_secret() {
    let token = SecretString::from("hidden-token");
    let nobody: Url = format!("http://user:hidden-password@127.0.0.1:{}/hidden", peers::free_port()).parse().unwrap();
    let http = bound(&nobody);
    let request = || http.get("call").query("access_token", "hidden-query").bearer(&token).once();
    let refused = request().answer().await.unwrap_err();
    assert_eq!(refused, Error::Unavailable("no connection".into()));
    let unsendable = http.get("call").bearer(&SecretString::from("hidden\nheader")).answer().await.unwrap_err();
    assert_eq!(unsendable.key(), "unauthorized");
    let said = format!("{refused} {refused:?} {unsendable} {unsendable:?} {http:?}");
    assert!(!said.contains("hidden"), "{said}");

    let repeated = json!({ "is": { "statusCode": 400, "body": "no hidden-token and no hidden-query" } });
    let Some(faults) = Faults::start(json!([repeated])).await else { return };
    let http = bound(&faults.url);
    let request = http.get("call").query("access_token", "hidden-query").bearer(&token);
    let error = request.answer().await.unwrap_err();
    assert_eq!(error, Error::Rejected("no [hidden] and no [hidden]".into()));
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_malformed_and_not_asked_for_again() {
    let half = json!({ "is": { "statusCode": 200, "body": r#"{"good": tr"# } });
    let Some(faults) = Faults::start(json!([half])).await else { return };
    assert_eq!(bound(&faults.url).get("call").send::<Value>().await.unwrap_err().key(), "malformed");
    assert_eq!(faults.requests().await.len(), 1);
}

#[tokio::test]
async fn an_answer_without_end_is_left() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = bound(&format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    let sending = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.unwrap();
        let (part, mut sent) = (vec![b' '; 1 << 20], 0_usize);
        while stream.write_all(&part).await.is_ok() {
            sent += part.len();
        }
        sent
    });
    let error = http.get("call").answer().await.unwrap_err();
    assert_eq!(error, Error::TooLarge("it is larger than 64 MiB".into()));
    let sent = tokio::time::timeout(Duration::from_secs(20), sending).await.unwrap().unwrap();
    assert!(sent < 2 * LARGEST_ANSWER, "{sent} bytes were taken");
}

#[tokio::test]
async fn silence_ends_in_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = bound(&format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    let begun = Instant::now();
    let answer: Result<Answer, _> = http.get("call").once().within(Duration::from_millis(200)).answer().await;
    assert_eq!(answer.unwrap_err(), Error::Unavailable("no answer in time".into()));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_connection_keeps_to_its_rate() {
    let Some(faults) = Faults::start(json!([ok()])).await else { return };
    let http = Client::new().unwrap().bind(faults.url.clone(), Limit { per_second: 5, burst: 1 }, standard);
    let begun = Instant::now();
    for _ in 0..6 {
        // A clone is the same connection: the rate is one.
        http.clone().get("call").answer().await.unwrap();
    }
    assert!(begun.elapsed() >= Duration::from_millis(950), "{:?}", begun.elapsed());
}
