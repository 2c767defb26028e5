//! What pages have in common: the heading, and the three states before there is something to show.

use leptos::prelude::*;
use leptos_meta::Title;
use model::moment::Moment;

use crate::{components::notice::Failed, error::AppError};

/// A page's title and heading, with what stands beside it.
#[component]
pub fn Heading(
    /// The heading, also the browser's title.
    #[prop(into)]
    text: String,
    /// Buttons and links beside it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=text.clone() />
        <div class="flex flex-wrap items-center justify-between gap-3">
            <h1 id="heading" tabindex="-1" class="min-w-0 break-words">{text}</h1>
            <div class="flex flex-wrap items-center gap-2">{children.map(|children| children())}</div>
        </div>
    }
}

/// Rows of the final layout while it loads.
#[component]
pub fn Skeleton() -> impl IntoView {
    view! { <div class="flex flex-col gap-3" aria-hidden="true">{(0..4).map(|_| view! { <div class="skeleton"></div> }).collect_view()}</div> }
}

/// Draws what was loaded, or says why it could not be.
pub fn loaded<T, V: IntoView + 'static>(result: Result<T, AppError>, draw: impl FnOnce(T) -> V) -> AnyView {
    match result {
        Ok(value) => draw(value).into_any(),
        Err(error) => {
            #[cfg(feature = "ssr")]
            crate::server::set_status(match &error {
                AppError::Missing => http::StatusCode::NOT_FOUND,
                AppError::Forbidden { .. } => http::StatusCode::FORBIDDEN,
                AppError::SignedOut => http::StatusCode::UNAUTHORIZED,
                AppError::Invalid { .. } => http::StatusCode::UNPROCESSABLE_ENTITY,
                _ => http::StatusCode::INTERNAL_SERVER_ERROR,
            });
            view! { <Failed error=error /> }.into_any()
        }
    }
}

/// True until the page is live, for buttons whose answer is shown once and would be lost on a page that is not.
pub fn live_only() -> Signal<bool> {
    let waiting = RwSignal::new(true);
    Effect::new(move |_| waiting.set(false));
    waiting.into()
}

/// A moment: how long ago, or its day; to the minute with the zone on hover.
#[component]
pub fn When(
    /// The moment.
    at: Moment,
) -> impl IntoView {
    view! { <time datetime=at.at title=format!("{} {}", at.clock, at.zone) data-literal="" class="whitespace-nowrap">{at.words}</time> }
}

/// A moment to the minute, with the zone on hover.
#[component]
pub fn Clock(
    /// The moment.
    at: Moment,
) -> impl IntoView {
    view! { <time datetime=at.at title=at.zone data-literal="" class="whitespace-nowrap">{at.clock}</time> }
}
