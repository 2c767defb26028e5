//! What the dashboard shows, of the agency or of one client: made where the rows are, each card by itself.

use serde::{Deserialize, Serialize};

use crate::{
    action,
    id::{BrainStateId, ClientId},
    moment::Moment,
};

/// Why there is no figure, by what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// Nobody reports it: connect something.
    NotConnected,
    /// It is reported, and not enough of it was read.
    NotEnough,
}

/// A number beside a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// The id by which it is opened.
    pub id: String,
    /// As it is shown.
    pub shown: String,
    /// Unrounded.
    pub value: String,
}

/// One of the main figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MainFigure {
    /// Its spelling in the API.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// The figure; `Err` says why there is none, and which kind of lack it is.
    pub now: Result<Beside, (Lack, String)>,
    /// An ISO 4217 code for money, `count` or `ratio`; empty where there is no figure.
    pub unit: String,
    /// Whether days or amounts are missing in it.
    pub partial: bool,
    /// What is missing in it, in words: how many clients are left out, how many days of how many accounts, and why.
    pub without: Vec<String>,
    /// Whether rates of exchange are missing in it, or are why there is none.
    pub rates: bool,
    /// Whether the days before are not of the same accounts and days, so that the two are not compared.
    pub unlike: bool,
    /// The days before, if there is a figure of them.
    pub before: Option<Beside>,
    /// How it changed: a share with its sign.
    pub change: Option<Beside>,
    /// The course of its days as the path of a drawing 100 wide and 24 high; empty where there is none.
    pub line: String,
}

/// The main figures of some days, against as many before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The first and the last day, as 2026-11-03.
    pub days: (String, String),
    /// The days that they are compared with.
    pub before: (String, String),
    /// How many days.
    pub count: i64,
    /// The currency in which amounts are told.
    pub currency: String,
    /// The figures; none while nothing was ever read.
    pub figures: Vec<MainFigure>,
    /// Whether whoever reads can connect accounts.
    pub may_connect: bool,
    /// Whether whoever reads can import rates of exchange.
    pub may_import_rates: bool,
    /// Whether one can look into a simulated agency from here.
    pub simulates: bool,
}

/// How much is at risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// Nothing asks for attention.
    Green,
    /// Something does this week.
    Yellow,
    /// Something does today.
    Red,
}

impl Colour {
    /// The spelling in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

/// A number of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedNumber {
    /// The id by which it is opened: what it is made of is read then, as it may be of every account.
    pub id: String,
    /// As the state says it, unrounded.
    pub value: String,
    /// As it stands in the text.
    pub shown: String,
    /// Where it stands in the text, in characters from its beginning.
    pub at: usize,
}

/// A sentence of a state, each of its numbers with the id by which it is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The sentence.
    pub text: String,
    /// Its numbers, in the order in which they stand in it. Other digits in it are days or parts of names.
    pub numbers: Vec<LinkedNumber>,
}

/// What a state says first: what changed, and how much is at risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// The state; none while nothing was thought.
    pub state_id: Option<BrainStateId>,
    /// The client that is told of, if it is one alone.
    pub client: Option<String>,
    /// The last day that had ended for it, as 2026-11-03.
    pub day: Option<String>,
    /// What changed, in one sentence.
    pub changed: Option<Linked>,
    /// How much is at risk; none where nothing could be judged.
    pub colour: Option<Colour>,
    /// Why.
    pub reasons: Vec<Linked>,
    /// Whether whoever reads can connect accounts.
    pub may_connect: bool,
}

/// A card of what the brain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardKind {
    /// What happened, and whether the claims hold.
    Memory,
    /// What moved, and what is ahead.
    Oracle,
    /// What is worth trying.
    Curiosity,
}

impl CardKind {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Oracle, Self::Curiosity];

    /// The spelling in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Oracle => "oracle",
            Self::Curiosity => "curiosity",
        }
    }
}

/// What a card says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardWords {
    /// Whether anything was thought by then.
    pub thought: bool,
    /// What is said, the most telling first.
    pub sentences: Vec<Linked>,
    /// What is missing to say more.
    pub gaps: Vec<Linked>,
    /// Whether whoever reads can connect accounts.
    pub may_connect: bool,
}

/// What the brain says: the headline and its cards, of one reading of one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What changed, and how much is at risk.
    pub headline: Headline,
    /// What happened.
    pub memory: CardWords,
    /// What moved, and what is ahead.
    pub oracle: CardWords,
    /// What is worth trying.
    pub curiosity: CardWords,
}

impl Told {
    /// One of the cards.
    pub fn card(self, kind: CardKind) -> CardWords {
        match kind {
            CardKind::Memory => self.memory,
            CardKind::Oracle => self.oracle,
            CardKind::Curiosity => self.curiosity,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextActions {
    /// Three at most: what is to be done, then the best proposals; at a glance.
    pub cards: Vec<action::Card>,
    /// How many more there are to decide about or to do.
    pub others: i64,
    /// The last day of which the newest state speaks; none where nothing was thought yet.
    pub day: Option<String>,
    /// Whether the member decides.
    pub may_decide: bool,
}

/// An account, shop or file, and how fresh its figures are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What its owner called it; of a connection without accounts what people call that.
    pub name: String,
    /// The provider.
    pub provider: String,
    /// The client it belongs to.
    pub client: Option<(ClientId, String)>,
    /// When something was last read of it.
    pub read_at: Option<Moment>,
    /// The first and the last day that was read.
    pub days: Option<(String, String)>,
    /// What is wrong with it, in words.
    pub trouble: Option<String>,
    /// Where that is mended, and what that is called; none for those who may not.
    pub fix: Option<(String, String)>,
}

/// So many sources stand on a page at first, as long as fewer are in trouble.
const ROWS: usize = 10;
/// So many in trouble stand there at most.
const TROUBLED: usize = 20;

/// How fresh everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// By name; where only some are told, those in trouble first.
    pub sources: Vec<Source>,
    /// How many more are in trouble, and how many more are fresh.
    pub more: (usize, usize),
    /// How many accounts that are to be read were read, and how many there are, while some were never read.
    pub reading: Option<(usize, usize)>,
    /// Whether whoever reads can connect accounts.
    pub may_connect: bool,
}

impl Sources {
    /// Those that stand on a page at first: what is in trouble, and others as far as there is room. The rest is counted, so that
    /// the page of an agency with hundreds of accounts is no larger than that of others.
    #[must_use]
    pub fn at_first(self) -> Self {
        let (mut told, mut fresh): (Vec<Source>, Vec<Source>) =
            self.sources.into_iter().partition(|source| source.trouble.is_some());
        let troubled = told.len();
        told.truncate(TROUBLED);
        let (all, room) = (fresh.len(), ROWS.saturating_sub(told.len()));
        fresh.truncate(room);
        let more = (troubled - told.len(), all - fresh.len());
        told.append(&mut fresh);
        Self { sources: told, more, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told at first of sources numbered from 1, those in trouble named; and how many more there are.
    fn at_first(many: usize, troubled: impl Fn(usize) -> bool) -> (Vec<usize>, (usize, usize)) {
        let source = |number: usize| Source {
            name: number.to_string(),
            provider: "Files".to_owned(),
            client: None,
            read_at: None,
            days: None,
            trouble: troubled(number).then(|| "No file was imported yet.".to_owned()),
            fix: None,
        };
        let all = Sources { sources: (1..=many).map(source).collect(), more: (0, 0), reading: None, may_connect: true };
        let told = all.at_first();
        (told.sources.iter().map(|source| source.name.parse().unwrap()).collect(), told.more)
    }

    #[test]
    fn what_is_in_trouble_is_told_first_and_of_the_others_so_many_as_there_is_room() {
        let until = |last: usize| (1..=last).collect::<Vec<_>>();
        assert_eq!(at_first(0, |_| false), (until(0), (0, 0)));
        assert_eq!(at_first(10, |_| false), (until(10), (0, 0)));
        assert_eq!(at_first(12, |_| false), (until(10), (0, 2)));
        assert_eq!(at_first(12, |one| one == 12), ([vec![12], until(9)].concat(), (0, 2)));
        assert_eq!(at_first(12, |one| one > 1), (until(12)[1..].to_vec(), (0, 1)), "more than stand there otherwise");
        assert_eq!(at_first(500, |one| one <= 30), (until(20), (10, 470)));
    }

    #[test]
    fn spellings_are_read_as_they_are_written() {
        for colour in [Colour::Green, Colour::Yellow, Colour::Red] {
            assert_eq!(serde_json::to_value(colour).unwrap(), colour.key());
        }
    }
}
