//! The ledger drawn: its lists, each with its cards and the way to the rest.
//!
//! A decision has the ledger read again into the cards that are there: one whose figures are newer shows them, and what is
//! being typed in the others stays.

use leptos::prelude::*;
use model::{
    action::{Card, Group, Ledger, Rate, Stand},
    event,
};

use super::{Decisions, asked::Asked, card::CardView, narrow::Narrow, read};
use crate::components::{
    button::Kind,
    live::changes_of,
    part::{again, kept},
};

/// What the lists share.
#[derive(Clone, Copy)]
struct Page {
    ledger: RwSignal<Ledger>,
    asked: StoredValue<Asked>,
    decisions: Decisions,
    may_decide: bool,
}

impl Page {
    fn group<T>(self, stand: Stand, of: impl Fn(&Group) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        let ledger = self.ledger;
        Memo::new(move |_| {
            ledger.with(|ledger| {
                of(match stand {
                    Stand::Proposed => &ledger.proposed,
                    Stand::Approved => &ledger.approved,
                    Stand::Done => &ledger.done,
                    Stand::Measured => &ledger.measured,
                    Stand::Past => &ledger.past,
                })
            })
        })
    }

    fn href(self, change: impl Fn(&Asked) -> Asked) -> String {
        self.asked.with_value(|asked| change(asked).href())
    }
}

#[component]
pub(super) fn Shown(ledger: Ledger, asked: Asked, decisions: Decisions) -> impl IntoView {
    let (client, clients, may_decide) = (ledger.client.clone(), ledger.clients.clone(), ledger.may_decide);
    let ledger = RwSignal::new(ledger);
    let (settled, told) = (decisions.settled(), changes_of(&[event::Kind::Brain, event::Kind::Action]));
    let when = Signal::derive(move || settled.get() + told.get());
    let page = Page { ledger, asked: StoredValue::new(asked.clone()), decisions, may_decide };
    let others = page.href(|asked| Asked { client: String::new(), only: None, ..asked.clone() });
    let whole = asked.only.is_some().then(|| page.href(Asked::whole));
    let lists = [
        (Stand::Approved, "To do"),
        (Stand::Done, "Done, waiting to be measured"),
        (Stand::Measured, "What came of it"),
    ];
    view! {
        <Narrow clients=clients asked=asked.clone() />
        {client.map(|(id, name)| view! {
            <p data-test="narrowed">"Of " <a href=format!("/clients/{id}") data-literal="">{name}</a> " only. " <a href=others>"Show all clients"</a></p>
        })}
        {whole.map(|href| view! { <p><a class=Kind::Plain.class() href=href data-test="whole">"All actions"</a></p> })}
        {again("The actions", "heading", when, move || read(page.asked.get_value()), page.ledger)}
        {(!asked.leaves_out(Stand::Proposed)).then(|| view! { <Proposed page=page /> })}
        {lists.map(|(stand, title)| view! { <List page=page stand=stand label=stand.label() title=title /> })}
        {(!asked.leaves_out(Stand::Past)).then(|| view! { <Past page=page /> })}
        <Ended page=page />
    }
}

#[component]
fn Proposed(page: Page) -> impl IntoView {
    let nothing = page.group(Stand::Proposed, |group| group.cards.is_empty());
    let alone = page.asked.with_value(|asked| asked.only.is_some());
    let (may_decide, ledger) = (page.may_decide, page.ledger);
    let others = Memo::new(move |_| ledger.with(|ledger| ledger.others));
    let day = move || ledger.with_untracked(|ledger| ledger.day.clone());
    let all = page.asked.with_value(|asked| asked.all);
    let of = move |all| page.href(move |asked| Asked { all, ..asked.clone() });
    view! {
        <section class="flex flex-col gap-3" aria-label="Proposed">
            <h2 id="proposed" tabindex="-1">"Proposed"</h2>
            {move || (nothing.get() && !alone).then(|| view! { <Nothing day=day() may_decide=may_decide /> })}
            <Cards page=page stand=Stand::Proposed more="Show more" />
            {move || (others.get() > 0).then(|| view! {
                <p><a href=of(true) class="button button-plain" data-test="more"><span data-literal="">{others.get()}</span>" more"</a></p>
            })}
            {move || (all && !nothing.get()).then(|| view! { <p><a href=of(false) class="button button-quiet">"Only the best three"</a></p> })}
        </section>
    }
}

/// A list with its title, while there is anything in it.
#[component]
fn List(page: Page, stand: Stand, label: &'static str, title: &'static str) -> impl IntoView {
    let full = page.group(stand, |group| !group.cards.is_empty());
    let more = if stand == Stand::Approved { "Show more" } else { "Show older" };
    let ledger = page.ledger;
    move || {
        full.get().then(|| view! {
            <section class="flex flex-col gap-3" aria-label=label>
                <h2>{title}</h2>
                {(stand == Stand::Measured).then(|| view! { {move || view! { <Rates rates=ledger.with(|ledger| ledger.rates.clone()) /> }} })}
                <Cards page=page stand=stand more=more />
            </section>
        })
    }
}

/// What was dismissed or taken back, behind a link.
#[component]
fn Past(page: Page) -> impl IntoView {
    let ledger = page.ledger;
    let count = Memo::new(move |_| ledger.with(|ledger| ledger.past_count));
    let (open, alone) = page.asked.with_value(|asked| (asked.past || asked.only.is_some(), asked.only.is_some()));
    let there = Memo::new(move |_| count.get() > 0);
    let href = move || page.href(move |asked| Asked { past: !open, ..asked.clone() });
    move || {
        there.get().then(|| view! {
            <section class="flex flex-col gap-3" aria-label="Dismissed and taken back">
                {(!alone).then(|| if open {
                    view! { <p><a href=href() class="button button-quiet">"Hide what was dismissed or taken back"</a></p> }.into_any()
                } else {
                    view! { <p><a href=href() class="button button-plain" data-test="past"><span data-literal="">{move || count.get()}</span>" dismissed or taken back"</a></p> }.into_any()
                })}
                {alone.then(|| view! { <h2>"Dismissed or taken back"</h2> })}
                <Cards page=page stand=Stand::Past more="Show older" />
            </section>
        })
    }
}

/// The cards of a list, and the way to the rest of it.
#[component]
fn Cards(page: Page, stand: Stand, more: &'static str) -> impl IntoView {
    let Page { decisions, may_decide, .. } = page;
    let (cards, rest) = (page.group(stand, |group| group.cards.clone()), page.group(stand, |group| group.more.clone()));
    // A card that stands otherwise has other forms; one with newer figures keeps what is typed in it.
    let key = |card: &Card| (card.id, card.state);
    let draw = move |card: Memo<Card>| view! { <CardView card=card may_decide=may_decide decisions=decisions /> };
    let href = move |cursor: String| page.href(move |asked| asked.rest(stand, cursor.clone()));
    view! {
        {kept(cards, key, draw)}
        {move || rest.get().map(|cursor| view! { <p><a class=Kind::Plain.class() href=href(cursor) data-test=format!("rest {}", stand.key())>{more}</a></p> })}
    }
}

/// Says so where a list that goes on has ended.
#[component]
fn Ended(page: Page) -> impl IntoView {
    let stand = page.asked.with_value(|asked| asked.only.as_ref().map(|(stand, _)| *stand));
    let empty = stand.map(|stand| page.group(stand, |group| group.cards.is_empty()));
    move || {
        empty
            .is_some_and(|empty| empty.get())
            .then(|| view! { <p class="text-muted" data-test="ended">"There are no more of these."</p> })
    }
}

/// Why nothing is proposed, and what is needed.
#[component]
fn Nothing(day: Option<String>, may_decide: bool) -> impl IntoView {
    match day {
        Some(day) => view! {
            <p class="text-muted" data-test="nothing">"Nothing is proposed: in what was read until " <span data-literal="">{day}</span>
                " nothing is worth a change that nobody decided about. Every new day is analysed again."</p>
        }
        .into_any(),
        None => view! {
            <p class="text-muted" data-test="nothing">"Nothing has been analysed yet. Proposals stand here once an ad account is connected and mapped to a client and a few weeks of its days are read; with a shop and the client's margin they are told in money. "
                {may_decide.then(|| view! { <a href="/settings/integrations">"Connect an account"</a> })}</p>
        }
        .into_any(),
    }
}

/// How often each kind did what it was done for.
#[component]
fn Rates(rates: Vec<Rate>) -> impl IntoView {
    view! {
        <ul class="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted" data-test="rates" aria-label="How often each kind worked">
            {rates.into_iter().map(|Rate { title, words }| view! { <li>{title} ": " <span data-literal="">{words}</span></li> }).collect_view()}
        </ul>
    }
}
