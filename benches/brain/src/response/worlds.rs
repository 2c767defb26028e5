//! Clients whose curves are known, drawn by rules that are not the fit's.
//!
//! Adstock has no maximal lag and starts before the first row; saturation is Michaelis–Menten, Hill, exponential, a power or a
//! logarithm; trend is a logistic growth or a step-free drift; the year has a peak before its end besides its waves; noise is
//! autoregressive, of constant or of proportional size, and orders are counts with overdispersion. Spend goes up a little with
//! the season, pauses, and flights.

use std::f64::consts::PI;

use brain::{
    random,
    response::{Column, Step, Table},
};
use rand::Rng;
use time::{Date, Duration, Month};

/// One channel's truth.
pub(crate) struct Truth {
    pub name: String,
    family: u32,
    half: f64,
    exponent: f64,
    height: f64,
    /// What it brought and what was spent over the rows.
    brought: f64,
    spent: f64,
}

impl Truth {
    /// Target per unit of spend over the rows.
    pub fn roas(&self) -> f64 {
        self.brought / self.spent
    }

    /// Target per period of this steady spend.
    pub fn curve(&self, spend: f64) -> f64 {
        let part = spend / self.half;
        self.height
            * match self.family {
                0 => part / (1.0 + part),
                1 => part.powf(self.exponent) / (1.0 + part.powf(self.exponent)),
                2 => 1.0 - (-part).exp(),
                3 => part.powf(0.4 + 0.2 * self.exponent),
                _ => (1.0 + 3.0 * part).ln(),
            }
    }

    /// Target of one more unit of spend.
    pub fn marginal(&self, spend: f64) -> f64 {
        let step = 1e-4 * (spend + 1e-3 * self.half);
        (self.curve(spend + step) - self.curve(spend)) / step
    }
}

/// A table and what is behind it.
pub(crate) struct World {
    pub table: Table,
    pub truths: Vec<Truth>,
}

/// Rows that lie before the table's first, so that effects are under way.
const BEFORE: usize = 100;

/// A world of any size: two to five channels on two to four years of weeks, or on one to two years of days.
pub(crate) fn draw(seed: u64) -> World {
    let mut random = random::stream(seed, "response size");
    let mut uniform = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
    let step = if uniform(0.0, 1.0) < 0.3 { Step::Daily } else { Step::Weekly };
    let rows = match step {
        Step::Daily => uniform(400.0, 730.0),
        Step::Weekly => uniform(104.0, 208.0),
    };
    sized(seed, step, rows as usize, uniform(2.0, 5.99) as usize)
}

/// A world of this size.
pub(crate) fn sized(seed: u64, step: Step, rows: usize, count: usize) -> World {
    let mut random = random::stream(seed, "response world");
    let mut uniform = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
    let all = rows + BEFORE;
    let start = Date::from_calendar_date(2022, Month::January, 3).unwrap_or(Date::MIN)
        + Duration::days(uniform(0.0, 300.0) as i64);
    let day = |row: usize| (row as f64 - BEFORE as f64) * f64::from(step.days());
    let year = |row: usize| 2.0 * PI * (f64::from(start.ordinal()) + day(row)) / 365.25;
    let waves: Vec<(f64, f64)> =
        (1..=3).map(|term| (uniform(0.0, 0.12) / f64::from(term), uniform(0.0, 2.0 * PI))).collect();
    let peak = uniform(0.0, 0.3);
    let season: Vec<f64> = (0..all)
        .map(|row| {
            let turn = year(row);
            let off = (turn / (2.0 * PI)).fract() * 365.25 - 340.0;
            let waves: f64 =
                (1..).zip(&waves).map(|(term, (size, phase))| size * (f64::from(term) * turn + phase).sin()).sum();
            waves + peak * (-0.5 * (off / 14.0).powi(2)).exp()
        })
        .collect();
    let growth = uniform(-0.2, 0.4);
    let turning = uniform(0.2, 0.8) * rows as f64;
    let logistic = uniform(0.0, 1.0) < 0.5;
    let trend = |row: usize| {
        let at = row as f64 - BEFORE as f64;
        if logistic {
            growth / (1.0 + (-(at - turning) / (0.12 * rows as f64)).exp())
        } else {
            growth * (0.7 * at / rows as f64 + 0.3 * ((at + 20.0).max(0.0) / (rows as f64)).sqrt())
        }
    };
    let level = 10f64.powf(uniform(2.0, 5.0));
    let weekday: Vec<f64> = (0..7).map(|_| uniform(-0.12, 0.12)).collect();
    let mut price = Vec::with_capacity(all);
    let mut drift = 0.0;
    for _ in 0..all {
        drift = 0.97 * drift + uniform(-0.02, 0.02);
        let promotion = if uniform(0.0, 1.0) < 0.06 { -0.15 } else { 0.0 };
        price.push(20.0 * (1.0 + drift + promotion));
    }
    let holiday: Vec<f64> = (0..all).map(|_| f64::from(u8::from(uniform(0.0, 1.0) < 0.03))).collect();
    let (elasticity, feast) = (uniform(-1.0, -0.2), uniform(-0.2, 0.4));
    let mut target: Vec<f64> = (0..all)
        .map(|row| {
            let week = if step == Step::Daily { weekday[row % 7] } else { 0.0 };
            let part =
                1.0 + trend(row) + season[row] + week + elasticity * (price[row] / 20.0 - 1.0) + feast * holiday[row];
            level * part.max(0.1)
        })
        .collect();
    let (mut channels, mut truths) = (Vec::new(), Vec::new());
    for at in 0..count {
        let name = format!("channel {at}");
        let scale = level * 10f64.powf(uniform(-2.0, -0.7));
        let follows = uniform(0.0, 0.8);
        let (roughness, memory) = (uniform(0.15, 0.5), uniform(0.3, 0.9));
        let flights = uniform(0.0, 1.0) < 0.35;
        let (mut wander, mut on) = (0.0, true);
        let spend: Vec<f64> = (0..all)
            .map(|row| {
                wander = memory * wander + roughness * uniform(-1.7, 1.7);
                if flights && uniform(0.0, 1.0) < 0.12 {
                    on = !on;
                }
                if on { scale * (1.0 + follows * season[row]) * f64::exp(wander) } else { 0.0 }
            })
            .collect();
        let lasts = match step {
            Step::Daily => uniform(0.1, 0.92),
            Step::Weekly => uniform(0.0, 0.7),
        };
        let mut kept = 0.0;
        let exposure: Vec<f64> = spend
            .iter()
            .map(|spend| {
                kept = lasts * kept + (1.0 - lasts) * spend;
                kept
            })
            .collect();
        let mut truth = Truth {
            name: name.clone(),
            family: uniform(0.0, 4.99) as u32,
            half: scale * uniform(0.4, 2.5),
            exponent: uniform(1.0, 2.0),
            height: 1.0,
            brought: 0.0,
            spent: spend[BEFORE..].iter().sum(),
        };
        let raw: f64 = exposure[BEFORE..].iter().map(|exposure| truth.curve(*exposure)).sum();
        truth.height = uniform(0.04, 0.44) / (1.0 + 0.25 * count as f64) * level * rows as f64 / raw;
        truth.brought = exposure[BEFORE..].iter().map(|exposure| truth.curve(*exposure)).sum();
        for (target, exposure) in target.iter_mut().zip(&exposure) {
            *target += truth.curve(*exposure);
        }
        channels.push(Column { name, values: spend[BEFORE..].to_vec() });
        truths.push(truth);
    }
    let (rho, size) = (uniform(0.0, 0.7), uniform(0.02, 0.08));
    let proportional = uniform(0.0, 1.0) < 0.5;
    let orders = uniform(0.0, 1.0) < 0.3;
    let mut noise = 0.0;
    let mut normal = || (0..12).map(|_| uniform(-0.5, 0.5)).sum::<f64>();
    let target: Vec<Option<f64>> = target
        .iter()
        .map(|expected| {
            noise = rho * noise + size * normal();
            let scale = if proportional { *expected } else { level };
            // Counts scatter by the root of their mean on top; a normal draw stands for it at these levels.
            let counted = if orders { (expected.sqrt() * normal()).round() } else { 0.0 };
            Some((expected + scale * noise + counted).max(0.0))
        })
        .collect();
    let controls = [("price", &price), ("holiday", &holiday)];
    let table = Table {
        step,
        start,
        target: target[BEFORE..].to_vec(),
        channels,
        controls: controls
            .map(|(name, values)| Column { name: name.to_owned(), values: values[BEFORE..].to_vec() })
            .to_vec(),
        lift_tests: Vec::new(),
    };
    World { table, truths }
}
