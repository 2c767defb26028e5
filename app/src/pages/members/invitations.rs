//! Invitations: the form that asks somebody to join, and those that were asked.

use leptos::prelude::*;
use model::{id::InvitationId, moment::Moment, role::Role};
use serde::{Deserialize, Serialize};

use super::row::role_options;
use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        field::{Field, Select},
        form::ActionForm,
        outcome::{Outcome, at, failure, reset_when_done},
        page::When,
    },
    error::AppError,
    refused::Typed,
};

/// An invitation as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    id: InvitationId,
    email: String,
    role: Role,
    state: model::invitation::State,
    mail: model::invitation::EmailStatus,
    since: Moment,
}

/// The invitations and how many of all wait for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedList {
    items: Vec<Asked>,
    pending: i64,
}

/// The newest hundred invitations, newest first; none for those who may not read them, to whom the list of members says so.
#[server(prefix = "/app", endpoint = "list_invitations", output = crate::codec::Json)]
pub async fn list_invitations() -> Result<AskedList, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    if !model::access::may(actor.role, model::access::Action::ReadMembers) {
        return Ok(AskedList { items: Vec::new(), pending: 0 });
    }
    let words = service::moment::Words::of(&service, &actor).await?;
    let listed = service::invitation::list(&service, &actor, model::page::MAX_LIMIT, None).await?.items;
    let asked = |invitation: model::invitation::Invitation| Asked {
        id: invitation.id,
        email: invitation.email.to_string(),
        role: invitation.role,
        state: invitation.state,
        mail: invitation.email_status,
        since: words.write(invitation.created_at),
    };
    let pending = service::invitation::count_pending(&service, &actor).await?;
    Ok(AskedList { items: listed.into_iter().map(asked).collect(), pending })
}

/// Asks somebody to join.
#[server(prefix = "/app", endpoint = "invite_member", output = crate::codec::Json)]
pub async fn invite_member(email: String, role: Role) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::invitation::create(&service, &actor, &email, role).await.map_err(|error| match error {
        // It is about the address, so it is said there.
        service::Error::Conflict { code: "already_member" | "already_invited", message } => {
            model::input::Invalid::new("email", message).into()
        }
        other => other,
    })?;
    Ok(())
}

/// Takes an invitation back, or sends it again.
#[server(prefix = "/app", endpoint = "change_invitation", output = crate::codec::Json)]
pub async fn change_invitation(id: InvitationId, resend: bool) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    match resend {
        true => service::invitation::resend(&service, &actor, id).await.map(|_| ())?,
        false => service::invitation::cancel(&service, &actor, id).await?,
    }
    Ok(())
}

/// The form that asks somebody to join.
#[component]
pub(super) fn Invite(invite: ServerAction<InviteMember>, seen: StoredValue<usize>, roles: Vec<Role>) -> impl IntoView {
    let failure = failure(invite);
    let form = NodeRef::new();
    reset_when_done(invite, seen, form);
    let typed = Typed::of(invite);
    view! {
        <ActionForm action=invite node_ref=form attr:class="flex flex-col gap-3 sm:flex-row sm:items-start" attr:novalidate=true>
            <div class="w-full sm:w-72">
                <Field name="email" label="Invite by e-mail" kind="email" key=("i", "Invite somebody")
                    value=typed.or("email", "") error=at(failure, "email") />
            </div>
            <Select name="role" label="As" options=role_options(&roles) value=typed.first("role", "member") />
            <div class="flex flex-col sm:mt-6"><Button kind=Kind::Primary pending=invite.pending()>"Send invitation"</Button></div>
        </ActionForm>
        <Outcome action=invite fields=&["email"] done="The invitation is stored; its mail is on the way." />
    }
}

/// Those that were asked; nothing while there are none.
#[component]
pub(super) fn Invitations(invitations: AskedList, action: ServerAction<ChangeInvitation>) -> impl IntoView {
    let AskedList { items, pending } = invitations;
    if items.is_empty() {
        return ().into_any();
    }
    let row = move |asked: Asked| {
        use model::invitation::{EmailStatus, State};
        let open = matches!(asked.state, State::Pending | State::Expired);
        let shade = if asked.state == State::Accepted { Shade::Good } else { Shade::Plain };
        let failed = open && asked.mail == EmailStatus::Failed;
        let (id, email) = (asked.id.to_string(), asked.email.clone());
        let change = move |resend: bool, words: &'static str, named: String| {
            view! {
                <ActionForm action=action>
                    <input type="hidden" name="id" value=id.clone() />
                    <input type="hidden" name="resend" value=resend.to_string() />
                    <Button kind=Kind::Quiet named=named pending=action.pending()>{words}</Button>
                </ActionForm>
            }
        };
        view! {
            <li class="flex flex-wrap items-center justify-between gap-2 border-b border-line py-2">
                <span class="flex min-w-0 flex-wrap items-center gap-2">
                    <span class="min-w-0 break-words">{asked.email}</span>
                    <span class="text-muted">{asked.role.label()}</span>
                    <Badge shade=shade words=asked.state.key() />
                    {failed.then(|| view! { <Badge shade=Shade::Bad words="mail not sent yet" /> })}
                    <span class="text-xs text-muted"><When at=asked.since /></span>
                </span>
                {open.then(|| view! {
                    <span class="flex gap-1">
                        {change.clone()(true, "Send again", format!("Send the invitation to {email} again"))}
                        {change(false, "Take back", format!("Take back the invitation to {email}"))}
                    </span>
                })}
            </li>
        }
    };
    view! {
        <section class="flex flex-col gap-3" aria-label="Invitations">
            <h2 id="invitations" tabindex="-1">"Invitations"
                <span class="text-xs font-normal text-muted">" · " <span data-literal="">{pending}</span> " waiting for an answer"</span></h2>
            <Outcome action=action done="Done. The list shows where each invitation stands." />
            <ul class="flex flex-col" data-test="invitations">{items.into_iter().map(row).collect_view()}</ul>
        </section>
    }
    .into_any()
}
