//! Actions whose true effect is known: daily series of many kinds, four weeks of which hold an effect, or none.
//!
//! Half of the actions are taken on any day; the other half on the day after the worst fortnight of the last four months, as
//! people do, so that what would have come back by itself is there to be taken for a gain.

use std::f64::consts::PI;

use brain::{
    Series,
    effect::{Verdict, measure},
    random,
};
use rand::Rng;

use crate::Figure;

const WORLDS: u64 = 500;
/// Days measured.
const AFTER: usize = 28;
/// Futures drawn to know how far the sum of a future strays.
const FUTURES: u64 = 200;

pub(super) fn run() -> anyhow::Result<Vec<Figure>> {
    let (mut null_won, mut null_lost, mut naive_won, mut null) = (0, 0, 0, 0);
    let (mut signs, mut called, mut wrong, mut held, mut all, mut effects, mut silent) = (0, 0, 0, 0, 0, 0, 0);
    for seed in 0..WORLDS {
        let world = World::draw(seed);
        let strays = world.strays();
        let mut random = random::stream(seed, "effects");
        let size = strays * (2.0 + 2.0 * random.random::<f64>());
        let sign = if random.random::<bool>() { 1.0 } else { -1.0 };
        for effect in [0.0, sign * size] {
            let after: Vec<Option<f64>> =
                world.future(0).iter().map(|value| Some(value + effect / AFTER as f64)).collect();
            let before = Series::new(world.past.iter().copied().map(Some).collect())?;
            let Ok(found) = measure(&before, &after) else {
                silent += 1;
                continue;
            };
            all += 1;
            held += i32::from((found.low..=found.high).contains(&effect));
            if effect == 0.0 {
                null += 1;
                null_won += i32::from(found.verdict == Verdict::Won);
                null_lost += i32::from(found.verdict == Verdict::Lost);
                // The usual way: four weeks after against four weeks before, "won" from 5 % more on.
                let earlier: f64 = world.past[world.past.len() - AFTER..].iter().sum();
                naive_won += i32::from(found.actual > 1.05 * earlier);
            } else {
                effects += 1;
                signs += i32::from(found.effect.signum() == sign);
                called += i32::from(found.verdict != Verdict::CannotTell);
                let against = if sign > 0.0 { Verdict::Lost } else { Verdict::Won };
                wrong += i32::from(found.verdict == against);
            }
        }
    }
    let share = |part: i32, whole: i32| f64::from(part) / f64::from(whole);
    let figure = |key, what, value| Figure { key, what, value };
    Ok(vec![
        figure("null_won", "actions without effect that are called won", share(null_won, null)),
        figure("true_sign", "effects above twice the noise: right sign", share(signs, effects)),
        figure("null_lost", "actions without effect that are called lost", share(null_lost, null)),
        figure("null_won_before_after", "the same, by after against before (5 % more)", share(naive_won, null)),
        figure("true_called", "effects above twice the noise: called won or lost", share(called, effects)),
        figure("true_called_wrong", "effects above twice the noise: called the opposite", share(wrong, effects)),
        figure("effect_coverage", "true effect inside the 80 % interval", share(held, all)),
        figure("effect_silent", "series of which nothing can be said", share(silent, 2 * WORLDS as i32)),
    ])
}

/// How a series comes about, and the part of it that is known.
struct World {
    seed: u64,
    level: f64,
    growth: f64,
    weekday: [f64; 7],
    year: (f64, f64),
    rho: f64,
    rough: f64,
    drift: f64,
    counted: bool,
    past: Vec<f64>,
    /// Where noise and level stood at the end of the past.
    state: (f64, f64),
}

impl World {
    fn draw(seed: u64) -> Self {
        let mut random = random::stream(seed, "outcome world");
        let mut uniform = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
        let days = uniform(150.0, 730.0) as usize;
        let chosen = uniform(0.0, 1.0) < 0.5;
        let mut world = Self {
            seed,
            level: 10f64.powf(uniform(1.0, 4.5)),
            growth: uniform(-0.3, 0.5),
            weekday: [0; 7].map(|_| uniform(-0.25, 0.25)),
            year: (uniform(0.0, 0.25), uniform(0.0, 2.0 * PI)),
            rho: uniform(0.0, 0.7),
            rough: uniform(0.02, 0.15),
            drift: if uniform(0.0, 1.0) < 0.5 { 0.0 } else { uniform(0.0, 0.008) },
            counted: uniform(0.0, 1.0) < 0.5,
            past: vec![],
            state: (0.0, 0.0),
        };
        let mut random = random::stream(seed, "outcome past");
        let mut states = vec![];
        for day in 0..days {
            let value = world.next(day, &mut random);
            world.past.push(value);
            states.push(world.state);
        }
        if chosen {
            let fortnight = |end: &usize| world.past[end - 14..*end].iter().sum::<f64>() / world.usual(*end);
            let worst = (days.saturating_sub(120).max(120)..=days).min_by(|a, b| fortnight(a).total_cmp(&fortnight(b)));
            let end = worst.unwrap_or(days);
            world.past.truncate(end);
            world.state = states[end - 1];
        }
        world
    }

    /// What is usual over the fortnight that ends here.
    fn usual(&self, end: usize) -> f64 {
        (end - 14..end).map(|day| self.mean(day)).sum()
    }

    fn mean(&self, day: usize) -> f64 {
        let at = day as f64;
        let (height, phase) = self.year;
        let season = height * (2.0 * PI * at / 365.25 + phase).sin();
        self.level * (1.0 + self.growth * at / 365.25) * (1.0 + self.weekday[day % 7]) * (1.0 + season)
    }

    fn next(&mut self, day: usize, random: &mut impl Rng) -> f64 {
        let mut normal = || (0..12).map(|_| random.random::<f64>() - 0.5).sum::<f64>();
        let (noise, level) = self.state;
        self.state = (self.rho * noise + self.rough * normal(), level + self.drift * normal());
        let mean = self.mean(day) * (self.state.0 + self.state.1).exp();
        let counted = if self.counted { (mean.sqrt() * normal()).round() } else { 0.0 };
        (mean + counted).max(0.0)
    }

    /// One of the futures; the first is what happens.
    fn future(&self, number: u64) -> Vec<f64> {
        let mut world = Self { past: vec![], ..*self };
        let mut random = random::stream(self.seed ^ (number << 32), "outcome future");
        (0..AFTER).map(|ahead| world.next(self.past.len() + ahead, &mut random)).collect()
    }

    /// The standard deviation of what the days after sum up to.
    fn strays(&self) -> f64 {
        let sums: Vec<f64> = (1..=FUTURES).map(|number| self.future(number).iter().sum()).collect();
        let mean = sums.iter().sum::<f64>() / sums.len() as f64;
        (sums.iter().map(|sum| (sum - mean) * (sum - mean)).sum::<f64>() / (sums.len() - 1) as f64).sqrt()
    }
}
