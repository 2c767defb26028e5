//! `/api/v1/integrations`: connections to providers, what is read through them, and how that went.

pub(super) mod body;

use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use body::{
    AccountBody, AccountPage, ChangeBody, ConnectBody, ConnectionBody, ConnectionPage, MapBody, QueuedBody, RunPage,
    TestBody, WayBody, WayName,
};
use http::StatusCode;
use model::id::{ChannelId, ClientId, ConnectionId};
use service::{Service, connection, session::Live};

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Part},
    list::{ListQuery, Slice},
};
use crate::{connect, cookie::SignedIn, state::AppState};

/// The agency's connections.
#[utoipa::path(get, path = "/api/v1/integrations", tag = "integrations", responses((status = 200, body = ConnectionPage)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<ConnectionPage>, ApiError> {
    let items = connection::list(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(ConnectionPage { items, next_cursor: None }))
}

/// Begins to connect an account, or connects it at once with a token, which is tried first: what the provider refuses answers
/// 422 with the field and the provider's reason, and nothing is stored. A token whose accounts other connections read already
/// answers 409: send it with the `connection_id` of that one to replace its credential. Consent may be given again. It needs a
/// session, to which it comes back; with an access token of ours it answers 409.
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
    // Who may not connect is told nothing else, and an unknown provider is one for whomever asks.
    connection::check_may_connect(&state.service, &actor).await?;
    connect::provider(&body.provider)?;
    let connection_id = body.connection_id.map(ConnectionId);
    if let WayName::Token = body.way {
        let made = connect::typed::connect(&state, &actor, &body.provider, body.fields, connection_id).await?;
        return Ok((StatusCode::CREATED, Json(ConnectionBody::from(made))).into_response());
    }
    let Some(Extension(live)) = session else {
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

/// A provider's key as people may spell it in a path: `google-ads`, `meta` and `tiktok` are understood, too.
pub(super) fn key_of(name: &str) -> String {
    match name.replace('-', "_").as_str() {
        "meta" => "meta_ads".to_owned(),
        "tiktok" => "tiktok_ads".to_owned(),
        "google" => "google_ads".to_owned(),
        key => key.to_owned(),
    }
}

/// Has every connection of a provider read now that can be; 409 while none is connected, or none can be read. `google-ads`, `meta` and `tiktok` are understood, too.
#[utoipa::path(post, path = "/api/v1/integrations/sync/{provider}", tag = "integrations", params(("provider" = String, Path)),
    responses((status = 202, body = QueuedBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn sync_provider(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Part(name): Part,
) -> Result<(StatusCode, Json<QueuedBody>), ApiError> {
    connection::check_may_connect(&service, &actor).await?;
    let described = connect::provider(&key_of(&name))?.descriptor();
    let queued = connection::sync_all(&service, &actor, described.key, described.name).await?;
    Ok((StatusCode::ACCEPTED, Json(QueuedBody { queued })))
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
