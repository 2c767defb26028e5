//! The folders of the mailbox and how their messages are numbered: one after another as they come to lie there, which is told by
//! what happened, so that a number lasts and means the same on every machine.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::MAILBOX;
use crate::{
    mail::{INBOX, Labels, Letter, Opened, SENT, SPAM, State, TRASH, UNREAD},
    protocol::Desk,
};

/// A letter that is marked as deleted, one that was answered, one with a star, and one that was thrown away for good.
const DELETED: &str = "DELETED";
const ANSWERED: &str = "ANSWERED";
const STARRED: &str = "STARRED";
const GONE: &str = "GONE";
const DRAFT: &str = "DRAFT";

/// A folder's name, its use (RFC 6154), and the label that says a message lies there.
pub(super) const FOLDERS: [(&str, &str, &str); 6] = [
    ("INBOX", "", INBOX),
    ("Archive", "\\Archive", ""),
    ("Drafts", "\\Drafts", DRAFT),
    ("Junk", "\\Junk", SPAM),
    ("Sent", "\\Sent", SENT),
    ("Trash", "\\Trash", TRASH),
];
/// The flags that can be set, each with its label, and whether the label says that the flag is not there.
pub(super) const FLAGS: [(&str, &str, bool); 4] = [
    ("\\Answered", ANSWERED, false),
    ("\\Deleted", DELETED, false),
    ("\\Flagged", STARRED, false),
    ("\\Seen", UNREAD, true),
];

/// The place of the folder with this name.
pub(super) fn named(name: &str) -> Option<usize> {
    FOLDERS.iter().position(|(known, ..)| *known == name || (*known == "INBOX" && name.eq_ignore_ascii_case(known)))
}

/// In which folder a message with these labels lies; in none when it was thrown away for good.
fn place_of(labels: &Labels) -> Option<usize> {
    if labels.contains(GONE) {
        return None;
    }
    let order = ["Trash", "Junk", "Drafts", "INBOX", "Sent"];
    let lies = |name: &str| named(name).filter(|place| labels.contains(FOLDERS[*place].2));
    order.into_iter().find_map(lies).or_else(|| named("Archive"))
}

/// The labels that a message gets and loses by being put into a folder.
pub(super) fn moved(to: usize) -> (Vec<String>, Vec<String>) {
    let labels = FOLDERS.iter().enumerate().filter(|(_, (_, _, label))| !label.is_empty());
    let (added, removed): (Vec<_>, Vec<_>) = labels.partition(|(place, _)| *place == to);
    let only = |all: Vec<(usize, &(&str, &str, &str))>| {
        all.into_iter().map(|(_, (_, _, label))| (*label).to_owned()).collect::<Vec<String>>()
    };
    (only(added), only(removed))
}

/// The labels that a message gets by being thrown away for good.
pub(super) fn thrown() -> Vec<String> {
    vec![GONE.to_owned()]
}

/// Whether a message is marked as deleted.
pub(super) fn is_deleted(state: &State) -> bool {
    state.labels.contains(DELETED)
}

/// The flags of a message with these labels.
pub(super) fn flags(labels: &Labels) -> Vec<&'static str> {
    let mut flags: Vec<_> =
        FLAGS.iter().filter(|(_, label, not)| labels.contains(*label) != *not).map(|(flag, ..)| *flag).collect();
    if labels.contains(DRAFT) {
        flags.push("\\Draft");
    }
    flags
}

/// The labels that a message with these flags has beside those of its folder; flags that are not known are not kept.
pub(super) fn labels_of(flags: &[String]) -> Vec<String> {
    let has = |flag: &str| flags.iter().any(|one| one.eq_ignore_ascii_case(flag));
    FLAGS.iter().filter(|(flag, _, not)| has(flag) != *not).map(|(_, label, _)| (*label).to_owned()).collect()
}

/// A folder at a moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    /// The number that came last.
    last: u32,
    /// What happened to it last, at least 1.
    modseq: u64,
    /// The letters' places, by their numbers.
    pub messages: BTreeMap<u32, usize>,
}

impl Folder {
    /// The number that the next message gets.
    pub(super) fn next(&self) -> u32 {
        self.last.saturating_add(1)
    }

    /// What happened last in it has this number.
    pub(super) fn modseq(&self) -> u64 {
        self.modseq.max(1)
    }
}

/// The mailbox at a moment.
pub(super) struct View<'a> {
    pub opened: Opened<'a>,
    states: Vec<Option<State>>,
    pub folders: [Folder; FOLDERS.len()],
    /// In which folder each letter lies, under which number.
    pub lies: Vec<Option<(usize, u32)>>,
    /// As long as this stays, a number means the same message.
    pub validity: u32,
}

impl<'a> View<'a> {
    pub(super) fn new(desk: &'a Desk, now: OffsetDateTime) -> Self {
        let opened = desk.open(MAILBOX, now);
        let mut folders: [Folder; FOLDERS.len()] = std::array::from_fn(|_| Folder::default());
        let mut lies: Vec<Option<(usize, u32)>> = vec![None; opened.letters.len()];
        let states = opened.replay(opened.now, |event, state| {
            let (before, to) = (lies[event.letter], place_of(&state.labels));
            if let Some((folder, uid)) = before {
                folders[folder].modseq = event.number;
                if to == Some(folder) {
                    return;
                }
                folders[folder].messages.remove(&uid);
            }
            lies[event.letter] = to.map(|to| {
                let folder = &mut folders[to];
                folder.last = folder.next();
                folder.modseq = event.number;
                folder.messages.insert(folder.last, event.letter);
                (to, folder.last)
            });
        });
        let began = desk.world.first().midnight().assume_utc().unix_timestamp();
        let validity = u32::try_from(began).unwrap_or(1).saturating_add(desk.renumbered());
        Self { opened, states, folders, lies, validity }
    }

    /// A message's letter and how it stands; none for a number that is not there.
    pub(super) fn message(&self, folder: usize, uid: u32) -> Option<(&Letter, &State)> {
        let place = *self.folders[folder].messages.get(&uid)?;
        Some((&self.opened.letters[place], self.states[place].as_ref()?))
    }

    /// Where the letter lies that is kept under this.
    pub(super) fn find(&self, key: &str) -> Option<(usize, u32)> {
        self.lies[self.opened.letters.iter().position(|letter| letter.key == key)?]
    }
}
