//! What changed, as far as a member may know it: what the member's open pages are told.

use model::{actor::Actor, event::Event};
use store::event;
pub use store::event::{Change, Listener, What};

use crate::{Result, Service};

/// Begins to hear what changes in all agencies, whichever server changes it.
///
/// # Errors
/// The database does not answer.
pub async fn listen(service: &Service) -> Result<Listener> {
    Ok(service.db.listen().await?)
}

/// What of these changes the member may know by the role and the assignments of now.
///
/// # Errors
/// The database failed.
pub async fn visible(service: &Service, actor: &Actor, changes: &[Change]) -> Result<Vec<Event>> {
    Ok(event::visible(&mut service.db.tenant(actor).await?, changes).await?)
}
