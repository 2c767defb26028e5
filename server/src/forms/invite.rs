//! Joining an agency by the link in an invitation.

use app::form::Form;
use axum::{
    Form as Posted,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use serde::Deserialize;
use service::invitation;

use super::{incomplete_link, loggable, page, refused};
use crate::{
    api::error::ApiError,
    cookie::{self, Kind},
    state::AppState,
    visit::Visit,
};

/// What the page of an invitation shows.
async fn invitation_values(state: &AppState, token: &str) -> service::Result<Vec<(&'static str, String)>> {
    let invited = invitation::find(&state.service, token).await?;
    Ok(vec![
        ("token", token.to_owned()),
        ("organization", invited.organization),
        ("email", invited.invitation.email.into()),
        ("role", invited.invitation.role.label().to_owned()),
    ])
}

async fn invitation_answer(
    state: &AppState,
    visit: &Visit,
    token: &str,
    typed: Option<(&str, service::Error)>,
) -> Result<Response, ApiError> {
    let shown = invitation_values(state, token).await;
    let (form, status) = match (shown, typed) {
        (Err(error), _) => refused(&[], &incomplete_link(loggable(error)?)),
        (Ok(values), None) => {
            let values = values.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
            (Form { values, ..Form::default() }, StatusCode::OK)
        }
        (Ok(values), Some((name, error))) => {
            let mut values: Vec<_> = values.iter().map(|(field, text)| (*field, text.as_str())).collect();
            values.push(("name", name));
            refused(&values, &loggable(error)?)
        }
    };
    Ok(page(state, visit, "/invite/link", form, status).await)
}

pub(crate) async fn invite_page(
    State(state): State<AppState>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    invitation_answer(&state, &visit, &token, None).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct JoinForm {
    name: String,
    password: String,
}

pub(crate) async fn join(
    State(state): State<AppState>,
    visit: Visit,
    Path(token): Path<String>,
    Posted(form): Posted<JoinForm>,
) -> Result<Response, ApiError> {
    match invitation::accept(&state.service, &token, &form.name, &form.password, &visit.visitor).await {
        Ok(begun) => {
            let cookie = cookie::set(Kind::Session, &begun.token, state.http.secure_cookies);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
        }
        Err(error) => invitation_answer(&state, &visit, &token, Some((&form.name, error))).await,
    }
}
