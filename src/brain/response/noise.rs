//! The linear part and the noise, both integrated out: what is left of the target given the curves is normal with a known
//! covariance, so that a curve's parameters can be weighed without drawing the coefficients.
//!
//! Noise is first-order autoregressive, which keeps slowly changing causes that nobody measured from being taken for effects
//! and makes intervals as wide as they must be. A row without a target starts a new stretch. The covariance's inverse is
//! `Q₀ − ρQ₁ + ρ²Q₂` with three fixed sparse matrices, so a new ρ costs no pass over the rows.

use serde::{Deserialize, Serialize};

use super::design::{Coefficient, Design, GROUPS, Group};
use crate::linear::{Cholesky, Matrix, add, dot};

/// Noise and spreads, in means of the target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Noise {
    /// Correlation of neighbouring rows' noise.
    pub rho: f64,
    /// Standard deviation of what is new in each row's noise.
    pub sigma: f64,
    /// Spread of each group of coefficients.
    pub spread: [f64; GROUPS],
}

impl Noise {
    /// Standard deviation of a coefficient before the data.
    fn deviation(&self, coefficient: &Coefficient) -> f64 {
        match coefficient.group {
            Group::Fixed => coefficient.weight,
            Group::Free(group) => self.spread[group] * coefficient.weight,
        }
    }

    fn join(&self, parts: [f64; 3]) -> f64 {
        parts[0] - self.rho * parts[1] + self.rho * self.rho * parts[2]
    }
}

/// What does not change while sampling.
pub(super) struct Frame<'a> {
    pub design: &'a Design,
    /// 1 where a row has a target, and where it follows one that has.
    present: Vec<f64>,
    follows: Vec<f64>,
    /// The diagonal of `Q₂`.
    diagonal: Vec<f64>,
    stretches: f64,
    pub count: f64,
    parts: [Matrix; 3],
    grams: [Matrix; 3],
}

/// What is left of the target, in product with the linear part and with itself, for every ρ.
pub(super) struct Rest {
    linear: [Vec<f64>; 3],
    square: [f64; 3],
}

/// The covariance of one [`Noise`], made ready for many questions.
pub(super) struct Weighing {
    pub noise: Noise,
    /// `QX`.
    pub weighed: Matrix,
    factor: Cholesky,
}

impl<'a> Frame<'a> {
    pub fn of(design: &'a Design) -> Self {
        let has = |row: usize| f64::from(u8::from(design.present[row]));
        let present: Vec<f64> = (0..design.rows).map(has).collect();
        let follows: Vec<f64> =
            (0..design.rows).map(|row| if row == 0 { 0.0 } else { has(row) * has(row - 1) }).collect();
        let starts: Vec<f64> = present.iter().zip(&follows).map(|(present, follows)| present - follows).collect();
        let next = follows.iter().skip(1).chain([&0.0]);
        let mut frame = Self {
            diagonal: next.zip(&starts).map(|(next, start)| next - start).collect(),
            design,
            stretches: starts.iter().sum(),
            count: present.iter().sum(),
            present,
            follows,
            parts: std::array::from_fn(|_| Matrix::zeros(design.rows, design.base.columns())),
            grams: std::array::from_fn(|_| Matrix::zeros(0, 0)),
        };
        for column in 0..design.base.columns() {
            for (at, part) in frame.split(design.base.column(column)).iter().enumerate() {
                frame.parts[at].column_mut(column).copy_from_slice(part);
            }
        }
        let size = design.base.columns();
        for at in 0..3 {
            let mut gram = Matrix::zeros(size, size);
            for left in 0..size {
                gram.column_mut(left).copy_from_slice(&design.base.transposed_times(frame.parts[at].column(left)));
            }
            frame.grams[at] = gram;
        }
        frame
    }

    /// Whether a group of coefficients with a free spread is there.
    pub fn uses(&self, group: usize) -> bool {
        self.design.coefficients.iter().any(|coefficient| coefficient.group == Group::Free(group))
    }

    /// `Q₀v`, `Q₁v`, `Q₂v`.
    fn split(&self, vector: &[f64]) -> [Vec<f64>; 3] {
        let rows = vector.len();
        let mut parts = [vec![0.0; rows], vec![0.0; rows], vec![0.0; rows]];
        for row in 0..rows {
            parts[0][row] = self.present[row] * vector[row];
            parts[2][row] = self.diagonal[row] * vector[row];
            if row > 0 {
                parts[1][row] += self.follows[row] * vector[row - 1];
                parts[1][row - 1] += self.follows[row] * vector[row];
            }
        }
        parts
    }

    /// `Qv` of one noise.
    pub fn weigh(&self, noise: &Noise, vector: &[f64], weighed: &mut [f64]) {
        let (rho, square, rows) = (noise.rho, noise.rho * noise.rho, vector.len());
        for row in 0..rows {
            weighed[row] = (self.present[row] + square * self.diagonal[row]) * vector[row];
        }
        for row in 1..rows {
            weighed[row] -= rho * self.follows[row] * vector[row - 1];
        }
        for row in 1..rows {
            weighed[row - 1] -= rho * self.follows[row] * vector[row];
        }
    }

    pub fn rest(&self, vector: &[f64]) -> Rest {
        Rest {
            linear: [0, 1, 2].map(|at| self.parts[at].transposed_times(vector)),
            square: self.split(vector).map(|part| dot(&part, vector)),
        }
    }

    fn factor(&self, noise: &Noise) -> Option<Cholesky> {
        let size = self.design.base.columns();
        let scale = 1.0 / (noise.sigma * noise.sigma);
        let mut gram = Matrix::zeros(size, size);
        for column in 0..size {
            for row in column..size {
                gram.set(row, column, scale * noise.join([0, 1, 2].map(|at| self.grams[at].at(row, column))));
            }
            let deviation = noise.deviation(&self.design.coefficients[column]);
            gram.set(column, column, gram.at(column, column) + 1.0 / (deviation * deviation));
        }
        Cholesky::of(&gram)
    }

    /// The logarithm of how likely the rest is under a noise, with the prior on the noise; the measure is that of the
    /// logarithms of the standard deviations.
    pub fn likelihood(&self, rest: &Rest, noise: &Noise) -> f64 {
        let Some(factor) = self.factor(noise) else { return f64::NEG_INFINITY };
        let scale = 1.0 / (noise.sigma * noise.sigma);
        let joined = |at: usize| scale * noise.join([0, 1, 2].map(|part: usize| rest.linear[part][at]));
        let mut linear: Vec<f64> = (0..rest.linear[0].len()).map(joined).collect();
        factor.forward(&mut linear);
        let square = scale * noise.join(rest.square) - dot(&linear, &linear);
        let deviations: f64 =
            self.design.coefficients.iter().map(|coefficient| libm::log(noise.deviation(coefficient))).sum();
        // Half-normal priors: noise of the target's size; bends, year and weekday of half of it.
        let spreads: f64 = noise.spread.iter().map(|spread| libm::log(*spread) - 2.0 * spread * spread).sum();
        let prior = libm::log(noise.sigma) - 0.5 * noise.sigma * noise.sigma + spreads;
        prior - self.count * libm::log(noise.sigma) + 0.5 * self.stretches * libm::log1p(-noise.rho * noise.rho)
            - deviations
            - 0.5 * factor.log_determinant()
            - 0.5 * square
    }

    pub fn weighing(&self, noise: Noise) -> Option<Weighing> {
        let mut weighed = self.parts[0].clone();
        for column in 0..weighed.columns() {
            add(weighed.column_mut(column), -noise.rho, self.parts[1].column(column));
            add(weighed.column_mut(column), noise.rho * noise.rho, self.parts[2].column(column));
        }
        Some(Weighing { noise, weighed, factor: self.factor(&noise)? })
    }
}

impl Weighing {
    /// The precision that the data give to a column, and the column times the inverse covariance.
    pub fn precision(&self, frame: &Frame<'_>, column: &[f64], image: &mut Image) -> f64 {
        let scale = 1.0 / (self.noise.sigma * self.noise.sigma);
        frame.weigh(&self.noise, column, &mut image.weighed);
        image.linear = self.weighed.transposed_times(column);
        self.factor.forward(&mut image.linear);
        scale * dot(column, &image.weighed) - scale * scale * dot(&image.linear, &image.linear)
    }

    /// What [`Weighing::precision`] left, turned into the column times the inverse covariance, the linear part taken out.
    pub fn finish(&self, image: &mut Image) {
        let scale = 1.0 / (self.noise.sigma * self.noise.sigma);
        self.factor.backward(&mut image.linear);
        for (at, weight) in image.linear.iter().enumerate() {
            add(&mut image.weighed, -scale * weight, self.weighed.column(at));
        }
        image.weighed.iter_mut().for_each(|value| *value *= scale);
    }

    /// A draw of the coefficients, given what is left of the target.
    pub fn coefficients(&self, rest: &[f64], mut normal: impl FnMut() -> f64) -> Vec<f64> {
        let scale = 1.0 / (self.noise.sigma * self.noise.sigma);
        let mut linear = self.weighed.transposed_times(rest);
        linear.iter_mut().for_each(|value| *value *= scale);
        self.factor.forward(&mut linear);
        linear.iter_mut().for_each(|value| *value += normal());
        self.factor.backward(&mut linear);
        linear
    }
}

/// Room for one column's image, used again and again.
#[derive(Clone)]
pub(super) struct Image {
    pub weighed: Vec<f64>,
    linear: Vec<f64>,
}

impl Image {
    pub fn of(rows: usize) -> Self {
        Self { weighed: vec![0.0; rows], linear: Vec::new() }
    }
}
