//! Logistic regression with a ridge: the hazard's engine.

use serde::{Deserialize, Serialize};

/// Steps of Newton's method; it is at its end after a handful.
const STEPS: usize = 40;

/// A fitted regression on standardised columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Logistic {
    centre: Vec<f64>,
    /// One by each column's standard deviation; zero for a column that never changes, which so tells nothing.
    scale: Vec<f64>,
    /// The intercept first.
    weights: Vec<f64>,
}

/// The logistic function.
pub(super) fn expit(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

impl Logistic {
    /// Fits rows of equal length to outcomes, each row counting as much as its weight. `ridge` is the prior precision of
    /// each coefficient of a standardised column (the intercept has none): 1 says that a standard deviation changes the
    /// odds by a factor of e or less in two of three cases (weakly informative, as Gelman et al. 2008 argue for). `None` if
    /// it has no finite answer.
    pub fn fit(rows: &[Vec<f64>], outcomes: &[bool], weights: &[f64], ridge: f64) -> Option<Self> {
        let width = rows.first()?.len();
        let all: f64 = weights.iter().sum();
        let mean = |of: &dyn Fn(&[f64]) -> f64| {
            rows.iter().zip(weights).map(|(row, weight)| weight * of(row)).sum::<f64>() / all
        };
        let centre: Vec<f64> = (0..width).map(|at| mean(&|row| row[at])).collect();
        let scale = (0..width).map(|at| mean(&|row| (row[at] - centre[at]) * (row[at] - centre[at])).sqrt());
        let scale: Vec<f64> = scale.map(|scale| if scale > 1e-9 { 1.0 / scale } else { 0.0 }).collect();
        let events: f64 =
            outcomes.iter().zip(weights).map(|(outcome, weight)| if *outcome { *weight } else { 0.0 }).sum();
        let base = (events + 0.5) / (all + 1.0);
        let mut fitted = Self { centre, scale, weights: vec![0.0; width + 1] };
        fitted.weights[0] = libm::log(base / (1.0 - base));
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| fitted.standard(row)).collect();
        for _ in 0..STEPS {
            let size = width + 1;
            let (mut slope, mut bend) = (vec![0.0; size], vec![0.0; size * size]);
            for ((row, outcome), weight) in rows.iter().zip(outcomes).zip(weights) {
                let p = expit(dot(row, &fitted.weights));
                let (left, spread) = (weight * (f64::from(u8::from(*outcome)) - p), weight * p * (1.0 - p));
                for a in 0..size {
                    slope[a] += left * row[a];
                    let part = spread * row[a];
                    for b in 0..=a {
                        bend[a * size + b] += part * row[b];
                    }
                }
            }
            for at in 1..size {
                slope[at] -= ridge * fitted.weights[at];
                bend[at * size + at] += ridge;
            }
            bend[0] += 1e-9;
            let step = solve(&mut bend, slope)?;
            // A step longer than this would leave the region in which the curve is like a parabola.
            let long = step.iter().map(|step| step.abs()).fold(0.0, f64::max);
            let part = if long > 2.0 { 2.0 / long } else { 1.0 };
            for (weight, step) in fitted.weights.iter_mut().zip(&step) {
                *weight += part * step;
            }
            if long < 1e-9 {
                break;
            }
        }
        fitted.weights.iter().all(|weight| weight.is_finite()).then_some(fitted)
    }

    fn standard(&self, row: &[f64]) -> Vec<f64> {
        let columns = row.iter().zip(&self.centre).zip(&self.scale);
        // What lies far outside of everything seen before is taken as just outside.
        let columns = columns.map(|((value, centre), scale)| ((value - centre) * scale).clamp(-4.0, 4.0));
        std::iter::once(1.0).chain(columns).collect()
    }

    /// The logarithm of the odds for a row.
    pub fn odds(&self, row: &[f64]) -> f64 {
        dot(&self.standard(row), &self.weights)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Solves `matrix · x = right` for a symmetric positive matrix given by its lower half (Cholesky). `None` if it is not one.
pub(super) fn solve(matrix: &mut [f64], mut right: Vec<f64>) -> Option<Vec<f64>> {
    let size = right.len();
    for a in 0..size {
        for b in 0..=a {
            let sum: f64 = (0..b).map(|at| matrix[a * size + at] * matrix[b * size + at]).sum();
            let left = matrix[a * size + b] - sum;
            matrix[a * size + b] = if a == b {
                if left.is_nan() || left <= 0.0 {
                    return None;
                }
                left.sqrt()
            } else {
                left / matrix[b * size + b]
            };
        }
    }
    for a in 0..size {
        let sum: f64 = (0..a).map(|at| matrix[a * size + at] * right[at]).sum();
        right[a] = (right[a] - sum) / matrix[a * size + a];
    }
    for a in (0..size).rev() {
        let sum: f64 = (a + 1..size).map(|at| matrix[at * size + a] * right[at]).sum();
        right[a] = (right[a] - sum) / matrix[a * size + a];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{draw, random::stream};

    #[test]
    fn odds_that_were_planted_are_found() {
        let mut random = stream(1, "logistic");
        let rows: Vec<Vec<f64>> =
            (0..20_000).map(|_| vec![draw::normal(&mut random), 3.0 * draw::normal(&mut random) + 5.0, 7.0]).collect();
        let truth = |row: &[f64]| -2.0 + 0.8 * row[0] - 0.3 * (row[1] - 5.0);
        let outcomes: Vec<bool> = rows.iter().map(|row| draw::unit(&mut random) < expit(truth(row))).collect();
        let fitted = Logistic::fit(&rows, &outcomes, &vec![1.0; rows.len()], 1.0).unwrap();
        for row in [[0.0, 5.0, 7.0], [1.5, 2.0, 7.0], [-1.0, 9.0, 7.0]] {
            assert!((fitted.odds(&row) - truth(&row)).abs() < 0.15, "{row:?}: {}", fitted.odds(&row));
        }
    }

    #[test]
    fn outcomes_that_a_column_separates_give_finite_odds() {
        let rows: Vec<Vec<f64>> = (0..100).map(|at| vec![f64::from(at)]).collect();
        let outcomes: Vec<bool> = (0..100).map(|at| at >= 50).collect();
        let fitted = Logistic::fit(&rows, &outcomes, &[1.0; 100], 1.0).unwrap();
        assert!(fitted.odds(&[0.0]) < -2.0 && fitted.odds(&[99.0]) > 2.0 && fitted.odds(&[1e300]).is_finite());
        assert!(Logistic::fit(&[], &[], &[], 1.0).is_none());
    }

    #[test]
    fn equations_are_solved() {
        let found = solve(&mut [4.0, 0.0, 2.0, 3.0], vec![8.0, 7.0]).unwrap();
        assert!((found[0] - 1.25).abs() < 1e-12 && (found[1] - 1.5).abs() < 1e-12);
        assert!(solve(&mut [0.0], vec![1.0]).is_none());
    }
}
