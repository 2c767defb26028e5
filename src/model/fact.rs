//! What the brain is fed with, as it is stored. Serialised, the same facts are always the same bytes.

mod reported;

pub use reported::{Bits, Reported};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use crate::{
    action::ActionKind,
    brain::Outcome,
    channel::Called,
    figure::{Metric, Scope},
    id::{ChannelId, ClientId, LiftTestId},
    metric::{Days, Measures},
};

/// A channel, whose it is, and which of its days were read to their end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// The client it belongs to, if it was mapped to one.
    pub client_id: Option<ClientId>,
    /// Whether it is a shop; otherwise it is advertising.
    pub shop: bool,
    /// What its owner called it.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// The IANA name of the zone of its days.
    pub time_zone: String,
    /// The provider's key, or that of the platform a file is of.
    pub provider: String,
    /// Whether it is fed by files: then its last day is whole.
    pub file: bool,
    /// The first day that was read.
    pub first_day: Date,
    /// The last day that was read; it had not ended then, unless it came as a file.
    pub last_day: Date,
}

impl Channel {
    /// What it is called for people.
    pub fn called(&self) -> Called<'_> {
        let Self { name, provider, file, .. } = self;
        Called { provider, file: *file, name, external_id: "" }
    }
}

/// A day of an advertisement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdDay {
    /// Where it runs.
    pub channel_id: ChannelId,
    /// The provider's id.
    pub ad_id: String,
    /// The day.
    pub day: Date,
    /// What it cost, in the channel's currency.
    pub spend: Option<Decimal>,
    /// How often it was shown.
    pub impressions: Option<i64>,
    /// How often it was clicked.
    pub clicks: Option<i64>,
    /// Conversions claimed.
    pub conversions: Option<Decimal>,
    /// Revenue claimed.
    pub claimed_revenue: Option<Decimal>,
}

/// An order as the books have it. Test orders are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The shop.
    pub channel_id: ChannelId,
    /// The provider's id.
    pub external_id: String,
    /// The customer, as the shop names them, if they are known.
    pub customer_id: Option<String>,
    /// The day in the shop's zone.
    pub day: Date,
    /// Goods after discounts, before refunds, in the shop's currency.
    pub goods: Decimal,
    /// Goods that were paid back, and on which day.
    pub refunds: Vec<(Date, Decimal)>,
}

/// An action that somebody approved or did, of which it is not known yet what came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// Its key, of which there may be another one at another client.
    pub key: String,
    /// What.
    pub kind: ActionKind,
    /// The client.
    pub client_id: ClientId,
    /// The channel, where it is about one or something in one.
    pub channel_id: Option<ChannelId>,
    /// The channels whose budgets it changes.
    pub changes: Vec<ChannelId>,
}

/// An experiment that showed what a channel brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiftTest {
    /// Its id.
    pub id: LiftTestId,
    /// The channel.
    pub channel_id: ChannelId,
    /// Its first day.
    pub first_day: Date,
    /// Its last day.
    pub last_day: Date,
    /// Revenue brought by a unit of spend.
    pub roas: Decimal,
    /// How far that may be off.
    pub standard_error: Decimal,
}

/// What was reported of an account on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayOf {
    /// The channel.
    pub channel_id: ChannelId,
    /// The day.
    pub day: Date,
    /// The amounts and counts.
    pub measures: Measures,
}

/// Who ordered in a shop on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Buyers {
    /// The shop.
    pub channel_id: ChannelId,
    /// The day.
    pub day: Date,
    /// First known orders of known customers.
    pub first: i64,
    /// Later ones.
    pub returning: i64,
    /// Orders of nobody known.
    pub unknown: i64,
}

/// A client whose figures are its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// ISO 4217: the currency in which it counts.
    pub currency: String,
    /// What stays of its revenue after goods and delivery, in per cent, if somebody said it.
    pub margin_percent: Option<Decimal>,
}

/// A rate of exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// ISO 4217.
    pub currency: String,
    /// The day it was published for.
    pub day: Date,
    /// Units of the currency for one euro.
    pub per_euro: Decimal,
}

/// What is stored of the channels in sight, for figures of some days.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// The currency in which the agency counts.
    pub currency: String,
    /// The last day that had ended in the agency's zone.
    pub day: Date,
    /// The first day that was looked at.
    pub from: Date,
    /// The channels, with the days that were read to their end.
    pub channels: Vec<Channel>,
    /// Their days: all from `from` on, or only those that figures are asked of.
    pub days: Vec<DayOf>,
    /// What the channels report on the days around, of which no rows were read; nothing where all were.
    pub reported: Vec<Reported>,
    /// The days of what lies below them, at the level that is asked for; none above.
    pub parts: Vec<AdDay>,
    /// Who ordered.
    pub buyers: Vec<Buyers>,
    /// The clients in sight.
    pub clients: Vec<Client>,
    /// The rates of exchange.
    pub rates: Vec<Rate>,
}

/// How deep figures look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Everything in sight.
    Agency,
    /// Each client.
    Client,
    /// Each channel.
    Channel,
    /// Each campaign.
    Campaign,
    /// Each advertisement.
    Creative,
}

impl Depth {
    /// Reads the spelling in addresses.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Agency, Self::Client, Self::Channel, Self::Campaign, Self::Creative];
        all.into_iter().find(|depth| depth.key() == text)
    }

    /// The spelling in addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Client => "client",
            Self::Channel => "channel",
            Self::Campaign => "campaign",
            Self::Creative => "creative",
        }
    }
}

/// Figures that are asked for one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Of whose channels.
    pub scope: Scope,
    /// The currency in which amounts are told.
    pub currency: String,
    /// The days.
    pub days: Days,
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// Whether the rows are wanted that they are made of.
    pub rows: bool,
    /// Whether each day's own value is wanted.
    pub by_day: bool,
}

/// Rows of so many days around those that are asked for tell what a source reports at all.
const AROUND: i64 = 84;

/// The days whose rows tell figures of these days, whatever else is read: the same figure is the same whoever asks for it beside
/// which others.
pub fn window(days: Days) -> Days {
    let Days { first, last } = days;
    let back = Duration::days(days.count() + AROUND);
    Days { first: first.saturating_sub(back), last: last.saturating_add(Duration::days(AROUND)) }
}

impl Asked {
    /// The days whose rows tell these figures.
    pub fn window(&self) -> Days {
        window(self.days)
    }
}

/// Figures that are asked for with their course, and of each channel or part by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wide {
    /// Of whose channels, or of which parts of them.
    pub scope: Scope,
    /// The currency in which amounts are told.
    pub currency: String,
    /// The days.
    pub days: Days,
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// The steps of the course.
    pub periods: Vec<Days>,
    /// The metrics that are wanted of each channel, or of each part that was read, by itself.
    pub each: Vec<Metric>,
    /// Of these metrics the course is wanted of the channels that have the most of it, and of the others together.
    pub stacks: Vec<Metric>,
    /// Of so many channels.
    pub most: usize,
}

/// A channel, or a campaign or advertisement in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The channel.
    pub channel_id: ChannelId,
    /// The platform's id, if it is something in the channel.
    pub external_id: Option<String>,
}

/// The course of a metric of a channel, or of several together.
#[derive(Clone, Debug, PartialEq)]
pub struct Stacked {
    /// The metric.
    pub metric: Metric,
    /// The channels.
    pub of: Vec<Entry>,
    /// Each step's own value; none where not all of it is known.
    pub values: Vec<Option<Decimal>>,
}

/// Figures with their course.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// Of everything, each metric with the values of the steps in `by_day`.
    pub whole: Vec<Made>,
    /// Of each channel or part.
    pub each: Vec<(Entry, Vec<Made>)>,
    /// The stacks.
    pub stacks: Vec<Stacked>,
}

/// A day of a channel that went into a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Which of the figure's parts it went into, by its place.
    pub part: usize,
    /// The channel.
    pub channel_id: ChannelId,
    /// The platform's id of the campaign or advertisement, if it is a day of one.
    pub external_id: Option<String>,
    /// The day.
    pub day: Date,
    /// What was reported.
    pub value: Decimal,
    /// What of it was added, in the figure's currency.
    pub counted: Decimal,
}

/// A figure that was asked for by itself.
#[derive(Clone, Debug)]
pub struct Made {
    /// The figure as JSON, or `{"absent": why}`.
    pub figure: String,
    /// Its rows, if they were asked for.
    pub rows: Vec<Counted>,
    /// Each day's own value, if that was asked for; none where there is none.
    pub by_day: Vec<Option<Decimal>>,
}

/// Makes figures from what is stored: what the brain does, for those who may not know it.
pub trait Memory: std::fmt::Debug + Send + Sync {
    /// The figures of the days `now` against those of the days `before`, of everything at this depth.
    ///
    /// # Errors
    /// What is stored makes no sense; in words for a log.
    fn figures(&self, ledger: &Ledger, now: Days, before: Days, depth: Depth) -> Result<Vec<Outcome>, String>;

    /// Single figures, in the order in which they were asked for.
    ///
    /// # Errors
    /// What is stored makes no sense; in words for a log.
    fn opened(&self, ledger: &Ledger, asked: &Asked) -> Result<Vec<Made>, String>;

    /// Figures with their course, and of each channel or part by itself: the same as when each is asked for alone.
    ///
    /// # Errors
    /// What is stored makes no sense; in words for a log.
    fn spread(&self, ledger: &Ledger, asked: &Wide) -> Result<Spread, String>;
}
