//! Figures of any days, made at once from what is stored: the brain's Memory, for those who may not know the brain.

use brain::{cycle, finding::Level, memory::Days};
use model::{
    brain::Outcome,
    fact::{Depth, Ledger},
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
