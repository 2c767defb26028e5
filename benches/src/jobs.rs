//! The queue loses nothing: the server is killed again and again while people sign up, and all get their mail.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use reqwest::Client;

use crate::{figures::Figures, visitor};

pub async fn run(figures: &mut Figures, server: &Path, database: &str, data: &Path, kills: u32) -> anyhow::Result<()> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let url = format!("http://127.0.0.1:{port}");
    let client = Client::builder().timeout(Duration::from_secs(8)).build()?;
    let mut accepted = Vec::new();
    let mut running = start(server, database, data, port).await?;
    for round in 0..kills {
        // Moments spread over the time a sign-up takes, without a source of randomness.
        let pause = Duration::from_millis(u64::from(round * 37 % 400));
        let email = format!("soak-{round}@example.com");
        let attempt = visitor::sign_up(&client, &url, &email);
        let killer = async {
            tokio::time::sleep(pause).await;
            running.kill()
        };
        let (answer, killed) = tokio::join!(attempt, killer);
        killed?;
        running.wait()?;
        if answer.is_ok_and(|answer| answer.status() == 201) {
            accepted.push(email);
        }
        running = start(server, database, data, port).await?;
        let email = format!("soak-{round}-calm@example.com");
        ensure!(visitor::sign_up(&client, &url, &email).await?.status() == 201, "a calm sign-up was refused");
        accepted.push(email);
    }
    let begun = Instant::now();
    while let Some(waiting) = accepted.iter().find(|email| visitor::mails_to(data, email).is_empty()) {
        if begun.elapsed() > Duration::from_secs(90) {
            bail!("{waiting} got no mail within 90 s after the last kill");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let recovery = begun.elapsed();
    running.kill()?;
    running.wait()?;
    figures.add("kills", f64::from(kills), "");
    figures.add("accepted", accepted.len() as f64, "");
    figures.add("mails_missing", 0.0, "");
    figures.add("last_mail_s", recovery.as_secs_f64(), "s");
    Ok(())
}

async fn start(server: &Path, database: &str, data: &Path, port: u16) -> anyhow::Result<Child> {
    let child = Command::new(server)
        .arg("serve")
        .env("DATABASE_URL", database)
        .env("AUDIENCEOS_DATA", data)
        .env("AUDIENCEOS_ADDRESS", format!("127.0.0.1:{port}"))
        .stderr(Stdio::null())
        .spawn()?;
    for _ in 0..300 {
        if let Ok(answer) = reqwest::get(format!("http://127.0.0.1:{port}/readyz")).await
            && answer.status() == 200
        {
            return Ok(child);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("the server did not start")
}
