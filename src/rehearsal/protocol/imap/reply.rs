//! What is answered to a command, or why it was not done, and how it goes over the line.

use super::parse::Command;
use crate::fault::Fault;

pub(super) const WRONG: &str = "[AUTHENTICATIONFAILED] invalid user name or password";

/// Why a command was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It cannot be done.
    No(String),
    /// It cannot be understood.
    Bad(String),
}

/// What comes of a command: words behind its tag, or a refusal.
pub(super) type Done = Result<String, Refusal>;

/// What is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Lines of their own, without their ends.
    pub told: Vec<Vec<u8>>,
    /// The line behind the command's tag, which stands last.
    pub last: String,
    /// Whether the connection ends with it.
    pub ends: bool,
}

impl Reply {
    pub(super) fn new(command: &Command, told: Vec<Vec<u8>>, done: Done) -> Self {
        let words = match done {
            Ok(words) => format!("OK {words}"),
            Err(Refusal::No(words)) => format!("NO {words}"),
            Err(Refusal::Bad(words)) => format!("BAD {words}"),
        };
        Self { told, last: format!("{} {words}", command.tag), ends: command.name == "LOGOUT" }
    }

    /// A refusal.
    pub(crate) fn no(command: &Command, words: &str) -> Self {
        Self::new(command, vec![], Err(Refusal::No(words.to_owned())))
    }

    /// As it goes over the line.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![];
        for line in self.told.iter().map(Vec::as_slice).chain([self.last.as_bytes()]).filter(|line| !line.is_empty()) {
            bytes.extend(line);
            bytes.extend(b"\r\n");
        }
        bytes
    }

    /// The messages in it turned around, or the first of them told twice.
    pub(crate) fn upset(&mut self, fault: Fault) {
        let message = |line: &Vec<u8>| line.windows(8).take(16).any(|some| some == b" FETCH (");
        let places: Vec<_> = (0..self.told.len()).filter(|place| message(&self.told[*place])).collect();
        match (fault, places.first()) {
            (Fault::Duplicates, Some(first)) => self.told.push(self.told[*first].clone()),
            (Fault::OutOfOrder, _) => {
                let turned: Vec<_> = places.iter().rev().map(|place| self.told[*place].clone()).collect();
                for (place, line) in places.iter().zip(turned) {
                    self.told[*place] = line;
                }
            }
            _ => {}
        }
    }
}

/// What the server says instead of doing a command; none for a fault that lets it be done.
pub(crate) fn refusal(fault: Fault) -> Option<String> {
    match fault {
        Fault::Unauthorized => Some(WRONG.to_owned()),
        Fault::Limited { seconds } => Some(format!("[LIMIT] too many commands, try again in {seconds} seconds")),
        Fault::Throttled { seconds } => Some(format!("[LIMIT] too many sessions, try again in {seconds} seconds")),
        Fault::Unavailable { status } => Some(format!("[UNAVAILABLE] temporary failure {status}")),
        _ => None,
    }
}
