//! What a person does with clients.

use model::{
    access::Action,
    actor::Actor,
    client::{Client, Fields},
    id::{ClientId, MemberId, StageId},
    input::Invalid,
    page::Page,
    stage::{Stage, StageChange, Thresholds},
};
use serde_json::json;
use store::{TenantTx, client, cursor::Cursor, member, organization, stage};

pub use store::client::Filter;

use crate::{Error, Result, Service, access};

/// The clients in the actor's sight, newest first.
///
/// # Errors
/// A malformed cursor.
pub async fn list(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Client>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let filter = &Filter { search: filter.search.as_deref().map(searchable), ..filter.clone() };
    Ok(client::list(&mut service.db.tenant(actor).await?, filter, limit, cursor).await?)
}

/// One client in the actor's sight.
///
/// # Errors
/// Missing, also when it is out of sight or another tenant's.
pub async fn get(service: &Service, actor: &Actor, id: ClientId) -> Result<Client> {
    access::allow(service, actor, Action::ReadClients).await?;
    Ok(client::get(&mut service.db.tenant(actor).await?, id).await?)
}

/// The board: its columns, and how long a client may stay in one.
///
/// # Errors
/// The database failed.
pub async fn board(service: &Service, actor: &Actor) -> Result<(Vec<Stage>, Thresholds)> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    Ok((stage::list(&mut tx).await?, organization::get(&mut tx).await?.thresholds))
}

/// A client's moves, newest first.
///
/// # Errors
/// Missing when the client is out of sight.
pub async fn history(service: &Service, actor: &Actor, id: ClientId) -> Result<Vec<StageChange>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    client::get(&mut tx, id).await?;
    Ok(client::list_changes(&mut tx, id).await?)
}

/// Adds a client in the first stage. Currency and time zone are the agency's where they are empty.
///
/// # Errors
/// A field that cannot be accepted, or the rule that forbids it.
pub async fn create(service: &Service, actor: &Actor, fields: Fields, owner_id: Option<MemberId>) -> Result<Client> {
    access::allow(service, actor, Action::CreateClient).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let fields = complete(&mut tx, fields).await?;
    check_owner(&mut tx, owner_id).await?;
    let id = store::id::new(now);
    let first = stage::first(&mut tx).await?;
    client::insert(&mut tx, id, &fields, owner_id, &first, now).await?;
    access::done(service, &mut tx, Action::CreateClient, id, json!({ "name": fields.name })).await?;
    let created = client::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(created)
}

/// Changes a client's fields and owner.
///
/// # Errors
/// Missing, a field that cannot be accepted, or the rule that forbids it.
pub async fn update(
    service: &Service,
    actor: &Actor,
    id: ClientId,
    change: impl FnOnce(&mut Fields, &mut Option<MemberId>),
) -> Result<Client> {
    allow_on(service, actor, id, Action::EditClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    let before = client::lock(&mut tx, id).await?;
    let (mut fields, mut owner_id) = (before.fields.clone(), before.owner_id);
    change(&mut fields, &mut owner_id);
    let fields = complete(&mut tx, fields).await?;
    if owner_id != before.owner_id {
        check_owner(&mut tx, owner_id).await?;
    }
    client::update(&mut tx, id, &fields, owner_id).await?;
    access::done(service, &mut tx, Action::EditClient, id, json!({ "name": fields.name })).await?;
    let after = client::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Moves a client on the board.
///
/// # Errors
/// Missing, an unknown stage, or the rule that forbids it.
pub async fn set_stage(service: &Service, actor: &Actor, id: ClientId, stage_id: StageId) -> Result<Client> {
    allow_on(service, actor, id, Action::EditClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    let target = match stage::get(&mut tx, stage_id).await {
        Err(store::Error::Missing) => return Err(Invalid::new("stage_id", "the board has no such stage").into()),
        other => other?,
    };
    client::set_stage(&mut tx, id, &target, service.clock.now()).await?;
    access::done(service, &mut tx, Action::EditClient, id, json!({ "stage": target.name })).await?;
    let after = client::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes a client out of the lists, or back in. Nothing of it is lost.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn set_archived(service: &Service, actor: &Actor, id: ClientId, archived: bool) -> Result<Client> {
    allow_on(service, actor, id, Action::ArchiveClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    let before = client::lock(&mut tx, id).await?;
    if before.archived_at.is_some() != archived {
        client::set_archived(&mut tx, id, archived.then(|| service.clock.now())).await?;
        access::done(service, &mut tx, Action::ArchiveClient, id, json!({ "archived": archived })).await?;
    }
    let after = client::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Lets the actor do `action` to a client. One that is out of sight is missing, whatever the role.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub(crate) async fn allow_on(service: &Service, actor: &Actor, id: ClientId, action: Action) -> Result<()> {
    client::get(&mut service.db.tenant(actor).await?, id).await?;
    access::allow(service, actor, action).await
}

/// A search without the one character that Postgres cannot take.
pub(crate) fn searchable(text: &str) -> String {
    text.replace('\0', "").trim().to_owned()
}

/// Checks the fields and fills in the agency's currency and time zone.
async fn complete(tx: &mut TenantTx, mut fields: Fields) -> Result<Fields> {
    if fields.currency.trim().is_empty() || fields.time_zone.trim().is_empty() {
        let agency = organization::get(tx).await?;
        if fields.currency.trim().is_empty() {
            fields.currency = agency.currency;
        }
        if fields.time_zone.trim().is_empty() {
            fields.time_zone = agency.time_zone;
        }
    }
    let fields = fields.parse()?;
    if !organization::time_zone_exists(tx, &fields.time_zone).await? {
        return Err(Invalid::new("time_zone", "there is no such time zone. Enter one such as Europe/Berlin").into());
    }
    Ok(fields)
}

async fn check_owner(tx: &mut TenantTx, owner_id: Option<MemberId>) -> Result<()> {
    let Some(id) = owner_id else { return Ok(()) };
    match member::get(tx, id).await {
        Ok(owner) if owner.active => Ok(()),
        Ok(_) | Err(store::Error::Missing) => {
            Err(Error::Invalid(Invalid::new("owner_id", "choose an active member of the agency")))
        }
        Err(error) => Err(error.into()),
    }
}
