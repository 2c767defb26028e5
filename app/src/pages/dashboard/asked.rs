//! What the address of a dashboard asks for, and the addresses that its links lead to.

use leptos_router::params::ParamsMap;
use model::summary::Persona;

/// What the address asks for: of which client, for whom, as of when. What is blank is all, the first of them, now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub client: String,
    pub persona: String,
    pub as_of: String,
}

impl Asked {
    /// Reads the address.
    pub fn read(client: String, query: &ParamsMap) -> Self {
        let text = |name: &str| query.get(name).unwrap_or_default();
        Self { client, persona: text("persona"), as_of: text("as_of") }
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
        self.query("/summary", &[("persona", &self.persona), ("client_id", &self.client)])
    }

    fn href(&self) -> String {
        let page = match self.client.as_str() {
            "" => "/dashboard".to_owned(),
            client => format!("/clients/{client}/dashboard"),
        };
        self.query(&page, &[("persona", &self.persona), ("as_of", &self.as_of)])
    }

    fn query(&self, page: &str, pairs: &[(&'static str, &String)]) -> String {
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
        assert_eq!((agency.speaker(), agency.summary()), (Persona::Cmo, "/summary".to_owned()));
        let client = Asked { client: "0190-a".into(), persona: "cmo".into(), as_of: "2026-11-03".into() };
        assert_eq!(client.now(), "/clients/0190-a/dashboard?persona=cmo");
        let other = client.for_persona(Persona::VpGrowth);
        assert_eq!(other, "/clients/0190-a/dashboard?persona=vp%5Fgrowth&as%5Fof=2026%2D11%2D03");
        assert_eq!(client.summary(), "/summary?persona=cmo&client%5Fid=0190%2Da");
    }
}
