//! What is done to one conversation or to many at once from the inbox, and how it is taken back.

use model::{
    access::{Action, may},
    actor::Actor,
    conversation::{Conversation, Status},
    id::{ConversationId, MemberId},
    input::Invalid,
    page::MAX_LIMIT,
};
use store::conversation;
use time::format_description::well_known::Rfc3339;

use super::when;
use crate::{
    Error, Result, Service,
    conversation::{allow_on, assign, readers_of, set_labels, set_needs_reply, set_read, set_status},
};

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// In words.
    pub words: String,
    /// What puts each conversation back, in the words of [`change`].
    pub back: Vec<(ConversationId, String, String)>,
}

/// Does one thing to conversations: `open`, `close`, `snooze` until a moment, `read`, `unread`, `assign` to a member or to nobody,
/// `labels` (these and no others), `label` (more) or `unlabel` (fewer), `settle` (nobody waits for an answer) or `want`.
///
/// # Errors
/// None or too many of them, something else, a member who does not see all of them, or the first that cannot be changed so; those before it
/// stay changed, and it says how many.
pub async fn change(service: &Service, actor: &Actor, ids: &[ConversationId], what: &str, to: &str) -> Result<Changed> {
    let most = usize::try_from(MAX_LIMIT).unwrap_or_default();
    if ids.is_empty() || ids.len() > most {
        return Err(Invalid::new("ids", format!("choose between 1 and {most} conversations")).into());
    }
    if what == "assign" && ids.len() > 1 && may(actor.role, Action::EditConversations) {
        check_assignee(service, actor, ids, to).await?;
    }
    let mut back = Vec::new();
    for id in ids {
        match one(service, actor, *id, what, to).await {
            Ok(inverse) => back.push(inverse),
            Err(error) if back.is_empty() => return Err(error),
            Err(error) => {
                let message =
                    format!("{} of {} were changed, and the next could not be: {error}", back.len(), ids.len());
                return Err(Error::Conflict { code: "partly_changed", message });
            }
        }
    }
    Ok(Changed { words: words(what, to, ids.len()), back })
}

/// Refuses a member who does not see one of several before any of them is changed.
async fn check_assignee(service: &Service, actor: &Actor, ids: &[ConversationId], to: &str) -> Result<()> {
    let Ok(member) = to.parse::<MemberId>() else { return Ok(()) };
    let mut tx = service.db.tenant(actor).await?;
    for id in ids {
        let found = conversation::get(&mut tx, *id).await?;
        if readers_of(&mut tx, &found).await?.iter().all(|(reader, _)| *reader != member) {
            let title = if found.subject.trim().is_empty() { "(no subject)" } else { found.subject.trim() };
            let words =
                format!("who is to see to them does not see “{title}”: choose somebody else, or leave that one out");
            return Err(Invalid::new("to", words).into());
        }
    }
    Ok(())
}

/// Changes one, and says what puts it back.
async fn one(
    service: &Service,
    actor: &Actor,
    id: ConversationId,
    what: &str,
    to: &str,
) -> Result<(ConversationId, String, String)> {
    let back = |what: &str, to: String| Ok((id, what.to_owned(), to));
    // Everybody reads for themselves; the rest is the agency's.
    if matches!(what, "read" | "unread") {
        let before = conversation::get(&mut service.db.tenant(actor).await?, id).await?;
        set_read(service, actor, id, what == "read").await?;
        return back(if before.unread { "unread" } else { "read" }, String::new());
    }
    let before = allow_on(service, actor, id).await?;
    match what {
        "open" | "close" | "snooze" => {
            let (status, until) = match what {
                "open" => (Status::Open, None),
                "close" => (Status::Closed, None),
                _ => (Status::Snoozed, Some(when::ahead(service, actor, "to", to).await?)),
            };
            set_status(service, actor, id, status, until).await?;
            let until = before.snoozed_until.and_then(|until| until.format(&Rfc3339).ok());
            match (before.status, until) {
                (Status::Snoozed, Some(until)) => back("snooze", until),
                (Status::Closed, _) => back("close", String::new()),
                _ => back("open", String::new()),
            }
        }
        "assign" => {
            let wrong = |_| Invalid::new("to", "choose somebody who sees this conversation");
            let member: Option<MemberId> = (!to.is_empty()).then(|| to.parse().map_err(wrong)).transpose()?;
            assign(service, actor, id, member).await?;
            back("assign", before.assignee_id.map(|member| member.to_string()).unwrap_or_default())
        }
        "labels" | "label" | "unlabel" => {
            let mut names = if what == "labels" { Vec::new() } else { named(&before) };
            for name in to.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let alike = |known: &String| known.to_lowercase() == name.to_lowercase();
                if what == "unlabel" {
                    names.retain(|known| !alike(known));
                } else if !names.iter().any(alike) {
                    names.push(name.to_owned());
                }
            }
            set_labels(service, actor, id, &names).await?;
            back("labels", named(&before).join(", "))
        }
        "settle" | "want" => {
            set_needs_reply(service, actor, id, what == "want").await?;
            back(if what == "want" { "settle" } else { "want" }, String::new())
        }
        _ => Err(Invalid::new("what", "a conversation cannot be changed so. Reload the page and try again").into()),
    }
}

fn named(conversation: &Conversation) -> Vec<String> {
    conversation.labels.iter().map(|label| label.name.clone()).collect()
}

fn words(what: &str, to: &str, count: usize) -> String {
    let whose = if count == 1 { "The conversation".to_owned() } else { format!("{count} conversations") };
    let (is, has) = if count == 1 { ("is", "has") } else { ("are", "have") };
    match what {
        "open" => format!("{whose} {is} open again"),
        "close" => format!("{whose} {is} closed"),
        "snooze" => format!("{whose} {is} put aside"),
        "read" => format!("{whose} {is} read"),
        "unread" => format!("{whose} {is} unread"),
        "assign" if to.is_empty() => format!("{whose} {is} nobody's task"),
        "assign" => format!("{whose} {is} assigned"),
        "settle" => format!("{whose} {has} no answer to wait for"),
        "want" => format!("{whose} {has} an answer to wait for"),
        _ => format!("{whose} {has} new labels"),
    }
}
