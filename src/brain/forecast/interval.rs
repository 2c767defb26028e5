//! Intervals from the errors that the same method made at past origins, and how often such intervals held.
//!
//! Conformal in kind (Vovk, Gammerman and Shafer 2005; for forecasts Stankevičiūtė, Alaa and van der Schaar 2021): the
//! sizes of past errors, each as a share of what is usual so many steps ahead and of the level then, are ranked, and the
//! rank of the level asked for, of one more than there are, is the width. What is usual never falls with the steps.
//!
//! Overlapping forecasts far ahead are few independent ones. As with a variance from few values, widths are therefore those
//! of Student's t instead of the normal, with as many degrees of freedom as disjoint forecasts of that length fit in the
//! tested time, times 3/2 because overlapping ones tell more (Lo and MacKinlay 1988).

use super::backtest::{Plan, Rows};

/// Shares of the outcomes that the intervals shall hold.
pub(super) const LEVELS: [f64; 3] = [0.5, 0.8, 0.95];

/// The quantiles of the normal distribution that belong to them.
const NORMAL: [f64; 3] = [0.674_489_750_196_081_7, 1.281_551_565_544_600_4, 1.959_963_984_540_054];

/// Origins of the record at most.
const RECORDED: usize = 6;

/// How far actual values stray from forecasts, by step and level, as a share of the scale.
pub(super) type Widths = Vec<[f64; 3]>;

/// How often intervals held, made at past origins from nothing but what was known there.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// Share of the outcomes that the 50 % intervals held.
    pub held50: f64,
    /// The same of the 80 % intervals.
    pub held80: f64,
    /// The same of the 95 % intervals.
    pub held95: f64,
    /// How many outcomes there were.
    pub of: usize,
    /// Among how many of the last values: from the first of those origins on.
    pub over: usize,
}

/// The widths that errors (as shares of the scale at their origin) tell whose outcomes are among the first `known` values.
/// `None` if there are none, or nineteen of twenty are nil: of errors that rare nothing is known.
pub(super) fn widths(errors: &[Vec<f64>], plan: &Plan, known: usize) -> Option<Widths> {
    let seen = || {
        plan.origins.iter().zip(errors).flat_map(move |(origin, row)| {
            let row = &row[..row.len().min(known.saturating_sub(*origin))];
            row.iter().enumerate().filter(|(_, error)| !error.is_nan())
        })
    };
    let mut sums = vec![(0.0, 0.0); plan.horizon];
    for (step, error) in seen() {
        sums[step] = (sums[step].0 + error.abs(), sums[step].1 + 1.0);
    }
    let usual = rising(&sums)?;
    let mut shares: Vec<f64> = seen().map(|(step, error)| error.abs() / usual[step]).collect();
    let count = shares.len();
    let ranked = LEVELS.map(|level| {
        let rank = ((level * (count + 1) as f64).ceil() as usize).clamp(1, count) - 1;
        *shares.select_nth_unstable_by(rank, f64::total_cmp).1
    });
    let tested = known.saturating_sub(plan.cut) as f64;
    let wide = |(step, usual): (usize, &f64)| {
        let freedom = 1.5 * tested / (step + 1) as f64;
        [0, 1, 2].map(|level| usual * ranked[level] * heavier(NORMAL[level], freedom))
    };
    (ranked[2] > 0.0).then(|| usual.iter().enumerate().map(wide).collect())
}

/// Student's quantile over the normal's, by the expansion of Fisher and Cornish (Abramowitz and Stegun 26.7.5), which holds
/// to 5 % from two degrees of freedom on; fewer count as two.
fn heavier(normal: f64, freedom: f64) -> f64 {
    let (square, freedom) = (normal * normal, freedom.max(2.0));
    let first = (square + 1.0) / 4.0;
    let second = ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let third = (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    1.0 + ((third / freedom + second) / freedom + first) / freedom
}

/// Means that never fall, as near to these (sums and counts) as can be: neighbours that do are pooled (Ayer, Brunk, Ewing,
/// Reid and Silverman 1955). A step without any joins a neighbour. `None` if all are nil.
fn rising(sums: &[(f64, f64)]) -> Option<Vec<f64>> {
    let mut pools: Vec<(f64, f64, usize)> = vec![];
    for (sum, count) in sums {
        let mut pool = (*sum, *count, 1);
        while let Some(last) = pools.last().filter(|last| pool.1 == 0.0 || last.0 * pool.1 >= pool.0 * last.1) {
            pool = (pool.0 + last.0, pool.1 + last.1, pool.2 + last.2);
            pools.pop();
        }
        pools.push(pool);
    }
    // The rare step with less than a thousandth of the usual error would make its own errors' shares boundless.
    let whole = pools.iter().map(|pool| pool.0).sum::<f64>() / pools.iter().map(|pool| pool.1).sum::<f64>();
    let told = pools.iter().all(|pool| pool.1 > 0.0) && whole > 0.0;
    told.then(|| {
        pools.iter().flat_map(|pool| std::iter::repeat_n((pool.0 / pool.1).max(1e-3 * whole), pool.2)).collect()
    })
}

/// How often intervals made at the plan's origins among `known` values held; `None` where no origin has a whole horizon of errors
/// before it.
pub(super) fn record(errors: &Rows, plan: &Plan, known: usize) -> Option<Record> {
    let from = plan.origins.partition_point(|origin| *origin < plan.cut + plan.horizon);
    let some = (plan.origins.len() - from).min(RECORDED);
    let mut held = [0_usize; 3];
    let (mut of, mut since) = (0, known);
    for at in (0..some).map(|place| from + place * (plan.origins.len() - from) / some) {
        let Some(widths) = widths(errors, plan, plan.origins[at]) else { continue };
        for (error, widths) in errors[at].iter().zip(&widths).filter(|(error, _)| !error.is_nan()) {
            of += 1;
            since = since.min(plan.origins[at]);
            for (held, width) in held.iter_mut().zip(widths) {
                *held += usize::from(error.abs() <= *width);
            }
        }
    }
    let [held50, held80, held95] = held.map(|held| held as f64 / of as f64);
    (of > 0).then_some(Record { held50, held80, held95, of, over: known - since })
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, StudentsT};

    use super::*;

    #[test]
    fn students_quantiles_are_near_enough() {
        for freedom in [2.0, 3.0, 6.5, 30.0, 500.0] {
            let student = StudentsT::new(0.0, 1.0, freedom).unwrap();
            for (level, normal) in LEVELS.into_iter().zip(NORMAL) {
                let true_ratio = student.inverse_cdf(0.5 + level / 2.0) / normal;
                let ours = heavier(normal, freedom);
                assert!((ours / true_ratio - 1.0).abs() < 0.05, "{level} {freedom}: {ours} {true_ratio}");
            }
        }
    }

    #[test]
    fn what_falls_is_pooled_and_what_is_missing_joins() {
        let means = rising(&[(1.0, 1.0), (6.0, 2.0), (2.0, 2.0), (0.0, 0.0), (10.0, 2.0)]).unwrap();
        assert_eq!(means, [1.0, 2.0, 2.0, 2.0, 5.0]);
        assert_eq!(rising(&[(0.0, 0.0), (1.0, 1.0)]).unwrap(), [1.0, 1.0]);
        assert_eq!(rising(&[(0.0, 0.0); 2]), None);
        assert_eq!(rising(&[(0.0, 3.0), (0.0, 1.0)]), None);
    }

    #[test]
    fn errors_of_outcomes_not_yet_known_do_not_count() {
        let plan = Plan { cut: 10, origins: (10..30).collect(), horizon: 2 };
        let mut errors: Rows = (0..20).map(|at| vec![1.0 + 0.01 * f64::from(at); 2]).collect();
        let before = widths(&errors, &plan, 20).unwrap();
        errors[10..].iter_mut().for_each(|row| row.fill(100.0));
        errors[9][1] = 100.0; // made at 19 for the 21st value
        assert_eq!(widths(&errors, &plan, 20).unwrap(), before);
        assert_ne!(widths(&errors, &plan, 21).unwrap(), before);
        assert!(before[0][0] < before[0][1] && before[0][1] < before[0][2] && before[0][0] <= before[1][0]);
    }
}
