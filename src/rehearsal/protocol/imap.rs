//! IMAP4rev1 (RFC 3501, 9051): the agency's mailbox at a mail server of its own, command by command.
//!
//! What is sent from it is `smtp`; sockets are elsewhere. A session knows how its client counts messages, and nothing else: what lies
//! in the mailbox is asked of the world for each command, so that what comes while a client is there is told at its next one. A
//! message's number lasts, and each change has its own, which is told to those who ask for it (CONDSTORE). Plain lines only: there
//! is no TLS here. Envelopes, structures and folders of one's own are not rehearsed, and refused in words.

mod change;
mod fetch;
mod folder;
mod list;
mod parse;
mod reply;
mod search;

use base64::{Engine, engine::general_purpose::STANDARD};
use time::OffsetDateTime;

use self::{
    fetch::{Item, items},
    folder::View,
    parse::{Rest, Set},
    reply::{Done, Refusal, WRONG},
    search::{Candidate, Key},
};
pub(crate) use self::{
    parse::Command,
    reply::{Reply, refusal},
};
use super::Desk;
use crate::{mail::Mailbox, writes::Change};

const MAILBOX: Mailbox = Mailbox::Imap;
/// What the server can do.
const CAPABILITIES: &str =
    "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ENABLE ID IDLE CONDSTORE UIDPLUS MOVE UNSELECT LIST-EXTENDED SPECIAL-USE";
/// What it says first.
pub(crate) const GREETING: &str =
    "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN] the desk's mail server is ready\r\n";

/// The numbers of messages: among all of the folder's, and their own.
type Numbers = Vec<(usize, u32)>;

/// A folder that a client has open.
#[derive(Clone, Debug)]
struct Selected {
    folder: usize,
    writable: bool,
    /// The messages as the client counts them.
    uids: Vec<u32>,
    /// What happened up to this was told.
    until: u64,
}

/// What is known of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// The name under which somebody signed in.
    pub user: Option<String>,
    selected: Option<Selected>,
    /// Whether changes are told with their numbers.
    tells_changes: bool,
}

/// The name and password that somebody signs in with, once they are there.
pub(crate) fn credentials(command: &Command) -> Option<(String, String)> {
    let mut rest = Rest(&command.given);
    match command.name.as_str() {
        "LOGIN" => {
            let user = rest.text()?;
            rest.space()?;
            Some((user, rest.text()?))
        }
        "AUTHENTICATE" => {
            rest.atom().filter(|how| how.eq_ignore_ascii_case("PLAIN"))?;
            rest.space()?;
            plain(std::str::from_utf8(rest.0).ok()?)
        }
        _ => None,
    }
}

/// The name and password of SASL's PLAIN (RFC 4616).
pub(super) fn plain(packed: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(packed.trim()).ok()?).ok()?;
    let mut parts = text.split('\0').skip(1);
    let (user, password) = (parts.next()?, parts.next()?);
    parts.next().is_none().then(|| (user.to_owned(), password.to_owned()))
}

/// Whether somebody who shows this may have the mailbox. What stands before a slash in the name says whose world it is.
pub(super) fn may_enter(desk: &Desk, user: &str, password: &str) -> bool {
    let name = user.rsplit('/').next().unwrap_or_default();
    name.eq_ignore_ascii_case(MAILBOX.address()) && password == desk.app.secret
}

/// Whether a command waits for a further line with what somebody signs in with.
pub(crate) fn awaits_credentials(command: &Command) -> bool {
    command.name == "AUTHENTICATE" && command.given.eq_ignore_ascii_case(b"PLAIN")
}

impl Session {
    /// Answers what needs nobody's mailbox, or refuses what does before somebody signed in; none for the sign-in itself.
    pub(crate) fn outside(command: &Command) -> Option<Reply> {
        if credentials(command).is_some() {
            return None;
        }
        let mut told = vec![];
        let done = general(command, &mut told).unwrap_or_else(|| match command.name.as_str() {
            "LOGIN" => Err(Refusal::Bad("a user name and a password are needed".to_owned())),
            "AUTHENTICATE" => Err(Refusal::No("[CANNOT] only PLAIN is known here".to_owned())),
            "STARTTLS" => Err(Refusal::Bad("there is no TLS here".to_owned())),
            _ => Err(Refusal::Bad("sign in first".to_owned())),
        });
        Some(Reply::new(command, told, done))
    }

    /// Answers a command.
    pub(crate) fn answer(&mut self, desk: &Desk, command: &Command, now: OffsetDateTime) -> Reply {
        let mut told = vec![];
        let done = self.run(desk, command, now, &mut told);
        Reply::new(command, told, done)
    }

    /// What happened in the open folder since it was last told.
    pub(crate) fn news(&mut self, desk: &Desk, now: OffsetDateTime) -> Vec<Vec<u8>> {
        let mut told = vec![];
        self.catch_up(&View::new(desk, now), true, &mut told);
        told
    }

    fn run(&mut self, desk: &Desk, command: &Command, now: OffsetDateTime, told: &mut Vec<Vec<u8>>) -> Done {
        if let Some((user, password)) = credentials(command) {
            if self.user.is_some() {
                return Err(Refusal::Bad("somebody is signed in already".to_owned()));
            }
            if !may_enter(desk, &user, &password) {
                return Err(Refusal::No(WRONG.to_owned()));
            }
            self.user = Some(user);
            return Ok(format!("[CAPABILITY {CAPABILITIES}] signed in"));
        }
        let view = View::new(desk, now);
        // Numbers stay as they are while a client names messages by them.
        let named = matches!(command.name.as_str(), "FETCH" | "STORE" | "SEARCH" | "COPY" | "MOVE");
        self.catch_up(&view, !named, told);
        if let Some(done) = general(command, told) {
            return done;
        }
        let mut rest = Rest(&command.given);
        match command.name.as_str() {
            "CHECK" => Ok("checked".to_owned()),
            "ENABLE" => {
                let asked = String::from_utf8_lossy(&command.given).to_ascii_uppercase();
                self.tells_changes |= asked.split(' ').any(|one| one == "CONDSTORE");
                told.push(if self.tells_changes { b"* ENABLED CONDSTORE".to_vec() } else { b"* ENABLED".to_vec() });
                Ok("enabled".to_owned())
            }
            "LIST" | "LSUB" | "STATUS" => list::answer(&view, command, told),
            "SELECT" | "EXAMINE" => {
                self.selected = None;
                let opened = list::open(&view, command, told)?;
                self.tells_changes |=
                    String::from_utf8_lossy(&command.given).to_ascii_uppercase().ends_with("(CONDSTORE)");
                let words = if opened.writable { "[READ-WRITE] opened" } else { "[READ-ONLY] opened" };
                self.selected = Some(opened);
                Ok(words.to_owned())
            }
            "UNSELECT" => self.selected.take().map(|_| "closed".to_owned()).ok_or_else(nothing_open),
            "APPEND" => self.append(desk, now, &mut rest, told),
            "CLOSE" => {
                let selected = self.selected.take().ok_or_else(nothing_open)?;
                if selected.writable {
                    change::expunge(desk, now, &view, selected.folder, None);
                }
                Ok("closed".to_owned())
            }
            name => {
                let (by_uid, name) = name.strip_prefix("UID ").map_or((false, name), |name| (true, name));
                match name {
                    "FETCH" => self.fetch(desk, now, &view, by_uid, &mut rest, told),
                    "SEARCH" => self.search(&view, by_uid, &mut rest, told),
                    "STORE" => self.store(desk, now, &view, by_uid, &mut rest, told),
                    "COPY" | "MOVE" => self.put(desk, now, &view, by_uid, (name == "MOVE", &mut rest), told),
                    "EXPUNGE" => self.expunge(desk, now, &view, by_uid, &mut rest, told),
                    "CREATE" | "DELETE" | "RENAME" | "SUBSCRIBE" | "UNSUBSCRIBE" => {
                        Err(Refusal::No("[CANNOT] folders are as they are here".to_owned()))
                    }
                    _ => Err(Refusal::Bad(format!("{} is not known here", command.name))),
                }
            }
        }
    }

    /// Tells what happened in the open folder since it was last told; what is gone only where numbers may change.
    fn catch_up(&mut self, view: &View<'_>, expunges: bool, told: &mut Vec<Vec<u8>>) {
        let tells_changes = self.tells_changes;
        let Some(selected) = &mut self.selected else { return };
        let folder = &view.folders[selected.folder];
        if expunges {
            // From the last one on, so that the others' numbers stay until they are told.
            for at in (0..selected.uids.len()).rev() {
                if !folder.messages.contains_key(&selected.uids[at]) {
                    told.push(format!("* {} EXPUNGE", at + 1).into_bytes());
                    selected.uids.remove(at);
                }
            }
        }
        for (number, uid) in (1..).zip(&selected.uids) {
            let message = view.message(selected.folder, *uid).filter(|(_, state)| state.changed > selected.until);
            let Some(message) = message else { continue };
            let mut items = vec![Item::Uid, Item::Flags];
            items.extend(tells_changes.then_some(Item::Modseq));
            told.push(fetch::line(view, number, *uid, message, &items));
        }
        let last = selected.uids.last().copied().unwrap_or(0);
        let before = selected.uids.len();
        selected.uids.extend(folder.messages.keys().filter(|uid| **uid > last));
        if selected.uids.len() > before {
            told.push(format!("* {} EXISTS", selected.uids.len()).into_bytes());
        }
        selected.until = selected.until.max(folder.modseq());
    }

    /// The open folder, and which of its messages a command names: their numbers among all and their own.
    fn chosen(&self, by_uid: bool, rest: &mut Rest<'_>) -> Result<(&Selected, Numbers), Refusal> {
        let selected = self.selected.as_ref().ok_or_else(nothing_open)?;
        let set = rest.set().ok_or_else(|| Refusal::Bad("which messages?".to_owned()))?;
        rest.space();
        Ok((selected, selected.of(by_uid, &set)))
    }

    fn fetch(
        &mut self,
        desk: &Desk,
        now: OffsetDateTime,
        view: &View<'_>,
        by_uid: bool,
        rest: &mut Rest<'_>,
        told: &mut Vec<Vec<u8>>,
    ) -> Done {
        let (selected, chosen) = self.chosen(by_uid, rest)?;
        let (folder, writable) = (selected.folder, selected.writable);
        let mut items = items(rest)?;
        let since = match rest.space() {
            Some(()) => Some(changed_since(rest).ok_or_else(|| Refusal::Bad("what may be changed since?".to_owned()))?),
            None => None,
        };
        if !rest.is_over() {
            return Err(Refusal::Bad("what stands behind cannot be read".to_owned()));
        }
        self.tells_changes |= since.is_some() || items.contains(&Item::Modseq);
        if by_uid && !items.contains(&Item::Uid) {
            items.insert(0, Item::Uid);
        }
        if since.is_some() && !items.contains(&Item::Modseq) {
            items.push(Item::Modseq);
        }
        for (number, uid) in chosen {
            let Some((letter, state)) = view.message(folder, uid) else { continue };
            if since.is_some_and(|since| state.changed <= since) {
                continue;
            }
            told.push(fetch::line(view, number, uid, (letter, state), &items));
            // It is told as it was; that it is seen now is told with the next command.
            if let Some(unread) = fetch::seen_by(&items, state).filter(|_| writable) {
                let change = Change::Labels { letter: letter.key.clone(), added: vec![], removed: vec![unread] };
                desk.write_mail(MAILBOX, now, change);
            }
        }
        Ok("told".to_owned())
    }

    fn search(&mut self, view: &View<'_>, by_uid: bool, rest: &mut Rest<'_>, told: &mut Vec<Vec<u8>>) -> Done {
        let selected = self.selected.as_ref().ok_or_else(nothing_open)?;
        let key = Key::read(rest)?;
        let largest = u32::try_from(selected.uids.len()).unwrap_or(u32::MAX);
        let last = selected.uids.last().copied().unwrap_or(0);
        let (mut found, mut changed) = (vec![], 0);
        for (number, uid) in (1..).zip(&selected.uids) {
            let Some(message) = view.message(selected.folder, *uid) else { continue };
            let candidate = Candidate::new(view, (number, largest), (*uid, last), message);
            if candidate.is(&key) {
                changed = changed.max(candidate.state.changed);
                found.push(if by_uid { *uid } else { number });
            }
        }
        let numbers: String = found.iter().map(|number| format!(" {number}")).collect();
        let modseq = if key.of_changes() && !found.is_empty() { format!(" (MODSEQ {changed})") } else { String::new() };
        self.tells_changes |= key.of_changes();
        told.push(format!("* SEARCH{numbers}{modseq}").into_bytes());
        Ok("searched".to_owned())
    }
}

impl Selected {
    fn of(&self, by_uid: bool, set: &Set) -> Vec<(usize, u32)> {
        let count = u32::try_from(self.uids.len()).unwrap_or(u32::MAX);
        let largest = if by_uid { self.uids.last().copied().unwrap_or(0) } else { count };
        let named = |(number, uid): &(usize, u32)| {
            let number = if by_uid { *uid } else { u32::try_from(*number).unwrap_or(u32::MAX) };
            set.has(number, largest)
        };
        (1..).zip(self.uids.iter().copied()).filter(named).collect()
    }
}

fn nothing_open() -> Refusal {
    Refusal::Bad("no folder is open".to_owned())
}

/// What can be asked at any time; none for another command.
fn general(command: &Command, told: &mut Vec<Vec<u8>>) -> Option<Done> {
    let (line, words) = match command.name.as_str() {
        "CAPABILITY" => (format!("* CAPABILITY {CAPABILITIES}"), "listed"),
        "ID" => ("* ID NIL".to_owned(), "said"),
        "LOGOUT" => ("* BYE until next time".to_owned(), "signed out"),
        "NOOP" => (String::new(), "nothing done"),
        _ => return None,
    };
    if !line.is_empty() {
        told.push(line.into_bytes());
    }
    Some(Ok(words.to_owned()))
}

/// `(CHANGEDSINCE 7)`, of RFC 7162.
fn changed_since(rest: &mut Rest<'_>) -> Option<u64> {
    if !rest.takes(b'(') || !rest.atom()?.eq_ignore_ascii_case("CHANGEDSINCE") {
        return None;
    }
    rest.space()?;
    let since = rest.number()?;
    rest.takes(b')').then_some(since)
}

#[cfg(test)]
mod tests;
