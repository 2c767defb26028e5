//! What surrounds pages for those who are not signed in.

use leptos::prelude::*;

/// The wordmark and one narrow column.
#[component]
pub fn Outside(
    /// The page's heading.
    #[prop(into)]
    heading: String,
    /// The page.
    children: Children,
) -> impl IntoView {
    view! {
        <main class="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center gap-6 px-4 py-12">
            <a href="/login" rel="external" class="self-start text-lg font-semibold text-ink no-underline">"AudienceOS"</a>
            <h1>{heading}</h1>
            {children()}
            <footer class="flex gap-4 text-xs text-muted">
                <a href="/privacy" class="text-muted">"Privacy"</a><a href="/terms" class="text-muted">"Terms"</a><a href="/security" class="text-muted">"Security"</a>
            </footer>
        </main>
    }
}
