//! Clients of the agency, in the sight of the acting member.

use model::{
    client::{Client, Fields},
    id::{ClientId, MemberId, StageId},
    page::Page,
    stage::{Stage, StageChange},
};
use rust_decimal::Decimal;
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{
    Error, Result, TenantTx,
    cursor::{self, Cursor},
    id,
};

struct Row {
    id: Uuid,
    name: String,
    website: String,
    industry: String,
    currency: String,
    time_zone: String,
    tags: Vec<String>,
    notes: String,
    margin_percent: Option<Decimal>,
    owner_id: Option<Uuid>,
    stage_id: Uuid,
    stage: String,
    stage_since: OffsetDateTime,
    created_at: OffsetDateTime,
    archived_at: Option<OffsetDateTime>,
}

impl From<Row> for Client {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            fields: Fields {
                name: row.name,
                website: row.website,
                industry: row.industry,
                currency: row.currency,
                time_zone: row.time_zone,
                tags: row.tags,
                notes: row.notes,
                margin_percent: row.margin_percent.map(|share| share.normalize().to_string()).unwrap_or_default(),
            },
            owner_id: row.owner_id.map(Into::into),
            stage_id: row.stage_id.into(),
            stage: row.stage,
            stage_since: row.stage_since,
            created_at: row.created_at,
            archived_at: row.archived_at,
        }
    }
}

/// The margin as a number; fields are parsed before they are stored.
fn share(fields: &Fields) -> Option<Decimal> {
    fields.margin_percent.parse().ok()
}

/// What a list of clients is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the name, website, industry or a tag, in any case.
    pub search: Option<String>,
    /// Only those in this stage.
    pub stage_id: Option<StageId>,
    /// The archived ones instead of the others.
    pub archived: bool,
}

/// Clients newest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, filter: &Filter, limit: i64, cursor: Option<Cursor>) -> Result<Page<Client>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.id, c.name, website, industry, currency, time_zone, tags, notes, margin_percent, owner_id, stage_id,
             s.name as stage, stage_since, created_at, archived_at
           from client c join stage s on s.organization_id = c.organization_id and s.id = c.stage_id
           where ($1::timestamptz is null or (created_at, c.id) < ($1, $2::uuid))
             and ($3::text is null
                  or position(lower($3) in lower(concat_ws(' ', c.name, website, industry, array_to_string(tags, ' ')))) > 0)
             and ($4::uuid is null or stage_id = $4)
             and (archived_at is not null) = $5
           order by created_at desc, c.id desc limit $6"#,
        cursor.map(|c| c.created_at),
        cursor.map(|c| c.id),
        filter.search,
        filter.stage_id.map(|id| id.0),
        filter.archived,
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let clients = rows.into_iter().map(Client::from).collect();
    Ok(cursor::page(clients, limit, |client: &Client| (client.created_at, client.id.0)))
}

/// One client, archived ones too.
///
/// # Errors
/// Missing, also when it is out of sight or another tenant's.
pub async fn get(tx: &mut TenantTx, id: ClientId) -> Result<Client> {
    let row = sqlx::query_as!(
        Row,
        "select c.id, c.name, website, industry, currency, time_zone, tags, notes, margin_percent, owner_id, stage_id,
           s.name as stage, stage_since, created_at, archived_at
         from client c join stage s on s.organization_id = c.organization_id and s.id = c.stage_id
         where c.id = $1",
        id.0
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.into())
}

/// One client, locked until the transaction ends, so that two changes at once do not undo each other.
///
/// # Errors
/// Missing, also when it may not be changed by the acting member.
pub async fn lock(tx: &mut TenantTx, id: ClientId) -> Result<Client> {
    sqlx::query!("select id from client where id = $1 for update", id.0).fetch_one(&mut **tx).await?;
    get(tx, id).await
}

/// Adds a client in `stage`.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut TenantTx,
    id: ClientId,
    fields: &Fields,
    owner_id: Option<MemberId>,
    stage: &Stage,
    now: OffsetDateTime,
) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    sqlx::query!(
        "insert into client (organization_id, id, name, website, industry, currency, time_zone, tags, notes, owner_id,
           stage_id, stage_since, created_at, margin_percent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)",
        organization_id.0,
        id.0,
        fields.name,
        fields.website,
        fields.industry,
        fields.currency,
        fields.time_zone,
        &fields.tags,
        fields.notes,
        owner_id.map(|id| id.0),
        stage.id.0,
        now,
        share(fields)
    )
    .execute(&mut **tx)
    .await?;
    insert_change(tx, id, stage, now).await
}

/// Writes a client's changed fields and owner.
///
/// # Errors
/// Missing when it may not be changed by the acting member.
pub async fn update(tx: &mut TenantTx, id: ClientId, fields: &Fields, owner_id: Option<MemberId>) -> Result<()> {
    let done = sqlx::query!(
        "update client set name = $2, website = $3, industry = $4, currency = $5, time_zone = $6, tags = $7, notes = $8,
           owner_id = $9, margin_percent = $10 where id = $1",
        id.0,
        fields.name,
        fields.website,
        fields.industry,
        fields.currency,
        fields.time_zone,
        &fields.tags,
        fields.notes,
        owner_id.map(|id| id.0),
        share(fields)
    )
    .execute(&mut **tx)
    .await?;
    one(done.rows_affected())
}

/// Moves a client to a stage and notes it in its history.
///
/// # Errors
/// Missing when it may not be changed by the acting member.
pub async fn set_stage(tx: &mut TenantTx, id: ClientId, stage: &Stage, now: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!("update client set stage_id = $2, stage_since = $3 where id = $1", id.0, stage.id.0, now)
        .execute(&mut **tx)
        .await?;
    one(done.rows_affected())?;
    insert_change(tx, id, stage, now).await
}

/// Takes a client out of the lists, or back in.
///
/// # Errors
/// Missing when it may not be changed by the acting member.
pub async fn set_archived(tx: &mut TenantTx, id: ClientId, archived_at: Option<OffsetDateTime>) -> Result<()> {
    let done =
        sqlx::query!("update client set archived_at = $2 where id = $1", id.0, archived_at).execute(&mut **tx).await?;
    one(done.rows_affected())
}

/// The clients in sight by name, and whether each is archived.
///
/// # Errors
/// The database failed.
pub async fn list_names(tx: &mut TenantTx) -> Result<Vec<(ClientId, String, bool)>> {
    let rows =
        sqlx::query!(r#"select id, name, archived_at is not null as "archived!" from client order by lower(name), id"#);
    Ok(rows.map(|row| (row.id.into(), row.name, row.archived)).fetch_all(&mut **tx).await?)
}

/// Clients that a member answers for, archived ones too, by name.
///
/// # Errors
/// The database failed.
pub async fn list_owned(tx: &mut TenantTx, owner_id: MemberId) -> Result<Vec<(ClientId, String)>> {
    Ok(sqlx::query!("select id, name from client where owner_id = $1 order by name", owner_id.0)
        .map(|row| (row.id.into(), row.name))
        .fetch_all(&mut **tx)
        .await?)
}

/// Gives all clients of one member to another.
///
/// # Errors
/// The database failed.
pub async fn reassign_owner(tx: &mut TenantTx, from: MemberId, to: MemberId) -> Result<()> {
    sqlx::query!("update client set owner_id = $2 where owner_id = $1", from.0, to.0).execute(&mut **tx).await?;
    Ok(())
}

/// A client's moves, newest first.
///
/// # Errors
/// The database failed.
pub async fn list_changes(tx: &mut TenantTx, id: ClientId) -> Result<Vec<StageChange>> {
    Ok(sqlx::query!(
        "select stage_name, member_name, created_at from stage_change
         where client_id = $1 order by created_at desc, id desc",
        id.0
    )
    .map(|row| StageChange { stage: row.stage_name, member: row.member_name, created_at: row.created_at })
    .fetch_all(&mut **tx)
    .await?)
}

async fn insert_change(tx: &mut TenantTx, client_id: ClientId, stage: &Stage, now: OffsetDateTime) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into stage_change (organization_id, id, client_id, stage_id, stage_name, member_id, member_name, created_at)
         select $1, $2, $3, $4, $5, m.id, m.name, $7 from member m where m.id = $6",
        actor.organization_id.0,
        id::new::<Uuid>(now),
        client_id.0,
        stage.id.0,
        stage.name,
        actor.member_id.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn one(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::Missing) }
}
