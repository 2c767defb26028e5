//! What changed in a mailbox. First what came, the newest first where a folder is read from its beginning, in pages; on the last
//! page what was seen, and last of all what is gone, so that a message that was moved is found in its new place before.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use time::{Duration, OffsetDateTime, UtcOffset};

use super::{
    cursor::{Cursor, Read},
    folder::Folder,
    session::{Fetched, Session, Status},
    uids::set,
};
use crate::{Change, Changes, Content, Error, Message, Result};

/// So many messages a page has at most.
const MESSAGES: usize = 100;
/// A page ends before a message with which it would have more bytes, unless it is the only one.
const BYTES: u64 = 16 << 20;
/// Larger messages are not read: a file of 40 MB has 55 as it is transferred.
const LARGEST: u64 = 60 << 20;
/// Nothing of it marks a message as seen.
const WHOLE: &str = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])";

/// What stands for a message: `UIDVALIDITY.UID.folder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) validity: u32,
    pub(super) uid: u32,
    pub(super) folder: String,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.validity, self.uid, self.folder)
    }
}

impl Id {
    /// # Errors
    /// Rejected: it is none of ours.
    pub(super) fn read(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, '.');
        let mut number = || parts.next()?.parse().ok();
        let read = number().zip(number()).zip(parts.next().filter(|folder| !folder.is_empty()));
        let read = read.map(|((validity, uid), folder)| Self { validity, uid, folder: folder.to_owned() });
        read.ok_or_else(|| Error::Rejected(format!("{text} is no message of a mailbox")))
    }
}

/// A page in the making.
#[derive(Default)]
struct Page {
    changes: Vec<Change>,
    messages: usize,
    bytes: u64,
    /// What is on it, by folder and number: what it says of them needs not be said twice.
    fresh: HashSet<(String, u32)>,
}

impl Page {
    fn room(&self) -> usize {
        MESSAGES - self.messages
    }

    /// Whether a message of so many bytes is still for this page; it then is.
    fn takes(&mut self, size: u64) -> bool {
        let fits = self.room() > 0 && (self.messages == 0 || self.bytes + size <= BYTES);
        if fits {
            self.messages += 1;
            self.bytes += size;
        }
        fits
    }
}

/// The next page.
///
/// # Errors
/// The kinds of [`Error`].
pub(super) async fn changes(session: &mut Session, mut cursor: Cursor, since: OffsetDateTime) -> Result<Changes> {
    let folders = session.folders().await?;
    if folders.is_empty() {
        return Err(Error::Malformed("the mailbox has no inbox".into()));
    }
    let mut page = Page::default();
    let mut open = Vec::with_capacity(folders.len());
    for folder in &folders {
        let Some(status) = session.examine(&folder.name).await? else { continue };
        let read = cursor.folder(&folder.name, &status);
        let whole = came(session, folder, &status, read, &mut page).await?
            && was_there(session, folder, read, &mut page, since).await?;
        if !whole {
            return Ok(Changes { changes: page.changes, cursor: cursor.text()?, more: true, left: None });
        }
        open.push((folder, status));
    }
    let mut gone = Vec::new();
    for (folder, before) in open {
        let read = cursor.folder(&folder.name, &before);
        // Without the server's word for changes only a look tells whether something was seen.
        let quiet = read.modseq.is_some() && read.modseq == before.modseq;
        if read.known.span().is_none() || (quiet && read.settled == Some((before.exists, before.next))) {
            read.settled = Some((before.exists, before.next));
            continue;
        }
        let Some(status) = session.examine(&folder.name).await? else { continue };
        if status.validity != before.validity {
            continue;
        }
        // First what is gone: of that nothing was seen.
        if read.settled != Some((status.exists, status.next)) {
            gone.extend(vanished(session, folder, read).await?);
            read.settled = Some((status.exists, status.next));
        }
        seen(session, folder, &status, read, &mut page).await?;
    }
    page.changes.append(&mut gone);
    Ok(Changes { changes: page.changes, cursor: cursor.text()?, more: false, left: None })
}

/// Brings what came since the folder was first opened; false when there is more than the page takes.
async fn came(
    session: &mut Session,
    folder: &Folder,
    status: &Status,
    read: &mut Read,
    page: &mut Page,
) -> Result<bool> {
    if status.next <= read.next {
        return Ok(true);
    }
    // The star is the last message even where its number is a smaller one.
    let (sizes, refused) = session.fetch(&format!("{}:*", read.next), "(UID RFC822.SIZE)").await?;
    if let Some(words) = refused {
        return Err(Error::Unavailable(words));
    }
    let mut sizes: Vec<_> = sizes.iter().filter_map(size).filter(|(uid, _)| *uid >= read.next).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let brought = bring(session, folder, read, &sizes, page, None).await?;
    let whole = brought == sizes.len();
    let after = |(uid, _): &(u32, u64)| uid.saturating_add(1);
    let last = brought.checked_sub(1).and_then(|at| sizes.get(at)).map_or(read.next, after);
    read.next = if whole { last.max(status.next) } else { last };
    Ok(whole)
}

/// Brings what was in the folder when it was first opened, the newest first; false when there is more than the page takes.
async fn was_there(
    session: &mut Session,
    folder: &Folder,
    read: &mut Read,
    page: &mut Page,
    since: OffsetDateTime,
) -> Result<bool> {
    let Some(below) = read.below else { return Ok(true) };
    let mut uids = match below.checked_sub(1).filter(|last| *last > 0) {
        None => Vec::new(),
        Some(last) => session.search(&format!("UID 1:{last} SINCE {}", day(since))).await?,
    };
    uids.sort_unstable_by(|one, other| other.cmp(one));
    uids.dedup();
    let now: Vec<_> = uids.iter().copied().take(page.room()).collect();
    let mut sizes: HashMap<u32, u64> = HashMap::new();
    if !now.is_empty() {
        let (found, refused) = session.fetch(&set(now.iter().copied()), "(UID RFC822.SIZE)").await?;
        if let Some(words) = refused.filter(|_| found.is_empty()) {
            return Err(Error::Unavailable(words));
        }
        sizes.extend(found.iter().filter_map(size));
    }
    // One that is gone meanwhile has no size.
    let sizes: Vec<_> = now.iter().filter_map(|uid| Some((*uid, *sizes.get(uid)?))).collect();
    let brought = bring(session, folder, read, &sizes, page, Some(since)).await?;
    read.below = match sizes.get(brought) {
        Some((uid, _)) => Some(uid.saturating_add(1)),
        None if now.len() < uids.len() => now.last().copied().or(Some(below)),
        None => None,
    };
    Ok(read.below.is_none())
}

/// Puts messages onto the page, in their order; how many of them are done with. Those from before `since` are left out.
async fn bring(
    session: &mut Session,
    folder: &Folder,
    read: &mut Read,
    sizes: &[(u32, u64)],
    page: &mut Page,
    since: Option<OffsetDateTime>,
) -> Result<usize> {
    let done = sizes.iter().take_while(|(_, size)| page.takes(if *size > LARGEST { 0 } else { *size })).count();
    let fetch: Vec<_> = sizes[..done].iter().filter(|(_, size)| *size <= LARGEST).map(|(uid, _)| *uid).collect();
    let mut found = whole(session, &fetch).await?;
    for (uid, size) in &sizes[..done] {
        let id = Id { validity: read.validity, uid: *uid, folder: folder.name.clone() };
        let change = if *size > LARGEST {
            Change::Missed { external_id: id.to_string(), fault: too_large(*size), lasting: true }
        } else {
            match found.remove(uid) {
                // Gone since its size was asked for.
                None => continue,
                Some(Err(fault)) => Change::Missed { external_id: id.to_string(), fault, lasting: false },
                Some(Ok(message)) => match message_of(folder, &id, message) {
                    Err(fault) => Change::Missed { external_id: id.to_string(), fault, lasting: false },
                    Ok(message) if since.is_some_and(|since| message.at < since) => continue,
                    Ok(message) => Change::Message(message),
                },
            }
        };
        if matches!(&change, Change::Message(message) if !message.seen) {
            read.unseen.insert(*uid);
        }
        read.known.insert(*uid);
        page.fresh.insert((folder.name.clone(), *uid));
        page.changes.push(change);
    }
    Ok(done)
}

/// Whole messages by their numbers, or why one could not be had; none for one that is gone. Where the server refuses, each is
/// asked for by itself: one that it cannot read keeps no other back.
async fn whole(session: &mut Session, uids: &[u32]) -> Result<HashMap<u32, std::result::Result<Fetched, String>>> {
    let mut found = HashMap::new();
    if uids.is_empty() {
        return Ok(found);
    }
    let (fetched, refused) = session.fetch(&set(uids.iter().copied()), WHOLE).await?;
    take(&mut found, fetched);
    if refused.is_some() {
        for uid in uids {
            if found.contains_key(uid) {
                continue;
            }
            let (fetched, refused) = session.fetch(&uid.to_string(), WHOLE).await?;
            take(&mut found, fetched);
            if let Some(words) = refused {
                found.entry(*uid).or_insert_with(|| Err(format!("the mail server does not give it: {words}")));
            }
        }
    }
    Ok(found)
}

/// Takes what the server gave. A line that answers, as it has a size, and has no source is of a message that the server cannot read:
/// it is there. Lines without either tell something else of a message.
fn take(found: &mut HashMap<u32, std::result::Result<Fetched, String>>, fetched: Vec<Fetched>) {
    for message in fetched {
        if message.source.is_some() {
            found.insert(message.uid, Ok(message));
        } else if message.size.is_some() {
            found.entry(message.uid).or_insert_with(|| Err("the mail server gives nothing of it".to_owned()));
        }
    }
}

/// The message, or why it is none.
fn message_of(folder: &Folder, id: &Id, fetched: Fetched) -> std::result::Result<Message, String> {
    let Fetched { at: Some(at), source: Some(source), seen, .. } = fetched else {
        return Err("the mail server does not say when it arrived".to_owned());
    };
    Ok(Message {
        external_id: id.to_string(),
        thread: None,
        at,
        place: folder.place,
        seen: seen.unwrap_or(false),
        content: Content::Mail(source),
    })
}

/// Tells what was seen, or is unseen again, of what is known and not on this page.
async fn seen(session: &mut Session, folder: &Folder, status: &Status, read: &mut Read, page: &mut Page) -> Result<()> {
    let Some((first, last)) = read.known.span() else { return Ok(()) };
    let mut told: Vec<(u32, bool)> = Vec::new();
    match (read.modseq, status.modseq) {
        (Some(before), Some(now)) => {
            if before != now {
                let asked = format!("(UID FLAGS) (CHANGEDSINCE {before})");
                let (fetched, refused) = session.fetch(&format!("{first}:{last}"), &asked).await?;
                if let Some(words) = refused {
                    return Err(Error::Unavailable(words));
                }
                told.extend(fetched.iter().filter_map(|message| Some((message.uid, message.seen?))));
            }
        }
        // The server has begun, or ceased, to tell changes, or never does.
        _ => {
            let now: HashSet<u32> = session.search(&format!("UID {first}:{last} UNSEEN")).await?.into_iter().collect();
            told.extend(read.known.iter().filter_map(|uid| {
                let unseen = now.contains(&uid);
                (unseen != read.unseen.contains(uid)).then_some((uid, !unseen))
            }));
        }
    }
    read.modseq = status.modseq;
    for (uid, seen) in told {
        if !read.known.contains(uid) {
            continue;
        }
        if seen {
            read.unseen.remove(uid)
        } else {
            read.unseen.insert(uid)
        }
        if !page.fresh.contains(&(folder.name.clone(), uid)) {
            let id = Id { validity: read.validity, uid, folder: folder.name.clone() };
            page.changes.push(Change::Moved { external_id: id.to_string(), place: folder.place, seen });
        }
    }
    Ok(())
}

/// What is known and no longer there.
async fn vanished(session: &mut Session, folder: &Folder, read: &mut Read) -> Result<Vec<Change>> {
    let Some((first, last)) = read.known.span() else { return Ok(Vec::new()) };
    let there: HashSet<u32> = session.search(&format!("UID {first}:{last}")).await?.into_iter().collect();
    let gone: Vec<u32> = read.known.iter().filter(|uid| !there.contains(uid)).collect();
    for uid in &gone {
        read.known.remove(*uid);
        read.unseen.remove(*uid);
    }
    let id = |uid| Id { validity: read.validity, uid, folder: folder.name.clone() };
    Ok(gone.into_iter().map(|uid| Change::Gone { external_id: id(uid).to_string() }).collect())
}

/// One message; none when it is gone, or its number has become another's.
///
/// # Errors
/// TooLarge: it is not read. The kinds of [`Error`] otherwise.
pub(super) async fn message(session: &mut Session, id: &Id) -> Result<Option<Message>> {
    let folders = session.folders().await?;
    let Some(folder) = folders.iter().find(|folder| folder.name == id.folder) else { return Ok(None) };
    let status = session.examine(&folder.name).await?;
    if status.is_none_or(|status| status.validity != id.validity) {
        return Ok(None);
    }
    let (sizes, _) = session.fetch(&id.uid.to_string(), "(UID RFC822.SIZE)").await?;
    let Some((_, size)) = sizes.iter().filter_map(size).find(|(uid, _)| *uid == id.uid) else { return Ok(None) };
    if size > LARGEST {
        return Err(Error::TooLarge(too_large(size)));
    }
    match whole(session, &[id.uid]).await?.remove(&id.uid) {
        None => Ok(None),
        Some(Ok(fetched)) => message_of(folder, id, fetched).map(Some).map_err(Error::Malformed),
        Some(Err(fault)) => Err(Error::Rejected(fault)),
    }
}

fn too_large(size: u64) -> String {
    format!("it has {} MB, and more than {} MB is not read. It is still in the mailbox", size >> 20, LARGEST >> 20)
}

/// A message's number and size; none of a line that tells something else of it.
fn size(fetched: &Fetched) -> Option<(u32, u64)> {
    Some((fetched.uid, fetched.size?))
}

/// The day before, as searches name days: the server's zone is not known, and what is too old is left out afterwards.
fn day(since: OffsetDateTime) -> String {
    let day = since.to_offset(UtcOffset::UTC).date().saturating_sub(Duration::DAY);
    format!("{}-{}-{:04}", day.day(), &day.month().to_string()[..3], day.year())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_id_holds_the_folders_name_whatever_it_is() {
        for (text, validity, uid, folder) in
            [("1732.57.INBOX", 1732, 57, "INBOX"), ("1.2.INBOX.Sent.Old 1.2", 1, 2, "INBOX.Sent.Old 1.2")]
        {
            let id = Id::read(text).unwrap();
            assert_eq!(
                (id.validity, id.uid, id.folder.as_str(), id.to_string().as_str()),
                (validity, uid, folder, text)
            );
        }
        for text in ["", "1", "1.2", "1.2.", "x.2.INBOX", "1.-2.INBOX", "4294967296.1.INBOX"] {
            assert_eq!(Id::read(text).unwrap_err().key(), "rejected", "{text}");
        }
    }

    #[test]
    fn a_page_ends_by_number_or_by_size_and_takes_one_of_any_size() {
        let mut page = Page::default();
        assert!(page.takes(LARGEST) && !page.takes(1));
        let mut page = Page::default();
        assert!(page.takes(BYTES - 1) && page.takes(1) && !page.takes(1) && page.takes(0));
        let mut page = Page::default();
        assert_eq!((0..1000).take_while(|_| page.takes(10)).count(), MESSAGES);
    }

    #[test]
    fn a_message_of_which_the_server_gives_nothing_is_there_and_one_of_which_it_says_nothing_is_not() {
        let line = |uid, size, source: Option<&[u8]>| Fetched {
            uid,
            size,
            source: source.map(<[u8]>::to_vec),
            ..Fetched::default()
        };
        let mut found = HashMap::new();
        let lines =
            [line(1, Some(4), Some(b"a\r\nb")), line(2, Some(4), None), line(3, None, None), line(1, None, None)];
        take(&mut found, lines.into());
        assert!(matches!(&found[&1], Ok(message) if message.source.is_some()));
        assert!(matches!(&found[&2], Err(words) if words.contains("gives nothing")));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_search_begins_a_day_before() {
        assert_eq!(day(datetime!(2026-03-01 00:30 UTC)), "28-Feb-2026");
        assert_eq!(day(datetime!(2027-01-01 23:30 +02:00)), "31-Dec-2026");
    }
}
