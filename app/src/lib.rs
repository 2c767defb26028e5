//! The pages: Leptos, rendered on the server, live in the browser where a page has something to do.
//!
//! A page is `pages/<area>.rs` with the server functions only it uses, a `<Route>` in [`App`] and a browser test of the
//! same name. Server functions obtain the actor first and call one function of `service`. Pages listed in
//! [`needs_no_session`] are plain documents: they load no WASM, and their forms post to the server.
#![recursion_limit = "256"]

pub mod codec;
pub mod components;
pub mod error;
pub mod form;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    Lazy, SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};
#[cfg(feature = "ssr")]
use pages::{api_docs, forgot, invite, legal, login, sign_up, verify_email};
use pages::{audit, board, client, clients, frame, jobs, mail, members, missing, settings, sign_in, styleguide};

/// Pages for those who are not signed in. They work without WASM and load none.
pub fn needs_no_session(path: &str) -> bool {
    matches!(
        path,
        "/login"
            | "/login/code"
            | "/signup"
            | "/signup/sent"
            | "/verify-email"
            | "/resend"
            | "/forgot"
            | "/reset"
            | "/trouble"
            | "/privacy"
            | "/terms"
            | "/security"
            | "/api-docs"
    ) || path.starts_with("/invite/")
}

/// A page that never becomes live: the browser's part of the program leaves it out.
macro_rules! document {
    ($page:path) => {
        || {
            #[cfg(feature = "ssr")]
            {
                view! { <$page /> }.into_any()
            }
            #[cfg(not(feature = "ssr"))]
            {
                ().into_any()
            }
        }
    };
}

/// The document around every page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let live = live_page();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="preload" href="/fonts/inter-basic.woff2" r#as="font" type="font/woff2" crossorigin="anonymous" />
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

/// The choice of light or dark that the browser keeps; none follows the system.
#[cfg(feature = "ssr")]
fn theme() -> Option<&'static str> {
    let parts = use_context::<http::request::Parts>()?;
    let cookies = parts.headers.get(http::header::COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|pair| match pair.trim() {
        "theme=light" => Some("light"),
        "theme=dark" => Some("dark"),
        _ => None,
    })
}

#[cfg(not(feature = "ssr"))]
fn theme() -> Option<&'static str> {
    None
}

/// All pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    #[cfg(feature = "ssr")]
    server::set_content_security_policy();
    // Effects run in the browser, once the page answers to clicks: what only works then comes into sight, and browser
    // tests wait for it.
    Effect::new(|_| {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-live", "true");
        }
    });
    view! {
        <Title
            text="AudienceOS"
            formatter=|title: String| if title == "AudienceOS" { title } else { format!("{title} · AudienceOS") }
        />
        <Router>
            <Routes fallback=missing::MissingPage>
                <Route path=path!("/login") view=document!(login::LoginPage) ssr=SsrMode::Async />
                <Route path=path!("/login/code") view=document!(login::CodePage) ssr=SsrMode::Async />
                <Route path=path!("/signup") view=document!(sign_up::SignUpPage) ssr=SsrMode::Async />
                <Route path=path!("/signup/sent") view=document!(sign_up::SentPage) ssr=SsrMode::Async />
                <Route path=path!("/verify-email") view=document!(verify_email::VerifyEmailPage) ssr=SsrMode::Async />
                <Route path=path!("/resend") view=document!(forgot::ResendPage) ssr=SsrMode::Async />
                <Route path=path!("/forgot") view=document!(forgot::ForgotPage) ssr=SsrMode::Async />
                <Route path=path!("/reset") view=document!(forgot::ResetPage) ssr=SsrMode::Async />
                <Route path=path!("/invite/:token") view=document!(invite::InvitePage) ssr=SsrMode::Async />
                <Route path=path!("/privacy") view=document!(legal::PrivacyPage) ssr=SsrMode::Async />
                <Route path=path!("/terms") view=document!(legal::TermsPage) ssr=SsrMode::Async />
                <Route path=path!("/security") view=document!(legal::SecurityPage) ssr=SsrMode::Async />
                <Route path=path!("/api-docs") view=document!(api_docs::ApiDocsPage) ssr=SsrMode::Async />
                <Route path=path!("/trouble") view=document!(missing::TroublePage) ssr=SsrMode::Async />
                <Route path=path!("/styleguide") view={Lazy::<styleguide::StyleguideRoute>::new()} ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=frame::Frame ssr=SsrMode::Async>
                    <Route path=path!("/clients") view={Lazy::<clients::ClientsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/clients/board") view={Lazy::<board::BoardRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/clients/:id") view={Lazy::<client::ClientRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/members") view={Lazy::<members::MembersRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings") view={Lazy::<settings::SettingsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/sign-in") view={Lazy::<sign_in::SignInRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/mail") view={Lazy::<mail::MailRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/jobs") view={Lazy::<jobs::JobsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/audit") view={Lazy::<audit::AuditRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/*any") view=missing::MissingPage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
