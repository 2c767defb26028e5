//! The world answering on the providers' own protocols: a question of HTTP in, an answer out.
//!
//! There are no sockets here; whoever serves it hands over what came. A provider is one file below, with its paths, its
//! encodings and its words of refusal. Grants need no memory but for what is used up: a code or token names its client and
//! carries a mark that only this world makes, so that connections survive a restart.

mod graphql;
pub mod shopify;
pub mod tiktok;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use time::{Duration, OffsetDateTime};

use crate::{client::Client, random::Key, world::World};

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// GET, POST or DELETE.
    pub method: String,
    /// The path, from its first slash to before the query.
    pub path: String,
    /// The decoded parameters of the query.
    pub query: BTreeMap<String, String>,
    /// The headers, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
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

impl Answer {
    fn json(status: u16, body: &serde_json::Value) -> Self {
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
    /// The secret that it proves itself with.
    pub secret: String,
    /// The only address to which consent leads back, without parameters.
    pub redirect_uri: String,
}

/// Where questions are answered.
#[derive(Debug)]
pub struct Desk {
    /// What is told of.
    pub world: World,
    app: App,
    /// Codes and tokens that no longer work.
    used: Mutex<BTreeSet<String>>,
}

impl Desk {
    /// A desk for one world and one app.
    pub fn new(world: World, app: App) -> Self {
        Self { world, app, used: Mutex::default() }
    }

    /// Something to show later that names a client; `kind` tells a code from a token, `from` one from another.
    fn grant(&self, kind: &str, client: &Client, from: i64) -> String {
        let key = Key::new(self.world.seed()).name("grant").name(kind).name(&self.app.id).number(client.index as u64);
        let mut stream = key.number(from.unsigned_abs()).stream();
        format!("{kind}-{}-{from:x}-{:016x}{:016x}", client.index, stream.bits(), stream.bits())
    }

    /// The client that a code or token names and when it was given (seconds since 1970), if this world made it.
    fn granted(&self, kind: &str, shown: &str) -> Option<(&Client, i64)> {
        let mut parts = shown.strip_prefix(kind)?.strip_prefix('-')?.splitn(3, '-');
        let client = self.world.clients().get(parts.next()?.parse::<usize>().ok()?)?;
        let from = i64::from_str_radix(parts.next()?, 16).ok().filter(|from| *from >= 0)?;
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        (self.grant(kind, client, from) == shown && !used.contains(shown)).then_some((client, from))
    }

    /// From now on it no longer works; false if it already did not.
    fn use_up(&self, shown: &str) -> bool {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(shown.to_owned())
    }

    /// Takes a code that was given within the last hour, once.
    fn redeem(&self, kind: &str, code: &str, now: OffsetDateTime) -> Option<&Client> {
        let (client, from) = self.granted(kind, code)?;
        let age = now - OffsetDateTime::from_unix_timestamp(from).ok()?;
        (age <= Duration::HOUR && self.use_up(code)).then_some(client)
    }
}

/// Escapes what stands in HTML, attributes included.
fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Escapes a value of a query.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Reads the fields of a form or query; what is not text is left out.
fn fields(text: &str) -> BTreeMap<String, String> {
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
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter_map(|(name, value)| Some((decode(name)?, decode(value)?))).collect()
}

/// Cents as a decimal text with two places.
fn decimal(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn grants_are_only_this_worlds_and_codes_work_once_within_an_hour() {
        let app = App { id: "a".into(), secret: "s".into(), redirect_uri: "http://x/back".into() };
        let desk = |seed| Desk::new(World::new(seed, date!(2026 - 06 - 15)).unwrap(), app.clone());
        let (desk, other) = (desk(1), desk(2));
        let now = OffsetDateTime::from_unix_timestamp(1_780_000_000).unwrap();
        let code = desk.grant("code", &desk.world.clients()[3], now.unix_timestamp());
        assert!(other.redeem("code", &code, now).is_none());
        assert!(desk.redeem("token", &code, now).is_none());
        assert!(desk.redeem("code", &code, now + Duration::minutes(61)).is_none());
        assert_eq!(desk.redeem("code", &code, now).map(|client| client.index), Some(3));
        assert!(desk.redeem("code", &code, now).is_none());
        for bad in ["", "code-", "code-9-0-0", "code-3--1-0", "code-3-zz-0", &code[..code.len() - 1]] {
            assert!(desk.granted("code", bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn amounts_and_texts_are_encoded() {
        assert_eq!([5, 1234, -70].map(decimal), ["0.05", "12.34", "-0.70"]);
        assert_eq!(
            (encoded("a b&c=ü"), html("<\"&'>")),
            ("a%20b%26c%3D%C3%BC".into(), "&lt;&quot;&amp;&#39;&gt;".into())
        );
    }
}
