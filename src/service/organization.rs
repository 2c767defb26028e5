//! The actor's own agency: who and where one is, and the agency's settings.

use model::{
    access::Action,
    actor::Actor,
    client::{parse_currency, parse_time_zone},
    input::{Invalid, Wrong},
    member::Member,
    organization::{Organization, parse_name},
    stage::{Stage, StageEdit, parse_list},
};
use serde_json::json;
use store::{member, organization, stage};

use crate::{Error, Result, Service, access};

/// The agency and the member that `actor` is, for the frame around every page.
///
/// # Errors
/// Missing when either was removed meanwhile.
pub async fn get(service: &Service, actor: &Actor) -> Result<(Organization, Member)> {
    let mut tx = service.db.tenant(actor).await?;
    Ok((organization::get(&mut tx).await?, member::get(&mut tx, actor.member_id).await?))
}

/// The agency's settings and stages.
///
/// # Errors
/// The rule that forbids it.
pub async fn settings(service: &Service, actor: &Actor) -> Result<(Organization, Vec<Stage>)> {
    access::allow(service, actor, Action::ReadSettings).await?;
    let mut tx = service.db.tenant(actor).await?;
    Ok((organization::get(&mut tx).await?, stage::list(&mut tx).await?))
}

/// Changes the agency's settings, and its stages where they are given.
///
/// # Errors
/// Every field that cannot be accepted, a removed stage that still holds clients, or the rule that forbids it.
pub async fn update(
    service: &Service,
    actor: &Actor,
    change: impl FnOnce(&mut Organization),
    stages: Option<Vec<StageEdit>>,
) -> Result<(Organization, Vec<Stage>)> {
    access::allow(service, actor, Action::EditSettings).await?;
    let mut tx = service.db.tenant(actor).await?;
    let before = organization::lock(&mut tx).await?;
    let mut agency = before.clone();
    change(&mut agency);
    agency.id = actor.organization_id;
    let (name, currency) = (parse_name(&agency.name), parse_currency("currency", &agency.currency));
    let (zone, thresholds) = (parse_time_zone("time_zone", &agency.time_zone), agency.thresholds.parse());
    let mut wrong = Wrong::default();
    wrong.check(&name);
    wrong.check(&zone);
    if let Ok(zone) = &zone
        && !organization::time_zone_exists(&mut tx, zone).await?
    {
        wrong.add(Some(Invalid::new("time_zone", "there is no such time zone. Enter one such as Europe/Berlin")));
    }
    wrong.check(&currency);
    wrong.check(&thresholds);
    wrong.end()?;
    (agency.name, agency.currency, agency.time_zone, agency.thresholds) = (name?, currency?, zone?, thresholds?);
    organization::update(&mut tx, &agency).await?;
    let mut changed = changed(&before, &agency);
    if let Some(stages) = stages {
        changed.push("stages");
        stage::replace(&mut tx, &parse_list(stages)?, service.clock.now()).await.map_err(|error| match error {
            store::Error::Missing => {
                Error::Invalid(Invalid::new("stages", "the list names a stage that is not there any more"))
            }
            store::Error::Conflict(_) => Error::Conflict {
                code: "stage_in_use",
                message: "a stage that still holds clients cannot be removed. Move them first; nothing was changed"
                    .into(),
            },
            other => other.into(),
        })?;
    }
    let detail = json!({ "changed": changed });
    access::done_to(service, &mut tx, Action::EditSettings, (agency.id, &agency.name), detail).await?;
    let stages = stage::list(&mut tx).await?;
    tx.commit().await?;
    Ok((agency, stages))
}

/// The names of the settings that differ.
fn changed(before: &Organization, after: &Organization) -> Vec<&'static str> {
    let settings = [
        ("name", before.name != after.name),
        ("time_zone", before.time_zone != after.time_zone),
        ("currency", before.currency != after.currency),
        ("thresholds", before.thresholds != after.thresholds),
    ];
    settings.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}
