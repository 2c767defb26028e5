//! What a state says, read leniently: an outcome with its body, in which figures are found by the place that they stand at, so
//! that a figure and its basis cannot differ. What is not there, or is no number, is no figure.

use model::{brain::Outcome, summary::Figure};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{line::Day, shown::shown};
use crate::basis::{self, decimal};

/// An outcome, read.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub outcome: &'a Outcome,
    pub body: Value,
}

/// What a figure is besides its value.
#[derive(Clone, Debug)]
pub(super) struct About<'a> {
    pub key: &'a str,
    pub unit: &'a str,
    pub days: Option<(&'a Day, &'a Day)>,
    pub made: Vec<String>,
}

impl<'a> About<'a> {
    pub fn new(key: &'a str, unit: &'a str) -> Self {
        Self { key, unit, days: None, made: Vec::new() }
    }

    pub fn on(self, days: Option<(&'a Day, &'a Day)>) -> Self {
        Self { days, ..self }
    }

    pub fn of(self, made: Vec<String>) -> Self {
        Self { made, ..self }
    }
}

impl<'a> Said<'a> {
    /// Reads an outcome; none if its body is no JSON.
    pub fn new(outcome: &'a Outcome) -> Option<Self> {
        Some(Self { outcome, body: serde_json::from_str(&outcome.body).ok()? })
    }

    pub fn is(&self, kind: &str) -> bool {
        self.outcome.kind == kind
    }

    pub fn at(&self, path: &str) -> Option<&Value> {
        self.body.pointer(path).filter(|value| !value.is_null())
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str()
    }

    pub fn number(&self, path: &str) -> Option<Decimal> {
        self.at(path).and_then(decimal).map(|(_, value)| value)
    }

    pub fn day(&self, path: &str) -> Option<Day> {
        self.text(path).and_then(Day::parse)
    }

    pub fn items(&self, path: &str) -> &[Value] {
        self.at(path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The number at this place.
    pub fn figure(&self, path: &str, about: About<'_>) -> Option<Figure> {
        let (text, value) = decimal(self.at(path)?)?;
        self.made(text, value, path, about)
    }

    /// The sum of the numbers at this place of every item of a list; none if one of them lacks it.
    pub fn sum(&self, list: &str, path: &str, about: About<'_>) -> Option<Figure> {
        let items = self.items(list);
        let sum = items.iter().try_fold(Decimal::ZERO, |sum, item| {
            sum.checked_add(item.pointer(path).and_then(decimal).map(|(_, value)| value)?)
        });
        let sum = sum.filter(|_| !items.is_empty())?.normalize();
        self.made(sum.to_string(), sum, &format!("{list}/*{path}"), about)
    }

    /// How many days lie between the `first` and `last` at this place.
    pub fn length(&self, path: &str) -> Option<Figure> {
        let (first, last) = (self.day(&format!("{path}/first"))?, self.day(&format!("{path}/last"))?);
        let read = |day: &Day| model::page::parse_day("day", day.text()).ok();
        let days = (read(&last)? - read(&first)?).whole_days() + 1;
        let about = About::new("days", "days").on(Some((&first, &last)));
        (days > 0).then(|| self.made(days.to_string(), days.into(), path, about)).flatten()
    }

    /// How many items a list has, each of them a day.
    pub fn count(&self, list: &str) -> Option<Figure> {
        let count = self.items(list).len();
        let about = About::new("days", "days");
        (count > 0).then(|| self.made(count.to_string(), count.into(), list, about)).flatten()
    }

    /// The probability of the four-fifths interval whose lower end stands at this place.
    pub fn interval(&self, path: &str) -> Option<Figure> {
        self.made("0.8".to_owned(), Decimal::new(8, 1), path, About::new("interval", "share"))
    }

    /// A number that was reckoned from those around this place.
    pub fn value(&self, value: Decimal, path: &str, about: About<'_>) -> Option<Figure> {
        let value = value.normalize();
        self.made(value.to_string(), value, path, about)
    }

    fn made(&self, text: String, value: Decimal, path: &str, about: About<'_>) -> Option<Figure> {
        let About { key, unit, days, made } = about;
        let day = |pick: fn((&Day, &Day)) -> String| days.map(pick);
        Some(Figure {
            key: key.to_owned(),
            value: text,
            unit: unit.to_owned(),
            shown: shown(value, unit, key)?,
            at: 0,
            outcome: self.outcome.number,
            path: path.to_owned(),
            first: day(|(first, _)| first.text().to_owned()),
            last: day(|(_, last)| last.text().to_owned()),
            made,
        })
    }

    /// The figures that it rests on, in words.
    pub fn basis(&self) -> Vec<String> {
        basis::lines(&self.body)
    }
}
