//! What the address of a dashboard asks for, and the addresses that its links lead to.

use leptos_router::params::ParamsMap;
use model::summary::{Persona, address};

use crate::components::as_of;

/// What the address asks for: of which client, for whom, as of when. What is blank is all, the first of them, now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub client: String,
    pub persona: String,
    pub as_of: String,
}

/// What of an address cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrong {
    pub persona: bool,
    pub as_of: bool,
}

impl Wrong {
    /// Whether anything is.
    pub const fn any(self) -> bool {
        self.persona || self.as_of
    }
}

/// The moment that an address names, if it is none; blank if it is one. Only the server reads moments, so that browsers load
/// nothing for it: no link leads to what is none, so what an address holds came with the page.
pub(super) fn unreadable(query: &ParamsMap) -> String {
    Some(as_of(query)).filter(|text| !readable(text)).unwrap_or_default()
}

#[cfg(feature = "ssr")]
fn readable(text: &str) -> bool {
    service::moment::parse(text).is_ok()
}

#[cfg(not(feature = "ssr"))]
fn readable(_: &str) -> bool {
    true
}

fn as_of(query: &ParamsMap) -> String {
    query.get("as_of").unwrap_or_default().trim().to_owned()
}

impl Asked {
    /// Reads the address. What cannot be read of it is left out, as if it were not asked for; `unreadable` is the moment that is
    /// known to be none.
    pub fn read(client: String, query: &ParamsMap, unreadable: &str) -> (Self, Wrong) {
        let (persona, as_of) = (query.get("persona").unwrap_or_default(), as_of(query));
        let wrong = Wrong {
            persona: !persona.is_empty() && Persona::parse(&persona).is_none(),
            as_of: !as_of.is_empty() && as_of == unreadable,
        };
        let right = |text: String, wrong: bool| if wrong { String::new() } else { text };
        (Self { client, persona: right(persona, wrong.persona), as_of: right(as_of, wrong.as_of) }, wrong)
    }

    /// The moment in words; none for now.
    pub fn moment(&self) -> Option<String> {
        (!self.as_of.is_empty()).then(|| match as_of::typed(&self.as_of).as_str() {
            "" => self.as_of.clone(),
            typed => format!("{} UTC", typed.replace('T', " ")),
        })
    }

    /// For whom the page speaks.
    pub fn speaker(&self) -> Persona {
        Persona::parse(&self.persona).unwrap_or_default()
    }

    /// The same page for somebody else.
    pub fn for_persona(&self, persona: Persona) -> String {
        Self { persona: persona.key().to_owned(), ..self.clone() }.href()
    }

    /// The same page of now.
    pub fn now(&self) -> String {
        Self { as_of: String::new(), ..self.clone() }.href()
    }

    /// The summary in the words of the same person.
    pub fn summary(&self) -> String {
        address(self.speaker(), &self.client)
    }

    /// The same page where its sources stand: all of them, or those that stand there at first.
    pub fn with_sources(&self, all: bool) -> String {
        let all = if all { "all".to_owned() } else { String::new() };
        let pairs = [("persona", &self.persona), ("as_of", &self.as_of), ("sources", &all)];
        format!("{}#sources", self.query(&pairs))
    }

    fn href(&self) -> String {
        self.query(&[("persona", &self.persona), ("as_of", &self.as_of)])
    }

    fn query(&self, pairs: &[(&'static str, &String)]) -> String {
        let page = match self.client.as_str() {
            "" => "/dashboard".to_owned(),
            client => format!("/clients/{client}/dashboard"),
        };
        let mut query = ParamsMap::new();
        for (name, text) in pairs.iter().filter(|(_, text)| !text.is_empty()) {
            query.insert(*name, (*text).clone());
        }
        format!("{page}{}", query.to_query_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_it_does_not_change() {
        let agency = Asked::default();
        assert_eq!(agency.for_persona(Persona::Director), "/dashboard?persona=director");
        assert_eq!((agency.speaker(), agency.summary()), (Persona::Cmo, "/summary?persona=cmo".to_owned()));
        let client = Asked { client: "0190-a".into(), persona: "cmo".into(), as_of: "2026-11-03".into() };
        assert_eq!(client.now(), "/clients/0190-a/dashboard?persona=cmo");
        let other = client.for_persona(Persona::VpGrowth);
        assert_eq!(other, "/clients/0190-a/dashboard?persona=vp%5Fgrowth&as%5Fof=2026%2D11%2D03");
        assert_eq!(client.summary(), "/summary?persona=cmo&client_id=0190-a");
        let sources = client.with_sources(true);
        assert_eq!(sources, "/clients/0190-a/dashboard?persona=cmo&as%5Fof=2026%2D11%2D03&sources=all#sources");
        assert_eq!(agency.with_sources(false), "/dashboard#sources");
    }

    #[test]
    fn what_cannot_be_read_of_an_address_is_left_out_and_told() {
        let read = |persona: &str, as_of: &str, unreadable: &str| {
            let mut query = ParamsMap::new();
            query.insert("persona", persona.to_owned());
            query.insert("as_of", as_of.to_owned());
            let (asked, wrong) = Asked::read(String::new(), &query, unreadable);
            (asked.persona, asked.as_of, wrong)
        };
        let (blank, moment) = (String::new(), "2026-11-03T12:00Z");
        let right = ("cmo".to_owned(), moment.to_owned(), Wrong::default());
        assert_eq!(read("cmo", &format!(" {moment} "), ""), right);
        assert_eq!(read("cmo", moment, "rubbish"), right, "another was none");
        let wrong = Wrong { persona: true, as_of: true };
        assert_eq!(read("ceo", "rubbish", "rubbish"), (blank.clone(), blank.clone(), wrong));
        assert_eq!(read("", "", ""), (blank.clone(), blank, Wrong::default()));
    }

    #[test]
    fn a_moment_is_told_with_its_zone() {
        let of = |as_of: &str| Asked { as_of: as_of.to_owned(), ..Asked::default() };
        let utc = Some("2026-11-03 12:00 UTC".to_owned());
        assert_eq!(of("2026-11-03T12:00").moment(), utc);
        assert_eq!(of("2026-11-03T12:00Z").moment(), utc);
        let elsewhere = "2026-11-03T12:00:00+01:00";
        assert_eq!(of(elsewhere).moment(), Some(elsewhere.to_owned()));
        assert_eq!(of("").moment(), None);
    }
}
