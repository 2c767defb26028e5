//! What came of actions that were done: what the days after them brought, held against what the days before let expect.

use serde::Serialize;
use time::{Date, Duration};

use super::{
    Client, Input, calendar,
    input::CURRENT,
    line::{SETTLING, sum},
};
use crate::{
    NotEnough, Series,
    curiosity::{Kind, budget::HALF},
    effect::{Verdict, measure_among},
    finding::{Entity, Level, iso_day},
    memory::{Currency, Measure, Source},
};

/// Days before an action that are looked at.
pub const BACK: i64 = 730;
/// Days after those that have to settle in which it is tried again where nothing can be said yet, because an account is read
/// late, a rate is missing, or the client is archived for a while: as many as those after which an account that is not read
/// counts as gone.
const TRIED: i64 = CURRENT;
/// What is measured of the client's books: with a margin; of a raise without one; of anything else without one.
const OF_BOOKS: [&str; 3] = ["net_contribution", "half_of_revenue_less_spend", "revenue_less_spend"];
/// The same of what the channel claims.
const OF_CLAIMS: [&str; 3] =
    ["claimed_net_contribution", "half_of_claimed_revenue_less_spend", "claimed_revenue_less_spend"];

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
    /// The channels whose budgets it changed.
    pub changes: Vec<String>,
    /// The currency of its prediction, ISO 4217: what came of it is told in the same.
    pub currency: String,
    /// The margin that was registered with its prediction, from 0 to 1, if somebody had said one by then.
    pub margin: Option<f64>,
    /// The day on which it was done, in the client's zone: the first that is measured.
    pub day: Date,
    /// The last day that is measured.
    pub last: Date,
    /// The day on which it was taken back, if it was.
    pub undone: Option<Date>,
}

/// What happened against what would have, over the horizon, in the currency of the prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// What is measured: `net_contribution` (revenue of the books times margin less spend), `revenue_less_spend` where nobody
    /// had said a margin (`half_of_revenue_less_spend` for a raise), the same of what the channel claims
    /// (`claimed_net_contribution`, …), `ledger_revenue`, or `claimed_conversions`.
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

/// What came of each action whose days are over and have settled; the others are not in the answer, nor those of which nothing
/// can be said yet but may be at a later cycle; of what only looks it is said at once. By its place in `done`. `beside` are further actions that acted at some time:
/// those that are measured already, and those that were taken back.
pub fn measured(input: &Input, done: &[Done], beside: &[Done]) -> Vec<(usize, Result<Measured, NotEnough>)> {
    let all: Vec<&Done> = done.iter().chain(beside).collect();
    let told = |(at, one): (usize, &Done)| {
        if one.kind == Kind::Investigate {
            return Some((at, Err(NotEnough::ChangesNothing)));
        }
        let settled = one.last.saturating_add(Duration::days(SETTLING as i64));
        if input.day < settled {
            return None;
        }
        let found = of(input, one, &all);
        let open = input.day < settled.saturating_add(Duration::days(TRIED));
        (!found.as_ref().is_err_and(|reason| open && heals(reason))).then_some((at, found))
    };
    done.iter().enumerate().filter_map(told).collect()
}

/// Whether a later cycle may know more.
const fn heals(reason: &NotEnough) -> bool {
    !matches!(reason, NotEnough::Constant | NotEnough::TooLarge)
}

impl Done {
    /// The last day on which it acted, as far as its horizon goes.
    fn until(&self) -> Date {
        self.undone.unwrap_or(self.last)
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
        .collect();
    // Days on which something acted that was taken back are not what they would have been.
    let taken_back: Vec<(Date, Date)> = others.iter().filter_map(|other| Some((other.day, other.undone?))).collect();
    let others: Vec<&Done> =
        others.into_iter().filter(|other| other.day <= one.last && one.day <= other.until()).collect();
    // From the earliest of those that act in the same days on, none is.
    let untouched = others.iter().map(|other| other.day).chain([one.day]).min().unwrap_or(one.day);
    let usual = |day: Date| day < untouched && !taken_back.iter().any(|(from, to)| (*from..=*to).contains(&day));
    let place = |day: Date| usize::try_from((day - first).whole_days()).ok();
    let too_short = NotEnough::TooShort { has: 0, needs: 1 };
    let (from, to) = place(one.day).zip(place(one.last)).ok_or(too_short.clone())?;
    let after = values.get(from..=to).ok_or(too_short)?;
    let on = |at: usize| first.saturating_add(Duration::days(at as i64));
    let skip = from.saturating_sub(BACK as usize);
    let before = (skip..from).map(|at| values[at].filter(|_| usual(on(at))));
    let kinds = calendar::columns(on(skip), from - skip + after.len());
    let found = measure_among(&kinds, &Series::new(before.collect())?, after)?;
    let mut together_with: Vec<String> = others.into_iter().map(|other| other.key.clone()).collect();
    together_with.sort_unstable();
    Ok(Measured {
        metric,
        first: one.day,
        last: one.last,
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

/// What a measure is, with the day of its first value and the values.
type Days = (&'static str, Date, Vec<Option<f64>>);

/// Daily values by which the action is judged.
fn series(input: &Input, client: &Client, one: &Done) -> Result<Days, NotEnough> {
    let unread = NotEnough::Unusable { what: "a channel that is not read any more" };
    let currency =
        Currency::parse(&one.currency).ok_or(NotEnough::Unusable { what: "the currency of the prediction" })?;
    let amounts = |sources: &[&Source], measure: Measure| {
        let telling: Vec<&Source> = sources.iter().copied().filter(|source| source.reports(measure)).collect();
        sum(&telling, measure, Some(currency).filter(|_| measure.money()), &input.rates).ok_or(unread.clone())
    };
    let read = |id: &String| {
        let own = client.channels.iter().find(|channel| channel.id == *id);
        own.and_then(|channel| channel.current(input.day)).ok_or(unread.clone())
    };
    // What is not read any more would be missing in the sum of all.
    for id in one.channel.iter().chain(&one.changes) {
        read(id)?;
    }
    let shops = client.of(true, input.day);
    // What is lost everywhere is lost of all accounts.
    let accounts = match &one.channel {
        Some(id) if one.kind != Kind::RetentionPush => vec![read(id)?],
        _ => client.of(false, input.day),
    };
    let of_creative = one.target.level == Level::Creative;
    let claims = || -> Result<Days, NotEnough> {
        let (first, values) = amounts(&accounts, Measure::ClaimedConversions)?;
        Ok(("claimed_conversions", first, values))
    };
    match one.kind {
        Kind::Investigate => Err(NotEnough::ChangesNothing),
        Kind::RetentionPush => {
            let (first, values) = amounts(&shops, Measure::LedgerRevenue)?;
            Ok(("ledger_revenue", first, values))
        }
        Kind::FixTracking => claims(),
        Kind::PauseCreative | Kind::RefreshCreative | Kind::Raise
            if of_creative && accounts.iter().any(|source| source.reports(Measure::ClaimedRevenue)) =>
        {
            Ok(net(one, OF_CLAIMS, amounts(&accounts, Measure::ClaimedRevenue)?, amounts(&accounts, Measure::Spend)?))
        }
        // The money stays; of more or less of it, more or less conversions come by themselves.
        Kind::RefreshCreative => claims(),
        Kind::PauseCreative | Kind::Raise if of_creative => {
            Err(NotEnough::Unusable { what: "a count of conversions without their revenue" })
        }
        Kind::PauseCreative | Kind::MoveBudget | Kind::Raise | Kind::Lower => {
            let spend = amounts(&client.of(false, input.day), Measure::Spend)?;
            Ok(net(one, OF_BOOKS, amounts(&shops, Measure::LedgerRevenue)?, spend))
        }
    }
}

/// Revenue times the registered margin less spend, on the days that both know.
fn net(
    one: &Done,
    names: [&'static str; 3],
    (revenue_first, revenue): (Date, Vec<Option<f64>>),
    (spend_first, spend): (Date, Vec<Option<f64>>),
) -> Days {
    let first = revenue_first.max(spend_first);
    let skip = |from: Date| usize::try_from((first - from).whole_days()).unwrap_or_default();
    // As it was proposed: more pays even if half of the revenue goes, less even if all of it stays.
    let (name, times) = match (one.margin, one.kind) {
        (Some(margin), _) => (names[0], margin),
        (None, Kind::Raise) => (names[1], HALF),
        (None, _) => (names[2], 1.0),
    };
    let pairs = revenue.iter().skip(skip(revenue_first)).zip(spend.iter().skip(skip(spend_first)));
    let net = pairs.map(|(revenue, spend)| revenue.zip(*spend).map(|(revenue, spend)| times * revenue - spend));
    (name, first, net.collect())
}
