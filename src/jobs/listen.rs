//! Listens to mailboxes whose servers tell by themselves what comes, and has a mailbox read as soon as it is told.
//!
//! Each process listens to so many as its settings say; a lease in the database keeps every other process from the same mailbox. The
//! lease is extended every few seconds, and what a person or the operator switched off, disconnected or connected anew meanwhile is let
//! go with that. Nothing is read here: what is told is asked for as if the provider had called, and a run reads it. Whatever this misses
//! the next ordinary reading finds.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use model::{actor::Actor, connection::ChannelKind};
use providers::{Error, Provider, Told};
use service::webhook;
use store::{
    channel,
    listener::{self, Held, Key, Wanted},
};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
};
use uuid::Uuid;

use crate::{
    Context,
    sync::{Access, Stop, provider_of},
};

/// A session is opened anew after so long, in case its connection died without a word.
const QUIET: Duration = Duration::from_secs(10 * 60);
/// After something was told: what comes at once after it is one reading with it.
const BREATH: Duration = Duration::from_secs(5);
/// The pause after a first failure; it doubles with each.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// A server that does not tell is asked again after so long whether it does by now.
const DEAF: Duration = Duration::from_secs(24 * 60 * 60);

/// Listens until `stop` becomes true.
pub(crate) async fn keep_listening(context: Context, mut stop: watch::Receiver<bool>) {
    if context.listeners == 0 {
        return;
    }
    let mut listening = Listening {
        holder: Uuid::now_v7(),
        providers: telling().map(|provider| provider.descriptor().key.to_owned()).collect(),
        context,
        running: JoinSet::new(),
        tasks: HashMap::new(),
        extended: Instant::now(),
    };
    while !*stop.borrow() {
        if let Err(error) = listening.look().await {
            tracing::warn!(error = format!("{error:#}"), "who listens to mailboxes could not be looked after");
            // Others may listen by now.
            if listening.extended.elapsed() > listening.context.lease {
                listening.end_all();
            }
        }
        tokio::select! {
            () = tokio::time::sleep(listening.context.lease / 3) => {}
            stopped = stop.changed() => if stopped.is_err() { break },
        }
    }
    listening.running.shutdown().await;
    if let Err(error) = listening.release().await {
        tracing::warn!(error = format!("{error:#}"), "others listen to these mailboxes only after a while");
    }
}

/// The providers whose mailboxes may tell what comes.
fn telling() -> impl Iterator<Item = &'static dyn Provider> {
    providers::all().iter().copied().filter(|provider| provider.inbox().is_some_and(|inbox| inbox.tells()))
}

/// What this process listens to.
struct Listening {
    context: Context,
    /// This process, in its leases.
    holder: Uuid,
    providers: Vec<String>,
    running: JoinSet<()>,
    tasks: HashMap<Key, AbortHandle>,
    /// When the leases were last extended.
    extended: Instant,
}

impl Listening {
    /// Extends the leases, lets go of what is not to be listened to any more, and begins with what nobody listens to.
    async fn look(&mut self) -> anyhow::Result<()> {
        while self.running.try_join_next().is_some() {}
        self.tasks.retain(|_, task| !task.is_finished());
        let (holder, seconds) = (self.holder, self.context.lease.as_secs_f64());
        let now = self.context.service.clock.now();
        let mut tx = self.context.service.db.system().await?;
        let ours: HashSet<Key> = listener::extend(&mut tx, holder, seconds, now).await?.into_iter().collect();
        for key in ours.iter().filter(|key| !self.tasks.contains_key(*key)) {
            // It ended without a word.
            listener::rest(&mut tx, holder, *key, PAUSE.as_secs_f64(), 1).await?;
        }
        let ended: Vec<Key> = self.tasks.keys().filter(|key| !ours.contains(*key)).copied().collect();
        for key in ended {
            if let Some(task) = self.tasks.remove(&key) {
                task.abort();
            }
            listener::rest(&mut tx, holder, key, 0.0, 0).await?;
        }
        let most = i64::try_from(self.context.listeners.saturating_sub(self.tasks.len())).unwrap_or(i64::MAX);
        let wanted = Wanted { holder, providers: &self.providers, seconds, most };
        let taken = if most > 0 { listener::take(&mut tx, wanted, now).await? } else { Vec::new() };
        tx.commit().await?;
        self.extended = Instant::now();
        for held in taken {
            let key = (held.organization_id, held.connection_id);
            let task = self.running.spawn(listen(self.context.clone(), holder, held));
            self.tasks.insert(key, task);
        }
        Ok(())
    }

    fn end_all(&mut self) {
        self.running.abort_all();
        self.tasks.clear();
    }

    async fn release(&self) -> anyhow::Result<()> {
        let mut tx = self.context.service.db.system().await?;
        listener::release(&mut tx, self.holder).await?;
        Ok(tx.commit().await?)
    }
}

/// Listens to a mailbox until that fails, which rests it for a while.
async fn listen(context: Context, holder: Uuid, mut held: Held) {
    let (pause, failures) = match follow(&context, holder, &mut held).await {
        Ok(Ended::Deaf) => (DEAF, 0),
        // Whoever holds it now says what becomes of it.
        Ok(Ended::Lost) => return,
        Err(stop) => {
            let failures = held.failures.saturating_add(1);
            let (pause, why) = (pause(&stop, failures), words(stop));
            tracing::info!(
                organization = %held.organization_id,
                connection = %held.connection_id,
                why,
                seconds = pause.as_secs(),
                "a mailbox is not listened to for a while"
            );
            (pause, failures)
        }
    };
    let rested = async {
        let mut tx = context.service.db.system().await?;
        let key = (held.organization_id, held.connection_id);
        listener::rest(&mut tx, holder, key, pause.as_secs_f64(), failures).await?;
        tx.commit().await
    };
    if let Err(error) = rested.await {
        tracing::warn!(%error, "a mailbox that is not listened to could not be given back");
    }
}

/// Why nobody listens any more, where nothing failed.
enum Ended {
    /// The server does not tell.
    Deaf,
    /// The lease is somebody else's.
    Lost,
}

async fn follow(context: &Context, holder: Uuid, held: &mut Held) -> Result<Ended, Stop> {
    let Held { organization_id, connection_id, .. } = *held;
    let (service, actor) = (&context.service, Actor::machine(organization_id));
    let mut tx = service.db.tenant(&actor).await?;
    let connection = store::connection::get(&mut tx, connection_id, service.clock.now()).await?;
    let channels = channel::list(&mut tx, connection_id).await?;
    drop(tx);
    let provider = provider_of(&connection.provider).map_err(Stop::Ours)?;
    let mailbox = channels.into_iter().find(|channel| channel.kind == ChannelKind::Inbox);
    let (Some(inbox), Some(mailbox)) = (provider.inbox(), mailbox) else { return Ok(Ended::Deaf) };
    let mut access = Access::open(context, &actor, connection_id, provider).await?;
    loop {
        // Calls outlive no borrow of ours: each has its own.
        let own = (mailbox.account.clone(), held.mark.clone());
        let told = access.call(move |call| {
            let (account, mark) = own.clone();
            Box::pin(async move { inbox.wait(call, &account, mark.as_deref(), QUIET).await })
        });
        let (mark, changed) = match told.await? {
            Told::Changed(mark) => (mark, true),
            Told::Nothing(mark) => (mark, false),
            Told::Never => return Ok(Ended::Deaf),
        };
        // What was told and that it was told are kept together: who is killed before tells it again.
        let mut tx = service.db.system().await?;
        if !listener::set_mark(&mut tx, holder, (organization_id, connection_id), &mark).await? {
            return Ok(Ended::Lost);
        }
        if changed {
            webhook::ask(&mut tx, (organization_id, connection_id), service.clock.now()).await?;
        }
        tx.commit().await?;
        (held.mark, held.failures) = (Some(mark), 0);
        if changed {
            tokio::time::sleep(BREATH).await;
        }
    }
}

/// How long a mailbox rests for this reason.
fn pause(stop: &Stop, failures: i32) -> Duration {
    let pause = PAUSE * (1_u32 << failures.saturating_sub(1).clamp(0, 7));
    let asked = if let Stop::Provider(Error::RateLimited { after }) = stop { *after } else { Duration::ZERO };
    pause.max(asked).min(LONGEST_PAUSE)
}

/// Why, for the log.
fn words(stop: Stop) -> String {
    match stop {
        Stop::Provider(error) => error.to_string(),
        Stop::Waits { why, .. } => why,
        Stop::Reconnect(words) | Stop::SwitchedOff(words) => words,
        Stop::Lost => "somebody else listens".to_owned(),
        Stop::Ours(error) => format!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_are_never_shorter_than_the_provider_asks_for() {
        let away = Stop::Provider(Error::Unavailable("no answer".into()));
        let pauses = [1, 2, 3, 8, i32::MAX].map(|failures| pause(&away, failures).as_secs());
        assert_eq!(pauses, [30, 60, 120, 3600, 3600]);
        let limited = Stop::Provider(Error::RateLimited { after: Duration::from_secs(300) });
        assert_eq!(pause(&limited, 1).as_secs(), 300);
    }

    #[test]
    fn mail_servers_tell_and_the_others_are_asked() {
        let keys: Vec<_> = telling().map(|provider| provider.descriptor().key).collect();
        assert_eq!(keys, ["imap"]);
    }
}
