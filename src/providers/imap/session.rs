//! A session with an IMAP server: commands are sent, and what comes back is read up to the answer with their tag.

use std::{collections::HashSet, time::Duration};

use async_imap::{
    Client,
    extensions::idle::IdleResponse,
    imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode, Status as State},
};
use model::message::Place;
use secrecy::{ExposeSecret, SecretString};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{
    folder::{Folder, Listed, chosen},
    place::{Security, Server},
    reading::Id,
    refusal::{self, within},
    wire::{self, Wire},
};
use crate::{Error, Result, Told};

/// Longer nobody waits for the next line of an answer; a whole message is one.
const PATIENCE: Duration = Duration::from_secs(90);
/// `17-Jul-1996 02:44:25 -0700` (RFC 9051).
const DATE: &[BorrowedFormatItem<'_>] = format_description!(
    "[day padding:space]-[month repr:short case_sensitive:false]-[year] [hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
);

/// A folder as it is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) validity: u32,
    /// The number that the next message gets.
    pub(super) next: u32,
    pub(super) exists: u32,
    /// Of the last change, where the server tells changes.
    pub(super) modseq: Option<u64>,
}

impl Status {
    /// Another one when something came, went or changed.
    fn mark(&self) -> String {
        format!("{}.{}.{}.{}", self.validity, self.next, self.exists, self.modseq.unwrap_or_default())
    }
}

/// What a command came to.
pub(super) enum Answer {
    Done,
    /// It was refused, in these words.
    No(String),
}

impl Answer {
    pub(super) fn done(self) -> Result<()> {
        match self {
            Self::Done => Ok(()),
            Self::No(words) => Err(refusal::no(&words)),
        }
    }
}

/// What was fetched of a message.
#[derive(Default)]
pub(super) struct Fetched {
    pub(super) uid: u32,
    pub(super) size: Option<u64>,
    pub(super) seen: Option<bool>,
    pub(super) at: Option<OffsetDateTime>,
    pub(super) source: Option<Vec<u8>>,
}

pub(super) struct Session {
    line: async_imap::Session<Wire>,
    /// What the server can do, in capital letters.
    can: HashSet<String>,
}

impl Session {
    /// Opens a session; a wrong password is tried once.
    ///
    /// # Errors
    /// Unauthorized, saying what an app password is; the kinds of [`Error`] otherwise.
    pub(super) async fn open(server: &Server, user: &str, password: &SecretString, domain: &str) -> Result<Self> {
        let stream = wire::reach(server).await?;
        let wire = match server.security {
            Security::Plain => Wire::plain(stream),
            Security::Tls => wire::secure(server, stream).await?,
            Security::StartTls => {
                let mut client = Client::new(Wire::plain(stream));
                greeting(&mut client).await?;
                within(PATIENCE, async {
                    let begun = client.run_command_and_check_ok("STARTTLS", None).await;
                    begun.map_err(|error| refusal::of_library(&error))
                })
                .await?;
                // What came before TLS is thrown away with the old client.
                wire::secure(server, client.into_inner().into_plain()?).await?
            }
        };
        let mut client = Client::new(wire);
        if server.security != Security::StartTls {
            greeting(&mut client).await?;
        }
        let line = within(PATIENCE, async {
            let line = client.login(user, password.expose_secret()).await;
            line.map_err(|(error, _)| refusal::login(&error, domain))
        })
        .await?;
        let mut session = Self { line, can: HashSet::new() };
        let mut can = HashSet::new();
        let answer = session.run("CAPABILITY", |response| {
            if let Response::Capabilities(list) = response {
                can.extend(list.iter().filter_map(|capability| match capability {
                    Capability::Atom(name) => Some(name.to_ascii_uppercase()),
                    _ => None,
                }));
            }
        });
        answer.await?.done()?;
        session.can = can;
        Ok(session)
    }

    /// Whether the server tells which messages changed.
    pub(super) fn tells_changes(&self) -> bool {
        ["CONDSTORE", "QRESYNC"].iter().any(|name| self.can.contains(*name))
    }

    /// Sends a command and gives every response up to its answer to `each`.
    ///
    /// # Errors
    /// Rejected: the server does not understand it. The kinds of [`Error`] when the connection breaks.
    pub(super) async fn run(&mut self, command: &str, mut each: impl FnMut(&Response<'_>) + Send) -> Result<Answer> {
        let id = within(PATIENCE, async {
            self.line.run_command(command).await.map_err(|error| refusal::of_library(&error))
        })
        .await?;
        loop {
            let next =
                within(PATIENCE, async { self.line.read_response().await.map_err(|error| refusal::broken(&error)) });
            let Some(response) = next.await? else { return Err(refusal::closed()) };
            match response.parsed() {
                Response::Done { tag, status, outcome } if *tag == id => {
                    let words = outcome.information.as_deref().unwrap_or_default().to_owned();
                    return match status {
                        State::Ok => Ok(Answer::Done),
                        State::No => Ok(Answer::No(words)),
                        _ => Err(Error::Rejected(refusal::shown(&words))),
                    };
                }
                Response::Data { status: State::Bye, outcome } => {
                    let words = outcome.information.as_deref().unwrap_or("the mail server ended the session");
                    return Err(Error::Unavailable(refusal::shown(words)));
                }
                other => each(other),
            }
        }
    }

    /// The folders that are read, the inbox first; none where there is no inbox.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub(super) async fn folders(&mut self) -> Result<Vec<Folder>> {
        let told = ["SPECIAL-USE", "LIST-EXTENDED"].iter().all(|name| self.can.contains(*name));
        let command = if told { r#"LIST "" "*" RETURN (SPECIAL-USE)"# } else { r#"LIST "" "*""# };
        let mut listed = Vec::new();
        let answer = self.run(command, |response| {
            if let Response::MailboxData(MailboxDatum::List(data)) = response {
                listed.push(Listed::of(data));
            }
        });
        answer.await?.done()?;
        Ok(chosen(&listed))
    }

    /// Opens a folder for reading; none when the server refuses, as it does when somebody has taken the folder away.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub(super) async fn examine(&mut self, folder: &str) -> Result<Option<Status>> {
        let changes = if self.tells_changes() { " (CONDSTORE)" } else { "" };
        let command = format!("EXAMINE {}{changes}", quoted(folder)?);
        let (mut exists, mut validity, mut next, mut modseq) = (None, None, None, None);
        let answer = self.run(&command, |response| match response {
            Response::MailboxData(MailboxDatum::Exists(number)) => exists = Some(*number),
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(number)) => validity = Some(number),
                Some(ResponseCode::UidNext(number)) => next = Some(number),
                Some(ResponseCode::HighestModSeq(number)) => modseq = Some(number),
                _ => {}
            },
            _ => {}
        });
        if let Answer::No(words) = answer.await? {
            // What does not work for now is no folder that somebody has taken away.
            return match refusal::no(&words) {
                Error::Rejected(_) => Ok(None),
                error => Err(error),
            };
        }
        match (exists, validity, next) {
            (Some(exists), Some(validity), Some(next)) => Ok(Some(Status { validity, next, exists, modseq })),
            _ => Err(Error::Malformed("the mail server does not say how its messages are numbered".into())),
        }
    }

    /// The numbers of the messages in the open folder that `asked` is true of.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub(super) async fn search(&mut self, asked: &str) -> Result<Vec<u32>> {
        let command = format!("UID SEARCH {asked}");
        let mut found = Vec::new();
        let answer = self.run(&command, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend_from_slice(uids);
            }
        });
        answer.await?.done()?;
        Ok(found)
    }

    /// What is asked of messages of the open folder, and the words of a server that refused some.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub(super) async fn fetch(&mut self, set: &str, asked: &str) -> Result<(Vec<Fetched>, Option<String>)> {
        let command = format!("UID FETCH {set} {asked}");
        let mut fetched = Vec::new();
        let answer = self.run(&command, |response| {
            if let Response::Fetch(_, attributes) = response {
                fetched.extend(read(attributes));
            }
        });
        match answer.await? {
            Answer::Done => Ok((fetched, None)),
            Answer::No(words) => Ok((fetched, Some(refusal::shown(&words)))),
        }
    }

    /// What was sent under this `Message-ID`.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub(super) async fn find_sent(&mut self, message_id: &str) -> Result<Option<Id>> {
        let Some(folder) = self.sent().await? else { return Ok(None) };
        let Some(status) = self.examine(&folder).await? else { return Ok(None) };
        let found = self.search(&format!("HEADER Message-ID {}", quoted(&format!("<{message_id}>"))?)).await?;
        Ok(found.into_iter().max().map(|uid| Id { validity: status.validity, uid, folder }))
    }

    /// Puts a message among those that were sent; false where there is no folder for them.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub(super) async fn append_sent(&mut self, source: &[u8]) -> Result<bool> {
        let Some(folder) = self.sent().await? else { return Ok(false) };
        within(PATIENCE, async {
            let put = self.line.append(folder, Some("(\\Seen)"), None, source).await;
            put.map_err(|error| refusal::of_library(&error))
        })
        .await?;
        Ok(true)
    }

    async fn sent(&mut self) -> Result<Option<String>> {
        let folders = self.folders().await?;
        Ok(folders.into_iter().find(|folder| folder.place == Place::Sent).map(|folder| folder.name))
    }

    /// Waits until something changes in the inbox, where the server tells it (RFC 2177). What changed between two waits is told by the
    /// mark: nothing is overlooked that comes while nobody waits.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    pub(super) async fn wait(mut self, mark: Option<&str>, at_most: Duration) -> Result<Told> {
        let inbox = if self.can.contains("IDLE") { self.examine("INBOX").await? } else { None };
        let Some(inbox) = inbox else {
            self.close().await;
            return Ok(Told::Never);
        };
        let mut now = inbox.mark();
        if mark != Some(now.as_str()) {
            self.close().await;
            return Ok(Told::Changed(now));
        }
        let mut idle = self.line.idle();
        within(PATIENCE, async { idle.init().await.map_err(|error| refusal::of_library(&error)) }).await?;
        let told = {
            // Dropped, the source would end the waiting.
            let (told, _source) = idle.wait_with_timeout(at_most);
            // A server that says now and then that it is still there would have the library wait for ever.
            match tokio::time::timeout(at_most, told).await {
                Ok(told) => told.map_err(|error| refusal::of_library(&error))?,
                Err(_) => IdleResponse::Timeout,
            }
        };
        if told == IdleResponse::ManualInterrupt {
            return Err(refusal::closed());
        }
        let changed = told != IdleResponse::Timeout;
        // What was told is true, however the session ends.
        let ended = within(PATIENCE, async { idle.done().await.map_err(|error| refusal::of_library(&error)) }).await;
        if let Ok(line) = ended {
            let mut session = Self { line, can: self.can };
            if changed && let Ok(Some(inbox)) = session.examine("INBOX").await {
                now = inbox.mark();
            }
            session.close().await;
        }
        Ok(if changed { Told::Changed(now) } else { Told::Nothing(now) })
    }

    /// Ends the session; whether the server hears it does not matter.
    pub(super) async fn close(mut self) {
        let ended = tokio::time::timeout(Duration::from_secs(5), self.line.logout()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::debug!("a mail server did not take leave");
        }
    }
}

async fn greeting(client: &mut Client<Wire>) -> Result<()> {
    let first = within(PATIENCE, async { client.read_response().await.map_err(|error| refusal::broken(&error)) });
    let Some(first) = first.await? else { return Err(refusal::closed()) };
    match first.parsed() {
        Response::Data { status: State::Ok | State::PreAuth, .. } => Ok(()),
        Response::Data { outcome, .. } => {
            Err(Error::Unavailable(refusal::shown(outcome.information.as_deref().unwrap_or_default())))
        }
        _ => Err(Error::Malformed("this is no IMAP server".into())),
    }
}

/// A text as commands carry it.
fn quoted(text: &str) -> Result<String> {
    if text.contains(char::is_control) {
        return Err(Error::Rejected("a line break cannot be sent".into()));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// What a line says of a message; none when it does not say of which.
fn read(attributes: &[AttributeValue<'_>]) -> Option<Fetched> {
    let mut fetched = Fetched::default();
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(uid) => fetched.uid = *uid,
            AttributeValue::Rfc822Size(size) => fetched.size = Some(u64::from(*size)),
            AttributeValue::Flags(flags) => {
                fetched.seen = Some(flags.iter().any(|flag| flag.eq_ignore_ascii_case("\\Seen")));
            }
            AttributeValue::InternalDate(date) => fetched.at = OffsetDateTime::parse(date, DATE).ok(),
            AttributeValue::BodySection { section: None, data: Some(data), .. } => {
                fetched.source = Some(data.clone().into_owned());
            }
            _ => {}
        }
    }
    (fetched.uid != 0).then_some(fetched)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn fetched(line: &str) -> Fetched {
        match Response::parse(line.as_bytes()) {
            Ok((_, Response::Fetch(_, attributes))) => read(&attributes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_is_read_from_its_line() {
        let line = "* 3 FETCH (UID 57 FLAGS (\\Seen $Junk) INTERNALDATE \" 7-Jul-1996 02:44:25 -0730\" RFC822.SIZE 4 BODY[] {4}\r\na\r\nb)\r\n";
        let message = fetched(line);
        assert_eq!((message.uid, message.size, message.seen), (57, Some(4), Some(true)));
        assert_eq!(message.at, Some(datetime!(1996-07-07 02:44:25 -07:30)));
        assert_eq!(message.source.as_deref(), Some(b"a\r\nb".as_slice()));
        assert_eq!(fetched("* 3 FETCH (UID 57 RFC822.SIZE 4 BODY[] NIL)\r\n").source, None);
        assert_eq!(
            fetched("* 3 FETCH (UID 5 INTERNALDATE \"17-jul-1996 02:44:25 +0000\")\r\n").at,
            Some(datetime!(1996-07-17 02:44:25 UTC))
        );
    }

    #[test]
    fn a_line_break_gets_into_no_command() {
        assert_eq!(quoted("a \"b\" \\c").unwrap(), r#""a \"b\" \\c""#);
        assert!(quoted("x\r\nA2 LOGOUT").is_err() && quoted("x\ny").is_err() && quoted("x\0").is_err());
    }
}
