//! Dialogs and drawers: the browser's own `<dialog>`, which keeps the focus inside, closes by Escape and gives the
//! focus back to what opened it.
//!
//! What they hold is always drawn, so that a form in them keeps what was typed when it is closed by mistake.

use leptos::{html, prelude::*};

use crate::components::icon::{Icon, IconView};

/// A dialog in the middle of the page.
#[component]
pub fn Dialog(
    /// Whether it is open; closing it by Escape sets this too.
    open: RwSignal<bool>,
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    view! { <Modal open=open title=title class="dialog">{children()}</Modal> }
}

/// A dialog that comes from the side and leaves the page in sight: for forms that are longer than a few fields.
#[component]
pub fn Drawer(
    /// Whether it is open; closing it by Escape sets this too.
    open: RwSignal<bool>,
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    view! { <Modal open=open title=title class="dialog drawer">{children()}</Modal> }
}

/// Opens and closes the element of `dialog` as `open` says.
pub fn follow(open: RwSignal<bool>, dialog: NodeRef<html::Dialog>) {
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match open.get() {
            // A dialog that was just drawn is not in the document yet, and cannot be shown before it is.
            true if !dialog.is_connected() => request_animation_frame(move || drop(dialog.show_modal())),
            true if !dialog.open() => drop(dialog.show_modal()),
            // One that came open with the page stands in it; from now on it lies over it.
            true if !dialog.matches(":modal").unwrap_or(true) => {
                let _ = dialog.remove_attribute("open");
                drop(dialog.show_modal());
            }
            false if dialog.open() => dialog.close(),
            _ => {}
        }
    });
}

#[component]
fn Modal(open: RwSignal<bool>, title: Signal<String>, class: &'static str, children: Children) -> impl IntoView {
    let dialog = NodeRef::new();
    follow(open, dialog);
    // A form that came back is in sight also where nothing runs in the browser.
    let open_at_first = cfg!(feature = "ssr") && open.get_untracked();
    view! {
        <dialog node_ref=dialog open=open_at_first class=class aria-label=move || title.get() closedby="any" on:close=move |_| open.set(false)>
            <div class="flex flex-col gap-4 p-4">
                <div class="flex items-start justify-between gap-3">
                    <h2 class="min-w-0 break-words">{move || title.get()}</h2>
                    <button type="button" class="button button-quiet button-icon" aria-label="Close" on:click=move |_| open.set(false)>
                        <IconView icon=Icon::Close />
                    </button>
                </div>
                {children()}
            </div>
        </dialog>
    }
}
