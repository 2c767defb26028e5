//! Sends a message that somebody wrote, once.
//!
//! It is taken in hand before the provider is called, and its attempt is counted, in a transaction of its own each. Whoever takes one whose
//! sending was begun before, because a worker was killed or an answer was lost, looks for it at the provider first; where that is
//! impossible nobody sends it again, and a person decides. What the provider refuses stays where it is with the provider's words.

use std::sync::Arc;

use model::{
    actor::Actor,
    connection::ConnectionState,
    id::{OrganizationId, OutgoingId},
    job::Job,
    outgoing::State,
};
use providers::{Error, Inbox, Lookup, Outgoing, Sent};
use service::outgoing::mail;
use store::{channel, connection, outgoing, provider_switch, queue};
use time::Duration;
use uuid::Uuid;

use crate::{
    Context,
    sync::{Access, Stop, provider_of},
};

/// A worker that sends and says nothing for so long is believed dead: another looks after what it sent.
const HELD: Duration = Duration::minutes(5);
/// So often it says that it is still at it: a mail server may take its time with each recipient.
const BEAT: std::time::Duration = std::time::Duration::from_secs(5);
/// So often a message is tried that nobody can reach the provider for.
const ATTEMPTS: i32 = 6;
/// The first pause after nothing went; it doubles each time.
const PAUSE: Duration = Duration::seconds(20);
/// The first pause before it is looked for: providers show a moment later what was sent. It doubles each time, too.
const UNKNOWN: Duration = Duration::minutes(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::hours(1);
/// So often a message is put off of which nothing went: about a day.
const PUT_OFF: i32 = 30;

/// What became of a message.
enum Outcome {
    Sent(Sent),
    Failed(String),
    Unconfirmed(String),
    /// Nothing of it went: it comes again, for these words.
    PutOff(Duration, String),
    /// It may have gone before, and could not be looked for, for these words: it comes again.
    Unlooked(Duration, String),
    /// Nobody knows whether it went: it comes again, and is looked for first.
    Later(Duration),
    /// It is in other hands by now.
    Lost,
}

pub(crate) async fn run(context: &Context, organization_id: OrganizationId, id: OutgoingId) -> anyhow::Result<()> {
    let service = &context.service;
    let actor = Actor::machine(organization_id);
    let (now, holder) = (service.clock.now(), Uuid::now_v7());
    let mut tx = service.db.tenant(&actor).await?;
    let insisted = match outgoing::take(&mut tx, id, holder, now + HELD, now).await {
        // It was taken back, went, or is in other hands.
        Err(store::Error::Missing) => return Ok(()),
        taken => taken?,
    };
    let stored = outgoing::get(&mut tx, id).await?;
    tx.commit().await?;

    let sending = Sending { context, actor: &actor, stored: &stored, holder, insisted };
    let done = tokio::select! {
        done = sending.go() => Some(done?),
        () = sending.keep_hold() => None,
    };
    let Some((outcome, letter)) = done else { return Ok(()) };
    sending.settle(outcome, letter).await
}

/// What a message needs to be sent.
struct Prepared<'a> {
    access: Access<'a>,
    letter: Arc<Letter>,
}

/// What is sent, from where, to whom: calls share it.
struct Letter {
    inbox: &'static dyn Inbox,
    account: model::metric::Account,
    header_id: String,
    source: Vec<u8>,
    from: String,
    recipients: Vec<String>,
    blind: Vec<String>,
    thread: Option<String>,
}

impl Letter {
    fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            source: &self.source,
            message_id: &self.header_id,
            from: &self.from,
            recipients: &self.recipients,
            blind: &self.blind,
            thread: self.thread.as_deref(),
        }
    }
}

struct Sending<'a> {
    context: &'a Context,
    actor: &'a Actor,
    /// As it stood when it was taken in hand.
    stored: &'a outgoing::Stored,
    holder: Uuid,
    /// Whether a person wants it sent though nobody can say whether it went.
    insisted: bool,
}

impl<'a> Sending<'a> {
    /// Says again and again that this worker still sends, and never ends. The sending goes on whatever becomes of that: what was
    /// begun cannot be called back.
    async fn keep_hold(&self) {
        let service = &self.context.service;
        loop {
            tokio::time::sleep(BEAT).await;
            let Ok(mut tx) = service.db.tenant(self.actor).await else { continue };
            let until = service.clock.now() + HELD;
            match outgoing::hold(&mut tx, self.stored.outgoing.id, self.holder, until).await {
                Ok(()) => drop(tx.commit().await),
                Err(error) => tracing::warn!(%error, "a message that is being sent could not be held on to"),
            }
        }
    }

    /// Sends it, unless it is found to have gone.
    async fn go(&self) -> anyhow::Result<(Outcome, Option<Arc<Letter>>)> {
        let mut prepared = match self.prepare().await {
            Ok(prepared) => prepared,
            Err(Stop::Ours(error)) => return Err(error),
            Err(stop) => return Ok((self.doubted(refused(stop)), None)),
        };
        let outcome = self.send(&mut prepared).await?;
        Ok((outcome, Some(prepared.letter)))
    }

    async fn prepare(&self) -> Result<Prepared<'a>, Stop> {
        let service = &self.context.service;
        let off = provider_switch::list(&mut service.db.system().await?).await?;
        let mut tx = service.db.tenant(self.actor).await?;
        let channel = channel::get(&mut tx, self.stored.channel_id).await?;
        let connection = match connection::get(&mut tx, channel.connection_id, service.clock.now()).await {
            Err(store::Error::Missing) => return Err(Stop::Reconnect("the mailbox is not connected any more".into())),
            found => found?,
        };
        if let Some((_, reason)) = off.into_iter().find(|(key, _)| *key == connection.provider) {
            return Err(Stop::SwitchedOff(format!("the provider is switched off by the operator: {reason}")));
        }
        if connection.state == ConnectionState::Paused {
            return Err(Stop::SwitchedOff("the mailbox is switched off".into()));
        }
        let provider = provider_of(&connection.provider).map_err(Stop::Ours)?;
        let none = || Stop::Provider(Error::Rejected("this account sends no messages".into()));
        let inbox = provider.inbox().ok_or_else(none)?;
        let mail::Letter { source, from, thread } = match mail::write(&mut tx, self.stored).await {
            Err(mail::Unwritten::Words(words)) => return Err(Error::Rejected(words).into()),
            Err(mail::Unwritten::Store(error)) => return Err(error.into()),
            Ok(written) => written,
        };
        drop(tx);
        let list = |all: &[model::message::Address]| all.iter().map(|one| one.address.clone()).collect::<Vec<_>>();
        let outgoing = &self.stored.outgoing;
        let blind = list(&outgoing.bcc);
        let mut recipients = list(&outgoing.to);
        recipients.extend(list(&outgoing.cc));
        recipients.extend(blind.clone());
        let access = Access::open(self.context, self.actor, connection.id, provider).await?;
        let (account, header_id) = (channel.account, self.stored.header_id.clone());
        let letter = Letter { inbox, account, header_id, source, from, recipients, blind, thread };
        Ok(Prepared { access, letter: Arc::new(letter) })
    }

    async fn send(&self, prepared: &mut Prepared<'_>) -> anyhow::Result<Outcome> {
        let mut doubted = false;
        // One whose sending was begun before may have gone.
        if self.stored.attempts > 0 {
            match self.look(prepared).await {
                Ok(Lookup::Found(sent)) => return Ok(Outcome::Sent(sent)),
                Ok(Lookup::Absent) if self.stored.attempts >= ATTEMPTS => {
                    let words = "the provider could not be reached, and the message is not among what was sent. Nothing was sent";
                    return Ok(Outcome::Failed(words.into()));
                }
                Ok(Lookup::Absent) => {}
                Ok(Lookup::Impossible) if self.insisted => doubted = true,
                Ok(Lookup::Impossible) => {
                    let words = "its sending was interrupted, and the provider cannot say whether it went. Look there first, \
                                 then send it again or mark it as sent";
                    return Ok(Outcome::Unconfirmed(words.into()));
                }
                Err(Stop::Ours(error)) => return Err(error),
                Err(stop) => return Ok(self.doubted(refused(stop))),
            }
        }
        if !self.begin().await? {
            return Ok(Outcome::Lost);
        }
        let letter = Arc::clone(&prepared.letter);
        let sent = prepared.access.call(move |call| {
            let letter = Arc::clone(&letter);
            Box::pin(async move { letter.inbox.send(call, &letter.account, &letter.outgoing()).await })
        });
        match sent.await {
            Ok(sent) => Ok(Outcome::Sent(sent)),
            Err(Stop::Ours(error)) => Err(error),
            // Nobody knows whether it went: a pause later it is looked for.
            Err(Stop::Provider(Error::Unavailable(_) | Error::Malformed(_) | Error::CursorExpired)) => {
                Ok(Outcome::Later(UNKNOWN * (1 << self.stored.attempts.clamp(0, 5))))
            }
            Err(stop) => {
                let outcome = match stop {
                    // It stays as large as it is, however often it is tried.
                    Stop::Provider(Error::TooLarge(words)) => Outcome::Failed(format!(
                        "the message is too large for this mailbox: {words}. Send fewer or smaller files, or a link to them. Nothing was sent"
                    )),
                    stop => refused(stop),
                };
                Ok(if doubted { self.doubted(outcome) } else { outcome })
            }
        }
    }

    /// From here on it may go. Another worker may have taken it over meanwhile, who sends it then.
    async fn begin(&self) -> anyhow::Result<bool> {
        let service = &self.context.service;
        let mut tx = service.db.tenant(self.actor).await?;
        let until = service.clock.now() + HELD;
        match outgoing::begin(&mut tx, self.stored.outgoing.id, self.holder, until).await {
            Err(store::Error::Missing) => Ok(false),
            begun => {
                begun?;
                tx.commit().await?;
                Ok(true)
            }
        }
    }

    /// Whether it went.
    async fn look(&self, prepared: &mut Prepared<'_>) -> Result<Lookup, Stop> {
        let letter = Arc::clone(&prepared.letter);
        let found = prepared.access.call(move |call| {
            let letter = Arc::clone(&letter);
            Box::pin(async move { letter.inbox.find_sent(call, &letter.account, &letter.header_id).await })
        });
        found.await
    }

    /// What becomes of a message of which nothing went now: one that was begun before, and could not be looked for, may have gone then.
    fn doubted(&self, outcome: Outcome) -> Outcome {
        match outcome {
            outcome if self.stored.attempts == 0 => outcome,
            // Whoever insisted may still take it back.
            Outcome::PutOff(pause, words) if !self.insisted => Outcome::Unlooked(pause, words),
            Outcome::Failed(words) => Outcome::Unconfirmed(unconfirmed(&words)),
            other => other,
        }
    }

    /// Notes what became of it.
    async fn settle(&self, outcome: Outcome, letter: Option<Arc<Letter>>) -> anyhow::Result<()> {
        let service = &self.context.service;
        let (id, holder, now) = (self.stored.outgoing.id, self.holder, service.clock.now());
        let job = Job::SendMessage { organization_id: self.actor.organization_id, outgoing_id: id };
        let put_off = |pause: Duration| pause.max(PAUSE * (1 << self.stored.put_off.clamp(0, 8))).min(LONGEST_PAUSE);
        let mut tx = service.db.tenant(self.actor).await?;
        let settled = match outcome {
            Outcome::Sent(sent) => {
                let source = letter.map(|letter| letter.source.clone()).unwrap_or_default();
                let ids = (sent.external_id, sent.thread);
                service::outgoing::keep(&mut tx, self.stored, ids, now, source, now).await?;
                outgoing::set_sent(&mut tx, id, now).await
            }
            Outcome::Failed(words) => outgoing::settle(&mut tx, id, holder, State::Failed, &words, now).await,
            Outcome::Unconfirmed(words) => outgoing::settle(&mut tx, id, holder, State::Unconfirmed, &words, now).await,
            Outcome::PutOff(_, words) if self.stored.put_off >= PUT_OFF && !self.insisted => {
                let words = format!("{words}. It was tried for a day, and nothing was sent");
                outgoing::settle(&mut tx, id, holder, State::Failed, &words, now).await
            }
            Outcome::PutOff(_, words) | Outcome::Unlooked(_, words) if self.stored.put_off >= PUT_OFF => {
                outgoing::settle(&mut tx, id, holder, State::Unconfirmed, &unconfirmed(&words), now).await
            }
            Outcome::PutOff(pause, words) => {
                let at = now + put_off(pause);
                queue::enqueue(&mut tx, &job, Some(at)).await?;
                let words = format!("{words}. Nothing was sent yet, and it is tried again by itself");
                outgoing::put_off(&mut tx, id, holder, at, self.stored.attempts, self.insisted, &words).await
            }
            Outcome::Unlooked(pause, words) => {
                tracing::info!(outgoing = %id, words, "whether a message went cannot be asked now");
                let at = now + put_off(pause);
                queue::enqueue(&mut tx, &job, Some(at)).await?;
                outgoing::let_go(&mut tx, id, holder, at, false).await
            }
            Outcome::Later(pause) => {
                let at = now + pause;
                queue::enqueue(&mut tx, &job, Some(at)).await?;
                outgoing::let_go(&mut tx, id, holder, at, true).await
            }
            Outcome::Lost => return Ok(()),
        };
        match settled {
            // A person or another worker was faster: what they noted stays.
            Err(store::Error::Missing) => Ok(()),
            settled => {
                settled?;
                Ok(tx.commit().await?)
            }
        }
    }
}

/// What a person reads of a message that may have gone before.
fn unconfirmed(words: &str) -> String {
    let words = words.trim_end_matches(". Nothing was sent");
    format!(
        "its sending was interrupted, and the mailbox cannot be asked whether it went: {words}. Look there first, then send it again or \
         mark it as sent"
    )
}

/// What becomes of a message of which nothing went.
fn refused(stop: Stop) -> Outcome {
    if let Stop::Provider(error @ (Error::RateLimited { .. } | Error::Unavailable(_) | Error::Malformed(_))) = &stop {
        let after = if let Error::RateLimited { after } = error { *after } else { std::time::Duration::ZERO };
        return Outcome::PutOff(Duration::try_from(after).unwrap_or(PAUSE), error.to_string());
    }
    Outcome::Failed(match stop {
        Stop::Provider(Error::Rejected(words)) => format!("the provider refused it: {words}. Nothing was sent"),
        Stop::Provider(Error::CursorExpired) => {
            "the provider does not know this mailbox any more. Nothing was sent".into()
        }
        Stop::Provider(error @ Error::TooLarge(_)) => format!("{error}. {}. Nothing was sent", error.hint()),
        Stop::Provider(error) => format!("{error}. Nothing was sent"),
        Stop::Reconnect(words) => format!("the mailbox must be connected again: {words}. Nothing was sent"),
        Stop::SwitchedOff(words) => format!("{words}. Nothing was sent"),
        Stop::Waits { why, .. } => format!("{why}. Nothing was sent"),
        Stop::Lost | Stop::Ours(_) => "something failed on our side. Nothing was sent".into(),
    })
}
