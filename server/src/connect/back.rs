//! The way back from a provider's page of consent: the code is exchanged, the token proved by a first call, and what it
//! reaches is stored. Why nobody was connected is told to the page by a word, and to the log by the provider's.

use std::collections::BTreeMap;

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use model::{connection::Given, metric::Account};
use providers::{Call, Error, Exchange, OAuth, Outside, Provider, Tokens};
use secrecy::{ExposeSecret, SecretString};
use service::{
    connection::{self, Connected, Way},
    session::Live,
};

use super::{
    PAGE,
    keep::{self, Brought, Unkept},
    mode, redirect_uri,
};
use crate::{
    api::{error::ApiError, input::Part},
    cookie::ThisSession,
    state::AppState,
};

/// Why nobody was connected, as the page is told.
pub(super) enum Refused {
    /// The person said no.
    Denied,
    /// The way was not begun here, or was used.
    State,
    /// It took too long.
    Expired,
    /// The provider refused the code or the token.
    Exchange(String),
    /// Permissions without which connecting makes no sense were denied: their names.
    Scopes(Vec<&'static str>),
    /// Consent was given for another account than before.
    OtherAccount,
    /// Consent was given for another shop than the one that was typed.
    OtherShop,
    /// All that it reaches is read already, and none of those who read it can have it.
    ConnectedAlready,
    /// The provider could not be reached.
    Unreachable(String),
    /// The operator has switched the provider off since the way began.
    SwitchedOff,
    /// Something else; it has an answer of its own.
    Other(ApiError),
}

impl From<service::Error> for Refused {
    fn from(error: service::Error) -> Self {
        match error {
            service::Error::Conflict { code: "state_unknown", .. } => Self::State,
            service::Error::Conflict { code: "switched_off", .. } => Self::SwitchedOff,
            service::Error::Conflict { code: "connected_already", .. } => Self::ConnectedAlready,
            service::Error::Gone(_) => Self::Expired,
            other => Self::Other(other.into()),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) | Error::RateLimited { .. } => Self::Unreachable(error.to_string()),
            other => Self::Exchange(other.to_string()),
        }
    }
}

/// `GET /api/oauth/{provider}/callback`: where a provider's page of consent leads back to.
#[utoipa::path(get, path = "/api/oauth/{provider}/callback", tag = "integrations", security(("session" = [])),
    params(("provider" = String, Path)),
    responses((status = 303, description = "back to the page of the integrations")))]
pub(crate) async fn callback(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    Part(key): Part,
    Query(parameters): Query<BTreeMap<String, String>>,
) -> Response {
    let arrived = match check_still_on(&state, &key).await {
        Ok(()) => arrive(&state, &live, &key, &parameters).await,
        Err(refused) => Err(refused),
    };
    let target = match arrived {
        Ok(connected) => led_to(&connected),
        Err(refused) => {
            let (code, words) = match refused {
                Refused::Denied => ("access_denied", String::new()),
                Refused::State => ("state", String::new()),
                Refused::Expired => ("expired", String::new()),
                Refused::Exchange(words) => ("exchange", words),
                Refused::Scopes(missing) => ("scopes", missing.join(" ")),
                Refused::OtherAccount => ("other_account", String::new()),
                Refused::OtherShop => ("other_shop", String::new()),
                Refused::ConnectedAlready => ("connected_already", String::new()),
                Refused::Unreachable(words) => ("unreachable", words),
                Refused::SwitchedOff => ("switched_off", String::new()),
                Refused::Other(error) => return error.into_response(),
            };
            tracing::info!(provider = key, code, words, "an account was not connected");
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("error", code);
            if code == "scopes" {
                query.append_pair("missing", &words);
            }
            format!("{PAGE}?{}", query.finish())
        }
    };
    Redirect::to(&target).into_response()
}

/// Where somebody is led who connected.
pub(super) fn led_to(connected: &Connected) -> String {
    let renewed = if connected.renewed { "&renewed=yes" } else { "" };
    format!("{PAGE}?connected={}{renewed}", connected.connection.id)
}

/// Whether the provider is still on: the operator may have switched it off while somebody was on its page.
async fn check_still_on(state: &AppState, key: &str) -> Result<(), Refused> {
    let described = providers::find(key).ok_or(Refused::State)?.descriptor();
    Ok(connection::check_switched_on(&state.service, described.key, described.name).await?)
}

/// Connects what consent brought.
///
/// # Errors
/// Why nobody was connected.
pub(super) async fn arrive(
    state: &AppState,
    live: &Live,
    key: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<Connected, Refused> {
    let parameter = |name: &str| parameters.get(name).filter(|text| !text.is_empty());
    // A refusal uses the way up, too.
    let way = match parameter("state") {
        Some(text) => connection::take(&state.service, &live.actor, live.id, text.clone()).await,
        None => return Err(if parameters.contains_key("error") { Refused::Denied } else { Refused::State }),
    };
    if parameter("error").is_some() {
        return Err(Refused::Denied);
    }
    let way = way?;
    let (Some(code), true) = (parameter("code").or_else(|| parameter("auth_code")), way.asked.provider == key) else {
        return Err(Refused::State);
    };
    let provider = providers::find(key).ok_or(Refused::State)?;
    let oauth = provider.oauth().ok_or(Refused::State)?;
    if let Some(asks) = provider.asks()
        && let (Some(asked), Some(came)) = (way.asked.fields.get(asks.field), parameter(asks.field))
        && *asked != (asks.tidy)(came)
    {
        // The code is not redeemed: it is of a shop that nobody asked for.
        return Err(if way.asked.connection_id.is_some() { Refused::OtherAccount } else { Refused::OtherShop });
    }
    let (tokens, accounts) = redeem(state, live, provider, oauth, &way, code, parameters).await?;
    let scopes = tokens.scopes.clone();
    let mut tokens = jobs::stored(tokens);
    for (name, value) in way.asked.fields {
        tokens.fields.entry(name).or_insert_with(|| SecretString::from(value));
    }
    let (connection_id, given) = (way.asked.connection_id, Given::Consent);
    let brought = Brought { provider, connection_id, given, scopes, tokens, accounts };
    match keep::keep(&state.service, &live.actor, brought).await {
        Ok(kept) => Ok(kept),
        Err(Unkept::OtherAccount) => Err(Refused::OtherAccount),
        Err(Unkept::Service(error)) => Err(error.into()),
    }
}

/// Exchanges the code, and proves the token with a first call.
async fn redeem(
    state: &AppState,
    live: &Live,
    provider: &dyn Provider,
    oauth: &dyn OAuth,
    way: &Way,
    code: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<(Tokens, Vec<Account>), Refused> {
    let (outside, mode): (&Outside, _) = (&state.outside, mode(&state.service, &live.actor).await?);
    let hosts = outside.hosts(provider, &way.asked.fields, mode)?;
    let http = outside.once(provider, hosts.tokens, mode);
    let redirect_uri = redirect_uri(state, &way.asked.provider);
    let asked = Exchange { code, redirect_uri: &redirect_uri, code_verifier: &way.verifier, parameters };
    let tokens = oauth.exchange(&http, outside.settings(mode), &asked).await?;
    if tokens.access_token.expose_secret().is_empty() {
        return Err(Refused::Exchange("no access token came".to_owned()));
    }
    let missing = provider.descriptor().missing(&tokens.scopes);
    let missing: Vec<_> = missing.iter().filter(|scope| scope.required).map(|scope| scope.name).collect();
    if !tokens.scopes.is_empty() && !missing.is_empty() {
        return Err(Refused::Scopes(missing));
    }
    let credential = providers::Credential { access_token: tokens.access_token.clone(), fields: tokens.fields.clone() };
    let http = outside.once(provider, hosts.api, mode);
    let call = Call { http: &http, credential: &credential, settings: outside.settings(mode) };
    let accounts = provider.accounts(&call).await?;
    Ok((tokens, accounts))
}
