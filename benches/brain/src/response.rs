//! Response curves: against the published truth of an example, and against worlds of our own whose curves are known.

pub(crate) mod worlds;

use std::{fs::File, path::Path, time::Instant};

use anyhow::{Context, ensure};
use brain::response::{self, Fitted, Query, Response, Step};

use crate::Figure;

/// Worlds whose curves are known.
const WORLDS: u64 = 50;
/// Any seed gives these figures to within the draws' own noise.
const SEED: u64 = 1;

pub(crate) fn run(data: &Path) -> anyhow::Result<Vec<Figure>> {
    monotone(data)?;
    let mut figures = example(data)?;
    figures.extend(coverage()?);
    figures.extend(speed()?);
    Ok(figures)
}

/// The example of pymc-marketing: its README in the data folder has the truth.
fn example(data: &Path) -> anyhow::Result<Vec<Figure>> {
    let query = Query {
        target: "y".to_owned(),
        date: "date_week".to_owned(),
        spend: ["x1", "x2"].map(str::to_owned).to_vec(),
        controls: ["event_1", "event_2"].map(str::to_owned).to_vec(),
        lift_tests: Vec::new(),
    };
    let response = fitted(data, "mmm_example.csv", &query)?;
    let truths = [(0.4, 0.291), (0.2, 0.070)];
    let (mut adstock, mut share) = (0.0f64, 0.0f64);
    for (channel, (lasts, part)) in response.channels.iter().zip(truths) {
        let found = channel.fitted().with_context(|| format!("{} has no curve", channel.name))?;
        adstock = adstock.max((found.adstock.mean - lasts).abs());
        share = share.max((found.share.mean - part).abs());
    }
    Ok(vec![
        Figure { key: "mmm_adstock_error", what: "mmm_example.csv: largest error of an adstock", value: adstock },
        Figure { key: "mmm_share_error", what: "mmm_example.csv: largest error of a contribution share", value: share },
    ])
}

/// More spend never lowers a curve, nor its band, on data without a published truth.
fn monotone(data: &Path) -> anyhow::Result<()> {
    let query = Query {
        target: "revenue".to_owned(),
        date: "DATE".to_owned(),
        spend: ["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"].map(str::to_owned).to_vec(),
        controls: ["competitor_sales_B", "newsletter"].map(str::to_owned).to_vec(),
        lift_tests: Vec::new(),
    };
    let response = fitted(data, "robyn_dt_simulated_weekly.csv", &query)?;
    for channel in &response.channels {
        let found = channel.fitted().with_context(|| format!("{} has no curve", channel.name))?;
        let rises = found.curve.windows(2).all(|pair| {
            let (one, two) = (pair[0].target, pair[1].target);
            one.mean <= two.mean && one.low <= two.low && one.high <= two.high
        });
        ensure!(rises, "the curve of {} falls", channel.name);
    }
    Ok(())
}

fn fitted(data: &Path, file: &str, query: &Query) -> anyhow::Result<Response> {
    let path = data.join("mmm").join(file);
    let table = response::read(query, File::open(&path).with_context(|| path.display().to_string())?)?;
    Ok(response::fit(&table, SEED)?)
}

/// How often the 90 % intervals hold the truth: returns over the history, and the curve at four spends that were seen.
fn coverage() -> anyhow::Result<Vec<Figure>> {
    let (mut inside, mut all, mut marginal, mut channels) = (0u32, 0u32, 0u32, 0u32);
    let mut widths = Vec::new();
    for seed in 0..WORLDS {
        let world = worlds::draw(seed);
        let response = response::fit(&world.table, SEED).with_context(|| format!("world {seed}"))?;
        for truth in &world.truths {
            let channel = response.channels.iter().find(|channel| channel.name == truth.name);
            let found: &Fitted = channel.and_then(|channel| channel.fitted()).context("a channel has no curve")?;
            let mut count = |covered: bool| {
                inside += u32::from(covered);
                all += 1;
            };
            count(found.roas.covers(truth.roas()));
            for point in found.curve.iter().filter(|point| point.seen && point.spend > 0.0).skip(4).step_by(5) {
                count(point.target.covers(truth.curve(point.spend)));
            }
            channels += 1;
            marginal += u32::from(found.marginal_roas.covers(truth.marginal(found.current_spend)));
            widths.push((found.roas.high - found.roas.low) / truth.roas());
        }
    }
    widths.sort_unstable_by(f64::total_cmp);
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole);
    Ok(vec![
        Figure { key: "curve_coverage", what: "own worlds: truth inside the 90 % interval", value: share(inside, all) },
        Figure {
            key: "marginal_coverage",
            what: "own worlds: true marginal return inside the 90 % interval",
            value: share(marginal, channels),
        },
        Figure {
            key: "curve_width",
            what: "own worlds: median width of the interval of a return, as a share of the truth",
            value: widths[widths.len() / 2],
        },
    ])
}

/// One agency's largest client: twenty channels on two years of days, the weekly fit and the daily refresh.
fn speed() -> anyhow::Result<Vec<Figure>> {
    let world = worlds::sized(0, Step::Daily, 730, 20);
    let begun = Instant::now();
    let response = response::fit(&world.table, SEED)?;
    let fitted = begun.elapsed();
    let begun = Instant::now();
    response::refresh(&world.table, &response.posterior, SEED)?;
    let refreshed = begun.elapsed();
    Ok(vec![
        Figure { key: "response_fit_seconds", what: "20 channels x 730 days: whole fit", value: fitted.as_secs_f64() },
        Figure {
            key: "response_refresh_ms",
            what: "20 channels x 730 days: refresh of a day",
            value: 1e3 * refreshed.as_secs_f64(),
        },
    ])
}
