//! What an alert says, in words: of what, when, how large, how sure. Nothing is said that the finding does not hold. What a kind is
//! called by itself stands in `model`.

use model::{
    alert::{Alert, FindingKind, Severity},
    day::{in_words, range},
    figure::{FigureId, Line, sentence},
    finding::Finding,
    id::BrainStateId,
    number::grouped,
    page::parse_day,
};
use rust_decimal::Decimal;
use serde_json::Value;
use time::Date;

use super::identity::OTHERS;
use crate::{
    basis,
    performance::words::{GROUPS, WHOLE, probability},
};

/// An alert in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// How bad it is.
    pub severity: Severity,
    /// What happened, as a headline: "Clicks: far below what was to be expected".
    pub title: String,
    /// Where: client, channels and ad, as far as it is about one; empty for the agency as a whole.
    pub place: String,
    /// When, and how large it is where that can be said.
    pub detail: String,
    /// How sure it is: "97 % sure"; none where the finding does not say.
    pub sure: Option<String>,
}

/// What is said that holds figures, each of which opens where its state is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When, and how large it is where that can be said.
    pub detail: Line,
    /// How sure it is; none where the finding does not say.
    pub sure: Option<Line>,
    /// What its figures were made from: a line for each.
    pub basis: Vec<Line>,
}

/// What words are made of: an alert, or a finding of a state.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    kind: FindingKind,
    severity: Severity,
    level: &'a str,
    entity: &'a str,
    entity_name: Option<&'a str>,
    days: (Date, Date),
    client: Option<&'a str>,
    channel: Option<&'a str>,
    channels: &'a [String],
    body: &'a str,
    /// Where it stands: the state, and the place there.
    place: Option<(BrainStateId, i32)>,
}

impl<'a> From<&'a Alert> for Event<'a> {
    fn from(alert: &'a Alert) -> Self {
        Self {
            kind: alert.kind,
            severity: alert.severity,
            level: &alert.level,
            entity: &alert.entity,
            entity_name: alert.entity_name.as_deref(),
            days: (alert.first_day, alert.last_day),
            client: alert.client.as_deref(),
            channel: alert.channel.as_deref(),
            channels: &alert.channels,
            body: &alert.body,
            place: alert.number.map(|number| (alert.state_id, number)),
        }
    }
}

impl<'a> From<&'a Finding> for Event<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            kind: finding.kind,
            severity: finding.severity,
            level: &finding.level,
            entity: &finding.entity,
            entity_name: finding.entity_name.as_deref(),
            days: (finding.first_day, finding.last_day),
            client: finding.client.as_deref(),
            channel: finding.channel.as_deref(),
            channels: &finding.channels,
            body: &finding.body,
            place: Some((finding.state_id, finding.number)),
        }
    }
}

impl Event<'_> {
    /// The id of the number at a place of the finding.
    fn id(&self, path: &str) -> Option<String> {
        let said = |(state, outcome)| FigureId::Said { state, outcome, path: path.to_owned() }.to_string();
        self.place.map(said)
    }
}

/// An alert, or a finding, in words.
pub fn of<'a>(event: impl Into<Event<'a>>) -> Words {
    let event = event.into();
    let finding: Value = serde_json::from_str(event.body).unwrap_or_default();
    let Told { detail, sure, .. } = lines(&event, &finding);
    let ad = (event.level == "creative").then(|| match event.entity_name {
        Some(name) if !name.is_empty() => format!("ad “{name}”"),
        _ => format!("ad {}", event.entity),
    });
    let several = Some(event.channels.join(", ")).filter(|names| !names.is_empty());
    let channels = event.channel.or(several.as_deref());
    let place: Vec<&str> = [event.client, channels, ad.as_deref()].into_iter().flatten().collect();
    Words {
        severity: event.severity,
        title: title(event.kind, finding["metric"].as_str(), Size::read(&finding["size"]).map(|size| size.value)),
        place: place.join(" · "),
        detail: detail.text(),
        sure: sure.map(|sure| sure.text()),
    }
}

/// What an alert, or a finding, says in figures.
pub fn told<'a>(event: impl Into<Event<'a>>) -> Told {
    let event = event.into();
    lines(&event, &serde_json::from_str(event.body).unwrap_or_default())
}

fn lines(event: &Event<'_>, finding: &Value) -> Told {
    let id = |path: &str| event.id(path);
    let mut detail = Line::from(when(event, finding));
    if let Some(name) = finding["calendar"].as_str() {
        detail = detail.say(&format!(", {}", known_day(name)));
    }
    let counted = moved_together(event, finding);
    if let Some((moved, of)) = &counted {
        detail = detail.say(": ").figure(id("/basis/0/value"), moved).say(" of ").figure(id("/basis/1/value"), of);
        detail = detail.say(" series moved");
        let most = finding["basis"][0]["first"].as_str().and_then(|day| parse_day("first", day).ok());
        if let Some(most) = most.filter(|_| finding["first"] != finding["last"]) {
            detail = detail.say(&format!(" on {}, the most of these days", in_words(most)));
        }
        detail = detail.say(", more than chance explains");
    } else if let Some(size) = Size::read(&finding["size"]) {
        detail = size.say(event.kind, detail.say(": "), id);
    }
    let others: Vec<String> =
        finding[OTHERS].as_array().into_iter().flatten().filter_map(Value::as_str).map(lower).collect();
    if !others.is_empty() {
        detail = detail.say(&format!("; {} moved the same way in these days", listed(&others)));
    }
    // How many moved is counted, and not judged.
    let sure = finding["probability"].as_f64().filter(|_| event.kind != FindingKind::MovedTogether);
    let sure = sure.and_then(|share| Decimal::try_from(share).ok()).map(probability);
    Told {
        detail,
        sure: sure.map(|share| Line::default().figure(id("/probability"), &share).say(" sure")),
        basis: basis::told(finding, id),
    }
}

/// How many series moved, and of how many, on days on which much moved.
fn moved_together(event: &Event<'_>, finding: &Value) -> Option<(String, String)> {
    let shown = |at: usize, name: &str| {
        let (one, _, shown) = basis::figure(finding, at)?;
        (one.name == name).then_some(shown)
    };
    let both = || shown(0, "series_that_moved").zip(shown(1, "series_looked_at"));
    both().filter(|_| event.kind == FindingKind::MovedTogether)
}

/// Days of the calendar that shops know, as a sentence goes on: "on Christmas, as shops know it".
fn known_day(name: &str) -> String {
    let where_to = match name {
        "Advent" => "in ",
        name if name.starts_with("before ") => "",
        _ => "on ",
    };
    format!("{where_to}{name}, as shops know it")
}

/// What a metric is called within a sentence.
fn lower(key: &str) -> String {
    let name = metric_name(Some(key));
    let mut letters = name.chars();
    match letters.next() {
        // What is short for several words stays as it is.
        Some(first) if letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => name,
    }
}

/// Names as they are told one after the other: "a, b and c".
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The days of the finding, which are those of its size, and since when an event that goes on lasts, if that is longer: "4 to 7
/// Nov 2026 (since 3 Nov 2026)".
fn when(event: &Event<'_>, finding: &Value) -> String {
    let day = |key: &str| finding[key].as_str().and_then(|text| parse_day(key, text).ok());
    let Some((first, last)) = day("first").zip(day("last")) else { return range(event.days.0, event.days.1) };
    let (first, last) = (first.min(last), last.max(first));
    let since = Some(event.days.0).filter(|since| event.kind.goes_on() && *since < first);
    let since = since.map(|since| format!(" (since {})", in_words(since)));
    format!("{}{}", range(first, last), since.unwrap_or_default())
}

/// What a metric is called.
fn metric_name(key: Option<&str>) -> String {
    let Some(key) = key else { return "A figure".to_owned() };
    if let Some(age) = key.strip_prefix("ltv_") {
        return format!("Worth of customers after {age} days");
    }
    let known = GROUPS.iter().flat_map(|(_, metrics)| metrics.iter()).find(|(known, _)| *known == key);
    known.map_or_else(|| sentence(&model::metric::spelled(key)), |(_, name)| (*name).to_owned())
}

/// What happened. Whether it is more or less is known where the finding has a size.
fn title(kind: FindingKind, metric: Option<&str>, size: Option<f64>) -> String {
    let name = metric_name(metric);
    let way = |more: &str, less: &str, unknown: &str| match size {
        Some(size) if size > 0.0 => more.to_owned(),
        Some(size) if size < 0.0 => less.to_owned(),
        _ => unknown.to_owned(),
    };
    match kind {
        FindingKind::Spike => format!("{name}: far above what was to be expected"),
        FindingKind::Drop => format!("{name}: far below what was to be expected"),
        FindingKind::LevelShift => format!("{name}: {}", way("a higher level", "a lower level", "a new level")),
        FindingKind::DeliveryCollapse => format!("{name}: delivery all but stopped"),
        FindingKind::TrackingOutage => "Conversions are no longer counted, while people click as before".to_owned(),
        FindingKind::ChangePoint => {
            let way = way("higher from a day on", "lower from a day on", "different from a day on");
            format!("{name}: {way}")
        }
        FindingKind::Forecast => {
            format!("{name}: {}", way("more is to come", "less is to come", "something else is to come"))
        }
        FindingKind::Worse => format!("{name}: worse than before"),
        FindingKind::Better => format!("{name}: better than before"),
        FindingKind::CreativeFatigue => "People tire of an ad, or soon will".to_owned(),
        FindingKind::RoiDecay => "A channel returns less for its money than weeks ago".to_owned(),
        FindingKind::LtvDrift => {
            way("New customers are worth more", "New customers are worth less", "The worth of new customers moves")
        }
        FindingKind::OverClaim => "Platforms claim more than the shop's books hold".to_owned(),
        FindingKind::Unattributed => "Revenue in the books that no platform claims".to_owned(),
        FindingKind::MovedTogether => "Much moved on the same day".to_owned(),
        FindingKind::Winner => "One is better than all the others".to_owned(),
    }
}

/// How large something is.
struct Size {
    value: f64,
    low: f64,
    high: f64,
    confidence: f64,
    unit: Value,
}

impl Size {
    fn read(size: &Value) -> Option<Self> {
        let number = |key: &str| size[key].as_f64().filter(|number| number.is_finite());
        Some(Self {
            value: number("value")?,
            low: number("low")?,
            high: number("high")?,
            confidence: number("confidence")?,
            unit: size["unit"].clone(),
        })
    }

    /// Goes on with the size and its interval: "−20 % (90 % sure: between −30 % and −10 %)".
    fn say(&self, kind: FindingKind, line: Line, id: impl Fn(&str) -> Option<String>) -> Line {
        let Some(value) = self.written(self.value) else { return line.say("its size cannot be written") };
        let against = match kind {
            FindingKind::Spike | FindingKind::Drop | FindingKind::LevelShift | FindingKind::DeliveryCollapse => {
                " a day against what was to be expected"
            }
            FindingKind::ChangePoint => " a day against before",
            _ => "",
        };
        let ends = self.written(self.low).zip(self.written(self.high)).filter(|_| self.low < self.high);
        let line = line.figure(id("/size/value"), &value).say(against);
        let Some(((low, high), share)) = ends.zip(share_of_hundred(self.confidence)) else { return line };
        let line = line.say(" (").figure(id("/size/confidence"), &format!("{share} %")).say(" sure: between ");
        line.figure(id("/size/low"), &low).say(" and ").figure(id("/size/high"), &high).say(")")
    }

    /// A number in the size's unit. Shares and what is no change have no sign.
    fn written(&self, number: f64) -> Option<String> {
        let decimal = |number: f64| Decimal::try_from(number).ok();
        if self.unit == "share" {
            return share_of_hundred(number).map(|share| format!("{share} %"));
        }
        let sign = if number > 0.0 { "+" } else { "" };
        if self.unit == "change" {
            return Some(format!("{sign}{} %", grouped(decimal(number * 100.0)?, 0, 0)));
        }
        let text = match self.unit["money"].as_str() {
            Some(currency) => {
                let places = if WHOLE.contains(&currency) { 0 } else { 2 };
                format!("{} {currency}", grouped(decimal(number)?, places, places))
            }
            None => grouped(decimal(number)?, 0, 1),
        };
        Some(format!("{sign}{text}"))
    }
}

/// A share in per cent, without sign; what is nearly certain is not called certain.
fn share_of_hundred(share: f64) -> Option<String> {
    let percent = Decimal::try_from(share * 100.0).ok()?;
    Some(grouped(percent, 0, if share > 0.99 && share < 1.0 { 1 } else { 0 }))
}

#[cfg(test)]
mod tests;
