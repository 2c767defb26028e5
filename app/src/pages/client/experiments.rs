//! Experiments that showed what a client's advertising brings: those that pull its response curves, and the form that enters one.

use leptos::prelude::*;
use model::id::LiftTestId;
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::{Button, Kind},
        field::{Field, Select},
        form::ActionForm,
        outcome::{Outcome, at, failure, on_success, successes},
        part::{again, part_or},
        toast::{Next, Toasts},
    },
    error::AppError,
    refused::Typed,
};

/// An experiment, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    id: LiftTestId,
    channel: String,
    days: String,
    roas: String,
    standard_error: String,
}

/// The experiments of a client, and of which accounts one can be entered, by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiments {
    items: Vec<Experiment>,
    channels: Vec<(String, String)>,
    editable: bool,
}

/// The experiments of a client; none for those who may not read what is connected.
#[server(prefix = "/app", endpoint = "get_experiments", output = crate::codec::Json)]
pub async fn get_experiments(client_id: String) -> Result<Option<Experiments>, AppError> {
    use model::{
        access::{Action, may},
        day::range,
        id::ClientId,
    };
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id: ClientId = client_id.parse().map_err(|_| service::Error::Missing)?;
    let archived = service::client::get(&service, &actor, id).await?.archived_at.is_some();
    if !may(actor.role, Action::ReadIntegrations) {
        return Ok(None);
    }
    let found = service::lift_test::of_client(&service, &actor, id).await?;
    let shown = |(test, channel): (model::fact::LiftTest, String)| Experiment {
        id: test.id,
        channel,
        days: range(test.first_day, test.last_day),
        roas: test.roas.normalize().to_string(),
        standard_error: test.standard_error.normalize().to_string(),
    };
    Ok(Some(Experiments {
        items: found.tests.into_iter().map(shown).collect(),
        channels: found.channels.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        editable: may(actor.role, Action::EditIntegrations) && !archived,
    }))
}

/// Keeps an experiment.
#[server(prefix = "/app", endpoint = "add_experiment", output = crate::codec::Json)]
pub async fn add_experiment(
    channel_id: String,
    first_day: String,
    last_day: String,
    roas: String,
    standard_error: String,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let channel = channel_id.parse().map_err(|_| service::Error::Missing)?;
    let new = service::lift_test::New::parse(channel, [&first_day, &last_day], [&roas, &standard_error])?;
    service::lift_test::add(&service, &actor, &new).await?;
    Ok(())
}

/// What [`add_experiment`] was told of an experiment that is thrown away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thrown {
    channel_id: String,
    days: [String; 2],
    roas: String,
    standard_error: String,
}

/// Throws an experiment away; gives what it was, so that it can be brought back.
#[server(prefix = "/app", endpoint = "remove_experiment", output = crate::codec::Json)]
pub async fn remove_experiment(id: LiftTestId) -> Result<Thrown, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let was = service::lift_test::remove(&service, &actor, id).await?;
    Ok(Thrown {
        channel_id: was.channel_id.to_string(),
        days: [was.first_day, was.last_day].map(|day| day.to_string()),
        roas: was.roas.to_string(),
        standard_error: was.standard_error.to_string(),
    })
}

/// The experiments and what can be done with them; nothing for those who may not read them. `archived` counts how often the
/// client was archived or brought back.
#[component]
pub fn ExperimentsPart(id: Memo<String>, archived: Signal<usize>) -> impl IntoView {
    let add = ServerAction::<AddExperiment>::new();
    let remove = ServerAction::<RemoveExperiment>::new();
    let (added, removed, undone) = (successes(add), successes(remove), RwSignal::new(0_usize));
    let changed = Signal::derive(move || removed.get() + undone.get());
    let found = Resource::new(move || (id.get(), added.get(), archived.get()), |(id, ..)| get_experiments(id));
    if let Some(toasts) = Toasts::of_page() {
        on_success(add, move |()| {
            toasts.show("The experiment is kept: the curves are read anew with it", Next::Nothing);
        });
        on_success(remove, move |was: Thrown| {
            let undo = move || {
                let Thrown { channel_id, days: [first, last], roas, standard_error } = was.clone();
                add_experiment(channel_id, first, last, roas, standard_error)
            };
            let words = "The experiment is thrown away: the curves are read anew without it";
            toasts.with_undo(words.to_owned(), undone, undo);
        });
    }
    let draw = move |found: Option<Experiments>| {
        let client = id.get_untracked();
        found.map(|found| view! { <Shown client=client found=found add=add remove=remove changed=changed /> })
    };
    // Of a client that is not there, the page says so itself.
    let missing = |error: &AppError| (*error == AppError::Missing).then(|| ().into_any());
    part_or("The experiments", "experiments", found, draw, missing)
}

/// The list, which is read again by itself once one is thrown away or brought back: the form stays with what is typed there.
#[component]
fn Shown(
    client: String,
    found: Experiments,
    add: ServerAction<AddExperiment>,
    remove: ServerAction<RemoveExperiment>,
    changed: Signal<usize>,
) -> impl IntoView {
    let Experiments { items, channels, editable } = found;
    let held = RwSignal::new(items);
    let read = move || {
        let found = get_experiments(client.clone());
        async move { found.await.map(|found| found.map(|found| found.items).unwrap_or_default()) }
    };
    let row = move |one: Experiment| {
        let Experiment { id, channel, days, roas, standard_error } = one;
        let named = format!("Throw away the experiment on {channel}");
        let words =
            format!("{channel}, {days}: {roas} of revenue for each unit of spend, give or take {standard_error}");
        view! {
            <li class="flex flex-wrap items-center justify-between gap-x-3 border-b border-line py-2">
                <span class="min-w-0 break-words" data-literal="">{words}</span>
                {editable.then(|| view! {
                    <ActionForm action=remove>
                        <input type="hidden" name="id" value=id.to_string() />
                        <Button kind=Kind::Quiet named=named pending=remove.pending()>"Throw away"</Button>
                    </ActionForm>
                })}
            </li>
        }
    };
    let enter = editable && !channels.is_empty();
    view! {
        <section class="flex flex-col gap-3" aria-label="Experiments">
            <h2 id="experiments" tabindex="-1">"Experiments"</h2>
            <p class="text-muted">"What an experiment showed a channel to bring, such as a pause in some regions, pulls the curve of what its spend brings."</p>
            <Outcome action=remove />
            {again("The experiments", "experiments", changed, read, held)}
            {move || held.with(Vec::is_empty).then(|| view! { <p class="text-muted" data-test="experiments-empty">"None was entered yet."</p> })}
            <ul class="flex flex-col" data-test="experiments">{move || held.get().into_iter().map(row).collect_view()}</ul>
            {enter.then(|| view! { <Enter channels=channels add=add /> })}
        </section>
    }
}

#[component]
fn Enter(channels: Vec<(String, String)>, add: ServerAction<AddExperiment>) -> impl IntoView {
    let failure = failure(add);
    let typed = Typed::of(add);
    let or = move |name: &'static str| typed.first(name, "");
    view! {
        <ActionForm action=add attr:class="grid gap-4 sm:grid-cols-2" attr:novalidate=true>
            <Select name="channel_id" id="experiment-channel" label="Ad account" options=channels value=or("channel_id") error=at(failure, "channel_id") />
            <Field name="roas" id="experiment-roas" label="Revenue for each unit of spend" help="What was brought over what was spent." value=or("roas") error=at(failure, "roas") />
            <Field name="first_day" id="experiment-first" kind="date" label="First day" value=or("first_day") error=at(failure, "first_day") />
            <Field name="last_day" id="experiment-last" kind="date" label="Last day" value=or("last_day") error=at(failure, "last_day") />
            <Field name="standard_error" id="experiment-error" label="Standard error" help="How far that may be off, as the evaluation of the experiment says." value=or("standard_error") error=at(failure, "standard_error") />
            <Outcome action=add fields=&["channel_id", "roas", "first_day", "last_day", "standard_error"] />
            <div><Button id="add-experiment" pending=add.pending()>"Enter experiment"</Button></div>
        </ActionForm>
    }
}
