//! The mails about alerts: what goes to whom now. What a member may see is asked of the database as that member.

use model::{
    actor::{Actor, Origin},
    alert::Way,
    email::EmailAddress,
    id::{AlertMailId, MemberId, OrganizationId},
    job::Job,
};
use store::{
    SystemTx,
    alert::{
        Filter, list,
        mail::{self, Went},
    },
    member, organization, queue,
};
use time::OffsetDateTime;

use super::words::{self, Words};
use crate::{Result, Service};

/// The most alerts that a mail tells one by one; of the others it says how many there are.
const TOLD: usize = 30;

/// A mail that is to go.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The same for every attempt.
    pub id: AlertMailId,
    /// Whom to write to.
    pub to: EmailAddress,
    /// What they are called.
    pub name: String,
    /// The agency's name.
    pub agency: String,
    /// What it tells, the worst first.
    pub told: Vec<Words>,
    /// How many more there are.
    pub more: usize,
}

/// The next mail to a member; none when nothing waits for them that may go now.
///
/// # Errors
/// The database failed.
pub async fn next(
    service: &Service,
    organization_id: OrganizationId,
    member_id: MemberId,
    way: Way,
) -> Result<Option<Letter>> {
    let (now, machine) = (service.clock.now(), Actor::machine(organization_id));
    loop {
        let mut tx = service.db.tenant(&machine).await?;
        let Some(sending) = mail::take(&mut tx, member_id, way, now).await? else {
            tx.commit().await?;
            return Ok(None);
        };
        let agency = organization::get(&mut tx).await?;
        let to = member::get(&mut tx, member_id).await?;
        tx.commit().await?;
        let mut alerts = Vec::new();
        if to.active && !agency.simulated {
            let origin = Origin { method: "job".to_owned(), path: String::new() };
            let actor = Actor { organization_id, member_id, role: to.role, origin };
            let filter = Filter { ids: Some(sending.alerts.clone()), ..Filter::default() };
            let all = i64::try_from(sending.alerts.len()).unwrap_or(i64::MAX - 1);
            alerts = list(&mut service.db.tenant(&actor).await?, &filter, now, all, None).await?.items;
        }
        let unseen: Vec<_> =
            sending.alerts.into_iter().filter(|id| alerts.iter().all(|alert| alert.id != *id)).collect();
        if !unseen.is_empty() {
            let mut tx = service.db.tenant(&machine).await?;
            mail::set_dropped(&mut tx, member_id, &unseen).await?;
            tx.commit().await?;
        }
        if alerts.is_empty() {
            continue;
        }
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.first_seen_at, alert.id));
        let more = alerts.len().saturating_sub(TOLD);
        let told = alerts.iter().take(TOLD).map(words::of).collect();
        return Ok(Some(Letter { id: sending.id, to: to.email, name: to.name, agency: agency.name, told, more }));
    }
}

/// Notes how an attempt to send a mail to a member ended. One that is set aside stands among the background work with the reason
/// `why`, until a person has it tried again or all that was set aside went.
///
/// # Errors
/// The database failed.
pub async fn settle(
    service: &Service,
    organization_id: OrganizationId,
    member_id: MemberId,
    mail: AlertMailId,
    (went, why): (Went, &str),
) -> Result<()> {
    let mut tx = service.db.tenant(&Actor::machine(organization_id)).await?;
    let aside = mail::settle(&mut tx, mail, went, service.clock.now()).await?;
    let job = Job::MailAlertAgain { organization_id, member_id };
    if let Some(tries) = aside {
        queue::set_failed(&mut tx, &job, Some((why, tries.into()))).await?;
    } else if went == Went::Sent && !mail::any_refused(&mut tx, member_id).await? {
        queue::set_failed(&mut tx, &job, None).await?;
    }
    Ok(tx.commit().await?)
}

/// Has the mails to a member sent again that are set aside.
///
/// # Errors
/// The database failed.
pub async fn again(service: &Service, organization_id: OrganizationId, member_id: MemberId) -> Result<()> {
    let mut tx = service.db.tenant(&Actor::machine(organization_id)).await?;
    for way in mail::take_up(&mut tx, member_id).await? {
        queue::enqueue(&mut tx, &job(organization_id, member_id, way), None).await?;
    }
    Ok(tx.commit().await?)
}

/// The job that mails a member in this way.
fn job(organization_id: OrganizationId, member_id: MemberId, way: Way) -> Job {
    match way {
        Way::Mail => Job::MailAlert { organization_id, member_id },
        Way::Digest => Job::MailDigest { organization_id, member_id },
    }
}

/// Lets the digests go whose Monday it is, and queues every mail that can go now: quiet hours that are over, alerts that do not
/// wait any more.
///
/// # Errors
/// The database failed.
pub async fn queue_due(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    mail::release_digests(tx, now).await?;
    for (organization_id, member_id, way) in mail::list_due(tx, now).await? {
        queue::enqueue(tx, &job(organization_id, member_id, way), None).await?;
    }
    Ok(())
}
