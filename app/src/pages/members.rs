//! The people of the agency: who they are, what they may see, and invitations.

mod invitations;
mod row;

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{
    LazyRoute,
    hooks::{use_navigate, use_query_map},
    lazy_route,
    params::ParamsMap,
};
use model::{
    id::{AssignmentId, ClientId, MemberId},
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::{Button, Kind},
        outcome::{Outcome, on_success, successes},
        page::Heading,
        part::{drawing, part},
        toast::{Next, Toasts},
    },
    error::AppError,
};
use invitations::{ChangeInvitation, Invitations, Invite, InviteMember, list_invitations};
use row::{MemberRow, Removal};

/// A member as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    id: MemberId,
    name: String,
    email: String,
    role: Role,
    active: bool,
    /// The clients it was given sight of, by name.
    assigned: Vec<(AssignmentId, ClientId, String)>,
}

/// One page of the members, and clients that were looked for to be assigned to one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    people: Vec<Person>,
    next_cursor: Option<String>,
    found: Option<Found>,
    this: MemberId,
    role: Role,
}

/// Clients that a member does not see yet and that match what was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    of: MemberId,
    clients: Vec<(ClientId, String)>,
    /// Whether more match than are shown.
    more: bool,
}

/// How many clients are offered at once.
#[cfg(feature = "ssr")]
const OFFERED: usize = 10;

/// One page of the members, the last who joined first. `of` and `client` look for clients for one of them.
#[server(prefix = "/app", endpoint = "get_team", output = crate::codec::Json)]
pub async fn get_team(
    search: Option<String>,
    cursor: Option<String>,
    of: Option<MemberId>,
    client: Option<String>,
) -> Result<Team, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let filter = service::member::Filter { search, active: None };
    let limit = model::page::DEFAULT_LIMIT;
    let page = service::member::list(&service, &actor, &filter, limit, cursor.as_deref()).await?;
    let ids: Vec<_> = page.items.iter().map(|member| member.id).collect();
    let mut people: Vec<_> = page.items.into_iter().map(person).collect();
    for (id, made) in service::member::assigned(&service, &actor, &ids).await? {
        if let Some(person) = people.iter_mut().find(|person| person.id == id) {
            person.assigned.push((made.id, made.client_id, made.client));
        }
    }
    let found = match of {
        Some(of) => {
            let limit = OFFERED as i64 + 1;
            let mut clients = service::member::assignable(&service, &actor, of, client.as_deref(), limit).await?;
            let more = clients.len() > OFFERED;
            clients.truncate(OFFERED);
            Some(Found { of, clients, more })
        }
        None => None,
    };
    Ok(Team { people, next_cursor: page.next_cursor, found, this: actor.member_id, role: actor.role })
}

#[cfg(feature = "ssr")]
fn person(member: model::member::Member) -> Person {
    Person {
        id: member.id,
        name: member.name,
        email: member.email.to_string(),
        role: member.role,
        active: member.active,
        assigned: Vec::new(),
    }
}

/// What the page shows, as the address says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    search: Option<String>,
    cursor: Option<String>,
    /// For whom clients are looked for, and by which part of their name.
    of: Option<MemberId>,
    client: Option<String>,
}

impl Asked {
    fn read(query: &ParamsMap) -> Self {
        let text = |name: &str| query.get(name).filter(|text| !text.trim().is_empty());
        Self {
            search: text("search"),
            cursor: text("cursor"),
            of: text("of").and_then(|id| id.parse().ok()),
            client: text("client"),
        }
    }

    fn href(self) -> String {
        let mut query = ParamsMap::new();
        let of = self.of.map(|id| id.to_string());
        for (name, value) in [("search", self.search), ("cursor", self.cursor), ("of", of), ("client", self.client)] {
            if let Some(value) = value {
                query.insert(name, value);
            }
        }
        format!("/members{}", query.to_query_string())
    }
}

/// A change of a member that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    id: MemberId,
    name: String,
    role: Option<Role>,
    active: Option<bool>,
    role_before: Role,
}

/// Changes a member's role, or whether it can sign in.
#[server(prefix = "/app", endpoint = "change_member", output = crate::codec::Json)]
pub async fn change_member(id: MemberId, role: Option<Role>, active: Option<bool>) -> Result<Changed, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let change = model::member::Change { role, active, ..Default::default() };
    let (before, _) = service::member::get(&service, &actor, id).await?;
    let after = service::member::update(&service, &actor, id, change).await?;
    Ok(Changed { id, name: after.name, role, active, role_before: before.role })
}

/// What removing a member needs: the clients it answers for, and who can take over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estate {
    clients: Vec<String>,
    heirs: Vec<(MemberId, String)>,
}

/// What removing a member needs.
#[server(prefix = "/app", endpoint = "get_estate", output = crate::codec::Json)]
pub async fn get_estate(id: MemberId) -> Result<Estate, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let clients = service::member::owned(&service, &actor, id).await?.into_iter().map(|(_, name)| name).collect();
    let heirs = service::member::names(&service, &actor, true).await?;
    Ok(Estate { clients, heirs: heirs.into_iter().filter(|(heir, _)| *heir != id).collect() })
}

/// Removes a member for good, once its name was typed; its clients go to `reassign_to`.
#[server(prefix = "/app", endpoint = "remove_member", output = crate::codec::Json)]
pub async fn remove_member(id: MemberId, confirm: String, reassign_to: String) -> Result<String, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let (member, _) = service::member::get(&service, &actor, id).await?;
    if confirm.trim() != member.name {
        let message = format!("type {} to remove this member", member.name);
        return Err(model::input::Invalid::new("confirm", message).into());
    }
    let reassign_to = match reassign_to.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| model::input::Invalid::new("reassign_to", "choose a member"))?),
    };
    service::member::remove(&service, &actor, id, reassign_to).await?;
    Ok(member.name)
}

/// Gives a member sight of a client.
#[server(prefix = "/app", endpoint = "assign_client", output = crate::codec::Json)]
pub async fn assign_client(member_id: MemberId, client_id: ClientId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::member::assign(&service, &actor, member_id, client_id).await?;
    Ok(())
}

/// Takes a member's sight of a client; `member_id` and `client_id` come back, so that it can be given again.
#[server(prefix = "/app", endpoint = "unassign_client", output = crate::codec::Json)]
pub async fn unassign_client(
    id: AssignmentId,
    member_id: MemberId,
    client_id: ClientId,
) -> Result<(MemberId, ClientId), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::member::unassign(&service, &actor, id).await?;
    Ok((member_id, client_id))
}

#[derive(Clone, Copy)]
struct Actions {
    member: ServerAction<ChangeMember>,
    assign: ServerAction<AssignClient>,
    unassign: ServerAction<UnassignClient>,
    remove: ServerAction<RemoveMember>,
    /// Whose removal is being considered.
    removing: RwSignal<Option<Person>>,
    /// Whether the dialog about it is open.
    asking: RwSignal<bool>,
}

/// Members and invitations.
#[component]
pub fn MembersPage() -> impl IntoView {
    let actions = Actions {
        member: ServerAction::new(),
        assign: ServerAction::new(),
        unassign: ServerAction::new(),
        remove: ServerAction::new(),
        removing: RwSignal::new(None),
        asking: RwSignal::new(false),
    };
    let (invite, invitation) = (ServerAction::<InviteMember>::new(), ServerAction::<ChangeInvitation>::new());
    let invited = StoredValue::new(0);
    let Actions { member, assign, unassign, remove, .. } = actions;
    let again = RwSignal::new(0);
    let changes = [successes(member), successes(assign), successes(unassign), successes(remove)];
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Asked::read));
    let team = Resource::new(
        move || (asked.get(), changes.map(|change| change.get()), again.get()),
        |(asked, ..)| get_team(asked.search, asked.cursor, asked.of, asked.client),
    );
    let sent = [successes(invite), successes(invitation)];
    let invitations = Resource::new(move || sent.map(|change| change.get()), |_| list_invitations());
    announce(actions, again);
    let draw = move |team: Team| {
        let roles = Role::ALL.into_iter().filter(|role| *role <= team.role).collect::<Vec<_>>();
        let asked = asked.get_untracked();
        let empty = team.people.is_empty();
        let (people, found) = (StoredValue::new(team.people), StoredValue::new(team.found));
        let (this, reach, drawing) = (team.this, StoredValue::new(roles.clone()), drawing());
        let place = StoredValue::new(Asked { of: None, client: None, ..asked.clone() });
        let client = StoredValue::new(asked.client.clone().unwrap_or_default());
        let older = team
            .next_cursor
            .map(|cursor| Asked { cursor: Some(cursor), search: asked.search.clone(), ..Asked::default() }.href());
        let narrowed = asked.search.is_some();
        view! {
            <Invite invite=invite seen=invited roles=roles />
            <Search asked=asked />
            <Outcome action=member />
            <Outcome action=assign />
            <Outcome action=unassign />
            {empty.then(|| view! {
                <div class="flex flex-wrap items-center gap-3">
                    <p class="text-muted" data-test="empty">{if narrowed { "Nobody matches. Change the search or show everybody." } else { "There is nobody on this page any more." }}</p>
                    <a class=Kind::Plain.class() href="/members">"Show everybody"</a>
                </div>
            })}
            <ul class="flex flex-col gap-3" data-test="members">
                <For each=move || people.get_value() key=move |person| (drawing, person.id) children=move |person| view! {
                    <MemberRow person=person found=found client=client place=place roles=reach this=this actions=actions />
                } />
            </ul>
            {older.map(|href| view! { <p><a class=Kind::Plain.class() href=href>"Earlier members"</a></p> })}
        }
    };
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Members" />
            {part("The members", "heading", team, draw)}
            <Removal actions=actions />
            {part("The invitations", "invitations", invitations, move |list| view! { <Invitations invitations=list action=invitation /> })}
        </div>
    }
}

#[component]
fn Search(asked: Asked) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let show = move |event: SubmitEvent| {
        event.prevent_default();
        let text = input.get_untracked().map(|input| input.value().trim().to_owned());
        let asked = Asked { search: text.filter(|text| !text.is_empty()), ..Asked::default() };
        navigate(&asked.href(), Default::default());
    };
    let text = asked.search.unwrap_or_default();
    view! {
        <form method="get" action="/members" role="search" class="flex flex-wrap items-end gap-2" on:submit=show>
            <label class="flex flex-col gap-1"><span class="text-xs text-muted">"Search by name or address"</span>
                <input node_ref=input id="search" class="control" type="search" name="search" autocomplete="off" data-key="/" data-does="Search the members"
                    value=text.clone() prop:value=text /></label>
            <Button>"Show"</Button>
        </form>
    }
}

/// Says what was done, and offers the way back.
fn announce(actions: Actions, again: RwSignal<usize>) {
    let Some(toasts) = Toasts::of_page() else { return };
    let Actions { member, assign, unassign, remove, asking, .. } = actions;
    on_success(member, move |changed: Changed| {
        let Changed { id, name, role, active, role_before } = changed;
        let words = match (role, active) {
            (Some(role), _) => format!("{name} is {} now", role.label()),
            (_, Some(false)) => format!("{name} is deactivated and signed out everywhere"),
            _ => format!("{name} can sign in again"),
        };
        let undo = move || change_member(id, role.map(|_| role_before), active.map(|active| !active));
        toasts.with_undo(words, again, undo);
    });
    on_success(assign, move |()| toasts.show("The client is assigned", Next::Nothing));
    on_success(unassign, move |(member_id, client_id)| {
        let words = "The client is no longer assigned".to_owned();
        toasts.with_undo(words, again, move || assign_client(member_id, client_id));
    });
    on_success(remove, move |name: String| {
        asking.set(false);
        toasts.show(format!("{name} is removed"), Next::Nothing);
    });
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct MembersRoute;

#[lazy_route]
impl LazyRoute for MembersRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <MembersPage /> }.into_any()
    }
}
