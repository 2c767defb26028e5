//! The agency's rules of who hears of which alerts, and everybody's own quiet hours.

use model::{
    access::Action,
    actor::Actor,
    alert::{AlertSettings, Quiet, Rule, RuleFields},
    client::parse_time_zone,
    id::{AlertRuleId, ChannelId, ClientId, MemberId},
    input::Invalid,
};
use serde_json::json;
use store::{
    TenantTx,
    alert::rule::{self, check_named},
    channel, client, id, member, organization,
};

use crate::{Result, Service, access};

/// The agency's rules.
///
/// # Errors
/// The rule that forbids it.
pub async fn list(service: &Service, actor: &Actor) -> Result<Vec<Rule>> {
    access::allow(service, actor, Action::ReadSettings).await?;
    Ok(rule::list(&mut service.db.tenant(actor).await?).await?)
}

/// What rules can name, each with what it is called.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The clients by name, and whether each is archived.
    pub clients: Vec<(ClientId, String, bool)>,
    /// The channels by name, each with the key of its provider or of the platform its file is of.
    pub channels: Vec<(ChannelId, String, String)>,
    /// The members by name.
    pub members: Vec<(MemberId, String)>,
}

/// The agency's rules, and what they can name.
///
/// # Errors
/// The rule that forbids it.
pub async fn board(service: &Service, actor: &Actor) -> Result<(Vec<Rule>, Choices)> {
    access::allow(service, actor, Action::ReadSettings).await?;
    let mut tx = service.db.tenant(actor).await?;
    let called = |found: channel::Called| {
        let name = found.called().whole();
        (found.id, name, found.provider)
    };
    let mut channels: Vec<_> = channel::list_names(&mut tx).await?.into_iter().map(called).collect();
    channels.sort_by_key(|channel| (channel.1.to_lowercase(), channel.0));
    let choices = Choices {
        clients: client::list_names(&mut tx).await?,
        channels,
        members: member::list_names(&mut tx, false).await?,
    };
    Ok((rule::list(&mut tx).await?, choices))
}

/// Whether everything that these fields name is there: a rule about what is nowhere would hear of nothing. Providers are those
/// that are offered, and the platforms whose figures are stored.
async fn check(service: &Service, tx: &mut TenantTx, fields: &RuleFields) -> Result<()> {
    check_named(tx, fields).await?;
    let stored = rule::list_providers(tx).await?;
    let known = |key: &str| {
        let offered = service.offers.iter().any(|offer| offer.descriptor.key == key);
        offered || stored.iter().any(|(_, provider)| provider == key)
    };
    match fields.providers.iter().find(|key| !known(key)) {
        Some(key) => Err(Invalid::new("providers", format!("there is no provider {key}")).into()),
        None => Ok(()),
    }
}

/// Adds a rule.
///
/// # Errors
/// A field that cannot be accepted, something named that is not in sight, or the rule that forbids it.
pub async fn create(service: &Service, actor: &Actor, fields: RuleFields) -> Result<Rule> {
    access::allow(service, actor, Action::EditSettings).await?;
    let now = service.clock.now();
    let new = Rule { id: id::new(now), fields: fields.parse()? };
    let mut tx = service.db.tenant(actor).await?;
    check(service, &mut tx, &new.fields).await?;
    rule::insert(&mut tx, &new, now).await?;
    let detail = json!({ "alert_rule_added": new.fields.name });
    access::done_to(service, &mut tx, Action::EditSettings, (new.id, &new.fields.name), detail).await?;
    tx.commit().await?;
    Ok(new)
}

/// Changes a rule; what was mailed stays mailed. Whether it is on stays as it is, unless `enabled` says it: who changes a rule
/// may have read it before somebody else switched it. What it names already may be gone meanwhile and stays named: a list that
/// is left empty would be about everything.
///
/// # Errors
/// Missing, a field that cannot be accepted, something named that is not in sight, or the rule that forbids it.
pub async fn update(
    service: &Service,
    actor: &Actor,
    id: AlertRuleId,
    fields: RuleFields,
    enabled: Option<bool>,
) -> Result<Rule> {
    access::allow(service, actor, Action::EditSettings).await?;
    let mut changed = Rule { id, fields: fields.parse()? };
    let mut tx = service.db.tenant(actor).await?;
    let stored = rule::lock(&mut tx, id).await?;
    changed.fields.enabled = enabled.unwrap_or(stored.fields.enabled);
    check(service, &mut tx, &changed.fields.beyond(&stored.fields)).await?;
    rule::update(&mut tx, &changed).await?;
    let detail = json!({ "alert_rule_changed": changed.fields.name, "on": changed.fields.enabled });
    access::done_to(service, &mut tx, Action::EditSettings, (id, &changed.fields.name), detail).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Switches a rule on or off. The rest of it stays as it is, whatever others change of it at the same time.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn switch(service: &Service, actor: &Actor, id: AlertRuleId, enabled: bool) -> Result<()> {
    access::allow(service, actor, Action::EditSettings).await?;
    let mut tx = service.db.tenant(actor).await?;
    let name = rule::set_enabled(&mut tx, id, enabled).await?;
    let detail = json!({ "alert_rule_changed": name, "on": enabled });
    access::done_to(service, &mut tx, Action::EditSettings, (id, &name), detail).await?;
    Ok(tx.commit().await?)
}

/// Throws a rule away.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, id: AlertRuleId) -> Result<()> {
    access::allow(service, actor, Action::EditSettings).await?;
    let mut tx = service.db.tenant(actor).await?;
    rule::remove(&mut tx, id).await?;
    access::done(service, &mut tx, Action::EditSettings, id, json!({ "alert_rule_removed": id })).await?;
    Ok(tx.commit().await?)
}

/// One's own quiet hours and digest.
///
/// # Errors
/// The database failed.
pub async fn settings(service: &Service, actor: &Actor) -> Result<AlertSettings> {
    access::allow(service, actor, Action::EditSelf).await?;
    Ok(rule::settings(&mut service.db.tenant(actor).await?).await?)
}

/// Changes one's own quiet hours and digest. Times of day are texts such as 22:00, both empty for none; an empty zone is the
/// agency's.
///
/// # Errors
/// A field that cannot be accepted.
pub async fn set_settings(
    service: &Service,
    actor: &Actor,
    (from, until): (&str, &str),
    time_zone: &str,
    digest: bool,
) -> Result<AlertSettings> {
    access::allow(service, actor, Action::EditSelf).await?;
    let zone = Some(time_zone.trim()).filter(|zone| !zone.is_empty());
    let time_zone = zone.map(|zone| parse_time_zone("time_zone", zone)).transpose()?;
    let settings = AlertSettings { quiet: Quiet::parse(from, until)?, time_zone, digest };
    let mut tx = service.db.tenant(actor).await?;
    if let Some(zone) = &settings.time_zone
        && !organization::time_zone_exists(&mut tx, zone).await?
    {
        return Err(Invalid::new("time_zone", "there is no such time zone. Enter one such as Europe/Berlin").into());
    }
    rule::set_settings(&mut tx, &settings).await?;
    let detail = json!({ "alert_settings": true });
    access::done(service, &mut tx, Action::EditSelf, actor.member_id, detail).await?;
    tx.commit().await?;
    Ok(settings)
}
