//! The joint posterior of all curves by Markov chain Monte Carlo.
//!
//! Per sweep: the noise and the spreads by slice sampling with the coefficients integrated out (Neal 2003); then each channel's
//! shape by adaptive Metropolis (Haario, Saksman & Tamminen 2001) with its own height integrated out as well, a jump between
//! the families of saturation, and its height from the normal distribution above zero. So nothing has to be tuned, and what
//! strongly hangs together (height, level, trend, season) never slows the walk down. The whole is a partially collapsed Gibbs
//! sampler (van Dyk & Park 2008).
//!
//! Priors, in units that mean the same for every client: a channel's effect at its mean spend is half-Student (4 degrees) with
//! a scale by its share of spend; adstock Beta(1, 3) per week as in pymc-marketing's example, uniform per day; the half point
//! lognormal about the mean spend (Meridian's lies about the median); Hill's exponent lognormal about 1.5.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{
    chance,
    curve::{Family, Shape},
    design::Design,
    input::Step,
    noise::{Frame, Image, Noise, Weighing},
};
use crate::linear::{Cholesky, Matrix, add, dot};

/// One channel in one draw, in means of spend and target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Effect {
    pub shape: Shape,
    /// Target per period of one unit of steady spend.
    pub height: f64,
    /// Scale of the height's prior.
    pub scale: f64,
}

/// One draw of everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub noise: Noise,
    pub effects: Vec<Effect>,
}

/// A draw with what follows from it: exact sums, made while the rows were at hand.
pub(super) struct Kept {
    pub state: State,
    /// Effect of each channel in each row.
    pub contributions: Vec<Vec<f64>>,
    pub coefficients: Vec<f64>,
    pub exposures: Vec<f64>,
}

/// How long to walk.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    pub settle: usize,
    pub keep: usize,
    pub every: usize,
}

const DEGREES: f64 = 4.0;
const DIMENSIONS: usize = 3;

/// A channel's shape on the whole line: logit of adstock, logarithm of the half point, logarithm of the exponent.
type Point = [f64; DIMENSIONS];

fn point(shape: &Shape) -> Point {
    [libm::log(shape.adstock / (1.0 - shape.adstock)), libm::log(shape.half), libm::log(shape.slope)]
}

fn shape(family: Family, point: &Point) -> Shape {
    Shape { adstock: 1.0 / (1.0 + libm::exp(-point[0])), family, half: libm::exp(point[1]), slope: libm::exp(point[2]) }
}

fn prior(step: Step, shape: &Shape, point: &Point) -> f64 {
    if point[0].abs() > 7.0 || point[1].abs() > 4.0 || point[2].abs() > 1.6 {
        return f64::NEG_INFINITY;
    }
    let lasts = if step == Step::Weekly { 3.0 } else { 1.0 };
    let normal = |x: f64, mean: f64, deviation: f64| -0.5 * ((x - mean) / deviation) * ((x - mean) / deviation);
    libm::log(shape.adstock)
        + lasts * libm::log(1.0 - shape.adstock)
        + normal(point[1], 0.0, 0.8)
        + normal(point[2], 0.4, 0.4)
}

/// The rows' effect of one unit of height.
fn curve(design: &Design, at: usize, shape: &Shape, column: &mut [f64]) {
    shape.expose(&design.channels[at].spend, design.step.lags(), column);
    let one = 1.0 / shape.saturation(1.0);
    column.iter_mut().for_each(|value| *value = one * shape.saturation(*value));
}

/// Mean and precision of a height given all else, and the logarithm of how likely its shape is.
struct Height {
    mean: f64,
    deviation: f64,
    weight: f64,
}

impl Height {
    /// `product`: the column with what is left of the target; lift tests are further rows of known noise.
    fn of(design: &Design, at: usize, column: &[f64], product: f64, precision: f64, scale: f64) -> Self {
        let channel = &design.channels[at];
        let (mut product, mut precision) = (product, precision.max(0.0) + 1.0 / (scale * scale));
        if !channel.tests.is_empty() {
            let per_spend = column.iter().sum::<f64>() / channel.spend.iter().sum::<f64>();
            for (roas, error) in &channel.tests {
                precision += (per_spend / error) * (per_spend / error);
                product += per_spend * roas / (error * error);
            }
        }
        let deviation = 1.0 / precision.sqrt();
        let mean = product / precision;
        let z = mean / deviation;
        Self { mean, deviation, weight: libm::log(deviation) + 0.5 * z * z + chance::log_normal_below(z) }
    }
}

/// Where the walk of one channel's shape has been, to learn its steps from.
struct Steps {
    count: f64,
    mean: Point,
    products: [[f64; DIMENSIONS]; DIMENSIONS],
    factor: [[f64; DIMENSIONS]; DIMENSIONS],
}

impl Steps {
    fn new() -> Self {
        let factor = [[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.4]];
        Self { count: 0.0, mean: [0.0; DIMENSIONS], products: [[0.0; DIMENSIONS]; DIMENSIONS], factor }
    }

    fn visit(&mut self, point: &Point) {
        self.count += 1.0;
        let before: Point = std::array::from_fn(|at| point[at] - self.mean[at]);
        for (mean, off) in self.mean.iter_mut().zip(before) {
            *mean += off / self.count;
        }
        for (row, products) in self.products.iter_mut().enumerate() {
            for (column, product) in products.iter_mut().enumerate() {
                *product += before[row] * (point[column] - self.mean[column]);
            }
        }
    }

    fn learn(&mut self) {
        let mut matrix = Matrix::zeros(DIMENSIONS, DIMENSIONS);
        for row in 0..DIMENSIONS {
            for column in 0..DIMENSIONS {
                let floor = if row == column { 1e-3 } else { 0.0 };
                // 2.38² / d, Gelman, Roberts & Gilks 1996.
                matrix.set(row, column, 5.66 / 3.0 * (self.products[row][column] / self.count) + floor);
            }
        }
        if let Some(factor) = Cholesky::of(&matrix) {
            self.factor = std::array::from_fn(|row| std::array::from_fn(|column| factor.at(row, column)));
        }
    }

    fn propose(&self, random: &mut ChaCha8Rng, from: &Point) -> Point {
        let steps: Point = std::array::from_fn(|_| chance::normal(random));
        // Now and then a small or a wide one, for posteriors with more than one scale.
        let size = [1.0, 1.0, 0.3, 2.5][random.random_range(0..4)];
        std::array::from_fn(|row| from[row] + size * (0..=row).map(|at| self.factor[row][at] * steps[at]).sum::<f64>())
    }
}

/// The walk's place.
struct Walker<'a> {
    frame: &'a Frame<'a>,
    random: &'a mut ChaCha8Rng,
    state: State,
    columns: Vec<Vec<f64>>,
    /// The target without all effects.
    rest: Vec<f64>,
    steps: Vec<Steps>,
}

/// Walks from a plausible start and keeps draws; `None` when the numbers have no stable solution.
pub(super) fn walk(frame: &Frame<'_>, random: &mut ChaCha8Rng, walk: Walk) -> Option<Vec<Kept>> {
    let mut walker = Walker::new(frame, random);
    let mut kept = Vec::with_capacity(walk.keep);
    for sweep in 0..walk.settle + walk.keep * walk.every {
        walker.noise();
        let weighing = frame.weighing(walker.state.noise)?;
        walker.shapes(&weighing);
        if sweep < walk.settle {
            if sweep > walk.settle / 8 {
                for (steps, effect) in walker.steps.iter_mut().zip(&walker.state.effects) {
                    steps.visit(&point(&effect.shape));
                    if sweep % 20 == 0 && steps.count > 40.0 {
                        steps.learn();
                    }
                }
            }
        } else if (sweep - walk.settle) % walk.every == walk.every - 1 {
            kept.push(walker.keep(&weighing));
        }
    }
    Some(kept)
}

/// Keeps the nonlinear part of earlier draws and draws the linear one anew, from the rows of now.
pub(super) fn refresh(frame: &Frame<'_>, random: &mut ChaCha8Rng, draws: &[State]) -> Option<Vec<Kept>> {
    let mut walker = Walker::new(frame, random);
    draws
        .iter()
        .map(|draw| {
            walker.move_to(draw);
            let weighing = frame.weighing(draw.noise)?;
            walker.heights(&weighing);
            Some(walker.keep(&weighing))
        })
        .collect()
}

impl<'a> Walker<'a> {
    fn new(frame: &'a Frame<'a>, random: &'a mut ChaCha8Rng) -> Self {
        let design = frame.design;
        let mean = design.target.iter().sum::<f64>() / frame.count;
        let square = design.target.iter().zip(&design.present).filter(|(_, present)| **present);
        let deviation = (square.map(|(value, _)| (value - mean) * (value - mean)).sum::<f64>() / frame.count).sqrt();
        let adstock = if design.step == Step::Weekly { 0.25 } else { 0.5 };
        let shape = Shape { adstock, family: Family::MichaelisMenten, half: 1.0, slope: 1.5 };
        let effects = design.channels.iter();
        let effects =
            effects.map(|channel| Effect { shape, height: 0.3 * channel.prior, scale: channel.prior }).collect();
        let state = State { noise: Noise { rho: 0.2, sigma: 0.5 * deviation, spread: [0.2; 3] }, effects };
        let steps = design.channels.iter().map(|_| Steps::new()).collect();
        let mut walker = Self { frame, random, state: state.clone(), columns: Vec::new(), rest: Vec::new(), steps };
        walker.move_to(&state);
        walker
    }

    fn move_to(&mut self, state: &State) {
        let design = self.frame.design;
        self.state = state.clone();
        self.columns = vec![vec![0.0; design.rows]; design.channels.len()];
        self.rest = design.target.clone();
        for (at, effect) in state.effects.iter().enumerate() {
            curve(design, at, &effect.shape, &mut self.columns[at]);
            add(&mut self.rest, -effect.height, &self.columns[at]);
        }
    }

    fn noise(&mut self) {
        let rest = self.frame.rest(&self.rest);
        let mut noise = self.state.noise;
        let frame = self.frame;
        noise.rho = chance::slice(self.random, noise.rho, 0.2, (-0.9, 0.98), |rho| {
            frame.likelihood(&rest, &Noise { rho, ..noise })
        });
        noise.sigma = libm::exp(chance::slice(self.random, libm::log(noise.sigma), 0.15, (-14.0, 5.0), |sigma| {
            frame.likelihood(&rest, &Noise { sigma: libm::exp(sigma), ..noise })
        }));
        for at in 0..noise.spread.len() {
            if frame.uses(at) {
                let now = libm::log(noise.spread[at]);
                noise.spread[at] = libm::exp(chance::slice(self.random, now, 1.5, (-7.0, 3.0), |spread| {
                    let mut other = noise;
                    other.spread[at] = libm::exp(spread);
                    frame.likelihood(&rest, &other)
                }));
            }
        }
        self.state.noise = noise;
    }

    /// What is left of the target, times the inverse covariance.
    fn left(&self, weighing: &Weighing) -> Vec<f64> {
        let mut image = Image::of(self.rest.len());
        weighing.precision(self.frame, &self.rest, &mut image);
        weighing.finish(&mut image);
        image.weighed
    }

    /// Heights and scales alone, the shapes standing still: a few rounds, for each height depends on the others.
    fn heights(&mut self, weighing: &Weighing) {
        let (frame, design) = (self.frame, self.frame.design);
        let mut left = self.left(weighing);
        let mut image = Image::of(design.rows);
        let images: Vec<(f64, Vec<f64>)> = self
            .columns
            .iter()
            .map(|column| {
                let precision = weighing.precision(frame, column, &mut image);
                weighing.finish(&mut image);
                (precision, image.weighed.clone())
            })
            .collect();
        for _ in 0..5 {
            for (at, (precision, image)) in images.iter().enumerate() {
                let before = self.state.effects[at];
                add(&mut left, before.height, image);
                let product = dot(&self.columns[at], &left);
                let height = Height::of(design, at, &self.columns[at], product, *precision, before.scale);
                self.draw(at, &height);
                let now = self.state.effects[at].height;
                add(&mut left, -now, image);
                add(&mut self.rest, before.height - now, &self.columns[at]);
            }
        }
    }

    /// A channel's height and the scale of its prior.
    fn draw(&mut self, at: usize, height: &Height) {
        let prior = self.frame.design.channels[at].prior;
        let effect = &mut self.state.effects[at];
        effect.height = chance::positive_normal(self.random, height.mean, height.deviation);
        let spread = 0.5 * (DEGREES * prior * prior + effect.height * effect.height);
        effect.scale = (spread / chance::gamma(self.random, 0.5 * (DEGREES + 1.0))).sqrt();
    }

    /// Every channel once: shape, height, scale.
    fn shapes(&mut self, weighing: &Weighing) {
        let (frame, design) = (self.frame, self.frame.design);
        let mut left = self.left(weighing);
        let mut image = Image::of(design.rows);
        let mut other = image.clone();
        let mut proposed = vec![0.0; design.rows];
        for at in 0..design.channels.len() {
            let mut effect = self.state.effects[at];
            let before = effect.height;
            let precision = weighing.precision(frame, &self.columns[at], &mut image);
            weighing.finish(&mut image);
            add(&mut left, before, &image.weighed);
            add(&mut self.rest, before, &self.columns[at]);
            let scale = effect.scale;
            let of = |column: &[f64], precision| Height::of(design, at, column, dot(column, &left), precision, scale);
            let mut height = of(&self.columns[at], precision);
            let mut moved = false;
            for attempt in 0..3 {
                let now = point(&effect.shape);
                let (next, family) = if attempt == 2 {
                    (now, Family::ALL[self.random.random_range(0..Family::ALL.len())])
                } else {
                    (self.steps[at].propose(self.random, &now), effect.shape.family)
                };
                let next_shape = shape(family, &next);
                let lead = prior(design.step, &next_shape, &next) - prior(design.step, &effect.shape, &now);
                let chance = libm::log(1.0 - self.random.random::<f64>());
                if lead == f64::NEG_INFINITY || next_shape == effect.shape {
                    continue;
                }
                curve(design, at, &next_shape, &mut proposed);
                let precision = weighing.precision(frame, &proposed, &mut other);
                let next_height = of(&proposed, precision);
                if next_height.weight - height.weight + lead > chance {
                    effect.shape = next_shape;
                    height = next_height;
                    std::mem::swap(&mut proposed, &mut self.columns[at]);
                    std::mem::swap(&mut other, &mut image);
                    moved = true;
                }
            }
            if moved {
                weighing.finish(&mut image);
            }
            self.state.effects[at] = effect;
            self.draw(at, &height);
            let now = self.state.effects[at].height;
            add(&mut left, -now, &image.weighed);
            add(&mut self.rest, -now, &self.columns[at]);
        }
    }

    fn keep(&mut self, weighing: &Weighing) -> Kept {
        let coefficients = weighing.coefficients(&self.rest, || chance::normal(self.random));
        let design = self.frame.design;
        let exposures = self.state.effects.iter().zip(&design.channels).map(|(effect, channel)| {
            effect.shape.exposure(&channel.spend, design.step.lags()).into_iter().fold(0.0, f64::max)
        });
        let contributions = self.columns.iter().zip(&self.state.effects);
        Kept {
            exposures: exposures.collect(),
            contributions: contributions
                .map(|(column, effect)| column.iter().map(|value| value * effect.height).collect())
                .collect(),
            coefficients,
            state: self.state.clone(),
        }
    }
}
