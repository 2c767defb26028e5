//! The actor's own agency.

use model::{actor::Actor, member::Member, organization::Organization};
use store::organization;

use crate::{Result, Service};

/// The agency and the member that `actor` is, for the frame around every page.
///
/// # Errors
/// Missing when either was removed meanwhile.
pub async fn get(service: &Service, actor: &Actor) -> Result<(Organization, Member)> {
    let mut tx = service.db.tenant(actor).await?;
    Ok((organization::get(&mut tx).await?, organization::get_self(&mut tx).await?))
}
