//! The inbox as its page shows it: what the list can be narrowed to, what stands beside a conversation, what a member finds in the box
//! that they answer in. It reads what `conversation` and `outgoing` keep, and says it in the order of the page.

mod change;
mod desk;
mod fresh;
mod quote;
mod reply;
mod when;
mod write;

use model::{
    access::Action,
    actor::Actor,
    client::Client,
    contact::Contact,
    conversation::{Conversation, Filter, Label, Status},
    id::{ClientId, ConversationId, MemberId},
    message::Address,
    stage::Health,
};
use store::{client, contact, conversation, mailbox, message, organization};

pub use change::{Changed, change};
pub use desk::{again, confirm, save_template};
pub use fresh::freshen;
pub use quote::fold;
pub use reply::{Filled, ReplyBox, addresses, answer, reply_box};
pub use store::mailbox::Mailbox;
pub use write::write;

use crate::{Result, Service, access};

/// The most other conversations with the same people that are named beside one.
const OTHERS: i64 = 8;

/// What the list can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// The mailboxes that are connected.
    pub mailboxes: Vec<Mailbox>,
    /// The clients in sight that are not archived.
    pub clients: Vec<(ClientId, String)>,
    /// The agency's labels.
    pub labels: Vec<Label>,
}

/// What the list can be narrowed to.
///
/// # Errors
/// The database failed, or the rule that forbids it.
pub async fn setting(service: &Service, actor: &Actor) -> Result<Setting> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let clients = client::list_names(&mut tx).await?;
    Ok(Setting {
        mailboxes: mailbox::list(&mut tx).await?,
        clients: clients.into_iter().filter(|(.., archived)| !archived).map(|(id, name, _)| (id, name)).collect(),
        labels: conversation::labels(&mut tx).await?,
    })
}

/// Those who may be asked to see to many conversations at once, by name; of each it is looked at whether they see it.
///
/// # Errors
/// The database failed, or the rule that forbids it.
pub async fn assignable(service: &Service, actor: &Actor) -> Result<Vec<(MemberId, String)>> {
    access::allow(service, actor, Action::ReadConversations).await?;
    Ok(conversation::assignable(&mut service.db.tenant(actor).await?).await?)
}

/// What a view of the list asks for: `mine`, `needs_reply`, `unread`, `triage`, `snoozed` or `closed`; all that is open otherwise. Whoever
/// looks for a text among all looks among what is put aside and done, too.
pub fn view(actor: &Actor, show: &str, text: Option<String>) -> Filter {
    let open = Filter { status: Some(Status::Open), ..Filter::default() };
    let filter = match show {
        "mine" => Filter { assignee_id: Some(actor.member_id), ..open },
        "needs_reply" => Filter { needs_reply: Some(true), ..open },
        "unread" => Filter { unread: Some(true), ..open },
        "triage" => Filter { triage: true, ..open },
        "snoozed" => Filter { status: Some(Status::Snoozed), ..Filter::default() },
        "closed" => Filter { status: Some(Status::Closed), ..Filter::default() },
        _ if text.is_some() => Filter::default(),
        _ => open,
    };
    Filter { text, ..filter }
}

/// What stands beside a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The conversation; that to which the one that was asked for was joined.
    pub id: ConversationId,
    /// Its client, and whether that has stayed in its stage for long.
    pub client: Option<(Client, Health)>,
    /// Who writes in it from outside, the last first.
    pub people: Vec<Address>,
    /// The client's contacts that they are, or all of them where nobody is known.
    pub contacts: Vec<Contact>,
    /// Other conversations with the one who wrote last, wherever they stand.
    pub others: Vec<Conversation>,
}

/// What stands beside a conversation.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn context(service: &Service, actor: &Actor, id: ConversationId) -> Result<Context> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let id = conversation::merged_into(&mut tx, id).await?;
    let found = conversation::get(&mut tx, id).await?;
    let mut people: Vec<Address> = Vec::new();
    for message in message::list(&mut tx, id).await?.into_iter().rev().filter(|message| message.inbound) {
        if !message.from.address.is_empty() && people.iter().all(|known| known.address != message.from.address) {
            people.push(message.from);
        }
    }
    let (mut client, mut contacts) = (None, Vec::new());
    if let Some(client_id) = found.client_id {
        let whose = client::get(&mut tx, client_id).await?;
        let thresholds = organization::get(&mut tx).await?.thresholds;
        let health = thresholds.health(whose.days_in_stage(now));
        client = Some((whose, health));
        contacts = contact::list(&mut tx, client_id).await?;
    }
    let writes = |contact: &Contact| {
        let mut own = contact.fields.addresses();
        own.any(|(_, address)| people.iter().any(|person| person.address == address))
    };
    if contacts.iter().any(writes) {
        contacts.retain(writes);
    }
    let mut others = Vec::new();
    if let Some(person) = people.first() {
        for other in conversation::with_address(&mut tx, &person.address, id, OTHERS).await? {
            others.push(conversation::get(&mut tx, other).await?);
        }
    }
    Ok(Context { id, client, people, contacts, others })
}
