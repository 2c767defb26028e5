//! Counts are chance around the plan and nothing else; planted events are in the counts; the response can be found again.
//!
//! Seeds are 1 to 10, chosen before the first run. The dispersion test is Pearson's: the sum over days of
//! `(count - mean)² / variance` has mean and variance known, and is compared with the normal distribution two-sidedly. The
//! level over all tests of a kind together is 0.001 (Bonferroni).

use time::{Date, Duration};

use super::{TODAY, world};
use crate::{Kind, World, ads::DELIVERY};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=10;

/// How many standard deviations the dispersion is from that of `variance`; `kurtosis` is the excess of each count.
fn dispersion(days: impl Iterator<Item = (f64, f64, f64, f64)>) -> f64 {
    let (off, spread) = days.fold((0.0, 0.0_f64), |(off, spread), (count, mean, variance, kurtosis)| {
        (off + (count - mean).powi(2) / variance - 1.0, spread + 2.0 + kurtosis)
    });
    off / spread.sqrt()
}

fn shop(world: &World, client: usize) -> impl Iterator<Item = (Date, f64, f64)> {
    let shop = world.channels().iter().find(|channel| channel.client == client && !channel.platform.ads());
    world.shop_days(shop.unwrap()).into_iter().map(|day| (day.day, day.orders as f64, day.expected_orders))
}

fn quiet(world: &World) -> impl Iterator<Item = &crate::Client> {
    world.clients().iter().filter(|client| client.quiet)
}

/// 20 clients: at level 0.001 together, each within 4.1 standard deviations. Were the dispersion 10 % too high or too
/// low, a shop with 400 days would be 1.4 off, and the sum over all shops, which is held to the same level, 6.
#[test]
fn orders_of_null_clients_are_poisson_around_their_season() {
    let mut sum = 0.0;
    for seed in SEEDS {
        let world = world(seed);
        for client in quiet(&world) {
            let off = dispersion(shop(&world, client.index).map(|(_, count, mean)| (count, mean, mean, 1.0 / mean)));
            assert!(off.abs() < 4.1, "seed {seed}, {}: {off}", client.name);
            sum += off;
        }
    }
    assert!((sum / 20.0_f64.sqrt()).abs() < 3.3, "all: {}", sum / 20.0_f64.sqrt());
}

/// Impressions of every ad, clicks and claims after views: some 230 ads, each within 4.6 standard deviations.
#[test]
fn what_null_clients_ads_deliver_is_chance_around_their_budget() {
    for seed in SEEDS {
        let world = world(seed);
        for client in quiet(&world) {
            for (channel, account) in world.plan.accounts(client.index) {
                let days = &world.history(channel).unwrap().days;
                for (at, ad) in account.ads.iter().enumerate() {
                    let rate = account.ctr * ad.ctr;
                    let shown = days.iter().map(|day| {
                        let (count, mean) = (f64::from(day.ads[at].impressions), day.ads[at].expected);
                        let variance = mean + mean * mean / DELIVERY;
                        (count, mean, variance, 6.0 / DELIVERY + 1.0 / variance)
                    });
                    let clicked = days.iter().map(|day| {
                        let shown = f64::from(day.ads[at].impressions);
                        let variance = shown * rate * (1.0 - rate);
                        (
                            f64::from(day.ads[at].clicks),
                            shown * rate,
                            variance,
                            (1.0 - 6.0 * rate * (1.0 - rate)) / variance,
                        )
                    });
                    for off in [dispersion(shown), dispersion(clicked)] {
                        assert!(off.abs() < 4.6, "seed {seed}, {} {}: {off}", client.name, ad.name);
                    }
                    let expected = days.iter().map(|day| day.ads[at].expected);
                    let flat = expected.fold((f64::MAX, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
                    assert!(flat.1 - flat.0 < 1e-9, "the budget of {} moves", ad.name);
                }
            }
        }
    }
}

/// That this test can fail: on the days of a collapse or from a change on, held against a season that knows nothing of it,
/// it does at the level above; and the sum of those days is 5 standard deviations off or more.
#[test]
fn planted_shifts_of_demand_stand_out_of_the_season() {
    for seed in SEEDS {
        let world = world(seed);
        for event in world.planted().iter().filter(|event| matches!(event.kind, Kind::Collapse | Kind::ChangePoint)) {
            let demand = &world.clients()[event.client].demand;
            let acts = event.first.unwrap()..=event.last.unwrap_or(TODAY);
            let days: Vec<_> = shop(&world, event.client).filter(|(day, ..)| acts.contains(day)).collect();
            let blind = days.iter().map(|(day, count, mean)| (*count, mean * demand.usual(*day) / demand.on(*day)));
            let off = dispersion(blind.clone().map(|(count, mean)| (count, mean, mean, 1.0 / mean)));
            assert!(off > 4.1, "seed {seed}, {:?}: {off}", event.kind);
            let (count, mean) = blind.fold((0.0, 0.0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
            let off: f64 = (count - mean) / mean.sqrt();
            assert!(off.abs() > 5.0, "seed {seed}, {:?}: {off}", event.kind);
        }
    }
}

/// The counts themselves: sums of days within 4.5 standard deviations of the planted size, and without it far off.
#[test]
fn planted_events_are_in_the_counts() {
    for seed in SEEDS {
        let world = world(seed);
        for event in world.planted() {
            let span = |from: Date, days: i64| from..=(from + Duration::days(days - 1)).min(TODAY);
            let rows = |days, level| {
                let channel = &world.channels()[event.channel.unwrap()];
                world.ad_rows(channel, days, level, TODAY)
            };
            match event.kind {
                Kind::Collapse => {
                    let (from, last) = (event.first.unwrap(), event.last.unwrap());
                    let days = shop(&world, event.client).filter(|(day, ..)| (from..=last).contains(day));
                    let (count, mean) = days.fold((0.0, 0.0), |(a, b), (_, count, mean)| (a + count, b + mean));
                    let usual = mean / event.size.unwrap();
                    assert!(((count - mean) / mean.sqrt()).abs() < 4.5 && (usual - count) / usual.sqrt() > 6.0);
                }
                Kind::TrackingOutage => {
                    let (from, last) = (event.first.unwrap(), event.last.unwrap());
                    let claimed = |from, days| -> i64 {
                        let rows = rows(span(from, days), crate::Level::Account);
                        rows.iter().map(|row| row.sums.conversions_hundredths).sum()
                    };
                    let days = (last - from).whole_days() + 1;
                    assert!(claimed(from, days - 2) * 2 < claimed(from - Duration::days(days), days - 2));
                    let as_of = crate::LEVELS.map(|level| {
                        let channel = &world.channels()[event.channel.unwrap()];
                        let rows = world.ad_rows(channel, span(from, days), level, last);
                        assert!(rows.iter().all(|row| row.sums.clicks > 0 || level != crate::Level::Account));
                        rows.iter().map(|row| row.sums.conversions_hundredths).sum::<i64>()
                    });
                    assert_eq!(as_of, [0; 4], "nothing is reported while it lasts");
                }
                Kind::UnderFunded => {
                    let spent = |from: Date, days: i64| {
                        let rows = rows(span(from, days), crate::Level::Account);
                        rows.iter().map(|row| row.sums.spend_cents as f64).sum::<f64>() / rows.len() as f64
                    };
                    let account = world.channels()[event.channel.unwrap()].account.as_ref().unwrap();
                    for trial in &account.trials {
                        // Three weeks of a spend that scatters by a sixteenth from day to day: one in forty.
                        let before = spent(trial.first - Duration::days(7), 7);
                        let during = spent(trial.first, (trial.last - trial.first).whole_days() + 1);
                        let factor = during / before;
                        assert!((factor / trial.factor - 1.0).abs() < 0.15, "seed {seed}, {trial:?}: {factor}");
                    }
                }
                Kind::Fatigue | Kind::HiddenWinner => {
                    let ad = event.entity.clone().unwrap();
                    let rate = |days, of: fn(&crate::AdSums) -> (i64, i64)| {
                        let rows = rows(days, crate::Level::Ad);
                        let rows = rows.iter().filter(|row| row.external_id == ad);
                        let (top, bottom) = rows.map(|row| of(&row.sums)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
                        top as f64 / bottom as f64
                    };
                    if let Some(from) = event.first {
                        let clicks: fn(&crate::AdSums) -> (i64, i64) = |sums| (sums.clicks, sums.impressions);
                        let before = rate(span(from - Duration::days(30), 30), clicks);
                        let after = rate(span(from + Duration::days(40), 30), clicks);
                        assert!((0.2..0.5).contains(&(after / before)), "seed {seed}: {before} {after}");
                    } else {
                        let spent =
                            rate(span(world.first(), 600), |sums| (sums.conversions_hundredths, sums.spend_cents));
                        let rows = rows(span(world.first(), 600), crate::Level::Account);
                        let (all, cost) = rows.iter().fold((0, 0), |(a, b), row| {
                            (a + row.sums.conversions_hundredths, b + row.sums.spend_cents)
                        });
                        assert!(spent > 1.4 * all as f64 / cost as f64, "seed {seed}");
                    }
                }
                _ => {}
            }
        }
    }
}

/// Platforms claim what the plan says: after all windows closed, claims in relation to what is expected of both kinds.
#[test]
fn platforms_claim_more_than_they_brought_by_as_much_as_planted() {
    let world = world(1);
    for channel in world.channels() {
        let (Some(account), Some(history)) = (&channel.account, world.history(channel)) else { continue };
        let (claims, client) = (account.claims, world.client_of(channel));
        let (mut clicked, mut seen, mut expected, mut by_view) = (0.0, 0.0, 0.0, 0.0);
        let kept = |lag: u32| 1.0 - (1.0 - claims.same_day) * libm::pow(1.0 - 1.0 / claims.mean_lag, f64::from(lag));
        for day in &history.days {
            if account.outage.is_some() {
                continue; // its claims are not complete
            }
            expected += claims.click_factor * day.brought * kept(claims.window);
            let shown = day.ads.iter().map(|ad| f64::from(ad.impressions)).sum::<f64>();
            let viewers = client.organic * client.demand.on(day.day) * shown / (account.spend / account.cpm * 1000.0);
            by_view += claims.view_share * viewers * kept(claims.window);
            for ad in &day.ads {
                for claim in history.claimed(day.day, ad, TODAY + Duration::days(60)) {
                    *if claim.view { &mut seen } else { &mut clicked } += 1.0;
                }
            }
        }
        for (count, mean) in [(clicked, expected), (seen, by_view)] {
            assert!(
                (count - mean).abs() <= 4.5 * f64::sqrt(mean),
                "{} {:?}: {count} {mean}",
                client.name,
                channel.platform
            );
        }
        assert!(claims.click_factor > 1.0);
    }
}

/// From spend and noise-free means alone: the decay is searched on a grid; given decay and slope, `1 / orders` is linear in
/// `adstock^-slope` with intercept `1 / ceiling`. The right pair makes the residual vanish.
#[test]
fn adstock_and_saturation_are_found_again_in_noise_free_means() {
    for seed in [1, 2] {
        let world = world(seed);
        for channel in world.channels() {
            let (Some(account), Some(history)) = (&channel.account, world.history(channel)) else { continue };
            let demand = &world.client_of(channel).demand;
            let spend: Vec<_> = history
                .days
                .iter()
                .map(|day| day.ads.iter().map(|ad| f64::from(ad.spend_cents)).sum::<f64>() / 100.0)
                .collect();
            let means: Vec<_> = history.days.iter().map(|day| day.brought / day.mix / demand.on(day.day)).collect();
            let best = search(&spend, &means);
            let response = account.response;
            for (found, true_value) in
                best.into_iter().zip([response.decay, response.slope, response.half_saturation, response.ceiling])
            {
                assert!(
                    (found / true_value - 1.0).abs() < 0.03,
                    "seed {seed}, channel {}: {best:?} {response:?}",
                    channel.index
                );
            }
        }
    }
}

/// Decay, slope, half saturation and ceiling with the smallest residual, by ever finer grids.
fn search(spend: &[f64], means: &[f64]) -> [f64; 4] {
    let (mut decay, mut slope, mut reach) = (0.475, 1.25, (0.475, 0.95));
    let mut best = (f64::MAX, [0.0; 4]);
    for _ in 0..9 {
        let (about, around) = (decay, slope);
        for i in -4..=4 {
            for j in -4..=4 {
                let tried = (about + reach.0 * f64::from(i) / 4.0, around + reach.1 * f64::from(j) / 4.0);
                if !(0.0..1.0).contains(&tried.0) || tried.1 <= 0.1 {
                    continue;
                }
                let found = fit(spend, means, tried);
                if found.0 < best.0 {
                    best = found;
                    (decay, slope) = tried;
                }
            }
        }
        reach = (reach.0 * 0.5, reach.1 * 0.5);
    }
    best.1
}

/// The residual of the line, relative to the spread, and what follows from it.
fn fit(spend: &[f64], means: &[f64], (decay, slope): (f64, f64)) -> (f64, [f64; 4]) {
    let carry = crate::Response { decay, half_saturation: 1.0, slope: 1.0, ceiling: 1.0 };
    // Every third day is enough for a line.
    let points: Vec<_> = (14..spend.len())
        .step_by(3)
        .map(|at| (libm::pow(carry.adstock(&spend[at - 13..=at]), -slope), 1.0 / means[at]))
        .collect();
    let n = points.len() as f64;
    let (mx, my) = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
    let (xx, xy, yy) = points.iter().fold((0.0, 0.0, 0.0), |sum, (x, y)| {
        (sum.0 + (x - mx) * (x - mx), sum.1 + (x - mx) * (y - my), sum.2 + (y - my) * (y - my))
    });
    let rise = xy / xx;
    let intercept = my - rise * mx;
    let ceiling = 1.0 / intercept;
    (1.0 - xy * xy / (xx * yy), [decay, slope, libm::pow(rise * ceiling, 1.0 / slope), ceiling])
}
