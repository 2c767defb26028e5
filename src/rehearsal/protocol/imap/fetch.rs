//! What is told of messages: number, flags, moment, size, and their source, whole or in part. Envelopes and structures, which
//! nobody needs who reads the source, are not rehearsed.

use super::{
    Refusal,
    folder::{FLAGS, View, flags},
    parse::{Rest, told},
};
use crate::mail::{Letter, State};

/// What is asked of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Uid,
    Flags,
    Moment,
    Size,
    Modseq,
    /// Of its source, by the name it is told under.
    Source {
        name: String,
        part: Part,
        /// Whether it is not seen by that.
        peeks: bool,
        /// From which byte on, and how many.
        piece: Option<(usize, usize)>,
    },
}

/// A part of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Header,
    Text,
    /// Lines of the header; all others where they are those that are not wanted.
    Lines {
        names: Vec<String>,
        wanted: bool,
    },
}

/// Reads what is asked for, in parentheses or alone.
///
/// # Errors
/// It cannot be read, or is not rehearsed.
pub(super) fn items(rest: &mut Rest<'_>) -> Result<Vec<Item>, Refusal> {
    let bad = || Refusal::Bad("what of the messages?".to_owned());
    let all = match rest.0.first() {
        Some(b'(') => rest.list(item).ok_or_else(bad)?,
        _ => vec![item(rest).ok_or_else(bad)?],
    };
    let known: Result<Vec<Vec<Item>>, String> = all.into_iter().collect();
    match known {
        Ok(known) => Ok(known.into_iter().flatten().collect()),
        Err(name) => Err(Refusal::No(format!("[CANNOT] {name} is not rehearsed"))),
    }
}

/// One of them, or its name where it is none that is known.
fn item(rest: &mut Rest<'_>) -> Option<Result<Vec<Item>, String>> {
    let name = rest.while_of(|byte| byte.is_ascii_alphanumeric() || byte == b'.')?.to_ascii_uppercase();
    let whole = |part| Item::Source { name: name.clone(), part, peeks: part_peeks(&name), piece: None };
    Some(Ok(match name.as_str() {
        "UID" => vec![Item::Uid],
        "FLAGS" => vec![Item::Flags],
        "INTERNALDATE" => vec![Item::Moment],
        "RFC822.SIZE" => vec![Item::Size],
        "MODSEQ" => vec![Item::Modseq],
        "FAST" => vec![Item::Flags, Item::Moment, Item::Size],
        "RFC822" => vec![whole(Part::Whole)],
        "RFC822.HEADER" => vec![whole(Part::Header)],
        "RFC822.TEXT" => vec![whole(Part::Text)],
        "BODY" | "BODY.PEEK" if rest.takes(b'[') => vec![match source(rest, name == "BODY.PEEK")? {
            Ok(item) => item,
            Err(section) => return Some(Err(section)),
        }],
        _ => return Some(Err(name.clone())),
    }))
}

/// Of the older names, only the one of the header leaves a message unseen.
fn part_peeks(name: &str) -> bool {
    name == "RFC822.HEADER"
}

/// What follows `BODY[`.
fn source(rest: &mut Rest<'_>, peeks: bool) -> Option<Result<Item, String>> {
    let section = rest.while_of(|byte| byte.is_ascii_alphanumeric() || byte == b'.').unwrap_or("").to_ascii_uppercase();
    let mut called = section.clone();
    let part = match section.as_str() {
        "" => Part::Whole,
        "HEADER" => Part::Header,
        "TEXT" => Part::Text,
        "HEADER.FIELDS" | "HEADER.FIELDS.NOT" => {
            rest.space()?;
            let names = rest.list(Rest::text)?;
            called = format!("{section} ({})", names.join(" "));
            Part::Lines { names, wanted: section == "HEADER.FIELDS" }
        }
        _ => return Some(Err(format!("BODY[{section}]"))),
    };
    if !rest.takes(b']') {
        return None;
    }
    let mut name = format!("BODY[{called}]");
    let mut piece = None;
    if rest.takes(b'<') {
        let from = usize::try_from(rest.number()?).ok()?;
        let length = if rest.takes(b'.') { usize::try_from(rest.number()?).ok()? } else { return None };
        if !rest.takes(b'>') {
            return None;
        }
        name = format!("{name}<{from}>");
        piece = Some((from, length));
    }
    Some(Ok(Item::Source { name, part, peeks, piece }))
}

impl Part {
    fn of<'a>(&self, source: &'a str) -> std::borrow::Cow<'a, str> {
        let end = source.find("\r\n\r\n").map_or(source.len(), |end| end + 4);
        let (header, text) = source.split_at(end);
        match self {
            Self::Whole => source.into(),
            Self::Header => header.into(),
            Self::Text => text.into(),
            Self::Lines { names, wanted } => {
                let named = |line: &&str| {
                    let name = line.split(':').next().unwrap_or_default().trim();
                    names.iter().any(|one| one.eq_ignore_ascii_case(name)) == *wanted
                };
                let mut all: String = lines(header).into_iter().filter(named).collect();
                all.push_str("\r\n");
                all.into()
            }
        }
    }
}

/// The lines of a header, each with what is folded below it.
pub(super) fn lines(header: &str) -> Vec<&str> {
    let header = header.strip_suffix("\r\n\r\n").map_or(header, |whole| &header[..whole.len() + 2]);
    let mut lines = vec![];
    let mut rest = header;
    while !rest.is_empty() {
        let folded = |(at, _): &(usize, &str)| !rest[at + 2..].starts_with([' ', '\t']);
        let end = rest.match_indices("\r\n").find(folded).map_or(rest.len(), |(at, _)| at + 2);
        let (line, left) = rest.split_at(end);
        lines.push(line);
        rest = left;
    }
    lines
}

/// What is told of one message; its number among all is the client's.
pub(super) fn line(view: &View<'_>, number: usize, uid: u32, message: (&Letter, &State), items: &[Item]) -> Vec<u8> {
    let (letter, state) = message;
    let mut line = format!("* {number} FETCH (").into_bytes();
    let mut source = None;
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            line.push(b' ');
        }
        match item {
            Item::Uid => line.extend(format!("UID {uid}").bytes()),
            Item::Flags => line.extend(format!("FLAGS ({})", flags(&state.labels).join(" ")).bytes()),
            Item::Moment => line.extend(format!("INTERNALDATE {}", told(letter.at)).bytes()),
            Item::Modseq => line.extend(format!("MODSEQ ({})", state.changed).bytes()),
            Item::Size => {
                let source = source.get_or_insert_with(|| view.opened.source(letter));
                line.extend(format!("RFC822.SIZE {}", source.len()).bytes());
            }
            Item::Source { name, part, piece, .. } => {
                let source = source.get_or_insert_with(|| view.opened.source(letter));
                let part = part.of(source);
                let (from, length) = piece.unwrap_or((0, usize::MAX));
                let from = part.len().min(from);
                let bytes = &part.as_bytes()[from..part.len().min(from.saturating_add(length))];
                line.extend(format!("{name} {{{}}}\r\n", bytes.len()).bytes());
                line.extend(bytes);
            }
        }
    }
    line.push(b')');
    line
}

/// The labels that reading a source changes: from then on it is seen.
pub(super) fn seen_by(items: &[Item], state: &State) -> Option<String> {
    let reads = items.iter().any(|item| matches!(item, Item::Source { peeks: false, .. }));
    let (_, unread, _) = FLAGS.iter().find(|(flag, ..)| *flag == "\\Seen")?;
    (reads && state.labels.contains(*unread)).then(|| (*unread).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Item>, Refusal> {
        items(&mut Rest(text.as_bytes()))
    }

    #[test]
    fn what_is_asked_for_is_read_by_name() {
        let all = read("(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])").unwrap();
        assert_eq!(&all[..4], [Item::Uid, Item::Flags, Item::Moment, Item::Size]);
        let source = |name: &str, part, peeks, piece| Item::Source { name: name.into(), part, peeks, piece };
        assert_eq!(all[4], source("BODY[]", Part::Whole, true, None));
        assert_eq!(read("RFC822").unwrap(), [source("RFC822", Part::Whole, false, None)]);
        assert_eq!(read("body[text]<10.20>").unwrap(), [source("BODY[TEXT]<10>", Part::Text, false, Some((10, 20)))]);
        let names = vec!["From".to_owned(), "To".to_owned()];
        let lines = source("BODY[HEADER.FIELDS (From To)]", Part::Lines { names, wanted: true }, true, None);
        assert_eq!(read("(BODY.PEEK[HEADER.FIELDS (From To)])").unwrap(), [lines]);
        for bad in ["", "(UID", "BODY[HEADER.FIELDS]", "BODY[]<1>", "BODY[TEXT"] {
            assert!(matches!(read(bad), Err(Refusal::Bad(_))), "{bad}");
        }
        for unknown in ["ENVELOPE", "(UID BODYSTRUCTURE)", "BODY[1.MIME]", "BODY"] {
            assert!(matches!(read(unknown), Err(Refusal::No(_))), "{unknown}");
        }
    }

    #[test]
    fn parts_of_a_source_are_its_own_bytes() {
        let source = "From: a\r\nTo: b,\r\n c\r\nSubject: d\r\n\r\nText\r\n\r\nmore\r\n";
        let header = "From: a\r\nTo: b,\r\n c\r\nSubject: d\r\n\r\n";
        assert_eq!(Part::Header.of(source), header);
        assert_eq!(Part::Text.of(source), "Text\r\n\r\nmore\r\n");
        let lines = |wanted| Part::Lines { names: vec!["TO".into()], wanted }.of(source).into_owned();
        assert_eq!(lines(true), "To: b,\r\n c\r\n\r\n");
        assert_eq!(lines(false), "From: a\r\nSubject: d\r\n\r\n");
        assert_eq!(Part::Text.of("From: a\r\n"), "");
    }
}
