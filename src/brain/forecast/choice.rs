//! Which methods speak for a series: found once a week by backtest, kept as a value, used every day.

use serde::{Deserialize, Serialize};

use super::{
    Request, Step,
    backtest::{Plan, Rows, errors, least, mean, rows, score},
    clean::clean,
    long::profile,
    method::{Fit, Method},
    recursion::{Loss, steps},
};
use crate::{NotEnough, Series};

/// Below this share of days on which something happens, a series is sparse (Syntetos, Boylan and Croston 2005: a mean
/// distance of more than 1.32 between them).
const DENSE: f64 = 1.0 / 1.32;

/// What was chosen for a series, as a value that can be stored: the same choice and the same values give the same forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    request: Request,
    /// The short season used; 1 is none.
    pub(super) period: usize,
    /// The long season used.
    pub(super) long: Option<usize>,
    pub(super) loss: Loss,
    /// Who speaks; nobody means the naive method.
    pub(super) members: Vec<Member>,
}

/// One method that speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Member {
    /// Fitted to the values before the backtest, to be judged by the rest.
    tested: Method,
    /// Fitted to all values, to speak of the future.
    fitted: Method,
    /// By the inverse of its mean squared error (Bates and Granger 1969).
    weight: f64,
}

impl Choice {
    /// Whether it was made for this request.
    pub(crate) fn fits(&self, request: &Request) -> Result<(), NotEnough> {
        if self.request == *request { Ok(()) } else { Err(NotEnough::Choice) }
    }

    /// Who speaks, for people.
    pub(super) fn name(&self) -> String {
        let mut name = self.members.iter().map(|one| one.fitted.name(self.period)).collect::<Vec<_>>().join(" + ");
        if let Some(long) = self.long {
            name.push_str(&format!(" + season of {long}"));
        }
        name
    }

    /// What its members said together at past origins.
    pub(super) fn told(&self, ready: &Ready) -> Option<Rows> {
        let said =
            |member: &Member| Some((member.weight, rows(&member.tested, &ready.learned, ready.period, &ready.plan)?));
        mean(&self.members.iter().map(said).collect::<Option<Vec<_>>>()?)
    }

    /// What its members say together of the next steps, without the long season.
    pub(super) fn points(&self, ready: &Ready) -> Option<Vec<f64>> {
        let (values, horizon) = (&ready.learned_now, ready.plan.horizon);
        let ahead = |method: &Method| method.run(values, values.len(), ready.period, &[values.len()], horizon);
        let said = |member: &Member| Some((member.weight, ahead(&member.fitted)?));
        let said = self.members.iter().map(said).collect::<Option<Vec<_>>>()?;
        Some(mean(&said)?.swap_remove(0))
    }
}

/// Values made ready: of a common size, without what comes before the first, cleaned, without the long season.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub period: usize,
    pub plan: Plan,
    /// A power of two by which values were divided, so that nothing overflows and no digit is lost.
    unit: f64,
    /// No value is below zero.
    positive: bool,
    /// What came: not a number is missing.
    raw: Vec<f64>,
    /// Without the long season as the values before the cut tell it: what methods are judged by.
    pub values: Vec<f64>,
    /// The same, cleaned: what they learn from.
    pub learned: Vec<f64>,
    /// Cleaned, without the long season as all values tell it.
    learned_now: Vec<f64>,
    /// That season, continued over the horizon.
    after: Vec<f64>,
    /// The naive method's loss in the backtest, and what it said.
    pub naive: f64,
    pub naive_rows: Rows,
}

impl Ready {
    /// These values made ready for a backtest with these seasons.
    pub fn new(
        series: &Series,
        request: &Request,
        period: usize,
        long: Option<usize>,
        loss: Loss,
    ) -> Result<Self, NotEnough> {
        let (raw, unit) = level(series)?;
        let needs = least(period) + request.horizon;
        let too_short = NotEnough::TooShort { has: series.present(), needs };
        let plan = Plan::new(&raw, period, long, request.horizon).ok_or(too_short)?;
        let seen = |known: usize| long.and_then(|long| profile(&raw[..known], long, period));
        let without = |season: &Option<Vec<f64>>| match season {
            Some(season) => raw.iter().enumerate().map(|(at, value)| value - season[at % season.len()]).collect(),
            None => raw.clone(),
        };
        let tidy = |values: &[f64]| if loss == Loss::Absolute { clean(values, period) } else { values.to_vec() };
        let values: Vec<f64> = without(&seen(plan.cut));
        let learned = tidy(&values);
        let now = seen(raw.len());
        let learned_now = if long.is_some() { tidy(&without(&now)) } else { learned.clone() };
        let after = (raw.len()..raw.len() + plan.horizon)
            .map(|at| now.as_ref().map_or(0.0, |season| season[at % season.len()]))
            .collect();
        let naive_rows = rows(&Method::Naive, &raw, period, &plan).ok_or(NotEnough::Constant)?;
        let naive = score(&errors(&naive_rows, &raw, &plan), loss);
        let positive = raw.iter().all(|value| value.is_nan() || *value >= 0.0);
        // The naive rows speak of what came; as do errors against `values` once the season is added to both.
        let mut ready =
            Self { period, plan, unit, positive, raw, values, learned, learned_now, after, naive, naive_rows };
        ready.naive_rows = ready.bare(&ready.naive_rows);
        Ok(ready)
    }

    /// Rows about what came, as rows about what is left of it without the long season, so that errors are the same.
    fn bare(&self, rows: &[Vec<f64>]) -> Rows {
        let known = |at: usize| match (self.raw.get(at), self.values.get(at)) {
            (Some(raw), Some(value)) if !raw.is_nan() => raw - value,
            _ => 0.0,
        };
        let of = |(origin, row): (&usize, &Vec<f64>)| {
            row.iter().enumerate().map(|(step, value)| value - known(origin + step)).collect()
        };
        self.plan.origins.iter().zip(rows).map(of).collect()
    }

    /// What the naive method says of the next steps, less what [`Self::step`] adds.
    pub fn naive_points(&self) -> Result<Vec<f64>, NotEnough> {
        let length = self.raw.len();
        let mut rows = Method::Naive
            .run(&self.raw, length, self.period, &[length], self.plan.horizon)
            .ok_or(NotEnough::Constant)?;
        Ok(rows.swap_remove(0).iter().zip(&self.after).map(|(value, season)| value - season).collect())
    }

    /// The size of things at an origin, in which errors are measured: four fifths the mean of the last four seasons (at
    /// least 28 values), one fifth that of all before. Values that can be negative have no level to speak of: 1.
    pub fn scale(&self, origin: usize) -> f64 {
        if !self.positive {
            return 1.0;
        }
        let mean = |values: &[f64]| {
            let known = values.iter().filter(|value| !value.is_nan());
            let (sum, count) = known.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
            if count > 0.0 { sum / count } else { 0.0 }
        };
        let all = mean(&self.raw[..origin]);
        let lately = mean(&self.raw[origin.saturating_sub((4 * self.period).max(28))..origin]);
        // Nothing before the origin but zeros has no size; what came later tells one, for the error must be counted.
        (0.8 * lately + 0.2 * all).max(1e-3 * mean(&self.raw))
    }

    /// What is said of a step at this point, with these half widths; `None` if it is too large for a
    /// number, or its width is lost in its digits.
    pub fn step(&self, ahead: usize, point: f64, widths: [f64; 3]) -> Option<Step> {
        let floor = |value: f64| if self.positive { value.max(0.0) } else { value };
        let point = floor(point + self.after[ahead]);
        let bound = |value: f64| self.unit * floor(value);
        let [(lo50, hi50), (lo80, hi80), (lo95, hi95)] =
            widths.map(|width| (bound(point - width), bound(point + width)));
        let step = Step { point: bound(point), lo50, hi50, lo80, hi80, lo95, hi95 };
        let all = [step.point, lo50, hi50, lo80, hi80, lo95, hi95];
        (all.iter().all(|value| value.is_finite()) && lo95 < hi95).then_some(step)
    }
}

/// The values from the first that is there, as numbers up to 1, and the power of two by which they were divided.
fn level(series: &Series) -> Result<(Vec<f64>, f64), NotEnough> {
    let values = series.values();
    let first = values.iter().position(Option::is_some).ok_or(NotEnough::TooShort { has: 0, needs: 1 })?;
    let values = &values[first..];
    let known = || values.iter().flatten();
    let has = known().count();
    if 2 * has < values.len() {
        return Err(NotEnough::Gaps { has, of: values.len() });
    }
    if has > 1 && known().all(|value| Some(value) == known().next()) {
        return Err(NotEnough::Constant);
    }
    let largest = known().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    // The exponent alone, so that a division is exact; values that small or large have no such power beside them.
    let unit = if (1e-290..1e300).contains(&largest) { libm::exp2(libm::floor(libm::log2(largest))) } else { 1.0 };
    if largest >= 1e300 {
        return Err(NotEnough::TooLarge);
    }
    Ok((values.iter().map(|value| value.map_or(f64::NAN, |value| value / unit)).collect(), unit))
}

/// The methods that shall speak for this series, chosen by what they say of its newer part when they know the older.
///
/// # Errors
/// [`NotEnough`] says why nothing can be said of the series at all.
pub fn choose(series: &Series, request: &Request) -> Result<Choice, NotEnough> {
    let (values, _) = level(series)?;
    let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let days = known.iter().filter(|value| **value != 0.0).count() as f64;
    let sparse = days < DENSE * known.len() as f64 && known.iter().all(|value| *value >= 0.0);
    let loss = if sparse { Loss::Squared } else { Loss::Absolute };
    // Where there is too little for a season there may be enough without.
    let period = match request.seasons[0] {
        season if Plan::new(&values, season, None, request.horizon).is_some() => season,
        _ => 1,
    };
    let long = request.seasons.get(1).copied();
    let long =
        long.filter(|_| period > 1).filter(|long| Plan::new(&values, period, Some(*long), request.horizon).is_some());
    let mut best: Option<(f64, Choice)> = None;
    for long in [Some(None), long.map(Some)].into_iter().flatten() {
        let ready = Ready::new(series, request, period, long, loss)?;
        // Each against the naive method of its own time, which the long season shortens.
        let members = members(&ready, sparse, loss);
        let choice = Choice { request: request.clone(), period, long, loss, members };
        let error = choice
            .told(&ready)
            .map_or(1.0, |rows| score(&errors(&rows, &ready.values, &ready.plan), loss) / ready.naive);
        if best.as_ref().is_none_or(|(least, _)| error < *least) {
            best = Some((error, choice));
        }
    }
    best.map(|(_, choice)| choice).ok_or(NotEnough::Constant)
}

/// The best of each family that beats the naive method.
fn members(ready: &Ready, sparse: bool, loss: Loss) -> Vec<Member> {
    let Ready { period, plan, values, learned, .. } = ready;
    let ahead = steps(plan.horizon);
    let fit = Fit { period: *period, steps: &ahead, loss };
    let factors = !sparse && values.iter().all(|value| value.is_nan() || *value > 0.0);
    let mut best: Vec<(Method, f64)> = vec![];
    for method in Method::all(&learned[..plan.cut], &fit, sparse, factors) {
        let method = method.rounded();
        let Some(rows) = rows(&method, learned, *period, plan) else { continue };
        let error = score(&errors(&rows, values, plan), loss);
        if error >= ready.naive {
            continue;
        }
        match best.iter_mut().find(|(other, _)| other.family() == method.family()) {
            Some(found) if found.1 <= error => {}
            Some(found) => *found = (method, error),
            None => best.push((method, error)),
        }
    }
    let whole = |(tested, error): (Method, f64)| {
        let fitted = tested.again(&ready.learned_now, &fit)?.rounded();
        let share = error / ready.naive;
        let weight = if loss == Loss::Absolute { 1.0 / (share * share) } else { 1.0 / share };
        Some(Member { tested, fitted, weight: (weight.min(1e6) * 1e6).round() / 1e6 })
    };
    best.into_iter().filter_map(whole).collect()
}
