//! What figures leave out, in words, and whether two of them leave out the same: read from the gaps that the brain names in a
//! figure's parts. Each reason is told with its own count, as each is mended elsewhere; days are never added up over accounts.

use std::collections::{BTreeMap, BTreeSet};

use model::{fact::Channel, id::ClientId, metric::Days, page::parse_day};
use serde_json::Value;
use time::Date;

/// So many runs of days are listed.
const LISTED: usize = 6;

/// Why there is no change where two figures are not of the same.
pub(crate) const UNLIKE: &str = "not compared: these days and those before are not of the same accounts and days";

/// Whose the channels are, by their ids as the brain says them.
pub(crate) type Owners = BTreeMap<String, ClientId>;

/// Whose these channels are.
pub(crate) fn owners(channels: &[Channel]) -> Owners {
    channels.iter().filter_map(|channel| Some((channel.id.to_string(), channel.client_id?))).collect()
}

/// Why something is missing; what people mend themselves comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// No rate of exchange for this currency.
    Rate(String),
    Unread,
    Unreported,
    Other,
}

impl Reason {
    fn of(gap: &Value) -> Self {
        match gap["reason"].as_str() {
            Some("rate") => Self::Rate(gap["currency"].as_str().unwrap_or_default().to_owned()),
            Some("not_read") => Self::Unread,
            Some("not_reported") => Self::Unreported,
            _ => Self::Other,
        }
    }

    /// What is said of all reasons of a kind together.
    const fn kind(&self) -> usize {
        match self {
            Self::Rate(_) => 0,
            Self::Unread => 1,
            Self::Unreported => 2,
            Self::Other => 3,
        }
    }
}

/// Gaps of one kind.
#[derive(Debug, Default)]
struct Together {
    currencies: BTreeSet<String>,
    accounts: BTreeSet<String>,
    clients: BTreeSet<ClientId>,
    runs: Vec<Days>,
    /// The most days that one gap says, where a state does not say which.
    most: i64,
}

impl Together {
    fn add(&mut self, gap: &Value) {
        if let Reason::Rate(currency) = Reason::of(gap)
            && !currency.is_empty()
        {
            self.currencies.insert(currency);
        }
        self.accounts.insert(account(gap["source"].as_str().unwrap_or_default()).to_owned());
        self.runs.extend(runs(gap));
        self.most = self.most.max(gap["days"].as_i64().unwrap_or_default());
    }

    /// "28 days of 4 accounts": each day once, however many accounts lack it.
    fn days(&self) -> String {
        let days = distinct(&self.runs).max(self.most);
        format!("{} of {}", counted(days, "day"), counted(self.accounts.len(), "account"))
    }

    /// The number of its days, as a verb has it.
    fn were(&self) -> &'static str {
        if distinct(&self.runs).max(self.most) == 1 { "was" } else { "were" }
    }

    fn currencies(&self) -> String {
        let codes: Vec<&str> = self.currencies.iter().map(String::as_str).collect();
        match codes.as_slice() {
            [some @ .., last] if !some.is_empty() => format!("{} and {last}", some.join(", ")),
            codes => codes.concat(),
        }
    }
}

fn counted(number: impl std::fmt::Display, noun: &str) -> String {
    let number = number.to_string();
    let end = if number == "1" || number.starts_with("1 ") { "" } else { "s" };
    format!("{number} {noun}{end}")
}

/// The channel of a source, which may be something in it.
fn account(source: &str) -> &str {
    source.split_once(':').map_or(source, |(channel, _)| channel)
}

fn day(of: &Value, end: &str) -> Option<Date> {
    parse_day("day", of[end].as_str()?).ok()
}

fn days(of: &Value) -> Option<Days> {
    let days = Days { first: day(of, "first")?, last: day(of, "last")? };
    (days.first <= days.last).then_some(days)
}

/// The days of a gap.
fn runs(gap: &Value) -> Vec<Days> {
    match gap["runs"].as_array() {
        Some(runs) => runs.iter().filter_map(days).collect(),
        // States of earlier versions say the first and the last of several only.
        None => days(gap).into_iter().filter(|days| gap["days"].as_i64().is_none_or(|n| n == days.count())).collect(),
    }
}

/// How many days these are, each counted once.
fn distinct(runs: &[Days]) -> i64 {
    merged(runs.to_vec()).iter().map(|run| run.count()).sum()
}

/// The same days, as few runs in their order.
fn merged(mut runs: Vec<Days>) -> Vec<Days> {
    runs.sort_by_key(|run| run.first);
    let mut all: Vec<Days> = Vec::with_capacity(runs.len());
    for run in runs {
        match all.last_mut() {
            Some(last) if last.last.next_day().is_none_or(|next| run.first <= next) => {
                last.last = last.last.max(run.last)
            }
            _ => all.push(run),
        }
    }
    all
}

fn gaps(part: &Value) -> &[Value] {
    part["gaps"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Which days a gap is of, with their count.
pub(crate) fn listed(gap: &Value) -> String {
    let (runs, count) = (runs(gap), gap["days"].as_i64().unwrap_or_default());
    if runs.is_empty() {
        let end = |end: &str| gap[end].as_str().unwrap_or_default();
        return format!("{} between {} and {}", counted(count, "day"), end("first"), end("last"));
    }
    let one = |run: &Days| match run {
        Days { first, last } if first == last => first.to_string(),
        Days { first, last } => format!("{first} to {last}"),
    };
    let (shown, more) = runs.split_at(LISTED.min(runs.len()));
    let mut told = shown.iter().map(one).collect::<Vec<_>>().join(", ");
    if !more.is_empty() {
        told.push_str(&format!(" and {}", counted(format!("{} more", distinct(more)), "day")));
    }
    let count = distinct(&runs);
    if count > 1 { format!("{told} ({})", counted(count, "day")) } else { told }
}

/// Why a sum is not complete: each reason with the days and accounts that it is about.
pub(crate) fn reasons(gaps: &[Value]) -> String {
    let mut kinds: BTreeMap<usize, Together> = BTreeMap::new();
    for gap in gaps {
        kinds.entry(Reason::of(gap).kind()).or_default().add(gap);
    }
    let one = |(kind, of): (&usize, &Together)| {
        let days = of.days();
        match kind {
            0 if of.currencies.is_empty() => {
                format!("{days} without a rate of exchange, which an Admin or Owner imports")
            }
            0 => format!("{days} in {} without a rate of exchange, which an Admin or Owner imports", of.currencies()),
            1 => format!("{days} {} not read", of.were()),
            2 => format!("{days} {} not reported", of.were()),
            _ => format!("{days} missing"),
        }
    };
    if kinds.is_empty() { "days are missing".to_owned() } else { kinds.iter().map(one).collect::<Vec<_>>().join("; ") }
}

/// What a figure of these parts leaves out, in words that stand beside it: clients that are not in it at all, then days of others.
pub(crate) fn without(parts: &[Value], owners: &Owners) -> Vec<String> {
    if parts.iter().all(|part| gaps(part).is_empty()) {
        return Vec::new();
    }
    let owner = |source: &str| owners.get(account(source)).copied();
    let texts = |part: &Value| -> Vec<String> {
        let ids = part["sources"].as_array().into_iter().flatten();
        ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
    };
    let sources: BTreeSet<String> = parts.iter().flat_map(texts).collect();
    let all: Vec<&Value> = parts.iter().flat_map(gaps).collect();
    let out: BTreeSet<&str> =
        all.iter().filter(|gap| gap["nothing"] == true).filter_map(|gap| gap["source"].as_str()).collect();
    let within: BTreeSet<ClientId> =
        sources.iter().filter(|source| !out.contains(source.as_str())).filter_map(|source| owner(source)).collect();
    let clients: BTreeSet<Option<ClientId>> = sources.iter().map(|source| owner(source)).collect();
    // Of one client alone its accounts are told.
    let wholly = |source: &str| owner(source).filter(|client| clients.len() > 1 && !within.contains(client));
    let mut blamed: BTreeMap<ClientId, Reason> = BTreeMap::new();
    for gap in &all {
        if let Some(client) = wholly(gap["source"].as_str().unwrap_or_default()) {
            let reason = Reason::of(gap);
            let known = blamed.entry(client).or_insert_with(|| reason.clone());
            *known = reason.min(known.clone());
        }
    }
    let mut kinds: BTreeMap<(usize, bool), Together> = BTreeMap::new();
    for gap in all {
        let (reason, client) = (Reason::of(gap), wholly(gap["source"].as_str().unwrap_or_default()));
        if client.is_some_and(|client| blamed.get(&client).is_some_and(|blamed| blamed.kind() != reason.kind())) {
            continue;
        }
        // False stands before true: what is wholly missing first.
        let of = kinds.entry((reason.kind(), client.is_none())).or_default();
        of.add(gap);
        of.clients.extend(client);
    }
    kinds.iter().map(|((kind, some), of)| words(*kind, *some, of)).collect()
}

fn words(kind: usize, some: bool, of: &Together) -> String {
    let (days, clients, currencies) = (of.days(), counted(of.clients.len(), "client"), of.currencies());
    match (kind, some) {
        (0, false) => format!("without {clients}, whose {currencies} days have no rate of exchange ({days})"),
        (1, false) => format!("without {clients}, of which none of these days was read ({days})"),
        (2, false) => format!("without {clients}, where none of these days was reported ({days})"),
        (_, false) => format!("without {clients}, whose days are missing ({days})"),
        (0, true) => format!("without {days} in {currencies}, for which there is no rate of exchange"),
        (1, true) => format!("without {days}, which {} not read", of.were()),
        (2, true) => format!("without {days}, which {} not reported", of.were()),
        (_, true) => format!("without {days} that {} missing", if of.were() == "was" { "is" } else { "are" }),
    }
}

/// Whether rates of exchange are missing in any of these sums.
pub(crate) fn lack_rates<'a>(sums: impl IntoIterator<Item = &'a Value>) -> bool {
    sums.into_iter().flat_map(gaps).any(|gap| gap["reason"] == "rate")
}

/// The sums of a figure as the brain writes it, or the reason why there is none.
fn sums(figure: &Value) -> impl Iterator<Item = &Value> {
    figure["parts"].as_array().into_iter().flatten().chain(std::iter::once(&figure["absent"]))
}

/// The same of a figure as the brain writes it, or of the reason why there is none.
pub(crate) fn of_rates(figure: &Value) -> bool {
    lack_rates(sums(figure))
}

/// On how many days something is left out of such a figure because there is no rate of exchange.
pub(crate) fn unrated(figure: &Value) -> i64 {
    let mut together = Together::default();
    for gap in sums(figure).flat_map(gaps).filter(|gap| gap["reason"] == "rate") {
        together.add(gap);
    }
    distinct(&together.runs).max(together.most)
}

/// Whether two figures are of the same accounts and leave out the same days of them, counted from the first day of each.
pub(crate) fn alike(now: &[Value], then: &[Value]) -> bool {
    now.len() == then.len() && now.iter().zip(then).all(|(now, then)| held(now) == held(then))
}

/// The accounts that went into a sum, each with the places of the days that it lacks.
fn held(part: &Value) -> BTreeMap<&str, Vec<(i64, i64)>> {
    let ids = part["sources"].as_array().into_iter().flatten();
    let mut held: BTreeMap<&str, Vec<Days>> = ids.filter_map(|id| Some((id.as_str()?, Vec::new()))).collect();
    let asked = days(&part["days"]);
    for gap in gaps(part) {
        let source = gap["source"].as_str().unwrap_or_default();
        if gap["nothing"] == true {
            held.remove(source);
        } else if let Some(lacks) = held.get_mut(source) {
            // Where an older state does not say which days, none between is taken for known.
            let runs = runs(gap);
            lacks.extend(if runs.is_empty() { days(gap).into_iter().collect() } else { runs });
        }
    }
    let all = |lacks: &[Days]| asked.is_some_and(|asked| distinct(lacks) >= asked.count());
    held.retain(|_, lacks| !all(lacks));
    let place = |day: Date| asked.map_or(0, |asked| (day - asked.first).whole_days());
    let places = |lacks: Vec<Days>| -> Vec<(i64, i64)> {
        merged(lacks).into_iter().map(|run| (place(run.first), place(run.last))).collect()
    };
    held.into_iter().map(|(source, lacks)| (source, places(lacks))).collect()
}

#[cfg(test)]
mod tests;
