//! After a cycle: what its state found, as alerts take it. The kinds and severities of the brain are those of alerts, one to one;
//! a new one does not compile until alerts know it.

use brain::finding::{Finding, Kind, Level, Severity};
use model::{
    alert::{self, FindingKind, Found},
    brain::Outcome,
    id::BrainStateId,
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
    let found = outcomes.into_iter().map(found).collect::<anyhow::Result<_>>()?;
    Ok(service::alert::sync(tx, state, day, found, now).await?)
}

fn found(outcome: Outcome) -> anyhow::Result<Found> {
    let finding: Finding = serde_json::from_str(&outcome.body)?;
    let level = match finding.entity.level {
        Level::Agency => "agency",
        Level::Client => "client",
        Level::Channel => "channel",
        Level::Campaign => "campaign",
        Level::Group => "group",
        Level::Creative => "creative",
    };
    Ok(Found {
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
        channel_id: outcome.channel_id,
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
