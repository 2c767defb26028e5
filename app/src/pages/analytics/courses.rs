//! Courses of the days: a metric at a time, with what it is compared with, what is foretold and what was noticed; and spend and
//! revenue by channel. Forecast and marks are read by themselves: without them the courses stand as they were counted.

use leptos::prelude::*;
use model::{
    analytics::Head,
    chart::{Chart, Kind},
};

use super::{
    absent,
    asked::Asked,
    shown::{Counted, Thought},
};
use crate::{
    components::{chart::ChartView, figure::Figure, notice::sentence, part::part_of},
    error::AppError,
    pages::dashboard::connect,
};

/// What is written across pictures of simulated charts.
pub(super) fn mark(simulated: bool) -> &'static str {
    if simulated { "Simulated" } else { "" }
}

/// The courses, from both readings.
#[component]
pub(super) fn Courses(
    counted: Resource<Result<Counted, AppError>>,
    thought: Resource<Result<Thought, AppError>>,
    asked: Memo<Asked>,
) -> impl IntoView {
    let load = move || async move {
        let (found, said) = (counted.await, thought.await);
        found.map(|counted| (counted, said.ok()))
    };
    let retry = Callback::new(move |()| {
        counted.refetch();
    });
    let draw = move |(counted, thought): (Counted, Option<Thought>)| view! { <Shown counted=counted thought=thought asked=asked /> };
    // That there is nothing of it the figures say.
    part_of(("The charts", "heading"), load, retry, draw, |error: &AppError| absent(error).then(|| ().into_any()))
}

#[component]
fn Shown(counted: Counted, thought: Option<Thought>, asked: Memo<Asked>) -> impl IntoView {
    let Counted { head, courses, stacks, .. } = counted;
    if courses.is_empty() && stacks.is_empty() {
        return view! {
            <section class="panel flex flex-col gap-2" aria-label="Course" data-test="courses">
                <h2>"Course"</h2>
                <p class="text-muted" data-test="courses-empty">"Nothing was read of these days, so there is nothing to draw. Choose others, or: " {connect(head.may_connect)}</p>
            </section>
        }
        .into_any();
    }
    let simulated = mark(head.simulated);
    view! {
        <Course head=head courses=courses thought=thought asked=asked />
        <div class="grid gap-3" data-test="stacks">
            {stacks.into_iter().map(|chart| {
                let title = chart.title.clone();
                view! { <section class="panel min-w-0" aria-label=title><ChartView chart=chart mark=simulated /></section> }
            }).collect_view()}
        </div>
    }
    .into_any()
}

/// One metric, chosen by links.
#[component]
fn Course(head: Head, courses: Vec<(String, Chart)>, thought: Option<Thought>, asked: Memo<Asked>) -> impl IntoView {
    let keys: Vec<String> = courses.iter().map(|(key, _)| key.clone()).collect();
    let first = keys.first().cloned().unwrap_or_default();
    let metric = Memo::new(move |_| {
        let named = asked.with(|asked| asked.text("metric").to_owned());
        if keys.contains(&named) { named } else { first.clone() }
    });
    let links = courses.iter().map(|(key, chart)| {
        let (key, own) = (key.clone(), key.clone());
        let href = move || asked.with(|asked| asked.with("metric", &own).href());
        let id = format!("metric-{key}");
        let here = move || metric.with(|metric| *metric == key).then_some("page");
        view! { <a class="tab" id=id href=href aria-current=here data-noscroll="">{chart.title.clone()}</a> }
    });
    let links = links.collect_view();
    let none = courses.is_empty();
    let simulated = mark(head.simulated);
    let unthought = thought.is_none();
    let held = StoredValue::new((head, courses, thought));
    let chart = move || {
        let key = metric.get();
        held.with_value(|(head, courses, thought)| {
            let chart = courses.iter().find(|(known, _)| *known == key).map(|(_, chart)| chart.clone())?;
            let lack = thought.as_ref().and_then(|thought| thought.lack(&key, &chart.unit));
            let record = thought.as_ref().and_then(|thought| thought.record(&key, &chart.unit));
            let chart = match thought {
                Some(thought) => thought.laid_over(head, &key, chart),
                None => chart,
            };
            // Where no band is drawn, none is told of.
            let record = record.filter(|_| matches!(&chart.kind, Kind::Lines(lines) if lines.forecast.is_some()));
            Some(view! {
                <ChartView chart=chart mark=simulated />
                {record.map(|(held, over, settled)| view! {
                    <p class="text-xs text-muted" data-test="record">"What came lay in such an inner band, which should hold four in five, " <Figure id=held.id shown=held.shown /> " of the time over the last " <Figure id=over.id shown=over.shown />
                        {settled.map(|day| view! { " that end with "<span data-literal="">{day}</span>": what platforms claim of later days still grows" })} "."</p>
                })}
                {lack.map(|why| view! { <p class="text-xs text-muted" data-test="no-forecast">"No forecast: " <span data-literal="">{why}</span> "."</p> })}
            })
        })
    };
    view! {
        <section class="panel flex min-w-0 flex-col gap-3" aria-label="Course" data-test="courses">
            <h2>"Course"</h2>
            <nav aria-label="What is drawn" class="no-print flex flex-wrap gap-1">{links}</nav>
            {none.then(|| view! { <p class="text-muted" data-test="courses-empty">"No step of these days is whole yet. Choose shorter steps, or other days."</p> })}
            {unthought.then(|| view! { <p class="text-xs text-muted" data-test="no-thought">{sentence("forecast and marks could not be loaded")} "; what was counted is drawn without them."</p> })}
            {chart}
        </section>
    }
}
