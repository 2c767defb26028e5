//! The mailbox at a mail server of its own, over sockets: read and sent from by the product's own client, by Python's own libraries,
//! and with each fault.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use model::message::Place;
use providers::{Content, Lookup, Message, Outgoing, Sent, Told};

use super::{
    mail::{NOON, Reader, truth},
    *,
};
use crate::{
    mail::Mailbox,
    tests::specs::{environment, present},
};

const PASSWORD: &str = "our-secret";
const OWN: &str = "own@audienceos.example";

impl Simulated {
    /// A connection to the mailbox as somebody types it; the operator names other servers in place of the typed ones.
    fn typed(&self, password: &str) -> Connection {
        let provider = providers::find("imap").unwrap();
        let fields: BTreeMap<_, _> = [
            ("address", Mailbox::Imap.address()),
            ("imap_host", "imap.agency.example"),
            ("smtp_host", "smtp.agency.example"),
            ("user_name", "world/desk@agency.example"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let [imap, submission] = self.mail;
        let base = format!("imap-plain://{imap}/?smtp=smtp-plain://{submission}");
        let hosts = provider.hosts_for(&fields, Some(&base.parse().unwrap())).unwrap();
        let http = Client::new().unwrap().bind(hosts.api, provider.limit(), provider.fault());
        let credential = Credential { access_token: SecretString::from(password), fields };
        Connection { provider, http, credential, settings: Settings::default(), refresh: None }
    }

    fn set(&self, rules: &str) {
        self.rehearsal.set_faults(serde_json::from_str(rules).unwrap());
    }

    /// Somebody at the client who writes to this mailbox.
    fn person(&self) -> String {
        self.world(|world| world.contacts(world.clients().last().unwrap()).remove(0).email)
    }
}

impl Reader {
    async fn sends(&self, source: &str, to: &str) -> Result<Sent, Error> {
        let (from, recipients) = (self.account.external_id.as_str(), [to.to_owned()]);
        let source = source.as_bytes();
        let outgoing = Outgoing { source, message_id: OWN, from, recipients: &recipients, blind: &[], thread: None };
        self.inbox().send(&self.connection.call(), &self.account, &outgoing).await
    }

    async fn finds(&self) -> Lookup {
        self.inbox().find_sent(&self.connection.call(), &self.account, OWN).await.unwrap()
    }

    fn named(&self, line: &str) -> Vec<&Message> {
        let has = |message: &&Message| {
            let Content::Mail(source) = &message.content;
            String::from_utf8_lossy(source).contains(line)
        };
        self.known.values().filter(has).collect()
    }
}

fn mail(to: &str) -> String {
    format!(
        "From: desk@agency.example\r\nTo: {to}\r\nSubject: Hello\r\nMessage-ID: <{OWN}>\r\n\r\n\
         .One line begins with a point, and grüße.\r\nIs it done?\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_products_own_client_reads_every_letter_once_and_again_none() {
    let simulated = Simulated::start(Clock::Stands(NOON)).await;
    let mut reader = Reader::of(simulated.typed(PASSWORD)).await;
    assert_eq!(reader.account.external_id, Mailbox::Imap.address());
    let count = reader.read().await.unwrap();
    assert!(count > 0, "somebody wrote within a month");
    assert!(reader.sources() == truth(&simulated, Mailbox::Imap));
    let places: std::collections::BTreeSet<_> = reader.known.values().map(|message| message.place.key()).collect();
    assert!(places.contains("inbox") && places.contains("sent"), "{places:?}");
    assert_eq!(reader.read().await, Ok(0));
    // What comes later is read alone, what was seen meanwhile is told, and after other numbers everything is there once more.
    for days in [20, 40] {
        simulated.rehearsal.forward(Duration::days(days)).unwrap();
        assert!(reader.read().await.unwrap() > 0, "{days}");
        assert!(reader.sources() == truth(&simulated, Mailbox::Imap), "{days}");
    }
    let (desk, now) = simulated.rehearsal.now().unwrap();
    let opened = desk.world.open(Mailbox::Imap, desk.world.writes(), now);
    let states = opened.states(opened.now);
    let unread = states.iter().flatten().filter(|state| state.labels.contains("UNREAD")).count();
    assert_eq!(reader.known.values().filter(|message| !message.seen).count(), unread);
    let count = reader.known.len();
    simulated.set(r#"[{"fault":"expired_cursor","times":1}]"#);
    assert_eq!(reader.read().await, Ok(count), "under other numbers");
    simulated.set("[]");
    assert!(reader.sources() == truth(&simulated, Mailbox::Imap));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_lies_among_what_was_sent_once_and_is_answered() {
    let simulated = Simulated::start(Clock::Stands(NOON)).await;
    let mut reader = Reader::of(simulated.typed(PASSWORD)).await;
    assert_eq!(reader.connection.provider.typed().unwrap().granted(&reader.connection.call()).await, Ok(vec![]));
    reader.read().await.unwrap();
    assert_eq!(reader.finds().await, Lookup::Impossible);
    let to = simulated.person();
    let sent = reader.sends(&mail(&to), &to).await.unwrap();
    assert!(sent.external_id.is_some());
    assert_eq!(reader.finds().await, Lookup::Found(sent.clone()));
    assert_eq!(reader.read().await, Ok(1), "no second copy was put there");
    let mine = reader.known.get(&sent.external_id.unwrap()).unwrap();
    let Content::Mail(source) = &mine.content;
    assert_eq!(String::from_utf8_lossy(source).trim_end(), mail(&to).trim_end());
    assert_eq!((mine.place, mine.seen), (Place::Sent, true));
    simulated.rehearsal.forward(Duration::days(1)).unwrap();
    reader.read().await.unwrap();
    let answers = reader.named(&format!("In-Reply-To: <{OWN}>"));
    let [answer] = answers[..] else { panic!("who was asked answers once: {answers:?}") };
    assert_eq!(answer.place, Place::Inbox);
    let told = reader.inbox().wait(&reader.connection.call(), &reader.account, None, Pause::from_millis(50)).await;
    assert!(matches!(told, Ok(Told::Changed(_))), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_ends_when_something_happens() {
    let simulated = Simulated::start(Clock::Stands(NOON)).await;
    let reader = Reader::of(simulated.typed(PASSWORD)).await;
    let call = reader.connection.call();
    let wait = async |mark: Option<&str>, at_most| reader.inbox().wait(&call, &reader.account, mark, at_most).await;
    let Ok(Told::Changed(mark)) = wait(None, Pause::from_secs(600)).await else { panic!("there is no mark yet") };
    let Ok(Told::Nothing(mark)) = wait(Some(mark.as_str()), Pause::from_millis(700)).await else {
        panic!("time stands still")
    };
    let passing = async {
        for _ in 0.. {
            simulated.rehearsal.forward(Duration::days(1)).unwrap();
            tokio::time::sleep(Pause::from_millis(200)).await;
        }
    };
    tokio::select! {
        told = wait(Some(mark.as_str()), Pause::from_secs(600)) => assert!(matches!(told, Ok(Told::Changed(_))), "{told:?}"),
        () = passing => unreachable!("it has no end"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_each_fault_have_their_kind() {
    let simulated = Simulated::start(Clock::Stands(NOON)).await;
    let wrong = simulated.typed("wrong");
    assert_eq!(wrong.accounts().await.unwrap_err().key(), "unauthorized");
    let mut reader = Reader::of(simulated.typed(PASSWORD)).await;
    let to = simulated.person();
    for (fault, kind) in [
        (r#""unauthorized""#, "unauthorized"),
        (r#"{"limited":{"seconds":30}}"#, "rate_limited"),
        (r#"{"throttled":{"seconds":30}}"#, "rate_limited"),
    ] {
        simulated.set(&format!(r#"[{{"fault":{fault}}}]"#));
        assert_eq!(reader.read().await.unwrap_err().key(), kind, "{fault}");
        assert_eq!(reader.sends(&mail(&to), &to).await.unwrap_err().key(), kind, "{fault}");
    }
    // Before the message's text nothing was sent, and it may be tried again.
    for (fault, path) in
        [(r#"{"unavailable":{"status":503}}"#, "smtp/mail"), (r#""cut""#, "smtp/rcpt"), (r#""half""#, "smtp/data")]
    {
        simulated.set(&format!(r#"[{{"fault":{fault},"path":"{path}"}}]"#));
        assert_eq!(reader.sends(&mail(&to), &to).await.unwrap_err().key(), "rate_limited", "{fault} {path}");
    }
    // What is cut off was not taken; what breaks off in the middle of the answer was. Nobody sees which.
    for (fault, taken) in [("cut", false), ("half", true)] {
        simulated.set(&format!(r#"[{{"fault":"{fault}","path":"/smtp/text"}}]"#));
        assert_eq!(reader.sends(&mail(&to), &to).await.unwrap_err().key(), "unavailable", "{fault}");
        simulated.set("[]");
        assert_eq!(matches!(reader.finds().await, Lookup::Found(_)), taken, "{fault}");
    }
    reader.read().await.unwrap();
    assert_eq!(reader.named(&format!("Message-ID: <{OWN}>")).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_in_the_end_whatever_goes_wrong() {
    let simulated = Simulated::start(Clock::Stands(NOON)).await;
    for fault in [r#""duplicates""#, r#""out_of_order""#, r#"{"slow":{"millis":2}}"#] {
        let mut reader = Reader::of(simulated.typed(PASSWORD)).await;
        simulated.set(&format!(r#"[{{"fault":{fault}}}]"#));
        reader.read().await.unwrap();
        simulated.set("[]");
        assert!(reader.sources() == truth(&simulated, Mailbox::Imap), "{fault}");
    }
    for fault in [r#""cut""#, r#""half""#, r#"{"unavailable":{"status":500}}"#, r#"{"limited":{"seconds":1}}"#] {
        let mut reader = Reader::of(simulated.typed(PASSWORD)).await;
        simulated.set(&format!(r#"[{{"fault":{fault},"chance":0.03,"seed":5}}]"#));
        let mut failed = 0;
        // As a job does: what fails is asked for again.
        while let Err(error) = reader.read().await {
            assert!(["unavailable", "rate_limited", "rejected", "malformed"].contains(&error.key()), "{fault} {error}");
            failed += 1;
            assert!(failed < 200, "{fault}: two hundred tries failed");
        }
        simulated.set("[]");
        reader.read().await.unwrap();
        assert!(reader.sources() == truth(&simulated, Mailbox::Imap), "{fault}");
    }
}

/// What a program that we did not write makes of the mailbox.
const PYTHON: &str = r#"
import imaplib, json, smtplib, sys
imap, smtp, to = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
user, password = "desk@agency.example", "our-secret"
said = {}
try:
    imaplib.IMAP4("127.0.0.1", imap).login(user, "wrong")
except imaplib.IMAP4.error as error:
    said["wrong"] = str(error)
box = imaplib.IMAP4("127.0.0.1", imap)
box.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
said["folders"] = sorted(line.decode().rsplit(" ", 1)[1].strip('"') for line in box.list()[1])
counts = {}
for folder in said["folders"]:
    kind, [count] = box.select(folder, readonly=True)
    assert kind == "OK", kind
    found = box.uid("SEARCH", "ALL")[1][0].split()
    assert len(found) == int(count), (folder, count, found)
    sizes = 0
    if found:
        for part in box.uid("FETCH", "1:*", "(UID RFC822.SIZE BODY.PEEK[])")[1]:
            if isinstance(part, tuple):
                size = int(part[0].split(b"RFC822.SIZE ")[1].split()[0])
                assert size == len(part[1]), part[0]
                sizes += size
    counts[folder] = [int(count), sizes]
said["counts"] = counts
source = f"From: {user}\r\nTo: {to}\r\nSubject: Hi\r\nMessage-ID: <python@writers.example>\r\n\r\n.Is it done?\r\n..\r\n"
with smtplib.SMTP("127.0.0.1", smtp) as sender:
    sender.login(user, password)
    said["refused"] = sender.sendmail(user, [to], source)
    try:
        sender.sendmail("team@agency.example", [to], source)
    except smtplib.SMTPSenderRefused as error:
        said["other"] = error.smtp_code
box.select("Sent")
[found] = box.uid("SEARCH", 'HEADER Message-ID "<python@writers.example>"')[1]
said["sent"] = box.uid("FETCH", found, "(FLAGS BODY.PEEK[])")[1][0][1].decode()
box.uid("STORE", found, "+FLAGS", "(\\Flagged)")
said["flags"] = box.uid("FETCH", found, "(FLAGS)")[1][0].decode()
assert box.append("Drafts", "\\Seen", imaplib.Time2Internaldate(1780000000), b"Subject: later\r\n\r\nText\r\n")[0] == "OK"
box.uid("COPY", found, "Archive")
box.uid("STORE", found, "+FLAGS", "(\\Deleted)")
said["expunged"] = len(box.expunge()[1])
said["left"] = box.uid("SEARCH", 'HEADER Message-ID "<python@writers.example>"')[1][0].decode()
said["status"] = box.status("Drafts", "(MESSAGES UNSEEN)")[1][0].decode()
box.close()
said["out"] = box.logout()[0]
print(json.dumps(said))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn pythons_own_libraries_read_and_send() {
    let python = environment("AUDIENCEOS_PEER_PYTHON").unwrap_or_else(|| "AUDIENCEOS_PEER_PYTHON".into());
    let Some(python) = present("mail server python", PathBuf::from(python)) else { return };
    let simulated = Simulated::start(Clock::Stands(NOON)).await;
    let [imap, submission] = simulated.mail.map(|address| address.port().to_string());
    let before = truth(&simulated, Mailbox::Imap);
    let to = simulated.person();
    let run = move || {
        let mut command = Command::new(python);
        command.args(["-c", PYTHON, &imap, &submission, &to]).stdin(Stdio::null()).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(said["wrong"].as_str().unwrap().contains("AUTHENTICATIONFAILED"), "{said}");
    assert_eq!(said["folders"], json!(["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"]));
    let all: Vec<[u64; 2]> =
        serde_json::from_value(json!(said["counts"].as_object().unwrap().values().collect::<Vec<_>>())).unwrap();
    let sizes: usize = before.iter().map(Vec::len).sum();
    assert_eq!(all.iter().map(|[count, _]| count).sum::<u64>(), before.len() as u64);
    assert_eq!(all.iter().map(|[_, size]| size).sum::<u64>(), sizes as u64);
    assert_eq!((&said["refused"], &said["other"]), (&json!({}), &json!(553)));
    let sent = said["sent"].as_str().unwrap();
    assert!(sent.ends_with("\r\n\r\n.Is it done?\r\n..\r\n"), "{sent:?}");
    let flags = said["flags"].as_str().unwrap();
    assert!(flags.contains("\\Flagged") && flags.contains("\\Seen"), "{flags}");
    assert_eq!((&said["expunged"], &said["left"]), (&json!(1), &json!("")));
    assert!(said["status"].as_str().unwrap().contains("MESSAGES 1 UNSEEN 0"), "{said}");
    assert_eq!(said["out"], "BYE");
    // The world knows of it: what was sent is answered, and what was only put there is not.
    simulated.rehearsal.forward(Duration::days(1)).unwrap();
    let mut reader = Reader::of(simulated.typed(PASSWORD)).await;
    reader.read().await.unwrap();
    assert_eq!(reader.named("In-Reply-To: <python@writers.example>").len(), 1);
    let places: Vec<_> =
        reader.named("Message-ID: <python@writers.example>").iter().map(|message| message.place).collect();
    assert_eq!(places, [Place::Archive], "a copy stayed, and what was thrown away is gone");
}
