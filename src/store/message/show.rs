//! Messages as people read them.

use std::collections::BTreeMap;

use model::{
    id::{ConversationId, MessageId},
    message::{Address, Attachment, Kind, Message, Place},
};

use crate::{Error, Result, TenantTx};

/// The messages of a conversation, the first first. Those that were begun and not sent, or lie among the unwanted, are not shown.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, conversation: ConversationId) -> Result<Vec<Message>> {
    let rows = sqlx::query!(
        "select id, inbound, kind, from_name, from_address, subject, text, html, sent_at, at, place, fault, outgoing_id, gone_at
         from message where conversation_id = $1 and place not in ('draft', 'spam') order by at, id",
        conversation.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut people = addresses(tx, &ids).await?;
    let mut files = attachments(tx, &ids).await?;
    let message = rows.into_iter().map(|row| {
        let id = MessageId(row.id);
        let [to, cc, reply_to] = people.remove(&id).unwrap_or_default();
        Message {
            id,
            inbound: row.inbound,
            kind: Kind::parse(&row.kind).unwrap_or(Kind::Person),
            from: Address { name: row.from_name, address: row.from_address },
            to,
            cc,
            reply_to,
            subject: row.subject,
            text: row.text,
            html: row.html,
            sent_at: row.sent_at,
            at: row.at,
            place: Place::parse(&row.place).unwrap_or(Place::Archive),
            attachments: files.remove(&id).unwrap_or_default(),
            fault: row.fault,
            outgoing_id: row.outgoing_id.map(Into::into),
            gone: row.gone_at.is_some(),
        }
    });
    Ok(message.collect())
}

/// To, copies, and where answers go.
type People = [Vec<Address>; 3];

async fn addresses(tx: &mut TenantTx, ids: &[sqlx::types::Uuid]) -> Result<BTreeMap<MessageId, People>> {
    let rows = sqlx::query!(
        "select message_id, role, name, address from message_address
         where message_id = any($1) and role in ('to', 'cc', 'reply_to') order by message_id, role, position",
        ids
    );
    let mut all: BTreeMap<MessageId, People> = BTreeMap::new();
    for row in rows.fetch_all(&mut **tx).await? {
        let [to, cc, reply_to] = all.entry(row.message_id.into()).or_default();
        let list = match row.role.as_str() {
            "to" => to,
            "cc" => cc,
            _ => reply_to,
        };
        list.push(Address { name: row.name, address: row.address });
    }
    Ok(all)
}

async fn attachments(tx: &mut TenantTx, ids: &[sqlx::types::Uuid]) -> Result<BTreeMap<MessageId, Vec<Attachment>>> {
    let rows = sqlx::query!(
        "select message_id, part, name, content_type, size, inline from attachment
         where message_id = any($1) order by message_id, part",
        ids
    );
    let mut all: BTreeMap<MessageId, Vec<Attachment>> = BTreeMap::new();
    for row in rows.fetch_all(&mut **tx).await? {
        let file = Attachment {
            part: row.part,
            name: row.name,
            content_type: row.content_type,
            size: row.size,
            inline: row.inline,
        };
        all.entry(row.message_id.into()).or_default().push(file);
    }
    Ok(all)
}

/// A message's source.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn source(tx: &mut TenantTx, id: MessageId) -> Result<Vec<u8>> {
    let found = sqlx::query_scalar!("select bytes from message_source where message_id = $1", id.0);
    found.fetch_optional(&mut **tx).await?.ok_or(Error::Missing)
}

/// What is known of a message's file, by its place, or by the id by which the layout shows it.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn attachment(
    tx: &mut TenantTx,
    id: MessageId,
    part: Option<i32>,
    content_id: Option<&str>,
) -> Result<Attachment> {
    let found = sqlx::query!(
        "select part, name, content_type, size, inline from attachment
         where message_id = $1 and (part = $2 or content_id = $3) order by part limit 1",
        id.0,
        part,
        content_id
    );
    let found = found.map(|row| Attachment {
        part: row.part,
        name: row.name,
        content_type: row.content_type,
        size: row.size,
        inline: row.inline,
    });
    found.fetch_optional(&mut **tx).await?.ok_or(Error::Missing)
}
