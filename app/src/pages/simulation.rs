//! What a change in a simulated agency truly brought: the days as they were beside the same days without any change. Only the
//! simulation can know the second; it is told by it, labelled as its own, and kept nowhere.

use leptos::prelude::*;
use model::number;
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        card::Card,
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

/// Who knows the truth of simulated agencies.
#[cfg(feature = "ssr")]
pub trait Judge: Send + Sync {
    /// The last whole days of the clients for whom something was changed in the simulated agency of who asks.
    fn compared(self: std::sync::Arc<Self>, actor: model::actor::Actor) -> Judging;
}

/// What a [`Judge`] comes to.
#[cfg(feature = "ssr")]
pub type Judging = std::pin::Pin<Box<dyn std::future::Future<Output = Result<Vec<Compared>, service::Error>> + Send>>;

/// What the changes in this simulated agency truly brought; nothing where there is none, or nothing was changed.
#[server(prefix = "/app", endpoint = "get_compared", output = crate::codec::Json)]
pub async fn get_compared() -> Result<Vec<Compared>, AppError> {
    let actor = crate::server::actor()?;
    let Some(judge) = use_context::<std::sync::Arc<dyn Judge>>() else { return Ok(Vec::new()) };
    Ok(judge.compared(actor).await?)
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
                {found.into_iter().map(|compared| view! { <Client compared=compared /> }).collect_view()}
            </Card>
        })
    };
    part("What changes brought", "heading", found, draw)
}

#[component]
fn Client(compared: Compared) -> impl IntoView {
    let Compared { client, currency, days: (first, last), with, without } = compared;
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
            <p class="text-xs text-muted">{format!("{first} to {last}, both included")}</p>
            <Table label="What the changes brought" columns=vec!["", "With your changes", "Without them", "Difference"]>
                {rows.into_iter().map(|(name, with, without, difference)| view! {
                    <tr role="row">
                        <Cell>{name}</Cell>
                        <Cell of="With your changes" number=true>{with}</Cell>
                        <Cell of="Without them" number=true>{without}</Cell>
                        <Cell of="Difference" number=true>{difference}</Cell>
                    </tr>
                }).collect_view()}
            </Table>
        </div>
    }
}
