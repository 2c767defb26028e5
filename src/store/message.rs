//! Messages as they came, each once: by the provider's id, else by its source, else by the id that we gave it ourselves.
//!
//! A page of them is kept in some statements, not in some for each message. What can be said about a conversation from its messages
//! is derived in [`conversation::refresh`](crate::conversation::refresh), in the same transaction.

mod add;
mod show;

use model::{
    id::{ChannelId, ConversationId, MessageId, OutgoingId, SyncRunId},
    message::Place,
};
use time::OffsetDateTime;

pub use add::{New, insert};
pub use show::{attachment, list, source};

use crate::{OnConstraint, Result, TenantTx};

/// A message that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// The provider's id.
    pub external_id: String,
    /// SHA-256 of its source.
    pub source_hash: Vec<u8>,
    /// Its `Message-ID`.
    pub header_id: Option<String>,
    /// Whether it was written here.
    pub ours: bool,
    /// Where it lies.
    pub place: Option<Place>,
    /// Whether it was seen at the provider.
    pub seen: bool,
    /// Whether it was thrown away there.
    pub gone: bool,
}

/// Those of a channel that are there: by the provider's id, by the hash of their source, and what was written here also by its
/// `Message-ID`.
///
/// # Errors
/// The database failed.
pub async fn known(
    tx: &mut TenantTx,
    channel: ChannelId,
    external_ids: &[String],
    hashes: &[Vec<u8>],
    header_ids: &[String],
) -> Result<Vec<Known>> {
    let found = sqlx::query!(
        r#"select id, conversation_id, external_id, source_hash, header_id, outgoing_id is not null as "ours!", place, seen,
             gone_at is not null as "gone!"
           from message where channel_id = $1 and (external_id = any($2) or source_hash = any($3)
             or outgoing_id is not null and header_id = any($4))"#,
        channel.0,
        external_ids,
        hashes,
        header_ids
    );
    let found = found.map(|row| Known {
        id: row.id.into(),
        conversation_id: row.conversation_id.into(),
        external_id: row.external_id,
        source_hash: row.source_hash,
        header_id: row.header_id,
        ours: row.ours,
        place: Place::parse(&row.place),
        seen: row.seen,
        gone: row.gone,
    });
    Ok(found.fetch_all(&mut **tx).await?)
}

/// Which conversations of a channel these threads of the provider are in.
///
/// # Errors
/// The database failed.
pub async fn by_thread(
    tx: &mut TenantTx,
    channel: ChannelId,
    threads: &[String],
) -> Result<Vec<(String, ConversationId)>> {
    let found = sqlx::query!(
        r#"select distinct on (thread) thread as "thread!", conversation_id from message
           where channel_id = $1 and thread = any($2) order by thread, at desc, id"#,
        channel.0,
        threads
    );
    Ok(found.map(|row| (row.thread, row.conversation_id.into())).fetch_all(&mut **tx).await?)
}

/// Which conversations of a channel have these `Message-ID`s, or, where none has one, name them.
///
/// # Errors
/// The database failed.
pub async fn by_header(
    tx: &mut TenantTx,
    channel: ChannelId,
    header_ids: &[String],
) -> Result<Vec<(String, ConversationId)>> {
    let found = sqlx::query!(
        r#"select distinct on (1) header_id as "header_id!", conversation_id as "conversation_id!" from (
             select header_id, conversation_id, at, id, 0 as distance from message where channel_id = $1 and header_id = any($2)
             union all
             select r.header_id, m.conversation_id, m.at, m.id, 1 from message_reference r
             join message m on m.organization_id = r.organization_id and m.id = r.message_id
             where r.channel_id = $1 and r.header_id = any($2)
           ) named order by 1, distance, at desc, id"#,
        channel.0,
        header_ids
    );
    Ok(found.map(|row| (row.header_id, row.conversation_id.into())).fetch_all(&mut **tx).await?)
}

/// A message that lies elsewhere now, or has another id there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which.
    pub id: MessageId,
    /// The provider's id.
    pub external_id: String,
    /// The provider's id of its conversation; as before where none is said.
    pub thread: Option<String>,
    /// Where it lies.
    pub place: Place,
    /// Whether it was seen there.
    pub seen: bool,
}

/// Notes where messages lie now.
///
/// # Errors
/// `Conflict("message_once")` when a provider's id is another message's.
pub async fn set_moved(tx: &mut TenantTx, moved: &[Moved]) -> Result<()> {
    let ids: Vec<_> = moved.iter().map(|one| one.id.0).collect();
    let external: Vec<&str> = moved.iter().map(|one| one.external_id.as_str()).collect();
    let threads: Vec<Option<&str>> = moved.iter().map(|one| one.thread.as_deref()).collect();
    let places: Vec<&str> = moved.iter().map(|one| one.place.key()).collect();
    let seen: Vec<bool> = moved.iter().map(|one| one.seen).collect();
    sqlx::query!(
        "update message m set external_id = n.external_id, thread = coalesce(n.thread, m.thread), place = n.place, seen = n.seen, gone_at = null
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[]) n (id, external_id, thread, place, seen)
         where m.id = n.id",
        &ids,
        &external as _,
        &threads as _,
        &places as _,
        &seen
    )
    .execute(&mut **tx)
    .await
    .on_constraint("message_once")?;
    Ok(())
}

/// Notes that messages were thrown away at the provider; returns their conversations.
///
/// # Errors
/// The database failed.
pub async fn set_gone(
    tx: &mut TenantTx,
    channel: ChannelId,
    external_ids: &[String],
    now: OffsetDateTime,
) -> Result<Vec<ConversationId>> {
    let gone = sqlx::query_scalar!(
        "update message set gone_at = $3 where channel_id = $1 and external_id = any($2) and gone_at is null returning conversation_id",
        channel.0,
        external_ids,
        now
    );
    Ok(gone.fetch_all(&mut **tx).await?.into_iter().map(Into::into).collect())
}

/// Which of what was written here a message is, by the id that we gave it.
///
/// # Errors
/// The database failed.
pub async fn outgoing(
    tx: &mut TenantTx,
    channel: ChannelId,
    header_ids: &[String],
) -> Result<Vec<(String, OutgoingId, ConversationId)>> {
    let found = sqlx::query!(
        "select header_id, id, conversation_id from outgoing where channel_id = $1 and header_id = any($2)",
        channel.0,
        header_ids
    );
    Ok(found.map(|row| (row.header_id, row.id.into(), row.conversation_id.into())).fetch_all(&mut **tx).await?)
}

/// Through which run messages came, for those who look into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// The run; none of what was written here.
    pub run: Option<SyncRunId>,
    /// When it was stored.
    pub stored_at: OffsetDateTime,
}

/// What a message that answers another needs of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Its `Message-ID`.
    pub header_id: Option<String>,
    /// Those that it names itself.
    pub references: Vec<String>,
    /// The provider's id of its conversation, where it lies in the mailbox that answers it.
    pub thread: Option<String>,
}

/// What a message that answers this one through a mailbox needs of it.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn answered(tx: &mut TenantTx, id: MessageId, channel: ChannelId) -> Result<Answered> {
    let found = sqlx::query!(
        r#"select header_id, case when channel_id = $2 then thread end as thread, array(
             select r.header_id from message_reference r left join message a on a.organization_id = r.organization_id
               and a.channel_id = r.channel_id and a.header_id = r.header_id
             where r.organization_id = message.organization_id and r.message_id = message.id order by a.at nulls first, r.header_id
           ) as "references!" from message where id = $1"#,
        id.0,
        channel.0
    );
    let found = found.map(|row| Answered { header_id: row.header_id, references: row.references, thread: row.thread });
    found.fetch_optional(&mut **tx).await?.ok_or(crate::Error::Missing)
}
