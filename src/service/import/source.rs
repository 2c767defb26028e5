//! Sources: accounts that no provider reports, named by a person.

use model::{
    access::Action,
    actor::Actor,
    client::{parse_currency, parse_time_zone},
    id::{ChannelId, ClientId, ConnectionId},
    import::{Kind, Source},
    input::{Invalid, line},
    provider::Capability,
};
use serde_json::json;
use store::{client, import_source};

use crate::{Error, Result, Service, access, moment, simulation};

/// The sources in sight, by name.
///
/// # Errors
/// The rule that forbids it.
pub async fn list(service: &Service, actor: &Actor) -> Result<Vec<Source>> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    Ok(import_source::list(&mut service.db.tenant(actor).await?).await?)
}

/// One source.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: ChannelId) -> Result<Source> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    Ok(import_source::get(&mut service.db.tenant(actor).await?, id).await?)
}

/// A source as a person describes it. What its figures mean is fixed then: another currency or zone is another source.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// What people call it.
    pub name: String,
    /// `ads` or `shop`.
    pub holds: String,
    /// The key of the provider whose figures they are; empty for any other.
    pub platform: String,
    /// ISO 4217.
    pub currency: String,
    /// IANA.
    pub time_zone: String,
    /// Whose figures they are, if that is known yet.
    pub client_id: Option<ClientId>,
}

/// Adds a source.
///
/// # Errors
/// A field that cannot be accepted, a missing client, or the rule that forbids it.
pub async fn add(service: &Service, actor: &Actor, new: &New) -> Result<Source> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let name = line("name", "Name", &new.name, 200)?;
    let holds = Kind::parse(&new.holds).ok_or_else(|| Invalid::new("holds", "choose ads or shop"))?;
    let platform = Some(new.platform.trim()).filter(|key| !key.is_empty());
    if let Some(key) = platform {
        check_platform(service, key, holds)?;
    }
    let currency = parse_currency("currency", &new.currency)?;
    let time_zone = parse_time_zone("time_zone", &new.time_zone)?;
    let now = service.clock.now();
    if moment::day(&time_zone, now).is_none() {
        return Err(Invalid::new("time_zone", "there is no such time zone. Enter one such as Europe/Berlin").into());
    }
    let mut tx = service.db.tenant(actor).await?;
    simulation::check_live(&mut tx).await?;
    let owner = match new.client_id {
        Some(id) => {
            let owner = client::get(&mut tx, id).await?;
            if owner.archived_at.is_some() {
                let message = "this client is archived. Bring it back first, or choose another".to_owned();
                return Err(Error::Conflict { code: "archived", message });
            }
            Some(owner.fields.name)
        }
        None => None,
    };
    let id: ChannelId = store::id::new(now);
    let stored = import_source::New {
        id,
        connection_id: store::id::new::<ConnectionId>(now),
        name: &name,
        holds,
        platform,
        currency: &currency,
        time_zone: &time_zone,
        client_id: new.client_id,
    };
    import_source::insert(&mut tx, &stored, now).await.map_err(|error| match error {
        store::Error::Conflict(_) => Invalid::new("name", format!("there is a source named {name} already")).into(),
        other => Error::from(other),
    })?;
    let detail = json!({ "import_source": "added", "client": owner });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &name), detail).await?;
    let source = import_source::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(source)
}

/// A platform is one that we know, and holds such rows.
fn check_platform(service: &Service, key: &str, holds: Kind) -> Result<()> {
    let offer = service.offers.iter().find(|offer| offer.descriptor.key == key).ok_or_else(|| {
        let keys: Vec<_> = service.offers.iter().map(|offer| offer.descriptor.key).collect();
        Invalid::new("platform", format!("choose one of {}, or none", keys.join(", ")))
    })?;
    let wanted = match holds {
        Kind::Ads => Capability::Ads,
        Kind::Shop => Capability::Shop,
    };
    if offer.descriptor.capabilities.contains(&wanted) {
        return Ok(());
    }
    let words = format!("{} has no such rows: {}", offer.descriptor.name, holds.label().to_lowercase());
    Err(Invalid::new("platform", words).into())
}
