//! The contacts of a client: read by everybody who sees it, added, changed and removed by those who can change it.

use leptos::prelude::*;
use model::{
    contact::Contact,
    id::{ClientId, ContactId},
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::{Button, Kind},
        dialog::Drawer,
        field::Field,
        form::ActionForm,
        outcome::{Outcome, at, failure, on_success, successes},
        part::{drawing, part_or},
        toast::{Next, Toasts},
    },
    error::AppError,
    refused::Typed,
};

/// The contacts of a client, and whether one can change them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactList {
    items: Vec<Contact>,
    editable: bool,
}

/// The contacts of a client.
#[server(prefix = "/app", endpoint = "list_contacts", output = crate::codec::Json)]
pub async fn list_contacts(client_id: String) -> Result<ContactList, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client_id: ClientId = client_id.parse().map_err(|_| service::Error::Missing)?;
    let items = service::contact::list(&service, &actor, client_id).await?;
    let archived = service::client::get(&service, &actor, client_id).await?.archived_at.is_some();
    Ok(ContactList { items, editable: model::access::may(actor.role, model::access::Action::EditClient) && !archived })
}

/// Adds a contact, or changes the one with `id`; addresses are separated by commas. Gives the contact as it is now.
#[server(prefix = "/app", endpoint = "save_contact", output = crate::codec::Json)]
pub async fn save_contact(
    client_id: ClientId,
    id: String,
    name: String,
    emails: String,
    phones: String,
    handles: String,
) -> Result<Contact, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let list = |text: &str| text.split(',').map(str::to_owned).collect();
    let fields = model::contact::Fields { name, emails: list(&emails), phones: list(&phones), handles: list(&handles) };
    match id.as_str() {
        "" => Ok(service::contact::create(&service, &actor, client_id, fields).await?),
        id => {
            let id: ContactId = id.parse().map_err(|_| service::Error::Missing)?;
            Ok(service::contact::update(&service, &actor, client_id, id, fields).await?)
        }
    }
}

/// Removes a contact; gives what it was, so that it can be brought back.
#[server(prefix = "/app", endpoint = "remove_contact", output = crate::codec::Json)]
pub async fn remove_contact(client_id: ClientId, id: ContactId) -> Result<Option<Contact>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let before = service::contact::list(&service, &actor, client_id).await?;
    service::contact::remove(&service, &actor, client_id, id).await?;
    Ok(before.into_iter().find(|contact| contact.id == id))
}

/// What is in the drawer's form; no id for a contact that is being added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Draft {
    id: String,
    name: String,
    emails: String,
    phones: String,
    handles: String,
}

impl From<Contact> for Draft {
    fn from(contact: Contact) -> Self {
        let fields = contact.fields;
        Self {
            id: contact.id.to_string(),
            name: fields.name,
            emails: fields.emails.join(", "),
            phones: fields.phones.join(", "),
            handles: fields.handles.join(", "),
        }
    }
}

impl Draft {
    /// What the form came back with; none of one that did not.
    fn typed(typed: Typed) -> Option<Self> {
        let text = |name| typed.first(name, "");
        let came_back = untrack(|| typed.text("emails")).is_some();
        came_back.then(|| Self {
            id: text("id"),
            name: text("name"),
            emails: text("emails"),
            phones: text("phones"),
            handles: text("handles"),
        })
    }
}

/// The contacts and what can be done with them; `archived` counts how often the client was archived or brought back.
#[component]
pub fn Contacts(id: Memo<String>, archived: Signal<usize>) -> impl IntoView {
    let save = ServerAction::<SaveContact>::new();
    let remove = ServerAction::<RemoveContact>::new();
    let again = RwSignal::new(0);
    let (saved, removed) = (successes(save), successes(remove));
    let contacts = Resource::new(
        move || (id.get(), saved.get(), removed.get(), archived.get(), again.get()),
        |(id, ..)| list_contacts(id),
    );
    // A form that came back is open, with what was typed.
    let back = Draft::typed(Typed::of(save));
    let (open, draft, form) = (RwSignal::new(back.is_some()), RwSignal::new(back.unwrap_or_default()), NodeRef::new());
    if let Some(toasts) = Toasts::of_page() {
        on_success(save, move |contact| {
            open.set(false);
            toasts.show(format!("{} is saved", contact.fields.name), Next::Nothing);
        });
        on_success(remove, move |contact| {
            let Some(contact) = contact else { return };
            let words = format!("{} is removed", contact.fields.name);
            let undo = move || {
                let Draft { name, emails, phones, handles, .. } = contact.clone().into();
                save_contact(contact.client_id, String::new(), name, emails, phones, handles)
            };
            toasts.with_undo(words, again, undo);
        });
    }
    let edit = Callback::new(move |wanted: Draft| {
        if draft.with_untracked(|draft| draft.id != wanted.id) {
            save.clear();
        }
        draft.set(wanted);
        request_animation_frame(move || {
            if let Some(form) = form.get_untracked() {
                let form: leptos::web_sys::HtmlFormElement = form;
                form.reset();
            }
        });
        open.set(true);
    });
    let draw = move |contacts: ContactList| {
        let editable = contacts.editable;
        let title = move || match draft.with(|draft| (draft.id.is_empty(), draft.name.clone())) {
            (true, _) => "Add contact".to_owned(),
            (false, name) => format!("Edit {name}"),
        };
        view! {
            <List contacts=contacts remove=remove edit=edit />
            {editable.then(|| view! {
                <Drawer open=open title=Signal::derive(title)><ContactForm id=id draft=draft save=save form=form /></Drawer>
            })}
        }
    };
    // Of a client that is not there, the page says so itself.
    let missing = |error: &AppError| (*error == AppError::Missing).then(|| ().into_any());
    part_or("The contacts", "contacts", contacts, draw, missing)
}

#[component]
fn List(contacts: ContactList, remove: ServerAction<RemoveContact>, edit: Callback<Draft>) -> impl IntoView {
    let ContactList { items, editable } = contacts;
    let (empty, drawing) = (items.is_empty(), drawing());
    let row = move |contact: Contact| {
        let addresses =
            contact.fields.addresses().map(|(_, address)| address.to_owned()).collect::<Vec<_>>().join(" · ");
        let (name, id, client_id) = (contact.fields.name.clone(), contact.id, contact.client_id);
        let (edits, removes) = (format!("Edit {name}"), format!("Remove {name}"));
        let controls = editable.then(|| {
            view! {
                <span class="flex shrink-0 gap-1">
                    <Button kind=Kind::Quiet does="button" id=format!("edit-{id}") named=edits
                        press=move |_| edit.run(contact.clone().into())>"Edit"</Button>
                    <ActionForm action=remove>
                        <input type="hidden" name="client_id" value=client_id.to_string() />
                        <input type="hidden" name="id" value=id.to_string() />
                        <Button kind=Kind::Quiet named=removes pending=remove.pending()>"Remove"</Button>
                    </ActionForm>
                </span>
            }
        });
        view! {
            <li class="flex flex-wrap items-center justify-between gap-x-3 border-b border-line py-2">
                <span class="min-w-0 break-words"><span class="font-medium">{name}</span>" "<span class="text-muted">{addresses}</span></span>
                {controls}
            </li>
        }
    };
    view! {
        <section class="flex flex-col gap-3" aria-label="Contacts">
            <div class="flex flex-wrap items-center justify-between gap-3">
                <h2 id="contacts" tabindex="-1">"Contacts"</h2>
                {editable.then(|| view! {
                    <Button does="button" id="add-contact" attr:data-key="n" attr:data-does="Add a contact" press=move |_| edit.run(Draft::default())>"Add contact"</Button>
                })}
            </div>
            <Outcome action=remove />
            {empty.then(|| view! { <p class="text-muted">"People at this client will stand here; their addresses let messages find it."</p> })}
            <ul class="flex flex-col" data-test="contacts">
                <For each=move || items.clone() key=move |contact| (drawing, contact.id) children=row />
            </ul>
        </section>
    }
}

#[component]
fn ContactForm(
    id: Memo<String>,
    draft: RwSignal<Draft>,
    save: ServerAction<SaveContact>,
    form: NodeRef<leptos::html::Form>,
) -> impl IntoView {
    let failure = failure(save);
    let of = move |part: fn(&Draft) -> &String| Signal::derive(move || draft.with(|draft| part(draft).clone()));
    view! {
        <ActionForm action=save node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
            <input type="hidden" name="client_id" value=move || id.get() />
            <input type="hidden" name="id" value=move || draft.with(|draft| draft.id.clone()) />
            <Field name="name" id="contact-name" label="Contact's name" value=of(|draft| &draft.name) error=at(failure, "name") autofocus=true />
            <Field name="emails" label="E-mails" help="Separated by commas." value=of(|draft| &draft.emails) error=at(failure, "emails") />
            <Field name="phones" label="Phones" help="With the country, like +49 30 1234567." value=of(|draft| &draft.phones) error=at(failure, "phones") />
            <Field name="handles" label="Handles" help="Names on social networks." value=of(|draft| &draft.handles) error=at(failure, "handles") />
            <Outcome action=save fields=&["name", "emails", "phones", "handles"] />
            <div><Button kind=Kind::Primary pending=save.pending()>"Save contact"</Button></div>
        </ActionForm>
    }
}
