//! Outlook: the mails of a mailbox at Microsoft, and answers to them: Microsoft 365, Outlook.com, Hotmail, Live, MSN.
//!
//! Microsoft Graph v1.0 and the common endpoint of Microsoft's identity platform, which takes work and personal accounts
//! alike. Oddities:
//! - What changed is told by folder only, so every folder has a link of its own. The links are Microsoft's: of each only path
//!   and query are kept and used, at the host that we are bound to. Folders are looked up anew with each round; one that
//!   is new is read from its beginning.
//! - An old link is 410, which means to read everything again.
//! - An id changes when a message is moved, unless `IdType="ImmutableId"` is asked for with every call.
//! - A message that left a folder is "removed" there, whether it was moved or thrown away: it is looked for by its id.
//! - A line about a message that changed may hold nothing but what changed. A whole one may be of a message that is new: it
//!   is read, and told again as moved, so that what is known already is set right.
//! - The source is a call of its own for each message (`$value`).
//! - A first reading that is narrowed to a time is said to name no more than 5,000 messages of a folder, the newest. We have seen
//!   neither that nor the contrary.
//! - Drafts keep their id while they change and when they are sent: their folder is not read, and drafts elsewhere are left out.
//! - A mail is sent as the source in base64, and answered 202 with nothing. Microsoft takes requests up to 4 MB: what is
//!   larger is refused here. The copy among those that were sent comes a moment later.
//! - A conversation is found by the mail's own `References`; nothing can be said about it when sending.
//! - Refresh tokens rotate. Microsoft has no call that takes one permission back, only one that signs the person out
//!   everywhere, which is nobody's wish here: the person does it on Microsoft's own page.
//! - Four calls at once for a mailbox, 10,000 in ten minutes.

mod folders;
mod refusal;
mod wire;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use folders::{Cursor, Folder};
use futures_util::future::join_all;
use model::{
    message::{Address, Place},
    metric::Account,
    provider::{Capability, CredentialKind, Descriptor, Scope, Setting},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use url::Url;

use crate::{
    Answer, Call, Change, Changes, Consent, Content, Error, Exchange, Fault, Hosts, Http, Inbox, Limit, Lookup,
    Message, OAuth, Outgoing, Provider, Request, Result, Sent, Settings, Tokens, address,
    inbox::{FULL, found, gathered, gone, part, weight},
    page_of,
};

/// How many messages are read at once: Microsoft's own bound.
const AT_ONCE: usize = 4;
/// What every call asks for; the second part counts for lists of changes only.
const PREFER: &str = "IdType=\"ImmutableId\", odata.maxpagesize=50";
/// What is asked about a message.
const STATE: &str = "isRead,isDraft,receivedDateTime,conversationId,parentFolderId";
/// The largest mail as it is sent, in base64.
const LARGEST: usize = 4_000_000;
/// What stands before a scope's name where it is asked for, and may be left out where it was granted.
const RESOURCE: &str = "https://graph.microsoft.com/";
const CLIENT_ID: &str = "MICROSOFT_CLIENT_ID";
const CLIENT_SECRET: &str = "MICROSOFT_CLIENT_SECRET";
const SCOPES: &[Scope] = &[
    Scope { name: "User.Read", gives: "the addresses of the mailbox", required: true },
    Scope { name: "Mail.Read", gives: "the mails of the mailbox", required: true },
    Scope { name: "Mail.Send", gives: "sending answers", required: true },
];

static DESCRIPTOR: Descriptor = Descriptor {
    key: "outlook",
    name: "Outlook",
    gives: "The mails of a mailbox at Microsoft 365, Outlook.com, Hotmail, Live or MSN, answered from here in the same \
            conversation",
    capabilities: &[Capability::Inbox],
    credential: CredentialKind::OAuth2,
    fields: &[],
    scopes: SCOPES,
    settings: &[
        Setting {
            variable: CLIENT_ID,
            what: "The application (client) id of an app registration in Microsoft Entra for accounts of any \
                   organization and personal Microsoft accounts, with the delegated permissions Mail.Read, Mail.Send and \
                   User.Read of Microsoft Graph",
        },
        Setting {
            variable: CLIENT_SECRET,
            what: "The value of a client secret of that registration; it ends some day",
        },
    ],
};

/// Outlook, for the registry.
pub(crate) const PROVIDER: Outlook = Outlook;

pub(crate) struct Outlook;

#[async_trait]
impl Provider for Outlook {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn base(&self) -> &'static str {
        "https://graph.microsoft.com"
    }

    fn hosts(&self, replaced: Option<&Url>) -> Result<Hosts> {
        let api = replaced.cloned().map_or_else(|| address(self.base()), Ok)?;
        let sign_in = replaced.cloned().map_or_else(|| address("https://login.microsoftonline.com/common"), Ok)?;
        Ok(Hosts { api, consent: sign_in.clone(), tokens: sign_in })
    }

    fn limit(&self) -> Limit {
        Limit { per_second: 15, burst: 20 }
    }

    fn fault(&self) -> Fault {
        refusal::fault
    }

    /// The inbox is asked for as well: not everybody who can sign in has one.
    async fn accounts(&self, call: &Call<'_>) -> Result<Vec<Account>> {
        let me: wire::Me = get(call, "me").query("$select", "displayName,mail,userPrincipalName").send().await?;
        get(call, "me/mailFolders/inbox").query("$select", "id").send::<wire::Id>().await?;
        Ok(vec![me.account()?])
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        Some(self)
    }

    fn inbox(&self) -> Option<&dyn Inbox> {
        Some(self)
    }
}

#[async_trait]
impl OAuth for Outlook {
    fn consent(&self, settings: &Settings, asked: &Consent<'_>) -> Result<Url> {
        let mut url = page_of(asked.base, "oauth2/v2.0/authorize");
        url.query_pairs_mut()
            .append_pair("client_id", settings.get(CLIENT_ID)?.expose_secret())
            .append_pair("redirect_uri", asked.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("response_mode", "query")
            .append_pair("scope", &scopes())
            // Whoever is signed in already may want another mailbox.
            .append_pair("prompt", "select_account")
            .append_pair("state", asked.state)
            .append_pair("code_challenge", asked.code_challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    async fn exchange(&self, http: &Http, settings: &Settings, asked: &Exchange<'_>) -> Result<Tokens> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", asked.code),
            ("redirect_uri", asked.redirect_uri),
            ("code_verifier", asked.code_verifier),
        ];
        // A used or foreign code is `invalid_grant` too, but no connection is there yet that could wait for "Reconnect".
        match tokens(http, settings, &fields).await {
            Err(Error::Unauthorized(words)) => Err(Error::Rejected(words)),
            result => result,
        }
    }

    /// Once: where an answer is lost, the old token may be dead and asking again with it ends the connection.
    async fn refresh(&self, http: &Http, settings: &Settings, refresh_token: &SecretString) -> Result<Tokens> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        tokens(http, settings, &fields).await
    }

    async fn revoke(&self, _: &Call<'_>, _: Option<&SecretString>) -> Result<()> {
        Err(Error::Rejected(
            "Microsoft takes a permission back on its own pages only: myapps.microsoft.com for work accounts, \
             account.live.com/consent/Manage for personal ones"
                .into(),
        ))
    }
}

/// What is asked for; `offline_access` brings a refresh token and is never among what was granted.
fn scopes() -> String {
    let names: Vec<_> = SCOPES.iter().map(|scope| format!("{RESOURCE}{}", scope.name)).collect();
    format!("offline_access {}", names.join(" "))
}

async fn tokens(http: &Http, settings: &Settings, fields: &[(&str, &str)]) -> Result<Tokens> {
    let (id, secret, scopes) = (settings.get(CLIENT_ID)?, settings.get(CLIENT_SECRET)?, scopes());
    let mut form =
        vec![("client_id", id.expose_secret()), ("client_secret", secret.expose_secret()), ("scope", scopes.as_str())];
    form.extend_from_slice(fields);
    let given: wire::Token = http.post("oauth2/v2.0/token").once().hide(id).form(&form).send().await?;
    Ok(Tokens {
        access_token: given.access_token,
        refresh_token: given.refresh_token,
        expires_in: given.expires_in.map(Duration::from_secs),
        scopes: given.scope.split_whitespace().map(|name| name.trim_start_matches(RESOURCE).to_owned()).collect(),
        fields: BTreeMap::new(),
    })
}

#[async_trait]
impl Inbox for Outlook {
    fn every(&self) -> Duration {
        Duration::from_secs(600)
    }

    /// Personal accounts have no list of further addresses, and an administrator may withhold it.
    async fn addresses(&self, call: &Call<'_>, account: &Account) -> Result<Vec<Address>> {
        let fields = "displayName,mail,userPrincipalName,proxyAddresses";
        let me: wire::Me = match get(call, "me").query("$select", fields).send().await {
            Err(Error::Rejected(_)) => {
                get(call, "me").query("$select", "displayName,mail,userPrincipalName").send().await?
            }
            me => me?,
        };
        Ok(me.addresses(&account.external_id))
    }

    async fn changes(
        &self,
        call: &Call<'_>,
        _: &Account,
        cursor: Option<&str>,
        since: OffsetDateTime,
    ) -> Result<Changes> {
        let mut cursor = match cursor {
            Some(text) => Cursor::read(text)?,
            None => Cursor::new(since),
        };
        if cursor.between_rounds() {
            cursor.begin(folders::all(call).await?);
        }
        loop {
            let Some(folder) = cursor.folder() else {
                return Err(Error::Malformed("the mailbox has no folder".into()));
            };
            let page = page(call, folder, cursor.since()?).await?;
            let changes = followed(call, folder, cursor.places(), page.value).await?;
            let ended = page.next.is_none();
            cursor.turn(page.next, page.delta)?;
            let more = !cursor.between_rounds();
            // Folders in which nothing happened are passed at once; one that goes on is given in its own pages.
            if !changes.is_empty() || !more || !ended {
                return Ok(Changes { changes, cursor: cursor.text()?, more, left: None });
            }
        }
    }

    async fn message(&self, call: &Call<'_>, _: &Account, external_id: &str) -> Result<Option<Message>> {
        let Some(state) = state(call, external_id).await? else { return Ok(None) };
        let places = folders::well_known(call).await?;
        let place = state.parent_folder_id.as_ref().and_then(|id| places.get(id)).copied().unwrap_or(Place::Archive);
        read(call, &state, place).await
    }

    async fn send(&self, call: &Call<'_>, _: &Account, outgoing: &Outgoing<'_>) -> Result<Sent> {
        let body = STANDARD.encode(outgoing.with_blind()?);
        if body.len() > LARGEST {
            return Err(Error::TooLarge("Microsoft takes mails up to 3 MB, files included".into()));
        }
        let request = call.http.post("v1.0/me/sendMail").bearer(&call.credential.access_token).once();
        let answer = request.body("text/plain", body.into_bytes()).answer().await?;
        if !answer.body.is_empty() {
            return Err(Error::Malformed("Microsoft said something where it says nothing".into()));
        }
        Ok(Sent::default())
    }

    async fn find_sent(&self, call: &Call<'_>, _: &Account, message_id: &str) -> Result<Lookup> {
        let wanted = format!("internetMessageId eq '<{}>'", message_id.replace('\'', "''"));
        let request = get(call, "me/messages").query("$filter", &wanted).query("$select", STATE);
        let found: wire::List<wire::State> = request.send().await?;
        let sent = found.value.into_iter().find(|found| found.is_draft != Some(true));
        Ok(match sent {
            Some(found) => Lookup::Found(Sent { external_id: Some(found.id), thread: found.conversation_id }),
            // Microsoft nowhere promises that a mail keeps the id that it was sent with: what is not found may have gone all the same.
            None => Lookup::Impossible,
        })
    }
}

/// A call of what lies under `path`.
fn get<'a>(call: &Call<'a>, path: &str) -> Request<'a> {
    ready(call.http.get(&format!("v1.0/{path}")), call)
}

fn ready<'a>(request: Request<'a>, call: &Call<'_>) -> Request<'a> {
    request.bearer(&call.credential.access_token).header("prefer", PREFER)
}

/// What lies behind a link that Microsoft gave; it is none that it gave to somebody else.
async fn linked<T: DeserializeOwned>(call: &Call<'_>, link: &str) -> Result<T> {
    let (path, query) = link.split_once('?').map_or((link, None), |(path, query)| (path, Some(query)));
    let http = call.http.beside(call.http.base().clone(), absent);
    ready(http.get(path).signed(query), call).send().await
}

/// The next page of a folder.
async fn page(call: &Call<'_>, folder: &Folder, since: String) -> Result<wire::Page> {
    if let Some(link) = &folder.link {
        return linked(call, link).await;
    }
    let path = format!("me/mailFolders/{}/messages/delta", part(&folder.id)?);
    let request = get(call, &path).query("$select", STATE).query("$filter", &format!("receivedDateTime ge {since}"));
    request.query("$orderby", "receivedDateTime desc").send().await
}

/// Reads what a page of a folder names, some messages at a time, until the page is full.
async fn followed(
    call: &Call<'_>,
    folder: &Folder,
    places: &BTreeMap<String, Place>,
    named: Vec<wire::State>,
) -> Result<Vec<Change>> {
    let (mut all, mut moved, mut bytes) = (Vec::with_capacity(named.len()), Vec::new(), 0);
    for some in named.chunks(AT_ONCE) {
        let full = bytes >= FULL;
        let read = join_all(some.iter().map(|state| follow(call, folder, places, state, full))).await;
        bytes += weight(&read);
        for (state, read) in some.iter().zip(read) {
            if let (Ok(Some(Change::Message(message))), true) = (&read, folder.known) {
                let (external_id, place, seen) = (state.id.clone(), message.place, message.seen);
                moved.push((external_id.clone(), Ok(Some(Change::Moved { external_id, place, seen }))));
            }
            all.push((state.id.clone(), read));
        }
    }
    all.extend(moved);
    gathered(all)
}

async fn follow(
    call: &Call<'_>,
    folder: &Folder,
    places: &BTreeMap<String, Place>,
    named: &wire::State,
    full: bool,
) -> Result<Option<Change>> {
    if named.removed.is_none() && named.received_at.is_some() {
        if full {
            return Ok(Some(Change::Left { external_id: named.id.clone() }));
        }
        return Ok(read(call, named, folder.place).await?.map(Change::Message));
    }
    let now = state(call, &named.id).await?;
    Ok(now.map(|now| {
        let draft = now.is_draft == Some(true);
        let place = now.parent_folder_id.as_ref().and_then(|id| places.get(id)).copied().unwrap_or(Place::Archive);
        let place = if draft { Place::Draft } else { place };
        Change::Moved { external_id: named.id.clone(), place, seen: now.is_read == Some(true) }
    }))
}

/// What is so of a message now; none when it is gone.
async fn state(call: &Call<'_>, id: &str) -> Result<Option<wire::State>> {
    let http = call.http.beside(call.http.base().clone(), absent);
    let path = format!("v1.0/me/messages/{}", part(id)?);
    found(ready(http.get(&path), call).query("$select", STATE).send().await)
}

/// The message with its source; none when it is gone meanwhile, or a draft.
async fn read(call: &Call<'_>, state: &wire::State, place: Place) -> Result<Option<Message>> {
    let at = state.at()?;
    if state.is_draft == Some(true) {
        return Ok(None);
    }
    let http = call.http.beside(call.http.base().clone(), absent);
    let path = format!("v1.0/me/messages/{}/$value", part(&state.id)?);
    let answer = found(ready(http.get(&path), call).answer().await)?;
    Ok(answer.map(|answer| Message {
        external_id: state.id.clone(),
        thread: state.conversation_id.clone(),
        at,
        place,
        seen: state.is_read == Some(true),
        content: Content::Mail(answer.body),
    }))
}

/// "Not there" and links that are too old are told from other refusals.
fn absent(answer: &Answer) -> Option<Error> {
    gone(answer, refusal::fault)
}

#[cfg(test)]
mod tests;
