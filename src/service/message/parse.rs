//! What a mail says (RFC 5322, RFC 2045): read leniently, since it was written by anybody's program.
//!
//! Whatever is wrong with it, something is there to read: a mail that cannot be parsed at all says so, and its source is kept. Texts
//! are cut to what a page and the database can hold; the whole stands in the source.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Address as Header, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders};
use model::message::{Address, Attachment, Kind};
use time::OffsetDateTime;

/// The longest text that is kept beside the source, in characters.
const LONGEST_TEXT: usize = 200_000;
/// How much of a text a list shows, in characters.
const SNIPPET: usize = 200;
/// As many addresses and references of a message are kept.
const MOST: usize = 500;

/// A mail, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// `Message-ID` without angle brackets.
    pub header_id: Option<String>,
    /// The messages that it names: `References`, then `In-Reply-To`, each once.
    pub references: Vec<String>,
    /// Who wrote it; an empty address where none stands there.
    pub from: Address,
    /// Where answers go, if elsewhere.
    pub reply_to: Vec<Address>,
    /// Whom it was written to.
    pub to: Vec<Address>,
    /// Who got a copy.
    pub cc: Vec<Address>,
    /// Who got a copy without the others knowing.
    pub bcc: Vec<Address>,
    /// Its subject, in one line.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// How it begins, in one line.
    pub snippet: String,
    /// Whether it has a form with layout.
    pub html: bool,
    /// When it was sent, as its writer's program says.
    pub sent_at: Option<OffsetDateTime>,
    /// Who or what wrote it.
    pub kind: Kind,
    /// Its files, each with the id by which the layout shows it.
    pub attachments: Vec<(Attachment, Option<String>)>,
    /// Why it could not be parsed.
    pub fault: Option<String>,
}

/// Reads a mail.
pub fn parse(source: &[u8]) -> Parsed {
    // The parser is made for anything; should one mail break it all the same, the others still come.
    let parsed =
        catch_unwind(AssertUnwindSafe(|| MessageParser::default().parse(source).map(|message| read(&message))));
    let parsed = parsed.ok().flatten().unwrap_or_else(unreadable);
    // Where it has neither writer nor words nor files, its source is all that there is to look at.
    let bare = parsed.from.address.is_empty()
        && parsed.subject.is_empty()
        && parsed.text.trim().is_empty()
        && parsed.attachments.is_empty()
        && !parsed.html;
    if bare { Parsed { fault: Some(NOTHING_READ.into()), ..parsed } } else { parsed }
}

/// Said of a mail that no sense can be made of.
const NOTHING_READ: &str = "This message could not be parsed. Its source is kept as it came.";

/// What is kept of a mail that no sense can be made of.
fn unreadable() -> Parsed {
    Parsed {
        header_id: None,
        references: Vec::new(),
        from: Address::default(),
        reply_to: Vec::new(),
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: String::new(),
        text: String::new(),
        snippet: String::new(),
        html: false,
        sent_at: None,
        kind: Kind::Person,
        attachments: Vec::new(),
        fault: Some(NOTHING_READ.into()),
    }
}

fn read(message: &Message<'_>) -> Parsed {
    let text: Vec<_> = (0..message.text_body_count()).filter_map(|at| message.body_text(at)).collect();
    let text = cut(&clean(&text.join("\n")), LONGEST_TEXT);
    let mut references = ids(message.references());
    references.extend(ids(message.in_reply_to()));
    let mut seen = std::collections::HashSet::new();
    references.retain(|id| seen.insert(id.clone()));
    // The newest are named last.
    references.drain(..references.len().saturating_sub(MOST));
    let from = addresses(message.from()).into_iter().next().or_else(|| addresses(message.sender()).into_iter().next());
    let from = from.unwrap_or_default();
    Parsed {
        header_id: message.message_id().and_then(id),
        references,
        kind: kind(message, &from.address),
        from,
        reply_to: addresses(message.reply_to()),
        to: addresses(message.to()),
        cc: addresses(message.cc()),
        bcc: addresses(message.bcc()),
        subject: cut(&one_line(message.subject().unwrap_or_default()), 500),
        snippet: cut(&one_line(&unquoted(&text)), SNIPPET),
        text,
        html: message.html_bodies().any(MessagePart::is_text_html),
        sent_at: message.date().and_then(|date| OffsetDateTime::from_unix_timestamp(date.to_timestamp()).ok()),
        attachments: message.attachments().take(MOST).enumerate().map(|(at, part)| attachment(at, part)).collect(),
        fault: None,
    }
}

fn attachment(at: usize, part: &MessagePart<'_>) -> (Attachment, Option<String>) {
    let content_type = part.content_type().map_or_else(
        || if part.is_message() { "message/rfc822".to_owned() } else { "application/octet-stream".to_owned() },
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_lowercase(),
    );
    let subject = part.message().and_then(Message::subject).map(|subject| format!("{subject}.eml"));
    let name = part.attachment_name().map(str::to_owned).or(subject).unwrap_or_default();
    // A name, not a way to a place.
    let name = one_line(name.rsplit(['/', '\\']).next().unwrap_or_default());
    let name = if name.is_empty() { format!("part {}", at + 1) } else { cut(&name, 255) };
    let content_id = part.content_id().map(|id| cut(&clean(id), 255));
    let inline = part.content_disposition().is_some_and(|disposition| disposition.is_inline()) && content_id.is_some();
    let size = i32::try_from(part.len()).unwrap_or(i32::MAX);
    let part = i32::try_from(at).unwrap_or(i32::MAX);
    (Attachment { part, name, content_type: cut(&clean(&content_type), 255), size, inline }, content_id)
}

/// The bytes of one file of a mail, by its place.
pub fn part(source: &[u8], at: usize) -> Option<Vec<u8>> {
    let read = || {
        let message = MessageParser::default().parse(source)?;
        message.attachments().nth(at).map(|part| part.contents().to_vec())
    };
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

/// The form with layout, as it was written.
pub fn html(source: &[u8]) -> Option<String> {
    let read = || {
        let message = MessageParser::default().parse(source)?;
        let html: Vec<_> = (0..message.html_body_count()).filter_map(|at| message.body_html(at)).collect();
        (!html.is_empty()).then(|| html.join("\n"))
    };
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

/// Who or what wrote a message: RFC 3834 §5 and what programs have done before and since.
fn kind(message: &Message<'_>, from: &str) -> Kind {
    let text = |name: &'static str| message.header_raw(name).map(|value| value.trim().to_lowercase());
    let has = |name: &'static str| message.header(name).is_some();
    let local = from.split('@').next().unwrap_or_default();
    let report = message.content_type().is_some_and(|kind| kind.subtype() == Some("report"));
    let nobody = message.header_raw(HeaderName::ReturnPath).is_some_and(|path| path.trim() == "<>");
    let answered = text("Auto-Submitted").is_some_and(|value| !value.starts_with("no"));
    let auto = ["X-Autoreply", "X-Autorespond", "X-Auto-Response-From"].into_iter().any(has);
    let precedence = text("Precedence").unwrap_or_default();
    if report
        || nobody
        || answered
        || auto
        || precedence == "auto_reply"
        || ["mailer-daemon", "postmaster"].contains(&local)
    {
        return Kind::Automatic;
    }
    // A list to which people write says so (RFC 2369 §3.4), as an agency's own group address does of all that comes through it; what is
    // sent to many at once names no such way.
    let posts = message.header_raw(HeaderName::ListPost).is_some_and(|to| !to.trim().eq_ignore_ascii_case("no"));
    let listed = message.header(HeaderName::ListId).is_some() || message.header(HeaderName::ListUnsubscribe).is_some();
    let list = !posts && (listed || precedence == "list");
    let many = ["bulk", "junk"].contains(&precedence.as_str()) || has("Feedback-ID") || has("X-Campaign-ID");
    let unanswerable = ["noreply", "no-reply", "donotreply", "do-not-reply"].contains(&local);
    if list || many || unanswerable { Kind::Bulk } else { Kind::Person }
}

fn addresses(header: Option<&Header<'_>>) -> Vec<Address> {
    let all = header.into_iter().flat_map(Header::iter);
    let kept = all.filter_map(|one| {
        let address = cut(&one_line(one.address()?).to_lowercase(), 320);
        let name = cut(&one_line(one.name().unwrap_or_default()), 200);
        (!address.is_empty()).then_some(Address { name, address })
    });
    kept.take(MOST).collect()
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(one) => id(one).into_iter().collect(),
        HeaderValue::TextList(all) => all.iter().filter_map(|one| id(one)).collect(),
        _ => Vec::new(),
    }
}

/// An id as it can be looked for: one that is too long to be kept is none.
fn id(text: &str) -> Option<String> {
    let id = one_line(text.trim().trim_start_matches('<').trim_end_matches('>'));
    (!id.is_empty() && id.len() <= 900).then_some(id)
}

/// Without the one character that the database cannot hold, and with one kind of line end.
fn clean(text: &str) -> String {
    text.replace('\0', "").replace("\r\n", "\n").replace('\r', "\n")
}

/// In one line, with single spaces, and nothing that cannot be seen.
fn one_line(text: &str) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn cut(text: &str, most: usize) -> String {
    text.char_indices().nth(most).map_or_else(|| text.to_owned(), |(end, _)| text[..end].to_owned())
}

/// What somebody wrote themselves: without the lines that they quote.
fn unquoted(text: &str) -> String {
    let own: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with('>')).take(50).collect();
    own.join(" ")
}
