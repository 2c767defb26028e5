//! Figures of any days, made at once from what is stored: the brain's Memory, for those who may not know the brain.

use std::collections::BTreeSet;

use brain::{
    cycle::{self, Input, Opened, Question},
    finding::Level,
    memory::{Currency, Days, Metric},
};
use model::{
    brain::Outcome,
    fact::{Asked, Channel, Counted, Depth, Entry, Ledger, Made, Spread, Stacked, Wide, window},
    figure::{PartId, Scope},
    id::ChannelId,
    metric,
};

use super::{facts::Facts, think};

/// Makes figures as the brain does.
#[derive(Clone, Copy, Debug)]
pub struct Memory;

impl model::fact::Memory for Memory {
    fn figures(
        &self,
        ledger: &Ledger,
        now: metric::Days,
        before: metric::Days,
        depth: Depth,
    ) -> Result<Vec<Outcome>, String> {
        let days = |days: metric::Days| Days { first: days.first, last: days.last };
        let level = match depth {
            Depth::Agency => Level::Agency,
            Depth::Client => Level::Client,
            Depth::Channel => Level::Channel,
            Depth::Campaign => Level::Campaign,
            Depth::Creative => Level::Creative,
        };
        let made = think::of_ledger(ledger.clone())
            .and_then(|input| think::stored(cycle::figures_of(&input, days(now), days(before), level)));
        made.map_err(|error| format!("{error:#}"))
    }

    fn opened(&self, ledger: &Ledger, asked: &Asked) -> Result<Vec<Made>, String> {
        let input = of_scope(ledger, &asked.scope, asked.window())?;
        let question = question(&asked.currency, asked.days, asked.rows, asked.by_day)?;
        cycle::opened(&input, &question, &metrics(&asked.metrics)?).into_iter().map(made).collect()
    }

    fn spread(&self, ledger: &Ledger, asked: &Wide) -> Result<Spread, String> {
        let input = of_scope(ledger, &asked.scope, window(asked.days))?;
        let (known, each, stacked) = (metrics(&asked.metrics)?, metrics(&asked.each)?, metrics(&asked.stacks)?);
        let periods: Vec<Days> = asked.periods.iter().copied().map(days).collect();
        let told = cycle::spread(
            &input,
            &cycle::Wide {
                question: question(&asked.currency, asked.days, false, false)?,
                metrics: &known,
                periods: &periods,
                each: &each,
                stacks: &stacked,
                most: asked.most,
            },
        );
        let all = |opened: Vec<Opened>| opened.into_iter().map(made).collect::<Result<Vec<Made>, String>>();
        let alone =
            told.each.into_iter().map(|(source, opened)| -> Result<_, String> { Ok((entry(&source)?, all(opened)?)) });
        let stack = |stack: cycle::Stack| -> Result<Stacked, String> {
            let metric = asked.stacks.iter().find(|metric| metric.key() == stack.metric.key()).copied();
            Ok(Stacked {
                metric: metric.ok_or("a metric was not asked for")?,
                of: stack.sources.iter().map(|source| entry(source)).collect::<Result<_, String>>()?,
                values: stack.values,
            })
        };
        Ok(Spread {
            whole: all(told.whole)?,
            each: alone.collect::<Result<_, String>>()?,
            stacks: told.stacks.into_iter().map(stack).collect::<Result<_, String>>()?,
        })
    }
}

const fn days(days: metric::Days) -> Days {
    Days { first: days.first, last: days.last }
}

fn question(currency: &str, of: metric::Days, rows: bool, by_day: bool) -> Result<Question, String> {
    let currency = Currency::parse(currency).ok_or_else(|| format!("{currency} is no currency"))?;
    Ok(Question { currency, days: days(of), rows, by_day })
}

fn metrics(asked: &[model::figure::Metric]) -> Result<Vec<Metric>, String> {
    let known = |key: &str| Metric::ALL.into_iter().find(|metric| metric.key() == key);
    let metrics: Option<Vec<Metric>> = asked.iter().map(|metric| known(metric.key())).collect();
    metrics.ok_or_else(|| "the brain knows one of these metrics no more".to_owned())
}

/// What is stored of a scope in a window, as the brain takes it. What else was read beside it does not matter.
fn of_scope(ledger: &Ledger, scope: &Scope, window: metric::Days) -> Result<Input, String> {
    // By the channels' own client: an archived one is no client of the ledger, and its days are still its own.
    let meant: Vec<Channel> =
        ledger.channels.iter().filter(|channel| scope.holds(channel.id, channel.client_id)).cloned().collect();
    let own: BTreeSet<ChannelId> = meant.iter().map(|channel| channel.id).collect();
    let rows = ledger
        .days
        .iter()
        .filter(|row| scope.parts().is_none() && window.contains(row.day) && own.contains(&row.channel_id));
    let parts = ledger.parts.iter().filter(|part| {
        let own = |parts: &BTreeSet<PartId>| {
            parts.is_empty() || parts.iter().any(|id| id.channel_id == part.channel_id && id.external_id == part.ad_id)
        };
        window.contains(part.day) && scope.parts().is_some_and(own)
    });
    let ledger = Ledger {
        currency: ledger.currency.clone(),
        day: ledger.day,
        from: window.first.max(ledger.from),
        channels: meant,
        days: rows.cloned().collect(),
        reported: ledger.reported.iter().filter(|reported| reported.days == window).copied().collect(),
        parts: parts.cloned().collect(),
        buyers: Vec::new(),
        clients: ledger.clients.clone(),
        rates: ledger.rates.clone(),
    };
    let input = if scope.parts().is_some() { think::of_parts(&ledger) } else { think::of_ledger(ledger) };
    input.map_err(|error| format!("{error:#}"))
}

/// Between a channel's id and that of something in it.
pub(super) const IN: char = ':';

/// What a source's id names: a channel, or something in one.
fn entry(source: &str) -> Result<Entry, String> {
    let (channel, part) = source.split_once(IN).map_or((source, None), |(channel, part)| (channel, Some(part)));
    let channel_id: ChannelId = channel.parse().map_err(|_| format!("{source} is no channel"))?;
    Ok(Entry { channel_id, external_id: part.map(str::to_owned) })
}

fn made(opened: Opened) -> Result<Made, String> {
    let counted = |row: cycle::Counted| {
        let Entry { channel_id, external_id } = entry(&row.channel)?;
        Ok(Counted { part: row.part, channel_id, external_id, day: row.day, value: row.value, counted: row.counted })
    };
    let rows: Result<Vec<Counted>, String> = opened.rows.into_iter().map(counted).collect();
    Ok(Made { figure: opened.figure.to_string(), rows: rows?, by_day: opened.by_day })
}

impl Facts {
    /// What is stored, without what figures do not need.
    pub(super) fn of_ledger(ledger: Ledger) -> Self {
        Self {
            day: ledger.day,
            from: ledger.from,
            currency: ledger.currency,
            channels: ledger.channels,
            days: ledger.days,
            ads: ledger.parts,
            orders: Vec::new(),
            clients: ledger.clients,
            rates: ledger.rates,
            reported: ledger.reported.iter().map(|reported| (reported.channel_id, reported.measures)).collect(),
            lift_tests: Vec::new(),
            choices: Default::default(),
            hits: Default::default(),
            under_way: Vec::new(),
            chosen_at: None,
        }
    }
}
