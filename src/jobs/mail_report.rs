//! Mails a report that is made to those whom it goes to, the file with it. Each address is written down as soon as its mail went:
//! a worker that was killed leaves the others to the next one, and a mail that went meanwhile goes again under the same id.

use model::id::{OrganizationId, ReportId};
use service::report::making::{self, Letter};
use store::alert::mail::Went;

use crate::{
    Context,
    mail_alert::went,
    mailer::{Attachment, Mail},
};

pub(crate) async fn run(context: &Context, organization: OrganizationId, id: ReportId) -> anyhow::Result<()> {
    let service = &context.service;
    let Some(letter) = making::letter(service, organization, id).await? else { return Ok(()) };
    let file = Attachment { name: file_name(&letter), media_type: "application/pdf", bytes: letter.bytes.clone() };
    let mut failed = None;
    for to in &letter.to {
        let place = letter.report.mails.iter().position(|mail| mail.email == *to).unwrap_or_default();
        let mail = Mail {
            effect_key: format!("report-{id}-{place}"),
            to: to.clone(),
            subject: subject(&letter),
            text: text(&letter, &context.public_url),
        };
        let sent = context.mailer.send_with(&mail, &file).await;
        let fault = match went(&sent) {
            Went::Sent => None,
            Went::Refused | Went::Malformed => sent.as_ref().err().map(ToString::to_string),
            Went::Failed => {
                failed = sent.err().or(failed);
                continue;
            }
        };
        if let Some(fault) = &fault {
            tracing::warn!(report = %id, fault, "a report did not go to one of its recipients and never will");
        }
        let fault = fault.map(|fault| fault.chars().take(2000).collect::<String>());
        making::mailed(service, organization, id, to, fault.as_deref()).await?;
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

fn subject(letter: &Letter) -> String {
    let label = if letter.simulated { "[Simulated data] " } else { "" };
    format!("{label}{}: {}", letter.agency, letter.report.question.title)
}

/// The title as a file's name: letters, digits and hyphens.
fn file_name(letter: &Letter) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = letter.report.question.title.chars().map(plain).collect();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    format!("{}-{}.pdf", if name.is_empty() { "report" } else { name.as_str() }, letter.report.days.last)
}

fn text(letter: &Letter, url: &str) -> String {
    let report = &letter.report;
    let days = format!("{} to {}", report.days.first, report.days.last);
    let owner = report.client.as_ref().unwrap_or(&letter.agency);
    let mut parts = vec![
        "Hello,".to_owned(),
        format!("here is the report “{}” of {owner}, {days}, as a PDF.", report.question.title),
    ];
    if letter.simulated {
        parts.push("Everything in it is simulated: none of it happened.".to_owned());
    }
    parts.push(format!("{} has it sent to you. Members of the agency open it here:", letter.agency));
    parts.push(format!("{url}/reports/{}", report.id));
    parts.join("\n\n")
}
