//! `audienceos brain response --total …`: the curves of a table, and the best division of a budget by them.

use std::io::Read;

use serde::Serialize;

use super::allocation::{Budget, Unplanned, Wanted, allocate};
use crate::response::{Curve, Query, Refusal, Response, fit, read};

/// What is to be divided, per period of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// What all channels that have a curve spend together.
    pub total: f64,
    /// The least of a channel.
    pub floors: Vec<(String, f64)>,
    /// The most of a channel.
    pub caps: Vec<(String, f64)>,
}

/// Why there is no division.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// The table cannot be read or fitted.
    #[error(transparent)]
    Table(#[from] Refusal),
    /// The division cannot be made.
    #[error("no division of the budget: {0}")]
    Unplanned(Unplanned),
    /// A limit that is not like `channel=100`.
    #[error("the limit {given} is not like search=100")]
    Limit {
        /// What was given.
        given: String,
    },
    /// A limit of a channel that has no curve.
    #[error("no division of the budget: {name} has a limit and no curve; {why}")]
    NoCurve {
        /// The channel.
        name: String,
        /// Why it has none.
        why: String,
    },
    /// A channel with two floors, or two caps.
    #[error("{name} has two such limits")]
    Twice {
        /// The channel.
        name: String,
    },
}

// It stands in the message; as a source it would be said twice.
impl From<Unplanned> for Refused {
    fn from(unplanned: Unplanned) -> Self {
        Self::Unplanned(unplanned)
    }
}

/// A figure with its 80 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Told {
    /// The expectation.
    pub mean: f64,
    /// A tenth lies below.
    pub low: f64,
    /// A tenth lies above.
    pub high: f64,
}

/// A channel's spend per period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Its name.
    pub name: String,
    /// The mean of the last four weeks.
    pub from: f64,
    /// In the best division.
    pub to: f64,
    /// Whether so much was never spent: the form of the curve says it, not the data.
    pub unseen: bool,
}

/// The best division, with what is expected of it per period against the spend of the last four weeks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Allocation {
    /// What is divided.
    pub total: f64,
    /// Who gets what.
    pub channels: Vec<Share>,
    /// More of the target.
    pub lift: Told,
    /// The lift less what is spent more.
    pub net: Told,
    /// The probability that the net is below zero.
    pub loss: f64,
    /// Channels without a curve: they are left as they are.
    pub without_curve: Vec<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    response: &'a Response,
    allocation: Allocation,
}

/// Reads `channel=100`; the channel may hold signs of equality.
///
/// # Errors
/// [`Refused::Limit`] when it is not like that, or the amount is no number at or above zero.
pub fn parse_limit(given: &str) -> Result<(String, f64), Refused> {
    let refuse = || Refused::Limit { given: given.chars().take(40).collect() };
    let (name, amount) = given.rsplit_once('=').ok_or_else(refuse)?;
    let amount = amount.trim().parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    name.zip(amount).map(|(name, amount)| (name.to_owned(), amount)).ok_or_else(refuse)
}

/// Reads the CSV, fits, divides, and writes one JSON object with a line's end: that of
/// [`response::run`](crate::response::run), with `allocation`.
///
/// # Errors
/// [`Refused`] says what of the table or the limits makes it impossible.
pub fn run(query: &Query, asked: &Asked, input: impl Read, seed: u64) -> Result<String, Refused> {
    let response = fit(&read(query, input)?, seed).map_err(Refusal::Unusable)?;
    let answer = Answer { allocation: divide(&response, asked)?, response: &response };
    // Plain structures with text keys always have JSON.
    let mut text = serde_json::to_string_pretty(&answer).unwrap_or_default();
    text.push('\n');
    Ok(text)
}

/// The best division by these curves.
///
/// # Errors
/// [`Refused`] as for [`run`].
pub fn divide(response: &Response, asked: &Asked) -> Result<Allocation, Refused> {
    let fitted = |name: &str| response.channels.iter().find(|one| one.name == name).and_then(|one| one.fitted());
    let limit = |limits: &[(String, f64)], name: &str| limits.iter().find(|(of, _)| of == name).map(|(_, at)| *at);
    for limits in [&asked.floors, &asked.caps] {
        for (at, (name, _)) in limits.iter().enumerate() {
            if limits[..at].iter().any(|(other, _)| other == name) {
                return Err(Refused::Twice { name: name.clone() });
            }
            if fitted(name).is_none() {
                let known = response.channels.iter().any(|one| one.name == *name);
                let why = if known { "nothing can be learned of it" } else { "it is no column of --spend" };
                return Err(Refused::NoCurve { name: name.clone(), why: why.to_owned() });
            }
        }
    }
    let budgets: Vec<Budget> = response
        .posterior
        .channels()
        .filter_map(|name| {
            let (floor, cap) = (limit(&asked.floors, name), limit(&asked.caps, name));
            Some(Budget { name: name.to_owned(), spend: fitted(name)?.current_spend, floor, cap, held: false })
        })
        .collect();
    let draws: Vec<Vec<Curve>> = response.posterior.draws().collect();
    let wanted = Wanted { total: asked.total, periods: 1.0, margin: 1.0, step: None, moving: 0.0 };
    let plan = allocate(&budgets, &draws, wanted)?;
    let more = asked.total - budgets.iter().map(|budget| budget.spend).sum::<f64>();
    let net = Told { mean: plan.expected, low: plan.interval.0, high: plan.interval.1 };
    Ok(Allocation {
        total: asked.total,
        channels: plan
            .channels
            .into_iter()
            .map(|(name, from, to)| Share {
                unseen: fitted(&name).is_some_and(|one| to > one.seen_spend),
                name,
                from,
                to,
            })
            .collect(),
        lift: Told { mean: net.mean + more, low: net.low + more, high: net.high + more },
        net,
        loss: plan.loss,
        without_curve: response
            .channels
            .iter()
            .filter(|one| one.fitted().is_none())
            .map(|one| one.name.clone())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two years of weeks in which two channels bring what they bring.
    fn table() -> (Query, String) {
        let mut text = "day,sales,a,b\n".to_owned();
        for week in 0..104_i32 {
            let day = time::macros::date!(2024 - 01 - 01) + time::Duration::weeks(week.into());
            let (a, b) =
                (100.0 + 60.0 * f64::from(week * 7 % 11 - 5) / 5.0, 80.0 + 50.0 * f64::from(week * 5 % 13 - 6) / 6.0);
            let noise = 10.0 * f64::from(week * 31 % 17 - 8) / 8.0;
            let sales = 1000.0 + 900.0 * a / (60.0 + a) + 100.0 * b / (60.0 + b) + noise;
            text.push_str(&format!("{day},{sales},{a},{b}\n"));
        }
        let query = Query {
            target: "sales".into(),
            date: "day".into(),
            spend: vec!["a".into(), "b".into()],
            ..Query::default()
        };
        (query, text)
    }

    #[test]
    fn money_goes_where_it_brings_more_within_its_limits() {
        let (query, text) = table();
        let asked = Asked { total: 180.0, floors: vec![("b".into(), 20.0)], caps: vec![("a".into(), 150.0)] };
        let told: serde_json::Value = serde_json::from_str(&run(&query, &asked, text.as_bytes(), 1).unwrap()).unwrap();
        let allocation = &told["allocation"];
        let of = |at: usize, key: &str| allocation["channels"][at][key].as_f64().unwrap();
        assert!(of(0, "to") > of(0, "from") + 10.0 && of(0, "to") <= 150.0 + 1e-9, "{allocation}");
        assert!(of(1, "to") >= 20.0 && (of(0, "to") + of(1, "to") - 180.0).abs() < 1e-6);
        let lift = &allocation["lift"];
        assert!(
            lift["low"].as_f64().unwrap() <= lift["mean"].as_f64().unwrap() && lift["mean"].as_f64().unwrap() > 0.0
        );
        assert!(told["channels"][0]["adstock"].is_object(), "the curves are told as without a division");
    }

    #[test]
    fn what_cannot_be_divided_is_said() {
        let (query, text) = table();
        let refused = |asked: Asked| run(&query, &asked, text.as_bytes(), 1).unwrap_err().to_string();
        let floors =
            |limits: &[(&str, f64)]| limits.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect::<Vec<_>>();
        assert!(refused(Asked::default()).contains("the budget is zero"));
        let beyond = refused(Asked { total: 100.0, floors: floors(&[("a", 80.0), ("b", 40.0)]), ..Asked::default() });
        assert_eq!(beyond, "no division of the budget: the limits allow at least 120, not 100");
        let silent = run(&query, &Asked::default(), text.as_bytes(), 1).unwrap_err();
        assert!(std::error::Error::source(&silent).is_none(), "the program says it once");
        let unknown = refused(Asked { total: 100.0, floors: floors(&[("c", 1.0)]), ..Asked::default() });
        assert!(unknown.contains("no column"), "{unknown}");
        let twice = refused(Asked { total: 100.0, floors: floors(&[("a", 1.0), ("a", 2.0)]), ..Asked::default() });
        assert!(twice.contains("two"), "{twice}");
        let crossed = Asked { total: 100.0, floors: floors(&[("a", 50.0)]), caps: floors(&[("a", 40.0)]) };
        assert!(refused(crossed).contains("floor"));
        assert!(refused(Asked { total: f64::NAN, ..Asked::default() }).contains("number"));
        for given in ["a", "=5", "a=", "a=-1", "a=inf", "a=x"] {
            assert!(parse_limit(given).is_err(), "{given}");
        }
        assert_eq!(parse_limit(" a=b = 5.5 ").unwrap(), ("a=b".to_owned(), 5.5));
    }
}
