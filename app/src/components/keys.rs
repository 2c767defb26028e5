//! The keys of a page. An element that says `data-key="n"` and `data-does="Add a client"` is reached by that key: inputs
//! get the focus, links and buttons are pressed. `?` lists what there is, read from the page itself.
//!
//! Single letters can be switched off, for those who speak to their computer or hit keys by accident.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use leptos::{
    ev::{KeyboardEvent, keydown},
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, HtmlElement},
};

use crate::components::dialog::Dialog;

const OFF: &str = "keys-off";
/// The key before one that leads to an area.
const GO: &str = "g";
/// So long, in milliseconds, the key after it is waited for.
const SOON: Duration = Duration::from_millis(1500);

/// What the page offers, by key: in the order of the page, the first of a key counts. What leads to an area is listed with the two keys
/// that lead there from everywhere; its own alone does as well, where the page has no such key.
pub fn listed() -> Vec<(String, String)> {
    let mut keys: Vec<(String, String)> = Vec::new();
    for element in offered() {
        let (key, does) = (attribute(&element, "data-key"), attribute(&element, "data-does"));
        let key = if is_area(&element) { format!("{GO} {key}") } else { key };
        if keys.iter().all(|(known, _)| *known != key) {
            keys.push((key, does));
        }
    }
    keys
}

/// Whether an element leads to an area: it stands in the frame's navigation.
fn is_area(element: &Element) -> bool {
    element.closest(".sidebar").is_ok_and(|found| found.is_some())
}

/// Goes to the area that has this key.
fn go(key: &str) -> bool {
    let area = offered().into_iter().find(|element| is_area(element) && attribute(element, "data-key") == key);
    let Some(area) = area.and_then(|element| element.dyn_into::<HtmlElement>().ok()) else { return false };
    area.click();
    true
}

/// Does what the page offers under `key`. Whether there was something.
pub fn press(key: &str) -> bool {
    if let Some(area) = key.strip_prefix("g ") {
        return go(area);
    }
    let mut all: Vec<Element> = offered().into_iter().filter(|element| attribute(element, "data-key") == key).collect();
    if all.is_empty() {
        return false;
    }
    let near = nearest(&all);
    let element = all.swap_remove(near);
    let Ok(element) = element.dyn_into::<HtmlElement>() else { return false };
    let _ = element.focus();
    if matches!(element.tag_name().as_str(), "A" | "BUTTON" | "SUMMARY") {
        element.click();
    }
    true
}

/// Of several with the same key the one in the part of the page (`data-keys`) where the focus is; else the first.
fn nearest(all: &[Element]) -> usize {
    let part = document().active_element().and_then(|active| active.closest("[data-keys]").ok().flatten());
    part.and_then(|part| all.iter().position(|element| part.contains(Some(element.as_ref())))).unwrap_or(0)
}

/// Elements with a key that are in sight, and the ways to all areas: those of the page, then those of the frame around it.
fn offered() -> Vec<Element> {
    let Ok(found) = document().query_selector_all("[data-key]") else { return Vec::new() };
    let element = |at| found.get(at).and_then(|node| node.dyn_into::<Element>().ok());
    let in_sight =
        (0..found.length()).filter_map(element).filter(|element| element.client_height() > 0 || is_area(element));
    let (mut own, frame): (Vec<_>, Vec<_>) =
        in_sight.partition(|element| element.closest("#page").is_ok_and(|found| found.is_some()));
    own.extend(frame);
    own
}

fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

fn letters_off() -> bool {
    window().local_storage().ok().flatten().is_some_and(|kept| kept.get_item(OFF).is_ok_and(|value| value.is_some()))
}

fn switch_letters(off: bool) {
    if let Some(kept) = window().local_storage().ok().flatten() {
        let _ = if off { kept.set_item(OFF, "1") } else { kept.remove_item(OFF) };
    }
}

/// Whether this key press is meant for the page: nothing is being typed and no dialog is open.
fn meant_for_page(event: &KeyboardEvent) -> bool {
    let chord = event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented();
    let typing = || {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
    };
    !chord && !typing() && !matches!(document().query_selector("dialog[open]"), Ok(Some(_)))
}

/// Listens for the keys: Ctrl-K or ⌘-K opens the palette, `?` the list of keys, and the page's own do what they say.
pub fn listen(palette: RwSignal<bool>, list: RwSignal<bool>) {
    let going = StoredValue::new(0_usize);
    Effect::new(move |_| {
        let handle = window_event_listener(keydown, move |event| {
            let key = event.key();
            if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
                event.prevent_default();
                palette.update(|open| *open = !*open);
                return;
            }
            if key.chars().count() != 1 || !meant_for_page(&event) {
                return;
            }
            let goes = going.try_update_value(|going| std::mem::take(going) > 0).unwrap_or_default();
            if goes && !letters_off() && go(&key) {
                event.prevent_default();
            } else if key == "?" {
                event.prevent_default();
                list.set(true);
            } else if key == GO && !letters_off() {
                wait(going);
            } else if !letters_off() && press(&key) {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// The next key leads to an area, if it comes soon.
fn wait(going: StoredValue<usize>) {
    static TURN: AtomicUsize = AtomicUsize::new(1);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    going.set_value(turn);
    set_timeout(
        move || {
            going.try_update_value(|going| {
                if *going == turn {
                    *going = 0;
                }
            });
        },
        SOON,
    );
}

/// The list of the page's keys, open or not.
#[component]
pub fn Keys(
    /// Whether the list is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let off = RwSignal::new(false);
    let here = RwSignal::new(Vec::<(String, String)>::new());
    Effect::new(move |_| {
        if open.get() {
            off.set(letters_off());
            here.set(listed());
        }
    });
    let switch = move |_| {
        off.update(|off| *off = !*off);
        switch_letters(off.get_untracked());
    };
    view! {
        <Dialog open=open title="Keys of this page">
            <dl class="keys" data-test="keys">
                <div><dt><kbd>"Ctrl K"</kbd>" or "<kbd>"⌘ K"</kbd></dt><dd>"Go to any page or client, or do what the page can"</dd></div>
                <div><dt><kbd>"?"</kbd></dt><dd>"This list"</dd></div>
                <div><dt><kbd>"g"</kbd>" and a key"</dt><dd>"Go to the area of that key; the key alone does, where the page has none of that name"</dd></div>
                <div><dt><kbd>"Esc"</kbd></dt><dd>"Close what is open"</dd></div>
                {move || here.get().into_iter().map(|(key, does)| view! {
                    <div><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>
                }).collect_view()}
            </dl>
            <label class="flex min-h-9 items-center gap-2">
                <input type="checkbox" prop:checked=move || !off.get() on:change=switch />"Single letters work as keys"
            </label>
        </Dialog>
    }
}
