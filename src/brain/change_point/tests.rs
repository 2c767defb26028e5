//! Planted changes are found where they are; noise that hangs together is none.

use rand::Rng;

use super::*;
use crate::random;

fn noise(seed: u64, memory: f64) -> impl FnMut() -> f64 {
    let mut random = random::stream(seed, "noise");
    let mut last = 0.0;
    move || {
        let sum: f64 = (0..12).map(|_| random.random::<f64>()).sum();
        last = memory * last + (sum - 6.0) * (1.0 - memory * memory).sqrt();
        last
    }
}

fn first() -> Date {
    Date::from_ordinal_date(2025, 1).unwrap()
}

fn series(seed: u64, memory: f64, days: usize, level: impl Fn(usize) -> f64) -> Series {
    let mut noise = noise(seed, memory);
    let values = (0..days).map(|day| {
        let weekday = if day % 7 > 4 { 0.7 } else { 1.1 };
        Some((level(day) * weekday + 10.0 * noise()).max(0.0))
    });
    Series::new(values.collect()).unwrap()
}

#[test]
fn noise_has_no_changes_even_if_it_hangs_together() {
    for memory in [0.0, 0.3, 0.5] {
        let found: usize =
            (0..100).map(|seed| change_points(&series(seed, memory, 365, |_| 100.0), first()).unwrap().len()).sum();
        assert!(found <= 10, "{found} of 100 years, memory {memory}");
    }
}

#[test]
fn a_jump_has_its_day_and_size() {
    let (mut near, mut inside) = (0, 0);
    for seed in 0..50 {
        let found =
            change_points(&series(seed, 0.2, 365, |day| if day < 200 { 100.0 } else { 80.0 }), first()).unwrap();
        assert!(found.len() <= 2, "{found:?}");
        let Some(one) = found.iter().max_by(|a, b| a.probability.total_cmp(&b.probability)) else { continue };
        near += usize::from((one.day - first() - Duration::days(200)).whole_days().abs() <= 7);
        inside += usize::from(one.interval.0 <= -20.0 && -20.0 <= one.interval.1);
        assert!(one.probability >= SURE && one.between.0 <= one.day && one.day <= one.between.1);
        let (share, low, high) = one.relative.unwrap();
        assert!(low <= share && share <= high && (-0.35..-0.1).contains(&share), "{one:?}");
    }
    assert!(near >= 45 && inside >= 38, "{near} {inside}");
}

#[test]
fn a_bend_is_called_one_and_two_jumps_are_two() {
    let bend =
        change_points(&series(3, 0.2, 365, |day| 100.0 + 0.6 * day.saturating_sub(200) as f64), first()).unwrap();
    assert_eq!(bend.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::TrendBreak], "{bend:?}");
    assert!((bend[0].size - 0.6).abs() < 0.2, "{bend:?}");
    let up_and_down = |day: usize| if (150..190).contains(&day) { 150.0 } else { 100.0 };
    let both = change_points(&series(4, 0.2, 365, up_and_down), first()).unwrap();
    let days: Vec<i64> = both.iter().map(|one| (one.day - first()).whole_days()).collect();
    assert!(days.len() == 2 && days[0].abs_diff(150) <= 3 && days[1].abs_diff(190) <= 3, "{both:?}");
}

#[test]
fn bad_input_is_refused_or_judged_soundly() {
    let of = |values: Vec<Option<f64>>| change_points(&Series::new(values).unwrap(), first());
    assert_eq!(of(vec![Some(1.0); 27]), Err(NotEnough::TooShort { has: 27, needs: 28 }));
    assert_eq!(of(vec![Some(0.0); 50]), Err(NotEnough::Constant));
    assert_eq!(of(vec![]), Err(NotEnough::TooShort { has: 0, needs: 28 }));
    for seed in 0..40 {
        let mut random = random::stream(seed, "rubbish");
        let values = (0..300).map(|_| {
            let any = random.random::<f64>();
            match seed % 5 {
                0 => Some([0.0, 1e300, -1e300, 5e-324][(any * 4.0) as usize]),
                1 => (any < 0.3).then_some(-any),
                2 => Some(if any < 0.02 { 1e9 } else { 3.0 }),
                3 => Some((any * 3.0).floor()),
                _ => Some(f64::MAX * (any - 0.5)),
            }
        });
        let series = Series::new(values.collect()).unwrap();
        let found = change_points(&series, first());
        assert_eq!(found, change_points(&series, first()));
        for one in found.unwrap_or_default() {
            assert!(
                one.size.is_finite() && one.interval.1.is_finite() && one.probability.is_finite(),
                "{seed}: {one:?}"
            );
        }
    }
}

#[test]
fn the_size_of_a_jump_is_made_of_the_means_that_it_names() {
    for slope in [0.0, 0.5] {
        let level = |day: usize| slope * day as f64 + if day < 200 { 100.0 } else { 60.0 };
        let found = change_points(&series(5, 0.2, 365, level), first()).unwrap();
        let steps: Vec<_> = found.iter().filter(|one| one.kind == Kind::LevelShift).collect();
        assert!(!steps.is_empty(), "{found:?}");
        for one in steps {
            let made = one.made.as_ref().unwrap();
            assert!((made.after - made.before - made.sloping - one.size).abs() < 1e-9, "{one:?}");
            assert_eq!((made.days_before.1 + Duration::DAY, made.days_after.0), (one.day, one.day));
            assert!(made.days_before.0 < made.days_before.1 && made.days_after.0 < made.days_after.1);
        }
    }
}
