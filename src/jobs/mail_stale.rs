//! Mails those who run the agency that a connection was not read for a day, so that nobody trusts figures that stand still.

use model::{
    connection::ConnectionState,
    id::{ConnectionId, OrganizationId},
};
use service::connection::{self, Stale};

use crate::{Context, mailer::Mail};

pub(crate) async fn run(context: &Context, organization_id: OrganizationId, id: ConnectionId) -> anyhow::Result<()> {
    let Some(Stale { connection, told_at, to }) = connection::stale(&context.service, organization_id, id).await?
    else {
        return Ok(());
    };
    // Nobody real runs a simulated agency.
    if connection.simulated {
        return Ok(());
    }
    let why = match &connection.state {
        ConnectionState::Reconnect { reason } => {
            format!("The provider no longer accepts the connection: {reason}. Connect the account again.")
        }
        _ => "The history on its page says what went wrong, and what to do.".to_owned(),
    };
    let read = connection.last_sync_at.map_or_else(
        || "has not been read yet".to_owned(),
        |at| format!("was last read on {} at {:02}:{:02} UTC", at.date(), at.hour(), at.minute()),
    );
    let url = &context.public_url;
    let text = format!(
        "Hello,\n\n{} {read}. Figures of its accounts stand still until it is read again; nothing is lost.\n\n\
         {why}\n\n{url}/settings/integrations/{id}",
        connection.label
    );
    for (number, to) in to.into_iter().enumerate() {
        let mail = Mail {
            effect_key: format!("stale-{id}-{}-{number}", told_at.unix_timestamp()),
            to,
            subject: format!("{} was not read for a day", connection.label),
            text: text.clone(),
        };
        context.mailer.send(&mail).await?;
    }
    Ok(())
}
