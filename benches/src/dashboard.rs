//! The dashboard of an agency with 50 clients, ten channels each and two years of days: how fast its HTML is, how fast other days
//! are shown, what a browser loads for it, and what Lighthouse says of it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{agency::Agency, figures::Figures, visitor, web};

const CLIENTS: u32 = 50;
/// The channels of all clients and their days are stored; so many rows are the newest of each.
const ROWS: &str = "365000";
/// A first look at all of it takes the brain a while.
const PATIENCE: Duration = Duration::from_secs(1800);
/// So often the days are changed.
const CHANGES: &str = "60";
/// Lighthouse is asked so often, and the one in the middle counts.
const LOOKS: usize = 3;
/// So many reports are made, of so many pages at least, and the one in the middle counts.
const REPORTS: usize = 5;
const PAGES: i64 = 12;
/// The page with charts: what it loads beside every page is what draws them.
const CHART_PAGE: &str = "/analytics";

/// What is measured, and with what.
pub struct Setting {
    pub url: String,
    pub data: PathBuf,
    pub database: String,
    pub psql: PathBuf,
    pub lighthouse: PathBuf,
    pub seconds: u32,
    /// Whether another benchmark of the same call gives what the app weighs.
    pub app_elsewhere: bool,
}

pub async fn run(figures: &mut Figures, setting: &Setting) -> anyhow::Result<()> {
    let Setting { url, data, seconds, .. } = setting;
    let cookie = visitor::owner(url, data).await?;
    visitor::add_clients(url, &cookie, CLIENTS).await?;
    fill(setting)?;
    let agency = Agency::new(url, cookie.clone())?;
    think(&agency).await?;

    let page = format!("{url}/dashboard");
    check(&page, &cookie).await?;
    let load = web::load(&page, Some(&cookie), *seconds)?;
    figures.add("dashboard_p50_ms", load.p50_ms, "ms");
    figures.add("dashboard_p99_ms", load.p99_ms, "ms");
    figures.add("dashboard_rps", load.rps, "1/s");
    figures.add("range_change_p95_ms", range_change(url, &cookie)?, "ms");
    if !setting.app_elsewhere {
        figures.add("app_kib", web::first_load(url, "/dashboard", &[&cookie])?, "KiB");
    }
    figures.add("chart_kib", web::first_load(url, CHART_PAGE, &[&cookie, "/charts/"])?, "KiB");
    let mobile = lighthouse(setting, &page, &cookie, &[])?;
    let desktop = lighthouse(setting, &page, &cookie, &["--preset=desktop"])?;
    figures.add("lighthouse_mobile", mobile.score, "");
    figures.add("lighthouse_desktop", desktop.score, "");
    figures.add("cls", mobile.shift.max(desktop.shift), "");
    figures.add("pdf_seconds", report(setting, &agency).await?, "s");
    Ok(())
}

/// Two years of days for all clients, straight into the tables.
fn fill(setting: &Setting) -> anyhow::Result<()> {
    psql(setting, &["-f", "benches/dashboard.sql"])?;
    let rows = psql(setting, &["-c", "select count(*) from metric_daily"])?;
    ensure!(rows.trim() == ROWS, "{} rows were stored instead of {ROWS}", rows.trim());
    Ok(())
}

fn psql(setting: &Setting, words: &[&str]) -> anyhow::Result<String> {
    crate::psql::psql(&setting.psql, &setting.database, words)
}

/// Has the brain think about it, so that its words are on the page.
async fn think(agency: &Agency) -> anyhow::Result<()> {
    let asked = agency.ask(Method::POST, "/api/v1/brain/compute", &json!({})).await?.error_for_status()?;
    let asked: Value = asked.json().await?;
    let path = format!("/api/v1/brain/cycles/{}", asked["id"].as_str().context("no cycle was begun")?);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let cycle = agency.read(&path).await?;
        match cycle["state"].as_str() {
            Some("done") => return Ok(()),
            Some("failed") => bail!("the brain failed: {cycle}"),
            _ => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
    bail!("the brain was not done within {PATIENCE:?}")
}

/// A page is only worth measuring when everything is on it.
async fn check(page: &str, cookie: &str) -> anyhow::Result<()> {
    let request = reqwest::Client::new().get(page).header(header::COOKIE, cookie);
    let text = request.send().await?.error_for_status()?.text().await?;
    for there in ["data-figure=\"m.spend.", "data-figure=\"m.ledger_revenue.", "data-figure=\"s."] {
        ensure!(text.contains(there), "{there} is not on {page}");
    }
    ensure!(!text.contains("failed-part"), "a part of {page} failed");
    Ok(())
}

/// Milliseconds from a press on other days to their chart on the screen, in a browser.
fn range_change(url: &str, cookie: &str) -> anyhow::Result<f64> {
    let mut command = Command::new("node");
    command.args(["end2end/range-change.mjs", url, cookie, CHANGES]);
    let output = command.output().context("node did not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Seconds of a client's report with every section and [`PAGES`] pages at least, from its request to its bytes, the queue's turn
/// included.
async fn report(setting: &Setting, agency: &Agency) -> anyhow::Result<f64> {
    let clients = agency.read("/api/v1/clients?limit=1").await?;
    let client = clients["items"][0]["id"].as_str().context("no client")?.to_owned();
    let days = psql(setting, &["-c", "select current_date - 90, current_date - 1"])?;
    let (first, last) = days.trim().split_once('|').context("no days")?;
    let asked = json!({"title": "Bench", "client_id": client, "first": first, "last": last});
    // Ten channels may fill fewer pages: the client takes over those of others until they are enough.
    let more = format!(
        "update channel set client_id = '{client}'
         where client_id = (select client_id from channel where client_id <> '{client}' order by client_id limit 1)"
    );
    for _ in 1..CLIENTS {
        if make(agency, &asked).await?.pages >= PAGES {
            break;
        }
        psql(setting, &["-c", &more])?;
    }
    let mut took = Vec::new();
    for _ in 0..REPORTS {
        let Made { pages, seconds } = make(agency, &asked).await?;
        ensure!(pages >= PAGES, "the report has {pages} pages only");
        eprintln!("a report of {pages} pages took {seconds:.2} s");
        took.push(seconds);
    }
    took.sort_by(f64::total_cmp);
    Ok(took[REPORTS / 2])
}

/// A report that was made and fetched.
struct Made {
    pages: i64,
    seconds: f64,
}

async fn make(agency: &Agency, asked: &Value) -> anyhow::Result<Made> {
    let begun = Instant::now();
    let made: Value = agency.ask(Method::POST, "/api/v1/reports", asked).await?.error_for_status()?.json().await?;
    let path = format!("/api/v1/reports/{}", made["id"].as_str().context("no report was begun")?);
    let pages = loop {
        let report = agency.read(&path).await?;
        match report["state"].as_str() {
            Some("made") => break report["pages"].as_i64().context("no pages")?,
            Some("failed") => bail!("the report failed: {report}"),
            _ if begun.elapsed() > PATIENCE => bail!("the report was not made within {PATIENCE:?}"),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    agency.fetch(&format!("{path}/pdf")).await?;
    Ok(Made { pages, seconds: begun.elapsed().as_secs_f64() })
}

/// What Lighthouse says of a page: its mark for speed of a hundred, and how far what is there moves.
struct Look {
    score: f64,
    shift: f64,
}

fn lighthouse(setting: &Setting, page: &str, cookie: &str, words: &[&str]) -> anyhow::Result<Look> {
    let mut looks =
        (0..LOOKS).map(|_| look(&setting.lighthouse, page, cookie, words)).collect::<Result<Vec<_>, _>>()?;
    looks.sort_by(|one, other| one.score.total_cmp(&other.score));
    // What moves in one of them moves.
    let shift = looks.iter().map(|look| look.shift).fold(0.0, f64::max);
    Ok(Look { score: looks[LOOKS / 2].score, shift })
}

fn look(program: &Path, page: &str, cookie: &str, words: &[&str]) -> anyhow::Result<Look> {
    let mut command = Command::new(program);
    command.args([page, "--quiet", "--output=json", "--output-path=stdout", "--only-categories=performance"]);
    // An open page hears what changes, so its lines are never all at rest.
    command.args(["--max-wait-for-load=20000", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"]);
    command.arg(format!("--extra-headers={}", json!({ "Cookie": cookie }))).args(words);
    let output = command.output().context("lighthouse did not start")?;
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    let told: Value = serde_json::from_slice(&output.stdout).with_context(said)?;
    ensure!(told["finalDisplayedUrl"] == page, "lighthouse was led to {}", told["finalDisplayedUrl"]);
    let score = told["categories"]["performance"]["score"].as_f64().with_context(said)?;
    let shift = told["audits"]["cumulative-layout-shift"]["numericValue"].as_f64().with_context(said)?;
    Ok(Look { score: score * 100.0, shift })
}
