//! Fatigue from end to end: what tires and what does not, garbage, the same bytes, and the time it takes.

use rand_chacha::{ChaCha8Rng, rand_core::RngCore};
use time::{Date, Duration, macros::date};

use super::*;
use crate::{NotEnough, draw, random::stream};

const FIRST: Date = date!(2026 - 01 - 01);

fn creative(random: &mut ChaCha8Rng, id: usize, shown: f64, days: i64, tires: Option<i64>) -> Creative {
    let day = |at: i64| {
        let impressions = draw::scattered(random, shown, 0.2);
        let left = tires.map_or(1.0, |tires| libm::exp2(-((at - tires).max(0) as f64) / 14.0).max(0.3));
        let clicks = draw::scattered(random, impressions as f64 * 0.012 * left, 0.1);
        let reach = Some((at as u64 + 1) * 700);
        CreativeDay {
            day: FIRST + Duration::days(at),
            impressions,
            clicks,
            conversions: Some(clicks as f64 * 0.02),
            spend: Some(impressions as f64 * 0.008),
            reach,
        }
    };
    Creative::new(id.to_string(), format!("channel {}", id % 4), (0..days).map(day).collect()).unwrap()
}

/// Creatives of which every second tires between day 25 and 60.
fn world(name: &str, count: usize, days: i64) -> Vec<Creative> {
    let mut random = stream(9, name);
    let one = |id: usize| {
        let tires = (id % 2 == 1).then(|| 25 + (id as i64 * 7) % 35);
        creative(&mut random, id, 4_000.0, days, tires)
    };
    (0..count).map(one).collect()
}

#[test]
fn what_tired_is_called_so_about_when_it_did_and_the_rest_is_not() {
    let creatives = world("called", 100, 90);
    let all: Vec<&Creative> = creatives.iter().collect();
    let today = FIRST + Duration::days(89);
    let model = fit(&all, today).unwrap();
    assert_eq!(model.creatives, 100);
    let found = outlook(&all, today, Ok(&model));
    let (mut near, mut wrong) = (0, 0);
    for (id, outlook) in found.into_iter().enumerate() {
        let outlook = outlook.unwrap();
        match (&outlook.state, id % 2 == 1) {
            (State::Tired { since, .. }, true) => {
                let truth = 25 + (id as i64 * 7) % 35;
                near += usize::from(((*since - FIRST).whole_days() - truth).abs() <= 7);
                assert!(outlook.finding("a", 0.5).unwrap().size.unwrap().value < -0.2);
            }
            (State::Fresh { within }, false) => {
                let [week, fortnight] = within.clone().unwrap();
                assert!(0.0 <= week && week <= fortnight && fortnight <= 1.0);
            }
            _ => wrong += 1,
        }
    }
    assert!(near >= 40 && wrong <= 2, "{near} {wrong}");
}

#[test]
fn below_the_floor_nothing_is_said() {
    let mut random = stream(1, "floor");
    let thin = creative(&mut random, 1, 50.0, 60, None);
    let young = creative(&mut random, 2, 4_000.0, 10, None);
    let gone = creative(&mut random, 3, 4_000.0, 40, None);
    let none = NotEnough::Constant;
    let today = FIRST + Duration::days(59);
    let found = outlook(&[&thin, &gone], today, Err(none.clone()));
    assert!(matches!(found[0], Err(NotEnough::TooFew { of: "effective clicks", .. })), "{found:?}");
    assert!(matches!(found[1], Err(NotEnough::TooFew { has: 0, .. })));
    let found = outlook(&[&young], FIRST + Duration::days(9), Err(none.clone()));
    assert!(matches!(found[0], Err(NotEnough::TooShort { .. })), "{found:?}");
    let before = outlook(&[&young], FIRST - Duration::days(1), Err(none));
    assert!(matches!(before[0], Err(NotEnough::TooShort { .. })));
    let steady: Vec<Creative> = (0..30).map(|id| creative(&mut random, id, 4_000.0, 60, None)).collect();
    let all: Vec<&Creative> = steady.iter().collect();
    assert!(matches!(fit(&all, today), Err(NotEnough::TooFew { of: "creatives that became tired", .. })));
    assert!(matches!(fit(&all[..5], today), Err(NotEnough::TooFew { of: "creatives with enough clicks", .. })));
}

#[test]
fn garbage_is_refused_or_answered_soundly() {
    let mut random = stream(5, "garbage");
    let counts = [0, 1, 7, 1_000, u64::MAX];
    let amounts = [Some(0.0), Some(1.0), Some(-1.0), Some(f64::NAN), Some(1e300), Some(1e14), None];
    for round in 0..300 {
        let mut pick = |count: usize| random.next_u64() as usize % count;
        let mut creatives = vec![];
        for id in 0..25 {
            let length = pick(60);
            let tame = pick(3) > 0;
            let days = (0..length).map(|at| CreativeDay {
                day: FIRST
                    + Duration::days(if tame {
                        at as i64
                    } else {
                        pick(80) as i64 * if pick(40) == 0 { 900 } else { 1 }
                    }),
                impressions: if tame { 1_000 } else { counts[pick(5)] },
                clicks: if tame { pick(60) as u64 } else { counts[pick(5)] },
                conversions: if tame { None } else { amounts[pick(7)] },
                spend: if tame { Some(1.0) } else { amounts[pick(7)] },
                reach: if tame { None } else { Some(counts[pick(5)]) },
            });
            creatives.extend(Creative::new(id.to_string(), "a", days.collect()));
        }
        let all: Vec<&Creative> = creatives.iter().collect();
        let today = FIRST + Duration::days(pick(90) as i64 - 10);
        let model = fit(&all, today);
        for outlook in outlook(&all, today, model.as_ref().map_err(Clone::clone)).into_iter().flatten() {
            let text = serde_json::to_string(&outlook).unwrap();
            assert!(!text.contains("null") || outlook.frequency.is_none(), "round {round}: {text}");
            let mut shares = vec![];
            match outlook.state {
                State::Tired { probability, .. } => shares.push(probability),
                State::Fresh { within } => shares.extend(within.into_iter().flatten()),
            }
            assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "round {round}: {shares:?}");
        }
    }
}

#[test]
fn the_same_creatives_give_the_same_bytes() {
    let run = || {
        let creatives = world("bytes", 60, 80);
        let all: Vec<&Creative> = creatives.iter().collect();
        let today = FIRST + Duration::days(79);
        let model = fit(&all, today).unwrap();
        let said = outlook(&all, today, Ok(&model)).into_iter().flatten().collect::<Vec<_>>();
        (serde_json::to_string(&model).unwrap(), serde_json::to_string(&said).unwrap())
    };
    assert_eq!(run(), run());
    let (model, _) = run();
    let read: Model = serde_json::from_str(&model).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), model);
}

/// Milliseconds that this thread has run: a clock on the wall also shows what others do.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}

#[test]
#[ignore = "prints what it takes; run it alone on a quiet machine"]
fn what_it_takes() {
    let creatives = world("time", 500, 120);
    let all: Vec<&Creative> = creatives.iter().collect();
    let today = FIRST + Duration::days(119);
    let clock = processor();
    let model = fit(&all, today).unwrap();
    let fitted = processor() - clock;
    let said = outlook(&all, today, Ok(&model)).into_iter().flatten().count();
    println!("fit {fitted:.1} ms, outlook of {said} {:.1} ms", processor() - clock - fitted);
}
