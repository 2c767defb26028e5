//! The answer that is counted from stored days: totals, their course, and what they are made up of.
//!
//! Values are exact, as a text; what is not known is `None`, and never zero.

use serde::{Deserialize, Serialize};

use super::{Fatigue, Granularity};
use crate::{
    dashboard::{Beside, Lack, MainFigure},
    figure::PartId,
    id::{ChannelId, ClientId},
    input::Invalid,
};

/// What an answer is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The question that was answered, as it stands in an address.
    pub query: String,
    /// What of the question as it was asked could not be answered, by the field of the address: the rest was.
    pub notes: Vec<Invalid>,
    /// Of whom, in words.
    pub of: String,
    /// The same as it stands in figures' ids.
    pub scope: String,
    /// The first and the last day, as 2026-11-03.
    pub days: (String, String),
    /// How many days.
    pub count: i64,
    /// The days that they are compared with, if with any.
    pub compared: Option<(String, String)>,
    /// In which steps they are drawn.
    pub granularity: Granularity,
    /// The currency in which amounts are told: ISO 4217.
    pub currency: String,
    /// Whether anything was ever read of what is asked for; if not, there are no figures.
    pub read: bool,
    /// Whether whoever reads can connect accounts.
    pub may_connect: bool,
    /// Whether whoever reads can import rates of exchange.
    pub may_import_rates: bool,
    /// Whether all of it is simulated.
    pub simulated: bool,
}

/// A total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// The figure, with what it was and how it changed.
    pub figure: MainFigure,
    /// What belongs into it and is missing, in words: days that were not read, amounts without a rate of exchange.
    pub lacks: Vec<String>,
}

/// A step of the days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first day, as 2026-11-03.
    pub first: String,
    /// Its last day.
    pub last: String,
}

/// A value at a place of a drawing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// Unrounded.
    pub value: String,
    /// As it is shown.
    pub shown: String,
}

/// The course of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The metric's spelling in the API.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// An ISO 4217 code for money, `count` or `ratio`; empty where there is no value.
    pub unit: String,
    /// For each period its value; none where not all of it is known.
    pub now: Vec<Option<Value>>,
    /// For each of the compared periods its value; none where nothing is compared.
    pub before: Vec<Option<Value>>,
}

/// What one channel adds to a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// Which stack: spend, ledger_revenue or claimed_revenue. What platforms claim is never stacked on what the books say.
    pub key: String,
    /// The channel; none for all others together.
    pub channel_id: Option<ChannelId>,
    /// What it is called.
    pub name: String,
    /// Whose it is, as it stands in figures' ids; none of so many others that no id names them.
    pub scope: Option<String>,
    /// For each period its value.
    pub now: Vec<Option<Value>>,
}

/// A figure in a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The figure; `Err` says why there is none.
    pub now: Result<Beside, (Lack, String)>,
    /// Whether days or amounts are missing in it.
    pub partial: bool,
    /// How it changed: a share with its sign.
    pub change: Option<Beside>,
}

/// A channel, a campaign or an advertisement with its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// As it stands in figures' ids.
    pub scope: String,
    /// The channel, or where it runs.
    pub channel_id: ChannelId,
    /// What that is called.
    pub channel: String,
    /// The client it belongs to.
    pub client: Option<(ClientId, String)>,
    /// The provider's key.
    pub provider: String,
    /// The campaign or advertisement, if it is one.
    pub part: Option<PartId>,
    /// The platform's word for its state, if it is a campaign or advertisement.
    pub status: Option<String>,
    /// What an advertisement shows, if the platform said it: an address or a text.
    pub shows: Option<String>,
    /// Whether people are tired of an advertisement; none where nothing was thought about it.
    pub fatigue: Option<Fatigue>,
    /// Its figures, in the order of the table's columns.
    pub cells: Vec<Cell>,
}

/// What figures are made up of, those with the most spend or revenue first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The columns: the metric's spelling and what it is called.
    pub columns: Vec<(String, String)>,
    /// The rows.
    pub rows: Vec<Row>,
    /// How many more there are.
    pub others: i64,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it is about.
    pub head: Head,
    /// The totals; none while nothing was ever read.
    pub totals: Vec<Total>,
    /// The steps of the days.
    pub periods: Vec<Period>,
    /// The steps of the days that they are compared with.
    pub compared_periods: Vec<Period>,
    /// The course of each metric.
    pub series: Vec<Series>,
    /// Spend and revenue by channel.
    pub stacks: Vec<Stack>,
    /// Each channel by itself; none where campaigns or advertisements are asked for.
    pub channels: Breakdown,
}

impl Answer {
    /// The id by which the value of a series in a period is opened.
    pub fn id(&self, key: &str, period: &Period) -> String {
        of_period(key, &self.head.scope, period, &self.head.currency)
    }

    /// The id by which the value of a stack in a period is opened.
    pub fn stack_id(&self, stack: &Stack, period: &Period) -> Option<String> {
        stack.scope.as_ref().map(|scope| of_period(&stack.key, scope, period, &self.head.currency))
    }
}

/// The id of a metric in a period: pages write it themselves, for it would be longer than all values together.
fn of_period(key: &str, scope: &str, period: &Period, currency: &str) -> String {
    format!("m.{key}.{scope}.{}.{}.{currency}", period.first, period.last)
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// As it stands in an address.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Where it belongs: the client of a channel, the channel of a campaign or advertisement.
    pub of: String,
}

/// What can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The clients in sight.
    pub clients: Vec<Choice>,
    /// The channels of the chosen clients, or of all.
    pub channels: Vec<Choice>,
    /// The campaigns in the chosen channels; none while neither a channel nor a client is chosen.
    pub campaigns: Vec<Choice>,
    /// The advertisements there.
    pub creatives: Vec<Choice>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::FigureId;

    #[test]
    fn the_value_of_a_period_has_an_id() {
        let period = Period { first: "2026-11-02".into(), last: "2026-11-08".into() };
        let id = of_period("roas_claimed", "c0190a1b2-c3d4-7000-8000-000000000001", &period, "EUR");
        assert!(matches!(id.parse(), Ok(FigureId::Counted(_))), "{id}");
    }
}
