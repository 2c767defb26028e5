//! Simulated agencies: what they hold is simulated, nothing elsewhere is. Who answers for their providers is none of this
//! file's business; it makes them, moves their clocks on, and ends them.

use model::{access::Action, actor::Actor, connection::Cause, email::EmailAddress, id::OrganizationId, job::Job};
use serde_json::json;
use store::{connection, organization, queue};
use time::Duration;

pub use store::organization::Simulated;

use crate::{
    Error, Result, Service, access,
    account::LoggedIn,
    session::{self, Visitor},
};

/// The name of a new one.
const NAME: &str = "Simulated agency";
/// So many may be there at once: each is a whole agency's data.
const MOST: i64 = 20;
/// How often it is tried to throw one away that is still being written.
const TRIES: u32 = 20;
/// A clock is moved on by at most so much in all.
const FARTHEST: Duration = Duration::days(400);

/// Makes a simulated agency and begins a session of its Owner: of `host`, when somebody who is signed in looks into it,
/// else of a guest. Nobody signs into it otherwise.
///
/// # Errors
/// A conflict when there are too many; Refused for a member of a simulated agency who may not begin another.
pub async fn found(service: &Service, host: Option<&Actor>, visitor: &Visitor) -> Result<LoggedIn> {
    let now = service.clock.now();
    let (name, email) = match host {
        Some(actor) => {
            let (_, member) = crate::organization::get(service, actor).await?;
            (member.name, member.email)
        }
        // An address that cannot exist (RFC 2606): nothing is ever sent to it.
        None => ("Guest".to_owned(), EmailAddress::parse("email", "guest@simulated.invalid")?),
    };
    let mut tx = service.db.system().await?;
    if organization::count_simulated(&mut tx).await? >= MOST {
        let message = format!("there are {MOST} simulated agencies on this server already. End one of them first");
        return Err(Error::Conflict { code: "too_many_simulated", message });
    }
    let new = organization::New {
        id: store::id::new(now),
        name: NAME,
        simulated: true,
        owner_id: store::id::new(now),
        owner: &name,
        email: &email,
    };
    organization::insert_with_owner(&mut tx, new, now).await?;
    let begun = session::begin(&mut tx, new.id, new.owner_id, visitor, "simulation", now).await?;
    tx.commit().await?;
    Ok(begun)
}

/// Moves a simulated agency's clock on and has everything read anew; how far it is ahead now.
///
/// # Errors
/// Missing for a live agency; a conflict at the end of the simulated time; or the rule that forbids it.
pub async fn forward(service: &Service, actor: &Actor, by: Duration) -> Result<Duration> {
    access::allow(service, actor, Action::EditSettings).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let before = organization::ahead(&mut tx).await?;
    if before + by > FARTHEST {
        let message = "the simulated time ends here. Start again to go on".to_owned();
        return Err(Error::Conflict { code: "simulation_ends", message });
    }
    let ahead = organization::forward(&mut tx, by).await?;
    for found in connection::list(&mut tx, now).await? {
        connection::ask(&mut tx, found.id, Cause::Manual, now).await?;
    }
    queue::enqueue(&mut tx, &Job::QueueDue, None).await?;
    let detail = json!({ "forward_days": by.whole_days(), "ahead_days": ahead.whole_days() });
    access::done(service, &mut tx, Action::EditSettings, actor.organization_id, detail).await?;
    tx.commit().await?;
    Ok(ahead)
}

/// Throws a simulated agency away, with everything that it holds.
///
/// # Errors
/// Missing for a live agency, or the rule that forbids it.
pub async fn end(service: &Service, actor: &Actor) -> Result<()> {
    access::allow(service, actor, Action::EditSettings).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    if !organization::get(&mut tx).await?.simulated {
        return Err(Error::Missing);
    }
    // Who reads it stops at the next page.
    for found in connection::list(&mut tx, now).await? {
        connection::set_disconnected(&mut tx, found.id, now).await?;
    }
    tx.commit().await?;
    for _ in 0..TRIES {
        let mut tx = service.db.system().await?;
        match organization::remove_simulated(&mut tx, actor.organization_id).await {
            Ok(()) => return Ok(tx.commit().await?),
            Err(error) if error.is_deadlock() => tokio::time::sleep(std::time::Duration::from_millis(300)).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Unavailable)
}

/// A simulated organization; none of a live one.
///
/// # Errors
/// The database failed.
pub async fn find(service: &Service, organization_id: OrganizationId) -> Result<Option<Simulated>> {
    match organization::find_simulated(&mut service.db.system().await?, organization_id).await {
        Ok(found) => Ok(Some(found)),
        Err(store::Error::Missing) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
