//! One action: what, for whom, what is expected, on what it rests, what to do, and what a person can decide about it.

use leptos::prelude::*;
use model::{
    action::{ActionState, Came, Card, Verdict},
    figure::{Line, SURE, came as came_id, promised},
    id::ActionId,
    moment::Moment,
};

use super::{Decisions, Expected, Steps};
use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        figure::{Figure, Lined},
        form::ActionForm,
        outcome::Refusal,
        page::When,
    },
    pages::simulation::TrueOutcomeOf,
    refused::Typed,
};

/// An action in a frame. What it says follows newer figures; its forms stay as they are.
#[component]
pub(super) fn CardView(card: Memo<Card>, may_decide: bool, decisions: Decisions) -> impl IntoView {
    let (id, state) = card.with_untracked(|card| (card.id, card.state));
    let over = matches!(state, ActionState::Done | ActionState::Measured | ActionState::Undone);
    let simulated = over && card.with_untracked(|card| card.simulated.is_some());
    let label = move || card.with(|card| format!("{}, {}", card.title, card.client));
    view! {
        <article class="panel flex flex-col gap-3" aria-label=label data-test=format!("action {}", state.key()) id=format!("action-{id}")>
            {move || view! { <Facts card=card.get() /> }}
            {simulated.then(|| view! { <TrueOutcomeOf action=id /> })}
            {may_decide.then(|| view! { <Controls card=card decisions=decisions /> })}
        </article>
    }
}

/// What is known of it.
#[component]
fn Facts(card: Card) -> impl IntoView {
    let to_do = card.state == ActionState::Approved;
    let Card { id, state, title, client_id, client, about, steps, horizon, worth, sure, effort, evidence, .. } = card;
    let Card { doubts, checklist, since, done_on, due, came, history, .. } = card;
    view! {
        <div class="flex flex-wrap items-start justify-between gap-2">
            <div class="min-w-0">
                <h3 class="font-medium"><span data-literal="">{title}</span></h3>
                <p class="break-words text-muted"><a href=format!("/clients/{client_id}") data-literal="">{client}</a>{about.map(|about| view! { <span data-literal="">" · " {about}</span> })}</p>
            </div>
            <Stand state=state since=since done_on=done_on due=due verdict=came.as_ref().and_then(|came| came.as_ref().ok().map(|came| came.verdict)) />
        </div>
        <Steps id=id steps=steps />
        <Expected id=id worth=worth horizon=horizon />
        {came.map(|came| view! { <Outcome id=id came=came /> })}
        <p class="text-xs text-muted">"Sure of its grounds: " <Figure id=promised(id, "/probability") shown=sure /> " · takes about " <Figure id=promised(id, "/effort_minutes") shown=effort /></p>
        <Lines title="What it rests on" lines=evidence test="evidence" open=false />
        <Lines title="What would change our mind" lines=doubts.into_iter().map(Line::from).collect() test="doubts" open=false />
        <Lines title="What to do by hand" lines=checklist test="checklist" open=to_do />
        <History history=history />
    }
}

/// Where it stands, in a word and with its day.
#[component]
fn Stand(
    state: ActionState,
    since: String,
    done_on: Option<String>,
    due: Option<String>,
    verdict: Option<Verdict>,
) -> impl IntoView {
    let (shade, word) = match (state, verdict) {
        (ActionState::Measured, Some(Verdict::Won)) => (Shade::Good, "Won"),
        (ActionState::Measured, Some(Verdict::Lost)) => (Shade::Bad, "Lost"),
        (ActionState::Measured, Some(Verdict::CannotTell)) => (Shade::Plain, "Cannot tell"),
        (ActionState::Measured, None) => (Shade::Plain, "Not measurable"),
        (ActionState::Proposed, _) => (Shade::Plain, "Proposed"),
        (ActionState::Withdrawn, _) => (Shade::Plain, "Withdrawn"),
        (ActionState::Approved, _) => (Shade::Warn, "To do"),
        (ActionState::Dismissed, _) => (Shade::Plain, "Dismissed"),
        (ActionState::Done, _) => (Shade::Good, "Done"),
        (ActionState::Undone, _) => (Shade::Plain, "Taken back"),
    };
    let days = match (state, done_on, due) {
        (ActionState::Done, Some(done), Some(due)) => format!("on {done}, measured from the days until {due}"),
        (ActionState::Measured | ActionState::Undone, Some(done), _) => format!("done on {done}"),
        _ => format!("since {since}"),
    };
    view! {
        <p class="flex flex-wrap items-center gap-2 text-xs text-muted"><Badge shade=shade words=word /><span data-literal="">{days}</span></p>
    }
}

/// What came of it, beside what was promised above.
#[component]
fn Outcome(id: ActionId, came: Result<Came, String>) -> impl IntoView {
    match came {
        Ok(Came { effect, low, high, made, .. }) => view! {
            <div data-test="came">
                <p class="told">"Came: " <Figure id=came_id(id, "/effect") shown=effect /> ", with " <Figure id=came_id(id, &format!("/low{SURE}")) shown="80 %" />
                    " between " <Figure id=came_id(id, "/low") shown=low /> " and " <Figure id=came_id(id, "/high") shown=high /> "."</p>
                <ul class="text-xs text-muted">{made.into_iter().map(|line| view! { <li class="break-words"><Lined line=line.sentence() /></li> }).collect_view()}</ul>
            </div>
        }
        .into_any(),
        Err(why) => view! { <p class="text-muted" data-test="came">"Came: – (" <span data-literal="">{why}</span> ")"</p> }.into_any(),
    }
}

#[component]
fn Lines(title: &'static str, lines: Vec<Line>, test: &'static str, open: bool) -> impl IntoView {
    (!lines.is_empty()).then(|| {
        view! {
            <details open=open data-test=test>
                <summary class="disclosure">{title}</summary>
                <ul class="list-disc pl-5">{lines.into_iter().map(|line| view! { <li class="break-words"><Lined line=line.sentence() /></li> }).collect_view()}</ul>
            </details>
        }
    })
}

#[component]
fn History(history: Vec<(String, Moment)>) -> impl IntoView {
    view! {
        <details data-test="history">
            <summary class="disclosure">"What happened"</summary>
            <ol class="flex flex-col gap-1">{history.into_iter().map(|(words, at)| view! {
                <li class="break-words"><span data-literal="">{words}</span><span class="text-muted">" · " <When at=at /></span></li>
            }).collect_view()}</ol>
        </details>
    }
}

/// What a person can do with it now.
#[component]
pub(crate) fn Controls(card: Memo<Card>, decisions: Decisions) -> impl IntoView {
    let Decisions { approve, dismiss, finish, carry_out, undo, of } = decisions;
    let version =
        move || view! { <input type="hidden" name="version" value=move || card.with(|card| card.version.clone()) /> };
    let Card { id, state, title, client, since, today, simulated, .. } = card.get_untracked();
    let named = |what: &str| format!("{what}: {title}, {client}");
    let (approves, finishes, carries) =
        (named("Approve"), named("Say that it is done"), named("Do it in the simulated accounts"));
    // Where it can be done from here, that is the first thing to do.
    let by_hand = if simulated == Some(true) { Kind::Plain } else { Kind::Primary };
    let (dismisses, takes_back) = (named("Dismiss"), named("Say that it was taken back"));
    let own = id.to_string();
    let back = Typed::of(approve).only("id", &own).came_back();
    let (typed_dismiss, typed_undo) = (Typed::of(dismiss).only("id", &own), Typed::of(undo).only("id", &own));
    let typed_day = Typed::of(finish).only("id", &own).first("on", today.clone());
    let hidden = move || view! { <input type="hidden" name="id" value=id.to_string() /> };
    view! {
        <div class="flex flex-wrap items-start gap-2" on:submit=move |_| of.set(Some(id)) data-test="controls">
            {(state == ActionState::Proposed).then(|| view! {
                <details open=back data-test="approve">
                    <summary class="button button-primary">"Approve…"</summary>
                    <div class="flex flex-col gap-2 pt-2">
                        {move || view! { <Before card=card.get() /> }}
                        <ActionForm action=approve>
                            {hidden()}
                            {version()}
                            <Button kind=Kind::Primary id=format!("approve-{id}") named=approves pending=approve.pending()>"Approve"</Button>
                        </ActionForm>
                    </div>
                </details>
            })}
            {(state == ActionState::Approved && simulated == Some(true)).then(|| view! {
                <ActionForm action=carry_out>
                    {hidden()}
                    <Button kind=Kind::Primary id=format!("carry-out-{id}") named=carries pending=carry_out.pending()>"Do it in the simulated accounts"</Button>
                </ActionForm>
            })}
            {(state == ActionState::Approved).then(|| view! {
                <ActionForm action=finish attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
                    {hidden()}
                    <label for=format!("on-{id}") class="flex flex-col gap-1 text-xs text-muted">"Done on"
                        <input id=format!("on-{id}") type="date" name="on" class="control" value=typed_day min=since max=today /></label>
                    <Button kind=by_hand id=format!("done-{id}") named=finishes pending=finish.pending()>"Done"</Button>
                </ActionForm>
            })}
            {matches!(state, ActionState::Proposed | ActionState::Approved).then(|| view! {
                <More words="Dismiss…" open=typed_dismiss.came_back() test="dismiss">
                    <ActionForm action=dismiss attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
                        {hidden()}
                        <input type="hidden" name="seen" value=state.key() />
                        {version()}
                        <Reason id=format!("dismiss-reason-{id}") label="Why not" typed=typed_dismiss />
                        <Button id=format!("dismiss-{id}") named=dismisses pending=dismiss.pending()>"Dismiss"</Button>
                    </ActionForm>
                </More>
            })}
            {(state == ActionState::Done).then(|| view! {
                <More words="Undo…" open=typed_undo.came_back() test="undo">
                    {simulated.is_some().then(|| view! {
                        <p class="max-w-prose pb-2 text-xs text-muted">"What was done from here is set back in the simulated accounts, from now on. What was set anew since stays, and so does what it brought until now."</p>
                    })}
                    <ActionForm action=undo attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
                        {hidden()}
                        <Reason id=format!("undo-reason-{id}") label="Why (if you like)" typed=typed_undo />
                        <Button id=format!("undo-{id}") named=takes_back pending=undo.pending()>"It was taken back"</Button>
                    </ActionForm>
                </More>
            })}
        </div>
        {(state == ActionState::Approved).then(|| simulated.map(by_hand_words))}
        <Refusal action=approve of=of card=own.clone() />
        <Refusal action=dismiss of=of card=own.clone() />
        <Refusal action=finish of=of card=own.clone() />
        <Refusal action=carry_out of=of card=own.clone() />
        <Refusal action=undo of=of card=own />
    }
}

/// What saying that it is done means where nobody can go to the accounts.
fn by_hand_words(carries: bool) -> impl IntoView {
    view! {
        <p class="text-xs text-muted" data-test="by-hand">
            {(!carries).then_some("It names neither a budget nor an advertisement to stop, so the simulated accounts cannot do it. ")}
            "“Done” only says so: it changes nothing in the simulated accounts, so nothing comes of it there."
        </p>
    }
}

/// What is read before it is approved: from what to what, what is expected, and on what that rests.
#[component]
fn Before(card: Card) -> impl IntoView {
    let Card { id, steps, horizon, worth, evidence, .. } = card;
    view! {
        <p class="max-w-prose text-xs text-muted">"Approving registers what is promised. Nothing is changed in any account: you do it by hand, and say so here."</p>
        <Steps id=id steps=steps />
        <Expected id=id worth=worth horizon=horizon />
        <ul class="list-disc pl-5 text-xs" data-test="grounds">{evidence.into_iter().map(|line| view! { <li class="break-words"><Lined line=line.sentence() /></li> }).collect_view()}</ul>
    }
}

/// A form that is opened first.
#[component]
fn More(words: &'static str, open: bool, test: &'static str, children: Children) -> impl IntoView {
    view! {
        <details open=open data-test=test>
            <summary class="button button-plain">{words}</summary>
            <div class="pt-2">{children()}</div>
        </details>
    }
}

#[component]
fn Reason(id: String, label: &'static str, typed: Typed) -> impl IntoView {
    let of = id.clone();
    view! {
        <label for=of class="flex min-w-0 flex-col gap-1 text-xs text-muted">{label}
            <input id=id name="reason" class="control" autocomplete="off" value=typed.first("reason", "") /></label>
    }
}
