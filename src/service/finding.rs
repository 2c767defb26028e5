//! What the newest state noticed, with the alerts by which people see to it: there is no other acknowledgement of a finding.
//!
//! Of a client the newest state is that of its agency, since a cycle thinks about all clients at once. A finding that cannot be
//! read is left out here as it is by alerts, which log it.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    access::{self, Action},
    actor::Actor,
    alert::{Alert, AlertState, FindingKind, Severity},
    brain::{Outcome, State},
    finding::Finding,
    id::{AlertId, BrainStateId, ChannelId, ClientId},
    input::Invalid,
    metric::Level,
    page::{Page, parse_day},
};
use serde_json::Value;
use store::{TenantTx, ad_entity, alert, brain, channel, client, organization};
use time::{Date, Duration, OffsetDateTime};

use crate::{Error, Result, Service, access as rules, moment};

/// The most findings of a state; more than any has.
const ALL: i64 = 100_000;
/// As many findings as stand on a page.
const SHOWN: usize = 25;

/// What findings are narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this client.
    pub client_id: Option<ClientId>,
    /// Only of this kind.
    pub kind: Option<FindingKind>,
    /// Only those that are so bad.
    pub severity: Option<Severity>,
    /// Only those whose alert stands so.
    pub standing: Option<AlertState>,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Board {
    /// The findings: the worst first, then the newest.
    pub findings: Page<Finding>,
    /// How many there are of all that the filter leaves.
    pub count: usize,
    /// The kinds that the state holds of what the member sees.
    pub kinds: Vec<FindingKind>,
    /// The clients in sight that they can be narrowed to, by name.
    pub clients: Vec<(ClientId, String)>,
    /// The state, and the moment whose rows it speaks of; none before anything was thought.
    pub state: Option<(State, OffsetDateTime)>,
    /// The first day that an alert can wait until, in the agency's zone.
    pub earliest: Date,
    /// Writes the moments.
    pub moments: moment::Words,
    /// Whether the member may see to them.
    pub may_edit: bool,
}

/// What the newest state noticed of what the member sees. The cursor names its state, so that pages of one list are of one state.
///
/// # Errors
/// A malformed cursor, missing for a client out of sight, or the rule that forbids it.
pub async fn board(service: &Service, actor: &Actor, filter: &Filter, cursor: Option<&str>) -> Result<Board> {
    rules::allow(service, actor, Action::ReadClients).await?;
    let cursor = cursor.map(parse).transpose()?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let zone = organization::get(&mut tx).await?.time_zone;
    let named = client::list_names(&mut tx).await?;
    if filter.client_id.is_some_and(|id| named.iter().all(|(named, ..)| *named != id)) {
        return Err(Error::Missing);
    }
    let state = match cursor {
        Some((state, _)) => Some(brain::get_state(&mut tx, state).await?),
        None => brain::find_as_of(&mut tx, None).await?,
    };
    let mut all = match &state {
        Some((state, _)) => read(&mut tx, state.id, filter.client_id, &named, now).await?,
        None => Vec::new(),
    };
    let kinds: BTreeSet<FindingKind> = all.iter().map(|finding| finding.kind).collect();
    all.retain(|finding| {
        filter.kind.is_none_or(|kind| kind == finding.kind)
            && filter.severity.is_none_or(|severity| severity == finding.severity)
            && filter.standing.is_none_or(|standing| standing == finding.standing(now))
    });
    all.sort_by(|a, b| (b.severity, b.last_day, a.number).cmp(&(a.severity, a.last_day, b.number)));
    let (count, from) = (all.len(), cursor.map_or(0, |(_, from)| from));
    let to = from.saturating_add(SHOWN);
    let next_cursor = state.as_ref().filter(|_| to < count).map(|(state, _)| format!("{}_{to}", state.id));
    let mut items: Vec<Finding> = all.into_iter().take(to).skip(from).collect();
    ads(&mut tx, &mut items).await?;
    let offered = |(id, _, archived): &(ClientId, String, bool)| !archived || filter.client_id == Some(*id);
    Ok(Board {
        findings: Page { items, next_cursor },
        count,
        kinds: kinds.into_iter().collect(),
        clients: named.into_iter().filter(offered).map(|(id, name, _)| (id, name)).collect(),
        state,
        earliest: moment::day(&zone, now).unwrap_or_else(|| now.date()).saturating_add(Duration::DAY),
        moments: moment::Words::in_zone(&zone, now),
        may_edit: access::may(actor.role, Action::EditAlerts),
    })
}

/// Everything that a state noticed, of a client or of all in sight, each with its alert.
async fn read(
    tx: &mut TenantTx,
    state: BrainStateId,
    client: Option<ClientId>,
    named: &[(ClientId, String, bool)],
    now: OffsetDateTime,
) -> Result<Vec<Finding>> {
    let outcomes = brain::list(tx, state, &["finding"], client, None, ALL).await?;
    let of: BTreeMap<i32, AlertId> = alert::list_of(tx, state).await?;
    let ids: BTreeSet<AlertId> = of.values().copied().collect();
    let asked = alert::Filter { ids: Some(ids.into_iter().collect()), ..alert::Filter::default() };
    let alerts = alert::list(tx, &asked, now, ALL, None).await?.items;
    let alerts: BTreeMap<AlertId, Alert> = alerts.into_iter().map(|alert| (alert.id, alert)).collect();
    let clients: BTreeMap<ClientId, String> = named.iter().map(|(id, name, _)| (*id, name.clone())).collect();
    let beside = |called: &channel::Called| {
        let client = called.client_id.and_then(|id| clients.get(&id));
        (called.id, called.called().beside(client.map(String::as_str)))
    };
    let channels = channel::list_names(tx).await?.iter().map(beside).collect();
    let names = Names { clients, channels };
    let one = |outcome: Outcome| {
        let alert = of.get(&outcome.number).and_then(|id| alerts.get(id)).cloned();
        found(state, outcome, &names, alert)
    };
    Ok(outcomes.into_iter().filter_map(one).collect())
}

/// What clients and channels are called.
struct Names {
    clients: BTreeMap<ClientId, String>,
    channels: BTreeMap<ChannelId, String>,
}

/// A finding of a state; none where it cannot be read.
fn found(state_id: BrainStateId, outcome: Outcome, names: &Names, alert: Option<Alert>) -> Option<Finding> {
    let body: Value = serde_json::from_str(&outcome.body).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let day = |key: &str| parse_day(key, body[key].as_str()?).ok();
    let (first, last) = (day("first")?, day("last")?);
    let covered = body["channels"].as_array().map(Vec::as_slice).unwrap_or_default();
    let covered: Vec<ChannelId> = covered.iter().filter_map(|id| id.as_str()?.parse().ok()).collect();
    let called = |id: &ChannelId| names.channels.get(id).cloned();
    // An outage of one channel is about that channel.
    let own = if let [one] = covered[..] { Some(one) } else { None };
    let channel_id = own.or(outcome.channel_id.filter(|_| covered.is_empty()));
    Some(Finding {
        state_id,
        number: outcome.number,
        kind: FindingKind::parse(body["kind"].as_str()?)?,
        severity: Severity::parse(body["severity"].as_str()?)?,
        level: text(&body["entity"]["level"])?,
        entity: text(&body["entity"]["id"])?,
        entity_name: None,
        first_day: first.min(last),
        last_day: last.max(first),
        client_id: outcome.client_id,
        client: outcome.client_id.and_then(|id| names.clients.get(&id).cloned()),
        channel_id,
        channel: channel_id.as_ref().and_then(called),
        channels: covered.iter().filter_map(called).collect(),
        body: outcome.body,
        alert,
    })
}

/// Gives findings about ads the names of those.
async fn ads(tx: &mut TenantTx, findings: &mut [Finding]) -> Result<()> {
    let about = |finding: &Finding| finding.channel_id.filter(|_| finding.level == "creative");
    let channels: BTreeSet<ChannelId> = findings.iter().filter_map(about).collect();
    for channel in channels {
        let names = ad_entity::list(tx, channel, Level::Ad).await?;
        let names: BTreeMap<String, String> = names.into_iter().map(|ad| (ad.external_id, ad.name)).collect();
        for finding in findings.iter_mut().filter(|finding| about(finding) == Some(channel)) {
            finding.entity_name = names.get(&finding.entity).cloned();
        }
    }
    Ok(())
}

fn parse(text: &str) -> std::result::Result<(BrainStateId, usize), Invalid> {
    let wrong = || Invalid::new("cursor", "cursor must be the next_cursor of an earlier page");
    let (state, from) = text.split_once('_').ok_or_else(wrong)?;
    Ok((state.parse().map_err(|_| wrong())?, from.parse().map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::date;

    use super::*;

    fn outcome(body: &Value) -> Outcome {
        Outcome { number: 3, kind: "finding".into(), client_id: None, channel_id: None, body: body.to_string() }
    }

    #[test]
    fn a_finding_is_read_with_its_channels_and_what_cannot_be_read_is_left_out() {
        let state = BrainStateId(uuid::Uuid::nil());
        let radio = ChannelId(uuid::Uuid::from_u128(1));
        let names = Names { clients: BTreeMap::new(), channels: BTreeMap::from([(radio, "Radio".to_owned())]) };
        let body = json!({"kind": "drop", "entity": {"id": "x", "level": "channel"}, "channels": [radio.to_string()],
            "metric": "clicks", "first": "2026-11-04", "last": "2026-11-03", "size": null, "probability": 0.97,
            "severity": "high", "basis": []});
        let read = |body: &Value| found(state, outcome(body), &names, None);
        let one = read(&body).unwrap();
        assert_eq!((one.number, one.kind, one.severity), (3, FindingKind::Drop, Severity::High));
        assert_eq!((one.first_day, one.last_day), (date!(2026 - 11 - 03), date!(2026 - 11 - 04)));
        assert_eq!((one.channel_id, one.channel.as_deref()), (Some(radio), Some("Radio")));
        for (key, wrong) in [("kind", "earthquake"), ("severity", "bad"), ("first", "soon")] {
            let mut body = body.clone();
            body[key] = json!(wrong);
            assert_eq!(read(&body), None, "{key}");
        }
    }

    #[test]
    fn a_cursor_names_its_state_and_place() {
        let state = "01890000-0000-7000-8000-000000000000";
        assert_eq!(parse(&format!("{state}_25")).unwrap(), (state.parse().unwrap(), 25));
        for wrong in ["", "25", "x_25", &format!("{state}_-1")] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
