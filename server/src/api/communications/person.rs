//! What was written with a contact, whichever channel it went through.

use axum::{Json, extract::State};
use model::{
    id::ContactId,
    person::{Line, Person},
};
use serde::Serialize;
use service::{Service, person};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::Id,
        list::{ListQuery, Slice},
        rfc3339,
    },
    cookie::SignedIn,
};

/// A message of a contact's time line.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonLineBody {
    id: Uuid,
    conversation_id: Uuid,
    /// The channel's provider: gmail, outlook, imap.
    source: String,
    /// What the channel is called.
    mailbox: String,
    /// Whether it came to the agency.
    inbound: bool,
    sender_name: String,
    sender_email: String,
    subject: String,
    /// How it begins.
    snippet: String,
    /// When the provider received it.
    at: String,
}

impl From<Line> for PersonLineBody {
    fn from(line: Line) -> Self {
        Self {
            id: line.id.0,
            conversation_id: line.conversation_id.0,
            source: line.provider,
            mailbox: line.mailbox,
            inbound: line.inbound,
            sender_name: line.from.name,
            sender_email: line.from.address,
            subject: line.subject,
            snippet: line.snippet,
            at: rfc3339(line.at),
        }
    }
}

/// A contact with what was written with them.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonBody {
    id: Uuid,
    client_id: Uuid,
    client: String,
    name: String,
    /// Addresses, numbers and handles under which they write.
    addresses: Vec<String>,
    /// What was written in conversations that you see, the last first.
    items: Vec<PersonLineBody>,
    /// Pass as `cursor` for what follows; null on the last page.
    next_cursor: Option<String>,
}

impl From<Person> for PersonBody {
    fn from(Person { contact, client, lines }: Person) -> Self {
        Self {
            id: contact.id.0,
            client_id: contact.client_id.0,
            client,
            addresses: contact.fields.addresses().map(|(_, address)| address.to_owned()).collect(),
            name: contact.fields.name,
            items: lines.items.into_iter().map(Into::into).collect(),
            next_cursor: lines.next_cursor,
        }
    }
}

/// Everything that was written with a contact, under any of their addresses and through any channel.
#[utoipa::path(get, path = "/api/v1/communications/people/{id}", tag = "communications", params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = PersonBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ContactId>,
    Slice { limit, cursor }: Slice,
) -> Result<Json<PersonBody>, ApiError> {
    Ok(Json(person::get(&service, &actor, id, limit, cursor.as_deref()).await?.into()))
}
