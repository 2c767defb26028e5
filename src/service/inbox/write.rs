//! Has an answer drafted by the writer that the server is configured with. The draft is given to whoever asks, kept nowhere and sent to
//! nobody: it stands in their box, and goes by their click or not at all.

use model::{
    actor::Actor,
    id::ConversationId,
    message::{Message, Place},
    writing::{Said, Task, Written},
};
use store::message;

use super::fold;
use crate::{Error, Result, Service, conversation::allow_on};

/// Drafts an answer to a conversation from what was said in it.
///
/// # Errors
/// Missing; a conflict where no writer is configured, nothing was said yet, or the writer refuses, in its words; or the rule that forbids
/// it. What stands in the box stays.
pub async fn write(service: &Service, actor: &Actor, id: ConversationId) -> Result<Written> {
    let found = allow_on(service, actor, id).await?;
    let conflict = |code, message: &str| Err(Error::Conflict { code, message: message.to_owned() });
    let Some(writer) = &service.writer else {
        return conflict(
            "no_writer",
            "no writer is configured on this server, so nothing is drafted. Write it yourself",
        );
    };
    let messages = message::list(&mut service.db.tenant(actor).await?, id).await?;
    let said: Vec<_> = messages.iter().filter(|message| counts(message)).map(said).collect();
    if said.is_empty() {
        return conflict("nothing_said", "nothing was said in this conversation that could be answered");
    }
    let task = Task {
        organization_id: actor.organization_id,
        member_id: actor.member_id,
        conversation_id: id,
        client_id: found.client_id,
        subject: found.subject,
        said,
    };
    // No transaction is held while it writes.
    writer.answer(&task).await.map_err(|message| Error::Conflict { code: "not_drafted", message })
}

/// Whether a message is one of those that are answered: it was not thrown away, and could be read.
fn counts(message: &Message) -> bool {
    !message.gone && message.place != Place::Trash && message.fault.is_none()
}

fn said(message: &Message) -> Said {
    let from = if message.from.name.is_empty() { &message.from.address } else { &message.from.name };
    Said { inbound: message.inbound, from: from.clone(), at: message.at, text: fold(&message.text).0.to_owned() }
}
