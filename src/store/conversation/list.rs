//! Conversations as lists show them to one member, and how many wait for them.

use model::{
    conversation::{Conversation, Counts, Filter, Label, MatchedBy, Status},
    id::{ConversationId, MemberId},
    message::Address,
    page::Page,
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{
    Error, Result, TenantTx,
    cursor::{self, Cursor},
};

struct Row {
    id: Uuid,
    channel_id: Uuid,
    provider: String,
    mailbox: String,
    client_id: Option<Uuid>,
    client: Option<String>,
    matched_by: Option<String>,
    subject: String,
    status: String,
    snoozed_until: Option<OffsetDateTime>,
    assignee_id: Option<Uuid>,
    assignee: Option<String>,
    private: bool,
    label_ids: Vec<Uuid>,
    label_names: Vec<String>,
    messages: i32,
    attachments: i32,
    last_at: OffsetDateTime,
    from_name: Option<String>,
    from_address: Option<String>,
    snippet: Option<String>,
    needs_reply: bool,
    unread: bool,
    draft: bool,
}

impl Row {
    fn conversation(self) -> Conversation {
        let labels = self.label_names.into_iter().zip(self.label_ids);
        Conversation {
            id: self.id.into(),
            channel_id: self.channel_id.into(),
            provider: self.provider,
            mailbox: self.mailbox,
            client_id: self.client_id.map(Into::into),
            client: self.client,
            matched_by: self.matched_by.as_deref().and_then(MatchedBy::parse),
            subject: self.subject,
            status: Status::parse(&self.status).unwrap_or_default(),
            snoozed_until: self.snoozed_until,
            assignee_id: self.assignee_id.map(Into::into),
            assignee: self.assignee,
            private: self.private,
            labels: labels.map(|(name, id)| Label { name, id: id.into() }).collect(),
            messages: self.messages,
            attachments: self.attachments,
            last_at: self.last_at,
            from: Address { name: self.from_name.unwrap_or_default(), address: self.from_address.unwrap_or_default() },
            snippet: self.snippet.unwrap_or_default(),
            needs_reply: self.needs_reply,
            unread: self.unread,
            draft: self.draft,
        }
    }
}

/// Conversations, the one with the latest message first. Those without a message that is shown, and those whose messages are in
/// another one now, are not listed.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Conversation>> {
    tx.plans_anew().await?;
    select(tx, filter, None, limit, cursor).await
}

/// One conversation.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: ConversationId) -> Result<Conversation> {
    select(tx, &Filter::default(), Some(id), 1, None).await?.items.pop().ok_or(Error::Missing)
}

async fn select(
    tx: &mut TenantTx,
    filter: &Filter,
    id: Option<ConversationId>,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Conversation>> {
    let member = tx.actor().member_id;
    let text = filter.text.as_deref().map(|text| format!("%{}%", escaped(text)));
    let rows = sqlx::query_as!(
        Row,
        r#"select c.id, c.channel_id, h.provider as "provider!", h.name as mailbox, c.client_id, k.name as "client?", c.matched_by,
             c.subject, c.status, c.snoozed_until, c.assignee_id, a.name as "assignee?", c.private,
             array(select l.id from conversation_label cl join label l on l.organization_id = cl.organization_id and l.id = cl.label_id
               where cl.organization_id = c.organization_id and cl.conversation_id = c.id order by lower(l.name), l.id) as "label_ids!",
             array(select l.name from conversation_label cl join label l on l.organization_id = cl.organization_id and l.id = cl.label_id
               where cl.organization_id = c.organization_id and cl.conversation_id = c.id order by lower(l.name), l.id) as "label_names!",
             c.messages, c.attachments, c.last_at, m.from_name as "from_name?", m.from_address as "from_address?",
             m.snippet as "snippet?", c.needs_reply,
             coalesce(c.last_unseen_at > coalesce(r.read_at, '-infinity') or r.read_at = '-infinity', false) as "unread!",
             exists(select from draft d where d.organization_id = c.organization_id and d.conversation_id = c.id
               and d.member_id = $1) as "draft!"
           from conversation c
             join channel h on h.organization_id = c.organization_id and h.id = c.channel_id
             left join client k on k.organization_id = c.organization_id and k.id = c.client_id
             left join member a on a.organization_id = c.organization_id and a.id = c.assignee_id
             left join message m on m.organization_id = c.organization_id and m.id = c.last_message_id
             left join read_mark r on r.organization_id = c.organization_id and r.conversation_id = c.id and r.member_id = $1
           where ($2::uuid is null or c.id = $2)
             and ($2::uuid is not null or c.merged_into is null and c.messages > 0)
             and ($3::timestamptz is null or (c.last_at, c.id) < ($3, $4::uuid))
             and ($5::text is null or c.status = $5)
             and ($6::uuid is null or c.client_id = $6)
             and (not $7::boolean or c.client_id is null and c.matched_by is null and c.last_inbound_at is not null)
             and ($8::uuid is null or c.assignee_id = $8)
             and (not $9::boolean or c.assignee_id is null)
             and ($10::boolean is null or c.needs_reply = $10)
             and ($11::boolean is null or coalesce(c.last_unseen_at > coalesce(r.read_at, '-infinity') or r.read_at = '-infinity', false) = $11)
             and ($12::text is null or h.provider = $12)
             and ($13::uuid is null or exists(select from conversation_label cl
               where cl.organization_id = c.organization_id and cl.conversation_id = c.id and cl.label_id = $13))
             and ($14::text is null or exists(select from message w where w.organization_id = c.organization_id
               and w.conversation_id = c.id and w.place not in ('draft', 'spam')
               and (w.subject ilike $14 or w.text ilike $14 or w.from_name ilike $14 or w.from_address ilike $14)))
           order by c.last_at desc, c.id desc limit $15"#,
        member.0,
        id.map(|id| id.0),
        cursor.map(|cursor| cursor.created_at),
        cursor.map(|cursor| cursor.id),
        filter.status.map(Status::key),
        filter.client_id.map(|id| id.0),
        filter.triage,
        filter.assignee_id.map(|id| id.0),
        filter.unassigned,
        filter.needs_reply,
        filter.unread,
        filter.source,
        filter.label_id.map(|id| id.0),
        text,
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let all = rows.into_iter().map(Row::conversation).collect();
    Ok(cursor::page(all, limit, |one: &Conversation| (one.last_at, one.id.0)))
}

/// A text as `like` takes it literally.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// How many conversations wait for the acting member: open ones, those of triage included.
///
/// # Errors
/// The database failed.
pub async fn count(tx: &mut TenantTx) -> Result<Counts> {
    let MemberId(member) = tx.actor().member_id;
    Ok(sqlx::query_as!(
        Counts,
        r#"select
             count(*) filter (where c.last_unseen_at > coalesce(r.read_at, '-infinity') or r.read_at = '-infinity') as "unread!",
             count(*) filter (where c.needs_reply) as "needs_reply!",
             count(*) filter (where c.client_id is null and c.matched_by is null and c.last_inbound_at is not null) as "triage!",
             count(*) filter (where c.assignee_id = $1) as "mine!"
           from conversation c
             left join read_mark r on r.organization_id = c.organization_id and r.conversation_id = c.id and r.member_id = $1
           where c.status = 'open' and c.merged_into is null and c.messages > 0"#,
        member
    )
    .fetch_one(&mut **tx)
    .await?)
}
