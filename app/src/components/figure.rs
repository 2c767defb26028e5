//! Figures on a page: each is a link to what it is made of. Once the page is live, a drawer shows that in its place.
//!
//! Every digit of a page that can be opened lies in an element with `data-figure`, which holds the figure's id; digits that are
//! no figures (days, counts of rows, settings, names) in one with `data-literal`.

use leptos::{ev::MouseEvent, prelude::*};
use leptos_router::params::ParamsMap;
use model::figure::{Line, Piece};

use crate::{components::dialog::Drawer, pages::figure::FigurePart};

/// Which figure of a page is open. The page provides it, its figures and its drawer share it.
#[derive(Clone, Copy)]
pub struct Opening {
    id: RwSignal<String>,
    open: RwSignal<bool>,
    /// From which of its rows on.
    cursor: RwSignal<String>,
    as_of: Signal<String>,
}

impl Opening {
    /// Of a page that shows what was known at a moment; at none, if that is blank.
    pub fn provide(as_of: Signal<String>) -> Self {
        let (id, cursor) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        let opening = Self { id, open: RwSignal::new(false), cursor, as_of };
        provide_context(opening);
        opening
    }
}

/// The page of a figure, as of a moment if one is named, from some row on.
pub fn address(id: &str, as_of: &str, cursor: &str) -> String {
    let mut query = ParamsMap::new();
    for (name, text) in [("as_of", as_of), ("cursor", cursor)].into_iter().filter(|(_, text)| !text.is_empty()) {
        query.insert(name, text.to_owned());
    }
    format!("/figures/{id}{}", query.to_query_string())
}

/// A figure that can be opened.
#[component]
pub fn Figure(
    /// Its id.
    id: String,
    /// As it is shown, with its unit.
    #[prop(into)]
    shown: String,
) -> impl IntoView {
    let opening = use_context::<Opening>();
    let own = id.clone();
    let href = {
        let id = id.clone();
        move || address(&id, &opening.map(|opening| opening.as_of.get()).unwrap_or_default(), "")
    };
    let open = move |event: MouseEvent| {
        let elsewhere = event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0;
        if let Some(Opening { id, open, cursor, .. }) = opening.filter(|_| !elsewhere) {
            event.prevent_default();
            id.set(own.clone());
            cursor.set(String::new());
            open.set(true);
        }
    };
    view! { <a href=href class="figure-link figure" data-figure=id on:click=open>{shown}</a> }
}

/// A line: its figures open, its other digits are none.
#[component]
pub fn Lined(
    /// What it says.
    line: Line,
) -> impl IntoView {
    let piece = |piece: &Piece| match piece.clone() {
        Piece::Words(words) => view! { <span data-literal="">{words}</span> }.into_any(),
        Piece::Figure(id, shown) => view! { <Figure id=id shown=shown /> }.into_any(),
    };
    line.pieces().iter().map(piece).collect_view()
}

/// What the figure that was pressed is made of.
#[component]
pub fn FigureDrawer(
    /// Which.
    opening: Opening,
) -> impl IntoView {
    let Opening { open, .. } = opening;
    let part = move || open.get().then(|| Suspend::new(opened(opening)));
    view! { <Drawer open=open title="What it is made of">{part}</Drawer> }
}

/// Loaded with the first figure that is pressed: most visits press none.
#[lazy]
fn opened(opening: Opening) -> AnyView {
    let Opening { id, cursor, as_of, .. } = opening;
    view! {
        <FigurePart id=id as_of=as_of cursor=cursor turn=Callback::new(move |to| cursor.set(to)) />
        <p><a class="underline" href=move || address(&id.get(), &as_of.get(), "")>"As a page of its own"</a></p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_moment_and_the_row() {
        assert_eq!(address("m.x", "", ""), "/figures/m.x");
        let page = address("m.x", "2026-11-03T12:00:00Z", "25");
        assert_eq!(page, "/figures/m.x?as%5Fof=2026%2D11%2D03T12%3A00%3A00Z&cursor=25");
    }
}
