//! Has a provider take back the permission of a connection that was ended, and throws the credential away, whatever the
//! provider says and however long it is silent. A token that a person made and typed is thrown away only: others may use
//! it, too, and a shop's whole app would go with it.

use std::time::Duration;

use model::{
    actor::Actor,
    connection::Given,
    id::{ConnectionId, OrganizationId},
};
use store::credential;

use crate::{Context, sync::Access};

/// Longer nobody waits for a provider.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(
    context: &Context,
    organization_id: OrganizationId,
    id: ConnectionId,
    provider: &str,
) -> anyhow::Result<()> {
    let revoked = tokio::time::timeout(PATIENCE, revoke(context, organization_id, id, provider)).await;
    match revoked {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(connection = %id, error = %error, "the provider did not take its permission back")
        }
        Err(_) => tracing::warn!(connection = %id, "the provider did not take its permission back in time"),
    }
    let mut tx = context.service.db.system().await?;
    credential::remove_of(&mut tx, organization_id, id).await?;
    Ok(tx.commit().await?)
}

async fn revoke(
    context: &Context,
    organization_id: OrganizationId,
    id: ConnectionId,
    provider: &str,
) -> anyhow::Result<()> {
    let provider = crate::sync::provider_of(provider)?;
    let given = credential::find_given(&mut context.service.db.system().await?, organization_id, id).await?;
    if given == Some(Given::Token) {
        return Ok(());
    }
    Access::revoke(context, &Actor::machine(organization_id), id, provider).await
}
