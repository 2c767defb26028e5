//! Submission of mail (RFC 6409 over RFC 5321): what is sent from the agency's mailbox at a mail server of its own.
//!
//! Who sends signs in first, writes as the mailbox and nobody else, and says in the envelope who gets it. What is taken lies among
//! what was sent at once. Plain lines only: there is no TLS here.

use base64::{Engine, engine::general_purpose::STANDARD};
use time::OffsetDateTime;

use super::{Desk, imap, text};
use crate::{fault::Fault, mail::Mailbox, writes::Change};

const MAILBOX: Mailbox = Mailbox::Imap;
/// What the server says first.
pub(crate) const GREETING: &str = "220 mail.agency.example ESMTP ready\r\n";
/// A larger message is not taken.
pub(crate) const LARGEST: usize = 40 << 20;
/// To so many one message goes at most.
const RECIPIENTS: usize = 100;

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// As it goes over the line.
    pub text: String,
    /// Whether the connection ends with it.
    pub ends: bool,
}

impl Reply {
    fn of(line: &str) -> Self {
        Self { text: format!("{line}\r\n"), ends: line.starts_with("221") || line.starts_with("421") }
    }

    /// Whether the message's text follows.
    pub(crate) fn goes_on(&self) -> bool {
        self.text.starts_with("354")
    }

    /// The world of who signed in does not answer.
    pub(crate) fn away() -> Self {
        Self::of("421 4.3.2 the service ends")
    }

    /// Nobody is known under this name.
    pub(crate) fn wrong() -> Self {
        Self::of(WRONG)
    }

    /// The text is too large.
    pub(crate) fn too_large() -> Self {
        Self::of(TOO_LARGE)
    }
}

const WRONG: &str = "535 5.7.8 user name or password not accepted";
const TOO_LARGE: &str = "552 5.3.4 the message is too large";

/// What the server says instead of doing what it is told; none for a fault that lets it be done.
pub(crate) fn refusal(fault: Fault) -> Option<Reply> {
    match fault {
        Fault::Unauthorized => Some(Reply::wrong()),
        Fault::Limited { seconds } => {
            Some(Reply::of(&format!("451 4.7.1 too many messages, try again in {seconds} s")))
        }
        Fault::Throttled { seconds } => {
            Some(Reply::of(&format!("421 4.7.0 too many sessions, come back in {seconds} s")))
        }
        Fault::Unavailable { status } => Some(Reply::of(&format!("421 4.3.0 temporary failure {status}"))),
        _ => None,
    }
}

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is answered without anybody's mailbox.
    Said(Reply),
    /// Somebody signs in.
    SignIn {
        /// The name.
        user: String,
        /// What they show.
        password: String,
    },
    /// A command of somebody who signed in: its name in small letters, and the line.
    Command(&'static str, String),
}

/// What the next line is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Awaits {
    #[default]
    Command,
    /// Name and password together.
    Plain,
    User,
    /// Of this name.
    Password(String),
}

/// What is known of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// The name under which somebody signed in.
    pub user: Option<String>,
    awaits: Awaits,
    from: Option<String>,
    to: Vec<String>,
}

impl Session {
    /// Reads a line, without its end.
    pub(crate) fn step(&mut self, line: &str) -> Step {
        let said = |line: &str| Step::Said(Reply::of(line));
        match std::mem::take(&mut self.awaits) {
            Awaits::Command => {}
            _ if line == "*" => return said("501 5.7.0 signing in was broken off"),
            Awaits::Plain => return plain(line),
            Awaits::User => {
                let Some(user) = unpacked(line) else { return said("501 5.5.2 this cannot be read") };
                self.awaits = Awaits::Password(user);
                return said("334 UGFzc3dvcmQ6");
            }
            Awaits::Password(user) => {
                let Some(password) = unpacked(line) else { return said("501 5.5.2 this cannot be read") };
                return Step::SignIn { user, password };
            }
        }
        let (word, given) = line.split_once(' ').unwrap_or((line, ""));
        let command = |name| match self.user {
            Some(_) => Step::Command(name, given.trim().to_owned()),
            None => said("530 5.7.0 sign in first"),
        };
        match word.to_ascii_uppercase().as_str() {
            "EHLO" => {
                (self.from, self.to) = (None, vec![]);
                let offers = ["mail.agency.example", "AUTH PLAIN LOGIN", "8BITMIME", "ENHANCEDSTATUSCODES"];
                let offers: String = offers.iter().map(|offer| format!("250-{offer}\r\n")).collect();
                said(&format!("{offers}250 SIZE {LARGEST}"))
            }
            "HELO" => said("250 mail.agency.example"),
            "AUTH" if self.user.is_some() => said("503 5.5.1 somebody is signed in already"),
            "AUTH" => self.sign_in(given),
            "MAIL" => command("mail"),
            "RCPT" => command("rcpt"),
            "DATA" => command("data"),
            "RSET" => {
                (self.from, self.to) = (None, vec![]);
                said("250 2.0.0 forgotten")
            }
            "NOOP" => said("250 2.0.0 nothing done"),
            "VRFY" => said("252 2.5.0 nobody is looked up here"),
            "QUIT" => said("221 2.0.0 until next time"),
            _ => said("500 5.5.1 this is not known here"),
        }
    }

    fn sign_in(&mut self, given: &str) -> Step {
        let said = |line: &str| Step::Said(Reply::of(line));
        let (how, initial) = given.split_once(' ').unwrap_or((given, ""));
        match (how.to_ascii_uppercase().as_str(), initial) {
            ("PLAIN", "") => {
                self.awaits = Awaits::Plain;
                said("334 ")
            }
            ("PLAIN", packed) => plain(packed),
            ("LOGIN", "") => {
                self.awaits = Awaits::User;
                said("334 VXNlcm5hbWU6")
            }
            ("LOGIN", packed) => match unpacked(packed) {
                Some(user) => {
                    self.awaits = Awaits::Password(user);
                    said("334 UGFzc3dvcmQ6")
                }
                None => said("501 5.5.2 this cannot be read"),
            },
            _ => said("504 5.5.4 only PLAIN and LOGIN are known here"),
        }
    }

    /// Somebody shows a password.
    pub(crate) fn enter(&mut self, desk: &Desk, user: &str, password: &str) -> Reply {
        if !imap::may_enter(desk, user, password) {
            return Reply::wrong();
        }
        self.user = Some(user.to_owned());
        Reply::of("235 2.7.0 signed in")
    }

    /// Answers a command of somebody who is signed in.
    pub(crate) fn answer(&mut self, name: &str, given: &str) -> Reply {
        let address = |prefix: &str| {
            let begins = given.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
            let path = given.get(prefix.len()..).filter(|_| begins)?.trim_start();
            let (address, parameters) = path.strip_prefix('<')?.split_once('>')?;
            Some((address.to_ascii_lowercase(), parameters.to_ascii_uppercase()))
        };
        let size = |parameters: &str| {
            let named = parameters.split_whitespace().find_map(|one| one.strip_prefix("SIZE="));
            named.and_then(|size| size.parse::<usize>().ok()).unwrap_or(0)
        };
        match name {
            "mail" => match address("FROM:") {
                None => Reply::of("501 5.5.4 who writes?"),
                Some(_) if self.from.is_some() => Reply::of("503 5.5.1 one message after the other"),
                Some((from, _)) if ![MAILBOX.address(), MAILBOX.alias()].contains(&from.as_str()) => {
                    Reply::of(&format!("553 5.7.1 {from} is not an address of this mailbox"))
                }
                Some((_, parameters)) if size(&parameters) > LARGEST => Reply::too_large(),
                Some((from, _)) => {
                    (self.from, self.to) = (Some(from), vec![]);
                    Reply::of("250 2.1.0 go on")
                }
            },
            "rcpt" if self.from.is_none() => Reply::of("503 5.5.1 who writes?"),
            "rcpt" => match address("TO:") {
                Some((to, _)) if !is_address(&to) => Reply::of("553 5.1.3 this is no address"),
                Some(_) if self.to.len() >= RECIPIENTS => Reply::of("452 4.5.3 too many at once"),
                Some((to, _)) => {
                    self.to.push(to);
                    Reply::of("250 2.1.5 go on")
                }
                None => Reply::of("501 5.5.4 who gets it?"),
            },
            _ if self.to.is_empty() => Reply::of("503 5.5.1 nobody gets it yet"),
            _ => Reply::of("354 end with a line that has a point only"),
        }
    }

    /// Takes the message's text, without the point at its end and those that were doubled.
    pub(crate) fn take(&mut self, desk: &Desk, now: OffsetDateTime, source: &[u8]) -> Reply {
        let (from, mut recipients) = (self.from.take(), std::mem::take(&mut self.to));
        if from.is_none() || recipients.is_empty() {
            return Reply::of("503 5.5.1 nobody gets it yet");
        }
        let source = text(source);
        recipients.sort_unstable();
        recipients.dedup();
        let conversation = desk.open(MAILBOX, now).conversation(&source).map(str::to_owned);
        let change = desk.write_mail(MAILBOX, now, Change::Sent { source, conversation, recipients });
        Reply::of(&format!("250 2.0.0 taken as {}", MAILBOX.sent_key(change)))
    }
}

fn plain(packed: &str) -> Step {
    match imap::plain(packed) {
        Some((user, password)) => Step::SignIn { user, password },
        None => Step::Said(Reply::of("501 5.5.2 this cannot be read")),
    }
}

fn unpacked(packed: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(packed.trim()).ok()?).ok()
}

fn is_address(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    plain && text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
}

/// The lines of a text as they are without the points that were doubled (RFC 5321 §4.5.2).
pub(crate) fn undotted(transferred: &[u8]) -> Vec<u8> {
    let mut source = Vec::with_capacity(transferred.len());
    for (at, byte) in transferred.iter().enumerate() {
        if *byte != b'.' || !begins_line(&transferred[..at]) {
            source.push(*byte);
        }
    }
    source
}

/// Whether what follows these bytes stands at the beginning of a line. A line ends in one way only: another one might end the message
/// early, and begin one of somebody else's making.
pub(crate) fn begins_line(before: &[u8]) -> bool {
    before.is_empty() || before.ends_with(b"\r\n")
}

#[cfg(test)]
mod tests;
