//! A card: one thing of a page with its heading, in a frame. Cards do not stand in cards.

use leptos::prelude::*;

/// A framed part of a page.
#[component]
pub fn Card(
    /// Its heading.
    #[prop(into)]
    title: String,
    /// A sentence under the heading.
    #[prop(optional, into)]
    about: Option<String>,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    let label = title.clone();
    view! {
        <section class="panel flex flex-col gap-4" aria-label=label>
            <div class="flex flex-col gap-1">
                <h2 tabindex="-1">{title}</h2>
                {about.map(|about| view! { <p class="text-xs text-muted">{about}</p> })}
            </div>
            {children()}
        </section>
    }
}
