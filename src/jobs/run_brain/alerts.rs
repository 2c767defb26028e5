//! After a cycle: what its state found, as alerts take it. The kinds and severities of the brain are those of alerts, one to one;
//! a new one does not compile until alerts know it.

use brain::finding::{Finding, Kind, Level, Severity};
use model::{
    alert::{self, FindingKind, Found},
    brain::Outcome,
    id::{BrainStateId, ChannelId},
};
use store::{TenantTx, brain as states};
use time::{Date, OffsetDateTime};

/// The most findings of a state; more than any has.
const ALL: i64 = 100_000;

/// Has alerts follow the findings of the state of `day`, as they are stored.
pub(super) async fn follow(
    tx: &mut TenantTx,
    state: BrainStateId,
    day: Date,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let outcomes = states::list(tx, state, &["finding"], None, None, ALL).await?;
    Ok(service::alert::sync(tx, state, day, readable(state, outcomes), now).await?)
}

/// What can be read of it: a finding that cannot keeps nobody from hearing of the others.
fn readable(state: BrainStateId, outcomes: Vec<Outcome>) -> Vec<Found> {
    let one = |outcome: Outcome| {
        let number = outcome.number;
        let cannot = |error: &serde_json::Error| tracing::error!(%state, number, %error, "a finding cannot be read");
        found(outcome).inspect_err(cannot).ok()
    };
    outcomes.into_iter().filter_map(one).collect()
}

fn found(outcome: Outcome) -> serde_json::Result<Found> {
    let finding: Finding = serde_json::from_str(&outcome.body)?;
    let named = finding.channels.iter().map(|id| id.parse().map_err(<serde_json::Error as serde::de::Error>::custom));
    let mut channels = named.collect::<serde_json::Result<Vec<ChannelId>>>()?;
    if channels.is_empty() {
        channels.extend(outcome.channel_id);
    }
    let level = match finding.entity.level {
        Level::Agency => "agency",
        Level::Client => "client",
        Level::Channel => "channel",
        Level::Campaign => "campaign",
        Level::Group => "group",
        Level::Creative => "creative",
    };
    Ok(Found {
        number: outcome.number,
        kind: kind(finding.kind),
        level: level.to_owned(),
        entity: finding.entity.id,
        metric: finding.metric,
        first: finding.first.min(finding.last),
        last: finding.last.max(finding.first),
        size: finding.size.map(|size| size.value),
        probability: finding.probability,
        severity: match finding.severity {
            Severity::Info => alert::Severity::Info,
            Severity::Low => alert::Severity::Low,
            Severity::Medium => alert::Severity::Medium,
            Severity::High => alert::Severity::High,
        },
        client_id: outcome.client_id,
        channels,
        body: outcome.body,
    })
}

const fn kind(kind: Kind) -> FindingKind {
    match kind {
        Kind::Spike => FindingKind::Spike,
        Kind::Drop => FindingKind::Drop,
        Kind::LevelShift => FindingKind::LevelShift,
        Kind::DeliveryCollapse => FindingKind::DeliveryCollapse,
        Kind::TrackingOutage => FindingKind::TrackingOutage,
        Kind::ChangePoint => FindingKind::ChangePoint,
        Kind::Forecast => FindingKind::Forecast,
        Kind::Worse => FindingKind::Worse,
        Kind::Better => FindingKind::Better,
        Kind::CreativeFatigue => FindingKind::CreativeFatigue,
        Kind::RoiDecay => FindingKind::RoiDecay,
        Kind::LtvDrift => FindingKind::LtvDrift,
        Kind::OverClaim => FindingKind::OverClaim,
        Kind::Unattributed => FindingKind::Unattributed,
        Kind::MovedTogether => FindingKind::MovedTogether,
        Kind::Winner => FindingKind::Winner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_that_cannot_be_read_leaves_the_others() {
        let fall = r#"{"kind":"drop","entity":{"id":"radio","level":"channel"},"metric":"clicks","first":"2026-11-04",
            "last":"2026-11-03","size":null,"probability":0.97,"severity":"low","basis":[]}"#;
        let bodies = [fall.replace("drop", "earthquake"), fall.to_owned(), String::new()];
        let outcome =
            |(number, body)| Outcome { number, kind: "finding".to_owned(), client_id: None, channel_id: None, body };
        let outcomes = (0..).zip(bodies).map(outcome).collect();
        let found = readable(BrainStateId(uuid::Uuid::nil()), outcomes);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, &found[0].body), (FindingKind::Drop, &fall.to_owned()));
        assert!(found[0].first < found[0].last, "days stand in their order");
    }
}
