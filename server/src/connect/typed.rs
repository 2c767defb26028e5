//! Connecting with a credential that somebody made at the provider by hand, and typed: it is tried by real calls before
//! anything is kept, and what the provider refuses is said at its field, in the provider's words.
//!
//! Only the fields of the provider's description are taken, and of an address none but its fixed hosts. What is secret goes
//! to the vault and is given back by no answer.

use std::{collections::BTreeMap, time::Duration};

use app::error::AppError;
use axum::{
    Form as Posted,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use jobs::permission::{self, Permission};
use model::{
    actor::Actor,
    connection::{Connection, Given},
    id::ConnectionId,
    input::{Invalid, line, optional_line},
    provider::Field,
};
use providers::{ACCESS_TOKEN, Call, Credential, Error, Mode, Outside, Provider, strike};
use secrecy::{ExposeSecret, SecretString};
use service::{
    Service, connection,
    credential::{self, Tokens},
};

use super::{
    PAGE, could_be_address,
    keep::{Brought, Unkept, keep},
    mode, provider,
};
use crate::{
    api::{error::ApiError, input::quiet},
    cookie::ThisSession,
    forms::live::{Back, come_back},
    state::AppState,
};

/// Longer nobody waits for a provider who connects.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest text of a field.
const LONGEST: usize = 4096;
/// So much of a provider's words is shown.
const SHOWN: usize = 300;

/// Connects, or gives a connection another credential, with what was typed. A consent whose place it takes is taken back.
///
/// # Errors
/// Invalid at a field: it cannot be accepted, or the provider refuses it; a conflict in a simulated agency, while the provider
/// is switched off or when its answer cannot be read; unreachable; missing; or the rule that forbids it.
pub(crate) async fn connect(
    state: &AppState,
    actor: &Actor,
    key: &str,
    typed: BTreeMap<String, String>,
    connection_id: Option<ConnectionId>,
) -> Result<Connection, ApiError> {
    let service = &state.service;
    connection::check_may_connect(service, actor).await?;
    let provider = provider(key)?;
    let described = provider.descriptor();
    connection::check_switched_on(service, described.key, described.name).await?;
    let Known { fields: known, consent } = match connection_id {
        Some(id) => known(service, actor, described.key, id, described.fields).await?,
        None => Known::default(),
    };
    if mode(service, actor).await? != Mode::Live {
        let instead = match provider.oauth() {
            Some(_) => "Connect it by consent",
            None => "A click on the page of integrations connects it",
        };
        let message = format!("what is simulated has no tokens that could be typed. {instead}");
        return Err(service::Error::Conflict { code: "simulated", message }.into());
    }
    if provider.typed().is_none() {
        let words = format!("{} is connected by consent on its own page only", described.name);
        return Err(Invalid::new("way", words).into());
    }
    let fields = read(provider, typed, known)?;
    let kept = try_and_keep(state, actor, provider, fields, connection_id, Mode::Live).await?;
    if let Some(consent) = consent {
        let done = take_back(service, &state.outside, actor, provider, kept.id, &consent).await;
        if let Err(error) = done {
            tracing::warn!(connection = %kept.id, %error, "a consent whose place a token took was not taken back");
        }
    }
    Ok(kept)
}

/// Connects what a simulated agency has at a provider that takes no consent, with what its world gives.
///
/// # Errors
/// It is not simulated; or as in [`connect`].
pub(crate) async fn simulated(
    state: &AppState,
    actor: &Actor,
    key: &str,
    given: BTreeMap<String, String>,
    connection_id: Option<ConnectionId>,
) -> Result<Connection, ApiError> {
    connection::check_may_connect(&state.service, actor).await?;
    let (provider, mode) = (provider(key)?, mode(&state.service, actor).await?);
    if mode == Mode::Live {
        return Err(service::Error::Missing.into());
    }
    if let Some(id) = connection_id
        && connection::get(&state.service, actor, id).await?.provider != key
    {
        return Err(service::Error::Missing.into());
    }
    let fields = read(provider, given, BTreeMap::new())?;
    try_and_keep(state, actor, provider, fields, connection_id, mode).await
}

/// Tries a credential, and keeps it and what it reaches.
async fn try_and_keep(
    state: &AppState,
    actor: &Actor,
    provider: &dyn Provider,
    mut fields: BTreeMap<String, String>,
    connection_id: Option<ConnectionId>,
    mode: Mode,
) -> Result<Connection, ApiError> {
    let described = provider.descriptor();
    let secrets = secrets(described.fields, &fields);
    let token = SecretString::from(fields.remove(ACCESS_TOKEN).unwrap_or_default());
    let credential = Credential { access_token: token, fields };
    let Proved { scopes, accounts } =
        match tokio::time::timeout(PATIENCE, prove(state, provider, &credential, &secrets, mode)).await {
            Ok(proved) => proved?,
            Err(_) => return Err(unreachable(described.name)),
        };
    let Credential { access_token, fields } = credential;
    let fields = fields.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect();
    let tokens = Tokens { access_token: Some(access_token), fields, ..Tokens::default() };
    let brought = Brought { provider, connection_id, given: Given::Token, scopes, tokens, accounts };
    keep(&state.service, actor, brought).await.map(|kept| kept.connection).map_err(|unkept| match unkept {
        Unkept::Service(error) => ApiError::from(error),
        Unkept::OtherAccount => {
            let words = "this token is of another account than this connection. Nothing was changed; take one of the same \
                         account, or connect the other one as a connection of its own";
            Invalid::new(ACCESS_TOKEN, words).into()
        }
    })
}

/// What is known of a connection that is given another credential.
#[derive(Default)]
struct Known {
    /// What is no secret: nobody types a shop's address twice.
    fields: BTreeMap<String, String>,
    /// The credential that came by consent, if it did: nobody else uses it, and nobody could take it back later.
    consent: Option<credential::Credential>,
}

async fn known(
    service: &Service,
    actor: &Actor,
    key: &str,
    id: ConnectionId,
    fields: &[Field],
) -> Result<Known, service::Error> {
    let connection = connection::get(service, actor, id).await?;
    if connection.provider != key {
        return Err(service::Error::Missing);
    }
    let stored = credential::find(service, actor.organization_id, id).await?.unwrap_or_default();
    let open = fields.iter().filter(|field| !field.secret);
    let text = |field: &Field| Some((field.name.to_owned(), stored.fields.get(field.name)?.expose_secret().to_owned()));
    let fields = open.filter_map(text).collect();
    Ok(Known { fields, consent: (connection.given == Given::Consent).then_some(stored) })
}

/// Has the provider take the consent back whose place a token took, as when a connection ends. Whatever it says and however
/// long it is silent, the token is stored; what stays at the provider is said in the audit log.
async fn take_back(
    service: &Service,
    outside: &Outside,
    actor: &Actor,
    provider: &'static dyn Provider,
    connection_id: ConnectionId,
    given: &credential::Credential,
) -> anyhow::Result<()> {
    let organization_id = actor.organization_id;
    let taken = Permission { organization_id, connection_id, provider, mode: Mode::Live, given };
    if let Some(left) = permission::take_back(service, outside, permission::PATIENCE, taken).await? {
        permission::tell(service, actor, connection_id, provider, &left).await?;
    }
    Ok(())
}

/// What of the typed fields is secret.
fn secrets(described: &[Field], typed: &BTreeMap<String, String>) -> Vec<String> {
    let secret = described.iter().filter(|field| field.secret);
    secret.filter_map(|field| typed.get(field.name)).map(|text| text.trim().to_owned()).collect()
}

/// The fields as they are kept: every one of the description, and no other. What was not typed is taken from `known`.
fn read(
    provider: &dyn Provider,
    mut typed: BTreeMap<String, String>,
    mut known: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Invalid> {
    let asks = provider.asks();
    let mut fields = BTreeMap::new();
    for Field { name, label, secret, required, .. } in provider.descriptor().fields {
        let text = typed.remove(*name).filter(|text| !text.trim().is_empty()).or_else(|| known.remove(*name));
        let text = text.unwrap_or_default();
        let text =
            if *required { line(name, label, &text, LONGEST) } else { optional_line(name, label, &text, LONGEST) }?;
        if *secret && !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid::new(*name, format!("{label} has characters that it cannot have. Copy it again")));
        }
        let tidy = asks.filter(|asks| asks.field == *name).map(|asks| (asks.tidy)(&text));
        fields.insert((*name).to_owned(), tidy.unwrap_or(text));
    }
    match typed.into_keys().next() {
        // A name may be a token in the wrong place.
        Some(other) => {
            let named = if quiet::is_name(&other) { other } else { "fields".to_owned() };
            Err(Invalid::new(named, "there is no such field"))
        }
        None => Ok(fields),
    }
}

/// What the provider said of a credential.
struct Proved {
    scopes: Vec<String>,
    accounts: Vec<model::metric::Account>,
}

/// Asks the provider what the credential may do and what it reaches. Nothing of the `secrets` stands in what it is said to say.
async fn prove(
    state: &AppState,
    provider: &dyn Provider,
    credential: &Credential,
    secrets: &[String],
    mode: Mode,
) -> Result<Proved, ApiError> {
    let (outside, described) = (&state.outside, provider.descriptor());
    let asked = provider.asks().map_or(ACCESS_TOKEN, |asks| asks.field);
    // A token that is not accepted is the token's fault; any other refusal is about where it is tried.
    let refused = |error: Error| -> ApiError {
        let name = described.name;
        // Struck out before it is cut: a part of a secret is one, too.
        let said = |words: String| match strike(&words, secrets).trim() {
            "" => format!("{name} refuses it, and says not why"),
            words => format!("{name} refuses: {}", words.chars().take(SHOWN).collect::<String>()),
        };
        match error {
            Error::Unauthorized(words) => Invalid::new(ACCESS_TOKEN, said(words)).into(),
            Error::Rejected(words) => Invalid::new(asked, said(words)).into(),
            Error::Unavailable(_) | Error::RateLimited { .. } => unreachable(name),
            error @ (Error::Malformed(_) | Error::TooLarge(_) | Error::CursorExpired) => {
                tracing::info!(provider = described.key, %error, "a typed credential could not be tried");
                let message = format!("{name} answered what cannot be read, so nothing was stored. Try again later");
                service::Error::Conflict { code: "unreadable", message }.into()
            }
        }
    };
    let hosts = outside.hosts(provider, &credential.fields, mode).map_err(|error| match error {
        // Nobody was asked yet.
        Error::Rejected(words) => Invalid::new(asked, strike(&words, secrets)).into(),
        other => refused(other),
    })?;
    let http = outside.once(provider, hosts.api, mode);
    let call = Call { http: &http, credential, settings: outside.settings(mode) };
    let Some(typed) = provider.typed() else { return Ok(Proved { scopes: Vec::new(), accounts: Vec::new() }) };
    let scopes = typed.granted(&call).await.map_err(refused)?;
    let missing = described.missing(&scopes);
    let missing: Vec<_> = missing.iter().filter(|scope| scope.required).collect();
    if !missing.is_empty() {
        let named: Vec<_> = missing.iter().map(|scope| format!("{} ({})", scope.name, scope.gives)).collect();
        let words = format!("this token lacks {}. Make one that has it", named.join(" and "));
        return Err(Invalid::new(ACCESS_TOKEN, words).into());
    }
    let accounts = provider.accounts(&call).await.map_err(refused)?;
    Ok(Proved { scopes, accounts })
}

fn unreachable(name: &str) -> ApiError {
    let words = format!("{name} could not be reached, so nothing was stored. Try again in a few minutes");
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "unreachable", words).after(60)
}

/// What of the typed fields may come back with the form: nothing secret, and nothing that is one in the wrong field.
fn given_back(provider: &dyn Provider, typed: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let described = provider.descriptor().fields;
    let (secrets, asks) = (secrets(described, typed), provider.asks());
    let secret = |text: &str| secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret.as_str()));
    let fine = |name: &str, text: &str| {
        let address = asks.is_none_or(|asks| asks.field != name) || could_be_address(text);
        address && !secret(text)
    };
    let open = described.iter().filter(|field| !field.secret);
    let texts = open.filter_map(|field| Some((field.name.to_owned(), typed.get(field.name)?.clone())));
    texts.filter(|(name, text)| fine(name, text)).collect()
}

/// `POST /integrations/{provider}/token`, from a form: connects, or answers with the page and what was typed.
pub(crate) async fn form(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    Path(key): Path<String>,
    headers: HeaderMap,
    Posted(mut typed): Posted<BTreeMap<String, String>>,
) -> Response {
    let connection_id = typed.remove("connection_id").filter(|id| !id.is_empty());
    let connection_id = match connection_id.map(|id| id.parse()).transpose() {
        Ok(id) => id,
        Err(_) => return ApiError::from(service::Error::Missing).into_response(),
    };
    let mut kept = providers::find(&key).map(|provider| given_back(provider, &typed)).unwrap_or_default();
    kept.extend(connection_id.map(|id: ConnectionId| ("connection_id".to_owned(), id.to_string())));
    let error = match connect(&state, &live.actor, &key, typed, connection_id).await {
        Ok(made) => return Redirect::to(&format!("{PAGE}?connected={}", made.id)).into_response(),
        Err(error) => error,
    };
    let (status, message, field) = (error.status(), error.message().to_owned(), error.field().map(str::to_owned));
    let told = match (status, field) {
        (StatusCode::UNPROCESSABLE_ENTITY, Some(field)) => AppError::invalid(field, message),
        (StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE, _) => AppError::Conflict(message),
        _ => return error.into_response(),
    };
    let page = connection_id.map_or_else(|| PAGE.to_owned(), |id| format!("{PAGE}/{id}"));
    let back = Back { page, form: format!("/integrations/{key}/token"), error: told, fields: kept, status };
    come_back(&state, live, &headers, back).await.unwrap_or_else(|| error.into_response())
}
