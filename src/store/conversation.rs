//! Conversations: what lists show of them is derived from their messages, here and nowhere else.

mod deed;
mod list;
mod people;

use model::{
    conversation::MatchedBy,
    id::{ChannelId, ClientId, ConversationId},
};
use time::OffsetDateTime;

pub use deed::{
    assignable, call, changes, ensure_label, insert_change, insert_note, labels, message_ids, move_back, move_messages,
    named, notes, readers, set_assignee, set_labels, set_merged, set_named, set_read, set_settled, set_status, wake,
};
pub use list::{count, get, list};
pub use people::{clients_at, merged_into, set_client_of_waiting, writers};

use crate::{Result, TenantTx};

/// A conversation that begins with a message.
#[derive(Clone, Debug)]
pub struct New {
    /// Its id.
    pub id: ConversationId,
    /// Whose it is, and how that is known.
    pub client: Option<(ClientId, MatchedBy)>,
    /// Of its first message.
    pub subject: String,
    /// When its first message came or went.
    pub at: OffsetDateTime,
}

/// Begins conversations of a mailbox.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut TenantTx, channel: ChannelId, rows: &[New], now: OffsetDateTime) -> Result<()> {
    let organization = tx.actor().organization_id;
    let ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
    let clients: Vec<_> = rows.iter().map(|row| row.client.map(|(id, _)| id.0)).collect();
    let by: Vec<_> = rows.iter().map(|row| row.client.map(|(_, by)| by.key())).collect();
    let subjects: Vec<&str> = rows.iter().map(|row| row.subject.as_str()).collect();
    let at: Vec<_> = rows.iter().map(|row| row.at).collect();
    sqlx::query!(
        "insert into conversation (organization_id, channel_id, created_at, id, client_id, matched_by, subject, last_at)
         select $1, $2, $3, * from unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[])",
        organization.0,
        channel.0,
        now,
        &ids,
        &clients as _,
        &by as _,
        &subjects as _,
        &at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those of these conversations that wait for a client, and that nobody said is nobody's.
///
/// # Errors
/// The database failed.
pub async fn waiting(tx: &mut TenantTx, ids: &[ConversationId]) -> Result<Vec<ConversationId>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let found = sqlx::query_scalar!(
        "select id from conversation where id = any($1) and client_id is null and matched_by is null",
        &ids
    );
    Ok(found.fetch_all(&mut **tx).await?.into_iter().map(Into::into).collect())
}

/// Puts a conversation to a client; none says that it is nobody's.
///
/// # Errors
/// Missing when it is not in sight, or may not be changed.
pub async fn set_client(tx: &mut TenantTx, id: ConversationId, client: Option<ClientId>, by: MatchedBy) -> Result<()> {
    let done = sqlx::query!(
        "update conversation set client_id = $2, matched_by = $3 where id = $1",
        id.0,
        client.map(|client| client.0),
        by.key()
    );
    if done.execute(&mut **tx).await?.rows_affected() == 0 {
        return Err(crate::Error::Missing);
    }
    Ok(())
}

/// Opens conversations to which something came, whatever was decided about them before.
///
/// # Errors
/// The database failed.
pub async fn reopen(tx: &mut TenantTx, ids: &[ConversationId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update conversation set status = 'open', snoozed_until = null where id = any($1) and status <> 'open'",
        &ids
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Derives what is said of these conversations from their messages. What was begun and not sent, is held to be unwanted or was thrown
/// away counts for nothing. Somebody waits for an answer where a person wrote, nobody answered since, and nobody said that none is
/// wanted.
///
/// # Errors
/// The database failed.
pub async fn refresh(tx: &mut TenantTx, ids: &[ConversationId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update conversation c set messages = d.messages, attachments = d.attachments, last_at = coalesce(d.last_at, c.last_at),
           last_message_id = d.last_message_id, last_inbound_at = d.inbound_at, last_unseen_at = d.unseen_at,
           needs_reply = coalesce(d.inbound_at > greatest(d.outbound_at, c.settled_at), d.inbound_at is not null)
         from (
           select w.id,
             count(m.id)::integer as messages,
             coalesce(sum(m.attachments), 0)::integer as attachments,
             max(m.at) as last_at,
             (array_agg(m.id order by m.at desc, m.id desc) filter (where m.id is not null))[1] as last_message_id,
             max(m.at) filter (where m.inbound and m.kind = 'person') as inbound_at,
             max(m.at) filter (where not m.inbound) as outbound_at,
             max(m.at) filter (where m.inbound and not m.seen_first) as unseen_at
           from unnest($1::uuid[]) w (id)
           left join message m on m.conversation_id = w.id and m.place not in ('draft', 'spam', 'trash') and m.gone_at is null
           group by w.id
         ) d where c.id = d.id",
        &ids
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
