//! What is known around a conversation: who writes, their client with its figures, and what else was written with them.

use leptos::{prelude::*, task::spawn_local};
use model::{
    dashboard::Beside,
    event::Kind as Told,
    id::{ClientId, ContactId, ConversationId},
    performance::{Performance, Shown as Figured},
    stage::Health,
};
use serde::{Deserialize, Serialize};

use super::{
    asked::PAGE,
    deeds::Deeds,
    told::{Row, Shown},
    triage::Choose,
};
use crate::{
    components::{
        badge::HealthBadge,
        button::{Button, Kind},
        figure::Figure,
        form::ActionForm,
        live::changes_of,
        outcome::Outcome,
        page::{Skeleton, When},
        part::{failed, part},
    },
    error::AppError,
    pages::client::get_performance,
};

/// As many figures as stand beside a conversation; the client's page has the others.
const FIGURES: usize = 6;

/// A person of the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    id: ContactId,
    name: String,
    addresses: Vec<String>,
}

/// Whose a conversation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whose {
    id: ClientId,
    name: String,
    stage: String,
    health: Health,
    archived: bool,
}

/// What stands beside a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    /// The conversation.
    id: ConversationId,
    client: Option<Whose>,
    /// Names and addresses of those who write in it.
    people: Vec<String>,
    contacts: Vec<Known>,
    others: Vec<Row>,
}

/// What is known around a conversation.
#[server(prefix = "/app", endpoint = "get_conversation_context", output = crate::codec::Json)]
pub async fn get_conversation_context(id: String) -> Result<Around, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    let found = service::inbox::context(&service, &actor, id).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let contact = |contact: model::contact::Contact| Known {
        id: contact.id,
        addresses: contact.fields.addresses().map(|(_, address)| address.to_owned()).collect(),
        name: contact.fields.name,
    };
    Ok(Around {
        id: found.id,
        client: found.client.map(|(client, health)| Whose {
            id: client.id,
            name: client.fields.name,
            stage: client.stage,
            health,
            archived: client.archived_at.is_some(),
        }),
        people: found.people.iter().map(super::told::person).collect(),
        contacts: found.contacts.into_iter().map(contact).collect(),
        others: found.others.into_iter().map(|one| super::told::made::row(one, &words)).collect(),
    })
}

/// Reads what is known around the conversation that the address names, if it names one.
pub(super) async fn read_context(id: String) -> Result<Option<Around>, AppError> {
    if id.is_empty() { Ok(None) } else { get_conversation_context(id).await.map(Some) }
}

/// What is known around a conversation.
#[component]
pub(super) fn ContextPart(
    shown: RwSignal<Shown>,
    around: Resource<Result<Option<Around>, AppError>>,
    deeds: Deeds,
) -> impl IntoView {
    let (id, may_edit) = shown.with_untracked(|shown| (shown.row.id, shown.may_edit));
    let client = Memo::new(move |_| shown.with(|shown| shown.row.client_id));
    let draw = move |around: Option<Around>| {
        let Around { client, people, contacts, others, .. } = around.filter(|around| around.id == id)?;
        let triage = shown.with_untracked(|shown| shown.row.triage);
        Some(view! {
            <section class="flex flex-col gap-1" aria-label="People">
                <h3 class="font-medium">"Who writes"</h3>
                {people.is_empty().then(|| view! { <p class="text-muted">"Nobody has written from outside yet."</p> })}
                <ul>{people.into_iter().map(|one| view! { <li class="break-words" data-literal="">{one}</li> }).collect_view()}</ul>
            </section>
            {match client {
                Some(client) => view! { <OfClient client=client contacts=contacts /> }.into_any(),
                None => view! { <p class="text-muted" data-test="no-client">{if triage { "It waits for a client: choose one in the conversation." } else { "It is no client's." }}</p> }.into_any(),
            }}
            {(may_edit && !triage).then(|| view! {
                <details><summary class="disclosure">"Not the right client?"</summary><Choose shown=shown deeds=deeds likely=None /></details>
            })}
            <Others id=id others=others may_edit=may_edit deeds=deeds />
        })
    };
    let figures = move || client.get().map(|client| view! { <Figures client=client /> });
    view! {
        {part("What is known", "conversation", around, draw)}
        {figures}
    }
}

#[component]
fn OfClient(client: Whose, contacts: Vec<Known>) -> impl IntoView {
    let Whose { id, name, stage, health, archived } = client;
    view! {
        <section class="flex flex-col gap-1" aria-label="Client" data-test="client">
            <h3 class="font-medium">"Client"</h3>
            <p class="break-words"><a href=format!("/clients/{id}") data-literal="">{name}</a></p>
            <p class="flex flex-wrap items-center gap-2"><span data-literal="">{stage}</span>
                {if archived { view! { <span class="text-muted">"Archived"</span> }.into_any() } else { view! { <HealthBadge health=health /> }.into_any() }}</p>
            <ul class="text-xs text-muted" aria-label="Contacts">
                {contacts.into_iter().map(|one| view! { <li class="break-words" data-literal=""><a class="underline" href=format!("/people/{}", one.id)>{one.name}</a> ": " {one.addresses.join(", ")}</li> }).collect_view()}
            </ul>
        </section>
    }
}

/// Figures of the client as its page shows them. They are made from all that was read of it, so no conversation waits for them: they are
/// read once the page is live.
#[component]
fn Figures(client: ClientId) -> impl IntoView {
    let (told, read) = (changes_of(&[Told::Client]), RwSignal::new(None));
    Effect::new(move |_| {
        told.track();
        spawn_local(async move {
            let found = get_performance(client.to_string(), String::new(), String::new(), String::new()).await;
            read.try_set(Some(found.map(|view| view.told)));
        });
    });
    let retry = Callback::new(move |()| {
        spawn_local(async move {
            let found = get_performance(client.to_string(), String::new(), String::new(), String::new()).await;
            read.try_set(Some(found.map(|view| view.told)));
        });
    });
    let figures = move || match read.get() {
        None => view! { <div class="needs-live"><Skeleton /></div> }.into_any(),
        Some(Err(AppError::Missing)) => ().into_any(),
        Some(Err(error)) => failed("The figures", &error, retry),
        Some(Ok(told)) => drawn(told),
    };
    view! {
        <section class="flex flex-col gap-1" aria-label="Figures of the client" data-test="figures">
            <h3 class="font-medium">"Figures"</h3>
            {figures}
        </section>
    }
}

fn drawn(told: Performance) -> AnyView {
    let Performance { days, groups, .. } = told;
    let shown: Vec<Figured> = groups.into_iter().flat_map(|group| group.figures).take(FIGURES).collect();
    if shown.is_empty() {
        return view! { <p class="text-muted">"Nothing of this client's advertising or shop was read of these days."</p> }.into_any();
    }
    view! {
        <p class="text-xs text-muted" data-literal="">{days.0} " to " {days.1}</p>
        <dl class="flex flex-col gap-1">{shown.into_iter().map(|one| view! { <Line figure=one /> }).collect_view()}</dl>
    }
    .into_any()
}

#[component]
fn Line(figure: Figured) -> impl IntoView {
    let Figured { name, value, change, .. } = figure;
    let value = match value {
        Ok(Beside { id, shown, .. }) => view! { <Figure id=id shown=shown /> }.into_any(),
        Err(why) => {
            view! { <span class="text-muted">"– " <span class="text-xs" data-literal="">{why}</span></span> }.into_any()
        }
    };
    let change = change
        .map(|Beside { id, shown, .. }| view! { <span class="text-xs text-muted"><Figure id=id shown=shown /></span> });
    view! { <div class="flex flex-wrap items-baseline justify-between gap-2"><dt class="text-muted">{name}</dt><dd class="number flex items-baseline gap-2">{value}{change}</dd></div> }
}

/// Other conversations with the one who wrote last, through whatever mailbox; one of them can be joined to this.
#[component]
fn Others(id: ConversationId, others: Vec<Row>, may_edit: bool, deeds: Deeds) -> impl IntoView {
    let other = move |row: Row| {
        let title = row.title();
        let named = format!("Join {title} to this conversation");
        let from = row.id;
        view! {
            <li class="flex flex-wrap items-baseline justify-between gap-2">
                <span class="min-w-0 break-words"><a href=format!("{PAGE}/{from}") data-literal="">{title}</a> " " <span class="text-xs text-muted"><When at=row.at /></span></span>
                {may_edit.then(|| view! {
                    <ActionForm action=deeds.merge>
                        <input type="hidden" name="from" value=from.to_string() />
                        <input type="hidden" name="into" value=id.to_string() />
                        <Button kind=Kind::Quiet named=named pending=deeds.merge.pending()>"Join"</Button>
                    </ActionForm>
                })}
            </li>
        }
    };
    (!others.is_empty()).then(|| {
        view! {
            <section class="flex flex-col gap-1" aria-label="Other conversations" data-test="others">
                <h3 class="font-medium">"Also with them"</h3>
                <ul class="flex flex-col gap-1">{others.into_iter().map(other).collect_view()}</ul>
                <Outcome action=deeds.merge />
            </section>
        }
    })
}
