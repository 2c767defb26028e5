//! Tables. On phones each row becomes a card with the same facts in the same order, so nothing scrolls sideways; a wide
//! table that cannot (`wide`) scrolls in a frame that says so.
//!
//! Roles are written out, because browsers drop them when a table is laid out otherwise.

use leptos::prelude::*;

/// A table of rows made of [`Cell`]s.
#[component]
pub fn Table(
    /// What it shows, for screen readers.
    label: &'static str,
    /// The headings.
    columns: Vec<&'static str>,
    /// Keeps its columns on phones and scrolls sideways.
    #[prop(optional)]
    wide: bool,
    /// Its `data-test`.
    #[prop(optional)]
    test: &'static str,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let class = if wide { "table" } else { "table table-cards" };
    let table = view! {
        <table class=class role="table" aria-label=label data-test=test>
            <thead role="rowgroup"><tr role="row">
                {columns.into_iter().map(|words| view! { <th scope="col" role="columnheader">{words}</th> }).collect_view()}
            </tr></thead>
            <tbody role="rowgroup">{children()}</tbody>
        </table>
    };
    if wide {
        let scrolls = format!("{label}; scroll sideways for more");
        view! { <div class="overflow-x-auto" tabindex="0" role="group" aria-label=scrolls>{table}</div> }.into_any()
    } else {
        table.into_any()
    }
}

/// One fact of a row.
#[component]
pub fn Cell(
    /// The column's heading, which stands beside the fact on phones; none for the fact that names the row.
    #[prop(optional)]
    of: Option<&'static str>,
    /// Whether figures stand under each other in it.
    #[prop(optional)]
    number: bool,
    /// The fact.
    children: Children,
) -> impl IntoView {
    view! { <td role="cell" data-of=of class:number=number>{children()}</td> }
}
