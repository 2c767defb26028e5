//! Forecasts: the error on NN5's last 56 days, how often intervals held at earlier origins, and processor time against
//! statsforecast's AutoETS and Prophet on the same series in the same run.
//!
//! The rivals run from `AUDIENCEOS_RIVALS_BRAIN`, a Python with `benches/brain/rivals/requirements.txt`; without it their
//! two rows are left out, and a line says so.

use std::{fmt::Write as _, io::Write as _, path::Path, process};

use anyhow::{Context as _, ensure};
use brain::{
    Series,
    forecast::{Forecast, Request, choose, forecast},
};

use crate::{Figure, processor};

/// Days in the test part.
const HORIZON: usize = 56;
const SEASON: usize = 7;
/// Origins at which intervals are counted: so many horizons before the end of the series.
const ORIGINS: std::ops::RangeInclusive<usize> = 1..=6;

/// The part's figures.
pub fn run(data: &Path) -> anyhow::Result<Vec<Figure>> {
    let all = filled(&data.join("nn5/nn5_daily_long.csv"))?;
    let request = Request::new(HORIZON, &[SEASON])?;
    let (mut error, mut held, mut of) = (0.0, [0.0; 3], 0.0);
    for values in &all {
        for origin in ORIGINS {
            let (known, next) = values.split_at(values.len() - origin * HORIZON);
            let said = cold(known, &request)?;
            if origin == 1 {
                error += mase(known, &next[..HORIZON], &said) / all.len() as f64;
            }
            for (value, step) in next.iter().zip(&said.steps) {
                of += 1.0;
                let ends = [(step.lo50, step.hi50), (step.lo80, step.hi80), (step.lo95, step.hi95)];
                for (held, (low, high)) in held.iter_mut().zip(ends) {
                    *held += f64::from(u8::from(low <= *value && *value <= high));
                }
            }
        }
    }
    let mut figures = vec![
        Figure { key: "nn5_mase", what: "NN5: mean MASE (m = 7) of the last 56 days", value: error },
        Figure { key: "nn5_cov50", what: "NN5: held by 50 % intervals at six origins", value: held[0] / of },
        Figure { key: "nn5_cov80", what: "NN5: held by 80 % intervals at six origins", value: held[1] / of },
        Figure { key: "nn5_cov95", what: "NN5: held by 95 % intervals at six origins", value: held[2] / of },
    ];
    figures.extend(times(&all, &request)?);
    Ok(figures)
}

/// Choice and forecast: what the weekly work costs.
fn cold(values: &[f64], request: &Request) -> anyhow::Result<Forecast> {
    let series = series(values)?;
    Ok(forecast(&series, request, &choose(&series, request)?)?)
}

fn series(values: &[f64]) -> anyhow::Result<Series> {
    Ok(Series::new(values.iter().copied().map(Some).collect())?)
}

/// Our processor time by series, and the rivals' over it.
fn times(all: &[Vec<f64>], request: &Request) -> anyhow::Result<Vec<Figure>> {
    let known: Vec<&[f64]> = all.iter().map(|values| &values[..values.len() - HORIZON]).collect();
    let count = known.len() as f64;
    let before = processor()?;
    for values in &known {
        cold(values, request)?;
    }
    let ours = (processor()? - before).as_secs_f64() / count;
    let ready: Vec<Series> = known.iter().map(|values| series(values)).collect::<Result<_, _>>()?;
    let choices = ready.iter().map(|series| choose(series, request)).collect::<Result<Vec<_>, _>>()?;
    let before = processor()?;
    for (series, choice) in ready.iter().zip(&choices) {
        forecast(series, request, choice)?;
    }
    let warm = (processor()? - before).as_secs_f64() / count;
    let mut figures = vec![
        Figure { key: "forecast_cold_ms", what: "processor time by series with choice, ms", value: 1e3 * ours },
        Figure { key: "forecast_warm_ms", what: "processor time by series, already chosen, ms", value: 1e3 * warm },
    ];
    #[expect(clippy::disallowed_methods, reason = "a bench's own setting")]
    let Some(python) = std::env::var_os("AUDIENCEOS_RIVALS_BRAIN") else {
        eprintln!(
            "cpu_ratio_ets, cpu_ratio_prophet: no AUDIENCEOS_RIVALS_BRAIN, see benches/brain/rivals/requirements.txt"
        );
        return Ok(figures);
    };
    let (ets, prophet) = rivals(Path::new(&python), &known)?;
    figures.extend([
        Figure { key: "cpu_ratio_ets", what: "our processor time over AutoETS's", value: ours / ets },
        Figure { key: "cpu_ratio_prophet", what: "our processor time over Prophet's", value: ours / prophet },
    ]);
    Ok(figures)
}

/// Processor seconds by series of AutoETS and of Prophet.
fn rivals(python: &Path, known: &[&[f64]]) -> anyhow::Result<(f64, f64)> {
    let mut file = String::new();
    for values in known {
        let row: Vec<String> = values.iter().map(f64::to_string).collect();
        writeln!(file, "{}", row.join(","))?;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/rivals/forecast.py");
    let mut child = process::Command::new(python)
        .args([script, &HORIZON.to_string(), &SEASON.to_string()])
        .stdin(process::Stdio::piped())
        .stdout(process::Stdio::piped())
        .spawn()
        .with_context(|| format!("start {}", python.display()))?;
    child.stdin.take().context("no standard input")?.write_all(file.as_bytes())?;
    let out = child.wait_with_output()?;
    ensure!(out.status.success(), "the rivals' script failed");
    let answer: serde_json::Value = serde_json::from_slice(&out.stdout)?;
    let of = |name: &str| answer[name].as_f64().with_context(|| format!("no time of {name}"));
    Ok((of("ets")?, of("prophet")?))
}

/// The mean absolute error over that of the seasonal naive method within the known values (Hyndman and Koehler 2006).
fn mase(known: &[f64], next: &[f64], said: &Forecast) -> f64 {
    let naive: f64 = known[SEASON..].iter().zip(known).map(|(value, before)| (value - before).abs()).sum();
    let error: f64 = next.iter().zip(&said.steps).map(|(value, step)| (value - step.point).abs()).sum();
    (error / next.len() as f64) / (naive / (known.len() - SEASON) as f64)
}

/// The series, missing values filled with the median of their weekday in the whole series, as the published peers do.
fn filled(path: &Path) -> anyhow::Result<Vec<Vec<f64>>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let mut all: Vec<(String, Vec<Option<f64>>)> = vec![];
    for line in text.lines().skip(1) {
        let mut cells = line.split(',');
        let (name, value) = (cells.next().unwrap_or_default(), cells.nth(1).unwrap_or_default());
        if all.last().is_none_or(|(last, _)| last != name) {
            all.push((name.to_owned(), vec![]));
        }
        let value = if value.is_empty() { None } else { Some(value.parse().with_context(|| line.to_owned())?) };
        all.last_mut().context("no series")?.1.push(value);
    }
    let fill = |values: &Vec<Option<f64>>| {
        let median = |weekday: usize| {
            let mut known: Vec<f64> = values.iter().skip(weekday).step_by(SEASON).copied().flatten().collect();
            known.sort_by(f64::total_cmp);
            f64::midpoint(known[(known.len() - 1) / 2], known[known.len() / 2])
        };
        let of = |(at, value): (usize, &Option<f64>)| value.unwrap_or_else(|| median(at % SEASON));
        values.iter().enumerate().map(of).collect()
    };
    Ok(all.iter().map(|(_, values)| fill(values)).collect())
}
