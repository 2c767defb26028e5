//! Mails a member the alerts that wait for them: all of one moment in one mail, or all of a week in the digest.
//!
//! A mail has its id before it goes. A worker that was killed leaves it to the next one, which sends it under the same id, so that
//! the outbox keeps one file and receivers can tell a repeat. A mail that does not go keeps none of the others back: its next try
//! is queued when its time has come.

use model::{
    alert::{Severity, Way},
    id::{MemberId, OrganizationId},
};
use service::alert::letter::{self, Letter};
use store::alert::mail::Went;

use crate::{
    Context,
    mailer::{Mail, MailError},
};

/// The codes by which a mail server refuses us, not the mail: it wants another way to sign in, or none that we have.
const NOT_LET_IN: [u16; 4] = [530, 534, 535, 538];

pub(crate) async fn run(
    context: &Context,
    organization_id: OrganizationId,
    member_id: MemberId,
    way: Way,
) -> anyhow::Result<()> {
    let mut failed = None;
    while let Some(letter) = letter::next(&context.service, organization_id, member_id, way).await? {
        let (id, name) = (letter.id, letter.name.clone());
        let sent = context.mailer.send(&mail(letter, way, &context.public_url)).await;
        if let Err(error) = &sent {
            tracing::warn!(mail = %id, %error, "a mail about alerts did not go");
        }
        let why = sent.as_ref().err().map(|error| why(&name, error)).unwrap_or_default();
        letter::settle(&context.service, organization_id, member_id, id, (went(&sent), &why)).await?;
        failed = sent.err().or(failed);
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// Why a mail is set aside, for those who run the agency.
fn why(name: &str, error: &MailError) -> String {
    format!("{error}. The mail about alerts to {name} is kept. Mend the cause, then have it tried again")
}

/// What an attempt means for the mail.
pub(crate) fn went(sent: &Result<(), MailError>) -> Went {
    match sent {
        Ok(()) => Went::Sent,
        Err(MailError::Malformed(_)) => Went::Malformed,
        Err(MailError::Smtp(error)) if error.is_permanent() => {
            let code = error.status().map(u16::from);
            if code.is_some_and(|code| NOT_LET_IN.contains(&code)) { Went::Failed } else { Went::Refused }
        }
        Err(MailError::Smtp(_) | MailError::Outbox(_)) => Went::Failed,
    }
}

fn mail(letter: Letter, way: Way, url: &str) -> Mail {
    let Letter { id, to, agency, told, more, .. } = letter;
    let count = told.len() + more;
    let high = told.iter().filter(|one| one.severity == Severity::High).count();
    let subject = match (way, &told[..]) {
        (Way::Mail, [one]) if more == 0 => format!("{}: {}", one.severity.label(), one.title),
        (Way::Mail, _) if high > 0 => format!("{agency}: {count} new alerts, {high} of them high"),
        (Way::Mail, _) => format!("{agency}: {count} new alerts"),
        (Way::Digest, _) => format!("{agency}: what else was noticed last week ({count})"),
    };
    let (begin, again) = match way {
        Way::Mail => (
            format!("Hello,\n\nthis was noticed at {agency}:"),
            "You get another mail about one of these only if it reaches more channels.",
        ),
        Way::Digest => (
            format!("Hello,\n\nthis was noticed at {agency} and was not worth a mail of its own:"),
            "You get a mail about one of these only if it gets worse or reaches more channels.",
        ),
    };
    let told = told.into_iter().map(|one| {
        let lines = [
            Some(format!("{}: {}", one.severity.label(), one.title)),
            Some(one.place).filter(|place| !place.is_empty()),
            Some(one.detail),
            one.sure,
        ];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    });
    let rest = (more > 0).then(|| format!("And {more} more."));
    let end = format!("{again} See to them here:\n\n{url}/alerts");
    let text = [begin].into_iter().chain(told).chain(rest).chain([end]).collect::<Vec<_>>().join("\n\n");
    Mail { effect_key: format!("alerts-{id}"), to, subject, text }
}

#[cfg(test)]
mod tests {
    use model::{email::EmailAddress, id::AlertMailId};
    use service::alert::words::Words;
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::*;
    use crate::mailer::Mailer;

    fn letter(count: usize, more: usize) -> Letter {
        let words = Words {
            severity: Severity::High,
            title: "Clicks: far below what was to be expected".into(),
            place: "Bakery · Radio".into(),
            detail: "3 Nov 2026".into(),
            sure: Some("97 % sure".into()),
        };
        Letter {
            id: AlertMailId(uuid::Uuid::nil()),
            to: EmailAddress::parse("email", "max@acme.test").unwrap(),
            name: "Max".into(),
            agency: "Acme".into(),
            told: vec![words; count],
            more,
        }
    }

    #[test]
    fn one_alert_is_the_subject_and_several_are_counted() {
        let one = mail(letter(1, 0), Way::Mail, "https://a.test");
        assert_eq!(one.subject, "High: Clicks: far below what was to be expected");
        let part = "High: Clicks: far below what was to be expected\nBakery · Radio\n3 Nov 2026\n97 % sure\n\n";
        assert!(one.text.contains(part) && one.text.ends_with("\n\nhttps://a.test/alerts"), "{}", one.text);
        let many = mail(letter(2, 3), Way::Mail, "https://a.test");
        assert_eq!(many.subject, "Acme: 5 new alerts, 2 of them high");
        assert!(many.text.contains("And 3 more."));
        let digest = mail(letter(1, 0), Way::Digest, "");
        assert_eq!(digest.subject, "Acme: what else was noticed last week (1)");
        assert!(one.text.contains("only if it reaches more channels") && digest.text.contains("only if it gets worse"));
    }

    /// What sending comes to at a mail server that gives this answer to this command, or to the end of the text (`.`).
    async fn at_server(command: &'static str, answer: &'static str) -> Went {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mailer = Mailer::smtp(&format!("smtp://{}", listener.local_addr().unwrap()), "a@acme.test").unwrap();
        let server = tokio::spawn(async move {
            let mut stream = BufReader::new(listener.accept().await.unwrap().0);
            stream.write_all(b"220 peer\r\n").await.unwrap();
            let (mut line, mut text) = (String::new(), false);
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                let said = line.trim_end().split(' ').next().unwrap_or_default();
                if !text || said == "." {
                    text = said == "DATA";
                    let usual = if text { "354 go on" } else { "250 yes" };
                    let answer = if said == command { answer } else { usual };
                    if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                        break;
                    }
                }
                line.clear();
            }
        });
        let sent = mailer.send(&mail(letter(1, 0), Way::Mail, "https://a.test")).await;
        server.abort();
        went(&sent)
    }

    #[tokio::test]
    async fn a_refused_mail_is_told_from_a_server_that_takes_none() {
        assert_eq!(at_server("", "").await, Went::Sent);
        assert_eq!(at_server(".", "554 5.7.1 this text is not welcome").await, Went::Refused);
        assert_eq!(at_server("RCPT", "550 5.1.1 nobody of that name").await, Went::Refused);
        assert_eq!(at_server(".", "451 4.7.1 come again").await, Went::Failed);
        assert_eq!(at_server("MAIL", "530 5.7.0 sign in first").await, Went::Failed);
        assert_eq!(went(&Err(MailError::Malformed("no address".into()))), Went::Malformed);
        assert_eq!(went(&Err(MailError::Outbox(std::io::ErrorKind::StorageFull.into()))), Went::Failed);
    }
}
