//! Pages for those who are not signed in: plain documents that work without WASM and load none.
//!
//! The server has a route for each. The browser's program has none of their code: one route there knows all their
//! addresses and leaves them to the browser. A new document is an address in [`needs_no_session`] and a line in
//! [`DocumentRoutes`].

use leptos::prelude::*;
#[cfg(not(feature = "ssr"))]
use leptos_router::{ChooseView, PartialPathMatch, PathSegment, PossibleRouteMatch, hooks::use_url, location::Url};
use leptos_router::{NestedRoute, any_nested_route::AnyNestedRoute, any_nested_route::IntoAnyNestedRoute as _};

/// Whether the page at `path` is such a document.
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
            | "/leaving"
            | "/privacy"
            | "/terms"
            | "/security"
            | "/api-docs"
    ) || path.starts_with("/invite/")
}

/// A route for each of them.
#[cfg(feature = "ssr")]
#[component(transparent)]
pub fn DocumentRoutes() -> AnyNestedRoute {
    use leptos::tachys::view::iterators::StaticVec;
    use leptos_router::{SsrMode, path};

    use super::{api_docs, forgot, invite, leaving, legal, login, missing, sign_up, verify_email};

    macro_rules! document {
        ($path:tt, $page:path) => {
            NestedRoute::new(path!($path), || view! { <$page /> }).ssr_mode(SsrMode::Async).into_any_nested_route()
        };
    }
    StaticVec::from(vec![
        document!("/login", login::LoginPage),
        document!("/login/code", login::CodePage),
        document!("/signup", sign_up::SignUpPage),
        document!("/signup/sent", sign_up::SentPage),
        document!("/verify-email", verify_email::VerifyEmailPage),
        document!("/resend", forgot::ResendPage),
        document!("/forgot", forgot::ForgotPage),
        document!("/reset", forgot::ResetPage),
        document!("/invite/:token", invite::InvitePage),
        document!("/privacy", legal::PrivacyPage),
        document!("/terms", legal::TermsPage),
        document!("/security", legal::SecurityPage),
        document!("/api-docs", api_docs::ApiDocsPage),
        document!("/trouble", missing::TroublePage),
        document!("/leaving", leaving::LeavingPage),
    ])
    .into_any_nested_route()
}

/// One route for all of them; to be called within the router.
#[cfg(not(feature = "ssr"))]
#[component(transparent)]
pub fn DocumentRoutes() -> AnyNestedRoute {
    NestedRoute::new(Documents, Leave(use_url())).into_any_nested_route()
}

#[cfg(not(feature = "ssr"))]
#[derive(Clone, Copy)]
struct Documents;

#[cfg(not(feature = "ssr"))]
impl PossibleRouteMatch for Documents {
    fn optional(&self) -> bool {
        false
    }

    fn test<'a>(&self, path: &'a str) -> Option<PartialPathMatch<'a>> {
        needs_no_session(path).then(|| PartialPathMatch::new("", Vec::new(), path))
    }

    fn generate_path(&self, _: &mut Vec<PathSegment>) {}
}

/// Makes the browser load the document. Until it has, the page before stays as it is: the router would otherwise write
/// the address into the history a second time.
#[cfg(not(feature = "ssr"))]
#[derive(Clone)]
struct Leave(ReadSignal<Url>);

#[cfg(not(feature = "ssr"))]
impl ChooseView for Leave {
    async fn choose(self) -> AnyView {
        let address = self.0.with_untracked(|url| {
            let mark = if url.search().is_empty() { "" } else { "?" };
            [url.path(), mark, url.search(), url.hash()].concat()
        });
        let _ = window().location().assign(&address);
        std::future::pending().await
    }

    async fn preload(&self) {}
}
