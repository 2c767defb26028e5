//! How clients and the agency look on paper: a logo and a colour. A client without its own has the agency's.

use model::{
    access::{self as rules, Action},
    actor::Actor,
    brand::{Logo, Look, parse_accent},
    id::ClientId,
};
use serde_json::json;
use store::{
    brand::{self, Brand},
    client, organization,
};

use crate::{
    Result, Service, access,
    client::{allow_on, lock_open},
};

/// The rule by which a look is changed.
const fn rule(client: Option<ClientId>) -> Action {
    match client {
        Some(_) => Action::EditClient,
        None => Action::EditSettings,
    }
}

/// The look of a client, or of the agency, as somebody chose it.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn look(service: &Service, actor: &Actor, client: Option<ClientId>) -> Result<Look> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client {
        client::get(&mut tx, id).await?;
    }
    let found = brand::get(&mut tx, client).await?;
    Ok(Look {
        accent: found.accent,
        logo: found.logo.map(|logo| i64::try_from(logo.bytes.len()).unwrap_or(i64::MAX)),
        may_change: rules::may(actor.role, rule(client)),
    })
}

/// A client's logo, or the agency's.
///
/// # Errors
/// Missing where there is none, for a client out of sight, or the rule that forbids it.
pub async fn logo(service: &Service, actor: &Actor, client: Option<ClientId>) -> Result<Logo> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client {
        client::get(&mut tx, id).await?;
    }
    brand::get(&mut tx, client).await?.logo.ok_or(crate::Error::Missing)
}

/// What becomes of a logo.
#[derive(Clone, Debug)]
pub enum NewLogo {
    /// It stays.
    Keep,
    /// It goes.
    Remove,
    /// This file takes its place.
    Put(Vec<u8>),
}

/// Chooses how a client, or the agency, looks on paper. A colour that is not named stays, and a blank one goes. Reports that are made
/// stay as they are.
///
/// # Errors
/// A colour that is none or too light, a file that is no picture or too large, missing for a client out of sight, or the rule that
/// forbids it.
pub async fn set(
    service: &Service,
    actor: &Actor,
    client: Option<ClientId>,
    accent: Option<&str>,
    new: NewLogo,
) -> Result<()> {
    match client {
        Some(id) => allow_on(service, actor, id, rule(client)).await?,
        None => access::allow(service, actor, rule(client)).await?,
    }
    let accent = accent.map(parse_accent).transpose()?;
    let put = match new {
        NewLogo::Put(bytes) => Some(Some(Logo::new(bytes)?)),
        NewLogo::Remove => Some(None),
        NewLogo::Keep => None,
    };
    let mut tx = service.db.tenant(actor).await?;
    let (owner, name) = match client {
        Some(id) => (id.0, lock_open(&mut tx, id).await?.fields.name),
        None => (actor.organization_id.0, organization::lock(&mut tx).await?.name),
    };
    let detail = json!({ "accent": accent, "logo_changed": put.is_some() });
    let before = brand::get(&mut tx, client).await?;
    let brand = Brand { accent: accent.unwrap_or(before.accent), logo: put.unwrap_or(before.logo) };
    brand::set(&mut tx, client, &brand).await?;
    access::done_to(service, &mut tx, rule(client), (owner, &name), detail).await?;
    Ok(tx.commit().await?)
}
