//! How often somebody may ask: a bucket for each route and member, or address when nobody is signed in. These are each
//! process's own; what is tried on an account is counted in the database (`service::attempt`).
//!
//! Behind a proxy on this machine or network the address is the one the proxy names; from elsewhere such headers are
//! the sender's own words and do not count.

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use model::actor::Actor;
use service::attempt::{self, Kind};

use crate::{api::error::ApiError, forms, state::AppState, visit::Visit};

/// What a signed-in page does that proves who the person is, with a password or a code.
pub(crate) const PROVING: [&str; 5] = [
    "/app/change_password",
    "/app/enrol_two_factor",
    "/app/confirm_two_factor",
    "/app/renew_recovery_codes",
    "/app/disable_two_factor",
];

/// Routes under the API's signing in that are about one's own account: they count for the member.
const OWN: [&str; 4] =
    ["/api/v1/auth/password", "/api/v1/auth/two-factor", "/api/v1/auth/sessions", "/api/v1/auth/logout"];

type Buckets = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The buckets of this process.
#[derive(Debug)]
pub struct Limits {
    sign_in: Buckets,
    api: Buckets,
    /// So many attempts a minute on one account from one network; the database counts them for all processes.
    account: u32,
}

impl Limits {
    /// So many requests a minute on one route of signing in, and on any other.
    pub fn new(sign_in: u32, api: u32) -> Self {
        let buckets = |number: u32| {
            let quota = Quota::per_minute(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
            RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>()
        };
        Self { sign_in: buckets(sign_in), api: buckets(api), account: sign_in }
    }

    /// Whether a page is still drawn for a member or address because its form was refused: no route's bucket counts that.
    pub(crate) fn redraws(&self, who: impl Display) -> bool {
        self.take(&self.api, format!("refused {who}")).1.is_none()
    }

    /// What is left, as headers, and the refusal when that is nothing.
    fn take(&self, buckets: &Buckets, key: String) -> (HeaderMap, Option<ApiError>) {
        if buckets.len() > 50_000 && buckets.len().is_multiple_of(1024) {
            buckets.retain_recent();
        }
        match buckets.check_key(&key) {
            Ok(snapshot) => {
                let quota = snapshot.quota();
                let left = snapshot.remaining_burst_capacity();
                let reset = quota.replenish_interval() * (quota.burst_size().get() - left);
                (headers(quota, left, reset), None)
            }
            Err(wait) => {
                let quota = wait.quota();
                let wait = wait.wait_time_from(DefaultClock::default().now()) + Duration::from_millis(999);
                let words = "too many requests. Wait a little and try again; nothing was changed";
                (headers(quota, 0, wait), Some(ApiError::too_many(words, wait.as_secs())))
            }
        }
    }
}

/// `RateLimit-*` as in the IETF's draft-ietf-httpapi-ratelimit-headers-03; `reset` in seconds.
fn headers(quota: Quota, left: u32, reset: Duration) -> HeaderMap {
    HeaderMap::from_iter([
        (HeaderName::from_static("ratelimit-limit"), HeaderValue::from(quota.burst_size().get())),
        (HeaderName::from_static("ratelimit-remaining"), left.into()),
        (HeaderName::from_static("ratelimit-reset"), HeaderValue::from(reset.as_secs())),
    ])
}

/// Counts an attempt on the account of `email` by whoever visits, over all processes.
pub(crate) async fn attempt(state: &AppState, kind: Kind, email: &str, visit: &Visit) -> Result<(), ApiError> {
    Ok(attempt::count(&state.service, kind, email, &visit.network, state.limits.account).await?)
}

/// Who asks, as far as addresses tell it.
pub(crate) fn who(headers: &HeaderMap, extensions: &Extensions) -> String {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    address(headers, peer).map_or_else(|| "unknown".to_owned(), network)
}

pub(crate) async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let changes = !request.method().is_safe();
    let proves = PROVING.contains(&request.uri().path());
    let signs_in = changes
        && (route.starts_with("/api/v1/auth/")
            || route.starts_with("/api/v1/invite/")
            || proves
            || matches!(
                route.as_str(),
                "/login"
                    | "/login/code"
                    | "/signup"
                    | "/simulation"
                    | "/simulation/forward"
                    | "/forgot"
                    | "/reset"
                    | "/resend"
                    | "/invite/{token}"
            ));
    let buckets = if signs_in { &state.limits.sign_in } else { &state.limits.api };
    let who = match request.extensions().get::<Actor>() {
        // Whoever is signed in can still try other people's passwords: that counts for the address.
        Some(actor) if !signs_in || proves || OWN.iter().any(|own| route.starts_with(own)) => {
            actor.member_id.to_string()
        }
        _ => who(request.headers(), request.extensions()),
    };
    match state.limits.take(buckets, format!("{} {route} {who}", request.method())) {
        (headers, None) => {
            let mut response = next.run(request).await;
            if route.starts_with("/api/") {
                response.headers_mut().extend(headers);
            }
            response
        }
        (headers, Some(error)) => {
            let mut refused = forms::too_often(&state, request, error, &who).await;
            refused.headers_mut().extend(headers);
            refused
        }
    }
}

/// Who counts as one: an address of IPv4, the /64 of one of IPv6, since a line gets that many and changes among them.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{}/64", std::net::Ipv6Addr::from(u128::from(address) >> 64 << 64)),
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
    fn a_line_of_ipv6_is_one_asker() {
        let one = |text: &str| network(text.parse().unwrap());
        assert_eq!(one("2001:db8:1:2::3"), "2001:db8:1:2::/64");
        assert_eq!(one("2001:db8:1:2:ffff::9"), one("2001:db8:1:2::3"));
        assert_ne!(one("2001:db8:1:3::3"), one("2001:db8:1:2::3"));
        assert_eq!(one("::ffff:192.0.2.7"), "192.0.2.7");
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
