//! Conversations whose messages are in another one now. Whoever joins two holds both; whoever puts something into one sees to it that it
//! is joined to no other until that is there, so that nothing is put where nobody looks.

use model::id::ConversationId;

use crate::{Error, Result, TenantTx};

/// Holds conversations as they are until the transaction ends: nothing is put into them, and none is joined to another.
///
/// # Errors
/// The database failed.
pub async fn hold(tx: &mut TenantTx, ids: &[ConversationId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query_scalar!("select id from conversation where id = any($1) order by id for update", &ids)
        .fetch_all(&mut **tx)
        .await?;
    Ok(())
}

/// Of these conversations those that were joined to others, each with where its messages are now. None of the given ones is joined to
/// another until the transaction ends; of those where they are that must be asked once more.
///
/// # Errors
/// The database failed.
pub async fn homes(tx: &mut TenantTx, ids: &[ConversationId]) -> Result<Vec<(ConversationId, ConversationId)>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query_scalar!("select id from conversation where id = any($1) order by id for key share", &ids)
        .fetch_all(&mut **tx)
        .await?;
    let found = sqlx::query!(
        r#"with recursive way as (
             select id as origin, id, merged_into, 0 as depth from conversation where id = any($1) and merged_into is not null
             union all
             select w.origin, c.id, c.merged_into, w.depth + 1 from way w join conversation c on c.id = w.merged_into where w.depth < 20
           ) select distinct on (origin) origin as "origin!", id as "id!" from way order by origin, depth desc"#,
        &ids
    );
    Ok(found.map(|row| (row.origin.into(), row.id.into())).fetch_all(&mut **tx).await?)
}

/// The conversation that a conversation's messages are in now: itself, unless it was merged.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn merged_into(tx: &mut TenantTx, id: ConversationId) -> Result<ConversationId> {
    let found = sqlx::query_scalar!(
        r#"with recursive way as (
             select id, merged_into, 0 as depth from conversation where id = $1
             union all
             select c.id, c.merged_into, w.depth + 1 from way w join conversation c on c.id = w.merged_into where w.depth < 20
           ) select id as "id!" from way order by depth desc limit 1"#,
        id.0
    );
    found.fetch_optional(&mut **tx).await?.map(Into::into).ok_or(Error::Missing)
}

/// Puts what was written in one conversation, whatever became of it, into another to which it is joined: whoever looks there sees what
/// did not go.
///
/// # Errors
/// The database failed.
pub async fn take_outgoing(tx: &mut TenantTx, from: ConversationId, into: ConversationId) -> Result<()> {
    sqlx::query!("update outgoing set conversation_id = $2 where conversation_id = $1", from.0, into.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Puts what was written in these conversations to where the messages are that it answers.
///
/// # Errors
/// The database failed.
pub async fn part_outgoing(tx: &mut TenantTx, ids: &[ConversationId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update outgoing o set conversation_id = m.conversation_id from message m
         where m.organization_id = o.organization_id and m.id = o.answers_id
           and o.conversation_id = any($1) and m.conversation_id = any($1) and m.conversation_id <> o.conversation_id",
        &ids
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
