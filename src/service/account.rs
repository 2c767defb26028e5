//! Signing up and signing in.
//!
//! Nothing here tells whether an address is known: not by text, not by status, not by the work done. A sign-up for a
//! known address is stored like any other; it can never be verified, and the address gets a mail that says so.

use std::time::Duration;

use model::{
    email::EmailAddress,
    id::{MemberId, OrganizationId, SessionId, SignUpId},
    input::{Invalid, Wrong},
    job::Job,
    member, organization,
};
use store::{queue, sign_in, sign_up};

use crate::{
    Error, Result, Service, password,
    session::{self, Entry, Visitor},
    token,
};

const PURPOSE: &str = "sign_up";
/// How long a verification link works.
const LINK_LIFETIME: time::Duration = time::Duration::hours(48);

/// What a person types to sign up.
#[derive(Clone, Debug)]
pub struct SignUpForm {
    /// The address, to be verified.
    pub email: String,
    /// The password.
    pub password: String,
    /// The person's name.
    pub name: String,
    /// The agency's name.
    pub organization: String,
}

/// A stored sign-up.
#[derive(Clone, Copy, Debug)]
pub struct SignedUp {
    /// The sign-up.
    pub id: SignUpId,
    /// The id of the Owner to be.
    pub member_id: MemberId,
    /// The id of the agency to be.
    pub organization_id: OrganizationId,
}

/// What of a sign-up is kept as it was typed.
struct Parts {
    organization: String,
    name: String,
    email: EmailAddress,
}

fn parts(form: &SignUpForm) -> std::result::Result<Parts, Invalid> {
    let (organization, name) = (organization::parse_name(&form.organization), member::parse_name(&form.name));
    let email = EmailAddress::parse("email", &form.email);
    let known = [form.name.trim(), form.email.trim(), form.organization.trim()];
    let mut wrong = Wrong::default();
    wrong.check(&organization);
    wrong.check(&name);
    wrong.check(&email);
    wrong.check(&password::check_strength("password", &form.password, &known));
    wrong.end()?;
    Ok(Parts { organization: organization?, name: name?, email: email? })
}

/// Whether a sign-up could be stored.
///
/// # Errors
/// Every field that cannot be accepted.
pub fn check(form: &SignUpForm) -> std::result::Result<(), Invalid> {
    parts(form).map(|_| ())
}

/// Stores a sign-up and has its mail sent. The agency and its Owner come into being when the address is verified.
///
/// # Errors
/// Every field that cannot be accepted.
pub async fn sign_up(service: &Service, form: &SignUpForm) -> Result<SignedUp> {
    let Parts { organization, name, email } = parts(form)?;
    let password_hash = service.passwords.hash(&form.password).await?;

    let now = service.clock.now();
    let row = sign_up::SignUp {
        id: store::id::new(now),
        organization_id: store::id::new(now),
        member_id: store::id::new(now),
        email,
        name,
        organization,
        password_hash,
        token_version: 1,
        expires_at: now + LINK_LIFETIME,
        verified_at: None,
    };
    let hash = token::hash(&link_token(service, row.id, row.token_version));
    let mut tx = service.db.system().await?;
    sign_up::insert(&mut tx, &row, &hash, now).await?;
    queue::enqueue(&mut tx, &Job::MailSignUp { sign_up_id: row.id }, None).await?;
    tx.commit().await?;
    Ok(SignedUp { id: row.id, member_id: row.member_id, organization_id: row.organization_id })
}

/// The address that a sign-up was made with.
///
/// # Errors
/// The sign-up is unknown.
pub async fn sign_up_email(service: &Service, id: SignUpId) -> Result<EmailAddress> {
    Ok(sign_up::get(&mut service.db.system().await?, id).await?.email)
}

fn link_token(service: &Service, id: SignUpId, version: i32) -> String {
    service.token_key.derive(PURPOSE, format_args!("{id}:{version}"))
}

/// Mails a new verification link to an address that waits for one; the link before ends. The answer is the same for
/// every address.
///
/// # Errors
/// A malformed address.
pub async fn resend_verification(service: &Service, email: &str) -> Result<()> {
    let email = EmailAddress::parse("email", email)?;
    let mut tx = service.db.system().await?;
    let Some(row) = sign_up::find_unverified(&mut tx, &email).await? else { return Ok(()) };
    let version = row.token_version + 1;
    let hash = token::hash(&link_token(service, row.id, version));
    sign_up::set_token(&mut tx, row.id, version, &hash, service.clock.now() + LINK_LIFETIME).await?;
    queue::enqueue(&mut tx, &Job::MailSignUp { sign_up_id: row.id }, None).await?;
    Ok(tx.commit().await?)
}

/// Whether the mail of a sign-up has gone out, waiting up to `patience` for its first attempt.
///
/// # Errors
/// The sign-up is unknown.
pub async fn mail_sent(service: &Service, id: SignUpId, patience: Duration) -> Result<bool> {
    let step = Duration::from_millis(40);
    let mut waited = Duration::ZERO;
    loop {
        let state = sign_up::get_mail(&mut service.db.system().await?, id).await?;
        match state {
            Some(sent) => return Ok(sent),
            None if waited >= patience => return Ok(false),
            None => tokio::time::sleep(step).await,
        }
        waited += step;
    }
}

/// What the mail to a new address must say.
#[derive(Clone, Debug)]
pub enum SignUpMail {
    /// Verify the address with this token.
    Verify {
        /// Whom to write to.
        email: EmailAddress,
        /// How to address the person.
        name: String,
        /// The agency's name.
        organization: String,
        /// The token of the link.
        token: String,
        /// Counts the links that were sent.
        version: i32,
    },
    /// The address signs in already.
    Registered {
        /// Whom to write to.
        email: EmailAddress,
    },
    /// Nothing: the address was verified meanwhile.
    Nothing,
}

/// Decides what the mail of a sign-up says, from what is stored now.
///
/// # Errors
/// The sign-up is unknown.
pub async fn sign_up_mail(service: &Service, id: SignUpId) -> Result<SignUpMail> {
    let mut tx = service.db.system().await?;
    let row = sign_up::get(&mut tx, id).await?;
    if row.verified_at.is_some() {
        return Ok(SignUpMail::Nothing);
    }
    Ok(match sign_in::find(&mut tx, &row.email).await? {
        Some(_) => SignUpMail::Registered { email: row.email },
        None => SignUpMail::Verify {
            token: link_token(service, id, row.token_version),
            version: row.token_version,
            email: row.email,
            name: row.name,
            organization: row.organization,
        },
    })
}

/// Notes how sending the mail of a sign-up went; `error` in words for the operator.
///
/// # Errors
/// The database failed.
pub async fn set_sign_up_mail(service: &Service, id: SignUpId, error: Option<&str>) -> Result<()> {
    let mut tx = service.db.system().await?;
    sign_up::set_mail(&mut tx, id, error, service.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Verifies an address by the token in its link, once, and makes the agency and its Owner.
///
/// # Errors
/// Missing for an unknown token, Gone for one that ended, was used or replaced.
pub async fn verify_email(service: &Service, link_token: &str) -> Result<EmailAddress> {
    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    let hash = token::hash(link_token);
    let Some(row) = sign_up::find_by_token(&mut tx, &hash).await? else {
        return Err(match sign_up::find_replaced(&mut tx, &hash).await? {
            Some(true) => Error::Gone("this address was verified already. You can sign in".into()),
            Some(false) => Error::Gone("a newer link has replaced this one. Open the newest mail we sent you".into()),
            None => Error::Missing,
        });
    };
    if row.verified_at.is_some() {
        return Err(Error::Gone("this link was used already. You can sign in".into()));
    }
    if row.expires_at <= now {
        return Err(Error::Gone("this link has ended after 48 hours. Sign up again to get a new one".into()));
    }
    if sign_in::find(&mut tx, &row.email).await?.is_some() {
        return Err(Error::Gone("this address has an account already. You can sign in".into()));
    }
    let new = store::organization::New {
        id: row.organization_id,
        name: &row.organization,
        simulated: false,
        owner_id: row.member_id,
        owner: &row.name,
        email: &row.email,
    };
    store::organization::insert_with_owner(&mut tx, new, now).await?;
    let inserted =
        sign_in::insert(&mut tx, &row.email, row.organization_id, row.member_id, Some(&row.password_hash), now).await;
    if let Err(store::Error::Conflict(_)) = inserted {
        return Err(Error::Gone("this address has an account already. You can sign in".into()));
    }
    inserted?;
    sign_up::set_verified(&mut tx, row.id, now).await?;
    tx.commit().await?;
    Ok(row.email)
}

/// A session that was begun: the token goes into the browser's cookie and is kept nowhere else.
#[derive(Debug)]
pub struct LoggedIn {
    /// The cookie's token.
    pub token: String,
    /// The session's id.
    pub session_id: SessionId,
}

/// Takes the first step of signing in with the right address and password. Two password hashes are computed whatever the outcome: against
/// the account, and against a sign-up of the address that waits, so that neither tells whether the other is there.
///
/// # Errors
/// `WrongCredentials`, or `EmailUnverified` when the password is right but the address was never verified.
pub async fn login(service: &Service, email: &str, password: &str, visitor: &Visitor) -> Result<Entry> {
    let email = EmailAddress::parse("email", email)?;
    let mut tx = service.db.system().await?;
    let known = sign_in::find(&mut tx, &email).await?;
    let waiting = sign_up::find_unverified(&mut tx, &email).await?;
    drop(tx);

    let hash = known.as_ref().and_then(|row| row.password_hash.as_deref());
    let right = service.passwords.verify(password, hash).await?;
    let hash = waiting.as_ref().map(|row| row.password_hash.as_str());
    let waits = service.passwords.verify(password, hash).await?;
    match (known, right) {
        (Some(row), true) if !row.deactivated => {
            let mut tx = service.db.system().await?;
            let now = service.clock.now();
            let entry = session::enter(&mut tx, row.organization_id, row.member_id, visitor, "password", now).await?;
            tx.commit().await?;
            Ok(entry)
        }
        _ if waits => Err(Error::EmailUnverified),
        _ => Err(Error::WrongCredentials),
    }
}
