//! Submission line by line, without sockets: who may send as whom, and who gets it.

use time::{Date, Duration, macros::datetime};

use super::*;
use crate::{protocol::test, world::World};

const NOW: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

fn desk() -> Desk {
    let today: Date = NOW.date();
    test::desk(World::since(5, today - Duration::days(29), today).unwrap())
}

/// What is answered to a line; the end of the desk is asked where it is needed.
fn say(session: &mut Session, desk: &Desk, line: &str) -> String {
    match session.step(line) {
        Step::Said(reply) => reply.text,
        Step::SignIn { user, password } => session.enter(desk, &user, &password).text,
        Step::Command(name, given) => session.answer(name, &given).text,
    }
}

fn signed_in(desk: &Desk) -> Session {
    let mut session = Session::default();
    let packed = STANDARD.encode("\0desk@agency.example\0secret");
    assert!(say(&mut session, desk, "EHLO here").contains("250-AUTH PLAIN LOGIN\r\n"));
    assert!(say(&mut session, desk, &format!("AUTH PLAIN {packed}")).starts_with("235 "));
    session
}

#[test]
fn who_shows_the_password_may_send_and_nobody_else() {
    let desk = desk();
    let mut session = Session::default();
    let mut said = |line: &str| say(&mut session, &desk, line);
    assert!(said("MAIL FROM:<desk@agency.example>").starts_with("530 "));
    assert!(said("AUTH CRAM-MD5").starts_with("504 "));
    let (user, wrong) = (STANDARD.encode("world/desk@agency.example"), STANDARD.encode("other"));
    for (line, begin) in [
        ("AUTH PLAIN", "334 "),
        ("*", "501 "),
        ("AUTH PLAIN !", "501 "),
        ("AUTH LOGIN", "334 "),
        (user.as_str(), "334 "),
        (wrong.as_str(), "535 "),
        ("RCPT TO:<a@b.example>", "530 "),
    ] {
        assert!(said(line).starts_with(begin), "{line}");
    }
    let right = STANDARD.encode("secret");
    for (line, begin) in [
        (format!("AUTH LOGIN {user}").as_str(), "334 "),
        (right.as_str(), "235 "),
        ("AUTH PLAIN", "503 "),
        ("MAIL FROM:<team@agency.example>", "553 "),
        ("RCPT TO:<a@b.example>", "503 "),
        ("DATA", "503 "),
        ("mail from:<desk@agency.example> size=99999999", "552 "),
        ("mail from: <Desk@agency.example> body=8bitmime", "250 "),
        ("MAIL FROM:<desk@agency.example>", "503 "),
        ("RCPT TO:<nobody>", "553 "),
        ("RCPT TO:a@b.example", "501 "),
        ("RCPT TO:<a@b.example>", "250 "),
        ("DATA", "354 "),
        ("RSET", "250 "),
        ("DATA", "503 "),
        ("LUCK", "500 "),
        ("QUIT", "221 "),
    ] {
        assert!(said(line).starts_with(begin), "{line}");
    }
}

#[test]
fn what_is_taken_lies_among_what_was_sent_and_who_got_it_answers() {
    let desk = desk();
    let to = desk.world.contacts(&desk.world.clients()[7]).remove(0).email;
    let source = format!("From: desk@agency.example\r\nTo: {to}\r\nSubject: x\r\n\r\n.Is it done?\r\n");
    let mut count = desk.open(MAILBOX, NOW + Duration::days(1)).letters.len();
    // Named in the message but not in the envelope: nothing comes there, and nobody answers.
    for (envelope, more) in [("nobody@else.example", 1), (to.as_str(), 2)] {
        let mut session = signed_in(&desk);
        for line in ["MAIL FROM:<desk@agency.example>", &format!("RCPT TO:<{}>", envelope.to_uppercase()), "DATA"] {
            let told = say(&mut session, &desk, line);
            assert!(told.starts_with("250 ") || told.starts_with("354 "), "{line}: {told}");
        }
        let told = session.take(&desk, NOW, source.as_bytes()).text;
        assert!(told.starts_with("250 2.0.0 taken as sent-"), "{told}");
        let later = desk.open(MAILBOX, NOW + Duration::days(1));
        assert_eq!(later.letters.len(), count + more, "{envelope}");
        count = later.letters.len();
        let key = told.trim().strip_prefix("250 2.0.0 taken as ").unwrap();
        let letter = later.letters.iter().find(|letter| letter.key == key).unwrap();
        assert_eq!(later.source(letter), source);
        assert!(session.take(&desk, NOW, b"x").text.starts_with("503 "), "one message for one envelope");
    }
}

#[test]
fn doubled_points_are_single_and_lines_end_in_one_way() {
    assert_eq!(undotted(b"..a\r\n.b\r\nc.\r\n...\r\n"), b".a\r\nb\r\nc.\r\n..\r\n");
    assert_eq!(undotted(b"a\n..b\r.c\r\n"), b"a\n..b\r.c\r\n");
    assert!(begins_line(b"") && begins_line(b"a\r\n") && !begins_line(b"a\n") && !begins_line(b"a"));
}
