//! Submission of mail over a connection: line by line, and a message's text up to the line with a point only.

use std::{io, sync::Arc};

use tokio::net::TcpStream;

use super::{
    Absent, Answers, Rehearsal,
    lines::{self, Reader},
    mail::Said,
};
use crate::protocol::smtp::{GREETING, LARGEST, Reply, Session, Step, begins_line, undotted};

/// Answers all that is said over a connection.
pub(super) async fn converse(stream: TcpStream, who: Arc<impl Answers>) -> io::Result<()> {
    let (mut reader, mut writer) = lines::split(stream);
    writer.say(GREETING.as_bytes()).await?;
    let mut session = Session::default();
    loop {
        let line = reader.words().await?;
        let step = session.step(&String::from_utf8_lossy(&line));
        let (said, after) = match step {
            Step::Said(reply) => (Said::plain(reply), session),
            Step::SignIn { user, password } => {
                let name = user.clone();
                ask(&who, session, user, move |rehearsal, session| rehearsal.enter(session, &name, &password)).await
            }
            Step::Command(name, given) => {
                let user = session.user.clone().unwrap_or_default();
                ask(&who, session, user, move |rehearsal, session| rehearsal.smtp(session, name, &given)).await
            }
        };
        session = after;
        writer.answer(bytes(&said), said.after, said.half).await?;
        if said.answer.as_ref().is_some_and(|reply| reply.ends) {
            return Ok(());
        }
        if !said.answer.is_some_and(|reply| reply.goes_on()) {
            continue;
        }
        let Some(source) = text(&mut reader).await? else {
            writer.say(Reply::too_large().text.as_bytes()).await?;
            continue;
        };
        let user = session.user.clone().unwrap_or_default();
        let (said, after) = ask(&who, session, user, move |rehearsal, session| rehearsal.take(session, &source)).await;
        session = after;
        writer.answer(bytes(&said), said.after, said.half).await?;
        if said.answer.is_none_or(|reply| reply.ends) {
            return Ok(());
        }
    }
}

fn bytes(said: &Said<Reply>) -> Option<&[u8]> {
    said.answer.as_ref().map(|reply| reply.text.as_bytes())
}

/// A message's text; none where it is too large, but it is read to its end.
async fn text(reader: &mut Reader) -> io::Result<Option<Vec<u8>>> {
    let (mut whole, mut too_large) = (vec![], false);
    loop {
        let line = reader.line().await?;
        if line == b".\r\n" && begins_line(&whole) {
            return Ok((!too_large).then(|| undotted(&whole)));
        }
        too_large |= whole.len() + line.len() > LARGEST;
        if too_large {
            // Only how the last line ended is still of interest.
            whole.clear();
            whole.extend_from_slice(&line[line.len().saturating_sub(2)..]);
        } else {
            whole.extend(line);
        }
    }
}

/// Asks the world that the user's name belongs to; the session comes back with what it learned.
async fn ask(
    who: &Arc<impl Answers>,
    session: Session,
    user: String,
    what: impl FnOnce(&Rehearsal, &mut Session) -> Said<Reply> + Send + 'static,
) -> (Said<Reply>, Session) {
    let mut here = session.clone();
    let answer = move |rehearsal: &Rehearsal| {
        let said = what(rehearsal, &mut here);
        (said, here)
    };
    match Arc::clone(who).within(user, answer).await {
        Ok(answered) => answered,
        Err(Absent::Nobody) => (Said::plain(Reply::wrong()), session),
        Err(Absent::Away) => (Said::plain(Reply::away()), session),
    }
}
