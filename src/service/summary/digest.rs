//! What is worth telling of a state, picked once for everybody: the three personas tell the same of it in their own words.

use std::cmp::Reverse;

pub(super) use model::dashboard::Colour;
use model::{id::ClientId, summary::Figure};

use super::{
    Names,
    line::{Day, Name},
    money::{self, Claims, Expected, Money},
    news::{self, Finding, Proposed},
    nouns,
    said::{About, Said},
};

/// Clients told of one by one, where the agency as a whole is out of sight or has no amounts.
const CLIENTS: usize = 3;
/// Things missing that are named.
const GAPS: usize = 5;

/// Of whom something is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    Agency,
    Client(Name),
}

/// A colour and from how much it was made.
#[derive(Debug)]
pub(super) struct Risk {
    pub colour: Colour,
    pub looked_at: Figure,
}

/// The agency or a client, as a whole.
#[derive(Debug)]
pub(super) struct Subject {
    id: Option<ClientId>,
    pub whom: Whom,
    pub risk: Option<Risk>,
    /// Clients of the agency that have its colour, the first of them.
    pub alike: Vec<Name>,
    pub money: Option<Money>,
    pub expected: Vec<Expected>,
}

/// Something that is missing.
#[derive(Debug)]
pub(super) enum Gap {
    /// Nobody reports these.
    Unconnected(Whom, Vec<&'static str>),
    /// There is no figure of this, and why.
    Lacking(Whom, &'static str, &'static str),
    /// Nothing of the last weeks was read at all.
    Unread(Whom),
    /// There is no forecast of this, and why.
    Unforeseen(Whom, &'static str, &'static str),
    /// A channel of which nothing was read since that day, or whose days make no sense.
    Stopped(news::Place, Option<Day>),
    /// A channel of which these cannot be judged yet.
    Thin(news::Place, Vec<&'static str>),
}

/// What is told.
#[derive(Debug)]
pub(super) struct Digest {
    pub subjects: Vec<Subject>,
    /// Clients in sight of whom nothing is told one by one.
    pub others: bool,
    pub findings: Vec<Finding>,
    pub claims: Vec<Claims>,
    pub proposed: Vec<Proposed>,
    pub gaps: Vec<Gap>,
    /// Whether there is more missing than is named.
    pub more_gaps: bool,
}

/// Reads what is worth telling: of a client, or of all in sight.
pub(super) fn digest(said: &[Said<'_>], names: &Names, client: Option<ClientId>) -> Digest {
    let picked = news::pick(said);
    let (subjects, others) = subjects(said, names, client);
    let mut gaps: Vec<Gap> = subjects.iter().flat_map(|subject| lacking(subject, said)).collect();
    gaps.extend(channels(said, names));
    let more_gaps = gaps.len() > GAPS;
    gaps.truncate(GAPS);
    Digest {
        others,
        findings: picked.findings.iter().filter_map(|said| news::finding(said, names)).collect(),
        claims: money::claims(said, names),
        proposed: picked.actions.iter().filter_map(|action| news::proposed(action, said, names)).collect(),
        gaps,
        more_gaps,
        subjects,
    }
}

fn colour(said: &Said<'_>) -> Option<Colour> {
    match said.text("/risk/colour")? {
        "red" => Some(Colour::Red),
        "yellow" => Some(Colour::Yellow),
        "green" => Some(Colour::Green),
        _ => None,
    }
}

/// The agency where it is in sight, the client that was asked for, or the clients that need most attention. An agency of whose
/// amounts none has a rate of exchange is told of with these clients, each in its own currency.
fn subjects(said: &[Said<'_>], names: &Names, client: Option<ClientId>) -> (Vec<Subject>, bool) {
    let risks = || said.iter().filter(|said| said.is("risk"));
    let agency = risks().find(|risk| client.is_none() && risk.outcome.client_id.is_none());
    let whole = agency.and_then(|risk| subject(risk, said, names));
    let unrated = whole.as_ref().and_then(|whole| whole.money.as_ref()).is_some_and(|money| money.unrated);
    if agency.is_some() && !unrated {
        return (whole.into_iter().collect(), false);
    }
    let own =
        |risk: &&Said<'_>| risk.outcome.client_id.is_some() && (client.is_none() || risk.outcome.client_id == client);
    let mut risks: Vec<&Said<'_>> = risks().filter(own).collect();
    risks.sort_by_key(|risk| (Reverse(colour(risk)), risk.outcome.number));
    let mut all: Vec<Subject> = risks.into_iter().filter_map(|risk| subject(risk, said, names)).collect();
    let others = all.len() > CLIENTS;
    all.truncate(CLIENTS);
    (whole.into_iter().chain(all).collect(), others)
}

fn subject(risk: &Said<'_>, said: &[Said<'_>], names: &Names) -> Option<Subject> {
    let id = risk.outcome.client_id;
    let whom = match id {
        None => Whom::Agency,
        Some(id) => Whom::Client(names.client(id)?),
    };
    let own = colour(risk);
    let alike = said
        .iter()
        .filter(|other| id.is_none() && other.is("risk") && other.outcome.client_id.is_some() && colour(other) == own);
    let worse = own.is_some_and(|own| own > Colour::Green);
    let looked_at = risk.figure("/risk/looked_at", About::new("looked_at", "count"));
    Some(Subject {
        id,
        risk: own.zip(looked_at).map(|(colour, looked_at)| Risk { colour, looked_at }),
        alike: alike
            .filter(|_| worse)
            .filter_map(|other| names.client(other.outcome.client_id?))
            .take(CLIENTS)
            .collect(),
        money: money::money(said, names, id),
        expected: money::expected(said, id),
        whom,
    })
}

/// What is missing in what is told of the agency or a client.
fn lacking(subject: &Subject, said: &[Said<'_>]) -> Vec<Gap> {
    let whom = || subject.whom.clone();
    let Some(money) = &subject.money else { return vec![Gap::Unread(whom())] };
    let mut gaps = Vec::new();
    if !money.unconnected.is_empty() {
        gaps.push(Gap::Unconnected(whom(), money.unconnected.clone()));
    }
    gaps.extend(money.lacking.iter().map(|(metric, why)| Gap::Lacking(whom(), metric, why)));
    let unforeseen = money::unforeseen(said, subject.id);
    gaps.extend(unforeseen.into_iter().map(|(metric, why)| Gap::Unforeseen(whom(), metric, why)));
    gaps
}

/// Channels that are in no sum, then those that cannot be judged.
fn channels(said: &[Said<'_>], names: &Names) -> Vec<Gap> {
    let mut stopped = Vec::new();
    let mut thin: Vec<(news::Place, Vec<&'static str>)> = Vec::new();
    for gap in said.iter().filter(|said| said.is("gap")) {
        let Some(place) = news::place(gap, names).filter(|place| place.channel.is_some()) else { continue };
        match gap.text("/metric").map(nouns::metric) {
            None if gap.at("/metric").is_none() => stopped.push(Gap::Stopped(place, gap.day("/absent/last"))),
            Some(Some(metric)) => match thin.iter_mut().find(|(known, _)| *known == place) {
                Some((_, metrics)) => metrics.push(metric),
                None => thin.push((place, vec![metric])),
            },
            _ => {}
        }
    }
    stopped.into_iter().chain(thin.into_iter().map(|(place, metrics)| Gap::Thin(place, metrics))).collect()
}
