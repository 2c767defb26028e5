//! What Google's services have in common: hosts, consent and tokens (RFC 6749 with RFC 7636).
//!
//! - `prompt=consent` and `access_type=offline` are both needed, else a second consent brings no refresh token.
//! - Consent, tokens and calls are at three hosts; a replaced address replaces all three.
//! - Google rotates no refresh token: the one of the consent lasts.
//! - A refused token is told by a word instead of an object.

use std::{collections::BTreeMap, time::Duration};

use model::provider::Scope;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::{
    Answer, Call, Consent, Error, Exchange, Hosts, Http, REVOCATION, Request, Result, Settings, Tokens, address,
    page_of, standard,
};

/// An OAuth client of the operator's at Google.
pub(crate) struct App {
    /// The setting with its id.
    pub id: &'static str,
    /// The setting with its secret.
    pub secret: &'static str,
    /// What is asked for.
    pub scopes: &'static [Scope],
}

#[derive(Deserialize)]
struct Token {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    expires_in: Option<u64>,
    #[serde(default)]
    scope: String,
}

/// The hosts of a service whose calls go to `api`.
pub(crate) fn hosts(api: &str, replaced: Option<&Url>) -> Result<Hosts> {
    if let Some(url) = replaced {
        return Ok(Hosts { api: url.clone(), consent: url.clone(), tokens: url.clone() });
    }
    Ok(Hosts {
        api: address(api)?,
        consent: address("https://accounts.google.com")?,
        tokens: address("https://oauth2.googleapis.com")?,
    })
}

impl App {
    pub fn consent(&self, settings: &Settings, asked: &Consent<'_>) -> Result<Url> {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.name).collect();
        let mut url = page_of(asked.base, "o/oauth2/v2/auth");
        url.query_pairs_mut()
            .append_pair("client_id", settings.get(self.id)?.expose_secret())
            .append_pair("redirect_uri", asked.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", &scopes.join(" "))
            .append_pair("access_type", "offline")
            .append_pair("prompt", "consent")
            .append_pair("state", asked.state)
            .append_pair("code_challenge", asked.code_challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    pub async fn exchange(&self, http: &Http, settings: &Settings, asked: &Exchange<'_>) -> Result<Tokens> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", asked.code),
            ("redirect_uri", asked.redirect_uri),
            ("code_verifier", asked.code_verifier),
        ];
        // A used or foreign code is `invalid_grant` too, but no connection is there yet that could wait for "Reconnect".
        match self.tokens(http.post("token").once(), settings, &fields).await {
            Err(Error::Unauthorized(words)) => Err(Error::Rejected(words)),
            result => result,
        }
    }

    pub async fn refresh(&self, http: &Http, settings: &Settings, refresh_token: &SecretString) -> Result<Tokens> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        self.tokens(http.post("token"), settings, &fields).await
    }

    async fn tokens(&self, request: Request<'_>, settings: &Settings, fields: &[(&str, &str)]) -> Result<Tokens> {
        let (id, secret) = (settings.get(self.id)?, settings.get(self.secret)?);
        let mut form = vec![("client_id", id.expose_secret()), ("client_secret", secret.expose_secret())];
        form.extend_from_slice(fields);
        let given: Token = request.hide(id).form(&form).send().await?;
        Ok(Tokens {
            access_token: given.access_token,
            refresh_token: given.refresh_token,
            expires_in: given.expires_in.map(Duration::from_secs),
            scopes: given.scope.split_whitespace().map(str::to_owned).collect(),
            fields: BTreeMap::new(),
        })
    }
}

/// Takes a permission back; either token takes back both.
pub(crate) async fn revoke(call: &Call<'_>, refresh_token: Option<&SecretString>) -> Result<()> {
    let token = refresh_token.unwrap_or(&call.credential.access_token).expose_secret();
    call.http.post("revoke").once().within(REVOCATION).form(&[("token", token)]).answer().await.map(drop)
}

/// What a token's refusal means: the word, and the description that may come with it.
pub(crate) fn refused(word: &str, description: Option<&str>, answer: &Answer) -> Error {
    let words = format!("{} ({word})", description.unwrap_or_default().trim());
    match standard(answer) {
        Some(passing @ (Error::RateLimited { .. } | Error::Unavailable(_))) => passing,
        // Anything else is the operator's client: consenting again would not help.
        _ if word == "invalid_grant" => Error::Unauthorized(words),
        _ => Error::Rejected(words),
    }
}
