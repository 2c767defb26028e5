//! IMAP over a connection: commands are put together from their lines and literals, and answered one after another.

use std::{io, sync::Arc, time::Duration};

use tokio::net::TcpStream;

use super::{
    Absent, Answers, Rehearsal,
    lines::{self, Reader, Writer},
    mail::Said,
};
use crate::protocol::imap::{self, Command, GREETING, Reply, Session};

/// A larger message is not taken.
const LARGEST: usize = 40 << 20;
/// How often somebody who waits is told what happened.
const NEWS: Duration = Duration::from_millis(500);

/// Answers all that is asked over a connection.
pub(super) async fn converse(stream: TcpStream, who: Arc<impl Answers>) -> io::Result<()> {
    let (mut reader, mut writer) = lines::split(stream);
    writer.say(GREETING.as_bytes()).await?;
    let mut session = Session::default();
    loop {
        let whole = command(&mut reader, &mut writer).await?;
        let mut command = match Command::read(&whole) {
            Ok(command) => command,
            Err(tag) => {
                writer.say(format!("{tag} BAD this is no command\r\n").as_bytes()).await?;
                continue;
            }
        };
        if session.user.is_none() && imap::awaits_credentials(&command) {
            writer.say(b"+ \r\n").await?;
            let shown = reader.words().await?;
            command.given.push(b' ');
            command.given.extend(shown);
        }
        let user = session.user.clone().or_else(|| imap::credentials(&command).map(|(user, _)| user));
        let Some(user) = user else {
            let reply = Session::outside(&command).unwrap_or_default();
            writer.say(&reply.bytes()).await?;
            if reply.ends {
                return Ok(());
            }
            continue;
        };
        if command.name == "IDLE" {
            session = idle(&mut reader, &mut writer, (session, user, command), &who).await?;
            continue;
        }
        let (said, after) = ask(&who, session, user, command).await;
        session = after;
        let bytes = said.answer.as_ref().map(Reply::bytes);
        writer.answer(bytes.as_deref(), said.after, said.half).await?;
        if said.answer.is_none_or(|reply| reply.ends) {
            return Ok(());
        }
    }
}

/// A whole command, without the end of its last line.
async fn command(reader: &mut Reader, writer: &mut Writer) -> io::Result<Vec<u8>> {
    let mut whole = vec![];
    loop {
        let line = reader.words().await?;
        whole.extend_from_slice(&line);
        let Some((length, waits)) = literal(&line) else { return Ok(whole) };
        if length > LARGEST {
            writer.say(b"* BYE [LIMIT] this is too large\r\n").await?;
            return Err(io::ErrorKind::InvalidData.into());
        }
        if waits {
            writer.say(b"+ go on\r\n").await?;
        }
        whole.extend_from_slice(b"\r\n");
        whole.extend(reader.exactly(length).await?);
    }
}

/// How long the literal is that a line announces at its end, and whether its writer waits for a word first.
fn literal(line: &[u8]) -> Option<(usize, bool)> {
    let text = std::str::from_utf8(line.strip_suffix(b"}")?).ok()?;
    let (_, length) = text.rsplit_once('{')?;
    let (length, waits) = length.strip_suffix('+').map_or((length, true), |length| (length, false));
    Some((length.parse().ok()?, waits))
}

/// Asks the world that the user's name belongs to; the session comes back with what it learned.
async fn ask(who: &Arc<impl Answers>, session: Session, user: String, command: Command) -> (Said<Reply>, Session) {
    let (mut here, asked) = (session.clone(), command.clone());
    let answer = move |rehearsal: &Rehearsal| {
        let said = rehearsal.imap(&mut here, &asked);
        (said, here)
    };
    match Arc::clone(who).within(user, answer).await {
        Ok(answered) => answered,
        Err(absent) => {
            let words = match absent {
                Absent::Nobody => "[AUTHENTICATIONFAILED] invalid user name or password",
                Absent::Away => "[UNAVAILABLE] the mail server does not answer now",
            };
            (Said::plain(Reply::no(&command, words)), session)
        }
    }
}

/// Tells what happens until the other side ends it (RFC 2177).
async fn idle(
    reader: &mut Reader,
    writer: &mut Writer,
    (mut session, user, command): (Session, String, Command),
    who: &Arc<impl Answers>,
) -> io::Result<Session> {
    writer.say(b"+ waiting\r\n").await?;
    {
        let ends = reader.words();
        tokio::pin!(ends);
        loop {
            let ended = tokio::select! {
                line = &mut ends => Some(line?),
                () = tokio::time::sleep(NEWS) => None,
            };
            if let Some(line) = ended {
                if line.eq_ignore_ascii_case(b"DONE") {
                    break;
                }
                writer.say(format!("{} BAD only DONE ends this\r\n", command.tag).as_bytes()).await?;
                return Ok(session);
            }
            let mut here = session.clone();
            let news = move |rehearsal: &Rehearsal| {
                let told = rehearsal.news(&mut here);
                (told, here)
            };
            let Ok((told, after)) = Arc::clone(who).within(user.clone(), news).await else { continue };
            session = after;
            for line in told {
                writer.say(&[line.as_slice(), b"\r\n"].concat()).await?;
            }
        }
    }
    writer.say(format!("{} OK waited\r\n", command.tag).as_bytes()).await?;
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_literal_is_announced_at_the_end_of_a_line() {
        assert_eq!(literal(b"a APPEND Sent (\\Seen) {310}"), Some((310, true)));
        assert_eq!(literal(b"a APPEND Sent {0+}"), Some((0, false)));
        for line in [b"a NOOP".as_slice(), b"a LOGIN x \"{5}\"", b"a {x}", b"{5} a", b"}"] {
            assert_eq!(literal(line), None, "{line:?}");
        }
    }
}
