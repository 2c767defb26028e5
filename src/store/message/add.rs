//! Keeping a page of messages: one statement for each table.

use model::{
    id::{ChannelId, ConversationId, MessageId, OutgoingId},
    message::{Address, Attachment, Kind, Place},
};
use time::OffsetDateTime;

use super::Came;
use crate::{OnConstraint, Result, TenantTx};

/// A message that is not there yet, and where it belongs.
#[derive(Clone, Debug)]
pub struct New {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// The provider's id.
    pub external_id: String,
    /// The provider's id of its conversation.
    pub thread: Option<String>,
    /// Its `Message-ID`.
    pub header_id: Option<String>,
    /// The messages that it names.
    pub references: Vec<String>,
    /// Whether it came to the agency.
    pub inbound: bool,
    /// Who or what wrote it.
    pub kind: Kind,
    /// Its writer.
    pub from: Address,
    /// Its other addresses, each with its role: `reply_to`, `to`, `cc`, `bcc`.
    pub addresses: Vec<(&'static str, Address)>,
    /// Its subject.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// How it begins.
    pub snippet: String,
    /// When it was sent, as its writer says.
    pub sent_at: Option<OffsetDateTime>,
    /// When the provider received it.
    pub at: OffsetDateTime,
    /// Where it lies.
    pub place: Place,
    /// Whether it was seen at the provider.
    pub seen: bool,
    /// Whether it has a form with layout.
    pub html: bool,
    /// Its files, each with the id by which the layout shows it.
    pub attachments: Vec<(Attachment, Option<String>)>,
    /// SHA-256 of its source.
    pub source_hash: Vec<u8>,
    /// Its source.
    pub source: Vec<u8>,
    /// Why it could not be parsed.
    pub fault: Option<String>,
    /// What it was here before it went out.
    pub outgoing_id: Option<OutgoingId>,
}

/// Keeps messages that are not there yet.
///
/// # Errors
/// `Conflict("message_once")` when one is there.
pub async fn insert(tx: &mut TenantTx, channel: ChannelId, came: Came, rows: &[New]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
    let text = |pick: fn(&New) -> &str| rows.iter().map(pick).collect::<Vec<&str>>();
    let maybe = |pick: fn(&New) -> Option<&str>| rows.iter().map(pick).collect::<Vec<Option<&str>>>();
    let flag = |pick: fn(&New) -> bool| rows.iter().map(pick).collect::<Vec<bool>>();
    let conversations: Vec<_> = rows.iter().map(|row| row.conversation_id.0).collect();
    let outgoing: Vec<_> = rows.iter().map(|row| row.outgoing_id.map(|id| id.0)).collect();
    let sent: Vec<_> = rows.iter().map(|row| row.sent_at).collect();
    let at: Vec<_> = rows.iter().map(|row| row.at).collect();
    let files: Vec<i16> = rows.iter().map(|row| i16::try_from(row.attachments.len()).unwrap_or(i16::MAX)).collect();
    let sizes: Vec<i32> = rows.iter().map(|row| i32::try_from(row.source.len()).unwrap_or(i32::MAX)).collect();
    let hashes: Vec<&[u8]> = rows.iter().map(|row| row.source_hash.as_slice()).collect();
    sqlx::query!(
        "insert into message (organization_id, channel_id, sync_run_id, stored_at, id, conversation_id, external_id, thread, header_id,
           inbound, kind, from_name, from_address, subject, text, snippet, sent_at, at, place, seen, seen_first, html, attachments, size,
           source_hash, fault, outgoing_id)
         select $1, $2, $3, $4, n.id, n.conversation_id, n.external_id, n.thread, n.header_id, n.inbound, n.kind, n.from_name,
           n.from_address, n.subject, n.text, n.snippet, n.sent_at, n.at, n.place, n.seen, n.seen, n.html, n.attachments, n.size,
           n.source_hash, n.fault, n.outgoing_id
         from unnest($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::boolean[], $11::text[], $12::text[], $13::text[],
           $14::text[], $15::text[], $16::text[], $17::timestamptz[], $18::timestamptz[], $19::text[], $20::boolean[], $21::boolean[],
           $22::smallint[], $23::integer[], $24::bytea[], $25::text[], $26::uuid[])
           as n (id, conversation_id, external_id, thread, header_id, inbound, kind, from_name, from_address, subject, text, snippet,
             sent_at, at, place, seen, html, attachments, size, source_hash, fault, outgoing_id)",
        organization.0,
        channel.0,
        came.run.map(|run| run.0),
        came.stored_at,
        &ids,
        &conversations,
        &text(|row| &row.external_id) as _,
        &maybe(|row| row.thread.as_deref()) as _,
        &maybe(|row| row.header_id.as_deref()) as _,
        &flag(|row| row.inbound),
        &text(|row| row.kind.key()) as _,
        &text(|row| &row.from.name) as _,
        &text(|row| &row.from.address) as _,
        &text(|row| &row.subject) as _,
        &text(|row| &row.text) as _,
        &text(|row| &row.snippet) as _,
        &sent as _,
        &at,
        &text(|row| row.place.key()) as _,
        &flag(|row| row.seen),
        &flag(|row| row.html),
        &files,
        &sizes,
        &hashes as _,
        &maybe(|row| row.fault.as_deref()) as _,
        &outgoing as _,
    )
    .execute(&mut **tx)
    .await
    .on_constraint("message_once")?;
    let sources: Vec<&[u8]> = rows.iter().map(|row| row.source.as_slice()).collect();
    sqlx::query!(
        "insert into message_source (organization_id, message_id, bytes) select $1, * from unnest($2::uuid[], $3::bytea[])",
        organization.0,
        &ids,
        &sources as _
    )
    .execute(&mut **tx)
    .await?;
    insert_references(tx, channel, rows).await?;
    insert_addresses(tx, rows).await?;
    insert_attachments(tx, rows).await
}

async fn insert_references(tx: &mut TenantTx, channel: ChannelId, rows: &[New]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let pairs = || rows.iter().flat_map(|row| row.references.iter().map(|header| (row.id.0, header.as_str())));
    let (ids, headers): (Vec<_>, Vec<_>) = pairs().unzip();
    sqlx::query!(
        "insert into message_reference (organization_id, channel_id, message_id, header_id)
         select $1, $2, * from unnest($3::uuid[], $4::text[])",
        organization.0,
        channel.0,
        &ids,
        &headers as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_addresses(tx: &mut TenantTx, rows: &[New]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let (mut ids, mut roles, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut names, mut addresses) = (Vec::new(), Vec::new());
    for row in rows {
        let from = std::iter::once(("from", &row.from)).filter(|(_, from)| !from.address.is_empty());
        let all = from.chain(row.addresses.iter().map(|(role, address)| (*role, address)));
        for (position, (role, address)) in all.enumerate() {
            ids.push(row.id.0);
            roles.push(role);
            positions.push(i16::try_from(position).unwrap_or(i16::MAX));
            names.push(address.name.as_str());
            addresses.push(address.address.as_str());
        }
    }
    sqlx::query!(
        "insert into message_address (organization_id, message_id, role, position, name, address)
         select $1, * from unnest($2::uuid[], $3::text[], $4::smallint[], $5::text[], $6::text[])",
        organization.0,
        &ids,
        &roles as _,
        &positions,
        &names as _,
        &addresses as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_attachments(tx: &mut TenantTx, rows: &[New]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let all: Vec<_> = rows.iter().flat_map(|row| row.attachments.iter().map(|file| (row.id.0, file))).collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = all.iter().map(|(id, _)| *id).collect();
    let parts: Vec<i32> = all.iter().map(|(_, (file, _))| file.part).collect();
    let names: Vec<&str> = all.iter().map(|(_, (file, _))| file.name.as_str()).collect();
    let kinds: Vec<&str> = all.iter().map(|(_, (file, _))| file.content_type.as_str()).collect();
    let sizes: Vec<i32> = all.iter().map(|(_, (file, _))| file.size).collect();
    let shown: Vec<Option<&str>> = all.iter().map(|(_, (_, id))| id.as_deref()).collect();
    let inline: Vec<bool> = all.iter().map(|(_, (file, _))| file.inline).collect();
    sqlx::query!(
        "insert into attachment (organization_id, message_id, part, name, content_type, size, content_id, inline)
         select $1, * from unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::boolean[])",
        organization.0,
        &ids,
        &parts,
        &names as _,
        &kinds as _,
        &sizes,
        &shown as _,
        &inline
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
