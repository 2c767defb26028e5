//! A person at the API: signs up, opens the mailed link, signs in.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, ensure};
use reqwest::{Client, Response, header};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";

/// Signs up with `email`.
pub async fn sign_up(client: &Client, url: &str, email: &str) -> reqwest::Result<Response> {
    let body = json!({"email": email, "password": PASSWORD, "name": "Olga", "organization": "Bench Agency"});
    client.post(format!("{url}/api/v1/auth/signup")).json(&body).send().await
}

/// A signed-in Owner: the `Cookie` header of its session.
pub async fn owner(url: &str, data: &Path) -> anyhow::Result<String> {
    owner_of(url, data, "bench@example.com").await
}

/// The same with an address of its own.
pub async fn owner_of(url: &str, data: &Path, email: &str) -> anyhow::Result<String> {
    let client = Client::new();
    ensure!(sign_up(&client, url, email).await?.status() == 201, "sign-up was refused");
    let token = mailed_token(data, email).await?;
    client.get(format!("{url}/verify-email?token={token}")).send().await?.error_for_status()?;
    let body = json!({"email": email, "password": PASSWORD});
    let answer = client.post(format!("{url}/api/v1/auth/login")).json(&body).send().await?.error_for_status()?;
    let cookie = answer.headers().get(header::SET_COOKIE).context("no cookie")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// What the clients are called.
pub fn client_name(number: u32) -> String {
    format!("Client {number:03} & Sons")
}

/// Adds `count` clients.
pub async fn add_clients(url: &str, cookie: &str, count: u32) -> anyhow::Result<()> {
    let client = Client::new();
    for number in 0..count {
        let request = client.post(format!("{url}/api/v1/clients")).header(header::COOKIE, cookie);
        request.json(&json!({"name": client_name(number)})).send().await?.error_for_status()?;
    }
    let list = client.get(format!("{url}/api/v1/clients?limit=100")).header(header::COOKIE, cookie).send().await?;
    let list: Value = list.json().await?;
    ensure!(list["items"].as_array().map(Vec::len) == Some(count as usize), "the clients are not all there");
    Ok(())
}

/// Mails in the outbox that are addressed to `email`.
pub fn mails_to(data: &Path, email: &str) -> Vec<String> {
    let folder = fs::read_dir(data.join("outbox")).into_iter().flatten();
    folder
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok())
        .filter(|mail| mail.contains(&format!("To: {email}")))
        .map(|mail| mail.replace("=\r\n", "").replace("=3D", "="))
        .collect()
}

async fn mailed_token(data: &Path, email: &str) -> anyhow::Result<String> {
    for _ in 0..100 {
        for mail in mails_to(data, email) {
            if let Some((_, rest)) = mail.split_once("token=") {
                return Ok(rest.chars().take_while(char::is_ascii_hexdigit).collect());
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("no mail to {email}")
}
