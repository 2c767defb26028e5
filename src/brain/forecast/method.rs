//! The methods by name: what can be fitted, kept in a choice, and run.

use serde::{Deserialize, Serialize};

use super::{
    ces::{self, Ces},
    ets::{self, Ets},
    naive,
    recursion::{Loss, Recursion},
    sparse::Sparse,
    theta::Theta,
};

/// A method with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Method {
    /// The last value of the same phase.
    Naive,
    Ets(Ets),
    Ces(Ces),
    Theta(Theta),
    Sparse(Sparse),
}

/// Methods that are alike; of each family the best one stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Naive,
    Ets,
    Ces,
    Theta,
    Sparse,
}

/// How a fit is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit<'a> {
    pub period: usize,
    /// How far ahead it shall serve.
    pub steps: &'a [usize],
    pub loss: Loss,
}

impl Method {
    /// Every method that fits such values at all, fitted to them. `factors`: a season can be a factor.
    pub fn all(values: &[f64], fit: &Fit, sparse: bool, factors: bool) -> Vec<Self> {
        let mut found = vec![];
        let mut seasons = vec![ets::Season::None];
        if fit.period > 1 {
            seasons.push(ets::Season::Added);
            if factors {
                seasons.push(ets::Season::Multiplied);
            }
        }
        for season in seasons {
            let mut from = None;
            for damped in [false, true] {
                let form = ets::Form { damped, season };
                let fitted = Ets::fit(form, values, fit.period, fit.steps, fit.loss, from.as_ref());
                // The damped search starts where the other ended.
                from = fitted.map(|ets| Ets { beta: 0.1, phi: 0.95, ..ets });
                found.extend(fitted.map(Self::Ets));
            }
        }
        if sparse {
            found.extend(Sparse::fit(values, fit.steps, fit.loss, None).map(Self::Sparse));
            return found;
        }
        let forms: &[ces::Form] =
            if fit.period > 1 { &[ces::Form::Simple, ces::Form::Partial] } else { &[ces::Form::Plain] };
        for form in forms {
            found.extend(Ces::fit(*form, values, fit.period, fit.steps, fit.loss, None).map(Self::Ces));
        }
        found.extend(Theta::fit(values, fit.period, fit.steps, fit.loss, None).map(Self::Theta));
        found
    }

    /// The same method, fitted to more values.
    pub fn again(&self, values: &[f64], fit: &Fit) -> Option<Self> {
        Some(match self {
            Self::Naive => Self::Naive,
            Self::Ets(ets) => Self::Ets(Ets::fit(ets.form, values, fit.period, fit.steps, fit.loss, Some(ets))?),
            Self::Ces(ces) => Self::Ces(Ces::fit(ces.form, values, fit.period, fit.steps, fit.loss, Some(ces))?),
            Self::Theta(theta) => Self::Theta(Theta::fit(values, fit.period, fit.steps, fit.loss, Some(theta))?),
            Self::Sparse(sparse) => Self::Sparse(Sparse::fit(values, fit.steps, fit.loss, Some(sparse))?),
        })
    }

    /// The same, with parameters of six decimals: enough for any forecast, and few enough to survive any JSON.
    pub fn rounded(self) -> Self {
        let six = |value: f64| (value * 1e6).round() / 1e6;
        match self {
            Self::Naive => Self::Naive,
            Self::Ets(Ets { form, alpha, beta, phi, gamma }) => {
                Self::Ets(Ets { form, alpha: six(alpha), beta: six(beta), phi: six(phi), gamma: six(gamma) })
            }
            Self::Ces(Ces { form, real, imaginary, season }) => {
                Self::Ces(Ces { form, real: six(real), imaginary: six(imaginary), season: six(season) })
            }
            Self::Theta(Theta { alpha, drift, factors }) => {
                Self::Theta(Theta { alpha: six(alpha), drift: six(drift), factors })
            }
            Self::Sparse(Sparse { chance, size }) => Self::Sparse(Sparse { chance: six(chance), size: six(size) }),
        }
    }

    /// Its family.
    pub fn family(&self) -> Family {
        match self {
            Self::Naive => Family::Naive,
            Self::Ets(_) => Family::Ets,
            Self::Ces(_) => Family::Ces,
            Self::Theta(_) => Family::Theta,
            Self::Sparse(_) => Family::Sparse,
        }
    }

    /// Its name for people.
    pub fn name(&self, period: usize) -> &'static str {
        match self {
            Self::Naive if period > 1 => "seasonal naive",
            Self::Naive => "naive",
            Self::Ets(_) => "ETS",
            Self::Ces(_) => "CES",
            Self::Theta(_) => "Theta",
            Self::Sparse(_) => "TSB",
        }
    }

    /// Forecasts from each origin (how many values are known there) for as many steps as `horizon`, one row an origin. The
    /// starting states know the first `known` values only. `None` where the method cannot start, or ends in no number.
    pub fn run(
        &self,
        values: &[f64],
        known: usize,
        period: usize,
        origins: &[usize],
        horizon: usize,
    ) -> Option<Vec<Vec<f64>>> {
        let head = &values[..known];
        match self {
            Self::Naive => run(naive::State::start(head, period)?, values, origins, horizon),
            Self::Ets(ets) => run(ets.start(head, period)?, values, origins, horizon),
            Self::Ces(ces) => run(ces.start(head, period)?, values, origins, horizon),
            Self::Theta(theta) => run(theta.start(head, period)?, values, origins, horizon),
            Self::Sparse(sparse) => run(sparse.start(head)?, values, origins, horizon),
        }
    }
}

/// No forecast leaves the range of what was seen by more than that range: a trend that does is an artefact.
fn run<R: Recursion>(mut state: R, values: &[f64], origins: &[usize], horizon: usize) -> Option<Vec<Vec<f64>>> {
    let leads: Vec<R::Lead> = (1..=horizon).map(|steps| state.lead(steps)).collect();
    let (mut at, mut low, mut high) = (0, f64::INFINITY, f64::NEG_INFINITY);
    let mut rows = vec![];
    for origin in origins {
        for value in &values[at..*origin] {
            state.step(*value);
            (low, high) = (low.min(*value), high.max(*value));
        }
        at = *origin;
        let range = high - low;
        let row: Vec<f64> = leads.iter().map(|lead| state.at(lead)).collect();
        if row.iter().any(|forecast| !forecast.is_finite()) {
            return None;
        }
        rows.push(row.into_iter().map(|forecast| forecast.clamp(low - range, high + range)).collect());
    }
    Some(rows)
}
