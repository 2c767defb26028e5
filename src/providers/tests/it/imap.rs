//! Mailboxes against Dovecot and aiosmtpd, whose mail another program changes meanwhile.
//!
//! The listener at the end stands for what these cannot do: to fall silent when a message was handed over.

mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::message::Place;
use providers::{Call, Change, Changes, Content, Credential, Error, Lookup, Message, Outgoing, Sent, Settings, Told};
use secrecy::SecretString;
use time::{OffsetDateTime, macros::datetime};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use world::{ACME, Connection, PASSWORD, World, YAHOO, imap, inbox};

use crate::peers;

const SINCE: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
const DATE: &str = "05-Jan-2026 10:00:00 +0000";
/// By this Dovecot tells no changes, as Yahoo does not.
const OLD: &str = "imap_capability = IMAP4rev1 LITERAL+ UIDPLUS MOVE IDLE";

fn source(number: usize) -> Vec<u8> {
    format!("From: jane@client.test\r\nTo: {ACME}\r\nSubject: No. {number}\r\nMessage-ID: <{number}@client.test>\r\n\r\nHello {number}\r\n")
        .into_bytes()
}

async fn changes(connection: &Connection, cursor: Option<&str>) -> Changes {
    inbox().changes(&connection.call(), connection.account(), cursor, SINCE).await.unwrap()
}

/// Reads until there is no more; every change, and the last cursor.
async fn all(connection: &Connection, cursor: Option<&str>) -> (Vec<Change>, String) {
    let mut page = changes(connection, cursor).await;
    let mut found = std::mem::take(&mut page.changes);
    while page.more {
        page = changes(connection, Some(&page.cursor)).await;
        found.append(&mut page.changes);
    }
    (found, page.cursor)
}

fn messages(changes: &[Change]) -> Vec<&Message> {
    changes
        .iter()
        .filter_map(|change| if let Change::Message(message) = change { Some(message) } else { None })
        .collect()
}

fn bytes(message: &Message) -> &[u8] {
    let Content::Mail(bytes) = &message.content;
    bytes
}

#[tokio::test]
async fn a_password_works_and_a_wrong_one_is_tried_once() {
    let Some(world) = World::start().await else { return };
    let connection = world.connect(YAHOO);
    assert_eq!(imap().accounts(&connection.call()).await.unwrap(), [connection.account().clone()]);
    assert_eq!(imap().typed().unwrap().granted(&connection.call()).await, Ok(Vec::new()));
    let own = inbox().addresses(&connection.call(), connection.account()).await.unwrap();
    assert_eq!(own.iter().map(|own| own.address.as_str()).collect::<Vec<_>>(), [YAHOO]);

    let smtp = format!("smtp-plain://127.0.0.1:{}", world.submission);
    let wrong = world.connect_by(YAHOO, "hidden-wrong-password", &smtp);
    let error = imap().typed().unwrap().granted(&wrong.call()).await.unwrap_err();
    let Error::Unauthorized(words) = &error else { panic!("{error}") };
    assert!(words.contains("app password") && words.contains("login.yahoo.com"), "{words}");
    assert!(!format!("{error} {error:?} {:?}", wrong.call()).contains("hidden"));
    // Dovecot writes it down when the connection has ended.
    for _ in 0..600 {
        if world.log().contains("(auth failed, ") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = world.log();
    assert_eq!(log.matches("(auth failed, ").count(), 1, "{log}");
    assert!(log.contains("imap-login: Info: Disconnected") && log.contains("(auth failed, 1 attempts"), "{log}");

    let error = inbox().changes(&wrong.call(), wrong.account(), None, SINCE).await.unwrap_err();
    assert_eq!(error.key(), "unauthorized");
}

#[tokio::test]
async fn the_first_reading_comes_in_pages_the_newest_first_and_marks_nothing_as_seen() {
    let Some(world) = World::start().await else { return };
    let mut hand = world.hand(ACME).await;
    for number in 0..120 {
        let (flags, date) = match number {
            3 => ("(\\Seen)", DATE),
            5 => ("()", "31-Dec-2025 23:00:00 +0000"),
            _ => ("()", DATE),
        };
        hand.append("INBOX", flags, date, &source(number)).await;
    }
    for (number, folder) in [(200, "Sent"), (201, "Bulk"), (202, "Draft"), (203, "Trash")] {
        hand.append(folder, "()", DATE, &source(number)).await;
    }
    let connection = world.connect(ACME);
    let first = changes(&connection, None).await;
    assert!(first.more);
    let found = messages(&first.changes);
    assert_eq!((found.len(), first.changes.len()), (100, 100));
    let newest: Vec<_> = (20..120).rev().map(source).collect();
    assert!(found.iter().map(|message| bytes(message)).eq(newest.iter().map(Vec::as_slice)));
    assert!(found.iter().all(|message| message.place == Place::Inbox && !message.seen));
    assert_eq!(found[0].at, datetime!(2026-01-05 10:00 UTC));

    // What comes between two pages is on the next, once.
    hand.append("INBOX", "()", DATE, &source(300)).await;
    let (rest, cursor) = all(&connection, Some(&first.cursor)).await;
    let rest = messages(&rest);
    let expected = [300].into_iter().chain((0..20).rev().filter(|number| *number != 5)).chain([200, 201, 203]);
    let expected: Vec<_> = expected.map(source).collect();
    assert!(rest.iter().map(|message| bytes(message)).eq(expected.iter().map(Vec::as_slice)), "{rest:?}");
    let seen: Vec<_> = rest.iter().filter(|message| message.seen).map(|message| bytes(message).to_vec()).collect();
    assert_eq!(seen, [source(3)]);
    let places: Vec<_> = rest[20..].iter().map(|message| message.place).collect();
    assert_eq!(places, [Place::Sent, Place::Spam, Place::Trash]);
    let ids: BTreeSet<_> = found.iter().chain(&rest).map(|message| &message.external_id).collect();
    assert_eq!(ids.len(), found.len() + rest.len(), "no id stands for two messages");

    let again = changes(&connection, Some(&cursor)).await;
    assert_eq!((again.changes, again.more), (Vec::new(), false));
    hand.ask("SELECT INBOX").await;
    assert!(hand.ask("SEARCH SEEN").await.contains("* SEARCH 4\r\n"), "nothing was marked as seen");
}

async fn changes_are_told(settings: &str) {
    let Some(world) = World::start_with(settings).await else { return };
    let mut hand = world.hand(ACME).await;
    for number in 0..6 {
        hand.append("INBOX", "()", DATE, &source(number)).await;
    }
    let connection = world.connect(ACME);
    let (first, cursor) = all(&connection, None).await;
    let ids: BTreeMap<_, _> =
        messages(&first).iter().map(|message| (bytes(message).to_vec(), message.external_id.clone())).collect();
    let id = |number| ids[&source(number)].clone();
    assert_eq!(ids.len(), 6);

    hand.append("INBOX", "()", DATE, &source(6)).await;
    hand.ask("SELECT INBOX").await;
    hand.ask("STORE 1,2 +FLAGS (\\Seen)").await;
    hand.ask("STORE 2 -FLAGS (\\Seen)").await;
    hand.ask("MOVE 4 Archive").await;
    // The fifth is the fourth by now.
    hand.ask("STORE 4 +FLAGS (\\Deleted)").await;
    hand.ask("EXPUNGE").await;
    let (told, cursor) = all(&connection, Some(&cursor)).await;
    let came: Vec<_> = messages(&told).iter().map(|message| (bytes(message).to_vec(), message.place)).collect();
    assert_eq!(came, [(source(6), Place::Inbox), (source(3), Place::Archive)], "{told:?}");
    let seen = Change::Moved { external_id: id(0), place: Place::Inbox, seen: true };
    assert!(told.contains(&seen), "{told:?}");
    let wrong = told.iter().any(|change| matches!(change, Change::Moved { seen: true, .. }) && *change != seen);
    assert!(!wrong, "{told:?}");
    let gone = [3, 4].map(|number| Change::Gone { external_id: id(number) });
    assert_eq!(told[told.len() - 2..], gone, "what is gone comes last");

    hand.ask("STORE 1 -FLAGS (\\Seen)").await;
    let (told, cursor) = all(&connection, Some(&cursor)).await;
    assert_eq!(told, [Change::Moved { external_id: id(0), place: Place::Inbox, seen: false }]);
    assert_eq!(all(&connection, Some(&cursor)).await.0, []);

    let call = connection.call();
    let one = inbox().message(&call, connection.account(), &id(0)).await.unwrap().unwrap();
    assert_eq!((bytes(&one), one.seen, one.external_id.as_str()), (source(0).as_slice(), false, id(0).as_str()));
    assert_eq!(inbox().message(&call, connection.account(), &id(4)).await, Ok(None));
}

#[tokio::test]
async fn what_changes_is_told() {
    changes_are_told("").await;
}

#[tokio::test]
async fn what_changes_is_told_where_the_server_does_not_tell_it() {
    changes_are_told(OLD).await;
}

#[tokio::test]
async fn a_folder_with_other_numbers_is_read_again_and_no_other() {
    let Some(world) = World::start().await else { return };
    let mut hand = world.hand(ACME).await;
    hand.append("INBOX", "()", DATE, &source(1)).await;
    hand.append("Archive", "()", DATE, &source(2)).await;
    let connection = world.connect(ACME);
    let (first, cursor) = all(&connection, None).await;
    let before = messages(&first).iter().find(|message| message.place == Place::Archive).unwrap().external_id.clone();

    hand.ask("DELETE Archive").await;
    hand.ask("CREATE Archive").await;
    hand.append("Archive", "()", DATE, &source(2)).await;
    let (again, cursor) = all(&connection, Some(&cursor)).await;
    let [Change::Message(message)] = again.as_slice() else { panic!("{again:?}") };
    assert_eq!((bytes(message), message.place), (source(2).as_slice(), Place::Archive));
    assert_ne!(message.external_id, before, "a number is another's now");
    assert_eq!(inbox().message(&connection.call(), connection.account(), &before).await, Ok(None));
    assert_eq!(all(&connection, Some(&cursor)).await.0, []);
    // A cursor that is none of ours is an old one.
    let other = inbox().changes(&connection.call(), connection.account(), Some("12345"), SINCE).await;
    assert_eq!(other, Err(Error::CursorExpired));
}

#[tokio::test]
async fn large_messages_have_pages_of_their_own_and_the_largest_are_missed() {
    let Some(world) = World::start().await else { return };
    let mut hand = world.hand(ACME).await;
    let large = |number: usize, lines: usize| [source(number), b"0123456789abcd\r\n".repeat(lines)].concat();
    // A file of 40 MB, as it is transferred.
    hand.append("INBOX", "()", DATE, &large(0, 53 << 16)).await;
    for number in 1..=3 {
        hand.append("INBOX", "()", DATE, &large(number, 7 << 16)).await;
    }
    hand.append("INBOX", "()", DATE, &large(4, 61 << 16)).await;
    let connection = world.connect(ACME);
    let first = changes(&connection, None).await;
    let [Change::Missed { external_id, fault, lasting: true }, Change::Message(third), Change::Message(second)] =
        first.changes.as_slice()
    else {
        panic!("{:?}", first.changes)
    };
    assert!(fault.contains("61 MB"), "{fault}");
    assert!(bytes(third) == large(3, 7 << 16) && bytes(second) == large(2, 7 << 16));
    let error = inbox().message(&connection.call(), connection.account(), external_id).await.unwrap_err();
    assert_eq!(error.key(), "too_large");
    assert!(first.more);
    let (rest, _) = all(&connection, Some(&first.cursor)).await;
    let rest = messages(&rest);
    assert!(rest.len() == 2 && bytes(rest[0]) == large(1, 7 << 16) && bytes(rest[1]) == large(0, 53 << 16));
}

#[tokio::test]
async fn waiting_ends_when_a_message_comes() {
    let Some(world) = World::start().await else { return };
    let connection = world.connect(ACME);
    let call = connection.call();
    let wait = async |mark: Option<&str>, at_most| inbox().wait(&call, connection.account(), mark, at_most).await;
    // Without a mark it ends at once; with one, when the time is over and nothing came.
    let Ok(Told::Changed(first)) = wait(None, Duration::from_secs(600)).await else { panic!("there is no mark yet") };
    let empty = match wait(Some(first.as_str()), Duration::from_millis(200)).await {
        Ok(Told::Nothing(mark)) => mark,
        other => panic!("{other:?}"),
    };
    assert_eq!(empty, first);
    let mut hand = world.hand(ACME).await;
    let coming = async {
        for number in 0.. {
            hand.append("INBOX", "()", DATE, &source(number)).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let told = tokio::select! {
        told = wait(Some(empty.as_str()), Duration::from_secs(600)) => told,
        () = coming => unreachable!("it has no end"),
    };
    assert!(matches!(&told, Ok(Told::Changed(mark)) if *mark != empty), "{told:?}");
    // What came while nobody waited is told at once.
    world.hand(ACME).await.append("INBOX", "()", DATE, &source(1_000)).await;
    let Ok(Told::Changed(mark)) = told else { unreachable!("it was looked at") };
    let told = wait(Some(mark.as_str()), Duration::from_secs(600)).await;
    assert!(matches!(&told, Ok(Told::Changed(next)) if *next != mark), "{told:?}");
}

/// A message of ours, as it is handed over.
fn outgoing<'a>(source: &'a [u8], recipients: &'a [String]) -> Outgoing<'a> {
    Outgoing { source, message_id: "effect-1@ours.test", from: ACME, recipients, blind: &[], thread: None }
}

const ANSWER: &[u8] =
    b"From: owner@acme.test\r\nTo: jane@client.test\r\nSubject: Re: Hello\r\nMessage-ID: <effect-1@ours.test>\r\n\r\n\
    .One line begins with a point, and gr\xc3\xbc\xc3\x9fe.\r\n";

async fn send(connection: &Connection, source: &[u8], recipients: &[&str]) -> Result<Sent, Error> {
    let recipients: Vec<_> = recipients.iter().map(|address| (*address).to_owned()).collect();
    inbox().send(&connection.call(), connection.account(), &outgoing(source, &recipients)).await
}

#[tokio::test]
async fn an_answer_is_sent_once_kept_among_what_was_sent_and_found_there() {
    let Some(world) = World::start().await else { return };
    let connection = world.connect(ACME);
    let call = connection.call();
    let find = |id| inbox().find_sent(&call, connection.account(), id);
    // Who keeps copies only because we put them there cannot say that nothing was sent.
    assert_eq!(find("effect-1@ours.test").await, Ok(Lookup::Impossible));
    let sent = send(&connection, ANSWER, &["jane@client.test", "blind@client.test"]).await.unwrap();
    let arrived = world.arrived();
    let [arrived] = arrived.as_slice() else { panic!("{arrived:?}") };
    assert!(arrived.contains("\n.One line begins with a point, and grüße."), "{arrived}");
    assert!(arrived.contains("jane@client.test, blind@client.test"), "both get it: {arrived}");
    assert!(!arrived.contains("Bcc"), "{arrived}");

    assert!(sent.external_id.is_some());
    assert_eq!(find("effect-1@ours.test").await, Ok(Lookup::Found(sent.clone())));
    let (kept, _) = all(&connection, None).await;
    let [Change::Message(kept)] = kept.as_slice() else { panic!("one copy: {kept:?}") };
    assert_eq!((bytes(kept), kept.place, kept.seen), (ANSWER, Place::Sent, true));
    assert_eq!(Some(&kept.external_id), sent.external_id.as_ref());
}

#[tokio::test]
async fn where_the_server_keeps_a_copy_we_put_none_there_and_absence_says_something() {
    let Some(world) = World::start().await else { return };
    let connection = world.connect(YAHOO);
    assert_eq!(send(&connection, ANSWER, &["jane@client.test"]).await, Ok(Sent::default()));
    assert_eq!(world.arrived().len(), 1);
    assert_eq!(all(&connection, None).await.0, []);
    let call = connection.call();
    let find = || inbox().find_sent(&call, connection.account(), "effect-1@ours.test");
    assert_eq!(find().await, Ok(Lookup::Absent));
    // As Yahoo does.
    world.hand(YAHOO).await.append("Sent", "(\\Seen)", DATE, ANSWER).await;
    assert!(matches!(find().await, Ok(Lookup::Found(Sent { external_id: Some(_), .. }))));
}

#[tokio::test]
async fn a_refusal_has_its_kind_and_nothing_is_sent_to_anybody() {
    let Some(world) = World::start().await else { return };
    let direct = world.connect_by(ACME, PASSWORD, &format!("smtp-plain://127.0.0.1:{}", world.relay));
    let refused = send(&direct, ANSWER, &["jane@client.test", "bounce@client.test"]).await.unwrap_err();
    let Error::Rejected(words) = &refused else { panic!("{refused}") };
    for part in ["bounce@client.test", "550", "user unknown", "nothing was sent to anybody"] {
        assert!(words.contains(part), "{words}");
    }
    // For now, and by a connection that ends before the message was handed over: it can be tried again.
    for address in ["defer@client.test", "drop@client.test"] {
        let later = send(&direct, ANSWER, &["jane@client.test", address]).await.unwrap_err();
        assert_eq!(later.key(), "rate_limited", "{address}: {later}");
    }
    let nobody = world.connect_by(ACME, PASSWORD, &format!("smtp-plain://127.0.0.1:{}", peers::free_port()));
    assert_eq!(send(&nobody, ANSWER, &["jane@client.test"]).await.unwrap_err().key(), "rate_limited");
    let wrong = world.connect_by(ACME, "hidden-wrong", &format!("smtp-plain://127.0.0.1:{}", world.submission));
    let refused = send(&wrong, ANSWER, &["jane@client.test"]).await.unwrap_err();
    assert!(refused.key() == "unauthorized" && !refused.to_string().contains("hidden"), "{refused}");
    // This server takes one MiB.
    let large = [ANSWER, format!("{}\r\n", "x".repeat(990)).repeat(1100).as_bytes()].concat();
    let oversized = send(&direct, &large, &["jane@client.test"]).await.unwrap_err();
    assert!(oversized.key() == "too_large" && oversized.to_string().contains("552"), "{oversized}");
    assert_eq!(world.arrived(), Vec::<String>::new());
    assert_eq!(all(&world.connect(ACME), None).await.0, [], "no copy either");
    // What was refused goes out as soon as it is right.
    send(&direct, ANSWER, &["jane@client.test"]).await.unwrap();
    assert_eq!(world.arrived().len(), 1);
}

#[tokio::test]
async fn nothing_that_is_sent_can_become_a_command() {
    let Some(world) = World::start().await else { return };
    let connection = world.connect(ACME);
    for address in
        ["jane@client.test>\r\nRCPT TO:<x@evil.test", "jane@client.test\nDATA", "jane@client.test> NOTIFY=NEVER"]
    {
        assert_eq!(send(&connection, ANSWER, &[address]).await.unwrap_err().key(), "rejected", "{address:?}");
    }
    // Ends of lines that some servers take for the end of the message.
    for source in [b"Subject: a\r\n\r\nb\n.\nMAIL FROM:<x@evil.test>\r\n".as_slice(), b"Subject: a\r\rb\r\n"] {
        assert_eq!(send(&connection, source, &["jane@client.test"]).await.unwrap_err().key(), "rejected");
    }
    assert_eq!(send(&connection, ANSWER, &[]).await.unwrap_err().key(), "rejected");
    let id = inbox().find_sent(&connection.call(), connection.account(), "x\"\r\nh9 LOGOUT").await;
    assert_eq!(id.unwrap_err().key(), "rejected");
    assert_eq!(world.arrived(), Vec::<String>::new());
}

#[tokio::test]
async fn after_a_message_was_handed_over_silence_says_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 ready\r\n").await.unwrap();
        let mut line = String::new();
        let mut text = false;
        loop {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            match line.as_str() {
                ".\r\n" => return,
                _ if text => continue,
                "DATA\r\n" => {
                    text = true;
                    stream.write_all(b"354 go on\r\n").await.unwrap();
                }
                _ => stream.write_all(b"250-mail.test\r\n250 8BITMIME\r\n").await.unwrap(),
            }
        }
    });
    let base = format!("imap-plain://127.0.0.1:1/?smtp=smtp-plain://127.0.0.1:{port}");
    let error = send(&Connection::open(ACME, PASSWORD, &base), ANSWER, &["jane@client.test"]).await.unwrap_err();
    assert_eq!(error.key(), "unavailable", "{error}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_that_somebody_types_is_called_in_no_private_network() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let fields: BTreeMap<_, _> =
        [("address", ACME), ("imap_host", "127.0.0.1"), ("imap_port", port.as_str()), ("smtp_host", "127.0.0.1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let hosts = imap().hosts_for(&fields, None).unwrap();
    let (http, settings) = (peers::http(imap(), &hosts.api), Settings::default());
    let credential = Credential { access_token: SecretString::from(PASSWORD), fields };
    let call = Call { http: &http, credential: &credential, settings: &settings };
    let error = imap().typed().unwrap().granted(&call).await.unwrap_err();
    assert!(matches!(&error, Error::Rejected(words) if words.contains("private network")), "{error}");
    let nobody_came = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.is_err();
    assert!(nobody_came);
}

/// Names the servers to the process that trusts their authority.
const BASES: &str = "AUDIENCEOS_TEST_IMAP";

#[tokio::test]
async fn certificates_must_be_trusted_and_ssl_cert_file_names_whom_to_trust() {
    let Some(world) = World::start().await else { return };
    let direct = format!("imaps://127.0.0.1:{}/?smtp=smtps://127.0.0.1:{}", world.imaps, world.submissions);
    let begun = format!("imap://localhost:{}/?smtp=smtp://localhost:{}", world.imap, world.submission);
    for base in [&direct, &begun] {
        let error = imap().accounts(&Connection::open(ACME, PASSWORD, base).call()).await.unwrap_err();
        assert!(matches!(&error, Error::Rejected(words) if words.contains("certificate")), "{error}");
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "imap::servers_whose_authority_is_trusted_are_spoken_to", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", world.authority())
        .env(BASES, format!("{direct} {begun}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said} {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
#[ignore = "run by the test before it, in a process of its own"]
async fn servers_whose_authority_is_trusted_are_spoken_to() {
    for base in peers::environment(BASES).unwrap().split(' ') {
        let connection = Connection::open(ACME, PASSWORD, base);
        assert_eq!(imap().typed().unwrap().granted(&connection.call()).await, Ok(Vec::new()), "{base}");
        assert_eq!(changes(&connection, None).await.changes, [], "{base}");
    }
}

#[test]
fn it_is_read_every_ten_minutes_also_where_nobody_tells() {
    assert_eq!(inbox().every(), Duration::from_secs(600));
}
