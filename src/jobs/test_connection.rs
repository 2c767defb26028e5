//! Asks a provider whether a connection works, with its stored credential, and keeps the answer with the connection.

use std::time::Instant;

use model::{
    actor::Actor,
    connection::Test,
    id::{ConnectionId, OrganizationId},
};
use providers::Error;
use store::connection;

use crate::{
    Context,
    sync::{Access, Stop, provider_of},
};

pub(crate) async fn run(context: &Context, organization_id: OrganizationId, id: ConnectionId) -> anyhow::Result<()> {
    probe(context, organization_id, id).await.map(drop)
}

/// Asks, keeps the answer and gives it; none when the connection is gone.
///
/// # Errors
/// Something of ours failed.
pub async fn probe(
    context: &Context,
    organization_id: OrganizationId,
    id: ConnectionId,
) -> anyhow::Result<Option<Test>> {
    let actor = Actor::machine(organization_id);
    let now = context.service.clock.now();
    let found = match connection::get(&mut context.service.db.tenant(&actor).await?, id, now).await {
        Ok(found) => found,
        Err(store::Error::Missing) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let provider = provider_of(&found.provider)?;
    let begun = Instant::now();
    let asked = async {
        let mut access = Access::open(context, &actor, id, provider).await?;
        access.call(|call| Box::pin(provider.accounts(call))).await
    };
    let fault = match asked.await {
        Ok(_) => None,
        Err(Stop::Provider(error @ (Error::Unavailable(_) | Error::RateLimited { .. }))) => {
            Some(format!("{error}. Test again in a few minutes"))
        }
        Err(Stop::Provider(error)) => Some(format!("{error}. {}", error.hint())),
        Err(Stop::Reconnect(words)) => Some(format!("{words}. Reconnect the account")),
        Err(Stop::Waits { why: words, .. } | Stop::SwitchedOff(words)) => Some(words),
        Err(Stop::Lost) => return Ok(None),
        Err(Stop::Ours(error)) => return Err(error),
    };
    let millis = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
    let test = Test { at: context.service.clock.now(), millis, fault };
    let mut tx = context.service.db.tenant(&actor).await?;
    match connection::set_tested(&mut tx, id, &test).await {
        Ok(()) => tx.commit().await?,
        Err(store::Error::Missing) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    Ok(Some(test))
}
