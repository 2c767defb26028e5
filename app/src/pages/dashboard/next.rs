//! What to do next: three actions with what they promise, each figure of it to be opened, and the same decisions as on the page of
//! actions. A decision has them read again into the cards that are there, so that what is typed in the others stays.

use leptos::prelude::*;
use model::{
    action::{ActionState, Card},
    dashboard::NextActions,
    event::Kind,
    figure::promised,
};

use super::get_next_actions;
use crate::{
    components::{
        badge::{Badge, Shade},
        figure::Figure,
        live::changes_of,
        part::{again, kept, part_or},
    },
    error::AppError,
    pages::actions::{Controls, Decisions, Expected, Steps},
};

/// The actions, as a part that loads and fails by itself.
#[component]
pub(super) fn NextPart(client: Signal<String>) -> impl IntoView {
    let decisions = Decisions::new();
    let next = Resource::new(move || client.get(), get_next_actions);
    let draw = move |view: NextActions| {
        let of = client.get_untracked();
        view! { <Next view=view client=of decisions=decisions /> }
    };
    let nothing = |error: &AppError| (*error == AppError::Missing).then(|| ().into_any());
    part_or("What to do next", "heading", next, draw, nothing)
}

#[component]
fn Next(view: NextActions, client: String, decisions: Decisions) -> impl IntoView {
    let NextActions { day, may_decide, .. } = view.clone();
    let now = RwSignal::new(view);
    let all = if client.is_empty() { "/actions".to_owned() } else { format!("/actions?client={client}") };
    let (settled, told) = (decisions.settled(), changes_of(&[Kind::Brain, Kind::Action]));
    let when = Signal::derive(move || settled.get() + told.get());
    let cards = Memo::new(move |_| now.with(|now| now.cards.clone()));
    let others = Memo::new(move |_| now.with(|now| now.others));
    let none = Memo::new(move |_| cards.with(Vec::is_empty));
    // A card that stands otherwise has other forms; one with newer figures keeps what is typed in it.
    let key = |card: &Card| (card.id, card.state);
    let draw = move |card: Memo<Card>| view! { <ActionCard card=card may_decide=may_decide decisions=decisions /> };
    view! {
        <section class="flex flex-col gap-3" aria-label="What to do next" data-test="next">
            <div class="flex flex-wrap items-baseline justify-between gap-2">
                <h2>"What to do next"</h2>
                <a class="underline" href=all>{move || (others.get() > 0).then(|| view! { <span data-literal="">{others.get()}</span>" more, " })} "all actions"</a>
            </div>
            {again("What to do next", "heading", when, move || get_next_actions(client.clone()), now)}
            {move || none.get().then(|| nothing(day.clone(), may_decide))}
            <div class="dashboard-cards">{kept(cards, key, draw)}</div>
        </section>
    }
}

fn nothing(day: Option<String>, may_decide: bool) -> AnyView {
    match day {
        Some(day) => view! {
            <p class="text-muted" data-test="next-empty">"Nothing is proposed: in what was read until " <span data-literal="">{day}</span> " nothing is worth a change that nobody decided about."</p>
        }
        .into_any(),
        None => view! {
            <p class="text-muted" data-test="next-empty">"Nothing has been analysed yet. Proposals stand here once an ad account is connected and a few weeks of its days are read. "
                {may_decide.then(|| view! { <a class="underline" href="/settings/integrations">"See what is connected"</a> })}</p>
        }
        .into_any(),
    }
}

#[component]
fn ActionCard(card: Memo<Card>, may_decide: bool, decisions: Decisions) -> impl IntoView {
    let (id, state) = card.with_untracked(|card| (card.id, card.state));
    let label = move || card.with(|card| format!("{}, {}", card.title, card.client));
    view! {
        <article class="panel flex min-w-0 flex-col gap-3" aria-label=label data-test=format!("action {}", state.key()) id=format!("action-{id}")>
            {move || view! { <Facts card=card.get() /> }}
            {may_decide.then(|| view! { <Controls card=card decisions=decisions /> })}
        </article>
    }
}

#[component]
fn Facts(card: Card) -> impl IntoView {
    let Card { id, state, title, client_id, client, about, steps, horizon, worth, sure, since, .. } = card;
    let (shade, stand) = match state {
        ActionState::Approved => (Shade::Warn, "To do"),
        _ => (Shade::Plain, "Proposed"),
    };
    let evidence = format!("/actions?client={client_id}");
    view! {
        <div class="flex flex-wrap items-start justify-between gap-2">
            <div class="min-w-0">
                <h3 class="font-medium">{title}</h3>
                <p class="break-words text-muted"><a href=format!("/clients/{client_id}") data-literal="">{client}</a>{about.map(|about| view! { <span data-literal="">" · " {about}</span> })}</p>
            </div>
            <p class="flex flex-wrap items-center gap-2 text-xs text-muted"><Badge shade=shade words=stand /><span data-literal="">"since " {since}</span></p>
        </div>
        <Steps id=id steps=steps />
        <Expected id=id worth=worth horizon=horizon />
        <p class="text-xs text-muted">"Sure of its grounds: " <Figure id=promised(id, "/probability") shown=sure /> ". " <a class="underline" href=evidence>"What it rests on"</a></p>
    }
}
