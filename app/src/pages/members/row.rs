//! One member: its role, the clients it sees, and what can be done with it. And the dialog that removes one.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::{id::MemberId, role::Role};

use super::{Actions, Asked, Estate, Found, Person, get_estate};
use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        dialog::Dialog,
        field::{Field, Select},
        form::ActionForm,
        menu::Menu,
        outcome::{Outcome, at, failure},
        page::{Skeleton, loaded},
    },
    error::AppError,
    refused::Typed,
};

/// Key and words of each role, least first.
pub fn role_options(roles: &[Role]) -> Vec<(String, String)> {
    roles.iter().rev().map(|role| (role.key().to_owned(), role.label().to_owned())).collect()
}

/// One member.
#[component]
pub(super) fn MemberRow(
    person: Person,
    found: StoredValue<Option<Found>>,
    client: StoredValue<String>,
    place: StoredValue<Asked>,
    roles: StoredValue<Vec<Role>>,
    this: MemberId,
    actions: Actions,
) -> impl IntoView {
    let mine = person.id == this;
    let reachable = roles.with_value(|roles| roles.contains(&person.role)) && !mine;
    let sees_all = person.role.sees_every_client();
    let (name, email, active, role) = (person.name.clone(), person.email.clone(), person.active, person.role);
    let (test, below) = (format!("member {email}"), person.clone());
    view! {
        <li class="panel flex flex-col gap-3" data-test=test>
            <div class="flex flex-wrap items-center justify-between gap-3">
                <div class="min-w-0">
                    <p class="flex flex-wrap items-center gap-2"><span class="min-w-0 break-words font-medium">{name}</span>
                        {mine.then(|| view! { <Badge shade=Shade::Plain words="You" /> })}
                        {(!active).then(|| view! { <Badge shade=Shade::Warn words="Deactivated" /> })}</p>
                    <p class="break-words text-xs text-muted">{email}</p>
                </div>
                {if reachable {
                    view! { <Controls person=person roles=roles actions=actions /> }.into_any()
                } else {
                    view! { <span class="text-muted">{role.label()}</span> }.into_any()
                }}
            </div>
            {if sees_all {
                view! { <p class="text-xs text-muted">"Sees every client."</p> }.into_any()
            } else {
                view! { <Assigned person=below found=found client=client place=place actions=actions /> }.into_any()
            }}
        </li>
    }
}

#[component]
fn Assigned(
    person: Person,
    found: StoredValue<Option<Found>>,
    client: StoredValue<String>,
    place: StoredValue<Asked>,
    actions: Actions,
) -> impl IntoView {
    let (id, who) = (person.id, person.name);
    let none = person.assigned.is_empty();
    let offered = found.with_value(|found| found.clone().filter(|found| found.of == id));
    let looked_for = offered.as_ref().map(|_| client.get_value()).unwrap_or_default();
    let takes = who.clone();
    view! {
        <div class="flex flex-wrap items-center gap-2">
            {none.then(|| view! { <span class="text-xs text-muted">"Sees no client yet."</span> })}
            {person.assigned.into_iter().map(|(assignment, client, name)| {
                let label = format!("Take {name} from {takes}");
                view! {
                    <ActionForm action=actions.unassign attr:class="min-w-0">
                        <input type="hidden" name="id" value=assignment.to_string() />
                        <input type="hidden" name="member_id" value=id.to_string() />
                        <input type="hidden" name="client_id" value=client.to_string() />
                        <button type="submit" class="badge badge-button" aria-label=label><span class="min-w-0 truncate">{name}</span>" ×"</button>
                    </ActionForm>
                }
            }).collect_view()}
        </div>
        <Finder of=id who=who.clone() looked_for=looked_for place=place />
        {offered.map(|found| view! { <Offered found=found who=who place=place actions=actions /> })}
    }
}

/// Looks for clients that the member does not see yet.
#[component]
fn Finder(of: MemberId, who: String, looked_for: String, place: StoredValue<Asked>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let look = move |event: SubmitEvent| {
        event.prevent_default();
        let text = input.get_untracked().map(|input| input.value().trim().to_owned());
        let asked = Asked { of: Some(of), client: text.filter(|text| !text.is_empty()), ..place.get_value() };
        navigate(&asked.href(), NavigateOptions { scroll: false, ..Default::default() });
    };
    let Asked { search, cursor, .. } = place.get_value();
    view! {
        <form method="get" action="/members" class="flex min-w-0 flex-wrap items-center gap-2" on:submit=look>
            {search.map(|search| view! { <input type="hidden" name="search" value=search /> })}
            {cursor.map(|cursor| view! { <input type="hidden" name="cursor" value=cursor /> })}
            <input type="hidden" name="of" value=of.to_string() />
            <input node_ref=input id=format!("client-for-{of}") class="control control-narrow" type="search" name="client" autocomplete="off"
                placeholder="Part of a client's name" aria-label=format!("Client for {who}") value=looked_for.clone() prop:value=looked_for />
            <Button id=format!("find-{of}") named=format!("Find clients for {who}")>"Find clients"</Button>
        </form>
    }
}

#[component]
fn Offered(found: Found, who: String, place: StoredValue<Asked>, actions: Actions) -> impl IntoView {
    let Found { of, clients, more } = found;
    let empty = clients.is_empty();
    view! {
        <div class="flex flex-wrap items-center gap-2" data-test="offered">
            {empty.then(|| view! { <span class="text-xs text-muted">"No other client matches."</span> })}
            {clients.into_iter().map(|(client, name)| {
                let label = format!("Assign {name} to {who}");
                view! {
                    <ActionForm action=actions.assign attr:class="min-w-0">
                        <input type="hidden" name="member_id" value=of.to_string() />
                        <input type="hidden" name="client_id" value=client.to_string() />
                        <button type="submit" class="badge badge-button" aria-label=label>"+ "<span class="min-w-0 truncate">{name}</span></button>
                    </ActionForm>
                }
            }).collect_view()}
            {more.then(|| view! { <span class="text-xs text-muted">"More match: type more of the name."</span> })}
            <a class=Kind::Quiet.class() href=place.get_value().href()>"Done"</a>
        </div>
    }
}

#[component]
fn Controls(person: Person, roles: StoredValue<Vec<Role>>, actions: Actions) -> impl IntoView {
    let (id, name) = (person.id, person.name.clone());
    let (active, role) = (person.active, person.role);
    let change = actions.member;
    // A choice that was refused stays chosen.
    let chosen = Typed::of(change).only("id", &id.to_string()).first("role", role.key());
    let words = if active { "Deactivate" } else { "Activate" };
    let of = |what: &str| format!("{what} {name}");
    let (role_of, changes, more, switches, removes) =
        (of("Role of"), of("Change role of"), of("More about"), of(words), format!("{}…", of("Remove")));
    let remove = move |_| {
        actions.remove.clear();
        actions.removing.set(Some(person.clone()));
        actions.asking.set(true);
    };
    view! {
        <div class="flex min-w-0 flex-wrap items-center gap-2">
            <ActionForm action=change attr:class="flex min-w-0 items-center gap-2">
                <input type="hidden" name="id" value=id.to_string() />
                <select class="control control-narrow" id=format!("role-{id}") name="role" aria-label=role_of>
                    {roles.with_value(|roles| role_options(roles)).into_iter().map(|(key, words)| {
                        let selected = key == chosen;
                        view! { <option value=key selected=selected>{words}</option> }
                    }).collect_view()}
                </select>
                <Button id=format!("change-{id}") named=changes pending=change.pending()>"Change role"</Button>
            </ActionForm>
            <Menu id=format!("more-{id}") named=more>
                <ActionForm action=change>
                    <input type="hidden" name="id" value=id.to_string() />
                    <input type="hidden" name="active" value=(!active).to_string() />
                    <button type="submit" class="choice" aria-label=switches>{words}</button>
                </ActionForm>
                <button type="button" class="choice text-bad" aria-label=removes on:click=remove>"Remove…"</button>
            </Menu>
        </div>
    }
}

/// The dialog that removes a member: it cannot be undone, so the name is typed.
#[component]
pub(super) fn Removal(actions: Actions) -> impl IntoView {
    let Actions { remove, removing, asking, .. } = actions;
    let form = NodeRef::<leptos::html::Form>::new();
    let failure = failure(remove);
    Effect::new(move |_| {
        if let (true, Some(form)) = (asking.get(), form.get_untracked()) {
            form.reset();
        }
    });
    let name = move || removing.with(|person| person.as_ref().map(|person| person.name.clone()).unwrap_or_default());
    let id = move || removing.with(|person| person.as_ref().map(|person| person.id));
    let estate = Resource::new(id, |id| async move {
        match id {
            Some(id) => get_estate(id).await,
            None => Ok(Estate::default()),
        }
    });
    let id_text = move || id().map(|id| id.to_string()).unwrap_or_default();
    view! {
        <Dialog open=asking title=Signal::derive(move || format!("Remove {}", name()))>
            <ActionForm action=remove node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
                <p>"Removing ends every session and takes the account away for good. What was done stays in the audit log. To keep somebody out for a while, deactivate them instead."</p>
                <input type="hidden" name="id" value=id_text />
                <Transition fallback=|| view! { <Skeleton /> }>
                    {move || Suspend::new(async move { loaded(estate.await, |estate| view! { <Heir estate=estate failure=failure /> }) })}
                </Transition>
                <Field name="confirm" label="Type the name to remove the member" error=at(failure, "confirm") />
                <Outcome action=remove fields=&["confirm", "reassign_to"] />
                <div><Button kind=Kind::Danger pending=remove.pending()>{move || format!("Remove {}", name())}</Button></div>
            </ActionForm>
        </Dialog>
    }
}

/// Who takes over the clients; nothing to choose where there are none.
#[component]
fn Heir(estate: Estate, failure: Signal<Option<AppError>>) -> impl IntoView {
    if estate.clients.is_empty() {
        return view! { <input type="hidden" name="reassign_to" value="" /> }.into_any();
    }
    let heirs = estate.heirs.into_iter().map(|(id, name)| (id.to_string(), name));
    let heirs = [(String::new(), "Choose somebody".to_owned())].into_iter().chain(heirs).collect::<Vec<_>>();
    view! {
        <p class="break-words">"Answers for " {estate.clients.join(", ")} "."</p>
        <Select name="reassign_to" label="Who takes over these clients" options=heirs help="They see these clients from then on." error=at(failure, "reassign_to") />
    }
    .into_any()
}
