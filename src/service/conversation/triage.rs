//! Whose a conversation is, where no contact and no rule says it: a person puts it to a client, and may teach a rule for the next time.

use std::collections::BTreeMap;

use model::{
    access::Action,
    actor::Actor,
    conversation::{Conversation, MatchedBy, Suggestion},
    id::{ClientId, ConversationId},
    input::Invalid,
};
use store::{TenantTx, client, client_rule, conversation, inbox};

use super::{allow_on, hold_home, known_client, told};
use crate::{Error, Result, Service, message::domain};

/// What is learned from putting a conversation to a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Learn {
    /// Nothing: this one only.
    #[default]
    Nothing,
    /// Whatever its writer writes from now on, and wrote before where nobody decided.
    Address,
    /// Whatever comes from its writer's domain.
    Domain,
}

/// Puts a conversation to a client; without one it is nobody's, and leaves triage. What is learned is learned of one who wrote in it: of
/// `writer`, or of who wrote last where nobody is named, and of nobody else.
///
/// # Errors
/// Missing, a client out of sight, a writer who wrote nothing in it, a domain that says nothing, what was taught for a client out of
/// sight, or the rule that forbids it.
pub async fn set_client(
    service: &Service,
    actor: &Actor,
    id: ConversationId,
    client_id: Option<ClientId>,
    learn: Learn,
    writer: Option<&str>,
) -> Result<Conversation> {
    let found = allow_on(service, actor, id).await?;
    if client_id.is_none() && !model::access::may(actor.role, Action::ReadMembers) {
        // It would be out of their own sight.
        return Err(
            Invalid::new("client_id", "choose a client: only an Admin or Owner says that it is nobody's").into()
        );
    }
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let clients = client::list_names(&mut tx).await?;
    let words = match client_id {
        Some(client_id) => known_client(&clients, client_id)?.to_owned(),
        None => "nobody".to_owned(),
    };
    hold_home(&mut tx, id).await?;
    conversation::set_client(&mut tx, id, client_id, MatchedBy::Person).await?;
    let readers = conversation::readers(&mut tx, client_id).await?;
    if found.assignee_id.is_some_and(|assignee| !readers.iter().any(|(reader, _)| *reader == assignee)) {
        // Whoever does not see it any more sees to it no more.
        conversation::set_assignee(&mut tx, id, None).await?;
    }
    conversation::follow(&mut tx, id).await?;
    if let (Some(client_id), true) = (client_id, learn != Learn::Nothing) {
        let writers = conversation::writers(&mut tx, id).await?;
        let writer = match writer {
            Some(named) => writers.into_iter().find(|writer| writer == named),
            None => writers.into_iter().next(),
        };
        let nobody = || {
            Invalid::new("learn", "nobody of that address wrote here, so nothing can be learned. Load the page again")
        };
        let writer = writer.ok_or_else(nobody)?;
        let (by, value) = match learn {
            Learn::Domain => (MatchedBy::Domain, taught_domain(&mut tx, &writer).await?),
            Learn::Nothing | Learn::Address => (MatchedBy::Address, writer.as_str()),
        };
        client_rule::upsert(&mut tx, by, value, client_id, now).await.map_err(|error| match error {
            store::Error::Conflict(_) => {
                let words = format!("{value} was taught for a client that you do not see. Ask an Admin to change that");
                Error::from(Invalid::new("learn", words))
            }
            other => other.into(),
        })?;
        conversation::set_client_of_waiting(&mut tx, by, value, client_id).await?;
    }
    told(service, &mut tx, &found, "client", &words).await?;
    let changed = conversation::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// The domain of an address, if it can be taught: it is neither everybody's nor the agency's own.
async fn taught_domain<'a>(tx: &mut TenantTx, writer: &'a str) -> Result<&'a str> {
    let Some(domain) = domain(writer) else {
        let words = format!("everybody can have an address like {writer}: teach the address instead");
        return Err(Invalid::new("learn", words).into());
    };
    let own = inbox::all_addresses(tx).await?;
    if own.iter().any(|own| own.rsplit_once('@').is_some_and(|(_, own)| own == domain)) {
        let words = format!(
            "{domain} is the agency's own, so all that members write among themselves would be this client's: teach the address instead"
        );
        return Err(Invalid::new("learn", words).into());
    }
    Ok(domain)
}

/// The client that is most likely meant: the one with contacts at the writer's domain, if there is one such.
pub(super) async fn suggestion(tx: &mut TenantTx, id: ConversationId) -> Result<Option<Suggestion>> {
    let mut by_client: BTreeMap<ClientId, String> = BTreeMap::new();
    for writer in conversation::writers(tx, id).await? {
        if let Some(domain) = domain(&writer) {
            for client_id in conversation::clients_at(tx, domain).await? {
                by_client.insert(client_id, domain.to_owned());
            }
        }
    }
    let clients = client::list_names(tx).await?;
    let mut known = by_client.into_iter().filter_map(|(client_id, domain)| {
        let client = known_client(&clients, client_id).ok()?.to_owned();
        Some(Suggestion { client_id, client, why: format!("its contacts write from {domain}") })
    });
    // Of several none is likelier than the others.
    Ok(known.next().filter(|_| known.next().is_none()))
}
