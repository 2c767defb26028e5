//! `/api/v1/alerts/rules` and `/api/v1/alerts/settings`: who hears of which alerts, and when one wants quiet.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    alert::{AlertSettings, FindingKind, Rule, RuleFields, Severity, Way},
    id::AlertRuleId,
    input::Invalid,
    role::Role,
};
use serde::{Deserialize, Serialize};
use service::{Service, alert::rule};
use utoipa::ToSchema;
use uuid::Uuid;

use super::word;
use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::{Body, Id},
    },
    cookie::SignedIn,
};

/// A rule as it is sent. Lists that are absent or empty name all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRuleNew {
    /// One line of 1–100 characters.
    name: String,
    /// When absent, a new rule is on, and one that is there stays as it is.
    enabled: Option<bool>,
    /// mail (at once) or digest (Monday 08:00).
    way: String,
    /// What is at least so bad: info, low, medium or high.
    least_severity: String,
    #[serde(default)]
    client_ids: Vec<Uuid>,
    #[serde(default)]
    channel_ids: Vec<Uuid>,
    /// Keys such as google_ads, of providers that are offered or platforms whose figures are stored.
    #[serde(default)]
    providers: Vec<String>,
    /// Kinds of findings such as drop or creative_fatigue.
    #[serde(default)]
    kinds: Vec<String>,
    /// Everybody of these roles hears of it, each of the clients in their sight: owner, admin, manager, member.
    #[serde(default)]
    roles: Vec<String>,
    /// And these members, of the clients in their sight.
    #[serde(default)]
    member_ids: Vec<Uuid>,
}

impl AlertRuleNew {
    fn fields(self) -> Result<RuleFields, Invalid> {
        let required = |field: &str| Invalid::new(field, format!("{field} is required"));
        let kind = |text: &String| {
            FindingKind::parse(text).ok_or_else(|| Invalid::new("kinds", format!("there is no kind {text}")))
        };
        let role = |text: &String| text.parse::<Role>().map_err(|error| Invalid::new("roles", error.to_string()));
        Ok(RuleFields {
            name: self.name,
            enabled: self.enabled.unwrap_or(true),
            way: word("way", Some(&self.way), Way::parse, "mail or digest")?.ok_or_else(|| required("way"))?,
            least_severity: word(
                "least_severity",
                Some(&self.least_severity),
                Severity::parse,
                "info, low, medium or high",
            )?
            .ok_or_else(|| required("least_severity"))?,
            client_ids: self.client_ids.into_iter().map(Into::into).collect(),
            channel_ids: self.channel_ids.into_iter().map(Into::into).collect(),
            providers: self.providers,
            kinds: self.kinds.iter().map(kind).collect::<Result<_, _>>()?,
            roles: self.roles.iter().map(role).collect::<Result<_, _>>()?,
            member_ids: self.member_ids.into_iter().map(Into::into).collect(),
        })
    }
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertRuleBody {
    id: Uuid,
    name: String,
    enabled: bool,
    /// mail or digest.
    way: &'static str,
    least_severity: &'static str,
    /// All clients, if none is named; so with the lists that follow.
    client_ids: Vec<Uuid>,
    channel_ids: Vec<Uuid>,
    providers: Vec<String>,
    kinds: Vec<&'static str>,
    roles: Vec<&'static str>,
    member_ids: Vec<Uuid>,
}

impl From<Rule> for AlertRuleBody {
    fn from(Rule { id, fields }: Rule) -> Self {
        Self {
            id: id.0,
            name: fields.name,
            enabled: fields.enabled,
            way: fields.way.key(),
            least_severity: fields.least_severity.key(),
            client_ids: fields.client_ids.into_iter().map(|id| id.0).collect(),
            channel_ids: fields.channel_ids.into_iter().map(|id| id.0).collect(),
            providers: fields.providers,
            kinds: fields.kinds.into_iter().map(FindingKind::key).collect(),
            roles: fields.roles.into_iter().map(Role::key).collect(),
            member_ids: fields.member_ids.into_iter().map(|id| id.0).collect(),
        }
    }
}

/// The rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertRulePage {
    /// In the order in which they were made.
    items: Vec<AlertRuleBody>,
    /// Always null: all are there.
    next_cursor: Option<String>,
}

/// The agency's rules of who hears of which alerts.
#[utoipa::path(get, path = "/api/v1/alerts/rules", tag = "alerts", responses((status = 200, body = AlertRulePage)))]
pub(crate) async fn rules(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<AlertRulePage>, ApiError> {
    let items = rule::list(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(AlertRulePage { items, next_cursor: None }))
}

/// Adds a rule.
#[utoipa::path(post, path = "/api/v1/alerts/rules", tag = "alerts", request_body = AlertRuleNew,
    responses((status = 201, body = AlertRuleBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn add_rule(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<AlertRuleNew>,
) -> Result<(StatusCode, Json<AlertRuleBody>), ApiError> {
    let made = rule::create(&service, &actor, body.fields()?).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Puts a rule in the place of another; what was mailed stays mailed. Whether it is on stays, unless that is said. What it
/// names already can be named again when it is gone.
#[utoipa::path(put, path = "/api/v1/alerts/rules/{id}", tag = "alerts", params(("id" = Uuid, Path)),
    request_body = AlertRuleNew,
    responses((status = 200, body = AlertRuleBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn set_rule(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<AlertRuleId>,
    Body(body): Body<AlertRuleNew>,
) -> Result<Json<AlertRuleBody>, ApiError> {
    let enabled = body.enabled;
    Ok(Json(rule::update(&service, &actor, id, body.fields()?, enabled).await?.into()))
}

/// Throws a rule away.
#[utoipa::path(delete, path = "/api/v1/alerts/rules/{id}", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove_rule(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<AlertRuleId>,
) -> Result<StatusCode, ApiError> {
    rule::remove(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own quiet hours and digest.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertSettingsBody {
    /// From this time of day on no mail comes, as 22:00; null for no quiet hours.
    quiet_from: Option<String>,
    /// Until this time of day, which may be of the next day.
    quiet_until: Option<String>,
    /// The zone of these times, as Europe/Berlin; null for the agency's.
    time_zone: Option<String>,
    /// Whether the digest comes on Monday at 08:00.
    digest: bool,
}

impl From<AlertSettings> for AlertSettingsBody {
    fn from(settings: AlertSettings) -> Self {
        let (quiet_from, quiet_until) = settings.quiet.map(|quiet| quiet.words()).unzip();
        Self { quiet_from, quiet_until, time_zone: settings.time_zone, digest: settings.digest }
    }
}

/// One's own quiet hours and digest.
#[utoipa::path(get, path = "/api/v1/alerts/settings", tag = "alerts",
    responses((status = 200, body = AlertSettingsBody)))]
pub(crate) async fn settings(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<AlertSettingsBody>, ApiError> {
    Ok(Json(rule::settings(&service, &actor).await?.into()))
}

/// Changes one's own quiet hours and digest. Mails of the quiet hours wait until their end and are then one.
#[utoipa::path(put, path = "/api/v1/alerts/settings", tag = "alerts", request_body = AlertSettingsBody,
    responses((status = 200, body = AlertSettingsBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn set_settings(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<AlertSettingsBody>,
) -> Result<Json<AlertSettingsBody>, ApiError> {
    let hours = (body.quiet_from.as_deref().unwrap_or_default(), body.quiet_until.as_deref().unwrap_or_default());
    let zone = body.time_zone.as_deref().unwrap_or_default();
    Ok(Json(rule::set_settings(&service, &actor, hours, zone, body.digest).await?.into()))
}
