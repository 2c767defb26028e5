//! Whose a conversation is, where no contact and no rule says it: a person puts it to a client, and may teach a rule for the next time.

use std::collections::BTreeMap;

use model::{
    access::Action,
    actor::Actor,
    conversation::{Conversation, MatchedBy, Suggestion},
    id::{ClientId, ConversationId},
    input::Invalid,
};
use store::{TenantTx, client, client_rule, conversation};

use super::{allow_on, known_client, told};
use crate::{Result, Service, message::domain};

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

/// Puts a conversation to a client; without one it is nobody's, and leaves triage.
///
/// # Errors
/// Missing, a client out of sight, a domain at which everybody has an address, or the rule that forbids it.
pub async fn set_client(
    service: &Service,
    actor: &Actor,
    id: ConversationId,
    client_id: Option<ClientId>,
    learn: Learn,
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
    conversation::set_client(&mut tx, id, client_id, MatchedBy::Person).await?;
    if let Some(client_id) = client_id {
        for writer in conversation::writers(&mut tx, id).await? {
            let (by, value) = match learn {
                Learn::Nothing => break,
                Learn::Address => (MatchedBy::Address, writer.as_str()),
                Learn::Domain => match domain(&writer) {
                    Some(domain) => (MatchedBy::Domain, domain),
                    None => {
                        let words = format!("everybody can have an address like {writer}: teach the address instead");
                        return Err(Invalid::new("learn", words).into());
                    }
                },
            };
            client_rule::upsert(&mut tx, by, value, client_id, now).await?;
            conversation::set_client_of_waiting(&mut tx, by, value, client_id).await?;
        }
    }
    told(service, &mut tx, &found, "client", &words).await?;
    let changed = conversation::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
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
