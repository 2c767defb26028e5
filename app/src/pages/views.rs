//! What a member asks a page for again and again, kept under a name: a question about figures, or a choice of conversations. Each is a
//! link to the page that asks it again. They are the member's own. What one names may be gone when it is asked again: the page says so.

use leptos::prelude::*;
use model::{
    id::SavedViewId,
    saved_view::{Page, SavedView},
};

use crate::{
    components::{
        button::{Button, Kind},
        field::Field,
        form::ActionForm,
        outcome::{Outcome, Refusal, at, failure, on_success, reset_when_done, successes},
        page::When,
        part::part,
        toast::{Next, Toasts},
    },
    error::AppError,
    refused::Typed,
};

/// The views of a page that whoever asks keeps, by name.
#[server(prefix = "/app", endpoint = "list_saved_views", output = crate::codec::Json)]
pub async fn list_saved_views(#[server(default)] page: Page) -> Result<Vec<SavedView>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::saved_view::list(&service, &actor, page).await?)
}

/// Keeps a question of a page under a name.
#[server(prefix = "/app", endpoint = "save_view", output = crate::codec::Json)]
pub async fn save_view(#[server(default)] page: Page, name: String, query: String) -> Result<SavedView, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::saved_view::save(&service, &actor, page, &name, &query).await?)
}

/// Gives a view another name.
#[server(prefix = "/app", endpoint = "rename_view", output = crate::codec::Json)]
pub async fn rename_view(id: SavedViewId, name: String) -> Result<SavedView, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::saved_view::change(&service, &actor, id, Some(&name), None).await?)
}

/// Throws a view away; gives its id.
#[server(prefix = "/app", endpoint = "remove_view", output = crate::codec::Json)]
pub async fn remove_view(id: SavedViewId) -> Result<SavedViewId, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::saved_view::remove(&service, &actor, id).await?;
    Ok(id)
}

/// What can be done with a view; the rows share it.
#[derive(Clone, Copy)]
struct Deeds {
    rename: ServerAction<RenameView>,
    remove: ServerAction<RemoveView>,
    /// The view whose button was pressed last: what goes wrong is said beside it.
    of: RwSignal<Option<SavedViewId>>,
}

/// The views, and the form that keeps another one.
#[component]
pub(super) fn Views(
    /// Of this page.
    page: Page,
    /// What is asked at present, as it stands in the page's address.
    query: Signal<String>,
) -> impl IntoView {
    let save = ServerAction::<SaveView>::new();
    let deeds = Deeds { rename: ServerAction::new(), remove: ServerAction::new(), of: RwSignal::new(None) };
    let (again, seen) = (RwSignal::new(0), StoredValue::new(0));
    let changes = [successes(save), successes(deeds.rename), successes(deeds.remove)];
    let views =
        Resource::new(move || (changes.map(|change| change.get()), again.get()), move |_| list_saved_views(page));
    // What was thrown away is kept here for as long as that can be taken back.
    let known = StoredValue::new(Vec::<SavedView>::new());
    if let Some(toasts) = Toasts::of_page() {
        on_success(save, move |view| toasts.show(format!("{} is kept", view.name), Next::Nothing));
        on_success(deeds.rename, move |view| toasts.show(format!("It is called {} now", view.name), Next::Nothing));
        on_success(deeds.remove, move |id| {
            let view = known.with_value(|known| known.iter().find(|view| view.id == id).cloned());
            if let Some(SavedView { name, query, .. }) = view {
                let words = format!("{name} is thrown away");
                toasts.with_undo(words, again, move || save_view(page, name.clone(), query.clone()));
            }
        });
    }
    let open = move || {
        Typed::of(save).came_back() || Typed::of(deeds.rename).came_back() || Typed::of(deeds.remove).came_back()
    };
    let draw = move |views: Vec<SavedView>| {
        known.set_value(views.clone());
        view! { <List page=page views=views deeds=deeds /> }
    };
    view! {
        <details class="no-print" data-test="views" open=open()>
            <summary class="disclosure" id="views" data-key="w" data-does="Saved views">"Saved views"</summary>
            <div class="flex flex-col gap-4">
                {part("The saved views", "views", views, draw)}
                <Keep page=page query=query save=save seen=seen />
            </div>
        </details>
    }
}

#[component]
fn List(page: Page, views: Vec<SavedView>, deeds: Deeds) -> impl IntoView {
    if views.is_empty() {
        let more = match page {
            Page::Analytics => " Days that have a name, such as the last four weeks, move on with the calendar.",
            Page::Inbox => "",
        };
        return view! { <p class="text-muted" data-test="views-empty">"What you keep under a name stands here, for you alone."{more}</p> }
            .into_any();
    }
    view! { <ul class="flex flex-col gap-2" data-test="view-list">{views.into_iter().map(|view| view! { <One view=view deeds=deeds /> }).collect_view()}</ul> }
        .into_any()
}

#[component]
fn One(view: SavedView, deeds: Deeds) -> impl IntoView {
    let Deeds { rename, remove, of } = deeds;
    let SavedView { id, page, name, query, changed_at } = view;
    let href = if query.is_empty() { page.href().to_owned() } else { format!("{}?{query}", page.href()) };
    let typed = Typed::of(rename).only("id", &id.to_string());
    let (renames, removes) = (format!("Rename {name}"), format!("Delete {name}"));
    let press = move |_| of.set(Some(id));
    view! {
        <li class="flex flex-col gap-1" data-test="view">
            <div class="flex flex-wrap items-center gap-2">
                <a class="min-w-0 break-words font-medium" href=href data-literal="">{name.clone()}</a>
                <span class="text-xs text-muted">"changed " <When at=changed_at /></span>
                <ActionForm action=remove>
                    <input type="hidden" name="id" value=id.to_string() />
                    <Button kind=Kind::Quiet named=removes id=format!("remove-{id}") pending=remove.pending() press=press>"Delete"</Button>
                </ActionForm>
            </div>
            <details open=typed.came_back()>
                <summary class="disclosure" aria-label=renames.clone()>"Rename"</summary>
                <ActionForm action=rename attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
                    <input type="hidden" name="id" value=id.to_string() />
                    <Field name="name" id=format!("name-{id}") label="New name" value=typed.or("name", name) />
                    <Button named=renames id=format!("rename-{id}") pending=rename.pending() press=press>"Rename"</Button>
                </ActionForm>
            </details>
            <Refusal action=rename of=of card=id.to_string() />
            <Refusal action=remove of=of card=id.to_string() />
        </li>
    }
}

/// Keeps what is asked at present.
#[component]
fn Keep(page: Page, query: Signal<String>, save: ServerAction<SaveView>, seen: StoredValue<usize>) -> impl IntoView {
    let (form, typed) = (NodeRef::new(), Typed::of(save));
    let label = match page {
        Page::Analytics => "Keep what is asked under the name",
        Page::Inbox => "Keep what is chosen under the name",
    };
    reset_when_done(save, seen, form);
    view! {
        <ActionForm action=save node_ref=form attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
            <input type="hidden" name="page" value=page.key() />
            <input type="hidden" name="query" value=move || query.get() />
            <Field name="name" id="view-name" label=label value=typed.or("name", "") error=at(failure(save), "name") />
            <Button id="save-view" pending=save.pending()>"Save view"</Button>
        </ActionForm>
        <Outcome action=save fields=&["name"] />
    }
}
