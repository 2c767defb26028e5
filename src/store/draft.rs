//! What members are writing, the files they add, and the texts they write often.

use model::{
    id::{ConversationId, MemberId, TemplateId, UploadId},
    outgoing::Draft,
};
use sqlx::types::Json;
use time::OffsetDateTime;

use crate::{Error, OnConstraint, Result, SystemTx, TenantTx};

/// What the acting member is writing in a conversation, and how often it was saved.
///
/// # Errors
/// The database failed.
pub async fn get(tx: &mut TenantTx, conversation: ConversationId) -> Result<Option<(Draft, i64)>> {
    let member = tx.actor().member_id;
    let found = sqlx::query!(
        r#"select content as "content: Json<Draft>", revision from draft where conversation_id = $1 and member_id = $2"#,
        conversation.0,
        member.0
    );
    Ok(found.map(|row| (row.content.0, row.revision)).fetch_optional(&mut **tx).await?)
}

/// Has what the acting member began in a conversation that was joined to this one go on here, the latest of it, if they began nothing
/// here; returns whether they had.
///
/// # Errors
/// The database failed.
pub async fn claim(tx: &mut TenantTx, conversation: ConversationId) -> Result<bool> {
    let member = tx.actor().member_id;
    let claimed = sqlx::query!(
        "with recursive joined as (
           select $1::uuid as id
           union
           select c.id from joined j join conversation c on c.merged_into = j.id
         ), latest as (
           select d.conversation_id from joined j join draft d on d.conversation_id = j.id and d.member_id = $2
           where not exists (select from draft o where o.conversation_id = $1 and o.member_id = $2)
           order by d.updated_at desc limit 1
         )
         update draft d set conversation_id = $1 from latest l where d.conversation_id = l.conversation_id and d.member_id = $2",
        conversation.0,
        member.0
    );
    Ok(claimed.execute(&mut **tx).await?.rows_affected() > 0)
}

/// Saves what the acting member is writing, unless something newer was saved meanwhile.
///
/// # Errors
/// `Conflict("draft_revision")` when another device saved something newer than revision `after`.
pub async fn set(
    tx: &mut TenantTx,
    conversation: ConversationId,
    draft: &Draft,
    after: i64,
    now: OffsetDateTime,
) -> Result<i64> {
    let (organization, member) = (tx.actor().organization_id, tx.actor().member_id);
    let saved = sqlx::query_scalar!(
        "insert into draft as d (organization_id, conversation_id, member_id, content, revision, updated_at) values ($1, $2, $3, $4, 1, $6)
         on conflict (organization_id, conversation_id, member_id) do update
           set content = excluded.content, revision = d.revision + 1, updated_at = excluded.updated_at
         where d.revision = $5 returning revision",
        organization.0,
        conversation.0,
        member.0,
        Json(draft) as _,
        after,
        now
    );
    saved.fetch_optional(&mut **tx).await?.ok_or(Error::Conflict("draft_revision"))
}

/// Throws away what the acting member was writing: it goes, or is not wanted.
///
/// # Errors
/// The database failed.
pub async fn remove(tx: &mut TenantTx, conversation: ConversationId) -> Result<()> {
    let member = tx.actor().member_id;
    sqlx::query!("delete from draft where conversation_id = $1 and member_id = $2", conversation.0, member.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A file that somebody adds to what they write.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// What it is called.
    pub name: String,
    /// Its kind (RFC 2045).
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Keeps a file of the acting member.
///
/// # Errors
/// The database failed.
pub async fn insert_upload(tx: &mut TenantTx, upload: &Upload, now: OffsetDateTime) -> Result<()> {
    let (organization, member) = (tx.actor().organization_id, tx.actor().member_id);
    sqlx::query!(
        "insert into upload (organization_id, id, member_id, name, content_type, bytes, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        organization.0,
        upload.id.0,
        member.0,
        upload.name,
        upload.content_type,
        upload.bytes,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The names and sizes of these files, those in sight only.
///
/// # Errors
/// The database failed.
pub async fn list_uploads(tx: &mut TenantTx, ids: &[UploadId]) -> Result<Vec<(UploadId, String, i64)>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let found = sqlx::query!(
        r#"select id, name, octet_length(bytes)::bigint as "size!" from upload where id = any($1) order by created_at, id"#,
        &ids
    );
    Ok(found.map(|row| (row.id.into(), row.name, row.size)).fetch_all(&mut **tx).await?)
}

/// A file.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get_upload(tx: &mut TenantTx, id: UploadId) -> Result<Upload> {
    let found = sqlx::query!("select id, name, content_type, bytes from upload where id = $1", id.0);
    found
        .map(|row| Upload { id: row.id.into(), name: row.name, content_type: row.content_type, bytes: row.bytes })
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::Missing)
}

/// Throws a file of the acting member away, unless something that was written goes, or went, with it.
///
/// # Errors
/// Missing when it is not in sight; `Conflict("upload_used")`.
pub async fn remove_upload(tx: &mut TenantTx, id: UploadId) -> Result<()> {
    let used = sqlx::query_scalar!(
        r#"select exists (select from outgoing where uploads @> array[$1::uuid] and state <> 'withdrawn') as "used!""#,
        id.0
    );
    if used.fetch_one(&mut **tx).await? {
        return Err(Error::Conflict("upload_used"));
    }
    let done = sqlx::query!("delete from upload where id = $1", id.0).execute(&mut **tx).await?;
    if done.rows_affected() == 0 { Err(Error::Missing) } else { Ok(()) }
}

/// Says whose files these are.
///
/// # Errors
/// The database failed.
pub async fn set_uploads_member(tx: &mut TenantTx, ids: &[UploadId], member: MemberId) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("update upload set member_id = $2 where id = any($1)", &ids, member.0).execute(&mut **tx).await?;
    Ok(())
}

/// Throws away files that were added before a moment, in all agencies, and that nothing needs which is being written or may still go: what
/// went is in its message.
///
/// # Errors
/// The database failed.
pub async fn purge_uploads(tx: &mut SystemTx, before: OffsetDateTime) -> Result<u64> {
    let done = sqlx::query!(
        "delete from upload u where u.created_at < $1
           and not exists (select from draft d where d.organization_id = u.organization_id
             and d.content -> 'uploads' @> to_jsonb(u.id::text))
           and not exists (select from outgoing o where o.organization_id = u.organization_id and u.id = any(o.uploads)
             and o.state in ('held', 'sending', 'failed', 'unconfirmed'))",
        before
    );
    Ok(done.execute(&mut **tx).await?.rows_affected())
}

/// What stands below the messages of the acting member; empty where nothing does.
///
/// # Errors
/// The database failed.
pub async fn signature(tx: &mut TenantTx) -> Result<String> {
    let member = tx.actor().member_id;
    let found = sqlx::query_scalar!("select text from signature where member_id = $1", member.0);
    Ok(found.fetch_optional(&mut **tx).await?.unwrap_or_default())
}

/// Keeps what stands below the messages of the acting member.
///
/// # Errors
/// The database failed.
pub async fn set_signature(tx: &mut TenantTx, text: &str) -> Result<()> {
    let (organization, member) = (tx.actor().organization_id, tx.actor().member_id);
    sqlx::query!(
        "insert into signature (organization_id, member_id, text) values ($1, $2, $3)
         on conflict (organization_id, member_id) do update set text = excluded.text",
        organization.0,
        member.0,
        text
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A text that is written often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// What it is called.
    pub name: String,
    /// What it says, with its `{{variables}}`.
    pub text: String,
}

/// The agency's templates, by name.
///
/// # Errors
/// The database failed.
pub async fn templates(tx: &mut TenantTx) -> Result<Vec<Template>> {
    let found = sqlx::query!("select id, name, text from template order by lower(name), id");
    Ok(found.map(|row| Template { id: row.id.into(), name: row.name, text: row.text }).fetch_all(&mut **tx).await?)
}

/// Keeps a template, new or changed.
///
/// # Errors
/// `Conflict("template_name")` when another one is called so.
pub async fn upsert_template(tx: &mut TenantTx, template: &Template, now: OffsetDateTime) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into template (organization_id, id, name, text, created_at) values ($1, $2, $3, $4, $5)
         on conflict (organization_id, id) do update set name = excluded.name, text = excluded.text",
        organization.0,
        template.id.0,
        template.name,
        template.text,
        now
    )
    .execute(&mut **tx)
    .await
    .on_constraint("template_name")?;
    Ok(())
}

/// Throws a template away.
///
/// # Errors
/// Missing when it is not there.
pub async fn remove_template(tx: &mut TenantTx, id: TemplateId) -> Result<()> {
    let done = sqlx::query!("delete from template where id = $1", id.0).execute(&mut **tx).await?;
    if done.rows_affected() == 0 { Err(Error::Missing) } else { Ok(()) }
}
