//! The world answering on the providers' own protocols: a question of HTTP in, an answer out.
//!
//! There are no sockets here; whoever serves it hands over what came. A provider is one file below, with its paths, its
//! encodings and its words of refusal. Codes and tokens are made in `grant`. The mailbox at a mail server of its own is no HTTP:
//! `imap` and `smtp` answer line by line.

pub mod gmail;
pub mod google;
mod grant;
pub mod graph;
mod graphql;
pub(crate) mod imap;
pub mod meta;
pub(crate) mod refuse;
pub mod shopify;
pub(crate) mod smtp;
pub mod tiktok;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::{Date, Duration, OffsetDateTime};

use self::grant::Holder;
use crate::{
    client::Client,
    daytime::Known,
    mail::{Mailbox, Opened},
    plan::Channel,
    world::{Error, World},
    writes::{self, Change, Write},
};

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// GET, POST, PATCH or DELETE.
    pub method: String,
    /// The path, from its first slash to before the query.
    pub path: String,
    /// The decoded parameters of the query; one that is there several times has its values with commas between them.
    pub query: BTreeMap<String, String>,
    /// The headers, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether platforms are to tell of past days what they will restate.
    pub early: bool,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, content type included.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// Answers a question at a moment, as the provider would whose path it is; in no provider's words if it is nobody's.
pub fn answer(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let google = google::answer(desk, question, now);
    let answer = google.or_else(|| meta::answer(desk, question, now));
    let answer = answer.or_else(|| tiktok::answer(desk, question, now));
    let answer = answer.or_else(|| shopify::answer(desk, question, now));
    let answer = answer.or_else(|| gmail::answer(desk, question, now));
    let answer = answer.or_else(|| graph::answer(desk, question, now));
    answer.unwrap_or_else(|| Answer::json(404, &serde_json::json!({ "error": "no simulated provider has this path" })))
}

impl Answer {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, headers: vec![("content-type", "application/json".into())], body: body.to_string() }
    }

    fn page(status: u16, title: &str, inside: &str) -> Self {
        let body = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
             <body><main><h1>{title}</h1>{inside}</main></body></html>"
        );
        Self { status, headers: vec![("content-type", "text/html; charset=utf-8".into())], body }
    }
}

/// The product as an app at the simulated providers.
#[derive(Clone, Debug)]
pub struct App {
    /// The id that it shows.
    pub id: String,
    /// The secret that it proves itself with; to the mail server that takes no consent, the mailbox's password.
    pub secret: String,
    /// What Google Ads wants beside a person's token.
    pub developer_token: String,
    /// The only addresses to which consent leads back, without parameters.
    pub redirect_uris: Vec<String>,
}

/// What the world is told as of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The end of the world's day, in every zone: all that a judge knows of it.
    EndOfDay,
    /// The moment of the question.
    Moment,
}

/// Where questions are answered.
#[derive(Debug)]
pub struct Desk {
    /// What is told of.
    pub world: World,
    edge: Edge,
    app: App,
    state: Arc<State>,
}

/// What is remembered from one question to the next, and through other worlds.
#[derive(Debug, Default)]
struct State {
    /// Codes and tokens that no longer work.
    used: Mutex<BTreeSet<String>>,
    /// Until when all tokens of a holder were taken back, in seconds since 1970.
    ended: Mutex<BTreeMap<String, i64>>,
    writes: Mutex<Vec<Write>>,
    operations: Mutex<Vec<shopify::Operation>>,
    runs: Mutex<Vec<meta::Run>>,
    /// How often the folders of the mailbox at a mail server were numbered anew.
    renumbered: Mutex<u32>,
}

/// Takes a lock, whatever happened to who had it.
pub(crate) fn hold<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// A desk for one world and one app.
    pub fn new(world: World, edge: Edge, app: App) -> Self {
        Self { world, edge, app, state: Arc::default() }
    }

    /// The same desk with what was changed put into the world; none if nothing was.
    pub fn renewed(&self) -> Option<Self> {
        let writes = hold(&self.state.writes).clone();
        (writes != self.world.writes()).then(|| self.before(self.world.with(writes)))
    }

    /// The same desk before a world of the same seed on another day.
    ///
    /// # Errors
    /// There is no such day.
    pub fn on(&self, today: Date, edge: Edge) -> Result<Self, Error> {
        let world = World::since(self.world.seed(), self.world.first(), today)?;
        Ok(Self { edge, ..self.before(world.with(hold(&self.state.writes).clone())) })
    }

    /// How far the world is told.
    pub fn edge(&self) -> Edge {
        self.edge
    }

    /// Whether something was changed that is not yet in the world.
    pub fn changed(&self) -> bool {
        *hold(&self.state.writes) != self.world.writes()
    }

    fn before(&self, world: World) -> Self {
        Self { world, edge: self.edge, app: self.app.clone(), state: Arc::clone(&self.state) }
    }

    /// How far a client's numbers are known to who asks at a moment.
    fn known(&self, client: &Client, question: &Question, now: OffsetDateTime) -> Known {
        let known = match self.edge {
            Edge::EndOfDay => Known::end_of(client, self.world.today()),
            Edge::Moment => Known::at(client, now, self.world.today()),
        };
        Known { early: question.early, ..known }
    }

    /// What was changed, also what is not yet in the world; oldest first.
    pub fn writes(&self) -> Vec<Write> {
        hold(&self.state.writes).clone()
    }

    /// Takes up what was changed before the program was started again. A shorter list than is known already is an older one.
    pub fn take_up(&self, writes: Vec<Write>) {
        let mut known = hold(&self.state.writes);
        if writes.len() > known.len() {
            *known = writes;
        }
    }

    /// Makes a change from the moment on.
    fn write(&self, channel: &Channel, now: OffsetDateTime, change: Change) {
        let at = self.acts_from(channel, now);
        hold(&self.state.writes).push(Write { at, channel: channel.index, change, part_of: None });
    }

    /// Makes all of these changes from the moment on, unless any was made as a part of the same before; whether it made them.
    pub(crate) fn write_once(&self, part_of: &str, now: OffsetDateTime, changes: &[(&Channel, Change)]) -> bool {
        let mut writes = hold(&self.state.writes);
        if writes.iter().any(|write| write.part_of.as_deref() == Some(part_of)) {
            return false;
        }
        writes.extend(changes.iter().map(|(channel, change)| Write {
            at: self.acts_from(channel, now),
            channel: channel.index,
            change: change.clone(),
            part_of: Some(part_of.to_owned()),
        }));
        true
    }

    /// A mailbox as it is now.
    fn open(&self, mailbox: Mailbox, now: OffsetDateTime) -> Opened<'_> {
        self.world.open(mailbox, &hold(&self.state.writes), now)
    }

    /// Makes a change in a mailbox and tells its place among all of that mailbox's. It is there at once, also at the end of a day.
    fn write_mail(&self, mailbox: Mailbox, now: OffsetDateTime, change: Change) -> usize {
        let mut writes = hold(&self.state.writes);
        let place = writes.iter().filter(|write| write.channel == mailbox.place()).count();
        writes.push(Write { at: now, channel: mailbox.place(), change, part_of: None });
        place
    }

    fn renumbered(&self) -> u32 {
        *hold(&self.state.renumbered)
    }

    /// From now on the numbers of messages at the mail server mean others.
    pub(crate) fn renumber(&self) {
        *hold(&self.state.renumbered) += 1;
    }

    /// Sets back, from the moment on, what the changes that were a part of the same set, unless it was set anew since. What is
    /// set back already stays so.
    pub(crate) fn take_back(&self, part_of: &str, now: OffsetDateTime) {
        let mut writes = hold(&self.state.writes);
        let back = writes::back(&writes, part_of);
        writes.extend(back.into_iter().map(|(channel, change)| {
            let at = self.acts_from(&self.world.channels()[channel], now);
            Write { at, channel, change, part_of: Some(part_of.to_owned()) }
        }));
    }

    /// From when on a change acts that is made now.
    fn acts_from(&self, channel: &Channel, now: OffsetDateTime) -> OffsetDateTime {
        match self.edge {
            // All of the day has been told already.
            Edge::EndOfDay => self.world.end_of(self.world.client_of(channel), self.world.today()) + Duration::SECOND,
            Edge::Moment => now,
        }
    }

    fn back(&self, uri: &str) -> Option<&str> {
        self.app.redirect_uris.iter().map(String::as_str).find(|known| *known == uri)
    }
}

/// Escapes what stands in HTML, attributes included.
pub(crate) fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Escapes a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Reads the fields of a form or query; what is not text is left out, and what comes again is put behind with a comma.
pub(crate) fn fields(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let (mut bytes, mut rest) = (vec![], text.as_bytes());
        while let [first, after @ ..] = rest {
            let pair = after.get(..2).and_then(|pair| hex::decode(pair).ok());
            rest = match (first, pair) {
                (b'%', Some(byte)) => {
                    bytes.extend(byte);
                    &after[2..]
                }
                _ => {
                    bytes.push(if *first == b'+' { b' ' } else { *first });
                    after
                }
            };
        }
        String::from_utf8(bytes).ok()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut all = BTreeMap::<String, String>::new();
    for (name, value) in pairs.filter_map(|(name, value)| Some((decode(name)?, decode(value)?))) {
        match all.get_mut(&name) {
            Some(known) => *known = format!("{known},{value}"),
            None => {
                all.insert(name, value);
            }
        }
    }
    all
}

/// A source that was sent, as text: what is none is replaced, and what databases keep in no text.
fn text(source: &[u8]) -> String {
    String::from_utf8_lossy(source).replace('\0', "\u{fffd}")
}

/// A part of a path without its escapes.
fn unescaped(part: &str) -> String {
    fields(&format!("part={}", part.replace('+', "%2B").replace('&', "%26"))).remove("part").unwrap_or_default()
}

/// Cents as a decimal text with two places.
fn decimal(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

/// What the tests of all protocols share.
#[cfg(test)]
mod test {
    use super::*;

    pub const REDIRECT: &str = "http://localhost/back";

    /// A desk of an app that everything is known of.
    pub fn desk(world: World) -> Desk {
        let (id, secret, developer_token) = ("app".into(), "secret".into(), "developer".into());
        Desk::new(world, Edge::EndOfDay, App { id, secret, developer_token, redirect_uris: vec![REDIRECT.into()] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn what_is_a_part_of_the_same_is_changed_once() {
        let desk = test::desk(World::new(1, date!(2026 - 06 - 15)).unwrap());
        let account = desk.world.channels().iter().find(|channel| channel.platform.ads()).unwrap();
        let budget = |cents| [(account, Change::Budget { campaign: "1".to_owned(), cents })];
        let now = OffsetDateTime::from_unix_timestamp(1_781_500_000).unwrap();
        assert!(desk.write_once("a", now, &budget(100)));
        assert!(!desk.write_once("a", now + Duration::DAY, &budget(200)));
        assert!(desk.write_once("b", now, &budget(300)));
        let made: Vec<_> = desk.writes().into_iter().map(|write| (write.part_of, write.change)).collect();
        let expected = [("a", 100), ("b", 300)].map(|(of, cents)| {
            let [(_, change)] = budget(cents);
            (Some(of.to_owned()), change)
        });
        assert_eq!(made, expected);
    }

    #[test]
    fn amounts_and_texts_are_encoded() {
        assert_eq!(unescaped("a%40b%3D+c%2Fd"), "a@b=+c/d");
        assert_eq!(fields("a=1&b=2&a=3")["a"], "1,3");
        assert_eq!([5, 1234, -70].map(decimal), ["0.05", "12.34", "-0.70"]);
        assert_eq!(
            (encoded("a b&c=ü"), html("<\"&'>")),
            ("a%20b%26c%3D%C3%BC".into(), "&lt;&quot;&amp;&#39;&gt;".into())
        );
    }
}
