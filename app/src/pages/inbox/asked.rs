//! What the address of the inbox asks for: which conversations, from where on, and which of them is open.

use leptos_router::params::ParamsMap;

use crate::components::form::address;

/// The page's own address.
pub(super) const PAGE: &str = "/inbox";
/// The views of the list: their spelling in addresses, and their words.
pub(super) const VIEWS: [(&str, &str); 7] = [
    ("", "All"),
    ("mine", "Mine"),
    ("needs_reply", "Needs reply"),
    ("unread", "Unread"),
    ("triage", "Triage"),
    ("snoozed", "Snoozed"),
    ("closed", "Closed"),
];

/// Which conversations are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub show: String,
    pub client: String,
    pub source: String,
    pub label: String,
    pub text: String,
    pub cursor: String,
}

impl Asked {
    /// Reads the query of the address.
    pub fn read(query: &ParamsMap) -> Self {
        let text = |name: &str| query.get(name).unwrap_or_default();
        Self {
            show: text("show"),
            client: text("client"),
            source: text("source"),
            label: text("label"),
            text: text("text"),
            cursor: text("cursor"),
        }
    }

    /// The address of this list, with a conversation open beside it or none.
    pub fn href(&self, open: &str) -> String {
        let page = if open.is_empty() { PAGE.to_owned() } else { format!("{PAGE}/{open}") };
        let named = [
            ("show", &self.show),
            ("client", &self.client),
            ("source", &self.source),
            ("label", &self.label),
            ("text", &self.text),
            ("cursor", &self.cursor),
        ];
        address(&page, named.into_iter().map(|(name, text)| (name.to_owned(), text.clone())))
    }

    /// What is chosen, as it stands in the address; empty for all that is open.
    pub fn choice(&self) -> String {
        let href = self.newest().href("");
        href.split_once('?').map(|(_, choice)| choice.to_owned()).unwrap_or_default()
    }

    /// The same list from its beginning.
    pub fn newest(&self) -> Self {
        Self { cursor: String::new(), ..self.clone() }
    }

    /// Another view of the same choice.
    pub fn show(&self, show: &str) -> Self {
        Self { show: show.to_owned(), ..self.newest() }
    }

    /// Whether it is narrowed beyond its view.
    pub fn narrowed(&self) -> bool {
        [&self.client, &self.source, &self.label, &self.text].iter().any(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_the_list_beside_the_conversation() {
        let asked = Asked { show: "mine".into(), text: "a b".into(), cursor: "x".into(), ..Asked::default() };
        assert_eq!(asked.href("7"), "/inbox/7?show=mine&text=a%20b&cursor=x");
        assert_eq!(asked.show("").href(""), "/inbox?text=a%20b");
        assert!(asked.narrowed() && !Asked::default().narrowed());
        assert_eq!(Asked::default().href(""), "/inbox");
        assert_eq!((asked.choice().as_str(), Asked::default().choice().as_str()), ("show=mine&text=a%20b", ""));
    }

    #[test]
    fn every_view_has_its_words() {
        assert_eq!(VIEWS[1..].iter().map(|(show, _)| *show).collect::<Vec<_>>(), model::conversation::SHOWS);
    }
}
