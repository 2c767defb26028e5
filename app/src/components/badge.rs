//! A short state in words, with a colour that never stands alone.

use leptos::prelude::*;
use model::{alert::Severity, stage::Health};

use crate::components::icon::{Icon, IconView};

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

impl Shade {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "badge",
            Self::Good => "badge badge-good",
            Self::Warn => "badge badge-warn",
            Self::Bad => "badge badge-bad",
        }
    }
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
    view! { <span class=shade.class()>{words}</span> }
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

/// How bad something is that was noticed, with a shape of its own for each.
#[component]
pub fn SeverityBadge(
    /// How bad.
    severity: Severity,
) -> impl IntoView {
    let (shade, icon) = match severity {
        Severity::High => (Shade::Bad, Icon::Octagon),
        Severity::Medium => (Shade::Warn, Icon::Triangle),
        Severity::Low => (Shade::Plain, Icon::Circle),
        Severity::Info => (Shade::Plain, Icon::About),
    };
    view! { <span class=shade.class() data-test="severity"><span class="flex items-center gap-1"><IconView icon=icon />{severity.label()}</span></span> }
}
