//! What the address of the page asks for.

use leptos_router::params::ParamsMap;

/// The page's own address.
pub(super) const PAGE: &str = "/findings";

/// What the address asks for: of which client, of which kind, how bad, how they stand, and where the list goes on. Blank is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub client: String,
    pub kind: String,
    pub severity: String,
    pub state: String,
    pub cursor: String,
}

impl Asked {
    /// Reads the address.
    pub fn read(query: &ParamsMap) -> Self {
        let text = |name: &str| query.get(name).unwrap_or_default();
        Self {
            client: text("client"),
            kind: text("kind"),
            severity: text("severity"),
            state: text("state"),
            cursor: text("cursor"),
        }
    }

    /// Whether anything is left out.
    pub fn narrowed(&self) -> bool {
        [&self.client, &self.kind, &self.severity, &self.state].into_iter().any(|text| !text.is_empty())
    }

    /// The address.
    pub fn href(&self) -> String {
        let mut query = ParamsMap::new();
        let named = [
            ("client", &self.client),
            ("kind", &self.kind),
            ("severity", &self.severity),
            ("state", &self.state),
            ("cursor", &self.cursor),
        ];
        for (name, text) in named.into_iter().filter(|(_, text)| !text.is_empty()) {
            query.insert(name, text.clone());
        }
        format!("{PAGE}{}", query.to_query_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        let asked = Asked { client: "x&y".into(), kind: "drop".into(), severity: "high".into(), ..Asked::default() };
        assert_eq!(asked.href(), "/findings?client=x%26y&kind=drop&severity=high");
        assert_eq!((Asked::default().href(), Asked::default().narrowed()), ("/findings".to_owned(), false));
        let mut query = ParamsMap::new();
        for (name, text) in [("client", "x&y"), ("kind", "drop"), ("severity", "high")] {
            query.insert(name, text.to_owned());
        }
        assert_eq!(Asked::read(&query), asked);
        assert!(asked.narrowed());
    }
}
