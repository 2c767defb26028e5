//! What pages have in common: the heading, and the three states before there is something to show.

use leptos::prelude::*;
use leptos_meta::Title;
use time::{OffsetDateTime, macros::format_description};

use crate::{
    components::notice::{Notice, Tone},
    error::AppError,
};

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
            <h1>{text}</h1>
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
            view! { <Notice tone=Tone::Bad>{error.to_string()}</Notice> }.into_any()
        }
    }
}

/// A day, exact to the minute on hover.
#[component]
pub fn Day(
    /// The moment.
    at: OffsetDateTime,
) -> impl IntoView {
    let day = at.format(format_description!("[year]-[month]-[day]")).unwrap_or_else(|_| "–".to_owned());
    let exact = at.format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC")).unwrap_or_default();
    view! { <time title=exact data-literal="">{day}</time> }
}

/// A moment to the minute.
#[component]
pub fn Moment(
    /// The moment.
    at: OffsetDateTime,
) -> impl IntoView {
    let text =
        at.format(format_description!("[year]-[month]-[day] [hour]:[minute]")).unwrap_or_else(|_| "–".to_owned());
    view! { <time title="UTC" data-literal="" class="whitespace-nowrap">{text}</time> }
}
