//! The end of a run, or its pause: the kind of what went wrong alone decides which.

use std::time::Duration;

use model::{
    connection::{Cause, Fault, Progress},
    job::Job,
};
use providers::Error;
use service::moment;
use store::{TenantTx, connection, queue, staged_page, sync, webhook_event};
use time::OffsetDateTime;

use super::{Run, Stop, ads};
use crate::run_brain;

/// A provider that cannot be reached is tried so often in a row before the run fails.
const ATTEMPTS: i32 = 5;
/// The first pause; it doubles each time.
const PAUSE: Duration = Duration::from_secs(15);
/// The first pause after a fault of ours, which is often gone in a moment.
const PAUSE_OURS: Duration = Duration::from_secs(1);
/// How long the circuit breaker rests a connection.
const REST: Duration = Duration::from_secs(3600);
/// The failure in a row at which the circuit breaker rests a connection.
const BREAKS_AT: i32 = 5;

impl Run<'_> {
    /// Ends the run or lets it pause.
    pub(super) async fn settle(&self, outcome: Result<(), Stop>) -> anyhow::Result<()> {
        let attempts = self.attempts_in_a_row().await?;
        // Whoever throws an agency away takes rows from under the reading, but disconnects first.
        let disconnected = matches!(outcome, Err(Stop::Ours(_))) && self.is_disconnected().await;
        let fault = match outcome {
            Ok(()) => None,
            Err(Stop::Ours(error)) if disconnected => {
                tracing::info!(run = %self.id, error = format!("{error:#}"), "a run ends, as its account was disconnected");
                Some(Fault {
                    kind: "switched_off".into(),
                    message: "the account was disconnected".into(),
                    hint: "Connect it again to go on".into(),
                })
            }
            Err(Stop::Lost) => {
                tracing::info!(run = %self.id, "the run went on in other hands");
                return Ok(());
            }
            Err(Stop::Ours(error)) if attempts + 1 < ATTEMPTS => {
                tracing::error!(run = %self.id, error = format!("{error:#}"), "a run failed on our side and goes on in a moment");
                let pause = PAUSE_OURS * 2u32.pow(attempts.unsigned_abs());
                return self.pause(pause, attempts + 1, "something failed on our side").await;
            }
            Err(Stop::Ours(error)) => {
                tracing::error!(run = %self.id, error = format!("{error:#}"), "a run failed on our side again and again");
                Some(Fault {
                    kind: "internal".into(),
                    message: "something failed on our side again and again; the server's log says what".into(),
                    hint: format!("Ask your operator, and name the run {}", self.id),
                })
            }
            Err(Stop::Provider(Error::RateLimited { after })) => {
                return self.pause(after, attempts, "the provider asks to wait").await;
            }
            Err(Stop::Waits { after, why }) => return self.pause(after, attempts, &why).await,
            Err(Stop::Provider(Error::Unavailable(words))) if attempts + 1 < ATTEMPTS => {
                let pause = PAUSE * 2u32.pow(attempts.unsigned_abs());
                return self.pause(pause, attempts + 1, &format!("the provider could not be reached: {words}")).await;
            }
            Err(Stop::Provider(error)) => {
                Some(Fault { kind: error.key().into(), message: error.to_string(), hint: error.hint().into() })
            }
            Err(Stop::Reconnect(words)) => {
                let mut tx = self.context.service.db.tenant(&self.actor).await?;
                connection::set_reconnect(&mut tx, self.connection.id, &words).await.or_else(gone)?;
                tx.commit().await?;
                Some(Fault {
                    kind: "unauthorized".into(),
                    message: format!("the connection no longer works: {words}"),
                    hint: "Reconnect the account".into(),
                })
            }
            Err(Stop::SwitchedOff(words)) => {
                Some(Fault { kind: "switched_off".into(), message: words, hint: "Switch it on to go on".into() })
            }
        };
        self.finish(fault).await
    }

    /// Whether a person disconnected the account, or the agency is gone. A database that does not answer says nothing of it.
    async fn is_disconnected(&self) -> bool {
        let Ok(mut tx) = self.context.service.db.tenant(&self.actor).await else { return false };
        matches!(connection::get(&mut tx, self.connection.id, self.now()).await, Err(store::Error::Missing))
    }

    /// How often the run stopped in a row without getting further, this time not counted.
    async fn attempts_in_a_row(&self) -> anyhow::Result<i32> {
        let mut tx = self.context.service.db.tenant(&self.actor).await?;
        let running = sync::find_running(&mut tx, self.connection.id).await?;
        Ok(running.filter(|running| running.id == self.id).map_or(self.attempts, |running| running.attempts))
    }

    /// Whether this is the last of the tries in a row that a run has.
    pub(super) async fn is_last_try(&self) -> Result<bool, Stop> {
        Ok(self.attempts_in_a_row().await.map_err(Stop::Ours)? + 1 >= ATTEMPTS)
    }

    /// Adds to what the run did, and says that it got further than it ever was.
    pub(super) async fn add_further(&self, tx: &mut TenantTx, more: &Progress) -> Result<(), Stop> {
        self.add(tx, more).await?;
        Ok(sync::set_further(tx, self.id).await?)
    }

    /// Lets the run go until `after`; it goes on where it stopped.
    async fn pause(&self, after: Duration, attempts: i32, why: &str) -> anyhow::Result<()> {
        let until = self.now() + after;
        let hold = sync::Hold { holder: self.holder, until };
        let mut tx = self.context.service.db.tenant(&self.actor).await?;
        let zone = match store::organization::get(&mut tx).await {
            Ok(organization) => organization.time_zone,
            // The agency was thrown away meanwhile.
            Err(store::Error::Missing) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let step = format!("{why}; it goes on at {}", moment::time_of_day(&zone, until));
        match sync::let_go(&mut tx, self.id, hold, &step, attempts).await {
            Ok(()) => {}
            Err(store::Error::Missing) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let organization_id = self.actor.organization_id;
        let asked = self.cause == Cause::Manual;
        let job = Job::SyncConnection { organization_id, connection_id: self.connection.id, asked };
        queue::enqueue(&mut tx, &job, Some(until)).await?;
        Ok(tx.commit().await?)
    }

    async fn finish(&self, fault: Option<Fault>) -> anyhow::Result<()> {
        let service = &self.context.service;
        let now = self.now();
        let id = self.connection.id;
        let mut tx = service.db.tenant(&self.actor).await?;
        match sync::finish(&mut tx, self.id, self.holder, fault.as_ref(), now).await {
            Ok(()) => {}
            Err(store::Error::Missing) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let zone = store::organization::get(&mut tx).await?.time_zone;
        let next = self.next(now, &zone);
        match &fault {
            Some(fault) if fault.kind == "switched_off" => staged_page::remove_of(&mut tx, id).await?,
            _ => {
                let failed = fault.is_some();
                connection::set_synced(&mut tx, id, !failed, now, Some(next), now + REST).await.or_else(gone)?;
                if failed {
                    staged_page::remove_of(&mut tx, id).await?;
                    // One mail when it begins to fail, and one when the circuit breaker rests it.
                    if [1, BREAKS_AT].contains(&(self.connection.failures + 1)) {
                        let organization_id = self.actor.organization_id;
                        let mail = Job::MailSyncFailure { organization_id, sync_run_id: self.id };
                        queue::enqueue(&mut tx, &mail, None).await?;
                    }
                }
            }
        }
        queue::enqueue(&mut tx, &Job::QueueDue, None).await?;
        // Messages change no figure.
        if fault.is_none() && self.provider.inbox().is_none() {
            run_brain::ask(self.context, &mut tx, now).await?;
        }
        tx.commit().await?;
        if fault.is_none() {
            let mut tx = service.db.system().await?;
            webhook_event::set_handled(&mut tx, (self.actor.organization_id, id), self.begun_at, now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// When the connection is read next: mailboxes as often as their provider bears; shops every quarter of an hour; ads every hour, at a minute of their own so
    /// that not all come at once, and in the night.
    fn next(&self, now: OffsetDateTime, zone: &str) -> OffsetDateTime {
        if let Some(inbox) = self.provider.inbox() {
            return now + inbox.every();
        }
        if self.provider.ads().is_none() {
            return now + Duration::from_secs(15 * 60);
        }
        let spread = self.connection.id.0.as_u128() % 600;
        let hourly = now + Duration::from_secs(55 * 60 + u64::try_from(spread).unwrap_or_default());
        hourly.min(moment::next_hour(zone, ads::NIGHT, now))
    }
}

/// A connection that was disconnected meanwhile keeps its run, and nothing else is to be noted.
fn gone(error: store::Error) -> Result<(), store::Error> {
    match error {
        store::Error::Missing => Ok(()),
        other => Err(other),
    }
}
