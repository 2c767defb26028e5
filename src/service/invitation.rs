//! Asking people to join the agency, and joining it.

use model::{
    access::Action,
    actor::Actor,
    email::EmailAddress,
    id::{InvitationId, OrganizationId},
    input::Wrong,
    invitation::{EmailStatus, Invitation, State},
    job::Job,
    member,
    page::Page,
    role::Role,
};
use serde_json::json;
use store::{
    audit::{self, Author},
    cursor::Cursor,
    invitation, queue, sign_in,
};
use time::Duration;

pub use store::invitation::Invited;

use crate::{
    Error, Result, Service, access,
    account::LoggedIn,
    password,
    session::{self, Visitor},
    token,
};

const PURPOSE: &str = "invitation";
const LINK_LIFETIME: Duration = Duration::days(7);
/// The mail of one invitation is sent again after this long at the earliest.
const RESEND_PAUSE: Duration = Duration::minutes(10);
/// An agency makes at most this many invitations an hour.
pub const HOURLY_LIMIT: i64 = 10;

/// The agency's invitations, newest first.
///
/// # Errors
/// A malformed cursor, or the rule that forbids it.
pub async fn list(service: &Service, actor: &Actor, limit: i64, cursor: Option<&str>) -> Result<Page<Invitation>> {
    access::allow(service, actor, Action::ReadMembers).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    Ok(invitation::list(&mut service.db.tenant(actor).await?, limit, cursor, service.clock.now()).await?)
}

/// How many invitations wait for an answer.
///
/// # Errors
/// The rule that forbids it.
pub async fn count_pending(service: &Service, actor: &Actor) -> Result<i64> {
    access::allow(service, actor, Action::ReadMembers).await?;
    Ok(invitation::count_pending(&mut service.db.tenant(actor).await?, service.clock.now()).await?)
}

/// One invitation.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: InvitationId) -> Result<Invitation> {
    access::allow(service, actor, Action::ReadMembers).await?;
    Ok(invitation::get(&mut service.db.tenant(actor).await?, id, service.clock.now()).await?)
}

/// Asks somebody to join and has the mail sent.
///
/// # Errors
/// A malformed address, one that signs in or was asked already, too many in an hour, or the rule that forbids it.
pub async fn create(service: &Service, actor: &Actor, email: &str, role: Role) -> Result<Invitation> {
    access::allow(service, actor, Action::EditMembers).await?;
    access::allow_rank(service, actor, None, role).await?;
    let email = EmailAddress::parse("email", email)?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    if store::organization::get(&mut tx).await?.simulated {
        let message = "nobody real joins a simulated agency. Nothing was sent".to_owned();
        return Err(Error::Conflict { code: "simulated", message });
    }
    // Only members of one's own agency are named; whether somebody signs in elsewhere is not for others to know.
    if store::member::exists(&mut tx, &email).await? {
        return Err(Error::Conflict { code: "already_member", message: format!("{email} is a member already") });
    }
    if invitation::count_since(&mut tx, now - Duration::hours(1)).await? >= HOURLY_LIMIT {
        return Err(Error::TooMany {
            message: format!("an agency can invite {HOURLY_LIMIT} people an hour. Try again later; nothing was sent"),
            retry_after: Duration::hours(1),
        });
    }
    invitation::cancel_expired(&mut tx, &email, now).await?;
    let id: InvitationId = store::id::new(now);
    let hash = token::hash(&service.token_key.derive(PURPOSE, id));
    invitation::insert(&mut tx, id, &email, role, &hash, now, now + LINK_LIFETIME).await.map_err(
        |error| match error {
            store::Error::Conflict(_) => {
                Error::Conflict { code: "already_invited", message: format!("{email} is invited already") }
            }
            other => other.into(),
        },
    )?;
    mail(&mut tx, actor.organization_id, id).await?;
    let detail = json!({ "invitation": "sent", "role": role.key() });
    access::done_to(service, &mut tx, Action::EditMembers, (id, email.as_str()), detail).await?;
    let created = invitation::get(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(created)
}

/// Takes a pending invitation back; its link ends at once.
///
/// # Errors
/// Missing, no longer pending, or the rule that forbids it.
pub async fn cancel(service: &Service, actor: &Actor, id: InvitationId) -> Result<()> {
    access::allow(service, actor, Action::EditMembers).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let before = open(invitation::get(&mut tx, id, now).await?)?;
    invitation::cancel(&mut tx, id, now).await?;
    let detail = json!({ "invitation": "taken back" });
    access::done_to(service, &mut tx, Action::EditMembers, (id, before.email.as_str()), detail).await?;
    Ok(tx.commit().await?)
}

/// Sends the mail of an open invitation again; its link works for another seven days.
///
/// # Errors
/// Missing, accepted or taken back, or the rule that forbids it.
pub async fn resend(service: &Service, actor: &Actor, id: InvitationId) -> Result<Invitation> {
    access::allow(service, actor, Action::EditMembers).await?;
    let now = service.clock.now();
    let before = invitation::get(&mut service.db.tenant(actor).await?, id, now).await?;
    access::allow_rank(service, actor, Some((id.0, before.email.as_str())), before.role).await?;
    // A mail that never left is sent again at once.
    let failed = before.email_status == EmailStatus::Failed;
    let wait = if failed { time::Duration::ZERO } else { before.expires_at - LINK_LIFETIME + RESEND_PAUSE - now };
    let before = open(before)?;
    if wait.is_positive() {
        return Err(Error::TooMany {
            message: "this mail was sent a moment ago. Give it ten minutes; nothing was sent again".into(),
            retry_after: wait,
        });
    }
    let mut tx = service.db.tenant(actor).await?;
    invitation::renew(&mut tx, id, actor.member_id, now + LINK_LIFETIME).await?;
    mail(&mut tx, actor.organization_id, id).await?;
    let detail = json!({ "invitation": "sent again" });
    access::done_to(service, &mut tx, Action::EditMembers, (id, before.email.as_str()), detail).await?;
    let renewed = invitation::get(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(renewed)
}

fn open(invitation: Invitation) -> Result<Invitation> {
    match invitation.state {
        State::Pending | State::Expired => Ok(invitation),
        State::Accepted => Err(Error::Conflict { code: "accepted", message: "this person has joined already".into() }),
        State::Cancelled => {
            Err(Error::Conflict { code: "cancelled", message: "this invitation was taken back. Make a new one".into() })
        }
    }
}

async fn mail(tx: &mut store::TenantTx, organization_id: OrganizationId, id: InvitationId) -> Result<()> {
    Ok(queue::enqueue(tx, &Job::MailInvitation { organization_id, invitation_id: id }, None).await?)
}

/// What the mail of an invitation says and the token of its link; `None` when it is no longer pending.
///
/// # Errors
/// Missing when the agency is gone.
pub async fn mail_content(
    service: &Service,
    organization_id: OrganizationId,
    id: InvitationId,
) -> Result<Option<(Invited, String)>> {
    let mut tx = service.db.system().await?;
    let invited = invitation::invited(&mut tx, organization_id, id, service.clock.now()).await?;
    let pending = invited.invitation.state == State::Pending;
    Ok(pending.then(|| (invited, service.token_key.derive(PURPOSE, id))))
}

/// Notes how sending the mail went; `error` in words for the operator.
///
/// # Errors
/// The database failed.
pub async fn set_mail(
    service: &Service,
    organization_id: OrganizationId,
    id: InvitationId,
    error: Option<&str>,
) -> Result<()> {
    let mut tx = service.db.system().await?;
    invitation::set_mail(&mut tx, organization_id, id, error, service.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// The invitation that a link stands for.
///
/// # Errors
/// Missing for an unknown token; Gone for one that ended, was used or taken back.
pub async fn find(service: &Service, link_token: &str) -> Result<Invited> {
    let mut tx = service.db.system().await?;
    usable(invitation::find_by_token(&mut tx, &token::hash(link_token), service.clock.now()).await?)
}

fn usable(found: Option<Invited>) -> Result<Invited> {
    let invited = found.ok_or(Error::Missing)?;
    match invited.invitation.state {
        State::Pending if invited.inviter_may => Ok(invited),
        State::Pending => Err(Error::Gone("who invited you may not do so any more. Ask for a new invitation".into())),
        State::Accepted => Err(Error::Gone("this invitation was used already. You can sign in".into())),
        State::Expired => Err(Error::Gone("this invitation has ended after 7 days. Ask for a new one".into())),
        State::Cancelled => Err(Error::Gone("this invitation was taken back. Ask for a new one".into())),
    }
}

/// Joins the agency with the role of the invitation, and signs in.
///
/// # Errors
/// As in [`find`], a field that cannot be accepted, or an address that signs in elsewhere.
pub async fn accept(
    service: &Service,
    link_token: &str,
    name: &str,
    password: &str,
    visitor: &Visitor,
) -> Result<LoggedIn> {
    let invited = find(service, link_token).await?;
    let (parsed, email, mut wrong) = (member::parse_name(name), &invited.invitation.email, Wrong::default());
    wrong.check(&parsed);
    let known = [name.trim(), email.as_str(), invited.organization.as_str()];
    wrong.check(&password::check_strength("password", password, &known));
    wrong.end()?;
    let name = parsed?;
    let password_hash = service.passwords.hash(password).await?;

    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    let invited = usable(invitation::find_by_token(&mut tx, &token::hash(link_token), now).await?)?;
    let (organization_id, member_id) = (invited.organization_id, store::id::new(now));
    let Invitation { id, email, role, .. } = invited.invitation;
    store::member::insert(&mut tx, organization_id, member_id, &name, &email, role, now).await?;
    sign_in::insert(&mut tx, &email, organization_id, member_id, Some(&password_hash), now).await.map_err(|error| {
        match error {
            store::Error::Conflict(_) => Error::Conflict {
                code: "already_member",
                message: format!("{email} has an account already. You can sign in"),
            },
            other => other.into(),
        }
    })?;
    invitation::set_accepted(&mut tx, organization_id, id, now).await?;
    let author = Author { organization_id, member_id, origin: &visitor.origin };
    let detail = json!({ "invitation": id, "role": role.key() });
    audit::insert_outside(&mut tx, &author, "members.join", true, &detail, now).await?;
    let begun = session::begin(&mut tx, organization_id, member_id, visitor, "invitation", now).await?;
    tx.commit().await?;
    Ok(begun)
}
