//! A message as it came, as it is shown, and the files in it: for those who see its conversation.
//!
//! A letter is shown in a frame that is nobody's: no cookie goes with what it loads. So the addresses of its pictures carry a pass:
//! for one picture, for whoever was shown the letter, for a short time. What a pass opens is asked for in that member's sight.

use std::{collections::HashMap, str::FromStr, sync::Arc};

use model::{
    access::Action,
    actor::{Actor, Origin},
    id::{MemberId, MessageId, OrganizationId},
    message::Attachment,
    role::Role,
};
use store::message;
use time::Duration;

use super::{
    html::{self, Pictures, Remote},
    parse,
};
use crate::{Error, Result, Service};

/// So long a letter that is open may load its pictures.
const PASS: Duration = Duration::minutes(10);

/// A message's source.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn source(service: &Service, actor: &Actor, id: MessageId) -> Result<Vec<u8>> {
    crate::access::allow(service, actor, Action::ReadConversations).await?;
    Ok(message::source(&mut service.db.tenant(actor).await?, id).await?)
}

/// A file of a message, by its place among them.
///
/// # Errors
/// Missing when it is not in sight, or has no such file.
pub async fn part(service: &Service, actor: &Actor, id: MessageId, part: i32) -> Result<(Attachment, Vec<u8>)> {
    crate::access::allow(service, actor, Action::ReadConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let known = message::attachment(&mut tx, id, Some(part), None).await?;
    let source = message::source(&mut tx, id).await?;
    drop(tx);
    let at = usize::try_from(part).map_err(|_| Error::Missing)?;
    let bytes = apart(move || parse::part(&source, at)).await?.ok_or(Error::Missing)?;
    Ok((known, bytes))
}

/// The document that shows a message; with the pictures that lie elsewhere where they are asked for.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn page(service: &Service, actor: &Actor, id: MessageId, images: bool) -> Result<String> {
    let source = source(service, actor, id).await?;
    let pass = Pass::new(service, actor, id);
    apart(move || {
        let parsed = parse::parse(&source);
        let Some(layout) = parse::html(&source).filter(|_| parsed.fault.is_none()) else {
            return html::text_document(parsed.fault.as_deref(), &parsed.text);
        };
        let inline = parsed.attachments.iter().filter_map(|(file, content_id)| {
            let content_id = content_id.as_deref()?.trim_start_matches('<').trim_end_matches('>');
            Some((content_id.to_owned(), pass.part(file.part)))
        });
        let pictures = Pictures { inline: inline.collect::<HashMap<_, _>>(), remote: images.then(|| pass.remote()) };
        html::clean(&layout, pictures).map_or_else(
            || {
                let said = "The layout of this message is too large or too tangled to be shown. This is its text; its source \
                            is kept as it came.";
                html::text_document(Some(said), &parsed.text)
            },
            |body| html::document(&body),
        )
    })
    .await
}

/// Reading a large mail takes a while, which no other request should wait for.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(Box::new(error)))
}

/// What opens the pictures of one letter to whoever was shown it.
#[derive(Clone)]
struct Pass {
    key: Arc<crate::TokenKey>,
    id: MessageId,
    /// Until when, of which agency, whose, and as what.
    holder: String,
}

impl Pass {
    fn new(service: &Service, actor: &Actor, id: MessageId) -> Self {
        let until = (service.clock.now() + PASS).unix_timestamp();
        let Actor { organization_id, member_id, role, .. } = actor;
        let holder = format!("{until}.{organization_id}.{member_id}.{}", role.key());
        Self { key: service.token_key.clone(), id, holder }
    }

    fn sign(&self, what: &str) -> String {
        format!("{}.{}", self.holder, proof(&self.key, self.id, what, &self.holder))
    }

    fn part(&self, part: i32) -> String {
        format!("/app/messages/{}/parts/{part}?preview=1&pass={}", self.id, self.sign(&part.to_string()))
    }

    fn remote(self) -> Remote {
        Arc::new(move |url: &str| {
            let address: String = url.bytes().map(percent).collect();
            format!("/app/messages/{}/picture?url={address}&pass={}", self.id, self.sign(url))
        })
    }
}

fn proof(key: &crate::TokenKey, id: MessageId, what: &str, holder: &str) -> String {
    key.derive("picture", format_args!("{id}\0{holder}\0{what}"))
}

/// A byte as it stands in an address (RFC 3986 §2.1).
fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// Who may load a picture of a message by a pass: `what` is the part's place, or the address of one that lies elsewhere.
///
/// # Errors
/// Missing for a pass that is not ours, has ended, or is for something else.
pub fn holder(service: &Service, pass: &str, id: MessageId, what: &str, origin: Origin) -> Result<Actor> {
    let (holder, given) = pass.rsplit_once('.').ok_or(Error::Missing)?;
    // Their hashes are compared: how long that takes tells nothing.
    if crate::token_hash(given) != crate::token_hash(&proof(&service.token_key, id, what, holder)) {
        return Err(Error::Missing);
    }
    let mut parts = holder.split('.');
    let mut next = || parts.next().ok_or(Error::Missing);
    let until: i64 = read(next()?)?;
    let actor = Actor {
        organization_id: read::<OrganizationId>(next()?)?,
        member_id: read::<MemberId>(next()?)?,
        role: read::<Role>(next()?)?,
        origin,
    };
    if until < service.clock.now().unix_timestamp() { Err(Error::Missing) } else { Ok(actor) }
}

fn read<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::Missing)
}
