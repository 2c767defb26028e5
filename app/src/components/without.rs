//! What a figure leaves out, said at the figure, with the way to mend it.

use leptos::prelude::*;

use crate::components::notice::sentence;

/// Where rates of exchange are imported. The browser itself follows it, for the card's place on the page.
const RATES: &str = "/settings#exchange-rates";

/// What is missing in a figure, and why it is not compared.
#[component]
pub fn Without(
    /// What is missing, in words.
    words: Vec<String>,
    /// Whether rates of exchange are missing.
    rates: bool,
    /// Whether the days before are not of the same accounts and days.
    unlike: bool,
    /// Whether whoever reads can import rates.
    may_import_rates: bool,
) -> impl IntoView {
    let told = words.iter().map(|words| format!("{}.", sentence(words))).collect::<Vec<_>>().join(" ");
    view! {
        {(!told.is_empty()).then(|| view! { <p class="text-xs text-muted" data-test="partial" data-literal="">{told}</p> })}
        {unlike.then(|| view! { <p class="text-xs text-muted" data-test="unlike">"Not compared: the days before are not of the same accounts and days."</p> })}
        {rates.then(|| view! { <p class="text-xs text-muted"><Rates may_import_rates=may_import_rates /></p> })}
    }
}

/// The way to the rates of exchange, or who knows it.
#[component]
pub fn Rates(
    /// Whether whoever reads can import them.
    may_import_rates: bool,
) -> impl IntoView {
    if may_import_rates {
        view! { <a class="underline" href=RATES rel="external" data-test="rates">"Import rates of exchange"</a> }
            .into_any()
    } else {
        view! { <span data-test="rates">"Ask an Admin or Owner to import rates of exchange."</span> }.into_any()
    }
}
