//! Looking into a rehearsal agency, whose everything is simulated: beginning it, also anew; moving its time on; leaving it,
//! which throws it away.
//!
//! Who is signed in keeps the own session in a cookie beside (`Kind::Home`), comes back to it by leaving, and signs out of both
//! at once. Who came without one has no way back in.

use axum::{
    extract::{Request, State},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use model::actor::{Actor, Origin};
use service::{
    session::{self, Live},
    simulation,
};
use time::Duration;

use crate::{
    api::error::ApiError,
    cookie::{self, Kind, ThisSession},
    forms::live::page_before,
    simulation::fill,
    state::AppState,
    visit::Visit,
};

/// The first page of a rehearsal agency.
const FIRST: &str = "/dashboard";
/// What a new one is called.
const NAME: &str = "Rehearsal agency";
/// The button's step.
const STEP: Duration = Duration::days(7);

/// `POST /simulation`: makes a rehearsal agency and goes there; one that this browser looked into before is thrown away.
pub(crate) async fn begin(
    State(state): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let secure = state.http.secure_cookies;
    let (mut before, mut home) = (None, None);
    for kind in [Kind::Session, Kind::Home] {
        let Some(token) = cookie::read(&headers, kind, secure) else { continue };
        let Some(live) = session::find(&state.service, &token, visit.visitor.origin.clone()).await? else { continue };
        match simulation::find(&state.service, live.actor.organization_id).await? {
            Some(_) => before = Some(live.actor),
            None => home = home.or(Some((token, live.actor))),
        }
    }
    // A browser that goes away leaves nothing half done: the work goes on without it.
    let work = {
        let (state, visitor, host) =
            (state.clone(), visit.visitor.clone(), home.as_ref().map(|(_, host)| host.clone()));
        tokio::spawn(async move { furnished(&state, &visitor, host.as_ref(), before.as_ref()).await })
    };
    let token = work.await.map_err(|error| service::Error::Internal(error.into()))??;
    let way_home = match &home {
        Some((token, _)) => cookie::set(Kind::Home, token, secure),
        None => cookie::clear(Kind::Home, secure),
    };
    let cookies = [cookie::set(Kind::Session, &token, secure), way_home].map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookies), Redirect::to(FIRST)).into_response())
}

/// A new rehearsal agency with everything in it, in place of the one `before`: the token of its Owner's session.
async fn furnished(
    state: &AppState,
    visitor: &session::Visitor,
    host: Option<&Actor>,
    before: Option<&Actor>,
) -> Result<String, ApiError> {
    let Some(worlds) = &state.worlds else {
        let words = "this server has no rehearsal agencies: its operator has not set AUDIENCEOS_REHEARSAL";
        return Err(ApiError::new(StatusCode::NOT_FOUND, "missing", words));
    };
    if let Some(before) = before {
        worlds.forget(before.organization_id);
        simulation::end(&state.service, before).await?;
    }
    let begun = simulation::found(&state.service, NAME, host, visitor).await?;
    let gone = || service::Error::Missing;
    let live = session::find(&state.service, &begun.token, Origin::default()).await?.ok_or_else(gone)?;
    let id = live.actor.organization_id;
    let filled = async {
        let world = worlds.find(id).await.map_err(|error| service::Error::Internal(error.into()))?.ok_or_else(gone)?;
        fill(state, &world, &live).await
    };
    match filled.await {
        Ok(()) => Ok(begun.token),
        Err(error) => {
            worlds.forget(id);
            simulation::end(&state.service, &live.actor).await?;
            Err(error)
        }
    }
}

/// `POST /simulation/leave`: throws the rehearsal agency away and leads back to where somebody came from.
pub(crate) async fn leave(
    ThisSession(Live { actor, .. }): ThisSession,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    simulation::end(&state.service, &actor).await?;
    if let Some(worlds) = &state.worlds {
        worlds.forget(actor.organization_id);
    }
    let secure = state.http.secure_cookies;
    let (session, target) = match cookie::read(&headers, Kind::Home, secure) {
        Some(home) => (cookie::set(Kind::Session, &home, secure), "/"),
        None => (cookie::clear(Kind::Session, secure), "/signup"),
    };
    let cookies = [session, cookie::clear(Kind::Home, secure)].map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookies), Redirect::to(target)).into_response())
}

/// `POST /simulation/forward`: a week passes, and somebody stays on the page they looked at.
pub(crate) async fn forward(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, ApiError> {
    simulation::forward(&state.service, &live.actor, STEP).await?;
    Ok(Redirect::to(&page_before(&request).unwrap_or_else(|| FIRST.to_owned())).into_response())
}
