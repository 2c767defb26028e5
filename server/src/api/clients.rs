//! `/api/v1/clients`: clients, their stages and history.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    client::{Client, Edit, Fields},
    id::{ClientId, MemberId},
    stage::{Stage, StageChange, Thresholds},
};
use serde::{Deserialize, Serialize};
use service::{Service, client};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params, given},
    list::{self, ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// A client of the agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientBody {
    id: Uuid,
    name: String,
    website: String,
    industry: String,
    currency: String,
    time_zone: String,
    tags: Vec<String>,
    notes: String,
    /// What stays of revenue after goods and delivery, in per cent: "42.5"; empty where nobody said it.
    margin_percent: String,
    /// The member who answers for it.
    owner_id: Option<Uuid>,
    stage_id: Uuid,
    /// The stage's name.
    stage: String,
    /// Whole days in the present stage.
    days_in_stage: i64,
    /// green, yellow or red by the agency's thresholds.
    health: &'static str,
    created_at: String,
    archived_at: Option<String>,
}

impl ClientBody {
    fn new(client: Client, thresholds: Thresholds, now: OffsetDateTime) -> Self {
        let days_in_stage = client.days_in_stage(now);
        Self {
            id: client.id.0,
            name: client.fields.name,
            website: client.fields.website,
            industry: client.fields.industry,
            currency: client.fields.currency,
            time_zone: client.fields.time_zone,
            tags: client.fields.tags,
            notes: client.fields.notes,
            margin_percent: client.fields.margin_percent,
            owner_id: client.owner_id.map(|id| id.0),
            stage_id: client.stage_id.0,
            stage: client.stage,
            days_in_stage,
            health: thresholds.health(days_in_stage).key(),
            created_at: rfc3339(client.created_at),
            archived_at: client.archived_at.map(rfc3339),
        }
    }
}

/// One page of clients.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientPage {
    /// Newest first.
    items: Vec<ClientBody>,
    /// Pass as `cursor` for what follows; null on the last page.
    next_cursor: Option<String>,
}

/// What narrows the list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ClientQuery {
    /// Part of the name, website, industry or a tag.
    search: Option<String>,
    /// Only those in this stage.
    stage_id: Option<String>,
    /// `true`: the archived ones instead of the others.
    archived: Option<String>,
}

/// The clients in one's sight, newest first.
#[utoipa::path(get, path = "/api/v1/clients", tag = "clients", params(ListQuery, ClientQuery),
    responses((status = 200, body = ClientPage), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<ClientQuery>,
) -> Result<Json<ClientPage>, ApiError> {
    let filter = client::Filter {
        search: list::search(query.search),
        stage_id: list::id("stage_id", query.stage_id.as_deref())?,
        archived: list::yes_or_no("archived", query.archived.as_deref())?.unwrap_or(false),
    };
    let (page, _, thresholds) =
        client::list_with_board(&service, &actor, &filter, slice.limit, slice.cursor.as_deref()).await?;
    let now = service.clock.now();
    let items = page.items.into_iter().map(|client| ClientBody::new(client, thresholds, now)).collect();
    Ok(Json(ClientPage { items, next_cursor: page.next_cursor }))
}

/// A client to be added. What is absent is empty; currency and time zone are the agency's.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewClientBody {
    /// One line of 1–200 characters.
    name: String,
    website: Option<String>,
    industry: Option<String>,
    /// ISO 4217.
    currency: Option<String>,
    /// An IANA name.
    time_zone: Option<String>,
    /// Up to 20 of up to 50 characters are kept.
    tags: Option<Vec<String>>,
    notes: Option<String>,
    /// In per cent from 0 to 100, such as "42.5"; empty is nothing.
    margin_percent: Option<String>,
    owner_id: Option<Uuid>,
    /// A column of the board; the first when absent.
    stage_id: Option<Uuid>,
}

/// Adds a client, in the first stage unless another is named.
#[utoipa::path(post, path = "/api/v1/clients", tag = "clients", request_body = NewClientBody,
    responses((status = 201, body = ClientBody)))]
pub(super) async fn create(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<NewClientBody>,
) -> Result<(StatusCode, Json<ClientBody>), ApiError> {
    let fields = Fields {
        name: body.name,
        website: body.website.unwrap_or_default(),
        industry: body.industry.unwrap_or_default(),
        currency: body.currency.unwrap_or_default(),
        time_zone: body.time_zone.unwrap_or_default(),
        tags: body.tags.unwrap_or_default(),
        notes: body.notes.unwrap_or_default(),
        margin_percent: body.margin_percent.unwrap_or_default(),
    };
    let client =
        client::create(&service, &actor, fields, body.owner_id.map(MemberId), body.stage_id.map(Into::into)).await?;
    Ok((StatusCode::CREATED, shown(&service, &actor, client).await?))
}

/// One client.
#[utoipa::path(get, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = Uuid, Path)),
    responses((status = 200, body = ClientBody), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
) -> Result<Json<ClientBody>, ApiError> {
    let client = client::get(&service, &actor, id).await?;
    shown(&service, &actor, client).await
}

/// What the changed fields held when they were read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ClientReadBody {
    name: Option<String>,
    website: Option<String>,
    industry: Option<String>,
    currency: Option<String>,
    time_zone: Option<String>,
    tags: Option<Vec<String>>,
    notes: Option<String>,
    /// In per cent from 0 to 100, such as "42.5"; empty is nothing.
    margin_percent: Option<String>,
    /// null: nobody answered for it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    owner_id: Option<Option<Uuid>>,
}

impl From<ClientReadBody> for Edit {
    fn from(body: ClientReadBody) -> Self {
        let ClientReadBody { name, website, industry, currency, time_zone, tags, notes, margin_percent, owner_id } =
            body;
        let owner_id = owner_id.map(|owner| owner.map(MemberId));
        Self { name, website, industry, currency, time_zone, tags, notes, margin_percent, owner_id }
    }
}

/// A change of a client; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ClientChangeBody {
    name: Option<String>,
    website: Option<String>,
    industry: Option<String>,
    currency: Option<String>,
    time_zone: Option<String>,
    tags: Option<Vec<String>>,
    notes: Option<String>,
    /// In per cent from 0 to 100, such as "42.5"; empty is nothing.
    margin_percent: Option<String>,
    /// null: nobody answers for it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    owner_id: Option<Option<Uuid>>,
    /// What the changed fields held when you read them. Where one holds something else by now, somebody else changed it:
    /// the answer is 409 `changed_meanwhile` with what it holds, and nothing is changed.
    expected: Option<ClientReadBody>,
}

/// Changes a client. An archived one is 409 `archived` until it is brought back.
#[utoipa::path(patch, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = Uuid, Path)),
    request_body = ClientChangeBody,
    responses((status = 200, body = ClientBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn update(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
    Body(body): Body<ClientChangeBody>,
) -> Result<Json<ClientBody>, ApiError> {
    let ClientChangeBody {
        name,
        website,
        industry,
        currency,
        time_zone,
        tags,
        notes,
        margin_percent,
        owner_id,
        expected,
    } = body;
    let owner_id = owner_id.map(|owner| owner.map(MemberId));
    let change = Edit { name, website, industry, currency, time_zone, tags, notes, margin_percent, owner_id };
    let read = expected.map(Edit::from).unwrap_or_default();
    let client = client::update(&service, &actor, id, change, read).await?;
    shown(&service, &actor, client).await
}

/// Archives a client: it leaves the lists, nothing of it is lost.
#[utoipa::path(delete, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = Uuid, Path)),
    responses((status = 200, body = ClientBody), (status = 404, body = ErrorBody)))]
pub(super) async fn archive(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
) -> Result<Json<ClientBody>, ApiError> {
    let client = client::set_archived(&service, &actor, id, true).await?;
    shown(&service, &actor, client).await
}

/// Brings an archived client back into the lists.
#[utoipa::path(post, path = "/api/v1/clients/{id}/restore", tag = "clients", params(("id" = Uuid, Path)),
    responses((status = 200, body = ClientBody), (status = 404, body = ErrorBody)))]
pub(super) async fn restore(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
) -> Result<Json<ClientBody>, ApiError> {
    let client = client::set_archived(&service, &actor, id, false).await?;
    shown(&service, &actor, client).await
}

/// A move on the board.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StageMoveBody {
    stage_id: Uuid,
}

/// Moves a client on the board. An archived one is 409 `archived` until it is brought back.
#[utoipa::path(put, path = "/api/v1/clients/{id}/stage", tag = "clients", params(("id" = Uuid, Path)),
    request_body = StageMoveBody,
    responses((status = 200, body = ClientBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn set_stage(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
    Body(body): Body<StageMoveBody>,
) -> Result<Json<ClientBody>, ApiError> {
    let client = client::set_stage(&service, &actor, id, body.stage_id.into()).await?;
    shown(&service, &actor, client).await
}

/// A move in a client's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageChangeBody {
    /// The stage it moved to, as named then.
    stage: String,
    /// Who moved it.
    member: String,
    created_at: String,
}

/// A client's moves.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageChangePage {
    /// Newest first.
    items: Vec<StageChangeBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// A client's moves on the board.
#[utoipa::path(get, path = "/api/v1/clients/{id}/history", tag = "clients", params(("id" = Uuid, Path)),
    responses((status = 200, body = StageChangePage), (status = 404, body = ErrorBody)))]
pub(super) async fn history(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
) -> Result<Json<StageChangePage>, ApiError> {
    let body =
        |StageChange { stage, member, created_at }| StageChangeBody { stage, member, created_at: rfc3339(created_at) };
    let items = client::history(&service, &actor, id).await?.into_iter().map(body).collect();
    Ok(Json(StageChangePage { items, next_cursor: None }))
}

/// A column of the board.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageBody {
    id: Uuid,
    name: String,
}

impl From<Stage> for StageBody {
    fn from(stage: Stage) -> Self {
        Self { id: stage.id.0, name: stage.name }
    }
}

/// The board's columns.
#[derive(Debug, Serialize, ToSchema)]
pub struct StagePage {
    /// From left to right.
    items: Vec<StageBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// The board's columns.
#[utoipa::path(get, path = "/api/v1/stages", tag = "clients", responses((status = 200, body = StagePage)))]
pub(super) async fn stages(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<StagePage>, ApiError> {
    let (stages, _) = client::board(&service, &actor).await?;
    Ok(Json(StagePage { items: stages.into_iter().map(Into::into).collect(), next_cursor: None }))
}

async fn shown(service: &Service, actor: &model::actor::Actor, client: Client) -> Result<Json<ClientBody>, ApiError> {
    let (_, thresholds) = client::board(service, actor).await?;
    Ok(Json(ClientBody::new(client, thresholds, service.clock.now())))
}
