//! Microsoft Graph v1.0, mail: the agency's mailbox at Microsoft, its folders, what changed in each, and what is sent from it.
//!
//! Lists of changes (`delta`) are told by folder: a message that was moved is removed in one and new in the other. A link to
//! what changed is remembered for two weeks, after which the answer is 410. An id is another in another folder, unless the
//! question prefers immutable ones. Mail is sent as the base64 of its source and answered 202 without a word; the copy lies
//! among those that were sent at once. Consent and tokens: `consent`; how a message is told and refusals: `render`.

mod consent;
mod render;

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(super) use self::render::Refusal;
use super::{Answer, Desk, Question, encoded, text};
use crate::{
    mail::{INBOX, Labels, Letter, Mailbox, Opened, SENT, SPAM, State, TRASH, UNREAD},
    random::Key,
    talk::AGENCY,
    writes::Change,
};

const MAILBOX: Mailbox = Mailbox::Outlook;
/// Microsoft's own names of the folders, what people call them, and the label that says a message lies there.
const FOLDERS: [(&str, &str, &str); 6] = [
    ("inbox", "Inbox", INBOX),
    ("sentitems", "Sent Items", SENT),
    ("archive", "Archive", ""),
    ("junkemail", "Junk Email", SPAM),
    ("deleteditems", "Deleted Items", TRASH),
    ("drafts", "Drafts", "DRAFT"),
];

/// Answers a question at a moment; no answer for a path that is not Microsoft's.
pub fn answer(desk: &Desk, question: &Question, now: OffsetDateTime) -> Option<Answer> {
    if question.path.contains("/oauth2/v2.0/") {
        return Some(consent::answer(desk, question, now));
    }
    let call = question.path.strip_prefix("/v1.0/")?;
    Some(ask(desk, question, call, now).unwrap_or_else(|refusal| refusal.answer()))
}

fn ask(desk: &Desk, question: &Question, call: &str, now: OffsetDateTime) -> Result<Answer, Refusal> {
    if !consent::allowed(desk, question, now) {
        return Err(Refusal::unauthorized());
    }
    let parts: Vec<String> = call.split('/').map(super::unescaped).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let view = View::new(desk, question, now);
    let told = match (question.method.as_str(), parts.as_slice()) {
        ("GET", ["me"]) => view.me(),
        ("GET", ["me", "mailFolders"]) => json!({ "value": FOLDERS.map(|(name, ..)| view.folder(name)) }),
        ("GET", ["me", "mailFolders", folder]) => view.folder(view.known(folder)?),
        ("GET", ["me", "mailFolders", folder, "childFolders"]) => {
            view.known(folder)?;
            json!({ "value": [] })
        }
        ("GET", ["me", "mailFolders", folder, "messages", "delta"]) => view.delta(view.known(folder)?)?,
        ("GET", ["me", "mailFolders", folder, "messages"]) => view.messages(Some(view.known(folder)?))?,
        ("GET", ["me", "messages"]) => view.messages(None)?,
        ("GET", ["me", "messages", id]) => view.told(view.find(id)?),
        ("GET", ["me", "messages", id, "$value"]) => {
            let source = view.opened.source(&view.opened.letters[view.find(id)?]);
            return Ok(Answer { status: 200, headers: vec![("content-type", "text/plain".into())], body: source });
        }
        ("GET", ["me", "messages", id, "attachments"]) => {
            render::files(&view.opened.source(&view.opened.letters[view.find(id)?]))
        }
        ("PATCH", ["me", "messages", id]) => {
            let seen =
                body(question)?["isRead"].as_bool().ok_or_else(|| Refusal::invalid("Only isRead is rehearsed."))?;
            let (added, removed) = if seen { (vec![], vec![UNREAD]) } else { (vec![UNREAD], vec![]) };
            view.label(desk, now, id, &added, &removed)?
        }
        ("POST", ["me", "messages", id, "move"]) => {
            let to = body(question)?["destinationId"].as_str().unwrap_or_default().to_owned();
            let to = view.known(&to)?;
            let labels =
                FOLDERS.map(|(name, _, label)| (name, label)).into_iter().filter(|(_, label)| !label.is_empty());
            let (added, removed): (Vec<_>, Vec<_>) = labels.partition(|(name, _)| *name == to);
            let only = |all: Vec<(&str, &'static str)>| all.into_iter().map(|(_, label)| label).collect::<Vec<_>>();
            let told = view.label(desk, now, id, &only(added), &only(removed))?;
            return Ok(Answer::json(201, &told));
        }
        ("POST", ["me", "sendMail"]) => {
            send(desk, question, now, &view)?;
            return Ok(Answer { status: 202, headers: vec![], body: String::new() });
        }
        _ => return Err(Refusal::unknown(&question.path)),
    };
    Ok(Answer::json(200, &told))
}

fn body(question: &Question) -> Result<Value, Refusal> {
    serde_json::from_slice(&question.body).map_err(|_| Refusal::invalid("Unable to read JSON request payload."))
}

fn send(desk: &Desk, question: &Question, now: OffsetDateTime, view: &View<'_>) -> Result<(), Refusal> {
    let kind = question.headers.get("content-type").map_or("", String::as_str);
    if !kind.starts_with("text/plain") {
        return Err(Refusal::invalid("Only mail as MIME is rehearsed."));
    }
    let packed: Vec<u8> = question.body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let source = STANDARD.decode(packed).ok().filter(|source| !source.is_empty());
    let source = source.ok_or_else(|| Refusal::mime("Invalid base64 string for MIME content."))?;
    let source = text(&source);
    if !Opened::addressed(&source) {
        return Err(Refusal::recipients());
    }
    let conversation = view.opened.conversation(&source).map(str::to_owned);
    desk.write_mail(MAILBOX, now, Change::Sent { source, conversation, recipients: vec![] });
    Ok(())
}

/// Where a list of changes goes on.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// What happened until then was told before; nothing was if it is 0.
    since: u64,
    until: u64,
    from: usize,
    /// Seconds since 1970: what came before is not told.
    floor: i64,
}

/// The mailbox as who asks sees it.
struct View<'a> {
    question: &'a Question,
    seed: u64,
    opened: Opened<'a>,
    states: Vec<Option<State>>,
}

/// In which folder a message with these labels lies.
fn place_of(labels: &Labels) -> &'static str {
    let order = ["deleteditems", "junkemail", "inbox", "sentitems"];
    let lies = |name: &&str| FOLDERS.iter().any(|(known, _, label)| known == name && labels.contains(*label));
    order.into_iter().find(lies).unwrap_or("archive")
}

impl<'a> View<'a> {
    fn new(desk: &'a Desk, question: &'a Question, now: OffsetDateTime) -> Self {
        let opened = desk.open(MAILBOX, now);
        let states = opened.states(opened.now);
        Self { question, seed: desk.world.seed(), opened, states }
    }

    fn asked(&self, name: &str) -> &str {
        self.question.query.get(name).map_or("", String::as_str)
    }

    fn prefers(&self, what: &str) -> Option<&str> {
        let mut all = self.question.headers.get("prefer")?.split(',').map(str::trim);
        all.find_map(|one| one.strip_prefix(what))
    }

    fn select(&self) -> Vec<&str> {
        self.asked("$select").split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
    }

    /// An id as Microsoft's look.
    fn id(&self, kind: &str, of: &str) -> String {
        let mut stream = Key::new(self.seed).name("outlook").name(kind).name(of).stream();
        format!("{kind}{:016x}{:016x}{:016x}=", stream.bits(), stream.bits(), stream.bits())
    }

    /// A message's id: the one that lasts, and the one that it has in its folder.
    fn ids(&self, letter: &Letter, folder: &str) -> [String; 2] {
        [self.id("AAkALg", &letter.key), self.id("AAMkAG", &format!("{} {folder}", letter.key))]
    }

    fn id_in(&self, place: usize, folder: &str) -> String {
        let [lasting, other] = self.ids(&self.opened.letters[place], folder);
        if self.prefers("IdType=").is_some_and(|kind| kind.contains("ImmutableId")) { lasting } else { other }
    }

    fn find(&self, id: &str) -> Result<usize, Refusal> {
        let is = |place: &usize| {
            let state = self.states[*place].as_ref();
            state.is_some_and(|state| {
                self.ids(&self.opened.letters[*place], place_of(&state.labels)).iter().any(|one| one == id)
            })
        };
        (0..self.states.len()).find(is).ok_or_else(Refusal::missing)
    }

    /// The name of a folder that is given by its name or id.
    fn known(&self, folder: &str) -> Result<&'static str, Refusal> {
        let is = |name: &&str| *name == folder.to_lowercase() || self.id("AQMkAD", name) == folder;
        FOLDERS.iter().map(|(name, ..)| *name).find(is).ok_or_else(Refusal::missing)
    }

    fn me(&self) -> Value {
        let (given, family) = AGENCY.split_once(' ').unwrap_or((AGENCY, ""));
        let mut told = json!({ "id": self.id("", "me"), "displayName": AGENCY, "givenName": given, "surname": family,
            "mail": MAILBOX.address(), "userPrincipalName": MAILBOX.address() });
        // Only told when it is asked for.
        if self.select().contains(&"proxyAddresses") {
            told["proxyAddresses"] =
                json!([format!("SMTP:{}", MAILBOX.address()), format!("smtp:{}", MAILBOX.alias())]);
        }
        self.selected(told)
    }

    /// What of an answer was asked for; its id always.
    fn selected(&self, mut told: Value) -> Value {
        let select = self.select();
        if let (Some(fields), false) = (told.as_object_mut(), select.is_empty()) {
            fields.retain(|name, _| name == "id" || name.starts_with('@') || select.contains(&name.as_str()));
        }
        told
    }

    fn folder(&self, name: &'static str) -> Value {
        let called = FOLDERS.iter().find(|(known, ..)| *known == name).map_or("", |(_, called, _)| *called);
        let inside: Vec<_> = self.states.iter().flatten().filter(|state| place_of(&state.labels) == name).collect();
        let unread = inside.iter().filter(|state| state.labels.contains(UNREAD)).count();
        self.selected(json!({ "id": self.id("AQMkAD", name), "displayName": called,
            "parentFolderId": self.id("AQMkAD", "root"), "childFolderCount": 0, "unreadItemCount": unread,
            "totalItemCount": inside.len(), "sizeInBytes": 0, "isHidden": false }))
    }

    /// A message as it is now, which is there.
    fn told(&self, place: usize) -> Value {
        match &self.states[place] {
            Some(state) => self.told_in(place, state),
            None => Value::Null,
        }
    }

    fn told_in(&self, place: usize, state: &State) -> Value {
        let (letter, folder) = (&self.opened.letters[place], place_of(&state.labels));
        let moment = letter.at.format(&Rfc3339).unwrap_or_default();
        let (id, tag) = (self.id_in(place, folder), format!("CQAAABYAAAD{:x}", state.changed));
        let mut fields = Map::new();
        let cheap = json!({ "@odata.etag": format!("W/\"{tag}\""), "id": id, "createdDateTime": moment,
            "lastModifiedDateTime": moment, "changeKey": tag, "categories": [], "receivedDateTime": moment,
            "sentDateTime": moment, "internetMessageId": format!("<{}>", letter.id), "importance": "normal",
            "parentFolderId": self.id("AQMkAD", folder), "conversationId": self.id("AAQkAG", &letter.conversation),
            "isDeliveryReceiptRequested": null, "isReadReceiptRequested": false,
            "isRead": !state.labels.contains(UNREAD), "isDraft": false,
            "inferenceClassification": "focused", "flag": { "flagStatus": "notFlagged" } });
        if let Value::Object(cheap) = cheap {
            fields.extend(cheap);
        }
        // Nothing is parsed for what is not asked for.
        let select = self.select();
        if select.is_empty() || select.iter().any(|name| !fields.contains_key(*name)) {
            render::content(&mut fields, &self.opened.source(letter), select.contains(&"internetMessageHeaders"));
        }
        self.selected(Value::Object(fields))
    }

    fn label(
        &self,
        desk: &Desk,
        now: OffsetDateTime,
        id: &str,
        added: &[&str],
        removed: &[&str],
    ) -> Result<Value, Refusal> {
        let place = self.find(id)?;
        let letter = self.opened.letters[place].key.clone();
        let texts = |of: &[&str]| of.iter().map(|label| (*label).to_owned()).collect();
        let (added, removed) = (texts(added), texts(removed));
        desk.write_mail(MAILBOX, now, Change::Labels { letter, added, removed });
        Ok(View::new(desk, self.question, now).told(place))
    }

    fn link(&self, path: &str, token: &str) -> Value {
        let host = self.question.headers.get("host").map_or("localhost", String::as_str);
        let select = match self.asked("$select") {
            "" => String::new(),
            select => format!("&$select={}", encoded(select)),
        };
        json!(format!("http://{host}/v1.0/me/{path}?{token}{select}"))
    }

    /// How many entries a page has.
    fn size(&self, name: &str, usual: usize) -> Result<usize, Refusal> {
        match self.asked(name) {
            "" => Ok(usual),
            text => text.parse().map_err(|_| Refusal::invalid(&format!("Invalid value for {name}."))),
        }
    }

    /// The newest messages, of one folder or all.
    fn messages(&self, folder: Option<&'static str>) -> Result<Value, Refusal> {
        let (top, skip) = (self.size("$top", 10)?.clamp(1, 1000), self.size("$skip", 0)?);
        let wanted = Wanted::read(self.asked("$filter"))?;
        let all: Vec<usize> = (0..self.states.len())
            .rev()
            .filter(|place| {
                let state = self.states[*place].as_ref();
                state.is_some_and(|state| folder.is_none_or(|folder| place_of(&state.labels) == folder))
            })
            .filter(|place| wanted.has(&self.opened.letters[*place]))
            .collect();
        let some: Vec<_> = all.iter().skip(skip).take(top).map(|place| self.told(*place)).collect();
        let mut told = json!({ "value": some });
        if skip.saturating_add(top) < all.len() {
            let path = folder.map_or_else(|| "messages".to_owned(), |folder| format!("mailFolders/{folder}/messages"));
            let filter = match self.asked("$filter") {
                "" => String::new(),
                filter => format!("&$filter={}", encoded(filter)),
            };
            told["@odata.nextLink"] = self.link(&path, &format!("$top={top}&$skip={}{filter}", skip + top));
        }
        Ok(told)
    }

    /// What changed in a folder.
    fn delta(&self, folder: &'static str) -> Result<Value, Refusal> {
        let Round { since, until, from, floor } = self.round()?;
        let (before, now) = (self.opened.states(since), self.opened.states(until));
        let lies = |state: Option<&State>| state.is_some_and(|state| place_of(&state.labels) == folder);
        let mut touched: Vec<_> = (0..now.len())
            .filter_map(|place| Some((place, now[place].as_ref()?)))
            .filter(|(place, state)| state.changed > since && self.opened.letters[*place].at.unix_timestamp() >= floor)
            .filter(|(place, state)| lies(Some(*state)) || lies(before[*place].as_ref()))
            .collect();
        if since == 0 {
            touched.reverse(); // the newest first
        } else {
            touched.sort_by_key(|(_, state)| state.changed);
        }
        let size =
            self.prefers("odata.maxpagesize=").and_then(|size| size.parse().ok()).unwrap_or(10_usize).clamp(1, 1000);
        let one = |(place, state): &(usize, &State)| match lies(Some(*state)) {
            true => self.told_in(*place, state),
            false => json!({ "@removed": { "reason": "deleted" }, "id": self.id_in(*place, folder) }),
        };
        let some: Vec<_> = touched.iter().skip(from).take(size).map(one).collect();
        let mut told = json!({ "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Collection(message)", "value": some });
        let path = format!("mailFolders/{}/messages/delta", encoded(&self.id("AQMkAD", folder)));
        if from.saturating_add(size) < touched.len() {
            let token = format!("$skiptoken={since}-{until}-{}-{floor}", from + size);
            told["@odata.nextLink"] = self.link(&path, &token);
        } else {
            told["@odata.deltaLink"] = self.link(&path, &format!("$deltatoken={until}-{floor}"));
        }
        Ok(told)
    }

    fn round(&self) -> Result<Round, Refusal> {
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok()).ok_or_else(Refusal::expired);
        let latest = self.opened.now;
        let (skip, delta) = (self.asked("$skiptoken"), self.asked("$deltatoken"));
        let mut parts = if skip.is_empty() { delta.split('-') } else { skip.split('-') };
        let small = |number: u64| i64::try_from(number).map_err(|_| Refusal::expired());
        let round = if !skip.is_empty() {
            let (since, until) = (number(parts.next())?, number(parts.next())?);
            let from = usize::try_from(number(parts.next())?).map_err(|_| Refusal::expired())?;
            Round { since, until, from, floor: small(number(parts.next())?)? }
        } else if !delta.is_empty() {
            Round { since: number(parts.next())?, until: latest, from: 0, floor: small(number(parts.next())?)? }
        } else {
            let floor = Wanted::read(self.asked("$filter"))?.since.map_or(0, |since| since.unix_timestamp().max(0));
            Round { since: 0, until: latest, from: 0, floor }
        };
        let oldest = if round.since == 0 { round.until } else { round.since };
        if self.opened.remembers(oldest) { Ok(round) } else { Err(Refusal::expired()) }
    }
}

/// What a `$filter` asks for.
#[derive(Debug, Default)]
struct Wanted {
    since: Option<OffsetDateTime>,
    ids: BTreeSet<String>,
}

impl Wanted {
    fn read(filter: &str) -> Result<Self, Refusal> {
        let mut wanted = Self::default();
        for term in filter.split(" and ").map(str::trim).filter(|term| !term.is_empty()) {
            let refusal = || Refusal::invalid(&format!("Invalid filter clause: {term} is not rehearsed."));
            if let Some(since) = term.strip_prefix("receivedDateTime ge ") {
                wanted.since = Some(OffsetDateTime::parse(since, &Rfc3339).map_err(|_| refusal())?);
            } else {
                let id = term.strip_prefix("internetMessageId eq '").and_then(|rest| rest.strip_suffix('\''));
                wanted.ids.insert(id.ok_or_else(refusal)?.replace("''", "'"));
            }
        }
        Ok(wanted)
    }

    fn has(&self, letter: &Letter) -> bool {
        let named = self.ids.is_empty() || self.ids.contains(&format!("<{}>", letter.id));
        named && self.since.is_none_or(|since| letter.at >= since)
    }
}

#[cfg(test)]
mod tests;
