//! What the address of the page asks for, and the addresses that its links lead to.
//!
//! The question stands in it as `model::analytics::Question` spells it. Only the server reads it, so that browsers load nothing
//! for that: here it is names and texts, kept as they came, also where they make no sense.

use crate::components::form::{address, query};

/// The names that the question is made of.
const QUESTION: [&str; 9] = ["range", "from", "to", "compare", "by", "client_id", "channel_id", "campaign", "creative"];
/// What is shown of its answer: which course, which table, in which order.
const SHOWN: [&str; 3] = ["metric", "table", "sort"];

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The client whose page it is; blank on the agency's.
    pub client: String,
    pairs: Vec<(String, String)>,
}

impl Asked {
    /// Reads what stands behind the question mark of the page's address. Names that are not ours are left out.
    pub fn read(client: String, search: &str) -> Self {
        let known = |name: &str| QUESTION.contains(&name) || SHOWN.contains(&name);
        let mut pairs = query(search);
        pairs.retain(|(name, text)| known(name) && !text.trim().is_empty());
        Self { client, pairs }
    }

    /// The page's own address.
    pub fn page(&self) -> String {
        match self.client.as_str() {
            "" => "/analytics".to_owned(),
            client => format!("/clients/{client}/analytics"),
        }
    }

    /// The question, as it stands in an address.
    pub fn question(&self) -> String {
        let of = self.pairs.iter().filter(|(name, _)| QUESTION.contains(&name.as_str()));
        address("", of.cloned()).trim_start_matches('?').to_owned()
    }

    /// What of the question says of what the figures are, as it stands in an address.
    pub fn filters(&self) -> String {
        self.without(&["range", "from", "to", "compare", "by"]).question()
    }

    /// What a name holds; blank if nothing.
    pub fn text(&self, name: &str) -> &str {
        self.pairs.iter().rev().find(|(known, _)| known == name).map_or("", |(_, text)| text.as_str())
    }

    /// Everything that a name holds.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.pairs.iter().filter(|(known, _)| known == name).map(|(_, text)| text.clone()).collect()
    }

    /// The same with another text under a name; none, if it is blank.
    #[must_use]
    pub fn with(&self, name: &str, text: &str) -> Self {
        let mut other = self.without(&[name]);
        if !text.is_empty() {
            other.pairs.push((name.to_owned(), text.to_owned()));
        }
        other
    }

    /// The same without these names.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let mut other = self.clone();
        other.pairs.retain(|(name, _)| !names.contains(&name.as_str()));
        other
    }

    /// What a form that holds these names itself has to carry along.
    pub fn rest(&self, names: &[&str]) -> Vec<(String, String)> {
        self.without(names).pairs
    }

    /// The same for other days: of a name, if it is not blank.
    #[must_use]
    pub fn of_range(&self, range: &str) -> Self {
        self.without(&["from", "to"]).with("range", range)
    }

    /// The address.
    pub fn href(&self) -> String {
        address(&self.page(), self.pairs.iter().cloned())
    }

    /// The question by itself, as it is kept or asked for elsewhere: on a client's page it names that client.
    pub fn whole(&self) -> String {
        let of_page = Some(("client_id".to_owned(), self.client.clone())).filter(|(_, id)| !id.is_empty());
        let (own, mut pairs) = (of_page.is_some(), self.pairs.clone());
        pairs.retain(|(name, _)| QUESTION.contains(&name.as_str()) && !(own && name == "client_id"));
        address("", pairs.into_iter().chain(of_page)).trim_start_matches('?').to_owned()
    }

    /// The answer to a question as a file of this kind, with the table that is shown.
    pub fn file(&self, answered: &str, kind: &str) -> String {
        let sign = if answered.is_empty() { "" } else { "&" };
        let parts = match self.text("table") {
            "campaign" => "&parts=campaigns",
            "creative" => "&parts=creatives",
            _ => "",
        };
        format!("/api/v1/analytics/export?{answered}{sign}format={kind}{parts}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190a1b2-c3d4-7000-8000-000000000001";

    #[test]
    fn an_address_keeps_what_it_does_not_change() {
        let asked = Asked::read(String::new(), "?range=last_7&client_id=a&client_id=b&by=&other=1&sort=spend");
        assert_eq!(asked.question(), "range=last_7&client_id=a&client_id=b");
        assert_eq!(asked.filters(), "client_id=a&client_id=b");
        assert_eq!(asked.href(), "/analytics?range=last_7&client_id=a&client_id=b&sort=spend");
        assert_eq!(
            asked.with("by", "week").href(),
            "/analytics?range=last_7&client_id=a&client_id=b&sort=spend&by=week"
        );
        assert_eq!(asked.with("sort", "").href(), "/analytics?range=last_7&client_id=a&client_id=b");
        assert_eq!((asked.text("client_id"), asked.all("client_id").len()), ("b", 2));
        assert_eq!(asked.rest(&["client_id", "sort"]), [("range".to_owned(), "last_7".to_owned())]);
        assert_eq!(Asked::default().href(), "/analytics");
    }

    #[test]
    fn days_with_a_name_take_the_place_of_days_that_were_typed() {
        let asked = Asked::read(String::new(), "from=2026-11-20&to=2026-11-01&compare=none");
        assert_eq!(asked.of_range("last_7").href(), "/analytics?compare=none&range=last_7");
        assert_eq!(asked.of_range("").href(), "/analytics?compare=none");
        assert_eq!((asked.text("from"), asked.text("to")), ("2026-11-20", "2026-11-01"), "what was typed stays");
    }

    #[test]
    fn a_clients_page_asks_for_that_client() {
        let asked = Asked::read(ID.to_owned(), "range=last_7&client_id=other");
        assert_eq!(asked.page(), format!("/clients/{ID}/analytics"));
        assert_eq!(asked.whole(), format!("range=last_7&client_id={ID}"));
        assert_eq!(asked.file("range=last_7", "csv"), "/api/v1/analytics/export?range=last_7&format=csv");
        let parts = asked.with("table", "creative");
        assert_eq!(parts.file("", "xlsx"), "/api/v1/analytics/export?format=xlsx&parts=creatives");
    }
}
