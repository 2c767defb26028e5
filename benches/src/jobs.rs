//! The queue loses nothing: the server is killed again and again while people sign up, and all get their mail.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use reqwest::Client;

use crate::{figures::Figures, server::Server, visitor};

pub async fn run(figures: &mut Figures, program: &Path, database: &str, data: &Path, kills: u32) -> anyhow::Result<()> {
    let start = async || Server::start(program, &["serve"], database, data, &[]).await;
    let client = Client::builder().timeout(Duration::from_secs(8)).build()?;
    let mut accepted = Vec::new();
    let mut server = start().await?;
    for round in 0..kills {
        // Moments spread over the time a sign-up takes, without a source of randomness.
        let pause = Duration::from_millis(u64::from(round * 37 % 400));
        let (url, email) = (server.url.clone(), format!("soak-{round}@example.com"));
        let attempt = visitor::sign_up(&client, &url, &email);
        let killer = async {
            tokio::time::sleep(pause).await;
            server.kill()
        };
        let (answer, killed) = tokio::join!(attempt, killer);
        killed?;
        if answer.is_ok_and(|answer| answer.status() == 201) {
            accepted.push(email);
        }
        server = start().await?;
        let email = format!("soak-{round}-calm@example.com");
        ensure!(visitor::sign_up(&client, &server.url, &email).await?.status() == 201, "a calm sign-up was refused");
        accepted.push(email);
    }
    let begun = Instant::now();
    while let Some(waiting) = accepted.iter().find(|email| visitor::mails_to(data, email).is_empty()) {
        if begun.elapsed() > Duration::from_secs(90) {
            bail!("{waiting} got no mail within 90 s after the last kill");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    figures.add("kills", f64::from(kills), "");
    figures.add("accepted", accepted.len() as f64, "");
    figures.add("mails_missing", 0.0, "");
    figures.add("last_mail_s", begun.elapsed().as_secs_f64(), "s");
    Ok(())
}
