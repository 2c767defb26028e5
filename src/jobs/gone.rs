//! Jobs of an agency that is thrown away while they run. Its rows are taken from under them, so whatever they do next fails;
//! but nobody misses what they would have done, so that is no fault and is not tried again.

use model::{actor::Actor, id::OrganizationId};
use store::organization;

use crate::Context;

/// Whether the agency is there no more. A deletion under way is waited for: until it is done the agency still seems to be there,
/// while the rows below it are gone. A database that does not answer is no reason to believe so.
pub(crate) async fn is_gone(context: &Context, id: OrganizationId) -> bool {
    let Ok(mut tx) = context.service.db.tenant(&Actor::machine(id)).await else { return false };
    matches!(organization::exists(&mut tx).await, Ok(false))
}
