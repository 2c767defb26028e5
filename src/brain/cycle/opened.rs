//! Single figures of any days, with the rows that they are made of: what a page shows, and what is seen when one is opened.
//!
//! A source belongs to a figure when a day of these days, or of as many right before them, was read of it: what stopped
//! meanwhile is named as missing, what ended long ago is not.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::{Date, Duration};

use super::Input;
use crate::memory::{Currency, Days, Metric, Row, Setting, Source, figure, rows, whole_value};

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

/// What is asked of everything that is given, with its course and of each source by itself.
#[derive(Clone, Debug)]
pub struct Wide<'a> {
    /// In which currency and of which days.
    pub question: Question,
    /// The metrics.
    pub metrics: &'a [Metric],
    /// The steps of the course.
    pub periods: &'a [Days],
    /// The metrics that are wanted of each source by itself.
    pub each: &'a [Metric],
    /// Of these metrics the course is wanted of the sources that have the most of it, and of the others together.
    pub stacks: &'a [Metric],
    /// Of so many sources.
    pub most: usize,
}

/// The course of a metric of a source, or of several together.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// The metric.
    pub metric: Metric,
    /// The sources.
    pub sources: Vec<String>,
    /// Each step's own value; none where not all of it is known.
    pub values: Vec<Option<Decimal>>,
}

/// Figures with their course.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Of everything, each metric with its own values of the steps in `by_day`.
    pub whole: Vec<Opened>,
    /// Of each source that belongs to the days, by its id; without a course.
    pub each: Vec<(String, Vec<Opened>)>,
    /// The stacks, those with the most of a metric first.
    pub stacks: Vec<Stack>,
}

/// These metrics with their course, of everything and of each source by itself.
pub fn spread(input: &Input, wide: &Wide<'_>) -> Spread {
    let question = &wide.question;
    let sources = sources(input, question);
    let setting = Setting { display: Some(question.currency), rates: &input.rates, margin: None };
    let whole = wide.metrics.iter().map(|metric| Opened {
        by_day: course(*metric, &sources, wide.periods, &setting),
        ..one(*metric, &sources, question, &setting)
    });
    let alone = |source: &&Source| {
        let made = wide.each.iter().map(|metric| one(*metric, &[*source], question, &setting));
        (source.id.clone(), made.collect::<Vec<_>>())
    };
    Spread {
        whole: whole.collect(),
        each: if wide.each.is_empty() { Vec::new() } else { sources.iter().map(alone).collect() },
        stacks: wide.stacks.iter().flat_map(|metric| stacks(*metric, &sources, wide, &setting)).collect(),
    }
}

/// The course of a metric: the sources with the most of it, then all others that report it together.
fn stacks(metric: Metric, sources: &[&Source], wide: &Wide<'_>, setting: &Setting<'_>) -> Vec<Stack> {
    let sum = |source: &Source| Some(figure(metric, &[source], wide.question.days, setting).ok()?.value);
    let mut by_size: Vec<(Decimal, &Source)> =
        sources.iter().copied().filter_map(|source| Some((sum(source)?, source))).collect();
    by_size.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.id.cmp(&other.id)));
    let sources: Vec<&Source> = by_size.into_iter().map(|(_, source)| source).collect();
    let (most, others) = sources.split_at(wide.most.min(sources.len()));
    let groups = most.iter().map(std::slice::from_ref).chain((!others.is_empty()).then_some(others));
    let stack = |of: &[&Source]| Stack {
        metric,
        sources: of.iter().map(|source| source.id.clone()).collect(),
        values: course(metric, of, wide.periods, setting),
    };
    groups.map(stack).collect()
}

/// The value of each step; none of one that is not read everywhere, where the sum would look like a fall.
fn course(metric: Metric, sources: &[&Source], steps: &[Days], setting: &Setting<'_>) -> Vec<Option<Decimal>> {
    steps.iter().map(|days| whole_value(metric, sources, *days, setting)).collect()
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
    let day = |after: i64| question.days.first.checked_add(Duration::days(after));
    let days: Vec<Days> = (0..days).filter_map(day).map(|day| Days { first: day, last: day }).collect();
    Opened {
        by_day: course(metric, sources, &days, setting),
        rows: all,
        figure: match made {
            Ok(made) => serde_json::to_value(made).unwrap_or_default(),
            Err(absent) => json!({ "absent": absent }),
        },
    }
}
