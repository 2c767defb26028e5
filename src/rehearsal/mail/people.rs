//! People read what is sent to them and answer, some time later, about what was written.

use mail_parser::{HeaderValue, MessageParser};
use time::{Duration, OffsetDateTime};

use super::Mailbox;
use crate::{
    talk::{AGENCY, Message, Mood, Post},
    world::World,
};

/// What people see of an e-mail.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Its `Message-ID`, without angle brackets.
    pub id: Option<String>,
    /// What it says it answers, the nearest first.
    pub answers: Vec<String>,
    /// To whom it is addressed, in small letters.
    pub to: Vec<String>,
    /// How many it is addressed to, copies included.
    pub recipients: usize,
    subject: String,
    text: String,
    /// A machine wrote it: nobody answers.
    automatic: bool,
}

pub(super) fn read(source: &str) -> Read {
    let Some(parsed) = MessageParser::default().parse(source) else { return Read::default() };
    let ids = |value: &HeaderValue<'_>| -> Vec<String> {
        value.as_text_list().unwrap_or_default().iter().map(|id| id.to_string()).collect()
    };
    let mut answers = ids(parsed.in_reply_to());
    answers.extend(ids(parsed.references()).into_iter().rev());
    let to: Vec<String> = parsed
        .to()
        .into_iter()
        .flat_map(|all| all.iter())
        .filter_map(|one| Some(one.address.as_ref()?.to_lowercase()))
        .collect();
    let copies = [parsed.cc(), parsed.bcc()].into_iter().flatten().map(|all| all.iter().count()).sum::<usize>();
    Read {
        id: parsed.message_id().map(str::to_owned),
        answers,
        recipients: to.len() + copies,
        to,
        subject: parsed.subject().unwrap_or_default().to_owned(),
        text: parsed.body_text(0).map(|text| fresh(&text)).unwrap_or_default(),
        automatic: parsed.header_raw("Auto-Submitted").is_some_and(|value| value.trim() != "no"),
    }
}

/// What is not quoted and no signature.
fn fresh(text: &str) -> String {
    let quoted = |line: &&str| !line.starts_with('>') && !line.ends_with("wrote:") && *line != "--";
    text.lines().map(str::trim_end).take_while(quoted).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The sentences of a text, without what greets.
fn sentences(text: &str) -> Vec<String> {
    let plain = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.ends_with(',')).collect::<Vec<_>>();
    let mut all = vec![String::new()];
    for letter in plain.join(" ").chars() {
        if let Some(last) = all.last_mut() {
            last.push(letter);
        }
        if matches!(letter, '.' | '!' | '?') {
            all.push(String::new());
        }
    }
    all.iter().map(|one| one.trim().chars().take(160).collect::<String>()).filter(|one| one.len() > 3).collect()
}

/// What somebody answers: to the last question, or to the matter.
fn words(text: &str) -> String {
    let all = sentences(text);
    if let Some(question) = all.iter().rfind(|one| one.ends_with('?')) {
        return format!("You ask: \"{question}\" Yes, please go ahead like that.");
    }
    let small = text.to_lowercase();
    let about = |of: &[&str]| of.iter().any(|word| small.contains(word));
    let answer = if about(&["call", "meeting", "o'clock", "thursday", "calendar"]) {
        "The time suits me. I put it into my calendar."
    } else if about(&["invoice", "report", "figures", "numbers"]) {
        "I pass it on to our accountant and come back if anything is unclear."
    } else if about(&["sorry", "apolog", "mistake"]) {
        "No harm done. It is good that you looked into it."
    } else if about(&["paused", "budget", "campaign", "creative", "picture"]) {
        "Fine with us. Please tell me next week what came of it."
    } else {
        "Good to know."
    };
    match all.first() {
        Some(first) => format!("Thank you for \"{first}\" {answer}"),
        None => format!("Thank you. {answer}"),
    }
}

/// What the first of those who got it and work at a client answers. `sent` is when it was sent, its `Message-ID` and its
/// conversation.
pub(super) fn answer(
    world: &World,
    mailbox: Mailbox,
    (at, id, conversation): (OffsetDateTime, &str, &str),
    read: &Read,
    place: usize,
) -> Option<Message> {
    if read.automatic {
        return None;
    }
    let contacts: Vec<_> = world.clients().iter().flat_map(|client| world.contacts(client)).collect();
    let contact = read.to.iter().find_map(|to| contacts.iter().find(|contact| contact.email == *to))?;
    let key = world.plan.key.name("answer").number(mailbox.place() as u64).number(place as u64);
    let mut stream = key.stream();
    let wait = Duration::minutes(stream.whole(35, 9 * 60)) + Duration::seconds(stream.whole(0, 59));
    let sent_at = at.replace_nanosecond(0).ok()? + wait;
    let given = contact.name.split(' ').next().unwrap_or_default();
    let quoted: String = read.text.lines().map(|line| format!("> {line}\n")).collect();
    let text = format!(
        "Hello,\n\n{}\n\n{given}\n\nOn {} {AGENCY} wrote:\n{}",
        words(&read.text),
        at.date(),
        quoted.trim_end()
    );
    let subject = read.subject.trim();
    let answers = subject.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("re:"));
    let domain = world.clients()[contact.client].domain();
    Some(Message {
        id: format!("{:016x}@{domain}", stream.bits()),
        conversation: conversation.to_owned(),
        in_reply_to: Some(id.to_owned()),
        client: contact.client,
        from_name: contact.name.clone(),
        from: contact.email.clone(),
        to: mailbox.address().to_owned(),
        outbound: false,
        post: Post::Letter,
        subject: if answers { subject.to_owned() } else { format!("Re: {subject}") },
        text,
        sent_at,
        mood: Mood::Question,
        about: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_answered_and_what_was_quoted_is_not() {
        let text =
            "Hello Greta,\n\nThe ads run again. Shall we raise the budget?\n\nMara\n\nOn Monday Greta wrote:\n> Is it?";
        let source = format!("From: a@b.example\r\nTo: C <C@d.example>\r\nSubject: Re: Ads\r\n\r\n{text}");
        let read = read(&source);
        assert_eq!((read.to.as_slice(), read.recipients, read.id), (&["c@d.example".to_owned()][..], 1, None));
        assert_eq!(words(&read.text), "You ask: \"Shall we raise the budget?\" Yes, please go ahead like that.");
        assert!(!read.text.contains("Is it"));
        assert!(words("We can have a call on Thursday.").contains("calendar"));
        assert_eq!(words(""), "Thank you. Good to know.");
    }
}
