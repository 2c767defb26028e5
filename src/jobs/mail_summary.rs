//! Mails a member a summary that somebody asked for. A job that runs again after the mail went finds nothing left to send.

use model::id::{MemberId, OrganizationId, SummaryMailId};
use service::summary::mail::{self, Letter};

use crate::{Context, mailer::Mail};

pub(crate) async fn run(
    context: &Context,
    organization_id: OrganizationId,
    id: SummaryMailId,
    member_id: MemberId,
) -> anyhow::Result<()> {
    let Some(letter) = mail::letter(&context.service, organization_id, id, member_id).await? else { return Ok(()) };
    context.mailer.send(&written(letter, format!("summary-{id}-{member_id}"), &context.public_url)).await?;
    Ok(mail::settle(&context.service, organization_id, id, member_id).await?)
}

fn written(letter: Letter, effect_key: String, url: &str) -> Mail {
    let Letter { to, agency, from, client_id, told } = letter;
    let label = if told.simulated { "[Simulated] " } else { "" };
    let subject = format!("{label}{}: summary for the {}, {}", told.of, told.persona.label(), told.day);
    let why = match from {
        Some(from) => format!("{from} has this summary mailed to you from {agency}."),
        None => format!("You asked for this summary of {agency}."),
    };
    let client = client_id.map(|id| format!("&client_id={id}")).unwrap_or_default();
    let link = format!("{url}/summary?persona={}{client}", told.persona.key());
    let text = format!(
        "Hello,\n\n{why}\n\n{}\n\nThere every number opens what it is made of, and what is known by now:\n\n{link}",
        told.text()
    );
    Mail { effect_key, to, subject, text }
}

#[cfg(test)]
mod tests {
    use model::{
        dashboard::Linked,
        email::EmailAddress,
        summary::{Persona, Shown, ShownSection},
    };

    use super::*;

    fn letter(simulated: bool, from: Option<&str>) -> Letter {
        let sentences = vec![Linked { text: "Spend was 7 EUR.".into(), numbers: Vec::new() }];
        let told = Shown {
            persona: Persona::Cmo,
            of: "Bakery".into(),
            simulated,
            rates: false,
            day: "2026-11-21".into(),
            sections: vec![ShownSection { heading: "Money".into(), sentences }],
        };
        let to = EmailAddress::parse("email", "max@acme.test").unwrap();
        Letter { to, agency: "Acme".into(), from: from.map(str::to_owned), client_id: None, told }
    }

    #[test]
    fn a_summary_says_for_whom_and_of_what_and_whether_it_is_simulated() {
        let mail = written(letter(false, Some("Olga")), "k".into(), "https://a.test");
        assert_eq!(mail.subject, "Bakery: summary for the CMO, 2026-11-21");
        assert!(mail.text.contains("Olga has this summary mailed to you") && mail.text.contains("Spend was 7 EUR."));
        assert!(mail.text.ends_with("\n\nhttps://a.test/summary?persona=cmo") && !mail.text.contains("imulated"));
        let mail = written(letter(true, None), "k".into(), "");
        assert!(mail.subject.starts_with("[Simulated] ") && mail.text.contains("Simulated: "), "{mail:?}");
    }
}
