//! The box in which a conversation is answered: what was begun, to whom it goes, what can be put into it, and the way out of it.

use model::{
    access::{Action, may},
    actor::Actor,
    conversation::Status,
    id::{ConversationId, OutgoingId, TemplateId, UploadId},
    message::{Message, answered},
    outgoing::{Draft, Outgoing, answer_subject, fill},
};
use store::{conversation, draft, id, inbox, member, message, organization};

use super::when;
use crate::{
    Result, Service, access,
    outgoing::{self, draft as drafts},
};

/// What a member finds in the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyBox {
    /// The conversation; that to which the one that was asked for was joined.
    pub id: ConversationId,
    /// What they began.
    pub draft: Draft,
    /// How often it was saved.
    pub revision: i64,
    /// Its files: name and size in bytes.
    pub files: Vec<(UploadId, String, i64)>,
    /// To whom it goes where nobody is named.
    pub to: Vec<String>,
    /// Who else took part in the last message.
    pub everyone: Vec<String>,
    /// Its subject where none is given.
    pub subject: String,
    /// What is put below it.
    pub signature: String,
    /// What can be put into it.
    pub templates: Vec<Filled>,
    /// The id of the click that will send it.
    pub click: OutgoingId,
    /// Whether the conversation is closed, so that it has to be opened before.
    pub closed: bool,
    /// Whether an answer can be drafted: the server is configured with a writer.
    pub drafts: bool,
}

/// A template with what is known filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Its id.
    pub id: TemplateId,
    /// What it is called.
    pub name: String,
    /// What it says.
    pub text: String,
    /// What is not known of it, in words: it is not sent so.
    pub missing: Option<String>,
}

/// What a member finds in the box of a conversation; none for who may not answer, and only looks.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn reply_box(service: &Service, actor: &Actor, asked: ConversationId) -> Result<Option<ReplyBox>> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let conversation = conversation::merged_into(&mut tx, asked).await?;
    if !may(actor.role, Action::EditConversations) {
        return Ok(None);
    }
    // What was begun in a conversation that was joined to this one goes on here.
    if draft::claim(&mut tx, conversation).await? {
        tx.commit().await?;
        tx = service.db.tenant(actor).await?;
    }
    let found = conversation::get(&mut tx, conversation).await?;
    let (begun, revision) = draft::get(&mut tx, conversation).await?.unwrap_or_default();
    let files = draft::list_uploads(&mut tx, &begun.uploads).await?;
    let own = inbox::addresses(&mut tx, found.channel_id).await?;
    let messages = message::list(&mut tx, conversation).await?;
    let answered = answered(&messages);
    let person = answered.map(|answered| answered.answer_to(&own)).unwrap_or_default();
    let to: Vec<String> = person.iter().map(|one| one.address.clone()).collect();
    let everyone = answered.map(|answered| others(answered, &to, &own)).unwrap_or_default();
    let name = person.first().map(|one| one.name.clone()).unwrap_or_default();
    let first_name = name.split_whitespace().next().unwrap_or_default().to_owned();
    let (me, agency) = (member::get(&mut tx, actor.member_id).await?.name, organization::get(&mut tx).await?.name);
    let client = found.client.clone().unwrap_or_default();
    let known = [
        ("name", name.as_str()),
        ("first_name", first_name.as_str()),
        ("client", client.as_str()),
        ("subject", found.subject.as_str()),
        ("me", me.as_str()),
        ("agency", agency.as_str()),
    ];
    let templates = draft::templates(&mut tx).await?;
    let templates = templates.into_iter().map(|template| {
        let (text, missing) = filled(&template.text, &known);
        Filled { id: template.id, name: template.name, text, missing }
    });
    Ok(Some(ReplyBox {
        id: conversation,
        draft: begun,
        revision,
        files,
        to,
        everyone,
        subject: answer_subject(&found.subject),
        templates: templates.collect(),
        signature: draft::signature(&mut tx).await?,
        click: id::new(now),
        closed: found.status == Status::Closed,
        drafts: service.writer.is_some(),
    }))
}

/// Who else took part in a message.
fn others(answered: &Message, to: &[String], own: &[String]) -> Vec<String> {
    let all = answered.to.iter().chain(&answered.cc).map(|one| &one.address);
    let mut others: Vec<String> = all.filter(|one| !to.contains(one) && !own.contains(one)).cloned().collect();
    others.sort_unstable();
    others.dedup();
    others
}

/// A template with what is known filled in, and what is missing in words.
fn filled(template: &str, known: &[(&str, &str)]) -> (String, Option<String>) {
    let mut text = template.to_owned();
    for (name, value) in known.iter().filter(|(_, value)| !value.trim().is_empty()) {
        for spelled in [format!("{{{{{name}}}}}"), format!("{{{{ {name} }}}}")] {
            text = text.replace(&spelled, value);
        }
    }
    let missing = fill(&text, &[]).err().map(|invalid| invalid.message);
    (text, missing)
}

/// The addresses of a line, as people type or paste them: between commas, semicolons or line breaks, with names or without.
pub fn addresses(line: &str) -> Vec<String> {
    let bare = |text: &str| {
        let inside = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address);
        inside.unwrap_or(text).trim().to_owned()
    };
    line.split([',', ';', '\n']).map(bare).filter(|address| !address.is_empty()).collect()
}

/// Answers a conversation with what was typed, at once or at a moment that a form says; with the member's signature below, if they want.
///
/// # Errors
/// As for [`outgoing::reply`], or no moment that lies ahead. Nothing was sent then, and what was typed is where it was.
pub async fn answer(
    service: &Service,
    actor: &Actor,
    conversation: ConversationId,
    click: OutgoingId,
    mut typed: Draft,
    at: &str,
    sign: bool,
) -> Result<Outgoing> {
    let send_at = match at.trim() {
        "" => None,
        at => Some(when::ahead(service, actor, "at", at).await?),
    };
    if sign {
        typed.text = signed(typed.text, &drafts::signature(service, actor).await?);
    }
    outgoing::reply(service, actor, conversation, click, &typed, send_at).await
}

/// A text with a signature below it: once, and none below nothing.
fn signed(text: String, signature: &str) -> String {
    let signature = signature.trim();
    if text.trim().is_empty() || signature.is_empty() || text.trim_end().ends_with(signature) {
        return text;
    }
    format!("{}\n\n{signature}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        let read = addresses(" Ana Lind <ana@mill.example>; bo@mill.example,\n, <c@mill.example> ");
        assert_eq!(read, ["ana@mill.example", "bo@mill.example", "c@mill.example"]);
        assert_eq!(addresses(" "), Vec::<String>::new());
        assert_eq!(addresses("no address"), ["no address"], "what is none is not dropped, but refused");
    }

    #[test]
    fn a_template_says_what_is_missing_and_keeps_what_is_known() {
        let known = [("name", "Ana"), ("client", "")];
        assert_eq!(filled("Dear {{ name }} and {{name}}", &known), ("Dear Ana and Ana".to_owned(), None));
        let (text, missing) = filled("{{name}} of {{client}}", &known);
        assert_eq!(text, "Ana of {{client}}");
        assert!(missing.is_some_and(|words| words.contains("{{client}}")));
    }

    #[test]
    fn a_signature_stands_below_once() {
        let signed = |text: &str| signed(text.to_owned(), "Olga\nAcme\n");
        assert_eq!(signed("Yes.\n"), "Yes.\n\nOlga\nAcme");
        assert_eq!(signed("Yes.\n\nOlga\nAcme"), "Yes.\n\nOlga\nAcme");
        assert_eq!(signed("  "), "  ", "nothing is not made something by a signature");
    }
}
