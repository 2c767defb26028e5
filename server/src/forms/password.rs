//! Choosing a new password by a mailed link.

use app::form::Form;
use axum::{
    Form as Posted,
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;
use service::{attempt::Kind, password_reset};

use super::{EmailForm, TokenQuery, answer_alike, incomplete_link, loggable, page, refused, slowed};
use crate::{api::error::ApiError, limit, state::AppState, visit::Visit};

pub(crate) async fn forgot_page(State(state): State<AppState>, visit: Visit) -> Response {
    page(&state, &visit, "/forgot", Form::default(), StatusCode::OK).await
}

pub(crate) async fn forgot(
    State(state): State<AppState>,
    visit: Visit,
    Posted(form): Posted<EmailForm>,
) -> Result<Response, ApiError> {
    if let Err(error) = limit::attempt(&state, Kind::Reset, &form.email, &visit).await {
        return Ok(slowed(&state, &visit, "/forgot", &[("email", &form.email)], error).await);
    }
    let asked = password_reset::request(&state.service, &form.email).await;
    let words = "If the address signs in here, a link is on its way. It works for 2 hours.";
    answer_alike(&state, &visit, "/forgot", &form.email, asked, words).await
}

/// The form for a new password, or at once why the link does not work.
pub(crate) async fn reset_page(
    State(state): State<AppState>,
    visit: Visit,
    Query(query): Query<TokenQuery>,
) -> Result<Response, ApiError> {
    let (form, status) = match password_reset::check(&state.service, &query.token).await {
        Ok(()) => (Form { values: [("token".to_owned(), query.token)].into(), ..Form::default() }, StatusCode::OK),
        Err(error) => refused(&[], &incomplete_link(loggable(error)?)),
    };
    Ok(page(&state, &visit, "/reset", form, status).await)
}

#[derive(Debug, Deserialize)]
pub(crate) struct ResetForm {
    token: String,
    password: String,
}

pub(crate) async fn reset(
    State(state): State<AppState>,
    visit: Visit,
    Posted(form): Posted<ResetForm>,
) -> Result<Response, ApiError> {
    match password_reset::complete(&state.service, &form.token, &form.password, &visit.visitor).await {
        Ok(()) => {
            let notice =
                "Your new password is set, and all sessions and access tokens have ended. Sign in with it.".to_owned();
            Ok(page(&state, &visit, "/login", Form { notice: Some(notice), ..Form::default() }, StatusCode::OK).await)
        }
        Err(error) => {
            let error = incomplete_link(loggable(error)?);
            // A link that has ended takes no password: the page then shows why, and no form.
            let kept: &[(&str, &str)] = match &error {
                service::Error::Gone(_) => &[],
                _ => &[("token", &form.token)],
            };
            let (form, status) = refused(kept, &error);
            Ok(page(&state, &visit, "/reset", form, status).await)
        }
    }
}
