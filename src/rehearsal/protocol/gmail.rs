//! Gmail API v1 over REST: the agency's mailbox at Google, its labels, its history, and what is sent from it.
//!
//! Consent and tokens are Google's (`google`). A `historyId` is the number of what happened last; it is remembered for two weeks,
//! after which the answer is 404, as Google's is. Whole numbers are texts where Google has them so, what is empty is left out,
//! and lists name ids only. Of searches, those by time, place and `Message-ID` are rehearsed. Refusals and how a message is
//! told: `render`; sending: `send`.

mod render;
mod send;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use time::OffsetDateTime;

pub(super) use self::render::Refusal;
use super::{Answer, Desk, Question, google};
use crate::{
    mail::{INBOX, Mailbox, Opened, SENT, SPAM, State, TRASH, UNREAD, What},
    random::Key,
    talk::AGENCY,
    writes::Change,
};

/// The labels that every mailbox has.
const LABELS: [&str; 10] =
    [INBOX, SENT, "DRAFT", SPAM, TRASH, UNREAD, "STARRED", "IMPORTANT", "CATEGORY_PERSONAL", "CATEGORY_PROMOTIONS"];
const MAILBOX: Mailbox = Mailbox::Gmail;

/// Answers a question at a moment; no answer for a path that is not Gmail's.
pub fn answer(desk: &Desk, question: &Question, now: OffsetDateTime) -> Option<Answer> {
    let path = question.path.strip_prefix("/upload").unwrap_or(&question.path);
    let call = path.strip_prefix("/gmail/")?;
    Some(match ask(desk, question, call, now) {
        Ok(told) => Answer::json(200, &told),
        Err(refusal) => refusal.answer(),
    })
}

fn ask(desk: &Desk, question: &Question, call: &str, now: OffsetDateTime) -> Result<Value, Refusal> {
    if !google::may_mail(desk, question, now) {
        return Err(Refusal::unauthorized());
    }
    let (user, call) =
        call.strip_prefix("v1/users/").and_then(|call| call.split_once('/')).ok_or_else(Refusal::missing)?;
    let user = super::unescaped(user).to_lowercase();
    if user != "me" && user != MAILBOX.address() {
        return Err(Refusal::denied(format!("Delegation denied for {}", MAILBOX.address())));
    }
    let parts: Vec<String> = call.split('/').map(super::unescaped).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let view = View::new(desk, now, None);
    match (question.method.as_str(), parts.as_slice()) {
        ("GET", ["profile"]) => Ok(view.profile()),
        ("GET", ["labels"]) => {
            Ok(json!({ "labels": LABELS.map(|label| json!({ "id": label, "name": label, "type": "system" })) }))
        }
        ("GET", ["labels", label]) => view.label(label),
        ("GET", ["settings", "sendAs"]) => Ok(send_as()),
        ("GET", ["history"]) => history(&view, question),
        ("GET", ["messages"]) => messages(desk, question, now),
        ("GET", ["threads"]) => threads(desk, question, now),
        ("GET", ["messages", id]) => view.message(view.find(id)?, asked(question, "format")),
        ("GET", ["threads", id]) => view.thread(id, asked(question, "format")),
        ("GET", ["messages", id, "attachments", file]) => {
            render::file(&view.opened.source(&view.opened.letters[view.find(id)?]), file)
        }
        ("POST", ["messages", "send"]) => send::answer(desk, question, now, &view),
        ("POST", ["messages", id, how]) => {
            let place = view.find(id)?;
            let labels = |name: &str| -> Result<Vec<String>, Refusal> {
                let body: Value = serde_json::from_slice(&question.body).map_err(|_| Refusal::malformed())?;
                let named = body[name].as_array().into_iter().flatten().filter_map(Value::as_str);
                let named: Vec<String> = named.map(str::to_owned).collect();
                let unknown = named.iter().find(|label| !LABELS.contains(&label.as_str())).cloned();
                unknown.map_or(Ok(named), |label| Err(Refusal::invalid(&format!("Invalid label: {label}"))))
            };
            let (added, removed) = match *how {
                "modify" => (labels("addLabelIds")?, labels("removeLabelIds")?),
                "trash" => (vec![TRASH.to_owned()], vec![INBOX.to_owned()]),
                "untrash" => (vec![INBOX.to_owned()], vec![TRASH.to_owned()]),
                _ => return Err(Refusal::missing()),
            };
            let letter = view.opened.letters[place].key.clone();
            desk.write_mail(MAILBOX, now, Change::Labels { letter, added, removed });
            let view = View::new(desk, now, None);
            view.message(view.find(id)?, "minimal")
        }
        _ => Err(Refusal::missing()),
    }
}

fn asked<'a>(question: &'a Question, name: &str) -> &'a str {
    question.query.get(name).map_or("", String::as_str)
}

/// The mailbox as it stood after everything up to a number.
struct View<'a> {
    opened: Opened<'a>,
    until: u64,
    states: Vec<Option<State>>,
    /// Gmail's id of each letter.
    ids: Vec<String>,
    /// Gmail's id of each conversation: that of its first letter.
    threads: BTreeMap<String, String>,
}

impl<'a> View<'a> {
    fn new(desk: &'a Desk, now: OffsetDateTime, until: Option<u64>) -> Self {
        let opened = desk.open(MAILBOX, now);
        let until = until.unwrap_or(opened.now);
        let key = Key::new(desk.world.seed()).name("gmail");
        let id = |name: &str| format!("1{:015x}", key.name(name).stream().bits() >> 4);
        let ids: Vec<_> = opened.letters.iter().map(|letter| id(&letter.key)).collect();
        let mut threads = BTreeMap::new();
        for (letter, id) in opened.letters.iter().zip(&ids) {
            threads.entry(letter.conversation.clone()).or_insert_with(|| id.clone());
        }
        Self { until, states: opened.states(until), opened, ids, threads }
    }

    /// The places of the letters that are there, the newest first.
    fn places(&self) -> impl Iterator<Item = (usize, &State)> {
        self.states.iter().enumerate().rev().filter_map(|(place, state)| Some((place, state.as_ref()?)))
    }

    fn find(&self, id: &str) -> Result<usize, Refusal> {
        let found = self.places().find(|(place, _)| self.ids[*place] == id);
        found.map(|(place, _)| place).ok_or_else(Refusal::missing)
    }

    fn thread_of(&self, place: usize) -> &str {
        self.threads.get(&self.opened.letters[place].conversation).map_or("", String::as_str)
    }

    /// What lists tell of a letter.
    fn named(&self, place: usize) -> Value {
        json!({ "id": self.ids[place], "threadId": self.thread_of(place) })
    }

    fn message(&self, place: usize, format: &str) -> Result<Value, Refusal> {
        let (letter, Some(state)) = (&self.opened.letters[place], &self.states[place]) else {
            return Err(Refusal::missing());
        };
        let mut told = self.named(place);
        told["labelIds"] = json!(state.labels);
        told["historyId"] = json!(state.changed.to_string());
        told["internalDate"] = json!((letter.at.unix_timestamp_nanos() / 1_000_000).to_string());
        render::content(&mut told, &self.opened.source(letter), format)?;
        Ok(told)
    }

    fn thread(&self, id: &str, format: &str) -> Result<Value, Refusal> {
        let mut places: Vec<_> =
            self.places().map(|(place, _)| place).filter(|place| self.thread_of(*place) == id).collect();
        places.reverse();
        let messages = places.iter().map(|place| self.message(*place, format)).collect::<Result<Vec<_>, _>>()?;
        let changed = places.iter().filter_map(|place| Some(self.states[*place].as_ref()?.changed)).max();
        let changed = changed.ok_or_else(Refusal::missing)?;
        Ok(json!({ "id": id, "historyId": changed.to_string(), "messages": messages }))
    }

    fn profile(&self) -> Value {
        let threads: BTreeSet<_> = self.places().map(|(place, _)| self.thread_of(place)).collect();
        json!({ "emailAddress": MAILBOX.address(), "messagesTotal": self.places().count(),
            "threadsTotal": threads.len(), "historyId": self.until.to_string() })
    }

    fn label(&self, label: &str) -> Result<Value, Refusal> {
        if !LABELS.contains(&label) {
            return Err(Refusal::missing());
        }
        let all: Vec<_> = self.places().filter(|(_, state)| state.labels.contains(label)).collect();
        let unread = all.iter().filter(|(_, state)| state.labels.contains(UNREAD)).count();
        Ok(
            json!({ "id": label, "name": label, "type": "system", "messagesTotal": all.len(), "messagesUnread": unread }),
        )
    }
}

fn send_as() -> Value {
    let one = |address: &str, own: bool| {
        json!({ "sendAsEmail": address, "displayName": AGENCY, "replyToAddress": "", "signature": "", "isPrimary": own,
            "isDefault": own, "treatAsAlias": !own, "verificationStatus": "accepted" })
    };
    json!({ "sendAs": [one(MAILBOX.address(), true), one(MAILBOX.alias(), false)] })
}

/// How many entries of a list are wanted.
fn size(question: &Question) -> Result<usize, Refusal> {
    match asked(question, "maxResults") {
        "" => Ok(100),
        text => text.parse().map(|size: usize| size.clamp(1, 500)).map_err(|_| Refusal::invalid("Invalid maxResults")),
    }
}

/// Where a page begins: the number up to which the list is told, and how far it was told.
fn page(question: &Question) -> Result<Option<(u64, u64)>, Refusal> {
    let token = asked(question, "pageToken");
    if token.is_empty() {
        return Ok(None);
    }
    let both = token.split_once('.').and_then(|(until, from)| Some((until.parse().ok()?, from.parse().ok()?)));
    both.map(Some).ok_or_else(|| Refusal::invalid("Invalid pageToken"))
}

/// The places that a list asks for, of one page, the newest first, and the token of the next.
fn listed<'a>(
    desk: &'a Desk,
    question: &Question,
    now: OffsetDateTime,
    each: impl Fn(&View<'_>, Vec<usize>) -> Vec<usize>,
) -> Result<(View<'a>, Vec<usize>, usize, Option<String>), Refusal> {
    let (size, page) = (size(question)?, page(question)?);
    let view = View::new(desk, now, page.map(|(until, _)| until));
    let mut places = vec![];
    for (place, state) in view.places() {
        if wanted(&view, question, place, state)? {
            places.push(place);
        }
    }
    let places = each(&view, places);
    let from = page.map_or(0, |(_, from)| usize::try_from(from).unwrap_or(usize::MAX));
    let some: Vec<_> = places.iter().copied().skip(from).take(size).collect();
    let next = (from.saturating_add(size) < places.len()).then(|| format!("{}.{}", view.until, from + size));
    Ok((view, some, places.len(), next))
}

/// Whether a list is to have a letter.
fn wanted(view: &View<'_>, question: &Question, place: usize, state: &State) -> Result<bool, Refusal> {
    let letter = &view.opened.letters[place];
    let labels = asked(question, "labelIds").split(',').filter(|label| !label.is_empty());
    let mut all = labels.clone().all(|label| state.labels.contains(label));
    let hidden = [SPAM, TRASH].into_iter().filter(|label| state.labels.contains(*label));
    let mut shown = asked(question, "includeSpamTrash") == "true"
        || hidden.clone().all(|one| labels.clone().any(|label| label == one));
    for term in asked(question, "q").split_whitespace() {
        let (name, value) = term.split_once(':').unwrap_or((term, ""));
        let moment = || value.parse::<i64>().map_err(|_| Refusal::invalid("Only seconds since 1970 are rehearsed"));
        all &= match name {
            "after" => letter.at.unix_timestamp() > moment()?,
            "before" => letter.at.unix_timestamp() < moment()?,
            "rfc822msgid" => letter.id == value.trim_matches(['<', '>']),
            "in" if value == "anywhere" => {
                shown = true;
                true
            }
            "in" | "is" | "label" => {
                let label = value.to_uppercase();
                shown |= [SPAM, TRASH].contains(&label.as_str());
                state.labels.contains(&label)
            }
            _ => return Err(Refusal::invalid(&format!("A search for {term} is not rehearsed"))),
        };
    }
    Ok(all && shown)
}

fn messages(desk: &Desk, question: &Question, now: OffsetDateTime) -> Result<Value, Refusal> {
    let (view, places, count, next) = listed(desk, question, now, |_, places| places)?;
    let mut told = json!({ "resultSizeEstimate": count });
    if !places.is_empty() {
        told["messages"] = places.iter().map(|place| view.named(*place)).collect();
    }
    if let Some(next) = next {
        told["nextPageToken"] = json!(next);
    }
    Ok(told)
}

/// The newest letter stands for its conversation.
fn newest(view: &View<'_>, places: Vec<usize>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    places.into_iter().filter(|place| seen.insert(view.thread_of(*place).to_owned())).collect()
}

fn threads(desk: &Desk, question: &Question, now: OffsetDateTime) -> Result<Value, Refusal> {
    let (view, places, count, next) = listed(desk, question, now, newest)?;
    let mut told = json!({ "resultSizeEstimate": count });
    let one = |place: &usize| {
        let changed = view.states[*place].as_ref().map(|state| state.changed.to_string());
        json!({ "id": view.thread_of(*place), "historyId": changed,
            "snippet": render::snippet(&view.opened.source(&view.opened.letters[*place])) })
    };
    if !places.is_empty() {
        told["threads"] = places.iter().map(one).collect();
    }
    if let Some(next) = next {
        told["nextPageToken"] = json!(next);
    }
    Ok(told)
}

/// What happened after a number, the first first.
fn history(view: &View<'_>, question: &Question) -> Result<Value, Refusal> {
    let since: u64 =
        asked(question, "startHistoryId").parse().map_err(|_| Refusal::invalid("Invalid startHistoryId"))?;
    if !view.opened.remembers(since) {
        return Err(Refusal::missing());
    }
    let (until, from) = page(question)?.unwrap_or((view.until, since));
    let (size, label) = (size(question)?, asked(question, "labelId"));
    let kinds: Vec<&str> = asked(question, "historyTypes").split(',').filter(|kind| !kind.is_empty()).collect();
    let (mut records, mut next) = (vec![], None);
    let mut last = from;
    for event in view.opened.events.iter().filter(|event| from < event.number && event.number <= until) {
        let Some(state) = &view.states[event.letter] else { continue };
        let mut message = view.named(event.letter);
        let mut record = json!({ "id": event.number.to_string(), "messages": [message.clone()] });
        message["labelIds"] = json!(state.labels);
        let mut put = |kind: &str, name: &str, entry: Value| {
            if kinds.is_empty() || kinds.contains(&kind) {
                record[name] = json!([entry]);
            }
        };
        match &event.what {
            What::Came => put("messageAdded", "messagesAdded", json!({ "message": message })),
            What::Labels { added, removed } => {
                for (kind, name, labels) in
                    [("labelAdded", "labelsAdded", added), ("labelRemoved", "labelsRemoved", removed)]
                {
                    if !labels.is_empty() {
                        put(kind, name, json!({ "message": message, "labelIds": labels }));
                    }
                }
            }
        }
        let named = record.as_object().is_some_and(|record| record.len() > 2);
        if !named || (!label.is_empty() && !state.labels.contains(label)) {
            continue;
        }
        if records.len() == size {
            next = Some(format!("{until}.{last}"));
            break;
        }
        last = event.number;
        records.push(record);
    }
    let mut told = json!({ "historyId": until.to_string() });
    if !records.is_empty() {
        told["history"] = Value::Array(records);
    }
    if let Some(next) = next {
        told["nextPageToken"] = json!(next);
    }
    Ok(told)
}

#[cfg(test)]
mod tests;
