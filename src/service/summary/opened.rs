//! A number of a state, found again by its place: what it is, how it is made, and the daily rows that it was made from.
//!
//! Only places that mean something are answered. To let people open another number, add its place to `plain`, and if it is
//! made of days to `inputs`.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    brain::Outcome,
    figure::{LONGEST, Metric, SURE},
    id::ChannelId,
    metric::Days,
    page::parse_day,
    summary::Figure,
};
use serde_json::Value;
use time::{Date, Duration};

use super::{
    line::Day,
    said::{About, Said},
};
use crate::{action::LEARNING, basis, performance::words};

/// A number, and what it was made from.
#[derive(Debug)]
pub(crate) struct Number {
    /// The number itself.
    pub figure: Figure,
    /// How it is made.
    pub formula: String,
    /// The daily rows that it was made from, where they are stored as days of channels.
    pub inputs: Option<Inputs>,
}

/// Days of channels, by what was read of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// What was read.
    pub metrics: Vec<Metric>,
    /// The days.
    pub days: Days,
    /// The channels, where the number names those that went into it: what had stopped by then is in no sum of a state.
    pub channels: Option<BTreeSet<ChannelId>>,
}

/// The number at a place of an outcome; none where no number stands that means something by itself. Books are told in the
/// currency `booked`.
pub(crate) fn number(
    outcome: &Outcome,
    path: &str,
    booked: Option<&str>,
    names: &BTreeMap<String, &str>,
) -> Option<Number> {
    let said = Said::new(outcome)?;
    let place = path.strip_suffix(SURE).unwrap_or(path);
    let steps: Vec<&str> = place.split('/').skip(1).collect();
    let steps = steps.as_slice();
    let figure = if place == path { plain(&said, place, steps, booked, names) } else { interval(&said, place, steps) };
    Some(Number { figure: figure?, formula: formula(&said, path, steps), inputs: inputs(&said, steps) })
}

/// The numbers of an outcome that is read once for many of them: the same as [`number`] finds them.
#[derive(Debug)]
pub(crate) struct Numbers<'a>(Said<'a>);

impl<'a> Numbers<'a> {
    /// Reads an outcome; none if its body is no JSON.
    pub fn of(outcome: &'a Outcome) -> Option<Self> {
        Said::new(outcome).map(Self)
    }

    /// What is said.
    pub const fn body(&self) -> &Value {
        &self.0.body
    }

    /// The number at a place, which tells no books.
    pub fn at(&self, path: &str) -> Option<Figure> {
        let steps: Vec<&str> = path.split('/').skip(1).collect();
        plain(&self.0, path, &steps, None, &BTreeMap::new())
    }
}

/// How probable an interval is, by the place of its lower end.
fn interval(said: &Said<'_>, place: &str, steps: &[&str]) -> Option<Figure> {
    let known = match steps {
        ["forecast", "steps", "0", "lo80"] => said.is("forecast"),
        ["prediction", "low"] => said.is("action"),
        _ => false,
    };
    said.at(place).filter(|_| known)?;
    said.interval(place)
}

fn plain(
    said: &Said<'_>,
    place: &str,
    steps: &[&str],
    booked: Option<&str>,
    names: &BTreeMap<String, &str>,
) -> Option<Figure> {
    let unit = |at: &str| said.text(&format!("{at}/unit/money")).or_else(|| said.text(&format!("{at}/unit")));
    let pair = |at: &str| said.day(&format!("{at}/first")).zip(said.day(&format!("{at}/last")));
    let currency = said.text("/currency");
    let of_basis = |about: About<'_>| said.figure(place, About { made: said.basis(), ..about });
    match (said.outcome.kind.as_str(), steps) {
        ("figures", ["now"]) => said.length(place),
        ("figures", ["metrics", key, which @ ("now" | "before"), "value"]) => {
            let at = format!("/metrics/{key}/{which}");
            let days = pair(&format!("/{which}"));
            let made = words::made(said.at(&at)?, names);
            said.figure(place, About::new(key, unit(&at)?).on(both(&days)).of(made))
        }
        ("risk", ["risk", "looked_at"]) => said.figure(place, About::new("looked_at", "count")),
        ("finding", ["probability"]) => of_basis(About::new("probability", "share").on(both(&pair("")))),
        ("finding", ["size", "confidence"]) => said.figure(place, About::new("confidence", "share")),
        ("finding", ["size", end @ ("value" | "low" | "high")]) => {
            let key = if *end == "value" { "size" } else { *end };
            of_basis(About::new(key, unit("/size").unwrap_or("count")).on(both(&pair(""))))
        }
        ("forecast", ["forecast", "steps"]) => said.count(place),
        ("forecast", ["forecast", "steps", "*", end @ ("point" | "lo80" | "hi80")]) => {
            let which = match *end {
                "lo80" => "low",
                "hi80" => "high",
                _ => "expected",
            };
            let key = format!("{}_{which}", said.text("/metric")?);
            said.sum("/forecast/steps", &format!("/{end}"), About::new(&key, currency.unwrap_or("count")))
        }
        ("forecast", ["forecast", "record", "held80"]) => said.figure(place, About::new("held", "share")),
        ("forecast", ["forecast", "record", "over"]) => said.figure(place, About::new("over", "days")),
        ("forecast", ["forecast", "steps", at, end]) if number_of(at) => {
            let which = match *end {
                "lo80" | "lo95" => "low",
                "hi80" | "hi95" => "high",
                "point" => "expected",
                _ => return None,
            };
            let key = format!("{}_{which}", said.text("/metric")?);
            said.figure(place, About::new(&key, currency.unwrap_or("count")))
        }
        ("fatigue", ["outlook", "state", "probability"]) => said.figure(place, About::new("probability", "share")),
        ("fatigue", ["outlook", "state", "within", at]) if number_of(at) => {
            said.figure(place, About::new("probability", "share"))
        }
        ("cohorts", ["cohorts", at, "customers"]) if number_of(at) => {
            said.figure(place, About::new("customers", "count"))
        }
        ("cohorts", ["cohorts", at, "worth", age, "mean"]) if number_of(at) && number_of(age) => {
            said.figure(place, About::new("worth", currency?))
        }
        ("response", ["response", "channels", at, rest @ ..]) if number_of(at) => match rest {
            ["current_spend"] => said.figure(place, About::new("spend_per_day", currency?)),
            ["marginal_roas", "mean"] => said.figure(place, About::new("marginal_roas", "ratio")),
            ["curve", point, "spend"] if number_of(point) => said.figure(place, About::new("spend_per_day", currency?)),
            ["curve", point, "target", "mean" | "low" | "high"] if number_of(point) => {
                said.figure(place, About::new("ledger_revenue", currency?))
            }
            _ => None,
        },
        ("reconciliation", ["revenue", rest @ ..]) => {
            let key = match rest {
                ["claimed"] => "claimed_revenue",
                ["ledger", "value"] => "ledger_revenue",
                ["over_claimed"] => "over_claimed",
                ["unattributed"] => "unattributed",
                _ => return None,
            };
            said.figure(place, About::new(key, booked?).on(both(&pair("/revenue/days"))))
        }
        ("action", ["prediction", key @ ("value" | "low" | "high")]) => of_basis(About::new(key, currency?)),
        ("action", ["prediction", "loss"]) => of_basis(About::new("loss", "share")),
        ("action", ["changes", at, "change"]) if number_of(at) => {
            let end = |end: &str| said.number(&format!("/changes/{at}/{end}"));
            let (from, to) = (end("from")?, end("to")?);
            let share = to.checked_sub(from)?.checked_div(from)?;
            said.value(share, place, About::new("budget_change", "change").of(said.basis()))
        }
        ("action", ["effort_minutes"]) => said.figure(place, About::new("effort_minutes", "count")),
        ("finding" | "action", ["basis", at, "value"]) => {
            let (rests_on, unit, shown) = basis::figure(&said.body, at.parse().ok()?)?;
            let day = |day: &Option<String>| day.as_deref().and_then(Day::parse);
            let days = day(&rests_on.first).zip(day(&rests_on.last));
            let about = About::new(&rests_on.name, unit.unwrap_or("count")).on(both(&days));
            Some(Figure { shown, ..said.figure(place, about)? })
        }
        ("action", ["changes", at, end @ ("from" | "to")]) if number_of(at) => {
            let key = if *end == "from" { "budget_before" } else { "budget_after" };
            of_basis(About::new(key, currency?))
        }
        ("action", ["probability"]) => of_basis(About::new("probability", "share")),
        ("action", ["horizon_days"]) => said.figure(place, About::new("days", "days")),
        _ => None,
    }
}

/// Whether a step of a place is the number of an item of a list.
fn number_of(step: &str) -> bool {
    step.bytes().all(|byte| byte.is_ascii_digit())
}

fn both(days: &Option<(Day, Day)>) -> Option<(&Day, &Day)> {
    days.as_ref().map(|(first, last)| (first, last))
}

fn formula(said: &Said<'_>, path: &str, steps: &[&str]) -> String {
    if path.ends_with(SURE) {
        return "the probability with which the interval holds what will be".to_owned();
    }
    match steps {
        ["metrics", key, which, "value"] => {
            said.text(&format!("/metrics/{key}/{which}/formula")).unwrap_or("as the state says it").to_owned()
        }
        ["forecast", "steps", "*", _] => match said.text("/forecast/model") {
            Some(model) => format!("each day as {model} expects it, added up"),
            None => "each day as it is expected, added up".to_owned(),
        },
        ["now"] | ["forecast", "steps"] => "the days, counted".to_owned(),
        ["forecast", "record", "held80"] => {
            "of days that are over, those that lay in 80 % intervals made before them from nothing but what was known then"
                .to_owned()
        }
        ["forecast", "record", "over"] => "the days since the first of these intervals was made".to_owned(),
        ["changes", _, "change"] => "to / from − 1".to_owned(),
        ["prediction", "value"] => net(said).unwrap_or_else(|| "as the state says it".to_owned()),
        ["size", "value"] => means(said).unwrap_or_else(|| "as the state says it".to_owned()),
        ["basis", at, "value"] => {
            let name = at.parse::<usize>().ok().and_then(|at| basis::figure(&said.body, at)).map(|(one, ..)| one.name);
            match name.as_deref() {
                Some("mean_before" | "mean_after") => format!("the mean of the days, {CLEARED}"),
                Some("trend_between") => {
                    "how much of the difference of both means goes on from before, at the pace of those days".to_owned()
                }
                _ => "as the state says it".to_owned(),
            }
        }
        _ => "as the state says it".to_owned(),
    }
}

/// A figure that something rests on, by its name, as it is shown.
fn rests_on(said: &Said<'_>, name: &str) -> Option<String> {
    let at = said.items("/basis").iter().position(|one| one["name"] == name)?;
    basis::figure(&said.body, at).map(|(_, _, shown)| shown)
}

/// How a prediction in money is made, where the basis of what is proposed names its parts.
fn net(said: &Said<'_>) -> Option<String> {
    let named = |name: &str| rests_on(said, name);
    let learning = named(LEARNING)?;
    let stays =
        named("share_of_revenue_that_stays").map_or_else(String::new, |share| format!(" × {share} that stays of it"));
    let revenue = named("expected_revenue")
        .map_or_else(|| "the revenue that is expected".to_owned(), |revenue| format!("{revenue} of revenue"));
    Some(format!("{revenue}{stays}, less what more is spent, less {learning} for the days in which platforms learn"))
}

/// How days are made ready before a change is looked for.
const CLEARED: &str = "with what is usual of each weekday taken out and single far-off days drawn in";

/// How the size of a change is made of its means, if the finding names them.
fn means(said: &Said<'_>) -> Option<String> {
    let named = |name: &str| rests_on(said, name);
    let (before, after) = (named("mean_before")?, named("mean_after")?);
    let sloping = named("trend_between").map(|shown| format!(" − ({shown} that goes on from before)"));
    Some(format!(
        "{after} − {before}{}: the mean of the days since less that of the days before, {CLEARED}",
        sloping.unwrap_or_default()
    ))
}

/// The daily rows that a number was made from. Of an advertisement there are none among the days of its channel.
fn inputs(said: &Said<'_>, steps: &[&str]) -> Option<Inputs> {
    let level = said.text("/entity/level").or_else(|| said.text("/target/level"));
    if level == Some("creative") {
        return None;
    }
    let metrics = |keys: &[&str]| keys.iter().map(|key| Metric::parse(key)).collect::<Option<Vec<_>>>();
    let own = || said.text("/metric").and_then(|key| metrics(&[key]));
    let mut channels = None;
    let range = |at: &str| Some((day(said, &format!("{at}/first"))?, day(said, &format!("{at}/last"))?));
    let (metrics, (first, last)) = match (said.outcome.kind.as_str(), steps) {
        ("figures", ["metrics", key, which, "value"]) => {
            channels = Some(sources(said, &format!("/metrics/{key}/{which}/parts")));
            // Its two sums are of all channels: they are listed also where one was not read to the end of these days.
            let read = if *key == "mer" { metrics(&["ledger_revenue", "spend"]) } else { metrics(&[*key]) };
            (read?, range(&format!("/{which}"))?)
        }
        ("finding" | "action", ["basis", at, "value"]) => {
            let (rests_on, ..) = basis::figure(&said.body, at.parse().ok()?)?;
            let at = |day: &Option<String>| parse_day("day", day.as_deref()?).ok();
            // What was there, and the means of days, are of what the finding is about.
            let of_own = matches!(rests_on.name.as_str(), "actual" | "mean_before" | "mean_after");
            let read = if of_own { own() } else { metrics(&[rests_on.name.as_str()]) };
            (read?, (at(&rests_on.first)?, at(&rests_on.last)?))
        }
        ("forecast", _) => {
            // States of earlier versions name no last day: it was the one before those that are foretold.
            let last = day(said, "/until").or_else(|| day(said, "/from")?.previous_day())?;
            (own()?, (day(said, "/since")?, last))
        }
        ("finding", _) => (own()?, of_basis(said).or_else(|| range(""))?),
        ("reconciliation", ["revenue", "claimed"]) => (metrics(&["claimed_revenue"])?, range("/revenue/days")?),
        ("reconciliation", ["revenue", "ledger", "value"]) => (metrics(&["ledger_revenue"])?, range("/revenue/days")?),
        ("reconciliation", _) => (metrics(&["claimed_revenue", "ledger_revenue"])?, range("/revenue/days")?),
        ("action", _) => (metrics(&["spend"])?, of_basis(said)?),
        _ => return None,
    };
    let first = first.max(last.saturating_sub(Duration::days(LONGEST - 1)));
    (first <= last).then_some(Inputs { metrics, days: Days { first, last }, channels })
}

/// The channels that went into the parts of a figure.
fn sources(said: &Said<'_>, parts: &str) -> BTreeSet<ChannelId> {
    let of = |part: &Value| part["sources"].as_array().cloned().unwrap_or_default();
    let all = said.items(parts).iter().flat_map(of);
    all.filter_map(|source| source.as_str()?.parse().ok()).collect()
}

/// From the first to the last day of the figures that something rests on.
fn of_basis(said: &Said<'_>) -> Option<(Date, Date)> {
    let days = |end: &str| {
        let of = |item: &Value| parse_day("day", item[end].as_str()?).ok();
        said.items("/basis").iter().filter_map(of).collect::<Vec<_>>()
    };
    Some((days("first").into_iter().min()?, days("last").into_iter().max()?))
}

fn day(said: &Said<'_>, path: &str) -> Option<Date> {
    parse_day("day", said.text(path)?).ok()
}

#[cfg(test)]
mod tests;
