//! The command palette: Ctrl-K or ⌘-K goes to any page or client by a few letters, and does what the page offers by
//! key. Arrows choose, Enter goes; the browser's dialog keeps the focus inside, closes by Escape and gives it back.

use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;
use model::{
    access::{Action, may},
    role::Role,
};

use crate::{
    components::{dialog::follow, keys},
    error::AppError,
    pages::clients::list_clients,
};

/// Somewhere to go, or something that the page can do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    words: String,
    target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Page(String),
    Key(String),
}

fn pages(role: Role) -> Vec<Place> {
    let all = [
        ("Dashboard", "/dashboard", Action::ReadClients),
        ("Inbox", "/inbox", Action::ReadConversations),
        ("Analytics", "/analytics", Action::ReadClients),
        ("Clients", "/clients", Action::ReadClients),
        ("Board", "/clients/board", Action::ReadClients),
        ("Summary", "/summary", Action::ReadClients),
        ("Findings", "/findings", Action::ReadClients),
        ("Reports", "/reports", Action::ReadClients),
        ("Alerts", "/alerts", Action::ReadClients),
        ("Actions", "/actions", Action::ReadClients),
        ("Members", "/members", Action::ReadMembers),
        ("Audit log", "/audit", Action::ReadAudit),
        ("Settings", "/settings", Action::EditSelf),
        ("Sign-in", "/settings/sign-in", Action::EditSelf),
        ("Rules of alerts and quiet hours", "/settings/alerts", Action::EditSelf),
        ("Signature and templates", "/settings/texts", Action::EditSelf),
        ("Integrations", "/settings/integrations", Action::ReadIntegrations),
        ("Mail", "/settings/mail", Action::RunJobs),
        ("Background work", "/settings/jobs", Action::RunJobs),
    ];
    let place = |(words, href, _): (&str, &str, Action)| Place {
        words: words.to_owned(),
        target: Target::Page(href.to_owned()),
    };
    all.into_iter().filter(|(_, _, action)| may(role, *action)).map(place).collect()
}

async fn clients(search: String) -> Result<Vec<Place>, AppError> {
    let list = list_clients(Some(search), None, false, None).await?;
    let place = |row: crate::pages::clients::ClientRow| Place {
        target: Target::Page(format!("/clients/{}", row.id)),
        words: row.name,
    };
    Ok(list.into_rows().into_iter().take(8).map(place).collect())
}

/// What the page in front offers by key.
fn deeds() -> Vec<Place> {
    keys::listed().into_iter().map(|(key, words)| Place { words, target: Target::Key(key) }).collect()
}

/// The palette; lies over the page while it is open. `keys::listen` has its key.
#[component]
pub fn Palette(
    /// What the person may do.
    role: Role,
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let searching = RwSignal::new(false);
    let offered = RwSignal::new(Vec::<Place>::new());
    let found = RwSignal::new(Vec::<Place>::new());
    let chosen = RwSignal::new(0_usize);
    let dialog = NodeRef::<html::Dialog>::new();
    let navigate = StoredValue::new(use_navigate());

    let places = Memo::new(move |_| {
        let text = typed.get().to_lowercase();
        let mut places = pages(role);
        places.extend(offered.get());
        places.retain(|place| place.words.to_lowercase().contains(&text));
        places.extend(found.get());
        places
    });
    Effect::new(move |_| {
        if open.get() {
            offered.set(deeds());
            typed.set(String::new());
            found.set(Vec::new());
            chosen.set(0);
        }
    });
    follow(open, dialog);
    Effect::new(move |_| {
        let at = chosen.get();
        if let Some(choice) = document().get_element_by_id(&format!("palette-{at}")) {
            choice.scroll_into_view_with_bool(false);
        }
    });
    let search = move |event| {
        let text = event_target_value(&event);
        typed.set(text.clone());
        chosen.set(0);
        if text.trim().is_empty() {
            found.set(Vec::new());
            searching.set(false);
            return;
        }
        searching.set(true);
        spawn_local(async move {
            let places = clients(text.clone()).await.unwrap_or_default();
            if typed.try_get_untracked() == Some(text) {
                found.set(places);
                searching.set(false);
            }
        });
    };
    let go = move |target: &Target| {
        open.set(false);
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
        match target {
            Target::Page(href) => navigate.with_value(|navigate| navigate(href, Default::default())),
            Target::Key(key) => drop(keys::press(key)),
        }
    };
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowDown" => {
            event.prevent_default();
            chosen.update(|at| *at = (*at + 1).min(places.with(Vec::len).saturating_sub(1)));
        }
        "ArrowUp" => {
            event.prevent_default();
            chosen.update(|at| *at = at.saturating_sub(1));
        }
        "Enter" => {
            event.prevent_default();
            if let Some(place) = places.with(|places| places.get(chosen.get_untracked()).cloned()) {
                go(&place.target);
            }
        }
        _ => {}
    };
    let nothing = move || places.with(Vec::is_empty) && !searching.get();
    let count = move || match places.with(Vec::len) {
        _ if searching.get() => String::new(),
        0 => "Nothing is called that.".to_owned(),
        1 => "1 place".to_owned(),
        more => format!("{more} places"),
    };
    view! {
        <dialog node_ref=dialog class="dialog palette" aria-label="Go to" closedby="any" on:close=move |_| open.set(false) on:keydown=keys>
            <input id="palette" class="control" type="text" autofocus=true autocomplete="off" placeholder="Go to a page or client"
                aria-label="Go to a page or client" role="combobox" aria-expanded="true" aria-controls="palette-places"
                aria-activedescendant=move || format!("palette-{}", chosen.get()) prop:value=move || typed.get() on:input=search />
            <ul id="palette-places" role="listbox" aria-label="Places" class="mt-2 flex max-h-80 flex-col overflow-y-auto">
                {move || places.get().into_iter().enumerate().map(|(at, place)| {
                    let target = place.target.clone();
                    view! {
                        <li id=format!("palette-{at}") role="option" class="choice" aria-selected=move || (chosen.get() == at).to_string()
                            on:click=move |_| go(&target)>{place.words}</li>
                    }
                }).collect_view()}
            </ul>
            <p class="text-muted" class:p-2=nothing role="status"><span class:sr-only=move || !nothing()>{count}</span></p>
        </dialog>
    }
}
