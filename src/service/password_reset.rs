//! Choosing a new password through a mailed link, and changing it while signed in.

use model::{
    access::Action,
    actor::Actor,
    email::EmailAddress,
    id::{PasswordResetId, SessionId},
    input::{Invalid, Wrong},
    job::Job,
};
use serde_json::json;
use store::{
    access_token,
    audit::{self, Author},
    login_step, member,
    password_reset::{self, PasswordReset},
    queue, session, sign_in,
};
use time::Duration;

use crate::{Error, Result, Service, access, password, session::Visitor, token};

const PURPOSE: &str = "password_reset";
const LINK_LIFETIME: Duration = Duration::hours(2);

/// Stores a request and has a link mailed, if the address signs in. The answer is the same for every address.
///
/// # Errors
/// A malformed address.
pub async fn request(service: &Service, email: &str) -> Result<()> {
    let email = EmailAddress::parse("email", email)?;
    let now = service.clock.now();
    let id: PasswordResetId = store::id::new(now);
    let hash = token::hash(&service.token_key.derive(PURPOSE, id));
    let new = PasswordReset { id, email, expires_at: now + LINK_LIFETIME, used_at: None };
    let mut tx = service.db.system().await?;
    password_reset::insert(&mut tx, &new, &hash, now).await?;
    queue::enqueue(&mut tx, &Job::MailPasswordReset { password_reset_id: id }, None).await?;
    Ok(tx.commit().await?)
}

/// Whom to mail a link and its token; `None` when the address does not sign in or the link has ended.
///
/// # Errors
/// The request is unknown.
pub async fn mail_content(service: &Service, id: PasswordResetId) -> Result<Option<(EmailAddress, String)>> {
    let mut tx = service.db.system().await?;
    let row = password_reset::get(&mut tx, id).await?;
    let live = row.used_at.is_none() && row.expires_at > service.clock.now();
    let known = sign_in::find(&mut tx, &row.email).await?.is_some_and(|row| !row.deactivated);
    Ok((live && known).then(|| (row.email, service.token_key.derive(PURPOSE, id))))
}

/// Sets a new password by the token in the link, once, and ends every session and access token of the member: whoever
/// asks for a link may have lost more than a password.
///
/// # Errors
/// Missing for an unknown token, Gone for one that ended or was used, a password that is too weak.
pub async fn complete(service: &Service, link_token: &str, new_password: &str, visitor: &Visitor) -> Result<()> {
    let hash = token::hash(link_token);
    let row = password_reset::find_by_token(&mut service.db.system().await?, &hash).await?.ok_or(Error::Missing)?;
    usable(service, &row)?;
    password::check_strength("password", new_password, &[row.email.as_str()])?;
    let password_hash = service.passwords.hash(new_password).await?;

    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    let row = password_reset::find_by_token(&mut tx, &hash).await?.ok_or(Error::Missing)?;
    usable(service, &row)?;
    let known = sign_in::find(&mut tx, &row.email).await?.ok_or(Error::Missing)?;
    sign_in::set_password(&mut tx, &row.email, &password_hash).await?;
    session::remove_all_of(&mut tx, known.organization_id, known.member_id, None).await?;
    access_token::remove_all_of(&mut tx, known.organization_id, known.member_id).await?;
    login_step::remove_all_of(&mut tx, known.organization_id, known.member_id).await?;
    let author = Author { organization_id: known.organization_id, member_id: known.member_id, origin: &visitor.origin };
    let detail = json!({ "password": "reset by a mailed link" });
    audit::insert_outside(&mut tx, &author, Action::EditSelf.rule(), true, &detail, now).await?;
    password_reset::set_used(&mut tx, row.id, now).await?;
    Ok(tx.commit().await?)
}

/// Whether the link can still be used.
///
/// # Errors
/// Missing for an unknown token, Gone for one that ended or was used.
pub async fn check(service: &Service, link_token: &str) -> Result<()> {
    let hash = token::hash(link_token);
    let row = password_reset::find_by_token(&mut service.db.system().await?, &hash).await?.ok_or(Error::Missing)?;
    usable(service, &row)
}

fn usable(service: &Service, row: &PasswordReset) -> Result<()> {
    if row.used_at.is_some() {
        return Err(Error::Gone("this link was used already. Ask for a new one if you need it".into()));
    }
    if row.expires_at <= service.clock.now() {
        return Err(Error::Gone("this link has ended. Ask for a new one".into()));
    }
    Ok(())
}

/// Changes one's own password; every other session ends.
///
/// # Errors
/// The present password is wrong or the new one too weak.
pub async fn change(
    service: &Service,
    actor: &Actor,
    present: &str,
    new_password: &str,
    keep: Option<SessionId>,
) -> Result<()> {
    access::allow(service, actor, Action::EditSelf).await?;
    let this = member::get(&mut service.db.tenant(actor).await?, actor.member_id).await?;
    let known = sign_in::find(&mut service.db.system().await?, &this.email).await?.ok_or(Error::Missing)?;
    let mut wrong = Wrong::default();
    if !service.passwords.verify(present, known.password_hash.as_deref()).await? {
        wrong.add(Some(Invalid::new("present", "this is not your present password")));
    }
    wrong.check(&password::check_strength("password", new_password, &[this.email.as_str(), &this.name]));
    wrong.end()?;
    let password_hash = service.passwords.hash(new_password).await?;
    let mut tx = service.db.system().await?;
    sign_in::set_password(&mut tx, &this.email, &password_hash).await?;
    session::remove_all_of(&mut tx, actor.organization_id, actor.member_id, keep).await?;
    login_step::remove_all_of(&mut tx, actor.organization_id, actor.member_id).await?;
    let now = service.clock.now();
    password_reset::end_all(&mut tx, &this.email, now).await?;
    let author = Author { organization_id: actor.organization_id, member_id: actor.member_id, origin: &actor.origin };
    let detail = json!({ "password": "changed" });
    audit::insert_outside(&mut tx, &author, Action::EditSelf.rule(), true, &detail, now).await?;
    Ok(tx.commit().await?)
}
