//! Dovecot with a mailbox at Yahoo and one elsewhere, aiosmtpd behind it where what is sent arrives, and another mail program by
//! hand: it speaks IMAP line by line, so that nothing of ours makes what ours is tested with.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use model::metric::Account;
use providers::{Call, Credential, Http, Inbox, Provider, Settings, find};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::peers;

pub const PASSWORD: &str = "app-password-16";
pub const ACME: &str = "owner@acme.test";
pub const YAHOO: &str = "owner@yahoo.test";

pub fn imap() -> &'static dyn Provider {
    find("imap").unwrap()
}

pub fn inbox() -> &'static dyn Inbox {
    imap().inbox().unwrap()
}

/// The servers; they end with the value.
pub struct World {
    folder: PathBuf,
    running: Vec<Child>,
    pub imap: u16,
    pub imaps: u16,
    pub submission: u16,
    pub submissions: u16,
    /// aiosmtpd itself, which asks nobody for a password.
    pub relay: u16,
}

impl World {
    pub async fn start() -> Option<Self> {
        Self::start_with("").await
    }

    /// With more settings of Dovecot's; none where a peer is absent.
    pub async fn start_with(settings: &str) -> Option<Self> {
        let configuration = peers::shared("imap", "peers/run/dovecot.conf.in")?;
        let faults = peers::shared("imap", "peers/run/smtpfaults.py")?;
        let dovecot = peers::folder("imap", "AUDIENCEOS_PEER_DOVECOT")?;
        let python = peers::folder("imap", "AUDIENCEOS_PEER_PYTHON")?;
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("audienceos-imap-{}-{number}", std::process::id()));
        for part in ["run", "mail"] {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        let user = User::find();
        let [imap, imaps, submission, submissions, relay] = std::array::from_fn(|_| peers::free_port());
        let mut text = std::fs::read_to_string(configuration).unwrap();
        for (placeholder, value) in [
            ("@DIR@", folder.display().to_string()),
            ("@USER@", user.name.clone()),
            ("@GROUP@", user.group.clone()),
            ("@UID@", user.uid.clone()),
            ("@GID@", user.gid.clone()),
            ("14143", imap.to_string()),
            ("14993", imaps.to_string()),
            ("14587", submission.to_string()),
            ("14465", submissions.to_string()),
            ("14025", relay.to_string()),
        ] {
            text = text.replace(placeholder, &value);
        }
        std::fs::write(folder.join("dovecot.conf"), format!("{text}\n{settings}\n")).unwrap();
        let users = [ACME, YAHOO].map(|address| format!("{address}:{{PLAIN}}{PASSWORD}::::::\n")).concat();
        std::fs::write(folder.join("users"), users).unwrap();
        certificates(&folder);
        user.owns(&folder);
        let mut relaying = Command::new(python);
        relaying
            .args(["-m", "aiosmtpd", "-n", "-s", "1048576"])
            .args(["-l", &format!("127.0.0.1:{relay}"), "-c", "smtpfaults.Faults"])
            .arg(folder.join("sink"))
            .env("PYTHONPATH", faults.parent().unwrap());
        let mut serving = user.command(&dovecot);
        serving.arg("-F").arg("-c").arg(folder.join("dovecot.conf"));
        let running = [&mut relaying, &mut serving]
            .map(|command| command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let mut world = Self { folder, running: running.into(), imap, imaps, submission, submissions, relay };
        for port in [relay, imap, imaps, submission, submissions] {
            world.listens(port).await;
        }
        Some(world)
    }

    async fn listens(&mut self, port: u16) {
        for _ in 0..1200 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return;
            }
            for child in &mut self.running {
                assert!(child.try_wait().unwrap().is_none(), "a peer ended: {}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a peer does not listen: {}", self.log());
    }

    /// What Dovecot wrote about itself.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("dovecot.log")).unwrap_or_default()
    }

    /// The certificate of who signed Dovecot's.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// What arrived behind the mail server, one text for each message.
    pub fn arrived(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.folder.join("sink/new")) else { return Vec::new() };
        folder.map(|file| String::from_utf8(std::fs::read(file.unwrap().path()).unwrap()).unwrap()).collect()
    }

    /// A connection without TLS, sending through Dovecot.
    pub fn connect(&self, address: &str) -> Connection {
        self.connect_by(address, PASSWORD, &format!("smtp-plain://127.0.0.1:{}", self.submission))
    }

    /// A connection that sends at this place.
    pub fn connect_by(&self, address: &str, password: &str, smtp: &str) -> Connection {
        Connection::open(address, password, &format!("imap-plain://127.0.0.1:{}/?smtp={smtp}", self.imap))
    }

    /// Another mail program, signed in.
    pub async fn hand(&self, address: &str) -> Hand {
        let mut stream = TcpStream::connect(("127.0.0.1", self.imap)).await.unwrap();
        let mut greeting = [0; 1024];
        assert!(stream.read(&mut greeting).await.unwrap() > 0);
        let mut hand = Hand { stream, number: 0 };
        hand.ask(&format!("LOGIN {address} {PASSWORD}")).await;
        hand
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Asked to end, Dovecot ends its own processes first.
        for child in &mut self.running {
            let asked = Command::new("kill").arg(child.id().to_string()).status();
            if asked.is_err() {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// As whom Dovecot runs: as root it would refuse.
struct User {
    name: String,
    group: String,
    uid: String,
    gid: String,
    root: bool,
}

impl User {
    fn find() -> Self {
        let id = |arguments: &[&str]| {
            let output = Command::new("id").args(arguments).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let root = id(&["-u"]) == "0";
        let of: &[&str] = if root { &["nobody"] } else { &[] };
        let ask = |flags: &str| id(&[&[flags][..], of].concat());
        Self { name: ask("-un"), group: ask("-gn"), uid: ask("-u"), gid: ask("-g"), root }
    }

    fn command(&self, program: &Path) -> Command {
        if !self.root {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command
            .args([&format!("--reuid={}", self.uid), &format!("--regid={}", self.gid)])
            .arg("--clear-groups")
            .arg(program);
        command
    }

    fn owns(&self, folder: &Path) {
        if self.root {
            let owner = format!("{}:{}", self.uid, self.gid);
            assert!(Command::new("chown").arg("-R").arg(owner).arg(folder).status().unwrap().success());
        }
    }
}

/// A certificate for this machine, and who signed it.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -days 3650 -subj /CN=authority -keyout ca.key -out ca.pem"));
    openssl(&format!("req {key} -subj /CN=localhost -keyout key.pem -out cert.csr"));
    std::fs::write(
        folder.join("cert.ext"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n",
    )
    .unwrap();
    openssl(
        "x509 -req -in cert.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile cert.ext -out cert.pem",
    );
}

/// A mailbox as ours reads it.
pub struct Connection {
    http: Http,
    credential: Credential,
    settings: Settings,
    account: Account,
}

impl Connection {
    /// A connection at what the operator names instead of the mailbox's own servers.
    pub fn open(address: &str, password: &str, base: &str) -> Self {
        let fields = [("address", address), ("imap_host", "imap.acme.test"), ("smtp_host", "smtp.acme.test")];
        // Of Yahoo the address says enough.
        let fields = if address == YAHOO { &fields[..1] } else { &fields[..] };
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let hosts = imap().hosts_for(&fields, Some(&base.parse().unwrap())).unwrap();
        let account = Account {
            external_id: address.to_owned(),
            name: address.to_owned(),
            currency: String::new(),
            time_zone: String::new(),
            manager_id: None,
        };
        let credential = Credential { access_token: SecretString::from(password), fields };
        Self { http: peers::http(imap(), &hosts.api), credential, settings: Settings::default(), account }
    }

    pub fn call(&self) -> Call<'_> {
        Call { http: &self.http, credential: &self.credential, settings: &self.settings }
    }

    pub const fn account(&self) -> &Account {
        &self.account
    }
}

/// Another mail program.
pub struct Hand {
    stream: TcpStream,
    number: u32,
}

impl Hand {
    /// Gives a command and everything that is answered; the server must agree.
    pub async fn ask(&mut self, command: &str) -> String {
        self.say(command.as_bytes()).await
    }

    /// Puts a message into a folder. Flags are like `(\Seen)`, the date is like `05-Jan-2026 10:00:00 +0000`.
    pub async fn append(&mut self, folder: &str, flags: &str, date: &str, source: &[u8]) {
        let head = format!("APPEND {folder} {flags} \"{date}\" {{{}+}}\r\n", source.len());
        self.say(&[head.as_bytes(), source].concat()).await;
    }

    async fn say(&mut self, command: &[u8]) -> String {
        self.number += 1;
        let tag = format!("h{}", self.number);
        self.stream.write_all(&[tag.as_bytes(), b" ", command, b"\r\n"].concat()).await.unwrap();
        let (mut said, mut part) = (String::new(), vec![0; 64 << 10]);
        loop {
            let length = self.stream.read(&mut part).await.unwrap();
            assert!(length > 0, "the server ended the connection: {said}");
            said.push_str(&String::from_utf8_lossy(&part[..length]));
            let ending = format!("{tag} ");
            if let Some(line) = said.lines().last().filter(|line| line.starts_with(&ending))
                && said.ends_with("\r\n")
            {
                assert!(line.starts_with(&format!("{tag} OK")), "{line}");
                return said;
            }
        }
    }
}
