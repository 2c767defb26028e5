//! Simulated agencies: what they hold is simulated, nothing elsewhere is. Who answers for their providers is none of this
//! file's business; it makes them, moves their clocks on, and ends them.

use model::{access::Action, actor::Actor, connection::Cause, email::EmailAddress, id::OrganizationId, job::Job};
use serde_json::{Value, json};
use store::{TenantTx, connection, organization, queue, simulated_change};
use time::Duration;

pub use store::organization::Simulated;

use crate::{
    Error, Result, Service, access,
    account::LoggedIn,
    session::{self, Visitor},
};

/// So many may be there at once: each is a whole agency's data.
const MOST: i64 = 20;
/// One that nobody looked into for so long makes room for another.
const IDLE: Duration = Duration::hours(1);
/// One that nobody looked into for so long is thrown away.
const KEPT: Duration = Duration::days(2);
/// How often it is tried to throw one away that is still being written.
const TRIES: u32 = 20;
/// A clock is moved on by at most so much in all.
const FARTHEST: Duration = Duration::days(400);

/// Makes a simulated agency called `name` and begins a session of its Owner, who is called as `host`, when somebody who is signed in looks
/// into it, else a guest. Nobody signs into it otherwise. Where there are too many, the one that nobody looked into for longest
/// goes.
///
/// # Errors
/// A conflict when all of them are looked into.
pub async fn found(service: &Service, name: &str, host: Option<&Actor>, visitor: &Visitor) -> Result<LoggedIn> {
    let now = service.clock.now();
    let owner = match host {
        Some(actor) => crate::organization::get(service, actor).await?.1.name,
        None => "Guest".to_owned(),
    };
    // An address that cannot exist (RFC 2606), also for a host: nothing here is about the own account.
    let email = EmailAddress::parse("email", "guest@simulated.invalid")?;
    let mut tx = service.db.system().await?;
    while organization::count_simulated(&mut tx).await? >= MOST {
        let idle = organization::find_idle(&mut tx, now - IDLE).await?;
        drop(tx);
        let message = format!("there are {MOST} simulated agencies on this server already. Try again in an hour");
        let idle = idle.ok_or(Error::Conflict { code: "too_many_simulated", message })?;
        match throw_away(service, &Actor::machine(idle)).await {
            // Somebody else threw it away in the same moment.
            Ok(()) | Err(Error::Missing) => {}
            Err(error) => return Err(error),
        }
        tx = service.db.system().await?;
    }
    let new = organization::New {
        id: store::id::new(now),
        name,
        simulated: true,
        owner_id: store::id::new(now),
        owner: &owner,
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
    let before = organization::lock(&mut tx).await?.ahead;
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
    throw_away(service, actor).await
}

/// Throws away the simulated agencies that nobody looked into of late; how many those were.
///
/// # Errors
/// The database failed; some may be gone.
pub(crate) async fn purge(service: &Service) -> Result<u64> {
    let before = service.clock.now() - KEPT;
    let mut gone = 0;
    while let Some(idle) = organization::find_idle(&mut service.db.system().await?, before).await? {
        throw_away(service, &Actor::machine(idle)).await?;
        gone += 1;
    }
    Ok(gone)
}

async fn throw_away(service: &Service, actor: &Actor) -> Result<()> {
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

/// Lets only those who run a simulated agency see what is true of it.
///
/// # Errors
/// Missing for a live agency, or the rule that forbids it.
pub async fn check_runs(service: &Service, actor: &Actor) -> Result<()> {
    access::allow(service, actor, Action::EditSettings).await?;
    match organization::get(&mut service.db.tenant(actor).await?).await?.simulated {
        true => Ok(()),
        false => Err(Error::Missing),
    }
}

/// Lets only live agencies do what would take room from others, or mix real figures with simulated ones.
///
/// # Errors
/// A conflict in a simulated one.
pub(crate) async fn check_live(tx: &mut TenantTx) -> Result<()> {
    if organization::get(tx).await?.simulated {
        let message = "a simulated agency takes no files. Nothing was stored".to_owned();
        return Err(Error::Conflict { code: "simulated", message });
    }
    Ok(())
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

/// What was changed at the providers of a simulated organization, oldest first, as [`keep_changes`] was given it.
///
/// # Errors
/// The database failed.
pub async fn changes(service: &Service, organization_id: OrganizationId) -> Result<Vec<Value>> {
    Ok(simulated_change::list(&mut service.db.system().await?, organization_id).await?)
}

/// Keeps what was changed at the providers of a simulated organization: all of it, oldest first. What is kept already stays.
///
/// # Errors
/// The organization is a live one or was ended meanwhile, or the database failed.
pub async fn keep_changes(service: &Service, organization_id: OrganizationId, changes: &[Value]) -> Result<()> {
    let mut tx = service.db.system().await?;
    simulated_change::insert(&mut tx, organization_id, changes).await?;
    Ok(tx.commit().await?)
}
