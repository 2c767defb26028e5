//! Rates of exchange: brought as the European Central Bank's file, kept by day, never guessed.

use model::{access::Action, actor::Actor, brain::Trigger, exchange_rate::parse};
use serde_json::json;
use store::{audit, brain, exchange_rate};
use time::Date;

use crate::{Result, Service, access};

/// Which rates of a currency are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// ISO 4217.
    pub currency: String,
    /// The earliest day.
    pub first: Date,
    /// The latest day.
    pub last: Date,
    /// How many days have one.
    pub days: i64,
}

/// Reads a file of rates and keeps all of it, or nothing; how many rates it held. The brain thinks about it afterwards.
///
/// # Errors
/// Which line is wrong, or the rule that forbids it.
pub async fn import(service: &Service, actor: &Actor, file: &str) -> Result<usize> {
    access::allow(service, actor, Action::EditSettings).await?;
    let rates = parse(file)?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    exchange_rate::upsert(&mut tx, &rates).await?;
    audit::insert(&mut tx, Action::EditSettings.rule(), true, None, &json!({ "exchange_rates": rates.len() }), now)
        .await?;
    brain::ask(&mut tx, Trigger::Sync, now, None).await?;
    tx.commit().await?;
    Ok(rates.len())
}

/// The rates that are there, by currency.
///
/// # Errors
/// The rule that forbids it.
pub async fn list(service: &Service, actor: &Actor) -> Result<Vec<Held>> {
    access::allow(service, actor, Action::ReadSettings).await?;
    let rows = exchange_rate::summary(&mut service.db.tenant(actor).await?).await?;
    Ok(rows.into_iter().map(|(currency, first, last, days)| Held { currency, first, last, days }).collect())
}
