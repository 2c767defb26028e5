//! x
#![allow(missing_docs)]
mod tail;
mod stream;

/// Surprise from which on a row is an alarm: one row in a thousand.
const ALARM: f64 = 3.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind { Spike, Drop, LevelShift, DropOut }

pub fn proto(at: &[i64], xs: &[f64]) -> Vec<f64> {
    let mut gaps: Vec<i64> = at.windows(2).take(16).map(|p| p[1] - p[0]).collect();
    gaps.sort();
    let mut s = stream::Stream::new(gaps[gaps.len() / 2]);
    at.iter().zip(xs).map(|(t, x)| s.next(*t, *x).0).collect()
}
