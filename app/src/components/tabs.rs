//! Tabs: the way between views of the same thing. Each is a page of its own, so they are links.

use leptos::prelude::*;

/// Links, one of which is where one is.
#[component]
pub fn Tabs(
    /// What the links lead to, for screen readers.
    label: &'static str,
    /// Address and words of each.
    tabs: Vec<(&'static str, &'static str)>,
    /// The address of the present one.
    #[prop(into)]
    here: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <nav aria-label=label class="flex flex-wrap gap-1">
            {tabs.into_iter().map(|(href, words)| view! {
                <a class="tab" href=href aria-current=move || (here.get() == href).then_some("page")>{words}</a>
            }).collect_view()}
        </nav>
    }
}
