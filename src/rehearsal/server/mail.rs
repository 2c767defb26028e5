//! The mail server in the world: what faults a command meets, and what it comes to with them.
//!
//! To the rules of faults a command is a request of the provider `imap`, its path `/imap/uid/fetch` or `/smtp/rcpt` (`/smtp/text` is
//! the message itself). Signing in is a request like the others: there is no consent beside it. What is cut off was not done; what
//! breaks off in the middle of its answer was.

use std::time::Duration as Pause;

use time::OffsetDateTime;

use super::Rehearsal;
use crate::{
    fault::Fault,
    protocol::{Desk, imap, smtp},
};

/// The provider's key, for rules of faults.
const KEY: &str = "imap";

/// What is said, and how.
#[derive(Debug)]
pub(super) struct Said<T> {
    /// The answer; none where the connection is to end without one.
    pub answer: Option<T>,
    /// How long it takes.
    pub after: Pause,
    /// Whether the connection is to end in the middle of it.
    pub half: bool,
}

impl<T> Said<T> {
    pub(super) fn plain(answer: T) -> Self {
        Self { answer: Some(answer), after: Pause::ZERO, half: false }
    }
}

impl Rehearsal {
    /// Answers a command to the mail server; without a world `away` is said.
    fn meet_mail<T>(
        &self,
        path: &str,
        opens: bool,
        (refuse, away): (impl Fn(Fault) -> Option<T>, impl FnOnce() -> T),
        answer: impl FnOnce(&Desk, OffsetDateTime) -> T,
        upset: impl Fn(&mut T, Fault),
    ) -> Said<T> {
        let Ok((desk, now)) = self.now() else { return Said::plain(away()) };
        let mut said = Said { answer: None, after: Pause::ZERO, half: false };
        let (mut refused, mut changes) = (None, vec![]);
        for fault in self.meet(KEY, path, (false, opens)) {
            match fault {
                Fault::Slow { millis } => said.after += Pause::from_millis(millis.into()),
                Fault::Cut => return said,
                Fault::Half => said.half = true,
                Fault::ExpiredCursor => desk.renumber(),
                Fault::Duplicates | Fault::OutOfOrder => changes.push(fault),
                fault => refused = refused.or_else(|| refuse(fault)),
            }
        }
        let mut answered = refused.unwrap_or_else(|| answer(&desk, now));
        for fault in changes {
            upset(&mut answered, fault);
        }
        said.answer = Some(answered);
        said
    }

    /// Answers a command of IMAP.
    pub(super) fn imap(&self, session: &mut imap::Session, command: &imap::Command) -> Said<imap::Reply> {
        let refuse = |fault| imap::refusal(fault).map(|words| imap::Reply::no(command, &words));
        let away = || imap::Reply::no(command, "[UNAVAILABLE] the world ends before now");
        let answer = |desk: &Desk, now| session.answer(desk, command, now);
        self.meet_mail(&command.path(), command.opens(), (refuse, away), answer, imap::Reply::upset)
    }

    /// What happened in the folder that somebody waits at.
    pub(super) fn news(&self, session: &mut imap::Session) -> Vec<Vec<u8>> {
        self.now().map(|(desk, now)| session.news(&desk, now)).unwrap_or_default()
    }

    /// Answers somebody who signs in to send.
    pub(super) fn enter(&self, session: &mut smtp::Session, user: &str, password: &str) -> Said<smtp::Reply> {
        self.submission("auth", |desk, _| session.enter(desk, user, password))
    }

    /// Answers a command of somebody who is signed in to send.
    pub(super) fn smtp(&self, session: &mut smtp::Session, name: &str, given: &str) -> Said<smtp::Reply> {
        self.submission(name, |_, _| session.answer(name, given))
    }

    /// Takes a message's text.
    pub(super) fn take(&self, session: &mut smtp::Session, source: &[u8]) -> Said<smtp::Reply> {
        self.submission("text", |desk, now| session.take(desk, now, source))
    }

    fn submission(&self, name: &str, answer: impl FnOnce(&Desk, OffsetDateTime) -> smtp::Reply) -> Said<smtp::Reply> {
        self.meet_mail(&format!("/smtp/{name}"), false, (smtp::refusal, smtp::Reply::away), answer, |_, _| {})
    }
}
