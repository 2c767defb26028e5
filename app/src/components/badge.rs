//! A short state in words, with a colour that never stands alone.

use leptos::prelude::*;
use model::stage::Health;

/// What a badge's colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shade {
    /// Nothing special.
    Plain,
    /// As it should be.
    Good,
    /// To be watched.
    Warn,
    /// To be mended.
    Bad,
}

/// A short state in words.
#[component]
pub fn Badge(
    /// What its colour means.
    shade: Shade,
    /// The words.
    #[prop(into)]
    words: String,
) -> impl IntoView {
    let class = match shade {
        Shade::Plain => "badge",
        Shade::Good => "badge badge-good",
        Shade::Warn => "badge badge-warn",
        Shade::Bad => "badge badge-bad",
    };
    view! { <span class=class>{words}</span> }
}

/// Whether a client has stayed in its stage for long.
#[component]
pub fn HealthBadge(
    /// The health.
    health: Health,
) -> impl IntoView {
    let shade = match health {
        Health::Green => Shade::Good,
        Health::Yellow => Shade::Warn,
        Health::Red => Shade::Bad,
    };
    view! { <Badge shade=shade words=health.label() /> }
}
