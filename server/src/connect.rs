//! Connecting an account: to the provider's page of consent and back (RFC 6749 with PKCE).
//!
//! Only the provider's fixed hosts are called; nothing of an address ever comes from a parameter of the way back, but a
//! shop's name, which the provider has signed. What a provider says in its refusals goes to the log, not to the page.
//! `back` is where that page leads, `typed` connects with a credential that somebody made by hand, and `keep` stores what
//! either way brought.

pub(crate) mod back;
mod keep;
pub(crate) mod typed;

use std::collections::BTreeMap;

use app::{
    form::{Form, leading_to},
    pages::leaving::Leaving,
};
use axum::{
    Form as Posted,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use back::{Refused, arrive, led_to};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::provide_context;
use model::{actor::Actor, connection::Connection, id::ConnectionId, input::Invalid};
use providers::{Asks, Consent, Error, Mode, Provider};
use secrecy::ExposeSecret;
use service::{
    Service,
    connection::{self, Asked, Connected},
    credential,
    session::Live,
};
use url::Url;

use crate::{api::error::ApiError, cookie::ThisSession, forms, simulation, state::AppState, visit::Visit};

/// Where people come back to.
const PAGE: &str = "/settings/integrations";

/// The provider with this key.
///
/// # Errors
/// Invalid, listing those there are.
pub(crate) fn provider(key: &str) -> Result<&'static dyn Provider, Invalid> {
    let keys = || providers::all().iter().map(|provider| provider.descriptor().key).collect::<Vec<_>>().join(", ");
    providers::find(key).ok_or_else(|| Invalid::new("provider", format!("choose one of {}", keys())))
}

/// Begins a way to a provider's page of consent, and says where it is.
///
/// # Errors
/// An unknown provider or one that the operator has switched off, a field that cannot be accepted, settings that the operator
/// has not set, or the rule that forbids it.
pub(crate) async fn begin(
    state: &AppState,
    live: &Live,
    key: &str,
    fields: BTreeMap<String, String>,
    connection_id: Option<ConnectionId>,
) -> Result<Url, ApiError> {
    connection::check_may_connect(&state.service, &live.actor).await?;
    let described = provider(key)?.descriptor();
    connection::check_switched_on(&state.service, described.key, described.name).await?;
    way(state, live, key, fields, connection_id).await
}

/// Begins a way, also to what is switched off: a simulated agency is furnished whatever real providers do.
async fn way(
    state: &AppState,
    live: &Live,
    key: &str,
    mut fields: BTreeMap<String, String>,
    connection_id: Option<ConnectionId>,
) -> Result<Url, ApiError> {
    let provider = provider(key)?;
    let service = &state.service;
    if let Some(id) = connection_id {
        // The connection is in sight; where it leads is known since it was made.
        connection::get(service, &live.actor, id).await?;
        let known = credential::find(service, live.actor.organization_id, id).await?.unwrap_or_default();
        fields = known.fields.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
    }
    let mode = mode(service, &live.actor).await?;
    let missing = state.outside.missing(provider.descriptor(), mode);
    let Some(oauth) = provider.oauth().filter(|_| missing.is_empty()) else {
        let are = if missing.len() == 1 { "is" } else { "are" };
        let message = format!("{} {are} not set: ask your operator", missing.join(", "));
        return Err(service::Error::Conflict { code: "not_configured", message }.into());
    };
    let asks = provider.asks();
    let kept = |asks: Asks| fields.get(asks.field).map(|typed| (asks.field.to_owned(), (asks.tidy)(typed)));
    let fields = asks.and_then(kept).into_iter().collect();
    let invalid = |error: Error| match (error, asks) {
        (Error::Rejected(words), Some(asks)) => Invalid::new(asks.field, words),
        (other, _) => Invalid::new("provider", other.to_string()),
    };
    let hosts = state.outside.hosts(provider, &fields, mode).map_err(invalid)?;
    let asked = Asked { provider: key.to_owned(), fields, connection_id };
    let way = connection::begin(service, &live.actor, live.id, asked).await?;
    let redirect_uri = redirect_uri(state, key);
    let consent = Consent {
        base: &hosts.consent,
        state: &way.state,
        redirect_uri: &redirect_uri,
        code_challenge: &way.challenge,
        fields: &way.asked.fields,
    };
    Ok(oauth.consent(state.outside.settings(mode), &consent).map_err(invalid)?)
}

/// Whose providers somebody's organization speaks to.
pub(crate) async fn mode(service: &Service, actor: &Actor) -> Result<Mode, service::Error> {
    let (organization, _) = service::organization::get(service, actor).await?;
    Ok(if organization.simulated { Mode::Simulated(organization.id) } else { Mode::Live })
}

fn redirect_uri(state: &AppState, key: &str) -> String {
    format!("{}/api/oauth/{key}/callback", state.http.public_url)
}

/// `POST /integrations/{provider}/connect`, from a form: leads to the provider's page.
pub(crate) async fn start(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    Path(key): Path<String>,
    visit: Visit,
    Posted(mut fields): Posted<BTreeMap<String, String>>,
) -> Response {
    let connection_id = fields.remove("connection_id").filter(|id| !id.is_empty());
    let connection_id = match connection_id.map(|id| id.parse()).transpose() {
        Ok(id) => id,
        Err(_) => return ApiError::from(service::Error::Missing).into_response(),
    };
    let simulated = mode(&state.service, &live.actor).await.is_ok_and(|mode| mode != Mode::Live);
    if simulated && providers::find(&key).is_some_and(|provider| provider.oauth().is_none()) {
        return match without_consent(&state, &live, &key, connection_id).await {
            Ok(made) => Redirect::to(&format!("{PAGE}?connected={}", made.id)).into_response(),
            Err(error) => error.into_response(),
        };
    }
    let asks = providers::find(&key).and_then(|provider| provider.asks());
    let typed = asks.and_then(|asks| fields.get(asks.field).map(|typed| (asks.field, typed.clone())));
    let begun = begin(&state, &live, &key, fields, connection_id).await;
    match begun {
        Ok(url) if simulated => {
            let shop = match (&typed, connection_id) {
                (Some((_, shop)), _) => Some(shop.clone()),
                (None, Some(id)) => known_shop(&state.service, &live, &key, id).await,
                (None, None) => None,
            };
            match agree(&state, &live, &key, &url, shop.as_deref()).await {
                Ok(connected) => Redirect::to(&led_to(&connected)).into_response(),
                Err(error) => error.into_response(),
            }
        }
        Ok(url) => lead_on(&state, &visit, &key, url).await,
        // What was typed goes back to its field; a token that was typed there by mistake goes into no address.
        Err(error) => {
            let off = error.code() == "switched_off";
            let typed =
                typed.map(|(field, typed)| (field, if could_be_address(&typed) { typed } else { String::new() }));
            match typed.filter(|(field, _)| off || error.is_at(field)) {
                Some((field, typed)) => {
                    let why = if off { "switched_off" } else { field };
                    Redirect::to(&format!("{}&error={why}", leading_to(PAGE, field, &typed))).into_response()
                }
                None if off => Redirect::to(&format!("{PAGE}?error=switched_off")).into_response(),
                None => error.into_response(),
            }
        }
    }
}

/// Whether a text could be meant for the address that a provider asks for first. What has no point, and an underscore or more
/// letters than a name, is none and may be a token in the wrong field: it is not given back.
fn could_be_address(typed: &str) -> bool {
    typed.contains('.') || !(typed.contains('_') || typed.trim().len() > 40)
}

/// The shop of a connection, as it was typed or said at consent.
async fn known_shop(service: &Service, live: &Live, key: &str, id: ConnectionId) -> Option<String> {
    let asks = providers::find(key)?.asks()?;
    let known = credential::find(service, live.actor.organization_id, id).await.ok()??;
    known.fields.get(asks.field).map(|shop| shop.expose_secret().to_owned())
}

/// Connects, by a click, what a simulated agency has at a provider that takes no consent.
async fn without_consent(
    state: &AppState,
    live: &Live,
    key: &str,
    connection_id: Option<ConnectionId>,
) -> Result<Connection, ApiError> {
    let described = provider(key)?.descriptor();
    connection::check_switched_on(&state.service, described.key, described.name).await?;
    simulation::mailbox(state, live, key, connection_id).await
}

/// Connects what a simulated provider gives whoever agrees, as if a person had come back from its page.
///
/// # Errors
/// There is no such shop in this world, or what any of the parts refuses.
async fn agree(state: &AppState, live: &Live, key: &str, url: &Url, shop: Option<&str>) -> Result<Connected, ApiError> {
    let words = |words: &str| service::Error::Conflict { code: "not_simulated", message: words.to_owned() };
    let no_world = || words("this server has no simulated providers. Ask your operator");
    let worlds = state.worlds.as_ref().ok_or_else(no_world)?;
    let world = worlds.find(live.actor.organization_id).await.ok().flatten().ok_or_else(no_world)?;
    let back = simulation::agree(&world, url, shop).await;
    let back = back.ok_or_else(|| words("there is nothing of this name in the simulated world"))?;
    arrive(state, live, key, &back).await.map_err(|refused| match refused {
        Refused::Other(error) => error,
        Refused::Exchange(said) | Refused::Unreachable(said) => words(&said).into(),
        Refused::ConnectedAlready => words("what it gives is read through another connection already").into(),
        _ => words("the simulated provider gave no access").into(),
    })
}

/// Connects an account of a simulated agency, from nothing to its accounts.
///
/// # Errors
/// As in `begin` and `agree`.
pub(crate) async fn agreed(
    state: &AppState,
    live: &Live,
    provider: &dyn Provider,
    typed: BTreeMap<String, String>,
) -> Result<ConnectionId, ApiError> {
    let key = provider.descriptor().key;
    let shop = provider.asks().and_then(|asks| typed.get(asks.field).cloned());
    let url = way(state, live, key, typed, None).await?;
    Ok(agree(state, live, key, &url, shop.as_deref()).await?.connection.id)
}

/// Leads a browser that came by a form to a provider's page. A redirect would be refused: the policy of our pages lets
/// forms lead to ourselves only, and browsers hold redirects to that.
async fn lead_on(state: &AppState, visit: &Visit, key: &str, url: Url) -> Response {
    let name = providers::find(key).map_or("the provider", |provider| provider.descriptor().name);
    let leaving = Leaving { name, href: url.to_string() };
    let mut page = forms::page_with(state, visit, "/leaving", Form::default(), StatusCode::OK, move || {
        provide_context(leaving.clone());
    })
    .await;
    if let Ok(refresh) = HeaderValue::from_str(&format!("0;url={url}")) {
        page.headers_mut().insert(header::REFRESH, refresh);
    }
    page
}
