//! Any mailbox that speaks IMAP (RFC 3501, 9051) and SMTP submission (RFC 6409), with Yahoo's and AOL's servers known beforehand.
//!
//! A session is opened for each call and closed after it. Nothing is marked as seen: folders are opened for reading only. Oddities:
//! - A message has no id that lasts: its number (UID) is unique in its folder while the folder's UIDVALIDITY stays. Our id is
//!   `UIDVALIDITY.UID.folder`. A message that somebody moves has another id from then on, and all have one when UIDVALIDITY
//!   changes: that folder is read again from its beginning. Who stores messages must therefore know one again that came under
//!   another id by its `Message-ID` and its source, take over the newer id and place, and overlook [`Change::Gone`](crate::Change::Gone) of an id that
//!   it no longer holds. What is gone comes last on its page, when the message's new place was read.
//! - Of every folder only those with a meaning are read: inbox, sent, archive, junk and trash, by SPECIAL-USE (RFC 6154) or by the
//!   names that are usual. Gmail's "All Mail" is none of them: it holds everything a second time.
//! - A search whose connection ends, or a fetch that is refused, looks like one with fewer results in `async-imap`: commands are
//!   sent and their answers read here, up to the tagged one.
//! - Without CONDSTORE (RFC 7162; Yahoo lacks it) what was seen meanwhile is told by comparing which messages are unseen.
//! - Yahoo, AOL and Gmail keep a copy of what is sent by themselves; elsewhere we put it into the folder, after looking for it.
//!   There nobody can say that a message was not sent ([`Lookup::Impossible`]).
//! - Yahoo and others take an app password only, and lock accounts after some wrong ones: each is tried once.
//! - Servers that people name are called at public addresses only, over TLS only; the operator's own setting may name others, as
//!   `imaps://host:993/?smtp=smtps://host:465` (`imap:` and `smtp:` begin with STARTTLS, `imap-plain:` and `smtp-plain:` stay plain).
//! - `async-imap` writes what it sends, passwords included, to the most detailed log: the server's log leaves that module out.

mod cursor;
mod folder;
mod place;
mod reading;
mod refusal;
mod sending;
mod session;
mod uids;
mod wire;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use model::{
    message::Address,
    metric::Account,
    provider::{Capability, CredentialKind, Descriptor, Field},
};
use place::{ADDRESS, IMAP_HOST, IMAP_PORT, SMTP_HOST, SMTP_PORT, Servers, USER_NAME};
use session::Session;
use time::OffsetDateTime;
use url::Url;

use crate::{
    ACCESS_TOKEN, Asks, Call, Changes, Error, Fault, Hosts, Inbox, Limit, Lookup, Message, Outgoing, Provider, Result,
    Sent, Told, Typed, standard,
};

/// A copy that the server makes itself may come so much later than the message was taken.
const LAG: Duration = Duration::from_secs(5);
/// Servers end an IDLE after half an hour (RFC 2177).
const LONGEST_WAIT: Duration = Duration::from_secs(25 * 60);

static DESCRIPTOR: Descriptor = Descriptor {
    key: "imap",
    name: "Mailbox (IMAP)",
    gives: "The messages of a mailbox at Yahoo, AOL or any server that speaks IMAP, and answers sent from it",
    capabilities: &[Capability::Inbox],
    credential: CredentialKind::Fields,
    fields: &[
        Field {
            name: ADDRESS,
            label: "E-mail address",
            help: "For Yahoo and AOL this and the app password are enough",
            secret: false,
            required: true,
        },
        Field {
            name: ACCESS_TOKEN,
            label: "App password",
            help: "Without its spaces. At Yahoo: Account info, Security, Generate app password. Where a server has no app \
                   passwords, the mailbox's own",
            secret: true,
            required: true,
        },
        Field {
            name: IMAP_HOST,
            label: "IMAP server",
            help: "Where it is not Yahoo or AOL, such as imap.example.com",
            secret: false,
            required: false,
        },
        Field {
            name: IMAP_PORT,
            label: "IMAP port",
            help: "993 if nothing is typed; any other port begins with STARTTLS",
            secret: false,
            required: false,
        },
        Field {
            name: SMTP_HOST,
            label: "SMTP server",
            help: "Where it is not Yahoo or AOL, such as smtp.example.com",
            secret: false,
            required: false,
        },
        Field {
            name: SMTP_PORT,
            label: "SMTP port",
            help: "465 if nothing is typed; any other port, such as 587, begins with STARTTLS",
            secret: false,
            required: false,
        },
        Field {
            name: USER_NAME,
            label: "User name",
            help: "Where it is not the address",
            secret: false,
            required: false,
        },
    ],
    scopes: &[],
    settings: &[],
};

/// Mailboxes over IMAP, for the registry.
pub(crate) const PROVIDER: Imap = Imap;

pub(crate) struct Imap;

#[async_trait]
impl Provider for Imap {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn base(&self) -> &'static str {
        "imaps://imap.mail.yahoo.com:993/?smtp=smtps://smtp.mail.yahoo.com:465"
    }

    fn hosts_for(&self, fields: &BTreeMap<String, String>, replaced: Option<&Url>) -> Result<Hosts> {
        let api = place::base(fields, replaced)?;
        Ok(Hosts { consent: api.clone(), tokens: api.clone(), api })
    }

    fn asks(&self) -> Option<Asks> {
        Some(Asks { field: ADDRESS, tidy: |typed| typed.trim().to_lowercase() })
    }

    /// Nothing of it is HTTP; sessions are opened one after another.
    fn limit(&self) -> Limit {
        Limit { per_second: 1, burst: 5 }
    }

    fn fault(&self) -> Fault {
        standard
    }

    async fn accounts(&self, call: &Call<'_>) -> Result<Vec<Account>> {
        let mut session = open(call).await?;
        let folders = session.folders().await?;
        session.close().await;
        if folders.is_empty() {
            return Err(Error::Malformed("the mailbox has no inbox".into()));
        }
        let address = address(call)?;
        Ok(vec![Account {
            external_id: address.to_owned(),
            name: address.to_owned(),
            currency: String::new(),
            time_zone: String::new(),
            manager_id: None,
        }])
    }

    fn typed(&self) -> Option<&dyn Typed> {
        Some(self)
    }

    fn inbox(&self) -> Option<&dyn Inbox> {
        Some(self)
    }
}

#[async_trait]
impl Typed for Imap {
    /// Tries both servers, the one that reads first: a wrong password is tried there only.
    async fn granted(&self, call: &Call<'_>) -> Result<Vec<String>> {
        let tried = async {
            open(call).await?.close().await;
            sending::try_out(call).await
        };
        match tried.await {
            Ok(()) => Ok(Vec::new()),
            // Who types the name of a server can mend it.
            Err(Error::Unavailable(words)) if place::typed(&call.credential.fields) => {
                Err(Error::Rejected(format!("{words}. Check the names and ports of the servers")))
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Inbox for Imap {
    fn every(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn addresses(&self, call: &Call<'_>, _: &Account) -> Result<Vec<Address>> {
        Ok(vec![Address { name: String::new(), address: address(call)?.to_owned() }])
    }

    async fn changes(
        &self,
        call: &Call<'_>,
        _: &Account,
        cursor: Option<&str>,
        since: OffsetDateTime,
    ) -> Result<Changes> {
        // Read before anybody is asked: a cursor of another kind begins anew.
        let cursor = cursor.map(cursor::Cursor::read).transpose()?.unwrap_or_default();
        let mut session = open(call).await?;
        let changes = reading::changes(&mut session, cursor, since).await?;
        session.close().await;
        Ok(changes)
    }

    async fn message(&self, call: &Call<'_>, _: &Account, external_id: &str) -> Result<Option<Message>> {
        let id = reading::Id::read(external_id)?;
        let mut session = open(call).await?;
        let message = reading::message(&mut session, &id).await?;
        session.close().await;
        Ok(message)
    }

    async fn send(&self, call: &Call<'_>, _: &Account, outgoing: &Outgoing<'_>) -> Result<Sent> {
        sending::send(call, outgoing).await?;
        // From here on it was sent, whatever becomes of the copy.
        match keep_copy(call, outgoing).await {
            Ok(sent) => Ok(sent),
            Err(error) => {
                tracing::warn!(%error, "a message was sent, and no copy could be put among those that were sent");
                Ok(Sent::default())
            }
        }
    }

    async fn find_sent(&self, call: &Call<'_>, _: &Account, message_id: &str) -> Result<Lookup> {
        let mut session = open(call).await?;
        let mut found = session.find_sent(message_id).await?;
        let saves = place::saves_sent(&call.credential.fields);
        if saves && found.is_none() {
            tokio::time::sleep(LAG).await;
            found = session.find_sent(message_id).await?;
        }
        session.close().await;
        Ok(match found {
            Some(id) => Lookup::Found(Sent { external_id: Some(id.to_string()), thread: None }),
            None if saves => Lookup::Absent,
            None => Lookup::Impossible,
        })
    }

    fn tells(&self) -> bool {
        true
    }

    async fn wait(&self, call: &Call<'_>, _: &Account, mark: Option<&str>, at_most: Duration) -> Result<Told> {
        open(call).await?.wait(mark, at_most.min(LONGEST_WAIT)).await
    }
}

/// Puts a copy among what was sent, unless the server does so itself or one is there already.
async fn keep_copy(call: &Call<'_>, outgoing: &Outgoing<'_>) -> Result<Sent> {
    if place::saves_sent(&call.credential.fields) {
        return Ok(Sent::default());
    }
    let mut session = open(call).await?;
    let mut found = session.find_sent(outgoing.message_id).await?;
    if found.is_none() && session.append_sent(outgoing.source).await? {
        found = session.find_sent(outgoing.message_id).await?;
    }
    session.close().await;
    Ok(Sent { external_id: found.map(|id| id.to_string()), thread: None })
}

async fn open(call: &Call<'_>) -> Result<Session> {
    let Servers { imap, .. } = Servers::of(call.http.base())?;
    let fields = &call.credential.fields;
    Session::open(&imap, user(call)?, &call.credential.access_token, place::domain(fields)).await
}

fn address<'a>(call: &Call<'a>) -> Result<&'a str> {
    place::address(&call.credential.fields)
}

fn user<'a>(call: &Call<'a>) -> Result<&'a str> {
    let typed = call.credential.fields.get(USER_NAME).map(String::as_str).filter(|name| !name.is_empty());
    typed.map_or_else(|| address(call), Ok)
}
