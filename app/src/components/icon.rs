//! Icons from the Lucide set (ISC licence), inline, always beside a word.

use leptos::prelude::*;

/// The icons in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Clients.
    Building,
    /// Sign out.
    LogOut,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Building => {
                "M6 22V4a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v18Zm0-10H4a2 2 0 0 0-2 2v6a2 2 0 0 0 2 2h2m12-13h2a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-2M10 6h4m-4 4h4m-4 4h4m-4 4h4"
            }
            Self::LogOut => "M9 21H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h4m7 14 5-5-5-5m5 5H9",
        }
    }
}

/// Draws an icon at 16 px.
#[component]
pub fn IconView(
    /// Which.
    icon: Icon,
) -> impl IntoView {
    view! {
        <svg width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" class="shrink-0">
            <path d=icon.path() />
        </svg>
    }
}
