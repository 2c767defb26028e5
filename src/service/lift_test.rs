//! Experiments that people ran: what a channel truly brought. The fit of its response is pulled towards them.

use model::{
    access::Action,
    actor::Actor,
    brain::Trigger,
    fact::LiftTest,
    id::{ChannelId, ClientId, LiftTestId},
    input::{Invalid, Wrong},
    page::parse_day,
};
use rust_decimal::Decimal;
use serde_json::json;
use store::{TenantTx, audit, brain, channel, client, fact, id, lift_test};
use time::Date;

use crate::{Error, Result, Service, access, client::lock_open};

/// What somebody says of an experiment.
#[derive(Clone, Debug)]
pub struct New {
    /// The channel.
    pub channel_id: ChannelId,
    /// Its first day.
    pub first_day: Date,
    /// Its last day.
    pub last_day: Date,
    /// Revenue brought by a unit of spend.
    pub roas: Decimal,
    /// How far that may be off (one standard error).
    pub standard_error: Decimal,
}

impl New {
    /// Takes what somebody typed: the first and the last day, and the revenue of a unit of spend with its standard error.
    ///
    /// # Errors
    /// Every field that is no day or no number.
    pub fn parse(channel_id: ChannelId, days: [&str; 2], numbers: [&str; 2]) -> std::result::Result<Self, Invalid> {
        let number = |field: &str, text: &str| {
            text.trim().parse::<Decimal>().map_err(|_| Invalid::new(field, "enter a number, such as 1.8"))
        };
        let (first_day, last_day) = (parse_day("first_day", days[0]), parse_day("last_day", days[1]));
        let (roas, standard_error) = (number("roas", numbers[0]), number("standard_error", numbers[1]));
        let mut wrong = Wrong::default();
        wrong.check(&first_day);
        wrong.check(&last_day);
        wrong.check(&roas);
        wrong.check(&standard_error);
        wrong.end()?;
        Ok(Self {
            channel_id,
            first_day: first_day?,
            last_day: last_day?,
            roas: roas?,
            standard_error: standard_error?,
        })
    }
}

/// The experiments of a client.
#[derive(Clone, Debug)]
pub struct OfClient {
    /// The experiments, with what their ad account is called.
    pub tests: Vec<(LiftTest, String)>,
    /// The ad accounts of which one can be entered, with what they are called.
    pub channels: Vec<(ChannelId, String)>,
}

/// The experiments of a client, and of which of its ad accounts there can be more.
///
/// # Errors
/// Missing when the client is out of sight, or the rule that forbids it.
pub async fn of_client(service: &Service, actor: &Actor, client_id: ClientId) -> Result<OfClient> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let client = client::get(&mut tx, client_id).await?;
    let mut channels = Vec::new();
    for found in channel::list_names(&mut tx).await? {
        if found.client_id == Some(client_id) && !lift_test::of_shop(&mut tx, found.id).await? {
            channels.push((found.id, found.called().beside(Some(&client.fields.name))));
        }
    }
    let named = |test: LiftTest| {
        let (_, name) = channels.iter().find(|(id, _)| *id == test.channel_id)?;
        Some((test, name.clone()))
    };
    let tests = fact::lift_tests(&mut tx).await?.into_iter().filter_map(named).collect();
    Ok(OfClient { tests, channels })
}

/// Keeps an experiment; the brain thinks about it at once.
///
/// # Errors
/// Days the wrong way round, an error that is not above zero, a shop, an account of an archived client, a channel that is not in
/// sight, or the rule that forbids it.
pub async fn add(service: &Service, actor: &Actor, new: &New) -> Result<LiftTestId> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    if new.last_day < new.first_day {
        return Err(Invalid::new("last_day", "the last day must not be before the first").into());
    }
    if new.standard_error <= Decimal::ZERO {
        let message = "say how far the result may be off: its standard error, above zero";
        return Err(Invalid::new("standard_error", message).into());
    }
    let now = service.clock.now();
    let test = LiftTest {
        id: id::new(now),
        channel_id: new.channel_id,
        first_day: new.first_day,
        last_day: new.last_day,
        roas: new.roas,
        standard_error: new.standard_error,
    };
    let mut tx = service.db.tenant(actor).await?;
    if lift_test::of_shop(&mut tx, new.channel_id).await? {
        let message = "an experiment shows what advertising brings: choose the ad account, not the shop";
        return Err(Invalid::new("channel_id", message).into());
    }
    lock_client(&mut tx, new.channel_id).await?;
    lift_test::insert(&mut tx, &test, now).await?;
    let detail = json!({ "lift_test": test.id, "channel": test.channel_id });
    audit::insert(&mut tx, Action::EditIntegrations.rule(), true, None, &detail, now).await?;
    brain::ask(&mut tx, Trigger::Sync, now, None).await?;
    tx.commit().await?;
    Ok(test.id)
}

/// The experiments of the channels in sight.
///
/// # Errors
/// The rule that forbids it.
pub async fn list(service: &Service, actor: &Actor) -> Result<Vec<LiftTest>> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    Ok(fact::lift_tests(&mut service.db.tenant(actor).await?).await?)
}

/// Throws one away; the brain thinks without it. Gives what it was.
///
/// # Errors
/// Missing when it is not there, an account of an archived client, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, id: LiftTestId) -> Result<LiftTest> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let known = fact::lift_tests(&mut tx).await?;
    let test = known.into_iter().find(|test| test.id == id).ok_or(Error::Missing)?;
    lock_client(&mut tx, test.channel_id).await?;
    lift_test::remove(&mut tx, id).await?;
    let detail = json!({ "lift_test_removed": id });
    audit::insert(&mut tx, Action::EditIntegrations.rule(), true, None, &detail, now).await?;
    brain::ask(&mut tx, Trigger::Sync, now, None).await?;
    tx.commit().await?;
    Ok(test)
}

/// Locks the client of a channel, if it is of one.
///
/// # Errors
/// Missing when the channel is not in sight, or an archived client.
async fn lock_client(tx: &mut TenantTx, channel_id: ChannelId) -> Result<()> {
    if let Some(id) = channel::get(tx, channel_id).await?.client_id {
        lock_open(tx, id).await?;
    }
    Ok(())
}
