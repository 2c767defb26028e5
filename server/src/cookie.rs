//! The session cookie, and who a request acts for.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use model::{
    access::{Refusal, TOKEN_SCOPE},
    access_token::Scope,
    actor::{Actor, Origin},
};
use service::session::Live;

use crate::{api::error::ApiError, state::AppState};

/// Where access tokens count; everywhere else they are not read.
pub(crate) const TOKENS_UNDER: &str = "/api/v1/";

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The session. The database decides when it ends.
    Session,
    /// A sign-in that waits for its code.
    Step,
    /// A way to Google.
    Google,
    /// The session of one's own agency, while one looks into a simulated one.
    Home,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Session => "audienceos_session",
            Self::Step => "audienceos_step",
            Self::Google => "audienceos_google",
            Self::Home => "audienceos_home",
        }
    }

    const fn max_age(self) -> i64 {
        match self {
            Self::Session => 400 * 24 * 3600,
            // Nobody uses that session meanwhile, so it ends when it would.
            Self::Home => service::session::LIFETIME.whole_seconds(),
            Self::Step => service::session::SECOND_STEP_WAITS.whole_seconds(),
            Self::Google => service::google::WAY_LIFETIME.whole_seconds(),
        }
    }
}

/// Reads the session's token from the request.
pub(crate) fn token(headers: &HeaderMap, secure: bool) -> Option<String> {
    read(headers, Kind::Session, secure)
}

/// Reads what a cookie holds.
pub(crate) fn read(headers: &HeaderMap, kind: Kind, secure: bool) -> Option<String> {
    let name = name(kind, secure);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, token)| token.to_owned())
}

/// The header that gives the browser a cookie.
pub(crate) fn set(kind: Kind, token: &str, secure: bool) -> HeaderValue {
    let (name, age) = (name(kind, secure), kind.max_age());
    header_value(&format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}"), secure)
}

/// The header that takes a cookie from the browser.
pub(crate) fn clear(kind: Kind, secure: bool) -> HeaderValue {
    header_value(&format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", name(kind, secure)), secure)
}

/// What a cookie is called.
pub(crate) fn name(kind: Kind, secure: bool) -> String {
    if secure { format!("__Host-{}", kind.name()) } else { kind.name().to_owned() }
}

fn header_value(text: &str, secure: bool) -> HeaderValue {
    let text = if secure { format!("{text}; Secure") } else { text.to_owned() };
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Reads a personal access token from the request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    token.starts_with(service::access_token::PREFIX).then_some(token)
}

/// Finds out who acts and leaves the [`Actor`] with the request: by access token on the API, else by session. Runs for
/// every route.
pub(crate) async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(secret) = bearer(request.headers()).filter(|_| request.uri().path().starts_with(TOKENS_UNDER)) {
        let origin = Origin { method: request.method().to_string(), path: request.uri().path().to_owned() };
        match service::access_token::find(&state.service, secret, origin).await {
            Ok(Some((actor, Scope::Read))) if !request.method().is_safe() => {
                return match service::access_token::refuse_writing(&state.service, &actor).await {
                    Err(error) => ApiError::from(error).into_response(),
                    Ok(()) => StatusCode::FORBIDDEN.into_response(),
                };
            }
            Ok(Some((actor, _))) => {
                request.extensions_mut().insert(actor);
            }
            Ok(None) => {}
            Err(error) => return ApiError::from(error).into_response(),
        }
    } else {
        // A rehearsal agency may have ended meanwhile: then the own session counts again.
        for kind in [Kind::Session, Kind::Home] {
            let Some(token) = read(request.headers(), kind, state.http.secure_cookies) else { continue };
            let origin = Origin { method: request.method().to_string(), path: request.uri().path().to_owned() };
            match service::session::find(&state.service, &token, origin).await {
                Ok(Some(live)) => {
                    request.extensions_mut().insert(live.actor.clone());
                    request.extensions_mut().insert(live);
                    break;
                }
                Ok(None) => {}
                Err(error) => return ApiError::from(error).into_response(),
            }
        }
    }
    next.run(request).await
}

/// The signed-in member; as a handler's first argument it refuses before the body is read.
pub(crate) struct SignedIn(pub Actor);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Actor>().cloned().map(Self).ok_or_else(|| service::Error::SignedOut.into())
    }
}

/// The session itself, for routes that treat it apart from the member's others.
pub(crate) struct ThisSession(pub Live);

impl<S: Send + Sync> FromRequestParts<S> for ThisSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Live>().cloned().map(Self).ok_or_else(|| {
            // Who came with an access token is known, and signing in again would not help.
            match parts.extensions.get::<Actor>() {
                Some(_) => service::Error::Refused(Refusal {
                    rule: TOKEN_SCOPE.to_owned(),
                    message: "this needs a session, which an access token is not: sign in in a browser and do it there"
                        .to_owned(),
                }),
                None => service::Error::SignedOut,
            }
            .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_marked_by_kind_of_connection() {
        assert_eq!(
            set(Kind::Session, "t", false),
            "audienceos_session=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=34560000"
        );
        assert_eq!(
            set(Kind::Home, "t", false),
            "audienceos_home=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600",
            "14 days: as long as the session in it lasts without use"
        );
        let secure = set(Kind::Session, "t", true);
        let secure = secure.to_str().unwrap();
        assert!(secure.starts_with("__Host-audienceos_session=t;") && secure.ends_with("; Secure"));
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; audienceos_session=x"));
        assert_eq!(token(&headers, false).as_deref(), Some("x"));
        assert_eq!(token(&headers, true), None);
    }
}
