//! Gmail: the mails of a Google mailbox, and answers to them.
//!
//! Gmail API v1. Oddities:
//! - A message's source comes with `format=raw` only, base64url, one message a call. Lists name ids and nothing else.
//! - What changed is asked for from a `historyId` on, which is kept as the text that it is. Google keeps history for about a
//!   week, sometimes hours; an older one is 404, which means to read everything again. The id is taken before a first
//!   reading begins, so that nothing that comes meanwhile is missed; what is told twice is known by its id.
//! - Tokens of pages end, too: a page that is refused is read again from the beginning.
//! - A message lies nowhere: it has labels. One of `TRASH`, `SPAM`, `DRAFT`, `INBOX` and `SENT`, in this order, says where
//!   it is; none of them is the archive. What is labelled `CHAT` is no mail.
//! - A draft has another id after each change: drafts are left out.
//! - Google may put a `Message-ID` of its own in place of ours, and finds new mail by it only after a while. What is sent
//!   carries ours in [`MARK`] as well, which a look for it compares with the newest that were sent.
//! - A mail above 5 MB goes to the address for uploads. Google takes up to 35 MB of source and delivers up to 25 MB of files.
//! - Limits come as 429, or as 403 with a reason. The pause stands in the words, if anywhere: a minute is waited.
//! - The person is in the path: when somebody consents again for another mailbox, the one that is known is refused, not mixed.

mod refusal;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use model::{
    message::Address,
    metric::Account,
    provider::{Capability, CredentialKind, Descriptor, Scope, Setting},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use url::Url;

use crate::{
    Answer, Call, Change, Changes, Consent, Error, Exchange, Fault, Hosts, Http, Inbox, Limit, Lookup, Message, OAuth,
    Outgoing, Provider, Result, Sent, Settings, Tokens,
    google::{self, App},
    inbox::{FULL, found, gathered, gone, part, weight},
};

/// How many messages a page has: each of them is a call of its own.
const PAGE_SIZE: &str = "50";
/// How many records of history a page has.
const RECORDS: &str = "100";
/// How many messages are read at once.
const AT_ONCE: usize = 8;
/// A larger source is uploaded.
const UPLOADED: usize = 5_000_000;
/// How many of the newest that were sent are looked at for one whose fate is not known.
const NEWEST: &str = "20";
/// The header in which our id stays what it is.
const MARK: &str = "X-AudienceOS-Message-ID";
const CLIENT_ID: &str = "GOOGLE_CLIENT_ID";
const CLIENT_SECRET: &str = "GOOGLE_CLIENT_SECRET";
const SCOPES: &[Scope] = &[
    Scope {
        name: "https://www.googleapis.com/auth/gmail.readonly",
        gives: "the mails of the mailbox and the addresses that it writes as",
        required: true,
    },
    Scope { name: "https://www.googleapis.com/auth/gmail.send", gives: "sending answers", required: true },
];

static APP: App = App { id: CLIENT_ID, secret: CLIENT_SECRET, scopes: SCOPES };

static DESCRIPTOR: Descriptor = Descriptor {
    key: "gmail",
    name: "Gmail",
    gives: "The mails of a Gmail or Google Workspace mailbox, answered from here in the same conversation",
    capabilities: &[Capability::Inbox],
    credential: CredentialKind::OAuth2,
    fields: &[],
    scopes: SCOPES,
    settings: &[
        Setting {
            variable: CLIENT_ID,
            what: "The id of an OAuth client of the kind web application, in the Google Cloud console under APIs & \
                   Services, Credentials; the project needs the Gmail API switched on",
        },
        Setting { variable: CLIENT_SECRET, what: "The OAuth client's secret, beside its id" },
    ],
};

/// Gmail, for the registry.
pub(crate) const PROVIDER: Gmail = Gmail;

pub(crate) struct Gmail;

#[async_trait]
impl Provider for Gmail {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn base(&self) -> &'static str {
        "https://gmail.googleapis.com"
    }

    fn hosts(&self, replaced: Option<&Url>) -> Result<Hosts> {
        google::hosts(self.base(), replaced)
    }

    /// A message is 5 of the 250 units that a person has in a second.
    fn limit(&self) -> Limit {
        Limit { per_second: 40, burst: 40 }
    }

    fn fault(&self) -> Fault {
        refusal::fault
    }

    async fn accounts(&self, call: &Call<'_>) -> Result<Vec<Account>> {
        let profile: wire::Profile =
            call.http.get("gmail/v1/users/me/profile").bearer(&call.credential.access_token).send().await?;
        Ok(vec![profile.account()?])
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        Some(self)
    }

    fn inbox(&self) -> Option<&dyn Inbox> {
        Some(self)
    }
}

#[async_trait]
impl OAuth for Gmail {
    fn consent(&self, settings: &Settings, asked: &Consent<'_>) -> Result<Url> {
        APP.consent(settings, asked)
    }

    async fn exchange(&self, http: &Http, settings: &Settings, asked: &Exchange<'_>) -> Result<Tokens> {
        APP.exchange(http, settings, asked).await
    }

    async fn refresh(&self, http: &Http, settings: &Settings, refresh_token: &SecretString) -> Result<Tokens> {
        APP.refresh(http, settings, refresh_token).await
    }

    async fn revoke(&self, call: &Call<'_>, refresh_token: Option<&SecretString>) -> Result<()> {
        google::revoke(call, refresh_token).await
    }
}

/// Where a reading goes on.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "snake_case")]
enum Place {
    /// In the list of everything since `after` (seconds of Unix), begun when history was at `history`.
    List { history: String, after: i64, page: String },
    /// In what changed after `from`. While it is read, `page` is the next one and `to` where history was on the first.
    History {
        from: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
}

impl Place {
    fn read(cursor: &str) -> Result<Self> {
        serde_json::from_str(cursor).map_err(|_| Error::CursorExpired)
    }

    fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::Malformed(error.to_string()))
    }
}

#[async_trait]
impl Inbox for Gmail {
    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    async fn addresses(&self, call: &Call<'_>, account: &Account) -> Result<Vec<Address>> {
        let path = of(account, "settings/sendAs")?;
        let list: wire::SendAs = call.http.get(&path).bearer(&call.credential.access_token).send().await?;
        Ok(list.addresses(&account.external_id))
    }

    async fn changes(
        &self,
        call: &Call<'_>,
        account: &Account,
        cursor: Option<&str>,
        since: OffsetDateTime,
    ) -> Result<Changes> {
        match cursor.map(Place::read).transpose()? {
            None => {
                let path = of(account, "profile")?;
                let profile: wire::Profile = call.http.get(&path).bearer(&call.credential.access_token).send().await?;
                listed(call, account, profile.history_id, since.unix_timestamp(), None).await
            }
            Some(Place::List { history, after, page }) => listed(call, account, history, after, Some(&page)).await,
            Some(Place::History { from, page, to }) => changed(call, account, from, page.as_deref(), to).await,
        }
    }

    async fn message(&self, call: &Call<'_>, account: &Account, external_id: &str) -> Result<Option<Message>> {
        read(call, account, external_id).await
    }

    async fn send(&self, call: &Call<'_>, account: &Account, outgoing: &Outgoing<'_>) -> Result<Sent> {
        let mut source = format!("{MARK}: {}\r\n", marked(outgoing.message_id)?).into_bytes();
        source.extend(outgoing.with_blind()?);
        match post(call, account, &source, outgoing.thread).await {
            // The conversation is gone there, so nothing was sent: the mail goes out as the first of a new one.
            Err(Error::CursorExpired) if outgoing.thread.is_some() => post(call, account, &source, None).await,
            sent => sent,
        }
        .map_err(|error| match error {
            Error::CursorExpired => Error::Rejected("Gmail does not know this mailbox".into()),
            error => error,
        })
    }

    async fn find_sent(&self, call: &Call<'_>, account: &Account, message_id: &str) -> Result<Lookup> {
        let (path, message_id) = (of(account, "messages")?, marked(message_id)?);
        let list = || call.http.get(&path).bearer(&call.credential.access_token);
        let query = format!("rfc822msgid:{message_id}");
        let request = list().query("q", &query).query("includeSpamTrash", "true").query("maxResults", "1");
        let found: wire::List = request.send().await?;
        if let Some(found) = found.messages.into_iter().next() {
            return Ok(Lookup::Found(found.sent()));
        }
        let newest: wire::List = list().query("labelIds", "SENT").query("maxResults", NEWEST).send().await?;
        let http = call.http.beside(call.http.base().clone(), absent);
        for sent in newest.messages {
            let path = of(account, &format!("messages/{}", part(&sent.id)?))?;
            let request = http.get(&path).bearer(&call.credential.access_token).query("format", "metadata");
            match request.query("metadataHeaders", MARK).send::<wire::Headers>().await {
                Ok(headers) if headers.value(MARK) == Some(message_id) => return Ok(Lookup::Found(sent.sent())),
                Ok(_) | Err(Error::CursorExpired) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Lookup::Absent)
    }
}

/// A page of a first reading.
async fn listed(
    call: &Call<'_>,
    account: &Account,
    history: String,
    after: i64,
    page: Option<&str>,
) -> Result<Changes> {
    let (path, query) = (of(account, "messages")?, format!("after:{after}"));
    // A refusal of the first page is one of the mailbox, not of a page's token.
    let fault: Fault = if page.is_some() { outdated } else { refusal::fault };
    let http = call.http.beside(call.http.base().clone(), fault);
    let mut request = http.get(&path).bearer(&call.credential.access_token).query("q", &query);
    request = request.query("includeSpamTrash", "true").query("maxResults", PAGE_SIZE);
    if let Some(page) = page {
        request = request.query("pageToken", page);
    }
    let list: wire::List = request.send().await?;
    let touched = list.messages.into_iter().map(|message| (message.id, wire::Touch::Added)).collect();
    let changes = followed(call, account, touched).await?;
    let next = match list.next_page_token {
        Some(page) => Place::List { history, after, page },
        None => Place::History { from: history, page: None, to: None },
    };
    // What changed during the reading is there now.
    Ok(Changes { changes, cursor: next.text()?, more: true, left: None })
}

/// A page of what changed.
async fn changed(
    call: &Call<'_>,
    account: &Account,
    from: String,
    page: Option<&str>,
    to: Option<String>,
) -> Result<Changes> {
    let path = of(account, "history")?;
    let http = call.http.beside(call.http.base().clone(), outdated);
    let mut request = http.get(&path).bearer(&call.credential.access_token).query("startHistoryId", &from);
    request = request.query("maxResults", RECORDS);
    if let Some(page) = page {
        request = request.query("pageToken", page);
    }
    let history: wire::History = request.send().await?;
    let (touched, next) = (history.touched(), history.next_page_token);
    let changes = followed(call, account, touched).await?;
    let to = to.unwrap_or(history.history_id);
    let more = next.is_some();
    let next = match next {
        Some(page) => Place::History { from, page: Some(page), to: Some(to) },
        None => Place::History { from: to, page: None, to: None },
    };
    Ok(Changes { changes, cursor: next.text()?, more, left: None })
}

/// Reads what was touched, some messages at a time, until the page is full.
async fn followed(call: &Call<'_>, account: &Account, touched: Vec<(String, wire::Touch)>) -> Result<Vec<Change>> {
    let (mut all, mut bytes) = (Vec::with_capacity(touched.len()), 0);
    for some in touched.chunks(AT_ONCE) {
        let full = bytes >= FULL;
        let read = join_all(some.iter().map(|(id, touch)| follow(call, account, id, *touch, full))).await;
        bytes += weight(&read);
        all.extend(some.iter().map(|(id, _)| id.clone()).zip(read));
    }
    gathered(all)
}

async fn follow(
    call: &Call<'_>,
    account: &Account,
    id: &str,
    touch: wire::Touch,
    full: bool,
) -> Result<Option<Change>> {
    match touch {
        wire::Touch::Added if full => Ok(Some(Change::Left { external_id: id.to_owned() })),
        wire::Touch::Added => Ok(read(call, account, id).await?.map(Change::Message)),
        wire::Touch::Moved => {
            let labels: Option<wire::Labels> = get(call, account, id, "minimal").await?;
            Ok(labels.map(|labels| Change::Moved {
                external_id: id.to_owned(),
                place: labels.place(),
                seen: labels.seen(),
            }))
        }
        wire::Touch::Deleted => Ok(None),
    }
}

async fn read(call: &Call<'_>, account: &Account, id: &str) -> Result<Option<Message>> {
    let raw: Option<wire::Raw> = get(call, account, id, "raw").await?;
    Ok(raw.map(wire::Raw::message).transpose()?.flatten())
}

/// A message in some format; none when it is gone.
async fn get<T: serde::de::DeserializeOwned>(
    call: &Call<'_>,
    account: &Account,
    id: &str,
    format: &str,
) -> Result<Option<T>> {
    let path = of(account, &format!("messages/{}", part(id)?))?;
    let http = call.http.beside(call.http.base().clone(), absent);
    found(http.get(&path).bearer(&call.credential.access_token).query("format", format).send().await)
}

/// Sends once; a conversation that is gone is an expired cursor.
async fn post(call: &Call<'_>, account: &Account, source: &[u8], thread: Option<&str>) -> Result<Sent> {
    let path = of(account, "messages/send")?;
    let http = call.http.beside(call.http.base().clone(), unsent);
    let mut about = json!({});
    if let Some(thread) = thread {
        about["threadId"] = json!(thread);
    }
    let sent: wire::Named = if source.len() > UPLOADED {
        let border = hex::encode(Sha256::digest(source));
        let head = format!(
            "--{border}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{about}\r\n--{border}\r\n\
             Content-Type: message/rfc822\r\n\r\n"
        );
        let body = [head.as_bytes(), source, format!("\r\n--{border}--\r\n").as_bytes()].concat();
        let request = http.post(&format!("upload/{path}")).query("uploadType", "multipart");
        let kind = format!("multipart/related; boundary={border}");
        request.bearer(&call.credential.access_token).once().body(&kind, body).send().await?
    } else {
        about["raw"] = json!(URL_SAFE_NO_PAD.encode(source));
        http.post(&path).bearer(&call.credential.access_token).once().json(&about).send().await?
    };
    Ok(sent.sent())
}

/// The path of something of a mailbox.
fn of(account: &Account, rest: &str) -> Result<String> {
    Ok(format!("gmail/v1/users/{}/{rest}", part(&account.external_id)?))
}

/// A `Message-ID` that stands in a header and in a search.
fn marked(message_id: &str) -> Result<&str> {
    let good = message_id.contains('@') && message_id.bytes().all(|byte| byte.is_ascii_graphic());
    good.then_some(message_id).ok_or_else(|| Error::Rejected(format!("{message_id:?} is no Message-ID")))
}

/// "Not there" is told from other refusals.
fn absent(answer: &Answer) -> Option<Error> {
    gone(answer, refusal::fault)
}

/// What is said to a mail: a conversation that is gone, and a mail that is too large, are told from other refusals.
fn unsent(answer: &Answer) -> Option<Error> {
    match absent(answer)? {
        Error::Rejected(words) if answer.status.as_u16() == 413 => Some(Error::TooLarge(words)),
        error => Some(error),
    }
}

/// Where history and pages are too old, or not to be read, is told from other refusals.
fn outdated(answer: &Answer) -> Option<Error> {
    match absent(answer)? {
        Error::Rejected(_) if answer.status.as_u16() == 400 => Some(Error::CursorExpired),
        error => Some(error),
    }
}

#[cfg(test)]
mod tests;
