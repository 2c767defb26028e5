//! What people do to conversations, and what is kept of it.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    conversation::{Change, Label, Note, Status},
    id::{ClientId, ConversationChangeId, ConversationId, LabelId, MemberId, MessageId, NoteId},
};
use time::OffsetDateTime;

use crate::{Error, OnConstraint, Result, TenantTx};

fn one(rows: u64) -> Result<()> {
    if rows == 0 { Err(Error::Missing) } else { Ok(()) }
}

/// Keeps where a conversation stands.
///
/// # Errors
/// Missing when it is not in sight, or may not be changed.
pub async fn set_status(
    tx: &mut TenantTx,
    id: ConversationId,
    status: Status,
    until: Option<OffsetDateTime>,
) -> Result<()> {
    let done = sqlx::query!(
        "update conversation set status = $2, snoozed_until = $3 where id = $1",
        id.0,
        status.key(),
        until
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Opens what was put aside until now, in all agencies.
///
/// # Errors
/// The database failed.
pub async fn wake(tx: &mut crate::SystemTx, now: OffsetDateTime) -> Result<u64> {
    let done = sqlx::query!(
        "update conversation set status = 'open', snoozed_until = null where status = 'snoozed' and snoozed_until <= $1",
        now
    );
    Ok(done.execute(&mut **tx).await?.rows_affected())
}

/// Keeps who sees to a conversation.
///
/// # Errors
/// Missing when it is not in sight, or may not be changed.
pub async fn set_assignee(tx: &mut TenantTx, id: ConversationId, member: Option<MemberId>) -> Result<()> {
    let done =
        sqlx::query!("update conversation set assignee_id = $2 where id = $1", id.0, member.map(|member| member.0));
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Says up to which moment nothing of a conversation wants an answer any more; none takes it back.
///
/// # Errors
/// Missing when it is not in sight, or may not be changed.
pub async fn set_settled(
    tx: &mut TenantTx,
    id: ConversationId,
    settled: Option<(OffsetDateTime, MemberId)>,
) -> Result<()> {
    let done = sqlx::query!(
        "update conversation set settled_at = $2, settled_by = $3 where id = $1",
        id.0,
        settled.map(|(at, _)| at),
        settled.map(|(_, by)| by.0)
    );
    one(done.execute(&mut **tx).await?.rows_affected())?;
    super::refresh(tx, &[id]).await
}

/// Notes that the acting member has read all that is stored of a conversation by now, or wants it unread.
///
/// # Errors
/// The database failed.
pub async fn set_read(tx: &mut TenantTx, id: ConversationId, read: bool) -> Result<()> {
    let member = tx.actor().member_id;
    if read {
        sqlx::query!(
            "insert into read_mark as r (organization_id, conversation_id, member_id, read_at)
             select c.organization_id, c.id, $2, greatest(c.last_at, c.last_unseen_at) from conversation c where c.id = $1
             on conflict (organization_id, conversation_id, member_id) do update set read_at = excluded.read_at
             where r.read_at < excluded.read_at",
            id.0,
            member.0
        )
        .execute(&mut **tx)
        .await?;
    } else {
        sqlx::query!(
            "insert into read_mark (organization_id, conversation_id, member_id, read_at)
             select c.organization_id, c.id, $2, '-infinity' from conversation c where c.id = $1
             on conflict (organization_id, conversation_id, member_id) do update set read_at = excluded.read_at",
            id.0,
            member.0
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Makes a conversation unread for members who are called to it.
///
/// # Errors
/// The database failed, or it is not in sight.
pub async fn call(tx: &mut TenantTx, id: ConversationId, members: &[MemberId]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let ids: Vec<_> = members.iter().map(|member| member.0).collect();
    sqlx::query!(
        "insert into read_mark (organization_id, conversation_id, member_id, read_at) select $1, $2, unnest($3::uuid[]), '-infinity'
         on conflict (organization_id, conversation_id, member_id) do update set read_at = excluded.read_at",
        organization.0,
        id.0,
        &ids
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The members named to see a private conversation.
///
/// # Errors
/// The database failed.
pub async fn named(tx: &mut TenantTx, id: ConversationId) -> Result<Vec<MemberId>> {
    let found = sqlx::query_scalar!(
        "select member_id from conversation_member where conversation_id = $1 order by member_id",
        id.0
    );
    Ok(found.fetch_all(&mut **tx).await?.into_iter().map(Into::into).collect())
}

/// Makes a conversation private to these members, or, without any, open to all who see its client.
///
/// # Errors
/// Missing when it is not in sight, or may not be changed.
pub async fn set_named(tx: &mut TenantTx, id: ConversationId, members: &[MemberId]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let ids: Vec<_> = members.iter().map(|member| member.0).collect();
    // Named first: whoever makes it private must still see it then.
    sqlx::query!(
        "insert into conversation_member (organization_id, conversation_id, member_id)
         select $1, c.id, unnest($3::uuid[]) from conversation c where c.id = $2 on conflict do nothing",
        organization.0,
        id.0,
        &ids
    )
    .execute(&mut **tx)
    .await?;
    let done = sqlx::query!("update conversation set private = $2 where id = $1", id.0, !members.is_empty());
    one(done.execute(&mut **tx).await?.rows_affected())?;
    sqlx::query!("delete from conversation_member where conversation_id = $1 and member_id <> all($2)", id.0, &ids)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The agency's labels, by name.
///
/// # Errors
/// The database failed.
pub async fn labels(tx: &mut TenantTx) -> Result<Vec<Label>> {
    let found = sqlx::query!("select id, name from label order by lower(name), id");
    Ok(found.map(|row| Label { name: row.name, id: row.id.into() }).fetch_all(&mut **tx).await?)
}

/// The label of this name, made if there is none.
///
/// # Errors
/// The database failed.
pub async fn ensure_label(tx: &mut TenantTx, id: LabelId, name: &str, now: OffsetDateTime) -> Result<Label> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into label (organization_id, id, name, created_at) values ($1, $2, $3, $4) on conflict do nothing",
        organization.0,
        id.0,
        name,
        now
    )
    .execute(&mut **tx)
    .await?;
    let found = sqlx::query!("select id, name from label where lower(name) = lower($1)", name);
    found.map(|row| Label { name: row.name, id: row.id.into() }).fetch_optional(&mut **tx).await?.ok_or(Error::Missing)
}

/// Marks a conversation with these labels and no others.
///
/// # Errors
/// Missing when it is not in sight, or a label is not there.
pub async fn set_labels(tx: &mut TenantTx, id: ConversationId, labels: &[LabelId]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let ids: Vec<_> = labels.iter().map(|label| label.0).collect();
    sqlx::query!("delete from conversation_label where conversation_id = $1 and label_id <> all($2)", id.0, &ids)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "insert into conversation_label (organization_id, conversation_id, label_id)
         select $1, $2, unnest($3::uuid[]) on conflict do nothing",
        organization.0,
        id.0,
        &ids
    )
    .execute(&mut **tx)
    .await
    .on_constraint("conversation_label_organization_id_label_id_fkey")?;
    Ok(())
}

/// Keeps a note.
///
/// # Errors
/// The database failed, or the conversation is not in sight.
pub async fn insert_note(tx: &mut TenantTx, conversation: ConversationId, note: &Note) -> Result<()> {
    let organization = tx.actor().organization_id;
    let mentions: Vec<_> = note.mentions.iter().map(|member| member.0).collect();
    sqlx::query!(
        "insert into note (organization_id, id, conversation_id, member_id, member_name, text, mentions, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        organization.0,
        note.id.0,
        conversation.0,
        note.member_id.0,
        note.member,
        note.text,
        &mentions,
        note.created_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The notes of a conversation, those of conversations that were joined to it included, the first first.
///
/// # Errors
/// The database failed.
pub async fn notes(tx: &mut TenantTx, conversation: ConversationId) -> Result<Vec<Note>> {
    let found = sqlx::query!(
        r#"with recursive joined as (
             select $1::uuid as id
             union
             select c.id from joined j join conversation c on c.merged_into = j.id
           )
           select n.id as "id!", n.member_id as "member_id!", n.member_name as "member_name!", n.text as "text!",
             n.mentions as "mentions!", n.created_at as "created_at!"
           from joined j join note n on n.conversation_id = j.id order by n.created_at, n.id"#,
        conversation.0
    );
    let note = found.map(|row| Note {
        id: NoteId(row.id),
        member_id: row.member_id.into(),
        member: row.member_name,
        text: row.text,
        mentions: row.mentions.into_iter().map(Into::into).collect(),
        created_at: row.created_at,
    });
    Ok(note.fetch_all(&mut **tx).await?)
}

/// Keeps what was done to a conversation.
///
/// # Errors
/// The database failed, or the conversation is not in sight.
pub async fn insert_change(tx: &mut TenantTx, conversation: ConversationId, change: &Change) -> Result<()> {
    let (organization, member) = (tx.actor().organization_id, tx.actor().member_id);
    sqlx::query!(
        "insert into conversation_change (organization_id, id, conversation_id, member_id, member_name, what, detail, created_at)
         values ($1, $2, $3, $4, $5, $6, jsonb_build_object('words', $7::text), $8)",
        organization.0,
        change.id.0,
        conversation.0,
        member.0,
        change.member,
        change.what,
        change.detail,
        change.created_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What was done to a conversation, the first first.
///
/// # Errors
/// The database failed.
pub async fn changes(tx: &mut TenantTx, conversation: ConversationId) -> Result<Vec<Change>> {
    let found = sqlx::query!(
        r#"select id, member_name, what, coalesce(detail ->> 'words', '') as "words!", created_at
           from conversation_change where conversation_id = $1 order by created_at, id"#,
        conversation.0
    );
    let change = found.map(|row| Change {
        id: row.id.into(),
        member: row.member_name,
        what: row.what,
        detail: row.words,
        created_at: row.created_at,
    });
    Ok(change.fetch_all(&mut **tx).await?)
}

/// Puts messages into another conversation, and remembers from which they came, for the change that it is.
///
/// # Errors
/// The database failed.
pub async fn move_messages(
    tx: &mut TenantTx,
    change: ConversationChangeId,
    messages: &[MessageId],
    to: ConversationId,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    let ids: Vec<_> = messages.iter().map(|message| message.0).collect();
    sqlx::query!(
        "insert into message_move (organization_id, change_id, message_id, from_id)
         select $1, $2, m.id, m.conversation_id from message m where m.id = any($3)",
        organization.0,
        change.0,
        &ids
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!("update message set conversation_id = $2 where id = any($1)", &ids, to.0).execute(&mut **tx).await?;
    Ok(())
}

/// The messages of a conversation, those included that are not shown.
///
/// # Errors
/// The database failed.
pub async fn message_ids(tx: &mut TenantTx, conversation: ConversationId) -> Result<Vec<MessageId>> {
    let found = sqlx::query_scalar!("select id from message where conversation_id = $1", conversation.0);
    Ok(found.fetch_all(&mut **tx).await?.into_iter().map(Into::into).collect())
}

/// Puts the messages of a change back to where they came from; returns in which conversations they were, each with where they are again.
///
/// # Errors
/// The database failed.
pub async fn move_back(
    tx: &mut TenantTx,
    change: ConversationChangeId,
) -> Result<BTreeSet<(ConversationId, ConversationId)>> {
    let moved = sqlx::query!(
        "select v.from_id, m.conversation_id, m.id from message_move v
         join message m on m.organization_id = v.organization_id and m.id = v.message_id where v.change_id = $1",
        change.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut by_home: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut back = BTreeSet::new();
    for row in moved {
        back.insert((ConversationId(row.conversation_id), ConversationId(row.from_id)));
        by_home.entry(row.from_id).or_default().push(row.id);
    }
    for (home, ids) in by_home {
        sqlx::query!("update message set conversation_id = $2 where id = any($1)", &ids, home)
            .execute(&mut **tx)
            .await?;
    }
    sqlx::query!("delete from message_move where change_id = $1", change.0).execute(&mut **tx).await?;
    Ok(back)
}

/// Says that the messages of a conversation are in another one now; none says that they are its own again.
///
/// # Errors
/// Missing when it is not in sight, or may not be changed.
pub async fn set_merged(tx: &mut TenantTx, id: ConversationId, into: Option<ConversationId>) -> Result<()> {
    let done = sqlx::query!("update conversation set merged_into = $2 where id = $1", id.0, into.map(|into| into.0));
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// The active members who may see to conversations of some client, by name: those of them whom the acting member knows.
///
/// # Errors
/// The database failed.
pub async fn assignable(tx: &mut TenantTx) -> Result<Vec<(MemberId, String)>> {
    let found = sqlx::query!(
        "select m.id, m.name from member m where m.deactivated_at is null and (m.role in ('owner', 'admin') or exists (
           select from assignment a where a.organization_id = m.organization_id and a.member_id = m.id))
         order by lower(m.name), m.id"
    );
    Ok(found.map(|row| (row.id.into(), row.name)).fetch_all(&mut **tx).await?)
}

/// The active members who see a conversation of this client, or one in triage, by name: those of them whom the acting member knows.
///
/// # Errors
/// The database failed.
pub async fn readers(tx: &mut TenantTx, client: Option<ClientId>) -> Result<Vec<(MemberId, String)>> {
    let found = sqlx::query!(
        "select m.id, m.name from member m where m.deactivated_at is null and (m.role in ('owner', 'admin') or exists (
           select from assignment a where a.organization_id = m.organization_id and a.member_id = m.id and a.client_id = $1))
         order by lower(m.name), m.id",
        client.map(|client| client.0)
    );
    Ok(found.map(|row| (row.id.into(), row.name)).fetch_all(&mut **tx).await?)
}
