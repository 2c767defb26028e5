//! How long a start takes, from the command to the first `/readyz`: with an empty data folder, and with a full one.
//! The database is the private cluster, so a cold start makes one and applies all migrations.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::figures::Figures;

/// Warm starts are quick, so the middle of this many is taken.
const WARM_STARTS: usize = 5;

pub async fn run(figures: &mut Figures, server: &Path) -> anyhow::Result<()> {
    let data = std::env::temp_dir().join(format!("audienceos-start-{}", std::process::id()));
    let result = measure(figures, server, &data).await;
    std::fs::remove_dir_all(&data).context("the data folder of the starts is still there")?;
    result
}

async fn measure(figures: &mut Figures, server: &Path, data: &Path) -> anyhow::Result<()> {
    figures.add("cold_start_ms", start_and_stop(server, data).await?, "ms");
    let mut warm = Vec::new();
    for _ in 0..WARM_STARTS {
        warm.push(start_and_stop(server, data).await?);
    }
    warm.sort_by(f64::total_cmp);
    figures.add("warm_start_ms", warm[WARM_STARTS / 2], "ms");
    Ok(())
}

/// Milliseconds until it was ready.
async fn start_and_stop(server: &Path, data: &Path) -> anyhow::Result<f64> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let begun = Instant::now();
    let mut child = Command::new(server)
        .arg("serve")
        .env_remove("DATABASE_URL")
        .env("AUDIENCEOS_DATA", data)
        .env("AUDIENCEOS_ADDRESS", address.to_string())
        .stderr(Stdio::null())
        .spawn()?;
    let ready = wait_until_ready(&mut child, &format!("http://{address}/readyz")).await;
    let took = begun.elapsed();
    let stop = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status()?;
    let ended = child.wait()?;
    ready?;
    ensure!(stop.success() && ended.success(), "the server did not stop as it should: {ended}");
    Ok(took.as_secs_f64() * 1000.0)
}

async fn wait_until_ready(child: &mut Child, url: &str) -> anyhow::Result<()> {
    for _ in 0..12_000 {
        if reqwest::get(url).await.is_ok_and(|answer| answer.status() == 200) {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            bail!("the server ended at once: {status}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("the server was not ready after a minute")
}
