//! The agency's own settings: its name, money, time zone, and the stages of its board. A part of the settings page.

use leptos::prelude::*;
use model::{
    currency,
    stage::{Stage, Thresholds},
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::{Field, Select},
        focus,
        form::ActionForm,
        icon::{Icon, IconView},
        outcome::{Outcome, at, failure, on_success, reset_when_done, successes},
        part::{drawing, part},
        toast::Toasts,
    },
    error::AppError,
    pages::{client::plain, frame::Refresh},
    refused::Typed,
};

/// The agency's settings and what they can be chosen from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    name: String,
    time_zone: String,
    currency: String,
    thresholds: Thresholds,
    zones: Vec<String>,
}

/// The agency's settings, for those who may read them.
#[server(prefix = "/app", endpoint = "get_agency", output = crate::codec::Json)]
pub async fn get_agency() -> Result<Option<Agency>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    if !model::access::may(actor.role, model::access::Action::ReadSettings) {
        return Ok(None);
    }
    let (model::organization::Organization { name, time_zone, currency, thresholds, .. }, _) =
        service::organization::settings(&service, &actor).await?;
    Ok(Some(Agency { name, time_zone, currency, thresholds, zones: service::moment::zones() }))
}

/// The stages of the board, for those who may change them.
#[server(prefix = "/app", endpoint = "get_stages", output = crate::codec::Json)]
pub async fn get_stages() -> Result<Option<Vec<Stage>>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    if !model::access::may(actor.role, model::access::Action::EditSettings) {
        return Ok(None);
    }
    let (_, stages) = service::organization::settings(&service, &actor).await?;
    Ok(Some(stages))
}

/// Changes the agency's settings.
#[server(prefix = "/app", endpoint = "update_agency", output = crate::codec::Json)]
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
    let change = |agency: &mut model::organization::Organization| {
        (agency.name, agency.time_zone, agency.currency) = (organization, time_zone, currency);
        (agency.thresholds.yellow_days, agency.thresholds.red_days) = (yellow, red);
    };
    service::organization::update(&service, &actor, change, None).await?;
    Ok(())
}

/// Renames, orders, adds and removes stages: names and ids side by side in the board's order, an empty id for a new
/// stage, an empty name to remove.
#[server(prefix = "/app", endpoint = "update_stages", output = crate::codec::Json)]
pub async fn update_stages(names: Vec<String>, ids: Vec<String>) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let edit = |(name, id): (String, String)| model::stage::StageEdit { id: id.parse().ok(), name };
    let stages = names.into_iter().zip(ids).filter(|(name, _)| !name.trim().is_empty()).map(edit).collect();
    service::organization::update(&service, &actor, |_| (), Some(stages)).await?;
    Ok(())
}

/// The agency and its stages, each loading and failing by itself: saving one leaves what is typed into the other.
#[component]
pub fn AgencyParts() -> impl IntoView {
    let update = ServerAction::<UpdateAgency>::new();
    let stages = ServerAction::<UpdateStages>::new();
    let [agency_seen, stages_seen] = [(); 2].map(|()| StoredValue::new(0));
    let (updated, arranged) = (successes(update), successes(stages));
    let agency = Resource::new(move || updated.get(), |_| get_agency());
    let list = Resource::new(move || arranged.get(), |_| get_stages());
    let refresh = Refresh::of_page();
    on_success(update, move |()| refresh.frame());
    let form = move |agency: Option<Agency>| {
        agency.map(|agency| view! { <AgencyForm agency=agency update=update seen=agency_seen /> })
    };
    let board =
        move |list: Option<Vec<Stage>>| list.map(|list| view! { <Stages list=list update=stages seen=stages_seen /> });
    view! {
        {part("The agency's settings", "heading", agency, form)}
        {part("The stages", "heading", list, board)}
    }
}

#[component]
fn AgencyForm(agency: Agency, update: ServerAction<UpdateAgency>, seen: StoredValue<usize>) -> impl IntoView {
    let (failure, typed) = (failure(update), Typed::of(update));
    let form = NodeRef::new();
    reset_when_done(update, seen, form);
    let days = agency.thresholds;
    view! {
        <Card title="Agency">
            <ActionForm action=update node_ref=form attr:class="grid gap-4 sm:grid-cols-2" attr:novalidate=true>
                <div class="sm:col-span-2"><Field name="organization" label="Agency name" value=typed.or("organization", agency.name) error=at(failure, "organization") /></div>
                <Select name="time_zone" label="Time zone" options=plain(agency.zones) value=typed.first("time_zone", agency.time_zone) error=at(failure, "time_zone") help="Times on all pages follow it." />
                <Select name="currency" label="Currency" options=plain(currency::ALL) value=typed.first("currency", agency.currency) error=at(failure, "currency") />
                <Field name="stage_yellow_days" label="Slow after days" kind="number" value=typed.or("stage_yellow_days", days.yellow_days.to_string()) error=at(failure, "stage_yellow_days") />
                <Field name="stage_red_days" label="Stuck after days" kind="number" value=typed.or("stage_red_days", days.red_days.to_string()) error=at(failure, "stage_red_days") />
                <div><Button kind=Kind::Primary id="save-agency" pending=update.pending()>"Save agency"</Button></div>
            </ActionForm>
            <Outcome action=update fields=&["organization", "time_zone", "currency", "stage_yellow_days", "stage_red_days"] done="Saved." />
        </Card>
    }
}

/// The stages of a form that came back, as typed and without the empty lines for new ones; none of one that did not.
fn arranged(fields: Vec<(String, String)>) -> Option<Vec<(String, String)>> {
    let all = |list: &str| {
        let numbered = fields.iter().filter_map(|(name, text)| {
            let number: usize = name.strip_prefix(list)?.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
            Some((number, text.clone()))
        });
        numbered.collect::<std::collections::BTreeMap<_, _>>()
    };
    let (ids, mut names) = (all("ids"), all("names"));
    let lines: Vec<_> = ids.into_iter().map(|(number, id)| (id, names.remove(&number).unwrap_or_default())).collect();
    let lines = lines.into_iter().filter(|(id, name)| !id.is_empty() || !name.is_empty()).collect::<Vec<_>>();
    (!lines.is_empty()).then_some(lines)
}

/// A line of the list: a number of its own on this screen, the stage's id or none, and its stored name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    key: usize,
    id: String,
    name: String,
}

#[component]
fn Stages(list: Vec<Stage>, update: ServerAction<UpdateStages>, seen: StoredValue<usize>) -> impl IntoView {
    let form = NodeRef::new();
    reset_when_done(update, seen, form);
    let stored = list.into_iter().map(|stage| (stage.id.to_string(), stage.name)).collect();
    let arranged = untrack(|| arranged(Typed::of(update).fields())).unwrap_or(stored);
    let lines: Vec<_> = arranged
        .into_iter()
        .chain([Default::default()])
        .enumerate()
        .map(|(key, (id, name))| Line { key, id, name })
        .collect();
    let (lines, drawing) = (RwSignal::new(lines), drawing());
    let add = move |_| {
        let key = lines.with_untracked(Vec::len);
        lines.update(|lines| lines.push(Line { key, id: String::new(), name: String::new() }));
        request_animation_frame(move || {
            focus::to(&format!("stage-{key}"));
        });
    };
    view! {
        <Card title="Stages of the board" about="Between 3 and 20, in the order of the board. An empty line adds none; emptying a name removes a stage that holds no client.">
            <ActionForm action=update node_ref=form attr:class="flex flex-col gap-2">
                <For each=move || lines.get() key=move |line| (drawing, line.key) children=move |line| view! { <StageLine line=line lines=lines /> } />
                <div class="flex flex-wrap gap-2">
                    <Button kind=Kind::Primary id="save-stages" pending=update.pending()>"Save stages"</Button>
                    <Button does="button" press=add>"Add a line"</Button>
                </div>
            </ActionForm>
            <Outcome action=update done="Saved." />
        </Card>
    }
}

#[component]
fn StageLine(line: Line, lines: RwSignal<Vec<Line>>) -> impl IntoView {
    let key = line.key;
    let at = Memo::new(move |_| lines.with(|lines| lines.iter().position(|line| line.key == key)).unwrap_or_default());
    let last = move || lines.with(|lines| at.get() + 1 >= lines.len());
    let toasts = Toasts::of_page();
    let swap = move |other: Option<usize>, button: String| {
        let here = at.get_untracked();
        let Some(other) = other.filter(|other| lines.with_untracked(|lines| *other < lines.len())) else { return };
        lines.update(|lines| lines.swap(here, other));
        if let Some(toasts) = toasts {
            toasts.tell(format!("Now stage {} of the board", other + 1));
        }
        request_animation_frame(move || {
            focus::to(&button);
        });
    };
    let (up, down) = (format!("stage-{key}-up"), format!("stage-{key}-down"));
    let name = if line.name.is_empty() { "the new stage".to_owned() } else { line.name.clone() };
    let (up_id, down_id) = (up.clone(), down.clone());
    view! {
        <div class="flex items-center gap-1">
            <input type="hidden" name=move || format!("ids[{}]", at.get()) value=line.id />
            <input class="control" id=format!("stage-{key}") name=move || format!("names[{}]", at.get()) value=line.name autocomplete="off"
                aria-label=move || format!("Stage {}", at.get() + 1) />
            <button type="button" id=up_id class="button button-quiet button-icon needs-live" aria-label=format!("Move {name} up")
                aria-disabled=move || (at.get() == 0).then_some("true") on:click=move |_| swap(at.get_untracked().checked_sub(1), up.clone())>
                <IconView icon=Icon::Up />
            </button>
            <button type="button" id=down_id class="button button-quiet button-icon needs-live" aria-label=format!("Move {name} down")
                aria-disabled=move || last().then_some("true") on:click=move |_| swap(Some(at.get_untracked() + 1), down.clone())>
                <IconView icon=Icon::Down />
            </button>
        </div>
    }
}
