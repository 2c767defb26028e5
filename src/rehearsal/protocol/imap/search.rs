//! Searches (RFC 9051 §6.4.4): what is asked of messages, and whether it is true of one. Texts are found in any case, those of
//! headers as they stand on the wire, but for the subject.

use std::cell::OnceCell;

use mail_parser::{Message, MessageParser};
use time::{Date, OffsetDateTime, UtcOffset};

use super::{
    Refusal,
    fetch::lines,
    folder::{View, flags},
    parse::{Rest, Set},
};
use crate::mail::{Letter, State};

/// What is asked of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    All,
    Every(Vec<Key>),
    Not(Box<Key>),
    Either(Box<Key>, Box<Key>),
    Flag(String),
    Numbers(Set),
    Uids(Set),
    /// When it came, or was sent as it says itself.
    Day {
        when: When,
        sent: bool,
        day: Date,
    },
    Line {
        name: String,
        text: String,
    },
    Subject(String),
    Body(String),
    Text(String),
    Larger(u64),
    Smaller(u64),
    Modseq(u64),
}

/// How a day stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    On,
    Since,
}

impl Key {
    /// Reads all that is asked.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(rest: &mut Rest<'_>) -> Result<Self, Refusal> {
        let mut all = || {
            let mut all = vec![];
            let begin = *rest;
            if rest.atom().is_some_and(|word| word.eq_ignore_ascii_case("CHARSET")) {
                rest.space()?;
                rest.text()?;
                rest.space()?;
            } else {
                *rest = begin;
            }
            loop {
                all.push(Self::one(rest)?);
                if rest.is_over() {
                    return Some(Self::Every(all));
                }
                rest.space()?;
            }
        };
        all().ok_or_else(|| Refusal::Bad("this search cannot be read".to_owned()))
    }

    fn one(rest: &mut Rest<'_>) -> Option<Self> {
        if rest.0.first() == Some(&b'(') {
            return rest.list(Self::one).map(Self::Every);
        }
        if rest.0.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'*') {
            return rest.set().map(Self::Numbers);
        }
        let word = rest.atom()?.to_ascii_uppercase();
        let mut given = || {
            rest.space()?;
            rest.text()
        };
        let line = |name: &str, text| Self::Line { name: name.to_owned(), text };
        let not = |key| Self::Not(Box::new(key));
        Some(match word.as_str() {
            "ALL" => Self::All,
            "ANSWERED" | "DELETED" | "DRAFT" | "FLAGGED" | "SEEN" => Self::Flag(format!("\\{word}")),
            "UNANSWERED" | "UNDELETED" | "UNDRAFT" | "UNFLAGGED" | "UNSEEN" => {
                not(Self::Flag(format!("\\{}", &word[2..])))
            }
            // Nobody is told first of a message.
            "RECENT" | "NEW" => not(Self::All),
            "OLD" => Self::All,
            "KEYWORD" => Self::Flag(given()?),
            "UNKEYWORD" => not(Self::Flag(given()?)),
            "FROM" | "TO" | "CC" | "BCC" => line(&word, given()?),
            "SUBJECT" => Self::Subject(given()?),
            "BODY" => Self::Body(given()?),
            "TEXT" => Self::Text(given()?),
            "HEADER" => line(&given()?, given()?),
            "LARGER" | "SMALLER" | "MODSEQ" => {
                let number = given()?.parse().ok()?;
                match word.as_str() {
                    "LARGER" => Self::Larger(number),
                    "SMALLER" => Self::Smaller(number),
                    _ => Self::Modseq(number),
                }
            }
            "NOT" => {
                rest.space()?;
                not(Self::one(rest)?)
            }
            "OR" => {
                rest.space()?;
                let one = Self::one(rest)?;
                rest.space()?;
                Self::Either(Box::new(one), Box::new(Self::one(rest)?))
            }
            "UID" => {
                rest.space()?;
                Self::Uids(rest.set()?)
            }
            other => {
                let (sent, when) = other.strip_prefix("SENT").map_or((false, other), |when| (true, when));
                let when = match when {
                    "BEFORE" => When::Before,
                    "ON" => When::On,
                    "SINCE" => When::Since,
                    _ => return None,
                };
                rest.space()?;
                Self::Day { when, sent, day: rest.day()? }
            }
        })
    }

    /// Whether it asks for what changed: then the answer says when that was.
    pub(super) fn of_changes(&self) -> bool {
        match self {
            Self::Modseq(_) => true,
            Self::Every(all) => all.iter().any(Self::of_changes),
            Self::Not(key) => key.of_changes(),
            Self::Either(one, other) => one.of_changes() || other.of_changes(),
            _ => false,
        }
    }
}

/// A message that is looked at.
pub(super) struct Candidate<'a> {
    pub view: &'a View<'a>,
    /// Its number among all, its own, and the largest of either.
    pub number: (u32, u32),
    pub uid: (u32, u32),
    pub letter: &'a Letter,
    pub state: &'a State,
    source: OnceCell<String>,
}

impl<'a> Candidate<'a> {
    pub(super) fn new(
        view: &'a View<'a>,
        number: (u32, u32),
        uid: (u32, u32),
        (letter, state): (&'a Letter, &'a State),
    ) -> Self {
        Self { view, number, uid, letter, state, source: OnceCell::new() }
    }

    fn source(&self) -> &str {
        self.source.get_or_init(|| self.view.opened.source(self.letter))
    }

    fn parsed(&self) -> Option<Message<'_>> {
        MessageParser::default().parse(self.source())
    }

    fn header(&self) -> &str {
        self.source().split_once("\r\n\r\n").map_or(self.source(), |(header, _)| header)
    }

    fn body(&self) -> String {
        let text = self.parsed().and_then(|parsed| parsed.body_text(0).map(|text| text.into_owned()));
        text.unwrap_or_default()
    }

    /// Whether a line of the header has this name and holds this text.
    fn has_line(&self, name: &str, text: &str) -> bool {
        lines(self.header()).iter().filter_map(|line| line.split_once(':')).any(|(known, value)| {
            let unfolded = value.replace("\r\n", "");
            known.trim().eq_ignore_ascii_case(name) && holds(&unfolded, text)
        })
    }

    /// Whether it is what is asked.
    pub(super) fn is(&self, key: &Key) -> bool {
        match key {
            Key::All => true,
            Key::Every(all) => all.iter().all(|key| self.is(key)),
            Key::Not(key) => !self.is(key),
            Key::Either(one, other) => self.is(one) || self.is(other),
            Key::Flag(flag) => flags(&self.state.labels).iter().any(|one| one.eq_ignore_ascii_case(flag)),
            Key::Numbers(set) => set.has(self.number.0, self.number.1),
            Key::Uids(set) => set.has(self.uid.0, self.uid.1),
            Key::Day { when, sent, day } => {
                let at = if *sent { self.sent_at() } else { Some(self.letter.at) };
                at.is_some_and(|at| {
                    let on = at.to_offset(UtcOffset::UTC).date();
                    match when {
                        When::Before => on < *day,
                        When::On => on == *day,
                        When::Since => on >= *day,
                    }
                })
            }
            Key::Line { name, text } => self.has_line(name, text),
            Key::Subject(text) => self.parsed().is_some_and(|parsed| holds(parsed.subject().unwrap_or_default(), text)),
            Key::Body(text) => holds(&self.body(), text),
            Key::Text(text) => holds(self.header(), text) || holds(&self.body(), text),
            Key::Larger(size) => self.source().len() as u64 > *size,
            Key::Smaller(size) => (self.source().len() as u64) < *size,
            Key::Modseq(number) => self.state.changed >= *number,
        }
    }

    fn sent_at(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.parsed()?.date()?.to_timestamp()).ok()
    }
}

fn holds(within: &str, text: &str) -> bool {
    within.to_lowercase().contains(&text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn searches_are_read_and_what_is_none_is_refused() {
        let read = |text: &str| Key::read(&mut Rest(text.as_bytes()));
        let flag = |name: &str| Key::Flag(name.to_owned());
        let day = Key::Day { when: When::Since, sent: false, day: date!(2026 - 05 - 16) };
        let uids = Rest(b"1:57").set().map(Key::Uids).unwrap();
        assert_eq!(read("UID 1:57 SINCE 16-May-2026"), Ok(Key::Every(vec![uids, day])));
        let line = Key::Line { name: "Message-ID".into(), text: "<a \"b\"@c>".into() };
        assert_eq!(read("HEADER Message-ID \"<a \\\"b\\\"@c>\""), Ok(Key::Every(vec![line])));
        let either = Key::Either(Box::new(flag("\\SEEN")), Box::new(Key::Not(Box::new(flag("\\FLAGGED")))));
        assert_eq!(read("CHARSET UTF-8 OR SEEN (NOT FLAGGED)").map(flat), Ok(vec![either]));
        assert!(read("UNSEEN MODSEQ 7").unwrap().of_changes() && !read("UNSEEN").unwrap().of_changes());
        for bad in ["", "UNSEEN ", "SINCE yesterday", "LUCK", "OR SEEN", "UID x", "HEADER a", "(SEEN"] {
            assert!(matches!(read(bad), Err(Refusal::Bad(_))), "{bad}");
        }
    }

    /// Without the parentheses around one.
    fn flat(key: Key) -> Vec<Key> {
        let Key::Every(all) = key else { return vec![key] };
        all.into_iter()
            .map(|key| match key {
                Key::Either(one, other) => Key::Either(one, Box::new(flat(*other).remove(0))),
                other => other,
            })
            .collect()
    }
}
