//! The frame around every page of a signed-in member: who and where one is, and the way to the areas.

use leptos::prelude::*;
use leptos_router::{
    components::{A, Outlet},
    hooks::use_location,
};
use model::{
    access::{Action, may},
    member::Member,
    organization::Organization,
};

use crate::{
    components::{
        icon::{Icon, IconView},
        palette::Palette,
    },
    error::AppError,
};

/// The agency and oneself.
#[server(prefix = "/app", endpoint = "get_frame")]
pub async fn get_frame() -> Result<(Organization, Member), AppError> {
    let actor = crate::server::actor()?;
    Ok(service::organization::get(&crate::server::service()?, &actor).await?)
}

/// Sidebar, or a bar at the bottom on phones, and the page.
#[component]
pub fn Frame() -> impl IntoView {
    let frame = Resource::new(|| (), |()| get_frame());
    view! {
        <a href="#page" class="button button-primary sr-only focus:not-sr-only focus:absolute focus:left-2 focus:top-2">"Skip to the page"</a>
        <div class="flex min-h-dvh flex-col md:flex-row">
            <nav aria-label="Areas" class="sticky bottom-0 z-10 order-last flex shrink-0 flex-row items-center gap-1 border-t border-line bg-subtle p-1 md:top-0 md:order-first md:h-dvh md:w-56 md:flex-col md:items-stretch md:border-r md:border-t-0 md:p-2">
                <Suspense fallback=|| view! { <div class="skeleton hidden w-32 md:block"></div> }>
                    {move || Suspend::new(async move {
                        let frame = frame.await.ok();
                        let role = frame.as_ref().map(|(_, member)| member.role);
                        let sees = move |action| role.is_some_and(|role| may(role, action));
                        view! {
                            {frame.map(|(organization, member)| view! {
                                <div class="hidden px-2.5 pb-3 pt-1 md:block">
                                    <p class="truncate font-semibold" data-test="organization">{organization.name}</p>
                                    <p class="truncate text-xs text-muted" data-test="member">{member.name} " · " {member.role.label()}</p>
                                </div>
                            })}
                            <NavLink href="/clients" icon=Icon::Building label="Clients" />
                            {sees(Action::ReadMembers).then(|| view! { <NavLink href="/members" icon=Icon::Users label="Members" /> })}
                            {sees(Action::ReadAudit).then(|| view! { <NavLink href="/audit" icon=Icon::List label="Audit log" /> })}
                            <NavLink href="/settings" icon=Icon::Sliders label="Settings" />
                            {role.map(|role| view! { <Palette role=role /> })}
                        }
                    })}
                </Suspense>
                <form method="post" action="/logout" class="flex-1 md:mt-auto md:flex-none">
                    <button type="submit" class="nav-link w-full cursor-pointer text-muted"><IconView icon=Icon::LogOut />"Sign out"</button>
                </form>
            </nav>
            <main id="page" tabindex="-1" class="min-w-0 flex-1 p-4 md:p-6"><Outlet /></main>
        </div>
    }
}

#[component]
fn NavLink(href: &'static str, icon: Icon, label: &'static str) -> impl IntoView {
    let location = use_location();
    let here = move || location.pathname.get().starts_with(href).then_some("page");
    view! {
        <A href=href attr:class="nav-link flex-1 md:flex-none" attr:aria-current=here><IconView icon=icon />{label}</A>
    }
}
