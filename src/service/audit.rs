//! Reading the audit log.

use model::{access::Action, actor::Actor, audit::AuditEvent, page::Page};
use store::{audit, cursor::Cursor};

use crate::{Result, Service, access};

/// Who did what and who was refused what, newest first; `allowed` narrows to one of the two.
///
/// # Errors
/// A malformed cursor, or the rule that forbids it.
pub async fn list(
    service: &Service,
    actor: &Actor,
    allowed: Option<bool>,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<AuditEvent>> {
    access::allow(service, actor, Action::ReadAudit).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    Ok(audit::list(&mut service.db.tenant(actor).await?, allowed, limit, cursor).await?)
}
