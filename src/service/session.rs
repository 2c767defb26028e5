//! Sessions: who a cookie's token acts for, read from the database at every request, so that a changed role, an
//! ended session or a deactivation takes effect at once on every server.

use model::{
    access::Action,
    actor::{Actor, Origin},
    id::{MemberId, OrganizationId, SessionId},
};
use serde_json::json;
use store::{
    SystemTx,
    audit::{self, Author},
    login_step::{self, LoginStep},
    session::{self, NewSession},
    two_factor,
};
use time::{Duration, OffsetDateTime};

pub use store::session::Listed;

use crate::{Result, Service, access, account::LoggedIn, token};

/// A session ends this long after it was last used.
pub const LIFETIME: Duration = Duration::days(14);
/// How long the first step of signing in waits for the second.
pub const SECOND_STEP_WAITS: Duration = Duration::minutes(10);
/// How often use is noted.
const NOTED_EVERY: Duration = Duration::minutes(5);

/// A live session and whom it acts for.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its id.
    pub id: SessionId,
    /// The member with its role of this moment.
    pub actor: Actor,
}

/// The session of `cookie_token`, if it lives, acting through `origin`.
///
/// # Errors
/// The database failed.
pub async fn find(service: &Service, cookie_token: &str, origin: Origin) -> Result<Option<Live>> {
    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    let Some(found) = session::find(&mut tx, &token::hash(cookie_token), now).await? else { return Ok(None) };
    if now - found.seen_at > NOTED_EVERY {
        session::set_seen(&mut tx, found.id, now, now + LIFETIME).await?;
        tx.commit().await?;
    }
    Ok(Some(Live { id: found.id, actor: Actor { origin, ..found.actor } }))
}

/// The same session as it is now, for what goes on after its request was answered; none once it ended. That is no use of it: a
/// page that lies open does not keep its session alive.
///
/// # Errors
/// The database failed.
pub async fn look_again(service: &Service, live: &Live) -> Result<Option<Live>> {
    let mut tx = service.db.system().await?;
    let found = session::find_actor(&mut tx, live.actor.organization_id, live.id, service.clock.now()).await?;
    Ok(found.map(|actor| Live { id: live.id, actor: Actor { origin: live.actor.origin.clone(), ..actor } }))
}

/// Who asks, before it is known who it is.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// What the browser calls itself.
    pub user_agent: String,
    /// The request, for the audit log; its path holds no link's token.
    pub origin: Origin,
}

/// What the first step of signing in leads to.
#[derive(Debug)]
pub enum Entry {
    /// A session.
    Session(LoggedIn),
    /// The second step: this token stands for it, in a cookie of its own.
    Code(String),
}

/// Goes on from the first step of signing in, in the transaction that proved it: a session, or the second step for
/// those who have turned it on.
///
/// # Errors
/// The database failed.
pub(crate) async fn enter(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    visitor: &Visitor,
    way: &str,
    now: OffsetDateTime,
) -> Result<Entry> {
    let second = two_factor::find(tx, organization_id, member_id).await?;
    if second.is_none_or(|second| second.confirmed_at.is_none()) {
        return Ok(Entry::Session(begin(tx, organization_id, member_id, visitor, way, now).await?));
    }
    let token = token::random()?;
    let step = LoginStep { id: store::id::new(now), organization_id, member_id };
    login_step::insert(tx, &step, &token::hash(&token), now, now + SECOND_STEP_WAITS).await?;
    Ok(Entry::Code(token))
}

/// Begins a session in the transaction that proved who the person is, and writes down by which `way`.
///
/// # Errors
/// The database failed.
pub(crate) async fn begin(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    visitor: &Visitor,
    way: &str,
    now: OffsetDateTime,
) -> Result<LoggedIn> {
    let token = token::random()?;
    let session_id = store::id::new(now);
    let new = NewSession {
        id: session_id,
        organization_id,
        member_id,
        token_hash: &token::hash(&token),
        user_agent: &visitor.user_agent.chars().take(300).collect::<String>(),
        expires_at: now + LIFETIME,
    };
    session::insert(tx, &new, now).await?;
    let author = Author { organization_id, member_id, origin: &visitor.origin };
    audit::insert_outside(tx, &author, "sign_in", true, &json!({ "by": way }), now).await?;
    Ok(LoggedIn { token, session_id })
}

/// One's own live sessions, the last used first.
///
/// # Errors
/// The database failed.
pub async fn list(service: &Service, actor: &Actor) -> Result<Vec<Listed>> {
    access::allow(service, actor, Action::EditSelf).await?;
    Ok(session::list_own(&mut service.db.tenant(actor).await?, service.clock.now()).await?)
}

/// Ends one of one's own sessions.
///
/// # Errors
/// Missing when it is not one's own.
pub async fn revoke(service: &Service, actor: &Actor, id: SessionId) -> Result<()> {
    access::allow(service, actor, Action::EditSelf).await?;
    let mut tx = service.db.tenant(actor).await?;
    session::remove_own(&mut tx, id).await?;
    access::done(service, &mut tx, Action::EditSelf, id, json!({ "session": "ended" })).await?;
    Ok(tx.commit().await?)
}

/// Ends the session of `cookie_token`.
///
/// # Errors
/// The database failed.
pub async fn end(service: &Service, cookie_token: &str) -> Result<()> {
    let mut tx = service.db.system().await?;
    session::remove(&mut tx, &token::hash(cookie_token)).await?;
    Ok(tx.commit().await?)
}
