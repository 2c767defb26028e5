//! The audit log: who did what, and who was refused what.

use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{audit::AuditEvent, page::Page};

use crate::{
    components::{
        badge::{Badge, Shade},
        page::{Heading, Moment, Skeleton, loaded},
    },
    error::AppError,
};

/// One page of the log.
#[server(prefix = "/app", endpoint = "list_audit")]
pub async fn list_audit(refused: bool, cursor: Option<String>) -> Result<Page<AuditEvent>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let allowed = refused.then_some(false);
    Ok(service::audit::list(&service, &actor, allowed, 50, cursor.as_deref()).await?)
}

/// The log, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let refused = move || query.with(|query| query.get("refused")).is_some();
    let events = Resource::new(
        move || (refused(), query.with(|query| query.get("cursor"))),
        |(refused, cursor)| list_audit(refused, cursor),
    );
    let current = move |wanted: bool| (refused() == wanted).then_some("page");
    view! {
        <div class="flex flex-col gap-6">
            <Heading text="Audit log">
                <nav aria-label="Entries" class="flex gap-1">
                    <a class="tab" href="/audit" aria-current=move || current(false)>"All"</a>
                    <a class="tab" href="/audit?refused=true" aria-current=move || current(true)>"Refused"</a>
                </nav>
                <a class="button button-plain" href="/api/v1/audit.csv" rel="external" download="audit.csv">"Export CSV"</a>
            </Heading>
            <Transition fallback=|| view! { <Skeleton /> }>
                {move || Suspend::new(async move { loaded(events.await, |page| view! { <Events page=page refused=refused() /> }) })}
            </Transition>
        </div>
    }
}

#[component]
fn Events(page: Page<AuditEvent>, refused: bool) -> impl IntoView {
    if page.items.is_empty() {
        return view! { <p class="text-muted" data-test="empty">"What people do and are refused will stand here."</p> }
            .into_any();
    }
    let older =
        page.next_cursor.map(|cursor| format!("/audit?cursor={cursor}{}", if refused { "&refused=true" } else { "" }));
    view! {
        <div class="overflow-x-auto" tabindex="0" role="group" aria-label="Entries; scroll sideways for more">
            <table class="table">
                <thead><tr><th scope="col">"When (UTC)"</th><th scope="col">"Who"</th><th scope="col">"Rule"</th><th scope="col">"Outcome"</th><th scope="col">"What"</th></tr></thead>
                <tbody>
                    {page.items.into_iter().map(|event| view! {
                        <tr>
                            <td><Moment at=event.created_at /></td>
                            <td>{event.member}</td>
                            <td>{event.action}</td>
                            <td>{if event.allowed {
                                view! { <Badge shade=Shade::Good words="done" /> }
                            } else {
                                view! { <Badge shade=Shade::Bad words="refused" /> }
                            }}</td>
                            <td class="text-muted"><span data-literal="">{event.detail}</span></td>
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
        {older.map(|href| view! { <p><a class="button button-plain" href=href>"Older entries"</a></p> })}
    }.into_any()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct AuditRoute;

#[lazy_route]
impl LazyRoute for AuditRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <AuditPage /> }.into_any()
    }
}
