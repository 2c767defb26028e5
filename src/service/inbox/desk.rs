//! What a member decides about messages that did not go, and about the agency's templates: what stands otherwise by now than a page shows
//! it is not taken for something that is not there.

use model::{
    access::Action,
    actor::Actor,
    id::{OutgoingId, TemplateId},
    outgoing::Outgoing,
};
use store::outgoing as stored;

use crate::{
    Error, Result, Service, access,
    outgoing::{self, draft},
};

/// Has a message sent again that did not go, or of which nobody knows whether it went.
///
/// # Errors
/// Missing, a message that stands otherwise, or the rule that forbids it.
pub async fn again(service: &Service, actor: &Actor, id: OutgoingId) -> Result<Outgoing> {
    let sent = outgoing::again(service, actor, id).await;
    told_apart(service, actor, id, sent).await
}

/// Says of a message of which nobody knew it that it went.
///
/// # Errors
/// Missing, a message that stands otherwise, or the rule that forbids it.
pub async fn confirm(service: &Service, actor: &Actor, id: OutgoingId) -> Result<Outgoing> {
    let confirmed = outgoing::confirm(service, actor, id).await;
    told_apart(service, actor, id, confirmed).await
}

async fn told_apart(service: &Service, actor: &Actor, id: OutgoingId, done: Result<Outgoing>) -> Result<Outgoing> {
    match done {
        Err(Error::Missing) => {
            stored::get(&mut service.db.tenant(actor).await?, id).await?;
            let message = "this message stands otherwise by now, and nothing was done. Look at it again".to_owned();
            Err(Error::Conflict { code: "stands_otherwise", message })
        }
        done => done,
    }
}

/// Keeps a template, new or changed.
///
/// # Errors
/// Missing, a name or text that cannot be kept, a name that another has, or the rule that forbids it.
pub async fn save_template(
    service: &Service,
    actor: &Actor,
    id: Option<TemplateId>,
    name: &str,
    text: &str,
) -> Result<()> {
    access::allow(service, actor, Action::EditConversations).await?;
    if let Some(id) = id
        && !draft::templates(service, actor).await?.iter().any(|known| known.id == id)
    {
        return Err(Error::Missing);
    }
    draft::set_template(service, actor, id, name, text).await?;
    Ok(())
}
