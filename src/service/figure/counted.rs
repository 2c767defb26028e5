//! Figures that are counted from stored days: read in one go for all that are asked for together, made by the brain's port.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{
    dashboard::Lack,
    fact::{self, Channel, Ledger, Made},
    figure::{Metric, Scope},
    id::ChannelId,
    metric::Days,
    organization::Organization,
};
use rust_decimal::Decimal;
use serde_json::Value;
use store::{TenantTx, fact as stored};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::missing::{self, Owners};
use crate::{Error, Result, Service, brain, kept::Kept, performance::words};

/// So many questions are kept with what was made of them; of an agency with hundreds of channels each is some megabytes.
const MOST: usize = 8;
/// What was made of questions for single figures.
static MADE: Kept<Key<fact::Asked>, Arc<Vec<Vec<Made>>>> = Kept::new(MOST);
/// What was made of questions for figures with their course.
static SPREADS: Kept<Key<fact::Wide>, Arc<Vec<fact::Spread>>> = Kept::new(MOST);

/// What figures are made of: the questions, the channels in sight and how far they were read, clients, rates, and of the days that
/// are stored of each channel the revision.
#[derive(Debug, PartialEq)]
pub(crate) struct Key<Q> {
    asked: Vec<Q>,
    around: Ledger,
    revisions: Vec<(ChannelId, Uuid)>,
}

impl<Q> Key<Q> {
    /// The caller freezes the transaction, so that all is of one moment.
    async fn read(
        tx: &mut TenantTx,
        agency: &Organization,
        (channels, day): (&[Channel], Date),
        asked: Vec<Q>,
        reading: &brain::Reading,
    ) -> Result<Self> {
        let around = brain::around(tx, agency, channels.to_vec(), day, reading).await?;
        let own: BTreeSet<ChannelId> = channels.iter().map(|channel| channel.id).collect();
        let mut revisions = stored::revisions(tx).await?;
        // Of a client, what is read of others changes nothing.
        revisions.retain(|(channel, _)| own.contains(channel));
        Ok(Self { asked, around, revisions })
    }
}

/// What is wanted of figures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// Their rows.
    pub rows: bool,
    /// Each day's own value.
    pub by_day: bool,
    /// As they were known at this moment; now, if none is named.
    pub as_of: Option<OffsetDateTime>,
}

/// A question for figures of some days.
pub(crate) fn asked(scope: Scope, currency: &str, days: Days, metrics: Vec<Metric>, reading: Reading) -> fact::Asked {
    let Reading { rows, by_day, .. } = reading;
    fact::Asked { scope, currency: currency.to_owned(), days, metrics, rows, by_day }
}

/// What was counted.
#[derive(Debug)]
pub(crate) struct Counted {
    /// The channels that were looked at.
    pub channels: Vec<Channel>,
    /// What was made of each question, in its order.
    pub made: Vec<Vec<Made>>,
}

impl Counted {
    /// The first figure of a question.
    pub fn only(&self, question: usize) -> Result<&Made> {
        let made = self.made.get(question).and_then(|made| made.first());
        made.ok_or_else(|| Error::Internal("a figure that was asked for was not made".into()))
    }
}

/// What of the stored days these questions take, which are of one scope; none where nothing is asked.
fn taken(asked: &[fact::Asked], reading: Reading) -> Option<brain::Reading> {
    let windows = asked.iter().map(fact::Asked::window);
    let days = windows.reduce(|a, b| Days { first: a.first.min(b.first), last: a.last.max(b.last) })?;
    let of = asked.iter().map(|asked| asked.days).collect();
    Some(brain::Reading { days, asked: of, scope: asked.first()?.scope.clone(), as_of: reading.as_of })
}

/// Makes all figures of these questions, which are of one scope, from one reading of what is stored. The caller freezes the
/// transaction and looks whether the scope is in sight.
///
/// # Errors
/// The database failed, or what is stored makes no sense.
pub(crate) async fn make(
    service: &Service,
    tx: &mut TenantTx,
    asked: Vec<fact::Asked>,
    reading: Reading,
) -> Result<Counted> {
    let Some(reading) = taken(&asked, reading) else {
        return Ok(Counted { channels: Vec::new(), made: Vec::new() });
    };
    let ledger = brain::ledger(service, tx, &reading).await?;
    of_ledger(service, ledger, asked).await
}

/// The same of all channels that the scope has, which were read already, with the last day that has ended. The transaction ends
/// before anything is computed, so that its connection does not wait for that.
///
/// # Errors
/// As above.
pub(crate) async fn make_of(
    service: &Service,
    mut tx: TenantTx,
    agency: &Organization,
    (channels, day): (Vec<Channel>, Date),
    asked: Vec<fact::Asked>,
    reading: Reading,
) -> Result<Counted> {
    let Some(reading) = taken(&asked, reading) else {
        return Ok(Counted { channels, made: Vec::new() });
    };
    // What was known at a moment is seldom asked for twice.
    if reading.as_of.is_some() {
        let ledger = brain::ledger_of(&mut tx, agency, channels, day, &reading).await?;
        drop(tx);
        return of_ledger(service, ledger, asked).await;
    }
    let key = Key::read(&mut tx, agency, (channels.as_slice(), day), asked.clone(), &reading).await?;
    if let Some(made) = MADE.find(&key) {
        return Ok(Counted { channels, made: Vec::clone(&made) });
    }
    let ledger = brain::ledger_of(&mut tx, agency, channels, day, &reading).await?;
    drop(tx);
    let counted = of_ledger(service, ledger, asked).await?;
    MADE.keep(key, Arc::new(counted.made.clone()));
    Ok(counted)
}

async fn of_ledger(service: &Service, ledger: Ledger, asked: Vec<fact::Asked>) -> Result<Counted> {
    let ledger = Arc::new(ledger);
    let (memory, read) = (service.memory.clone(), ledger.clone());
    let made = tokio::task::spawn_blocking(move || {
        asked.iter().map(|asked| memory.opened(&read, asked)).collect::<std::result::Result<Vec<_>, _>>()
    });
    let made = made.await.map_err(|error| error.to_string()).and_then(|made| made);
    let made = made.map_err(|words| Error::Internal(words.into()))?;
    Ok(Counted { channels: ledger.channels.clone(), made })
}

/// A figure as the brain made it.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    /// The value.
    pub value: Decimal,
    /// An ISO 4217 code for money, `count` or `ratio`.
    pub unit: String,
    /// As it stands on pages.
    pub shown: String,
    /// How it is made of its parts.
    pub formula: String,
    /// Its parts, as the brain tells them.
    pub parts: Vec<Value>,
    /// The currency in which amounts were counted.
    pub currency: String,
}

impl Number {
    /// What belongs into it and is missing.
    pub fn lacks(&self, names: &BTreeMap<String, &str>) -> Vec<String> {
        let mut lacks: Vec<String> = self.parts.iter().flat_map(|part| words::gaps(part, names)).collect();
        words::unique(&mut lacks);
        lacks.extend(words::matched(&self.parts));
        lacks
    }

    /// The same in short, as it stands beside the figure: how many clients, accounts and days.
    pub fn without(&self, owners: &Owners) -> Vec<String> {
        missing::without(&self.parts, owners)
    }

    /// Whether rates of exchange are missing in it.
    pub fn of_rates(&self) -> bool {
        missing::lack_rates(&self.parts)
    }

    /// Whether another one is of the same accounts and leaves out the same days, so that the two can be compared.
    pub fn alike(&self, other: &Self) -> bool {
        missing::alike(&self.parts, &other.parts)
    }

    /// Whether something belongs into it and is missing.
    pub fn partial(&self) -> bool {
        self.parts.iter().any(|part| part["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty()))
    }

    /// The currency in which a measure was added up, if it is money.
    pub fn money(&self, measure: &str) -> Option<&str> {
        MONEY.contains(&measure).then_some(self.currency.as_str())
    }
}

/// Measures that are amounts of money.
const MONEY: [&str; 4] = ["spend", "claimed_revenue", "ledger_revenue", "refunds"];

/// A value of a metric as it stands on pages, where there is no figure that says its unit.
pub(crate) fn shown(metric: Metric, value: Decimal, currency: &str) -> Option<String> {
    let key = metric.key();
    let unit = match words::unit(key, currency) {
        money if money == currency => serde_json::json!({ "money": currency }),
        other => other.into(),
    };
    words::written(key, &Value::String(value.to_string()), &unit)
}

/// A question for figures with their course, with what is stored for it.
type One = (fact::Wide, Arc<Ledger>);

/// Questions for figures with their course: what was made of them, or what is stored for them.
#[derive(Debug)]
pub(crate) struct Known {
    of: Option<Key<fact::Wide>>,
    made: Option<Arc<Vec<fact::Spread>>>,
    read: Vec<One>,
}

/// Reads what is stored for these questions, which are of the same channels. What their days have in common is read once.
///
/// # Errors
/// The database failed.
pub(crate) async fn read_for(
    tx: &mut TenantTx,
    agency: &Organization,
    (channels, day): (&[Channel], Date),
    asked: Vec<fact::Wide>,
) -> Result<Known> {
    let windows: Vec<Days> = asked.iter().map(|wide| fact::window(wide.days)).collect();
    let all = windows.iter().copied().reduce(|a, b| Days { first: a.first.min(b.first), last: a.last.max(b.last) });
    // Days far apart are read by themselves, without all those between.
    let together = windows.iter().map(|days| days.count()).sum::<i64>() >= all.map_or(0, Days::count);
    let every: Vec<Days> = asked.iter().map(|wide| wide.days).collect();
    let mut known: Vec<One> = Vec::new();
    let mut of = None;
    if let Some((days, scope)) = all.zip(asked.first().map(|wide| wide.scope.clone())) {
        let reading = brain::Reading { days, asked: every.clone(), scope, as_of: None };
        let key = Key::read(tx, agency, (channels, day), asked.clone(), &reading).await?;
        if let Some(made) = SPREADS.find(&key) {
            return Ok(Known { of: None, made: Some(made), read: known });
        }
        of = Some(key);
    }
    for wide in asked {
        let before = known.first().filter(|_| together).map(|(_, ledger)| ledger.clone());
        let ledger = match before {
            Some(ledger) => ledger,
            None => {
                let days = all.filter(|_| together).unwrap_or_else(|| fact::window(wide.days));
                let of = if together { every.clone() } else { vec![wide.days] };
                let reading = brain::Reading { days, asked: of, scope: wide.scope.clone(), as_of: None };
                Arc::new(brain::ledger_of(tx, agency, channels.to_vec(), day, &reading).await?)
            }
        };
        known.push((wide, ledger));
    }
    Ok(Known { of, made: None, read: known })
}

/// Makes figures with their course. No transaction waits for that.
///
/// # Errors
/// What is stored makes no sense.
pub(crate) async fn spread(service: &Service, known: Known) -> Result<Vec<fact::Spread>> {
    if let Some(made) = known.made {
        return Ok(Vec::clone(&made));
    }
    // Each by itself, so that now and before do not wait for one another.
    let one = |(wide, ledger): One| {
        let memory = service.memory.clone();
        tokio::task::spawn_blocking(move || memory.spread(&ledger, &wide))
    };
    let begun: Vec<_> = known.read.into_iter().map(one).collect();
    let mut spreads = Vec::with_capacity(begun.len());
    for made in begun {
        let made = made.await.map_err(|error| error.to_string()).and_then(|made| made);
        spreads.push(made.map_err(|words| Error::Internal(words.into()))?);
    }
    if let Some(key) = known.of {
        SPREADS.keep(key, Arc::new(spreads.clone()));
    }
    Ok(spreads)
}

/// Reads a figure; `Err` says why there is none.
pub(crate) fn read(metric: Metric, made: &Made, currency: &str) -> std::result::Result<Number, (Lack, String)> {
    let figure: Value = serde_json::from_str(&made.figure).unwrap_or_default();
    let reason = &figure["absent"];
    let lack = if reason["reason"] == "not_connected" { Lack::NotConnected } else { Lack::NotEnough };
    let number = || {
        let unit = &figure["unit"];
        Some(Number {
            value: words::decimal(&figure["value"])?,
            unit: unit["money"].as_str().or_else(|| unit.as_str())?.to_owned(),
            shown: words::written(metric.key(), &figure["value"], unit)?,
            formula: figure["formula"].as_str()?.to_owned(),
            parts: figure["parts"].as_array()?.clone(),
            currency: currency.to_owned(),
        })
    };
    number().ok_or_else(|| (lack, words::absent(reason)))
}
