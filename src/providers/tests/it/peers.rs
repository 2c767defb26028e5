//! Independent services for the tests: started on a port of their own, stopped when the test ends.
//!
//! Their specifications and seeds lie in the shared folder (`AUDIENCEOS_SHARED`); the programs are installed by
//! `./dev test`, which says where in `AUDIENCEOS_PEER_*`. Where one is absent the test prints `not run: NAME` and ends;
//! in CI that is a failure.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use providers::{Client, Credential, Http, Provider, Settings};
use secrecy::SecretString;
use url::Url;

/// A running service; it ends with the value.
pub struct Peer {
    child: Child,
    /// Where it listens.
    pub url: Url,
}

impl Peer {
    /// Starts `command` and waits until something listens on `port`.
    pub async fn start(command: &mut Command, port: u16) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut peer = Self { child, url: format!("http://127.0.0.1:{port}").parse().unwrap() };
        for _ in 0..1200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return peer;
            }
            assert!(peer.child.try_wait().unwrap().is_none(), "the peer ended: {command:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the peer does not listen: {command:?}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prism, answering from a specification and refusing what it does not allow; `None` where it is absent.
pub async fn prism(test: &str, specification: &str) -> Option<Peer> {
    prism_on(test, &shared(test, &format!("peers/openapi/{specification}"))?).await
}

/// Prism on a specification that the test has prepared.
pub async fn prism_on(test: &str, specification: &Path) -> Option<Peer> {
    start_prism(test, specification, &["--errors"]).await
}

/// Prism, saying in the header `sl-violations` what it does not allow instead of refusing it: where a specification's own
/// samples break its rules.
pub async fn prism_telling(test: &str, specification: &str) -> Option<Peer> {
    start_prism(test, &shared(test, &format!("peers/openapi/{specification}"))?, &[]).await
}

async fn start_prism(test: &str, specification: &Path, how: &[&str]) -> Option<Peer> {
    let folder = folder(test, "AUDIENCEOS_PEER_NODE")?;
    let port = free_port();
    let mut command = node(&folder, "@stoplight/prism-cli/dist/index.js");
    command.arg("mock").args(how).args(["-h", "127.0.0.1", "-p", &port.to_string()]).arg(specification);
    Some(Peer::start(&mut command, port).await)
}

/// A program of an npm package in `folder`, run by the Node that is installed there, else by the machine's.
pub fn node(folder: &Path, program: &str) -> Command {
    let own = folder.join("node_modules/.bin/node");
    let mut command = Command::new(if own.exists() { own } else { "node".into() });
    command.arg(folder.join("node_modules").join(program));
    command
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A file of the shared folder; `None`, said on standard output, where it is absent. In CI it must be there.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let folder = environment("AUDIENCEOS_SHARED")
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    present(test, Path::new(&folder).join(path))
}

/// The folder that `variable` names; `None`, said on standard output, where it is absent. In CI it must be there.
pub fn folder(test: &str, variable: &str) -> Option<PathBuf> {
    present(test, environment(variable).unwrap_or_else(|| variable.to_owned()).into())
}

fn present(test: &str, path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    assert!(environment("CI").is_none_or(|ci| ci != "true"), "{} is missing", path.display());
    #[expect(clippy::print_stdout, reason = "people see which tests did not run")]
    {
        println!("not run: {test}");
    }
    None
}

/// A client of `provider`, bound to `base`.
pub fn http(provider: &dyn Provider, base: &Url) -> Http {
    Client::new().unwrap().bind(base.clone(), provider.limit(), provider.fault())
}

/// A credential with this access token.
pub fn credential(token: &str) -> Credential {
    Credential { access_token: SecretString::from(token), ..Credential::default() }
}

/// A value for every setting that `provider` names, each one recognisable.
pub fn settings(provider: &dyn Provider) -> Settings {
    let value = |variable: &str| SecretString::from(format!("hidden-{}", variable.to_lowercase()));
    let names = provider.descriptor().settings.iter().map(|setting| setting.variable);
    Settings(names.map(|variable| (variable.to_owned(), value(variable))).collect())
}

#[expect(clippy::disallowed_methods, reason = "tests are told by ./dev where their helpers are")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
