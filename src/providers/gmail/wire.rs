//! What Gmail sends, and what it means: lenient about what is not used, strict about what is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{
    message::{Address, Place},
    metric::Account,
};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::{Content, Error, Message, Result, Sent};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    email_address: String,
    pub history_id: String,
}

impl Profile {
    pub fn account(&self) -> Result<Account> {
        let address = self.email_address.trim().to_lowercase();
        if !address.contains('@') {
            return Err(Error::Malformed("the mailbox has no address".into()));
        }
        Ok(Account {
            external_id: address.clone(),
            name: address,
            currency: String::new(),
            time_zone: String::new(),
            manager_id: None,
        })
    }
}

/// A list of messages. That it says how many there are about tells an empty one from something else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List {
    #[serde(default)]
    pub messages: Vec<Named>,
    pub next_page_token: Option<String>,
    #[serde(rename = "resultSizeEstimate")]
    _about: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    pub id: String,
    thread_id: Option<String>,
}

impl Named {
    pub fn sent(self) -> Sent {
        Sent { external_id: Some(self.id), thread: self.thread_id }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Labels {
    #[serde(default)]
    label_ids: Vec<String>,
    #[serde(rename = "id")]
    _id: String,
}

impl Labels {
    pub fn place(&self) -> Place {
        place(&self.label_ids)
    }

    pub fn seen(&self) -> bool {
        seen(&self.label_ids)
    }
}

/// What somebody wrote to themselves came in, too.
const PLACES: [(&str, Place); 5] = [
    ("TRASH", Place::Trash),
    ("SPAM", Place::Spam),
    ("DRAFT", Place::Draft),
    ("INBOX", Place::Inbox),
    ("SENT", Place::Sent),
];

fn has(labels: &[String], name: &str) -> bool {
    labels.iter().any(|label| label == name)
}

fn place(labels: &[String]) -> Place {
    PLACES.into_iter().find(|(name, _)| has(labels, name)).map_or(Place::Archive, |(_, place)| place)
}

fn seen(labels: &[String]) -> bool {
    !has(labels, "UNREAD")
}

/// A message with its source.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Raw {
    id: String,
    thread_id: Option<String>,
    #[serde(default)]
    label_ids: Vec<String>,
    internal_date: String,
    raw: Option<String>,
}

impl Raw {
    /// None of what is no mail.
    pub fn message(self) -> Result<Option<Message>> {
        if has(&self.label_ids, "CHAT") {
            return Ok(None);
        }
        let broken = |what: &str| Error::Malformed(format!("message {} has no {what}", self.id));
        let at = self.internal_date.parse::<i64>().ok().map(|milliseconds| i128::from(milliseconds) * 1_000_000);
        let at = at.and_then(|nanoseconds| OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok());
        let at = at.ok_or_else(|| broken("time that can be read"))?;
        let raw = self.raw.as_deref().ok_or_else(|| broken("source"))?;
        let source =
            URL_SAFE_NO_PAD.decode(raw.trim_end_matches('=')).map_err(|_| broken("source that can be read"))?;
        Ok(Some(Message {
            place: place(&self.label_ids),
            seen: seen(&self.label_ids),
            external_id: self.id,
            thread: self.thread_id,
            at,
            content: Content::Mail(source),
        }))
    }
}

/// The headers of a message that were asked for.
#[derive(Deserialize)]
pub(super) struct Headers {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

impl Headers {
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut headers = self.payload.headers.iter();
        headers.find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.trim())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct History {
    #[serde(default)]
    history: Vec<Record>,
    pub history_id: String,
    pub next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    messages_added: Vec<About>,
    #[serde(default)]
    messages_deleted: Vec<About>,
    #[serde(default)]
    labels_added: Vec<About>,
    #[serde(default)]
    labels_removed: Vec<About>,
}

#[derive(Deserialize)]
struct About {
    message: Named,
}

/// What happened to a message, in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    /// It may be new.
    Added,
    /// Its labels are others.
    Moved,
    /// It is gone.
    Deleted,
}

impl History {
    /// Each message once, in the order in which they were touched first: a new one stays new whatever became of its labels.
    pub fn touched(&self) -> Vec<(String, Touch)> {
        let mut all: Vec<(String, Touch)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        let mut note = |about: &About, touch: Touch| {
            let place = *places.entry(about.message.id.clone()).or_insert_with(|| {
                all.push((about.message.id.clone(), touch));
                all.len() - 1
            });
            if touch != Touch::Moved {
                all[place].1 = touch;
            }
        };
        for record in &self.history {
            record.messages_added.iter().for_each(|about| note(about, Touch::Added));
            record.labels_added.iter().chain(&record.labels_removed).for_each(|about| note(about, Touch::Moved));
            record.messages_deleted.iter().for_each(|about| note(about, Touch::Deleted));
        }
        all
    }
}

/// The addresses that a mailbox writes as.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendAs {
    send_as: Vec<Alias>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alias {
    send_as_email: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    is_default: bool,
    /// Said of aliases of other domains only.
    verification_status: Option<String>,
}

impl SendAs {
    /// The one that it writes as by itself first; those that nobody has confirmed yet are left out. The mailbox's own is
    /// always among them.
    pub fn addresses(mut self, own: &str) -> Vec<Address> {
        self.send_as.retain(|alias| alias.verification_status.as_deref().is_none_or(|status| status == "accepted"));
        self.send_as.sort_by_key(|alias| !alias.is_default);
        let address = |alias: Alias| Address { name: alias.display_name, address: alias.send_as_email.to_lowercase() };
        let mut addresses: Vec<_> = self.send_as.into_iter().map(address).collect();
        if !addresses.iter().any(|address| address.address == own) {
            addresses.push(Address { name: String::new(), address: own.to_owned() });
        }
        addresses
    }
}
