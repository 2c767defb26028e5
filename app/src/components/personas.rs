//! Links to the same figures in other words. They stay when one is followed, and with them the focus.

use leptos::prelude::*;
use model::summary::Persona;

/// For whom a page speaks.
#[component]
pub fn Personas(
    /// The present one.
    #[prop(into)]
    here: Signal<Persona>,
    /// The address of the page for another.
    href: impl Fn(Persona) -> String + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let links = Persona::ALL.into_iter().map(|one| {
        view! { <a class="tab" href=move || href(one) aria-current=move || (here.get() == one).then_some("page")>{one.label()}</a> }
    });
    view! { <nav aria-label="For whom" class="no-print flex flex-wrap gap-1">{links.collect_view()}</nav> }
}
