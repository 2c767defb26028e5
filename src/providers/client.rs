//! The HTTP client that all providers share: timeouts, a size cap, a rate for each connection, retries with jitter that
//! honour Retry-After, and errors that carry no address, header or token.
//!
//! A request goes to the provider's own host only: an [`Http`] is bound to one base address, and paths cannot leave it; a
//! provider that keeps files elsewhere binds another to that fixed host.
//! Redirects are not followed.

mod request;
mod secrets;

use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultDirectRateLimiter, Quota};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
pub use request::Request;
pub use secrets::strike;
use url::Url;

use crate::{Error, Result, page_of};

/// The largest answer that is read, unless the operator says otherwise.
pub const LARGEST_ANSWER: usize = 64 << 20;

/// How often a connection may call its provider.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// On average.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// Tells a provider's refusal from its answer; [`standard`] for those that speak plain HTTP.
pub type Fault = fn(&Answer) -> Option<Error>;

/// What came back. Its body may hold a new token, so `Debug` tells its length only.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body, no longer than what is read.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("length", &self.body.len()).finish()
    }
}

impl Answer {
    /// How long the provider asks to wait: seconds or a date (RFC 9110 §10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = |name: &HeaderValue| httpdate::parse_http_date(name.to_str().ok()?).ok();
        let until = httpdate::parse_http_date(text).ok()?;
        until.duration_since(date(self.headers.get(header::DATE)?)?).ok()
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The beginning of the body, for messages.
    pub fn excerpt(&self) -> String {
        String::from_utf8_lossy(&self.body[..self.body.len().min(300)]).into_owned()
    }
}

/// What a plain HTTP API means by its status.
pub fn standard(answer: &Answer) -> Option<Error> {
    let words = || answer.excerpt();
    match answer.status.as_u16() {
        200..=299 => None,
        401 => Some(Error::Unauthorized(words())),
        429 => Some(Error::limited(answer.retry_after())),
        408 | 500..=599 => Some(Error::Unavailable(format!("status {}", answer.status.as_u16()))),
        _ => Some(Error::Rejected(words())),
    }
}

/// The one pool of connections.
#[derive(Clone, Debug)]
pub struct Client {
    pool: reqwest::Client,
    largest: usize,
}

impl Client {
    /// Makes the pool.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new() -> Result<Self> {
        reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(90))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("AudienceOS/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(|pool| Self { pool, largest: LARGEST_ANSWER })
            .map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// Reads answers of so many bytes and no larger ones.
    #[must_use]
    pub fn reading(self, largest: usize) -> Self {
        Self { largest, ..self }
    }

    /// Binds the client to one host for one connection.
    pub fn bind(&self, base: Url, limit: Limit, fault: Fault) -> Http {
        let number = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(number(limit.per_second)).allow_burst(number(limit.burst));
        let (client, rate) = (self.pool.clone(), Arc::new(DefaultDirectRateLimiter::direct(quota)));
        Http { client, largest: self.largest, base, fault, rate }
    }
}

/// The client of one connection, bound to its provider's host; cheap to clone, the rate is shared.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    largest: usize,
    base: Url,
    fault: Fault,
    rate: Arc<DefaultDirectRateLimiter>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("host", &self.host()).finish_non_exhaustive()
    }
}

impl Http {
    /// The host that it is bound to.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// The address that it is bound to.
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// The same connection's client for another host of its provider, at the same rate. No credential goes along.
    pub fn beside(&self, base: Url, fault: Fault) -> Self {
        Self { base, fault, ..self.clone() }
    }

    /// A GET of `path` under the base address.
    pub fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, path)
    }

    /// A POST to `path` under the base address.
    pub fn post(&self, path: &str) -> Request<'_> {
        self.request(Method::POST, path)
    }

    /// A DELETE of `path` under the base address.
    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request(Method::DELETE, path)
    }

    fn request(&self, method: Method, path: &str) -> Request<'_> {
        // Set, not joined: a path from an answer can never become another host.
        Request::new(self, method, page_of(&self.base, path))
    }
}
