//! What changes the mailbox: flags, messages that are put into a folder, moved, copied, and thrown away for good.

use time::OffsetDateTime;

use super::{
    Done, MAILBOX, Refusal, Session,
    fetch::{Item, line},
    folder::{FLAGS, View, is_deleted, labels_of, moved, named, thrown},
    nothing_open,
    parse::{Rest, Set},
};
use crate::{
    mail::{Letter, State},
    protocol::{Desk, text},
    writes::Change,
};

/// What becomes of flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Set,
    Add,
    Remove,
}

impl Session {
    /// The open folder's place, if it may be changed.
    fn writable(&self) -> Result<usize, Refusal> {
        let selected = self.selected.as_ref().ok_or_else(nothing_open)?;
        let closed = || Refusal::No("[CANNOT] the folder is open for reading only".to_owned());
        selected.writable.then_some(selected.folder).ok_or_else(closed)
    }

    pub(super) fn store(
        &mut self,
        desk: &Desk,
        now: OffsetDateTime,
        view: &View<'_>,
        by_uid: bool,
        rest: &mut Rest<'_>,
        told: &mut Vec<Vec<u8>>,
    ) -> Done {
        let folder = self.writable()?;
        let (_, chosen) = self.chosen(by_uid, rest)?;
        let bad = || Refusal::Bad("which flags?".to_owned());
        let Stored { unless_after, how, silent, flags } = Stored::read(rest).ok_or_else(bad)?;
        self.tells_changes |= unless_after.is_some();
        let (mut stored, mut passed) = (vec![], vec![]);
        for (number, uid) in chosen {
            let Some((letter, state)) = view.message(folder, uid) else { continue };
            if unless_after.is_some_and(|since| state.changed > since) {
                passed.push(if by_uid { uid.to_string() } else { number.to_string() });
                continue;
            }
            let (added, removed) = changes(state, how, &flags);
            if !added.is_empty() || !removed.is_empty() {
                let change = Change::Labels { letter: letter.key.clone(), added, removed };
                desk.write_mail(MAILBOX, now, change);
            }
            stored.push((number, uid));
        }
        let after = View::new(desk, now);
        let mut items = vec![Item::Flags];
        items.extend(by_uid.then_some(Item::Uid));
        items.extend(self.tells_changes.then_some(Item::Modseq));
        // Who asks for silence wants to hear of the change's number all the same.
        if silent {
            items.retain(|item| *item != Item::Flags);
        }
        if !silent || self.tells_changes {
            let lines = stored
                .iter()
                .filter_map(|(number, uid)| Some(line(&after, *number, *uid, after.message(folder, *uid)?, &items)));
            told.extend(lines);
        }
        if let Some(selected) = &mut self.selected {
            selected.until = selected.until.max(after.folders[folder].modseq());
        }
        Ok(match passed.is_empty() {
            true => "stored".to_owned(),
            false => format!("[MODIFIED {}] some were changed meanwhile", passed.join(",")),
        })
    }

    pub(super) fn append(
        &mut self,
        desk: &Desk,
        now: OffsetDateTime,
        rest: &mut Rest<'_>,
        told: &mut Vec<Vec<u8>>,
    ) -> Done {
        let bad = || Refusal::Bad("what should be put where?".to_owned());
        let name = rest.text().ok_or_else(bad)?;
        rest.space().ok_or_else(bad)?;
        let mut flags = vec![];
        if rest.0.first() == Some(&b'(') {
            flags = rest.list(Rest::flag).ok_or_else(bad)?;
            rest.space().ok_or_else(bad)?;
        }
        let mut at = now;
        if rest.0.first() == Some(&b'"') {
            at = rest.moment().ok_or_else(bad)?;
            rest.space().ok_or_else(bad)?;
        }
        let source = rest.literal().filter(|source| !source.is_empty()).ok_or_else(bad)?;
        // Folders cannot be made here.
        let to = named(&name).ok_or_else(super::list::absent)?;
        let (mut labels, _) = moved(to);
        labels.extend(labels_of(&flags));
        let put = desk.write_mail(MAILBOX, now, Change::Put { source: text(source), at, labels });
        let after = View::new(desk, now);
        self.catch_up(&after, true, told);
        let uid = after.find(&MAILBOX.sent_key(put)).map_or(0, |(_, uid)| uid);
        Ok(format!("[APPENDUID {} {uid}] put there", after.validity))
    }

    /// Copies or moves messages into another folder.
    pub(super) fn put(
        &mut self,
        desk: &Desk,
        now: OffsetDateTime,
        view: &View<'_>,
        by_uid: bool,
        (moves, rest): (bool, &mut Rest<'_>),
        told: &mut Vec<Vec<u8>>,
    ) -> Done {
        let folder = if moves { self.writable()? } else { self.selected.as_ref().ok_or_else(nothing_open)?.folder };
        let (_, chosen) = self.chosen(by_uid, rest)?;
        let to = rest.text().ok_or_else(|| Refusal::Bad("to which folder?".to_owned()))?;
        let to = named(&to).ok_or_else(super::list::absent)?;
        let mut keys = vec![];
        for (_, uid) in chosen {
            let Some((letter, state)) = view.message(folder, uid) else { continue };
            // What lies there already stays where it is.
            if moves && to == folder {
                continue;
            }
            keys.push((
                uid,
                if moves { carry(desk, now, letter, to) } else { copy(desk, now, view, letter, state, to) },
            ));
        }
        let after = View::new(desk, now);
        let pairs: Vec<_> = keys.iter().filter_map(|(uid, key)| Some((*uid, after.find(key)?.1))).collect();
        let words = if moves { "moved" } else { "copied" };
        if pairs.is_empty() {
            return Ok(words.to_owned());
        }
        let joined = |uids: Vec<String>| uids.join(",");
        let from = joined(pairs.iter().map(|(uid, _)| uid.to_string()).collect());
        let into = joined(pairs.iter().map(|(_, uid)| uid.to_string()).collect());
        let code = format!("[COPYUID {} {from} {into}]", after.validity);
        if !moves {
            self.catch_up(&after, by_uid, told);
            return Ok(format!("{code} copied"));
        }
        told.push(format!("* OK {code} moved").into_bytes());
        self.catch_up(&after, true, told);
        Ok(words.to_owned())
    }

    pub(super) fn expunge(
        &mut self,
        desk: &Desk,
        now: OffsetDateTime,
        view: &View<'_>,
        by_uid: bool,
        rest: &mut Rest<'_>,
        told: &mut Vec<Vec<u8>>,
    ) -> Done {
        let folder = self.writable()?;
        let set = match by_uid {
            true => Some(rest.set().ok_or_else(|| Refusal::Bad("which messages?".to_owned()))?),
            false => None,
        };
        expunge(desk, now, view, folder, set.as_ref());
        self.catch_up(&View::new(desk, now), true, told);
        Ok("thrown away".to_owned())
    }
}

/// Throws away what is marked as deleted, of these numbers or of all.
pub(super) fn expunge(desk: &Desk, now: OffsetDateTime, view: &View<'_>, folder: usize, of: Option<&Set>) {
    let messages = &view.folders[folder].messages;
    let last = messages.keys().next_back().copied().unwrap_or(0);
    for uid in messages.keys().filter(|uid| of.is_none_or(|set| set.has(**uid, last))) {
        let deleted = view.message(folder, *uid).filter(|(_, state)| is_deleted(state));
        if let Some((letter, _)) = deleted {
            let change = Change::Labels { letter: letter.key.clone(), added: thrown(), removed: vec![] };
            desk.write_mail(MAILBOX, now, change);
        }
    }
}

/// Puts a message into another folder, and tells what it is kept under.
fn carry(desk: &Desk, now: OffsetDateTime, letter: &Letter, to: usize) -> String {
    let (added, removed) = moved(to);
    desk.write_mail(MAILBOX, now, Change::Labels { letter: letter.key.clone(), added, removed });
    letter.key.clone()
}

/// Puts a copy of a message into a folder, and tells what it is kept under.
fn copy(desk: &Desk, now: OffsetDateTime, view: &View<'_>, letter: &Letter, state: &State, to: usize) -> String {
    let (added, removed) = moved(to);
    let mut labels: Vec<String> = state.labels.iter().filter(|label| !removed.contains(label)).cloned().collect();
    labels.extend(added.into_iter().filter(|label| !state.labels.contains(label)));
    let source = view.opened.source(letter);
    MAILBOX.sent_key(desk.write_mail(MAILBOX, now, Change::Put { source, at: letter.at, labels }))
}

/// What is stored.
struct Stored {
    /// Only where a message was not changed after this.
    unless_after: Option<u64>,
    how: How,
    silent: bool,
    flags: Vec<String>,
}

impl Stored {
    fn read(rest: &mut Rest<'_>) -> Option<Self> {
        let mut unless_after = None;
        if rest.takes(b'(') {
            rest.atom().filter(|word| word.eq_ignore_ascii_case("UNCHANGEDSINCE"))?;
            rest.space()?;
            unless_after = Some(rest.number()?);
            if !rest.takes(b')') {
                return None;
            }
            rest.space()?;
        }
        let word = rest.atom()?.to_ascii_uppercase();
        let (word, silent) = word.strip_suffix(".SILENT").map_or((word.as_str(), false), |word| (word, true));
        let how = match word {
            "FLAGS" => How::Set,
            "+FLAGS" => How::Add,
            "-FLAGS" => How::Remove,
            _ => return None,
        };
        rest.space()?;
        let flags = match rest.0.first() {
            Some(b'(') => rest.list(Rest::flag)?,
            _ => {
                let mut flags = vec![rest.flag()?];
                while rest.takes(b' ') {
                    flags.push(rest.flag()?);
                }
                flags
            }
        };
        rest.is_over().then_some(Self { unless_after, how, silent, flags })
    }
}

/// The labels that a message gets and loses by flags. Flags that are not known are left alone.
fn changes(state: &State, how: How, flags: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut added, mut removed) = (vec![], vec![]);
    for (flag, label, not) in FLAGS {
        let named = flags.iter().any(|one| one.eq_ignore_ascii_case(flag));
        let wanted = match how {
            How::Set => named,
            How::Add if named => true,
            How::Remove if named => false,
            How::Add | How::Remove => continue,
        };
        let (is, should) = (state.labels.contains(label), wanted != not);
        match (is, should) {
            (false, true) => added.push(label.to_owned()),
            (true, false) => removed.push(label.to_owned()),
            _ => {}
        }
    }
    (added, removed)
}
