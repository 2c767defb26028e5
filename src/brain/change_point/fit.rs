//! Least squares on any part of a series in constant time, by running sums; and what is cleared away before.

/// Running sums of days and values.
pub(super) struct Sums {
    days: Vec<f64>,
    values: Vec<f64>,
    /// Σt, Σt², Σy, Σy², Σty of the first so many, days counted from the middle one.
    running: Vec<[f64; 5]>,
}

/// Moments of a part about its own means.
#[derive(Clone, Copy)]
struct Part {
    n: f64,
    day: f64,
    value: f64,
    tt: f64,
    yy: f64,
    ty: f64,
}

impl Sums {
    pub(super) fn new(days: &[usize], values: &[f64]) -> Self {
        let middle = days.get(days.len() / 2).copied().unwrap_or(0) as f64;
        let days: Vec<f64> = days.iter().map(|day| *day as f64 - middle).collect();
        let mut running = vec![[0.0; 5]];
        for (t, y) in days.iter().zip(values) {
            let [a, b, c, d, e] = running[running.len() - 1];
            running.push([a + t, b + t * t, c + y, d + y * y, e + t * y]);
        }
        Self { days, values: values.to_vec(), running }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    fn part(&self, from: usize, to: usize) -> Part {
        let (a, b) = (self.running[from], self.running[to]);
        let n = (to - from) as f64;
        let [t, tt, y, yy, ty] = std::array::from_fn(|at| b[at] - a[at]);
        let (day, value) = (t / n, y / n);
        Part { n, day, value, tt: (tt - t * day).max(0.0), yy: (yy - y * value).max(0.0), ty: ty - t * value }
    }

    /// Sum of squares about the mean.
    pub(super) fn level(&self, from: usize, to: usize) -> f64 {
        self.part(from, to).yy
    }

    /// Sum of squares about a line.
    pub(super) fn line(&self, from: usize, to: usize) -> f64 {
        let part = self.part(from, to);
        if part.tt > 0.0 { (part.yy - part.ty * part.ty / part.tt).max(0.0) } else { part.yy }
    }

    /// Sum of squares about a line that jumps.
    pub(super) fn stepped(&self, from: usize, at: usize, to: usize) -> f64 {
        let (a, b) = (self.part(from, at), self.part(at, to));
        let (tt, ty) = (a.tt + b.tt, a.ty + b.ty);
        if tt > 0.0 { (a.yy + b.yy - ty * ty / tt).max(0.0) } else { a.yy + b.yy }
    }

    /// The jump and its standard error: between two levels, or of a line if that is worth its slope.
    pub(super) fn jump(&self, from: usize, at: usize, to: usize, variance: f64) -> (f64, f64) {
        let (a, b) = (self.part(from, at), self.part(at, to));
        let (size, square) = (b.value - a.value, 1.0 / a.n + 1.0 / b.n);
        let saved = (a.yy + b.yy - self.stepped(from, at, to)) / variance;
        let tt = a.tt + b.tt;
        if saved <= (a.n + b.n).ln() || tt <= 0.0 {
            return (size, (variance * square).sqrt());
        }
        let apart = b.day - a.day;
        (size - (a.ty + b.ty) / tt * apart, (variance * (square + apart * apart / tt)).sqrt())
    }

    /// The means of both sides of a place.
    pub(super) fn means(&self, from: usize, at: usize, to: usize) -> (f64, f64) {
        (self.part(from, at).value, self.part(at, to).value)
    }

    /// Sums of squares and products of time and of time after the bend, each about its mean, and with the values.
    fn bending(&self, from: usize, at: usize, to: usize) -> (Part, f64, f64, f64) {
        let (all, right) = (self.part(from, to), self.part(at, to));
        let knot = self.days[at] - 1.0;
        let sum = right.n * (right.day - knot);
        let square = right.tt + right.n * (right.day - knot).powi(2);
        let with_time = right.tt + right.n * (right.day - knot) * (right.day - all.day);
        let with_value = right.ty + right.n * (right.day - knot) * (right.value - all.value);
        (all, (square - sum * sum / all.n).max(0.0), with_time, with_value)
    }

    /// Sum of squares about a line that bends.
    pub(super) fn bent(&self, from: usize, at: usize, to: usize) -> f64 {
        let (all, hh, ht, hy) = self.bending(from, at, to);
        let determinant = all.tt * hh - ht * ht;
        if determinant <= 1e-12 * all.tt * hh {
            return self.line(from, to);
        }
        let (slope, bend) = ((all.ty * hh - hy * ht) / determinant, (hy * all.tt - all.ty * ht) / determinant);
        (all.yy - slope * all.ty - bend * hy).max(0.0)
    }

    /// The change of the slope per day and its standard error.
    pub(super) fn bend(&self, from: usize, at: usize, to: usize, variance: f64) -> (f64, f64) {
        let (all, hh, ht, hy) = self.bending(from, at, to);
        let determinant = all.tt * hh - ht * ht;
        if determinant <= 0.0 {
            return (0.0, f64::INFINITY);
        }
        ((hy * all.tt - all.ty * ht) / determinant, (variance * all.tt / determinant).sqrt())
    }

    /// The mean of the last days before a place, four weeks at most.
    pub(super) fn before(&self, from: usize, at: usize) -> f64 {
        self.part(from.max(at.saturating_sub(28)), at).value
    }

    /// What is left of each value beside the line of its part.
    fn residuals(&self, from: usize, to: usize) -> impl Iterator<Item = f64> + '_ {
        let part = self.part(from, to);
        let slope = if part.tt > 0.0 { part.ty / part.tt } else { 0.0 };
        (from..to).map(move |at| self.values[at] - part.value - slope * (self.days[at] - part.day))
    }
}

/// Days of a line at most when the variance is estimated, so that changes not yet found do not count as noise.
const CHUNK: usize = 56;
/// Days over which errors may hang together (Newey & West 1987, Bartlett weights): a week. Or each with the one before it
/// alone (a first-order autoregression): the larger of both counts.
const LAGS: usize = 7;

/// The long-run variance of the residuals: that of a mean of n days, times n.
pub(super) fn long_run(sums: &Sums, bounds: &[usize]) -> f64 {
    let mut covariances = [0.0; LAGS + 1];
    let mut freedom = 0.0;
    for pair in bounds.windows(2) {
        let pieces = (pair[1] - pair[0]).div_ceil(CHUNK).max(1);
        let cut = |piece: usize| pair[0] + (pair[1] - pair[0]) * piece / pieces;
        for piece in 0..pieces {
            let left: Vec<f64> = sums.residuals(cut(piece), cut(piece + 1)).collect();
            freedom += (left.len() as f64 - 2.0).max(0.0);
            for (lag, sum) in covariances.iter_mut().enumerate() {
                *sum += left.iter().skip(lag).zip(&left).map(|(a, b)| a * b).sum::<f64>();
            }
        }
    }
    let weighted: f64 = (1..=LAGS).map(|lag| 2.0 * (1.0 - lag as f64 / (LAGS + 1) as f64) * covariances[lag]).sum();
    if covariances[0] <= 0.0 {
        return 0.0;
    }
    // Lines fitted to short pieces take part of what hangs together for the line: the correlation of neighbours is too low
    // by about (2 + 4ρ) / n (Kendall 1954, of a mean and a slope).
    let short = covariances[1] / covariances[0];
    let neighbours = (short + (2.0 + 4.0 * short) / CHUNK as f64).clamp(0.0, 0.9);
    let first_order = covariances[0] * (1.0 + neighbours) / (1.0 - neighbours);
    (covariances[0] + weighted).max(covariances[0]).max(first_order) / f64::max(freedom, 1.0)
}

/// The values without what is usual of their weekday: as a factor where nothing is below zero, else as a difference.
pub(super) fn clear_of_weekdays(values: &[f64], weekdays: &[usize]) -> Vec<f64> {
    let factors = values.iter().all(|value| *value >= 0.0);
    let mut seen: [Vec<f64>; 7] = Default::default();
    for at in 3..values.len().saturating_sub(3) {
        let around = values[at - 3..=at + 3].iter().sum::<f64>() / 7.0;
        if !factors {
            seen[weekdays[at]].push(values[at] - around);
        } else if around > 0.0 {
            seen[weekdays[at]].push(values[at] / around);
        }
    }
    let neutral = if factors { 1.0 } else { 0.0 };
    let usual = seen.map(|mut seen| if seen.len() < 4 { neutral } else { middle(&mut seen) });
    let mean = usual.iter().sum::<f64>() / 7.0;
    let clear = |(value, weekday): (&f64, &usize)| {
        if factors { value / (usual[*weekday] / mean.max(0.1)).max(0.1) } else { value - usual[*weekday] + mean }
    };
    values.iter().zip(weekdays).map(clear).collect()
}

/// The values, none farther from the middle of the fortnight around it than three times as far as is usual: single days are
/// no change.
pub(super) fn bounded(values: &[f64]) -> Vec<f64> {
    let middles: Vec<f64> = (0..values.len())
        .map(|at| middle(&mut values[at.saturating_sub(7)..(at + 8).min(values.len())].to_vec()))
        .collect();
    let mut distances: Vec<f64> = values.iter().zip(&middles).map(|(value, middle)| (value - middle).abs()).collect();
    let bound = 3.0 * 1.4826 * middle(&mut distances);
    if bound <= 0.0 {
        return values.to_vec();
    }
    values.iter().zip(&middles).map(|(value, middle)| value.clamp(middle - bound, middle + bound)).collect()
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 0 => (values[n / 2 - 1] + values[n / 2]) / 2.0,
        n => values[n / 2],
    }
}
