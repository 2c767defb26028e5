//! What a brain state says of an agency or a client, in words for one person: a minute to read, every number a figure with its
//! basis. The words are templates; no model writes them.

use serde::{Deserialize, Serialize};

use crate::dashboard::Linked;

/// For whom. All of them get the same figures, in other words and another order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persona {
    /// Money first: what it brought, whether the claims hold, what will come.
    #[default]
    Cmo,
    /// Channels first: what moved where, and why something is proposed.
    VpGrowth,
    /// What to do first, with the ids that the platforms use.
    Director,
}

impl Persona {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Cmo, Self::VpGrowth, Self::Director];

    /// The spelling in addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Cmo => "cmo",
            Self::VpGrowth => "vp_growth",
            Self::Director => "director",
        }
    }

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cmo => "CMO",
            Self::VpGrowth => "VP Growth",
            Self::Director => "Director of Performance",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|persona| persona.key() == text)
    }
}

/// A number in a sentence, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is: `spend`, `probability`…
    pub key: String,
    /// Its value as the state says it, unrounded.
    pub value: String,
    /// An ISO 4217 code for money, `count`, `ratio`, `share` (0 to 1), `change` (-0.2: a fifth less) or `days`.
    pub unit: String,
    /// As it stands in the text.
    pub shown: String,
    /// Where it stands in the text, in characters from its beginning.
    pub at: usize,
    /// The number of the outcome of the state that says it.
    pub outcome: i32,
    /// Where in the outcome's body it stands (a JSON pointer). `*` is every item of a list, added up; a length in days is
    /// counted from the `first` and `last` that stand there; of an `interval` its lower end stands there, and the value is
    /// the probability that it holds.
    pub path: String,
    /// The first day it speaks of, as 2026-11-03, if it speaks of days.
    pub first: Option<String>,
    /// The last day.
    pub last: Option<String>,
    /// What it is made of, in words.
    pub made: Vec<String>,
}

/// A sentence and its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// Its numbers, in the order in which they stand in it. Other digits in it are days or parts of names.
    pub figures: Vec<Figure>,
}

/// Sentences under a heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What they tell of.
    pub heading: String,
    /// The sentences.
    pub sentences: Vec<Sentence>,
}

/// What a state says, for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// For whom.
    pub persona: Persona,
    /// The last day that had ended, as 2026-11-03.
    pub day: String,
    /// What is said, in this person's order.
    pub sections: Vec<Section>,
}

/// Sentences under a heading, each of whose numbers opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownSection {
    /// What they tell of.
    pub heading: String,
    /// The sentences.
    pub sentences: Vec<Linked>,
}

/// A summary as pages and mails show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// For whom.
    pub persona: Persona,
    /// Of whom: the agency, or a client.
    pub of: String,
    /// Whether all of it is simulated.
    pub simulated: bool,
    /// Whether amounts are left out of it that have no rate of exchange.
    pub rates: bool,
    /// The last day that had ended, as 2026-11-03.
    pub day: String,
    /// What is said, in this person's order.
    pub sections: Vec<ShownSection>,
}

impl Shown {
    /// All of it as plain text, paragraphs separated by blank lines: what is copied and mailed.
    pub fn text(&self) -> String {
        let Self { persona, of, simulated, rates: _, day, sections } = self;
        let head = format!("{of}, for the {}: what was known to the end of {day}", persona.label());
        let label = simulated.then(|| "Simulated: nobody here is real, and no figure is.".to_owned());
        let section = |section: &ShownSection| {
            let lines = section.sentences.iter().map(|linked| format!("- {}", linked.text));
            std::iter::once(section.heading.clone()).chain(lines).collect::<Vec<_>>().join("\n")
        };
        [head].into_iter().chain(label).chain(sections.iter().map(section)).collect::<Vec<_>>().join("\n\n")
    }
}

/// The page of the summary for a persona, and of a client if one is named; what is no id is no part of an address.
pub fn address(persona: Persona, client_id: &str) -> String {
    let of = client_id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && !client_id.is_empty();
    let client = if of { format!("&client_id={client_id}") } else { String::new() };
    format!("/summary?persona={}{client}", persona.key())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_an_id_and_nothing_else() {
        assert_eq!(address(Persona::Cmo, ""), "/summary?persona=cmo");
        assert_eq!(address(Persona::Director, "01a2-f"), "/summary?persona=director&client_id=01a2-f");
        assert_eq!(address(Persona::VpGrowth, "x&y=1"), "/summary?persona=vp_growth");
    }

    #[test]
    fn a_summary_is_a_text_that_says_whether_it_is_simulated() {
        let sentences = vec![Linked { text: "Spend was 7 EUR.".into(), numbers: Vec::new() }];
        let mut shown = Shown {
            persona: Persona::Director,
            of: "Bakery".into(),
            simulated: false,
            rates: false,
            day: "2026-11-21".into(),
            sections: vec![ShownSection { heading: "Money".into(), sentences }],
        };
        let head = "Bakery, for the Director of Performance: what was known to the end of 2026-11-21";
        assert_eq!(shown.text(), format!("{head}\n\nMoney\n- Spend was 7 EUR."));
        shown.simulated = true;
        assert!(shown.text().starts_with(&format!("{head}\n\nSimulated: ")), "{}", shown.text());
    }

    #[test]
    fn spellings_are_read_as_they_are_written() {
        for persona in Persona::ALL {
            assert_eq!(Persona::parse(persona.key()), Some(persona));
            assert_eq!(serde_json::to_value(persona).unwrap(), persona.key());
        }
        assert_eq!(Persona::parse("ceo"), None);
    }
}
