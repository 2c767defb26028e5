//! Icons from the Lucide set (ISC licence), inline, always beside a word.

use leptos::prelude::*;

/// The icons in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// The dashboard.
    Gauge,
    /// The inbox.
    Inbox,
    /// Analytics.
    Course,
    /// Clients.
    Building,
    /// Sign out.
    LogOut,
    /// Members.
    Users,
    /// Settings.
    Sliders,
    /// Audit log.
    List,
    /// The board.
    Columns,
    /// The summary.
    Page,
    /// Closes what is open.
    Close,
    /// A menu of what else can be done.
    More,
    /// Search, and the palette.
    Search,
    /// The keys of the page.
    Keyboard,
    /// Earlier in an order.
    Up,
    /// Later in an order.
    Down,
    /// To another column.
    Move,
    /// Actions.
    Checks,
    /// Findings.
    Eye,
    /// Alerts.
    Bell,
    /// Severe.
    Octagon,
    /// To be looked at.
    Triangle,
    /// Of little weight.
    Circle,
    /// Worth knowing.
    About,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Gauge => "m12 14 4-4M3.34 19a10 10 0 1 1 17.32 0",
            Self::Inbox => {
                "M22 12h-6l-2 3h-4l-2-3H2m3.45-6.89L2 12v6a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2v-6l-3.45-6.89A2 2 0 0 0 16.76 4H7.24a2 2 0 0 0-1.79 1.11Z"
            }
            Self::Course => "M3 3v16a2 2 0 0 0 2 2h16m-2-12-5 5-4-4-3 3",
            Self::Building => {
                "M6 22V4a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v18Zm0-10H4a2 2 0 0 0-2 2v6a2 2 0 0 0 2 2h2m12-13h2a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-2M10 6h4m-4 4h4m-4 4h4m-4 4h4"
            }
            Self::Users => {
                "M16 21v-2a4 4 0 0 0-4-4H6a4 4 0 0 0-4 4v2m20 0v-2a4 4 0 0 0-3-3.87m-3-12a4 4 0 0 1 0 7.75M13 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z"
            }
            Self::Sliders => "M4 21v-7m0-4V3m8 18v-9m0-4V3m8 18v-5m0-4V3M2 14h4m4-6h4m4 8h4",
            Self::List => "M8 6h13M8 12h13M8 18h13M3 6h.01M3 12h.01M3 18h.01",
            Self::Columns => "M4 3h16a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Zm5 0v18m6-18v18",
            Self::Page => "M14 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8Zm0 0v6h6m-4 5H8m8 4H8m2-8H8",
            Self::Close => "M18 6 6 18M6 6l12 12",
            Self::More => "M5 12h.01M12 12h.01M19 12h.01",
            Self::Search => "m21 21-4.3-4.3M19 11a8 8 0 1 1-16 0 8 8 0 0 1 16 0Z",
            Self::Keyboard => {
                "M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2Zm2 4h.01M10 9h.01M14 9h.01M18 9h.01M8 13h.01M12 13h.01M16 13h.01M7 16h10"
            }
            Self::Up => "m18 15-6-6-6 6",
            Self::Down => "m6 9 6 6 6-6",
            Self::Checks => "m3 17 2 2 4-4M3 7l2 2 4-4M13 6h8M13 12h8M13 18h8",
            Self::Eye => "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7Zm13 0a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z",
            Self::Bell => "M6 8a6 6 0 0 1 12 0c0 7 3 9 3 9H3s3-2 3-9m4.3 13a1.94 1.94 0 0 0 3.4 0",
            Self::Octagon => "M7.86 2h8.28L22 7.86v8.28L16.14 22H7.86L2 16.14V7.86ZM12 8v4m0 4h.01",
            Self::Triangle => {
                "m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3ZM12 9v4m0 4h.01"
            }
            Self::Circle => "M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0ZM12 8v4m0 4h.01",
            Self::About => "M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0ZM12 16v-4m0-4h.01",
            Self::Move => "M5 12h14m-7-7 7 7-7 7",
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
