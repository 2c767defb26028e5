//! The agency's clients: the list, and the form that adds one.

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use model::{client::Client, page::Page};
use time::macros::format_description;

use crate::{
    components::{
        field::Field,
        notice::{Notice, Tone},
    },
    error::AppError,
};

/// One page of the clients in one's sight.
#[server(prefix = "/app", endpoint = "list_clients")]
pub async fn list_clients(cursor: Option<String>) -> Result<Page<Client>, AppError> {
    let actor = crate::server::actor()?;
    let filter = service::client::Filter::default();
    let limit = model::page::DEFAULT_LIMIT;
    Ok(service::client::list(&crate::server::service()?, &actor, &filter, limit, cursor.as_deref()).await?)
}

/// Adds a client.
#[server(prefix = "/app", endpoint = "create_client")]
pub async fn create_client(name: String) -> Result<Client, AppError> {
    let actor = crate::server::actor()?;
    let service = crate::server::service()?;
    let fields = model::client::Fields { name: name.clone(), ..Default::default() };
    let created = service::client::create(&service, &actor, fields, None).await;
    created.map_err(|error| AppError::from(error).keeping(&[("name", &name)]))
}

/// The list and the form.
#[component]
pub fn ClientsPage() -> impl IntoView {
    let create = ServerAction::<CreateClient>::new();
    let input = NodeRef::<leptos::html::Input>::new();
    let created = move || create.version().get();
    let clients = Resource::new(created, |_| list_clients(None));
    let error = move || create.value().with(|value| value.as_ref().and_then(|result| result.as_ref().err().cloned()));
    Effect::new(move |_| {
        if create.value().with(|value| matches!(value, Some(Ok(_))))
            && let Some(input) = input.get_untracked()
        {
            input.set_value("");
        }
    });
    view! {
        <Title text="Clients" />
        <div class="flex max-w-5xl flex-col gap-6">
            <h1>"Clients"</h1>
            <ActionForm action=create attr:class="flex flex-col gap-3 sm:flex-row sm:items-end" attr:novalidate=true>
                <div class="w-full sm:w-80">
                    <Field name="name" label="Name of the new client" input=input
                        value=Signal::derive(move || error().and_then(|error| error.typed("name").map(str::to_owned)).unwrap_or_default())
                        error=Signal::derive(move || error().and_then(|error| error.at("name").map(str::to_owned))) />
                </div>
                <button type="submit" class="button button-primary" disabled=move || create.pending().get()>"Add client"</button>
            </ActionForm>
            {move || error().filter(|error| error.at("name").is_none()).map(|error| view! {
                <Notice tone=Tone::Bad>{error.to_string()}</Notice>
            })}
            <Transition fallback=|| view! { <Skeleton /> }>
                {move || clients.get().map(|result| match result {
                    Ok(page) if page.items.is_empty() => view! {
                        <p class="text-muted" data-test="empty">"Your clients will stand here. Add the first one above."</p>
                    }.into_any(),
                    Ok(page) => view! { <ClientTable page=page /> }.into_any(),
                    Err(error) => view! { <Notice tone=Tone::Bad>{error.to_string()}</Notice> }.into_any(),
                })}
            </Transition>
        </div>
    }
}

#[component]
fn ClientTable(page: Page<Client>) -> impl IntoView {
    let day = |client: &Client| {
        client.created_at.format(format_description!("[year]-[month]-[day]")).unwrap_or_else(|_| "–".to_owned())
    };
    view! {
        <table class="table" data-test="clients">
            <thead><tr><th scope="col">"Name"</th><th scope="col">"Added"</th></tr></thead>
            <tbody>
                {page.items.into_iter().map(|client| {
                    let added = day(&client);
                    view! { <tr><td>{client.fields.name}</td><td class="text-muted"><time data-literal="">{added}</time></td></tr> }
                }).collect_view()}
            </tbody>
        </table>
    }
}

#[component]
fn Skeleton() -> impl IntoView {
    view! { <div class="flex flex-col gap-3" aria-hidden="true">{(0..4).map(|_| view! { <div class="skeleton"></div> }).collect_view()}</div> }
}
