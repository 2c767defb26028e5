//! `/api/v1/tokens`: personal access tokens.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{access_token::AccessToken, id::AccessTokenId};
use serde::{Deserialize, Serialize};
use service::{Service, access_token};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id},
    rfc3339,
};
use crate::cookie::ThisSession;

/// A token as its member sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenBody {
    id: Uuid,
    name: String,
    /// read or write.
    scope: &'static str,
    created_at: String,
    expires_at: String,
    used_at: Option<String>,
    /// Send it as `Authorization: Bearer …`. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl TokenBody {
    fn new(made: AccessToken, token: Option<String>) -> Self {
        Self {
            id: made.id.0,
            name: made.name,
            scope: made.scope.key(),
            created_at: rfc3339(made.created_at),
            expires_at: rfc3339(made.expires_at),
            used_at: made.used_at.map(rfc3339),
            token,
        }
    }
}

/// One's own tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenPage {
    /// Newest first.
    items: Vec<TokenBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// One's own access tokens. Needs a session: a token cannot list or make tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "accounts", security(("session" = [])), responses((status = 200, body = TokenPage)))]
pub(super) async fn list(
    ThisSession(live): ThisSession,
    State(service): State<Service>,
) -> Result<Json<TokenPage>, ApiError> {
    let items = access_token::list(&service, &live.actor).await?;
    Ok(Json(TokenPage { items: items.into_iter().map(|made| TokenBody::new(made, None)).collect(), next_cursor: None }))
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewTokenBody {
    /// What it is for: 1–100 characters.
    name: String,
    /// read or write.
    scope: String,
    /// For how long it works: 1–366.
    days: i64,
}

/// Makes an access token, which is shown in this answer and never again. Needs a session: a token makes no tokens, 403.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "accounts", security(("session" = [])), request_body = NewTokenBody,
    responses((status = 201, body = TokenBody)))]
pub(super) async fn create(
    ThisSession(live): ThisSession,
    State(service): State<Service>,
    Body(body): Body<NewTokenBody>,
) -> Result<(StatusCode, Json<TokenBody>), ApiError> {
    let (made, secret) = access_token::create(&service, &live.actor, &body.name, &body.scope, body.days).await?;
    Ok((StatusCode::CREATED, Json(TokenBody::new(made, Some(secret)))))
}

/// Takes a token back, from its next use on.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "accounts", security(("session" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn remove(
    ThisSession(live): ThisSession,
    State(service): State<Service>,
    Id(id): Id<AccessTokenId>,
) -> Result<StatusCode, ApiError> {
    access_token::remove(&service, &live.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
