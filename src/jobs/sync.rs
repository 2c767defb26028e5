//! Reads a connection: its accounts, then each account that a person mapped to a client, and keeps what is new.
//!
//! A run is one row, held by one worker that says every few seconds that it still reads; a run whose worker fell silent
//! goes on under its own id where it stopped. Every write of a run checks the hold in its own transaction, so a zombie
//! keeps nothing. What a failure means is decided by its kind alone: a pause, another try, or the end of the run.

mod access;
mod ads;
mod inbox;
mod plan;
mod settle;
mod shop;

use std::time::Duration;

use model::{
    actor::Actor,
    connection::{Cause, Channel, ChannelKind, Connection, ConnectionState, Progress},
    id::{ConnectionId, OrganizationId, SyncRunId},
    job::Job,
};
use providers::{Error, Provider};
use store::{TenantTx, channel, connection, organization, provider_switch, queue, sync};
use time::OffsetDateTime;
use uuid::Uuid;

pub use access::stored;
pub(crate) use access::{Access, mode, provider_of, used};

use crate::Context;

/// Why a run does not go on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The provider's doing: its kind decides.
    Provider(providers::Error),
    /// The provider prepares what was asked for: the run comes again after a pause.
    Waits {
        /// When.
        after: Duration,
        /// What a person reads meanwhile.
        why: String,
    },
    /// Somebody must connect the account again, for this reason.
    Reconnect(String),
    /// A person switched it off meanwhile, in these words.
    SwitchedOff(String),
    /// The run is somebody else's by now: nothing more is to be written.
    Lost,
    /// Something of ours failed; the queue tries again.
    Ours(anyhow::Error),
}

impl From<providers::Error> for Stop {
    fn from(error: providers::Error) -> Self {
        Self::Provider(error)
    }
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Ours(error.into())
    }
}

impl From<service::Error> for Stop {
    fn from(error: service::Error) -> Self {
        Self::Ours(error.into())
    }
}

/// A run in this worker's hands.
pub(crate) struct Run<'a> {
    context: &'a Context,
    actor: Actor,
    connection: Connection,
    provider: &'static dyn Provider,
    /// How far the providers' clock is ahead of ours: nothing, but for a simulated agency.
    ahead: time::Duration,
    cause: Cause,
    id: SyncRunId,
    holder: Uuid,
    attempts: i32,
    /// When the run began.
    started_at: OffsetDateTime,
    /// When this worker took it in hand.
    begun_at: OffsetDateTime,
}

/// Reads the connection, if there is something to read and nobody else does.
pub(crate) async fn run(
    context: &Context,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
) -> anyhow::Result<()> {
    let Some(run) = begin(context, organization_id, connection_id).await? else { return Ok(()) };
    let mut reading = std::pin::pin!(run.read());
    let outcome = tokio::select! {
        outcome = &mut reading => outcome,
        stop = run.keep_hold() => Err(stop),
    };
    run.settle(outcome).await
}

/// Takes the run in hand: a new one, or one whose worker fell silent.
async fn begin<'a>(
    context: &'a Context,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
) -> anyhow::Result<Option<Run<'a>>> {
    let service = &context.service;
    let now = service.clock.now();
    let actor = Actor::machine(organization_id);
    let switched_off = provider_switch::list(&mut service.db.system().await?).await?;
    let mut tx = service.db.tenant(&actor).await?;
    connection::set_begun(&mut tx, connection_id).await?;
    let connection = match connection::get(&mut tx, connection_id, now).await {
        Ok(connection) => connection,
        Err(store::Error::Missing) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let provider = provider_of(&connection.provider)?;
    let holder = store::id::new::<Uuid>(now);
    let hold = sync::Hold { holder, until: now + context.lease };
    let running = sync::find_running(&mut tx, connection_id).await?;
    let (id, cause, attempts, started_at) = match running {
        Some(running) if running.held_until > now => {
            // Its worker reads, waits for its time, or was killed a moment ago: this job comes again when that is clear.
            let asked = running.cause == Cause::Manual;
            let job = Job::SyncConnection { organization_id, connection_id, asked };
            let then = running.held_until + Duration::from_secs(1);
            queue::enqueue(&mut tx, &job, Some(then)).await?;
            tx.commit().await?;
            return Ok(None);
        }
        Some(running) => match sync::take(&mut tx, running.id, hold, now).await {
            Ok(()) => (running.id, running.cause, running.attempts, running.started_at),
            Err(store::Error::Missing) => return Ok(None),
            Err(error) => return Err(error.into()),
        },
        None => {
            // Also what was asked for: a job that comes again after its run ended finds nothing due.
            let due = connection.next_sync_at.is_some_and(|at| at <= now);
            let off = switched_off.iter().any(|(key, _)| *key == connection.provider);
            if off || !due || connection.state != ConnectionState::Connected {
                tx.commit().await?;
                return Ok(None);
            }
            let cause = connection::take_asked(&mut tx, connection_id).await?.unwrap_or(Cause::Schedule);
            let id = store::id::new(now);
            match sync::insert(&mut tx, id, connection_id, cause, hold, now).await {
                Ok(()) => (id, cause, 0, now),
                Err(store::Error::Conflict(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let ahead = organization::get(&mut tx).await?.ahead;
    tx.commit().await?;
    let run =
        Run { context, actor, connection, provider, ahead, cause, id, holder, attempts, started_at, begun_at: now };
    Ok(Some(run))
}

impl Run<'_> {
    async fn tx(&self) -> Result<TenantTx, Stop> {
        Ok(self.context.service.db.tenant(&self.actor).await?)
    }

    fn now(&self) -> OffsetDateTime {
        self.context.service.clock.now()
    }

    /// What time it is at the provider.
    fn there(&self) -> OffsetDateTime {
        self.now() + self.ahead
    }

    /// How many days are read for the first time.
    fn backfill(&self) -> i64 {
        self.connection.backfill_days.into()
    }

    fn hold(&self) -> sync::Hold {
        sync::Hold { holder: self.holder, until: self.now() + self.context.lease }
    }

    /// Says that the run still reads, until it is somebody else's.
    async fn keep_hold(&self) -> Stop {
        loop {
            tokio::time::sleep(self.context.lease / 3).await;
            // A database that is away for a moment costs nothing: the next word may come in time.
            let Ok(mut tx) = self.tx().await else { continue };
            match sync::hold(&mut tx, self.id, self.hold()).await {
                Ok(()) => drop(tx.commit().await),
                Err(store::Error::Missing) => return Stop::Lost,
                Err(_) => {}
            }
        }
    }

    /// Adds to what the run did, in the transaction of what it is about.
    async fn add(&self, tx: &mut TenantTx, more: &Progress) -> Result<(), Stop> {
        match sync::add(tx, self.id, self.hold(), more).await {
            Err(store::Error::Missing) => Err(Stop::Lost),
            result => Ok(result?),
        }
    }

    /// Stops when somebody switched the connection or the provider off, or disconnected it.
    async fn check_switches(&self) -> Result<(), Stop> {
        let off = provider_switch::list(&mut self.context.service.db.system().await?).await?;
        if let Some((_, reason)) = off.into_iter().find(|(key, _)| *key == self.connection.provider) {
            return Err(Stop::SwitchedOff(format!("the provider is switched off by the operator: {reason}")));
        }
        match connection::get(&mut self.tx().await?, self.connection.id, self.now()).await {
            Ok(Connection { state: ConnectionState::Paused, .. }) => {
                Err(Stop::SwitchedOff("the connection was switched off".to_owned()))
            }
            Ok(_) => Ok(()),
            Err(store::Error::Missing) => Err(Stop::SwitchedOff("the account was disconnected".to_owned())),
            Err(error) => Err(error.into()),
        }
    }

    async fn read(&self) -> Result<(), Stop> {
        self.check_switches().await?;
        let mut access = Access::open(self.context, &self.actor, self.connection.id, self.provider).await?;
        let kind = providers::channel_kind(self.provider);
        let provider = self.provider;
        let accounts = access.call(|call| Box::pin(provider.accounts(call))).await?;
        let mut tx = self.tx().await?;
        for account in &accounts {
            channel::upsert(&mut tx, self.connection.id, kind, account, self.now()).await?;
        }
        let step = format!("{} accounts found", accounts.len());
        self.add(&mut tx, &Progress { step, pages: 1, ..Progress::default() }).await?;
        tx.commit().await?;

        let mut tx = self.tx().await?;
        let mapped: Vec<Channel> = channel::list(&mut tx, self.connection.id)
            .await?
            .into_iter()
            // A mailbox is read for all clients: each conversation finds its own.
            .filter(|channel| channel.client_id.is_some() || channel.kind == ChannelKind::Inbox)
            .collect();
        drop(tx);
        // What of one account cannot be read keeps no other from being read; the run then fails for that one's reason.
        let reached = |channel: &&Channel| accounts.iter().any(|a| a.external_id == channel.account.external_id);
        let (mapped, lost): (Vec<_>, Vec<_>) = mapped.iter().partition(reached);
        let mut faults = Faults::default();
        for channel in lost {
            let words = "the connection no longer reaches this account; what it said stays".to_owned();
            faults.note(channel, Err::<(), _>(Error::Rejected(words).into()))?;
        }
        // Amounts of two currencies cannot stand in one account.
        let now_in = |channel: &Channel| {
            let found = accounts.iter().find(|account| account.external_id == channel.account.external_id)?;
            (found.currency != channel.account.currency).then_some(&found.currency)
        };
        let (other, mapped): (Vec<_>, Vec<_>) = mapped.into_iter().partition(|channel| now_in(channel).is_some());
        for channel in other {
            let (before, now) = (&channel.account.currency, now_in(channel).map_or("", String::as_str));
            let words = format!(
                "it counts in {now} now, and what was read of it is in {before}: that stays, and nothing more is read \
                 until it counts in {before} again; connect an account of its own for {now}"
            );
            faults.note(channel, Err::<(), _>(Error::Rejected(words).into()))?;
        }
        if let Some(ads) = self.provider.ads() {
            self.read_ads(&mut access, ads, &mapped, &mut faults).await?;
        } else if let Some(shop) = self.provider.shop() {
            for channel in mapped {
                faults.note(channel, self.read_shop(&mut access, shop, channel).await)?;
            }
        } else if let Some(inbox) = self.provider.inbox() {
            for channel in mapped {
                faults.note(channel, self.read_inbox(&mut access, inbox, channel).await)?;
            }
        }
        faults.first.map_or(Ok(()), |error| Err(Stop::Provider(error)))
    }
}

/// What was wrong with single accounts.
#[derive(Default)]
struct Faults {
    first: Option<Error>,
}

impl Faults {
    /// Keeps a fault that is the account's own; any other ends the reading.
    fn note<T>(&mut self, channel: &Channel, outcome: Result<T, Stop>) -> Result<Option<T>, Stop> {
        let named = |words: String| format!("{}: {words}", channel.account.name);
        let error = match outcome {
            Ok(done) => return Ok(Some(done)),
            Err(Stop::Provider(Error::Rejected(words))) => Error::Rejected(named(words)),
            Err(Stop::Provider(Error::Malformed(words))) => Error::Malformed(named(words)),
            Err(Stop::Provider(Error::TooLarge(words))) => Error::TooLarge(named(words)),
            Err(Stop::Provider(Error::CursorExpired)) => {
                Error::Malformed(named("it forgets where we stopped, again and again".to_owned()))
            }
            Err(other) => return Err(other),
        };
        self.first.get_or_insert(error);
        Ok(None)
    }
}
