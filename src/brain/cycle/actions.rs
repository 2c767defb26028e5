//! Curiosity in a cycle: what to do about what was found, and about budgets and creatives that could do better.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use time::Duration;

use super::{About, Client, Input, Outcome, UnderWay, curves::Fit, line::SETTLING, news::Found};
use crate::{
    NotEnough,
    curiosity::{
        Doubt, Kind, Proposal,
        budget::{Setting, budgets},
        creative::{WEEKS, Weeks, creatives},
    },
    finding::{self, Basis, Finding, Level, Severity},
    memory::{Currency, Day, Days, Measure, Source},
};

/// A minute of a person costs so many euros: one, in all agencies.
const MINUTE: f64 = 1.0;
/// What was found so many days ago at the latest is acted on.
const FRESH: i64 = 14;
/// So probable a fall has to be before somebody is sent to look: of what is found one in twenty may be false, which is too many
/// to spend half an hour on each.
const WORTH_LOOKING: f64 = 0.99;

/// Adds proposals, the best first. `found` are the findings that stand at the end of the outcomes.
pub(super) fn add(input: &Input, fits: &[Fit], found: &[Found], outcomes: &mut Vec<Outcome>) {
    let first = outcomes.len() - found.len();
    let busy = input.busy();
    let mut proposals: Vec<(About, Proposal)> = Vec::new();
    for fit in fits {
        proposals.extend(of_budgets(input, fit, &busy));
    }
    proposals.extend(of_creatives(input));
    for (at, (about, finding)) in found.iter().enumerate() {
        let Some(proposal) = of_finding(input, about, finding) else { continue };
        add_to(&mut proposals, about, proposal, first + at, finding);
    }
    // Nobody looks for what is known already, nor judges creatives by claims that are lost; one that is to be replaced is
    // neither to get more nor to stop.
    let broken = abouts(&proposals, Kind::FixTracking, |about, _| about.clone());
    let tired = abouts(&proposals, Kind::RefreshCreative, |about, one| (about.clone(), one.target.id.clone()));
    proposals.retain(|(about, one)| match one.kind {
        Kind::Investigate => !broken.contains(about),
        Kind::Raise | Kind::PauseCreative if one.target.level == Level::Creative => {
            let whole = About::client(about.client.as_deref());
            !broken.contains(about)
                && !broken.contains(&whole)
                && !tired.contains(&(about.clone(), one.target.id.clone()))
        }
        _ => true,
    });
    proposals.retain(|(about, one)| is_free(&busy, about, one));
    for (about, proposal) in &mut proposals {
        proposal.margin = client(input, about).and_then(|client| client.margin?.to_f64());
        proposal.score = score(input, proposal);
    }
    proposals.sort_by(|(_, one), (_, other)| {
        let score = |proposal: &Proposal| proposal.score.unwrap_or(f64::NEG_INFINITY);
        let by_score = score(other).total_cmp(&score(one));
        by_score.then(other.probability.total_cmp(&one.probability)).then_with(|| one.key.cmp(&other.key))
    });
    outcomes.extend(proposals.into_iter().map(|(about, proposal)| Outcome::new("action", about, &proposal)));
}

/// Actions under way, by the channel that they change.
type Busy<'a> = BTreeMap<&'a str, Vec<&'a UnderWay>>;

/// Whether it changes nothing of what another action under way changes. What is broken is repaired whatever else is done. Of the
/// same action that is under way already the ledger knows whether it is to be done again. Tired creatives of a channel are
/// replaced side by side: it would take months one after the other.
pub(super) fn is_free(busy: &Busy<'_>, about: &About, proposal: &Proposal) -> bool {
    let channels = about.channel.iter().chain(proposal.changes.iter().map(|change| &change.channel));
    let replaced = |one: &UnderWay| one.kind == Kind::RefreshCreative && proposal.kind == Kind::RefreshCreative;
    matches!(proposal.kind, Kind::FixTracking | Kind::Investigate)
        || !channels
            .filter_map(|channel| busy.get(&**channel))
            .flatten()
            .any(|one| one.key != proposal.key && !replaced(one))
}

/// Something of each proposal of a kind.
fn abouts<T>(proposals: &[(About, Proposal)], kind: Kind, of: impl Fn(&About, &Proposal) -> T) -> Vec<T> {
    proposals.iter().filter(|(_, one)| one.kind == kind).map(|(about, one)| of(about, one)).collect()
}

/// Platforms' ids of creatives, and even more those that files make up, are not alone in the world: the channel's is part of
/// the key.
fn keyed(about: &About, mut proposal: Proposal) -> Proposal {
    if let (Level::Creative, Some(channel)) = (proposal.target.level, &about.channel) {
        proposal.key = format!("{}:{channel}:{}", proposal.kind.key(), proposal.target.id);
    }
    proposal
}

/// Several findings that ask for the same are one proposal.
fn add_to(all: &mut Vec<(About, Proposal)>, about: &About, mut proposal: Proposal, place: usize, finding: &Finding) {
    match all.iter_mut().find(|(of, known)| of == about && known.key == proposal.key) {
        Some((_, known)) => {
            known.because.push(place);
            known.probability = known.probability.max(finding.probability);
            known.began = known.began.max(proposal.began);
        }
        None => {
            proposal.because.push(place);
            proposal.probability = finding.probability;
            proposal.basis = finding.basis.clone();
            all.push((about.clone(), proposal));
        }
    }
}

/// What a finding asks for. Only of clients: what belongs to nobody is nobody's to act on.
pub(super) fn of_finding(input: &Input, about: &About, found: &Finding) -> Option<Proposal> {
    let client = client(input, about)?;
    let recent = (input.day - found.last).whole_days() < FRESH;
    let serious = found.severity >= Severity::Medium && found.probability >= WORTH_LOOKING;
    let (kind, doubts) = match found.kind {
        finding::Kind::CreativeFatigue => (Kind::RefreshCreative, vec![Doubt::Recovery, Doubt::FewEvents]),
        finding::Kind::TrackingOutage if recent => (Kind::FixTracking, vec![Doubt::KnownChange, Doubt::Recovery]),
        finding::Kind::LtvDrift if found.severity > Severity::Info => (Kind::RetentionPush, vec![Doubt::Promotion]),
        finding::Kind::DeliveryCollapse if recent => (Kind::Investigate, vec![Doubt::KnownChange, Doubt::Recovery]),
        finding::Kind::Drop | finding::Kind::LevelShift | finding::Kind::ChangePoint | finding::Kind::RoiDecay
            if serious && recent =>
        {
            (Kind::Investigate, vec![Doubt::KnownChange, Doubt::Recovery, Doubt::Promotion])
        }
        _ => return None,
    };
    let mut proposal = Proposal::new(kind, found.entity.clone(), client.currency.code());
    proposal.doubts = doubts;
    proposal.began = (kind != Kind::RetentionPush).then_some(found.first);
    Some(keyed(about, proposal))
}

fn client<'a>(input: &'a Input, about: &About) -> Option<&'a Client> {
    let id = about.client.as_deref()?;
    input.clients.iter().find(|client| client.id.as_deref() == Some(id))
}

fn of_budgets(input: &Input, fit: &Fit, busy: &Busy<'_>) -> Vec<(About, Proposal)> {
    let client = &input.clients[fit.client];
    let Some(id) = client.id.as_deref() else { return Vec::new() };
    let spend: Vec<(String, Vec<f64>)> =
        fit.table.channels.iter().map(|column| (column.name.clone(), column.values.clone())).collect();
    let setting = Setting {
        client: id,
        currency: client.currency.code(),
        margin: client.margin.and_then(|margin| margin.to_f64()),
        response: &fit.response,
        spend: &spend,
        held: &busy.keys().copied().collect::<Vec<_>>(),
        place: fit.place,
    };
    let last = fit.table.start.saturating_add(Duration::days(fit.table.target.len() as i64 - 1));
    let days = (last.saturating_sub(Duration::days(27)), last);
    let about = |proposal: &Proposal| match proposal.target.level {
        Level::Channel => About::channel(Some(id), &proposal.target.id),
        _ => About::client(Some(id)),
    };
    let dated = |mut proposal: Proposal| {
        let now = proposal.changes.iter().map(|change| change.from).sum();
        proposal.basis.push(Basis::new("spend_per_day_of_these_channels", now, Some(days)));
        (about(&proposal), proposal)
    };
    budgets(&setting).into_iter().map(dated).collect()
}

fn of_creatives(input: &Input) -> Vec<(About, Proposal)> {
    let mut all: Vec<(About, &Client)> = Vec::new();
    let mut channels: Vec<Vec<Weeks>> = Vec::new();
    for client in input.clients.iter().filter(|client| client.id.is_some()) {
        for channel in client.channels.iter().filter(|channel| channel.current(input.day).is_some()) {
            let in_client = |row: &Day| input.rates.on(row.day, row.currency, client.currency);
            let of = |(id, days): &(String, Result<Source, NotEnough>)| weeks(id, days.as_ref().ok()?, &in_client);
            channels.push(channel.creatives.iter().filter_map(of).collect());
            all.push((About::channel(client.id.as_deref(), &channel.id), client));
        }
    }
    let told = |(channel, mut proposal): (usize, Proposal)| {
        let (about, client) = &all[channel];
        client.currency.code().clone_into(&mut proposal.currency);
        (about.clone(), keyed(about, proposal))
    };
    creatives(&channels).into_iter().map(told).collect()
}

/// The last whole weeks of a creative whose claims have come in, if it still runs; money by these rates.
fn weeks(id: &str, source: &Source, rate: &dyn Fn(&Day) -> Option<(Decimal, Decimal)>) -> Option<Weeks> {
    let last = source.read.last.checked_sub(Duration::days(SETTLING as i64))?;
    let week = |back: usize| {
        let last = last.checked_sub(Duration::days(7 * back as i64))?;
        let days = Days { first: last.checked_sub(Duration::days(6))?, last };
        let rows = source.rows(days);
        (days.first >= source.read.first && !rows.is_empty()).then_some(())?;
        rows.iter().try_fold((0.0, 0.0), |(spend, events), row| {
            let amount = |measure| row.get(measure)?.to_f64();
            let (times, by) = rate(row)?;
            let paid = amount(Measure::Spend)? * times.to_f64()? / by.to_f64()?;
            Some((spend + paid, events + amount(Measure::ClaimedConversions)?))
        })
    };
    let mut weeks: Vec<(f64, f64)> = (0..WEEKS).map_while(week).collect();
    weeks.reverse();
    let first = last.checked_sub(Duration::days(7 * weeks.len() as i64 - 1))?;
    let since = Days { first: last, last: source.read.last };
    let runs = source.rows(since).iter().any(|row| row.get(Measure::Spend).is_some_and(|spend| !spend.is_zero()));
    (runs && !weeks.is_empty()).then(|| Weeks { id: id.to_owned(), weeks, days: (first, last) })
}

/// Expected value times probability less effort, in the agency's currency, drawn toward what such actions brought so far.
pub(super) fn score(input: &Input, proposal: &Proposal) -> Option<f64> {
    let value = proposal.prediction?.value;
    let to = |from: Currency, amount: f64| {
        let (times, by) = input.rates.on(input.day, from, input.display)?;
        Some(amount * times.to_f64()? / by.to_f64()?)
    };
    let hits = input.hits.get(&proposal.kind).copied().unwrap_or_default();
    let minutes = MINUTE * f64::from(proposal.effort_minutes);
    // Without a rate a minute costs one of whatever the agency counts in: that is not nothing.
    let effort = to(Currency::parse("EUR")?, minutes).unwrap_or(minutes);
    let value = to(Currency::parse(&proposal.currency)?, value)?;
    Some(value * proposal.probability * hits.factor() - effort)
}
