//! What the newest brain state says besides: what spend brings, channel by channel, and what customers are worth, month by month.

use leptos::prelude::*;
use model::chart::Chart;

use super::shown::{ClientCurves, Thought, Worths};
use crate::components::{chart::ChartView, notice::sentence};

/// As of when it is said.
fn until(day: Option<String>) -> Option<impl IntoView> {
    day.map(|day| view! { <p class="text-xs text-muted">"Of what was known to the end of " <span data-literal="">{day}</span> ", whatever days are chosen."</p> })
}

/// Why nothing of it can be told at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Unthought,
    TooMany,
}

/// What is missing, and what helps. `what` stands there then.
fn lacking(lack: Lack, what: &'static str) -> AnyView {
    match lack {
        Lack::Unthought => view! {
            <p class="text-muted" data-test="unthought">"Nothing has been analysed yet. " {what} " stands here once accounts are connected, mapped to a client and read for some weeks. "
                <a class="underline" href="/dashboard#sources" rel="external">"See what was read"</a></p>
        }
        .into_any(),
        Lack::TooMany => view! {
            <p class="text-muted" data-test="narrow">"These are too many clients to be told one by one. " {what} " stands here for those that you choose under Filters."</p>
        }
        .into_any(),
    }
}

/// What spend brings, and what customers are worth.
#[component]
pub(super) fn Said(thought: Thought) -> impl IntoView {
    let Thought { day, simulated, narrow, curves, worths, .. } = thought;
    let lack = match (day.is_some(), narrow) {
        (false, _) => Some(Lack::Unthought),
        (true, true) => Some(Lack::TooMany),
        (true, false) => None,
    };
    view! {
        <div class="flex min-w-0 flex-col gap-6">
            <Curves day=day.clone() lack=lack curves=curves simulated=simulated />
            <Customers day=day lack=lack worths=worths simulated=simulated />
        </div>
    }
}

#[component]
fn Curves(day: Option<String>, lack: Option<Lack>, curves: Vec<ClientCurves>, simulated: bool) -> impl IntoView {
    let none = curves.is_empty() && lack.is_none();
    view! {
        <section class="panel flex min-w-0 flex-col gap-3" aria-label="What spend brings" data-test="curves">
            <h2>"What spend brings"</h2>
            {until(day)}
            {lack.map(|lack| lacking(lack, "What one more unit of spend would bring"))}
            {none.then(|| view! { <p class="text-muted" data-test="curves-empty">"No channel of what is chosen has spent on enough days yet to say what its spend brings."</p> })}
            {curves.into_iter().map(|one| view! { <OfClient one=one simulated=simulated /> }).collect_view()}
        </section>
    }
}

#[component]
fn OfClient(one: ClientCurves, simulated: bool) -> impl IntoView {
    let ClientCurves { client, curves, warnings, why } = one;
    let (drawn, unknown): (Vec<_>, Vec<_>) = curves.into_iter().partition(Result::is_ok);
    let drawn: Vec<Chart> = drawn.into_iter().flatten().collect();
    let unknown: Vec<(String, String)> = unknown.into_iter().filter_map(Result::err).collect();
    let mark = super::courses::mark(simulated);
    view! {
        <div class="flex min-w-0 flex-col gap-3" data-test="curves-of">
            <p class="font-medium" data-literal="">{client}</p>
            {why.map(|why| view! { <p class="text-muted" data-literal="">{sentence(&why)} "."</p> })}
            {(!warnings.is_empty()).then(|| view! {
                <ul class="flex flex-col gap-1 text-xs text-muted" aria-label="What to know before believing these curves" data-test="warnings">
                    {warnings.into_iter().map(|words| view! { <li data-literal="">{sentence(&words)} "."</li> }).collect_view()}
                </ul>
            })}
            {drawn.into_iter().map(|chart| view! { <ChartView chart=chart mark=mark /> }).collect_view()}
            {(!unknown.is_empty()).then(|| view! {
                <ul class="flex flex-col gap-1 text-xs text-muted" data-test="no-curve">
                    {unknown.into_iter().map(|(channel, why)| view! { <li data-literal="">{channel} ": " {why}</li> }).collect_view()}
                </ul>
            })}
        </div>
    }
}

#[component]
fn Customers(day: Option<String>, lack: Option<Lack>, worths: Vec<Worths>, simulated: bool) -> impl IntoView {
    let none = worths.is_empty() && lack.is_none();
    let mark = super::courses::mark(simulated);
    view! {
        <section class="panel flex min-w-0 flex-col gap-3" aria-label="What customers are worth" data-test="cohorts">
            <h2>"What customers are worth"</h2>
            {until(day)}
            {lack.map(|lack| lacking(lack, "What customers of a month ordered since"))}
            {none.then(|| view! { <p class="text-muted" data-test="cohorts-empty">"No shop is among what is chosen. "
                <a class="underline" href="/settings/integrations">"See what is connected"</a></p> })}
            {worths.into_iter().map(|Worths { shop, chart }| match chart {
                Ok(chart) => view! { <ChartView chart=chart mark=mark /> }.into_any(),
                Err(why) => view! { <p class="text-muted"><span data-literal="">{shop} ": " {why}</span> "."</p> }.into_any(),
            }).collect_view()}
        </section>
    }
}
