//! The mails in the outbox folder, for those who run an agency whose server is not connected to a mail server.
//!
//! The folder holds the mails of all organizations. A name is the effect key of a mail, which holds the id of the row it
//! is about; only mails about rows in the actor's sight are read, and only to people of the actor's rank or below, since
//! the links in them work. Mails of sign-ups belong to no organization yet and are not shown.

use std::{collections::HashMap, io, path::Path};

use mail_parser::MessageParser;
use model::{
    access::Action,
    actor::Actor,
    id::{InvitationId, PasswordResetId},
    role::Role,
};
use store::{invitation, member, password_reset};
use time::OffsetDateTime;

use crate::{Error, Result, Service, access};

/// How many mails are shown.
const SHOWN: usize = 50;

/// A mail as those who run the agency read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMail {
    /// Whom it is for.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text: paragraphs separated by blank lines.
    pub text: String,
    /// When it was written.
    pub written_at: OffsetDateTime,
}

struct File {
    name: String,
    written_at: OffsetDateTime,
}

/// The agency's newest mails in the outbox; `None` when mail leaves the server.
///
/// # Errors
/// The rule that forbids it, or the folder cannot be read.
pub async fn list(service: &Service, actor: &Actor) -> Result<Option<Vec<OutboxMail>>> {
    access::allow(service, actor, Action::RunJobs).await?;
    let Some(folder) = &service.outbox else { return Ok(None) };
    let mut files = files(folder).await.map_err(internal)?;
    let roles = roles(service, actor, &files).await?;
    files.retain(|file| roles.get(&file.name).is_some_and(|role| *role <= actor.role));
    files.sort_by(|a, b| b.written_at.cmp(&a.written_at).then_with(|| b.name.cmp(&a.name)));
    let mut mails = Vec::new();
    for file in files.into_iter().take(SHOWN) {
        let bytes = tokio::fs::read(folder.join(format!("{}.eml", file.name))).await.map_err(internal)?;
        mails.extend(parse(&bytes, file.written_at));
    }
    Ok(Some(mails))
}

fn internal(error: io::Error) -> Error {
    Error::Internal(Box::new(error))
}

fn parse(bytes: &[u8], written_at: OffsetDateTime) -> Option<OutboxMail> {
    let mail = MessageParser::default().parse(bytes)?;
    Some(OutboxMail {
        to: mail.to()?.first()?.address()?.to_owned(),
        subject: mail.subject()?.to_owned(),
        text: mail.body_text(0)?.replace("\r\n", "\n").trim().to_owned(),
        written_at,
    })
}

async fn files(folder: &Path) -> io::Result<Vec<File>> {
    let mut entries = match tokio::fs::read_dir(folder).await {
        Ok(entries) => entries,
        // Made with the first mail.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".eml") {
            let written_at = entry.metadata().await?.modified()?.into();
            files.push(File { name: name.to_owned(), written_at });
        }
    }
    Ok(files)
}

/// The id in a name such as `invitation-{id}-{more}`.
fn id_in<T: std::str::FromStr>(name: &str, kind: &str) -> Option<T> {
    name.strip_prefix(kind)?.get(..36)?.parse().ok()
}

/// The role of whom each mail is for, as far as it is in the actor's sight.
async fn roles(service: &Service, actor: &Actor, files: &[File]) -> Result<HashMap<String, Role>> {
    let invitations: Vec<(&str, InvitationId)> =
        files.iter().filter_map(|file| Some((file.name.as_str(), id_in(&file.name, "invitation-")?))).collect();
    let resets: Vec<(&str, PasswordResetId)> =
        files.iter().filter_map(|file| Some((file.name.as_str(), id_in(&file.name, "password-reset-")?))).collect();
    let ids: Vec<_> = resets.iter().map(|(_, id)| *id).collect();
    let emails = password_reset::emails(&mut service.db.system().await?, &ids).await?;

    let mut tx = service.db.tenant(actor).await?;
    let ids: Vec<_> = invitations.iter().map(|(_, id)| *id).collect();
    let invited = invitation::roles(&mut tx, &ids).await?;
    let addresses: Vec<_> = emails.values().cloned().collect();
    let members = member::roles(&mut tx, &addresses).await?;

    let invited = invitations.iter().filter_map(|(name, id)| Some(((*name).to_owned(), *invited.get(id)?)));
    let resets = resets.iter().filter_map(|(name, id)| Some(((*name).to_owned(), *members.get(emails.get(id)?)?)));
    Ok(invited.chain(resets).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_from_the_name() {
        let id = "018f0000-0000-7000-8000-000000000000";
        let found: Option<InvitationId> = id_in(&format!("invitation-{id}-1790000000"), "invitation-");
        assert_eq!(found.unwrap().to_string(), id);
        assert!(id_in::<InvitationId>(&format!("sign-up-{id}-1"), "invitation-").is_none());
        assert!(id_in::<InvitationId>("invitation-../../secret", "invitation-").is_none());
    }
}
