//! A letter as an e-mail (RFC 5322): its headers, its charset, perhaps a second form in HTML and a file.
//!
//! All of it is drawn from the letter's id, and all of it is ASCII on the wire: other charsets travel as quoted-printable or base64.

use base64::{Engine, engine::general_purpose::STANDARD};
use time::OffsetDateTime;

use super::{Mailbox, attachment};
use crate::{
    clock::Zone,
    protocol::html,
    random::{Key, Stream},
    talk::{AGENCY, Message, Post},
    world::World,
};

/// How a writer's program encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Ascii,
    Latin1,
    Windows,
    Utf8,
    /// UTF-8 as base64.
    Packed,
}

impl Charset {
    /// What people's programs use; the agency's and newsletters' are modern.
    fn draw(stream: &mut Stream, message: &Message) -> Self {
        let at = stream.below(10);
        match (message.outbound, message.post) {
            (true, _) | (_, Post::Newsletter) => Self::Utf8,
            _ => [
                Self::Ascii,
                Self::Ascii,
                Self::Ascii,
                Self::Latin1,
                Self::Latin1,
                Self::Windows,
                Self::Utf8,
                Self::Utf8,
                Self::Utf8,
                Self::Packed,
            ][at],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ascii => "us-ascii",
            Self::Latin1 => "iso-8859-1",
            Self::Windows => "windows-1252",
            Self::Utf8 | Self::Packed => "utf-8",
        }
    }

    /// Typed as people of this charset type, with a line that their program puts below.
    fn typed(self, text: &str, zone: Zone) -> String {
        let below = if zone == Zone::Berlin { "Viele Grüße aus Köln" } else { "Sent from the café next door" };
        match self {
            Self::Ascii => text.to_owned(),
            Self::Latin1 => format!("{text}\n{below}"),
            Self::Windows | Self::Packed => format!("{}\n– {below}", text.replace('\'', "’")),
            Self::Utf8 => format!("{}\n{below} ☕", text.replace('\'', "’")),
        }
    }

    /// Whether all of a text can be written so.
    fn fits(self, text: &str) -> bool {
        match self {
            Self::Ascii => text.is_ascii() && text.lines().all(|line| line.len() < 900),
            Self::Latin1 => text.chars().all(|letter| u32::from(letter) <= 0xff),
            Self::Windows => text.chars().all(|letter| u32::from(letter) <= 0xff || matches!(letter, '–' | '’')),
            Self::Utf8 | Self::Packed => true,
        }
    }

    fn bytes(self, text: &str) -> Vec<u8> {
        if matches!(self, Self::Utf8 | Self::Packed) {
            return text.as_bytes().to_vec();
        }
        let one = |letter: char| match letter {
            '–' if self == Self::Windows => 0x96,
            '’' if self == Self::Windows => 0x92,
            letter => u8::try_from(u32::from(letter)).unwrap_or(b'?'),
        };
        text.chars().map(one).collect()
    }
}

/// The source of a letter, which may quote the one it answers.
pub(super) fn draw(world: &World, mailbox: Mailbox, message: &Message, before: Option<&Message>) -> String {
    let key = world.plan.key.name("source").name(&message.id);
    let mut stream = key.stream();
    let charset = Charset::draw(&mut stream, message);
    let zone = world.clients()[message.client].zone;
    let people = message.post == Post::Letter && !message.outbound;
    let (alias, copy) = (people && stream.chance(0.1), people && stream.chance(0.15));
    let formatted = message.post == Post::Newsletter || stream.chance(0.45);
    let quotes = message.post == Post::Letter && stream.chance(0.5);

    let mut text = if people { charset.typed(&message.text, zone) } else { message.text.clone() };
    if let Some(before) = before.filter(|_| quotes) {
        let quoted: String = before.text.lines().map(|line| format!("\n> {line}")).collect();
        text = format!("{text}\n\nOn {} {} wrote:{quoted}", before.sent_at.date(), before.from_name);
    }
    let charset = if charset.fits(&text) && charset.fits(&message.subject) { charset } else { Charset::Utf8 };
    let mut content = leaf("text/plain", charset, &text);
    if formatted {
        let page = page(key, message, &text);
        content = multipart("alternative", key, &[content, leaf("text/html", charset, &page)]);
    }
    let files = if people { attachment::draw(key, message) } else { vec![] };
    if !files.is_empty() {
        let files = files.iter().map(|file| self::file(file.name, file.kind, &file.bytes));
        content = multipart("mixed", key, &[content].into_iter().chain(files).collect::<Vec<_>>());
    }

    let mut lines = vec![];
    if !message.outbound {
        let (domain, at) = (message.from.rsplit('@').next().unwrap_or_default(), date(message.sent_at, Zone::Berlin));
        lines.push(format!("Received: from mail.{domain} by mx.agency.example with ESMTPS;\r\n {at}"));
    }
    lines.push(format!("Date: {}", date(message.sent_at, zone)));
    lines.push(format!("From: {} <{}>", word(charset, &message.from_name), message.from));
    let to = if alias { mailbox.alias() } else { message.to.as_str() };
    lines.push(if message.outbound { format!("To: {to}") } else { format!("To: {AGENCY} <{to}>") });
    let colleague = world.contacts(&world.clients()[message.client]).into_iter().find(|one| one.email != message.from);
    if let Some(colleague) = colleague.filter(|_| copy) {
        lines.push(format!("Cc: {} <{}>", colleague.name, colleague.email));
    }
    lines.push(format!("Subject: {}", word(charset, &message.subject)));
    lines.push(format!("Message-ID: <{}>", message.id));
    if let Some(parent) = &message.in_reply_to {
        let first = &message.conversation;
        lines.push(format!("In-Reply-To: <{parent}>"));
        // What was begun through the provider has no id of its own here.
        let begun = first != parent && first.contains('@');
        let older = if begun { format!("<{first}>\r\n ") } else { String::new() };
        lines.push(format!("References: {older}<{parent}>"));
    }
    match message.post {
        Post::Letter => {}
        Post::Newsletter => {
            let list = message.from.rsplit('@').next().unwrap_or_default();
            lines.push(format!("List-Id: <letters.{list}>"));
            lines.push(format!("List-Unsubscribe: <https://{list}/leave>,\r\n <mailto:leave@{list}>"));
            lines.push("List-Unsubscribe-Post: List-Unsubscribe=One-Click".to_owned());
            lines.push("Precedence: bulk".to_owned());
        }
        Post::OutOfOffice => lines.push("Auto-Submitted: auto-replied".to_owned()),
    }
    lines.push("MIME-Version: 1.0".to_owned());
    format!("{}\r\n{content}", lines.join("\r\n"))
}

/// The same in HTML; a newsletter's has a picture that tells who opened it.
fn page(key: Key, message: &Message, text: &str) -> String {
    let paragraphs: String =
        text.split("\n\n").map(|one| format!("<p>{}</p>\n", html(one).replace('\n', "<br>\n"))).collect();
    let list = message.from.rsplit('@').next().unwrap_or_default();
    if message.post != Post::Newsletter {
        return format!("<html><body style=\"font-family:sans-serif\">\n{paragraphs}</body></html>\n");
    }
    let seen = key.name("seen").stream().bits();
    format!(
        "<html><head><style>h1 {{ color: #c2455d }}</style></head><body>\n\
         <table width=\"600\"><tr><td><img src=\"https://{list}/logo.png\" alt=\"{}\" width=\"120\">\n\
         <h1>{}</h1>\n{paragraphs}<a href=\"https://{list}/leave\">Unsubscribe</a></td></tr></table>\n\
         <img src=\"https://{list}/open.gif?{seen:x}\" width=\"1\" height=\"1\" alt=\"\">\n</body></html>\n",
        html(&message.from_name),
        html(&message.subject)
    )
}

/// A part with text.
fn leaf(kind: &str, charset: Charset, text: &str) -> String {
    let bytes = charset.bytes(text);
    let (encoding, body) = match charset {
        Charset::Ascii => ("7bit", text.replace('\n', "\r\n")),
        Charset::Packed => ("base64", packed(text.replace('\n', "\r\n").as_bytes())),
        _ => ("quoted-printable", quoted(&bytes)),
    };
    format!(
        "Content-Type: {kind}; charset={}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n",
        charset.name()
    )
}

/// A part with a file.
fn file(name: &str, kind: &str, bytes: &[u8]) -> String {
    format!(
        "Content-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        packed(bytes)
    )
}

fn multipart(how: &str, key: Key, parts: &[String]) -> String {
    let border = format!("=_{:016x}", key.name(how).stream().bits());
    let parts: String = parts.iter().map(|part| format!("--{border}\r\n{part}")).collect();
    format!("Content-Type: multipart/{how}; boundary=\"{border}\"\r\n\r\n{parts}--{border}--\r\n")
}

/// Base64 in lines of 76.
fn packed(bytes: &[u8]) -> String {
    let whole = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(whole.len() + whole.len() / 38);
    for (at, letter) in whole.chars().enumerate() {
        if at > 0 && at % 76 == 0 {
            lines.push_str("\r\n");
        }
        lines.push(letter);
    }
    lines
}

/// Quoted-printable (RFC 2045, section 6.7) in lines of at most 76.
fn quoted(bytes: &[u8]) -> String {
    let (mut lines, mut length) = (String::new(), 0);
    let mut rest = bytes.iter().peekable();
    while let Some(byte) = rest.next() {
        let last = rest.peek().is_none_or(|next| **next == b'\n');
        let one = match byte {
            b'\n' => {
                lines.push_str("\r\n");
                length = 0;
                continue;
            }
            b' ' if !last => " ".to_owned(),
            b'!'..=b'<' | b'>'..=b'~' => char::from(*byte).to_string(),
            byte => format!("={byte:02X}"),
        };
        if length + one.len() > 75 {
            lines.push_str("=\r\n");
            length = 0;
        }
        length += one.len();
        lines.push_str(&one);
    }
    lines
}

/// A header's text in encoded words (RFC 2047) where the writer's program encodes.
fn word(charset: Charset, text: &str) -> String {
    if charset == Charset::Ascii || text.is_empty() {
        return text.to_owned();
    }
    // Programs that know UTF-8 leave alone what needs no encoding.
    if charset == Charset::Utf8 && text.is_ascii() {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    // A word has 75 letters at most.
    let words = letters.chunks(if text.is_ascii() { 40 } else { 7 }).map(|some| {
        let bytes = charset.bytes(&some.iter().collect::<String>());
        if charset == Charset::Packed {
            return format!("=?utf-8?B?{}?=", STANDARD.encode(&bytes));
        }
        let one = |byte: &u8| match byte {
            b' ' => "_".to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
            byte => format!("={byte:02X}"),
        };
        format!("=?{}?Q?{}?=", charset.name(), bytes.iter().map(one).collect::<String>())
    });
    words.collect::<Vec<_>>().join("\r\n ")
}

/// A date of RFC 5322, on the clocks of a zone.
fn date(at: OffsetDateTime, zone: Zone) -> String {
    let at = at.to_offset(zone.offset(at));
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    let (hour, minute, second) = at.to_hms();
    format!(
        "{}, {:02} {} {} {hour:02}:{minute:02}:{second:02} {:+03}00",
        &weekday[..3],
        at.day(),
        &month[..3],
        at.year(),
        at.offset().whole_hours()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;
    use time::macros::datetime;

    const SUBJECT: &str = "Grüße – a=b, it’s about the pictures of ü";

    #[test]
    fn encodings_keep_what_they_can_write() {
        let text = "Grüße – a=b, it’s\ttrailing \nand a line that goes on for longer than seventy-six letters, as lines of people do";
        for charset in [Charset::Windows, Charset::Utf8, Charset::Packed] {
            let source = format!(
                "Subject: {}\r\nMIME-Version: 1.0\r\n{}",
                word(charset, SUBJECT),
                leaf("text/plain", charset, text)
            );
            assert!(source.is_ascii() && source.lines().all(|line| line.len() <= 78), "{source}");
            let read = MessageParser::default().parse(source.as_bytes()).unwrap();
            assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), text, "{charset:?}");
            assert_eq!(read.subject().unwrap(), SUBJECT, "{charset:?}");
        }
        assert_eq!(Charset::Latin1.bytes("ü☕"), [0xfc, b'?']);
    }

    #[test]
    fn dates_have_the_zones_hours() {
        assert_eq!(date(datetime!(2026-06-01 07:05:09 UTC), Zone::NewYork), "Mon, 01 Jun 2026 03:05:09 -0400");
        assert_eq!(date(datetime!(2026-12-31 23:30 UTC), Zone::Berlin), "Fri, 01 Jan 2027 00:30:00 +0100");
    }
}
