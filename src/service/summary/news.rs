//! What a state noticed and what it proposes: the worst and the best few, with where it is.

use std::cmp::Reverse;

use model::{
    action::ActionKind,
    alert::FindingKind,
    id::{ChannelId, ClientId},
    summary::Figure,
};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    Names,
    line::{Day, Name},
    nouns,
    said::{About, Said},
};

/// Findings that are told of.
const FINDINGS: usize = 3;
/// Actions that are told of.
const ACTIONS: usize = 3;
/// Changes of budgets that are told of in one action: one gives, one takes.
const CHANGES: usize = 2;

/// Where something is: an advertisement, a channel, a client, or the agency where nothing else is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub client: Option<Name>,
    pub channel: Option<Account>,
    pub creative: Option<Creative>,
}

/// A channel, with the platform's id of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub name: Name,
    pub id: Option<Name>,
}

/// An advertisement, with the platform's id of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Creative {
    pub name: Option<Name>,
    pub id: Name,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    Low,
    Medium,
    High,
}

/// How large something is.
#[derive(Debug)]
pub(super) struct Size {
    pub value: Figure,
    /// The interval's ends and the probability that it holds, where it has a width.
    pub between: Option<(Figure, Figure, Figure)>,
}

/// Something that was noticed.
#[derive(Debug)]
pub(super) struct Finding {
    pub what: &'static str,
    pub metric: Option<&'static str>,
    pub place: Place,
    pub since: Day,
    pub severity: Severity,
    pub probability: Figure,
    pub size: Option<Size>,
}

/// A budget a day before and after.
#[derive(Debug)]
pub(super) struct Change {
    pub account: Account,
    pub from: Figure,
    pub to: Figure,
}

/// What an action is worth.
#[derive(Debug)]
pub(super) struct Worth {
    pub value: Figure,
    pub low: Figure,
    pub high: Figure,
    pub interval: Figure,
    pub loss: Figure,
}

/// Something that is proposed.
#[derive(Debug)]
pub(super) struct Proposed {
    /// As a thing, and as something to do.
    pub what: (&'static str, &'static str),
    pub place: Place,
    pub horizon: Figure,
    /// What it is worth, or why that is not known.
    pub worth: Result<Worth, &'static str>,
    pub changes: Vec<Change>,
    /// What was noticed that it rests on, each kind once.
    pub because: Vec<&'static str>,
}

/// What of a state is told, in its order.
#[derive(Debug)]
pub(super) struct Picked<'a> {
    pub findings: Vec<&'a Said<'a>>,
    pub actions: Vec<&'a Said<'a>>,
}

/// Picks what caused the colours first, then by how bad and how probable it is; actions by their place in the ranking.
pub(super) fn pick<'a>(said: &'a [Said<'a>]) -> Picked<'a> {
    let findings = worst(said, |_| true);
    let mut actions: Vec<&Said<'_>> = said.iter().filter(|said| said.is("action")).collect();
    actions.sort_by_key(|said| (Reverse(said.number("/score")), said.outcome.number));
    actions.truncate(ACTIONS);
    Picked { findings, actions }
}

/// The worst of what was noticed, of these kinds: what caused the colours first, then by how bad and how probable it is.
pub(super) fn worst<'a>(said: &'a [Said<'a>], wanted: impl Fn(&str) -> bool) -> Vec<&'a Said<'a>> {
    let causes: Vec<i64> = said
        .iter()
        .filter(|said| said.is("risk"))
        .flat_map(|risk| risk.items("/risk/causes").iter().filter_map(Value::as_i64))
        .collect();
    let mut findings: Vec<&Said<'_>> = said
        .iter()
        .filter(|said| said.is("finding") && severity(said).is_some() && said.text("/kind").is_some_and(&wanted))
        .collect();
    findings.sort_by_key(|said| {
        let caused = causes.contains(&said.outcome.number.into());
        (Reverse((caused, severity(said), said.number("/probability"))), said.outcome.number)
    });
    findings.truncate(FINDINGS);
    findings
}

/// Findings that come of comparing days and claims, which is Memory's; all others are Oracle's.
const OF_MEMORY: [&str; 6] = ["worse", "better", "ltv_drift", "over_claim", "unattributed", "winner"];

/// Whether findings of this kind are Memory's.
pub(super) fn of_memory(kind: &str) -> bool {
    OF_MEMORY.contains(&kind)
}

/// The channels of the advertisements that are told of: in a summary, or on the cards of Memory and Oracle, which tell more.
pub(super) fn creatives(said: &[Said<'_>]) -> Vec<ChannelId> {
    let of = |said: &&Said<'_>, path| said.text(path) == Some("creative");
    // The worst of all are among the worst of both.
    let mut findings = worst(said, of_memory);
    findings.extend(worst(said, |kind| !of_memory(kind)));
    let actions = pick(said).actions;
    let findings = findings.into_iter().filter(|said| of(said, "/entity/level"));
    let actions = actions.into_iter().filter(|said| of(said, "/target/level"));
    findings.chain(actions).filter_map(|said| said.outcome.channel_id).collect()
}

/// What is good or neutral needs no attention.
fn severity(said: &Said<'_>) -> Option<Severity> {
    match said.text("/severity")? {
        "high" => Some(Severity::High),
        "medium" => Some(Severity::Medium),
        "low" => Some(Severity::Low),
        _ => None,
    }
}

/// Where an outcome is; none where something of that has no name.
pub(super) fn place(said: &Said<'_>, names: &Names) -> Option<Place> {
    placed(said, names, "/entity")
}

fn placed(said: &Said<'_>, names: &Names, entity: &str) -> Option<Place> {
    let (client, channel) = (said.outcome.client_id, said.outcome.channel_id);
    let client = client.map(|id: ClientId| names.client(id).ok_or(())).transpose().ok()?;
    let account = channel.map(|id| names.account(id).ok_or(())).transpose().ok()?;
    let of_creative = said.text(&format!("{entity}/level")) == Some("creative");
    let creative = of_creative
        .then(|| {
            let id = said.text(&format!("{entity}/id"))?;
            Some(Creative { name: names.creative(channel?, id), id: Name::new(id)? })
        })
        .map(|creative| creative.ok_or(()))
        .transpose()
        .ok()?;
    Some(Place { client, channel: account, creative })
}

/// A finding; none where its kind or place has no word.
pub(super) fn finding(said: &Said<'_>, names: &Names) -> Option<Finding> {
    let (since, last) = (said.day("/first")?, said.day("/last"));
    let days = last.as_ref().map(|last| (&since, last));
    let about = |key, unit| About::new(key, unit).on(days);
    let unit = said.text("/size/unit/money").or_else(|| said.text("/size/unit")).unwrap_or("count");
    let size = |key, path| said.figure(path, about(key, unit).of(said.basis()));
    let width = said.number("/size/low") != said.number("/size/high");
    let between = || Some((size("low", "/size/low")?, size("high", "/size/high")?, confidence(said)?));
    Some(Finding {
        what: FindingKind::parse(said.text("/kind")?)?.noun(),
        metric: said.text("/metric").and_then(nouns::metric),
        place: place(said, names)?,
        severity: severity(said)?,
        probability: said.figure("/probability", about("probability", "share").of(said.basis()))?,
        size: size("size", "/size/value").map(|value| Size { value, between: between().filter(|_| width) }),
        since: since.clone(),
    })
}

fn confidence(said: &Said<'_>) -> Option<Figure> {
    said.figure("/size/confidence", About::new("confidence", "share"))
}

/// An action; none where its kind or place has no word.
pub(super) fn proposed(said: &Said<'_>, all: &[Said<'_>], names: &Names) -> Option<Proposed> {
    let currency = said.text("/currency")?;
    let money = |key, path: &str| said.figure(path, About::new(key, currency).of(said.basis()));
    let worth = || {
        Some(Worth {
            value: money("value", "/prediction/value")?,
            low: money("low", "/prediction/low")?,
            high: money("high", "/prediction/high")?,
            interval: said.interval("/prediction/low")?,
            loss: said.figure("/prediction/loss", About::new("loss", "share"))?,
        })
    };
    let change = |(at, change): (usize, &Value)| {
        let id: ChannelId = change["channel"].as_str()?.parse().ok()?;
        Some(Change {
            account: names.account(id)?,
            from: money("budget_before", &format!("/changes/{at}/from"))?,
            to: money("budget_after", &format!("/changes/{at}/to"))?,
        })
    };
    let mut because: Vec<&'static str> = Vec::new();
    for number in said.items("/because").iter().filter_map(Value::as_i64) {
        let rests = all.iter().find(|other| i64::from(other.outcome.number) == number);
        let words = rests.and_then(|on| match on.outcome.kind.as_str() {
            "finding" => FindingKind::parse(on.text("/kind")?).map(FindingKind::noun),
            "response" => Some("the fitted curves of what channels bring"),
            _ => None,
        });
        because.extend(words.filter(|words| !because.contains(words)));
    }
    // The largest changes tell most.
    let mut changes: Vec<(usize, &Value)> = said.items("/changes").iter().enumerate().collect();
    let step = |change: &Value| {
        let of = |key: &str| crate::basis::decimal(&change[key]).map(|(_, value)| value);
        of("to").zip(of("from")).and_then(|(to, from)| to.checked_sub(from)).map(|step| step.abs())
    };
    changes.sort_by_key(|(at, change)| (Reverse(step(change).unwrap_or(Decimal::ZERO)), *at));
    Some(Proposed {
        what: ActionKind::parse(said.text("/kind")?)?.words(),
        place: placed(said, names, "/target")?,
        horizon: said.figure("/horizon_days", About::new("days", "days"))?,
        worth: worth().ok_or_else(|| nouns::unpredicted(said.text("/unpredicted").unwrap_or_default())),
        changes: changes.into_iter().filter_map(change).take(CHANGES).collect(),
        because,
    })
}
