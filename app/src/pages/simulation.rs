//! What a change in a simulated agency truly brought: the days as they were beside the same days without it. Only the simulation
//! can know the second; it is told by it, labelled as its own, and kept nowhere. And the button that does an approved action in
//! the simulated accounts, since nobody can go to them as to real ones.

use leptos::prelude::*;
use model::{event::Kind, id::ActionId, number};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        card::Card,
        live::changes_of,
        part::part,
        table::{Cell, Table},
    },
    error::AppError,
    pages::frame::Refresh,
};

/// Some days of a client, as they were and as they would have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The client's name.
    pub client: String,
    /// Its currency.
    pub currency: String,
    /// The first and the last day, as 2026-11-03.
    pub days: (String, String),
    /// With the changes.
    pub with: Brought,
    /// Without any.
    pub without: Brought,
}

/// What days cost and brought, in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// What all advertising cost.
    pub spend_cents: i64,
    /// Orders of the shop.
    pub orders: i64,
    /// Revenue by the shop's books.
    pub ledger_cents: i64,
}

/// What an action that was done in the simulated accounts brought by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// The action.
    pub action: ActionId,
    /// Its client's days since then, as many as it is measured by; none while no day is over.
    pub compared: Option<Compared>,
}

/// Who knows the truth of simulated agencies, and can change what is in their accounts.
#[cfg(feature = "ssr")]
pub trait Judge: Send + Sync {
    /// The last whole days of the clients for whom something was changed in the simulated agency of who asks.
    fn compared(self: std::sync::Arc<Self>, actor: model::actor::Actor) -> Judging<Vec<Compared>>;

    /// The days since each action that was done in the accounts of that agency, with and without this action alone.
    fn truths(self: std::sync::Arc<Self>, actor: model::actor::Actor) -> Judging<Vec<Truth>>;

    /// Does an approved action in the accounts of that agency, once, and says that it was done.
    fn carry_out(self: std::sync::Arc<Self>, actor: model::actor::Actor, id: ActionId) -> Judging<()>;

    /// Says that what was done was taken back, once it is set back where it was done in the accounts of a simulated agency.
    fn take_back(self: std::sync::Arc<Self>, actor: model::actor::Actor, id: ActionId, reason: String) -> Judging<()>;
}

/// What a [`Judge`] comes to.
#[cfg(feature = "ssr")]
pub type Judging<T> = std::pin::Pin<Box<dyn std::future::Future<Output = Result<T, service::Error>> + Send>>;

/// What the changes in this simulated agency truly brought; nothing where there is none, or nothing was changed.
#[server(prefix = "/app", endpoint = "get_compared", output = crate::codec::Json)]
pub async fn get_compared() -> Result<Vec<Compared>, AppError> {
    let actor = crate::server::actor()?;
    let Some(judge) = use_context::<std::sync::Arc<dyn Judge>>() else { return Ok(Vec::new()) };
    Ok(judge.compared(actor).await?)
}

/// What each action that was done in the simulated accounts truly brought; nothing where there is none.
#[server(prefix = "/app", endpoint = "list_truths", output = crate::codec::Json)]
pub async fn list_truths() -> Result<Vec<Truth>, AppError> {
    let actor = crate::server::actor()?;
    let Some(judge) = use_context::<std::sync::Arc<dyn Judge>>() else { return Ok(Vec::new()) };
    Ok(judge.truths(actor).await?)
}

/// Does an approved action in the simulated accounts and says that it was done today.
#[server(prefix = "/app", endpoint = "carry_out_action", output = crate::codec::Json)]
pub async fn carry_out_action(id: ActionId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let judge = use_context::<std::sync::Arc<dyn Judge>>();
    service::action::check_simulated(&service, &actor, id).await?;
    let Some(judge) = judge else {
        let message = "the operator of this server has switched simulated accounts off. Nothing was changed".to_owned();
        return Err(service::Error::Conflict { code: "not_simulated", message }.into());
    };
    Ok(judge.carry_out(actor, id).await?)
}

/// What actions truly brought, for the cards of a page.
#[derive(Clone, Copy)]
pub struct Truths(Resource<Result<Vec<Truth>, AppError>>);

impl Truths {
    /// Makes it known to the cards inside. It is read again when an action is decided about or something was read.
    pub fn provide() {
        let frame = Refresh::of_page();
        let told = changes_of(&[Kind::Action, Kind::Brain]);
        let read = move |_| async move { if frame.simulated().await { list_truths().await } else { Ok(Vec::new()) } };
        provide_context(Self(Resource::new(move || told.get(), read)));
    }
}

/// What one action truly brought, where it was done in the simulated accounts.
#[component]
pub fn TrueOutcomeOf(
    /// The action.
    action: ActionId,
) -> impl IntoView {
    let draw = move |found: Vec<Truth>| {
        let truth = found.into_iter().find(|truth| truth.action == action)?;
        Some(view! {
            <div class="flex flex-col gap-2" data-test="truth">
                <p class="text-xs text-muted"><strong>"Truth of the simulation"</strong>": the same days were played once more without this action. Nobody knows this of a real client; it is part of no figure, and what is measured does not know it."</p>
                {match truth.compared {
                    Some(compared) => view! { <Client compared=compared sides=ONE /> }.into_any(),
                    None => view! { <p>"No whole day has passed since it was done. Let a week pass, and what it truly brought stands here."</p> }.into_any(),
                }}
            </div>
        })
    };
    let read = move || {
        let found = use_context::<Truths>();
        Suspend::new(async move {
            let found = match found {
                Some(Truths(found)) => found.await.unwrap_or_default(),
                None => Vec::new(),
            };
            draw(found)
        })
    };
    view! { <Transition>{read}</Transition> }
}

/// The card with it, where there is something to say.
#[component]
pub fn TrueOutcome() -> impl IntoView {
    let frame = Refresh::of_page();
    let found = Resource::new(
        || (),
        move |()| async move { if frame.simulated().await { get_compared().await } else { Ok(Vec::new()) } },
    );
    let draw = |found: Vec<Compared>| {
        (!found.is_empty()).then(|| view! {
            <Card title="What your changes truly brought" about="The simulation's own truth, which nobody knows of a real agency: the same days were played once more without any change. It is part of no figure and is kept nowhere.">
                {found.into_iter().map(|compared| view! { <Client compared=compared sides=ALL /> }).collect_view()}
            </Card>
        })
    };
    part("What changes brought", "heading", found, draw)
}

/// What is compared on the page of all changes, and on the card of one action.
const ALL: [&str; 2] = ["With your changes", "Without them"];
const ONE: [&str; 2] = ["With this action", "Without it"];

#[component]
fn Client(
    compared: Compared,
    /// The headings of both sides.
    sides: [&'static str; 2],
) -> impl IntoView {
    let Compared { client, currency, days: (first, last), with, without } = compared;
    let [of_with, of_without] = sides;
    let amount = |cents: i64| format!("{currency} {}", number::cents(cents));
    let count = number::whole;
    let difference = |words: String, more: i64| if more > 0 { format!("+{words}") } else { words };
    let rows = [
        ("Advertising cost", with.spend_cents, without.spend_cents, true),
        ("Orders", with.orders, without.orders, false),
        ("Revenue by the shop's books", with.ledger_cents, without.ledger_cents, true),
    ];
    let rows = rows.map(|(name, with, without, money)| {
        let write = |value| if money { amount(value) } else { count(value) };
        (name, write(with), write(without), difference(write(with - without), with - without))
    });
    view! {
        <div class="flex flex-col gap-2" data-test="compared">
            <h3>{client}</h3>
            <p class="text-xs text-muted"><span data-literal="">{format!("{first} to {last}")}</span>", both included"</p>
            <Table label="What the changes brought" columns=vec!["Figure", of_with, of_without, "Difference"]>
                {rows.into_iter().map(|(name, with, without, difference)| view! {
                    <tr role="row">
                        <Cell>{name}</Cell>
                        <Cell of=of_with number=true><span data-literal="">{with}</span></Cell>
                        <Cell of=of_without number=true><span data-literal="">{without}</span></Cell>
                        <Cell of="Difference" number=true><span data-literal="">{difference}</span></Cell>
                    </tr>
                }).collect_view()}
            </Table>
        </div>
    }
}
