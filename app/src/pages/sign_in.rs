//! Settings › Sign-in: password, two-factor sign-in, access tokens, and where one is signed in.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};
use model::{id::SessionId, moment::Moment, two_factor::TwoFactor};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        card::Card,
        field::Field,
        form::ActionForm,
        outcome::{Outcome, at, failure, reset_when_done, successes},
        page::{Heading, When},
        part::part,
    },
    error::AppError,
    pages::{
        access_tokens::{AccessTokens, CreateToken, RemoveToken, TokenRow},
        settings::SettingsTabs,
        two_factor::{ConfirmTwoFactor, DisableTwoFactor, EnrolTwoFactor, RenewRecoveryCodes, TwoFactorCard},
    },
};

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    id: SessionId,
    user_agent: String,
    seen_at: Moment,
    current: bool,
}

/// Everything the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    two_factor: TwoFactor,
    sessions: Vec<SessionRow>,
    tokens: Vec<TokenRow>,
}

/// How one signs in, and where one is signed in.
#[server(prefix = "/app", endpoint = "get_sign_in", output = crate::codec::Json)]
pub async fn get_sign_in() -> Result<SignIn, AppError> {
    let (actor, service, this) = (crate::server::actor()?, crate::server::service()?, crate::server::session_id()?);
    let words = service::moment::Words::of(&service, &actor).await?;
    let row = |row: service::session::Listed| SessionRow {
        id: row.id,
        user_agent: row.user_agent,
        seen_at: words.write(row.seen_at),
        current: row.id == this,
    };
    let sessions = service::session::list(&service, &actor).await?.into_iter().map(row).collect();
    let two_factor = service::two_factor::get(&service, &actor).await?;
    let row = |token: model::access_token::AccessToken| TokenRow {
        id: token.id,
        name: token.name,
        scope: token.scope,
        expires_at: words.write(token.expires_at),
        used_at: token.used_at.map(|at| words.write(at)),
    };
    let tokens = service::access_token::list(&service, &actor).await?.into_iter().map(row).collect();
    Ok(SignIn { two_factor, sessions, tokens })
}

/// Changes one's own password.
#[server(prefix = "/app", endpoint = "change_password", output = crate::codec::Json)]
pub async fn change_password(present: String, password: String) -> Result<(), AppError> {
    let (actor, service, this) = (crate::server::actor()?, crate::server::service()?, crate::server::session_id()?);
    Ok(service::password_reset::change(&service, &actor, &present, &password, Some(this)).await?)
}

/// Ends one of one's own sessions.
#[server(prefix = "/app", endpoint = "end_session", output = crate::codec::Json)]
pub async fn end_session(id: SessionId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::session::revoke(&service, &actor, id).await?)
}

/// Everything about signing in, in one page.
#[component]
pub fn SignInPage() -> impl IntoView {
    let password = ServerAction::<ChangePassword>::new();
    let session = ServerAction::<EndSession>::new();
    let enrol = ServerAction::<EnrolTwoFactor>::new();
    let confirm = ServerAction::<ConfirmTwoFactor>::new();
    let renew = ServerAction::<RenewRecoveryCodes>::new();
    let disable = ServerAction::<DisableTwoFactor>::new();
    let make = ServerAction::<CreateToken>::new();
    let remove = ServerAction::<RemoveToken>::new();
    let [password_seen, token_seen] = [(); 2].map(|()| StoredValue::new(0));
    let changes = [
        successes(password),
        successes(session),
        successes(enrol),
        successes(confirm),
        successes(renew),
        successes(disable),
        successes(make),
        successes(remove),
    ];
    let state = Resource::new(move || changes.map(|change| change.get()), |_| get_sign_in());
    let draw = move |state: SignIn| {
        view! {
            <Password has=state.two_factor.password password=password seen=password_seen />
            <TwoFactorCard state=state.two_factor enrol=enrol confirm=confirm renew=renew disable=disable />
            <Sessions sessions=state.sessions end=session />
            <AccessTokens tokens=state.tokens make=make remove=remove seen=token_seen />
        }
    };
    view! {
        <div class="flex max-w-2xl flex-col gap-6">
            <Heading text="Sign-in"><SettingsTabs here="/settings/sign-in" /></Heading>
            {part("How you sign in", "heading", state, draw)}
        </div>
    }
}

#[component]
fn Password(has: bool, password: ServerAction<ChangePassword>, seen: StoredValue<usize>) -> impl IntoView {
    let failure = failure(password);
    let form = NodeRef::new();
    reset_when_done(password, seen, form);
    view! {
        <Card title="Password">
            {if has {
                view! {
                    <ActionForm action=password node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
                        <Field name="present" label="Present password" kind="password" autocomplete="current-password" error=at(failure, "present") />
                        <Field name="password" label="New password" kind="password" autocomplete="new-password"
                            help="At least 8 characters. A few uncommon words are best." error=at(failure, "password") />
                        <div><Button kind=Kind::Primary id="change-password" pending=password.pending()>"Change password"</Button></div>
                    </ActionForm>
                }.into_any()
            } else {
                view! { <p class="text-muted">"You sign in with Google and have no password here."</p> }.into_any()
            }}
            <Outcome action=password fields=&["present", "password"] done="Changed. Your other sessions have ended." />
        </Card>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionRow>, end: ServerAction<EndSession>) -> impl IntoView {
    view! {
        <Card title="Where you are signed in">
            <Outcome action=end />
            <ul class="flex flex-col" data-test="sessions">
                {sessions.into_iter().map(|row| {
                    let browser = if row.user_agent.is_empty() { "A program".to_owned() } else { row.user_agent };
                    let named = format!("End the session of {browser}");
                    view! {
                    <li class="flex items-center justify-between gap-3 border-b border-line py-2">
                        <span class="min-w-0"><span class="block break-words">{browser}</span>
                            <span class="text-xs text-muted">"last seen " <When at=row.seen_at /></span></span>
                        {if row.current {
                            view! { <Badge shade=Shade::Good words="This browser" /> }.into_any()
                        } else {
                            view! {
                                <ActionForm action=end>
                                    <input type="hidden" name="id" value=row.id.to_string() />
                                    <Button kind=Kind::Quiet named=named pending=end.pending()>"End"</Button>
                                </ActionForm>
                            }.into_any()
                        }}
                    </li>
                }}).collect_view()}
            </ul>
        </Card>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct SignInRoute;

#[lazy_route]
impl LazyRoute for SignInRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <SignInPage /> }.into_any()
    }
}
