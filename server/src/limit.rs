//! How often somebody may ask: a bucket for each route and member, or address when nobody is signed in.
//!
//! Behind a proxy on this machine or network the address is the one the proxy names; from elsewhere such headers are
//! the sender's own words and do not count.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use model::{actor::Actor, email::EmailAddress};

use crate::{api::error::ApiError, state::AppState};

/// What a signed-in page does that proves who the person is, with a password or a code.
const PROVING: [&str; 5] = [
    "/app/change_password",
    "/app/enrol_two_factor",
    "/app/confirm_two_factor",
    "/app/renew_recovery_codes",
    "/app/disable_two_factor",
];

type Buckets = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The buckets of this process.
#[derive(Debug)]
pub struct Limits {
    sign_in: Buckets,
    api: Buckets,
}

impl Limits {
    /// So many requests a minute on one route of signing in, and on any other.
    pub fn new(sign_in: u32, api: u32) -> Self {
        let buckets = |number: u32| {
            let quota = Quota::per_minute(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
            RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>()
        };
        Self { sign_in: buckets(sign_in), api: buckets(api) }
    }

    /// Counts an attempt of one `kind` (signing in, resetting…) on the account of `email`, whatever address it comes
    /// from. What is no address has no account.
    pub(crate) fn attempt(&self, kind: &str, email: &str) -> Result<(), ApiError> {
        match EmailAddress::parse("email", email) {
            Ok(email) => self.take(&self.sign_in, format!("account {kind} {email}")).map(|_| ()),
            Err(_) => Ok(()),
        }
    }

    fn take(&self, buckets: &Buckets, key: String) -> Result<HeaderMap, ApiError> {
        if buckets.len() > 50_000 && buckets.len().is_multiple_of(1024) {
            buckets.retain_recent();
        }
        match buckets.check_key(&key) {
            Ok(snapshot) => {
                let quota = snapshot.quota();
                let reset =
                    quota.replenish_interval() * (quota.burst_size().get() - snapshot.remaining_burst_capacity());
                Ok(HeaderMap::from_iter([
                    (HeaderName::from_static("ratelimit-limit"), HeaderValue::from(quota.burst_size().get())),
                    (HeaderName::from_static("ratelimit-remaining"), snapshot.remaining_burst_capacity().into()),
                    (HeaderName::from_static("ratelimit-reset"), HeaderValue::from(reset.as_secs())),
                ]))
            }
            Err(wait) => {
                let wait = wait.wait_time_from(DefaultClock::default().now()) + Duration::from_millis(999);
                Err(ApiError::too_many(
                    "too many requests. Wait a little and try again; nothing was changed",
                    wait.as_secs(),
                ))
            }
        }
    }
}

pub(crate) async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let changes = !request.method().is_safe();
    let signs_in = changes
        && (route.starts_with("/api/v1/auth/")
            || route.starts_with("/api/v1/invite/")
            || PROVING.contains(&request.uri().path())
            || matches!(
                route.as_str(),
                "/login" | "/login/code" | "/signup" | "/forgot" | "/reset" | "/resend" | "/invite/{token}"
            ));
    let buckets = if signs_in { &state.limits.sign_in } else { &state.limits.api };
    let who = match request.extensions().get::<Actor>() {
        Some(actor) => actor.member_id.to_string(),
        None => {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
            address(request.headers(), peer).map_or_else(|| "unknown".to_owned(), |address| address.to_string())
        }
    };
    match state.limits.take(buckets, format!("{} {route} {who}", request.method())) {
        Ok(headers) => {
            let mut response = next.run(request).await;
            if route.starts_with("/api/") {
                response.headers_mut().extend(headers);
            }
            response
        }
        Err(error) => error.into_response(),
    }
}

/// The address that asks: as named by a proxy near by (`CF-Connecting-IP`, `X-Real-IP`, the last valid of
/// `X-Forwarded-For`), else the peer's own.
fn address(headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
    let near = peer.is_none_or(|peer| match peer.to_canonical() {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    });
    if !near {
        return peer;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let single = |name: &str| text(name).and_then(|text| text.trim().parse().ok());
    let forwarded = || text("x-forwarded-for")?.rsplit(',').find_map(|part| part.trim().parse().ok());
    single("cf-connecting-ip").or_else(|| single("x-real-ip")).or_else(forwarded).or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &'static str)], peer: &str) -> String {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        address(&headers, Some(peer.parse().unwrap())).unwrap().to_string()
    }

    #[test]
    fn a_near_proxy_names_the_address() {
        assert_eq!(asked(&[("x-forwarded-for", "1.1.1.1, 9.9.9.9")], "127.0.0.1"), "9.9.9.9");
        assert_eq!(asked(&[("x-forwarded-for", "1.1.1.1, nonsense")], "10.0.0.2"), "1.1.1.1");
        assert_eq!(asked(&[("x-forwarded-for", "1.1.1.1"), ("x-real-ip", "2.2.2.2")], "127.0.0.1"), "2.2.2.2");
        let all = [("x-forwarded-for", "1.1.1.1"), ("x-real-ip", "2.2.2.2"), ("cf-connecting-ip", "3.3.3.3")];
        assert_eq!(asked(&all, "::1"), "3.3.3.3");
        assert_eq!(asked(&[("x-real-ip", "999.1.1.1")], "127.0.0.1"), "127.0.0.1");
        assert_eq!(
            asked(&[("x-forwarded-for", "1.1.1.1")], "8.8.8.8"),
            "8.8.8.8",
            "strangers cannot choose their address"
        );
    }
}
