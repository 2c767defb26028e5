//! Where a message belongs: its conversation, and that conversation's client. Decided from what is given, without a database.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{conversation::MatchedBy, id::ClientId};
use store::client_rule::Known;

use super::parse::Parsed;

/// What tells to which conversation a message belongs: the provider's thread where it has one, else the `Message-ID`s (RFC 5322 §3.6.4).
pub(super) fn keys(thread: Option<&str>, parsed: &Parsed) -> Vec<Key> {
    match thread {
        Some(thread) => vec![Key::Thread(thread.to_owned())],
        // The newest are named last, and are the likeliest to be there.
        None => {
            let own = parsed.header_id.iter();
            own.chain(parsed.references.iter().rev()).map(|id| Key::Header(id.clone())).collect()
        }
    }
}

/// What tells to which conversation a message belongs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    /// The provider's thread.
    Thread(String),
    /// A `Message-ID`.
    Header(String),
}

/// Joins messages to conversations that are there, and to each other. `given` has the keys of each message, the earliest message
/// first; `new` begins a conversation for the message at a place.
pub(super) fn join<C: Copy>(given: &[Vec<Key>], there: HashMap<Key, C>, mut new: impl FnMut(usize) -> C) -> Vec<C> {
    let mut known = there;
    let mut joined = Vec::with_capacity(given.len());
    for (at, keys) in given.iter().enumerate() {
        let found = keys.iter().find_map(|key| known.get(key).copied());
        let conversation = found.unwrap_or_else(|| new(at));
        for key in keys {
            known.entry(key.clone()).or_insert(conversation);
        }
        joined.push(conversation);
    }
    joined
}

/// What is known of addresses.
#[derive(Debug, Default)]
pub(super) struct Book {
    addresses: BTreeMap<String, (ClientId, MatchedBy)>,
    domains: BTreeMap<String, ClientId>,
}

impl Book {
    pub(super) fn new(known: Vec<Known>) -> Self {
        let mut book = Self::default();
        for Known { value, client_id, by } in known {
            match by {
                MatchedBy::Domain => drop(book.domains.insert(value, client_id)),
                // What a person taught of one address goes before whose contact it is.
                MatchedBy::Address => drop(book.addresses.insert(value, (client_id, by))),
                MatchedBy::Contact | MatchedBy::Person => drop(book.addresses.entry(value).or_insert((client_id, by))),
            }
        }
        book
    }

    /// Whose a message is: its writer's client; where nothing is known of the writer, that of the others it names, if they are of one
    /// client. Never one of several.
    pub(super) fn client(&self, writer: &[&str], others: &[&str]) -> Option<(ClientId, MatchedBy)> {
        [writer, others].into_iter().find_map(|people| self.one(people))
    }

    fn one(&self, people: &[&str]) -> Option<(ClientId, MatchedBy)> {
        let by_address: Vec<_> = people.iter().filter_map(|address| self.addresses.get(*address).copied()).collect();
        let by_domain = people.iter().filter_map(|address| self.domains.get(domain(address)?));
        let found: Vec<_> = if by_address.is_empty() {
            by_domain.map(|client| (*client, MatchedBy::Domain)).collect()
        } else {
            by_address
        };
        let clients: BTreeSet<_> = found.iter().map(|(client, _)| *client).collect();
        if clients.len() == 1 { found.first().copied() } else { None }
    }
}

/// The domain of an address, if it says whose it is: that of a provider of mailboxes for everybody does not.
pub(crate) fn domain(address: &str) -> Option<&str> {
    let (_, domain) = address.rsplit_once('@')?;
    (!domain.is_empty() && !EVERYBODYS.contains(&domain)).then_some(domain)
}

/// Domains at which everybody may have an address, as their providers name them.
const EVERYBODYS: [&str; 34] = [
    "aol.com",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "yahoo.co.uk",
    "yahoo.com",
    "yandex.ru",
    "ymail.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: &str, client: u128, by: MatchedBy) -> Known {
        Known { value: value.into(), client_id: uuid::Uuid::from_u128(client).into(), by }
    }

    fn client(found: Option<(ClientId, MatchedBy)>) -> Option<(u128, MatchedBy)> {
        found.map(|(client, by)| (client.0.as_u128(), by))
    }

    #[test]
    fn messages_of_one_thread_come_together_in_whatever_order() {
        let header = |ids: &[&str]| ids.iter().map(|id| Key::Header((*id).into())).collect::<Vec<_>>();
        // Two answers to a message that is not there, that message, and something else.
        let given = [header(&["b", "a"]), header(&["c", "a"]), header(&["a"]), header(&["x"])];
        assert_eq!(join(&given, HashMap::new(), |at| at), [0, 0, 0, 3]);
        // An answer to one that is there.
        let there = HashMap::from([(Key::Header("a".into()), 7)]);
        assert_eq!(join(&[header(&["d", "a"]), header(&["e", "d"])], there, |at| at), [7, 7]);
    }

    #[test]
    fn a_message_is_of_its_writers_client_and_never_of_one_among_several() {
        let book = Book::new(vec![
            known("ana@mill.example", 1, MatchedBy::Contact),
            known("bo@bakery.example", 2, MatchedBy::Contact),
            known("mill.example", 1, MatchedBy::Domain),
            known("bakery.example", 2, MatchedBy::Domain),
            known("carl@gmail.com", 3, MatchedBy::Address),
        ]);
        assert_eq!(client(book.client(&["ana@mill.example"], &["bo@bakery.example"])), Some((1, MatchedBy::Contact)));
        assert_eq!(client(book.client(&["new@mill.example"], &[])), Some((1, MatchedBy::Domain)));
        assert_eq!(client(book.client(&["carl@gmail.com"], &[])), Some((3, MatchedBy::Address)));
        assert_eq!(client(book.client(&["dora@gmail.com"], &["bo@bakery.example"])), Some((2, MatchedBy::Contact)));
        assert_eq!(client(book.client(&["x@y.example"], &["ana@mill.example", "bo@bakery.example"])), None);
        assert_eq!(client(book.client(&["x@y.example"], &["new@mill.example", "old@bakery.example"])), None);
    }

    #[test]
    fn a_domain_where_everybody_has_an_address_is_nobodys() {
        assert_eq!(domain("carl@gmail.com"), None);
        assert_eq!(domain("ana@mill.example"), Some("mill.example"));
        assert!(EVERYBODYS.is_sorted());
    }
}
