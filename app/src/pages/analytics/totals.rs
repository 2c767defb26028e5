//! What of the question could not be answered, what the figures are about, and the main figures with what they were.

use leptos::prelude::*;
use model::{
    analytics::{Head, Total},
    dashboard::{Lack, MainFigure},
    input::Invalid,
};

use super::{asked::Asked, shown::Counted};
use crate::{
    components::{
        button::Kind,
        figure::Figure,
        focus,
        notice::{Notice, Tone, sentence},
        without::Without,
    },
    pages::dashboard::connect,
};

/// What a field of the address is called on the page.
fn field(name: &str) -> &str {
    match name {
        "range" => "Days",
        "from" => "From",
        "to" => "To",
        "compare" => "Compared with",
        "by" => "Steps",
        "client_id" => "Clients",
        "channel_id" => "Channels",
        "campaign" => "Campaigns",
        "creative" => "Creatives",
        other => other,
    }
}

/// The figures.
#[component]
pub(super) fn Totals(counted: Counted, asked: Memo<Asked>) -> impl IntoView {
    let Counted { head, totals, .. } = counted;
    let Head { query, notes, of, days, count, compared, read, may_connect, may_import_rates, .. } = head;
    #[cfg(feature = "ssr")]
    if !notes.is_empty() {
        crate::server::set_status(http::StatusCode::UNPROCESSABLE_ENTITY);
    }
    let of_days = view! {
        <p class="text-xs text-muted" data-test="about">"Of " <span data-literal="">{of}</span> ", "
            <span data-literal="">{days.0.clone()} " to " {days.1.clone()}</span> " (" <span data-literal="">{count}</span> {if count == 1 { " day" } else { " days" }} ")"
            {compared.map(|(first, last)| view! { ", against " <span data-literal="" data-test="against">{first} " to " {last}</span> })}</p>
    };
    let figures = if read && !totals.is_empty() {
        view! {
            <ul class="main-figures">
                {totals.into_iter().map(|total| view! { <One total=total may_connect=may_connect may_import_rates=may_import_rates /> }).collect_view()}
            </ul>
        }
        .into_any()
    } else {
        view! {
            <p class="text-muted" data-test="figures-empty">"Nothing was read of what is chosen yet. Spend, ledger revenue, orders and what they come to stand here once an account or shop is connected and mapped to a client, or a file is imported. "
                {connect(may_connect)}</p>
        }
        .into_any()
    };
    let query = StoredValue::new(query);
    let file = move |kind: &'static str| move || query.with_value(|query| asked.with(|asked| asked.file(query, kind)));
    view! {
        {(!notes.is_empty()).then(|| view! { <Notes notes=notes asked=asked.get_untracked() days=days /> })}
        <section class="flex flex-col gap-3" aria-label="Main figures" data-test="main-figures">
            <div class="flex flex-wrap items-baseline justify-between gap-2"><h2>"Main figures"</h2>{of_days}</div>
            {figures}
            {read.then(|| view! {
                <p class="no-print flex flex-wrap gap-2">
                    <a class=Kind::Plain.class() href=file("csv") rel="external" download="" data-key="v" data-does="Export as CSV">"Export CSV"</a>
                    <a class=Kind::Plain.class() href=file("xlsx") rel="external" download="" data-key="x" data-does="Export as XLSX">"Export XLSX"</a>
                </p>
            })}
        </section>
    }
}

/// What could not be answered, and what is shown instead. What was typed stays in its field.
#[component]
fn Notes(notes: Vec<Invalid>, asked: Asked, days: (String, String)) -> impl IntoView {
    let usual = asked.page();
    let stay = move |_| {
        focus::to("heading");
    };
    view! {
        <Notice tone=Tone::Bad>
            <div class="flex flex-col gap-2" data-test="notes">
                <ul class="flex flex-col gap-1">{notes.into_iter().map(|note| {
                    let typed = asked.text(&note.field).to_owned();
                    view! {
                        <li><strong>{field(&note.field).to_owned()}</strong>{(!typed.is_empty()).then(|| view! { " (" <code data-literal="">{typed}</code> ")" })} ": "
                            <span data-literal="">{sentence(&note.message)} "."</span></li>
                    }
                }).collect_view()}</ul>
                <p>"Everything else that was asked for holds: " <span data-literal="">{days.0} " to " {days.1}</span> " is shown. "
                    <a class="underline" href=usual on:click=stay>"Show the usual days of everything"</a></p>
            </div>
        </Notice>
    }
}

#[component]
fn One(total: Total, may_connect: bool, may_import_rates: bool) -> impl IntoView {
    let Total { figure, lacks } = total;
    let MainFigure { key, name, now, without, rates, unlike, before, change, line, .. } = figure;
    let value = match now {
        Ok(now) => view! { <p class="figure-large"><Figure id=now.id shown=now.shown /></p> }.into_any(),
        Err((lack, why)) => view! {
            <p class="text-muted" data-test="lack">"– " <span class="text-xs" data-literal="">{sentence(&why)} ". "</span>
                {(lack == Lack::NotConnected).then(|| view! { <span class="text-xs">{connect(may_connect)}</span> })}</p>
        }
        .into_any(),
    };
    let beside = before.map(|before| {
        view! {
            <p class="text-xs text-muted">{change.map(|change| view! { <Figure id=change.id shown=change.shown /> " vs " })}
                <Figure id=before.id shown=before.shown /> " before"</p>
        }
    });
    view! {
        <li class="panel flex min-w-0 flex-col gap-1" data-test=format!("figure {key}")>
            <h3 class="text-xs text-muted">{name}</h3>
            {value}
            {beside}
            <Without words=without rates=rates unlike=unlike may_import_rates=may_import_rates />
            {(!lacks.is_empty()).then(|| view! {
                <details data-test="lacks"><summary class="disclosure">"What is missing in it"</summary>
                    <ul class="text-xs text-muted">{lacks.into_iter().map(|words| view! { <li data-literal="">{sentence(&words)}</li> }).collect_view()}</ul></details>
            })}
            {(!line.is_empty()).then(|| view! {
                <svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true"><path d=line /></svg>
            })}
        </li>
    }
}
