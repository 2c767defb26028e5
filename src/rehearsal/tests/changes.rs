//! What people change acts from its moment on and on nothing else, and a day grows with the clock.

use time::{Duration, OffsetDateTime, Time, macros::datetime};

use super::TODAY;
use crate::{AdSums, Change, Channel, LEVELS, Level, Setting, World, Write, daytime::Known};

/// A Tuesday at noon in Berlin, early in the morning in the west.
const AT: OffsetDateTime = datetime!(2026-05-12 10:00 UTC);

fn world() -> World {
    World::since(4, TODAY - Duration::days(79), TODAY).unwrap()
}

/// The account that is changed: not of a client at whom nothing happens.
fn account(world: &World) -> &Channel {
    let mut accounts = world.channels().iter().filter(|channel| channel.platform.ads());
    accounts.find(|channel| !world.client_of(channel).quiet).unwrap()
}

fn first(world: &World, level: Level) -> String {
    world.entities(account(world)).into_iter().find(|entity| entity.level == level).unwrap().external_id
}

fn changed(world: &World, change: Change) -> World {
    world.with(vec![Write { at: AT, channel: account(world).index, change, part_of: None }])
}

fn pause(world: &World, level: Level) -> World {
    changed(world, Change::Runs { level, external_id: first(world, level), runs: false })
}

/// All that was known of a channel at a moment.
fn known(world: &World, channel: &Channel, at: OffsetDateTime) -> (Vec<Vec<crate::AdRow>>, Vec<crate::Order>) {
    let known = Known::at(world.client_of(channel), at, world.today());
    let rows = LEVELS.map(|level| world.rows_known(channel, world.first()..=world.today(), level, &known));
    (rows.into(), world.orders(channel, OffsetDateTime::UNIX_EPOCH, at))
}

#[test]
fn nothing_that_was_told_before_a_change_is_another_after_it() {
    let world = world();
    let budget = Change::Budget { campaign: first(&world, Level::Campaign), cents: 99_900 };
    for other in [pause(&world, Level::Campaign), pause(&world, Level::Ad), changed(&world, budget)] {
        for at in [AT, AT - Duration::hours(3), AT - Duration::days(1)] {
            for channel in world.channels() {
                assert!(known(&world, channel, at) == known(&other, channel, at), "{} {at}", channel.name);
            }
        }
        let mine = account(&world);
        for channel in world.channels() {
            let same =
                known(&world, channel, AT + Duration::days(20)) == known(&other, channel, AT + Duration::days(20));
            let acts = channel.index == mine.index || (channel.client == mine.client && !channel.platform.ads());
            assert_eq!(same, !acts, "{} {:?}", channel.name, channel.platform);
        }
    }
}

fn sums(world: &World, level: Level, id: &str, from: i64, days: i64) -> AdSums {
    let from = AT.date() + Duration::days(from);
    let rows = world.ad_rows(account(world), from..=from + Duration::days(days - 1), level, TODAY);
    rows.iter().filter(|row| row.external_id == id).fold(AdSums::default(), |mut sum, row| {
        sum += row.sums;
        sum
    })
}

#[test]
fn what_is_paused_is_not_shown_and_goes_on_when_it_is_switched_on() {
    let world = world();
    for level in [Level::Campaign, Level::Group, Level::Ad] {
        let (paused, id) = (pause(&world, level), first(&world, level));
        assert_eq!(sums(&paused, level, &id, 1, 30), AdSums::default());
        let part = sums(&paused, level, &id, 0, 1);
        assert!(part.impressions > 0 && part.impressions < sums(&world, level, &id, 0, 1).impressions);
        let mut writes = paused.writes().to_vec();
        let runs = Change::Runs { level, external_id: id.clone(), runs: true };
        writes.push(Write { at: AT + Duration::days(10), channel: account(&world).index, change: runs, part_of: None });
        let again = world.with(writes);
        assert_eq!(sums(&again, level, &id, 1, 9), AdSums::default());
        // The same draws are made again.
        let (one, other) = (sums(&again, level, &id, 11, 20), sums(&world, level, &id, 11, 20));
        assert_eq!((one.impressions, one.spend_cents), (other.impressions, other.spend_cents));
    }
    // The campaign's other ads take the money of an ad that is paused.
    let (campaign, ad) = (first(&world, Level::Campaign), pause(&world, Level::Ad));
    let (spent, before) =
        (sums(&ad, Level::Campaign, &campaign, 1, 30), sums(&world, Level::Campaign, &campaign, 1, 30));
    assert!((spent.spend_cents as f64 / before.spend_cents as f64 - 1.0).abs() < 0.1, "{spent:?} {before:?}");
}

#[test]
fn what_is_set_no_longer_goes_on_as_if_nobody_had_set_it() {
    let world = world();
    let (campaign, ad) = (first(&world, Level::Campaign), first(&world, Level::Ad));
    let budget = Change::Budget { campaign: campaign.clone(), cents: 99_900 };
    let pause = Change::Runs { level: Level::Ad, external_id: ad.clone(), runs: false };
    for (change, setting, level, id) in
        [(budget, Setting::Budget, Level::Campaign, &campaign), (pause, Setting::Runs, Level::Ad, &ad)]
    {
        let set = changed(&world, change);
        let unset = Change::Unset { setting, level, external_id: id.clone() };
        let mut writes = set.writes().to_vec();
        writes.push(Write {
            at: AT + Duration::days(10),
            channel: account(&world).index,
            change: unset,
            part_of: None,
        });
        let again = world.with(writes);
        let cost = |world: &World, from, days| {
            let sums = sums(world, level, id, from, days);
            (sums.impressions, sums.spend_cents)
        };
        assert_eq!(cost(&again, 1, 9), cost(&set, 1, 9));
        assert_ne!(cost(&again, 1, 9), cost(&world, 1, 9));
        // The same draws are made again.
        assert_eq!(cost(&again, 11, 20), cost(&world, 11, 20));
        assert_eq!(again.entities(account(&again)), world.entities(account(&world)));
        // What is taken back where others have set it since changes nothing.
        let mut writes = set.writes().to_vec();
        let left = Change::Left { setting, level, external_id: id.clone() };
        writes.push(Write { at: AT + Duration::days(10), channel: account(&world).index, change: left, part_of: None });
        assert_eq!(cost(&world.with(writes), 1, 30), cost(&set, 1, 30));
    }
}

#[test]
fn a_budget_is_spent_from_its_moment_on_and_brings_more_orders() {
    let world = world();
    let campaign = first(&world, Level::Campaign);
    let usual = sums(&world, Level::Campaign, &campaign, 1, 30).spend_cents / 30;
    let richer = changed(&world, Change::Budget { campaign: campaign.clone(), cents: usual * 4 });
    let spent = sums(&richer, Level::Campaign, &campaign, 1, 30).spend_cents as f64 / 30.0;
    // Four ads' impressions scatter by an eighth each day: thirty days by about one in a hundred.
    assert!((spent / (usual * 4) as f64 - 1.0).abs() < 0.05, "{spent} {usual}");
    let told = richer.entities(account(&richer)).into_iter().find(|entity| entity.external_id == campaign);
    assert_eq!(told.unwrap().budget_cents, Some(usual * 4));
    let brought = |world: &World| -> i64 {
        let truth = serde_json::to_value(world.truth()).unwrap();
        let mine = account(world).index;
        let channel = truth["channels"].as_array().unwrap().iter().find(|channel| channel["index"] == mine).unwrap();
        channel["days"].as_array().unwrap().iter().map(|day| day["brought_orders"].as_i64().unwrap()).sum()
    };
    assert!(brought(&richer) > brought(&world) && brought(&world) > brought(&pause(&world, Level::Campaign)));
}

#[test]
fn a_day_grows_with_the_clock_at_every_level_until_it_is_whole() {
    for world in [world(), pause(&world(), Level::Campaign)] {
        for channel in world.channels().iter().filter(|channel| channel.platform.ads()).take(8) {
            let client = world.client_of(channel);
            let day = client.zone.day(AT);
            let sum = |known: &Known, level| {
                let mut sum = AdSums::default();
                for row in world.rows_known(channel, day..=day, level, known) {
                    assert!(row.sums.clicks <= row.sums.impressions);
                    sum += row.sums;
                }
                sum
            };
            let mut last = AdSums::default();
            for hour in 0..24 {
                let at = client.zone.moment(day, Time::from_hms(hour, 20, 0).unwrap());
                let known = Known::at(client, at, world.today());
                let sums = LEVELS.map(|level| sum(&known, level));
                assert!(sums.iter().all(|level| *level == sums[0]));
                assert!(
                    sums[0].impressions >= last.impressions
                        && sums[0].conversions_hundredths >= last.conversions_hundredths
                );
                assert!(sums[0].spend_cents >= last.spend_cents && sums[0].revenue_cents >= last.revenue_cents);
                last = sums[0];
            }
            let whole = sum(&Known::end_of(client, day), Level::Account);
            assert!(last.impressions < whole.impressions && last.impressions * 10 > whole.impressions * 9);
            let nearly = sum(&Known { share: 1.0 - 1e-12, ..Known::end_of(client, day) }, Level::Account);
            assert!((whole.impressions - nearly.impressions) < 20 && whole.revenue_cents >= nearly.revenue_cents);
        }
    }
}

/// Against the plain way: every order as it was then.
#[test]
fn orders_at_a_moment_are_those_that_were_there_by_their_last_change_until_then() {
    let world = world();
    for channel in world.channels().iter().filter(|channel| !channel.platform.ads()).take(3) {
        let books = world.books(channel).unwrap();
        let since = AT - Duration::days(9);
        for until in [AT, AT - Duration::days(5), world.end_of(world.client_of(channel), TODAY)] {
            let plain = books.changes_until(until).into_iter().filter(|(at, _)| *at >= since);
            let plain: Vec<_> = plain.filter_map(|(_, number)| books.order(number)?.at(until)).collect();
            assert!(plain.len() > 20 && world.orders(channel, since, until) == plain);
            let from = (plain[7].updated_at, plain[7].number);
            assert!(world.orders_after(channel, from, until, 5) == plain[7..12]);
        }
    }
}
