//! Oracle's forecasts: of one series some steps ahead, with intervals, and with the record of such intervals.
//!
//! [`choose`] fits every method to the older part of a series, judges them by what they say of the rest (rolling origins),
//! and keeps those that beat the seasonal naive method; that is the weekly work. [`forecast`] runs a choice over the values
//! of today, without fitting anything; that is the daily work. A choice that no longer beats the naive method is not shown:
//! the naive method is, by its name. To add a method, give it a file with its recursion, and a line in `method`.

mod backtest;
mod ces;
mod choice;
mod clean;
pub mod csv;
mod ets;
mod interval;
mod long;
mod method;
mod naive;
mod recursion;
mod sparse;
mod start;
mod theta;

#[cfg(test)]
mod tests;

pub use choice::{Choice, choose};
pub use interval::Record;

use crate::{NotEnough, Series, minimise};
use backtest::{errors, score};

/// Steps ahead at most, and the longest season.
const FURTHEST: usize = 10_000;

/// What is asked of a series.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Request {
    horizon: usize,
    seasons: Vec<usize>,
}

/// A request that makes no sense of any series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// No step ahead, or more than ten thousand.
    #[error("the horizon must be 1 to 10000 steps")]
    Horizon,
    /// More than two seasons, one of no length, or the second no longer than the first.
    #[error("one or two season lengths of 1 to 10000 steps are needed, the shorter first")]
    Seasons,
}

impl Request {
    /// Forecasts of the next `horizon` steps, of values with these season lengths in steps, the shorter first (7, or 7 and
    /// 365 for days). A season of 1 is none.
    ///
    /// # Errors
    /// [`BadRequest`] says which of the two makes no sense.
    pub fn new(horizon: usize, seasons: &[usize]) -> Result<Self, BadRequest> {
        if !(1..=FURTHEST).contains(&horizon) {
            return Err(BadRequest::Horizon);
        }
        let rising = seasons.windows(2).all(|pair| pair[0] < pair[1]);
        if !(1..=2).contains(&seasons.len()) || !rising || seasons.iter().any(|season| !(1..=FURTHEST).contains(season))
        {
            return Err(BadRequest::Seasons);
        }
        Ok(Self { horizon, seasons: seasons.to_vec() })
    }

    /// Steps ahead.
    pub fn horizon(&self) -> usize {
        self.horizon
    }
}

/// What is said of a series.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Forecast {
    /// Who says it, for people: "ETS + CES + Theta", "seasonal naive".
    pub model: String,
    /// The next steps, nearest first.
    pub steps: Vec<Step>,
    /// How often such intervals held; `None` if there was no time to see.
    pub record: Option<Record>,
    /// Its mean error in the backtest over that of the naive method, below 1 if it is better; errors count by their size,
    /// those of what is mostly zero by their square.
    pub against_naive: f64,
}

/// What is said of one step, in the unit of the series; the intervals contain the point and each other.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "lower and higher end of the 50, 80 and 95 % interval")]
pub struct Step {
    /// The most useful single number: what is expected.
    pub point: f64,
    pub lo50: f64,
    pub hi50: f64,
    pub lo80: f64,
    pub hi80: f64,
    pub lo95: f64,
    pub hi95: f64,
}

/// The forecasts that a choice makes of these values, the choice being of this series (or of it some days ago) and of this
/// request. Nothing is fitted.
///
/// # Errors
/// [`NotEnough`] says why nothing can be said; [`NotEnough::Choice`] if the choice is of another request.
pub fn forecast(series: &Series, request: &Request, choice: &Choice) -> Result<Forecast, NotEnough> {
    let ready = choice::Ready::new(series, request, choice.period, choice.long, choice.loss)?;
    choice.fits(request)?;
    let told = choice.told(&ready);
    let (members, rows, against_naive) = match &told {
        Some(rows) if score(&errors(rows, &ready.values, &ready.plan), choice.loss) < ready.naive => {
            let error = score(&errors(rows, &ready.values, &ready.plan), choice.loss);
            (&choice.members[..], rows, error / ready.naive)
        }
        _ => (&[][..], &ready.naive_rows, 1.0),
    };
    let length = ready.values.len();
    let points = if members.is_empty() { None } else { choice.points(&ready) };
    // Whoever cannot speak of tomorrow has not spoken: the naive method always can.
    let (model, points, rows, against_naive) = match points {
        Some(points) => (choice.name(), points, rows, against_naive),
        None => (method::Method::Naive.name(choice.period).to_owned(), ready.naive_points()?, &ready.naive_rows, 1.0),
    };

    let scales: Vec<f64> = ready.plan.origins.iter().map(|origin| ready.scale(*origin)).collect();
    let mut shares = errors(rows, &ready.values, &ready.plan);
    for (row, scale) in shares.iter_mut().zip(&scales) {
        row.iter_mut().for_each(|error| *error /= scale);
    }
    let widths = interval::widths(&shares, &ready.plan, length).ok_or(NotEnough::NeverWrong)?;
    let record = interval::record(&shares, &ready.plan, length);
    let scale = ready.scale(length);
    let steps = points
        .iter()
        .zip(&widths)
        .enumerate()
        .map(|(ahead, (point, widths))| ready.step(ahead, *point, widths.map(|width| width * scale)));
    let steps = steps.collect::<Option<Vec<Step>>>().ok_or(NotEnough::TooLarge)?;
    Ok(Forecast { model, steps, record, against_naive })
}
