//! Settings: one's own profile, and the agency's for those who run it.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};
use model::{
    access::{Action, may},
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::Field,
        form::ActionForm,
        outcome::{Outcome, at, failure, on_success, reset_when_done, successes},
        page::Heading,
        part::part,
        tabs::Tabs,
    },
    error::AppError,
    pages::{agency::AgencyParts, exchange_rates::RatesPart, frame::Refresh},
    refused::Typed,
};

/// Everything the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    name: String,
    nickname: String,
    /// Whether one can look into a simulated agency from here.
    simulates: bool,
    /// `light` or `dark` where this browser keeps one of them.
    theme: Option<String>,
}

/// One's own settings.
#[server(prefix = "/app", endpoint = "get_settings", output = crate::codec::Json)]
pub async fn get_settings() -> Result<Settings, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let (organization, member) = service::organization::get(&service, &actor).await?;
    let simulates = service.simulates && !organization.simulated;
    let theme = crate::theme().map(str::to_owned);
    Ok(Settings { name: member.name, nickname: member.nickname, simulates, theme })
}

/// Changes one's own name and nickname.
#[server(prefix = "/app", endpoint = "update_profile", output = crate::codec::Json)]
pub async fn update_profile(name: String, nickname: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let change = model::member::Change { name: Some(name), nickname: Some(nickname), ..Default::default() };
    service::member::update_self(&service, &actor, change).await?;
    Ok(())
}

/// All settings in one page.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let profile = ServerAction::<UpdateProfile>::new();
    let profile_seen = StoredValue::new(0);
    let saved = successes(profile);
    let settings = Resource::new(move || saved.get(), |_| get_settings());
    let refresh = Refresh::of_page();
    on_success(profile, move |()| refresh.frame());
    let draw = move |settings: Settings| {
        view! {
            <Profile name=settings.name nickname=settings.nickname profile=profile seen=profile_seen />
            <Appearance chosen=settings.theme />
            {settings.simulates.then(|| view! {
                <Card title="Rehearsal agency" about="Eight simulated clients with ads, shops and 400 days of figures. Yours stays as it is; you come back by leaving it.">
                    <form method="post" action="/simulation"><Button>"Try with a rehearsal agency"</Button></form>
                </Card>
            })}
        }
    };
    view! {
        <div class="flex max-w-2xl flex-col gap-6">
            <Heading text="Settings" />
            <SettingsTabs here="/settings" />
            {part("Your settings", "heading", settings, draw)}
            <AgencyParts />
            <RatesPart />
        </div>
    }
}

/// The way between the parts of the settings, in the same place on each of them.
#[component]
pub fn SettingsTabs(
    /// Which of them this page is.
    here: &'static str,
) -> impl IntoView {
    let tabs = move |role: Option<Role>| {
        let own = [
            ("/settings", "General"),
            ("/settings/sign-in", "Sign-in"),
            ("/settings/alerts", "Alerts"),
            ("/settings/texts", "Texts"),
        ];
        let agencys = [
            ("/settings/integrations", "Integrations", Action::ReadIntegrations),
            ("/settings/mail", "Mail", Action::RunJobs),
            ("/settings/jobs", "Background work", Action::RunJobs),
        ];
        let seen = agencys.into_iter().filter(|(.., action)| role.is_some_and(|role| may(role, *action)));
        let tabs = own.into_iter().chain(seen.map(|(href, words, _)| (href, words))).collect();
        view! { <Tabs label="Parts of the settings" tabs=tabs here=here /> }
    };
    let frame = Refresh::of_page();
    view! { <Suspense fallback=move || tabs(None)>{move || Suspend::new(async move { tabs(frame.role().await) })}</Suspense> }
}

#[component]
fn Profile(
    name: String,
    nickname: String,
    profile: ServerAction<UpdateProfile>,
    seen: StoredValue<usize>,
) -> impl IntoView {
    let (failure, typed) = (failure(profile), Typed::of(profile));
    let form = NodeRef::new();
    reset_when_done(profile, seen, form);
    view! {
        <Card title="Profile">
            <ActionForm action=profile node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
                <Field name="name" label="Name" autocomplete="name" value=typed.or("name", name) error=at(failure, "name") />
                <Field name="nickname" label="Nickname" help="What colleagues call you." value=typed.or("nickname", nickname) error=at(failure, "nickname") />
                <div><Button kind=Kind::Primary id="save-profile" pending=profile.pending()>"Save profile"</Button></div>
            </ActionForm>
            <Outcome action=profile fields=&["name", "nickname"] done="Saved." />
        </Card>
    }
}

#[component]
fn Appearance(chosen: Option<String>) -> impl IntoView {
    let chosen = chosen.unwrap_or_else(|| "system".to_owned());
    let themes = [("system", "Like the system"), ("light", "Light"), ("dark", "Dark")];
    let now = themes.iter().find(|(key, _)| *key == chosen).map(|(_, words)| words.to_lowercase());
    let choice = |(key, words): (&'static str, &'static str)| {
        let pressed = if key == chosen { "true" } else { "false" };
        view! { <Button attr:name="theme" attr:value=key attr:aria-pressed=pressed>{words}</Button> }
    };
    let choices = themes.map(choice).collect_view();
    view! {
        <Card title="Appearance">
            <form method="post" action="/theme" class="flex flex-wrap gap-2">{choices}</form>
            {now.map(|now| view! { <p data-test="theme">{format!("Chosen in this browser: {now}.")}</p> })}
            <p class="text-xs text-muted">"Ctrl-K or ⌘-K goes to any page or client; ? lists the keys of the page you are on."</p>
        </Card>
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
