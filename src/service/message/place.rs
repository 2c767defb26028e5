//! Where a message belongs: its conversation, and that conversation's client. Decided from what is given, without a database.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

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
/// first, and its client, if that says where it cannot belong; `whose` has the clients of conversations that are there; `new` begins a
/// conversation for the message at a place. What is forwarded from one client to another names the messages of the first: it begins a
/// conversation of the second.
pub(super) fn join<C: Copy + Eq + Hash, W: Copy + Eq>(
    given: &[(Vec<Key>, Option<W>)],
    there: HashMap<Key, C>,
    mut whose: HashMap<C, W>,
    mut new: impl FnMut(usize) -> C,
) -> Vec<C> {
    let mut known = there;
    let mut joined = Vec::with_capacity(given.len());
    for (at, (keys, client)) in given.iter().enumerate() {
        let fits = |found: &C| client.is_none() || whose.get(found).is_none_or(|whose| Some(*whose) == *client);
        let found = keys.iter().find_map(|key| known.get(key).copied().filter(|found| fits(found)));
        let conversation = found.unwrap_or_else(|| new(at));
        if let Some(client) = client {
            whose.entry(conversation).or_insert(*client);
        }
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
        for people in [writer, others] {
            let mut found: BTreeMap<ClientId, MatchedBy> = BTreeMap::new();
            for (client, by) in people.iter().filter_map(|address| self.of(address)) {
                let known = found.entry(client).or_insert(by);
                // An address says more than its domain.
                if *known == MatchedBy::Domain {
                    *known = by;
                }
            }
            // Of several it is nobody's until somebody says so; of whom nothing is known, nothing is said.
            if !found.is_empty() {
                return if found.len() == 1 { found.into_iter().next() } else { None };
            }
        }
        None
    }

    fn of(&self, address: &str) -> Option<(ClientId, MatchedBy)> {
        let known = self.addresses.get(address).copied();
        known.or_else(|| Some((*self.domains.get(domain(address)?)?, MatchedBy::Domain)))
    }
}

/// The domain of an address, if it says whose it is: that of a provider of mailboxes for everybody does not.
pub(crate) fn domain(address: &str) -> Option<&str> {
    let (_, domain) = address.rsplit_once('@')?;
    let (first, rest) = domain.split_once('.')?;
    // The large providers have a domain in each country.
    let country = FAMILIES.contains(&first) && rest.split('.').all(|part| part.len() <= 3);
    (!first.is_empty() && !country && !EVERYBODYS.contains(&domain)).then_some(domain)
}

/// The first parts of domains that their providers have in many countries.
const FAMILIES: [&str; 9] = ["aol", "gmx", "hotmail", "live", "msn", "outlook", "rocketmail", "yahoo", "ymail"];

/// Domains at which everybody may have an address, as their providers name them, and those that write to everybody about their page there.
const EVERYBODYS: [&str; 35] = [
    "163.com",
    "arcor.de",
    "btinternet.com",
    "comcast.net",
    "facebook.com",
    "facebookmail.com",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "googlemail.com",
    "icloud.com",
    "instagram.com",
    "laposte.net",
    "libero.it",
    "linkedin.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "naver.com",
    "orange.fr",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "tiktok.com",
    "verizon.net",
    "wanadoo.fr",
    "web.de",
    "x.com",
    "yandex.ru",
    "zoho.com",
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
        let header = |ids: &[&str]| (ids.iter().map(|id| Key::Header((*id).into())).collect::<Vec<_>>(), None::<u8>);
        // Two answers to a message that is not there, that message, and something else.
        let given = [header(&["b", "a"]), header(&["c", "a"]), header(&["a"]), header(&["x"])];
        assert_eq!(join(&given, HashMap::new(), HashMap::new(), |at| at), [0, 0, 0, 3]);
        // An answer to one that is there.
        let there = HashMap::from([(Key::Header("a".into()), 7)]);
        let given = [header(&["d", "a"]), header(&["e", "d"])];
        assert_eq!(join(&given, there, HashMap::from([(7, 1)]), |at| at), [7, 7]);
    }

    #[test]
    fn what_is_forwarded_to_another_client_is_no_part_of_the_first_ones_conversation() {
        let header = |ids: &[&str], whose: Option<u8>| {
            (ids.iter().map(|id| Key::Header((*id).into())).collect::<Vec<_>>(), whose)
        };
        let given = [
            header(&["a"], Some(1)),
            header(&["b", "a"], Some(2)),
            header(&["c", "b", "a"], Some(2)),
            header(&["d", "a"], Some(1)),
            header(&["e", "a"], None),
        ];
        assert_eq!(join(&given, HashMap::new(), HashMap::new(), |at| at), [0, 1, 1, 0, 0]);
        // The same where the first is there already, and is nobody's yet.
        let there = || HashMap::from([(Key::Header("a".into()), 7)]);
        assert_eq!(join(&given[1..], there(), HashMap::from([(7, 1)]), |at| at), [0, 0, 7, 7]);
        assert_eq!(join(&given[1..3], there(), HashMap::new(), |at| at), [7, 7]);
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
        // What we write to people of two clients is nobody's, whoever gets a copy; an address hides no domain.
        assert_eq!(client(book.client(&["ana@mill.example", "bo@bakery.example"], &["ana@mill.example"])), None);
        assert_eq!(client(book.client(&["ana@mill.example", "new@bakery.example"], &[])), None);
        let both = book.client(&["new@mill.example", "ana@mill.example", "x@y.example"], &["bo@bakery.example"]);
        assert_eq!(client(both), Some((1, MatchedBy::Contact)));
    }

    #[test]
    fn a_domain_where_everybody_has_an_address_is_nobodys() {
        for everybodys in ["gmail.com", "yahoo.de", "hotmail.co.uk", "live.com.au", "gmx.net", "facebookmail.com"] {
            assert_eq!(domain(&format!("carl@{everybodys}")), None, "{everybodys}");
        }
        assert_eq!(domain("ana@live.agency"), Some("live.agency"), "only its name is alike");
        assert_eq!(domain("ana@mill.example"), Some("mill.example"));
        assert!(EVERYBODYS.is_sorted() && FAMILIES.is_sorted());
    }
}
