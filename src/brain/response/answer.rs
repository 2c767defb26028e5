//! What is said of a fit: means and 90 % intervals over the posterior's draws.
//!
//! Points are means, which add up: shares of channels, controls and base are one together, and a curve's mean is a curve.

use serde::Serialize;

use super::{
    curve::{Family, Posterior},
    design::Design,
    input::{Step, Table, Unusable},
    sampler::Kept,
    warning::{self, Warning},
};
use crate::NotEnough;

/// A figure with what is not known about it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Posterior mean.
    pub mean: f64,
    /// 5 % of the posterior lie below.
    pub low: f64,
    /// 5 % of the posterior lie above.
    pub high: f64,
}

impl Estimate {
    fn of(draws: impl Iterator<Item = f64>) -> Self {
        let mut draws: Vec<f64> = draws.collect();
        draws.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| {
            let place = share * (draws.len() - 1) as f64;
            let (below, part) = (place.floor(), place.fract());
            let next = draws[(below as usize + 1).min(draws.len() - 1)];
            draws[below as usize] * (1.0 - part) + next * part
        };
        Self { mean: draws.iter().sum::<f64>() / draws.len() as f64, low: quantile(0.05), high: quantile(0.95) }
    }

    /// Whether a value lies in the 90 % interval.
    pub fn covers(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Curves, shares and returns of all channels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Response {
    /// Distance of the rows.
    pub step: Step,
    /// Rows with a target.
    pub rows: usize,
    /// Sum of the target over these rows, of which shares are told.
    pub total: f64,
    /// Channels, by name.
    pub channels: Vec<Channel>,
    /// Controls, by name.
    pub controls: Vec<Control>,
    /// Share of the target that would be there without spend and controls: level, trend, season, chance.
    pub base_share: Estimate,
    /// Correlation of neighbouring rows' noise.
    pub autocorrelation: Estimate,
    /// What to know before believing the rest.
    pub warnings: Vec<Warning>,
    /// Joint draws of all curves, for planning and for [`super::refresh`].
    #[serde(skip)]
    pub posterior: Posterior,
}

/// One channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Its curve, or why there is none.
    #[serde(flatten)]
    pub answer: Answer,
}

/// A curve, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// What was found.
    Fitted(Box<Fitted>),
    /// Nothing can be said.
    NotEnough {
        /// Why.
        not_enough: NotEnough,
    },
}

impl Channel {
    /// What was found, if anything.
    pub fn fitted(&self) -> Option<&Fitted> {
        match &self.answer {
            Answer::Fitted(fitted) => Some(fitted),
            Answer::NotEnough { .. } => None,
        }
    }
}

/// One channel's curve and what it earned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fitted {
    /// Share of the effect that carries over to the next period.
    pub adstock: Estimate,
    /// Steady spend per period at which half of the limit is reached.
    pub half_saturation: Estimate,
    /// Target per period that no spend exceeds; known badly where spend stayed far below it.
    pub limit: Estimate,
    /// Forms of the saturation with their probabilities.
    pub families: Vec<Likely>,
    /// Target that the spend of all rows brought.
    pub contribution: Estimate,
    /// Share of the target.
    pub share: Estimate,
    /// Target per unit of spend, over all rows.
    pub roas: Estimate,
    /// Mean spend per period of the last four weeks.
    pub current_spend: f64,
    /// Target of one more unit of spend at the current spend.
    pub marginal_roas: Estimate,
    /// Largest exposure that was seen: steady spend beyond it is extrapolated.
    pub seen_spend: f64,
    /// The curve over steady spend per period, from zero to half as much again as was seen.
    pub curve: Vec<CurvePoint>,
}

/// A form of saturation and how likely it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Likely {
    /// The form.
    pub family: Family,
    /// Its posterior probability.
    pub probability: f64,
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Steady spend per period.
    pub spend: f64,
    /// Target per period.
    pub target: Estimate,
    /// Whether so much was ever seen; otherwise the form of the curve says it, not the data.
    pub seen: bool,
}

/// One control.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// Share of the target that it brought or cost, counted from zero where it has one, else from its mean; nothing when it
    /// never changed.
    pub share: Option<Estimate>,
}

pub(super) fn of(table: &Table, design: &Design, kept: &[Kept]) -> Result<Response, Unusable> {
    let total: f64 = table.target.iter().flatten().sum();
    let scaled = total / design.unit;
    let present = |values: &[f64]| {
        values.iter().zip(&design.present).filter(|(_, present)| **present).map(|(value, _)| value).sum::<f64>()
    };
    let control = |draw: &Kept, at: usize| {
        let part = design.coefficients.iter().position(|coefficient| coefficient.control == Some(at));
        part.map_or(0.0, |column| draw.coefficients[column] * present(design.base.column(column)) / scaled)
    };
    let posterior = Posterior {
        step: table.step,
        unit: design.unit,
        channels: design.channels.iter().map(|channel| (channel.name.clone(), channel.unit)).collect(),
        draws: kept.iter().map(|draw| draw.state.clone()).collect(),
    };
    let curves: Vec<_> = posterior.draws().collect();
    let mut channels: Vec<Channel> = (0..design.channels.len())
        .map(|at| {
            let curves: Vec<_> = curves.iter().map(|draw| draw[at]).collect();
            let channel = &design.channels[at];
            let spent = channel.spend.iter().sum::<f64>() * channel.unit;
            let recent = &channel.spend[design.rows.saturating_sub(table.step.recent())..];
            let current_spend = channel.unit * recent.iter().sum::<f64>() / recent.len() as f64;
            let seen_spend = channel.unit * median(kept.iter().map(|draw| draw.exposures[at]));
            let brought = |draw: &Kept| draw.contributions[at].iter().sum::<f64>() * design.unit;
            let estimate = |of: &dyn Fn(&super::Curve) -> f64| Estimate::of(curves.iter().map(of));
            let likely = |family| Likely {
                family,
                probability: curves.iter().filter(|curve| curve.shape.family == family).count() as f64
                    / curves.len() as f64,
            };
            let fitted = Fitted {
                adstock: estimate(&|curve| curve.shape.adstock),
                half_saturation: estimate(&|curve| curve.shape.half),
                limit: estimate(&|curve| curve.limit),
                families: Family::ALL.map(likely).to_vec(),
                contribution: Estimate::of(kept.iter().map(brought)),
                share: Estimate::of(kept.iter().map(|draw| present(&draw.contributions[at]) / scaled)),
                roas: Estimate::of(kept.iter().map(|draw| brought(draw) / spent)),
                current_spend,
                marginal_roas: estimate(&|curve| curve.marginal(current_spend)),
                seen_spend,
                curve: (0..=30)
                    .map(|point| {
                        let spend = seen_spend * f64::from(point) / 20.0;
                        CurvePoint { spend, target: estimate(&|curve| curve.at(spend)), seen: point <= 20 }
                    })
                    .collect(),
            };
            Channel { name: channel.name.clone(), answer: Answer::Fitted(Box::new(fitted)) }
        })
        .collect();
    let mut controls: Vec<Control> = design
        .controls
        .iter()
        .enumerate()
        .map(|(at, name)| Control {
            name: name.clone(),
            share: Some(Estimate::of(kept.iter().map(|draw| control(draw, at)))),
        })
        .collect();
    let base = |draw: &Kept| {
        let brought: f64 = draw.contributions.iter().map(|values| present(values) / scaled).sum();
        1.0 - brought - (0..design.controls.len()).map(|at| control(draw, at)).sum::<f64>()
    };
    let base_share = Estimate::of(kept.iter().map(base));
    for (name, reason) in &design.left_out {
        if table.channels.iter().any(|channel| channel.name == *name) {
            let answer = Answer::NotEnough { not_enough: reason.clone() };
            channels.push(Channel { name: name.clone(), answer });
        } else {
            controls.push(Control { name: name.clone(), share: None });
        }
    }
    channels.sort_by(|left, right| left.name.cmp(&right.name));
    controls.sort_by(|left, right| left.name.cmp(&right.name));
    let response = Response {
        step: table.step,
        rows: design.present.iter().filter(|present| **present).count(),
        total,
        warnings: warning::of(design, kept, &channels),
        channels,
        controls,
        base_share,
        autocorrelation: Estimate::of(kept.iter().map(|draw| draw.state.noise.rho)),
        posterior,
    };
    if response.sound() { Ok(response) } else { Err(Unusable::Unstable) }
}

impl Response {
    /// Whether every number is one.
    fn sound(&self) -> bool {
        let finite = |estimate: &Estimate| (estimate.mean + estimate.low + estimate.high).is_finite();
        self.channels.iter().filter_map(Channel::fitted).all(|fitted| {
            let Fitted { adstock, half_saturation, limit, contribution, share, roas, marginal_roas, .. } = fitted;
            [adstock, half_saturation, limit, contribution, share, roas, marginal_roas].into_iter().all(finite)
                && fitted.curve.iter().all(|point| finite(&point.target))
        }) && finite(&self.base_share)
            && self.controls.iter().filter_map(|control| control.share.as_ref()).all(finite)
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
