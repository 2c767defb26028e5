//! A report's figures: counted as those of pages are, from what was known at the report's moment, all from one reading.

use std::collections::BTreeMap;

use model::{
    dashboard::Lack,
    day::in_words,
    fact::{Channel, Made},
    figure::{Metric, Scope},
    id::ClientId,
    metric::Days,
    organization::Organization,
    report::document::{Block, Chart, Column, FigureCell, Line, Mark},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use store::{TenantTx, brain as states};
use time::{Duration, OffsetDateTime};

use crate::{
    Result, Service, brain,
    dashboard::MAIN,
    figure::{
        self,
        counted::{self, Number, Reading},
        missing,
    },
    performance::words,
};

/// What stands beside each channel.
const EACH: [&str; 5] = ["spend", "claimed_revenue", "roas_claimed", "ledger_revenue", "orders"];

/// A figure; `Err` says why there is none.
type Found = std::result::Result<Number, (Lack, String)>;

/// All figures of a report.
pub(super) struct Figures {
    days: Days,
    before: Days,
    /// The currency in which amounts are told.
    pub currency: String,
    metrics: Vec<Metric>,
    channels: Vec<Channel>,
    now: Vec<Made>,
    earlier: Vec<Made>,
    each: Vec<Vec<Made>>,
}

/// Whose figures, and of which days.
pub(super) struct Asked<'a> {
    /// The agency.
    pub agency: &'a Organization,
    /// Of this client only, with its currency.
    pub client: Option<(ClientId, &'a str)>,
    /// The days.
    pub days: Days,
    /// The moment.
    pub as_of: OffsetDateTime,
}

impl Figures {
    /// Counts them. The transaction must be a new one.
    pub(super) async fn count(service: &Service, mut tx: TenantTx, asked: Asked<'_>) -> Result<Self> {
        let Asked { agency, client, days, as_of } = asked;
        states::freeze(&mut tx).await?;
        let (scope, currency) = match client {
            Some((id, currency)) => (Scope::Client(id), currency.to_owned()),
            None => (Scope::Agency(agency.id), agency.currency.clone()),
        };
        let last = days.first.previous_day().unwrap_or(days.first);
        let before = Days { first: last.saturating_sub(Duration::days(days.count() - 1)), last };
        let id = client.map(|(id, _)| id);
        let (mut channels, day) = brain::whole_channels(service, &mut tx, agency, id, Some(as_of)).await?;
        channels.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        let metrics = metrics();
        let reading = Reading { rows: false, by_day: false, as_of: Some(as_of) };
        let ask = |scope, days, by_day| {
            counted::asked(scope, &currency, days, metrics.clone(), Reading { by_day, ..reading })
        };
        let mut questions = vec![ask(scope.clone(), days, true), ask(scope, before, false)];
        questions.extend(channels.iter().map(|channel| ask(Scope::Channel(channel.id), days, false)));
        let counted = counted::make_of(service, tx, agency, (channels.clone(), day), questions, reading).await?;
        let mut made = counted.made.into_iter();
        // From here on only people read them.
        for channel in &mut channels {
            channel.name = channel.called().whole();
        }
        let (now, earlier) = (made.next().unwrap_or_default(), made.next().unwrap_or_default());
        Ok(Self { days, before, currency, metrics, channels, now, earlier, each: made.collect() })
    }

    fn of(&self, made: &[Made], key: &str) -> Option<Found> {
        let (metric, made) = self.metrics.iter().zip(made).find(|(metric, _)| metric.key() == key)?;
        Some(counted::read(*metric, made, &self.currency))
    }

    fn names(&self) -> BTreeMap<String, &str> {
        self.channels.iter().map(|channel| (channel.id.to_string(), channel.name.as_str())).collect()
    }

    /// The main figures, their course, and all others that anybody reports.
    pub(super) fn main(&self) -> Vec<Block> {
        if self.channels.is_empty() {
            return vec![nothing_read()];
        }
        let count = self.days.count();
        let compared = format!(
            "{} to {}, against the {count} days before: {} to {}.",
            in_words(self.days.first),
            in_words(self.days.last),
            in_words(self.before.first),
            in_words(self.before.last)
        );
        let cells = MAIN.iter().filter_map(|key| Some(self.cell(key, self.of(&self.now, key)?))).collect();
        let mut blocks = vec![Block::Paragraph(compared), Block::Figures(cells)];
        blocks.extend(self.course().map(Block::Chart));
        blocks.push(Block::Heading("All figures".to_owned()));
        blocks.push(self.table());
        blocks
    }

    fn cell(&self, key: &str, found: Found) -> FigureCell {
        let name = words::name(key);
        let number = match found {
            Ok(number) => number,
            Err((_, reason)) => return FigureCell { name, value: None, notes: vec![reason] },
        };
        let then = self.of(&self.earlier, key).and_then(std::result::Result::ok);
        let mut notes = Vec::new();
        if let Some(then) = &then {
            let alike = number.alike(then);
            let change = figure::change(number.value, then.value).filter(|_| alike).map(figure::in_percent);
            notes.push(match change {
                Some(change) => format!("{change}, before: {}", then.shown),
                None if alike => format!("before: {}", then.shown),
                None => format!("before: {}, {}", then.shown, missing::UNLIKE),
            });
        }
        notes.extend(number.lacks(&self.names()));
        FigureCell { name, value: Some(number.shown), notes }
    }

    /// What was spent and earned each day; none where nobody reports either.
    fn course(&self) -> Option<Chart> {
        let line = |(colour, key): (usize, &str)| {
            self.of(&self.now, key)?.ok()?;
            let place = self.metrics.iter().position(|metric| metric.key() == key)?;
            let values =
                self.now.get(place)?.by_day.iter().map(|value| value.and_then(|value| value.to_f64())).collect();
            Some(Line { name: words::name(key), colour, dashed: false, values })
        };
        let lines: Vec<Line> = [(0, "ledger_revenue"), (3, "spend")].into_iter().filter_map(line).collect();
        let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
        let days = format!("{} to {}", in_words(self.days.first), in_words(self.days.last));
        let words = format!("{} of each day, {days}, in {}.", names.join(" and "), self.currency);
        let marks = marks(lines.iter().flat_map(|line| line.values.iter().flatten()), |value| {
            words::amount(value, &self.currency)
        });
        (!lines.is_empty()).then(|| Chart {
            words,
            first: in_words(self.days.first),
            last: in_words(self.days.last),
            marks,
            bands: Vec::new(),
            lines,
        })
    }

    fn table(&self) -> Block {
        let mut rows = Vec::new();
        for metric in &self.metrics {
            let (Some(now), Some(then)) = (self.of(&self.now, metric.key()), self.of(&self.earlier, metric.key()))
            else {
                continue;
            };
            if matches!(now, Err((Lack::NotConnected, _))) {
                continue;
            }
            let both = now.as_ref().ok().zip(then.as_ref().ok()).filter(|(now, then)| now.alike(then));
            let change = both.and_then(|(now, then)| figure::change(now.value, then.value)).map(figure::in_percent);
            rows.push(vec![
                words::name(metric.key()),
                shown(&now),
                shown(&then),
                change.unwrap_or_else(|| "–".to_owned()),
            ]);
        }
        let columns = columns(&["Figure", "These days", "Days before", "Change"]);
        Block::Table { columns, rows, note: Some(LACKS.to_owned()) }
    }

    /// What each channel did, and all together.
    pub(super) fn by_channel(&self) -> Vec<Block> {
        if self.channels.is_empty() {
            return vec![nothing_read()];
        }
        let cells = |made: &[Made]| -> Vec<String> {
            EACH.iter().map(|key| self.of(made, key).map_or_else(|| "–".to_owned(), |found| shown(&found))).collect()
        };
        let row = |name: &str, made: &[Made]| [vec![name.to_owned()], cells(made)].concat();
        let mut rows: Vec<_> =
            self.channels.iter().zip(&self.each).map(|(channel, made)| row(&channel.name, made)).collect();
        rows.push(row("All together", &self.now));
        let names: Vec<String> = EACH.iter().map(|key| words::name(key)).collect();
        let headings: Vec<&str> = std::iter::once("Channel").chain(names.iter().map(String::as_str)).collect();
        let mut lacks = Vec::new();
        for (channel, made) in self.channels.iter().zip(&self.each) {
            for key in EACH {
                match self.of(made, key) {
                    Some(Err((Lack::NotEnough, reason))) => lacks.push(format!("{}: {reason}", channel.name)),
                    Some(Ok(number)) => {
                        lacks.extend(
                            number.lacks(&self.names()).into_iter().map(|gap| format!("{}: {gap}", channel.name)),
                        );
                    }
                    _ => {}
                }
            }
        }
        lacks.sort();
        lacks.dedup();
        let mut blocks = vec![Block::Table {
            columns: columns(&headings),
            rows,
            note: Some(format!("{LACKS} Amounts are in {}.", self.currency)),
        }];
        if !lacks.is_empty() {
            blocks.push(Block::Heading("What is missing".to_owned()));
            blocks.push(Block::Bullets(lacks));
        }
        blocks
    }

    /// How the main figures are made.
    pub(super) fn formulas(&self) -> Option<Block> {
        let row = |key: &&str| {
            let number = self.of(&self.now, key)?.ok()?;
            Some(vec![words::name(key), number.formula.replace('_', " ")])
        };
        let rows: Vec<_> = MAIN.iter().filter_map(row).collect();
        let columns = ["Figure", "How it is made"].map(|heading| Column { heading: heading.to_owned(), number: false });
        (!rows.is_empty()).then(|| Block::Table { columns: columns.to_vec(), rows, note: None })
    }
}

const LACKS: &str = "“–” stands where there is no figure, “*” where something belongs into one and is missing.";

fn nothing_read() -> Block {
    Block::Paragraph("There are no figures: nothing is connected that was read by then.".to_owned())
}

/// The main figures, then all others that are made of the days of channels.
fn metrics() -> Vec<Metric> {
    let mut metrics: Vec<Metric> = MAIN.iter().filter_map(|key| Metric::parse(key)).collect();
    for (_, keys) in words::GROUPS {
        for metric in keys.iter().filter_map(|(key, _)| Metric::parse(key)) {
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
    }
    metrics
}

/// A figure as it stands in a table.
fn shown(found: &Found) -> String {
    match found {
        Ok(number) if number.partial() => format!("{} *", number.shown),
        Ok(number) => number.shown.clone(),
        Err(_) => "–".to_owned(),
    }
}

/// Columns of which the first is of names, the others of numbers.
fn columns(headings: &[&str]) -> Vec<Column> {
    let column = |(place, heading): (usize, &&str)| Column { heading: (*heading).to_owned(), number: place > 0 };
    headings.iter().enumerate().map(column).collect()
}

/// Zero and the highest value, as they are written at a drawing's side.
pub(super) fn marks<'a>(values: impl Iterator<Item = &'a f64>, write: impl Fn(Decimal) -> String) -> Vec<Mark> {
    let most = values.copied().fold(0.0, f64::max);
    let heights = if most > 0.0 { vec![0.0, most] } else { vec![0.0] };
    let mark = |value: f64| Some(Mark { value, text: write(Decimal::from_f64_retain(value)?.round_dp(2)) });
    heights.into_iter().filter_map(mark).collect()
}
