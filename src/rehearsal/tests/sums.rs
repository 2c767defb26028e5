//! Levels add up, the truth is the sum of the answers, and books are books.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::{TODAY, world};
use crate::{AdSums, LEVELS, Level, World, Zone};

fn shops(world: &World) -> impl Iterator<Item = &crate::Channel> {
    world.channels().iter().filter(|channel| !channel.platform.ads())
}

#[test]
fn ads_add_up_to_groups_to_campaigns_to_the_account() {
    let world = world(2);
    let (from, as_of) = (TODAY - Duration::days(400), TODAY - Duration::days(3));
    for channel in world.channels().iter().filter(|channel| channel.platform.ads()) {
        let parent: BTreeMap<_, _> =
            world.entities(channel).into_iter().map(|e| (e.external_id, e.parent_id)).collect();
        let sums = |level: Level, up: bool| {
            let mut sums = BTreeMap::<_, AdSums>::new();
            for row in world.ad_rows(channel, from..=TODAY, level, as_of) {
                let above = parent.get(&row.external_id).cloned().flatten().unwrap_or(channel.external_id.clone());
                *sums.entry((row.day, if up { above } else { row.external_id })).or_default() += row.sums;
            }
            sums
        };
        for pair in LEVELS.windows(2) {
            assert_eq!(sums(pair[0], false), sums(pair[1], true), "{:?}", pair[1]);
        }
        assert_eq!(sums(Level::Account, false).len(), 398);
    }
}

#[test]
fn the_truth_is_the_sum_of_the_answers_to_the_cent() {
    let world = world(2);
    let truth = serde_json::to_value(world.truth()).unwrap();
    for told in truth["channels"].as_array().unwrap() {
        let channel = &world.channels()[told["index"].as_u64().unwrap() as usize];
        let rows = world.ad_rows(channel, world.first()..=TODAY, Level::Account, TODAY);
        assert_eq!(told["days"].as_array().unwrap().len(), rows.len());
        for (row, day) in rows.iter().zip(told["days"].as_array().unwrap()) {
            let sums = serde_json::to_value(row.sums).unwrap();
            assert!(sums.as_object().unwrap().iter().all(|(name, value)| day[name] == *value), "{row:?} {day}");
            assert!(day["final_conversions_hundredths"].as_i64() >= Some(row.sums.conversions_hundredths));
        }
    }
    for told in truth["shops"].as_array().unwrap() {
        let channel = &world.channels()[told["channel"].as_u64().unwrap() as usize];
        let client = world.client_of(channel);
        let mut days = BTreeMap::<String, [i64; 4]>::new();
        let end = world.end_of(client, TODAY);
        for order in world.orders(channel, OffsetDateTime::UNIX_EPOCH, end).iter().filter(|order| !order.test) {
            let day = days.entry(client.zone.day(order.placed_at).to_string()).or_default();
            let placed = [1, order.goods_cents(), order.tax_cents(), order.shipping_cents];
            (0..4).for_each(|at| day[at] += placed[at]);
            for refund in &order.refunds {
                let day = days.entry(client.zone.day(refund.made_at).to_string()).or_default();
                let back = [0, refund.goods_cents, refund.tax_cents, refund.shipping_cents];
                (0..4).for_each(|at| day[at] -= back[at]);
            }
        }
        for day in told["days"].as_array().unwrap() {
            let sums =
                ["orders", "ledger_cents", "taxes_cents", "shipping_cents"].map(|name| day[name].as_i64().unwrap());
            assert_eq!(days.remove(day["day"].as_str().unwrap()).unwrap_or_default(), sums);
            assert_eq!(day["goods_cents"].as_i64().unwrap() - day["refunds_cents"].as_i64().unwrap(), sums[1]);
        }
        assert!(days.is_empty());
    }
}

#[test]
fn orders_are_numbered_taxed_and_paid_back_within_what_was_paid() {
    let world = world(2);
    for channel in shops(&world) {
        let client = world.client_of(channel);
        let end = world.end_of(client, TODAY);
        let mut orders = world.orders(channel, OffsetDateTime::UNIX_EPOCH, end);
        assert!(orders.is_sorted_by_key(|order| order.updated_at));
        orders.sort_by_key(|order| order.number);
        assert!(orders.is_sorted_by_key(|order| order.placed_at));
        assert_eq!(orders[0].number, 1001);
        assert!(orders.windows(2).all(|pair| pair[0].number + 1 == pair[1].number));
        let rate = client.trade.vat;
        for order in &orders {
            let back = order.refunds.iter().map(|refund| refund.goods_cents).sum::<i64>();
            assert!(
                back <= order.goods_cents() && order.lines.iter().all(|line| line.goods_cents > 0 && line.quantity > 0)
            );
            assert!(order.refunds.iter().all(|refund| refund.made_at > order.placed_at && refund.made_at <= end));
            if client.zone == Zone::Berlin {
                let tax = order.lines.iter().map(|line| line.goods_cents as f64 * rate).sum::<f64>();
                let lines = order.lines.iter().map(|line| line.tax_cents).sum::<i64>();
                assert!((lines as f64 - tax).abs() <= order.lines.len() as f64 / 2.0 + 1e-6);
            } else {
                assert_eq!(order.shipping_tax_cents, 0);
            }
        }
        let changed = world.orders(channel, end - Duration::days(2), end);
        assert!(!changed.is_empty() && changed.len() < orders.len());
        assert!(orders.iter().any(|order| order.cancelled_at.is_some()));
    }
}

/// Shares of customers who come back, of refunds and of the value's logarithm, each within 4.5 standard errors.
#[test]
fn orders_have_the_shares_and_the_spread_of_their_trade() {
    let world = world(2);
    for channel in shops(&world) {
        let client = world.client_of(channel);
        let orders = &world.books(channel).unwrap().orders;
        let n = orders.len() as f64;
        let share = |count: usize, p: f64, what: &str| {
            let off = (count as f64 - n * p) / (n * p * (1.0 - p)).sqrt();
            assert!(off.abs() < 4.5, "{}: {what} {count} of {n}, not {p}", client.name);
        };
        share(orders.iter().filter(|order| order.cancelled_at.is_some()).count(), 0.008, "cancelled");
        let returned = orders.iter().filter(|order| order.cancelled_at.is_none() && !order.refunds.is_empty());
        share(returned.count(), 0.992 * client.trade.returned, "returned");
        let spread = client.trade.spread;
        let mean = libm::log(client.order_value * 100.0) - spread * spread / 2.0;
        let logs: Vec<_> = orders.iter().map(|order| libm::log(order.goods_cents() as f64) - mean).collect();
        let (one, two) = logs.iter().fold((0.0, 0.0), |(one, two), x| (one + x, two + x * x));
        assert!((one / n / spread * n.sqrt()).abs() < 4.5, "{}", client.name);
        assert!(((two / n / (spread * spread) - 1.0) * (n / 2.0).sqrt()).abs() < 4.5, "{}", client.name);
        let mut times = BTreeMap::<u64, u32>::new();
        orders.iter().for_each(|order| *times.entry(order.customer).or_default() += 1);
        assert!(times.values().any(|times| *times >= 4) && times.values().filter(|times| **times == 1).count() > 100);
    }
}

#[test]
fn people_write_in_time_late_and_about_what_happens() {
    use crate::{Kind, Mood, Post};
    for seed in 0..10 {
        let world = world(seed);
        let all: Vec<_> = world
            .clients()
            .iter()
            .flat_map(|client| world.messages(client, OffsetDateTime::UNIX_EPOCH, world.end_of(client, TODAY)))
            .collect();
        for mood in [
            Mood::Question,
            Mood::Complaint,
            Mood::Praise,
            Mood::Chaser,
            Mood::Answer,
            Mood::LateAnswer,
            Mood::Automatic,
        ] {
            assert!(all.iter().filter(|message| message.mood == mood).count() > 5, "{mood:?}");
        }
        assert!(
            [Post::Newsletter, Post::OutOfOffice].iter().all(|post| all.iter().any(|message| message.post == *post))
        );
        let sent: BTreeMap<_, _> = all.iter().map(|message| (&message.id, message.sent_at)).collect();
        assert_eq!(sent.len(), all.len(), "ids are unique");
        for message in &all {
            assert!(!message.text.contains('{') && !message.subject.contains('{') && message.text.len() > 10);
            if let Some(parent) = &message.in_reply_to {
                assert!(sent[parent] < message.sent_at && sent.contains_key(&message.conversation));
            }
        }
        for (at, event) in world.planted().iter().enumerate() {
            let mut about = all.iter().filter(|message| message.about == Some(at));
            if matches!(event.kind, Kind::Collapse | Kind::TrackingOutage | Kind::ChangePoint | Kind::Fatigue) {
                let first = about.clone().next().unwrap();
                let zone = world.clients()[event.client].zone;
                assert!(zone.day(first.sent_at) > event.first.unwrap() && first.client == event.client);
            } else {
                assert!(about.next().is_none());
            }
        }
    }
}
