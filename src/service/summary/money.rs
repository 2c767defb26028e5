//! Money of a state: the last four weeks against those before, what will come, and what platforms claim against the books.

use std::{cmp::Ordering, collections::BTreeSet};

use model::{id::ClientId, performance::Trend, summary::Figure};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    Names,
    line::{Day, Name},
    nouns,
    said::{About, Said},
};
use crate::{figure::missing, performance::words};

/// What is told, in this order; what platforms claim stands apart from what the books say.
const METRICS: [&str; 5] = ["spend", "ledger_revenue", "claimed_revenue", "mer", "orders"];
/// What is told of the days to come; spend only where nothing else is known.
const EXPECTED: [&str; 3] = ["ledger_revenue", "orders", "spend"];
/// How long the days are that are told of: four weeks.
const LENGTH: i64 = 28;
/// Where the currency of a client's books stands.
const BOOKED: &str = "/metrics/ledger_revenue/now/unit/money";
/// Clients whose claims are told of.
const CLAIMS: usize = 2;
/// Why there is no figure where amounts cannot be told in one currency.
const UNRATED: &str = "days of it have no rate of exchange";

/// A metric now and before.
#[derive(Debug)]
pub(super) struct Row {
    pub metric: &'static str,
    pub now: Figure,
    /// Whether days are missing in it.
    pub partial: bool,
    /// The currencies of days that are missing in it because there is no rate of exchange.
    pub unrated: Vec<Name>,
    /// Of the days before; none where those are not of the same accounts and days.
    pub before: Option<Figure>,
    pub trend: Option<Trend>,
}

/// The last four weeks of the agency or a client.
#[derive(Debug)]
pub(super) struct Money {
    pub days: (Day, Day),
    pub length: Figure,
    pub rows: Vec<Row>,
    pub unconnected: Vec<&'static str>,
    pub lacking: Vec<(&'static str, &'static str)>,
    /// Whether an amount is lacking because none of it has a rate of exchange.
    pub unrated: bool,
}

/// What is expected of the next days, all of them together.
#[derive(Debug)]
pub(super) struct Expected {
    pub metric: &'static str,
    pub from: Day,
    pub days: Figure,
    pub sum: Figure,
    /// The ends of each day's interval, added up.
    pub low: Figure,
    pub high: Figure,
    pub interval: Figure,
    /// How often such intervals held, and over how many of the last days; none where there was no time to see.
    pub record: Option<(Figure, Figure)>,
}

/// How claims and books differ.
#[derive(Debug)]
pub(super) enum Difference {
    /// At least so much is claimed twice or was never sold.
    Over(Figure),
    /// At least so much is brought by nobody who claims.
    Unclaimed(Figure),
    None,
}

/// What platforms claim of a client's sales, against its books.
#[derive(Debug)]
pub(super) struct Claims {
    pub client: Name,
    pub days: (Day, Day),
    pub claimed: Figure,
    pub ledger: Figure,
    pub difference: Difference,
}

/// The figures of the agency or a client as a whole.
pub(super) fn money(said: &[Said<'_>], names: &Names, client: Option<ClientId>) -> Option<Money> {
    let found = said.iter().filter(|said| whole(said, "figures", client)).find_map(|said| {
        let length = said.length("/now")?;
        (length.value == LENGTH.to_string()).then_some((said, length))
    });
    let (said, length) = found?;
    let pair = |at: &str| said.day(&format!("{at}/first")).zip(said.day(&format!("{at}/last")));
    let (days, before) = (pair("/now")?, pair("/before"));
    let sources = names.sources();
    let (rows, unconnected, lacking) = (Vec::new(), Vec::new(), Vec::new());
    let mut money = Money { days, length, rows, unconnected, lacking, unrated: false };
    for key in METRICS {
        let Some(metric) = nouns::metric(key) else { continue };
        let at = |rest: &str| format!("/metrics/{key}/{rest}");
        if said.at(&format!("/metrics/{key}")).is_none() {
            // A quotient is missing because a part of it is, which is told of that one.
            money.unconnected.extend((key != "mer").then_some(metric));
            continue;
        }
        if let Some(reason) = said.text(&at("now/absent/reason")) {
            let gaps = said.items(&at("now/absent/gaps"));
            money.lacking.push((metric, why(reason, gaps)));
            money.unrated |= gaps.iter().any(|gap| rate(gap).is_some());
            continue;
        }
        let figure = |which: &str, key: &str, days: Option<&(Day, Day)>| {
            let made = said.at(&at(which)).map(|figure| words::made(figure, &sources)).unwrap_or_default();
            let about = About::new(key, unit(said, &at(which))?).on(days.map(|(first, last)| (first, last))).of(made);
            said.figure(&at(&format!("{which}/value")), about)
        };
        let Some(now) = figure("now", key, Some(&money.days)) else { continue };
        let (parts, earlier) = (said.items(&at("now/parts")), said.items(&at("before/parts")));
        let gaps: Vec<&Value> = parts.iter().filter_map(|part| part["gaps"].as_array()).flatten().collect();
        let rates: BTreeSet<&str> = gaps.iter().filter_map(|gap| rate(gap)).collect();
        let before = figure("before", &format!("{key}_before"), before.as_ref());
        let before = before.filter(|_| missing::alike(parts, earlier));
        let row = Row {
            metric,
            now,
            partial: gaps.iter().any(|gap| rate(gap).is_none()),
            unrated: rates.into_iter().filter_map(Name::new).collect(),
            // What is not set beside each other is not called better.
            trend: match said.text(&at("verdict/status")).filter(|_| before.is_some()) {
                Some("better") => Some(Trend::Better),
                Some("worse") => Some(Trend::Worse),
                Some("too_close") => Some(Trend::TooClose),
                _ => None,
            },
            before,
        };
        money.rows.push(row);
    }
    Some(money)
}

/// The currency of which a gap lacks a rate of exchange, if that is why it is one.
fn rate(gap: &Value) -> Option<&str> {
    gap["currency"].as_str().filter(|_| gap["reason"] == "rate")
}

/// Why there is no figure.
fn why(reason: &str, gaps: &[Value]) -> &'static str {
    let unrated = gaps.iter().filter(|gap| gap["reason"] == "rate").count();
    match unrated {
        0 => nouns::absent(reason),
        all if all == gaps.len() => UNRATED,
        _ => "days of it are missing, and others have no rate of exchange",
    }
}

/// Whether amounts of the agency and its clients, or of a client, are left out that have no rate of exchange.
pub(super) fn lack_rates(said: &[Said<'_>], client: Option<ClientId>) -> bool {
    let own = |said: &&Said<'_>| said.is("figures") && (client.is_none() || said.outcome.client_id == client);
    said.iter().filter(own).any(|said| METRICS.iter().any(|key| lacks_rate(said, key)))
}

/// Whether amounts are left out of a figure because they have no rate of exchange.
fn lacks_rate(said: &Said<'_>, key: &str) -> bool {
    said.at(&format!("/metrics/{key}/now")).is_some_and(missing::of_rates)
}

/// Whether this is said, and of the agency or a client as a whole.
fn whole(said: &Said<'_>, kind: &str, client: Option<ClientId>) -> bool {
    let level = said.text("/entity/level");
    said.is(kind) && said.outcome.client_id == client && matches!(level, Some("agency" | "client"))
}

/// A figure's unit, as it is told.
fn unit<'a>(said: &'a Said<'_>, at: &str) -> Option<&'a str> {
    said.text(&format!("{at}/unit/money")).or_else(|| said.text(&format!("{at}/unit")))
}

/// The forecasts of the agency or a client as a whole, by what they are of.
fn forecasts<'a>(said: &'a [Said<'a>], client: Option<ClientId>, key: &str) -> Option<&'a Said<'a>> {
    said.iter().find(|said| whole(said, "forecast", client) && said.text("/metric") == Some(key))
}

/// What is expected of the agency or a client.
pub(super) fn expected(said: &[Said<'_>], client: Option<ClientId>) -> Vec<Expected> {
    let mut told: Vec<Expected> =
        EXPECTED.into_iter().filter_map(|key| one(forecasts(said, client, key)?, key)).collect();
    let spend = nouns::metric("spend");
    if told.len() > 1 {
        told.retain(|expected| Some(expected.metric) != spend);
    }
    told
}

fn one(said: &Said<'_>, key: &'static str) -> Option<Expected> {
    let metric = nouns::metric(key)?;
    let from = said.day("/from")?;
    let unit = said.text("/currency").unwrap_or("count");
    let model = said.text("/forecast/model").map(|model| format!("each day as {model} expects it, added up"));
    let sum = |key: &str, path: &str| {
        said.sum("/forecast/steps", path, About::new(key, unit).of(model.iter().cloned().collect()))
    };
    let held = said.figure("/forecast/record/held80", About::new("held", "share"));
    let over = said.figure("/forecast/record/over", About::new("over", "days"));
    Some(Expected {
        record: held.zip(over),
        metric,
        days: said.count("/forecast/steps")?,
        sum: sum(&format!("{key}_expected"), "/point")?,
        low: sum(&format!("{key}_low"), "/lo80")?,
        high: sum(&format!("{key}_high"), "/hi80")?,
        interval: said.interval("/forecast/steps/0/lo80")?,
        from,
    })
}

/// Of what there is no forecast although somebody reports it, and why.
pub(super) fn unforeseen(said: &[Said<'_>], client: Option<ClientId>) -> Vec<(&'static str, &'static str)> {
    let unrated = |key: &str| {
        let own = said.iter().filter(|said| whole(said, "figures", client));
        let days = own.filter_map(|said| said.at(&format!("/metrics/{key}/now")).map(missing::unrated));
        days.max().unwrap_or_default()
    };
    let why = |key: &&str| {
        let absent = forecasts(said, client, key)?.at("/forecast/absent")?;
        let reason = absent["reason"].as_str()?;
        let why = if for_rates(absent, unrated(key)) { UNRATED } else { nouns::absent(reason) };
        Some((nouns::metric(key)?, why))
    };
    EXPECTED.iter().filter_map(why).collect()
}

/// Whether a forecast is lacking because so many days of the last four weeks have no rate of exchange. Days that cannot be added
/// up are no days for a forecast, which only knows that there are too few: they are the reason where there would be enough with
/// them, or where it is all of these weeks.
fn for_rates(absent: &Value, unrated: i64) -> bool {
    let count = |name: &str| absent[name].as_i64();
    let needs = match absent["reason"].as_str() {
        Some("too_short" | "too_few" | "no_days") => count("needs"),
        // More than half of them are missing.
        Some("gaps") => count("of").map(|of| (of + 1) / 2),
        _ => return false,
    };
    let enough = needs.is_some_and(|needs| count("has").unwrap_or_default() + unrated >= needs);
    unrated >= LENGTH || (unrated > 0 && enough)
}

/// The clients whose claims are furthest above their books.
pub(super) fn claims(said: &[Said<'_>], names: &Names) -> Vec<Claims> {
    let mut all: Vec<(&Said<'_>, Claims)> = said
        .iter()
        .filter(|said| said.is("reconciliation"))
        .filter_map(|claim| Some((claim, of_client(claim, said, names)?)))
        .collect();
    let excess = |said: &Said<'_>| said.number("/revenue/excess/value");
    all.sort_by(|(one, _), (other, _)| {
        match (excess(one), excess(other)) {
            (Some(one), Some(other)) => other.cmp(&one),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
        .then_with(|| one.outcome.number.cmp(&other.outcome.number))
    });
    all.truncate(CLAIMS);
    all.into_iter().map(|(_, claims)| claims).collect()
}

fn of_client(said: &Said<'_>, all: &[Said<'_>], names: &Names) -> Option<Claims> {
    let client = names.client(said.outcome.client_id?)?;
    let days = said.day("/revenue/days/first").zip(said.day("/revenue/days/last"))?;
    // Claims are held against the books in the client's currency, which its own figures name.
    let own = all.iter().filter(|other| other.is("figures") && other.outcome.client_id == said.outcome.client_id);
    let unit = own.filter(|own| own.text("/entity/level") == Some("client")).find_map(|own| own.text(BOOKED))?;
    let figure = |path: &str, key: &str| said.figure(path, About::new(key, unit).on(Some((&days.0, &days.1))));
    let above = |path: &str| said.number(path).is_some_and(|value| value.cmp(&Decimal::ZERO) == Ordering::Greater);
    let difference = if above("/revenue/over_claimed") {
        Difference::Over(figure("/revenue/over_claimed", "over_claimed")?)
    } else if above("/revenue/unattributed") {
        Difference::Unclaimed(figure("/revenue/unattributed", "unattributed")?)
    } else {
        Difference::None
    };
    Some(Claims {
        client,
        claimed: figure("/revenue/claimed", "claimed_revenue")?,
        ledger: figure("/revenue/ledger/value", "ledger_revenue")?,
        difference,
        days,
    })
}
