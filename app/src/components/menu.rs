//! A menu: what else can be done with a thing, behind one button. The browser's own popover: it closes by Escape, by a
//! click elsewhere, and when something in it was chosen.

use leptos::{html, prelude::*};

use crate::components::icon::{Icon, IconView};

/// The button and its menu. What it holds are buttons, forms of one button, or links.
#[component]
pub fn Menu(
    /// An id of its own in the page.
    #[prop(into)]
    id: String,
    /// What the button is called, such as "More about Ann".
    #[prop(into)]
    named: String,
    /// What can be chosen.
    children: Children,
) -> impl IntoView {
    let menu = NodeRef::<html::Div>::new();
    let close = move |_| {
        if let Some(menu) = menu.get_untracked() {
            let _ = menu.hide_popover();
        }
    };
    let button = format!("{id}-button");
    view! {
        <button type="button" class="button button-quiet button-icon" id=button aria-label=named.clone() popovertarget=id.clone()>
            <IconView icon=Icon::More />
        </button>
        <div node_ref=menu id=id class="menu" popover="auto" role="group" aria-label=named on:click=close>{children()}</div>
    }
}
