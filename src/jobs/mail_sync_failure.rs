//! Mails those who run the agency that a connection's run failed, with the reason and what to do.

use model::id::{OrganizationId, SyncRunId};
use service::connection::{self, Failure};

use crate::{Context, mailer::Mail};

pub(crate) async fn run(context: &Context, organization_id: OrganizationId, id: SyncRunId) -> anyhow::Result<()> {
    let Some(Failure { connection, run, to }) = connection::failure(&context.service, organization_id, id).await?
    else {
        return Ok(());
    };
    // Nobody real runs a simulated agency.
    if connection.simulated {
        return Ok(());
    }
    let (message, hint) = run.fault.map(|fault| (fault.message, fault.hint)).unwrap_or_default();
    let url = &context.public_url;
    let text = format!(
        "Hello,\n\nreading {} failed: {message}.\n\nWhat to do: {hint}.\n\nWhat was read before is kept, and nothing of this \
         run's unfinished days was counted. The history is here:\n\n{url}/settings/integrations/{}",
        connection.label, connection.id
    );
    for (number, to) in to.into_iter().enumerate() {
        let mail = Mail {
            effect_key: format!("sync-failure-{id}-{number}"),
            to,
            subject: format!("{} could not be read", connection.label),
            text: text.clone(),
        };
        context.mailer.send(&mail).await?;
    }
    Ok(())
}
