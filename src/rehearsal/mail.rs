//! The agency's mailboxes: what lies in them at a moment, and what happened since when.
//!
//! Half of the clients write to the first of them, the others to the second, but for the last client, who writes to the third
//! ([`Mailbox::of`]). What people and the agency write by themselves comes from `talk`; what is sent through a provider is a change
//! of the world like any other (`writes`), which people answer (`people`). What is written becomes an e-mail in `source`. Everything
//! that happens has a number that grows with the world's clock, by which a mailbox tells what changed: the same world at the same
//! moment gives the same numbers.

mod attachment;
mod people;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::{
    client::{CLIENTS, Client},
    plan::CHANNELS,
    talk::{Message, Post},
    world::World,
    writes::{Change, Write},
};

/// Where the agency gets and sends mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mailbox {
    /// At Google.
    Gmail,
    /// At Microsoft.
    Outlook,
    /// At a mail server of its own, which speaks IMAP and SMTP.
    Imap,
}

impl Mailbox {
    /// To which a client writes, by its place.
    pub const fn of(client: usize) -> Self {
        match client % 2 {
            _ if client == CLIENTS - 1 => Self::Imap,
            0 => Self::Gmail,
            _ => Self::Outlook,
        }
    }

    /// Its address.
    pub const fn address(self) -> &'static str {
        match self {
            Self::Gmail => "team@agency.example",
            Self::Outlook => "studio@agency.example",
            Self::Imap => "desk@agency.example",
        }
    }

    /// Another address that leads to it and that may be written from.
    pub const fn alias(self) -> &'static str {
        match self {
            Self::Gmail => "hello@agency.example",
            Self::Outlook => "office@agency.example",
            Self::Imap => "service@agency.example",
        }
    }

    /// Its place among all that can be changed, after the channels.
    pub const fn place(self) -> usize {
        match self {
            Self::Gmail => CHANNELS,
            Self::Outlook => CHANNELS + 1,
            Self::Imap => CHANNELS + 2,
        }
    }

    /// What it keeps the letter under that the change at this place among its changes sent, or put there.
    pub(crate) fn sent_key(self, change: usize) -> String {
        format!("sent-{}-{change}", self.place())
    }
}

/// The labels that all mailboxes know, by Gmail's names.
pub(crate) const INBOX: &str = "INBOX";
pub(crate) const UNREAD: &str = "UNREAD";
pub(crate) const SENT: &str = "SENT";
pub(crate) const SPAM: &str = "SPAM";
pub(crate) const TRASH: &str = "TRASH";

pub(crate) type Labels = BTreeSet<String>;

/// So many things can happen within a second.
const STEP: i64 = 1_000_000;
/// What is done through the provider comes after what happens by itself in the same second.
const DONE: i64 = 1_000;
/// For how long it is remembered what happened.
const KEPT: Duration = Duration::days(14);

/// What lies in a mailbox.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// What the mailbox keeps it under.
    pub key: String,
    /// Its `Message-ID`, without angle brackets.
    pub id: String,
    /// What its conversation is kept under.
    pub conversation: String,
    /// When it came or was sent.
    pub at: OffsetDateTime,
    content: Content,
    labels: Labels,
}

#[derive(Clone, Debug)]
enum Content {
    /// Somebody of this world wrote it.
    Drawn(Box<Message>),
    /// It came through the provider.
    Written(String),
}

/// What happened to a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It came or was sent.
    Came,
    /// Its labels changed.
    Labels { added: Vec<String>, removed: Vec<String> },
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub number: u64,
    /// The letter's place.
    pub letter: usize,
    pub what: What,
}

/// How a letter stands after something happened.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub labels: Labels,
    /// What happened to it last.
    pub changed: u64,
}

/// A mailbox at a moment.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    world: &'a World,
    pub mailbox: Mailbox,
    /// The first first.
    pub letters: Vec<Letter>,
    /// The first first.
    pub events: Vec<Event>,
    /// What has happened until now has this number at most, and what happens later a higher one.
    pub now: u64,
}

fn number(at: OffsetDateTime, rank: i64) -> u64 {
    (at.unix_timestamp() * STEP + rank).unsigned_abs()
}

fn labels(of: &[&str]) -> Labels {
    of.iter().map(|label| (*label).to_owned()).collect()
}

/// As it lies there when it comes.
fn drawn(world: &World, message: &Message) -> Letter {
    let mut stream = world.plan.key.name("labels").name(&message.id).stream();
    let of: &[&str] = match (message.outbound, message.post) {
        (true, _) => &[SENT],
        (_, Post::Newsletter) => match stream.below(10) {
            0 => &[SPAM, UNREAD],
            // Somebody made a rule.
            1 | 2 => &["CATEGORY_PROMOTIONS", UNREAD],
            _ => &["CATEGORY_PROMOTIONS", INBOX, UNREAD],
        },
        _ => &["CATEGORY_PERSONAL", INBOX, UNREAD],
    };
    Letter {
        key: message.id.clone(),
        id: message.id.clone(),
        conversation: message.conversation.clone(),
        at: message.sent_at,
        labels: labels(of),
        content: Content::Drawn(Box::new(message.clone())),
    }
}

/// What somebody put into the mailbox by hand.
fn put(key: String, source: &str, at: OffsetDateTime, of: &[String]) -> Letter {
    let id = people::read(source).id.unwrap_or_else(|| format!("{key}@agency.example"));
    let labels = of.iter().cloned().collect();
    Letter { conversation: key.clone(), key, id, at, content: Content::Written(source.to_owned()), labels }
}

/// When somebody at the agency reads what came; some newsletters nobody does.
fn read_at(world: &World, message: &Message) -> Option<OffsetDateTime> {
    let mut stream = world.plan.key.name("read").name(&message.id).stream();
    let never = message.outbound || (message.post == Post::Newsletter && stream.chance(0.4));
    (!never).then(|| message.sent_at + Duration::minutes(stream.whole(20, 20 * 60)))
}

impl World {
    /// A mailbox at a moment, after everything that was done through the provider.
    pub(crate) fn open(&self, mailbox: Mailbox, writes: &[Write], now: OffsetDateTime) -> Opened<'_> {
        let done: Vec<_> = writes.iter().filter(|write| write.channel == mailbox.place()).collect();
        let clients = self.clients().iter().filter(|client| Mailbox::of(client.index) == mailbox);
        let own = |client: &Client| self.messages(client, OffsetDateTime::UNIX_EPOCH, now);
        let mut own: Vec<Message> = clients.flat_map(own).collect();
        // Who got an answer through the provider needs none of those that the agency would have written later.
        let mut answered = BTreeMap::<&str, OffsetDateTime>::new();
        for write in &done {
            if let Change::Sent { conversation: Some(of), .. } = &write.change {
                answered.entry(of).or_insert(write.at);
            }
        }
        own.retain(|message| answered.get(message.conversation.as_str()).is_none_or(|at| message.sent_at <= *at));
        // What happened by itself: when, to what, whether it was only read.
        let mut happened = vec![];
        let mut letters = vec![];
        for message in &own {
            happened.push((message.sent_at, message.id.clone(), false));
            let read = read_at(self, message).filter(|at| *at <= now);
            happened.extend(read.map(|at| (at, message.id.clone(), true)));
            letters.push(drawn(self, message));
        }
        // What was done: the place, the letter, what happened to it.
        let mut changes = vec![];
        for (place, write) in done.iter().enumerate() {
            let done_at = number(write.at, DONE + i64::try_from(place).unwrap_or_default());
            match &write.change {
                Change::Sent { source, conversation, recipients } => {
                    let (conversation, to) = (conversation.as_deref(), recipients.as_slice());
                    let (letter, answer) = self.sent(mailbox, place, write.at, (source.as_str(), conversation, to));
                    changes.push((done_at, letter.key.clone(), What::Came));
                    letters.push(letter);
                    if let Some(answer) = answer.filter(|answer| answer.sent_at <= now) {
                        happened.push((answer.sent_at, answer.id.clone(), false));
                        letters.push(drawn(self, &answer));
                    }
                }
                Change::Put { source, at, labels } => {
                    let letter = put(mailbox.sent_key(place), source, *at, labels);
                    changes.push((done_at, letter.key.clone(), What::Came));
                    letters.push(letter);
                }
                Change::Labels { letter, added, removed } => {
                    let what = What::Labels { added: added.clone(), removed: removed.clone() };
                    changes.push((done_at, letter.clone(), what));
                }
                Change::Runs { .. } | Change::Budget { .. } | Change::Unset { .. } | Change::Left { .. } => {}
            }
        }
        happened.sort_by(|one, other| (one.0, one.2, &one.1).cmp(&(other.0, other.2, &other.1)));
        let (mut second, mut rank) = (i64::MIN, 0);
        for (at, key, read) in happened {
            rank = if at.unix_timestamp() == second { rank + 1 } else { 0 };
            second = at.unix_timestamp();
            let what = match read {
                true => What::Labels { added: vec![], removed: vec![UNREAD.to_owned()] },
                false => What::Came,
            };
            changes.push((number(at, rank), key, what));
        }
        letters.sort_by(|one, other| (one.at, &one.key).cmp(&(other.at, &other.key)));
        let mut events: Vec<Event> = {
            let places: BTreeMap<&str, usize> =
                letters.iter().zip(0..).map(|(letter, place)| (letter.key.as_str(), place)).collect();
            let event = |(number, key, what): (u64, String, What)| {
                Some(Event { number, letter: *places.get(key.as_str())?, what })
            };
            changes.into_iter().filter_map(event).collect()
        };
        events.sort_by_key(|event| event.number);
        let most = DONE - 1 + i64::try_from(done.len()).unwrap_or_default();
        Opened { world: self, mailbox, letters, events, now: number(now, most) }
    }

    /// What was sent, and the answer to it that comes some time later. Where the envelope said who gets it, nobody else does.
    fn sent(
        &self,
        mailbox: Mailbox,
        place: usize,
        at: OffsetDateTime,
        (source, conversation, envelope): (&str, Option<&str>, &[String]),
    ) -> (Letter, Option<Message>) {
        let key = mailbox.sent_key(place);
        let mut read = people::read(source);
        if !envelope.is_empty() {
            read.to.retain(|to| envelope.contains(to));
        }
        let id = read.id.clone().unwrap_or_else(|| format!("{key}@agency.example"));
        let conversation = conversation.unwrap_or(&key).to_owned();
        let answer = people::answer(self, mailbox, (at, &id, &conversation), &read, place);
        let content = Content::Written(source.to_owned());
        (Letter { key, id, conversation, at, content, labels: labels(&[SENT]) }, answer)
    }
}

impl Opened<'_> {
    /// How each letter stood after everything up to a number had happened; none for one that was not there yet.
    pub fn states(&self, until: u64) -> Vec<Option<State>> {
        self.replay(until, |_, _| {})
    }

    /// The same; `each` is told how a letter stood after each of the things that happened, the first first.
    pub fn replay(&self, until: u64, mut each: impl FnMut(&Event, &State)) -> Vec<Option<State>> {
        let mut states: Vec<Option<State>> = vec![None; self.letters.len()];
        for event in self.events.iter().filter(|event| event.number <= until) {
            let place = &mut states[event.letter];
            match (&event.what, place) {
                (What::Came, place) => {
                    let labels = self.letters[event.letter].labels.clone();
                    *place = Some(State { labels, changed: event.number });
                }
                (What::Labels { added, removed }, Some(state)) => {
                    state.labels.retain(|label| !removed.contains(label));
                    state.labels.extend(added.iter().cloned());
                    state.changed = event.number;
                }
                (What::Labels { .. }, None) => {}
            }
            if let Some(state) = &states[event.letter] {
                each(event, state);
            }
        }
        states
    }

    /// Whether it is still remembered what happened after this number.
    pub fn remembers(&self, since: u64) -> bool {
        let oldest = self.now.saturating_sub((KEPT.whole_seconds() * STEP).unsigned_abs());
        (oldest..=self.now).contains(&since)
    }

    /// A letter as it was transferred.
    pub fn source(&self, letter: &Letter) -> String {
        match &letter.content {
            Content::Written(source) => source.clone(),
            Content::Drawn(message) => {
                let named = |other: &&Letter| Some(&other.id) == message.in_reply_to.as_ref();
                let before = self.letters.iter().find(named).and_then(|other| match &other.content {
                    Content::Drawn(before) => Some(before.as_ref()),
                    Content::Written(_) => None,
                });
                source::draw(self.world, self.mailbox, message, before)
            }
        }
    }

    /// The conversation that an e-mail says it belongs to, if it is here.
    pub fn conversation(&self, source: &str) -> Option<&str> {
        let read = people::read(source);
        let named = |id: &String| self.letters.iter().find(|letter| letter.id == *id);
        read.answers.iter().find_map(named).map(|letter| letter.conversation.as_str())
    }

    /// Whether an e-mail says who is to get it.
    pub fn addressed(source: &str) -> bool {
        people::read(source).recipients > 0
    }
}

#[cfg(test)]
mod tests;
