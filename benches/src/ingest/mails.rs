//! Mails as agencies get them, the same each time: conversations of a few messages with many people, told by their provider or by
//! what they name (RFC 5322 §3.6.4), with what they quote, some laid out, some with a file.

use model::message::Place;
use service::message::ingest::Incoming;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

const OWN: &str = "owner@agency.example";
/// Messages of a conversation, on average.
const TOGETHER: usize = 5;
const PEOPLE: usize = 50;
const WORDS: [&str; 48] = [
    "the", "campaign", "budget", "and", "we", "would", "like", "to", "see", "more", "of", "spring", "sale", "report",
    "numbers", "for", "last", "week", "before", "Thursday", "could", "you", "send", "a", "draft", "with", "new",
    "pictures", "our", "shop", "orders", "came", "from", "search", "while", "social", "stayed", "below", "what",
    "planned", "please", "call", "me", "about", "landing", "page", "next", "month",
];

/// A linear congruential generator (Knuth): nothing here needs better chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }

    fn words(&mut self, count: usize) -> String {
        let words: Vec<_> = (0..count).map(|_| WORDS[self.below(WORDS.len())]).collect();
        words.chunks(12).map(|line| line.join(" ")).collect::<Vec<_>>().join("\r\n")
    }
}

/// So many messages, the oldest first, the last of them at `end`.
pub fn make(count: usize, end: OffsetDateTime) -> Vec<Incoming> {
    let mut chance = Chance(count as u64);
    let mut there: Vec<Vec<usize>> = vec![Vec::new(); count.div_ceil(TOGETHER)];
    let message = |number: usize| {
        let thread = chance.below(there.len());
        let at = end - time::Duration::minutes(i64::try_from(count - number).unwrap_or_default());
        let made = mail(&mut chance, number, thread, &there[thread], at);
        there[thread].push(number);
        made
    };
    (0..count).map(message).collect()
}

/// One conversation of so many messages, the oldest first, the last of them at `end`.
pub fn conversation(count: usize, end: OffsetDateTime) -> Vec<Incoming> {
    const FIRST: usize = 10_000_000;
    let mut chance = Chance(1);
    let mut before: Vec<usize> = Vec::new();
    let message = |number: usize| {
        let at = end - time::Duration::seconds(i64::try_from(count - number).unwrap_or_default());
        let made = mail(&mut chance, FIRST + number, FIRST + 1, &before, at);
        before.push(FIRST + number);
        made
    };
    (0..count).map(message).collect()
}

fn mail(chance: &mut Chance, number: usize, thread: usize, before: &[usize], at: OffsetDateTime) -> Incoming {
    let person = match thread % 5 {
        // Nobody knows them.
        0 => format!("somebody{thread}@stranger{}.example", thread % 997),
        _ => format!("person{0}@client{0}.example", thread % PEOPLE),
    };
    let ours = before.len() % 2 == 1;
    let (from, to) = if ours { (OWN, &*person) } else { (&*person, OWN) };
    let id = |number: &usize| format!("<{number}.bench@mail.example>");
    let mut head = format!(
        "From: Somebody <{from}>\r\nTo: {to}\r\nSubject: {}Matter {thread}: {}\r\nMessage-ID: {}\r\nDate: {}\r\nMIME-Version: 1.0\r\n",
        if before.is_empty() { "" } else { "Re: " },
        WORDS[thread % WORDS.len()],
        id(&number),
        at.format(&Rfc2822).unwrap_or_default(),
    );
    if let Some(last) = before.last() {
        let newest: Vec<_> = before.iter().rev().take(20).rev().map(id).collect();
        head += &format!("In-Reply-To: {}\r\nReferences: {}\r\n", id(last), newest.join("\r\n "));
    }
    let mut text = chance.words(40 + number % 120);
    if !before.is_empty() {
        text += &format!("\r\n\r\nOn that day somebody wrote:\r\n> {}\r\n", chance.words(60).replace("\r\n", "\r\n> "));
    }
    let source = match number % 10 {
        0 => with_file(chance, &head, &text),
        1..4 => laid_out(&head, &text),
        _ => format!("{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"),
    };
    Incoming {
        external_id: format!("m{number}"),
        thread: thread.is_multiple_of(2).then(|| format!("t{thread}")),
        at,
        place: if ours { Place::Sent } else { Place::Inbox },
        seen: !number.is_multiple_of(3),
        source: source.into_bytes(),
    }
}

fn laid_out(head: &str, text: &str) -> String {
    let html = text.replace('>', "&gt;").replace("\r\n", "<br>\r\n");
    format!(
        "{head}Content-Type: multipart/alternative; boundary=two\r\n\r\n--two\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n\
         --two\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p style=\"color:#333\">{html}</p></body></html>\r\n--two--\r\n"
    )
}

/// A file of some twenty kilobytes.
fn with_file(chance: &mut Chance, head: &str, text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut line = || (0..76).map(|_| char::from(DIGITS[chance.below(DIGITS.len())])).collect::<String>() + "\r\n";
    let file: String = (0..350).map(|_| line()).collect();
    format!(
        "{head}Content-Type: multipart/mixed; boundary=two\r\n\r\n--two\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--two\r\n\
         Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"report.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\
         \r\n{file}--two--\r\n"
    )
}
