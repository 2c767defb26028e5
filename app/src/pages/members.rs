//! The people of the agency: who they are, what they may see, and invitations.

use leptos::{form::ActionForm, prelude::*};
use leptos_router::{LazyRoute, lazy_route};
use model::{
    assignment::Assignment,
    client::Client,
    id::{AssignmentId, ClientId, InvitationId, MemberId},
    invitation::{EmailStatus, Invitation, State},
    member::Member,
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        field::{Field, Select},
        outcome::{Outcome, at, failure, reset_when_done, successes},
        page::{Day, Heading, Skeleton, loaded},
    },
    error::AppError,
};

/// Everything the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    members: Vec<(Member, Vec<Assignment>)>,
    invitations: Vec<Invitation>,
    clients: Vec<Client>,
    this: MemberId,
    role: Role,
}

/// Members, invitations and the clients that can be assigned.
#[server(prefix = "/app", endpoint = "get_team")]
pub async fn get_team() -> Result<Team, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let limit = model::page::MAX_LIMIT;
    let listed = service::member::list(&service, &actor, &Default::default(), limit, None).await?.items;
    let mut members = Vec::new();
    for member in listed {
        members.push(service::member::get(&service, &actor, member.id).await?);
    }
    let invitations = service::invitation::list(&service, &actor, limit, None).await?.items;
    let clients = service::client::list(&service, &actor, &Default::default(), limit, None).await?.items;
    Ok(Team { members, invitations, clients, this: actor.member_id, role: actor.role })
}

/// Asks somebody to join.
#[server(prefix = "/app", endpoint = "invite_member")]
pub async fn invite_member(email: String, role: Role) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let made = service::invitation::create(&service, &actor, &email, role).await;
    made.map(|_| ()).map_err(|error| AppError::from(error).keeping(&[("email", &email)]))
}

/// Takes an invitation back, or sends it again.
#[server(prefix = "/app", endpoint = "change_invitation")]
pub async fn change_invitation(id: InvitationId, resend: bool) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    match resend {
        true => service::invitation::resend(&service, &actor, id).await.map(|_| ())?,
        false => service::invitation::cancel(&service, &actor, id).await?,
    }
    Ok(())
}

/// Changes a member's role, or whether it can sign in.
#[server(prefix = "/app", endpoint = "change_member")]
pub async fn change_member(id: MemberId, role: Option<Role>, active: Option<bool>) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let change = model::member::Change { role, active, ..Default::default() };
    service::member::update(&service, &actor, id, change).await?;
    Ok(())
}

/// Gives a member sight of a client.
#[server(prefix = "/app", endpoint = "assign_client")]
pub async fn assign_client(member_id: MemberId, client_id: ClientId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::member::assign(&service, &actor, member_id, client_id).await?;
    Ok(())
}

/// Takes a member's sight of a client.
#[server(prefix = "/app", endpoint = "unassign_client")]
pub async fn unassign_client(id: AssignmentId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::member::unassign(&service, &actor, id).await?)
}

#[derive(Clone, Copy)]
struct Actions {
    invite: ServerAction<InviteMember>,
    invitation: ServerAction<ChangeInvitation>,
    member: ServerAction<ChangeMember>,
    assign: ServerAction<AssignClient>,
    unassign: ServerAction<UnassignClient>,
}

/// Members and invitations.
#[component]
pub fn MembersPage() -> impl IntoView {
    let actions = Actions {
        invite: ServerAction::new(),
        invitation: ServerAction::new(),
        member: ServerAction::new(),
        assign: ServerAction::new(),
        unassign: ServerAction::new(),
    };
    let invited = StoredValue::new(0);
    let Actions { invite, invitation, member, assign, unassign } = actions;
    let changes = [successes(invite), successes(invitation), successes(member), successes(assign), successes(unassign)];
    let team = Resource::new(move || changes.map(|change| change.get()), |_| get_team());
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Members" />
            <Transition fallback=|| view! { <Skeleton /> }>
                {move || Suspend::new(async move {
                    loaded(team.await, |team| {
                        let roles = Role::ALL.into_iter().filter(|role| *role <= team.role).collect::<Vec<_>>();
                        view! {
                            <Invite invite=actions.invite seen=invited roles=roles.clone() />
                            <Outcome action=actions.member />
                            <Outcome action=actions.assign />
                            <Outcome action=actions.unassign />
                            <ul class="flex flex-col gap-3" data-test="members">
                                {team.members.into_iter().map(|(member, assignments)| view! {
                                    <MemberRow member=member assignments=assignments clients=team.clients.clone() roles=roles.clone() this=team.this actions=actions />
                                }).collect_view()}
                            </ul>
                            <Invitations invitations=team.invitations action=actions.invitation />
                        }
                    })
                })}
            </Transition>
        </div>
    }
}

fn role_options(roles: &[Role]) -> Vec<(String, String)> {
    roles.iter().rev().map(|role| (role.key().to_owned(), role.label().to_owned())).collect()
}

#[component]
fn Invite(invite: ServerAction<InviteMember>, seen: StoredValue<usize>, roles: Vec<Role>) -> impl IntoView {
    let failure = failure(invite);
    let form = NodeRef::new();
    reset_when_done(invite, seen, form);
    let typed = move || failure.with(|error| error.as_ref().and_then(|error| error.typed("email").map(str::to_owned)));
    view! {
        <ActionForm action=invite node_ref=form attr:class="flex flex-col gap-3 sm:flex-row sm:items-start" attr:novalidate=true>
            <div class="w-full sm:w-72">
                <Field name="email" label="Invite by e-mail" kind="email" value=Signal::derive(move || typed().unwrap_or_default()) error=at(failure, "email") />
            </div>
            <Select name="role" label="As" options=role_options(&roles) value="member" />
            <button type="submit" class="button button-primary sm:mt-6" disabled=move || invite.pending().get()>"Send invitation"</button>
        </ActionForm>
        <Outcome action=invite fields=&["email"] done="The invitation is stored; its mail is on the way." />
    }
}

#[component]
fn MemberRow(
    member: Member,
    assignments: Vec<Assignment>,
    clients: Vec<Client>,
    roles: Vec<Role>,
    this: MemberId,
    actions: Actions,
) -> impl IntoView {
    let id = member.id;
    let mine = id == this;
    let reachable = roles.contains(&member.role) && !mine;
    let sees_all = member.role.sees_every_client();
    let name_of = {
        let clients = clients.clone();
        move |id: ClientId| {
            clients
                .iter()
                .find(|client| client.id == id)
                .map_or_else(|| "another client".to_owned(), |client| client.fields.name.clone())
        }
    };
    let choice_label = format!("Client for {}", member.name);
    let person = member.name.clone();
    let free: Vec<_> =
        clients.into_iter().filter(|client| assignments.iter().all(|made| made.client_id != client.id)).collect();
    view! {
        <li class="panel flex flex-col gap-3" data-test=format!("member {}", member.email)>
            <div class="flex flex-wrap items-center justify-between gap-3">
                <div class="min-w-0">
                    <p class="flex items-center gap-2"><span class="font-medium">{member.name.clone()}</span>
                        {mine.then(|| view! { <Badge shade=Shade::Plain words="You" /> })}
                        {(!member.active).then(|| view! { <Badge shade=Shade::Warn words="Deactivated" /> })}</p>
                    <p class="break-words text-xs text-muted">{member.email.to_string()}</p>
                </div>
                {if reachable {
                    view! { <MemberControls member=member.clone() roles=roles change=actions.member /> }.into_any()
                } else {
                    view! { <span class="text-muted">{member.role.label()}</span> }.into_any()
                }}
            </div>
            {if sees_all {
                view! { <p class="text-xs text-muted">"Sees every client."</p> }.into_any()
            } else {
                view! {
                    <div class="flex flex-wrap items-center gap-2">
                        {assignments.is_empty().then(|| view! { <span class="text-xs text-muted">"Sees no client yet."</span> })}
                        {assignments.into_iter().map(|made| {
                            let name = name_of(made.client_id);
                            let label = format!("Take {name} from {person}");
                            view! {
                                <ActionForm action=actions.unassign>
                                    <input type="hidden" name="id" value=made.id.to_string() />
                                    <button type="submit" class="badge cursor-pointer" aria-label=label>{name} " ×"</button>
                                </ActionForm>
                            }
                        }).collect_view()}
                        {(!free.is_empty()).then(|| view! {
                            <ActionForm action=actions.assign attr:class="flex items-center gap-2">
                                <input type="hidden" name="member_id" value=id.to_string() />
                                <select class="control w-auto" name="client_id" aria-label=choice_label>
                                    {free.into_iter().map(|client| view! { <option value=client.id.to_string()>{client.fields.name}</option> }).collect_view()}
                                </select>
                                <button type="submit" class="button button-plain">"Assign"</button>
                            </ActionForm>
                        })}
                    </div>
                }.into_any()
            }}
        </li>
    }
}

#[component]
fn MemberControls(member: Member, roles: Vec<Role>, change: ServerAction<ChangeMember>) -> impl IntoView {
    let (id, same_id) = (member.id.to_string(), member.id.to_string());
    view! {
        <div class="flex flex-wrap items-center gap-2">
            <ActionForm action=change attr:class="flex items-center gap-2">
                <input type="hidden" name="id" value=id />
                <select class="control w-auto" name="role" aria-label=format!("Role of {}", member.name)>
                    {role_options(&roles).into_iter().map(|(key, words)| {
                        let selected = key == member.role.key();
                        view! { <option value=key selected=selected>{words}</option> }
                    }).collect_view()}
                </select>
                <button type="submit" class="button button-plain">"Change role"</button>
            </ActionForm>
            <ActionForm action=change>
                <input type="hidden" name="id" value=same_id />
                <input type="hidden" name="active" value=(!member.active).to_string() />
                <button type="submit" class=if member.active { "button button-danger" } else { "button button-plain" }>
                    {if member.active { "Deactivate" } else { "Activate" }}
                </button>
            </ActionForm>
        </div>
    }
}

#[component]
fn Invitations(invitations: Vec<Invitation>, action: ServerAction<ChangeInvitation>) -> impl IntoView {
    if invitations.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="flex flex-col gap-3" aria-label="Invitations">
            <h2>"Invitations"</h2>
            <Outcome action=action />
            <ul class="flex flex-col" data-test="invitations">
                {invitations.into_iter().map(|invitation| {
                    let open = matches!(invitation.state, State::Pending | State::Expired);
                    let shade = if invitation.state == State::Accepted { Shade::Good } else { Shade::Plain };
                    let failed = open && invitation.email_status == EmailStatus::Failed;
                    let id = invitation.id.to_string();
                    let change = move |resend: bool, words: &'static str| view! {
                        <ActionForm action=action>
                            <input type="hidden" name="id" value=id.clone() />
                            <input type="hidden" name="resend" value=resend.to_string() />
                            <button type="submit" class="button button-quiet">{words}</button>
                        </ActionForm>
                    };
                    view! {
                        <li class="flex flex-wrap items-center justify-between gap-2 border-b border-line py-2">
                            <span class="flex min-w-0 flex-wrap items-center gap-2">
                                <span class="break-words">{invitation.email.to_string()}</span>
                                <span class="text-muted">{invitation.role.label()}</span>
                                <Badge shade=shade words=invitation.state.key() />
                                {failed.then(|| view! { <Badge shade=Shade::Bad words="mail not sent yet" /> })}
                                <span class="text-xs text-muted">"since " <Day at=invitation.created_at /></span>
                            </span>
                            {open.then(|| view! { <span class="flex gap-1">{change.clone()(true, "Send again")}{change(false, "Take back")}</span> })}
                        </li>
                    }
                }).collect_view()}
            </ul>
        </section>
    }.into_any()
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
