//! Prism stands between the product's own clients and the simulated providers and judges, by the providers' specifications, what
//! is asked and what is answered. Google Ads and Shopify have none that it can read: they are judged in `tests/specs.rs`.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use providers::Fault;

use super::*;
use crate::tests::specs::{environment, present, specification};

const DAYS: Days = Days { first: date!(2026 - 06 - 08), last: date!(2026 - 06 - 14) };

/// Prism before an address; it and its specification are gone with it.
struct Judge {
    child: Child,
    copy: PathBuf,
    url: String,
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.copy);
    }
}

impl Judge {
    /// None where Prism is absent.
    async fn start(test: &str, specification: &Value, upstream: &str) -> Option<Self> {
        let folder = environment("AUDIENCEOS_PEER_NODE").unwrap_or_else(|| "AUDIENCEOS_PEER_NODE".into());
        let folder = present(test, folder.into())?;
        let copy = std::env::temp_dir().join(format!("audienceos-proxied-{}-{test}.json", std::process::id()));
        std::fs::write(&copy, specification.to_string()).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let own = folder.join("node_modules/.bin/node");
        let mut command = Command::new(if own.exists() { own } else { "node".into() });
        command.arg(folder.join("node_modules/@stoplight/prism-cli/dist/index.js"));
        command.args(["proxy", "--errors", "-h", "127.0.0.1", "-p", &port.to_string()]).arg(&copy).arg(upstream);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut judge = Self { child, copy, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..1200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(judge);
            }
            assert!(judge.child.try_wait().unwrap().is_none(), "Prism ended");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("Prism does not listen")
    }

    /// The same connection, through the judge; what it finds is the error's words.
    fn before(&self, connection: &Connection) -> Connection {
        let whole: Fault = |answer| {
            let words = || Error::Rejected(String::from_utf8_lossy(&answer.body).into_owned());
            (!answer.status.is_success()).then(words)
        };
        let limit = Limit { per_second: 1000, burst: 1000 };
        Connection {
            provider: connection.provider,
            http: Client::new().unwrap().bind(self.url.parse().unwrap(), limit, whole),
            credential: connection.credential.clone(),
            settings: connection.settings.clone(),
            refresh: None,
        }
    }
}

/// Everything that the product reads of the first two accounts, with the judge and without it.
async fn is_the_same(connection: &Connection, judge: &Judge, days: Days) {
    let judged = judge.before(connection);
    let accounts = judged.accounts().await.unwrap();
    assert_eq!(accounts, connection.accounts().await.unwrap());
    for account in accounts.iter().take(2) {
        let rows = judged.read(account, days).await.unwrap();
        assert!(rows.len() > 20);
        assert_eq!(rows, connection.read(account, days).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metas_questions_and_answers_are_those_of_its_specification() {
    let Some(specification) = specification("prism meta", "meta.json") else { return };
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let Some(judge) = Judge::start("meta", &specification, &simulated.address).await else { return };
    let connection = simulated.connect("meta_ads", -1).await;
    is_the_same(&connection, &judge, DAYS).await;
    // What is longer is made in the background.
    is_the_same(&connection, &judge, Days { first: FIRST, last: DAYS.last }).await;
    let asked = judge.before(&connection);
    let refused = asked.http.get("v26.0/act_1/insights").query("level", "adgroup").answer().await.unwrap_err();
    assert!(refused.to_string().contains("level"), "the judge judges: {refused}");
}

/// As TikTok documents it: the token is a header, and the list of accounts has the parameters of TikTok's own library.
fn set_right(mut specification: Value) -> Value {
    let header = json!({"name": "Access-Token", "in": "header", "required": true, "schema": {"type": "string"}});
    let text = |name: &str| json!({"name": name, "in": "query", "required": true, "schema": {"type": "string"}});
    let paths = specification["paths"].as_object_mut().unwrap();
    for operation in paths.values_mut().filter_map(|path| path.get_mut("get")) {
        for parameter in operation["parameters"].as_array_mut().unwrap() {
            if parameter["name"] == "Access-Token" {
                *parameter = header.clone();
            }
        }
    }
    let mut list = paths["/open_api/v1.3/advertiser/info/"].clone();
    list["get"]["parameters"] = json!([header, text("app_id"), text("secret")]);
    paths.insert("/open_api/v1.3/oauth2/advertiser/get/".into(), list);
    specification
}

#[tokio::test(flavor = "multi_thread")]
async fn tiktoks_questions_and_answers_are_those_of_its_specification() {
    let Some(specification) = specification("prism tiktok", "tiktok.json") else { return };
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let Some(judge) = Judge::start("tiktok", &set_right(specification), &simulated.address).await else { return };
    let connection = simulated.connect("tiktok_ads", -1).await;
    is_the_same(&connection, &judge, Days { first: FIRST, last: DAYS.last }).await;
    let asked = judge.before(&connection);
    let refused = asked.http.get("open_api/v1.3/report/integrated/get/").answer().await.unwrap_err();
    assert!(refused.to_string().contains("equired"), "the judge judges: {refused}");
}
