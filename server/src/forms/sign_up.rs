//! Signing up, and verifying the address by the mailed link.

use app::form::Form;
use axum::{
    Form as Posted,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use model::{
    id::SignUpId,
    input::{Invalid, Wrong},
};
use serde::Deserialize;
use service::{
    account::{self, SignUpForm},
    attempt::Kind,
};

use super::{EmailForm, TokenQuery, answer_alike, incomplete_link, loggable, page, refused, slowed};
use crate::{
    api::{auth::MAIL_PATIENCE, error::ApiError},
    limit,
    state::AppState,
    visit::Visit,
};

pub(crate) async fn sign_up_page(State(state): State<AppState>, visit: Visit) -> Response {
    page(&state, &visit, "/signup", Form::default(), StatusCode::OK).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct SignUpPosted {
    email: String,
    password: String,
    name: String,
    organization: String,
    /// The password once more; programs that post the form may leave it out.
    repeat: Option<String>,
}

pub(crate) async fn sign_up(
    State(state): State<AppState>,
    visit: Visit,
    Posted(posted): Posted<SignUpPosted>,
) -> Result<Response, ApiError> {
    let form = SignUpForm {
        email: posted.email,
        password: posted.password,
        name: posted.name,
        organization: posted.organization,
    };
    if let Err(error) = limit::attempt(&state, Kind::SignUp, &form.email, &visit).await {
        let values = [("email", &*form.email), ("name", &*form.name), ("organization", &*form.organization)];
        return Ok(slowed(&state, &visit, "/signup", &values, error).await);
    }
    let mut wrong = Wrong::default();
    if posted.repeat.is_some_and(|repeat| repeat != form.password) {
        wrong.check(&account::check(&form));
        wrong.add(Some(Invalid::new("repeat", "the passwords do not match")));
    }
    let signed_up = match wrong.end() {
        Ok(()) => account::sign_up(&state.service, &form).await,
        Err(invalid) => Err(invalid.into()),
    };
    match signed_up {
        Ok(signed_up) => Ok(Redirect::to(&format!("/signup/sent?id={}", signed_up.id)).into_response()),
        Err(error) => {
            let values = [("email", &*form.email), ("name", &*form.name), ("organization", &*form.organization)];
            let (form, status) = refused(&values, &loggable(error)?);
            Ok(page(&state, &visit, "/signup", form, status).await)
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct SentQuery {
    id: Option<String>,
}

pub(crate) async fn sent_page(
    State(state): State<AppState>,
    visit: Visit,
    Query(query): Query<SentQuery>,
) -> Result<Response, ApiError> {
    let Some(id) = query.id.and_then(|id| id.parse::<SignUpId>().ok()) else {
        return Ok(Redirect::to("/signup").into_response());
    };
    let email = match account::sign_up_email(&state.service, id).await {
        Err(service::Error::Missing) => return Ok(Redirect::to("/signup").into_response()),
        other => other?,
    };
    let sent = account::mail_sent(&state.service, id, MAIL_PATIENCE).await?;
    let form = Form {
        values: [("email".to_owned(), email.to_string())].into(),
        error: (!sent).then(|| (String::new(), "not sent".to_owned())),
        ..Form::default()
    };
    Ok(page(&state, &visit, "/signup/sent", form, StatusCode::OK).await)
}

pub(crate) async fn verify_email(
    State(state): State<AppState>,
    visit: Visit,
    Query(query): Query<TokenQuery>,
) -> Result<Response, ApiError> {
    let (form, status) = match account::verify_email(&state.service, &query.token).await {
        Ok(_) => (Form::default(), StatusCode::OK),
        Err(error) => refused(&[], &incomplete_link(loggable(error)?)),
    };
    Ok(page(&state, &visit, "/verify-email", form, status).await)
}

pub(crate) async fn resend_page(State(state): State<AppState>, visit: Visit) -> Response {
    page(&state, &visit, "/resend", Form::default(), StatusCode::OK).await
}

pub(crate) async fn resend(
    State(state): State<AppState>,
    visit: Visit,
    Posted(form): Posted<EmailForm>,
) -> Result<Response, ApiError> {
    if let Err(error) = limit::attempt(&state, Kind::Verify, &form.email, &visit).await {
        return Ok(slowed(&state, &visit, "/resend", &[("email", &form.email)], error).await);
    }
    let asked = account::resend_verification(&state.service, &form.email).await;
    let words = "If the address waits to be verified, a new link is on its way. Links sent before have ended.";
    answer_alike(&state, &visit, "/resend", &form.email, asked, words).await
}
