//! Figures of any days, made at once from what is stored: the brain's Memory, for those who may not know the brain.

use brain::{
    cycle::{self, Opened, Question},
    finding::Level,
    memory::{Currency, Days, Metric},
};
use model::{
    brain::Outcome,
    fact::{Asked, Channel, Counted, Depth, Ledger, Made},
    figure::Scope,
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
        let made = think::of_ledger(ledger)
            .and_then(|input| think::stored(cycle::figures_of(&input, days(now), days(before), level)));
        made.map_err(|error| format!("{error:#}"))
    }

    fn opened(&self, ledger: &Ledger, asked: &Asked) -> Result<Vec<Made>, String> {
        let window = asked.window();
        let days = ledger.days.iter().filter(|row| window.contains(row.day)).cloned().collect();
        // By the channels' own client: an archived one is no client of the ledger, and its days are still its own.
        let meant = |channel: &&Channel| match asked.scope {
            Scope::Agency(_) => true,
            Scope::Client(id) => channel.client_id == Some(id),
            Scope::Channel(id) => channel.id == id,
        };
        let ledger = Ledger {
            currency: ledger.currency.clone(),
            day: ledger.day,
            from: window.first.max(ledger.from),
            channels: ledger.channels.iter().filter(meant).cloned().collect(),
            days,
            parts: Vec::new(),
            buyers: Vec::new(),
            clients: ledger.clients.clone(),
            rates: ledger.rates.clone(),
        };
        let input = think::of_ledger(&ledger).map_err(|error| format!("{error:#}"))?;
        let question = Question {
            currency: Currency::parse(&asked.currency).ok_or_else(|| format!("{} is no currency", asked.currency))?,
            days: Days { first: asked.days.first, last: asked.days.last },
            rows: asked.rows,
            by_day: asked.by_day,
        };
        let known = |key: &str| Metric::ALL.into_iter().find(|metric| metric.key() == key);
        let metrics: Option<Vec<Metric>> = asked.metrics.iter().map(|metric| known(metric.key())).collect();
        let metrics = metrics.ok_or("the brain knows one of these metrics no more")?;
        cycle::opened(&input, &question, &metrics).into_iter().map(made).collect()
    }
}

fn made(opened: Opened) -> Result<Made, String> {
    let counted = |row: cycle::Counted| {
        Ok(Counted {
            part: row.part,
            channel_id: row.channel.parse().map_err(|_| format!("{} is no channel", row.channel))?,
            day: row.day,
            value: row.value,
            counted: row.counted,
        })
    };
    let rows: Result<Vec<Counted>, String> = opened.rows.into_iter().map(counted).collect();
    Ok(Made { figure: opened.figure.to_string(), rows: rows?, by_day: opened.by_day })
}

impl Facts {
    /// What is stored, without what figures do not need.
    pub(super) fn of_ledger(ledger: &Ledger) -> Self {
        Self {
            day: ledger.day,
            from: ledger.from,
            currency: ledger.currency.clone(),
            channels: ledger.channels.clone(),
            days: ledger.days.clone(),
            ads: ledger.parts.clone(),
            orders: Vec::new(),
            clients: ledger.clients.clone(),
            rates: ledger.rates.clone(),
            lift_tests: Vec::new(),
            choices: Default::default(),
            hits: Default::default(),
            under_way: Vec::new(),
            chosen_at: None,
        }
    }
}
