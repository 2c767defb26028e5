//! The command palette: Ctrl-K or ⌘-K goes to any page or client by a few letters. Arrows choose, Enter goes, Escape
//! closes.

use leptos::{
    ev::{KeyboardEvent, keydown},
    html::Input,
    prelude::*,
    task::spawn_local,
};
use leptos_router::hooks::use_navigate;
use model::{
    access::{Action, may},
    role::Role,
};

use crate::{error::AppError, pages::clients::list_clients};

/// Somewhere to go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    words: String,
    href: String,
}

fn pages(role: Role) -> Vec<Place> {
    let all = [
        ("Clients", "/clients", Action::ReadClients),
        ("Board", "/clients/board", Action::ReadClients),
        ("Members", "/members", Action::ReadMembers),
        ("Audit log", "/audit", Action::ReadAudit),
        ("Settings", "/settings", Action::EditSelf),
        ("Background work", "/settings/jobs", Action::RunJobs),
    ];
    let place = |(words, href, _): (&str, &str, Action)| Place { words: words.to_owned(), href: href.to_owned() };
    all.into_iter().filter(|(_, _, action)| may(role, *action)).map(place).collect()
}

async fn clients(search: String) -> Result<Vec<Place>, AppError> {
    let list = list_clients(Some(search), None, false, None).await?;
    let place = |row: crate::pages::clients::ClientRow| Place {
        href: format!("/clients/{}", row.client.id),
        words: row.client.fields.name,
    };
    Ok(list.into_rows().into_iter().take(8).map(place).collect())
}

/// The palette and its key; lies over the page while it is open.
#[component]
pub fn Palette(
    /// What the person may do.
    role: Role,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let typed = RwSignal::new(String::new());
    let searching = RwSignal::new(false);
    let found = RwSignal::new(Vec::<Place>::new());
    let chosen = RwSignal::new(0_usize);
    let input = NodeRef::<Input>::new();
    let navigate = StoredValue::new(use_navigate());

    let places = Memo::new(move |_| {
        let text = typed.get().to_lowercase();
        let mut places: Vec<_> =
            pages(role).into_iter().filter(|place| place.words.to_lowercase().contains(&text)).collect();
        places.extend(found.get());
        places
    });
    Effect::new(move |_| {
        let handle = window_event_listener(keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
                event.prevent_default();
                typed.set(String::new());
                found.set(Vec::new());
                chosen.set(0);
                open.update(|open| *open = !*open);
            }
        });
        on_cleanup(move || handle.remove());
    });
    Effect::new(move |_| {
        if open.get()
            && let Some(input) = input.get()
        {
            let _ = input.focus();
        }
    });
    let search = move |event| {
        let text = event_target_value(&event);
        typed.set(text.clone());
        chosen.set(0);
        if text.trim().is_empty() {
            found.set(Vec::new());
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
    let go = move |href: &str| {
        open.set(false);
        navigate.with_value(|navigate| navigate(href, Default::default()));
    };
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Escape" => open.set(false),
        "ArrowDown" => {
            event.prevent_default();
            chosen.update(|at| *at = (*at + 1).min(places.with(Vec::len).saturating_sub(1)));
        }
        "ArrowUp" => {
            event.prevent_default();
            chosen.update(|at| *at = at.saturating_sub(1));
        }
        "Enter" => {
            if let Some(place) = places.with(|places| places.get(chosen.get_untracked()).cloned()) {
                go(&place.href);
            }
        }
        _ => {}
    };
    view! {
        <Show when=move || open.get()>
            <div class="overlay" on:click=move |_| open.set(false)>
                <div class="floating" role="dialog" aria-modal="true" aria-label="Go to" on:click=|event| event.stop_propagation() on:keydown=keys>
                    <input node_ref=input class="control" type="text" autocomplete="off" placeholder="Go to a page or client"
                        aria-label="Go to a page or client" role="combobox" aria-expanded="true" aria-controls="palette-places"
                        aria-activedescendant=move || format!("palette-{}", chosen.get()) prop:value=move || typed.get() on:input=search />
                    <ul id="palette-places" role="listbox" aria-label="Places" class="mt-2 flex flex-col">
                        {move || places.get().into_iter().enumerate().map(|(at, place)| {
                            let href = place.href.clone();
                            view! {
                                <li id=format!("palette-{at}") role="option" class="choice" aria-selected=move || (chosen.get() == at).to_string()
                                    on:click=move |_| go(&href)>{place.words}</li>
                            }
                        }).collect_view()}
                    </ul>
                    {move || (places.with(Vec::is_empty) && !searching.get()).then(|| view! { <p class="p-2 text-muted">"Nothing is called that."</p> })}
                </div>
            </div>
        </Show>
    }
}
