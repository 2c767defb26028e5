//! Generated worlds with a known truth, and garbage.

use rand_chacha::{ChaCha8Rng, rand_core::RngCore};
use statrs::distribution::{ContinuousCDF, Normal};

use super::*;
use crate::random::stream;

fn uniform(random: &mut ChaCha8Rng) -> f64 {
    ((random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    Normal::standard().inverse_cdf(uniform(random))
}

fn poisson(random: &mut ChaCha8Rng, mean: f64) -> f64 {
    let (mut left, mut count) = (libm::exp(-mean), 0.0);
    left = uniform(random) / left;
    while left > 1.0 {
        left *= uniform(random);
        count += 1.0;
        if count > 1e4 {
            break;
        }
    }
    count
}

const WEEK: [f64; 7] = [0.0, 2.0, 4.0, 5.0, 10.0, -10.0, -11.0];

/// Worlds of the kind that metrics are: a value by day.
#[derive(Clone, Copy, Debug)]
enum World {
    /// A weekday pattern and noise.
    Still,
    /// ETS(A,N,A) with alpha 0.3.
    Wandering,
    /// Growth, noise and weekday as factors.
    Growing,
    /// Poisson counts of three a day, and their weekday.
    Counts,
}

fn world(kind: World, days: usize, seed: u64) -> Vec<f64> {
    let random = &mut stream(seed, &format!("{kind:?}"));
    let mut level = 200.0;
    let mut day = |at: usize| {
        let week = WEEK[at % 7];
        match kind {
            World::Still => 100.0 + week + 5.0 * normal(random),
            World::Wandering => {
                let error = 4.0 * normal(random);
                let value = level + week + error;
                level += 0.3 * error;
                value
            }
            World::Growing => libm::exp(4.0 + 0.001 * at as f64 + 0.03 * week + 0.15 * normal(random)),
            World::Counts => poisson(random, 3.0 * libm::exp(0.05 * week)),
        }
    };
    (0..days).map(&mut day).collect()
}

fn series(values: &[f64]) -> Series {
    Series::new(values.iter().copied().map(Some).collect()).unwrap()
}

fn say(values: &[f64], request: &Request) -> Forecast {
    let series = series(values);
    forecast(&series, request, &choose(&series, request).unwrap()).unwrap()
}

#[test]
fn intervals_hold_as_often_as_they_say_and_say_how_often_they_held() {
    for (kind, days, horizon) in [
        (World::Still, 400, 28),
        (World::Wandering, 400, 28),
        (World::Growing, 400, 28),
        (World::Counts, 400, 28),
        (World::Still, 60, 14),
        (World::Wandering, 60, 14),
    ] {
        let request = Request::new(horizon, &[7]).unwrap();
        let (mut held, mut recorded, mut of) = ([0.0; 3], [0.0; 2], 0.0);
        for seed in 0..60 {
            let values = world(kind, days + horizon, seed);
            let said = say(&values[..days], &request);
            for (value, step) in values[days..].iter().zip(&said.steps) {
                for (held, (low, high)) in
                    held.iter_mut().zip([(step.lo50, step.hi50), (step.lo80, step.hi80), (step.lo95, step.hi95)])
                {
                    *held += f64::from(u8::from(low <= *value && *value <= high));
                }
                of += 1.0;
            }
            if let Some(record) = said.record {
                assert!((1..=days / 2).contains(&record.over) && record.of >= record.over.min(horizon), "{record:?}");
                recorded[0] += record.held80 * record.of as f64;
                recorded[1] += record.of as f64;
            }
        }
        let held = held.map(|held| held / of);
        let recorded = recorded[0] / recorded[1];
        // Short histories may err on the side of width, for their errors are few.
        let wider = if days < 100 { 0.12 } else { 0.06 };
        for (held, level) in held.iter().zip(interval::LEVELS) {
            assert!((level - 0.05..=level + wider).contains(held), "{kind:?} {days}: {held:?}");
        }
        assert!((0.72..0.95).contains(&recorded), "{kind:?} {days}: {recorded}");
    }
}

#[test]
fn the_season_is_found_and_the_naive_method_is_beaten() {
    let request = Request::new(28, &[7]).unwrap();
    for seed in 0..10 {
        let said = say(&world(World::Still, 400, seed), &request);
        // The naive method's error is the root of two times the noise's, in this world.
        assert!(said.against_naive < 0.78, "{}", said.against_naive);
        let off = said.steps.iter().enumerate().map(|(at, step)| (step.point - 100.0 - WEEK[(400 + at) % 7]).abs());
        assert!(off.sum::<f64>() / 28.0 < 1.5, "{said:?}");
    }
}

#[test]
fn smoothing_is_recovered_from_a_series_made_with_it() {
    let form = ets::Form { damped: false, season: ets::Season::Added };
    let alphas: Vec<f64> = (0..20)
        .map(|seed| {
            let values = world(World::Wandering, 1500, seed);
            ets::Ets::fit(form, &values, 7, &[1], recursion::Loss::Squared, None).unwrap().alpha
        })
        .collect();
    let mean = alphas.iter().sum::<f64>() / 20.0;
    assert!((mean - 0.3).abs() < 0.04, "{mean} {alphas:?}");
}

#[test]
fn what_cannot_be_foretold_is_left_to_the_naive_method() {
    // A random walk: the last value is the best that can be said, and what is chosen for chance must not speak.
    let request = Request::new(7, &[1]).unwrap();
    for seed in 0..40 {
        let mut level = 500.0;
        let random = &mut stream(seed, "walk");
        let values: Vec<f64> = (0..300)
            .map(|_| {
                level += normal(random);
                level
            })
            .collect();
        let said = say(&values, &request);
        assert_eq!(said.model == "naive", said.against_naive == 1.0, "{said:?}");
        assert!(said.against_naive <= 1.0 && (said.steps[0].point - values[299]).abs() < 2.0, "{said:?}");
    }
    // A choice that has become wrong: the fall was not foreseen by any, and the naive method recovers first.
    let request = Request::new(7, &[7]).unwrap();
    let values = world(World::Still, 200, 1);
    let mut choice = choose(&series(&values), &request).unwrap();
    assert!(!choice.members.is_empty());
    choice.members.truncate(1);
    let ramp: Vec<f64> = (0..200).map(|at| 10.0 * (at as f64) + WEEK[at % 7]).collect();
    choice.members[0] = serde_json::from_str(
        r#"{"tested":{"ets":{"damped":false,"season":"none","alpha":0.001,"beta":0,"phi":1,"gamma":0}},
            "fitted":{"ets":{"damped":false,"season":"none","alpha":0.001,"beta":0,"phi":1,"gamma":0}},"weight":1}"#,
    )
    .unwrap();
    let said = forecast(&series(&ramp), &request, &choice).unwrap();
    assert_eq!((said.model.as_str(), said.against_naive), ("seasonal naive", 1.0));
    assert_eq!(said.steps[0].point, ramp[193]);
}

#[test]
fn odd_days_do_not_move_a_forecast_and_a_new_level_does() {
    let request = Request::new(14, &[7]).unwrap();
    let plain = world(World::Still, 300, 3);
    let mut odd = plain.clone();
    (odd[297], odd[150]) = (1000.0, 0.0);
    let mean = |said: &Forecast| said.steps.iter().map(|step| step.point).sum::<f64>() / 14.0;
    assert!((mean(&say(&odd, &request)) - mean(&say(&plain, &request))).abs() < 3.0);
    let mut moved = plain.clone();
    moved[250..].iter_mut().for_each(|value| *value += 100.0);
    assert!((mean(&say(&moved, &request)) - mean(&say(&plain, &request)) - 100.0).abs() < 12.0);
}

#[test]
fn what_is_rare_is_expected_at_its_rate() {
    let request = Request::new(14, &[7]).unwrap();
    for seed in 0..20 {
        let random = &mut stream(seed, "rare");
        let values: Vec<f64> =
            (0..400).map(|_| if uniform(random) < 0.2 { 1.0 + poisson(random, 2.0) } else { 0.0 }).collect();
        let said = say(&values, &request);
        let mean = said.steps.iter().map(|step| step.point).sum::<f64>() / 14.0;
        assert!((mean - 0.6).abs() < 0.35, "{mean}");
        assert!(said.steps.iter().all(|step| step.lo95 >= 0.0));
    }
}

#[test]
fn gaps_are_bridged() {
    let request = Request::new(14, &[7]).unwrap();
    let random = &mut stream(5, "gaps");
    let values = world(World::Still, 400, 5);
    let holed: Vec<Option<f64>> =
        values.iter().enumerate().map(|(at, value)| (uniform(random) > 0.2 && at < 398).then_some(*value)).collect();
    let holed = Series::new(holed).unwrap();
    let said = forecast(&holed, &request, &choose(&holed, &request).unwrap()).unwrap();
    let off = said.steps.iter().enumerate().map(|(at, step)| (step.point - 100.0 - WEEK[(400 + at) % 7]).abs());
    assert!(off.sum::<f64>() / 14.0 < 2.0, "{said:?}");
}

#[test]
fn a_year_is_used_where_there_are_years_enough() {
    let wave = |at: usize| 40.0 * libm::sin(at as f64 / 365.0 * std::f64::consts::TAU);
    let values: Vec<f64> =
        world(World::Still, 1300, 2).iter().enumerate().map(|(at, value)| value + wave(at)).collect();
    let off = |said: &Forecast| {
        let off = |(at, step): (usize, &Step)| (step.point - 100.0 - WEEK[(1200 + at) % 7] - wave(1200 + at)).abs();
        said.steps.iter().enumerate().map(off).sum::<f64>() / 56.0
    };
    let with = say(&values[..1200], &Request::new(56, &[7, 365]).unwrap());
    let without = say(&values[..1200], &Request::new(56, &[7]).unwrap());
    assert!(with.model.ends_with(" + season of 365") && off(&with) < 0.5 * off(&without), "{with:?}");
    let short = say(&values[..700], &Request::new(56, &[7, 365]).unwrap());
    assert!(!short.model.contains("365"));
}

#[test]
fn a_stored_choice_says_the_same_again_and_only_what_it_was_made_for() {
    let request = Request::new(14, &[7]).unwrap();
    for kind in [World::Still, World::Wandering, World::Growing, World::Counts] {
        let values = series(&world(kind, 300, 8));
        let choice = choose(&values, &request).unwrap();
        assert_eq!(choice, choose(&values, &request).unwrap());
        let stored = serde_json::to_string(&choice).unwrap();
        let again: Choice = serde_json::from_str(&stored).unwrap();
        assert_eq!(again, choice, "{stored}");
        let bytes = |choice| serde_json::to_string(&forecast(&values, &request, choice).unwrap()).unwrap();
        assert_eq!(bytes(&again), bytes(&choice));
        let other = Request::new(15, &[7]).unwrap();
        assert_eq!(forecast(&values, &other, &choice), Err(NotEnough::Choice));
        // Some days later the choice still speaks.
        assert!(forecast(&series(&world(kind, 307, 8)), &request, &choice).is_ok());
    }
}

#[test]
fn twice_the_values_are_twice_the_forecast() {
    let request = Request::new(14, &[7]).unwrap();
    let values = world(World::Wandering, 200, 4);
    let one = say(&values, &request);
    for factor in [libm::exp2(40.0), libm::exp2(-40.0), libm::exp2(900.0)] {
        let other = say(&values.iter().map(|value| value * factor).collect::<Vec<_>>(), &request);
        for (one, other) in one.steps.iter().zip(&other.steps) {
            assert_eq!((one.point * factor, one.hi95 * factor), (other.point, other.hi95));
        }
    }
}

#[test]
fn too_little_is_named() {
    let request = Request::new(14, &[7]).unwrap();
    let reason = |values: &[f64]| choose(&series(values), &request).unwrap_err();
    assert_eq!(reason(&[]), NotEnough::TooShort { has: 0, needs: 1 });
    assert_eq!(reason(&[1.0]), NotEnough::TooShort { has: 1, needs: 20 });
    assert_eq!(reason(&[0.0; 400]), NotEnough::Constant);
    assert_eq!(reason(&[7.0; 400]), NotEnough::Constant);
    let mut gaps = vec![None; 300];
    (gaps[0], gaps[299]) = (Some(1.0), Some(2.0));
    assert_eq!(choose(&Series::new(gaps).unwrap(), &request).unwrap_err(), NotEnough::Gaps { has: 2, of: 300 });
    let weekly: Vec<f64> = (0..300).map(|at| WEEK[at % 7]).collect();
    let weekly = series(&weekly);
    let choice = choose(&weekly, &request).unwrap();
    assert_eq!(forecast(&weekly, &request, &choice).unwrap_err(), NotEnough::NeverWrong);
    assert_eq!(Request::new(0, &[7]).unwrap_err(), BadRequest::Horizon);
    for seasons in [&[][..], &[0], &[7, 7], &[365, 7], &[2, 3, 4]] {
        assert_eq!(Request::new(7, seasons).unwrap_err(), BadRequest::Seasons);
    }
    // Without a season where there is too little for one.
    let said = say(&world(World::Still, 25, 1), &request);
    assert!(!said.model.contains("seasonal"), "{said:?}");
}

#[test]
fn garbage_gets_a_reason_or_a_sound_answer() {
    let random = &mut stream(99, "garbage");
    for round in 0..400 {
        let length = (random.next_u32() % 120) as usize + if round % 20 == 0 { 3650 } else { 0 };
        let kind = random.next_u32() % 9;
        let values: Vec<Option<f64>> = (0..length)
            .map(|at| {
                let one = uniform(random);
                match kind {
                    0 => Some(if one < 0.05 { 1e300 } else { one }),
                    1 => Some(if one < 0.95 { 0.0 } else { 5.0 }),
                    2 => (one < 0.6).then_some(one * 1e-310),
                    3 => Some(-one * 1e9),
                    4 => Some(if at < length / 2 { 0.0 } else { one }),
                    5 => Some(if at < length / 2 { one } else { 0.0 }),
                    6 => Some(if at + 3 > length { 1e200 * one } else { one }),
                    7 => Some(libm::exp2(at as f64 % 900.0)),
                    _ => (at % 7 != 3 && one < 0.9).then_some((one - 0.5) * 1e299),
                }
            })
            .collect();
        let positive = values.iter().flatten().all(|value| *value >= 0.0);
        let values = Series::new(values).unwrap();
        let seasons: &[usize] = [&[7][..], &[1], &[7, 28], &[24], &[2, 400]][(random.next_u32() % 5) as usize];
        let request = Request::new(1 + (random.next_u32() % 40) as usize, seasons).unwrap();
        let Ok(said) = choose(&values, &request).and_then(|choice| forecast(&values, &request, &choice)) else {
            continue;
        };
        assert_eq!(said.steps.len(), request.horizon());
        for step in &said.steps {
            let rising = [step.lo95, step.lo80, step.lo50, step.point, step.hi50, step.hi80, step.hi95];
            assert!(rising.iter().all(|value| value.is_finite()), "{round} {kind}: {step:?}");
            assert!(rising.windows(2).all(|pair| pair[0] <= pair[1]), "{round} {kind}: {step:?}");
            assert!(!positive || step.lo95 >= 0.0, "{round} {kind}: {step:?}");
            assert!(step.hi95 > step.lo95, "{round} {kind}: {step:?}");
        }
        if let Some(record) = said.record {
            assert!(record.of > 0 && (0.0..=1.0).contains(&record.held80) && record.held50 <= record.held95);
        }
        assert!(said.against_naive <= 1.0);
    }
}
