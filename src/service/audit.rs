//! Reading the audit log.

use model::{access::Action, actor::Actor, audit::AuditEvent, page::Page};
use store::{audit, cursor::Cursor};

pub use store::audit::Filter;

use crate::{Result, Service, access};

/// Who did what and who was refused what, newest first.
///
/// # Errors
/// A malformed cursor, or the rule that forbids it.
pub async fn list(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<AuditEvent>> {
    access::allow(service, actor, Action::ReadAudit).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    Ok(audit::list(&mut service.db.tenant(actor).await?, filter, limit, cursor).await?)
}
