//! Somebody looks at the inbox: what came to its mailboxes since they were read last is read now, and not when their time has come.

use model::{access::Action, actor::Actor, job::Job};
use store::{connection, queue};
use time::Duration;

use crate::{Result, Service, access};

/// What was read within this time is not read again because somebody looks.
const SHORT: Duration = Duration::minutes(1);

/// Has the mailboxes read whose last reading is a while ago, once however many look; how many were asked for. Whoever sees conversations
/// may, also those who see no connections: the answer says nothing of these, and their switches and pauses hold.
///
/// # Errors
/// The database failed, or the rule that forbids it.
pub async fn freshen(service: &Service, actor: &Actor) -> Result<u64> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    let asked = connection::ask_mailboxes(&mut tx, actor.organization_id, now - SHORT, now).await?;
    if asked > 0 {
        queue::enqueue(&mut tx, &Job::QueueDue, None).await?;
        tx.commit().await?;
    }
    Ok(asked)
}
