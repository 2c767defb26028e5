//! Two-factor sign-in: setting it up, the second step of signing in, and taking it away.
//!
//! Codes are counted in the database, so that the throttle holds for parallel requests and any number of servers. A
//! code of the app works once; a recovery code too.

use model::{
    access::Action,
    actor::Actor,
    id::{MemberId, OrganizationId},
    input::Invalid,
    two_factor::{Enrolment, TwoFactor},
};
use serde_json::{Value, json};
use store::{
    SystemTx,
    audit::{self, Author},
    login_step, member,
    sealed::Row,
    sign_in, two_factor,
};
use time::{Duration, OffsetDateTime};

use crate::{
    Error, Result, Service, access,
    account::LoggedIn,
    session::{self, Visitor},
    token, totp,
};

/// How many recovery codes a member gets.
const RECOVERY_CODES: usize = 10;
/// So many wrong codes within [`FAILING_FOR`], and every other is refused until that time is over.
const FAILURES: i32 = 10;
const FAILING_FOR: Duration = Duration::minutes(15);

/// Whose second factor it is, for what is sealed and hashed.
fn row(organization_id: OrganizationId, member_id: MemberId) -> Row {
    Row::TwoFactor(organization_id, member_id)
}

fn recovery_hash(service: &Service, actor: &Actor, code: &str) -> Vec<u8> {
    hash_of(service, actor.organization_id, actor.member_id, code)
}

fn hash_of(service: &Service, organization_id: OrganizationId, member_id: MemberId, code: &str) -> Vec<u8> {
    let row = row(organization_id, member_id);
    token::hash(&service.token_key.derive("recovery_code", format_args!("{row} {code}"))).to_vec()
}

/// How two-factor sign-in stands for the actor.
///
/// # Errors
/// The database failed.
pub async fn get(service: &Service, actor: &Actor) -> Result<TwoFactor> {
    access::allow(service, actor, Action::EditSelf).await?;
    let this = member::get(&mut service.db.tenant(actor).await?, actor.member_id).await?;
    let mut tx = service.db.system().await?;
    let password = sign_in::find(&mut tx, &this.email).await?.is_some_and(|row| row.password_hash.is_some());
    let found = two_factor::find(&mut tx, actor.organization_id, actor.member_id).await?;
    let recovery_codes = two_factor::count_recovery_codes(&mut tx, actor.organization_id, actor.member_id).await?;
    let on = found.as_ref().is_some_and(|found| found.confirmed_at.is_some());
    let enrolment = match found {
        Some(found) if !on => {
            let secret = service.vault.open(&row(actor.organization_id, actor.member_id), &found.secret)?;
            Some(totp::enrolment(&secret, &this.email)?)
        }
        _ => None,
    };
    Ok(TwoFactor { on, recovery_codes, password, enrolment })
}

/// Begins to set up an app. Nothing is asked for at sign-in until [`confirm`].
///
/// # Errors
/// The password is wrong, or two-factor sign-in is on.
pub async fn enrol(service: &Service, actor: &Actor, password: &str) -> Result<Enrolment> {
    access::allow(service, actor, Action::EditSelf).await?;
    check_password(service, actor, password).await?;
    let this = member::get(&mut service.db.tenant(actor).await?, actor.member_id).await?;
    let secret = totp::new_secret()?;
    let sealed = service.vault.seal(&row(actor.organization_id, actor.member_id), &secret)?;
    let mut tx = service.db.system().await?;
    let now = service.clock.now();
    if !two_factor::insert(&mut tx, actor.organization_id, actor.member_id, &sealed, now).await? {
        return Err(Error::Conflict {
            code: "two_factor_on",
            message: "two-factor sign-in is on already. Turn it off first to set up another app".into(),
        });
    }
    tx.commit().await?;
    totp::enrolment(&secret, &this.email)
}

/// Turns two-factor sign-in on by the app's first code; returns the recovery codes, which are shown now and never again.
///
/// # Errors
/// The code is wrong, or no set-up was begun.
pub async fn confirm(service: &Service, actor: &Actor, code: &str) -> Result<Vec<String>> {
    access::allow(service, actor, Action::EditSelf).await?;
    let mut tx = service.db.system().await?;
    let found = two_factor::find(&mut tx, actor.organization_id, actor.member_id).await?;
    if found.is_none_or(|found| found.confirmed_at.is_some()) {
        return Err(Error::Conflict {
            code: "no_enrolment",
            message: "no set-up was begun, or it is done already. Look at it again".into(),
        });
    }
    let author = author(actor);
    let tx = prove(service, tx, &author, code, false).await?.map_err(|()| wrong_code())?;
    let mut tx = tx;
    two_factor::set_confirmed(&mut tx, actor.organization_id, actor.member_id, service.clock.now()).await?;
    let codes = new_codes(service, &mut tx, actor).await?;
    write_down(service, &mut tx, &author, json!({ "two_factor": "on" })).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Puts new recovery codes in place of all before.
///
/// # Errors
/// The password or the code is wrong, or two-factor sign-in is off.
pub async fn renew_recovery_codes(service: &Service, actor: &Actor, password: &str, code: &str) -> Result<Vec<String>> {
    let mut tx = proven(service, actor, password, code).await?;
    let codes = new_codes(service, &mut tx, actor).await?;
    write_down(service, &mut tx, &author(actor), json!({ "recovery_codes": "made anew" })).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Turns two-factor sign-in off.
///
/// # Errors
/// The password or the code is wrong, or it is off already.
pub async fn disable(service: &Service, actor: &Actor, password: &str, code: &str) -> Result<()> {
    let mut tx = proven(service, actor, password, code).await?;
    two_factor::remove(&mut tx, actor.organization_id, actor.member_id).await?;
    login_step::remove_all_of(&mut tx, actor.organization_id, actor.member_id).await?;
    write_down(service, &mut tx, &author(actor), json!({ "two_factor": "off" })).await?;
    Ok(tx.commit().await?)
}

/// The second step of signing in: a code of the app or a recovery code.
///
/// # Errors
/// Gone when there is no first step that still waits; `WrongCode`; too many wrong codes.
pub async fn second_step(service: &Service, step_token: &str, code: &str, visitor: &Visitor) -> Result<LoggedIn> {
    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    let step = login_step::find(&mut tx, &token::hash(step_token), now).await?.ok_or_else(no_step)?;
    let found = two_factor::find(&mut tx, step.organization_id, step.member_id).await?;
    if found.is_none_or(|found| found.confirmed_at.is_none()) {
        return Err(no_step());
    }
    let author = Author { organization_id: step.organization_id, member_id: step.member_id, origin: &visitor.origin };
    let mut tx = prove(service, tx, &author, code, true).await?.map_err(|()| Error::WrongCode)?;
    login_step::remove(&mut tx, &step).await?;
    let begun = session::begin(&mut tx, step.organization_id, step.member_id, visitor, "two_factor", now).await?;
    tx.commit().await?;
    Ok(begun)
}

/// Whether a first step still waits for its code.
///
/// # Errors
/// The database failed.
pub async fn waits(service: &Service, step_token: &str) -> Result<bool> {
    let mut tx = service.db.system().await?;
    Ok(login_step::find(&mut tx, &token::hash(step_token), service.clock.now()).await?.is_some())
}

fn no_step() -> Error {
    Error::Gone("this sign-in has ended: it waits ten minutes for the code. Sign in again from the start".into())
}

fn wrong_code() -> Error {
    Invalid::new("code", Error::WrongCode.to_string()).into()
}

fn author(actor: &Actor) -> Author<'_> {
    Author { organization_id: actor.organization_id, member_id: actor.member_id, origin: &actor.origin }
}

async fn check_password(service: &Service, actor: &Actor, password: &str) -> Result<()> {
    let this = member::get(&mut service.db.tenant(actor).await?, actor.member_id).await?;
    let known = sign_in::find(&mut service.db.system().await?, &this.email).await?.ok_or(Error::Missing)?;
    // Those who only sign in through another service have none.
    let Some(hash) = known.password_hash else { return Ok(()) };
    if service.passwords.verify(password, Some(&hash)).await? {
        Ok(())
    } else {
        Err(Invalid::new("password", "this is not your password").into())
    }
}

/// A transaction in which the actor has shown password and code.
async fn proven(service: &Service, actor: &Actor, password: &str, code: &str) -> Result<SystemTx> {
    access::allow(service, actor, Action::EditSelf).await?;
    check_password(service, actor, password).await?;
    let mut tx = service.db.system().await?;
    let found = two_factor::find(&mut tx, actor.organization_id, actor.member_id).await?;
    if found.is_none_or(|found| found.confirmed_at.is_none()) {
        return Err(Error::Conflict { code: "two_factor_off", message: "two-factor sign-in is off".into() });
    }
    prove(service, tx, &author(actor), code, true).await?.map_err(|()| wrong_code())
}

/// Takes a right code and gives the transaction back; a wrong one is counted and written down, and ends it.
async fn prove(
    service: &Service,
    mut tx: SystemTx,
    author: &Author<'_>,
    code: &str,
    recovery: bool,
) -> Result<std::result::Result<SystemTx, ()>> {
    let (organization_id, member_id) = (author.organization_id, author.member_id);
    let now = service.clock.now();
    let found = two_factor::find(&mut tx, organization_id, member_id).await?.ok_or(Error::Missing)?;
    let since = found.failing_since.filter(|since| now < *since + FAILING_FOR);
    let failures = since.map_or(0, |_| found.failures);
    if let Some(since) = since.filter(|_| failures >= FAILURES) {
        return Err(Error::TooMany {
            message: "too many wrong codes. Wait a quarter of an hour; nothing was changed".into(),
            retry_after: since + FAILING_FOR - now,
        });
    }
    let code = totp::normalize(code);
    if let Some(step) = right_step(service, &found, author, &code, now)? {
        two_factor::set_step(&mut tx, organization_id, member_id, step).await?;
        return Ok(Ok(tx));
    }
    if recovery && !totp::of_app(&code) {
        let hash = hash_of(service, organization_id, member_id, &code);
        if two_factor::use_recovery_code(&mut tx, organization_id, member_id, &hash, now).await? {
            two_factor::set_step(&mut tx, organization_id, member_id, found.last_step).await?;
            return Ok(Ok(tx));
        }
    }
    two_factor::set_failures(&mut tx, organization_id, member_id, failures + 1, since.unwrap_or(now)).await?;
    audit::insert_outside(&mut tx, author, "sign_in.code", false, &json!({ "code": "wrong" }), now).await?;
    tx.commit().await?;
    Ok(Err(()))
}

/// The step of a right code that was not taken before.
fn right_step(
    service: &Service,
    found: &two_factor::TwoFactor,
    author: &Author<'_>,
    code: &str,
    now: OffsetDateTime,
) -> Result<Option<i64>> {
    if !totp::of_app(code) {
        return Ok(None);
    }
    let secret = service.vault.open(&row(author.organization_id, author.member_id), &found.secret)?;
    Ok(totp::step(&secret, code, now.unix_timestamp())?.filter(|step| *step > found.last_step))
}

async fn new_codes(service: &Service, tx: &mut SystemTx, actor: &Actor) -> Result<Vec<String>> {
    let codes = (0..RECOVERY_CODES).map(|_| totp::new_recovery_code()).collect::<Result<Vec<_>>>()?;
    let hashes: Vec<_> = codes.iter().map(|code| recovery_hash(service, actor, &totp::normalize(code))).collect();
    two_factor::set_recovery_codes(tx, actor.organization_id, actor.member_id, &hashes).await?;
    Ok(codes)
}

async fn write_down(service: &Service, tx: &mut SystemTx, author: &Author<'_>, detail: Value) -> Result<()> {
    let rule = Action::EditSelf.rule();
    Ok(audit::insert_outside(tx, author, rule, true, &detail, service.clock.now()).await?)
}
