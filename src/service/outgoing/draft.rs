//! What members are writing: saved while they type, on every device the same, with the files and the texts they use.

use model::{
    access::Action,
    actor::Actor,
    id::{ConversationId, TemplateId, UploadId},
    input::Invalid,
    outgoing::{Draft, LARGEST_FILES, LONGEST_TEXT},
};
pub use store::draft::{Template, Upload};
use store::{draft, id};

use crate::{Error, Result, Service, access, conversation::allow_at};

/// What the member is writing in a conversation, and how often it was saved; nothing and 0 where nothing was begun.
///
/// # Errors
/// Missing when the conversation is not in sight.
pub async fn get(service: &Service, actor: &Actor, conversation: ConversationId) -> Result<(Draft, i64)> {
    allow_at(service, actor, conversation).await?;
    Ok(draft::get(&mut service.db.tenant(actor).await?, conversation).await?.unwrap_or_default())
}

/// Saves what the member is writing; `after` is how often it had been saved when this was typed. Returns how often it is now.
///
/// # Errors
/// Missing, a text that is too long, or a newer one that another device saved: nothing is written over then.
pub async fn set(
    service: &Service,
    actor: &Actor,
    conversation: ConversationId,
    typed: &Draft,
    after: i64,
) -> Result<i64> {
    allow_at(service, actor, conversation).await?;
    if typed.text.chars().count() > LONGEST_TEXT {
        return Err(Invalid::new("text", format!("a message has at most {LONGEST_TEXT} characters")).into());
    }
    let mut tx = service.db.tenant(actor).await?;
    let saved = draft::set(&mut tx, conversation, &cleaned(typed), after, service.clock.now()).await;
    match saved {
        Err(store::Error::Conflict(_)) => {
            let message =
                "you went on writing on another device; nothing was written over. Load it to go on from there"
                    .to_owned();
            Err(Error::Conflict { code: "draft_is_newer", message })
        }
        saved => {
            let revision = saved?;
            tx.commit().await?;
            Ok(revision)
        }
    }
}

/// Saves what a member typed last before they left: where something newer was saved meanwhile, as when they took a message back, it is
/// put below that, and nothing is lost. Returns how often it was saved now.
///
/// # Errors
/// As for [`set`].
pub async fn leave(
    service: &Service,
    actor: &Actor,
    conversation: ConversationId,
    typed: &Draft,
    after: i64,
) -> Result<i64> {
    let newer = match set(service, actor, conversation, typed, after).await {
        Err(Error::Conflict { code: "draft_is_newer", .. }) => get(service, actor, conversation).await?,
        saved => return saved,
    };
    let (newer, revision) = newer;
    let text = below(&newer.text, &typed.text);
    let mut uploads = newer.uploads.clone();
    uploads.extend(typed.uploads.iter().filter(|file| !newer.uploads.contains(file)));
    if text == newer.text && uploads == newer.uploads {
        return Ok(revision);
    }
    set(service, actor, conversation, &Draft { text, uploads, ..newer }, revision).await
}

/// A text below another; where the other ends with how it began, in its place.
fn below(newer: &str, typed: &str) -> String {
    let typed = typed.replace("\r\n", "\n");
    if typed.trim().is_empty() || newer.contains(typed.trim_end()) {
        return newer.to_owned();
    }
    let mut parts = std::iter::once(0).chain(newer.match_indices("\n\n").map(|(at, gap)| at + gap.len()));
    match parts.find(|at| typed.starts_with(newer[*at..].trim_end())) {
        Some(at) => format!("{}{typed}", &newer[..at]),
        None => format!("{}\n\n{typed}", newer.trim_end()),
    }
}

/// Without the one character that the database cannot hold.
fn cleaned(typed: &Draft) -> Draft {
    let clean = |text: &String| text.replace('\0', "");
    let list = |all: &[String]| all.iter().take(1000).map(clean).collect();
    Draft {
        to: list(&typed.to),
        cc: list(&typed.cc),
        bcc: list(&typed.bcc),
        subject: clean(&typed.subject),
        text: clean(&typed.text),
        uploads: typed.uploads.clone(),
    }
}

/// Throws away what the member was writing.
///
/// # Errors
/// Missing when the conversation is not in sight.
pub async fn remove(service: &Service, actor: &Actor, conversation: ConversationId) -> Result<()> {
    allow_at(service, actor, conversation).await?;
    let mut tx = service.db.tenant(actor).await?;
    draft::remove(&mut tx, conversation).await?;
    Ok(tx.commit().await?)
}

/// Keeps a file that is to go with a message.
///
/// # Errors
/// A file without a name, one that is too large, or the rule that forbids it.
pub async fn upload(
    service: &Service,
    actor: &Actor,
    name: &str,
    content_type: &str,
    bytes: Vec<u8>,
) -> Result<UploadId> {
    access::allow(service, actor, Action::EditConversations).await?;
    if bytes.len() > LARGEST_FILES {
        let words = format!("a file has at most {} MiB; this one was not kept", LARGEST_FILES >> 20);
        return Err(Error::TooLarge(words));
    }
    // A name, not a way to a place.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = model::input::line("file", "The file's name", name, 255)?;
    let content_type = if content_type.parse::<lettre::message::header::ContentType>().is_ok() {
        content_type.to_owned()
    } else {
        "application/octet-stream".to_owned()
    };
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let kept = Upload { id: id::new(now), name, content_type, bytes };
    draft::insert_upload(&mut tx, &kept, now).await?;
    tx.commit().await?;
    Ok(kept.id)
}

/// A file that the member keeps to go with a message.
///
/// # Errors
/// Missing when it is not the member's, or the rule that forbids it.
pub async fn get_upload(service: &Service, actor: &Actor, id: UploadId) -> Result<Upload> {
    access::allow(service, actor, Action::EditConversations).await?;
    Ok(draft::get_upload(&mut service.db.tenant(actor).await?, id).await?)
}

/// Throws a file of the member away. One that goes with a message, or went with it, stays.
///
/// # Errors
/// Missing, a file that a message goes with, or the rule that forbids it.
pub async fn remove_upload(service: &Service, actor: &Actor, id: UploadId) -> Result<()> {
    access::allow(service, actor, Action::EditConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    match draft::remove_upload(&mut tx, id).await {
        Err(store::Error::Conflict(_)) => {
            let message = "this file goes with a message, and stays with it. Take the message back first".to_owned();
            Err(Error::Conflict { code: "file_is_used", message })
        }
        done => {
            done?;
            Ok(tx.commit().await?)
        }
    }
}

/// What stands below the member's messages.
///
/// # Errors
/// The database failed, or the rule that forbids it.
pub async fn signature(service: &Service, actor: &Actor) -> Result<String> {
    access::allow(service, actor, Action::EditSelf).await?;
    Ok(draft::signature(&mut service.db.tenant(actor).await?).await?)
}

/// Keeps what stands below the member's messages.
///
/// # Errors
/// A text that is too long, or the rule that forbids it.
pub async fn set_signature(service: &Service, actor: &Actor, text: &str) -> Result<()> {
    access::allow(service, actor, Action::EditSelf).await?;
    let text = text.trim_end().replace('\0', "");
    if text.chars().count() > 5000 {
        return Err(Invalid::new("text", "a signature has at most 5000 characters").into());
    }
    let mut tx = service.db.tenant(actor).await?;
    draft::set_signature(&mut tx, &text).await?;
    Ok(tx.commit().await?)
}

/// The agency's templates.
///
/// # Errors
/// The database failed, or the rule that forbids it.
pub async fn templates(service: &Service, actor: &Actor) -> Result<Vec<Template>> {
    access::allow(service, actor, Action::ReadConversations).await?;
    Ok(draft::templates(&mut service.db.tenant(actor).await?).await?)
}

/// Keeps a template, new or changed.
///
/// # Errors
/// A name or text that cannot be kept, a name that another has, or the rule that forbids it.
pub async fn set_template(
    service: &Service,
    actor: &Actor,
    id: Option<TemplateId>,
    name: &str,
    text: &str,
) -> Result<Template> {
    access::allow(service, actor, Action::EditConversations).await?;
    let name = model::input::line("name", "Name", name, 100)?;
    let text = text.trim().replace('\0', "");
    if text.is_empty() || text.chars().count() > 20_000 {
        return Err(Invalid::new("text", "write between 1 and 20 000 characters").into());
    }
    let now = service.clock.now();
    let template = Template { id: id.unwrap_or_else(|| id::new(now)), name, text };
    let mut tx = service.db.tenant(actor).await?;
    match draft::upsert_template(&mut tx, &template, now).await {
        Err(store::Error::Conflict(_)) => Err(Invalid::new("name", "another template is called so").into()),
        done => {
            done?;
            tx.commit().await?;
            Ok(template)
        }
    }
}

/// Throws a template away.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn remove_template(service: &Service, actor: &Actor, id: TemplateId) -> Result<()> {
    access::allow(service, actor, Action::EditConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    draft::remove_template(&mut tx, id).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_last_is_not_lost_and_not_there_twice() {
        for (newer, typed, kept) in [
            ("On Monday.", "And the price?", "On Monday.\n\nAnd the price?"),
            // It was begun, the message was taken back above it, and more was typed.
            ("On Monday.\n\nAnd the", "And the price?", "On Monday.\n\nAnd the price?"),
            ("And the", "And the price?", "And the price?"),
            ("", "And the price?", "And the price?"),
            ("On Monday.\n\nAnd the price?", "And the price?", "On Monday.\n\nAnd the price?"),
            ("One\n\ntwo", "One\r\n\r\ntwo and three", "One\n\ntwo and three"),
            ("On Monday.", " ", "On Monday."),
        ] {
            assert_eq!(below(newer, typed), kept);
        }
    }
}
