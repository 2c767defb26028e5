//! Settings: one's own profile and sign-in, and the agency's name, places and board.

use leptos::{form::ActionForm, prelude::*};
use leptos_router::{LazyRoute, lazy_route};
use model::{
    access::{Action, may},
    id::SessionId,
    member::Member,
    organization::Organization,
    stage::Stage,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    components::{
        badge::{Badge, Shade},
        field::Field,
        outcome::{Outcome, at, failure, reset_when_done, successes},
        page::{Heading, Moment, Skeleton, loaded},
    },
    error::AppError,
};

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    id: SessionId,
    user_agent: String,
    #[serde(with = "time::serde::rfc3339")]
    seen_at: OffsetDateTime,
    current: bool,
}

/// Everything the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    member: Member,
    sessions: Vec<SessionRow>,
    agency: Option<(Organization, Vec<Stage>)>,
}

/// One's own settings, and the agency's for those who may read them.
#[server(prefix = "/app", endpoint = "get_settings")]
pub async fn get_settings() -> Result<Settings, AppError> {
    let (actor, service, this) = (crate::server::actor()?, crate::server::service()?, crate::server::session_id()?);
    let (_, member) = service::organization::get(&service, &actor).await?;
    let row = |row: service::session::Listed| SessionRow {
        id: row.id,
        user_agent: row.user_agent,
        seen_at: row.seen_at,
        current: row.id == this,
    };
    let sessions = service::session::list(&service, &actor).await?.into_iter().map(row).collect();
    let agency = match may(actor.role, Action::ReadSettings) {
        true => Some(service::organization::settings(&service, &actor).await?),
        false => None,
    };
    Ok(Settings { member, sessions, agency })
}

/// Changes one's own name and nickname.
#[server(prefix = "/app", endpoint = "update_profile")]
pub async fn update_profile(name: String, nickname: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let change = model::member::Change { name: Some(name), nickname: Some(nickname), ..Default::default() };
    service::member::update_self(&service, &actor, change).await?;
    Ok(())
}

/// Changes one's own password.
#[server(prefix = "/app", endpoint = "change_password")]
pub async fn change_password(present: String, password: String) -> Result<(), AppError> {
    let (actor, service, this) = (crate::server::actor()?, crate::server::service()?, crate::server::session_id()?);
    Ok(service::password_reset::change(&service, &actor, &present, &password, Some(this)).await?)
}

/// Ends one of one's own sessions.
#[server(prefix = "/app", endpoint = "end_session")]
pub async fn end_session(id: SessionId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::session::revoke(&service, &actor, id).await?)
}

/// Changes the agency's settings.
#[server(prefix = "/app", endpoint = "update_agency")]
pub async fn update_agency(
    organization: String,
    time_zone: String,
    currency: String,
    stage_yellow_days: String,
    stage_red_days: String,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let days = |field, text: &str| {
        text.trim().parse().map_err(|_| model::input::Invalid::new(field, "enter a number of days"))
    };
    let (yellow, red) = (days("stage_yellow_days", &stage_yellow_days)?, days("stage_red_days", &stage_red_days)?);
    let change = |agency: &mut Organization| {
        (agency.name, agency.time_zone, agency.currency) = (organization, time_zone, currency);
        (agency.thresholds.yellow_days, agency.thresholds.red_days) = (yellow, red);
    };
    service::organization::update(&service, &actor, change, None).await?;
    Ok(())
}

/// Renames, adds and removes stages: names and ids side by side, an empty id for a new stage, an empty name to remove.
#[server(prefix = "/app", endpoint = "update_stages")]
pub async fn update_stages(names: Vec<String>, ids: Vec<String>) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let edit = |(name, id): (String, String)| model::stage::StageEdit { id: id.parse().ok(), name };
    let stages = names.into_iter().zip(ids).filter(|(name, _)| !name.trim().is_empty()).map(edit).collect();
    service::organization::update(&service, &actor, |_| (), Some(stages)).await?;
    Ok(())
}

/// All settings in one page.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let profile = ServerAction::<UpdateProfile>::new();
    let password = ServerAction::<ChangePassword>::new();
    let session = ServerAction::<EndSession>::new();
    let agency = ServerAction::<UpdateAgency>::new();
    let stages = ServerAction::<UpdateStages>::new();
    let [profile_seen, password_seen, agency_seen, stages_seen] = [(); 4].map(|()| StoredValue::new(0));
    let changes = [successes(profile), successes(password), successes(session), successes(agency), successes(stages)];
    let settings = Resource::new(move || changes.map(|change| change.get()), |_| get_settings());
    view! {
        <div class="flex max-w-2xl flex-col gap-6">
            <Heading text="Settings" />
            <Transition fallback=|| view! { <Skeleton /> }>
                {move || Suspend::new(async move {
                    loaded(settings.await, |settings| view! {
                        {may(settings.member.role, Action::RunJobs).then(|| view! { <SettingsTabs here="settings" /> })}
                        <Profile member=settings.member profile=profile seen=profile_seen />
                        <Password password=password seen=password_seen />
                        <Appearance />
                        <Sessions sessions=settings.sessions end=session />
                        {settings.agency.map(|(organization, list)| view! {
                            <Agency organization=organization update=agency seen=agency_seen />
                            <Stages list=list update=stages seen=stages_seen />
                        })}
                    })
                })}
            </Transition>
        </div>
    }
}

/// The way between the parts of the settings, for those who see more than their own.
#[component]
pub fn SettingsTabs(
    /// Which of them this page is.
    here: &'static str,
) -> impl IntoView {
    let current = move |name| (here == name).then_some("page");
    view! {
        <nav aria-label="Parts of the settings" class="flex gap-1">
            <a class="tab" href="/settings" aria-current=current("settings")>"Settings"</a>
            <a class="tab" href="/settings/jobs" aria-current=current("jobs")>"Background work"</a>
        </nav>
    }
}

#[component]
fn Profile(member: Member, profile: ServerAction<UpdateProfile>, seen: StoredValue<usize>) -> impl IntoView {
    let failure = failure(profile);
    let form = NodeRef::new();
    reset_when_done(profile, seen, form);
    view! {
        <section class="panel flex flex-col gap-4" aria-label="Profile">
            <h2>"Profile"</h2>
            <ActionForm action=profile node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
                <Field name="name" label="Name" autocomplete="name" value=member.name error=at(failure, "name") />
                <Field name="nickname" label="Nickname" help="What colleagues call you." value=member.nickname error=at(failure, "nickname") />
                <div><button type="submit" class="button button-primary">"Save profile"</button></div>
            </ActionForm>
            <Outcome action=profile fields=&["name", "nickname"] done="Saved." />
        </section>
    }
}

#[component]
fn Password(password: ServerAction<ChangePassword>, seen: StoredValue<usize>) -> impl IntoView {
    let failure = failure(password);
    let form = NodeRef::new();
    reset_when_done(password, seen, form);
    view! {
        <section class="panel flex flex-col gap-4" aria-label="Password">
            <h2>"Password"</h2>
            <ActionForm action=password node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
                <Field name="present" label="Present password" kind="password" autocomplete="current-password" error=at(failure, "present") />
                <Field name="password" label="New password" kind="password" autocomplete="new-password"
                    help="At least 8 characters. A few uncommon words are best." error=at(failure, "password") />
                <div><button type="submit" class="button button-primary">"Change password"</button></div>
            </ActionForm>
            <Outcome action=password fields=&["present", "password"] done="Changed. Your other sessions have ended." />
        </section>
    }
}

#[component]
fn Appearance() -> impl IntoView {
    view! {
        <section class="panel flex flex-col gap-3" aria-label="Appearance">
            <h2>"Appearance"</h2>
            <form method="post" action="/theme" class="flex flex-wrap gap-2">
                <button type="submit" class="button button-plain" name="theme" value="system">"Like the system"</button>
                <button type="submit" class="button button-plain" name="theme" value="light">"Light"</button>
                <button type="submit" class="button button-plain" name="theme" value="dark">"Dark"</button>
            </form>
            <p class="text-xs text-muted">"Ctrl-K or ⌘-K goes to any page or client."</p>
        </section>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionRow>, end: ServerAction<EndSession>) -> impl IntoView {
    view! {
        <section class="panel flex flex-col gap-3" aria-label="Sessions">
            <h2>"Where you are signed in"</h2>
            <Outcome action=end />
            <ul class="flex flex-col" data-test="sessions">
                {sessions.into_iter().map(|row| view! {
                    <li class="flex items-center justify-between gap-3 border-b border-line py-2">
                        <span class="min-w-0"><span class="block break-words">{if row.user_agent.is_empty() { "A program".to_owned() } else { row.user_agent }}</span>
                            <span class="text-xs text-muted">"last seen " <Moment at=row.seen_at /></span></span>
                        {if row.current {
                            view! { <Badge shade=Shade::Good words="This browser" /> }.into_any()
                        } else {
                            view! {
                                <ActionForm action=end>
                                    <input type="hidden" name="id" value=row.id.to_string() />
                                    <button type="submit" class="button button-quiet">"End"</button>
                                </ActionForm>
                            }.into_any()
                        }}
                    </li>
                }).collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn Agency(organization: Organization, update: ServerAction<UpdateAgency>, seen: StoredValue<usize>) -> impl IntoView {
    let failure = failure(update);
    let form = NodeRef::new();
    reset_when_done(update, seen, form);
    let days = organization.thresholds;
    view! {
        <section class="panel flex flex-col gap-4" aria-label="Agency">
            <h2>"Agency"</h2>
            <ActionForm action=update node_ref=form attr:class="grid gap-4 sm:grid-cols-2" attr:novalidate=true>
                <div class="sm:col-span-2"><Field name="organization" label="Agency name" value=organization.name error=at(failure, "organization") /></div>
                <Field name="time_zone" label="Time zone" value=organization.time_zone error=at(failure, "time_zone") />
                <Field name="currency" label="Currency" value=organization.currency error=at(failure, "currency") />
                <Field name="stage_yellow_days" label="Slow after days" kind="number" value=days.yellow_days.to_string() error=at(failure, "stage_yellow_days") />
                <Field name="stage_red_days" label="Stuck after days" kind="number" value=days.red_days.to_string() error=at(failure, "stage_red_days") />
                <div><button type="submit" class="button button-primary">"Save agency"</button></div>
            </ActionForm>
            <Outcome action=update fields=&["organization", "time_zone", "currency", "stage_yellow_days", "stage_red_days"] done="Saved." />
        </section>
    }
}

#[component]
fn Stages(list: Vec<Stage>, update: ServerAction<UpdateStages>, seen: StoredValue<usize>) -> impl IntoView {
    let form = NodeRef::new();
    reset_when_done(update, seen, form);
    let rows: Vec<_> = list
        .into_iter()
        .map(|stage| (stage.id.to_string(), stage.name))
        .chain([(String::new(), String::new())])
        .collect();
    view! {
        <section class="panel flex flex-col gap-4" aria-label="Stages">
            <h2>"Stages of the board"</h2>
            <p class="text-xs text-muted">"Between 3 and 20. The last line adds one; an empty name removes a stage that holds no client."</p>
            <ActionForm action=update node_ref=form attr:class="flex flex-col gap-2">
                {rows.into_iter().enumerate().map(|(number, (id, name))| view! {
                    <input type="hidden" name=format!("ids[{number}]") value=id />
                    <input class="control" name=format!("names[{number}]") value=name aria-label=format!("Stage {}", number + 1) />
                }).collect_view()}
                <div><button type="submit" class="button button-primary">"Save stages"</button></div>
            </ActionForm>
            <Outcome action=update done="Saved." />
        </section>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct SettingsRoute;

#[lazy_route]
impl LazyRoute for SettingsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <SettingsPage /> }.into_any()
    }
}
