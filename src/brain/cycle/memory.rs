//! Memory's part of a cycle: figures of the newest week and four weeks against those before, and reconciliation.

use std::collections::BTreeMap;

use serde::Serialize;
use time::{Date, Duration};

use super::{About, Channel, Client, Input, Outcome};
use crate::{
    NotEnough,
    finding::{Entity, Level},
    memory::{
        Absent, Comparison, Days, Figure, Measure, Metric, Reconciliation, Setting, Source, compare, figure, reconcile,
    },
};

/// Lengths of the ranges that are compared, in days: whole weeks, so that weekdays weigh alike.
const LENGTHS: [i64; 2] = [7, 28];
/// Platforms still add conversions to the last days: so many are left out of what is judged by claims. Google, Meta and
/// TikTok report most conversions within three days of the click; what is left grows alike in both ranges that are compared.
/// News and decay, which hold days against days long settled, wait longer ([`SETTLING`](super::line::SETTLING)).
const MOSTLY_KNOWN: u16 = 3;

/// Metrics of an entity in two ranges.
#[derive(Serialize)]
struct Figures<'a> {
    entity: Entity,
    now: Days,
    before: Days,
    metrics: BTreeMap<&'static str, &'a Comparison>,
}

/// Claims against the books in one range.
#[derive(Serialize)]
struct Claims {
    range: Days,
    revenue: Result<Reconciliation, Absent>,
    conversions: Result<Reconciliation, Absent>,
}

pub(super) fn add(input: &Input, outcomes: &mut Vec<Outcome>) {
    gaps(input, outcomes);
    agency(input, &Ranges::Newest, outcomes);
    for client in &input.clients {
        let setting = setting(client, input);
        whole(client, input, &Ranges::Newest, &setting, outcomes);
        channels(client, input, &Ranges::Newest, &setting, outcomes);
        parts(client, Level::Creative, input, &Ranges::Newest, &setting, outcomes);
        claims(client, input, &setting, outcomes);
    }
}

/// Channels that are not in any sum, and why.
fn gaps(input: &Input, outcomes: &mut Vec<Outcome>) {
    for client in &input.clients {
        for channel in client.channels.iter().filter(|channel| channel.current(input.day).is_none()) {
            let absent = match &channel.days {
                Ok(source) => serde_json::json!({ "reason": "not_current", "last": source.read.last.to_string() }),
                Err(reason) => serde_json::to_value(reason).unwrap_or_default(),
            };
            let entity = Entity { id: channel.id.clone(), level: Level::Channel };
            let body = serde_json::json!({ "entity": entity, "absent": absent });
            outcomes.push(Outcome::new("gap", About::channel(client.id.as_deref(), &channel.id), &body));
        }
    }
}

/// Figures of the days `now` against those of the days `before`, of everything at this level. What lies below a channel are its
/// [`creatives`](super::Channel::creatives), whatever they are.
pub fn figures_of(input: &Input, now: Days, before: Days, level: Level) -> Vec<Outcome> {
    let (mut outcomes, ranges) = (Vec::new(), Ranges::Asked(now, before));
    if level == Level::Agency {
        agency(input, &ranges, &mut outcomes);
        return outcomes;
    }
    for client in &input.clients {
        let setting = setting(client, input);
        match level {
            Level::Client => whole(client, input, &ranges, &setting, &mut outcomes),
            Level::Channel => channels(client, input, &ranges, &setting, &mut outcomes),
            level => parts(client, level, input, &ranges, &setting, &mut outcomes),
        }
    }
    outcomes
}

/// Which days are compared.
enum Ranges {
    /// The newest of each length that are known of all, with those right before.
    Newest,
    /// These.
    Asked(Days, Days),
}

impl Ranges {
    fn of(&self, sources: &[&Source], day: Date) -> Vec<(Days, Days)> {
        match self {
            Self::Newest => LENGTHS.iter().filter_map(|length| Input::ranges(sources, day, *length)).collect(),
            Self::Asked(now, before) => vec![(*now, *before)],
        }
    }

    /// The days of a channel, if they count: of the newest ranges those that are read until today, of any others those of which
    /// some day was read. What stopped meanwhile is a gap of its own.
    fn reads<'a>(&self, channel: &'a Channel, day: Date) -> Option<&'a Source> {
        match self {
            Self::Newest => channel.current(day),
            Self::Asked(now, before) => {
                let touches = |range: &Days, source: &Source| source.read.both(*range).count() > 0;
                let read = channel.days.as_ref().ok();
                read.filter(|source| touches(now, source) || touches(before, source))
            }
        }
    }

    /// The days of a client's channels that count.
    fn sources<'a>(&self, client: &'a Client, day: Date) -> Vec<&'a Source> {
        client.channels.iter().filter_map(|channel| self.reads(channel, day)).collect()
    }
}

fn setting<'a>(client: &Client, input: &'a Input) -> Setting<'a> {
    Setting { display: Some(client.currency), rates: &input.rates, margin: client.margin }
}

fn agency(input: &Input, ranges: &Ranges, outcomes: &mut Vec<Outcome>) {
    let all: Vec<&Source> = input.clients.iter().flat_map(|client| ranges.sources(client, input.day)).collect();
    if !all.is_empty() {
        // Margins are the clients' own.
        let setting = Setting { display: Some(input.display), rates: &input.rates, margin: None };
        let entity = Entity { id: String::new(), level: Level::Agency };
        let own = |now, before| Comparison {
            now: contribution(input, ranges, now),
            before: contribution(input, ranges, before),
            verdict: Err(NotEnough::Unusable { what: "a difference of two sums" }),
            compared: None,
        };
        let siblings = [(entity, &all[..], About::agency())];
        told(&siblings, input, ranges, &setting, Some((Metric::ContributionMargin, &own)), outcomes);
    }
}

/// What all clients with books and advertising contribute together, each by its own margin, in the agency's currency.
fn contribution(input: &Input, ranges: &Ranges, days: Days) -> Result<Figure, Absent> {
    let mut all: Option<Figure> = None;
    for client in input.clients.iter().filter(|client| client.id.is_some()) {
        let sources = ranges.sources(client, input.day);
        let reports = |measure| sources.iter().any(|source| source.reports(measure));
        if !reports(Measure::LedgerRevenue) || !reports(Measure::Spend) {
            continue;
        }
        let setting = Setting { display: Some(input.display), rates: &input.rates, margin: client.margin };
        let own = figure(Metric::ContributionMargin, &sources, days, &setting)?;
        all = Some(match all {
            None => own,
            Some(mut sum) => {
                sum.value = sum.value.checked_add(own.value).ok_or(Absent::TooLarge)?;
                sum.parts.extend(own.parts);
                sum
            }
        });
    }
    all.ok_or(Absent::NotConnected { measure: Measure::LedgerRevenue })
}

/// A client as a whole. Channels of nobody have nothing in common.
fn whole(client: &Client, input: &Input, ranges: &Ranges, setting: &Setting<'_>, outcomes: &mut Vec<Outcome>) {
    let (own, Some(id)) = (ranges.sources(client, input.day), &client.id) else { return };
    if !own.is_empty() {
        let entity = Entity { id: id.clone(), level: Level::Client };
        let about = About::client(Some(id));
        figures(&[(entity, &own, about)], input, ranges, setting, outcomes);
    }
}

/// The channels of a client, judged together with those of their kind.
fn channels(client: &Client, input: &Input, ranges: &Ranges, setting: &Setting<'_>, outcomes: &mut Vec<Outcome>) {
    for shop in [false, true] {
        let channels = client.channels.iter().filter(|channel| channel.shop == shop);
        let single: Vec<[&Source; 1]> =
            channels.filter_map(|channel| Some([ranges.reads(channel, input.day)?])).collect();
        let siblings: Vec<_> = single
            .iter()
            .map(|source| {
                let entity = Entity { id: source[0].id.clone(), level: Level::Channel };
                (entity, &source[..], About::channel(client.id.as_deref(), &source[0].id))
            })
            .collect();
        figures(&siblings, input, ranges, setting, outcomes);
    }
}

/// What lies below the channels of a client, judged together with the others of its channel.
fn parts(
    client: &Client,
    level: Level,
    input: &Input,
    ranges: &Ranges,
    setting: &Setting<'_>,
    outcomes: &mut Vec<Outcome>,
) {
    for channel in client.channels.iter().filter(|channel| ranges.reads(channel, input.day).is_some()) {
        let found: Vec<(&String, [&Source; 1])> =
            channel.creatives.iter().filter_map(|(id, source)| Some((id, [source.as_ref().ok()?]))).collect();
        let siblings: Vec<_> = found
            .iter()
            .map(|(id, source)| {
                let entity = Entity { id: (*id).clone(), level };
                (entity, &source[..], About::channel(client.id.as_deref(), &channel.id))
            })
            .collect();
        figures(&siblings, input, ranges, setting, outcomes);
    }
}

type Sibling<'a> = (Entity, &'a [&'a Source], About);

/// A metric that is made in another way than from all rows at once, of the days now and before.
type Own<'a> = (Metric, &'a dyn Fn(Days, Days) -> Comparison);

/// The metrics that any of these siblings reports, of each of them, in each of the ranges.
fn figures(
    siblings: &[Sibling<'_>],
    input: &Input,
    ranges: &Ranges,
    setting: &Setting<'_>,
    outcomes: &mut Vec<Outcome>,
) {
    told(siblings, input, ranges, setting, None, outcomes);
}

fn told(
    siblings: &[Sibling<'_>],
    input: &Input,
    ranges: &Ranges,
    setting: &Setting<'_>,
    own: Option<Own<'_>>,
    outcomes: &mut Vec<Outcome>,
) {
    let sources: Vec<&[&Source]> = siblings.iter().map(|sibling| sibling.1).collect();
    let all: Vec<&Source> = sources.iter().flat_map(|sources| sources.iter().copied()).collect();
    for (now, before) in ranges.of(&all, input.day) {
        let metrics: Vec<(Metric, Vec<Comparison>)> = Metric::ALL
            .into_iter()
            .map(|metric| match own {
                Some((own, made)) if own == metric => (metric, siblings.iter().map(|_| made(now, before)).collect()),
                _ => (metric, compare(&sources, metric, now, before, MOSTLY_KNOWN, setting)),
            })
            .collect();
        for (at, (entity, _, about)) in siblings.iter().enumerate() {
            // What nobody reports is left out; what is lacking otherwise says why.
            let lacks = |figure: &Result<_, _>| matches!(figure, Err(Absent::NotConnected { .. } | Absent::NoMargin));
            let said = |comparison: &Comparison| !(lacks(&comparison.now) && lacks(&comparison.before));
            let metrics: BTreeMap<_, _> = metrics
                .iter()
                .map(|(metric, comparisons)| (metric.key(), &comparisons[at]))
                .filter(|(_, comparison)| said(comparison))
                .collect();
            if !metrics.is_empty() {
                let body = Figures { entity: entity.clone(), now, before, metrics };
                outcomes.push(Outcome::new("figures", about.clone(), &body));
            }
        }
    }
}

/// Holds what the platforms claim against the client's books.
fn claims(client: &Client, input: &Input, setting: &Setting<'_>, outcomes: &mut Vec<Outcome>) {
    let (ads, shops) = (client.of(false, input.day), client.of(true, input.day));
    if client.id.is_none() || !client.reports(Measure::LedgerRevenue, input.day) || ads.is_empty() {
        return;
    }
    let all: Vec<&Source> = ads.iter().chain(&shops).copied().collect();
    // Claims that still come are not held against anybody.
    let settled = |last: Date| last.saturating_sub(Duration::days(MOSTLY_KNOWN.into()));
    let Some(last) = ads.iter().map(|source| settled(source.read.last)).min() else { return };
    let Some((range, _)) = Input::ranges(&all, last.min(input.day), LENGTHS[1]) else { return };
    let held = |measure| reconcile(&ads, &shops, range, measure, setting);
    let body = Claims { range, revenue: held(Measure::ClaimedRevenue), conversions: held(Measure::ClaimedConversions) };
    outcomes.push(Outcome::new("reconciliation", About::client(client.id.as_deref()), &body));
}
