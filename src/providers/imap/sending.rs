//! Handing a message over by SMTP, once. Up to the message's own text nothing was sent, whatever goes wrong, and the error says
//! so by its kind; a connection that breaks after that leaves it open.

use std::{error::Error as _, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        Error as Smtp,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    place::{self, Security, Server, Servers},
    refusal::{self, shown, within},
    user,
    wire::{self, Wire},
};
use crate::{Call, Error, Outgoing, Result};

/// Longer nobody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Taking a message with its attachments may last longer (RFC 5321 §4.5.3.2.6).
const PATIENCE_FOR_TEXT: Duration = Duration::from_secs(600);
/// The longest answer to STARTTLS and what stands before it.
const LONGEST_ANSWER: usize = 16 << 10;

/// Sends a message.
///
/// # Errors
/// Rejected, TooLarge, Unauthorized and RateLimited: nothing was sent to anybody. Unavailable and Malformed: nobody knows.
pub(super) async fn send(call: &Call<'_>, outgoing: &Outgoing<'_>) -> Result<()> {
    check_lines(outgoing.source)?;
    let from = recipient(outgoing.from)?;
    let to = outgoing.recipients.iter().map(|address| recipient(address)).collect::<Result<Vec<_>>>()?;
    if to.is_empty() {
        return Err(Error::Rejected("nobody is named whom it should go to".into()));
    }
    let mut connection = begin(call, outgoing, from, &to).await.map_err(before_text)?;
    let taken =
        within(PATIENCE_FOR_TEXT, async { connection.message(outgoing.source).await.map_err(|error| of_text(&error)) });
    taken.await?;
    // It is taken; whether the server hears the leave-taking does not matter.
    let _ = tokio::time::timeout(Duration::from_secs(5), connection.quit()).await;
    Ok(())
}

/// Signs in and sends nothing.
///
/// # Errors
/// The kinds of [`Error`].
pub(super) async fn try_out(call: &Call<'_>) -> Result<()> {
    let mut connection = open(call).await?;
    let _ = tokio::time::timeout(Duration::from_secs(5), connection.quit()).await;
    Ok(())
}

/// Everything before the text of the message.
async fn begin(call: &Call<'_>, outgoing: &Outgoing<'_>, from: Address, to: &[Address]) -> Result<AsyncSmtpConnection> {
    let mut connection = open(call).await?;
    let mut parameters = Vec::new();
    if !outgoing.source.is_ascii() {
        if !connection.server_info().supports_feature(Extension::EightBitMime) {
            return Err(Error::Rejected("the mail server takes plain letters only, and the message has others".into()));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let domain = place::domain(&call.credential.fields);
    ask(&mut connection, Mail::new(Some(from), parameters)).await?.map_err(|error| refused(&error, domain))?;
    for (number, to) in to.iter().enumerate() {
        let answer = ask(&mut connection, Rcpt::new(to.clone(), Vec::new())).await?;
        answer.map_err(|error| match refused(&error, domain) {
            // Waiting does not help who writes to too many at once.
            Error::RateLimited { .. } if number > 0 && status(&error) == Some(452) => Error::Rejected(format!(
                "the mail server takes no more than {number} addresses at once, so nothing was sent to anybody. Write to fewer"
            )),
            Error::Rejected(words) | Error::TooLarge(words) => {
                Error::Rejected(format!("{to} is not accepted, so nothing was sent to anybody: {words}"))
            }
            other => other,
        })?;
    }
    ask(&mut connection, Data).await?.map_err(|error| refused(&error, domain))?;
    Ok(connection)
}

/// A server with whom we are signed in. A wrong password is tried once.
async fn open(call: &Call<'_>) -> Result<AsyncSmtpConnection> {
    let Servers { smtp, .. } = Servers::of(call.http.base())?;
    let wire = wire_to(&smtp).await?;
    let hello = ClientId::default();
    let greeted = within(PATIENCE, async {
        let connection = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await;
        connection.map_err(|error| refused(&error, ""))
    });
    let mut connection = greeted.await?;
    // A server that asks nobody for a password gets none.
    if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_some() {
        let credentials =
            Credentials::new(user(call)?.to_owned(), call.credential.access_token.expose_secret().to_owned());
        let domain = place::domain(&call.credential.fields);
        let signed_in = within(PATIENCE, async {
            connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(|error| match refused(&error, domain) {
                Error::Rejected(words) => refusal::wrong_password(domain, &words),
                other => other,
            })
        });
        signed_in.await?;
    }
    Ok(connection)
}

async fn wire_to(server: &Server) -> Result<Wire> {
    let stream = wire::reach(server).await?;
    match server.security {
        Security::Plain => Ok(Wire::plain(stream)),
        Security::Tls => wire::secure(server, stream).await,
        // There is no second greeting after STARTTLS, and the library waits for one.
        Security::StartTls => Ok(wire::secure(server, start_tls(stream).await?).await?.after(b"220 STARTTLS\r\n")),
    }
}

/// Asks for TLS (RFC 3207).
async fn start_tls(mut stream: TcpStream) -> Result<TcpStream> {
    answer(&mut stream, 220).await?;
    for (command, expected) in [(format!("EHLO {}\r\n", ClientId::default()), 250), ("STARTTLS\r\n".to_owned(), 220)] {
        let said = within(PATIENCE, async {
            stream.write_all(command.as_bytes()).await.map_err(|error| refusal::broken(&error))
        });
        said.await?;
        answer(&mut stream, expected).await?;
    }
    Ok(stream)
}

/// Reads one answer, which must be the expected one and the last thing that was said.
async fn answer(stream: &mut TcpStream, expected: u16) -> Result<()> {
    let mut said = Vec::new();
    within(PATIENCE, async {
        loop {
            let mut part = [0; 1024];
            let length = stream.read(&mut part).await.map_err(|error| refusal::broken(&error))?;
            said.extend_from_slice(&part[..length]);
            if length == 0 || said.len() > LONGEST_ANSWER || last_line(&said).is_some() {
                return Ok(());
            }
        }
    })
    .await?;
    match last_line(&said) {
        Some(line) if line.starts_with(&expected.to_string()) => Ok(()),
        Some(line) if expected == 220 && line.starts_with('5') => {
            Err(Error::Rejected(format!("the mail server offers no TLS: {}", shown(&line))))
        }
        Some(line) => Err(Error::Unavailable(shown(&line))),
        None => Err(Error::Unavailable("the mail server's answer is not SMTP".into())),
    }
}

/// The last line of a whole answer: its code is followed by a space. What comes after it would be said by somebody who stands
/// between us, and is no answer.
fn last_line(said: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(said).ok()?.strip_suffix("\r\n")?;
    let last = |line: &&str| line.as_bytes().get(3).is_none_or(|byte| *byte == b' ');
    let mut lines = text.split("\r\n").skip_while(|line| !last(line));
    let line = lines.next()?.to_owned();
    lines.next().is_none().then_some(line)
}

type Asked = std::result::Result<(), Smtp>;

async fn ask(connection: &mut AsyncSmtpConnection, command: impl std::fmt::Display + Send) -> Result<Asked> {
    within(PATIENCE, async { Ok(connection.command(command).await.map(drop)) }).await
}

/// An address as the envelope carries it: nothing in it ends the command.
fn recipient(address: &str) -> Result<Address> {
    let plain = address.is_ascii() && !address.contains(|c: char| c.is_control() || c == ' ' || c == '<' || c == '>');
    let parsed = address.parse::<Address>().ok().filter(|_| plain);
    parsed.ok_or_else(|| Error::Rejected(format!("{} is no e-mail address", shown(address))))
}

/// Lines end as RFC 5321 §2.3.8 says, and in no other way: another one might end the message early, and begin one of somebody
/// else's making.
fn check_lines(source: &[u8]) -> Result<()> {
    let ends = |at: usize, byte: u8| match byte {
        b'\r' => source.get(at + 1) == Some(&b'\n'),
        b'\n' => at > 0 && source[at - 1] == b'\r',
        b'\0' => false,
        _ => true,
    };
    let good = source.iter().enumerate().all(|(at, byte)| ends(at, *byte));
    good.then_some(()).ok_or_else(|| Error::Rejected("the message has lines that cannot be sent".into()))
}

fn status(error: &Smtp) -> Option<u16> {
    error.status().map(u16::from)
}

/// The server's own words.
fn said(error: &Smtp) -> String {
    shown(&error.source().map(ToString::to_string).unwrap_or_default())
}

/// What a refusal means. A server that refuses for now has taken nothing.
fn refused(error: &Smtp, domain: &str) -> Error {
    match status(error) {
        Some(530 | 534 | 535 | 538) => refusal::wrong_password(domain, &said(error)),
        Some(400..500) => Error::limited(None),
        Some(code) if oversized(code, &said(error)) => Error::TooLarge(format!("{code} {}", said(error))),
        Some(code) => Error::Rejected(format!("{code} {}", said(error))),
        None if error.is_client() => Error::Rejected(said(error)),
        None => Error::Unavailable("the connection to the mail server broke".into()),
    }
}

/// Whether a refusal is about the size of the message (RFC 5321 §4.2.2, RFC 3463 §3.4), and not about a mailbox that is full (§3.3).
fn oversized(code: u16, said: &str) -> bool {
    said.contains("5.3.4") || code == 552 && !said.contains("5.2.2")
}

/// What goes wrong before the text leaves nothing sent: it may be tried again after a while.
fn before_text(error: Error) -> Error {
    match error {
        error @ (Error::Unavailable(_) | Error::Malformed(_) | Error::CursorExpired) => {
            tracing::info!(%error, "a message was not handed over, and nothing was sent");
            Error::limited(None)
        }
        other => other,
    }
}

/// The answer to the text: a code says that it was not taken, anything else says nothing.
fn of_text(error: &Smtp) -> Error {
    match status(error) {
        Some(_) => refused(error, ""),
        None => Error::Unavailable("the connection broke while the message was handed over".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_too_large_is_told_from_a_mailbox_that_is_full() {
        for (code, said) in
            [(552, "5.3.4 Message size exceeds limit"), (552, "Too much mail data"), (554, "5.3.4 Too big")]
        {
            assert!(oversized(code, said), "{code} {said}");
        }
        for (code, said) in [(552, "5.2.2 Mailbox full"), (550, "5.1.1 user unknown"), (554, "5.7.1 Spam")] {
            assert!(!oversized(code, said), "{code} {said}");
        }
    }

    #[test]
    fn nothing_in_an_address_ends_a_command() {
        assert!(recipient("jane.doe+news@acme.test").is_ok());
        for address in [
            "",
            "jane",
            "jane@acme.test\r\nRCPT TO:<x@evil.test>",
            "jane@acme.test> SIZE=1",
            "<jane@acme.test>",
            "jane doe@acme.test",
            "jane@acme.test\n",
            "jane\0@acme.test",
        ] {
            assert_eq!(recipient(address).unwrap_err().key(), "rejected", "{address:?}");
        }
    }

    #[test]
    fn a_message_with_odd_ends_of_lines_is_not_sent() {
        assert!(check_lines(b"Subject: a\r\n\r\n.\r\nb\r\n").is_ok());
        for source in [b"a\nb\r\n".as_slice(), b"a\rb\r\n", b"a\r\n.\n", b"\n", b"a\r", b"a\0b"] {
            assert_eq!(check_lines(source).unwrap_err().key(), "rejected", "{source:?}");
        }
    }

    #[test]
    fn an_answer_ends_with_its_last_line_and_nothing_follows() {
        assert_eq!(last_line(b"250-mail.test\r\n250 STARTTLS\r\n").as_deref(), Some("250 STARTTLS"));
        assert_eq!(last_line(b"220\r\n").as_deref(), Some("220"));
        for open in [b"250-mail.test\r\n".as_slice(), b"250 mail", b"220 go\r\n250 OK\r\n", b""] {
            assert_eq!(last_line(open), None);
        }
    }
}
