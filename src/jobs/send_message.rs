//! Sends a message that somebody wrote, once.
//!
//! It is taken in hand before the provider is called, in a transaction of its own. Whoever takes one that was in hand before, because a
//! worker was killed or an answer was lost, looks for it at the provider first; where that is impossible nobody sends it again, and a
//! person decides. What the provider refuses stays where it is with the provider's words.

use std::sync::Arc;

use model::{
    actor::Actor,
    id::{OrganizationId, OutgoingId},
    job::Job,
    message::Place,
    outgoing::State,
};
use providers::{Error, Inbox, Lookup, Outgoing, Sent};
use service::{
    message::ingest::{self, Incoming, Mailbox},
    outgoing::mail,
};
use store::{channel, connection, draft, inbox, message, outgoing, queue};
use time::Duration;
use uuid::Uuid;

use crate::{
    Context,
    sync::{Access, Stop, provider_of},
};

/// A worker that sends has so much time before another looks after it.
const HELD: Duration = Duration::minutes(5);
/// So often a message is tried that nobody can reach the provider for.
const ATTEMPTS: i32 = 6;
/// The first pause; it doubles each time.
const PAUSE: Duration = Duration::seconds(20);
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
    /// Nobody knows whether it went: it comes again, and is looked for first.
    Later(Duration),
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

    let sending = Sending { context, actor: &actor, stored: &stored, insisted };
    let (outcome, letter) = match sending.prepare().await {
        Ok(mut prepared) => (sending.send(&mut prepared).await?, Some(prepared.letter)),
        Err(Stop::Ours(error)) => return Err(error),
        Err(stop) => (unlooked(refused(stop), stored.attempts), None),
    };
    let mut tx = service.db.tenant(&actor).await?;
    let now = service.clock.now();
    let settled = match outcome {
        Outcome::Sent(sent) => {
            let source = letter.map(|letter| letter.source.clone()).unwrap_or_default();
            keep(&mut tx, &stored, sent, source, now).await?;
            outgoing::set_state(&mut tx, id, &[State::Sending], State::Sent, None, now).await
        }
        Outcome::Failed(words) => {
            outgoing::set_state(&mut tx, id, &[State::Sending], State::Failed, Some(&words), now).await
        }
        Outcome::Unconfirmed(words) => {
            outgoing::set_state(&mut tx, id, &[State::Sending], State::Unconfirmed, Some(&words), now).await
        }
        Outcome::PutOff(pause, words) if stored.put_off < PUT_OFF => {
            tracing::info!(outgoing = %id, words, "a message is put off");
            let pause = pause.max(PAUSE * (1 << stored.put_off.clamp(0, 8))).min(LONGEST_PAUSE);
            let job = Job::SendMessage { organization_id, outgoing_id: id };
            queue::enqueue(&mut tx, &job, Some(now + pause)).await?;
            outgoing::put_off(&mut tx, id, holder, now + pause).await
        }
        Outcome::PutOff(_, words) => {
            let words = format!("{words}. It was tried for a day, and nothing was sent");
            outgoing::set_state(&mut tx, id, &[State::Sending], State::Failed, Some(&words), now).await
        }
        Outcome::Later(pause) => {
            let job = Job::SendMessage { organization_id, outgoing_id: id };
            queue::enqueue(&mut tx, &job, Some(now + pause)).await?;
            outgoing::let_go(&mut tx, id, holder, now + pause).await
        }
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

/// Keeps what went as a message of its conversation: the next reading knows it by its `Message-ID`.
async fn keep(
    tx: &mut store::TenantTx,
    stored: &outgoing::Stored,
    sent: Sent,
    source: Vec<u8>,
    now: time::OffsetDateTime,
) -> anyhow::Result<()> {
    let mailbox = inbox::get(tx, stored.channel_id).await?;
    let external_id = sent.external_id.unwrap_or_else(|| format!("sent:{}", stored.outgoing.id));
    let incoming = Incoming { external_id, thread: sent.thread, at: now, place: Place::Sent, seen: true, source };
    let mailbox = Mailbox { channel_id: stored.channel_id, addresses: &mailbox.addresses, run: None };
    ingest::keep(tx, mailbox, vec![incoming], now).await?;
    Ok(())
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
    stored: &'a outgoing::Stored,
    /// Whether a person wants it sent though nobody can say whether it went.
    insisted: bool,
}

impl<'a> Sending<'a> {
    async fn prepare(&self) -> Result<Prepared<'a>, Stop> {
        let service = &self.context.service;
        let mut tx = service.db.tenant(self.actor).await?;
        let channel = channel::get(&mut tx, self.stored.channel_id).await?;
        let connection = match connection::get(&mut tx, channel.connection_id, service.clock.now()).await {
            Err(store::Error::Missing) => return Err(Stop::Reconnect("the mailbox is not connected any more".into())),
            found => found?,
        };
        let provider = provider_of(&connection.provider).map_err(Stop::Ours)?;
        let none = || Stop::Provider(Error::Rejected("this account sends no messages".into()));
        let inbox = provider.inbox().ok_or_else(none)?;
        let from = inbox::get(&mut tx, channel.id).await?.addresses.into_iter().next().ok_or_else(none)?;
        let answered = match self.stored.answers_id {
            Some(id) => message::answered(&mut tx, id).await?,
            None => Default::default(),
        };
        let mut files = Vec::new();
        for upload in &self.stored.uploads {
            files.push(draft::get_upload(&mut tx, *upload).await?);
        }
        drop(tx);
        let answered =
            mail::Answered { header_id: answered.header_id, references: answered.references, thread: answered.thread };
        let source = mail::source(self.stored, &from, &answered, files).map_err(Error::Rejected)?;
        let list = |all: &[model::message::Address]| all.iter().map(|one| one.address.clone()).collect::<Vec<_>>();
        let outgoing = &self.stored.outgoing;
        let blind = list(&outgoing.bcc);
        let mut recipients = list(&outgoing.to);
        recipients.extend(list(&outgoing.cc));
        recipients.extend(blind.clone());
        let access = Access::open(self.context, self.actor, connection.id, provider).await?;
        let (account, header_id, thread) = (channel.account, self.stored.header_id.clone(), answered.thread);
        let letter = Letter { inbox, account, header_id, source, from, recipients, blind, thread };
        Ok(Prepared { access, letter: Arc::new(letter) })
    }

    async fn send(&self, prepared: &mut Prepared<'_>) -> anyhow::Result<Outcome> {
        // One that was in hand before may have gone.
        if self.stored.attempts > 1 {
            match self.look(prepared).await? {
                Lookup::Found(sent) => return Ok(Outcome::Sent(sent)),
                Lookup::Absent => {}
                Lookup::Impossible if self.insisted => {}
                Lookup::Impossible => {
                    let words = "its sending was interrupted, and the provider cannot say whether it went. Look there first, \
                                 then send it again or mark it as sent";
                    return Ok(Outcome::Unconfirmed(words.into()));
                }
            }
        }
        let letter = Arc::clone(&prepared.letter);
        let sent = prepared.access.call(move |call| {
            let letter = Arc::clone(&letter);
            Box::pin(async move { letter.inbox.send(call, &letter.account, &letter.outgoing()).await })
        });
        let sent = sent.await;
        match sent {
            Ok(sent) => Ok(Outcome::Sent(sent)),
            Err(Stop::Ours(error)) => Err(error),
            // Nobody knows whether it went: the next attempt looks for it first.
            Err(Stop::Provider(Error::Unavailable(_) | Error::Malformed(_))) if self.stored.attempts < ATTEMPTS => {
                let doubled = 1 << (self.stored.attempts - 1).clamp(0, 5);
                Ok(Outcome::Later(PAUSE * doubled))
            }
            Err(Stop::Provider(error @ (Error::Unavailable(_) | Error::Malformed(_)))) => {
                Ok(match self.look(prepared).await? {
                    Lookup::Found(sent) => Outcome::Sent(sent),
                    Lookup::Absent => {
                        Outcome::Failed(format!("the provider could not be reached: {error}. Nothing was sent"))
                    }
                    Lookup::Impossible => Outcome::Unconfirmed(format!("nobody can say whether it went: {error}")),
                })
            }
            Err(stop) => Ok(refused(stop)),
        }
    }

    /// Whether it went. Where that cannot be asked now, it comes again.
    async fn look(&self, prepared: &mut Prepared<'_>) -> anyhow::Result<Lookup> {
        let letter = Arc::clone(&prepared.letter);
        let found = prepared.access.call(move |call| {
            let letter = Arc::clone(&letter);
            Box::pin(async move { letter.inbox.find_sent(call, &letter.account, &letter.header_id).await })
        });
        match found.await {
            Ok(found) => Ok(found),
            Err(Stop::Ours(error)) => Err(error),
            Err(stop) => Err(anyhow::anyhow!("whether a message went cannot be asked now: {stop:?}")),
        }
    }
}

/// What becomes of a message whose mailbox could not even be reached to look for it: of one that was in hand before nobody knows
/// whether it went.
fn unlooked(outcome: Outcome, attempts: i32) -> Outcome {
    match outcome {
        outcome if attempts < 2 => outcome,
        Outcome::PutOff(pause, _) => Outcome::Later(pause.max(PAUSE)),
        Outcome::Failed(words) => {
            let words = words.trim_end_matches(". Nothing was sent");
            Outcome::Unconfirmed(format!(
                "its sending was interrupted, and the mailbox cannot be asked whether it went: {words}. Look there first, then send \
                 it again or mark it as sent"
            ))
        }
        other => other,
    }
}

/// What becomes of a message of which nothing went.
fn refused(stop: Stop) -> Outcome {
    if let Stop::Provider(error @ (Error::RateLimited { .. } | Error::Unavailable(_))) = &stop {
        let after = if let Error::RateLimited { after } = error { *after } else { std::time::Duration::ZERO };
        return Outcome::PutOff(Duration::try_from(after).unwrap_or(PAUSE), error.to_string());
    }
    Outcome::Failed(match stop {
        Stop::Provider(Error::Rejected(words)) => format!("the provider refused it: {words}. Nothing was sent"),
        Stop::Provider(error) => format!("{error}. Nothing was sent"),
        Stop::Reconnect(words) => format!("the mailbox must be connected again: {words}. Nothing was sent"),
        Stop::SwitchedOff(words) => format!("{words}. Nothing was sent"),
        Stop::Waits { why, .. } => format!("{why}. Nothing was sent"),
        Stop::Lost | Stop::Ours(_) => "something failed on our side. Nothing was sent".into(),
    })
}
