//! What to know before believing a curve, each found by a test of its own and said in plain words.

use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{
    answer::Channel,
    design::{Design, Group},
    input::Step,
    sampler::Kept,
};
use crate::linear::{Cholesky, Matrix, add, dot};

/// A reason for care.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Concern {
    /// Two channels' effects cannot be told apart.
    MoveTogether {
        /// One channel.
        channel: String,
        /// The other.
        with: String,
        /// Variance inflation of the first by all other channels (Kutner et al. 2005); 1 is none.
        inflation: f64,
        /// Correlation of the two contributions over the posterior: near −1, what one gains the other loses.
        correlation: f64,
    },
    /// A channel's spend follows trend and season so closely that its effect hides in them.
    FollowsSeason {
        /// The channel.
        channel: String,
        /// Share of its movement that trend, season and weekday explain.
        explained: f64,
    },
    /// Spend rose after the target did, which looks like an effect and is none.
    FollowsDemand {
        /// The channel.
        channel: String,
    },
    /// What is left of the target is no chance: something that lasts is missing.
    ControlMissing {
        /// Correlation of neighbouring rows' rest.
        autocorrelation: f64,
    },
    /// What is left of the target is no chance, but does not last: a row that is above is followed by one that is not.
    DoesNotLast {
        /// Correlation of neighbouring rows' rest, below zero.
        autocorrelation: f64,
    },
    /// Too little history for what is asked of it.
    HistoryShort {
        /// Days that are there.
        days: usize,
        /// Days that would be good.
        wants: usize,
    },
    /// Spend was nearly always the same.
    HardlyVaries {
        /// The channel.
        channel: String,
        /// Standard deviation of its exposure as a share of the mean.
        variation: f64,
    },
    /// Saturation lies beyond what was ever spent, so that the upper curve is the prior's.
    Extrapolates {
        /// The channel.
        channel: String,
        /// Largest exposure seen, in spend per period.
        seen: f64,
    },
    /// The draws have not settled; the intervals are not to be trusted.
    Unsettled {
        /// The channel.
        channel: String,
    },
}

/// A reason for care, with the words for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Warning {
    /// What was found.
    #[serde(flatten)]
    pub concern: Concern,
    /// The same for people.
    pub words: String,
}

impl From<Concern> for Warning {
    fn from(concern: Concern) -> Self {
        let words = match &concern {
            Concern::MoveTogether { channel, with, .. } => {
                format!(
                    "{channel} and {with} move together: their sum is known better than each. Vary one alone, or test it"
                )
            }
            Concern::FollowsSeason { channel, explained } => {
                let percent = 100.0 * explained;
                format!("trend and season explain {percent:.0} % of how {channel} moves, so its effect may be theirs")
            }
            Concern::FollowsDemand { channel } => {
                format!(
                    "{channel} was spent more after the target had risen: part of its return may be demand. Add what drives demand as a control, or test it"
                )
            }
            Concern::ControlMissing { autocorrelation } => {
                format!(
                    "what is left unexplained lasts (correlation {autocorrelation:.2} from row to row): a price, a promotion or another cause is missing as a control"
                )
            }
            Concern::DoesNotLast { autocorrelation } => {
                format!(
                    "what is left unexplained is no chance, but it does not last (correlation {autocorrelation:.2} from row to row): look whether the target is booked late, or for several rows at once"
                )
            }
            Concern::HistoryShort { days, wants } => {
                format!("{days} days are there and {wants} are wanted: season and trend are known badly")
            }
            Concern::HardlyVaries { channel, variation } => {
                let percent = 100.0 * variation;
                format!(
                    "{channel} varied by {percent:.0} % only: what it brings is hardly told apart from what comes by itself"
                )
            }
            Concern::Extrapolates { channel, seen } => {
                format!("{channel} never came near saturation: beyond {seen:.2} per period the curve is extrapolated")
            }
            Concern::Unsettled { channel } => {
                format!("the estimate of {channel} has not settled: do not rely on its interval")
            }
        };
        Self { concern, words }
    }
}

pub(super) fn of(design: &Design, kept: &[Kept], channels: &[Channel]) -> Vec<Warning> {
    let mut concerns = Vec::new();
    let days = design.rows * usize::from(design.step.days());
    // Two years, so that every season was there twice (Chan & Perry 2017).
    if days < 728 {
        concerns.push(Concern::HistoryShort { days, wants: 728 });
    }
    let rest = rest(design, kept);
    let rho = kept.iter().map(|draw| draw.state.noise.rho).sum::<f64>() / kept.len() as f64;
    let news: Vec<Option<f64>> = (0..design.rows)
        .map(|row| (row > 0 && design.present[row] && design.present[row - 1]).then(|| rest[row] - rho * rest[row - 1]))
        .collect();
    // More than a quarter of a row's noise is known from the row before.
    if rho > 0.5 || structured(&news, if design.step == Step::Daily { 14 } else { 8 }) {
        concerns.push(left_over(rho));
    }
    let totals: Vec<Vec<f64>> = (0..design.channels.len())
        .map(|at| kept.iter().map(|draw| draw.contributions[at].iter().sum()).collect())
        .collect();
    let effects: Vec<Vec<f64>> = (0..design.channels.len()).map(|at| mean_effect(design, kept, at)).collect();
    together(design, &effects, &totals, &mut concerns);
    let base = base_columns(design);
    let (season, demand) = (Known::of(&base), Demand::of(design, &base, &rest));
    for (at, channel) in design.channels.iter().enumerate() {
        let name = || channel.name.clone();
        let fitted = channels.iter().find(|found| found.name == channel.name).and_then(Channel::fitted);
        let exposures = kept[kept.len() / 2].state.effects[at].shape.exposure(&channel.spend, design.step.lags());
        let mean = exposures.iter().sum::<f64>() / exposures.len() as f64;
        let variation = (spread(&exposures) / exposures.len() as f64).sqrt() / mean;
        if variation < 0.1 {
            concerns.push(Concern::HardlyVaries { channel: name(), variation });
        }
        let explained = season.as_ref().map_or(0.0, |season| season.explained(&effects[at]));
        if explained > 0.8 {
            concerns.push(Concern::FollowsSeason { channel: name(), explained });
        }
        if demand.as_ref().is_some_and(|demand| demand.leads(&channel.spend, design.channels.len())) {
            concerns.push(Concern::FollowsDemand { channel: name() });
        }
        if let Some(fitted) = fitted
            && (fitted.half_saturation.mean > fitted.seen_spend || fitted.current_spend > fitted.seen_spend)
        {
            concerns.push(Concern::Extrapolates { channel: name(), seen: fitted.seen_spend });
        }
        if !settled(&totals[at]) {
            concerns.push(Concern::Unsettled { channel: name() });
        }
    }
    concerns.into_iter().map(Warning::from).collect()
}

/// What it means that what is left is no chance: it lasts, or it turns.
fn left_over(autocorrelation: f64) -> Concern {
    if autocorrelation < 0.0 {
        Concern::DoesNotLast { autocorrelation }
    } else {
        Concern::ControlMissing { autocorrelation }
    }
}

/// The target without what the fit explains, on average.
fn rest(design: &Design, kept: &[Kept]) -> Vec<f64> {
    let part = -1.0 / kept.len() as f64;
    let mut rest = design.target.clone();
    let mut coefficients = vec![0.0; design.base.columns()];
    for draw in kept {
        add(&mut coefficients, part, &draw.coefficients);
        draw.contributions.iter().for_each(|values| add(&mut rest, part, values));
    }
    add(&mut rest, 1.0, &design.base.times(&coefficients));
    rest
}

fn mean_effect(design: &Design, kept: &[Kept], at: usize) -> Vec<f64> {
    let mut effect = vec![0.0; design.rows];
    kept.iter().for_each(|draw| add(&mut effect, 1.0 / kept.len() as f64, &draw.contributions[at]));
    effect
}

/// Channels whose effects have a variance inflation above five, or whose contributions trade off in the posterior.
fn together(design: &Design, effects: &[Vec<f64>], totals: &[Vec<f64>], concerns: &mut Vec<Concern>) {
    let ones = vec![1.0; design.rows];
    let mut said: Vec<(usize, usize)> = Vec::new();
    for at in 0..effects.len() {
        let others = || (0..effects.len()).filter(|other| *other != at);
        let mut columns = vec![ones.clone()];
        columns.extend(others().map(|other| effects[other].clone()));
        let explained = Known::of(&columns).map_or(0.0, |others| others.explained(&effects[at]));
        let inflation = 1.0 / (1.0 - explained).max(1e-9);
        let nearest = others().max_by(|left, right| {
            let size = |other: &usize| correlation(&effects[at], &effects[*other]).abs();
            size(left).total_cmp(&size(right))
        });
        for other in others() {
            let correlation = correlation(&totals[at], &totals[other]);
            let pair = (at.min(other), at.max(other));
            if (correlation < -0.6 || inflation > 5.0 && nearest == Some(other)) && !said.contains(&pair) {
                said.push(pair);
                let name = |at: usize| design.channels[at].name.clone();
                concerns.push(Concern::MoveTogether { channel: name(at), with: name(other), inflation, correlation });
            }
        }
    }
}

/// Level, trend, season and weekday, without redundant columns' help: those of the year and the weekday are centred.
fn base_columns(design: &Design) -> Vec<Vec<f64>> {
    let own = |at: &usize| {
        design.coefficients[*at].control.is_none()
            && (*at < 2 || matches!(design.coefficients[*at].group, Group::Free(_)))
    };
    (0..design.base.columns()).filter(own).map(|at| design.base.column(at).to_vec()).collect()
}

/// Columns whose part in others is taken out; the factor is made once for many others.
struct Known {
    columns: Matrix,
    factor: Cholesky,
}

impl Known {
    fn of(columns: &[Vec<f64>]) -> Option<Self> {
        let columns = Matrix::of_columns(columns)?;
        let mut gram = columns.gram();
        for at in 0..columns.columns() {
            // Weekdays are redundant together: a trace of a penalty picks one of the equal solutions.
            gram.set(at, at, gram.at(at, at) * (1.0 + 1e-9) + 1e-12);
        }
        Some(Self { factor: Cholesky::of(&gram)?, columns })
    }

    fn rest(&self, values: &[f64]) -> Vec<f64> {
        let mut weights = self.columns.transposed_times(values);
        self.factor.solve(&mut weights);
        let mut rest = values.to_vec();
        add(&mut rest, -1.0, &self.columns.times(&weights));
        rest
    }

    /// The share of a column's movement that these explain, corrected for how many they are.
    fn explained(&self, of: &[f64]) -> f64 {
        let (all, rest) = (spread(of), self.rest(of));
        let (rows, size) = (of.len() as f64, self.columns.columns() as f64);
        if all <= 0.0 || rows <= size {
            return 0.0;
        }
        (1.0 - dot(&rest, &rest) / all * (rows - 1.0) / (rows - size)).clamp(0.0, 1.0)
    }
}

/// Whether spend rises after what is left of the target did (Granger 1969): spend on its own past, on trend and season, and on
/// the rest of the row before; one in a hundred for all channels together.
struct Demand {
    rows: Vec<usize>,
    base: Known,
    before: Vec<f64>,
}

impl Demand {
    fn of(design: &Design, base: &[Vec<f64>], rest: &[f64]) -> Option<Self> {
        let rows: Vec<usize> = (1..design.rows).filter(|row| design.present[row - 1]).collect();
        let columns: Vec<Vec<f64>> = base.iter().map(|column| rows.iter().map(|row| column[*row]).collect()).collect();
        let base = Known::of(&columns)?;
        let before = base.rest(&rows.iter().map(|row| rest[row - 1]).collect::<Vec<f64>>());
        Some(Self { rows, base, before })
    }

    fn leads(&self, spend: &[f64], tests: usize) -> bool {
        let past = self.base.rest(&self.rows.iter().map(|row| spend[row - 1]).collect::<Vec<f64>>());
        // Both without the base, then both without the past as well (Frisch & Waugh 1933).
        let without = |mut values: Vec<f64>| {
            let square = dot(&past, &past);
            let factor = if square > 0.0 { dot(&past, &values) / square } else { 0.0 };
            add(&mut values, -factor, &past);
            values
        };
        let news = without(self.base.rest(&self.rows.iter().map(|row| spend[*row]).collect::<Vec<f64>>()));
        let free = self.rows.len() as f64 - self.base.columns.columns() as f64 - 2.0;
        if free < 10.0 {
            return false;
        }
        let strength = correlation(&news, &without(self.before.clone()));
        let student = strength * (free / (1.0 - strength * strength).max(1e-12)).sqrt();
        let chance = 0.01 / tests as f64;
        // Normal is near enough to Student's t with so many rows.
        student > 0.0 && 0.5 * libm::erfc(student / std::f64::consts::SQRT_2) < chance
    }
}

/// Whether what is new in each row still hangs together (Ljung & Box 1978), at one in a thousand.
fn structured(news: &[Option<f64>], lags: usize) -> bool {
    let all: Vec<f64> = news.iter().flatten().copied().collect();
    let (count, mean) = (all.len() as f64, all.iter().sum::<f64>() / all.len().max(1) as f64);
    let variance: f64 = all.iter().map(|value| (value - mean) * (value - mean)).sum();
    if variance <= 0.0 || all.len() < 3 * lags {
        return false;
    }
    let statistic: f64 = (1..=lags)
        .map(|lag| {
            let pairs = (lag..news.len()).filter_map(|row| Some((news[row]? - mean) * (news[row - lag]? - mean)));
            let correlation = pairs.sum::<f64>() / variance;
            correlation * correlation / (count - lag as f64)
        })
        .sum();
    // One lag is the fitted ρ.
    let law = ChiSquared::new(lags as f64 - 1.0);
    law.is_ok_and(|law| law.sf(count * (count + 2.0) * statistic) < 0.001)
}

/// Whether the two halves of the draws agree (split R̂, Gelman et al. 2013, 11.4).
fn settled(draws: &[f64]) -> bool {
    let half = draws.len() / 2;
    if half < 50 {
        return true;
    }
    let mean = |part: &[f64]| part.iter().sum::<f64>() / half as f64;
    let (one, two) = (&draws[..half], &draws[half..2 * half]);
    let within = f64::midpoint(spread(one), spread(two)) / (half as f64 - 1.0);
    let between = (mean(one) - mean(two)).powi(2) / 2.0;
    within <= 0.0 || (1.0 + between / within).sqrt() < 1.2
}

fn spread(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|value| (value - mean) * (value - mean)).sum()
}

fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (one, two) = (mean(left), mean(right));
    let product: f64 = left.iter().zip(right).map(|(left, right)| (left - one) * (right - two)).sum();
    let scale = (spread(left) * spread(right)).sqrt();
    if scale > 0.0 { product / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_from_row_to_row_is_not_said_to_last() {
        let said = |rho| Warning::from(left_over(rho)).words;
        assert!(said(0.62).contains("lasts (correlation 0.62") && said(0.62).contains("missing as a control"));
        let turns = said(-0.41);
        assert!(turns.contains("does not last (correlation -0.41") && !turns.contains("lasts"), "{turns}");
        assert!(!turns.contains("missing as a control"), "{turns}");
    }
}
