//! Who asks, as far as a page without a session needs to know it: for the audit log, the cookies of a sign-in under way,
//! and how the page is to look.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, MatchedPath};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use model::actor::{Actor, Origin};
use service::session::Visitor;

use crate::{
    cookie::{self, Kind},
    limit,
    state::AppState,
};

/// A visit of a page or a route that needs no session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visit {
    /// For the audit log and the list of sessions.
    pub visitor: Visitor,
    /// From which network, for counting attempts.
    pub network: String,
    /// Whether somebody is signed in already.
    pub signed_in: bool,
    /// The sign-in that waits for its code.
    pub step: Option<String>,
    /// The way to Google that this browser has begun.
    pub google: Option<String>,
    /// The cookie with the choice of light or dark.
    pub theme: Option<HeaderValue>,
}

impl Visit {
    /// Reads what there is to know from a request.
    pub(crate) fn of(parts: &Parts, state: &AppState) -> Self {
        let secure = state.http.secure_cookies;
        // The route, not the path: some paths hold a link's token.
        let path = parts.extensions.get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
        let origin = Origin { method: parts.method.to_string(), path };
        Self {
            visitor: Visitor { user_agent: user_agent(&parts.headers), origin },
            network: limit::who(&parts.headers, &parts.extensions),
            signed_in: parts.extensions.get::<Actor>().is_some(),
            step: cookie::read(&parts.headers, Kind::Step, secure),
            google: cookie::read(&parts.headers, Kind::Google, secure),
            theme: theme(&parts.headers),
        }
    }
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(parts, state))
    }
}

/// What the browser calls itself.
fn user_agent(headers: &HeaderMap) -> String {
    headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

fn theme(headers: &HeaderMap) -> Option<HeaderValue> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|pair| match pair.trim() {
        "theme=light" => Some(HeaderValue::from_static("theme=light")),
        "theme=dark" => Some(HeaderValue::from_static("theme=dark")),
        _ => None,
    })
}
