//! What holds for every provider: its description, what it makes of refusals and broken answers, and its silence about
//! secrets.
//!
//! The listener here stands for faults that no peer can produce: it gives every request the same answer, or repeats the
//! request in a refusal. It imitates no provider; what a provider says in its own words is tested beside its peer.

use model::metric::{Account, Days};
use providers::{ACCESS_TOKEN, Bulk, Call, Credential, Error, Exchange, Outgoing, Provider, all, find};
use secrecy::SecretString;
use time::macros::date;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use crate::peers;

const TOKEN: &str = "ya29.hidden/access+token";

/// Gives every request the same answer.
struct Listener {
    url: Url,
    task: tokio::task::AbortHandle,
}

impl Listener {
    /// `body` makes the answer's body from the whole request.
    async fn start(status: &'static str, headers: &'static str, body: fn(String) -> String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = vec![0; 64 << 10];
                    let length = stream.read(&mut request).await.unwrap_or(0);
                    // A body may follow its head in a packet of its own.
                    let pause = std::time::Duration::from_millis(20);
                    let rest = tokio::time::timeout(pause, stream.read(&mut request[length..])).await;
                    let length = length + rest.ok().and_then(Result::ok).unwrap_or(0);
                    let body = body(String::from_utf8_lossy(&request[..length]).into_owned());
                    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n", body.len());
                    let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await;
                });
            }
        });
        Self { url, task: task.abort_handle() }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Everything that a provider can be asked for and that has no page before it, with the name of what failed.
async fn ask(provider: &dyn Provider, base: &Url) -> Vec<(&'static str, Result<(), Error>)> {
    let (http, settings) = (peers::http(provider, base), peers::settings(provider));
    let credential = peers::credential(TOKEN);
    let call = Call { http: &http, credential: &credential, settings: &settings };
    let account = Account {
        external_id: "1234567890".into(),
        name: "Shop".into(),
        currency: "USD".into(),
        time_zone: "America/New_York".into(),
        manager_id: None,
    };
    let days = Days { first: date!(2026 - 01 - 05), last: date!(2026 - 01 - 06) };
    let mut answers = vec![("accounts", provider.accounts(&call).await.map(drop))];
    if let Some(typed) = provider.typed() {
        answers.push(("granted", typed.granted(&call).await.map(drop)));
    }
    if let Some(ads) = provider.ads() {
        answers.push(("report", ads.report(&call, &account, days, None).await.map(drop)));
    }
    if let Some(shop) = provider.shop() {
        let since = date!(2026 - 01 - 05).midnight().assume_utc();
        answers.push(("orders", shop.orders(&call, since, None).await.map(drop)));
        let bulk = shop.bulk(&call, since, None).await;
        answers.push((
            "bulk",
            bulk.and_then(|bulk| match bulk {
                Bulk::Pages(why) => Err(Error::Rejected(why)),
                _ => Ok(()),
            }),
        ));
    }
    if let Some(inbox) = provider.inbox() {
        let since = date!(2026 - 01 - 05).midnight().assume_utc();
        answers.push(("addresses", inbox.addresses(&call, &account).await.map(drop)));
        answers.push(("changes", inbox.changes(&call, &account, None, since).await.map(drop)));
        answers.push(("message", inbox.message(&call, &account, "18c2a").await.map(drop)));
        answers.push(("find_sent", inbox.find_sent(&call, &account, "1@x.test").await.map(drop)));
        let outgoing = Outgoing {
            source: b"From: olga@acme.test\r\nTo: jane@c1.test\r\nMessage-ID: <1@x.test>\r\n\r\nHello\r\n",
            message_id: "1@x.test",
            from: "olga@acme.test",
            recipients: &["jane@c1.test".to_owned()],
            blind: &[],
            thread: None,
        };
        answers.push(("send", inbox.send(&call, &account, &outgoing).await.map(drop)));
    }
    answers
}

/// Those whose protocol is HTTP.
fn spoken_to() -> impl Iterator<Item = &'static &'static dyn Provider> {
    all().iter().filter(|provider| provider.base().starts_with("https://"))
}

/// Asks every provider at once, since a fault that may pass is tried again for seconds.
async fn ask_all(base: &Url) -> Vec<(&'static str, &'static str, Result<(), Error>)> {
    let base = base.clone();
    let tasks: Vec<_> = spoken_to()
        .map(|provider| {
            let base = base.clone();
            tokio::spawn(async move { (provider.descriptor().key, ask(*provider, &base).await) })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        let (key, asked) = task.await.unwrap();
        answers.extend(asked.into_iter().map(|(what, answer)| (key, what, answer)));
    }
    answers
}

#[test]
fn keys_are_unique_and_fit_for_paths_and_settings() {
    let keys: Vec<_> = all().iter().map(|provider| provider.descriptor().key).collect();
    for (place, key) in keys.iter().enumerate() {
        assert!(key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{key}");
        assert!(!keys[..place].contains(key), "{key} is there twice");
        assert_eq!(find(key).unwrap().descriptor().key, *key);
    }
    assert!(find("no_such_provider").is_none());
}

#[test]
fn a_provider_has_what_its_description_says() {
    use model::provider::{Capability, CredentialKind};
    for provider in all() {
        let said = provider.descriptor();
        let key = said.key;
        assert!(!said.name.is_empty() && !said.gives.is_empty(), "{key}");
        assert_eq!(model::provider::name(key), Some(said.name), "channels are named by it");
        assert_eq!(said.capabilities.contains(&Capability::Ads), provider.ads().is_some(), "{key}");
        assert_eq!(said.capabilities.contains(&Capability::Shop), provider.shop().is_some(), "{key}");
        assert_eq!(said.capabilities.contains(&Capability::Inbox), provider.inbox().is_some(), "{key}");
        let consent = matches!(said.credential, CredentialKind::OAuth2 | CredentialKind::ShopOAuth2);
        assert_eq!(consent, provider.oauth().is_some(), "{key}");
        assert_eq!(consent, !said.scopes.is_empty(), "{key}");
        let typed: Vec<_> = said.fields.iter().map(|field| field.name).collect();
        assert_eq!(typed.is_empty(), provider.typed().is_none(), "{key}");
        let token = said.fields.iter().find(|field| field.name == ACCESS_TOKEN);
        assert_eq!(token.is_some_and(|field| field.secret && field.required), provider.typed().is_some(), "{key}");
        for (place, name) in typed.iter().enumerate() {
            assert!(!typed[..place].contains(name), "{key}: {name} is typed twice");
        }
        assert!(typed.is_empty() || provider.asks().is_none_or(|asks| typed.contains(&asks.field)), "{key}");
        for setting in said.settings {
            assert!(setting.variable.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{setting:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_broken_answers_have_their_kind() {
    type Body = fn(String) -> String;
    let cases: [(&str, &str, Body, &str); 6] = [
        ("401 Unauthorized", "", |_| String::new(), "unauthorized"),
        ("429 Too Many Requests", "retry-after: 30\r\n", |_| String::new(), "rate_limited"),
        ("500 Internal Server Error", "", |_| "<html>".into(), "unavailable"),
        ("503 Service Unavailable", "", |_| String::new(), "unavailable"),
        ("200 OK", "content-type: application/json\r\n", |_| r#"{"half"#.into(), "malformed"),
        ("200 OK", "content-type: application/json\r\n", |_| r#"{"data":7,"results":7}"#.into(), "malformed"),
    ];
    let tasks = cases.map(|(status, headers, body, expected)| {
        tokio::spawn(async move {
            let listener = Listener::start(status, headers, body).await;
            for (key, what, answer) in ask_all(&listener.url).await {
                let error = answer.expect_err(&format!("{key}: {what} of {status}"));
                assert_eq!(error.key(), expected, "{key}: {what} of {status}: {error}");
                if let Error::RateLimited { after } = error {
                    assert_eq!(after.as_secs(), 30, "{key}: {what}");
                }
            }
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn a_credential_tells_its_fields_names_only() {
    let fields = [("app_secret".to_owned(), "hidden-app-secret".to_owned())].into();
    let credential = Credential { access_token: SecretString::from("hidden-token"), fields };
    assert_eq!(format!("{credential:?}"), r#"Credential { fields: ["app_secret"], .. }"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_repeats_a_secret() {
    for status in ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "200 OK"] {
        let listener = Listener::start(status, "content-type: application/json\r\n", |request| {
            let words = serde_json::to_string(&request).unwrap();
            format!(r#"{{"error":{{"message":{words}}},"message":{words},"code":40001,"errors":{words}}}"#)
        })
        .await;
        for (key, what, answer) in ask_all(&listener.url).await {
            // A message that is not there is an answer.
            if what == "message" && status == "404 Not Found" && answer.is_ok() {
                continue;
            }
            let error = answer.expect_err(&format!("{key}: {what} of {status}"));
            silent(&format!("{error} {error:?}"), key);
        }
        for provider in spoken_to() {
            let key = provider.descriptor().key;
            let (http, settings) = (peers::http(*provider, &listener.url), peers::settings(*provider));
            let credential = peers::credential(TOKEN);
            let call = Call { http: &http, credential: &credential, settings: &settings };
            silent(&format!("{call:?}"), key);
            let Some(oauth) = provider.oauth() else { continue };
            let token = SecretString::from("1//hidden-refresh-token");
            let parameters = [("code".to_owned(), "hidden-code".to_owned())].into();
            let asked = Exchange {
                code: "hidden-code",
                redirect_uri: "http://localhost:3000/api/oauth/callback",
                code_verifier: "hidden-verifier-0123456789",
                parameters: &parameters,
            };
            silent(&format!("{asked:?}"), key);
            let errors = [
                oauth.exchange(&http, &settings, &asked).await.map(drop),
                oauth.refresh(&http, &settings, &token).await.map(drop),
                oauth.revoke(&call, Some(&token)).await,
            ];
            for error in errors.into_iter().filter_map(Result::err) {
                silent(&format!("{error} {error:?}"), key);
            }
        }
    }
}

/// Every secret of these tests says `hidden-` and more of itself; what was struck out is `[hidden]`, of which the end is
/// missing where a long answer was cut there.
fn silent(text: &str, key: &str) {
    let text = ["[hidden]", "[hidden ", "[hidden\""].iter().fold(text.to_owned(), |text, out| text.replace(out, ""));
    assert!(!text.contains("hidden"), "{key}: {text}");
}
