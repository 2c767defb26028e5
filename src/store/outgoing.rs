//! What is to go out: kept before it goes, and what people decide about it. What the worker notes that sends it is in `sending`.

mod sending;

use model::{
    id::{ChannelId, ConversationId, MessageId, OutgoingId, UploadId},
    message::Address,
    outgoing::{Outgoing, State},
};
pub use sending::{begin, due, hold, let_go, put_off, set_sent, settle, take};
use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use crate::{Error, Result, TenantTx};

fn one(rows: u64) -> Result<()> {
    if rows == 0 { Err(Error::Missing) } else { Ok(()) }
}

/// What is to go out, with what only its sending needs.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What people see of it.
    pub outgoing: Outgoing,
    /// The mailbox that it goes through.
    pub channel_id: ChannelId,
    /// What it answers.
    pub answers_id: Option<MessageId>,
    /// Its `Message-ID`.
    pub header_id: String,
    /// The files that go with it.
    pub uploads: Vec<UploadId>,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// How often its sending was begun, and not put off because nothing of it went.
    pub attempts: i32,
    /// How often it was put off.
    pub put_off: i32,
    /// Until when a worker holds it.
    pub held_until: Option<OffsetDateTime>,
}

struct Row {
    id: Uuid,
    conversation_id: Uuid,
    channel_id: Uuid,
    answers_id: Option<Uuid>,
    member_id: Uuid,
    member_name: String,
    header_id: String,
    to_addresses: Json<Vec<Address>>,
    cc_addresses: Json<Vec<Address>>,
    bcc_addresses: Json<Vec<Address>>,
    subject: String,
    text: String,
    uploads: Vec<Uuid>,
    files: Vec<String>,
    state: String,
    send_at: OffsetDateTime,
    fault: Option<String>,
    created_at: OffsetDateTime,
    attempts: i32,
    put_off: i32,
    held_until: Option<OffsetDateTime>,
}

impl Row {
    fn stored(self) -> Result<Stored> {
        let state = State::parse(&self.state)
            .ok_or_else(|| Error::Database(sqlx::Error::Decode(format!("unknown state {}", self.state).into())))?;
        Ok(Stored {
            channel_id: self.channel_id.into(),
            answers_id: self.answers_id.map(Into::into),
            header_id: self.header_id,
            uploads: self.uploads.into_iter().map(Into::into).collect(),
            created_at: self.created_at,
            attempts: self.attempts,
            put_off: self.put_off,
            held_until: self.held_until,
            outgoing: Outgoing {
                id: self.id.into(),
                conversation_id: self.conversation_id.into(),
                member_id: self.member_id.into(),
                member: self.member_name,
                to: self.to_addresses.0,
                cc: self.cc_addresses.0,
                bcc: self.bcc_addresses.0,
                subject: self.subject,
                text: self.text,
                files: self.files,
                state,
                send_at: self.send_at,
                fault: self.fault,
            },
        })
    }
}

/// Keeps what is to go out.
///
/// # Errors
/// `Conflict("outgoing_pkey")` when it is there: the same click asks for it once.
pub async fn insert(tx: &mut TenantTx, stored: &Stored) -> Result<()> {
    let organization = tx.actor().organization_id;
    let uploads: Vec<_> = stored.uploads.iter().map(|upload| upload.0).collect();
    let Stored { outgoing, .. } = stored;
    let done = sqlx::query!(
        "insert into outgoing (organization_id, id, conversation_id, channel_id, answers_id, member_id, member_name, header_id,
           to_addresses, cc_addresses, bcc_addresses, subject, text, uploads, state, send_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'held', $15, $16) on conflict do nothing",
        organization.0,
        outgoing.id.0,
        outgoing.conversation_id.0,
        stored.channel_id.0,
        stored.answers_id.map(|id| id.0),
        outgoing.member_id.0,
        outgoing.member,
        stored.header_id,
        Json(&outgoing.to) as _,
        Json(&outgoing.cc) as _,
        Json(&outgoing.bcc) as _,
        outgoing.subject,
        outgoing.text,
        &uploads,
        outgoing.send_at,
        stored.created_at
    );
    if done.execute(&mut **tx).await?.rows_affected() == 0 {
        return Err(Error::Conflict("outgoing_pkey"));
    }
    Ok(())
}

/// Those of a conversation that are not among its messages yet, and were not taken back; or the one with this id.
async fn select(
    tx: &mut TenantTx,
    conversation: Option<ConversationId>,
    id: Option<OutgoingId>,
) -> Result<Vec<Stored>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, conversation_id, channel_id, answers_id, member_id, member_name, header_id,
             to_addresses as "to_addresses: Json<Vec<Address>>", cc_addresses as "cc_addresses: Json<Vec<Address>>",
             bcc_addresses as "bcc_addresses: Json<Vec<Address>>", subject, text, uploads, array(
               select u.name from upload u where u.organization_id = outgoing.organization_id and u.id = any(outgoing.uploads)
               order by u.name) as "files!", state, send_at, fault, created_at, attempts, put_off, held_until
           from outgoing
           where ($2::uuid is null or id = $2)
             and ($1::uuid is null or conversation_id = $1 and state <> 'withdrawn' and not exists (
               select from message m where m.organization_id = outgoing.organization_id and m.outgoing_id = outgoing.id))
           order by created_at, id"#,
        conversation.map(|id| id.0),
        id.map(|id| id.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Row::stored).collect()
}

/// What is to go out of a conversation, and what did not; what went is among its messages.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, conversation: ConversationId) -> Result<Vec<Outgoing>> {
    Ok(select(tx, Some(conversation), None).await?.into_iter().map(|stored| stored.outgoing).collect())
}

/// One that is to go out, or went.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: OutgoingId) -> Result<Stored> {
    select(tx, None, Some(id)).await?.pop().ok_or(Error::Missing)
}

/// Changes the state of one that stands as given.
///
/// # Errors
/// Missing when it stands otherwise, is not in sight, or may not be changed.
pub async fn set_state(
    tx: &mut TenantTx,
    id: OutgoingId,
    from: &[State],
    to: State,
    fault: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    let from: Vec<&str> = from.iter().map(|state| state.key()).collect();
    let settled = (!matches!(to, State::Held | State::Sending)).then_some(now);
    let done = sqlx::query!(
        "update outgoing set state = $3, fault = $4, settled_at = $5, holder = null, held_until = null where id = $1 and state = any($2)",
        id.0,
        &from as _,
        to.key(),
        fault,
        settled
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Has one go again from `at` on that did not go. One of which nobody knows it is looked for first, and sent where that is impossible.
///
/// # Errors
/// Missing when it stands otherwise, is not in sight, or may not be changed.
pub async fn set_again(tx: &mut TenantTx, id: OutgoingId, at: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!(
        "update outgoing set state = 'held', fault = null, settled_at = null, put_off = 0, send_at = $2,
           insisted = state = 'unconfirmed', attempts = case state when 'unconfirmed' then 1 else 0 end
         where id = $1 and state in ('failed', 'unconfirmed')",
        id.0,
        at
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}
