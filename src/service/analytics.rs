//! Analytics: figures of any days of anything in sight, their course, what they are made up of, and what the brain says of them.
//!
//! Nothing is added up here: figures come from `figure::counted`, so that each is the one that is seen when it is opened, and what
//! the brain says comes from its newest state. What is read of something else is a function of its own, so that one that fails
//! leaves the others.

mod export;
mod options;
mod parts;
mod question;
mod said;
mod table;

use model::{
    access::{self as rules, Action},
    actor::Actor,
    analytics::{Answer, Asked, Breakdown, Head, Period, Series, Stack, Total, Value},
    fact::{Made, Stacked, Wide},
    figure::{MOST, Metric, OfDays, Scope},
    metric::Days,
};
use rust_decimal::Decimal;
use store::brain as states;

use self::question::Resolved;
pub use self::{
    export::{Cell, Export, export},
    options::options,
    parts::{Depth, parts},
    said::said,
};
use crate::{Result, Service, access, dashboard, figure::counted, performance::words};

/// What is told in total, in this order: what platforms claim stands behind what the books say, and is never added to it.
const TOTALS: [&str; 13] = [
    "spend",
    "ledger_revenue",
    "orders",
    "mer",
    "aov",
    "claimed_revenue",
    "roas_claimed",
    "claimed_conversions",
    "cpa",
    "impressions",
    "clicks",
    "ctr",
    "cvr",
];
/// What is told of each channel.
const OF_CHANNELS: [&str; 8] =
    ["spend", "ledger_revenue", "orders", "claimed_revenue", "roas_claimed", "cpa", "clicks", "ctr"];
/// What is stacked, each by itself.
const STACKED: [&str; 3] = ["spend", "ledger_revenue", "claimed_revenue"];
/// So many channels are told apart in a stack; with the others together that is as much as a chart has colours for.
const TOLD_APART: usize = model::chart::MOST - 1;

fn metrics(keys: &[&str]) -> Vec<Metric> {
    keys.iter().filter_map(|key| Metric::parse(key)).collect()
}

/// How a question is taken that names what is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// What cannot be answered is told, and the rest is answered: for people, whose view may be older than what is there.
    Lenient,
    /// It is not answered at all: for programs.
    Strict,
}

/// Answers a question: totals, their course, and what they are made up of.
///
/// # Errors
/// The rule that forbids it; of a strict question also what of it makes no sense, or missing for what is not in sight.
pub async fn answer(service: &Service, actor: &Actor, asked: &Asked, manner: Manner) -> Result<Answer> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    states::freeze(&mut tx).await?;
    let resolved = question::resolve(service, &mut tx, actor, asked, manner).await?;
    let mut answer = Answer {
        head: head(actor, &resolved),
        totals: Vec::new(),
        periods: Vec::new(),
        compared_periods: Vec::new(),
        series: Vec::new(),
        stacks: Vec::new(),
        channels: Breakdown::default(),
    };
    if resolved.channels.is_empty() {
        return Ok(answer);
    }
    let (totals, each, stacked) = (metrics(&TOTALS), metrics(&OF_CHANNELS), metrics(&STACKED));
    let whole = resolved.scope.parts().is_none();
    let periods = resolved.granularity.periods(resolved.days);
    let before = resolved.compared.map(|days| (days, resolved.granularity.periods(days)));
    let wide = |days: Days, periods: &[Days], now: bool| Wide {
        scope: resolved.scope.clone(),
        currency: resolved.currency.clone(),
        days,
        metrics: totals.clone(),
        periods: periods.to_vec(),
        each: if whole { each.clone() } else { Vec::new() },
        stacks: if whole && now { stacked.clone() } else { Vec::new() },
        most: TOLD_APART,
    };
    let now = wide(resolved.days, &periods, true);
    let asked = std::iter::once(now).chain(before.iter().map(|(days, periods)| wide(*days, periods, false)));
    let read = (resolved.channels.as_slice(), resolved.ended);
    let known = counted::read_for(&mut tx, &resolved.agency, read, asked.collect()).await?;
    drop(tx);
    let mut spreads = counted::spread(service, known).await?.into_iter();
    let now = spreads.next().unwrap_or_default();
    let earlier = resolved.compared.zip(spreads.next());
    answer.periods = periods.iter().copied().map(period).collect();
    answer.compared_periods = before.iter().flat_map(|(_, periods)| periods.iter().copied().map(period)).collect();
    for (at, (metric, made)) in totals.iter().zip(&now.whole).enumerate() {
        let then = earlier.as_ref().and_then(|(days, spread)| Some((*days, spread.whole.get(at)?)));
        answer.totals.push(total(&resolved, *metric, made, then));
        answer.series.extend(series(&resolved, *metric, made, then.map(|(_, made)| made)));
    }
    answer.stacks = now.stacks.iter().map(|stacked| stack(&resolved, stacked)).collect();
    if whole {
        let rows = table::Rows { resolved: &resolved, told: &each };
        let before = earlier.as_ref().map(|(days, spread)| (*days, spread.each.as_slice()));
        answer.channels = rows.channels(&now.each, before);
    }
    Ok(answer)
}

fn head(actor: &Actor, resolved: &Resolved) -> Head {
    let pair = |days: Days| (days.first.to_string(), days.last.to_string());
    Head {
        query: resolved.question.query(),
        notes: resolved.notes.clone(),
        of: resolved.of.clone(),
        scope: resolved.scope.to_string(),
        days: pair(resolved.days),
        count: resolved.days.count(),
        compared: resolved.compared.map(pair),
        granularity: resolved.granularity,
        currency: resolved.currency.clone(),
        read: !resolved.channels.is_empty(),
        may_connect: rules::may(actor.role, Action::EditIntegrations),
        may_import_rates: rules::may(actor.role, Action::EditSettings),
        simulated: resolved.agency.simulated,
    }
}

fn period(days: Days) -> Period {
    Period { first: days.first.to_string(), last: days.last.to_string() }
}

fn total(resolved: &Resolved, metric: Metric, made: &Made, before: Option<(Days, &Made)>) -> Total {
    let names = resolved.source_names();
    let names = names.iter().map(|(id, name)| (id.clone(), name.as_str())).collect();
    let lacks = counted::read(metric, made, &resolved.currency).map(|number| number.lacks(&names));
    Total {
        figure: dashboard::main_figure(
            resolved.of_days(resolved.scope.clone(), metric),
            before,
            made,
            &resolved.owners(),
        ),
        lacks: lacks.unwrap_or_default(),
    }
}

/// The course of a metric; none where not one of its values is known.
fn series(resolved: &Resolved, metric: Metric, made: &Made, before: Option<&Made>) -> Option<Series> {
    let values = |made: &Made| -> Vec<Option<Value>> {
        made.by_day.iter().map(|value| shown(metric, *value, &resolved.currency)).collect()
    };
    let (now, before) = (values(made), before.map(values).unwrap_or_default());
    now.iter().chain(&before).any(Option::is_some).then(|| Series {
        key: metric.key().to_owned(),
        name: words::name(metric.key()),
        unit: words::unit(metric.key(), &resolved.currency).to_owned(),
        now,
        before,
    })
}

fn shown(metric: Metric, value: Option<Decimal>, currency: &str) -> Option<Value> {
    let value = value?;
    Some(Value { value: value.to_string(), shown: counted::shown(metric, value, currency)? })
}

fn stack(resolved: &Resolved, stacked: &Stacked) -> Stack {
    let only = stacked.of.first().filter(|_| stacked.of.len() == 1).map(|entry| entry.channel_id);
    let scope = (stacked.of.len() <= MOST)
        .then(|| Scope::of_channels(stacked.of.iter().map(|entry| entry.channel_id).collect()).to_string());
    Stack {
        key: stacked.metric.key().to_owned(),
        channel_id: only,
        name: only.map_or_else(|| "Other channels".to_owned(), |id| resolved.channel_name(id)),
        scope,
        now: stacked.values.iter().map(|value| shown(stacked.metric, *value, &resolved.currency)).collect(),
    }
}

impl Resolved {
    /// A metric of these days, of a scope.
    fn of_days(&self, scope: Scope, metric: Metric) -> OfDays {
        OfDays { metric, scope, days: self.days, currency: self.currency.clone() }
    }
}
