//! An independent service that answers as a test says, with faults too, and keeps a record of what was sent: mountebank.

use std::path::PathBuf;

use serde_json::{Value, json};
use url::Url;

use crate::peers::{self, Peer};

/// A service of mountebank that gives these answers in turn, and after the last the first again.
pub struct Faults {
    _peer: Peer,
    control: reqwest::Client,
    record: String,
    pid: PathBuf,
    /// Where it listens.
    pub url: Url,
}

impl Faults {
    /// Starts it; `None` where mountebank is absent.
    pub async fn start(answers: Value) -> Option<Self> {
        let folder = peers::folder("mountebank", "AUDIENCEOS_PEER_NODE")?;
        let (control_port, port) = (peers::free_port(), peers::free_port());
        let mut command = peers::node(&folder, "mountebank/bin/mb");
        let pid = std::env::temp_dir().join(format!("audienceos-mountebank-{control_port}.pid"));
        command.args(["--host", "127.0.0.1", "--localOnly", "--nologfile", "--port", &control_port.to_string()]);
        let peer = Peer::start(command.arg("--pidfile").arg(&pid), control_port).await;
        let control = reqwest::Client::new();
        let service = json!({
            "port": port, "protocol": "http", "host": "127.0.0.1", "recordRequests": true,
            "stubs": [{ "responses": answers }],
        });
        let made = control.post(format!("{}imposters", peer.url)).json(&service).send().await.unwrap();
        assert_eq!(made.status(), 201, "{}", made.text().await.unwrap());
        let url: Url = format!("http://127.0.0.1:{port}/base/").parse().unwrap();
        Some(Self { url, record: format!("{}imposters/{port}", peer.url), _peer: peer, control, pid })
    }

    /// What came in, so far.
    pub async fn requests(&self) -> Vec<Value> {
        let record: Value = self.control.get(&self.record).send().await.unwrap().json().await.unwrap();
        record["requests"].as_array().unwrap().clone()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.pid);
    }
}

/// A header of a recorded request; its name may be written in any way.
pub fn header<'a>(request: &'a Value, name: &str) -> &'a Value {
    let headers = request["headers"].as_object().unwrap();
    headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map_or(&Value::Null, |(_, value)| value)
}

/// The JSON that a recorded request carried.
pub fn body(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}
