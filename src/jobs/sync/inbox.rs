//! Reads a mailbox: what changed since the last reading, page by page, each page with the place up to which it reaches.
//!
//! A killed run goes on at the page. A message that cannot be read now is asked for again by the next runs, after what is new; the run
//! says how many are missing. Where half of a page cannot be read the run goes no further, and tries again; where that does not help it
//! notes them, so that the mailbox is not stopped for ever, and has failed all the same.

use model::connection::{Channel, Progress};
use providers::{Change, Content, Error, Inbox, Message};
use service::message::ingest::{self, Incoming, Kept, LARGEST, Mailbox};
use store::{TenantTx, conversation, inbox, message};
use time::Duration;

use super::{Access, Run, Stop};

/// How often a message is asked for that could not be read.
const ASKED: i32 = 20;
/// After so many that the provider fails at, the others wait for the next run.
const MANY: usize = 3;

impl Run<'_> {
    pub(super) async fn read_inbox(
        &self,
        access: &mut Access<'_>,
        provider: &'static dyn Inbox,
        channel: &Channel,
    ) -> Result<(), Stop> {
        let account = &channel.account;
        // Calls outlive no borrow of ours: each has its own.
        let own = account.clone();
        let addresses = access.call(move |call| {
            let account = own.clone();
            Box::pin(async move { provider.addresses(call, &account).await })
        });
        let addresses = addresses.await?;
        let mut tx = self.tx().await?;
        let before = inbox::get(&mut tx, channel.id).await?;
        let addresses = addresses.into_iter().map(|address| address.address).collect();
        inbox::set(&mut tx, channel.id, &inbox::Inbox { addresses, ..before }, self.now()).await?;
        tx.commit().await?;
        let since = self.there() - Duration::days(self.backfill());
        let (mut anew, mut failed) = (false, None);
        loop {
            self.check_switches().await?;
            let cursor = inbox::get(&mut self.tx().await?, channel.id).await?.cursor;
            let own = (account.clone(), cursor.clone());
            let page = access.call(move |call| {
                let (account, from) = own.clone();
                Box::pin(async move { provider.changes(call, &account, from.as_deref(), since).await })
            });
            let page = match page.await {
                // The provider forgot where we stopped: everything is read again, and what is there is known.
                Err(Stop::Provider(Error::CursorExpired)) if cursor.is_some() && !anew => {
                    let mut tx = self.tx().await?;
                    let before = inbox::get(&mut tx, channel.id).await?;
                    inbox::set(&mut tx, channel.id, &inbox::Inbox { cursor: None, ..before }, self.now()).await?;
                    let step = format!("{}: the provider forgot where we stopped; all is read again", account.name);
                    self.add(&mut tx, &Progress { step, ..Progress::default() }).await?;
                    tx.commit().await?;
                    anew = true;
                    continue;
                }
                page => page?,
            };
            if let Some(words) = trouble(&page.changes) {
                if !self.is_last_try().await? {
                    return Err(Error::Unavailable(words).into());
                }
                failed = Some(words);
            }
            let mut tx = self.tx().await?;
            // Locks the mailbox: nobody else keeps a page of it meanwhile.
            let before = inbox::get(&mut tx, channel.id).await?;
            let kept = self.keep_changes(&mut tx, channel, &before.addresses, page.changes).await?;
            let complete_at = before.complete_at.or_else(|| (!page.more).then(|| self.now()));
            let after = inbox::Inbox { cursor: Some(page.cursor), complete_at, ..before };
            inbox::set(&mut tx, channel.id, &after, self.now()).await?;
            let left = page.left.map(|left| format!(", {left} to go")).unwrap_or_default();
            let step = format!("{}: messages{left}", account.name);
            self.add_further(&mut tx, &progress(step, 1, kept)).await?;
            tx.commit().await?;
            if !page.more {
                break;
            }
        }
        // Last: by now it is known that the provider answers.
        self.read_missed(access, provider, channel).await?;
        self.name_missed(channel).await?;
        failed.map_or(Ok(()), |words| Err(Error::Rejected(format!("{words}. They are asked for again")).into()))
    }

    /// Asks for what pages had no room for, and once more for what earlier runs could not read.
    async fn read_missed(
        &self,
        access: &mut Access<'_>,
        provider: &'static dyn Inbox,
        channel: &Channel,
    ) -> Result<(), Stop> {
        let account = &channel.account;
        let mut away = 0;
        loop {
            let missed = inbox::missed(&mut self.tx().await?, channel.id, ASKED, self.begun_at).await?;
            if missed.is_empty() {
                return Ok(());
            }
            for external_id in missed {
                self.check_switches().await?;
                let own = (account.clone(), external_id.clone());
                let found = access.call(move |call| {
                    let (account, id) = own.clone();
                    Box::pin(async move { provider.message(call, &account, &id).await })
                });
                let change = match found.await {
                    // By the id by which it is noted, so that it is noted no more.
                    Ok(Some(message)) => Change::Message(Message { external_id, ..message }),
                    Ok(None) => Change::Gone { external_id },
                    Err(Stop::Provider(
                        error @ (Error::Malformed(_) | Error::Rejected(_) | Error::TooLarge(_) | Error::Unavailable(_)),
                    )) => {
                        away += usize::from(matches!(error, Error::Unavailable(_)));
                        let lasting = matches!(error, Error::TooLarge(_));
                        Change::Missed { external_id, fault: error.to_string(), lasting }
                    }
                    Err(stop) => return Err(stop),
                };
                let mut tx = self.tx().await?;
                let before = inbox::get(&mut tx, channel.id).await?;
                let kept = self.keep_changes(&mut tx, channel, &before.addresses, vec![change]).await?;
                self.add(&mut tx, &progress(format!("{}: a message that was missed", account.name), 0, kept)).await?;
                tx.commit().await?;
                if away == MANY {
                    // Whether it is the messages' trouble or the provider's by now: the others wait for the next run.
                    return Ok(());
                }
            }
        }
    }

    /// Says how many messages are missing: a run that read all it could is not silent about them.
    async fn name_missed(&self, channel: &Channel) -> Result<(), Stop> {
        let mut tx = self.tx().await?;
        let missed = inbox::count_missed(&mut tx, channel.id).await?;
        if missed > 0 {
            let (noun, are) = if missed == 1 { ("message", "is") } else { ("messages", "are") };
            let name = &channel.account.name;
            let step = format!("{name}: {missed} {noun} could not be read, and {are} in the mailbox only");
            self.add(&mut tx, &Progress { step, ..Progress::default() }).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn keep_changes(
        &self,
        tx: &mut TenantTx,
        channel: &Channel,
        addresses: &[String],
        changes: Vec<Change>,
    ) -> Result<Kept, Stop> {
        let now = self.now();
        let (mut messages, mut moved, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Message(message) => match incoming(message) {
                    message if message.source.len() > LARGEST => {
                        let fault = format!("it is larger than {} MiB, and was not kept", LARGEST >> 20);
                        inbox::set_missed(tx, channel.id, &message.external_id, &fault, now).await?;
                    }
                    message => messages.push(message),
                },
                Change::Moved { external_id, place, seen } => moved.push((external_id, place, seen)),
                Change::Gone { external_id } => gone.push(external_id),
                Change::Missed { external_id, fault, .. } => {
                    inbox::set_missed(tx, channel.id, &external_id, &fault, now).await?;
                }
                Change::Left { external_id } => inbox::set_left(tx, channel.id, &external_id, now).await?,
            }
        }
        let there = messages.iter().map(|message| &message.external_id).chain(&gone);
        inbox::remove_missed(tx, channel.id, &there.cloned().collect::<Vec<_>>()).await?;
        let mailbox = Mailbox { channel_id: channel.id, addresses, run: Some(self.id) };
        let mut kept = ingest::keep(tx, mailbox, messages, now).await?;
        kept.changed += ingest::keep_moved(tx, channel.id, moved).await?;
        // Last: what lies in another folder now was named above, and has another id.
        let thrown = message::set_gone(tx, channel.id, &gone, now).await?;
        kept.changed += i64::try_from(thrown.len()).unwrap_or(i64::MAX);
        conversation::refresh(tx, &thrown).await?;
        Ok(kept)
    }
}

/// Why a page is not kept at once: where half of it cannot be read it may be the provider's trouble. One alone is its own, and so is what
/// stays so.
fn trouble(changes: &[Change]) -> Option<String> {
    let failing = changes.iter().filter_map(|change| match change {
        Change::Missed { fault, lasting: false, .. } => Some(fault.as_str()),
        _ => None,
    });
    let failing: Vec<&str> = failing.collect();
    let (missed, all) = (failing.len(), changes.len());
    let first = failing.first().filter(|_| all > 1 && missed * 2 >= all)?;
    Some(format!("{missed} of {all} messages could not be read: {first}"))
}

fn incoming(message: Message) -> Incoming {
    let Message { external_id, thread, at, place, seen, content: Content::Mail(source) } = message;
    Incoming { external_id, thread, at, place, seen, source }
}

fn progress(step: String, pages: i64, kept: Kept) -> Progress {
    Progress {
        step,
        pages,
        rows_new: kept.new,
        rows_changed: kept.changed,
        rows_unchanged: kept.unchanged,
        ..Progress::default()
    }
}
