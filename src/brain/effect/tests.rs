//! What was done counts, what would have come by itself does not, and garbage is refused.

use rand::Rng;

use super::*;
use crate::random::stream;

/// Noisy days with a week in them.
fn days(seed: u64, count: usize) -> Vec<Option<f64>> {
    let mut random = stream(seed, "effect");
    let mut noise = 0.0;
    (0..count)
        .map(|day| {
            noise = 0.4 * noise + (0..12).map(|_| random.random::<f64>() - 0.5).sum::<f64>();
            Some(1000.0 + 150.0 * f64::from(u8::from(day % 7 < 2)) + 60.0 * noise)
        })
        .collect()
}

fn measured(seed: u64, more: f64) -> Effect {
    let mut all = days(seed, 428);
    let after: Vec<Option<f64>> = all.split_off(400).into_iter().map(|value| value.map(|value| value + more)).collect();
    measure(&Series::new(all).unwrap(), &after).unwrap()
}

#[test]
fn a_large_effect_is_won_or_lost_and_none_is_neither() {
    let verdicts = |more: f64| -> Vec<Verdict> { (0..20).map(|seed| measured(seed, more).verdict).collect() };
    assert!(verdicts(300.0).iter().all(|verdict| *verdict == Verdict::Won));
    assert!(verdicts(-300.0).iter().all(|verdict| *verdict == Verdict::Lost));
    let by_chance = verdicts(0.0).into_iter().filter(|verdict| *verdict != Verdict::CannotTell).count();
    assert!(by_chance <= 3, "{by_chance} of 20");
}

#[test]
fn the_interval_holds_the_truth_about_as_often_as_it_says() {
    let truth = 28.0 * 40.0;
    let held = (0..60).filter(|seed| {
        let effect = measured(100 + seed, 40.0);
        (effect.low..=effect.high).contains(&truth)
    });
    let held = held.count();
    assert!((42..=58).contains(&held), "{held} of 60");
}

#[test]
fn a_return_to_the_usual_is_no_gain() {
    // Somebody acts after two bad weeks that nothing but chance made.
    let mut all = days(5, 428);
    all[386..400].iter_mut().flatten().for_each(|value| *value -= 120.0);
    let after = all.split_off(400);
    let found = measure(&Series::new(all.clone()).unwrap(), &after).unwrap();
    assert_eq!(found.verdict, Verdict::CannotTell, "{found:?}");
    let gained = after.iter().flatten().sum::<f64>() - 2.0 * all[386..].iter().flatten().sum::<f64>();
    assert!(gained > 2000.0, "before against after says {gained}");
    assert!(found.effect < gained, "{found:?}");
}

#[test]
fn what_cannot_be_measured_says_why() {
    let series = |values: Vec<Option<f64>>| Series::new(values).unwrap();
    let gap = [Some(1.0), None];
    assert_eq!(measure(&series(days(1, 100)), &gap).unwrap_err(), NotEnough::Gaps { has: 1, of: 2 });
    assert!(matches!(measure(&series(days(1, 100)), &[]), Err(NotEnough::Gaps { .. })));
    assert!(measure(&series(days(1, 10)), &[Some(1.0); 28]).is_err());
    assert!(measure(&series(vec![Some(0.0); 200]), &[Some(1.0); 28]).is_err());
    assert_eq!(measure(&series(days(1, 100)), &[Some(f64::MAX); 28]).unwrap_err(), NotEnough::TooLarge);
    assert!(measure(&series(days(1, 200)), &[Some(1.0); 10_001]).is_err());
}

#[test]
fn the_same_days_say_the_same() {
    assert_eq!(measured(3, 10.0), measured(3, 10.0));
}

/// Four weeks of which the last eight days are a sale that brings twice as much, after 400 days in which such a sale was a year
/// before, or never; nothing is done.
fn among_sales(seed: u64, known: bool, seen: bool) -> Effect {
    let sale = |day: usize| (420..428).contains(&day) || seen && (55..63).contains(&day);
    let mut all = days(seed, 428);
    for (day, value) in all.iter_mut().enumerate().filter(|(day, _)| sale(*day)) {
        *value = value.map(|value| value + 900.0 + (day % 3) as f64);
    }
    let values = (0..428).map(|day| f64::from(u8::from(sale(day)))).collect();
    let kinds = [Column { name: "sale".to_owned(), values }];
    let after = all.split_off(400);
    measure_among(if known { &kinds } else { &[] }, &Series::new(all).unwrap(), &after).unwrap()
}

#[test]
fn what_the_calendar_brings_is_no_gain() {
    for seed in 0..10 {
        let blind = among_sales(seed, false, true);
        assert!(blind.low > 0.0, "without the calendar a sale is taken for a gain: {blind:?}");
        let told = among_sales(seed, true, true);
        assert_eq!(told.verdict, Verdict::CannotTell, "{told:?}");
        assert!(told.effect.abs() < 0.3 * blind.effect, "{told:?} {blind:?}");
    }
}

#[test]
fn of_days_that_were_never_seen_it_is_not_known_what_they_bring() {
    for seed in 0..10 {
        let (seen, never) = (among_sales(seed, true, true), among_sales(seed, true, false));
        assert!(never.high - never.low > 1.5 * (seen.high - seen.low), "{never:?} {seen:?}");
        assert_eq!(never.verdict, Verdict::CannotTell, "{never:?}");
    }
}

#[test]
fn a_calendar_of_other_days_is_refused() {
    let kind = |values| [Column { name: "sale".to_owned(), values }];
    let before = Series::new(days(1, 100)).unwrap();
    for values in [vec![0.0; 100], vec![f64::NAN; 128]] {
        let refused = measure_among(&kind(values), &before, &[Some(1.0); 28]);
        assert_eq!(refused.unwrap_err(), NotEnough::Unusable { what: "the calendar" });
    }
}
