//! Rules of who hears of which alerts, and what each member chose for their mails.

use model::{
    alert::{AlertSettings, FindingKind, Quiet, Rule, RuleFields, Severity, Way, default_rules},
    id::{AlertRuleId, MemberId, OrganizationId},
    role::Role,
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::word;
use crate::{Error, Result, SystemTx, TenantTx, id, organization::parse_role};

/// The agency's rules, in the order in which they were made.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Rule>> {
    let rows = sqlx::query!(
        "select id, name, enabled, way, least_severity, client_ids, channel_ids, providers, kinds, roles, member_ids
         from alert_rule order by created_at, way desc, id"
    );
    rows.fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| {
            let fields = RuleFields {
                name: row.name,
                enabled: row.enabled,
                way: word(&row.way, Way::parse)?,
                least_severity: word(&row.least_severity, Severity::parse)?,
                client_ids: row.client_ids.into_iter().map(Into::into).collect(),
                channel_ids: row.channel_ids.into_iter().map(Into::into).collect(),
                providers: row.providers,
                kinds: row.kinds.iter().map(|kind| word(kind, FindingKind::parse)).collect::<Result<_>>()?,
                roles: row.roles.iter().map(|role| parse_role(role)).collect::<Result<_>>()?,
                member_ids: row.member_ids.into_iter().map(Into::into).collect(),
            };
            Ok(Rule { id: row.id.into(), fields })
        })
        .collect()
}

/// The lists of a rule, as they are stored.
struct Lists {
    clients: Vec<Uuid>,
    channels: Vec<Uuid>,
    kinds: Vec<String>,
    roles: Vec<String>,
    members: Vec<Uuid>,
}

impl Lists {
    fn of(fields: &RuleFields) -> Self {
        Self {
            clients: fields.client_ids.iter().map(|id| id.0).collect(),
            channels: fields.channel_ids.iter().map(|id| id.0).collect(),
            kinds: fields.kinds.iter().map(|kind| kind.key().to_owned()).collect(),
            roles: fields.roles.iter().map(|role| role.key().to_owned()).collect(),
            members: fields.member_ids.iter().map(|id| id.0).collect(),
        }
    }
}

/// Keeps a new rule.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut TenantTx, rule: &Rule, now: OffsetDateTime) -> Result<()> {
    let organization = tx.actor().organization_id;
    add(tx, organization, rule, now).await
}

/// Gives a new agency its rules.
///
/// # Errors
/// The database failed.
pub async fn insert_defaults(tx: &mut SystemTx, organization: OrganizationId, now: OffsetDateTime) -> Result<()> {
    for fields in default_rules() {
        add(tx, organization, &Rule { id: id::new(now), fields }, now).await?;
    }
    Ok(())
}

async fn add(
    connection: &mut sqlx::PgConnection,
    organization: OrganizationId,
    rule: &Rule,
    now: OffsetDateTime,
) -> Result<()> {
    let (fields, lists) = (&rule.fields, Lists::of(&rule.fields));
    sqlx::query!(
        "insert into alert_rule (organization_id, id, name, enabled, way, least_severity, client_ids, channel_ids, providers, kinds,
           roles, member_ids, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        organization.0,
        rule.id.0,
        fields.name,
        fields.enabled,
        fields.way.key(),
        fields.least_severity.key(),
        &lists.clients,
        &lists.channels,
        &fields.providers,
        &lists.kinds,
        &lists.roles,
        &lists.members,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One rule, locked until the transaction ends, so that of two changes at once one comes after the other.
///
/// # Errors
/// Missing when it is not there.
pub async fn lock(tx: &mut TenantTx, id: AlertRuleId) -> Result<Rule> {
    sqlx::query!("select id from alert_rule where id = $1 for update", id.0).fetch_one(&mut **tx).await?;
    list(tx).await?.into_iter().find(|rule| rule.id == id).ok_or(Error::Missing)
}

/// Switches a rule on or off and gives its name; everything else of it stays as it is.
///
/// # Errors
/// Missing when it is not there.
pub async fn set_enabled(tx: &mut TenantTx, id: AlertRuleId, enabled: bool) -> Result<String> {
    let name = sqlx::query_scalar!("update alert_rule set enabled = $2 where id = $1 returning name", id.0, enabled);
    Ok(name.fetch_one(&mut **tx).await?)
}

/// Changes a rule.
///
/// # Errors
/// Missing when it is not there.
pub async fn update(tx: &mut TenantTx, rule: &Rule) -> Result<()> {
    let (fields, lists) = (&rule.fields, Lists::of(&rule.fields));
    let done = sqlx::query!(
        "update alert_rule set name = $2, enabled = $3, way = $4, least_severity = $5, client_ids = $6, channel_ids = $7,
           providers = $8, kinds = $9, roles = $10, member_ids = $11
         where id = $1",
        rule.id.0,
        fields.name,
        fields.enabled,
        fields.way.key(),
        fields.least_severity.key(),
        &lists.clients,
        &lists.channels,
        &fields.providers,
        &lists.kinds,
        &lists.roles,
        &lists.members
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Throws a rule away.
///
/// # Errors
/// Missing when it is not there.
pub async fn remove(tx: &mut TenantTx, id: AlertRuleId) -> Result<()> {
    let done = sqlx::query!("delete from alert_rule where id = $1", id.0).execute(&mut **tx).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Whether all these clients, channels and members are in sight.
///
/// # Errors
/// Missing when one is not; the database failed.
pub async fn check_named(tx: &mut TenantTx, fields: &RuleFields) -> Result<()> {
    let lists = Lists::of(fields);
    let all = sqlx::query_scalar!(
        r#"select (select count(*) from client where id = any($1)) = cardinality($1::uuid[])
             and (select count(*) from channel where id = any($2)) = cardinality($2::uuid[])
             and (select count(*) from member where id = any($3)) = cardinality($3::uuid[]) as "all!""#,
        &lists.clients,
        &lists.channels,
        &lists.members
    );
    if all.fetch_one(&mut **tx).await? { Ok(()) } else { Err(Error::Missing) }
}

/// Who can be told of alerts: the active members with their roles.
///
/// # Errors
/// The database failed.
pub async fn list_members(tx: &mut TenantTx) -> Result<Vec<(MemberId, Role)>> {
    let rows = sqlx::query!("select id, role from member where deactivated_at is null order by created_at, id");
    rows.fetch_all(&mut **tx).await?.into_iter().map(|row| Ok((row.id.into(), parse_role(&row.role)?))).collect()
}

/// The provider of each channel in sight: the platform that a file holds, else who is connected.
///
/// # Errors
/// The database failed.
pub async fn list_providers(tx: &mut TenantTx) -> Result<Vec<(model::id::ChannelId, String)>> {
    let rows = sqlx::query!(r#"select id, coalesce(platform, provider) as "provider!" from channel"#);
    Ok(rows.fetch_all(&mut **tx).await?.into_iter().map(|row| (row.id.into(), row.provider)).collect())
}

/// What the acting member chose.
///
/// # Errors
/// The database failed.
pub async fn settings(tx: &mut TenantTx) -> Result<AlertSettings> {
    let id = tx.actor().member_id;
    let row =
        sqlx::query!("select quiet_from, quiet_until, time_zone, digest from alert_setting where member_id = $1", id.0);
    let row = row.fetch_optional(&mut **tx).await?;
    Ok(row.map_or_else(AlertSettings::default, |row| AlertSettings {
        quiet: row.quiet_from.zip(row.quiet_until).map(|(from, until)| Quiet { from, until }),
        time_zone: row.time_zone,
        digest: row.digest,
    }))
}

/// Keeps what the acting member chose.
///
/// # Errors
/// The database failed.
pub async fn set_settings(tx: &mut TenantTx, settings: &AlertSettings) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into alert_setting (organization_id, member_id, quiet_from, quiet_until, time_zone, digest)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (organization_id, member_id) do update set quiet_from = excluded.quiet_from,
           quiet_until = excluded.quiet_until, time_zone = excluded.time_zone, digest = excluded.digest",
        actor.organization_id.0,
        actor.member_id.0,
        settings.quiet.map(|quiet| quiet.from),
        settings.quiet.map(|quiet| quiet.until),
        settings.time_zone,
        settings.digest
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
