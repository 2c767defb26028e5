//! A mailbox at Dovecot, filled with whatever mails there are: all that Python tests its own reading of mail with, among others. What is
//! sent through it is in `smtp`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use model::conversation::Filter;
use reqwest::StatusCode;
use serde_json::json;
use service::conversation;
use sqlx::PgPool;

use super::{Desk, JANE, OWNER};
use crate::{
    google::free_port,
    support::{TestApp, count, environment, shared},
    sync::run,
    typed,
};

const PASSWORD: &str = "app-password-16";

/// Dovecot, and the mail server behind it that takes what is sent; both end with the value.
pub(super) struct Dovecot {
    folder: PathBuf,
    /// The mail server behind it first.
    running: Vec<Child>,
    /// Where mails are read.
    pub(super) imap: u16,
    /// Where mails are handed over.
    pub(super) submission: u16,
    relay: u16,
}

impl Dovecot {
    /// With these mails in the inbox; `None` where the peers are absent.
    pub(super) async fn start(mails: &[Vec<u8>]) -> Option<Self> {
        let configuration = shared("dovecot", "peers/run/dovecot.conf.in")?;
        let dovecot = environment("AUDIENCEOS_PEER_DOVECOT").expect("./dev test sets AUDIENCEOS_PEER_DOVECOT");
        let [imap, imaps, submission, submissions, relay] = std::array::from_fn(|_| free_port());
        let folder = std::env::temp_dir().join(format!("audienceos-dovecot-{}-{imap}", std::process::id()));
        let inbox = folder.join("mail").join(OWNER).join("Maildir");
        for part in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(inbox.join(part)).unwrap();
        }
        for (number, mail) in mails.iter().enumerate() {
            std::fs::write(inbox.join(format!("new/{}.{number:06}.test", 1_700_000_000 + number)), mail).unwrap();
        }
        std::fs::create_dir_all(folder.join("run")).unwrap();
        let user = User::find();
        let mut text = std::fs::read_to_string(configuration).unwrap();
        for (placeholder, value) in [
            ("@DIR@", folder.to_str().unwrap()),
            ("@USER@", &user.name),
            ("@GROUP@", &user.group),
            ("@UID@", &user.uid),
            ("@GID@", &user.gid),
            ("14143", &imap.to_string()),
            ("14993", &imaps.to_string()),
            ("14587", &submission.to_string()),
            ("14465", &submissions.to_string()),
            ("14025", &relay.to_string()),
        ] {
            text = text.replace(placeholder, value);
        }
        std::fs::write(folder.join("dovecot.conf"), text).unwrap();
        std::fs::write(folder.join("users"), user_with(PASSWORD)).unwrap();
        let certificate = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost \
                           -keyout key.pem -out cert.pem";
        let made = Command::new("openssl").args(certificate.split(' ')).current_dir(&folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        user.owns(&folder);
        let mut serving = user.command(&dovecot);
        serving.arg("-F").arg("-c").arg(folder.join("dovecot.conf"));
        let running = vec![spawned(&mut relaying(&folder, relay)?), spawned(&mut serving)];
        let mut started = Self { folder, running, imap, submission, relay };
        for port in [relay, imap, submission] {
            started.listens(port).await;
        }
        Some(started)
    }

    async fn listens(&mut self, port: u16) {
        for _ in 0..1200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return;
            }
            for child in &mut self.running {
                assert!(child.try_wait().unwrap().is_none(), "a peer ended: {}", self.folder.display());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a peer does not listen");
    }

    /// The mail server behind it is away.
    pub(super) fn relays_nothing(&mut self) {
        self.running[0].kill().unwrap();
        self.running[0].wait().unwrap();
    }

    /// It is there again.
    pub(super) async fn relays_again(&mut self) {
        self.running[0] = spawned(&mut relaying(&self.folder, self.relay).unwrap());
        self.listens(self.relay).await;
    }

    /// What arrived behind it, one text for each message.
    pub(super) fn arrived(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.folder.join("sink/new")) else { return Vec::new() };
        folder.map(|file| String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned()).collect()
    }

    /// Where its mails lie.
    fn maildir(&self) -> PathBuf {
        self.folder.join("mail").join(OWNER).join("Maildir")
    }

    /// A mail comes.
    pub(super) fn arrives(&self, name: &str, mail: &[u8]) {
        let folder = self.maildir();
        std::fs::write(folder.join("tmp").join(name), mail).unwrap();
        User::find().owns(&folder.join("tmp").join(name));
        std::fs::rename(folder.join("tmp").join(name), folder.join("new").join(name)).unwrap();
    }

    /// Its owner takes the app password back, and makes this one.
    pub(super) async fn has_password(&self, password: &str) {
        std::fs::write(self.folder.join("users"), user_with(password)).unwrap();
        // Dovecot looks at its file once in a second.
        tokio::time::sleep(Duration::from_millis(1200)).await;
    }

    /// All mails get other numbers, as after a move to another disk: what Dovecot noted of them is lost.
    pub(super) fn forgets_numbers(&self) {
        for entry in std::fs::read_dir(self.maildir()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name == "dovecot-uidlist" || name.starts_with("dovecot.index") {
                std::fs::remove_file(&path).unwrap();
            }
        }
    }

    /// Where the product finds every mailbox.
    pub(super) fn url(&self) -> String {
        format!("imap-plain://127.0.0.1:{}/?smtp=smtp-plain://127.0.0.1:{}", self.imap, self.submission)
    }

    /// The application, which finds every mailbox here, with an agency in it.
    pub(super) async fn desk(&self, pool: &PgPool) -> Desk {
        self.listening(pool, 0).await
    }

    /// The same, which listens to so many mailboxes.
    pub(super) async fn listening(&self, pool: &PgPool, listeners: usize) -> Desk {
        let url = self.url().parse().unwrap();
        let app = TestApp::start_with(pool.clone(), |config| {
            config.provider_urls.insert("imap".to_owned(), url);
            config.listeners = listeners;
        })
        .await;
        Desk::open(app, pool).await
    }
}

/// The mail server that takes what is sent, up to 10 MiB.
fn relaying(folder: &Path, port: u16) -> Option<Command> {
    let faults = shared("dovecot", "peers/run/smtpfaults.py")?;
    let python = environment("AUDIENCEOS_PEER_PYTHON").expect("./dev test sets AUDIENCEOS_PEER_PYTHON");
    let mut command = Command::new(python);
    command.args(["-m", "aiosmtpd", "-n", "-s", "10485760"]);
    command.args(["-l", &format!("127.0.0.1:{port}"), "-c", "smtpfaults.Faults"]);
    command.arg(folder.join("sink")).env("PYTHONPATH", faults.parent().unwrap());
    Some(command)
}

fn spawned(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Asked to end, Dovecot ends its own processes first.
        for child in &mut self.running {
            if Command::new("kill").arg(child.id().to_string()).status().is_err() {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The mailbox's line in Dovecot's list of users.
fn user_with(password: &str) -> String {
    format!("{OWNER}:{{PLAIN}}{password}::::::\n")
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

    fn command(&self, program: &str) -> Command {
        if !self.root {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={}", self.uid), &format!("--regid={}", self.gid)]);
        command.arg("--clear-groups").arg(program);
        command
    }

    fn owns(&self, folder: &Path) {
        if self.root {
            let owner = format!("{}:{}", self.uid, self.gid);
            assert!(Command::new("chown").arg("-R").arg(owner).arg(folder).status().unwrap().success());
        }
    }
}

impl Desk {
    /// Connects the mailbox, with which its first reading begins.
    pub(super) async fn connect_mailbox(&self) -> String {
        self.connect_with(PASSWORD, None).await
    }

    /// Connects it with this password, or a connection of it anew.
    pub(super) async fn connect_with(&self, password: &str, again: Option<&str>) -> String {
        let fields = json!({
            "address": OWNER, "access_token": password, "imap_host": "imap.acme.test", "smtp_host": "smtp.acme.test",
        });
        let (status, made) = typed::connect(&self.agency.ada, "imap", fields, again).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }
}

/// Every mail with which Python tests its own reading of mail.
fn of_python() -> Vec<Vec<u8>> {
    let python = environment("AUDIENCEOS_PEER_PYTHON").expect("./dev test sets AUDIENCEOS_PEER_PYTHON");
    let program = "import os, test.test_email as t; print(os.path.join(os.path.dirname(t.__file__), 'data'))";
    let output = Command::new(python).args(["-c", program]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mails = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("msg_"));
    let mut mails: Vec<_> = mails.collect();
    mails.sort();
    mails.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Ordinary mails, some of them answers to those before.
pub(super) fn ordinary(number: usize) -> Vec<u8> {
    let answered = number - number % 5;
    let answers = if number == answered { String::new() } else { format!("In-Reply-To: <{answered}@c1.com>\r\n") };
    format!(
        "From: {JANE}\r\nTo: {OWNER}\r\nSubject: No. {answered}.\r\nMessage-ID: <{number}@c1.com>\r\n{answers}Date: Mon, 05 Jan 2026 \
         10:00:00 +0000\r\n\r\nHello {number}\r\n"
    )
    .into_bytes()
}

/// As they come over IMAP: each line ends the same way.
fn lines(source: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(source.len() + 64);
    for byte in source {
        if *byte == b'\n' && plain.last() != Some(&b'\r') {
            plain.push(b'\r');
        }
        plain.push(*byte);
    }
    plain
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whatever_lies_in_a_mailbox_is_there_with_its_source_and_nothing_panics(pool: PgPool) {
    let size: usize = environment("AUDIENCEOS_MESSAGES").map_or(500, |text| text.parse().unwrap());
    let mut mails = of_python();
    assert!(mails.len() >= 40, "Python's own mails are not all there: {}", mails.len());
    mails.extend((0..size - mails.len()).map(ordinary));
    let Some(dovecot) = Dovecot::start(&mails).await else { return };
    let desk = dovecot.desk(&pool).await;
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        before(panic);
    }));
    let connection = desk.connect_mailbox().await;
    // A large mailbox takes longer than one wait.
    while count(&pool, "select count(*) from sync_run where state <> 'running'").await == 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let first = run(&desk.agency.ada, &connection, 1).await;
    assert_eq!(first["state"], "succeeded", "{first}");
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);

    // Each is there once, as it came.
    let wanted: BTreeSet<Vec<u8>> = mails.iter().map(|mail| lines(mail)).collect();
    let all = i64::try_from(wanted.len()).unwrap();
    assert_eq!(count(&pool, "select count(*) from message").await, all);
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    let sources: Vec<Vec<u8>> = sqlx::query_scalar("select bytes from message_source").fetch_all(&pool).await.unwrap();
    assert_eq!(sources.len(), wanted.len());
    let other = sources.iter().map(|source| lines(source)).filter(|source| !wanted.contains(source)).count();
    assert_eq!(other, 0, "sources that are not what lies in the mailbox");

    // Each can be read, in its conversation, or says that it cannot.
    let (mut read, mut cursor) = (0, None);
    loop {
        let filter = Filter::default();
        let page = conversation::list(&desk.app.service, &desk.actor, &filter, 100, cursor.as_deref()).await.unwrap();
        for found in &page.items {
            let thread = desk.thread(found.id).await;
            assert_eq!(usize::try_from(found.messages).unwrap(), thread.messages.len());
            for message in &thread.messages {
                let something = message.fault.is_some()
                    || !message.text.trim().is_empty()
                    || !message.subject.is_empty()
                    || !message.attachments.is_empty()
                    || !message.from.address.is_empty();
                assert!(something, "{message:?}");
            }
            read += i64::try_from(thread.messages.len()).unwrap();
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(read, all);
    let answers = desk.called("No. 10.").await;
    assert_eq!(answers.messages.len(), 5, "answers are with what they answer");

    let again = desk.read(&connection, 2).await;
    assert_eq!((&again["rows_new"], &again["rows_changed"]), (&json!(0), &json!(0)), "{again}");
    assert_eq!((count(&pool, "select count(*) from message").await, PANICS.load(Ordering::Relaxed)), (all, 0));
    desk.app.stop().await;
}
