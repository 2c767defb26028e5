//! Settings › Alerts: one's own quiet hours and digest, and for those who run the agency the rules of who hears of what.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};
use serde::{Deserialize, Serialize};

use super::rule::Rules;
use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::{Field, Select},
        form::ActionForm,
        outcome::{Outcome, at, failure, reset_when_done, successes},
        page::Heading,
        part::part,
    },
    error::AppError,
    pages::settings::SettingsTabs,
    refused::Typed,
};

/// The page's own address.
const PAGE: &str = "/settings/alerts";

/// What one chose for one's own mails, and what can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnMails {
    /// When quiet begins, as 22:00; empty for no quiet hours.
    quiet_from: String,
    /// When it ends.
    quiet_until: String,
    /// In which zone; empty for the agency's.
    time_zone: String,
    digest: bool,
    zones: Vec<String>,
}

/// One's own quiet hours and digest.
#[server(prefix = "/app", endpoint = "get_alert_settings", output = crate::codec::Json)]
pub async fn get_alert_settings() -> Result<OwnMails, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let kept = service::alert::rule::settings(&service, &actor).await?;
    let (quiet_from, quiet_until) = kept.quiet.map(|quiet| quiet.words()).unwrap_or_default();
    let (time_zone, zones) = (kept.time_zone.unwrap_or_default(), service::moment::zones());
    Ok(OwnMails { quiet_from, quiet_until, time_zone, digest: kept.digest, zones })
}

/// Changes one's own quiet hours and digest.
#[server(prefix = "/app", endpoint = "update_alert_settings", output = crate::codec::Json)]
pub async fn update_alert_settings(
    quiet_from: String,
    quiet_until: String,
    time_zone: String,
    #[server(default)] digest: bool,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let hours = (quiet_from.as_str(), quiet_until.as_str());
    service::alert::rule::set_settings(&service, &actor, hours, &time_zone, digest).await?;
    Ok(())
}

/// One's own mails, and the rules.
#[component]
pub fn AlertSettingsPage() -> impl IntoView {
    let update = ServerAction::<UpdateAlertSettings>::new();
    let (saved, seen) = (successes(update), StoredValue::new(0));
    let own = Resource::new(move || saved.get(), |_| get_alert_settings());
    view! {
        <div class="flex max-w-2xl flex-col gap-6">
            <Heading text="Alerts and their mails" />
            <SettingsTabs here=PAGE />
            <p class="max-w-prose text-muted">"Owners and Admins set the rules of who hears of which alerts. Everybody sets when their own mails come."</p>
            {part("Your mails", "heading", own, move |own| view! { <Own own=own update=update seen=seen /> })}
            <Rules />
        </div>
    }
}

#[component]
fn Own(own: OwnMails, update: ServerAction<UpdateAlertSettings>, seen: StoredValue<usize>) -> impl IntoView {
    let (failure, typed) = (failure(update), Typed::of(update));
    let form = NodeRef::new();
    reset_when_done(update, seen, form);
    let OwnMails { quiet_from, quiet_until, time_zone, digest, zones } = own;
    // A box that is not ticked is not among the fields of a form that came back.
    let back = typed.came_back();
    let digest = if back { untrack(|| typed.text("digest")).is_some() } else { digest };
    let agencys = (String::new(), "The agency's".to_owned());
    let zones = [agencys].into_iter().chain(zones.into_iter().map(|zone| (zone.clone(), zone))).collect();
    view! {
        <Card title="Your mails" about="In quiet hours no mail about alerts comes; what happened meanwhile comes as one mail at their end. Leave both empty for none.">
            <ActionForm action=update node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
                <div class="grid gap-4 sm:grid-cols-2">
                    <Field name="quiet_from" label="Quiet from" kind="time" value=typed.or("quiet_from", quiet_from) error=at(failure, "quiet_from") />
                    <Field name="quiet_until" label="Quiet until" kind="time" value=typed.or("quiet_until", quiet_until) error=at(failure, "quiet_until") />
                </div>
                <Select name="time_zone" id="quiet-zone" label="Times of" options=zones value=typed.first("time_zone", time_zone) error=at(failure, "time_zone") />
                <label class="box"><input type="checkbox" name="digest" value="true" autocomplete="off" checked=digest />"Send me the digest on Mondays at 08:00"</label>
                <div><Button kind=Kind::Primary id="save-own" pending=update.pending()>"Save"</Button></div>
            </ActionForm>
            <Outcome action=update fields=&["quiet_from", "quiet_until", "time_zone"] done="Saved." />
        </Card>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct AlertSettingsRoute;

#[lazy_route]
impl LazyRoute for AlertSettingsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <AlertSettingsPage /> }.into_any()
    }
}
