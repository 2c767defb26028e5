//! The pages: Leptos, rendered on the server, live in the browser where a page has something to do.
//!
//! A page is `pages/<area>.rs` with the server functions only it uses, a `<Route>` in [`App`] and a browser test of the
//! same name. Server functions obtain the actor first and call one function of `service`. Pages listed in
//! [`needs_no_session`] are plain documents: they load no WASM, and their forms post to the server.
#![recursion_limit = "256"]

pub mod components;
pub mod error;
pub mod form;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};
use pages::{
    audit, board, client, clients, forgot, frame, invite, login, members, missing, settings, sign_up, verify_email,
};

/// Pages for those who are not signed in. They work without WASM and load none.
pub fn needs_no_session(path: &str) -> bool {
    matches!(
        path,
        "/login" | "/signup" | "/signup/sent" | "/verify-email" | "/resend" | "/forgot" | "/reset" | "/nothing-here"
    ) || path.starts_with("/invite/")
}

/// The document around every page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let live = live_page();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="preload" href="/fonts/inter.woff2" r#as="font" type="font/woff2" crossorigin="anonymous" />
                <HashedStylesheet options=options.clone() id="leptos" />
                <MetaTags />
                {live.then(|| view! {
                    <AutoReload options=options.clone() />
                    <HydrationScripts options=options.clone() />
                })}
            </head>
            <body class="bg-page text-ink">
                <App />
            </body>
        </html>
    }
}

#[cfg(feature = "ssr")]
fn live_page() -> bool {
    use_context::<http::request::Parts>().is_some_and(|parts| !needs_no_session(parts.uri.path()))
}

#[cfg(not(feature = "ssr"))]
fn live_page() -> bool {
    true
}

/// All pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    #[cfg(feature = "ssr")]
    server::set_content_security_policy();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "AudienceOS".to_owned() } else { format!("{title} · AudienceOS") } />
        <Router>
            <Routes fallback=missing::MissingPage>
                <Route path=path!("/login") view=login::LoginPage ssr=SsrMode::Async />
                <Route path=path!("/signup") view=sign_up::SignUpPage ssr=SsrMode::Async />
                <Route path=path!("/signup/sent") view=sign_up::SentPage ssr=SsrMode::Async />
                <Route path=path!("/verify-email") view=verify_email::VerifyEmailPage ssr=SsrMode::Async />
                <Route path=path!("/resend") view=forgot::ResendPage ssr=SsrMode::Async />
                <Route path=path!("/forgot") view=forgot::ForgotPage ssr=SsrMode::Async />
                <Route path=path!("/reset") view=forgot::ResetPage ssr=SsrMode::Async />
                <Route path=path!("/invite/:token") view=invite::InvitePage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=frame::Frame ssr=SsrMode::Async>
                    <Route path=path!("/clients") view=clients::ClientsPage ssr=SsrMode::Async />
                    <Route path=path!("/clients/board") view=board::BoardPage ssr=SsrMode::Async />
                    <Route path=path!("/clients/:id") view=client::ClientPage ssr=SsrMode::Async />
                    <Route path=path!("/members") view=members::MembersPage ssr=SsrMode::Async />
                    <Route path=path!("/settings") view=settings::SettingsPage ssr=SsrMode::Async />
                    <Route path=path!("/audit") view=audit::AuditPage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
