//! Conversations whose messages are in another one now. Whoever joins two holds both; whoever puts something into one sees to it that it
//! is joined to no other until that is there, so that nothing is put where nobody looks.

use model::id::ConversationId;
use sqlx::types::Uuid;

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

/// Those joined to a conversation are of its client, and seen by those who see it and nobody else: what was said in them is no less
/// private than what is said here, and neither is what goes back to them when that is undone.
///
/// # Errors
/// The database failed.
pub async fn follow(tx: &mut TenantTx, home: ConversationId) -> Result<()> {
    let joined = sqlx::query_scalar!(
        r#"with recursive joined as (
             select c.id from conversation c where c.merged_into = $1
             union
             select c.id from joined j join conversation c on c.merged_into = j.id
           ) select id as "id!" from joined"#,
        home.0
    );
    let ids: Vec<Uuid> = joined.fetch_all(&mut **tx).await?;
    if ids.is_empty() {
        return Ok(());
    }
    // Named first: whoever makes them private must still see them then.
    sqlx::query!(
        "insert into conversation_member (organization_id, conversation_id, member_id)
         select h.organization_id, j.id, h.member_id from conversation_member h cross join unnest($2::uuid[]) j (id)
         where h.conversation_id = $1 on conflict do nothing",
        home.0,
        &ids
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update conversation c set client_id = h.client_id, matched_by = h.matched_by, private = h.private,
           assignee_id = case when not h.private or exists (
             select from conversation_member m where m.organization_id = h.organization_id
               and m.conversation_id = h.id and m.member_id = c.assignee_id) then c.assignee_id end
         from conversation h where h.id = $1 and c.id = any($2)",
        home.0,
        &ids
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from conversation_member m where m.conversation_id = any($2) and not exists (
           select from conversation_member h where h.organization_id = m.organization_id
             and h.conversation_id = $1 and h.member_id = m.member_id)",
        home.0,
        &ids
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
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
