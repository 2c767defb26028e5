//! One alert: how bad, what, where, when and how large, how it stands, and what a person can do about it.

use leptos::prelude::*;
use model::{alert::AlertState, id::BrainStateId, moment::Moment};

use super::{AlertRow, Deeds};
use crate::{
    components::{
        badge::{Badge, SeverityBadge, Shade},
        button::{Button, Kind},
        form::ActionForm,
        notice::sentence,
        outcome::Refusal,
        page::When,
    },
    refused::Typed,
};

/// An alert in a frame. What it says follows newer figures; its forms stay as they are.
#[component]
pub(super) fn CardView(row: Memo<AlertRow>, earliest: Memo<String>, may_edit: bool, deeds: Deeds) -> impl IntoView {
    let (id, state) = row.with_untracked(|row| (row.id, row.state));
    let label = move || row.with(AlertRow::label);
    let controls = (may_edit && state != AlertState::Ended)
        .then(|| view! { <Controls row=row.get_untracked() earliest=earliest deeds=deeds /> });
    view! {
        <article class="panel flex flex-col gap-2" aria-label=label data-test=format!("alert {}", state.key()) id=format!("alert-{id}")>
            {move || view! { <Facts row=row.get() /> }}
            {controls}
        </article>
    }
}

/// What is known of it.
#[component]
fn Facts(row: AlertRow) -> impl IntoView {
    let AlertRow {
        state, severity, title, client_id, place, detail, basis, state_id, sure, first_seen, last_seen, ..
    } = row;
    let again = first_seen != last_seen;
    view! {
        <div class="flex flex-wrap items-start justify-between gap-2">
            <div class="min-w-0">
                <h2 class="break-words text-sm font-medium">{title}</h2>
                {(!place.is_empty()).then(|| view! {
                    <p class="break-words text-muted">{match client_id {
                        Some(client) => view! { <a href=format!("/clients/{client}")>{place}</a> }.into_any(),
                        None => place.into_any(),
                    }}</p>
                })}
            </div>
            <SeverityBadge severity=severity />
        </div>
        <Detail detail=detail basis=basis state_id=state_id />
        <p class="text-xs text-muted">
            {sure.map(|sure| view! { <span data-literal="">{sure}</span>" · " })}
            "noticed " <When at=first_seen />
            {again.then(|| view! { " · found again " <When at=last_seen /> })}
        </p>
        <Stand state=state ended=row.ended acknowledged=row.acknowledged snoozed=row.snoozed />
    }
}

/// When and how large it is; opened, the figures that it was made from, and the state that holds them.
#[component]
fn Detail(detail: String, basis: Vec<String>, state_id: BrainStateId) -> impl IntoView {
    view! {
        <details class="made" data-test="basis">
            <summary class="break-words"><span class="figure" data-literal="" data-test="detail">{detail}</span></summary>
            <ul class="told-basis text-xs text-muted">
                {basis.into_iter().map(|line| view! { <li class="break-words" data-literal="">{sentence(&line)}</li> }).collect_view()}
                <li class="break-words">"In the state: " <code data-literal="">{state_id.to_string()}</code></li>
            </ul>
        </details>
    }
}

/// Who sees to it, until when it waits, or since when it is over; nothing while it is open.
#[component]
fn Stand(
    state: AlertState,
    ended: Option<Moment>,
    acknowledged: Option<(Moment, String)>,
    snoozed: Option<(Moment, String)>,
) -> impl IntoView {
    let (shade, about) = match state {
        AlertState::Open => return ().into_any(),
        AlertState::Acknowledged => {
            let by = acknowledged
                .map(|(at, by)| view! { "by " <span class="min-w-0 break-words">{by}</span> <When at=at /> });
            (Shade::Good, by.into_any())
        }
        AlertState::Snoozed => {
            let by = snoozed
                .map(|(at, by)| view! { "until " <When at=at /> " by " <span class="min-w-0 break-words">{by}</span> });
            (Shade::Plain, by.into_any())
        }
        AlertState::Ended => {
            (Shade::Plain, ended.map(|at| view! { "not found any more, noted " <When at=at /> }).into_any())
        }
    };
    view! {
        <p class="flex flex-wrap items-center gap-1 text-xs text-muted" data-test="stand"><Badge shade=shade words=state.label() />{about}</p>
    }
    .into_any()
}

/// What a person can do about it now.
#[component]
fn Controls(row: AlertRow, earliest: Memo<String>, deeds: Deeds) -> impl IntoView {
    let Deeds { acknowledge, snooze, reopen, of } = deeds;
    let (id, state, label) = (row.id, row.state, row.label());
    let named = move |what: &str| format!("{what}: {label}");
    let own = id.to_string();
    let typed = Typed::of(snooze).only("id", &own);
    // The other forms that snooze say no day.
    let day_typed =
        Some(typed.first("until", "")).filter(|text| text.starts_with(|letter: char| letter.is_ascii_digit()));
    let back = typed.came_back();
    let hidden = move || view! { <input type="hidden" name="id" value=id.to_string() /> };
    let until = move |key: &'static str, words: &'static str, named: String| {
        view! {
            <ActionForm action=snooze>
                {hidden()}
                <input type="hidden" name="until" value=key />
                <Button id=format!("{key}-{id}") named=named pending=snooze.pending()>{words}</Button>
            </ActionForm>
        }
    };
    let (acknowledges, reopens) = (named("Acknowledge"), named("Open again"));
    let (tomorrow, week, day) =
        (named("Snooze until tomorrow"), named("Snooze for a week"), named("Snooze until that day"));
    view! {
        <div class="flex flex-wrap items-start gap-2" on:submit=move |_| of.set(Some(id)) data-test="controls">
            {(state != AlertState::Acknowledged).then(|| view! {
                <ActionForm action=acknowledge>
                    {hidden()}
                    <Button kind=Kind::Primary id=format!("acknowledge-{id}") named=acknowledges pending=acknowledge.pending()>"Acknowledge"</Button>
                </ActionForm>
            })}
            {(state != AlertState::Open).then(|| view! {
                <ActionForm action=reopen>
                    {hidden()}
                    <Button id=format!("reopen-{id}") named=reopens pending=reopen.pending()>"Open again"</Button>
                </ActionForm>
            })}
            {(state != AlertState::Acknowledged).then(|| view! {
                <details open=back data-test="snooze">
                    <summary class="button button-plain">"Snooze…"</summary>
                    <div class="flex flex-wrap items-end gap-2 pt-2">
                        {until("tomorrow", "Until tomorrow", tomorrow)}
                        {until("week", "For a week", week)}
                        <ActionForm action=snooze attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
                            {hidden()}
                            <label for=format!("until-{id}") class="flex flex-col gap-1 text-xs text-muted">"Until 08:00 on"
                                <input id=format!("until-{id}") type="date" name="until" class="control" autocomplete="off" value=day_typed min=move || earliest.get() /></label>
                            <Button id=format!("snooze-{id}") named=day pending=snooze.pending()>"Until that day"</Button>
                        </ActionForm>
                    </div>
                </details>
            })}
        </div>
        <Refusal action=acknowledge of=of card=own.clone() />
        <Refusal action=snooze of=of card=own.clone() />
        <Refusal action=reopen of=of card=own />
    }
}
