//! Reports that come by themselves: when, to whom, and the form that sets one.

use leptos::prelude::*;
use model::{
    id::ReportScheduleId,
    report::{Board, Every, ShownSchedule},
};

use super::{
    form::{First, Told, owners},
    get_reports,
};
use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        card::Card,
        field::{Field, Select, TextArea},
        focus,
        form::ActionForm,
        outcome::{Outcome, at, failure, on_success, successes},
        part::{again, kept},
        toast::{Next, Toasts},
    },
    error::AppError,
    refused::Typed,
};

/// The fields of a schedule, each of which says what is wrong with it.
const FIELDS: &[&str] = &["title", "client_id", "persona", "sections", "every", "on_day", "hour", "recipients"];

/// Sets a schedule. `on_day` is that of the week from Monday, or of the month.
#[server(prefix = "/app", endpoint = "add_report_schedule", output = crate::codec::Json)]
pub async fn add_report_schedule(
    client_id: String,
    title: String,
    persona: String,
    every: String,
    on_day: i64,
    hour: i64,
    recipients: String,
    #[server(default)] sections: Vec<String>,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let question = super::question(super::client(&client_id)?, &title, &persona, &sections);
    let (question, timing) = model::input::both(question, timing(&every, (on_day, hour), &recipients))?;
    Ok(service::report::schedule::add(&service, &actor, question, timing).await.map(|_| ())?)
}

/// Changes a schedule; whose it is stays, and whether it is switched on.
#[server(prefix = "/app", endpoint = "change_report_schedule", output = crate::codec::Json)]
pub async fn change_report_schedule(
    id: ReportScheduleId,
    title: String,
    persona: String,
    every: String,
    on_day: i64,
    hour: i64,
    recipients: String,
    #[server(default)] sections: Vec<String>,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let question = super::question(None, &title, &persona, &sections);
    let (question, timing) = model::input::both(question, timing(&every, (on_day, hour), &recipients))?;
    Ok(service::report::schedule::change(&service, &actor, id, question, timing).await.map(|_| ())?)
}

/// When and to whom, as a form says it; else all that is wrong with it.
#[cfg(feature = "ssr")]
fn timing(
    every: &str,
    (on_day, hour): (i64, i64),
    recipients: &str,
) -> Result<model::report::Timing, model::input::Invalid> {
    use model::{
        input::{Invalid, both},
        report::Timing,
    };
    let small = |number: i64| i16::try_from(number).unwrap_or(-1);
    let known = Every::parse(every);
    // Of what comes neither every week nor every month, any day of a month may be one.
    let read = Timing::parse(known.unwrap_or(Every::Monthly), small(on_day), small(hour), recipients, true);
    let wrong = || Invalid::new("every", "choose weekly or monthly");
    let (every, read) = both(known.ok_or_else(wrong), read)?;
    Ok(Timing { every, ..read })
}

/// Switches a schedule on or off.
#[server(prefix = "/app", endpoint = "switch_report_schedule", output = crate::codec::Json)]
pub async fn switch_report_schedule(id: ReportScheduleId, enabled: bool) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::report::schedule::switch(&service, &actor, id, enabled).await.map(|_| ())?)
}

/// Throws a schedule away; the reports that came of it stay.
#[server(prefix = "/app", endpoint = "remove_report_schedule", output = crate::codec::Json)]
pub async fn remove_report_schedule(id: ReportScheduleId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::report::schedule::remove(&service, &actor, id).await?)
}

/// What can be done with schedules.
#[derive(Clone, Copy)]
pub(super) struct Deeds {
    add: ServerAction<AddReportSchedule>,
    change: ServerAction<ChangeReportSchedule>,
    /// The schedule whose change was sent last: what is wrong with it is said there.
    of: RwSignal<Option<ReportScheduleId>>,
    switch: ServerAction<SwitchReportSchedule>,
    remove: ServerAction<RemoveReportSchedule>,
}

impl Deeds {
    pub(super) fn new() -> Self {
        Self {
            add: ServerAction::new(),
            change: ServerAction::new(),
            of: RwSignal::new(None),
            switch: ServerAction::new(),
            remove: ServerAction::new(),
        }
    }

    /// Counts what was done.
    pub(super) fn changes(self) -> Signal<usize> {
        let counts = [successes(self.add), successes(self.change), successes(self.switch), successes(self.remove)];
        Signal::derive(move || counts.iter().map(|count| count.get()).sum())
    }
}

/// The schedules, and the form that sets one. What is done to one has them read again into what is there: what is being typed
/// for another, or anywhere else, stays.
#[component]
pub(super) fn Schedules(board: Board, client: String, deeds: Deeds) -> impl IntoView {
    let (zone, may_make) = (StoredValue::new(board.zone.clone()), board.may_make);
    let held = RwSignal::new(board.schedules.clone());
    let rows = Memo::new(move |_| held.get());
    let of = client.clone();
    let read = move || {
        let found = get_reports(of.clone(), String::new());
        async move { found.await.map(|board| board.schedules) }
    };
    let row = move |schedule: Memo<ShownSchedule>| {
        view! { <Row schedule=schedule zone=zone.get_value() deeds=deeds /> }
    };
    if let Some(toasts) = Toasts::of_page() {
        on_success(deeds.add, move |()| toasts.show("It comes by itself from now on.", Next::Nothing));
    }
    let (desk, added) = (StoredValue::new((board, client)), successes(deeds.add));
    // What was set is not typed any more: its form is made anew, with the focus where it was. Drawn over, fields would keep it.
    let add = move |count: usize| {
        if count > 0 {
            focus::restore(focus::held(), "heading");
        }
        let (board, client) = desk.get_value();
        view! { <Add board=board client=client action=deeds.add /> }
    };
    view! {
        <section class="flex flex-col gap-3" aria-label="Reports that come by themselves">
            <h2 tabindex="-1">"Reports that come by themselves"</h2>
            {again("The schedules", "heading", deeds.changes(), read, held)}
            <Outcome action=deeds.change fields=FIELDS done="The schedule is changed." />
            <Outcome action=deeds.switch />
            <Outcome action=deeds.remove done="The schedule is gone; its reports stay." />
            {move || rows.with(Vec::is_empty).then(|| view! { <p class="text-muted" data-test="no-schedules">"None does yet."</p> })}
            <ul class="flex flex-col gap-3" data-test="schedules">
                {kept(rows, |schedule: &ShownSchedule| schedule.id, row)}
            </ul>
        </section>
        {may_make.then(|| view! { <For each=move || [added.get()] key=|count| *count children=add /> })}
    }
}

/// A schedule. What it says follows changes; the form that changes it stays as it is.
#[component]
fn Row(schedule: Memo<ShownSchedule>, zone: String, deeds: Deeds) -> impl IntoView {
    let may_change = schedule.with_untracked(|schedule| schedule.may_change);
    view! {
        <li class="panel flex flex-col gap-2" data-test="schedule">
            {move || view! { <Says schedule=schedule.get() deeds=deeds /> }}
            {may_change.then(|| view! { <Change schedule=schedule zone=zone deeds=deeds /> })}
        </li>
    }
}

/// What a schedule says, and whether it is on.
#[component]
fn Says(schedule: ShownSchedule, deeds: Deeds) -> impl IntoView {
    let ShownSchedule { id, title, client, when, recipients, enabled, done_on, may_change, .. } = schedule;
    let of = client.map_or_else(|| "The whole agency".to_owned(), |(_, name)| name);
    let to = if recipients.is_empty() { "nobody".to_owned() } else { recipients.join(", ") };
    let named = |what: &str| format!("{what}: {title}");
    let (switch_named, remove_named) = (named(if enabled { "Switch off" } else { "Switch on" }), named("Remove"));
    view! {
        <div class="flex flex-wrap items-center justify-between gap-2">
            <h3 class="min-w-0 break-words text-sm font-medium" data-literal="">{title.clone()}</h3>
            {if enabled { view! { <Badge shade=Shade::Good words="On" /> } } else { view! { <Badge shade=Shade::Plain words="Off" /> } }}
        </div>
        <p class="break-words text-muted"><span data-literal="">{of}</span>" · "<span data-literal="">{when}</span>" · to "<span data-literal="">{to}</span></p>
        {done_on.map(|day| view! { <p class="text-xs text-muted">"The last one is of "<span data-literal="">{day}</span>"."</p> })}
        {may_change.then(|| view! {
            <div class="flex flex-wrap gap-2">
                <ActionForm action=deeds.switch>
                    <input type="hidden" name="id" value=id.to_string() />
                    <input type="hidden" name="enabled" value=(!enabled).to_string() />
                    <Button id=format!("switch-{id}") named=switch_named pending=deeds.switch.pending()>{if enabled { "Switch off" } else { "Switch on" }}</Button>
                </ActionForm>
                <ActionForm action=deeds.remove>
                    <input type="hidden" name="id" value=id.to_string() />
                    <Button kind=Kind::Danger id=format!("remove-{id}") named=remove_named pending=deeds.remove.pending()>"Remove"</Button>
                </ActionForm>
            </div>
        })}
    }
}

/// The form that changes a schedule, with what it held when the form was drawn.
#[component]
fn Change(schedule: Memo<ShownSchedule>, zone: String, deeds: Deeds) -> impl IntoView {
    let Deeds { change, of, .. } = deeds;
    let name = Memo::new(move |_| schedule.with(|schedule| schedule.title.clone()));
    let ShownSchedule { id, title, persona, sections, every, on_day, hour, recipients, .. } = schedule.get_untracked();
    let typed = Typed::of(change).only("id", &id.to_string());
    let (back, wrong) = (typed.came_back(), failure(change));
    let failure = Signal::derive(move || wrong.get().filter(|_| of.get().map_or(back, |sent| sent == id)));
    let which = format!("change-{id}");
    let save = move || {
        let named = format!("Save schedule: {}", name.get());
        view! { <Button kind=Kind::Primary id=format!("save-{id}") named=named pending=change.pending() press=move |_| of.set(Some(id))>"Save schedule"</Button> }
    };
    let sections = sections.into_iter().map(|section| section.key().to_owned()).collect();
    let first = First { title, persona, sections };
    let comes = (every, on_day, hour, recipients.join(", "));
    view! {
        <details open=back data-test="change-schedule">
            <summary class="disclosure" aria-label=move || format!("Change: {}", name.get())>"Change"</summary>
            <ActionForm action=change attr:class="grid gap-4 sm:grid-cols-2" attr:novalidate=true>
                <input type="hidden" name="id" value=id.to_string() />
                <Told typed=typed failure=failure which=which.clone() first=first />
                <Comes typed=typed failure=failure which=which first=comes zone=zone />
                <div class="sm:col-span-2">{save}</div>
            </ActionForm>
        </details>
    }
}

/// How often reports come, on which day, at which hour, and to whom.
#[component]
fn Comes(
    typed: Typed,
    failure: Signal<Option<AppError>>,
    /// What tells the ids of several such forms apart.
    #[prop(into)]
    which: String,
    /// What stands there at first.
    first: (Every, i16, i16, String),
    zone: String,
) -> impl IntoView {
    let (often, on_day, hour, recipients) = first;
    let every =
        [(Every::Weekly, "Every week, of the seven days before"), (Every::Monthly, "Every month, of the month before")];
    let every = every.map(|(every, words)| (every.key().to_owned(), words.to_owned())).to_vec();
    let id = move |name: &str| format!("{which}-{name}");
    view! {
        <Select name="every" id=id("every") label="How often" options=every value=typed.first("every", often.key()) error=at(failure, "every") />
        <Field name="on_day" id=id("day") label="Day" kind="number" value=typed.or("on_day", on_day.to_string()) error=at(failure, "on_day") help="Of the week from Monday (1), or of the month; a shorter month has it on its last day." />
        <Field name="hour" id=id("hour") label="Hour" kind="number" value=typed.or("hour", hour.to_string()) error=at(failure, "hour") help=format!("From 0 to 23, on the clock of {zone}.") />
        <TextArea name="recipients" id=id("recipients") label="Recipients" value=typed.first("recipients", recipients) error=at(failure, "recipients") />
    }
}

/// The form that sets a schedule.
#[component]
fn Add(board: Board, client: String, action: ServerAction<AddReportSchedule>) -> impl IntoView {
    let (typed, failure) = (Typed::of(action), failure(action));
    let whose = (owners(&board), client);
    let comes = (Every::Weekly, 1, 8, String::new());
    view! {
        <Card title="Have one come by itself" about="It is made at its hour and mailed as a PDF to the addresses below.">
            <ActionForm action=action attr:class="grid gap-4 sm:grid-cols-2" attr:novalidate=true>
                <Told typed=typed failure=failure which="schedule" whose=whose />
                <Comes typed=typed failure=failure which="schedule" first=comes zone=board.zone />
                <div class="flex flex-col gap-2 sm:col-span-2">
                    <Outcome action=action fields=FIELDS />
                    <div><Button kind=Kind::Primary id="add-schedule" pending=action.pending()>"Set schedule"</Button></div>
                </div>
            </ActionForm>
        </Card>
    }
}
