//! People at the clients and what they write to the agency: about what happens, about nothing much, late and in time.
//!
//! Letters of a day depend on that day alone, and letters about something planted come after it began. An answer of the
//! agency's comes within a day or late; whoever waits asks again. To add a reason to write, add it to `stories` or `ROUTINE`.

use serde::Serialize;
use time::{Date, Duration, OffsetDateTime, Time, Weekday};

use crate::{
    ads::number,
    client::Client,
    clock,
    mail::Mailbox,
    planted::{Kind, Planted},
    random::{Key, Stream},
    words,
    world::World,
};

mod texts;

/// Somebody at a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// The client's place.
    pub client: usize,
    /// Given and family name.
    pub name: String,
    /// What they do there.
    pub role: &'static str,
    /// The address.
    pub email: String,
}

/// What kind of letter it is, as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Post {
    /// Somebody wrote it.
    Letter,
    /// Sent to a list (`List-Unsubscribe`).
    Newsletter,
    /// Answered by a machine (`Auto-Submitted: auto-replied`).
    OutOfOffice,
}

/// What a letter is in truth. Not for the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// Somebody wants to know something.
    Question,
    /// Somebody is not content.
    Complaint,
    /// Somebody is content.
    Praise,
    /// Somebody asks again, having waited.
    Chaser,
    /// The agency answers within a day.
    Answer,
    /// The agency answers after days.
    LateAnswer,
    /// Nobody wrote it.
    Automatic,
}

/// A message between a client and the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Unique in the world; fit for a `Message-ID`.
    pub id: String,
    /// The id of the first message of its conversation.
    pub conversation: String,
    /// The message that it answers.
    pub in_reply_to: Option<String>,
    /// The client's place.
    pub client: usize,
    /// The writer's name.
    pub from_name: String,
    /// The writer's address.
    pub from: String,
    /// The reader's address.
    pub to: String,
    /// Whether the agency wrote it.
    pub outbound: bool,
    /// What kind it is.
    pub post: Post,
    /// The subject.
    pub subject: String,
    /// The text, in lines.
    pub text: String,
    /// When, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub sent_at: OffsetDateTime,
    #[serde(skip)]
    pub(crate) mood: Mood,
    /// The place of the planted event that it is about.
    #[serde(skip)]
    pub(crate) about: Option<usize>,
}

/// Who answers at the agency. The address is that of the client's [`Mailbox`].
pub const AGENCY: &str = "Mara Lind";
const ROLES: [&str; 3] = ["Founder", "Head of marketing", "Shop manager"];

/// Why somebody writes.
pub(crate) struct Reason {
    pub mood: Mood,
    pub subject: &'static str,
    pub text: &'static str,
    pub answer: &'static str,
}

impl World {
    /// The people at a client.
    pub fn contacts(&self, client: &Client) -> Vec<Contact> {
        let key = self.plan.key.name("contact").number(client.index as u64);
        let one = |(at, role): (u64, &'static str)| {
            let (given, family) = words::person(&mut key.number(at).stream());
            // Two people of a client may share a given name, so the role is in the address of all but the founder.
            let local = if at == 0 { given.to_lowercase() } else { format!("{}.{at}", given.to_lowercase()) };
            let email = format!("{local}@{}", client.domain());
            Contact { client: client.index, name: format!("{given} {family}"), role, email }
        };
        (0..).zip(ROLES).map(one).collect()
    }

    /// The messages of a client from `since` to `until` (both included) and no later than the end of today, the first first.
    pub fn messages(&self, client: &Client, since: OffsetDateTime, until: OffsetDateTime) -> Vec<Message> {
        let until = until.min(self.end_of(client, self.today()));
        let all = self.letters(client).iter();
        all.filter(|message| since <= message.sent_at && message.sent_at <= until).cloned().collect()
    }

    /// What is written from and to a client on the world's days, and answered after them; the first first.
    pub(crate) fn drawn_letters(&self, client: &Client) -> Vec<Message> {
        let contacts = self.contacts(client);
        let mut messages = vec![];
        for day in clock::days(self.first(), self.today()) {
            let key = self.plan.key.name("talk").number(client.index as u64).number(number(day));
            let mut mail = Mail { client, contacts: &contacts, day, messages: &mut messages };
            mail.routine(key.name("routine"));
            for (at, event) in self.planted().iter().enumerate().filter(|(_, event)| event.client == client.index) {
                mail.story(key.name("story").number(at as u64), at, event);
            }
            mail.newsletter(key.name("newsletter"));
        }
        messages.sort_by(|one, other| (one.sent_at, &one.id).cmp(&(other.sent_at, &other.id)));
        messages
    }
}

/// The letters of one client that begin on one day.
struct Mail<'a> {
    client: &'a Client,
    contacts: &'a [Contact],
    day: Date,
    messages: &'a mut Vec<Message>,
}

impl Mail<'_> {
    fn routine(&mut self, key: Key) {
        let mut stream = key.stream();
        let weekend = self.day.weekday().number_days_from_monday() >= 5;
        if stream.chance(if weekend { 0.03 } else { 0.20 }) {
            let reason = stream.pick(&texts::ROUTINE);
            self.conversation(key, &mut stream, reason, None);
        }
    }

    /// What is written about a planted event, each some days after it began.
    fn story(&mut self, key: Key, at: usize, event: &Planted) {
        let Some(first) = event.first else { return };
        let days = (self.day - first).whole_days();
        let after_end = event.last.map(|last| (self.day - last).whole_days());
        let reason = match event.kind {
            Kind::Collapse if days == 2 => &texts::COLLAPSE,
            Kind::Collapse if after_end == Some(3) => &texts::RECOVERED,
            Kind::TrackingOutage if days == 2 => &texts::OUTAGE,
            Kind::ChangePoint if days == 12 && event.size.is_some_and(|size| size < 1.0) => &texts::FEWER,
            Kind::ChangePoint if days == 12 => &texts::MORE,
            Kind::Fatigue if days == 21 => &texts::FATIGUE,
            _ => return,
        };
        self.conversation(key, &mut key.name("letter").stream(), reason, Some(at));
    }

    fn newsletter(&mut self, key: Key) {
        let mut stream = key.stream();
        if self.day.weekday() != Weekday::Tuesday || !stream.chance(0.5) {
            return;
        }
        let (name, subject, text) = *stream.pick(&texts::NEWSLETTERS);
        let from = format!("news@{}.example", crate::client::slug(name));
        let sent_at = self.moment(&mut stream, 6, 10);
        let (post, mood) = (Post::Newsletter, Mood::Automatic);
        let id = self.id(key, 0);
        self.messages.push(Message {
            conversation: id.clone(),
            id,
            in_reply_to: None,
            client: self.client.index,
            from_name: name.into(),
            from,
            to: Mailbox::of(self.client.index).address().into(),
            outbound: false,
            post,
            subject: subject.into(),
            text: text.into(),
            sent_at,
            mood,
            about: None,
        });
    }

    /// A letter with what follows from it.
    fn conversation(&mut self, key: Key, stream: &mut Stream, reason: &Reason, about: Option<usize>) {
        let contact = &self.contacts[stream.below(self.contacts.len())];
        let product = *stream.pick(&self.client.trade.products);
        let weekday = self.day.previous_day().and_then(Date::previous_day).map_or(Weekday::Monday, Date::weekday);
        let (given, weekday) = (contact.name.split(' ').next().unwrap_or_default(), weekday.to_string());
        let fill =
            |text: &str| text.replace("{product}", product).replace("{weekday}", &weekday).replace("{name}", given);
        let subject = fill(reason.subject);
        let opened = self.moment(stream, 7, 20);
        let first = self.id(key, 0);
        let base = Message {
            id: first.clone(),
            conversation: first.clone(),
            in_reply_to: None,
            client: self.client.index,
            from_name: contact.name.clone(),
            from: contact.email.clone(),
            to: Mailbox::of(self.client.index).address().into(),
            outbound: false,
            post: Post::Letter,
            subject: subject.clone(),
            text: format!("{}\n\n{given}", fill(reason.text)),
            sent_at: opened,
            mood: reason.mood,
            about,
        };
        let reply = |at: u64, to: &str, mood: Mood, text: String, sent_at: OffsetDateTime| Message {
            id: self.id(key, at),
            in_reply_to: Some(to.into()),
            subject: format!("Re: {subject}"),
            mood,
            text,
            sent_at,
            ..base.clone()
        };
        let late = stream.chance(0.15);
        let wait = if late { stream.whole(72 * 60, 140 * 60) } else { stream.whole(40, 20 * 60) };
        let answered = opened + Duration::minutes(wait);
        let mut follow = vec![];
        let mut last = first.clone();
        if late {
            let asked = opened + Duration::minutes(stream.whole(44 * 60, 60 * 60));
            follow.push(reply(1, &last, Mood::Chaser, format!("{}\n\n{given}", stream.pick(&texts::CHASERS)), asked));
            last = self.id(key, 1);
        }
        let opening = if late { "Sorry that this took us so long. " } else { "" };
        let mood = if late { Mood::LateAnswer } else { Mood::Answer };
        let text = format!("Hello {given},\n\n{opening}{}\n\n{}", fill(reason.answer), AGENCY);
        let answer = reply(2, &last, mood, text, answered);
        let (from, to) = (Mailbox::of(self.client.index).address().to_owned(), contact.email.clone());
        follow.push(Message { outbound: true, from_name: AGENCY.into(), from, to, ..answer });
        // People are away more often in high summer and around the new year.
        let away = matches!((u8::from(self.day.month()), self.day.day()), (8, _) | (12, 20..) | (1, 1..=3));
        if stream.chance(if away { 0.30 } else { 0.05 }) {
            let back = (answered.date() + Duration::days(stream.whole(3, 14))).to_string();
            let text = texts::AWAY.replace("{back}", &back);
            let sent_at = answered + Duration::seconds(stream.whole(4, 50));
            let away = reply(3, &self.id(key, 2), Mood::Automatic, text, sent_at);
            follow.push(Message {
                subject: format!("Automatic reply: Re: {subject}"),
                post: Post::OutOfOffice,
                ..away
            });
        }
        if stream.chance(0.25) {
            let thanks = answered + Duration::minutes(stream.whole(30, 600));
            follow.push(reply(
                4,
                &self.id(key, 2),
                Mood::Praise,
                format!("{}\n\n{given}", stream.pick(&texts::THANKS)),
                thanks,
            ));
        }
        self.messages.push(base);
        self.messages.extend(follow);
    }

    /// A moment of the day from one hour to before another.
    fn moment(&self, stream: &mut Stream, from: i64, to: i64) -> OffsetDateTime {
        let second = stream.whole(from * 3600, to * 3600 - 1);
        self.client.zone.moment(self.day, Time::MIDNIGHT) + Duration::seconds(second)
    }

    fn id(&self, key: Key, at: u64) -> String {
        format!("{:016x}@{}", key.name("id").number(at).stream().bits(), self.client.domain())
    }
}
