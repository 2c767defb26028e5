//! What people do with alerts: events that the brain noticed, each once. How a finding becomes one is in `identity`, who hears of
//! it in `sync` and `letter`, what it says in `words`, what the page shows in `board`.

mod board;
mod identity;
pub mod letter;
pub mod rule;
mod sync;
pub mod words;

pub use board::{Board, board, snooze_until};
use model::{
    access::Action,
    actor::Actor,
    alert::{Alert, AlertState},
    id::AlertId,
    input::Invalid,
    page::Page,
};
use serde_json::json;
pub use store::alert::Filter;
use store::{
    TenantTx,
    alert::{self, Seen},
    client,
    cursor::Cursor,
};
pub use sync::sync;
use time::{Duration, OffsetDateTime};

use crate::{Error, Result, Service, access};

/// The longest that an alert can be made to wait.
const LONGEST_SNOOZE: Duration = Duration::days(366);

/// Alerts of what the member sees, newest first.
///
/// # Errors
/// A malformed cursor, missing for a client out of sight, or the rule that forbids it.
pub async fn list(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Alert>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = filter.client_id {
        client::get(&mut tx, id).await?;
    }
    Ok(alert::list(&mut tx, filter, service.clock.now(), limit, cursor).await?)
}

/// One alert.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(service: &Service, actor: &Actor, id: AlertId) -> Result<Alert> {
    access::allow(service, actor, Action::ReadClients).await?;
    Ok(alert::get(&mut service.db.tenant(actor).await?, id, service.clock.now()).await?)
}

/// Says that somebody has seen to an alert: nobody is mailed about it any more.
///
/// # Errors
/// Missing, an alert that has ended, or the rule that forbids it.
pub async fn acknowledge(service: &Service, actor: &Actor, id: AlertId) -> Result<Alert> {
    set(service, actor, id, Seen::Acknowledged, json!({ "acknowledged": true })).await
}

/// Lets an alert wait: until then nobody is mailed about it.
///
/// # Errors
/// Missing, an alert that has ended, a moment that is past or too far away, or the rule that forbids it.
pub async fn snooze(service: &Service, actor: &Actor, id: AlertId, until: OffsetDateTime) -> Result<Alert> {
    // Who may not, or does not see it, hears that first.
    allow_on(service, actor, id).await?;
    let now = service.clock.now();
    if until <= now || until > now + LONGEST_SNOOZE {
        return Err(Invalid::new("until", "choose a moment from now on, within a year").into());
    }
    set(service, actor, id, Seen::Snoozed(until), json!({ "snoozed_until": until.date().to_string() })).await
}

/// Opens an alert again that was acknowledged or waits.
///
/// # Errors
/// Missing, an alert that has ended, or the rule that forbids it.
pub async fn reopen(service: &Service, actor: &Actor, id: AlertId) -> Result<Alert> {
    set(service, actor, id, Seen::Open, json!({ "reopened": true })).await
}

/// Missing before refused: who does not see an alert does not learn that it is there.
async fn allow_on(service: &Service, actor: &Actor, id: AlertId) -> Result<Alert> {
    let found = get(service, actor, id).await?;
    let name = words::of(&found).title;
    access::allow_to(service, actor, Action::EditAlerts, id, &name).await?;
    Ok(found)
}

async fn set(service: &Service, actor: &Actor, id: AlertId, seen: Seen, detail: serde_json::Value) -> Result<Alert> {
    let found = allow_on(service, actor, id).await?;
    let now = service.clock.now();
    if found.state(now) == AlertState::Ended {
        let message = "this is not found any more, so there is nothing left to see to; nothing was changed".to_owned();
        return Err(Error::Conflict { code: "alert_ended", message });
    }
    let mut tx: TenantTx = service.db.tenant(actor).await?;
    alert::set_seen(&mut tx, id, seen, now).await?;
    access::done_to(service, &mut tx, Action::EditAlerts, (id, &words::of(&found).title), detail).await?;
    let changed = alert::get(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(changed)
}
