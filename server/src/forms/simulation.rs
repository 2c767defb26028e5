//! Looking into a simulated agency and leaving it again; starting it anew; moving its time on.

use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use model::actor::Origin;
use service::{session, simulation};
use time::Duration;

use crate::{
    api::error::ApiError,
    cookie::{self, Kind, ThisSession},
    simulation::fill,
    state::AppState,
    visit::Visit,
};

/// The first page of a simulated agency.
const FIRST: &str = "/clients";
/// The button's step.
const STEP: Duration = Duration::days(7);

/// `POST /simulation`: makes a simulated agency and goes there. Whoever is signed in comes back by leaving it.
pub(crate) async fn begin(
    State(state): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let secure = state.http.secure_cookies;
    let here = cookie::token(&headers, secure);
    let host = match &here {
        Some(token) => session::find(&state.service, token, visit.visitor.origin.clone()).await?,
        None => None,
    };
    // From within a simulated agency the way back is known already.
    let home = match (&host, cookie::read(&headers, Kind::Home, secure)) {
        (Some(host), home) if simulation::find(&state.service, host.actor.organization_id).await?.is_some() => home,
        (Some(_), _) => here,
        (None, _) => None,
    };
    let host = host.map(|host| host.actor);
    let token = furnished(&state, &visit, host.as_ref()).await?;
    let mut cookies = vec![(header::SET_COOKIE, cookie::set(Kind::Session, &token, secure))];
    cookies.extend(home.map(|home| (header::SET_COOKIE, cookie::set(Kind::Home, &home, secure))));
    Ok((AppendHeaders(cookies), Redirect::to(FIRST)).into_response())
}

/// A new simulated agency with everything in it: the token of its Owner's session.
async fn furnished(state: &AppState, visit: &Visit, host: Option<&model::actor::Actor>) -> Result<String, ApiError> {
    let Some(worlds) = &state.worlds else {
        let words = "this server has no simulated agencies: its operator has not set AUDIENCEOS_REHEARSAL";
        return Err(ApiError::new(StatusCode::NOT_FOUND, "missing", words));
    };
    let begun = simulation::found(&state.service, host, &visit.visitor).await?;
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

/// `POST /simulation/leave`: back to one's own agency, or to the page of signing up. Who came from nowhere has no way back in.
pub(crate) async fn leave(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    simulation::find(&state.service, live.actor.organization_id).await?.ok_or(service::Error::Missing)?;
    Ok(back(&state, &headers))
}

/// Back to where somebody came from.
fn back(state: &AppState, headers: &HeaderMap) -> Response {
    let secure = state.http.secure_cookies;
    let (session, target) = match cookie::read(headers, Kind::Home, secure) {
        Some(home) => (cookie::set(Kind::Session, &home, secure), "/"),
        None => (cookie::clear(Kind::Session, secure), "/signup"),
    };
    let cookies = [session, cookie::clear(Kind::Home, secure)].map(|cookie| (header::SET_COOKIE, cookie));
    (AppendHeaders(cookies), Redirect::to(target)).into_response()
}

/// `POST /simulation/end`: throws the simulated agency away.
pub(crate) async fn end(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    simulation::end(&state.service, &live.actor).await?;
    if let Some(worlds) = &state.worlds {
        worlds.forget(live.actor.organization_id);
    }
    Ok(back(&state, &headers))
}

/// `POST /simulation/again`: throws it away and begins a new one.
pub(crate) async fn again(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let token = furnished(&state, &visit, Some(&live.actor)).await?;
    simulation::end(&state.service, &live.actor).await?;
    if let Some(worlds) = &state.worlds {
        worlds.forget(live.actor.organization_id);
    }
    let cookie = (header::SET_COOKIE, cookie::set(Kind::Session, &token, state.http.secure_cookies));
    Ok((AppendHeaders([cookie]), Redirect::to(FIRST)).into_response())
}

/// `POST /simulation/forward`: a week passes.
pub(crate) async fn forward(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    simulation::forward(&state.service, &live.actor, STEP).await?;
    Ok(Redirect::to("/settings/integrations").into_response())
}
