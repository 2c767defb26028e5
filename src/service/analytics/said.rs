//! What the newest brain state says of what is asked for, every number with the id by which it is opened.
//!
//! Numbers are found by their places (`summary::Numbers`), so that one that is shown and one that is opened cannot differ. What
//! the state does not say is left out, or says why.

mod curves;
mod marks;

use std::collections::BTreeMap;

use model::{
    access::Action,
    actor::Actor,
    analytics::{Asked, Fatigue, Foreseen, Said, Step},
    brain::Outcome,
    dashboard::Beside,
    day::in_words,
    figure::{FigureId, PartId, Scope},
    id::{BrainStateId, ChannelId, ClientId},
    page::parse_day,
    summary::Figure,
};
use serde_json::Value;
use store::{TenantTx, brain as states};
use time::{Date, Duration};

use super::{
    Manner,
    question::{self, Resolved},
};
use crate::{
    Result, Service, access,
    figure::scope::EVERYTHING,
    performance::words,
    summary::{self, Numbers},
};

/// Of so many clients is told what spend brings and what customers are worth.
const CLIENTS: usize = 5;

/// What the newest state says of a question; nothing while nothing was thought.
///
/// # Errors
/// The rule that forbids it; of a strict question also what of it makes no sense, or missing for what is not in sight.
pub async fn said(service: &Service, actor: &Actor, asked: &Asked, manner: Manner) -> Result<Said> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    states::freeze(&mut tx).await?;
    let resolved = question::resolve(service, &mut tx, actor, asked, manner).await?;
    let Some((state, _)) = states::find_as_of(&mut tx, None).await? else { return Ok(Said::default()) };
    let (clients, channels) = (resolved.meant_clients(), channels(&resolved));
    let reader = Reader { resolved: &resolved, state: state.id };
    let whole = resolved.scope.parts().is_none();
    let found = {
        let (agency, clients, channels) = foreseen_of(&resolved.scope, &clients, &channels);
        states::list_about(&mut tx, state.id, &["forecast"], agency, clients, channels).await?
    };
    let mut said = Said {
        state_id: Some(state.id),
        day: Some(state.day.to_string()),
        forecasts: found.iter().filter(|_| whole).filter_map(|outcome| reader.foreseen(outcome)).collect(),
        ..Said::default()
    };
    let agency = matches!(resolved.scope, Scope::Agency(_));
    // What is about a client as a whole is about its channels, too.
    let found = states::list_about(&mut tx, state.id, &["finding"], agency, &clients, &channels).await?;
    said.marks = found.iter().filter_map(|outcome| reader.mark(outcome)).collect();
    said.narrow = clients.len() > CLIENTS;
    if !said.narrow {
        let found = states::list_about(&mut tx, state.id, &["response"], false, &clients, &[]).await?;
        said.curves = found.iter().filter_map(|outcome| reader.curves(outcome)).collect();
        let found = states::list_about(&mut tx, state.id, &["cohorts"], false, &[], &channels).await?;
        said.cohorts = found.iter().filter_map(|outcome| reader.cohorts(outcome)).collect();
    }
    Ok(said)
}

/// Whether people are tired of the advertisements in the channels that are meant, as the newest state says.
///
/// # Errors
/// The database failed.
pub(super) async fn fatigue(tx: &mut TenantTx, resolved: &Resolved) -> Result<BTreeMap<PartId, Fatigue>> {
    let Some((state, _)) = states::find_as_of(tx, None).await? else { return Ok(BTreeMap::new()) };
    let reader = Reader { resolved, state: state.id };
    let found = states::list_about(tx, state.id, &["fatigue"], false, &[], &channels(resolved)).await?;
    Ok(found.iter().filter_map(|outcome| reader.fatigue(outcome)).collect())
}

fn channels(resolved: &Resolved) -> Vec<ChannelId> {
    resolved.meant.iter().map(|called| called.id).collect()
}

/// Of what a forecast is told: of what is asked for, and not of what it is made up of.
fn foreseen_of<'a>(
    scope: &Scope,
    clients: &'a [ClientId],
    channels: &'a [ChannelId],
) -> (bool, &'a [ClientId], &'a [ChannelId]) {
    match scope {
        Scope::Agency(_) => (true, &[], &[]),
        Scope::Client(_) | Scope::Clients(_) => (false, clients, &[]),
        Scope::Channel(_) | Scope::Channels(_) => (false, &[], channels),
        Scope::Campaigns(_) | Scope::Creatives(_) => (false, &[], &[]),
    }
}

/// Reads what a state says.
struct Reader<'a> {
    resolved: &'a Resolved,
    state: BrainStateId,
}

impl Reader<'_> {
    /// A number with its id.
    fn beside(&self, figure: Figure) -> Beside {
        let Figure { outcome, path, value, shown, .. } = figure;
        Beside { id: FigureId::Said { state: self.state, outcome, path }.to_string(), shown, value }
    }

    fn at(&self, numbers: &Numbers<'_>, path: &str) -> Option<Beside> {
        numbers.at(path).map(|figure| self.beside(figure))
    }

    /// Of whom something is said.
    fn of(&self, outcome: &Outcome) -> String {
        match (outcome.channel_id, outcome.client_id) {
            (Some(channel), _) => self.resolved.channel_name(channel),
            (None, Some(client)) => self.resolved.clients.get(&client).cloned().unwrap_or_default(),
            (None, None) => EVERYTHING.to_owned(),
        }
    }

    fn foreseen(&self, outcome: &Outcome) -> Option<Foreseen> {
        let numbers = Numbers::of(outcome)?;
        let body = numbers.body();
        let key = body["metric"].as_str()?;
        let from = day(body, "from")?;
        let steps = match absent(&body["forecast"]) {
            Some(why) => Err(why),
            None => {
                let count = body["forecast"]["steps"].as_array().map_or(0, Vec::len);
                let step = |at: usize| -> Option<Step> {
                    let of = |end: &str| self.at(&numbers, &format!("/forecast/steps/{at}/{end}"));
                    Some(Step {
                        day: from.checked_add(Duration::days(i64::try_from(at).ok()?))?.to_string(),
                        point: of("point")?,
                        within80: (of("lo80")?, of("hi80")?),
                        within95: (of("lo95")?, of("hi95")?),
                    })
                };
                Ok((0..count).map_while(step).collect())
            }
        };
        Some(Foreseen {
            key: key.to_owned(),
            name: words::name(key),
            of: self.of(outcome),
            unit: body["currency"].as_str().unwrap_or("count").to_owned(),
            model: body["forecast"]["model"].as_str().unwrap_or_default().to_owned(),
            record: self.at(&numbers, "/forecast/record/held80").zip(self.at(&numbers, "/forecast/record/over")),
            settled: settled(body, from),
            steps,
        })
    }

    fn fatigue(&self, outcome: &Outcome) -> Option<(PartId, Fatigue)> {
        let numbers = Numbers::of(outcome)?;
        let body = numbers.body();
        let part = PartId::new(outcome.channel_id?, body["entity"]["id"].as_str()?);
        let (outlook, state) = (&body["outlook"], &body["outlook"]["state"]);
        let fatigue = match (absent(outlook), state["state"].as_str()) {
            (Some(why), _) => Fatigue::Unknown(why),
            (None, Some("tired")) => {
                Fatigue::Tired(state["since"].as_str()?.to_owned(), self.at(&numbers, "/outlook/state/probability")?)
            }
            (None, Some("fresh")) => match absent(&state["within"]) {
                Some(why) => Fatigue::Unknown(why),
                None => Fatigue::Fresh(
                    self.at(&numbers, "/outlook/state/within/0")?,
                    self.at(&numbers, "/outlook/state/within/1")?,
                ),
            },
            _ => return None,
        };
        Some((part, fatigue))
    }
}

/// Why something is not said, if it is not.
fn absent(said: &Value) -> Option<String> {
    let reason = said.get("absent")?;
    Some(summary::absent(reason["reason"].as_str().unwrap_or_default()).to_owned())
}

/// A day of an outcome.
fn day(body: &Value, name: &str) -> Option<Date> {
    parse_day(name, body[name].as_str()?).ok()
}

/// The last day that a forecast from this day on knows, in words, where there are later ones that still grow.
fn settled(body: &Value, from: Date) -> Option<String> {
    let until = day(body, "until")?;
    (until.next_day()? < from).then(|| in_words(until))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::date;

    use super::*;

    #[test]
    fn a_forecast_of_what_still_grows_says_what_it_knows() {
        let from = date!(2026 - 11 - 23);
        assert_eq!(settled(&json!({"until": "2026-11-08"}), from), Some(in_words(date!(2026 - 11 - 08))));
        assert_eq!(settled(&json!({"until": "2026-11-22"}), from), None, "it knows every day before");
        assert_eq!(settled(&json!({}), from), None, "states of earlier versions do not say it");
    }
}
