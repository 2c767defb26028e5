//! Conversations: what lists show of them is derived from their messages, here and nowhere else.

mod deed;
mod joined;
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
pub use joined::{follow, hold, homes, merged_into, part_outgoing, take_outgoing};
pub use list::{count, get, list};
pub use people::{clients_at, set_client_of_waiting, with_address, writers};

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

/// Whose these conversations are by what is known of addresses: those that wait, and those that a person put to a client, are left out.
///
/// # Errors
/// The database failed.
pub async fn clients(tx: &mut TenantTx, ids: &[ConversationId]) -> Result<Vec<(ConversationId, ClientId)>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let found = sqlx::query!(
        r#"select id, client_id as "client_id!" from conversation
           where id = any($1) and client_id is not null and matched_by <> 'person'"#,
        &ids
    );
    Ok(found.map(|row| (row.id.into(), row.client_id.into())).fetch_all(&mut **tx).await?)
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
/// wanted. What nobody here could know yet was neither answered nor seen: what is written here answers what was stored by then, whenever
/// it goes and whatever the provider had by then; of an answer that was written elsewhere the provider's moment is all that is known.
///
/// # Errors
/// The database failed.
pub async fn refresh(tx: &mut TenantTx, ids: &[ConversationId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update conversation c set messages = d.messages, attachments = d.attachments, last_at = coalesce(d.last_at, c.last_at),
           last_message_id = d.last_message_id, last_inbound_at = d.inbound_at, last_unseen_at = d.unseen_at,
           needs_reply = exists (
             select from message i where i.conversation_id = c.id and i.inbound and i.kind = 'person'
               and i.place not in ('draft', 'spam', 'trash') and i.gone_at is null
               and i.at > coalesce(d.elsewhere_at, '-infinity')
               and i.stored_at > coalesce(greatest(c.settled_at, d.written_at), '-infinity'))
         from (
           select w.id,
             count(m.id)::integer as messages,
             coalesce(sum(m.attachments), 0)::integer as attachments,
             max(m.at) as last_at,
             (array_agg(m.id order by m.at desc, m.id desc) filter (where m.id is not null))[1] as last_message_id,
             max(m.at) filter (where m.inbound and m.kind = 'person') as inbound_at,
             max(greatest(m.at, m.stored_at)) filter (where m.inbound and not m.seen_first) as unseen_at,
             max(m.at) filter (where not m.inbound and m.kind <> 'automatic' and g.id is null) as elsewhere_at,
             greatest(
               max(g.created_at) filter (where not m.inbound),
               (select max(s.created_at) from outgoing s where s.conversation_id = w.id and s.state = 'sent')) as written_at
           from unnest($1::uuid[]) w (id)
           left join message m on m.conversation_id = w.id and m.place not in ('draft', 'spam', 'trash') and m.gone_at is null
           left join outgoing g on g.organization_id = m.organization_id and g.id = m.outgoing_id
           group by w.id
         ) d where c.id = d.id",
        &ids
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
