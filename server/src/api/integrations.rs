//! `/api/v1/integrations`: connections to providers, what is read through them, and how that went.

use std::collections::BTreeMap;

use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use model::{
    connection::{Cause, Channel, Connection, ConnectionState, RunState, SyncRun},
    id::{ChannelId, ClientId, ConnectionId},
};
use serde::{Deserialize, Serialize};
use service::{Service, connection, session::Live};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Part},
    list::{ListQuery, Slice},
    rfc3339,
};
use crate::{connect, cookie::SignedIn, state::AppState};

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionBody {
    id: Uuid,
    /// google_ads, meta_ads, tiktok_ads or shopify.
    provider: String,
    label: String,
    /// How its credential was given: consent or token.
    way: &'static str,
    /// connected, reconnect, paused or resting.
    state: &'static str,
    /// Why it waits for somebody to connect again.
    reason: Option<String>,
    /// The scopes that were granted.
    scopes: Vec<String>,
    /// What is missing without the scopes that were denied.
    missing: Vec<&'static str>,
    created_at: String,
    last_sync_at: Option<String>,
    next_sync_at: Option<String>,
}

impl From<Connection> for ConnectionBody {
    fn from(connection: Connection) -> Self {
        let (state, reason) = match connection.state {
            ConnectionState::Connected => ("connected", None),
            ConnectionState::Reconnect { reason } => ("reconnect", Some(reason)),
            ConnectionState::Paused => ("paused", None),
            ConnectionState::Resting { .. } => ("resting", None),
        };
        let known = providers::find(&connection.provider).filter(|_| !connection.scopes.is_empty());
        let missing = known.map(|provider| provider.descriptor().missing(&connection.scopes)).unwrap_or_default();
        Self {
            id: connection.id.0,
            provider: connection.provider,
            label: connection.label,
            way: connection.given.key(),
            state,
            reason,
            missing: missing.into_iter().map(|scope| scope.gives).collect(),
            scopes: connection.scopes,
            created_at: rfc3339(connection.created_at),
            last_sync_at: connection.last_sync_at.map(rfc3339),
            next_sync_at: connection.next_sync_at.map(rfc3339),
        }
    }
}

/// The agency's connections.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionPage {
    /// Newest first.
    items: Vec<ConnectionBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// The agency's connections.
#[utoipa::path(get, path = "/api/v1/integrations", tag = "integrations", responses((status = 200, body = ConnectionPage)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<ConnectionPage>, ApiError> {
    let items = connection::list(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(ConnectionPage { items, next_cursor: None }))
}

/// What to connect.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectBody {
    /// google_ads, meta_ads, tiktok_ads or shopify.
    provider: String,
    /// How: by consent on the provider's page, or with a token that was made there by hand (Shopify and Meta).
    #[serde(default)]
    way: WayName,
    /// For consent what the provider asks for first: `shop` for Shopify. With a token its fields: `shop` and `access_token`
    /// for Shopify; `access_token` for Meta, and `app_secret` where the token's app requires it.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// The connection that is connected again; none for a new one.
    connection_id: Option<Uuid>,
}

/// How somebody lets us in.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WayName {
    /// On the provider's page.
    #[default]
    Consent,
    /// By a credential that was made by hand.
    Token,
}

/// Where to consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct WayBody {
    /// The provider's page, for the browser with this session, within ten minutes.
    authorize_url: String,
}

/// Begins to connect an account, or connects it at once with a token, which is tried first: what the provider refuses answers
/// 422 with the field and the provider's reason, and nothing is stored. The same accounts are one connection, also when a token
/// is sent twice. Consent needs a session, to which it comes back; with an access token of ours it answers 409.
#[utoipa::path(post, path = "/api/v1/integrations", tag = "integrations", request_body = ConnectBody,
    responses((status = 200, body = WayBody, description = "where to consent"),
        (status = 201, body = ConnectionBody, description = "connected with a token"),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 503, body = ErrorBody, description = "the provider cannot be reached")))]
pub(super) async fn connect(
    SignedIn(actor): SignedIn,
    session: Option<Extension<Live>>,
    State(state): State<AppState>,
    Body(body): Body<ConnectBody>,
) -> Result<Response, ApiError> {
    let connection_id = body.connection_id.map(ConnectionId);
    if let WayName::Token = body.way {
        let made = connect::typed::connect(&state, &actor, &body.provider, body.fields, connection_id).await?;
        return Ok((StatusCode::CREATED, Json(ConnectionBody::from(made))).into_response());
    }
    let Some(Extension(live)) = session else {
        connection::check_may_connect(&state.service, &actor).await?;
        let message =
            "consent comes back to the browser of a session, and an access token has none. Connect on the page of \
                       integrations, or here with a token that was made at the provider: \"way\": \"token\""
                .to_owned();
        return Err(service::Error::Conflict { code: "session_needed", message }.into());
    };
    if connect::mode(&state.service, &live.actor).await? != providers::Mode::Live {
        let message = "in a rehearsal agency accounts are connected on the page of integrations".to_owned();
        return Err(service::Error::Conflict { code: "simulated", message }.into());
    }
    let url = connect::begin(&state, &live, &body.provider, body.fields, connection_id).await?;
    Ok(Json(WayBody { authorize_url: url.into() }).into_response())
}

/// One connection.
#[utoipa::path(get, path = "/api/v1/integrations/{id}", tag = "integrations", params(("id" = Uuid, Path)),
    responses((status = 200, body = ConnectionBody), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConnectionId>,
) -> Result<Json<ConnectionBody>, ApiError> {
    Ok(Json(connection::get(&service, &actor, id).await?.into()))
}

/// What of a connection is changed; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    /// Whether it is switched off.
    paused: Option<bool>,
    /// What people call it, up to 200 characters.
    label: Option<String>,
}

/// Switches a connection off or on, or calls it otherwise; both at once happen together or not at all.
#[utoipa::path(patch, path = "/api/v1/integrations/{id}", tag = "integrations", params(("id" = Uuid, Path)), request_body = ChangeBody,
    responses((status = 200, body = ConnectionBody), (status = 404, body = ErrorBody)))]
pub(super) async fn change(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConnectionId>,
    Body(body): Body<ChangeBody>,
) -> Result<Json<ConnectionBody>, ApiError> {
    connection::change(&service, &actor, id, body.label.as_deref(), body.paused).await?;
    Ok(Json(connection::get(&service, &actor, id).await?.into()))
}

/// Disconnects: the provider is asked to take its permission back, and the credential is thrown away in any case. What
/// was read stays.
#[utoipa::path(delete, path = "/api/v1/integrations/{id}", tag = "integrations", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn disconnect(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConnectionId>,
) -> Result<StatusCode, ApiError> {
    connection::disconnect(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a connection read now.
#[utoipa::path(post, path = "/api/v1/integrations/{id}/sync", tag = "integrations", params(("id" = Uuid, Path)),
    responses((status = 202, description = "queued"), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn sync(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConnectionId>,
) -> Result<StatusCode, ApiError> {
    connection::sync_now(&service, &actor, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// How many were queued.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueuedBody {
    queued: usize,
}

/// A provider's key as people may spell it in a path: `google-ads`, `meta` and `tiktok` are understood, too.
pub(super) fn key_of(name: &str) -> String {
    match name.replace('-', "_").as_str() {
        "meta" => "meta_ads".to_owned(),
        "tiktok" => "tiktok_ads".to_owned(),
        "google" => "google_ads".to_owned(),
        key => key.to_owned(),
    }
}

/// Has every connection of a provider read now that can be. `google-ads`, `meta` and `tiktok` are understood, too.
#[utoipa::path(post, path = "/api/v1/integrations/sync/{provider}", tag = "integrations", params(("provider" = String, Path)),
    responses((status = 202, body = QueuedBody)))]
pub(super) async fn sync_provider(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Part(name): Part,
) -> Result<(StatusCode, Json<QueuedBody>), ApiError> {
    let key = connect::provider(&key_of(&name))?.descriptor().key;
    let queued = connection::sync_all(&service, &actor, key).await?;
    Ok((StatusCode::ACCEPTED, Json(QueuedBody { queued })))
}

/// Whether a connection works.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestBody {
    healthy: bool,
    /// How long the answer took, in milliseconds.
    ms: i32,
    /// What is wrong and what to do.
    hint: Option<String>,
}

/// Asks the provider whether a connection works, with its stored credential.
#[utoipa::path(post, path = "/api/v1/integrations/{id}/test", tag = "integrations", params(("id" = Uuid, Path)),
    responses((status = 200, body = TestBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn test(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConnectionId>,
) -> Result<Json<TestBody>, ApiError> {
    let test = connection::tested(&service, &actor, id).await?;
    Ok(Json(TestBody { healthy: test.fault.is_none(), ms: test.millis, hint: test.fault }))
}

/// One reading of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunBody {
    id: Uuid,
    /// manual, schedule, webhook, first or import.
    cause: &'static str,
    /// running, succeeded or failed.
    state: &'static str,
    started_at: String,
    finished_at: Option<String>,
    /// What it does now, or did last.
    step: String,
    days_done: i32,
    days_total: i32,
    pages: i64,
    rows_new: i64,
    rows_changed: i64,
    rows_unchanged: i64,
    rows_withdrawn: i64,
    /// Why it failed.
    error: Option<String>,
    /// One of the closed kinds of failure.
    error_kind: Option<String>,
    /// What to do.
    hint: Option<String>,
}

impl From<SyncRun> for RunBody {
    fn from(run: SyncRun) -> Self {
        let (error_kind, error, hint) = match run.fault {
            Some(fault) => (Some(fault.kind), Some(fault.message), Some(fault.hint)),
            None => (None, None, None),
        };
        Self {
            id: run.id.0,
            cause: Cause::key(run.cause),
            state: match run.state {
                RunState::Running => "running",
                RunState::Succeeded => "succeeded",
                RunState::Failed => "failed",
            },
            started_at: rfc3339(run.started_at),
            finished_at: run.finished_at.map(rfc3339),
            step: run.progress.step,
            days_done: run.progress.days_done,
            days_total: run.progress.days_total,
            pages: run.progress.pages,
            rows_new: run.progress.rows_new,
            rows_changed: run.progress.rows_changed,
            rows_unchanged: run.progress.rows_unchanged,
            rows_withdrawn: run.progress.rows_withdrawn,
            error,
            error_kind,
            hint,
        }
    }
}

/// The runs of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunPage {
    /// Newest first.
    items: Vec<RunBody>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// The runs of a connection.
#[utoipa::path(get, path = "/api/v1/integrations/{id}/runs", tag = "integrations", params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = RunPage), (status = 404, body = ErrorBody)))]
pub(super) async fn runs(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConnectionId>,
    slice: Slice,
) -> Result<Json<RunPage>, ApiError> {
    let page = connection::runs(&service, &actor, id, slice.limit, slice.cursor.as_deref()).await?;
    Ok(Json(RunPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor }))
}

/// An ad account or shop of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountBody {
    id: Uuid,
    /// As the provider names it.
    external_id: String,
    name: String,
    /// ISO 4217.
    currency: String,
    /// The zone in which the provider counts its days.
    time_zone: String,
    /// The client that a person mapped it to.
    client_id: Option<Uuid>,
}

impl From<Channel> for AccountBody {
    fn from(channel: Channel) -> Self {
        Self {
            id: channel.id.0,
            external_id: channel.account.external_id,
            name: channel.account.name,
            currency: channel.account.currency,
            time_zone: channel.account.time_zone,
            client_id: channel.client_id.map(|id| id.0),
        }
    }
}

/// The accounts of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountPage {
    /// By name.
    items: Vec<AccountBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// The accounts of a connection, mapped or not.
#[utoipa::path(get, path = "/api/v1/integrations/{id}/accounts", tag = "integrations", params(("id" = Uuid, Path)),
    responses((status = 200, body = AccountPage), (status = 404, body = ErrorBody)))]
pub(super) async fn accounts(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConnectionId>,
) -> Result<Json<AccountPage>, ApiError> {
    let items = connection::channels(&service, &actor, id).await?;
    Ok(Json(AccountPage { items: items.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// To which client an account belongs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MapBody {
    /// Null for none; it must be said.
    #[serde(deserialize_with = "said")]
    #[schema(required)]
    client_id: Option<Uuid>,
}

/// Without a default a missing field is refused, also where null may stand.
fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    Option::deserialize(deserializer)
}

/// Maps an account to a client, or to none. What is mapped for the first time is read at once.
#[utoipa::path(put, path = "/api/v1/integrations/accounts/{id}/client", tag = "integrations", params(("id" = Uuid, Path)),
    request_body = MapBody, responses((status = 200, body = AccountBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn map(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ChannelId>,
    Body(body): Body<MapBody>,
) -> Result<Json<AccountBody>, ApiError> {
    Ok(Json(connection::map(&service, &actor, id, body.client_id.map(ClientId)).await?.into()))
}
