//! `/api/v1/communications`: conversations with clients, what is done about them, and what is written.

pub(super) mod body;
pub(super) mod deed;
pub(super) mod outgoing;
pub(super) mod person;
pub(super) mod words;

use axum::{Json, extract::State};
use body::{
    ConversationBody, ConversationPage, CountsBody, LabelPage, MessagePage, ReaderBody, ReaderPage, ThreadBody,
};
use http::StatusCode;
use model::{
    conversation::{Filter, Status},
    id::{ConversationId, MemberId},
    input::Invalid,
};
use serde::Deserialize;
use service::{Service, conversation};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params, given},
    list::{self, ListQuery, Slice},
};
use crate::cookie::SignedIn;

/// What narrows the list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ConversationQuery {
    /// Through a mailbox of this provider: gmail, outlook, imap.
    source: Option<String>,
    /// `true`: somebody waits for an answer; `false`: nobody does.
    needs_reply: Option<String>,
    /// Only of this client; missing (404) when it is out of sight.
    client_id: Option<String>,
    /// `true`: you have something to read there; `false`: you have not.
    unread: Option<String>,
    /// open, snoozed or closed; all when absent.
    status: Option<String>,
    /// In a text, a subject, a name or an address, whatever the case.
    q: Option<String>,
    /// `true`: those that wait for a client.
    triage: Option<String>,
    /// Seen to by this member; `nobody`: by none.
    assignee_id: Option<String>,
    /// Marked with this.
    label_id: Option<String>,
}

impl ConversationQuery {
    fn filter(self) -> Result<Filter, Invalid> {
        let unassigned = self.assignee_id.as_deref() == Some("nobody");
        let assignee = self.assignee_id.as_deref().filter(|_| !unassigned);
        Ok(Filter {
            status: self.status.as_deref().map(status).transpose()?,
            client_id: list::id("client_id", self.client_id.as_deref())?,
            triage: list::yes_or_no("triage", self.triage.as_deref())?.unwrap_or(false),
            assignee_id: list::id("assignee_id", assignee)?,
            unassigned,
            needs_reply: list::yes_or_no("needs_reply", self.needs_reply.as_deref())?,
            unread: list::yes_or_no("unread", self.unread.as_deref())?,
            source: self.source,
            label_id: list::id("label_id", self.label_id.as_deref())?,
            text: list::search(self.q),
        })
    }
}

fn status(text: &str) -> Result<Status, Invalid> {
    Status::parse(text).ok_or_else(|| Invalid::new("status", "status is open, snoozed or closed"))
}

/// A moment as it is sent.
fn moment(field: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, Invalid> {
    let wrong = |_| Invalid::new(field, "enter a moment as 2026-11-03T12:00:00Z");
    text.map(|text| OffsetDateTime::parse(text, &Rfc3339).map_err(wrong)).transpose()
}

/// The conversations in one's sight, the one with the latest message first.
#[utoipa::path(get, path = "/api/v1/communications/conversations", tag = "communications",
    params(ListQuery, ConversationQuery),
    responses((status = 200, body = ConversationPage), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Slice { limit, cursor }: Slice,
    Params(query): Params<ConversationQuery>,
) -> Result<Json<ConversationPage>, ApiError> {
    let page = conversation::list(&service, &actor, &query.filter()?, limit, cursor.as_deref()).await?;
    let items = page.items.into_iter().map(Into::into).collect();
    Ok(Json(ConversationPage { items, next_cursor: page.next_cursor }))
}

/// How many open conversations wait for whoever asks.
#[utoipa::path(get, path = "/api/v1/communications/counts", tag = "communications",
    responses((status = 200, body = CountsBody)))]
pub(super) async fn counts(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<CountsBody>, ApiError> {
    Ok(Json(conversation::counts(&service, &actor).await?.into()))
}

/// The agency's labels, by name.
#[utoipa::path(get, path = "/api/v1/communications/labels", tag = "communications",
    responses((status = 200, body = LabelPage)))]
pub(super) async fn labels(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<LabelPage>, ApiError> {
    let items = conversation::labels(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(LabelPage { items, next_cursor: None }))
}

/// A conversation with its notes, what was done to it, and what is to go out. One whose messages were put into another is answered as
/// that other.
#[utoipa::path(get, path = "/api/v1/communications/conversations/{id}", tag = "communications", params(("id" = Uuid, Path)),
    responses((status = 200, body = ThreadBody), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
) -> Result<Json<ThreadBody>, ApiError> {
    Ok(Json(conversation::thread(&service, &actor, id).await?.into()))
}

/// A conversation's messages, the first first. How each is shown with its layout, its files and its source are at
/// `/app/messages/{id}/html`, `/app/messages/{id}/parts/{part}` and `/app/messages/{id}/source`, for who is signed in there.
#[utoipa::path(get, path = "/api/v1/communications/conversations/{id}/messages", tag = "communications",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = MessagePage), (status = 404, body = ErrorBody)))]
pub(super) async fn messages(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
) -> Result<Json<MessagePage>, ApiError> {
    let thread = conversation::thread(&service, &actor, id).await?;
    let items: Vec<_> = thread.messages.into_iter().map(Into::into).collect();
    Ok(Json(MessagePage { count: items.len(), items, next_cursor: None }))
}

/// Those who can be asked to see to a conversation, by name; and, of a private one, who could be named beside them.
#[utoipa::path(get, path = "/api/v1/communications/conversations/{id}/readers", tag = "communications",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ReaderPage), (status = 404, body = ErrorBody)))]
pub(super) async fn readers(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
) -> Result<Json<ReaderPage>, ApiError> {
    let readers = conversation::readers(&service, &actor, id).await?;
    let mut others = conversation::candidates(&service, &actor, id).await?;
    others.retain(|(other, _)| readers.iter().all(|(reader, _)| reader != other));
    let [items, others] =
        [readers, others].map(|all| all.into_iter().map(|(id, name)| ReaderBody { id: id.0, name }).collect());
    Ok(Json(ReaderPage { items, others, next_cursor: None }))
}

/// What changes of a conversation: one thing at a time.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConversationChangeBody {
    /// open, snoozed or closed.
    status: Option<String>,
    /// When a snoozed one comes back, as 2026-11-03T12:00:00Z, within a year.
    snoozed_until: Option<String>,
    /// Who sees to it, one of its readers; null: nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    assignee_id: Option<Option<Uuid>>,
    /// false: nobody waits for an answer any more, as when somebody answered by telephone; true takes that back.
    needs_reply: Option<bool>,
    /// Whether you have read it up to now.
    read: Option<bool>,
}

/// Changes one thing of a conversation: where it stands, who sees to it, whether an answer is wanted, or whether you have read it.
#[utoipa::path(patch, path = "/api/v1/communications/conversations/{id}", tag = "communications",
    params(("id" = Uuid, Path)), request_body = ConversationChangeBody,
    responses((status = 200, body = ConversationBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn update(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
    Body(body): Body<ConversationChangeBody>,
) -> Result<Json<ConversationBody>, ApiError> {
    let ConversationChangeBody { status: standing, snoozed_until, assignee_id, needs_reply, read } = body;
    let changed = match (standing, assignee_id, needs_reply, read) {
        (Some(standing), None, None, None) => {
            let until = moment("snoozed_until", snoozed_until.as_deref())?;
            conversation::set_status(&service, &actor, id, status(&standing)?, until).await.map_err(named_here)?
        }
        (None, Some(assignee), None, None) => {
            conversation::assign(&service, &actor, id, assignee.map(MemberId)).await?
        }
        (None, None, Some(wanted), None) => conversation::set_needs_reply(&service, &actor, id, wanted).await?,
        (None, None, None, Some(read)) => conversation::set_read(&service, &actor, id, read).await?,
        _ => {
            let words = "give one of status, assignee_id, needs_reply and read; nothing was changed";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "malformed", words));
        }
    };
    Ok(Json(changed.into()))
}

/// The same refusal under the name that the field has here.
fn named_here(error: service::Error) -> service::Error {
    match error {
        service::Error::Invalid(invalid) if invalid.field == "until" => {
            Invalid::new("snoozed_until", invalid.message).into()
        }
        other => other,
    }
}
