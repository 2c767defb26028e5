//! A figure opened: its value, how it is made, the rows that it is made of with when they were said and by which run, and the
//! brain state where one says it. The drawer of a page and the page `/figures/:id` show the same.

use leptos::prelude::*;
use leptos_router::{
    LazyRoute,
    hooks::{use_params_map, use_query_map},
    lazy_route,
};
use model::{
    figure::{Evidence, Metric, Opened, Part, Row, Run},
    page::Page,
};

use crate::{
    components::{
        as_of::AsOf,
        figure::address,
        notice::sentence,
        page::{Clock, Heading, When},
        part::part_or,
        table::{Cell, Table},
    },
    error::AppError,
};

/// A figure and the rows that it is made of, from some row on.
#[server(prefix = "/app", endpoint = "open_figure", output = crate::codec::Json)]
pub async fn open_figure(id: String, as_of: String, cursor: String) -> Result<Opened, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let asked = service::figure::Asked {
        as_of: service::moment::parse(&as_of).map_err(service::Error::from)?,
        limit: model::page::DEFAULT_LIMIT,
        cursor: Some(cursor).filter(|text| !text.is_empty()),
    };
    Ok(service::figure::open(&service, &actor, &id, &asked).await?)
}

/// The figure named in the address.
#[component]
pub fn FigurePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let of = move |name: &'static str| Memo::new(move |_| query.with(|query| query.get(name)).unwrap_or_default());
    let (as_of, cursor) = (of("as_of"), of("cursor"));
    // What a state says is of its own moment, and of no other; what takes a client's customers or margin is of now.
    let counted = Memo::new(move |_| {
        id.with(|id| {
            let of_now = id.split('.').nth(1).and_then(Metric::of_client).is_some();
            (id.starts_with("m.") || id.starts_with("d.")) && !of_now
        })
    });
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Figure" />
            {move || counted.get().then(|| view! {
                <AsOf as_of=as_of now=move || address(&id.get(), "", "") />
            })}
            <FigurePart id=id as_of=as_of cursor=cursor />
        </div>
    }
}

/// A figure, read by itself.
#[component]
pub fn FigurePart(
    /// Which.
    #[prop(into)]
    id: Signal<String>,
    /// As it was known at this moment; now, if blank.
    #[prop(into)]
    as_of: Signal<String>,
    /// From which row on; from the first, if blank.
    #[prop(into)]
    cursor: Signal<String>,
    /// Turns to other rows in this place; without it, links lead there.
    #[prop(optional)]
    turn: Option<Callback<String>>,
) -> impl IntoView {
    let asked = Memo::new(move |_| (id.get(), as_of.get(), cursor.get()));
    let opened = Resource::new(move || asked.get(), |(id, as_of, cursor)| open_figure(id, as_of, cursor));
    let draw = move |opened: Opened| {
        let (_, as_of, cursor) = asked.get_untracked();
        view! { <Shown opened=opened as_of=as_of cursor=cursor turn=turn /> }
    };
    let missing = |error: &AppError| {
        (*error == AppError::Missing).then(|| {
            view! { <p class="text-muted">"There is no such figure in your sight: its address is wrong, or what it counts is gone or not yours to see."</p> }
                .into_any()
        })
    };
    part_or("The figure", "opened", opened, draw, missing)
}

#[component]
fn Shown(opened: Opened, as_of: String, cursor: String, turn: Option<Callback<String>>) -> impl IntoView {
    let Opened { id, name, of, days, value, shown, formula, parts, lacks, rows, runs, evidence, .. } = opened;
    let moment = opened.as_of;
    let value = match (value, shown) {
        (Ok(exact), Some(shown)) => view! { <strong class="figure-large figure" data-figure=id.clone() title=exact>{shown}</strong> }.into_any(),
        (Ok(exact), None) => view! { <strong class="figure-large figure" data-figure=id.clone()>{exact}</strong> }.into_any(),
        (Err(why), _) => view! { <span class="text-muted" data-test="absent">"– " <span data-literal="">{sentence(&why)}</span></span> }.into_any(),
    };
    let (many, of_state) = (parts.len() > 1, evidence.is_some());
    view! {
        <div id="opened" tabindex="-1" class="flex flex-col gap-4" data-test="opened">
            <div class="flex flex-col gap-1">
                <p><span class="font-medium" data-literal="">{name}</span><span class="text-muted">" · " <span data-literal="">{of}</span></span></p>
                <p>{value}</p>
                {days.map(|(first, last)| view! { <p class="text-xs text-muted">"Days: " <span data-literal="">{first} " to " {last}</span></p> })}
                {moment.map(|at| view! { <p class="text-xs text-muted" data-test="moment">"As it was known at " <Clock at=at /></p> })}
            </div>
            {(!formula.is_empty()).then(|| view! { <p data-test="formula">"= " <span data-literal="">{formula.replace('_', " ")}</span></p> })}
            {many.then(|| view! { <Parts parts=parts /> })}
            {(!lacks.is_empty()).then(|| view! {
                <ul class="list-disc pl-5 text-xs text-muted" data-test="lacks">{lacks.into_iter().map(|line| view! { <li class="break-words" data-literal="">{sentence(&line)}</li> }).collect_view()}</ul>
            })}
            {evidence.map(|evidence| view! { <State evidence=evidence /> })}
            <Rows id=id rows=rows of_state=of_state as_of=as_of cursor=cursor turn=turn />
            <Runs runs=runs />
        </div>
    }
}

/// The sums that a figure is made from.
#[component]
fn Parts(parts: Vec<Part>) -> impl IntoView {
    view! {
        <Table label="Parts" columns=vec!["Part", "Sum", "Rows"] test="parts">
            {parts.into_iter().map(|part| view! {
                <tr role="row">
                    <Cell>{part.name.replace('_', " ")}</Cell>
                    <Cell of="Sum" number=true><span data-literal="" title=part.value>{part.shown}</span></Cell>
                    <Cell of="Rows" number=true><span data-literal="">{part.rows}</span></Cell>
                </tr>
            }).collect_view()}
        </Table>
    }
}

/// The state that says a number.
#[component]
fn State(evidence: Evidence) -> impl IntoView {
    let Evidence { state_id, day, cut_off, created_at, code_version, input_hash, place, made } = evidence;
    view! {
        <section class="flex flex-col gap-2" aria-label="The state that says it" data-test="evidence">
            <h2 class="text-sm font-medium">"The state that says it"</h2>
            {(!made.is_empty()).then(|| view! {
                <ul class="list-disc pl-5 text-xs">{made.into_iter().map(|line| view! { <li class="break-words" data-literal="">{sentence(&line)}</li> }).collect_view()}</ul>
            })}
            <ul class="text-xs text-muted">
                <li>"It knew what was stored by " <Clock at=cut_off />", to the end of " <span data-literal="">{day}</span></li>
                <li>"It was made " <When at=created_at /> " by the code of version " <span data-literal="">{code_version}</span></li>
                <li class="break-words">"State: " <code data-literal="">{state_id.to_string()}</code></li>
                <li class="break-words">"There: " <code data-literal="">{place}</code></li>
                <li class="break-words">"Hash of all that went in: " <code data-literal="">{input_hash}</code></li>
            </ul>
        </section>
    }
}

#[component]
fn Rows(
    id: String,
    rows: Page<Row>,
    /// Whether they are what a state was made from, not what was added up.
    of_state: bool,
    as_of: String,
    cursor: String,
    turn: Option<Callback<String>>,
) -> impl IntoView {
    let Page { items, next_cursor } = rows;
    if items.is_empty() && cursor.is_empty() {
        return of_state
            .then(|| view! { <p class="text-xs text-muted">"It was not made from days of channels alone, so no rows are listed here; the lines above say what it rests on."</p> })
            .into_any();
    }
    let to = move |words: &'static str, cursor: String| {
        let (href, own) = (address(&id, &as_of, &cursor), cursor);
        let press = move |event: leptos::ev::MouseEvent| {
            if let Some(turn) = turn {
                event.prevent_default();
                turn.run(own.clone());
            }
        };
        view! { <a class="button button-plain" href=href on:click=press>{words}</a> }
    };
    let back = (!cursor.is_empty()).then(|| to("First rows", String::new()));
    view! {
        <section class="flex flex-col gap-2" aria-label="Rows" data-test="rows">
            <h2 class="text-sm font-medium">{if of_state { "The daily rows that it was made from" } else { "Rows" }}</h2>
            <Table label="Rows" columns=vec!["Day", "Source", "Counted", "Said"] test="figure-rows">
                {items.into_iter().map(|row| view! { <OneRow row=row /> }).collect_view()}
            </Table>
            <p class="flex flex-wrap gap-2">{back}{next_cursor.map(|cursor| to("More rows", cursor))}</p>
        </section>
    }
    .into_any()
}

#[component]
fn OneRow(row: Row) -> impl IntoView {
    let Row { part, channel, day, reported, shown, stored, observed_at, .. } = row;
    let converted = (reported != shown)
        .then(|| view! { <span class="block text-xs text-muted" data-literal="">"of " {reported}</span> });
    view! {
        <tr role="row">
            <Cell><span data-literal="">{day}</span></Cell>
            <Cell of="Source"><span data-literal="">{channel}</span><span class="block text-xs text-muted">{part.replace('_', " ")}</span></Cell>
            <Cell of="Counted" number=true><span data-literal="">{shown}</span>{converted}</Cell>
            <Cell of="Said">
                {observed_at.map(|at| view! { <When at=at /> })}
                {(stored > 1).then(|| view! { <span class="block text-xs text-muted">"in " <span data-literal="">{stored}</span> " rows"</span> })}
            </Cell>
        </tr>
    }
}

/// The runs that heard the rows, each with the way to its connection.
#[component]
fn Runs(runs: Vec<Run>) -> impl IntoView {
    (!runs.is_empty()).then(|| {
        view! {
            <section class="flex flex-col gap-2" aria-label="Sync runs" data-test="runs">
                <h2 class="text-sm font-medium">"Heard by"</h2>
                <ul class="flex flex-col gap-1">{runs.into_iter().map(|run| view! { <OneRun run=run /> }).collect_view()}</ul>
            </section>
        }
    })
}

#[component]
fn OneRun(run: Run) -> impl IntoView {
    let Run { id, cause, started_at, connection_id, connection, import_id, .. } = run;
    let href = match (import_id, connection_id) {
        (Some(import), _) => Some(format!("/settings/integrations/import/{import}")),
        (None, Some(connection)) => Some(format!("/settings/integrations/{connection}")),
        (None, None) => None,
    };
    let name = connection.unwrap_or_else(|| "A run that your role does not see".to_owned());
    view! {
        <li class="break-words">
            {match href {
                Some(href) => view! { <a href=href class="underline" data-literal="">{name}</a> }.into_any(),
                None => view! { <span data-literal="">{name}</span> }.into_any(),
            }}
            <span class="text-xs text-muted">
                {cause.map(|cause| view! { " · " <span data-literal="">{cause}</span> })}
                {started_at.map(|at| view! { " · " <When at=at /> })}
                " · " <code data-literal="">{id.to_string()}</code>
            </span>
        </li>
    }
}

/// The page and its code, which the browser loads when it is opened.
#[derive(Debug)]
pub struct FigureRoute;

#[lazy_route]
impl LazyRoute for FigureRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <FigurePage /> }.into_any()
    }
}
