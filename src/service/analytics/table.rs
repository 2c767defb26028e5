//! Tables of what figures are made up of: each channel, campaign or advertisement with its own figures.

use std::collections::BTreeMap;

use model::{
    analytics::{Breakdown, Cell, Fatigue, Row},
    fact::{Entry, Made},
    figure::{Metric, PartId, Scope},
    metric::{Days, Level},
};
use rust_decimal::Decimal;
use store::ad_entity::Placed;

use super::question::Resolved;
use crate::{
    dashboard,
    figure::{counted, missing::Owners, scope::called},
    performance::words,
};

/// So many rows are told.
const ROWS: usize = 100;

/// What was counted of each.
type Each = [(Entry, Vec<Made>)];

/// Makes the rows of a table.
pub(super) struct Rows<'a> {
    pub resolved: &'a Resolved,
    /// The metrics that were counted, which are the columns.
    pub told: &'a [Metric],
}

/// What is known of campaigns or advertisements besides their figures.
pub(super) struct Known<'a> {
    pub level: Level,
    pub placed: &'a BTreeMap<PartId, Placed>,
    pub fatigue: &'a BTreeMap<PartId, Fatigue>,
}

impl Rows<'_> {
    /// Each channel.
    pub fn channels(&self, now: &Each, before: Option<(Days, &Each)>) -> Breakdown {
        self.table(now, before, |entry| {
            let scope = Scope::Channel(entry.channel_id);
            let name = self.resolved.channel_beside(entry.channel_id);
            Some((Row { name, ..self.bare(entry, &scope) }, scope))
        })
    }

    /// Each campaign or advertisement that has a name.
    pub fn parts(&self, now: &Each, before: Option<(Days, &Each)>, known: &Known<'_>) -> Breakdown {
        self.table(now, before, |entry| {
            let part = PartId::new(entry.channel_id, entry.external_id.as_deref()?);
            let ad = known.level == Level::Ad;
            let only = [part.clone()].into();
            let scope = if ad { Scope::Creatives(only) } else { Scope::Campaigns(only) };
            let placed = known.placed.get(&part)?;
            let row = Row {
                name: called(placed),
                status: Some(placed.entity.status.clone()),
                shows: placed.entity.creative.clone().filter(|_| ad),
                fatigue: known.fatigue.get(&part).cloned(),
                part: Some(part),
                ..self.bare(entry, &scope)
            };
            Some((row, scope))
        })
    }

    fn bare(&self, entry: &Entry, scope: &Scope) -> Row {
        let provider = self.resolved.meant.iter().find(|called| called.id == entry.channel_id);
        Row {
            name: String::new(),
            scope: scope.to_string(),
            channel_id: entry.channel_id,
            channel: self.resolved.channel_beside(entry.channel_id),
            client: self.resolved.client_of(entry.channel_id),
            provider: provider.map(|called| called.provider.clone()).unwrap_or_default(),
            part: None,
            status: None,
            shows: None,
            fatigue: None,
            cells: Vec::new(),
        }
    }

    fn table(
        &self,
        now: &Each,
        before: Option<(Days, &Each)>,
        row: impl Fn(&Entry) -> Option<(Row, Scope)>,
    ) -> Breakdown {
        let earlier: BTreeMap<&Entry, &[Made]> =
            before.iter().flat_map(|(_, each)| each.iter()).map(|(entry, made)| (entry, made.as_slice())).collect();
        let mut sized: Vec<(Decimal, &Entry, &[Made])> =
            now.iter().map(|(entry, made)| (self.size(made), entry, made.as_slice())).collect();
        sized.sort_by(|(a, one, _), (b, other, _)| b.cmp(a).then_with(|| one.cmp(other)));
        let mut table = Breakdown {
            columns: self.told.iter().map(|metric| (metric.key().to_owned(), words::name(metric.key()))).collect(),
            ..Breakdown::default()
        };
        for (_, entry, made) in sized {
            let Some((row, scope)) = row(entry) else { continue };
            if table.rows.len() >= ROWS {
                table.others += 1;
                continue;
            }
            let then = before.as_ref().and_then(|(days, _)| Some((*days, *earlier.get(entry)?)));
            table.rows.push(Row { cells: self.cells(&scope, made, then), ..row });
        }
        table
    }

    /// What a row is sorted by: what it cost or what it brought into the books, whichever is more.
    fn size(&self, made: &[Made]) -> Decimal {
        let value = |key: &str| {
            let at = self.told.iter().position(|metric| metric.key() == key)?;
            Some(counted::read(*self.told.get(at)?, made.get(at)?, &self.resolved.currency).ok()?.value)
        };
        ["spend", "ledger_revenue"].into_iter().filter_map(value).max().unwrap_or_default()
    }

    fn cells(&self, scope: &Scope, made: &[Made], before: Option<(Days, &[Made])>) -> Vec<Cell> {
        let cell = |(at, metric): (usize, &Metric)| {
            let then = before.and_then(|(days, made)| Some((days, made.get(at)?)));
            // Whose a channel is stands beside its row.
            let of = self.resolved.of_days(scope.clone(), *metric);
            let figure = dashboard::main_figure(of, then, made.get(at)?, &Owners::new());
            Some(Cell { now: figure.now, partial: figure.partial, change: figure.change })
        };
        self.told.iter().enumerate().filter_map(cell).collect()
    }
}
