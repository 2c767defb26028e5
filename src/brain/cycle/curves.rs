//! Response curves in a cycle: of each client with advertising and a shop, fitted once a week, read anew every day.

use serde::Serialize;
use serde_json::Value;
use time::Date;

use super::{
    About, Choices, Client, Input, Outcome, calendar, choices,
    line::{cut_by, sum},
};
use crate::{
    finding::iso_day,
    memory::{Currency, Measure, Source},
    response::{Column, LiftTest, Posterior, Response, Step, Table, fit, refresh},
};

/// Days looked back at.
const BACK: usize = 730;
/// The same draws every time.
const SEED: u64 = 1;
/// What the names of the fits begin with.
const KIND: &str = "response:";

#[derive(Serialize)]
struct Told {
    target: &'static str,
    currency: Currency,
    /// The first day that it knows.
    #[serde(with = "iso_day")]
    since: Date,
    /// The channels for whose sake it knows no earlier, or no later, days, though others do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cut_by: Vec<String>,
    response: Result<Response, Value>,
}

/// A fit is of these channels, shops and amounts: with other ones it is another fit.
fn key(client: &Client, table: &Table) -> String {
    let telling = table.telling();
    let used = telling.iter().filter(|(_, telling)| telling.is_ok()).map(|(column, _)| &*column.name);
    let shops = client.channels.iter().filter(|channel| channel.shop).map(|channel| &*channel.id);
    let names = used.chain(shops).chain([client.currency.code()]).flat_map(|name| name.bytes().chain([b' ']));
    let hash =
        names.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{KIND}{}:{hash:016x}", client.id.as_deref().unwrap_or_default())
}

/// The names of the fits that cannot be read.
pub(super) fn unreadable(chosen: &Choices) -> Vec<&str> {
    choices::unreadable::<Posterior>(chosen, KIND)
}

/// Fits the curves of the clients: of all, or of those of which nothing is known.
pub(super) fn choose_all(input: &Input, anew: bool, before: &Choices, chosen: &mut Choices) {
    for client in &input.clients {
        let Some(table) = table(client, input) else { continue };
        let (name, days) = (key(client, &table), table.target.len());
        if anew || choices::due::<Posterior>(before, &name, days) {
            let fitted = fit(&table, SEED).map(|response| response.posterior);
            chosen.insert(name, choices::write(days, &fitted));
        }
    }
}

/// A client's curves of today.
pub(super) struct Fit {
    /// The client's place in the input.
    pub client: usize,
    /// What was fitted.
    pub table: Table,
    pub response: Response,
    /// The place of the outcome that tells of it.
    pub place: usize,
}

/// Adds what is known of each client's curves, and returns those that are there.
pub(super) fn add(input: &Input, chosen: &Choices, outcomes: &mut Vec<Outcome>) -> Vec<Fit> {
    let mut fits = Vec::new();
    for (at, client) in input.clients.iter().enumerate() {
        let Some(table) = table(client, input) else { continue };
        let response = choices::read::<Posterior>(chosen, &key(client, &table)).and_then(|posterior| {
            refresh(&table, &posterior, SEED).map_err(|reason| serde_json::to_value(reason).unwrap_or_default())
        });
        let (target, currency, since) = (Measure::LedgerRevenue.key(), client.currency, table.start);
        let body = Told { target, currency, since, cut_by: cut_by(&told(client, input)), response };
        outcomes.push(Outcome::new("response", About::client(client.id.as_deref()), &body));
        if let Ok(response) = body.response {
            fits.push(Fit { client: at, table, response, place: outcomes.len() - 1 });
        }
    }
    fits
}

/// The sources that are fitted.
fn told<'a>(client: &'a Client, input: &Input) -> Vec<&'a Source> {
    let of = |shop: bool, measure: Measure| {
        client.of(shop, input.day).into_iter().filter(move |source| source.reports(measure))
    };
    of(true, Measure::LedgerRevenue).chain(of(false, Measure::Spend)).collect()
}

/// The books of a client's shops and the spend of its advertising, in its currency, on the days that all of them know.
fn table(client: &Client, input: &Input) -> Option<Table> {
    client.id.as_ref()?;
    let shops: Vec<&Source> =
        client.of(true, input.day).into_iter().filter(|source| source.reports(Measure::LedgerRevenue)).collect();
    let ads: Vec<&Source> =
        client.of(false, input.day).into_iter().filter(|source| source.reports(Measure::Spend)).collect();
    let first = shops.first().filter(|_| !ads.is_empty())?;
    let mut days = shops.iter().chain(&ads).fold(first.read, |days, source| days.both(source.read));
    let most = i64::try_from(BACK).ok()?;
    days.first = days.first.max(days.last.saturating_sub(time::Duration::days(most - 1)));
    let count = usize::try_from(days.count()).ok().filter(|count| *count > 0)?;
    let cut = |sources: &[&Source], measure| -> Option<Vec<Option<f64>>> {
        let (first, values) = sum(sources, measure, Some(client.currency), &input.rates)?;
        let skip = usize::try_from((days.first - first).whole_days()).ok()?;
        values.get(skip..skip + count).map(<[_]>::to_vec)
    };
    // A day of which spend is not known is no row; so are the days before the last such day.
    let spends: Vec<(String, Vec<Option<f64>>)> =
        ads.iter().filter_map(|source| Some((source.id.clone(), cut(&[*source], Measure::Spend)?))).collect();
    let unknown = |at: usize| spends.iter().any(|(_, values)| values[at].is_none());
    let from = (0..count).rev().find(|at| unknown(*at)).map_or(0, |at| at + 1);
    let target = cut(&shops, Measure::LedgerRevenue)?;
    let lift_tests = client.channels.iter().flat_map(|channel| {
        channel.lift_tests.iter().map(|(roas, error)| LiftTest {
            channel: channel.id.clone(),
            roas: *roas,
            error: *error,
        })
    });
    let channels = spends.iter().map(|(name, values)| Column {
        name: name.clone(),
        values: values[from..].iter().map(|value| value.unwrap_or_default()).collect(),
    });
    let start = days.first.saturating_add(time::Duration::days(i64::try_from(from).ok()?));
    Some(Table {
        step: Step::Daily,
        start,
        target: target[from..].to_vec(),
        channels: channels.collect(),
        controls: calendar::columns(start, count - from),
        lift_tests: lift_tests.filter(|test| spends.iter().any(|(name, _)| *name == test.channel)).collect(),
    })
}
