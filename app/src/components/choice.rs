//! A choice by which a page is narrowed: a field of a form whose fields are the page's address, so that it needs no script.

use leptos::prelude::*;

/// Some words to choose from, and all of them.
#[component]
pub fn Choice(
    /// The field's name in the address.
    name: &'static str,
    /// What it chooses.
    label: &'static str,
    /// The words for all.
    all: &'static str,
    /// Each as the address spells it, and its words.
    choices: Vec<(String, String)>,
    /// What is chosen; blank for all.
    chosen: String,
) -> impl IntoView {
    let choices = [(String::new(), all.to_owned())].into_iter().chain(choices);
    view! {
        <label class="flex min-w-0 flex-col gap-1 text-xs text-muted">{label}
            <select class="control control-narrow" name=name autocomplete="off">
                {choices.map(|(key, words)| {
                    let here = key == chosen;
                    view! { <option value=key selected=here prop:selected=here data-literal="">{words}</option> }
                }).collect_view()}
            </select></label>
    }
}
