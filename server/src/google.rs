//! Google as a place to sign in (OpenID Connect): where to send a browser, and what its code is worth.
//!
//! Only Google's own host is called: the addresses come from its discovery document, kept for an hour with its keys.
//! Oddities: `iss` in tokens may lack `https://`, and `email_verified` may be a word. An unverified address is
//! worth nothing, because a Google account can be made with anybody's.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use reqwest::{Client, Url, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use service::google::Way;
use tokio::sync::Mutex;

use crate::config::Config;

/// Where Google is, outside of tests.
pub const HOST: &str = "https://accounts.google.com";
/// Google's path back to us; it must be registered there.
pub const CALLBACK: &str = "/auth/google/callback";

const KEPT: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 256 * 1024;

/// Why a sign-in with Google did not work. The words are for the log.
#[derive(Debug)]
pub enum Failure {
    /// Google refused the code, or its token does not hold.
    Exchange(String),
    /// Google could not be reached or answered nonsense.
    Unreachable(String),
}

impl Failure {
    /// What the log is told.
    pub fn words(&self) -> &str {
        match self {
            Self::Exchange(words) | Self::Unreachable(words) => words,
        }
    }

    /// What `/login?error=` is told.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exchange(_) => "auth_callback_error",
            Self::Unreachable(_) => "unexpected_error",
        }
    }
}

/// Signing in with Google, when it is configured.
#[derive(Debug)]
pub struct Google {
    client_id: String,
    client_secret: SecretString,
    host: String,
    callback: String,
    http: Client,
    known: Mutex<Option<(Instant, Arc<Known>)>>,
}

/// What Google says about itself.
#[derive(Debug)]
struct Known {
    place: Place,
    keys: JwkSet,
}

#[derive(Debug, Deserialize)]
struct Place {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Claims {
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Verified>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Verified {
    Flag(bool),
    Word(String),
}

impl Google {
    /// Google as configured; `None` without a client id and secret.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(config: &Config) -> anyhow::Result<Option<Self>> {
        let (Some(client_id), Some(client_secret)) = (&config.google_client_id, &config.google_client_secret) else {
            return Ok(None);
        };
        let host = config.google_base_url.as_deref().unwrap_or(HOST).trim_end_matches('/').to_owned();
        Ok(Some(Self {
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            host,
            callback: format!("{}{CALLBACK}", config.public_url()),
            http: Client::builder().timeout(PATIENCE).redirect(Policy::none()).build()?,
            known: Mutex::default(),
        }))
    }

    /// Where to send the browser.
    ///
    /// # Errors
    /// Google could not be reached.
    pub async fn authorize_url(&self, way: &Way) -> Result<String, Failure> {
        let known = self.known(false).await?;
        let mut url = Url::parse(&known.place.authorization_endpoint).map_err(unreachable)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.callback)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &way.state)
            .append_pair("nonce", &way.nonce)
            .append_pair("code_challenge", &way.challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("prompt", "select_account");
        Ok(url.into())
    }

    /// The address that Google vouches for, in return for the code that came back on `way`.
    ///
    /// # Errors
    /// Google refuses the code, its token does not hold, or the address is not verified.
    pub async fn verified_email(&self, code: &str, way: &Way) -> Result<String, Failure> {
        let known = self.known(false).await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose_secret()),
            ("redirect_uri", &self.callback),
            ("code_verifier", &way.verifier),
        ];
        let answer = self.http.post(&known.place.token_endpoint).form(&form).send().await.map_err(unreachable)?;
        if !answer.status().is_success() {
            return Err(Failure::Exchange(format!("Google answered {} to the code", answer.status())));
        }
        let tokens: Tokens = read(answer).await?;
        let claims = self.check(&tokens.id_token).await?;
        if claims.nonce.as_deref() != Some(&way.nonce) {
            return Err(Failure::Exchange("the token's nonce is another".into()));
        }
        let verified = match claims.email_verified {
            Some(Verified::Flag(flag)) => flag,
            Some(Verified::Word(word)) => word == "true",
            None => false,
        };
        claims.email.filter(|_| verified).ok_or_else(|| Failure::Exchange("the address is not verified".into()))
    }

    /// Checks the signature, issuer, audience and time of a token.
    async fn check(&self, token: &str) -> Result<Claims, Failure> {
        let key_id = decode_header(token).map_err(exchange)?.kid.unwrap_or_default();
        let mut known = self.known(false).await?;
        if known.keys.find(&key_id).is_none() {
            // Google changes its keys every few weeks.
            known = self.known(true).await?;
        }
        let key = known.keys.find(&key_id).ok_or_else(|| Failure::Exchange("the token's key is unknown".into()))?;
        let key = DecodingKey::from_jwk(key).map_err(exchange)?;
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_audience(&[&self.client_id]);
        let issuer = known.place.issuer.as_str();
        rules.set_issuer(&[issuer, issuer.trim_start_matches("https://")]);
        rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        Ok(decode::<Claims>(token, &key, &rules).map_err(exchange)?.claims)
    }

    /// What Google says about itself: as asked within the last hour, or `anew`.
    async fn known(&self, anew: bool) -> Result<Arc<Known>, Failure> {
        let mut kept = self.known.lock().await;
        if let Some((_, known)) = kept.as_ref().filter(|(since, _)| !anew && since.elapsed() < KEPT) {
            return Ok(known.clone());
        }
        let place: Place = self.get(&format!("{}/.well-known/openid-configuration", self.host)).await?;
        if place.issuer != self.host {
            return Err(Failure::Unreachable(format!("{} calls itself {}", self.host, place.issuer)));
        }
        let keys = self.get(&place.jwks_uri).await?;
        let known = Arc::new(Known { place, keys });
        *kept = Some((Instant::now(), known.clone()));
        Ok(known)
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, Failure> {
        let answer = self.http.get(url).send().await.and_then(reqwest::Response::error_for_status);
        read(answer.map_err(unreachable)?).await
    }
}

async fn read<T: DeserializeOwned>(mut answer: reqwest::Response) -> Result<T, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(Failure::Unreachable("Google's answer is too large".into()));
        }
    }
    serde_json::from_slice(&body).map_err(unreachable)
}

fn unreachable(error: impl std::error::Error) -> Failure {
    Failure::Unreachable(error.to_string())
}

fn exchange(error: jsonwebtoken::errors::Error) -> Failure {
    Failure::Exchange(error.to_string())
}
