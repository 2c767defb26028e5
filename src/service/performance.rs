//! How a client did in some days: figures with what they were before, whether that is more than chance, and what they are
//! made of. What is lacking says why; nothing is made up.

pub(crate) mod words;

use std::collections::BTreeMap;

use model::{
    access::Action,
    actor::Actor,
    client::Fields,
    fact::{Channel, Depth, Made},
    figure::{Metric, OfDays, Scope},
    id::ClientId,
    input::Invalid,
    metric::Days,
    performance::{Group, Performance, Source},
};
use serde_json::Value;
use store::client;
use time::{Date, Duration};

use crate::{
    Error, Result, Service, access, brain,
    figure::counted::{self, Number, Reading},
};

/// Days that are shown when none are named: whole weeks, so that weekdays weigh alike.
const USUAL: i64 = 28;

/// Which days are asked for: from one to another, or so many until the newest one of which something was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// How many days; only without the others.
    pub count: Option<i64>,
}

/// How a client did.
///
/// # Errors
/// Missing for a client out of sight, days that make no range, or the rule that forbids it.
pub async fn of_client(service: &Service, actor: &Actor, id: ClientId, asked: Asked) -> Result<Performance> {
    access::allow(service, actor, Action::ReadClients).await?;
    let Fields { name, currency, .. } = client::get(&mut service.db.tenant(actor).await?, id).await?.fields;
    let (mut channels, yesterday) = brain::channels(service, actor, Some(id)).await?;
    channels.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let newest = channels.iter().map(|channel| channel.last_day).max().unwrap_or(yesterday);
    let now = range(asked, newest)?;
    let before = now.first.checked_sub(Duration::days(now.count())).zip(now.first.previous_day());
    let (first, last) = before.ok_or_else(|| Invalid::new("from", "there are no days before these to compare with"))?;
    let before = Days { first, last };
    let body = compared(service, actor, id, (now, before)).await?;
    let pair = |days: Days| (days.first.to_string(), days.last.to_string());
    let groups = match body {
        Some(body) => {
            let of = OfDays { metric: Metric::SPEND, scope: Scope::Client(id), days: now, currency };
            let counted = counted(service, actor, &of, before).await?;
            let sources = names(&channels, &name);
            let sources = sources.iter().map(|(id, name)| (id.clone(), name.as_str())).collect();
            groups(&body["metrics"], &of, before, &counted, &sources)
        }
        None => Vec::new(),
    };
    Ok(Performance {
        days: pair(now),
        before: pair(before),
        count: now.count(),
        groups,
        sources: channels
            .iter()
            .map(|channel| Source {
                name: channel.called().beside(Some(&*name)),
                read: pair(Days { first: channel.first_day, last: channel.last_day }),
            })
            .collect(),
    })
}

/// The figures of a client as the brain compares them, by their keys; nothing where nothing was read of these days.
pub(crate) async fn compared(
    service: &Service,
    actor: &Actor,
    id: ClientId,
    (now, before): (Days, Days),
) -> Result<Option<Value>> {
    let question = brain::Question { now, before: Some(before), depth: Depth::Client, client_id: Some(id) };
    let made = brain::figures(service, actor, question).await?;
    let own = made.into_iter().find(|outcome| outcome.client_id == Some(id));
    own.map(|outcome| serde_json::from_str(&outcome.body)).transpose().map_err(|error| Error::Internal(Box::new(error)))
}

/// Figures that are made of days alone, now and before, by their keys: made as they are when one is opened.
type Counted = BTreeMap<&'static str, [Read; 2]>;
/// A figure, or why there is none.
type Read = std::result::Result<Number, String>;

async fn counted(service: &Service, actor: &Actor, of: &OfDays, before: Days) -> Result<Counted> {
    let metrics: Vec<Metric> = words::keys().filter_map(Metric::parse).collect();
    let reading = Reading::default();
    let asked =
        [of.days, before].map(|days| counted::asked(of.scope.clone(), &of.currency, days, metrics.clone(), reading));
    let mut tx = service.db.tenant(actor).await?;
    store::brain::freeze(&mut tx).await?;
    let made = counted::make(service, &mut tx, asked.into(), reading).await?.made;
    let read = |metric: Metric, made: &Made| counted::read(metric, made, &of.currency).map_err(|(_, why)| why);
    let [now, then] = [0, 1].map(|at| made.get(at).map(Vec::as_slice).unwrap_or_default());
    let pairs = metrics.iter().zip(now).zip(then);
    Ok(pairs.map(|((metric, now), then)| (metric.key(), [now, then].map(|made| read(*metric, made)))).collect())
}

fn range(asked: Asked, newest: Date) -> Result<Days> {
    let count = asked.count.unwrap_or(USUAL);
    if count < 1 {
        return Err(Invalid::new("days", "ask for one day at least").into());
    }
    let last = asked.to.unwrap_or(newest);
    let usual = || last.checked_sub(Duration::days(count.min(10_000) - 1)).unwrap_or(Date::MIN);
    Ok(Days { first: asked.from.unwrap_or_else(usual), last })
}

/// What channels are called beside their client, by their ids as the brain says them.
fn names(channels: &[Channel], client: &str) -> BTreeMap<String, String> {
    channels.iter().map(|channel| (channel.id.to_string(), channel.called().beside(Some(client)))).collect()
}

/// The figures that are there, or that say why they are not, in the order of the page.
fn groups(metrics: &Value, of: &OfDays, before: Days, counted: &Counted, names: &BTreeMap<String, &str>) -> Vec<Group> {
    let shown = |key: &str, name: &str| {
        let comparison = metrics.get(key)?;
        let metric = Metric::parse(key).or_else(|| Metric::of_client(key))?;
        let of = OfDays { metric, ..of.clone() };
        let [now, then] = match counted.get(key) {
            Some(counted) => counted.clone(),
            None => ["now", "before"].map(|when| read(metric, &comparison[when], &of.currency)),
        };
        Some(words::shown(&of, before, name, (now, then), comparison, names))
    };
    let of = |(title, keys): (&str, &[(&str, &str)])| {
        let figures = keys.iter().filter_map(|(key, name)| shown(key, name)).collect();
        Group { title: title.to_owned(), figures }
    };
    let groups = words::GROUPS.into_iter().map(of);
    // Of a measure that nobody reports there is nothing to say.
    groups.filter(|group| !group.figures.is_empty()).collect()
}

/// A figure as the brain wrote it into a comparison.
pub(crate) fn read(metric: Metric, figure: &Value, currency: &str) -> Read {
    let made = Made { figure: figure.to_string(), rows: Vec::new(), by_day: Vec::new() };
    counted::read(metric, &made, currency).map_err(|(_, why)| why)
}
