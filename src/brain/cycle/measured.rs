//! What came of actions that were done: what the days after them brought, held against what the days before let expect.

use serde::Serialize;
use time::{Date, Duration};

use super::{
    Client, Input,
    line::{SETTLING, sum},
};
use crate::{
    NotEnough, Series,
    curiosity::{Kind, budget::HALF},
    effect::{Verdict, measure},
    finding::{Entity, Level, iso_day},
    memory::{Measure, Source},
};

/// Days before an action that are looked at.
const BACK: i64 = 730;

/// An action that somebody did.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Its key.
    pub key: String,
    /// What was done.
    pub kind: Kind,
    /// The client.
    pub client: String,
    /// The channel, where it is about one or something in one.
    pub channel: Option<String>,
    /// About what.
    pub target: Entity,
    /// The day on which it was done, in the client's zone.
    pub day: Date,
    /// The days after which it is measured.
    pub horizon_days: u16,
}

/// What happened against what would have, over the horizon, in the client's currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// What is measured: `net_contribution` (revenue times margin less spend), `revenue_less_spend` where nobody said a margin
    /// (`half_of_revenue_less_spend` for a raise),
    /// `ledger_revenue`, `claimed_revenue` or `claimed_conversions` of the channel.
    pub metric: &'static str,
    /// The first day measured, that of the action.
    #[serde(with = "iso_day")]
    pub first: Date,
    /// The last.
    #[serde(with = "iso_day")]
    pub last: Date,
    /// What happened.
    pub actual: f64,
    /// What was to be expected without it.
    pub expected: f64,
    /// The difference.
    pub effect: f64,
    /// The lower end of its 80 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What that means.
    pub verdict: Verdict,
    /// How the expectation was made, for people.
    pub model: &'static str,
    /// The keys of other actions at this client in these days: the effect is of all of them.
    pub together_with: Vec<String>,
}

/// What came of each action whose days are over and have settled; the others are not in the answer. By its place in `done`.
/// `beside` are further actions that were done, which are measured already.
pub fn measured(input: &Input, done: &[Done], beside: &[Done]) -> Vec<(usize, Result<Measured, NotEnough>)> {
    let over = |one: &Done| one.last() <= input.day.saturating_sub(Duration::days(SETTLING as i64));
    let due = done.iter().enumerate().filter(|(_, one)| over(one));
    let all: Vec<&Done> = done.iter().chain(beside).collect();
    due.map(|(at, one)| (at, of(input, one, &all))).collect()
}

impl Done {
    fn last(&self) -> Date {
        self.day.saturating_add(Duration::days(i64::from(self.horizon_days.max(1)) - 1))
    }
}

fn of(input: &Input, one: &Done, all: &[&Done]) -> Result<Measured, NotEnough> {
    let client = input.clients.iter().find(|client| client.id.as_deref() == Some(&one.client));
    let client = client.ok_or(NotEnough::Unusable { what: "a client that is gone" })?;
    let (metric, first, values) = series(input, client, one)?;
    let others: Vec<&Done> = all
        .iter()
        .copied()
        .filter(|other| {
            (&other.key, other.day) != (&one.key, one.day)
                && other.client == one.client
                && other.kind != Kind::Investigate
        })
        .filter(|other| other.day <= one.last() && one.day <= other.last())
        .collect();
    // From the earliest of them on, days are no longer what they would have been.
    let untouched = others.iter().map(|other| other.day).chain([one.day]).min().unwrap_or(one.day);
    let place = |day: Date| usize::try_from((day - first).whole_days()).ok();
    let too_short = NotEnough::TooShort { has: 0, needs: 1 };
    let (from, to) = place(one.day).zip(place(one.last())).ok_or(too_short.clone())?;
    let after = values.get(from..=to).ok_or(too_short)?;
    let before = (0..from).map(|at| values[at].filter(|_| first.saturating_add(Duration::days(at as i64)) < untouched));
    let skip = from.saturating_sub(BACK as usize);
    let found = measure(&Series::new(before.skip(skip).collect())?, after)?;
    let mut together_with: Vec<String> = others.into_iter().map(|other| other.key.clone()).collect();
    together_with.sort_unstable();
    Ok(Measured {
        metric,
        first: one.day,
        last: one.last(),
        actual: found.actual,
        expected: found.expected,
        effect: found.effect,
        low: found.low,
        high: found.high,
        verdict: found.verdict,
        model: "structural time series",
        together_with,
    })
}

/// Daily values by which the action is judged, with the day of the first.
fn series(input: &Input, client: &Client, one: &Done) -> Result<(&'static str, Date, Vec<Option<f64>>), NotEnough> {
    let unread = NotEnough::Unusable { what: "a channel that is not read any more" };
    let amounts = |sources: &[&Source], measure: Measure| {
        let telling: Vec<&Source> = sources.iter().copied().filter(|source| source.reports(measure)).collect();
        sum(&telling, measure, Some(client.currency).filter(|_| measure.money()), &input.rates)
    };
    let books = || amounts(&client.of(true, input.day), Measure::LedgerRevenue).ok_or(unread.clone());
    let channel = || {
        let own = client.channels.iter().find(|channel| Some(&channel.id) == one.channel.as_ref());
        own.and_then(|channel| channel.current(input.day)).ok_or(unread.clone())
    };
    // What is lost everywhere is lost of all accounts.
    let of_client = client.of(false, input.day);
    let claims = |measure| match one.channel {
        Some(_) => amounts(&[channel()?], measure).ok_or(unread.clone()),
        None => amounts(&of_client, measure).ok_or(unread.clone()),
    };
    let of_creative = one.target.level == Level::Creative;
    match one.kind {
        Kind::Investigate => Err(NotEnough::Unusable { what: "an action that changes nothing by itself" }),
        Kind::RetentionPush => books().map(|(first, values)| ("ledger_revenue", first, values)),
        Kind::FixTracking => {
            claims(Measure::ClaimedConversions).map(|(first, values)| ("claimed_conversions", first, values))
        }
        Kind::PauseCreative | Kind::RefreshCreative => of_claims(&claims),
        Kind::Raise if of_creative => of_claims(&claims),
        Kind::MoveBudget | Kind::Raise | Kind::Lower => {
            let (revenue_first, revenue) = books()?;
            let (spend_first, spend) = amounts(&client.of(false, input.day), Measure::Spend).ok_or(unread.clone())?;
            let first = revenue_first.max(spend_first);
            let skip = |from: Date| usize::try_from((first - from).whole_days()).unwrap_or_default();
            let margin = client.margin.and_then(|margin| rust_decimal::prelude::ToPrimitive::to_f64(&margin));
            // As it was proposed: more pays even if half of the revenue goes.
            let without = if one.kind == Kind::Raise { HALF } else { 1.0 };
            let times = margin.unwrap_or(without);
            let pairs = revenue.iter().skip(skip(revenue_first)).zip(spend.iter().skip(skip(spend_first)));
            let net = pairs.map(|(revenue, spend)| revenue.zip(*spend).map(|(revenue, spend)| times * revenue - spend));
            let metric = match (margin, one.kind) {
                (Some(_), _) => "net_contribution",
                (None, Kind::Raise) => "half_of_revenue_less_spend",
                (None, _) => "revenue_less_spend",
            };
            Ok((metric, first, net.collect()))
        }
    }
}

/// What the platform claims: revenue where it reports any, or else conversions.
fn of_claims(
    claims: &impl Fn(Measure) -> Result<(Date, Vec<Option<f64>>), NotEnough>,
) -> Result<(&'static str, Date, Vec<Option<f64>>), NotEnough> {
    claims(Measure::ClaimedRevenue)
        .map(|(first, values)| ("claimed_revenue", first, values))
        .or_else(|_| claims(Measure::ClaimedConversions).map(|(first, values)| ("claimed_conversions", first, values)))
}
