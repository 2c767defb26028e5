//! Where recursions start: level, slope and season of the first cycles.

/// How many cycles tell the start; more would say what the season was on average, not what it was at first.
const CYCLES: usize = 8;

/// What a series was like before its first value.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// Mean of the first cycle.
    pub level: f64,
    /// Change in a step, by least squares over the cycles' means.
    pub slope: f64,
    /// By phase, deviations (mean 0) or factors (mean 1); one element when there is no season.
    pub season: Vec<f64>,
}

/// Level, slope and season of the first cycles of `values` (not a number: missing), by an additive or multiplicative
/// two-way fit of cycle and phase. `None` when nothing is there, or a factor would have no meaning.
pub(super) fn start(values: &[f64], period: usize, factors: bool) -> Option<Start> {
    let first = values.iter().position(|value| !value.is_nan())?;
    // Whole cycles from the first that holds a value.
    let from = first / period * period;
    let head = &values[from..values.len().min(from + CYCLES * period)];
    let cycles = head.len().div_ceil(period);
    let neutral = if factors { 1.0 } else { 0.0 };
    let mut season = vec![neutral; period];
    let mut levels = vec![f64::NAN; cycles];
    for round in 0..3 {
        for (cycle, level) in levels.iter_mut().enumerate() {
            let part = &head[cycle * period..head.len().min((cycle + 1) * period)];
            *level = relate(part.iter().copied().zip(season.iter().copied()), factors);
        }
        if period == 1 || round == 2 {
            break;
        }
        for (phase, value) in season.iter_mut().enumerate() {
            let column = head.iter().skip(phase).step_by(period).copied().zip(levels.iter().copied());
            let found = relate(column, factors);
            *value = if found.is_nan() { neutral } else { found };
        }
        let mean = season.iter().sum::<f64>() / period as f64;
        if factors && mean <= 0.0 {
            return None;
        }
        for value in &mut season {
            *value = if factors { (*value / mean).max(0.01) } else { *value - mean };
        }
    }
    let known: Vec<(f64, f64)> =
        levels.iter().enumerate().filter(|(_, level)| !level.is_nan()).map(|(at, level)| (at as f64, *level)).collect();
    let (_, slope) = line(&known);
    // Without a season a cycle is one value, which is too little to tell a level.
    let some = if period == 1 { known.len().min(4) } else { 1 };
    let level = known[..some].iter().map(|(_, level)| level).sum::<f64>() / some as f64;
    Some(Start { level, slope: slope / period as f64, season })
}

/// The mean of the first less the second, or the ratio of their sums, over pairs where both are there.
fn relate(pairs: impl Iterator<Item = (f64, f64)>, factors: bool) -> f64 {
    let (mut above, mut below, mut count) = (0.0, 0.0, 0.0);
    for (value, base) in pairs.filter(|(value, base)| !value.is_nan() && !base.is_nan()) {
        above += value;
        below += base;
        count += 1.0;
    }
    match (count > 0.0, factors) {
        (false, _) => f64::NAN,
        (true, false) => (above - below) / count,
        (true, true) if below == 0.0 => f64::NAN,
        (true, true) => above / below,
    }
}

/// Value at 0 and slope of the least-squares line through points.
pub(super) fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (across, along) = points
        .iter()
        .fold((0.0, 0.0), |(a, b), point| (a + (point.0 - x) * (point.1 - y), b + (point.0 - x) * (point.0 - x)));
    let slope = if along > 0.0 { across / along } else { 0.0 };
    (y - slope * x, slope)
}
