//! The frame around every page of a signed-in member: who and where one is, the way to the areas, and what every page
//! has: the palette, the keys, the toasts. What a simulated agency says of itself is in `simulated`.

mod simulated;

use std::time::Duration;

use leptos::{html, prelude::*};
use leptos_router::{
    components::Outlet,
    hooks::{use_location, use_query_map},
};
use model::{
    access::{Action, may},
    dashboard::Linked,
    id::OrganizationId,
    role::Role,
    summary::Persona,
};
use serde::{Deserialize, Serialize};
use simulated::SimulationBanner;

use crate::{
    components::{
        focus,
        icon::{Icon, IconView},
        live::Live,
        over::Over,
        toast::{Toaster, Toasts},
        told::Pieces,
    },
    error::AppError,
    pages::inbox::{self, UnreadCount},
    refused,
};

/// The agency and oneself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    organization: String,
    name: String,
    role: Role,
    of: OrganizationId,
    /// When it was read, in milliseconds: what changed since then is told to the page.
    at: i64,
    /// Whether all this is simulated, and how many days its time is ahead.
    simulated: Option<i64>,
}

/// What stands around the page.
#[server(prefix = "/app", endpoint = "get_frame", output = crate::codec::Json)]
pub async fn get_frame() -> Result<Around, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let at = i64::try_from(service.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let (organization, member) = service::organization::get(&service, &actor).await?;
    let simulated = organization.simulated.then(|| organization.ahead.whole_days());
    let of = organization.id;
    Ok(Around { organization: organization.name, name: member.name, role: member.role, of, at, simulated })
}

/// What changed, in one sentence for a persona, of all clients in sight; none while nothing can be said.
#[server(prefix = "/app", endpoint = "get_line", output = crate::codec::Json)]
pub async fn get_line(persona: Persona) -> Result<Option<Linked>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::dashboard::line(&service, &actor, persona).await?)
}

/// Reads the frame again, after the agency or oneself was renamed.
#[derive(Clone, Copy)]
pub struct Refresh(Option<Resource<Result<Around, AppError>>>);

impl Refresh {
    /// That of the frame around this page.
    pub fn of_page() -> Self {
        use_context().unwrap_or(Self(None))
    }

    /// Reads it again.
    pub fn frame(self) {
        if let Self(Some(frame)) = self {
            frame.refetch();
        }
    }

    /// Whether all around the page is simulated.
    pub async fn simulated(self) -> bool {
        match self {
            Self(Some(frame)) => frame.await.is_ok_and(|around| around.simulated.is_some()),
            Self(None) => false,
        }
    }

    /// The role of who looks; nobody's where there is no frame.
    pub async fn role(self) -> Option<Role> {
        match self {
            Self(Some(frame)) => frame.await.ok().map(|around| around.role),
            Self(None) => None,
        }
    }
}

/// Sidebar, or a bar at the bottom on phones, the bar at the top, and the page.
#[component]
pub fn Frame() -> impl IntoView {
    let frame = Resource::new(|| (), |()| get_frame());
    provide_context(Refresh(Some(frame)));
    let toasts = Toasts::provide();
    let (palette, keys) = (RwSignal::new(false), RwSignal::new(false));
    follow_page(toasts);
    follow_agency(frame);
    let live = Live::provide();
    Effect::new(move |_| {
        if let Some(Ok(around)) = frame.get() {
            live.begin(around.at);
        }
    });
    let role = move || async move { frame.await.ok().map(|around| around.role) };
    view! {
        <SkipLink />
        <div class="frame">
            <Sidebar frame=frame />
            <div class="flex min-w-0 flex-1 flex-col">
                <SimulationBanner frame=frame />
                <header class="top-bar">
                    <Suspense>{move || Suspend::new(async move {
                        frame.await.ok().map(|around| view! { <p class="truncate font-semibold md:hidden">{around.organization}</p> })
                    })}</Suspense>
                    <WhatChanged />
                    <button type="button" class="button button-plain top-search needs-live" aria-label="Go to a page or client" on:click=move |_| palette.set(true)>
                        <IconView icon=Icon::Search /><span class="max-md:hidden">"Go to…"</span><kbd class="max-md:hidden">"Ctrl K"</kbd>
                    </button>
                    <button type="button" class="button button-quiet button-icon needs-live max-md:hidden" aria-label="Keys of this page" on:click=move |_| keys.set(true)>
                        <IconView icon=Icon::Keyboard />
                    </button>
                </header>
                <main id="page" tabindex="-1" class="min-w-0 flex-1 p-4 md:p-6"><Outlet /></main>
            </div>
        </div>
        <Over role=role palette=palette list=keys />
        <Toaster toasts=toasts />
    }
}

/// From this width on, in pixels, the bar at the top has room for a sentence; that of the classes `md:`.
const WIDE: f64 = 768.0;

/// Pages that say what changed themselves.
const SAY_IT: [&str; 2] = ["/dashboard", "/summary"];

/// What changed, in the words of the persona that was chosen last. It is read once the page is live: a state is large, and no page
/// waits for it.
#[component]
fn WhatChanged() -> impl IntoView {
    let (location, query) = (use_location(), use_query_map());
    let persona = Memo::new(move |before: Option<&Persona>| {
        let named = query.with(|query| query.get("persona")).and_then(|key| Persona::parse(&key));
        named.or(before.copied()).unwrap_or_default()
    });
    let wanted = Memo::new(move |_| {
        location.pathname.with(|path| !SAY_IT.iter().any(|page| path.ends_with(page))).then(|| persona.get())
    });
    let line = RwSignal::new(None::<(Persona, Linked)>);
    Effect::new(move |_| {
        let Some(persona) = wanted.get() else { return };
        // On phones the bar has no room for it.
        if window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width < WIDE) {
            return;
        }
        if line.with_untracked(|line| line.as_ref().is_some_and(|(of, _)| *of == persona)) {
            return;
        }
        leptos::task::spawn_local(async move {
            // What cannot be read now is no reason to disturb the page: it stands on the dashboard.
            if let Ok(Some(linked)) = get_line(persona).await {
                line.try_set(Some((persona, linked)));
            }
        });
    });
    move || {
        let shown = line.get().filter(|_| wanted.get().is_some());
        shown.map(|(_, linked)| {
            view! { <p class="what-changed max-md:hidden" data-test="what-changed"><Pieces linked=linked /></p> }
        })
    }
}

/// The frame around a page that is not live, such as one that says what went wrong.
#[cfg(feature = "ssr")]
#[component]
pub fn StillFrame(
    /// The page.
    children: Children,
) -> impl IntoView {
    let frame = Resource::new(|| (), |()| get_frame());
    view! {
        <SkipLink />
        <div class="frame">
            <Sidebar frame=frame />
            <div class="flex min-w-0 flex-1 flex-col">
                <SimulationBanner frame=frame />
                <main id="page" tabindex="-1" class="min-w-0 flex-1 p-4 md:p-6">{children()}</main>
            </div>
        </div>
    }
}

/// Where the tabs of a browser tell each other whose agency they show.
const SHOWN: &str = "agency";

/// Another tab may have gone into a rehearsal agency, or left one: a page of another agency than the session's is read anew.
/// Tabs hear of it at once from the one that went; where the browser keeps nothing for them, when they come to the front.
fn follow_agency(frame: Resource<Result<Around, AppError>>) {
    let drawn = StoredValue::new(None);
    Effect::new(move |_| {
        let of = frame.get().and_then(Result::ok).map(|around| around.of);
        drawn.update_value(|drawn| *drawn = drawn.or(of));
        if let (Some(of), Some(kept)) = (of, window().local_storage().ok().flatten()) {
            // Others hear it only when it is another than before.
            let _ = kept.set_item(SHOWN, &of.to_string());
        }
    });
    Effect::new(move |_| {
        let look = move || {
            leptos::task::spawn_local(async move {
                if let (Some(drawn), Ok(now)) = (drawn.get_value(), get_frame().await)
                    && now.of != drawn
                {
                    let _ = window().location().reload();
                }
            });
        };
        let front = window_event_listener(leptos::ev::focus, move |_| look());
        let told = window_event_listener(leptos::ev::storage, move |event| {
            if event.key().as_deref() == Some(SHOWN) {
                look();
            }
        });
        on_cleanup(move || {
            front.remove();
            told.remove();
        });
    });
}

/// After another page was opened: the focus goes to it, unless it is there already, and its title is told.
fn follow_page(toasts: Toasts) {
    let location = use_location();
    Effect::new(move |before: Option<String>| {
        let path = location.pathname.get();
        if before.is_some_and(|before| before != path) {
            refused::forget();
            arrive(toasts, document().title(), 30);
        }
        path
    });
}

/// Waits for the page's title, which comes with its code and what it shows, for three seconds at most.
fn arrive(toasts: Toasts, before: String, tries: u8) {
    let look = move || {
        let title = document().title();
        if title == before && tries > 0 {
            return arrive(toasts, before, tries - 1);
        }
        if !matches!(document().query_selector("#page :focus, dialog[open]"), Ok(Some(_))) {
            focus::to("page");
        }
        toasts.tell(title);
    };
    set_timeout(look, Duration::from_millis(100));
}

#[component]
fn SkipLink() -> impl IntoView {
    // `external`: the browser itself follows it, and with it moves the focus.
    view! { <a href="#page" rel="external" class="skip button button-primary">"Skip to the page"</a> }
}

/// The ways to the areas. A phone has room for those of every day; the others stand behind "More" there.
#[component]
fn Sidebar(frame: Resource<Result<Around, AppError>>) -> impl IntoView {
    let counts = inbox::counts();
    let who = move || {
        Suspend::new(async move {
            frame.await.ok().map(|around| {
                view! {
                    <div class="hidden px-2.5 pb-3 pt-1 md:block">
                        <p class="truncate font-semibold" data-test="organization">{around.organization}</p>
                        <p class="truncate text-xs text-muted" data-test="member">{around.name} " · " {around.role.label()}</p>
                    </div>
                }
            })
        })
    };
    let others = move || {
        Suspend::new(async move {
            let role = frame.await.ok().map(|around| around.role);
            let sees = move |action| role.is_some_and(|role| may(role, action));
            view! {
                <NavLink href="/analytics" icon=Icon::Course label="Analytics" key="y" />
                <NavLink href="/summary" icon=Icon::Page label="Summary" key="e" />
                <NavLink href="/findings" icon=Icon::Eye label="Findings" key="f" />
                <NavLink href="/reports" icon=Icon::Page label="Reports" key="r" />
                <NavLink href="/actions" icon=Icon::Checks label="Actions" key="t" />
                {sees(Action::ReadMembers).then(|| view! { <NavLink href="/members" icon=Icon::Users label="Members" key="m" /> })}
                {sees(Action::ReadAudit).then(|| view! { <NavLink href="/audit" icon=Icon::List label="Audit log" key="a" /> })}
                <NavLink href="/settings" icon=Icon::Sliders label="Settings" key="s" />
            }
        })
    };
    view! {
        <nav aria-label="Areas" class="sidebar">
            <Suspense fallback=|| view! { <div class="skeleton hidden w-32 md:block"></div> }>{who}</Suspense>
            <NavLink href="/dashboard" icon=Icon::Gauge label="Dashboard" key="d" />
            // What waits for something by itself stands beside what waits, and not in it: server and browser count both in the same order.
            <NavLink href="/inbox" icon=Icon::Inbox label="Inbox" key="i"><UnreadCount counts=counts /></NavLink>
            <NavLink href="/clients" icon=Icon::Building label="Clients" key="c" />
            <NavLink href="/alerts" icon=Icon::Bell label="Alerts" key="l" />
            <More>
                <Suspense>{others}</Suspense>
                <form method="post" action="/logout" class="md:mt-auto md:flex-none">
                    <button type="submit" class="nav-link w-full cursor-pointer text-muted"><IconView icon=Icon::LogOut />"Sign out"</button>
                </form>
            </More>
        </nav>
    }
}

/// What the bar of a phone has no room for, behind a button there and in the same column elsewhere. It is the browser's own popover, so
/// it opens without a script, and closes by Escape, by a touch elsewhere, and when something in it was chosen.
#[component]
fn More(children: Children) -> impl IntoView {
    let more = NodeRef::<html::Div>::new();
    let close = move |_| {
        if let Some(more) = more.get_untracked() {
            let _ = more.hide_popover();
        }
    };
    view! {
        <button type="button" class="nav-link flex-1 cursor-pointer md:hidden" popovertarget="areas-more"><IconView icon=Icon::More />"More"</button>
        <div node_ref=more id="areas-more" class="areas-more" popover="auto" role="group" aria-label="More areas" on:click=close>{children()}</div>
    }
}

#[component]
fn NavLink(
    href: &'static str,
    icon: Icon,
    label: &'static str,
    key: &'static str,
    /// What stands beside the words.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let location = use_location();
    let here = move || location.pathname.get().starts_with(href).then_some("page");
    let does = format!("Go to {label}");
    view! {
        <a href=href class="nav-link flex-1 md:flex-none" aria-current=here data-key=key data-does=does>
            <IconView icon=icon />{label}{children.map(|children| children())}
        </a>
    }
}
