//! Mails a member the alerts that wait for them: all of one moment in one mail, or all of a week in the digest.
//!
//! A mail has its id before it goes. A worker that was killed leaves it to the next one, which sends it under the same id, so that
//! the outbox keeps one file and receivers can tell a repeat.

use model::{
    alert::{Severity, Way},
    id::{MemberId, OrganizationId},
};
use service::alert::letter::{self, Letter};

use crate::{Context, mailer::Mail};

pub(crate) async fn run(
    context: &Context,
    organization_id: OrganizationId,
    member_id: MemberId,
    way: Way,
) -> anyhow::Result<()> {
    while let Some(letter) = letter::next(&context.service, organization_id, member_id, way).await? {
        let id = letter.id;
        let sent = context.mailer.send(&mail(letter, way, &context.public_url)).await;
        letter::settle(&context.service, organization_id, id, sent.is_ok()).await?;
        sent?;
    }
    Ok(())
}

fn mail(letter: Letter, way: Way, url: &str) -> Mail {
    let Letter { id, to, agency, told, more } = letter;
    let count = told.len() + more;
    let high = told.iter().filter(|one| one.severity == Severity::High).count();
    let subject = match (way, &told[..]) {
        (Way::Mail, [one]) if more == 0 => format!("{}: {}", one.severity.label(), one.title),
        (Way::Mail, _) if high > 0 => format!("{agency}: {count} new alerts, {high} of them high"),
        (Way::Mail, _) => format!("{agency}: {count} new alerts"),
        (Way::Digest, _) => format!("{agency}: what else was noticed last week ({count})"),
    };
    let begin = match way {
        Way::Mail => format!("Hello,\n\nthis was noticed at {agency}:"),
        Way::Digest => format!("Hello,\n\nthis was noticed at {agency} and was not worth a mail of its own:"),
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
    let end = format!("Nobody mails you about these again. See to them here:\n\n{url}/alerts");
    let text = [begin].into_iter().chain(told).chain(rest).chain([end]).collect::<Vec<_>>().join("\n\n");
    Mail { effect_key: format!("alerts-{id}"), to, subject, text }
}

#[cfg(test)]
mod tests {
    use model::{email::EmailAddress, id::AlertMailId};
    use service::alert::words::Words;

    use super::*;

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
        assert_eq!(mail(letter(1, 0), Way::Digest, "").subject, "Acme: what else was noticed last week (1)");
    }
}
