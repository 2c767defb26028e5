//! What the brain says and counts, drawn: the headline with the risk, the main figures, and a card for each of its parts.

use leptos::prelude::*;
use model::dashboard::{CardKind, CardWords, Colour, Figures, Headline, Lack, Linked, MainFigure};

use super::asked::Asked;
use crate::components::{
    badge::{Badge, Shade},
    button::Button,
    card::Card,
    figure::Figure,
    notice::sentence,
    told::Told,
    without::Without,
};

/// Where accounts are connected.
const CONNECT: &str = "/settings/integrations";

/// The way to connect something, or who knows it.
pub(in crate::pages) fn connect(may_connect: bool) -> AnyView {
    if may_connect {
        view! { <a class="underline" href=CONNECT>"Connect an account"</a> }.into_any()
    } else {
        view! { "An Admin or Owner connects accounts and says who looks after which client." }.into_any()
    }
}

/// The way to the sources. `external`: the browser itself follows it, and with it moves the focus.
fn see_sources() -> impl IntoView {
    view! { <a class="underline" href="#sources" rel="external">"See what was read"</a> }
}

/// What changed, and how much is at risk.
#[component]
pub(super) fn HeadlineShown(view: Headline, asked: Memo<Asked>) -> impl IntoView {
    let Headline { client, day, changed, colour, reasons, may_connect, .. } = view;
    let of = client.map(|name| {
        let href = asked.with_untracked(|asked| format!("/clients/{}", asked.client));
        view! { <p class="text-muted">"Of " <a href=href data-literal="">{name}</a></p> }
    });
    let summary = move || asked.with(Asked::summary);
    let Some(day) = day else {
        return view! {
            <section class="flex flex-col gap-2" aria-label="What changed" data-test="headline">
                {of}
                <p class="text-muted" data-test="headline-empty">"Nothing has been analysed yet. What changed stands here once an account or shop is connected, mapped to a client and read. " {connect(may_connect)}</p>
            </section>
        }
        .into_any();
    };
    view! {
        <section class="flex flex-col gap-3" aria-label="What changed" data-test="headline">
            {of}
            {match changed {
                Some(changed) => view! { <div class="headline" data-test="changed"><Told linked=changed /></div> }.into_any(),
                None => view! { <p class="text-muted">"Nothing can be said of what changed: not enough data yet of clients in your sight. " {see_sources()}</p> }.into_any(),
            }}
            <Risk colour=colour reasons=reasons />
            <p class="text-xs text-muted">"Known to the end of " <span data-literal="">{day}</span> ". Press a number to see what it is made of. "
                <a class="underline" href=summary>"The whole summary"</a></p>
        </section>
    }
    .into_any()
}

/// The colour in words, and behind it why.
#[component]
fn Risk(colour: Option<Colour>, reasons: Vec<Linked>) -> impl IntoView {
    let (shade, words) = match colour {
        Some(Colour::Green) => (Shade::Good, "Green: nothing asks for attention"),
        Some(Colour::Yellow) => (Shade::Warn, "Yellow: look at it this week"),
        Some(Colour::Red) => (Shade::Bad, "Red: look at it first"),
        None => (Shade::Plain, "Risk not known: not enough data yet"),
    };
    let open = colour.is_some_and(|colour| colour > Colour::Green);
    view! {
        <details data-test="risk" open=open>
            <summary class="disclosure"><Badge shade=shade words=words />" Why"</summary>
            <div class="flex flex-col gap-2">{reasons.into_iter().map(|linked| view! { <Told linked=linked /> }).collect_view()}
                {colour.is_none().then(|| view! { <p>{see_sources()}</p> })}</div>
        </details>
    }
}

/// The main figures beside those before.
#[component]
pub(super) fn FiguresShown(view: Figures, client: Signal<String>) -> impl IntoView {
    let Figures { days, before, count, figures, may_connect, may_import_rates, simulates, .. } = view;
    if figures.is_empty() {
        // Who connects sees all clients; everybody else may have none, whatever is connected.
        let of = match (client.get_untracked().is_empty(), may_connect) {
            (true, true) => "Nothing is connected yet",
            (true, false) => "Nothing of a client in your sight was read yet",
            (false, _) => "Nothing of this client was read yet",
        };
        return view! {
            <section class="flex flex-col gap-2" aria-label="Main figures" data-test="main-figures">
                <h2>"Main figures"</h2>
                <p class="text-muted" data-test="figures-empty">{of} ". Spend, ledger revenue, orders and what they come to stand here once an account or shop is connected and mapped to a client, or a file is imported. " {connect(may_connect)}</p>
                {(simulates && client.get_untracked().is_empty()).then(|| view! {
                    <form method="post" action="/simulation" class="flex flex-wrap items-center gap-2" data-test="rehearse">
                        <Button>"Try with a rehearsal agency"</Button>
                        <p class="text-xs text-muted">"See it with eight simulated clients first. Your agency stays as it is; you come back by leaving that one."</p>
                    </form>
                })}
            </section>
        }
        .into_any();
    }
    view! {
        <section class="flex flex-col gap-3" aria-label="Main figures" data-test="main-figures">
            <div class="flex flex-wrap items-baseline justify-between gap-2">
                <h2>"Main figures"</h2>
                <p class="text-xs text-muted" data-test="days"><span data-literal="">{days.0} " to " {days.1}</span> ", against " <span data-literal="">{before.0} " to " {before.1}</span></p>
            </div>
            <ul class="main-figures">
                {figures.into_iter().map(|figure| view! { <One figure=figure count=count may_connect=may_connect may_import_rates=may_import_rates /> }).collect_view()}
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn One(figure: MainFigure, count: i64, may_connect: bool, may_import_rates: bool) -> impl IntoView {
    let MainFigure { key, name, now, without, rates, unlike, before, change, line, .. } = figure;
    let value = match now {
        Ok(now) => view! { <p class="figure-large"><Figure id=now.id shown=now.shown /></p> }.into_any(),
        Err((lack, why)) => view! {
            <p class="text-muted" data-test="lack">"– " <span class="text-xs" data-literal="">{sentence(&why)} ". "</span>
                <span class="text-xs">{match lack {
                    Lack::NotConnected => view! { "Not connected. " {connect(may_connect)} }.into_any(),
                    Lack::NotEnough => see_sources().into_any(),
                }}</span></p>
        }
        .into_any(),
    };
    let beside = match (change, before) {
        (Some(change), Some(before)) => view! {
            <p class="text-xs text-muted"><Figure id=change.id shown=change.shown /> " vs previous " <span data-literal="">{count}</span> " days (" <Figure id=before.id shown=before.shown /> ")"</p>
        }
        .into_any(),
        (None, Some(before)) => view! {
            <p class="text-xs text-muted">"Previous " <span data-literal="">{count}</span> " days: " <Figure id=before.id shown=before.shown /></p>
        }
        .into_any(),
        (_, None) => view! { <p class="text-xs text-muted">"Nothing to compare with"</p> }.into_any(),
    };
    view! {
        <li class="panel flex min-w-0 flex-col gap-1" data-test=format!("figure {key}")>
            <h3 class="text-xs text-muted">{name}</h3>
            {value}
            {beside}
            <Without words=without rates=rates unlike=unlike may_import_rates=may_import_rates />
            {(!line.is_empty()).then(|| view! {
                <svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true"><path d=line /></svg>
            })}
        </li>
    }
}

/// What a card is called where it failed.
pub(super) const fn what(kind: CardKind) -> &'static str {
    match kind {
        CardKind::Memory => "Memory",
        CardKind::Oracle => "Oracle",
        CardKind::Curiosity => "Curiosity",
    }
}

/// What one of the brain's parts says.
#[component]
pub(super) fn BrainShown(kind: CardKind, view: CardWords) -> impl IntoView {
    let CardWords { thought, sentences, gaps, may_connect } = view;
    let (about, nothing) = match kind {
        CardKind::Memory => {
            ("What happened, and whether the claims hold", "Nothing of the last weeks can be compared yet.")
        }
        CardKind::Oracle => (
            "What moved, and what is ahead",
            "Nothing moved that is more than chance, and nothing can be foretold yet.",
        ),
        CardKind::Curiosity => ("What is worth trying", "Nothing is worth a change that nobody decided about."),
    };
    let empty = sentences.is_empty();
    view! {
        <Card title=what(kind) about=about>
            <div class="flex flex-col gap-2" data-test=format!("card {}", kind.key())>
                {(!thought).then(|| view! { <p class="text-muted" data-test="card-empty">"Nothing has been analysed yet. " {connect(may_connect)}</p> })}
                {(thought && empty).then(|| view! { <p class="text-muted" data-test="card-empty">{nothing} " " {see_sources()}</p> })}
                {sentences.into_iter().map(|linked| view! { <Told linked=linked /> }).collect_view()}
                {(!gaps.is_empty()).then(|| view! {
                    <details data-test="gaps">
                        <summary class="disclosure">"What is missing to say more"</summary>
                        <div class="flex flex-col gap-2 text-muted">{gaps.into_iter().map(|linked| view! { <Told linked=linked /> }).collect_view()}
                            <p>{connect(may_connect)} " " {see_sources()}</p></div>
                    </details>
                })}
            </div>
        </Card>
    }
}
