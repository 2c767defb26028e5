//! What the address of the page asks for, and the addresses that its links lead to.

use leptos_router::params::ParamsMap;
use model::action::Stand;

/// The page's own address.
pub(super) const PAGE: &str = "/actions";

/// What the address asks for: of which client, of which kind, whether all proposals, whether what was dismissed, and which list alone from
/// where on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub client: String,
    pub kind: String,
    pub all: bool,
    pub past: bool,
    pub only: Option<(Stand, String)>,
}

impl Asked {
    /// Reads the address.
    pub fn read(query: &ParamsMap) -> Self {
        let text = |name: &str| query.get(name).unwrap_or_default();
        Self {
            client: text("client"),
            kind: text("kind"),
            all: text("proposals") == "all",
            past: text("past") == "shown",
            only: Stand::parse(&text("list")).map(|stand| (stand, text("cursor"))),
        }
    }

    /// The address.
    pub fn href(&self) -> String {
        let mut query = ParamsMap::new();
        let (stand, cursor) = self.only.clone().map(|(stand, cursor)| (stand.key(), cursor)).unwrap_or_default();
        let pairs = [
            ("client", self.client.as_str()),
            ("kind", self.kind.as_str()),
            ("proposals", if self.all { "all" } else { "" }),
            ("past", if self.past { "shown" } else { "" }),
            ("list", stand),
            ("cursor", &cursor),
        ];
        for (name, text) in pairs.into_iter().filter(|(_, text)| !text.is_empty()) {
            query.insert(name, text.to_owned());
        }
        format!("{PAGE}{}", query.to_query_string())
    }

    /// The rest of one list, of the same client and kind.
    pub fn rest(&self, stand: Stand, cursor: String) -> Self {
        Self { only: Some((stand, cursor)), ..self.whole() }
    }

    /// The whole page, of the same client and kind.
    pub fn whole(&self) -> Self {
        Self { client: self.client.clone(), kind: self.kind.clone(), ..Self::default() }
    }

    /// Whether one list alone is asked for, and it is not this one.
    pub fn leaves_out(&self, stand: Stand) -> bool {
        self.only.as_ref().is_some_and(|(only, _)| *only != stand)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_what_was_asked_for() {
        let asked = Asked { client: "c".into(), ..Asked::default() };
        let rest = asked.rest(Stand::Measured, "1_2".into());
        let all = Asked { all: true, past: true, ..asked.clone() };
        for (asked, href) in [
            (Asked::default(), "/actions"),
            (asked.clone(), "/actions?client=c"),
            (all.clone(), "/actions?client=c&proposals=all&past=shown"),
            (rest.clone(), "/actions?client=c&list=measured&cursor=1%5F2"),
            (Asked { client: "x&y".into(), ..Asked::default() }, "/actions?client=x%26y"),
            (Asked { kind: "raise".into(), ..asked.clone() }, "/actions?client=c&kind=raise"),
        ] {
            assert_eq!(asked.href(), href);
        }
        let mut query = ParamsMap::new();
        for (name, text) in [("client", "c"), ("list", "measured"), ("cursor", "1_2")] {
            query.insert(name, text.to_owned());
        }
        assert_eq!(Asked::read(&query), rest);
        assert_eq!((rest.whole(), all.whole()), (asked.clone(), asked.clone()));
        assert!(rest.leaves_out(Stand::Done) && !rest.leaves_out(Stand::Measured) && !asked.leaves_out(Stand::Done));
    }
}
