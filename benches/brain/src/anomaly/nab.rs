//! The Numenta benchmark's scoring, written from its published rules (Lavin & Ahmad 2015, "Evaluating real-time anomaly
//! detection algorithms: the Numenta anomaly benchmark"), standard profile.
//!
//! A window's earliest detection earns by how early it is, a window without one costs 1, every row flagged outside of
//! the windows costs up to 0.11, by its distance from the window before. The first 15 % of a file (750 rows at most) do
//! not count. One threshold serves all files: the one with the best sum. 100 is perfect, 0 is saying nothing.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use brain::anomaly::{Scorer, csv};

/// One file: its rows and the windows in which something was known to be wrong.
pub struct File {
    /// The name in the labels.
    pub name: String,
    /// Time stamps as they were given.
    pub stamps: Vec<String>,
    /// Values in the file's unit.
    pub values: Vec<f64>,
    /// First and last row of every window.
    pub windows: Vec<(usize, usize)>,
}

/// What a false alarm costs at most in the standard profile.
const FALSE_ALARM: f64 = 0.11;

/// The files of one folder of the benchmark.
pub fn files(root: &Path, folder: &str) -> anyhow::Result<Vec<File>> {
    let labels = root.join("labels/combined_windows.json");
    let labels: BTreeMap<String, Vec<(String, String)>> =
        serde_json::from_str(&fs::read_to_string(&labels).with_context(|| format!("read {}", labels.display()))?)?;
    let mut files = Vec::new();
    for (name, windows) in labels.into_iter().filter(|(name, _)| name.starts_with(folder)) {
        let text = fs::read_to_string(root.join(&name)).with_context(|| format!("read {name}"))?;
        let (mut stamps, mut values) = (Vec::new(), Vec::new());
        for line in text.lines().skip(1) {
            let (stamp, value) = line.split_once(',').with_context(|| format!("{name}: {line}"))?;
            stamps.push(stamp.to_owned());
            values.push(value.trim().parse::<f64>()?);
        }
        let row = |stamp: &str| {
            let whole = stamp.split('.').next().unwrap_or(stamp);
            // A stamp that is there twice means its last row, as in the benchmark's own tables.
            stamps.iter().rposition(|known| known == whole).with_context(|| format!("{name} has no row {stamp}"))
        };
        let windows = windows.iter().map(|(a, b)| Ok((row(a)?, row(b)?))).collect::<anyhow::Result<Vec<_>>>()?;
        files.push(File { name, stamps, values, windows });
    }
    Ok(files)
}

/// The scaled sigmoid: 1 at the far left, 0 at 0, −1 from 3 on.
fn sigmoid(x: f64) -> f64 {
    if x > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * x).exp()) - 1.0 }
}

/// One row that counts: its score, what flagging it is worth, and the window it lies in.
struct Row {
    score: f64,
    worth: f64,
    window: Option<(usize, usize)>,
}

fn rows(at: usize, file: &File, scores: &[f64], out: &mut Vec<Row>) {
    let n = file.values.len();
    let probation = (n * 15 / 100).min(750);
    let (mut before, mut next) = (None, 0);
    for (i, score) in scores.iter().enumerate() {
        while file.windows.get(next).is_some_and(|window| i > window.1) {
            before = Some(file.windows[next]);
            next += 1;
        }
        let (worth, window) = match file.windows.get(next) {
            Some(&(a, b)) if (a..=b).contains(&i) => {
                let place = -((b - i + 1) as f64) / (b - a + 1) as f64;
                (sigmoid(place) / sigmoid(-1.0), Some((at, next)))
            }
            _ => {
                let cost = before.map_or(-1.0, |(a, b): (usize, usize)| sigmoid((i - b) as f64 / (b - a) as f64));
                (cost * FALSE_ALARM, None)
            }
        };
        if i >= probation {
            out.push(Row { score: *score, worth, window });
        }
    }
}

/// The normalised score at the best single threshold, and that threshold.
pub fn best(files: &[File], scores: &[Vec<f64>]) -> (f64, f64) {
    let mut all = Vec::new();
    for (at, (file, scores)) in files.iter().zip(scores).enumerate() {
        rows(at, file, scores, &mut all);
    }
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut earned: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for window in all.iter().filter_map(|row| row.window) {
        earned.insert(window, -1.0);
    }
    let windows = files.iter().map(|file| file.windows.len()).sum::<usize>() as f64;
    let mut sum: f64 = earned.values().sum();
    let (mut best, mut threshold) = (sum, f64::INFINITY);
    let mut i = 0;
    while i < all.len() {
        let level = all[i].score;
        while i < all.len() && all[i].score == level {
            match all[i].window.and_then(|window| earned.get_mut(&window)) {
                Some(worth) if all[i].worth > *worth => {
                    sum += all[i].worth - *worth;
                    *worth = all[i].worth;
                }
                Some(_) => {}
                None => sum += all[i].worth,
            }
            i += 1;
        }
        if sum > best {
            (best, threshold) = (sum, level);
        }
    }
    (100.0 * (best + windows) / (2.0 * windows), threshold)
}

/// The product's score of every row.
pub fn scores(file: &File) -> anyhow::Result<Vec<f64>> {
    let mut scorer = Scorer::new();
    let rows = file.stamps.iter().zip(&file.values);
    rows.map(|(stamp, value)| Ok(scorer.next(csv::moment(stamp)?, Some(*value)).score)).collect()
}

/// What one file earns at a threshold, of its windows, with its detected windows and false alarms.
pub fn at(file: &File, scores: &[f64], threshold: f64) -> (f64, usize, usize) {
    let mut all = Vec::new();
    rows(0, file, scores, &mut all);
    let mut earned = vec![-1.0; file.windows.len()];
    let (mut cost, mut alarms) = (0.0, 0);
    for row in all.iter().filter(|row| row.score >= threshold) {
        match row.window {
            Some((_, window)) => earned[window] = row.worth.max(earned[window]),
            None => {
                cost += row.worth;
                alarms += 1;
            }
        }
    }
    (earned.iter().sum::<f64>() + cost, earned.iter().filter(|worth| **worth > -1.0).count(), alarms)
}
