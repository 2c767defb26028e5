//! The pages: Leptos, rendered on the server, live in the browser where a page has something to do.
//!
//! A page is `pages/<area>.rs` with the server functions only it uses, a `<Route>` in [`App`] and a browser test of the
//! same name. Server functions obtain the actor first and call one function of `service`. Pages for those who are not
//! signed in are plain documents ([`pages::documents`]): they load no WASM, and their forms post to the server.
#![recursion_limit = "256"]

pub mod codec;
pub mod components;
pub mod error;
pub mod form;
pub mod pages;
pub mod refused;
#[cfg(feature = "ssr")]
pub mod server;

pub use pages::documents::needs_no_session;

use components::chart::ChartScript;
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    Lazy, SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};
use pages::{
    actions, alerts, analytics, audit, board, client, clients, connection, dashboard, documents, figure, findings,
    frame, imports, inbox, integrations, jobs, mail, members, missing, person, reports, settings, sign_in, styleguide,
    summary,
};

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
                    <ChartScript options=options.clone() />
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
    if live_page() {
        refused::arrive();
    }
    #[cfg(feature = "ssr")]
    server::set_content_security_policy();
    view! {
        <Title
            text="AudienceOS"
            formatter=|title: String| if title == "AudienceOS" { title } else { format!("{title} · AudienceOS") }
        />
        <Router>
            <Routes fallback=missing::MissingPage>
                <documents::DocumentRoutes />
                <Route path=path!("/styleguide") view={Lazy::<styleguide::StyleguideRoute>::new()} ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=frame::Frame ssr=SsrMode::Async>
                    <Route path=path!("/dashboard") view={Lazy::<dashboard::DashboardRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/figures/:id") view={Lazy::<figure::FigureRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/clients") view=clients::ClientsPage ssr=SsrMode::Async />
                    <Route path=path!("/clients/board") view={Lazy::<board::BoardRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/clients/:id") view={Lazy::<client::ClientRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/clients/:id/dashboard") view={Lazy::<dashboard::ClientDashboardRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/analytics") view={Lazy::<analytics::AnalyticsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/clients/:id/analytics") view={Lazy::<analytics::ClientAnalyticsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/actions") view={Lazy::<actions::ActionsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/alerts") view={Lazy::<alerts::AlertsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/inbox/:id?") view={Lazy::<inbox::InboxRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/people/:id") view={Lazy::<person::PersonRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/findings") view={Lazy::<findings::FindingsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/summary") view={Lazy::<summary::SummaryRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/reports") view={Lazy::<reports::ReportsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/reports/:id") view={Lazy::<reports::one::ReportRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/members") view={Lazy::<members::MembersRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings") view={Lazy::<settings::SettingsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/sign-in") view={Lazy::<sign_in::SignInRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/texts") view={Lazy::<inbox::texts::TextsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/alerts") view={Lazy::<alerts::settings::AlertSettingsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/integrations") view={Lazy::<integrations::IntegrationsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/integrations/import") view={Lazy::<imports::ImportsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/integrations/import/:id") view={Lazy::<imports::ImportRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/integrations/:id") view={Lazy::<connection::ConnectionRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/mail") view={Lazy::<mail::MailRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/jobs") view={Lazy::<jobs::JobsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/audit") view={Lazy::<audit::AuditRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/*any") view=missing::MissingPage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
