//! A labelled input with its help and its error, all tied together for screen readers.

use leptos::prelude::*;

use crate::components::notice::sentence;

/// One line of input. What is wrong stands below in words; what was typed stays.
#[component]
pub fn Field(
    /// The field's name in the form and the API.
    #[prop(into)]
    name: String,
    /// Its id, where a page holds two of the same name.
    #[prop(optional, into)]
    id: Option<String>,
    /// What stands above it.
    #[prop(into)]
    label: String,
    /// `text`, `email`, `password`, `url`…
    #[prop(default = "text")]
    kind: &'static str,
    /// What browsers may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// A sentence below.
    #[prop(optional, into)]
    help: Option<String>,
    /// What it holds at first.
    #[prop(optional, into)]
    value: Signal<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Has the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
    /// The input element, for a page that clears or focuses it.
    #[prop(optional)]
    input: NodeRef<leptos::html::Input>,
    /// The key that leads to it, and what the list of keys says about it.
    #[prop(optional)]
    key: Option<(&'static str, &'static str)>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.clone());
    let error_id = format!("{id}-error");
    let help_id = format!("{id}-help");
    let described = {
        let (error_id, help_id, has_help) = (error_id.clone(), help_id.clone(), help.is_some());
        move || {
            let mut ids = Vec::new();
            if has_help {
                ids.push(help_id.clone());
            }
            if error.get().is_some() {
                ids.push(error_id.clone());
            }
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    };
    view! {
        <div class="flex flex-col gap-1">
            <label for=id.clone() class="font-medium">{label}</label>
            <input
                id=id
                name=name
                type=kind
                class="control"
                value=move || value.get()
                autocomplete=autocomplete
                required=required
                autofocus=autofocus
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
                data-key=key.map(|(key, _)| key)
                data-does=key.map(|(_, does)| does)
                node_ref=input
            />
            {help.map(|help| view! { <p id=help_id class="text-xs text-muted">{help}</p> })}
            <p id=error_id class="field-error" role="alert" hidden=move || error.get().is_none()>
                {move || error.get().map(|words| sentence(&words))}
            </p>
        </div>
    }
}

/// Several lines of input.
#[component]
pub fn TextArea(
    /// The field's name in the form and the API.
    name: &'static str,
    /// Its id, where a page holds two of the same name.
    #[prop(optional, into)]
    id: Option<String>,
    /// What stands above it.
    #[prop(into)]
    label: String,
    /// What it holds at first.
    #[prop(into)]
    value: String,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.to_owned());
    let error_id = format!("{id}-error");
    view! {
        <div class="flex flex-col gap-1">
            <label for=id.clone() class="font-medium">{label}</label>
            <textarea
                id=id
                name=name
                class="control min-h-24"
                rows="4"
                aria-describedby=error_id.clone()
                // As the element's own text, so that a form that is reset after saving shows what was saved.
                inner_html=value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
            ></textarea>
            <p id=error_id class="field-error" role="alert" hidden=move || error.get().is_none()>
                {move || error.get().map(|words| sentence(&words))}
            </p>
        </div>
    }
}

/// A choice of one.
#[component]
pub fn Select(
    /// The field's name in the form and the API.
    name: &'static str,
    /// Its id, where a page holds two of the same name.
    #[prop(optional, into)]
    id: Option<String>,
    /// What stands above it.
    #[prop(into)]
    label: String,
    /// Value and words of each choice.
    options: Vec<(String, String)>,
    /// The value that is chosen at first; one that is no choice any more is offered as well.
    #[prop(optional, into)]
    value: String,
    /// A sentence below.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.to_owned());
    let error_id = format!("{id}-error");
    let described = error_id.clone();
    let other =
        (!value.is_empty() && options.iter().all(|(key, _)| *key != value)).then(|| (value.clone(), value.clone()));
    let options = other.into_iter().chain(options);
    view! {
        <div class="flex min-w-0 flex-col gap-1">
            <label for=id.clone() class="font-medium">{label}</label>
            <select id=id name=name class="control" aria-describedby=described
                aria-invalid=move || error.get().is_some().then_some("true")>
                {options.map(|(key, words)| {
                    let chosen = key == value;
                    view! { <option value=key selected=chosen>{words}</option> }
                }).collect_view()}
            </select>
            {help.filter(|help| !help.is_empty()).map(|help| view! { <p class="text-xs text-muted">{help}</p> })}
            <p id=error_id class="field-error" role="alert" hidden=move || error.get().is_none()>
                {move || error.get().map(|words| sentence(&words))}
            </p>
        </div>
    }
}
