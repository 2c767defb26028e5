//! What wears out, in a cycle: creatives, and the return of channels.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use serde_json::Value;
use time::{Date, Duration};

use super::{
    About, Choices, Client, Input, Outcome, choices,
    line::{SETTLING, sum},
    news::Found,
};
use crate::{
    NotEnough,
    anomaly::{FALSE_SHARE, q_values},
    fatigue::{Creative, CreativeDay, Decay, Model, Outlook, Week, decay, fit, outlook},
    finding::{Entity, Level},
    memory::{Days, Measure, Source},
};

/// Weeks looked back at for the return of a channel: half a year.
const WEEKS: i64 = 26;
/// What a return is counted in.
const METRIC: &str = "roas_claimed";
/// The name of what is learned of when creatives tire: one model of the agency, for tiredness is alike everywhere.
const KEY: &str = "fatigue";

/// A creative's outlook.
#[derive(Serialize)]
struct Told<'a> {
    entity: Entity,
    outlook: &'a Result<Outlook, Value>,
}

/// A channel's return.
#[derive(Serialize)]
struct Returns {
    entity: Entity,
    metric: &'static str,
    decay: Result<Decay, NotEnough>,
}

/// A creative with where it runs and which part of its client's spend it has.
struct Running {
    about: About,
    creative: Creative,
    last: Date,
    share: f64,
}

fn running(input: &Input) -> Vec<Running> {
    let mut all = Vec::new();
    for client in &input.clients {
        let mut own: Vec<(Running, f64)> = Vec::new();
        // What runs nowhere any more tires nobody.
        for channel in client.channels.iter().filter(|channel| channel.current(input.day).is_some()) {
            for (id, source) in &channel.creatives {
                let Ok(source) = source else { continue };
                let Some((creative, spend)) = creative(id, &channel.id, source) else { continue };
                let about = About::channel(client.id.as_deref(), &channel.id);
                own.push((Running { about, creative, last: source.read.last, share: 0.0 }, spend));
            }
        }
        let total: f64 = own.iter().map(|(_, spend)| spend).sum();
        all.extend(own.into_iter().map(|(running, spend)| {
            let share = if total > 0.0 { spend / total } else { 0.0 };
            Running { share, ..running }
        }));
    }
    all
}

/// A creative and what it cost in the last four weeks.
fn creative(id: &str, channel: &str, source: &Source) -> Option<(Creative, f64)> {
    let recent = source.read.last.saturating_sub(Duration::days(27));
    let mut spent = 0.0;
    let days: Vec<CreativeDay> = source
        .rows(source.read)
        .iter()
        .filter_map(|row| {
            let amount = |measure| row.get(measure).and_then(|value| value.to_f64());
            if row.day >= recent {
                spent += amount(Measure::Spend).unwrap_or_default();
            }
            Some(CreativeDay {
                day: row.day,
                impressions: row.get(Measure::Impressions)?.to_u64()?,
                clicks: row.get(Measure::Clicks)?.to_u64()?,
                conversions: amount(Measure::ClaimedConversions),
                spend: amount(Measure::Spend),
                reach: None,
            })
        })
        .collect();
    Some((Creative::new(id, channel, days).ok()?, spent))
}

/// Learns when creatives tire: anew, or if nothing is known of it.
pub(super) fn choose_all(input: &Input, anew: bool, before: &Choices, chosen: &mut Choices) {
    let running = running(input);
    let days = running.len();
    if !running.is_empty() && (anew || choices::due::<Model>(before, KEY, days)) {
        let creatives: Vec<&Creative> = running.iter().map(|one| &one.creative).collect();
        chosen.insert(KEY.to_owned(), choices::write(days, &fit(&creatives, input.day)));
    }
}

/// The name of what is learned, where it cannot be read.
pub(super) fn unreadable(chosen: &Choices) -> Vec<&str> {
    choices::unreadable::<Model>(chosen, KEY)
}

pub(super) fn add(input: &Input, chosen: &Choices, outcomes: &mut Vec<Outcome>, found: &mut Vec<Found>) {
    creatives(input, chosen, outcomes, found);
    let all: Vec<Return> = input.clients.iter().flat_map(|client| returns(client, input)).collect();
    // All channels of the agency are one family, of whose findings only so many may be false.
    let p: Vec<f64> = all.iter().map(|one| one.decay.as_ref().map_or(1.0, |decay| decay.better)).collect();
    for (one, q) in all.into_iter().zip(q_values(&p)) {
        let Return { about, entity, decay, share } = one;
        let worse = decay.as_ref().ok().filter(|_| q <= FALSE_SHARE);
        if let Some(finding) = worse.and_then(|decay| decay.finding(entity.clone(), METRIC, share)) {
            found.push((about.clone(), finding));
        }
        outcomes.push(Outcome::new("decay", about, &Returns { entity, metric: METRIC, decay }));
    }
}

fn creatives(input: &Input, chosen: &Choices, outcomes: &mut Vec<Outcome>, found: &mut Vec<Found>) {
    let running = running(input);
    let model = choices::read::<Model>(chosen, KEY);
    // Days are known to their end channel by channel.
    let mut by_day: BTreeMap<Date, Vec<&Running>> = BTreeMap::new();
    for one in &running {
        by_day.entry(one.last).or_default().push(one);
    }
    for (day, running) in by_day {
        let creatives: Vec<&Creative> = running.iter().map(|one| &one.creative).collect();
        let learned = model.as_ref().map_err(|_| NotEnough::TooFew { of: "creatives that tired", has: 0, needs: 1 });
        for (one, told) in running.iter().zip(outlook(&creatives, day, learned)) {
            let entity = Entity { id: one.creative.id.clone(), level: Level::Creative };
            if let Some(finding) = told.as_ref().ok().and_then(|told| told.finding(&one.creative.id, one.share)) {
                found.push((one.about.clone(), finding));
            }
            let outlook = told.map_err(|reason| serde_json::to_value(reason).unwrap_or_default());
            outcomes.push(Outcome::new("fatigue", one.about.clone(), &Told { entity, outlook: &outlook }));
        }
    }
}

/// A channel's return, and which part of its client's spend it has.
struct Return {
    about: About,
    entity: Entity,
    decay: Result<Decay, NotEnough>,
    share: f64,
}

/// How the claimed return of each of a client's ad accounts moves over the last half year of whole weeks.
fn returns(client: &Client, input: &Input) -> Vec<Return> {
    let ads = client.of(false, input.day);
    let spent = |source: &Source| {
        let (_, values) = sum(&[source], Measure::Spend, Some(client.currency), &input.rates)?;
        Some(values.iter().rev().take(28).flatten().sum::<f64>())
    };
    let total: f64 = ads.iter().filter_map(|source| spent(source)).sum();
    let claiming = ads.into_iter().filter(|source| source.reports(Measure::ClaimedRevenue));
    let of = |source: &Source| Return {
        about: About::channel(client.id.as_deref(), &source.id),
        entity: Entity { id: source.id.clone(), level: Level::Channel },
        decay: weeks(source).map_or(Err(NotEnough::TooFew { of: "weeks", has: 0, needs: 8 }), |weeks| decay(&weeks)),
        share: if total > 0.0 { spent(source).unwrap_or_default() / total } else { 0.0 },
    };
    claiming.map(of).collect()
}

fn weeks(source: &Source) -> Option<Vec<Week>> {
    let last = source.read.last.checked_sub(Duration::days(SETTLING as i64))?;
    let mut weeks = Vec::new();
    for back in 0..WEEKS {
        let end = last.checked_sub(Duration::days(7 * back))?;
        let days = Days { first: end.checked_sub(Duration::days(6))?, last: end };
        if days.first < source.read.first {
            break;
        }
        let of = |measure| -> Option<f64> {
            source.rows(days).iter().try_fold(0.0, |sum, row| Some(sum + row.get(measure)?.to_f64()?))
        };
        // What was not reported is not nothing: only the newest weeks without such a day are told.
        let (Some(spend), Some(revenue)) = (of(Measure::Spend), of(Measure::ClaimedRevenue)) else { break };
        weeks.push(Week { first: days.first, spend, revenue });
    }
    Some(weeks)
}
