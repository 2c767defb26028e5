//! Single figures of any days, with the rows that they are made of: what a page shows, and what is seen when one is opened.
//!
//! A source belongs to a figure when a day of these days, or of as many right before them, was read of it: what stopped
//! meanwhile is named as missing, what ended long ago is not.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::{Date, Duration};

use super::Input;
use crate::memory::{Currency, Days, Metric, Row, Setting, Source, figure, rows};

/// What is asked of everything that is given.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// In which currency amounts are told.
    pub currency: Currency,
    /// Of which days.
    pub days: Days,
    /// Whether the rows are wanted.
    pub rows: bool,
    /// Whether each day's own value is wanted.
    pub by_day: bool,
}

/// A day of a channel that went into a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Which part of the figure it went into, by its place.
    pub part: usize,
    /// The channel.
    pub channel: String,
    /// The day.
    pub day: Date,
    /// What the channel reported.
    pub value: Decimal,
    /// What of it was added.
    pub counted: Decimal,
}

/// A figure, opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The figure as JSON, or `{"absent": why}`.
    pub figure: Value,
    /// Its rows, if they are wanted.
    pub rows: Vec<Counted>,
    /// Each day's own value, if they are wanted; none where there is none.
    pub by_day: Vec<Option<Decimal>>,
}

/// These metrics, each opened.
pub fn opened(input: &Input, question: &Question, metrics: &[Metric]) -> Vec<Opened> {
    let sources = sources(input, question);
    let setting = Setting { display: Some(question.currency), rates: &input.rates, margin: None };
    metrics.iter().map(|metric| one(*metric, &sources, question, &setting)).collect()
}

fn sources<'a>(input: &'a Input, question: &Question) -> Vec<&'a Source> {
    let Days { first, last } = question.days;
    let reach = Days { first: first.saturating_sub(Duration::days(question.days.count())), last };
    let channels = input.clients.iter().flat_map(|client| &client.channels);
    let read = channels.filter_map(|channel| channel.days.as_ref().ok());
    read.filter(|source| source.read.both(reach).count() > 0).collect()
}

fn one(metric: Metric, sources: &[&Source], question: &Question, setting: &Setting<'_>) -> Opened {
    let made = figure(metric, sources, question.days, setting);
    let counted = |(part, row): (usize, Row<'_>)| Counted {
        part,
        channel: row.source.to_owned(),
        day: row.day,
        value: row.value,
        counted: row.counted,
    };
    let parts = made.as_ref().ok().filter(|_| question.rows).map(|made| made.parts.as_slice()).unwrap_or_default();
    let all = parts
        .iter()
        .enumerate()
        .flat_map(|(at, part)| rows(part, sources, setting).into_iter().map(move |row| (at, row)).collect::<Vec<_>>());
    let all = all.map(counted).collect();
    let days = if question.by_day { question.days.count() } else { 0 };
    let by_day = (0..days).map(|after| {
        let day = question.days.first.checked_add(Duration::days(after))?;
        let made = figure(metric, sources, Days { first: day, last: day }, setting).ok()?;
        // Of a day that is not read everywhere the sum would look like a fall.
        made.whole().then_some(made.value)
    });
    Opened {
        by_day: by_day.collect(),
        rows: all,
        figure: match made {
            Ok(made) => serde_json::to_value(made).unwrap_or_default(),
            Err(absent) => json!({ "absent": absent }),
        },
    }
}
