//! A Google that we did not write, with mailboxes that a test fills, and mountebank before it: the product reaches Google through
//! mountebank, which passes on what comes, delays it, spoils it, or answers itself, and writes down what it was asked.
//!
//! Three things that Google has and this peer has not are added when it is loaded: the profile, a search by `Message-ID` that finds
//! something (it cuts off one letter too few there), and the address at which Google gives tokens.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    google::{CLIENT, Google, SECRET, free_port},
    support::{environment, shared},
};

const HOOK: &str = r#"import { registerHooks } from "node:module";
const route = 'app.get("/gmail/v1/users/:userId/messages", (c) => {';
const profile = `app.get("/gmail/v1/users/:userId/profile", (c) => {
  const authEmail = requireGmailUser(c);
  if (authEmail instanceof Response) return authEmail;
  return c.json({ emailAddress: authEmail, historyId: getCurrentHistoryId(gs, authEmail) });
});
`;
const token = 'app.post("/oauth2/token", async (c) => {';
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!/\/emulate\/dist\/.*\.js$/.test(url) || loaded.source == null) return loaded;
    const source = loaded.source.toString().split(route).join(profile + route)
      .split("cleaned.slice(11).replace").join("cleaned.slice(12).replace")
      .split(token).join('for (const path of ["/oauth2/token", "/token"]) app.post(path, async (c) => {');
    return { ...loaded, source, shortCircuit: true };
  },
});
"#;

/// What stands for ever behind some faults: mountebank begins anew after the last of its answers.
const FOR_EVER: u32 = 2000;

/// Mountebank; it ends with the value.
struct Mountebank {
    child: Child,
    pid: PathBuf,
}

impl Drop for Mountebank {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.pid);
    }
}

/// Google's mailboxes, and the way to them.
pub struct Gmail {
    pub google: Google,
    /// Where the product finds Google.
    pub url: String,
    _mountebank: Mountebank,
    imposter: String,
    client: Client,
    /// The tests' own access to each mailbox.
    tokens: BTreeMap<&'static str, String>,
}

impl Gmail {
    /// With these mailboxes, which are empty; `None` where the peers are absent.
    pub async fn start(mailboxes: &[&'static str]) -> Option<Self> {
        let hook = shared("gmail", "peers/run/emu-hook.mjs")?;
        let users = mailboxes.iter().map(|mailbox| format!("    - {{ email: {mailbox}, name: Olive Owner }}\n"));
        let google = Google::start_with(&hook, &users.collect::<String>(), HOOK).await;
        let (control, port) = (free_port(), free_port());
        let pid = std::env::temp_dir().join(format!("audienceos-mountebank-{control}.pid"));
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut gmail = Self {
            google,
            url: format!("http://127.0.0.1:{port}"),
            _mountebank: mountebank(control, pid),
            imposter: format!("http://127.0.0.1:{control}/imposters/{port}"),
            client,
            tokens: BTreeMap::new(),
        };
        gmail.listens(control).await;
        let service = json!({
            "port": port, "protocol": "http", "host": "127.0.0.1", "recordRequests": true,
            "stubs": [{ "responses": [gmail.onward()] }],
        });
        let made =
            gmail.client.post(format!("http://127.0.0.1:{control}/imposters")).json(&service).send().await.unwrap();
        assert_eq!(made.status(), StatusCode::CREATED, "{}", made.text().await.unwrap());
        for mailbox in mailboxes.iter().copied() {
            let token = gmail.token(mailbox).await;
            gmail.tokens.insert(mailbox, token);
        }
        Some(gmail)
    }

    async fn listens(&self, control: u16) {
        for _ in 0..1200 {
            if self.client.get(format!("http://127.0.0.1:{control}/")).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("mountebank did not start");
    }

    /// A token of the test's own.
    async fn token(&self, mailbox: &str) -> String {
        let consent = format!("http://x.test/?state=s&redirect_uri=http://127.0.0.1/x&client_id={CLIENT}&scope=gmail");
        let back = self.google.choose(&consent, mailbox).await;
        let code = back.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("redirect_uri", "http://127.0.0.1/x"),
        ];
        let path = format!("{}/oauth2/token", self.google.url());
        let given: Value = self.client.post(path).form(&form).send().await.unwrap().json().await.unwrap();
        given["access_token"].as_str().unwrap().to_owned()
    }

    /// Asks Google itself, as another program of the mailbox's owner would.
    pub async fn ask(&self, mailbox: &str, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/gmail/v1/users/me/{path}", self.google.url());
        let mut request = self.client.request(method.clone(), url).bearer_auth(&self.tokens[mailbox]);
        if method != Method::GET {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    /// A mail comes to a mailbox, unread unless labels are given; its id and that of its thread there.
    pub async fn arrives(&self, mailbox: &str, source: &str, labels: &[&str]) -> (String, String) {
        let body = json!({ "raw": URL_SAFE_NO_PAD.encode(source), "labelIds": labels });
        let made = self.ask(mailbox, Method::POST, "messages/import", body).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("id"), text("threadId"))
    }

    /// The ids of the messages that Google has under this `Message-ID`.
    pub async fn named(&self, mailbox: &str, message_id: &str) -> Vec<String> {
        let path = format!("messages?q=rfc822msgid:{message_id}&includeSpamTrash=true");
        let found = self.ask(mailbox, Method::GET, &path, Value::Null).await;
        let found = found["messages"].as_array().cloned().unwrap_or_default();
        found.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The ids and labels of a thread's messages, as Google has them.
    pub async fn thread(&self, mailbox: &str, thread: &str) -> Vec<(String, Vec<String>)> {
        let found = self.ask(mailbox, Method::GET, &format!("threads/{thread}?format=minimal"), Value::Null).await;
        let labels = |message: &Value| {
            let labels = message["labelIds"].as_array().unwrap().iter();
            labels.map(|label| label.as_str().unwrap().to_owned()).collect()
        };
        let messages = found["messages"].as_array().unwrap().iter();
        messages.map(|message| (message["id"].as_str().unwrap().to_owned(), labels(message))).collect()
    }

    /// Passes on to Google.
    pub fn onward(&self) -> Value {
        json!({ "proxy": { "to": self.google.url(), "mode": "proxyTransparent" } })
    }

    /// Gives these answers in turn to what is asked at `at`, then passes on; everything else is passed on.
    pub async fn faults(&self, at: Value, answers: &[Value]) {
        let mut onward = self.onward();
        onward["repeat"] = FOR_EVER.into();
        self.answers(at, &[answers, &[onward]].concat()).await;
    }

    /// Gives these answers in turn, over and over, to what is asked at `at`; everything else is passed on.
    pub async fn answers(&self, at: Value, answers: &[Value]) {
        let stubs = json!([{ "predicates": [at], "responses": answers }, { "responses": [self.onward()] }]);
        self.stubs(stubs).await;
    }

    /// Passes everything on again.
    pub async fn heals(&self) {
        self.stubs(json!([{ "responses": [self.onward()] }])).await;
    }

    async fn stubs(&self, stubs: Value) {
        let request = self.client.put(format!("{}/stubs", self.imposter)).json(&json!({ "stubs": stubs }));
        let done = request.send().await.unwrap();
        assert_eq!(done.status(), StatusCode::OK, "{}", done.text().await.unwrap());
    }

    /// What the product asked so far.
    pub async fn requests(&self) -> Vec<Value> {
        let record: Value = self.client.get(&self.imposter).send().await.unwrap().json().await.unwrap();
        record["requests"].as_array().unwrap().clone()
    }

    /// Forgets what was asked so far.
    pub async fn forget(&self) {
        let done = self.client.delete(format!("{}/savedRequests", self.imposter)).send().await.unwrap();
        assert_eq!(done.status(), StatusCode::OK);
    }

    /// How often it asked, by the method and the beginning and end of the path.
    pub async fn asked(&self, method: &str, begins: &str, ends: &str) -> usize {
        let asked = |request: &&Value| {
            let path = request["path"].as_str().unwrap();
            request["method"] == method && path.starts_with(begins) && path.ends_with(ends)
        };
        self.requests().await.iter().filter(asked).count()
    }

    /// Google forgets tokens.
    pub async fn revoke(&self, tokens: &[String]) {
        for token in tokens {
            let request = self.client.post(format!("{}/oauth2/revoke", self.google.url())).form(&[("token", token)]);
            assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
        }
    }
}

fn mountebank(control: u16, pid: PathBuf) -> Mountebank {
    let folder = environment("AUDIENCEOS_PEER_NODE").expect("./dev test sets AUDIENCEOS_PEER_NODE");
    let own = Path::new(&folder).join("node_modules/.bin/node");
    let mut command = Command::new(if own.exists() { own } else { "node".into() });
    command.arg(Path::new(&folder).join("node_modules/mountebank/bin/mb"));
    // A decorator spoils an answer after the request was passed on.
    command.args(["--host", "127.0.0.1", "--localOnly", "--allowInjection", "--nologfile"]);
    command.args(["--port", &control.to_string()]).arg("--pidfile").arg(&pid);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    Mountebank { child, pid }
}

/// What is asked at a path of a mailbox.
pub fn at(method: &str, mailbox: &str, path: &str) -> Value {
    json!({ "equals": { "method": method, "path": format!("/gmail/v1/users/{mailbox}/{path}") } })
}

/// What is asked at a path of a mailbox, or below it.
pub fn below(method: &str, mailbox: &str, path: &str) -> Value {
    json!({ "startsWith": { "method": method, "path": format!("/gmail/v1/users/{mailbox}/{path}") } })
}

/// An answer in Google's shape.
pub fn refusal(status: u16, words: &str) -> Value {
    let body = json!({ "error": { "code": status, "message": words } });
    json!({ "is": { "statusCode": status, "headers": { "Content-Type": "application/json" }, "body": body } })
}
