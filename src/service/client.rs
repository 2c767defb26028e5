//! What a person does with clients.

use model::{
    access::Action,
    actor::Actor,
    client::{Client, Edit, Fields, parse_time_zone},
    id::{ClientId, MemberId, StageId},
    input::{Invalid, Wrong},
    page::Page,
    stage::{Stage, StageChange, Thresholds},
};
use serde_json::json;
use store::{TenantTx, client, cursor::Cursor, member, organization, stage};
use time::OffsetDateTime;

pub use store::client::Filter;

use crate::{Error, Held, Result, Service, access};

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

/// What a list of clients shows: the clients as [`list`] gives them, and the board's columns and thresholds as [`board`]
/// does, read at one moment.
///
/// # Errors
/// A malformed cursor.
pub async fn list_with_board(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<(Page<Client>, Vec<Stage>, Thresholds)> {
    access::allow(service, actor, Action::ReadClients).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let filter = &Filter { search: filter.search.as_deref().map(searchable), ..filter.clone() };
    let mut tx = service.db.tenant(actor).await?;
    let page = client::list(&mut tx, filter, limit, cursor).await?;
    Ok((page, stage::list(&mut tx).await?, organization::get(&mut tx).await?.thresholds))
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

/// Adds a client, in the first stage unless another is named. Currency and time zone are the agency's where they are
/// empty.
///
/// # Errors
/// A field that cannot be accepted, or the rule that forbids it.
pub async fn create(
    service: &Service,
    actor: &Actor,
    fields: Fields,
    owner_id: Option<MemberId>,
    stage_id: Option<StageId>,
) -> Result<Client> {
    access::allow(service, actor, Action::CreateClient).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let fields = complete(&mut tx, fields, owner_id).await?;
    let id = store::id::new(now);
    let stage = match stage_id {
        Some(id) => known_stage(&mut tx, id).await?,
        None => stage::first(&mut tx).await?,
    };
    client::insert(&mut tx, id, &fields, owner_id, &stage, now).await?;
    let detail = json!({ "stage": stage.name });
    access::done_to(service, &mut tx, Action::CreateClient, (id, &fields.name), detail).await?;
    let created = client::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(created)
}

/// Adds a client with a past to a simulated agency: the stages it stood in by name, each with since when, the first first.
///
/// # Errors
/// Missing for a live agency, or a stage that the board has not; a field that cannot be accepted, or the rule that forbids it.
pub async fn create_with_past(
    service: &Service,
    actor: &Actor,
    fields: Fields,
    owner_id: Option<MemberId>,
    past: &[(&str, OffsetDateTime)],
) -> Result<Client> {
    access::allow(service, actor, Action::CreateClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    if !organization::get(&mut tx).await?.simulated {
        return Err(Error::Missing);
    }
    let fields = complete(&mut tx, fields, owner_id).await?;
    let (id, stages) = (store::id::new(service.clock.now()), stage::list(&mut tx).await?);
    for (at, (name, since)) in past.iter().enumerate() {
        let stage = stages.iter().find(|stage| stage.name == *name).ok_or(Error::Missing)?;
        match at {
            0 => client::insert(&mut tx, id, &fields, owner_id, stage, *since).await?,
            _ => client::set_stage(&mut tx, id, stage, *since).await?,
        }
    }
    let created = client::get(&mut tx, id).await?;
    let detail = json!({ "stage": created.stage });
    access::done_to(service, &mut tx, Action::CreateClient, (id, &fields.name), detail).await?;
    tx.commit().await?;
    Ok(created)
}

/// Changes a client's fields and owner. `read` is what the changed parts held when they were read: a part that holds
/// something else by now was changed by somebody else, and is not overwritten unseen.
///
/// # Errors
/// Missing, an archived client, a field that cannot be accepted or was changed meanwhile, or the rule that forbids it.
pub async fn update(service: &Service, actor: &Actor, id: ClientId, change: Edit, read: Edit) -> Result<Client> {
    allow_on(service, actor, id, Action::EditClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    let before = lock_open(&mut tx, id).await?;
    let present = Edit::whole(before.fields.clone(), before.owner_id);
    let lost = present.clone().changed_from(&read).only(&read).only(&change.clone().changed_from(&present));
    if lost != Edit::default() {
        return Err(Error::ChangedMeanwhile(held(&mut tx, lost).await?));
    }
    let (fields, owner_id) = change.over(&before.fields, before.owner_id);
    let fields = complete(&mut tx, fields, owner_id.filter(|_| owner_id != before.owner_id)).await?;
    let changed = Edit::whole(fields.clone(), owner_id).changed_from(&present).names();
    if !changed.is_empty() {
        client::update(&mut tx, id, &fields, owner_id).await?;
        let detail = json!({ "changed": changed });
        access::done_to(service, &mut tx, Action::EditClient, (id, &fields.name), detail).await?;
    }
    let after = client::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Moves a client on the board.
///
/// # Errors
/// Missing, an archived client, an unknown stage, or the rule that forbids it.
pub async fn set_stage(service: &Service, actor: &Actor, id: ClientId, stage_id: StageId) -> Result<Client> {
    allow_on(service, actor, id, Action::EditClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    let target = known_stage(&mut tx, stage_id).await?;
    let before = lock_open(&mut tx, id).await?;
    if before.stage_id != target.id {
        client::set_stage(&mut tx, id, &target, service.clock.now()).await?;
        let detail = json!({ "stage": target.name, "stage_before": before.stage });
        access::done_to(service, &mut tx, Action::EditClient, (id, &before.fields.name), detail).await?;
    }
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
        let detail = json!({ "archived": archived });
        access::done_to(service, &mut tx, Action::ArchiveClient, (id, &before.fields.name), detail).await?;
    }
    let after = client::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Who can answer for a client, as far as the actor sees them: active members, by name.
///
/// # Errors
/// The rule that forbids it.
pub async fn owners(service: &Service, actor: &Actor) -> Result<Vec<(MemberId, String)>> {
    access::allow(service, actor, Action::EditClient).await?;
    let filter = member::Filter { active: Some(true), ..Default::default() };
    let mut tx = service.db.tenant(actor).await?;
    let (mut owners, mut cursor) = (Vec::new(), None);
    loop {
        let page = member::list(&mut tx, &filter, model::page::MAX_LIMIT, cursor).await?;
        owners.extend(page.items.into_iter().map(|member| (member.id, member.name)));
        match page.next_cursor {
            Some(next) => cursor = Some(Cursor::parse(&next)?),
            None => break,
        }
    }
    owners.sort_by_key(|(_, name)| name.to_lowercase());
    Ok(owners)
}

/// The name of the member who answers for a client, where the actor sees that member.
///
/// # Errors
/// The database failed.
pub async fn owner_name(service: &Service, actor: &Actor, id: MemberId) -> Result<Option<String>> {
    match member::get(&mut service.db.tenant(actor).await?, id).await {
        Ok(owner) => Ok(Some(owner.name)),
        Err(store::Error::Missing) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Lets the actor do `action` to a client. One that is out of sight is missing, whatever the role.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub(crate) async fn allow_on(service: &Service, actor: &Actor, id: ClientId, action: Action) -> Result<()> {
    let client = client::get(&mut service.db.tenant(actor).await?, id).await?;
    access::allow_to(service, actor, action, id, &client.fields.name).await
}

/// A client that is not archived, locked until the transaction ends.
///
/// # Errors
/// Missing, or an archived client: it stays as it is until it is brought back.
pub(crate) async fn lock_open(tx: &mut TenantTx, id: ClientId) -> Result<Client> {
    let client = client::lock(tx, id).await?;
    match client.archived_at {
        None => Ok(client),
        Some(_) => Err(Error::Conflict {
            code: "archived",
            message: format!("{} is archived. Bring it back first; nothing was changed", client.fields.name),
        }),
    }
}

async fn known_stage(tx: &mut TenantTx, id: StageId) -> Result<Stage> {
    stage::get(tx, id).await.map_err(|error| match error {
        store::Error::Missing => Invalid::new("stage_id", "the board has no such stage").into(),
        other => other.into(),
    })
}

/// What the parts of `edit` hold, for people and programs.
async fn held(tx: &mut TenantTx, edit: Edit) -> Result<Vec<Held>> {
    let text = |field, text: Option<String>| {
        text.map(|text| Held { field, value: json!(text), words: text.clone(), typed: text })
    };
    let tags = edit.tags.map(|tags| {
        let line = tags.join(", ");
        Held { field: "tags", value: json!(tags), words: line.clone(), typed: line }
    });
    let owner = match edit.owner_id {
        None => None,
        Some(None) => Some((String::new(), "nobody".to_owned())),
        Some(Some(id)) => match member::get(tx, id).await {
            Ok(owner) => Some((id.to_string(), owner.name)),
            Err(store::Error::Missing) => Some((id.to_string(), "another member".to_owned())),
            Err(error) => return Err(error.into()),
        },
    };
    let owner =
        owner.map(|(typed, words)| Held { field: "owner_id", value: json!(edit.owner_id.flatten()), words, typed });
    let fields = [
        text("name", edit.name),
        text("website", edit.website),
        text("industry", edit.industry),
        text("currency", edit.currency),
        text("time_zone", edit.time_zone),
        tags,
        text("notes", edit.notes),
        text("margin_percent", edit.margin_percent),
        owner,
    ];
    Ok(fields.into_iter().flatten().collect())
}

/// A search without the one character that Postgres cannot take.
pub(crate) fn searchable(text: &str) -> String {
    text.replace('\0', "").trim().to_owned()
}

/// Checks the fields and who is to answer for the client from now on, and fills in the agency's currency and time zone.
/// All that is wrong is told at once.
async fn complete(tx: &mut TenantTx, mut fields: Fields, new_owner: Option<MemberId>) -> Result<Fields> {
    if fields.currency.trim().is_empty() || fields.time_zone.trim().is_empty() {
        let agency = organization::get(tx).await?;
        if fields.currency.trim().is_empty() {
            fields.currency = agency.currency;
        }
        if fields.time_zone.trim().is_empty() {
            fields.time_zone = agency.time_zone;
        }
    }
    let (mut wrong, zone) = (Wrong::default(), parse_time_zone("time_zone", &fields.time_zone).ok());
    let parsed = fields.parse();
    wrong.check(&parsed);
    if let Some(zone) = zone
        && !organization::time_zone_exists(tx, &zone).await?
    {
        wrong.add(Some(Invalid::new("time_zone", "there is no such time zone. Enter one such as Europe/Berlin")));
    }
    wrong.add(wrong_owner(tx, new_owner).await?);
    wrong.end()?;
    Ok(parsed?)
}

/// Why a member cannot answer for a client, if so.
async fn wrong_owner(tx: &mut TenantTx, owner_id: Option<MemberId>) -> Result<Option<Invalid>> {
    let Some(id) = owner_id else { return Ok(None) };
    match member::get(tx, id).await {
        Ok(owner) if owner.active => Ok(None),
        Ok(_) | Err(store::Error::Missing) => {
            Ok(Some(Invalid::new("owner_id", "choose an active member of the agency")))
        }
        Err(error) => Err(error.into()),
    }
}
