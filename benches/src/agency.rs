//! An agency at the API that connects accounts and has them read, and imports files.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::{Client, Method, Response, header, redirect::Policy};
use serde_json::{Value, json};

pub struct Agency {
    client: Client,
    url: String,
    cookie: String,
}

impl Agency {
    pub fn new(url: &str, cookie: String) -> anyhow::Result<Self> {
        let client = Client::builder().redirect(Policy::none()).build()?;
        Ok(Self { client, url: url.to_owned(), cookie })
    }

    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Response> {
        let request = self.client.request(method, format!("{}{path}", self.url)).header(header::COOKIE, &self.cookie);
        Ok(request.json(body).send().await?)
    }

    pub async fn read(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.client.get(format!("{}{path}", self.url)).header(header::COOKIE, &self.cookie);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Fetches a file to its end.
    pub async fn fetch(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.client.get(format!("{}{path}", self.url)).header(header::COOKIE, &self.cookie);
        Ok(request.send().await?.error_for_status()?.bytes().await?.into())
    }

    /// Sends a file as it is.
    pub async fn send_file(&self, path: &str, bytes: Vec<u8>) -> anyhow::Result<Response> {
        let request = self.client.post(format!("{}{path}", self.url)).header(header::COOKIE, &self.cookie);
        Ok(request.body(bytes).send().await?)
    }

    pub async fn add_client(&self) -> anyhow::Result<String> {
        let made: Value = self.ask(Method::POST, "/api/v1/clients", &json!({"name": "C"})).await?.json().await?;
        Ok(made["id"].as_str().context("no client was made")?.to_owned())
    }

    /// Connects an account: through the provider's consent and back.
    pub async fn connect(&self, code: &str) -> anyhow::Result<String> {
        let way = self.ask(Method::POST, "/api/v1/integrations", &json!({"provider": "tiktok_ads"})).await?;
        let way: Value = way.error_for_status()?.json().await?;
        let url: reqwest::Url = way["authorize_url"].as_str().context("no way")?.parse()?;
        let state = url.query_pairs().find(|(name, _)| name == "state").context("no state")?.1.into_owned();
        let path = format!("{}/api/oauth/tiktok_ads/callback?auth_code={code}&state={state}", self.url);
        let back = self.client.get(path).header(header::COOKIE, &self.cookie).send().await?;
        let target = back.headers().get(header::LOCATION).context("no way back")?.to_str()?.to_owned();
        Ok(target.split_once("connected=").with_context(|| format!("not connected: {target}"))?.1.to_owned())
    }

    /// Maps its account to a client, which begins the first reading.
    pub async fn map(&self, connection: &str, client: &str) -> anyhow::Result<String> {
        let accounts = self.read(&format!("/api/v1/integrations/{connection}/accounts")).await?;
        let account = accounts["items"][0]["id"].as_str().context("no account")?.to_owned();
        let path = format!("/api/v1/integrations/accounts/{account}/client");
        let answer = self.ask(Method::PUT, &path, &json!({"client_id": client})).await?;
        ensure!(answer.status() == 200, "the account was not mapped: {}", answer.status());
        Ok(account)
    }

    pub async fn sync(&self, connection: &str) -> anyhow::Result<()> {
        let answer = self.ask(Method::POST, &format!("/api/v1/integrations/{connection}/sync"), &json!({})).await?;
        ensure!(answer.status() == 202, "the sync was refused: {}", answer.text().await?);
        Ok(())
    }

    /// The newest run, once `ended` have ended well.
    pub async fn run(&self, connection: &str, ended: usize, patience: Duration) -> anyhow::Result<Value> {
        let begun = std::time::Instant::now();
        while begun.elapsed() < patience {
            let runs = self.read(&format!("/api/v1/integrations/{connection}/runs")).await?;
            let newest = &runs["items"][0];
            if newest["state"] == "failed" {
                bail!("the run failed: {newest}");
            }
            if runs["items"].as_array().map_or(0, Vec::len) >= ended && newest["state"] == "succeeded" {
                return Ok(newest.clone());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the run did not end within {patience:?}")
    }
}
