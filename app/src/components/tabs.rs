//! Tabs: the way between views of the same thing. Each is a page of its own, so they are links.

use leptos::prelude::*;

/// Links, one of which is where one is.
#[component]
pub fn Tabs(
    /// What the links lead to, for screen readers.
    label: &'static str,
    /// Address and words of each.
    tabs: Vec<(&'static str, &'static str)>,
    /// More of them, for phones only: what the bar at their bottom has no room for.
    #[prop(optional)]
    on_phones: Vec<(&'static str, &'static str)>,
    /// The address of the present one.
    #[prop(into)]
    here: Signal<&'static str>,
) -> impl IntoView {
    let all = tabs.into_iter().map(|tab| (tab, "tab")).chain(on_phones.into_iter().map(|tab| (tab, "tab md:hidden")));
    view! {
        <nav aria-label=label class="flex flex-wrap gap-1">
            {all.map(|((href, words), class)| view! {
                <a class=class href=href aria-current=move || (here.get() == href).then_some("page")>{words}</a>
            }).collect_view()}
        </nav>
    }
}
