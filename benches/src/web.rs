//! First-load sizes as a browser receives them, and load from `wrk`, an independent generator.

use std::{path::Path, process::Command};

use anyhow::{Context, ensure};

use crate::{figures::Figures, visitor};

const CLIENTS: u32 = 50;
/// A request that takes longer is counted as none, so it must be longer than any.
const LONGEST: &str = "20s";
/// Before it counts, a page is asked for this long, so that nobody is measured while compiling or connecting.
const WARMING_SECONDS: u32 = 3;

pub async fn run(
    figures: &mut Figures,
    url: &str,
    data: &Path,
    seconds: u32,
    rival: Option<&str>,
) -> anyhow::Result<()> {
    let cookie = visitor::owner(url, data).await?;
    visitor::add_clients(url, &cookie, CLIENTS).await?;
    figures.add("login_kib", first_load(url, "/login", &[])?, "KiB");
    figures.add("app_kib", first_load(url, "/clients", &[&cookie])?, "KiB");

    let list = format!("{url}/clients");
    check_rows(&list, Some(&cookie)).await?;
    if let Some(rival) = rival {
        check_rows(rival, None).await?;
    }
    let login = load(&format!("{url}/login"), None, seconds)?;
    figures.add("login_rps", login.rps, "1/s");
    figures.add("login_p50_ms", login.p50_ms, "ms");
    figures.add("login_p99_ms", login.p99_ms, "ms");
    let clients = load(&list, Some(&cookie), seconds)?;
    match rival {
        Some(rival) => figures.add_with_rival("clients_rps", clients.rps, "1/s", load(rival, None, seconds)?.rps),
        None => figures.add("clients_rps", clients.rps, "1/s"),
    }
    figures.add("clients_p50_ms", clients.p50_ms, "ms");
    figures.add("clients_p99_ms", clients.p99_ms, "ms");
    Ok(())
}

/// A page is only worth measuring when every client is on it.
async fn check_rows(url: &str, cookie: Option<&str>) -> anyhow::Result<()> {
    let request = reqwest::Client::new().get(url);
    let request = if let Some(cookie) = cookie { request.header(reqwest::header::COOKIE, cookie) } else { request };
    let page = request.send().await?.error_for_status()?.text().await?;
    for number in 0..CLIENTS {
        let name = visitor::client_name(number).replace('&', "&amp;");
        ensure!(page.contains(&format!(">{name}<")), "{name} is not on {url}");
    }
    Ok(())
}

/// KiB that a browser with an empty cache receives until the page is complete and live. `more` may be a cookie, and which part
/// of the addresses to count.
pub fn first_load(url: &str, path: &str, more: &[&str]) -> anyhow::Result<f64> {
    let mut command = Command::new("node");
    command.arg("end2end/first-load.mjs").arg(format!("{url}{path}")).args(more);
    let output = command.output().context("node did not start")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let bytes: f64 = text.trim().parse().with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(bytes / 1024.0)
}

/// What a load came to.
pub struct Load {
    pub rps: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// Asks for a page again and again, by sixteen at once.
pub fn load(url: &str, cookie: Option<&str>, seconds: u32) -> anyhow::Result<Load> {
    ask(url, cookie, WARMING_SECONDS)?;
    ask(url, cookie, seconds)
}

fn ask(url: &str, cookie: Option<&str>, seconds: u32) -> anyhow::Result<Load> {
    let mut command = Command::new("wrk");
    command.args(["--latency", "-t", "1", "-c", "16", "-d", &format!("{seconds}s"), "--timeout", LONGEST]);
    if let Some(cookie) = cookie {
        command.args(["-H", &format!("Cookie: {cookie}")]);
    }
    let output = command.arg(url).output().context("wrk did not start")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(!text.contains("Non-2xx"), "{url} was refused under load: {text}");
    let late = text.contains("timeout ") && !text.contains("timeout 0");
    ensure!(!late, "answers of {url} took longer than {LONGEST}, and were not measured: {text}");
    let after = |label: &str| -> anyhow::Result<String> {
        let line =
            text.lines().find(|line| line.trim().starts_with(label)).with_context(|| format!("{label}: {text}"))?;
        Ok(line.trim().trim_start_matches(label).trim().to_owned())
    };
    Ok(Load {
        rps: after("Requests/sec:")?.parse()?,
        p50_ms: milliseconds(&after("50%")?)?,
        p99_ms: milliseconds(&after("99%")?)?,
    })
}

fn milliseconds(text: &str) -> anyhow::Result<f64> {
    let (number, factor) = match text {
        _ if text.ends_with("us") => (text.trim_end_matches("us"), 0.001),
        _ if text.ends_with("ms") => (text.trim_end_matches("ms"), 1.0),
        _ => (text.trim_end_matches('s'), 1000.0),
    };
    Ok(number.parse::<f64>()? * factor)
}
