//! What an open page is told when something has changed: the kind of thing and its id, and nothing of what changed. The page reads
//! that again, by the same rules as before.

use std::fmt;

use uuid::Uuid;

/// A kind of thing that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A connection, or how far it was read.
    Connection,
    /// A client, or the figures of one.
    Client,
    /// A cycle of the brain ended.
    Brain,
    /// Somebody decided about an action.
    Action,
    /// Somebody saw to an alert.
    Alert,
    /// A conversation stands otherwise, or a message came to it.
    Conversation,
    /// Something may have been missed: all is to be read again.
    Gap,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Connection, Self::Client, Self::Brain, Self::Action, Self::Alert, Self::Conversation, Self::Gap];

    /// The word for it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Client => "client",
            Self::Brain => "brain",
            Self::Action => "action",
            Self::Alert => "alert",
            Self::Conversation => "conversation",
            Self::Gap => "gap",
        }
    }
}

/// A thing that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Its kind.
    pub kind: Kind,
    /// Its id; none of a gap.
    pub id: Option<Uuid>,
}

impl Event {
    /// A gap.
    pub const GAP: Self = Self { kind: Kind::Gap, id: None };

    /// Reads one as it is written; none for what is no event.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = match text.split_once(' ') {
            Some((kind, id)) => (kind, Some(id.parse().ok()?)),
            None => (text, None),
        };
        let kind = Kind::ALL.into_iter().find(|one| one.key() == kind)?;
        Some(Self { kind, id })
    }

    /// Whether it is about the thing with this id.
    pub fn of(&self, kind: Kind, id: &str) -> bool {
        self.kind == kind && self.id.is_some_and(|own| own.to_string() == id)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.key())?;
        self.id.map_or(Ok(()), |id| write!(f, " {id}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_as_it_is_written() {
        let id = Uuid::from_u128(7);
        for kind in Kind::ALL {
            for event in [Event { kind, id: None }, Event { kind, id: Some(id) }] {
                assert_eq!(Event::parse(&event.to_string()), Some(event));
            }
        }
        for rubbish in ["", "gaps", "client x", "client ", " gap"] {
            assert_eq!(Event::parse(rubbish), None, "{rubbish}");
        }
        let event = Event { kind: Kind::Client, id: Some(id) };
        assert!(event.of(Kind::Client, &id.to_string()) && !event.of(Kind::Action, &id.to_string()));
        assert!(!event.of(Kind::Client, "") && !Event::GAP.of(Kind::Gap, ""));
    }
}
