//! A request: what it sends, how often it is tried, and what its answer means. Nothing secret of it stands in an error.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::{Answer, Http, secrets::Secrets};
use crate::{Error, Result};

const ATTEMPTS: u32 = 4;
/// A pause longer than this is left to the job, which gives its place to others meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request in the making.
#[must_use]
pub struct Request<'a> {
    http: &'a Http,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
    attempts: u32,
    limit: Option<Duration>,
    largest: usize,
    secrets: Secrets,
    failed: Option<Error>,
}

impl<'a> Request<'a> {
    pub(super) fn new(http: &'a Http, method: Method, url: Url) -> Self {
        Self {
            http,
            method,
            url,
            headers: HeaderMap::new(),
            body: Vec::new(),
            attempts: ATTEMPTS,
            limit: None,
            largest: http.largest,
            secrets: Secrets::default(),
            failed: None,
        }
    }
}

impl Request<'_> {
    /// Adds a parameter to the address.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self.secrets.learn_named(name, value);
        self
    }

    /// Sends the parameters of a signed address as they are; none of their values appears in an error.
    pub fn signed(mut self, query: Option<&str>) -> Self {
        self.url.set_query(query);
        let values: Vec<_> = self.url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        for value in values {
            self.secrets.learn(&value);
        }
        self
    }

    /// Keeps `value`, which is sent, out of errors; what is named a secret, token or code is kept out anyway.
    pub fn hide(mut self, value: &SecretString) -> Self {
        self.secrets.learn(value.expose_secret());
        self
    }

    /// Adds a header that is not secret.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => drop(self.headers.insert(HeaderName::from_static(name), value)),
            Err(_) => {
                self.failed = Some(Error::Rejected(format!("the value of {name} has characters that cannot be sent")))
            }
        }
        self
    }

    /// Adds a header that never appears in a trace.
    pub fn secret(mut self, name: &'static str, value: &SecretString) -> Self {
        self.secrets.learn(value.expose_secret().trim_start_matches("Bearer "));
        match HeaderValue::from_str(value.expose_secret()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(HeaderName::from_static(name), value);
            }
            Err(_) => {
                self.failed =
                    Some(Error::Unauthorized("the stored credential has characters that cannot be sent".into()))
            }
        }
        self
    }

    /// Sends the token as RFC 6750 §2.1 says.
    pub fn bearer(self, token: &SecretString) -> Self {
        let value = SecretString::from(format!("Bearer {}", token.expose_secret()));
        self.secret("authorization", &value)
    }

    /// Sends `body` as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_value(body) {
            Ok(value) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    self.secrets.learn_named(name, value.as_str().unwrap_or_default());
                }
                self.body = value.to_string().into_bytes();
            }
            Err(error) => self.failed = Some(Error::Malformed(error.to_string())),
        }
        self.header("content-type", "application/json")
    }

    /// Sends `fields` as a form.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        for (name, value) in fields {
            self.secrets.learn_named(name, value);
        }
        self.body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Sends `body` as it is, as what `kind` says.
    pub fn body(mut self, kind: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.header("content-type", kind)
    }

    /// Never sends it twice: for what changes something at the provider, such as exchanging a code.
    pub fn once(mut self) -> Self {
        self.attempts = 1;
        self
    }

    /// Waits no longer than `limit` for the whole answer of each attempt.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Reads no more than so many bytes; a larger answer is too large.
    pub fn at_most(mut self, largest: usize) -> Self {
        self.largest = largest;
        self
    }

    /// Sends it and reads the answer as JSON.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        self.send_with(|answer| {
            serde_json::from_slice(&answer.body).map_err(|error| Error::Malformed(error.to_string()))
        })
        .await
    }

    /// Sends it and reads the answer with `read`.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub async fn send_with<T>(mut self, read: impl FnOnce(Answer) -> Result<T>) -> Result<T> {
        let answer = self.attempt().await?;
        read(answer).map_err(|error| self.secrets.strike_from(error))
    }

    /// Sends it; a fault that may pass is tried again after a growing pause.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub async fn answer(mut self) -> Result<Answer> {
        self.attempt().await
    }

    async fn attempt(&mut self) -> Result<Answer> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        for attempt in 1.. {
            self.http.rate.until_ready().await;
            let result = self.try_once().await;
            let pause = match &result {
                Err(Error::Unavailable(_)) => Duration::from_millis(250 << attempt.min(5)),
                Err(Error::RateLimited { after }) if *after <= PATIENCE => *after,
                _ => return result,
            };
            if attempt >= self.attempts {
                return result;
            }
            let jitter = rand::rng().random_range(0.0..0.5);
            tracing::debug!(host = self.url.host_str(), attempt, "a call is tried again");
            tokio::time::sleep(pause.mul_f64(1.0 + jitter)).await;
        }
        Err(Error::Unavailable("no attempt was made".into()))
    }

    async fn try_once(&self) -> Result<Answer> {
        let plain = |error: reqwest::Error| {
            let error = error.without_url();
            let kind = if error.is_timeout() {
                "no answer in time"
            } else if error.is_connect() {
                "no connection"
            } else {
                "the connection broke"
            };
            Error::Unavailable(kind.to_owned())
        };
        let mut request = self.http.client.request(self.method.clone(), self.url.clone());
        if let Some(limit) = self.limit {
            request = request.timeout(limit);
        }
        let mut response = request.headers(self.headers.clone()).body(self.body.clone()).send().await.map_err(plain)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(plain)? {
            if body.len() + part.len() > self.largest {
                let words = format!("it is larger than {}", size(self.largest));
                // What is asked once changes something, and may have: only what is said to it is lost.
                return Err(if self.attempts == 1 { Error::Malformed(words) } else { Error::TooLarge(words) });
            }
            body.extend_from_slice(&part);
        }
        let answer = Answer { status, headers, body };
        // A fault is told from a copy without what we sent: providers repeat a token that they refuse.
        let refusal = !status.is_success() || answer.body.len() <= Secrets::LONGEST_REFUSAL;
        let fault = match refusal.then(|| self.secrets.strike(&answer.body)).flatten() {
            Some(body) => (self.http.fault)(&Answer { status, headers: answer.headers.clone(), body }),
            None => (self.http.fault)(&answer),
        };
        match fault {
            // What stood there in another spelling is found in the words.
            Some(error) => Err(self.secrets.strike_from(error)),
            None if answer.status.is_success() => Ok(answer),
            None => Err(Error::Malformed(format!("status {}", answer.status.as_u16()))),
        }
    }
}

/// A number of bytes as people say it.
fn size(bytes: usize) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) }
}
