//! How rarely a value this far out was seen: a histogram of the past with a predictive tail beyond it.
//!
//! Peaks over a threshold, as Siffer et al. 2017 ("Anomaly detection in streams with extreme value theory") use them on
//! streams, with an exponential excess. Its mean is not known but learned of few peaks, so that the tail is the
//! predictive one (an exponential with a Gamma posterior is a Lomax): heavy while little is known, exponential later.
//! Peaks of overlapping windows are one peak: their number counts divided by the window's length. What was surprising
//! when it came teaches little, or one failure would make the next one look usual.

use libm::{exp, log, log10, pow};

/// Bins are geometric, so that one pass answers for every size.
const BINS: usize = 96;
/// The first bin ends here, in units of the scale.
const FIRST: f64 = 0.05;
/// Each bin ends so many times as far out as the one before; the last one ends at 430.
const RATIO: f64 = 1.1;
/// Surprises beyond this (one in 100) teach less, by as much as they are rarer …
const KNOWN: f64 = 2.0;
/// … but never less than this, or a new normal would never be learned.
const LEAST: f64 = 0.1;

/// The past of one statistic, one direction of it: values at or below zero only count as not far out.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    weight: [f64; BINS],
    sum: [f64; BINS],
    total: f64,
    /// Rows that one independent value spans.
    span: f64,
    /// The share of the past that counts as peaks.
    peaks: f64,
    /// What a new row weighs compared to the one before, and what the newest weighs.
    growth: f64,
    newest: f64,
}

impl Tail {
    /// A past of nothing yet: `span` rows make one independent value, the farthest `peaks` of them shape the tail, and
    /// a row weighs a third of a new one after `memory` rows.
    pub(super) fn new(span: f64, peaks: f64, memory: f64) -> Self {
        let growth = exp(1.0 / memory);
        Self { weight: [0.0; BINS], sum: [0.0; BINS], total: 0.0, span, peaks, growth, newest: 1.0 }
    }

    /// −log10 of the chance of a value at least this far out, given the past.
    pub(super) fn surprise(&self, z: f64) -> f64 {
        if z <= 0.0 || self.total <= 0.0 {
            return 0.0;
        }
        let wanted = (self.peaks * self.total).max(self.newest);
        let (mut above, mut excess, mut from) = (0.0, 0.0, BINS);
        while from > 0 && above < wanted {
            from -= 1;
            above += self.weight[from];
            excess += self.sum[from];
        }
        let threshold = if from == 0 { 0.0 } else { FIRST * pow(RATIO, (from - 1) as f64) };
        let share = (above / self.total).min(1.0);
        if z <= threshold {
            let beyond: f64 = self.weight[bin(z)..].iter().sum();
            return -log10((beyond / self.total).clamp(share, 1.0));
        }
        let mean = (excess / above - threshold).max(0.05 * threshold).max(1e-3);
        let peaks = (above / self.newest / self.span).max(1.0);
        -log10(share) + peaks * log10(1.0 + (z - threshold) / (mean * peaks))
    }

    /// Adds a row to the past, whose surprise was this.
    pub(super) fn learn(&mut self, z: f64, surprise: f64) {
        let (z, teaches) = (z.max(0.0), if surprise > KNOWN { pow(10.0, KNOWN - surprise).max(LEAST) } else { 1.0 });
        self.newest *= self.growth;
        let weight = teaches * self.newest;
        let bin = bin(z);
        self.weight[bin] += weight;
        self.sum[bin] += weight * z;
        self.total += weight;
        if self.newest > 1e100 {
            let all = self.weight.iter_mut().chain(&mut self.sum).chain([&mut self.total]);
            all.for_each(|value| *value /= self.newest);
            self.newest = 1.0;
        }
    }
}

fn bin(z: f64) -> usize {
    if z <= FIRST { 0 } else { (log(z / FIRST) / log(RATIO)).ceil().min((BINS - 1) as f64) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exponential values, evenly spread over their quantiles.
    fn learned(rows: usize, span: f64) -> Tail {
        let mut tail = Tail::new(span, 0.05, 1e9);
        for i in 0..rows {
            // A stride that is coprime to the number visits every quantile once.
            let share = (((i * 7919) % rows) as f64 + 0.5) / rows as f64;
            tail.learn(-(1.0 - share).ln(), 0.0);
        }
        tail
    }

    #[test]
    fn an_exponential_past_gives_its_own_tail() {
        let tail = learned(10_007, 1.0);
        for z in [1.0, 3.0, 5.0, 8.0] {
            let truth = z / std::f64::consts::LN_10;
            assert!((tail.surprise(z) - truth).abs() < 0.06 * truth + 0.05, "{z}: {} {truth}", tail.surprise(z));
        }
    }

    #[test]
    fn a_short_or_repeating_past_makes_less_sure() {
        let (long, short, repeating) = (learned(10_007, 1.0), learned(101, 1.0), learned(10_007, 100.0));
        assert!(short.surprise(12.0) < long.surprise(12.0) - 1.0);
        assert!(repeating.surprise(12.0) < long.surprise(12.0) - 0.5);
        assert_eq!(Tail::new(1.0, 0.05, 10.0).surprise(9.0), 0.0);
    }

    #[test]
    fn surprises_teach_less_and_nothing_overflows() {
        let (mut open, mut wary) = (learned(997, 1.0), learned(997, 1.0));
        for _ in 0..50 {
            open.learn(20.0, 0.0);
            wary.learn(20.0, 6.0);
        }
        assert!(wary.surprise(20.0) > open.surprise(20.0) + 0.3);
        let mut old = Tail::new(1.0, 0.05, 1.0);
        for i in 0..10_000 {
            old.learn(f64::from(i), 0.0);
        }
        assert!(old.surprise(1e300).is_finite());
    }
}
