//! How a client did: figures of some days beside those before, what they are made of, and where they come from.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::{
    dashboard::Beside,
    event::Kind,
    performance::{Group, Performance, Shown, Source, Trend},
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        figure::{Figure, FigureDrawer, Opening},
        live::changes,
        part::part_or,
        table::{Cell, Table},
        without::Rates,
    },
    error::AppError,
};

/// Lengths that can be chosen at once, in days.
const LENGTHS: [i64; 3] = [7, 28, 90];

/// The figures, and whether whoever reads them can connect more and import rates of exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformanceView {
    pub(in crate::pages) told: Performance,
    may_connect: bool,
    may_import_rates: bool,
}

/// How a client did from one day to another, or in so many days until the newest that was read.
#[server(prefix = "/app", endpoint = "get_performance", output = crate::codec::Json)]
pub async fn get_performance(
    client_id: String,
    from: String,
    to: String,
    days: String,
) -> Result<PerformanceView, AppError> {
    use model::{access, input::Invalid, page::parse_day};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = client_id.parse().map_err(|_| service::Error::Missing)?;
    let day = |field: &str, text: &str| (!text.is_empty()).then(|| parse_day(field, text)).transpose();
    let count = (!days.is_empty()).then(|| days.parse().map_err(|_| Invalid::new("days", "enter a number of days")));
    let read = || -> Result<_, Invalid> {
        Ok(service::performance::Asked { from: day("from", &from)?, to: day("to", &to)?, count: count.transpose()? })
    };
    let asked = read().map_err(service::Error::from)?;
    let told = service::performance::of_client(&service, &actor, id, asked).await?;
    let may = |action| access::may(actor.role, action);
    Ok(PerformanceView {
        told,
        may_connect: may(access::Action::EditIntegrations),
        may_import_rates: may(access::Action::EditSettings),
    })
}

/// The figures, with the days that are shown in the address.
#[component]
pub fn PerformancePart(id: Memo<String>) -> impl IntoView {
    let query = use_query_map();
    let of = move |name: &'static str| query.with(|query| query.get(name)).unwrap_or_default();
    let asked = Memo::new(move |_| (of("from"), of("to"), of("days")));
    let read = changes(move |event| event.of(Kind::Client, &id.get_untracked()));
    let told = Resource::new(
        move || (id.get(), asked.get(), read.get()),
        |(id, (from, to, days), _)| get_performance(id, from, to, days),
    );
    let nothing = |error: &AppError| (*error == AppError::Missing).then(|| ().into_any());
    let opening = Opening::provide(Signal::stored(String::new()));
    let draw = move |view| view! { <section class="flex flex-col gap-4" aria-label="Performance"><Told view=view asked=asked.get_untracked() /></section> };
    view! {
        {part_or("The figures", "performance", told, draw, nothing)}
        <FigureDrawer opening=opening />
    }
}

#[component]
fn Told(view: PerformanceView, asked: (String, String, String)) -> impl IntoView {
    let PerformanceView { told, may_connect, may_import_rates } = view;
    let heading = view! { <h2 id="performance" tabindex="-1">"Performance"</h2> };
    if told.sources.is_empty() {
        return view! {
            {heading}
            <p class="text-muted" data-test="performance-empty">
                "Nothing of this client's advertising or shop was read yet. Figures stand here once an account is connected and mapped to the client, or a file is imported. "
                {may_connect.then(|| view! { <a href="/settings/integrations">"Connect an account"</a> })}
            </p>
        }
        .into_any();
    }
    let (_, _, chosen) = asked;
    let here = move |days: i64| chosen == days.to_string();
    let Performance { days, before, count, groups, sources } = told;
    let none = groups.is_empty();
    view! {
        <div class="flex flex-wrap items-end justify-between gap-3">
            {heading}
            <form method="get" class="flex flex-wrap items-end gap-2" aria-label="Days" data-test="days">
                {LENGTHS.into_iter().map(|length| view! {
                    <a href=format!("?days={length}") class="button button-quiet" aria-current=here(length).then_some("true")><span data-literal="">{length} " days"</span></a>
                }).collect_view()}
                <label class="flex flex-col gap-1 text-xs text-muted">"From"<input type="date" name="from" class="control" value=days.0.clone() required /></label>
                <label class="flex flex-col gap-1 text-xs text-muted">"To"<input type="date" name="to" class="control" value=days.1.clone() required /></label>
                <button class="button button-plain">"Show"</button>
            </form>
        </div>
        <p class="text-xs text-muted" data-test="performance-days">
            <span data-literal="">{days.0} " to " {days.1}</span> ", against the " <span data-literal="">{count}</span> " days before: "
            <span data-literal="">{before.0} " to " {before.1}</span>
        </p>
        {none.then(|| view! { <p class="text-muted">"Nothing was read of these days."</p> })}
        {groups.into_iter().map(|group| view! { <Figures group=group may_import_rates=may_import_rates /> }).collect_view()}
        <Sources sources=sources />
    }
    .into_any()
}

#[component]
fn Figures(group: Group, may_import_rates: bool) -> impl IntoView {
    let Group { title, figures } = group;
    view! {
        <div class="flex flex-col gap-2">
            <h3 class="font-medium">{title}</h3>
            <Table label="Figures" columns=vec!["Figure", "Value", "Before", "Change", "Verdict"] test="figures">
                {figures.into_iter().map(|figure| view! { <Row figure=figure may_import_rates=may_import_rates /> }).collect_view()}
            </Table>
        </div>
    }
}

#[component]
fn Row(figure: Shown, may_import_rates: bool) -> impl IntoView {
    let Shown { key, name, value, before, change, trend, rates, notes } = figure;
    let mend = rates.then(|| view! { <p class="text-xs text-muted"><Rates may_import_rates=may_import_rates /></p> });
    let dash = |beside: Option<Beside>| match beside {
        Some(Beside { id, shown, .. }) => view! { <Figure id=id shown=shown /> }.into_any(),
        None => view! { <span class="text-muted" aria-label="unknown">"–"</span> }.into_any(),
    };
    let what = match value {
        Ok(Beside { id, shown, .. }) => view! {
            <div class="flex min-w-0 flex-col"><Figure id=id shown=shown />
                {(!notes.is_empty()).then(|| view! {
                    <ul class="text-xs text-muted" data-test="notes">{notes.into_iter().map(|line| view! { <li class="break-words" data-literal="">{line}</li> }).collect_view()}</ul>
                })}
                {mend}</div>
        }
        .into_any(),
        Err(why) => view! { <span class="text-muted">"– " <span class="text-xs" data-literal="">{why}</span></span> {mend} }.into_any(),
    };
    let badge = trend.map(|trend| {
        let (shade, words) = match trend {
            Trend::Better => (Shade::Good, "Better"),
            Trend::Worse => (Shade::Bad, "Worse"),
            Trend::TooClose => (Shade::Plain, "Too close to call"),
        };
        view! { <Badge shade=shade words=words /> }
    });
    view! {
        <tr role="row" data-test=format!("figure {key}")>
            <Cell>{name}</Cell>
            <Cell of="Value" number=true>{what}</Cell>
            <Cell of="Before" number=true>{dash(before)}</Cell>
            <Cell of="Change" number=true>{dash(change)}</Cell>
            <Cell of="Verdict">{badge}</Cell>
        </tr>
    }
}

/// Where the figures come from, and how old they are.
#[component]
fn Sources(sources: Vec<Source>) -> impl IntoView {
    view! {
        <p class="text-xs text-muted" data-test="performance-sources">
            "Read: "
            {sources.into_iter().enumerate().map(|(at, Source { name, read })| view! {
                {(at > 0).then_some(", ")} <span data-literal="">{name} " (" {read.0} " to " {read.1} ")"</span>
            }).collect_view()}
        </p>
    }
}
