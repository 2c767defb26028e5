//! The rows of a figure: page by page, each with when it was said and which run heard it.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    fact::{Channel, Counted, Made},
    figure::{Metric, PartId, Row, Run, Scope},
    id::{ChannelId, SyncRunId},
    input::Invalid,
    metric::{Days, Level},
    page::Page,
};
use rust_decimal::Decimal;
use store::figure::{self, Stored};
use time::{Date, OffsetDateTime};

use super::{
    Opening,
    counted::{self, Number, Reading},
    scope::part_names,
};
use crate::{Result, performance::words};

/// A measure of a day of a channel, or of something in it.
type Key = (String, ChannelId, Option<String>, Date);

/// A row before it is known where it comes from.
struct Bare {
    part: String,
    measure: String,
    /// The currency of what was counted, if it is money.
    currency: Option<String>,
    row: Counted,
}

/// A number as people read it: money with its currency.
fn shown(value: Decimal, currency: Option<&str>) -> String {
    currency.map_or_else(|| model::number::grouped(value, 0, 2), |currency| words::amount(value, currency))
}

/// All rows of a figure, in the order of its parts.
pub(super) struct Rows {
    channels: BTreeMap<ChannelId, (String, String)>,
    /// What campaigns or advertisements are called, and what they are, where the rows are of such.
    parts: BTreeMap<PartId, String>,
    level: Level,
    all: Vec<Bare>,
}

impl Rows {
    pub fn new(channels: &[Channel]) -> Self {
        let of = |channel: &Channel| (channel.id, (channel.called().whole(), channel.currency.clone()));
        let channels = channels.iter().map(of).collect();
        Self { channels, parts: BTreeMap::new(), level: Level::Account, all: Vec::new() }
    }

    /// What sources are called, by their ids as the brain says them.
    pub fn names(&self) -> BTreeMap<String, &str> {
        let channels = self.channels.iter().map(|(id, (name, _))| (id.to_string(), name.as_str()));
        channels.chain(self.parts.iter().map(|(part, name)| (part.to_string(), name.as_str()))).collect()
    }

    /// What a row is of: a channel, or something in one.
    fn called(&self, row: &Counted) -> (String, String) {
        let (channel, currency) = self.channels.get(&row.channel_id).cloned().unwrap_or_default();
        let part = part(row).and_then(|part| self.parts.get(&part));
        (part.map_or(channel.clone(), |part| format!("{channel} · {part}")), currency)
    }

    /// Adds those of a figure, whose parts are called as they are with `suffix` behind.
    pub fn add(&mut self, number: &Number, made: &Made, suffix: &str) {
        for row in &made.rows {
            let measure = number.parts.get(row.part).and_then(|part| part["measure"].as_str()).unwrap_or_default();
            self.all.push(Bare {
                part: format!("{measure}{suffix}"),
                measure: measure.to_owned(),
                currency: number.money(measure).map(str::to_owned),
                row: row.clone(),
            });
        }
    }

    /// Leaves those of other channels out.
    pub fn only(&mut self, channels: &BTreeSet<ChannelId>) {
        self.all.retain(|bare| channels.contains(&bare.row.channel_id));
    }
}

/// What in a channel a row is a day of.
fn part(row: &Counted) -> Option<PartId> {
    row.external_id.as_ref().map(|id| PartId::new(row.channel_id, id.as_str()))
}

impl Opening<'_> {
    /// No rows yet, of a scope and these channels of it.
    pub(super) async fn rows_of(&mut self, channels: &[Channel], scope: &Scope) -> Result<Rows> {
        let mut rows = Rows::new(channels);
        rows.level = match scope {
            Scope::Campaigns(_) => Level::Campaign,
            Scope::Creatives(_) => Level::Ad,
            _ => return Ok(rows),
        };
        if let Some(parts) = scope.parts() {
            rows.parts = part_names(&mut self.tx, rows.level, parts).await?.into_iter().collect();
        }
        Ok(rows)
    }

    /// The days that these metrics are made of, of one scope.
    pub(super) async fn days_of(
        &mut self,
        scope: &Scope,
        currency: &str,
        days: Days,
        metrics: &[Metric],
        as_of: Option<OffsetDateTime>,
    ) -> Result<Rows> {
        if metrics.is_empty() {
            return Ok(Rows::new(&[]));
        }
        let reading = Reading { rows: true, by_day: false, as_of };
        let asked = counted::asked(scope.clone(), currency, days, metrics.to_vec(), reading);
        let counted = counted::make(self.service, &mut self.tx, vec![asked], reading).await?;
        let mut rows = self.rows_of(&counted.channels, scope).await?;
        for (metric, made) in metrics.iter().zip(counted.made.iter().flatten()) {
            if let Ok(number) = counted::read(*metric, made, currency) {
                rows.add(&number, made, "");
            }
        }
        Ok(rows)
    }

    /// A page of rows with the runs that heard them.
    pub(super) async fn page(&mut self, rows: Rows, as_of: Option<OffsetDateTime>) -> Result<(Page<Row>, Vec<Run>)> {
        let wrong = |_| Invalid::new("cursor", "cursor must be the next_cursor of an earlier page");
        let from: usize = self.asked.cursor.as_deref().map_or(Ok(0), str::parse::<usize>).map_err(wrong)?;
        let to = from.saturating_add(usize::try_from(self.asked.limit).unwrap_or_default());
        let next_cursor = (to < rows.all.len()).then(|| to.to_string());
        let here = from.min(rows.all.len())..to.min(rows.all.len());
        let here = rows.all.get(here).unwrap_or_default();
        let stored = self.stored(here, rows.level, as_of).await?;
        let mut heard: BTreeSet<SyncRunId> = BTreeSet::new();
        let items = here.iter().map(|Bare { part, measure, currency: into, row }| {
            let (channel, currency) = rows.called(row);
            let stored = stored.get(&(measure.clone(), row.channel_id, row.external_id.clone(), row.day));
            let runs = stored.map(|stored| stored.runs.clone()).unwrap_or_default();
            heard.extend(&runs);
            let currency = into.is_some().then_some(currency);
            Row {
                part: part.clone(),
                channel_id: row.channel_id,
                channel,
                day: row.day.to_string(),
                value: row.value.normalize().to_string(),
                reported: shown(row.value, currency.as_deref()),
                currency,
                counted: row.counted.to_string(),
                shown: shown(row.counted, into.as_deref()),
                stored: stored.map(|stored| stored.rows).unwrap_or_default(),
                observed_at: stored.map(|stored| self.words.write(stored.observed_at)),
                runs,
            }
        });
        let items: Vec<Row> = items.collect();
        let runs = self.runs(heard.into_iter().collect()).await?;
        Ok((Page { items, next_cursor }, runs))
    }

    /// What rows are made of, by measure, channel, what lies in it, and day: one question for each measure.
    async fn stored(
        &mut self,
        rows: &[Bare],
        level: Level,
        as_of: Option<OffsetDateTime>,
    ) -> Result<BTreeMap<Key, Stored>> {
        let mut asked: BTreeMap<&str, Vec<&Counted>> = BTreeMap::new();
        for Bare { measure, row, .. } in rows {
            asked.entry(measure).or_default().push(row);
        }
        let mut found = BTreeMap::new();
        for (measure, rows) in asked {
            let whole: Vec<(ChannelId, Date)> =
                rows.iter().filter(|row| row.external_id.is_none()).map(|row| (row.channel_id, row.day)).collect();
            let parts: Vec<(PartId, Date)> = rows.iter().filter_map(|row| Some((part(row)?, row.day))).collect();
            if !whole.is_empty() {
                for stored in figure::stored(&mut self.tx, measure, &whole, as_of).await? {
                    found.insert((measure.to_owned(), stored.channel_id, None, stored.day), stored);
                }
            }
            if !parts.is_empty() {
                for (part, stored) in figure::stored_parts(&mut self.tx, level, measure, &parts, as_of).await? {
                    found.insert((measure.to_owned(), part.channel_id, Some(part.external_id), stored.day), stored);
                }
            }
        }
        Ok(found)
    }

    /// Runs, with what the member may see of them.
    async fn runs(&mut self, ids: Vec<SyncRunId>) -> Result<Vec<Run>> {
        let seen = figure::runs(&mut self.tx, &ids).await?;
        let hidden = |id: &SyncRunId| !seen.iter().any(|heard| heard.id == *id);
        let unseen: Vec<Run> = ids
            .iter()
            .copied()
            .filter(hidden)
            .map(|id| Run {
                id,
                cause: None,
                started_at: None,
                finished_at: None,
                connection_id: None,
                connection: None,
                import_id: None,
            })
            .collect();
        let told = seen.into_iter().map(|heard| Run {
            id: heard.id,
            cause: Some(heard.cause),
            started_at: Some(self.words.write(heard.started_at)),
            finished_at: heard.finished_at.map(|at| self.words.write(at)),
            // Of a source of imports there is no page, but of each import.
            connection_id: (!heard.file).then_some(heard.connection_id),
            connection: Some(heard.connection),
            import_id: heard.import_id,
        });
        Ok(told.chain(unseen).collect())
    }
}
