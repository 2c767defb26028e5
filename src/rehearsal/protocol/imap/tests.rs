//! The mail server command by command, without sockets: what lies where, under which number, and what is told of changes.

use std::collections::{BTreeMap, BTreeSet};

use time::{Date, Duration, macros::datetime};

use super::*;
use crate::{fault::Fault, protocol::test, world::World};

const NOW: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

fn desk() -> Desk {
    let today: Date = NOW.date();
    test::desk(World::since(5, today - Duration::days(199), today).unwrap())
}

/// Somebody who is connected.
struct Line<'a> {
    desk: &'a Desk,
    session: Session,
    now: OffsetDateTime,
}

impl<'a> Line<'a> {
    fn open(desk: &'a Desk, now: OffsetDateTime) -> Self {
        Self { desk, session: Session::default(), now }
    }

    fn signed_in(desk: &'a Desk, now: OffsetDateTime) -> Self {
        let mut line = Self::open(desk, now);
        assert!(line.says("LOGIN desk@agency.example secret").ends_with(" signed in"));
        line
    }

    /// All that is answered.
    fn say(&mut self, text: &str) -> Vec<String> {
        let command = Command::read(format!("t {text}").as_bytes()).unwrap();
        let reply = self.session.answer(self.desk, &command, self.now);
        let told = reply.told.iter().map(|line| String::from_utf8(line.clone()).unwrap());
        told.chain([reply.last]).collect()
    }

    /// The last line.
    fn says(&mut self, text: &str) -> String {
        self.say(text).pop().unwrap()
    }

    /// The numbers that a search finds.
    fn search(&mut self, asked: &str) -> Vec<u32> {
        let told = self.say(&format!("UID SEARCH {asked}"));
        let line = told.iter().find_map(|line| line.strip_prefix("* SEARCH")).unwrap();
        // What may stand behind says when the last of them changed.
        let numbers = line.split(" (").next().unwrap();
        numbers.split_whitespace().map(|number| number.parse().unwrap()).collect()
    }

    /// A part of the source of each message of a folder, by their numbers.
    fn sources(&mut self, folder: &str, part: &str) -> BTreeMap<u32, String> {
        assert!(self.says(&format!("EXAMINE {folder}")).starts_with("t OK [READ-ONLY]"));
        let told = self.say(&format!("UID FETCH 1:* BODY.PEEK[{part}]"));
        let one = |line: &String| {
            let (head, rest) = line.split_once("]")?;
            let uid = head.split_once("UID ")?.1.split(' ').next()?.parse().ok()?;
            let (length, rest) = rest.split_once("{")?.1.split_once("}\r\n")?;
            Some((uid, rest[..length.parse::<usize>().ok()?].to_owned()))
        };
        told.iter().filter_map(one).collect()
    }
}

const NAMES: [&str; 6] = ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"];

#[test]
fn who_shows_the_password_gets_in_and_nobody_else() {
    let desk = desk();
    let outside = |text: &str| Session::outside(&Command::read(format!("t {text}").as_bytes()).unwrap());
    assert!(outside("LOGIN a b").is_none() && outside("AUTHENTICATE PLAIN AGEAYg==").is_none());
    assert!(outside("CAPABILITY").unwrap().told[0].starts_with(b"* CAPABILITY IMAP4rev1 "));
    assert!(outside("LOGOUT").unwrap().ends && !outside("NOOP").unwrap().ends);
    for text in ["SELECT INBOX", "LIST \"\" *", "IDLE", "LOGIN a", "AUTHENTICATE PLAIN ==", "STARTTLS"] {
        let last = outside(text).unwrap().last;
        assert!(last.starts_with("t BAD ") || last.starts_with("t NO "), "{text}: {last}");
    }
    let wrong = ["LOGIN desk@agency.example other", "LOGIN team@agency.example secret", "LOGIN a/b secret"];
    for text in wrong {
        let mut line = Line::open(&desk, NOW);
        assert!(line.says(text).starts_with("t NO [AUTHENTICATIONFAILED]"), "{text}");
        assert_eq!(line.session.user, None);
    }
    let packed = STANDARD.encode("\0world/desk@agency.example\0secret");
    for text in ["LOGIN Desk@agency.example {6}\r\nsecret".to_owned(), format!("AUTHENTICATE plain {packed}")] {
        let mut line = Line::open(&desk, NOW);
        assert!(line.says(&text).starts_with("t OK [CAPABILITY "), "{text}");
        assert!(line.session.user.is_some() && line.says("LOGIN a b").starts_with("t BAD"));
    }
    assert!(awaits_credentials(&Command::read(b"t AUTHENTICATE PLAIN").unwrap()));
}

#[test]
fn every_letter_lies_in_one_folder_as_it_was_transferred() {
    let desk = desk();
    let mut line = Line::signed_in(&desk, NOW);
    let listed = line.say("LIST \"\" \"*\" RETURN (SPECIAL-USE)");
    assert_eq!(listed.len(), NAMES.len() + 1, "{listed:?}");
    assert!(listed.contains(&"* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\"".to_owned()), "{listed:?}");
    assert_eq!(line.say("LIST \"\" %en*").len(), 2);
    assert_eq!(line.say("LIST (SPECIAL-USE) \"\" (INBOX J*)").len(), 2, "the inbox has no use of its own");
    let (mut sources, mut count) = (BTreeSet::new(), 0);
    for folder in NAMES {
        let found = line.sources(folder, "");
        let told = line.say(&format!("STATUS {folder} (MESSAGES UIDNEXT UIDVALIDITY)")).remove(0);
        let next = found.keys().max().map_or(1, |uid| uid + 1);
        assert!(told.contains(&format!("(MESSAGES {} UIDNEXT {next} UIDVALIDITY ", found.len())), "{told}");
        count += found.len();
        sources.extend(found.into_values());
    }
    let opened = desk.open(MAILBOX, NOW);
    let truth: BTreeSet<_> = opened.letters.iter().map(|letter| opened.source(letter)).collect();
    assert!(truth.len() > 30 && sources == truth && count == opened.letters.len(), "{count} {}", truth.len());
    assert!(line.says("EXAMINE Elsewhere").starts_with("t NO [NONEXISTENT]"));
    assert!(line.says("UID FETCH 1 FLAGS").starts_with("t BAD"), "no folder is open by then");
}

#[test]
fn numbers_last_while_time_goes_on() {
    let desk = desk();
    let at = |days| {
        let mut line = Line::signed_in(&desk, NOW - Duration::days(days));
        let of = |folder| line.sources(folder, "HEADER.FIELDS (Message-ID)").into_iter().map(move |one| (folder, one));
        NAMES.into_iter().flat_map(of).map(|(folder, (uid, id))| ((folder, uid), id)).collect::<BTreeMap<_, _>>()
    };
    let (earlier, later) = (at(40), at(0));
    assert!(!earlier.is_empty() && later.len() > earlier.len());
    assert!(earlier.iter().all(|(place, id)| id.starts_with("Message-ID: <") && later.get(place) == Some(id)));
    let mut line = Line::signed_in(&desk, NOW);
    let before = line.say("EXAMINE INBOX");
    desk.renumber();
    let validity = |lines: &[String]| lines.iter().find(|line| line.contains("UIDVALIDITY")).cloned().unwrap();
    assert_ne!(validity(&before), validity(&line.say("EXAMINE INBOX")));
}

#[test]
fn what_one_does_another_is_told() {
    let desk = desk();
    let (mut one, mut other) = (Line::signed_in(&desk, NOW), Line::signed_in(&desk, NOW));
    for line in [&mut one, &mut other] {
        assert!(line.says("SELECT INBOX").starts_with("t OK [READ-WRITE]"));
    }
    let uids = one.search("ALL");
    let [.., moved, marked] = uids[..] else { panic!("there are too few: {uids:?}") };
    let last = uids.len();
    let about = |uid: u32| format!("UID {uid} FLAGS (");
    one.say(&format!("UID STORE {marked} -FLAGS (\\Seen)"));
    let told = one.say(&format!("UID STORE {marked} +FLAGS (\\Flagged \\Deleted $Mine)"));
    assert!(told[0].starts_with(&format!("* {last} FETCH (FLAGS (\\Deleted \\Flagged)")), "{told:?}");
    let told = other.say("NOOP");
    assert!(told[0].contains(&about(marked)) && told[0].contains("\\Flagged") && told.len() == 2, "{told:?}");
    assert_eq!(other.say("NOOP").len(), 1, "it is told once");
    assert_eq!(other.search("FLAGGED UNSEEN"), [marked]);
    // Reading it is seeing it, peeking is not.
    other.say(&format!("UID FETCH {marked} BODY.PEEK[TEXT]"));
    assert_eq!(other.search("FLAGGED UNSEEN"), [marked]);
    other.say(&format!("UID FETCH {marked} BODY[TEXT]"));
    assert!(one.say("NOOP")[0].contains("\\Seen"));

    let told = one.say(&format!("UID MOVE {moved} Archive"));
    assert!(told[0].starts_with("* OK [COPYUID "), "{told:?}");
    let gone = format!("* {} EXPUNGE", last - 1);
    assert_eq!(told[1], gone, "{told:?}");
    assert_eq!(other.say("NOOP")[0], gone);
    assert_eq!(one.say("EXPUNGE")[0], gone, "what was marked came one place forward");
    assert_eq!((other.say("FETCH 1:* UID").len(), other.search("ALL").len()), (last - 1, last - 2));
    assert!(!other.search("ALL").contains(&marked));
    let copied = one.says(&format!("UID COPY {} Trash", uids[0]));
    assert!(copied.starts_with("t OK [COPYUID ") && copied.ends_with(" copied"), "{copied}");
    assert_eq!(one.search("ALL").len(), last - 2, "a copy leaves the message where it is");
    for (text, begin) in [
        ("UID COPY 1:* Elsewhere", "t NO [NONEXISTENT]"),
        ("UID FETCH 1 ENVELOPE", "t NO [CANNOT]"),
        ("CREATE Mine", "t NO [CANNOT]"),
        ("UID FETCH", "t BAD"),
        ("UID STORE 1 FLAGS", "t BAD"),
        ("UID FETCH 1 FLAGS more", "t BAD"),
        ("PLEASE", "t BAD"),
    ] {
        assert!(one.says(text).starts_with(begin), "{text}");
    }
    one.say("EXAMINE INBOX");
    for text in ["UID STORE 1 FLAGS ()", "EXPUNGE", "UID MOVE 1 Trash"] {
        assert!(one.says(text).starts_with("t NO [CANNOT]"), "{text}");
    }
}

#[test]
fn changes_are_told_by_their_numbers() {
    let desk = desk();
    let (mut one, mut other) = (Line::signed_in(&desk, NOW), Line::signed_in(&desk, NOW));
    let opened = one.say("SELECT INBOX (CONDSTORE)");
    let before =
        opened.iter().find_map(|line| line.split_once("HIGHESTMODSEQ ")?.1.split(']').next()).unwrap().to_owned();
    let since = format!("UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE {before})");
    assert_eq!(one.say(&since).len(), 1);
    other.say("SELECT INBOX");
    let uid = other.search("ALL")[0];
    other.say(&format!("UID STORE {uid} +FLAGS (\\Answered)"));
    let told = one.say(&since);
    assert!(told.len() > 1, "{told:?}");
    for line in &told[..told.len() - 1] {
        assert!(line.contains(&format!("UID {uid} ")) && line.contains("MODSEQ ("), "{line}");
    }
    let late = one.says(&format!("UID STORE {uid} (UNCHANGEDSINCE {before}) +FLAGS.SILENT (\\Deleted)"));
    assert_eq!(late, format!("t OK [MODIFIED {uid}] some were changed meanwhile"));
    assert_eq!(one.search("DELETED"), [0_u32; 0]);
    assert!(one.search(&format!("MODSEQ {before}")).contains(&uid));
}

#[test]
fn what_is_put_there_goes_to_nobody() {
    let desk = desk();
    let mut line = Line::signed_in(&desk, NOW);
    let to = desk.world.contacts(&desk.world.clients()[7]).remove(0).email;
    let source =
        format!("From: desk@agency.example\r\nTo: {to}\r\nMessage-ID: <mine@x.example>\r\n\r\nIs it there?\r\n");
    let before = desk.open(MAILBOX, NOW + Duration::days(1)).letters.len();
    let put = format!("APPEND Sent (\\Seen) \" 5-Jun-2026 10:00:00 +0200\" {{{}+}}\r\n{source}", source.len());
    let told = line.says(&put);
    assert!(told.starts_with("t OK [APPENDUID "), "{told}");
    assert_eq!(desk.open(MAILBOX, NOW + Duration::days(1)).letters.len(), before + 1, "nobody answers");
    line.say("EXAMINE Sent");
    let [uid] = line.search("HEADER message-id \"<mine@x.example>\"")[..] else { panic!("it is there once") };
    let told = line.say(&format!("UID FETCH {uid} (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")).remove(0);
    assert!(told.contains("FLAGS (\\Seen) INTERNALDATE \" 5-Jun-2026 08:00:00 +0000\""), "{told}");
    assert!(
        told.contains(&format!("RFC822.SIZE {} ", source.len())) && told.ends_with(&format!("\r\n{source})")),
        "{told}"
    );
    assert_eq!(line.search("ON 5-Jun-2026 TEXT \"is it THERE\""), [uid]);
    assert!(line.says("APPEND Elsewhere {1+}\r\nx").starts_with("t NO [NONEXISTENT]"));
    assert!(line.says("APPEND Sent x").starts_with("t BAD"));
}

#[test]
fn lists_come_twice_and_turned_around() {
    let lines = ["* 1 FETCH (UID 1)", "* 9 EXISTS", "* 2 FETCH (UID 2)"].map(|line| line.as_bytes().to_vec());
    let upset = |fault| {
        let mut reply = Reply { told: lines.to_vec(), last: "t OK".into(), ends: false };
        reply.upset(fault);
        String::from_utf8(reply.bytes()).unwrap()
    };
    assert_eq!(upset(Fault::OutOfOrder), "* 2 FETCH (UID 2)\r\n* 9 EXISTS\r\n* 1 FETCH (UID 1)\r\nt OK\r\n");
    assert!(upset(Fault::Duplicates).ends_with("* 2 FETCH (UID 2)\r\n* 1 FETCH (UID 1)\r\nt OK\r\n"));
}
