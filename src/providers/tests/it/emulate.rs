//! An independent Google and Microsoft: they know people, codes, PKCE and tokens, and this Google keeps mail. One process
//! for each test; what it knows ends with it.

use std::{path::PathBuf, process::Command};

use url::Url;

use crate::peers::{self, Peer};

/// A running service with what it was told to begin with.
pub struct Emulate {
    pub peer: Peer,
    folder: PathBuf,
}

impl Drop for Emulate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Emulate {
    /// Starts `service`, which begins with what `seed` says below its name, YAML indented by two. `hook` is a program that is
    /// loaded first, for what the service gets wrong; it may be empty.
    pub async fn start(service: &str, seed: &str, hook: &str) -> Option<Self> {
        let refusing = peers::shared(service, "peers/run/emu-hook.mjs")?;
        let installed = peers::folder(service, "AUDIENCEOS_PEER_EMULATE")?;
        let port = peers::free_port();
        let folder = std::env::temp_dir().join(format!("audienceos-emulate-{service}-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("seed.yaml"), format!("{service}:\n  port: {port}\n{seed}")).unwrap();
        let ours = folder.join("hook.mjs");
        std::fs::write(&ours, hook).unwrap();
        let mut command = Command::new(installed.join("node_modules/.bin/node"));
        command.arg("--import").arg(refusing).arg("--import").arg(ours);
        command.arg(installed.join("node_modules/emulate/dist/index.js"));
        let first = peers::free_port().to_string();
        command.args(["start", "--service", service, "--port", &first, "--seed", "seed.yaml"]);
        command.env("EMU_NO_FALLBACK", "1").current_dir(&folder);
        Some(Self { peer: Peer::start(&mut command, port).await, folder })
    }

    /// Chooses the account of `email` on the page that `consent` leads to, which has its form at `path`; the answer is the
    /// code that comes back.
    pub async fn choose(&self, consent: &Url, path: &str, email: &str) -> String {
        let mut fields: Vec<(String, String)> = consent.query_pairs().into_owned().collect();
        let state = fields.iter().find(|(name, _)| name == "state").unwrap().1.clone();
        fields.push(("email".into(), email.into()));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = client.post(self.peer.url.join(path).unwrap()).form(&fields).send().await.unwrap();
        let back: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
        let pick = |name: &str| back.query_pairs().find(|(given, _)| given == name).unwrap().1.into_owned();
        assert_eq!(pick("state"), state);
        pick("code")
    }
}
