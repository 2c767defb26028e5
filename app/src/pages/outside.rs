//! What surrounds pages for those who are not signed in.

use leptos::prelude::*;

/// How people sign in and get mail in this installation, from the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Whether they may sign in with Google.
    pub google: bool,
    /// Whether mail lies in the outbox folder instead of leaving the server.
    pub outbox: bool,
    /// Whether anybody may look into a simulated agency.
    pub simulation: bool,
}

/// The way into a simulated agency, where there are any.
#[cfg(feature = "ssr")]
#[component]
pub fn Rehearse() -> impl IntoView {
    use_context::<Ways>().unwrap_or_default().simulation.then(|| view! {
        <form method="post" action="/simulation" class="flex flex-col gap-2 border-t border-line pt-4">
            <button type="submit" class="button button-plain">"Try with a rehearsal agency"</button>
            <p class="text-xs text-muted">"Eight simulated clients with ads, shops and 400 days of figures. No account is needed, and nothing real is touched."</p>
        </form>
    })
}

/// Says where mail is when none leaves the server.
#[cfg(feature = "ssr")]
#[component]
pub fn OutboxNotice() -> impl IntoView {
    use crate::components::notice::{Notice, Tone};
    let outbox = use_context::<Ways>().unwrap_or_default().outbox;
    outbox.then(|| view! {
        <Notice tone=Tone::Plain>
            "This server is not connected to a mail server, so no mail leaves it. Its mails lie as files in the folder "
            <code>"outbox"</code> " of its data folder ("<code>"data/outbox"</code>", unless set otherwise). Whoever runs it can open them."
        </Notice>
    })
}

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
