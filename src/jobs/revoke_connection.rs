//! Has a provider take back the permission of a connection that was ended, and throws the credential away, whatever the
//! provider says and however long it is silent. A token that a person made and typed is thrown away only: others may use
//! it, too, and a shop's whole app would go with it.

use model::{
    actor::Actor,
    connection::Given,
    id::{ConnectionId, MemberId, OrganizationId},
};
use store::credential;

use crate::{
    Context,
    permission::{Left, Permission, take_back, tell},
    sync::{mode, provider_of},
};

pub(crate) async fn run(
    context: &Context,
    organization_id: OrganizationId,
    id: ConnectionId,
    provider: &str,
    member_id: Option<MemberId>,
) -> anyhow::Result<()> {
    let left = revoke(context, organization_id, id, provider).await.unwrap_or_else(|error| {
        tracing::warn!(connection = %id, error = format!("{error:#}"), "a permission could not be taken back");
        Some(Left::Failed("something failed here before it could be asked".to_owned()))
    });
    let mut tx = context.service.db.system().await?;
    credential::remove_of(&mut tx, organization_id, id).await?;
    tx.commit().await?;
    if let (Some(left), Some(member_id)) = (left, member_id) {
        let actor = Actor { member_id, ..Actor::machine(organization_id) };
        tell(&context.service, &actor, id, provider_of(provider)?, &left).await?;
    }
    Ok(())
}

async fn revoke(
    context: &Context,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    provider: &str,
) -> anyhow::Result<Option<Left>> {
    let (service, provider) = (&context.service, provider_of(provider)?);
    let given = credential::find_given(&mut service.db.system().await?, organization_id, connection_id).await?;
    if given == Some(Given::Token) {
        return Ok(None);
    }
    let found = service::credential::find(service, organization_id, connection_id).await?;
    let Some(given) = found else { return Ok(None) };
    let mode = mode(context, &Actor::machine(organization_id)).await?;
    let permission = Permission { organization_id, connection_id, provider, mode, given: &given };
    take_back(service, &context.outside, context.revoking, permission).await
}
