//! Alerts: events that the brain noticed, and what people did about them. How they follow its states is in `event`.

mod event;
mod finding;
pub mod mail;
pub mod rule;

pub use event::{Known, inherit, insert, list_known, lock, set_channels, set_ended, set_missing, update};
pub use finding::{list_of, set_findings};

use std::collections::BTreeMap;

use model::{
    alert::{Alert, AlertState, Deed, FindingKind, Severity},
    id::{AlertId, ChannelId, ClientId},
    page::Page,
};
use sqlx::types::Uuid;
use time::{Date, OffsetDateTime};

use crate::{
    Error, Result, TenantTx,
    channel::{self, Called},
    cursor::{self, Cursor},
};

/// A word of an enum, as it stands in a row.
pub(crate) fn word<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
    parse(text).ok_or_else(|| Error::Database(sqlx::Error::Decode(format!("unknown word {text}").into())))
}

struct Row {
    id: Uuid,
    kind: String,
    severity: String,
    level: String,
    entity: String,
    entity_name: Option<String>,
    first_day: Date,
    last_day: Date,
    client_id: Option<Uuid>,
    client: Option<String>,
    channel_id: Option<Uuid>,
    channels: Vec<Uuid>,
    body: String,
    first_state_id: Uuid,
    state_id: Uuid,
    number: Option<i32>,
    first_seen_at: OffsetDateTime,
    last_seen_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    acknowledged_at: Option<OffsetDateTime>,
    acknowledged_name: Option<String>,
    snoozed_until: Option<OffsetDateTime>,
    snoozed_name: Option<String>,
}

impl Row {
    /// The alert; `called` holds what the channels in sight are called.
    fn alert(self, called: &BTreeMap<ChannelId, Called>) -> Result<Alert> {
        let name = |id: &ChannelId| Some(called.get(id)?.called().beside(self.client.as_deref()));
        let channel_id = self.channel_id.map(ChannelId::from);
        let channel = channel_id.as_ref().and_then(name);
        let mut channels: Vec<String> = self.channels.iter().filter_map(|id| name(&ChannelId::from(*id))).collect();
        channels.sort();
        let deed =
            |at: Option<OffsetDateTime>, by: Option<String>| at.map(|at| Deed { at, by: by.unwrap_or_default() });
        Ok(Alert {
            id: self.id.into(),
            kind: word(&self.kind, FindingKind::parse)?,
            severity: word(&self.severity, Severity::parse)?,
            level: self.level,
            entity: self.entity,
            entity_name: self.entity_name,
            first_day: self.first_day,
            last_day: self.last_day,
            client_id: self.client_id.map(Into::into),
            client: self.client,
            channel_id,
            channel,
            channels,
            body: self.body,
            first_state_id: self.first_state_id.into(),
            state_id: self.state_id.into(),
            number: self.number,
            first_seen_at: self.first_seen_at,
            last_seen_at: self.last_seen_at,
            ended_at: self.ended_at,
            acknowledged: deed(self.acknowledged_at, self.acknowledged_name),
            snoozed: deed(self.snoozed_until, self.snoozed_name),
        })
    }
}

/// What a list of alerts is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that stand so.
    pub state: Option<AlertState>,
    /// Only those that are so bad.
    pub severity: Option<Severity>,
    /// Only of this client.
    pub client_id: Option<ClientId>,
    /// Only these.
    pub ids: Option<Vec<AlertId>>,
}

/// Alerts newest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    now: OffsetDateTime,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Alert>> {
    let ids: Option<Vec<Uuid>> = filter.ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect());
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id, a.kind, a.severity, a.level, a.entity, e.name as "entity_name?", a.first_day, a.last_day, a.client_id,
             c.name as "client?", a.channel_id, array(
               select k.channel_id from alert_channel k
               where k.organization_id = a.organization_id and k.alert_id = a.id and k.missing_since is null
               order by 1) as "channels!", a.body, a.first_state_id, a.state_id, a.number, a.first_seen_at, a.last_seen_at, a.ended_at, a.acknowledged_at, a.acknowledged_name, a.snoozed_until, a.snoozed_name
           from alert a
             left join client c on c.organization_id = a.organization_id and c.id = a.client_id
             left join ad_entity e on e.organization_id = a.organization_id and e.channel_id = a.channel_id
               and a.level = 'creative' and e.level = 'ad' and e.external_id = a.entity
           where ($1::timestamptz is null or (a.first_seen_at, a.id) < ($1, $2::uuid))
             and ($3::text is null or $3 = case
               when a.ended_at is not null then 'ended' when a.acknowledged_at is not null then 'acknowledged'
               when a.snoozed_until > $4 then 'snoozed' else 'open' end)
             and ($5::text is null or a.severity = $5)
             and ($6::uuid is null or a.client_id = $6)
             and ($7::uuid[] is null or a.id = any($7))
           order by a.first_seen_at desc, a.id desc limit $8"#,
        cursor.map(|cursor| cursor.created_at),
        cursor.map(|cursor| cursor.id),
        filter.state.map(AlertState::key),
        now,
        filter.severity.map(Severity::key),
        filter.client_id.map(|id| id.0),
        ids as _,
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = if rows.is_empty() { Vec::new() } else { channel::list_names(tx).await? };
    let named: BTreeMap<ChannelId, Called> = named.into_iter().map(|called| (called.id, called)).collect();
    let alerts = rows.into_iter().map(|row| row.alert(&named)).collect::<Result<Vec<_>>>()?;
    Ok(cursor::page(alerts, limit, |alert| (alert.first_seen_at, alert.id.0)))
}

/// One alert.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: AlertId, now: OffsetDateTime) -> Result<Alert> {
    let filter = Filter { ids: Some(vec![id]), ..Filter::default() };
    list(tx, &filter, now, 1, None).await?.items.pop().ok_or(Error::Missing)
}

/// What a person does to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// They have seen to it.
    Acknowledged,
    /// It waits until this moment.
    Snoozed(OffsetDateTime),
    /// It is open again.
    Open,
}

/// Keeps what the acting member did to an alert; what others did before is over.
///
/// # Errors
/// Missing when it is not in sight or not theirs to change.
pub async fn set_seen(tx: &mut TenantTx, id: AlertId, seen: Seen, now: OffsetDateTime) -> Result<()> {
    let by = tx.actor().member_id;
    let acknowledged = (seen == Seen::Acknowledged).then_some(now);
    let until = if let Seen::Snoozed(until) = seen { Some(until) } else { None };
    let done = sqlx::query!(
        "update alert a set acknowledged_at = $2, snoozed_until = $3,
           acknowledged_by = case when $2::timestamptz is not null then $4::uuid end,
           acknowledged_name = case when $2::timestamptz is not null then (select m.name from member m where m.id = $4) end,
           snoozed_by = case when $3::timestamptz is not null then $4::uuid end,
           snoozed_name = case when $3::timestamptz is not null then (select m.name from member m where m.id = $4) end
         where id = $1",
        id.0,
        acknowledged,
        until,
        by.0
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}
