//! The mail of an agency: how many messages a second are kept, with the conversations that they belong to and the clients that they
//! are of, how fast the inbox over them is, and how fast a long conversation is on the screen.
//!
//! Messages come as a mailbox gives them at its first reading: the newest first, in pages, each kept in one transaction.

mod mails;

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use model::{
    actor::Actor,
    conversation::Filter,
    id::{ChannelId, OrganizationId},
};
use reqwest::{Client, header};
use service::message::ingest::{self, Incoming, Mailbox};
use store::{Db, conversation, inbox};
use time::OffsetDateTime;
use tokio::task::JoinSet;

use crate::{agency::Agency, figures::Figures, psql::psql, visitor};

/// So many messages are kept, all of one agency, and then as many of several agencies at once.
const MESSAGES: usize = 50_000;
const AGENCIES: usize = 5;
/// As many messages has a page.
const PAGE: usize = 100;
const CLIENTS: u32 = 50;
/// The messages of the long conversation.
const LONG: usize = 200;
/// How many conversations the inbox shows.
const SHOWN: usize = 50;
/// So often the inbox is asked for before it counts, and then.
const WARMING: usize = 20;
const ASKED: usize = 300;
/// So often the long conversation is opened.
const OPENED: &str = "40";

/// What is measured, and with what.
pub struct Setting {
    pub url: String,
    pub data: PathBuf,
    pub database: String,
    pub psql: PathBuf,
}

/// An agency with a mailbox.
#[derive(Clone)]
struct Tenant {
    organization: OrganizationId,
    channel: ChannelId,
    cookie: String,
}

pub async fn run(figures: &mut Figures, setting: &Setting) -> anyhow::Result<()> {
    let mut cookies = Vec::new();
    for number in 0..=AGENCIES {
        let cookie = visitor::owner_of(&setting.url, &setting.data, &format!("bench{number}@example.com")).await?;
        visitor::add_clients(&setting.url, &cookie, CLIENTS).await?;
        cookies.push(cookie);
    }
    psql(&setting.psql, &setting.database, &["-f", "benches/mailboxes.sql"])?;
    let mut tenants = Vec::new();
    for cookie in cookies {
        tenants.push(tenant(setting, cookie).await?);
    }
    let db = Db::connect(&setting.database, 2 * u32::try_from(AGENCIES)?).await?;
    let now = OffsetDateTime::from_unix_timestamp(1_770_000_000)?;

    let first = tenants.remove(0);
    let took = keep(&db, &first, mails::make(MESSAGES, now), now).await?;
    figures.add("ingest_per_s", MESSAGES as f64 / took.as_secs_f64(), "1/s");
    let all: Vec<_> = tenants.iter().map(|tenant| (tenant.clone(), mails::make(MESSAGES / AGENCIES, now))).collect();
    let (mut keeping, begun) = (JoinSet::new(), Instant::now());
    for (tenant, messages) in all {
        let db = db.clone();
        keeping.spawn(async move { keep(&db, &tenant, messages, now).await });
    }
    while let Some(kept) = keeping.join_next().await {
        kept??;
    }
    figures.add("ingest_agencies_per_s", MESSAGES as f64 / begun.elapsed().as_secs_f64(), "1/s");

    // The latest of all, so that it is the first of the list.
    let later = now + time::Duration::hours(1);
    keep(&db, &first, mails::conversation(LONG, later), later).await?;
    psql(&setting.psql, &setting.database, &["-c", "analyze"])?;
    figures.add("inbox_p95_ms", html(&format!("{}/inbox", setting.url), &first.cookie).await?, "ms");
    figures.add("conversation_paint_ms", paint(&db, setting, &first).await?, "ms");
    Ok(())
}

async fn tenant(setting: &Setting, cookie: String) -> anyhow::Result<Tenant> {
    let session = Agency::new(&setting.url, cookie.clone())?.read("/api/v1/auth/session").await?;
    let organization: OrganizationId = session["organization_id"].as_str().context("no organization")?.parse()?;
    let asked = format!("select id from channel where organization_id = '{organization}'");
    let channel = psql(&setting.psql, &setting.database, &["-c", &asked])?.trim().parse()?;
    Ok(Tenant { organization, channel, cookie })
}

/// Keeps messages as the engine does, the newest first: a page with the place up to which it reaches, in one transaction.
async fn keep(db: &Db, tenant: &Tenant, mut messages: Vec<Incoming>, now: OffsetDateTime) -> anyhow::Result<Duration> {
    let actor = Actor::machine(tenant.organization);
    messages.reverse();
    let mut messages = messages.into_iter();
    let mut took = Duration::ZERO;
    loop {
        let page: Vec<_> = messages.by_ref().take(PAGE).collect();
        let Some(last) = page.last() else { return Ok(took) };
        let (size, cursor) = (i64::try_from(page.len())?, last.external_id.clone());
        let begun = Instant::now();
        let mut tx = db.tenant(&actor).await?;
        let before = inbox::get(&mut tx, tenant.channel).await?;
        let mailbox = Mailbox { channel_id: tenant.channel, addresses: &before.addresses, run: None };
        let kept = ingest::keep(&mut tx, mailbox, page, now).await?;
        inbox::set(&mut tx, tenant.channel, &inbox::Inbox { cursor: Some(cursor), ..before }, now).await?;
        tx.commit().await?;
        took += begun.elapsed();
        ensure!(kept.new == size, "{size} messages came, and {kept:?}");
    }
}

/// Milliseconds of the inbox's HTML with [`SHOWN`] conversations, in 95 of 100 cases, as one person asks for it.
async fn html(page: &str, cookie: &str) -> anyhow::Result<f64> {
    let client = Client::new();
    let mut took = Vec::new();
    for number in 0..WARMING + ASKED {
        let begun = Instant::now();
        let answer = client.get(page).header(header::COOKIE, cookie).send().await?.error_for_status()?;
        let text = answer.text().await?;
        if number >= WARMING {
            took.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        let rows = text.matches("id=\"row-").count();
        ensure!(rows == SHOWN, "{rows} conversations are on {page}");
        ensure!(!text.contains("failed-part"), "a part of {page} failed");
    }
    took.sort_by(f64::total_cmp);
    Ok(took[(ASKED * 95).div_ceil(100) - 1])
}

/// Milliseconds from a press on the long conversation to all of it on the screen, in a browser.
async fn paint(db: &Db, setting: &Setting, tenant: &Tenant) -> anyhow::Result<f64> {
    let mut tx = db.tenant(&Actor::machine(tenant.organization)).await?;
    let listed = conversation::list(&mut tx, &Filter::default(), 2, None).await?.items;
    let [long, other] = &listed[..] else { anyhow::bail!("there are no two conversations") };
    ensure!(usize::try_from(long.messages)? == LONG, "the long conversation has {} messages", long.messages);
    let mut command = Command::new("node");
    command.args(["end2end/conversation-paint.mjs", &setting.url, &tenant.cookie]);
    command.args([long.id.to_string(), LONG.to_string(), other.id.to_string()]).arg(OPENED);
    let output = command.output().context("node did not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
}
