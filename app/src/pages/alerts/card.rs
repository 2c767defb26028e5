//! What cards of alerts and findings are made of: how bad, what, where, when and how large, how it stands, and what a person can do
//! about it.

use leptos::prelude::*;
use model::{alert::AlertState, id::AlertId, moment::Moment};

use super::{Deeds, Noticed, Standing};
use crate::{
    components::{
        badge::{Badge, SeverityBadge, Shade},
        button::{Button, Kind},
        figure::Lined,
        form::ActionForm,
        outcome::Refusal,
        page::When,
    },
    refused::Typed,
};

/// What is known of it.
#[component]
pub(crate) fn NoticedView(noticed: Noticed) -> impl IntoView {
    let Noticed { severity, title, client_id, place, detail, basis, sure, state_id } = noticed;
    view! {
        <div class="flex flex-wrap items-start justify-between gap-2">
            <div class="min-w-0">
                <h2 class="break-words text-sm font-medium"><span data-literal="">{title}</span></h2>
                {(!place.is_empty()).then(|| view! {
                    <p class="break-words text-muted">{match client_id {
                        Some(client) => view! { <a href=format!("/clients/{client}") data-literal="">{place}</a> }.into_any(),
                        None => view! { <span data-literal="">{place}</span> }.into_any(),
                    }}</p>
                })}
            </div>
            <SeverityBadge severity=severity />
        </div>
        <p class="break-words" data-test="detail"><Lined line=detail /></p>
        {sure.map(|sure| view! { <p class="text-xs text-muted" data-test="sure"><Lined line=sure /></p> })}
        <details data-test="basis">
            <summary class="disclosure">"What it was made from"</summary>
            <ul class="told-basis text-xs text-muted">
                {basis.into_iter().map(|line| view! { <li class="break-words"><Lined line=line.sentence() /></li> }).collect_view()}
                <li class="break-words">"In the state: " <code data-literal="">{state_id.to_string()}</code></li>
            </ul>
        </details>
    }
}

/// Since when it is known, and how it stands.
#[component]
pub(crate) fn Stand(standing: Standing) -> impl IntoView {
    let Standing { state, first_seen, last_seen, ended, acknowledged, snoozed, .. } = standing;
    let again = first_seen != last_seen;
    view! {
        <p class="text-xs text-muted">
            "Noticed " <When at=first_seen />
            {again.then(|| view! { " · found again " <When at=last_seen /> })}
        </p>
        <Seen state=state ended=ended acknowledged=acknowledged snoozed=snoozed />
    }
}

/// Who sees to it, until when it waits, or since when it is over; nothing while it is open.
#[component]
fn Seen(
    state: AlertState,
    ended: Option<Moment>,
    acknowledged: Option<(Moment, String)>,
    snoozed: Option<(Moment, String)>,
) -> impl IntoView {
    let (shade, about) = match state {
        AlertState::Open => return ().into_any(),
        AlertState::Acknowledged => {
            let by = acknowledged.map(
                |(at, by)| view! { "by " <span class="min-w-0 break-words" data-literal="">{by}</span> <When at=at /> },
            );
            (Shade::Good, by.into_any())
        }
        AlertState::Snoozed => {
            let by = snoozed
                .map(|(at, by)| view! { "until " <When at=at /> " by " <span class="min-w-0 break-words" data-literal="">{by}</span> });
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

/// What a person can do about an alert now. `place` is what tells its elements from others of the page, `label` what tells its
/// buttons from others by ear.
#[component]
pub(crate) fn Controls(
    id: AlertId,
    state: AlertState,
    place: String,
    label: String,
    earliest: Memo<String>,
    deeds: Deeds,
) -> impl IntoView {
    let Deeds { acknowledge, snooze, reopen, of } = deeds;
    let named = move |what: &str| format!("{what}: {label}");
    let own = id.to_string();
    let typed = Typed::of(snooze).only("id", &own);
    // The other forms that snooze say no day.
    let day_typed =
        Some(typed.first("until", "")).filter(|text| text.starts_with(|letter: char| letter.is_ascii_digit()));
    let back = typed.came_back();
    let hidden = move || view! { <input type="hidden" name="id" value=id.to_string() /> };
    let here = move |what: &str| format!("{what}-{place}");
    let [acknowledge_id, reopen_id, tomorrow_id, week_id, until_id, snooze_id] =
        ["acknowledge", "reopen", "tomorrow", "week", "until", "snooze"].map(here);
    let until_of = until_id.clone();
    let until = move |key: &'static str, words: &'static str, named: String, place: String| {
        view! {
            <ActionForm action=snooze>
                {hidden()}
                <input type="hidden" name="until" value=key />
                <Button id=place named=named pending=snooze.pending()>{words}</Button>
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
                    <Button kind=Kind::Quiet id=acknowledge_id named=acknowledges pending=acknowledge.pending()>"Acknowledge"</Button>
                </ActionForm>
            })}
            {(state != AlertState::Open).then(|| view! {
                <ActionForm action=reopen>
                    {hidden()}
                    <Button id=reopen_id named=reopens pending=reopen.pending()>"Open again"</Button>
                </ActionForm>
            })}
            {(state != AlertState::Acknowledged).then(|| view! {
                <details open=back data-test="snooze">
                    <summary class="button button-plain">"Snooze…"</summary>
                    <div class="flex flex-wrap items-end gap-2 pt-2">
                        {until("tomorrow", "Until tomorrow", tomorrow, tomorrow_id)}
                        {until("week", "For a week", week, week_id)}
                        <ActionForm action=snooze attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
                            {hidden()}
                            <label for=until_of class="flex flex-col gap-1 text-xs text-muted"><span data-literal="">"Until 08:00 on"</span>
                                <input id=until_id type="date" name="until" class="control" autocomplete="off" value=day_typed min=move || earliest.get() /></label>
                            <Button id=snooze_id named=day pending=snooze.pending()>"Until that day"</Button>
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
