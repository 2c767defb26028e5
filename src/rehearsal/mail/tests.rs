//! What lies in the mailboxes, what it is written in, and what people answer.

use std::collections::BTreeSet;

use mail_parser::MessageParser;
use time::{Date, macros::date};

use super::*;

const TODAY: Date = date!(2026 - 06 - 15);

fn world() -> World {
    World::since(5, TODAY - Duration::days(199), TODAY).unwrap()
}

fn end(world: &World) -> OffsetDateTime {
    world.clients().iter().map(|client| world.end_of(client, TODAY)).max().unwrap()
}

fn sent(mailbox: Mailbox, at: OffsetDateTime, source: &str, conversation: Option<&str>) -> Write {
    let conversation = conversation.map(str::to_owned);
    let change = Change::Sent { source: source.to_owned(), conversation, recipients: vec![] };
    Write { at, channel: mailbox.place(), change, part_of: None }
}

#[test]
fn every_client_writes_to_one_mailbox_and_every_letter_can_be_read() {
    let world = world();
    let (now, mut seen, mut all) = (end(&world), BTreeSet::new(), 0);
    for (mailbox, clients, least) in [(Mailbox::Gmail, 4, 100), (Mailbox::Outlook, 3, 100), (Mailbox::Imap, 1, 30)] {
        assert_eq!(world.clients().iter().filter(|client| Mailbox::of(client.index) == mailbox).count(), clients);
        let opened = world.open(mailbox, &[], now);
        let ids: BTreeSet<_> = opened.letters.iter().map(|letter| &letter.id).collect();
        assert!(ids.len() == opened.letters.len() && ids.len() > least, "{}", ids.len());
        for letter in &opened.letters {
            let source = opened.source(letter);
            assert!(source.is_ascii() && source.lines().all(|line| line.len() < 998), "{source}");
            assert!(!source.replace("\r\n", "").contains('\n'), "{source}");
            let read = MessageParser::default().parse(&source).unwrap();
            let Content::Drawn(message) = &letter.content else { panic!("nothing was sent") };
            assert_eq!(read.message_id(), Some(letter.id.as_str()));
            assert_eq!(read.subject(), Some(message.subject.as_str()));
            assert_eq!(read.in_reply_to().as_text(), message.in_reply_to.as_deref());
            assert_eq!(read.date().unwrap().to_timestamp(), letter.at.unix_timestamp());
            let from = read.from().unwrap().first().unwrap();
            assert_eq!(from.address.as_deref(), Some(message.from.as_str()));
            assert_eq!(from.name.as_deref(), Some(message.from_name.as_str()));
            let to = read.to().unwrap().first().unwrap().address.as_deref().unwrap().to_owned();
            assert_eq!([mailbox.address(), mailbox.alias()].contains(&to.as_str()), !message.outbound, "{to}");
            // As typed by people: with another apostrophe.
            let text = read.body_text(0).unwrap().replace("\r\n", "\n").replace('’', "'");
            assert!(text.starts_with(&message.text), "{text:?} {:?}", message.text);
            assert_eq!(source.contains("List-Unsubscribe: "), message.post == Post::Newsletter);
            assert_eq!(source.contains("Auto-Submitted: auto-replied"), message.post == Post::OutOfOffice);
            for what in [
                "us-ascii",
                "iso-8859-1",
                "windows-1252",
                "utf-8",
                "base64",
                "text/html",
                "image/png",
                "text/csv",
                "\r\nCc: ",
            ] {
                if source.contains(what) {
                    seen.insert(what);
                }
            }
            if source.contains("image/png") {
                assert!(read.attachments().all(|file| file.contents().starts_with(b"\x89PNG")));
            }
            all += 1;
        }
    }
    assert!(all > 300 && seen.len() == 9, "{all} {seen:?}");
}

#[test]
fn what_happened_is_numbered_by_the_clock_and_later_moments_only_add() {
    let world = world();
    let now = end(&world);
    let (before, after) =
        (world.open(Mailbox::Gmail, &[], now - Duration::days(9)), world.open(Mailbox::Gmail, &[], now));
    assert!(after.events.windows(2).all(|two| two[0].number < two[1].number));
    assert!(after.events.iter().all(|event| event.number <= after.now));
    let (old, new): (Vec<_>, Vec<_>) = after.events.iter().partition(|event| event.number <= before.now);
    let told = |events: &[&Event], of: &Opened<'_>| -> Vec<_> {
        events.iter().map(|event| (event.number, of.letters[event.letter].key.clone(), event.what.clone())).collect()
    };
    assert_eq!(told(&old, &after), told(&before.events.iter().collect::<Vec<_>>(), &before));
    assert!(new.iter().any(|event| event.what == What::Came) && new.iter().any(|event| event.what != What::Came));
    // Read by somebody, at least all that is older than a day.
    let unread = after.states(after.now).into_iter().zip(&after.letters);
    let unread = unread.filter(|(state, _)| state.as_ref().unwrap().labels.contains(UNREAD));
    assert!(unread.clone().count() > 0);
    for (_, letter) in unread {
        let newsletter = matches!(&letter.content, Content::Drawn(message) if message.post == Post::Newsletter);
        assert!(newsletter || now - letter.at < Duration::days(1), "{letter:?}");
    }
    assert!(after.remembers(before.now) && after.remembers(after.now) && !after.remembers(after.now + 1));
    assert!(!after.remembers(world.open(Mailbox::Gmail, &[], now - Duration::days(15)).now));
}

#[test]
fn who_is_written_to_answers_and_needs_no_other_answer() {
    let world = world();
    let (now, mailbox) = (end(&world), Mailbox::Outlook);
    let whole = world.open(mailbox, &[], now);
    // A letter that the agency answers by itself later on.
    let answers = |letter: &&Letter| letter.labels.contains(SENT);
    let answer = whole.letters.iter().filter(answers).find(|letter| letter.at < now - Duration::days(30)).unwrap();
    let question = whole.letters.iter().find(|letter| letter.id == answer.conversation).unwrap();
    let Content::Drawn(asked) = &question.content else { panic!("it is drawn") };
    let at = question.at + Duration::minutes(10);
    let source = format!(
        "From: Mara Lind <{}>\r\nTo: {}\r\nSubject: Re: {}\r\nMessage-ID: <ours@audienceos.example>\r\n\
         In-Reply-To: <{}>\r\nX-Own: 1\r\n\r\nWe will look at it. Is Friday early enough?\r\n",
        mailbox.address(),
        asked.from,
        asked.subject,
        question.id
    );
    assert_eq!(whole.conversation(&source), Some(question.conversation.as_str()));
    let writes = [sent(mailbox, at, &source, Some(&question.conversation))];
    let at_once = world.open(mailbox, &writes, at);
    assert_eq!(at_once.letters.last().map(|letter| letter.id.as_str()), Some("ours@audienceos.example"));
    assert_eq!(at_once.source(at_once.letters.last().unwrap()), source);
    let later = world.open(mailbox, &writes, at + Duration::days(3));
    let mine: Vec<_> = later.letters.iter().filter(|letter| letter.conversation == question.conversation).collect();
    assert!(mine.iter().all(|letter| letter.key != answer.key), "the agency does not answer twice");
    let reply = mine.last().unwrap();
    let waited = reply.at - at;
    assert!(Duration::minutes(30) < waited && waited < Duration::hours(10), "{waited}");
    let source = later.source(reply);
    let read = MessageParser::default().parse(&source).unwrap();
    assert_eq!(read.in_reply_to().as_text(), Some("ours@audienceos.example"));
    assert_eq!(read.from().unwrap().first().unwrap().address.as_deref(), Some(asked.from.as_str()));
    let text = read.body_text(0).unwrap();
    assert!(text.contains("Is Friday early enough?") && text.contains("> We will look at it."), "{text}");
    // Another mailbox has nothing of it, and nobody answers a machine or somebody unknown.
    assert!(world.open(Mailbox::Gmail, &writes, now).letters.iter().all(|letter| !letter.key.starts_with("sent-")));
    for source in [source_of("Auto-Submitted: auto-generated\r\n", &asked.from), source_of("", "nobody@else.example")] {
        let opened = world.open(mailbox, &[sent(mailbox, at, &source, None)], at + Duration::days(3));
        let key = mailbox.sent_key(0);
        assert_eq!(opened.letters.iter().filter(|letter| letter.conversation == key).count(), 1);
    }
}

fn source_of(header: &str, to: &str) -> String {
    format!("{header}From: {}\r\nTo: {to}\r\nSubject: Hello\r\n\r\nIs anybody there?\r\n", Mailbox::Outlook.address())
}

#[test]
fn labels_change_from_their_moment_on() {
    let world = world();
    let now = end(&world);
    let opened = world.open(Mailbox::Gmail, &[], now);
    let place =
        opened.states(opened.now).iter().rposition(|state| state.as_ref().unwrap().labels.contains(UNREAD)).unwrap();
    let key = opened.letters[place].key.clone();
    let change = Change::Labels { letter: key.clone(), added: vec![TRASH.into()], removed: vec![UNREAD.into()] };
    let writes = [Write { at: now, channel: Mailbox::Gmail.place(), change, part_of: None }];
    let changed = world.open(Mailbox::Gmail, &writes, now);
    assert!(changed.now > opened.now);
    let labels = |number| changed.states(number)[place].clone().unwrap().labels;
    assert!(labels(opened.now).contains(UNREAD) && !labels(changed.now).contains(UNREAD));
    assert!(labels(changed.now).contains(TRASH) && changed.letters[place].key == key);
    let other = world.open(Mailbox::Outlook, &writes, now);
    assert_eq!(other.now, world.open(Mailbox::Outlook, &[], now).now);
}
