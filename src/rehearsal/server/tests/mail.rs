//! The product's own clients at the simulated mailboxes, over sockets: everything once, what changed, what is sent and answered,
//! and each fault.

use std::collections::{BTreeMap, BTreeSet};

use model::message::Place;
use providers::{Change, Changes, Content, Inbox, Lookup, Message, Outgoing};

use super::*;
use crate::mail::Mailbox;

pub(super) const NOON: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);
const KEYS: [&str; 2] = ["gmail", "outlook"];

/// A mailbox that the product reads.
pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) account: Account,
    cursor: Option<String>,
    /// What was read, by the provider's ids.
    pub(super) known: BTreeMap<String, Message>,
}

impl Reader {
    async fn new(simulated: &Simulated, key: &str) -> Self {
        Self::of(simulated.connect(key, 0).await).await
    }

    pub(super) async fn of(connection: Connection) -> Self {
        let [account] = connection.accounts().await.unwrap().try_into().unwrap();
        Self { connection, account, cursor: None, known: BTreeMap::new() }
    }

    pub(super) fn inbox(&self) -> &'static dyn Inbox {
        self.connection.provider.inbox().unwrap()
    }

    /// Reads until nothing more is there now, as a job does, and tells how many messages were new.
    pub(super) async fn read(&mut self) -> Result<usize, Error> {
        let before = self.known.len();
        let since = FIRST.midnight().assume_utc() - Duration::days(1);
        loop {
            let call = self.connection.call();
            let read = self.inbox().changes(&call, &self.account, self.cursor.as_deref(), since).await;
            let Changes { changes, cursor, more, .. } = match read {
                Err(Error::CursorExpired) if self.cursor.is_some() => {
                    self.cursor = None;
                    continue;
                }
                read => read?,
            };
            for change in changes {
                match change {
                    Change::Message(message) => {
                        self.known.insert(message.external_id.clone(), message);
                    }
                    Change::Moved { external_id, place, seen } => {
                        if let Some(message) = self.known.get_mut(&external_id) {
                            (message.place, message.seen) = (place, seen);
                        }
                    }
                    Change::Gone { external_id } => {
                        self.known.remove(&external_id);
                    }
                    Change::Missed { external_id, .. } | Change::Left { external_id } => {
                        let message = self.inbox().message(&call, &self.account, &external_id).await?;
                        self.known.extend(message.map(|message| (external_id, message)));
                    }
                }
            }
            self.cursor = Some(cursor);
            if !more {
                return Ok(self.known.len() - before);
            }
        }
    }

    pub(super) fn sources(&self) -> BTreeSet<Vec<u8>> {
        let source = |message: &Message| match &message.content {
            Content::Mail(source) => source.clone(),
        };
        self.known.values().map(source).collect()
    }

    async fn send(&self, source: &str, thread: Option<&str>) -> Result<(), Error> {
        let (message_id, from) = ("own@audienceos.example", self.account.external_id.as_str());
        let outgoing = Outgoing { source: source.as_bytes(), message_id, from, recipients: &[], blind: &[], thread };
        self.inbox().send(&self.connection.call(), &self.account, &outgoing).await.map(drop)
    }

    async fn find(&self) -> Lookup {
        self.inbox().find_sent(&self.connection.call(), &self.account, "own@audienceos.example").await.unwrap()
    }
}

/// All that truly lies in a mailbox.
pub(super) fn truth(simulated: &Simulated, mailbox: Mailbox) -> BTreeSet<Vec<u8>> {
    let (desk, now) = simulated.rehearsal.now().unwrap();
    let opened = desk.world.open(mailbox, desk.world.writes(), now);
    opened.letters.iter().map(|letter| opened.source(letter).into_bytes()).collect()
}

const fn mailbox(key: &str) -> Mailbox {
    match key.as_bytes() {
        b"gmail" => Mailbox::Gmail,
        _ => Mailbox::Outlook,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_products_own_clients_read_every_letter_once_and_again_none() {
    let simulated = Simulated::start(Clock::Stands(NOON)).await;
    for key in KEYS {
        let mut reader = Reader::new(&simulated, key).await;
        assert_eq!(reader.account.external_id, mailbox(key).address());
        let read = reader.read().await.unwrap();
        assert!(read > 10, "{key} {read}");
        assert!(reader.sources() == truth(&simulated, mailbox(key)), "{key}");
        assert_eq!(reader.read().await, Ok(0), "{key}");
        let addresses = reader.inbox().addresses(&reader.connection.call(), &reader.account).await.unwrap();
        let addresses: Vec<_> = addresses.into_iter().map(|one| one.address).collect();
        assert_eq!(addresses, [mailbox(key).address(), mailbox(key).alias()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_later_is_read_alone_and_all_again_when_history_ended() {
    for days in [6, 30] {
        for key in KEYS {
            let simulated = Simulated::start(Clock::Stands(NOON)).await;
            let mut reader = Reader::new(&simulated, key).await;
            reader.read().await.unwrap();
            simulated.rehearsal.forward(Duration::days(days)).unwrap();
            // A token works for an hour.
            reader.connection = simulated.connect(key, 0).await;
            assert!(reader.read().await.unwrap() > 0, "{key}");
            assert!(reader.sources() == truth(&simulated, mailbox(key)), "{key}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_found_once_and_answered_in_its_conversation() {
    for key in KEYS {
        let simulated = Simulated::start(Clock::Stands(NOON)).await;
        let mut reader = Reader::new(&simulated, key).await;
        reader.read().await.unwrap();
        let nothing = if key == "gmail" { Lookup::Absent } else { Lookup::Impossible };
        assert_eq!(reader.find().await, nothing, "{key}");
        let inside = reader.known.values().filter(|letter| letter.place == Place::Inbox);
        let letter = inside.max_by_key(|letter| letter.at);
        let letter = letter.unwrap().clone();
        let Content::Mail(asked) = &letter.content;
        let asked = String::from_utf8(asked.clone()).unwrap();
        let header = |name: &str| asked.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let source = format!(
            "From: {}\r\nTo: {}\r\nSubject: Re: x\r\nMessage-ID: <own@audienceos.example>\r\nIn-Reply-To: {}\r\n\r\nIs it done?\r\n",
            reader.account.external_id,
            header("From: "),
            header("Message-ID: ")
        );
        reader.send(&source, letter.thread.as_deref()).await.unwrap();
        let Lookup::Found(sent) = reader.find().await else { panic!("{key}: it was sent") };
        assert_eq!(sent.thread, letter.thread, "{key}");
        assert_eq!(reader.read().await, Ok(1), "{key}");
        let mine = reader.known.get(&sent.external_id.unwrap()).unwrap();
        assert_eq!((mine.place, &mine.thread), (Place::Sent, &letter.thread));
        simulated.rehearsal.forward(Duration::days(1)).unwrap();
        reader.connection = simulated.connect(key, 0).await;
        reader.read().await.unwrap();
        let newsletter = asked.contains("List-Unsubscribe");
        let answered = reader.known.values().any(|message| message.thread == letter.thread && message.at > NOON);
        assert_eq!(answered, !newsletter, "{key}: people answer, lists do not");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_its_kind_and_everything_is_there_in_the_end() {
    let simulated = Simulated::start(Clock::Stands(NOON)).await;
    let rules = |text: &str| serde_json::from_str::<Vec<Rule>>(text).unwrap();
    for key in KEYS {
        for (fault, kind) in [
            (r#""unauthorized""#, "unauthorized"),
            (r#"{"limited":{"seconds":30}}"#, "rate_limited"),
            (r#"{"throttled":{"seconds":30}}"#, "rate_limited"),
        ] {
            let mut reader = Reader::new(&simulated, key).await;
            simulated.rehearsal.set_faults(rules(&format!(r#"[{{"fault":{fault}}}]"#)));
            assert_eq!(reader.read().await.unwrap_err().key(), kind, "{key} {fault}");
            simulated.rehearsal.set_faults(vec![]);
        }
        for fault in [
            r#"{"limited":{"seconds":1}}"#,
            r#"{"unavailable":{"status":503}}"#,
            r#""cut""#,
            r#""half""#,
            r#""duplicates""#,
            r#""out_of_order""#,
        ] {
            let mut reader = Reader::new(&simulated, key).await;
            simulated.rehearsal.set_faults(rules(&format!(r#"[{{"fault":{fault},"requests":[2,9]}}]"#)));
            reader.read().await.unwrap();
            assert!(reader.sources() == truth(&simulated, mailbox(key)), "{key} {fault}");
            simulated.rehearsal.set_faults(vec![]);
        }
        let mut reader = Reader::new(&simulated, key).await;
        reader.read().await.unwrap();
        simulated.rehearsal.set_faults(rules(r#"[{"fault":"expired_cursor","times":1}]"#));
        assert_eq!(reader.read().await, Ok(0), "{key}: everything is read again, and known");
        simulated.rehearsal.set_faults(vec![]);
        assert!(reader.sources() == truth(&simulated, mailbox(key)), "{key}");
    }
}
