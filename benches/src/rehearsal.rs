//! The simulated agency as a program of its own: how long it takes to tell its truth, how long the product's own clients take to
//! read all of it, the memory that it holds after that at a hundred requests a second, and how many it answers at most.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use model::metric::{Account, Days};
use providers::{Bulk, Call, Client, Consent, Credential, Exchange, Http, Limit, Provider, Settings};
use secrecy::SecretString;
use time::{Date, macros::date};

use crate::{figures::Figures, memory, paging};

/// The last of its days, and how many there are.
const TODAY: Date = date!(2026 - 06 - 15);
const DAYS: i64 = 400;
const APP: &str = "http://localhost:3000";
/// So many ask at the same time, each again as soon as it is answered.
const ASKERS: usize = 8;
/// Requests a second that it must stand for long in 100 MB.
const PACE: u32 = 100;

/// The program, ended with the value.
struct Simulated {
    child: Child,
    url: String,
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Simulated {
    fn start(program: &Path) -> anyhow::Result<Self> {
        let since = (TODAY - time::Duration::days(DAYS - 1)).to_string();
        let mut child = Command::new(program)
            .args(["rehearsal", "--seed", "1", "--port", "0", "--app", APP])
            .args(["--since", &since, "--today", &TODAY.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut said)?;
        let url = said.trim().strip_prefix("rehearsing on ").context("it does not say where it listens")?.to_owned();
        Ok(Self { child, url })
    }
}

/// One consent at a provider, and the accounts that it reaches.
struct Connection {
    provider: &'static dyn Provider,
    http: Http,
    credential: Credential,
    settings: Settings,
    accounts: Vec<Account>,
}

impl Connection {
    /// Agrees on the provider's page by the choice at this place; none where there are no more.
    async fn open(url: &str, provider: &'static dyn Provider, at: usize) -> anyhow::Result<Option<Self>> {
        let (key, oauth) = (provider.descriptor().key, provider.oauth().context("no consent")?);
        let value = |variable: &str| match variable {
            variable if variable.contains("DEVELOPER") => "rehearsal-developer-token",
            variable if variable.contains("SECRET") => "rehearsal-secret",
            _ => "rehearsal",
        };
        let named = provider.descriptor().settings.iter().map(|setting| setting.variable);
        let settings = Settings(named.map(|name| (name.to_owned(), SecretString::from(value(name)))).collect());
        let shop = BTreeMap::from([("shop".to_owned(), "any.myshopify.com".to_owned())]);
        let hosts = provider.hosts_for(&shop, Some(&url.parse()?))?;
        let redirect_uri = format!("{APP}/api/oauth/{key}/callback");
        let state = format!("s{at}");
        // Verifier and challenge of RFC 7636, appendix B.
        let code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let asked =
            Consent { base: &hosts.consent, state: &state, redirect_uri: &redirect_uri, code_challenge, fields: &shop };
        let page = reqwest::get(oauth.consent(&settings, &asked)?.as_str()).await?.error_for_status()?.text().await?;
        let links: Vec<_> = page.split("<li><a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        // Of a person's accounts the last choice reaches all.
        let link = if provider.shop().is_some() { links.get(at) } else { links.last().filter(|_| at == 0) };
        let Some(link) = link else { return Ok(None) };
        let back: reqwest::Url = link.replace("&amp;", "&").parse()?;
        let parameters: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
        let limit = Limit { per_second: 100_000, burst: 100_000 };
        let http = Client::new()?.bind(hosts.api, limit, provider.fault());
        let code_verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let code = parameters.get("code").map(String::as_str).unwrap_or_default();
        let asked = Exchange { code, redirect_uri: &redirect_uri, code_verifier, parameters: &parameters };
        let given = oauth.exchange(&http, &settings, &asked).await?;
        let credential = Credential { access_token: given.access_token, fields: given.fields };
        let mut connection = Self { provider, http, credential, settings, accounts: Vec::new() };
        connection.accounts = provider.accounts(&connection.call()).await?;
        Ok(Some(connection))
    }

    fn call(&self) -> Call<'_> {
        Call { http: &self.http, credential: &self.credential, settings: &self.settings }
    }

    /// Reads everything; how many channels that were, and rows or orders.
    async fn read(&self) -> anyhow::Result<(usize, usize)> {
        let (mut channels, mut rows) = (0, 0);
        if let Some(ads) = self.provider.ads() {
            let all = Days { first: TODAY - time::Duration::days(DAYS - 1), last: TODAY };
            for account in &self.accounts {
                rows += paging::read(ads, &self.call(), account, all).await?;
                channels += 1;
            }
        }
        if let Some(shop) = self.provider.shop() {
            let since = (TODAY - time::Duration::days(DAYS - 1)).midnight().assume_utc();
            let mut place: Option<String> = None;
            loop {
                match shop.bulk(&self.call(), since, place.as_deref()).await? {
                    Bulk::Waits { .. } => {}
                    Bulk::Pages(why) => bail!("no file of orders: {why}"),
                    Bulk::Piece { orders, next, .. } => {
                        rows += orders.len();
                        match next {
                            Some(next) => place = Some(next),
                            None => break,
                        }
                    }
                }
            }
            channels += 1;
        }
        Ok((channels, rows))
    }

    /// One request, another for each number.
    async fn ask(&self, number: usize) -> anyhow::Result<()> {
        let back = |days: usize| TODAY - time::Duration::days(days as i64);
        if let Some(ads) = self.provider.ads() {
            let last = back(number * 7 % 390);
            let days = Days { first: last - time::Duration::days(6), last };
            ads.report(&self.call(), &self.accounts[number % self.accounts.len()], days, None).await?;
        } else if self.provider.shop().is_some() {
            self.provider.accounts(&self.call()).await?;
        }
        Ok(())
    }
}

/// Seconds in which the program tells the whole truth of a world.
fn truth(program: &Path) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let told =
        Command::new(program).args(["rehearsal", "truth", "--seed", "1", "--today", &TODAY.to_string()]).output()?;
    let said = String::from_utf8_lossy(&told.stderr);
    ensure!(told.status.success() && !told.stdout.is_empty(), "the truth was not told: {said}");
    Ok(begun.elapsed().as_secs_f64())
}

/// Milliseconds that all but one in a hundred took less than; of sorted seconds.
fn p99(sorted: &[f64]) -> f64 {
    sorted[sorted.len() * 99 / 100] * 1000.0
}

/// Asks [`PACE`] times a second, whether or not what was asked before is answered; the sorted seconds of each answer.
async fn at_a_pace(connections: &[Arc<Connection>], seconds: u32) -> anyhow::Result<Vec<f64>> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PACE);
    let mut asked = Vec::new();
    for number in 0..(PACE * seconds) as usize {
        ticks.tick().await;
        let connection = connections[number % connections.len()].clone();
        asked.push(tokio::spawn(async move {
            let begun = Instant::now();
            connection.ask(number).await.map(|()| begun.elapsed().as_secs_f64())
        }));
    }
    let mut each = Vec::new();
    for one in asked {
        each.push(one.await??);
    }
    each.sort_by(f64::total_cmp);
    ensure!(!each.is_empty(), "nothing was answered");
    Ok(each)
}

/// [`ASKERS`] ask as fast as they are answered; the sorted seconds of each answer.
async fn flat_out(connections: &[Arc<Connection>], seconds: u32) -> anyhow::Result<Vec<f64>> {
    let end = Instant::now() + Duration::from_secs(seconds.into());
    let askers = (0..ASKERS).map(|asker| {
        let connections = connections.to_vec();
        tokio::spawn(async move {
            let mut took = Vec::new();
            let mut number = asker;
            while Instant::now() < end {
                let begun = Instant::now();
                connections[number % connections.len()].ask(number).await?;
                took.push(begun.elapsed().as_secs_f64());
                number += ASKERS;
            }
            anyhow::Ok(took)
        })
    });
    let askers: Vec<_> = askers.collect();
    let mut each = Vec::new();
    for asker in askers {
        each.extend(asker.await??);
    }
    each.sort_by(f64::total_cmp);
    ensure!(!each.is_empty(), "nothing was answered");
    Ok(each)
}

pub async fn bench(figures: &mut Figures, program: &Path, seconds: u32) -> anyhow::Result<()> {
    let simulated = Simulated::start(program)?;
    let mut connections = Vec::new();
    for provider in providers::all().iter().filter(|provider| provider.oauth().is_some()) {
        let mut at = 0;
        while let Some(connection) = Connection::open(&simulated.url, *provider, at).await? {
            connections.push(Arc::new(connection));
            at += 1;
        }
    }
    let begun = Instant::now();
    let (mut channels, mut rows) = (0, 0);
    for connection in &connections {
        let (of, more) = connection.read().await?;
        (channels, rows) = (channels + of, rows + more);
    }
    let took = begun.elapsed().as_secs_f64();
    ensure!(channels == 26, "{channels} channels were read");

    let begun = Instant::now();
    let paced = at_a_pace(&connections, seconds).await?;
    let paced_took = begun.elapsed().as_secs_f64();
    let held = memory::peak_mib(simulated.child.id())?;
    let flat_out = flat_out(&connections, seconds).await?;
    figures.add("rehearsal_truth_seconds", truth(program)?, "s");
    figures.add("rehearsal_full_read_seconds", took, "s");
    figures.add("rehearsal_rows", rows as f64, "rows");
    figures.add("rehearsal_paced_rps", paced.len() as f64 / paced_took, "1/s");
    figures.add("rehearsal_paced_p99_ms", p99(&paced), "ms");
    figures.add("rehearsal_rss_mib", held, "MiB");
    figures.add("rehearsal_rps", flat_out.len() as f64 / f64::from(seconds), "1/s");
    figures.add("rehearsal_p99_ms", p99(&flat_out), "ms");
    figures.add("rehearsal_rss_flat_out_mib", memory::peak_mib(simulated.child.id())?, "MiB");
    Ok(())
}
