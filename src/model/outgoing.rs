//! What is to go out: written by a person, sent once, and never lost.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    id::{ConversationId, MemberId, OutgoingId, UploadId},
    input::Invalid,
    message::Address,
};

/// The most people that one message goes to.
pub const MOST_RECIPIENTS: usize = 100;
/// The longest text, in characters.
pub const LONGEST_TEXT: usize = 200_000;
/// The most that the files of one message weigh, in bytes.
pub const LARGEST_FILES: usize = 25 << 20;

/// A message that is to go, goes, or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Its id: the effect key.
    pub id: OutgoingId,
    /// The conversation that it belongs to.
    pub conversation_id: ConversationId,
    /// Who wrote it.
    pub member_id: MemberId,
    /// Their name then.
    pub member: String,
    /// To whom.
    pub to: Vec<Address>,
    /// Who gets a copy.
    pub cc: Vec<Address>,
    /// Who gets a copy without the others knowing.
    pub bcc: Vec<Address>,
    /// Its subject.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// Files that go with it, by name.
    pub files: Vec<String>,
    /// How it stands.
    pub state: State,
    /// When it goes, or went.
    #[serde(with = "time::serde::rfc3339")]
    pub send_at: OffsetDateTime,
    /// Why it did not go, with what to do.
    pub fault: Option<String>,
}

/// How a message that is to go out stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes when its time has come, and can be taken back until then.
    Held,
    /// It goes.
    Sending,
    /// It went.
    Sent,
    /// It did not go, and can be sent again.
    Failed,
    /// Nobody can find out whether it went: a person decides.
    Unconfirmed,
    /// It was taken back before it went.
    Withdrawn,
}

impl State {
    const ALL: [Self; 6] = [Self::Held, Self::Sending, Self::Sent, Self::Failed, Self::Unconfirmed, Self::Withdrawn];

    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == text)
    }
}

/// What somebody writes, as it is kept while they write and as it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// To whom; the writer of the last message that came, where nobody is named.
    pub to: Vec<String>,
    /// Who gets a copy.
    pub cc: Vec<String>,
    /// Who gets a copy without the others knowing.
    pub bcc: Vec<String>,
    /// The subject; that of the conversation where none is given.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// Files that go with it.
    pub uploads: Vec<UploadId>,
}

/// The subject of an answer: "Re: X" and never "Re: Re: X", whatever the language of the mark before it.
pub fn answer_subject(subject: &str) -> String {
    const MARKS: [&str; 8] = ["re", "aw", "sv", "antw", "odp", "rif", "vs", "ref"];
    let mut rest = subject.trim();
    while let Some((mark, after)) = rest.split_once(':') {
        let bare = mark.trim().split('[').next().unwrap_or_default().trim().to_lowercase();
        if !MARKS.contains(&bare.as_str()) {
            break;
        }
        rest = after.trim_start();
    }
    format!("Re: {rest}").trim_end().to_owned()
}

/// What a template says with its `{variables}` filled in.
///
/// # Errors
/// A variable that nothing is known for: it is named, and nothing is filled.
pub fn fill(template: &str, known: &[(&str, &str)]) -> Result<String, Invalid> {
    let (mut filled, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        let name = name.trim();
        let value = known.iter().find(|(known, value)| *known == name && !value.trim().is_empty());
        let Some((_, value)) = value else {
            let words = format!("nothing is known for {{{{{name}}}}}: fill it in, or take it out");
            return Err(Invalid::new("text", words));
        };
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_one_mark() {
        for subject in ["Spring sale", "Re: Spring sale", "RE: re: Spring sale", "AW: Re[2]: Spring sale"] {
            assert_eq!(answer_subject(subject), "Re: Spring sale", "{subject}");
        }
        assert_eq!(answer_subject("Report: May"), "Re: Report: May");
        assert_eq!(answer_subject(""), "Re:");
    }

    #[test]
    fn a_template_with_an_unknown_variable_is_not_filled() {
        let known = [("name", "Ana"), ("client", " ")];
        assert_eq!(fill("Dear {{ name }},", &known).unwrap(), "Dear Ana,");
        let refused = fill("{{name}} of {{client}}", &known).unwrap_err();
        assert!(refused.message.contains("{{client}}"), "{}", refused.message);
        assert_eq!(fill("a {{ b", &known).unwrap(), "a {{ b");
    }
}
