//! Keeping a page of messages: each once, in its conversation, for its client.
//!
//! All of a page is kept in the transaction that is given, together with the place up to which the mailbox was read; a run that is
//! killed leaves whole pages. A message that is there already is known by the provider's id; under another id by its source (a
//! mailbox that was numbered anew); and one that was written here by the `Message-ID` that it was given.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::{
    id::{ChannelId, ClientId, ConversationId, MessageId, SyncRunId},
    message::Place,
};
use sha2::{Digest, Sha256};
use store::{
    TenantTx, client_rule, conversation, id,
    message::{self, Came, Known, Moved, New},
};
use time::OffsetDateTime;

use super::{
    parse::{Parsed, parse},
    place::{Book, Key, domain, join, keys},
};
use crate::{Error, Result};

/// The largest source that is kept, in bytes.
pub const LARGEST: usize = 60 << 20;

/// A message as a mailbox gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The provider's id.
    pub external_id: String,
    /// The provider's id of its conversation.
    pub thread: Option<String>,
    /// When the provider received it.
    pub at: OffsetDateTime,
    /// Where it lies.
    pub place: Place,
    /// Whether it was seen there.
    pub seen: bool,
    /// As it was transferred (RFC 5322).
    pub source: Vec<u8>,
}

/// The mailbox that messages came to.
#[derive(Clone, Copy, Debug)]
pub struct Mailbox<'a> {
    /// Its channel.
    pub channel_id: ChannelId,
    /// The addresses under which it writes.
    pub addresses: &'a [String],
    /// Through which run; none of what was written here.
    pub run: Option<SyncRunId>,
}

/// What keeping messages did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Those that were not there before.
    pub new: i64,
    /// Those that lie elsewhere than before.
    pub changed: i64,
    /// Those as before.
    pub unchanged: i64,
}

/// A message, read, that is not there yet.
struct Fresh {
    incoming: Incoming,
    parsed: Parsed,
    hash: Vec<u8>,
    inbound: bool,
}

/// Keeps messages.
///
/// # Errors
/// The database failed: none of them is kept.
pub async fn keep(
    tx: &mut TenantTx,
    mailbox: Mailbox<'_>,
    messages: Vec<Incoming>,
    now: OffsetDateTime,
) -> Result<Kept> {
    let mut kept = Kept::default();
    let mut given = HashSet::new();
    let all: Vec<Incoming> = messages
        .into_iter()
        // What was begun and not sent is its writer's own.
        .filter(|message| message.place != Place::Draft && given.insert(message.external_id.clone()))
        .collect();
    let own = mailbox.addresses.to_vec();
    // A page of large mails would keep everything else waiting that runs beside it.
    let read = tokio::task::spawn_blocking(move || all.into_iter().map(|one| read(one, &own)).collect::<Vec<_>>());
    let all = read.await.map_err(|error| Error::Internal(Box::new(error)))?;
    let (fresh, moved, mut touched) = sort(tx, mailbox, all, &mut kept).await?;
    message::set_moved(tx, &moved).await?;
    let added = add(tx, mailbox, fresh, now).await?;
    kept.new = i64::try_from(added.messages).unwrap_or(i64::MAX);
    touched.extend(&added.touched);
    let touched: Vec<_> = touched.into_iter().collect();
    conversation::reopen(tx, &added.woken).await?;
    conversation::refresh(tx, &touched).await?;
    Ok(kept)
}

/// Keeps where messages lie now; those that are not there are left out. Returns how many are elsewhere than before.
///
/// # Errors
/// The database failed.
pub async fn keep_moved(tx: &mut TenantTx, channel: ChannelId, moved: Vec<(String, Place, bool)>) -> Result<i64> {
    let ids: Vec<_> = moved.iter().map(|(id, ..)| id.clone()).collect();
    let known = message::known(tx, channel, &ids, &[], &[]).await?;
    let (mut changed, mut touched) = (BTreeMap::new(), BTreeSet::new());
    for (external_id, place, seen) in moved {
        let there = known.iter().find(|one| one.external_id == external_id);
        let Some(there) = there.filter(|one| (one.place, one.seen, one.gone) != (Some(place), seen, false)) else {
            continue;
        };
        touched.insert(there.conversation_id);
        changed.insert(there.id, Moved { id: there.id, external_id, thread: None, place, seen });
    }
    let changed: Vec<_> = changed.into_values().collect();
    message::set_moved(tx, &changed).await?;
    conversation::refresh(tx, &touched.into_iter().collect::<Vec<_>>()).await?;
    Ok(i64::try_from(changed.len()).unwrap_or(i64::MAX))
}

fn read(incoming: Incoming, own: &[String]) -> Fresh {
    let parsed = parse(&incoming.source);
    let hash = Sha256::digest(&incoming.source).to_vec();
    let inbound = incoming.place != Place::Sent && !own.contains(&parsed.from.address);
    Fresh { incoming, parsed, hash, inbound }
}

/// Tells what is there from what is not.
async fn sort(
    tx: &mut TenantTx,
    mailbox: Mailbox<'_>,
    all: Vec<Fresh>,
    kept: &mut Kept,
) -> Result<(Vec<Fresh>, Vec<Moved>, BTreeSet<ConversationId>)> {
    let ids: Vec<_> = all.iter().map(|one| one.incoming.external_id.clone()).collect();
    let hashes: Vec<_> = all.iter().map(|one| one.hash.clone()).collect();
    let headers: Vec<_> =
        all.iter().filter(|one| !one.inbound).filter_map(|one| one.parsed.header_id.clone()).collect();
    let known = message::known(tx, mailbox.channel_id, &ids, &hashes, &headers).await?;
    let by_id: HashMap<&str, &Known> = known.iter().map(|one| (one.external_id.as_str(), one)).collect();
    // Of two messages with the same source, as of one that lies in two folders, one is kept.
    let by_hash: HashMap<&[u8], &Known> = known.iter().map(|one| (one.source_hash.as_slice(), one)).collect();
    let ours = known.iter().filter(|one| one.ours).filter_map(|one| Some((one.header_id.as_deref()?, one)));
    let by_header: HashMap<&str, &Known> = ours.collect();
    let (mut fresh, mut moved, mut touched) = (Vec::new(), Vec::new(), BTreeSet::new());
    let (mut sources, mut settled) = (HashSet::new(), HashSet::new());
    for one in all {
        let same = by_id.get(one.incoming.external_id.as_str()).or_else(|| by_hash.get(one.hash.as_slice()));
        let written = one.parsed.header_id.as_deref().filter(|_| !one.inbound).and_then(|id| by_header.get(id));
        let Some(there) = same.or(written) else {
            if sources.insert(one.hash.clone()) {
                fresh.push(one);
            } else {
                kept.unchanged += 1;
            }
            continue;
        };
        let Incoming { external_id, thread, place, seen, .. } = one.incoming;
        let as_before =
            there.external_id == external_id && there.place == Some(place) && there.seen == seen && !there.gone;
        // One message takes one place: the first that is said of it, where it lies in several.
        if as_before || !settled.insert(there.id) {
            kept.unchanged += 1;
        } else {
            kept.changed += 1;
            touched.insert(there.conversation_id);
            moved.push(Moved { id: there.id, external_id, thread, place, seen });
        }
    }
    Ok((fresh, moved, touched))
}

struct Added {
    messages: usize,
    touched: BTreeSet<ConversationId>,
    /// Conversations to which a person wrote.
    woken: Vec<ConversationId>,
}

async fn add(tx: &mut TenantTx, mailbox: Mailbox<'_>, mut fresh: Vec<Fresh>, now: OffsetDateTime) -> Result<Added> {
    // A conversation is called by its first message.
    fresh.sort_by(|one, other| {
        (one.incoming.at, &one.incoming.external_id).cmp(&(other.incoming.at, &other.incoming.external_id))
    });
    let book = look_up(tx, &fresh, mailbox.addresses).await?;
    let headers: Vec<_> = fresh.iter().filter_map(|one| one.parsed.header_id.clone()).collect();
    let outgoing = message::outgoing(tx, mailbox.channel_id, &headers).await?;
    let outgoing: HashMap<_, _> = outgoing.into_iter().map(|(header, id, at)| (header, (id, at))).collect();

    let clients: Vec<_> = fresh.iter().map(|one| client(&book, one, mailbox.addresses)).collect();
    let given = fresh.iter().zip(&clients).map(|(one, client)| {
        // Where the provider says where it belongs, and of what was written here, nothing is guessed.
        let written = one.parsed.header_id.as_ref().is_some_and(|header| outgoing.contains_key(header));
        let asked = client.filter(|_| one.incoming.thread.is_none() && !written);
        (keys(one.incoming.thread.as_deref(), &one.parsed), asked.map(|(client, _)| client))
    });
    let given: Vec<_> = given.collect();
    let mut there = there(tx, mailbox.channel_id, &given).await?;
    for (one, (keys, _)) in fresh.iter().zip(&given) {
        let sent = one.parsed.header_id.as_ref().and_then(|header| outgoing.get(header));
        for key in keys.iter().filter(|_| sent.is_some()) {
            there.extend(sent.map(|(_, conversation)| (key.clone(), *conversation)));
        }
    }
    follow(tx, &mut there).await?;
    let known: BTreeSet<_> = there.values().copied().collect();
    let whose = conversation::clients(tx, &known.into_iter().collect::<Vec<_>>()).await?;
    let mut begun: BTreeMap<ConversationId, usize> = BTreeMap::new();
    let joined = join(&given, there, whose.into_iter().collect(), |at| {
        let conversation: ConversationId = id::new(now);
        begun.insert(conversation, at);
        conversation
    });

    let new = begun.iter().filter_map(|(id, at)| {
        let first = fresh.get(*at)?;
        // The first of its messages that says whose it is.
        let client = joined.iter().zip(&clients).filter(|(of, _)| *of == id).find_map(|(_, client)| *client);
        Some(conversation::New { id: *id, client, subject: first.parsed.subject.clone(), at: first.incoming.at })
    });
    conversation::insert(tx, mailbox.channel_id, &new.collect::<Vec<_>>(), now).await?;
    let touched: BTreeSet<_> = joined.iter().copied().collect();
    let before: Vec<_> = touched.iter().filter(|id| !begun.contains_key(id)).copied().collect();
    for waiting in conversation::waiting(tx, &before).await? {
        let found = joined.iter().zip(&clients).filter(|(of, _)| **of == waiting).find_map(|(_, client)| *client);
        if let Some((client, by)) = found {
            conversation::set_client(tx, waiting, Some(client), by).await?;
        }
    }
    let wakes = |one: &Fresh| one.inbound && one.parsed.kind == model::message::Kind::Person;
    let woken = fresh.iter().zip(&joined).filter(|(one, _)| wakes(one)).map(|(_, id)| *id);
    let woken: Vec<_> = woken.filter(|id| !begun.contains_key(id)).collect();
    let rows: Vec<New> = fresh
        .into_iter()
        .zip(joined)
        .map(|(one, conversation)| {
            let sent = one.parsed.header_id.as_ref().and_then(|header| outgoing.get(header));
            row(one, conversation, sent.map(|(id, _)| *id), now)
        })
        .collect();
    message::insert(tx, mailbox.channel_id, Came { run: mailbox.run, stored_at: now }, &rows).await?;
    Ok(Added { messages: rows.len(), touched, woken })
}

fn row(
    one: Fresh,
    conversation_id: ConversationId,
    outgoing_id: Option<model::id::OutgoingId>,
    now: OffsetDateTime,
) -> New {
    let Fresh { incoming, parsed, hash, inbound } = one;
    let lists = [("reply_to", parsed.reply_to), ("to", parsed.to), ("cc", parsed.cc), ("bcc", parsed.bcc)];
    let addresses = lists.into_iter().flat_map(|(role, list)| list.into_iter().map(move |address| (role, address)));
    New {
        id: id::new::<MessageId>(now),
        conversation_id,
        external_id: incoming.external_id,
        thread: incoming.thread,
        header_id: parsed.header_id,
        references: parsed.references,
        inbound,
        kind: parsed.kind,
        from: parsed.from,
        addresses: addresses.collect(),
        subject: parsed.subject,
        text: parsed.text,
        snippet: parsed.snippet,
        sent_at: parsed.sent_at,
        at: incoming.at,
        place: incoming.place,
        seen: incoming.seen,
        html: parsed.html,
        attachments: parsed.attachments,
        source_hash: hash,
        source: incoming.source,
        fault: parsed.fault,
        outgoing_id,
    }
}

/// The conversations that are there already, by what tells of them.
async fn there(
    tx: &mut TenantTx,
    channel: ChannelId,
    given: &[(Vec<Key>, Option<ClientId>)],
) -> Result<HashMap<Key, ConversationId>> {
    let (mut threads, mut headers) = (BTreeSet::new(), BTreeSet::new());
    for key in given.iter().flat_map(|(keys, _)| keys) {
        match key {
            Key::Thread(thread) => drop(threads.insert(thread.clone())),
            Key::Header(header) => drop(headers.insert(header.clone())),
        }
    }
    let (threads, headers): (Vec<_>, Vec<_>) = (threads.into_iter().collect(), headers.into_iter().collect());
    let by_thread = message::by_thread(tx, channel, &threads).await?;
    let by_header = message::by_header(tx, channel, &headers).await?;
    let by_thread = by_thread.into_iter().map(|(thread, id)| (Key::Thread(thread), id));
    Ok(by_thread.chain(by_header.into_iter().map(|(header, id)| (Key::Header(header), id))).collect())
}

/// Puts in place of conversations whose messages are in others now those others, which stay where they are until all is kept.
async fn follow(tx: &mut TenantTx, there: &mut HashMap<Key, ConversationId>) -> Result<()> {
    // Another may be joined between two looks; nobody joins so many.
    for _ in 0..10 {
        let known: BTreeSet<_> = there.values().copied().collect();
        if known.is_empty() {
            break;
        }
        let homes = conversation::homes(tx, &known.into_iter().collect::<Vec<_>>()).await?;
        if homes.is_empty() {
            break;
        }
        let homes: HashMap<_, _> = homes.into_iter().collect();
        for at in there.values_mut() {
            if let Some(home) = homes.get(at) {
                *at = *home;
            }
        }
    }
    Ok(())
}

/// Whom a message names beside the mailbox itself: its writer first, or, of what the agency wrote, those it was written to.
fn people<'a>(one: &'a Fresh, own: &[String]) -> (Vec<&'a str>, Vec<&'a str>) {
    let parsed = &one.parsed;
    let list = |lists: &[&'a [model::message::Address]]| -> Vec<&'a str> {
        let all = lists.iter().copied().flatten().map(|address| address.address.as_str());
        all.filter(|address| !address.is_empty() && !own.iter().any(|own| own == address)).collect()
    };
    if one.inbound {
        (list(&[std::slice::from_ref(&parsed.from)]), list(&[&parsed.reply_to, &parsed.to, &parsed.cc]))
    } else {
        (list(&[&parsed.to]), list(&[&parsed.cc, &parsed.bcc]))
    }
}

fn client(book: &Book, one: &Fresh, own: &[String]) -> Option<(ClientId, model::conversation::MatchedBy)> {
    let (writer, others) = people(one, own);
    book.client(&writer, &others)
}

async fn look_up(tx: &mut TenantTx, fresh: &[Fresh], own: &[String]) -> Result<Book> {
    let named = fresh.iter().flat_map(|one| {
        let (writer, others) = people(one, own);
        writer.into_iter().chain(others)
    });
    let addresses: BTreeSet<String> = named.map(str::to_owned).collect();
    let domains: BTreeSet<String> = addresses.iter().filter_map(|address| domain(address)).map(str::to_owned).collect();
    let (addresses, domains): (Vec<_>, Vec<_>) = (addresses.into_iter().collect(), domains.into_iter().collect());
    Ok(Book::new(client_rule::find(tx, &addresses, &domains).await?))
}
