//! What the brain proposes to do, best first; what was approved, what was done, and what came of it beside what was promised.

mod card;

use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{
    action::{Card, Ledger, Rate},
    id::ActionId,
};

use crate::{
    components::{
        outcome::{on_success, successes},
        page::Heading,
        part::part_or,
        toast::{Next, Toasts},
    },
    error::AppError,
};

/// The actions of what the member sees, or of one client: the best proposals or all, and on demand what was dismissed.
#[server(prefix = "/app", endpoint = "list_actions", output = crate::codec::Json)]
pub async fn list_actions(client_id: String, all: bool, past: bool) -> Result<Ledger, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client: Option<model::id::ClientId> = match client_id.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| service::Error::Missing)?),
    };
    let asked = service::action::Asked { client_id: client, all, past };
    Ok(service::action::board(&service, &actor, asked).await?)
}

/// Wants an action done.
#[server(prefix = "/app", endpoint = "approve_action", output = crate::codec::Json)]
pub async fn approve_action(id: ActionId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::action::approve(&service, &actor, id).await.map(|_| ())?)
}

/// Does not want an action done that stood as `seen` on the page.
#[server(prefix = "/app", endpoint = "dismiss_action", output = crate::codec::Json)]
pub async fn dismiss_action(id: ActionId, reason: String, #[server(default)] seen: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::action::dismiss(&service, &actor, id, &reason, model::action::ActionState::parse(&seen))
        .await
        .map(|_| ())?)
}

/// Says that an action was done on a day; today if none is said.
#[server(prefix = "/app", endpoint = "finish_action", output = crate::codec::Json)]
pub async fn finish_action(id: ActionId, on: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let day = (!on.is_empty()).then(|| model::page::parse_day("on", &on)).transpose().map_err(service::Error::from)?;
    Ok(service::action::done(&service, &actor, id, day).await.map(|_| ())?)
}

/// Says that what was done was taken back.
#[server(prefix = "/app", endpoint = "undo_action", output = crate::codec::Json)]
pub async fn undo_action(id: ActionId, reason: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::action::undo(&service, &actor, id, &reason).await.map(|_| ())?)
}

/// What can be done with actions; the cards of the page share it.
#[derive(Clone, Copy)]
pub(crate) struct Decisions {
    approve: ServerAction<ApproveAction>,
    dismiss: ServerAction<DismissAction>,
    finish: ServerAction<FinishAction>,
    undo: ServerAction<UndoAction>,
    /// The action whose button was pressed last: what goes wrong is said beside it.
    of: RwSignal<Option<ActionId>>,
}

impl Decisions {
    fn new() -> Self {
        let decisions = Self {
            approve: ServerAction::new(),
            dismiss: ServerAction::new(),
            finish: ServerAction::new(),
            undo: ServerAction::new(),
            of: RwSignal::new(None),
        };
        if let Some(toasts) = Toasts::of_page() {
            let say = move |words: &'static str| move |()| toasts.show(words, Next::Nothing);
            on_success(decisions.approve, say("Approved: its prediction is registered"));
            on_success(decisions.dismiss, say("Dismissed: it is not proposed again for four weeks"));
            on_success(decisions.finish, say("Done: what comes of it is measured"));
            on_success(decisions.undo, say("Taken back"));
        }
        decisions
    }

    fn changes(self) -> Signal<usize> {
        let counts = [successes(self.approve), successes(self.dismiss), successes(self.finish), successes(self.undo)];
        Signal::derive(move || counts.iter().map(|count| count.get()).sum())
    }
}

/// The ledger of actions.
#[component]
pub fn ActionsPage() -> impl IntoView {
    let query = use_query_map();
    let of = move |name: &'static str| query.with(|query| query.get(name)).unwrap_or_default();
    let asked = Memo::new(move |_| (of("client"), of("proposals") == "all", of("past") == "shown"));
    let decisions = Decisions::new();
    let changes = decisions.changes();
    let ledger =
        Resource::new(move || (asked.get(), changes.get()), |((client, all, past), _)| list_actions(client, all, past));
    let missing = |error: &AppError| {
        (*error == AppError::Missing)
            .then(|| view! { <p class="text-muted">"There is no such client in your sight."</p> }.into_any())
    };
    let draw = move |ledger| view! { <Shown ledger=ledger asked=asked.get_untracked() decisions=decisions /> };
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Actions" />
            <p class="max-w-prose text-muted">"What to do next, with honest odds. You decide and act; what comes of it is measured and stands beside what was promised."</p>
            {part_or("The actions", "heading", ledger, draw, missing)}
        </div>
    }
}

/// The address of the page with these choices.
fn address(client: &str, all: bool, past: bool) -> String {
    let client = (!client.is_empty()).then(|| format!("client={client}"));
    let rest = [(all, "proposals=all"), (past, "past=shown")].into_iter().filter(|(on, _)| *on);
    let pairs: Vec<String> = client.into_iter().chain(rest.map(|(_, pair)| pair.to_owned())).collect();
    if pairs.is_empty() { "/actions".to_owned() } else { format!("/actions?{}", pairs.join("&")) }
}

#[component]
fn Shown(ledger: Ledger, asked: (String, bool, bool), decisions: Decisions) -> impl IntoView {
    let Ledger { client, proposed, more, approved, done, measured, past, past_count, rates, day, may_decide } = ledger;
    let (of, all, with_past) = asked;
    let others = address("", all, with_past);
    let (whole, best) = (address(&of, true, with_past), address(&of, false, with_past));
    let (shown, hidden) = (address(&of, all, true), address(&of, all, false));
    let nothing = proposed.is_empty();
    let cards = move |cards: Vec<Card>| {
        cards
            .into_iter()
            .map(|card| view! { <card::CardView card=card may_decide=may_decide decisions=decisions /> })
            .collect_view()
    };
    view! {
        {client.map(|(id, name)| view! {
            <p data-test="narrowed">"Of " <a href=format!("/clients/{id}")>{name}</a> " only. " <a href=others>"Show all clients"</a></p>
        })}
        <section class="flex flex-col gap-3" aria-label="Proposed">
            <h2 id="proposed" tabindex="-1">"Proposed"</h2>
            {nothing.then(|| view! { <Nothing day=day may_decide=may_decide /> })}
            {cards(proposed)}
            {(more > 0).then(|| view! { <p><a href=whole class="button button-plain" data-test="more"><span data-literal="">{more}</span>" more"</a></p> })}
            {(all && !nothing).then(|| view! { <p><a href=best class="button button-quiet">"Only the best three"</a></p> })}
        </section>
        {(!approved.is_empty()).then(|| view! {
            <section class="flex flex-col gap-3" aria-label="To do"><h2>"To do"</h2>{cards(approved)}</section>
        })}
        {(!done.is_empty()).then(|| view! {
            <section class="flex flex-col gap-3" aria-label="Waiting to be measured"><h2>"Done, waiting to be measured"</h2>{cards(done)}</section>
        })}
        {(!measured.is_empty()).then(|| view! {
            <section class="flex flex-col gap-3" aria-label="Measured"><h2>"What came of it"</h2><Rates rates=rates />{cards(measured)}</section>
        })}
        {(past_count > 0).then(|| view! {
            <section class="flex flex-col gap-3" aria-label="Dismissed and taken back">
                <p>{if with_past {
                    view! { <a href=hidden class="button button-quiet">"Hide what was dismissed or taken back"</a> }.into_any()
                } else {
                    view! { <a href=shown class="button button-plain" data-test="past"><span data-literal="">{past_count}</span>" dismissed or taken back"</a> }.into_any()
                }}</p>
                {cards(past)}
            </section>
        })}
    }
}

/// Why nothing is proposed, and what is needed.
#[component]
fn Nothing(day: Option<String>, may_decide: bool) -> impl IntoView {
    match day {
        Some(day) => view! {
            <p class="text-muted" data-test="nothing">"Nothing is proposed: in what was read until " <span data-literal="">{day}</span>
                " nothing is worth a change that nobody decided about. Every new day is thought about again."</p>
        }
        .into_any(),
        None => view! {
            <p class="text-muted" data-test="nothing">"Nothing was thought yet. Proposals stand here once an ad account is connected and mapped to a client and a few weeks of its days are read; with a shop and the client's margin they are told in money. "
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

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ActionsRoute;

#[lazy_route]
impl LazyRoute for ActionsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ActionsPage /> }.into_any()
    }
}
