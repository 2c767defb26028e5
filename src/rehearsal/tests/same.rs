//! The same seed and day give the same bytes; another gives another world; tomorrow only adds.

use serde_json::json;
use sha2::{Digest, Sha256};
use time::{
    Date, Duration, OffsetDateTime,
    macros::{date, datetime},
};

use super::{TODAY, walk, world};
use crate::{Error, LEVELS, World, protocol::Edge};

/// What the world answers, as bytes. (Sums of all days are in the truth.)
fn bytes(world: &World) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(&json!([world.clients(), world.channels()])).unwrap();
    for channel in world.channels() {
        for level in LEVELS {
            // Of all days, but not at all levels: an unoptimised build takes its time.
            let first = if level == LEVELS[0] { world.first() } else { world.today() - Duration::days(60) };
            let rows = world.ad_rows(channel, first..=world.today(), level, world.today());
            bytes.extend(serde_json::to_vec(&rows).unwrap());
        }
        let end = world.end_of(world.client_of(channel), world.today());
        let orders = world.orders(channel, end - Duration::days(60), end);
        let customers: Vec<_> = orders.iter().take(50).map(|order| world.customer(channel, order.customer)).collect();
        let rest = json!([world.entities(channel), world.creatives(channel), customers]);
        bytes.extend(serde_json::to_vec(&orders).unwrap());
        bytes.extend(serde_json::to_vec(&rest).unwrap());
    }
    for client in world.clients() {
        let messages = world.messages(client, OffsetDateTime::UNIX_EPOCH, world.end_of(client, world.today()));
        bytes.extend(serde_json::to_vec(&json!([world.contacts(client), messages])).unwrap());
    }
    bytes
}

fn orders(world: &World, channel: &crate::Channel, day: Date) -> Vec<crate::Order> {
    world.orders(channel, OffsetDateTime::UNIX_EPOCH, world.end_of(world.client_of(channel), day))
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whoever changes the world on purpose changes these. Debug and release builds and all machines must give the same.
#[test]
fn a_seed_and_a_day_give_these_bytes() {
    let world = world(7);
    let bytes = bytes(&world);
    let truth = serde_json::to_vec(&world.truth()).unwrap();
    assert_eq!(
        [hash(&bytes), hash(&truth)],
        [
            "ecc0093623938313eed5cc3d0b1b9d35143bc1ac0887b5cd55e5e0ca16b7e9e8",
            "b3e0717368b9e92d5ebb01630b7c430a9a40b5bf3d964bf38a827aaa68621d02"
        ]
    );
    let told = String::from_utf8(bytes).unwrap();
    for word in ["brought_by", "quality", "mood", "about", "planted", "fatigue", "quiet", "demand", "trials"] {
        assert!(!told.contains(&format!("\"{word}\"")), "the answers tell {word}");
    }
}

/// The same over every protocol's answers, mail included. Whoever changes an answer on purpose changes this.
#[test]
fn a_seed_and_a_day_give_these_answers() {
    let now = datetime!(2026-06-16 06:59:59 UTC);
    let hashed = |seed| {
        let world = World::since(seed, TODAY - Duration::days(29), TODAY).unwrap();
        let desk = walk::desk(world, Edge::EndOfDay);
        let mut all = Sha256::new();
        for (question, answer) in walk::Walk::whole(&desk, now, 14).told {
            all.update(format!("{} {} {} {:?}\n", question.path, answer.status, answer.body, answer.headers));
            for word in ["brought_by", "quality\"", "mood", "planted", "fatigue", "demand\""] {
                assert!(!answer.body.contains(word), "{} tells {word}", question.path);
            }
        }
        hex::encode(all.finalize())
    };
    let (one, other) = (hashed(7), hashed(8));
    assert_ne!(one, other);
    assert_eq!(one, "a66f80b608953f9b4d2faacb511213c337bbe42fd4e3c691decfe46c985ceb69");
}

#[test]
fn another_seed_is_another_world() {
    let (one, other) = (world(7), world(8));
    assert!(one.clients().iter().zip(other.clients()).any(|(one, other)| one.name != other.name));
    assert_ne!(one.planted(), other.planted());
    let spent = |world: &World| {
        let channel = &world.channels()[0];
        world.ad_rows(channel, TODAY..=TODAY, crate::Level::Ad, TODAY)
    };
    assert_ne!(spent(&one), spent(&other));
}

#[test]
fn tomorrow_adds_a_day_and_keeps_the_past() {
    let (seed, first) = (3, TODAY - Duration::days(450));
    let yesterday = World::since(seed, first, TODAY).unwrap();
    let today = World::since(seed, first, TODAY + Duration::days(1)).unwrap();
    assert_eq!(yesterday.planted(), today.planted());
    for channel in yesterday.channels() {
        let rows = |world: &World, level| world.ad_rows(channel, first..=today.today(), level, TODAY);
        for level in LEVELS {
            assert_eq!(rows(&yesterday, level), rows(&today, level));
        }
        assert_eq!(orders(&yesterday, channel, TODAY), orders(&today, channel, TODAY));
        let there =
            |world: &World| world.ad_rows(channel, today.today()..=today.today(), LEVELS[0], today.today()).len();
        assert_eq!((there(&yesterday), there(&today)), (0, usize::from(channel.platform.ads())));
    }
    for client in yesterday.clients() {
        let until = yesterday.end_of(client, TODAY);
        let messages = |world: &World| world.messages(client, OffsetDateTime::UNIX_EPOCH, until);
        assert_eq!(messages(&yesterday), messages(&today));
    }
}

/// What was reported of a day changes for as long as the window is open, and only its conversions do.
#[test]
fn past_days_are_restated_until_the_window_closes() {
    let world = world(5);
    for channel in world.channels().iter().filter(|channel| channel.platform.ads()) {
        let day = TODAY - Duration::days(40);
        let known = |days| {
            let rows = world.ad_rows(channel, day..=day, crate::Level::Account, day + Duration::days(days));
            rows[0].sums
        };
        let told: Vec<_> = (0..40).map(known).collect();
        for pair in told.windows(2) {
            assert!(pair[0].conversions_hundredths <= pair[1].conversions_hundredths);
            assert_eq!((pair[0].spend_cents, pair[0].clicks), (pair[1].spend_cents, pair[1].clicks));
        }
        let window = channel.account.as_ref().unwrap().claims.window as usize;
        assert_eq!(told[window], told[39]);
    }
    let week = |as_of: Date| -> i64 {
        let days = TODAY - Duration::days(46)..=TODAY - Duration::days(40);
        let ads = world.channels().iter().flat_map(|channel| world.ad_rows(channel, days.clone(), LEVELS[0], as_of));
        ads.map(|row| row.sums.conversions_hundredths).sum()
    };
    assert!(week(TODAY - Duration::days(40)) * 10 < week(TODAY) * 9);
}

#[test]
fn worlds_without_days_are_refused() {
    assert_eq!(World::since(1, TODAY, TODAY - Duration::days(1)).unwrap_err(), Error::Length);
    assert_eq!(World::since(1, date!(2010 - 01 - 01), TODAY).unwrap_err(), Error::Length);
    assert_eq!(World::new(1, date!(1999 - 12 - 31)).unwrap_err(), Error::Year);
    assert_eq!(World::new(1, Date::MAX).unwrap_err(), Error::Year);
    assert!(World::since(1, TODAY, TODAY).is_ok());
    assert_eq!(world(1).ad_rows(&world(1).channels()[0], TODAY..=TODAY - Duration::days(1), LEVELS[0], TODAY), []);
}
