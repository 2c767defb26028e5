//! What reading costs: rows a second into the store, the memory of a long back-fill, how long a killed worker's run waits,
//! and how long one connection waits behind another agency's many.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use model::{
    actor::Actor,
    id::{ChannelId, OrganizationId, SyncRunId},
    metric::{DayRow, Days, Level, Measures},
};
use store::{Db, metric};
use time::{Date, OffsetDateTime};

use crate::{agency::Agency, figures::Figures, memory, provider::Provider, server::Server, visitor};

/// The product with TikTok at the stand-in.
async fn start(
    program: &Path,
    words: &[&str],
    database: &str,
    data: &Path,
    provider: &Provider,
) -> anyhow::Result<Server> {
    let settings = [
        ("TIKTOK_APP_ID", "bench"),
        ("TIKTOK_APP_SECRET", "bench"),
        ("AUDIENCEOS_TIKTOK_ADS_BASE_URL", provider.url.as_str()),
    ];
    Server::start(program, words, database, data, &settings).await
}

/// The most memory that a back-fill of a million rows may take, in MiB.
const BACKFILL_MIB: f64 = 300.0;

/// Rows of the back-fill, in ninety days.
const ENTITIES: [usize; 3] = [112, 1000, 10_000];

/// More memory than [`BACKFILL_MIB`] is an error.
pub async fn bench(figures: &mut Figures, program: &Path, database: &str, data: &Path) -> anyhow::Result<()> {
    let provider = Provider::start(ENTITIES).await?;
    let server = start(program, &["serve"], database, data, &provider).await?;
    let agency = Agency::new(&server.url, visitor::owner(&server.url, data).await?)?;
    let client = agency.add_client().await?;
    let connection = agency.connect("bench").await?;
    let before = memory::peak_mib(server.process())?;
    let begun = Instant::now();
    let channel = agency.map(&connection, &client).await?;
    let run = agency.run(&connection, 1, Duration::from_secs(1800)).await?;
    let took = begun.elapsed().as_secs_f64();
    let rows = run["rows_new"].as_f64().context("no rows")?;
    let expected = (90 * ENTITIES.iter().sum::<usize>()) as f64;
    ensure!((rows - expected).abs() < 0.5, "{rows} rows instead of {expected}");

    let session = agency.read("/api/v1/auth/session").await?;
    let organization: OrganizationId = session["organization_id"].as_str().context("no organization")?.parse()?;
    let ingest = ingest(database, organization, channel.parse()?).await?;
    figures.add("rows_per_s", ingest, "rows/s");
    figures.add("backfill_rows", rows, "rows");
    figures.add("backfill_s", took, "s");
    figures.add("backfill_start_mib", before, "MiB");
    let peak = memory::peak_mib(server.process())?;
    figures.add("backfill_rss_mib", peak, "MiB");
    ensure!(peak <= BACKFILL_MIB, "the back-fill took {peak:.0} MiB: more than {BACKFILL_MIB}");
    Ok(())
}

/// Days that no back-fill reads, so that every row is a new one.
const FIRST: Date = time::macros::date!(2020 - 01 - 01);

/// Rows a second into the store as the engine keeps them: pages of a thousand in one transaction for each piece of thirty
/// days, each row with its run and moment, and a look for rows that are gone.
async fn ingest(database: &str, organization: OrganizationId, channel: ChannelId) -> anyhow::Result<f64> {
    let db = Db::connect(database, 2).await?;
    let actor = Actor::machine(organization);
    let now = OffsetDateTime::from_unix_timestamp(1_770_000_000)?;
    let run: SyncRunId = store::id::new(now);
    let (mut rows, mut took) = (0, Duration::ZERO);
    for piece in 0..4 {
        let first = FIRST + time::Duration::days(30 * piece);
        let days = Days { first, last: first + time::Duration::days(29) };
        let pages: Vec<Vec<DayRow>> = (0..60).map(|page| page_of(first, page)).collect();
        let begun = Instant::now();
        let mut tx = db.tenant(&actor).await?;
        let mut keys = Vec::new();
        for page in pages {
            let counts = metric::observe(&mut tx, channel, run, now, &page).await?;
            ensure!(counts.new == 1000, "rows were there before: {counts:?}");
            rows += counts.new;
            keys.extend(page.into_iter().map(|row| (row.day, row.level, row.entity_id, row.attribution)));
        }
        let gone = metric::withdraw(&mut tx, channel, run, now, days, &keys).await?;
        ensure!(gone == 0, "rows were withdrawn");
        tx.commit().await?;
        took += begun.elapsed();
    }
    Ok(rows as f64 / took.as_secs_f64())
}

fn page_of(first: Date, page: i64) -> Vec<DayRow> {
    let row = |number: i64| DayRow {
        day: first + time::Duration::days(number % 30),
        level: Level::Ad,
        entity_id: (1_800_000_000_000_000_000 + number / 30).to_string(),
        attribution: "ad_group_setting".to_owned(),
        measures: Measures {
            spend: Some(rust_decimal::Decimal::new(number % 9973, 2)),
            impressions: Some(number),
            clicks: Some(number / 10),
            conversions: Some(rust_decimal::Decimal::new(number % 7, 0)),
            claimed_revenue: Some(rust_decimal::Decimal::new(number % 1999, 2)),
            ..Measures::default()
        },
    };
    (page * 1000..(page + 1) * 1000).map(row).collect()
}

/// The longest that a run may wait after its worker was killed, in seconds.
const TAKEOVER_S: f64 = 60.0;
/// So many times as long as alone one connection may take while another agency has many due.
const BESIDE: f64 = 2.0;

/// How long a run waits after its worker was killed, with the settings of production; and how long one connection takes
/// alone, and while another agency has many due. More than [`TAKEOVER_S`] and [`BESIDE`] is an error.
pub async fn soak(figures: &mut Figures, program: &Path, database: &str, data: &Path) -> anyhow::Result<()> {
    let provider = Provider::start([2, 3, 5]).await?;
    let server = start(program, &["serve", "--no-worker"], database, data, &provider).await?;
    let mut worker = start(program, &["worker"], database, data, &provider).await?;
    let one = Agency::new(&server.url, visitor::owner(&server.url, data).await?)?;
    let client = one.add_client().await?;
    let single = one.connect("single").await?;

    provider.set_latency(Duration::from_secs(1));
    one.map(&single, &client).await?;
    while provider.reports() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    worker.kill()?;
    let (killed, asked) = (Instant::now(), provider.reports());
    let _worker = start(program, &["worker"], database, data, &provider).await?;
    while provider.reports() == asked {
        ensure!(killed.elapsed() < Duration::from_secs(300), "nobody took the run over");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let takeover = killed.elapsed().as_secs_f64();
    figures.add("takeover_s", takeover, "s");
    provider.set_latency(Duration::from_millis(200));
    one.run(&single, 1, Duration::from_secs(120)).await?;

    let _second = start(program, &["worker"], database, data, &provider).await?;
    let mut alone = Vec::new();
    let mut ended = 1;
    for _ in 0..5 {
        let begun = Instant::now();
        one.sync(&single).await?;
        ended += 1;
        one.run(&single, ended, Duration::from_secs(120)).await?;
        alone.push(begun.elapsed().as_secs_f64());
    }
    let many = Agency::new(&server.url, visitor::owner_of(&server.url, data, "many@example.com").await?)?;
    let theirs = many.add_client().await?;
    for number in 0..150 {
        let connection = many.connect(&format!("many{number}")).await?;
        many.map(&connection, &theirs).await?;
    }
    let mut beside = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        one.sync(&single).await?;
        ended += 1;
        one.run(&single, ended, Duration::from_secs(600)).await?;
        beside.push(begun.elapsed().as_secs_f64());
    }
    alone.sort_by(f64::total_cmp);
    beside.sort_by(f64::total_cmp);
    figures.add("single_alone_s", alone[2], "s");
    figures.add("single_beside_150_s", beside[2], "s");
    figures.add("single_beside_150_worst_s", beside[4], "s");
    let ratio = beside[2] / alone[2];
    figures.add("single_ratio", ratio, "");
    ensure!(takeover <= TAKEOVER_S, "a killed worker's run waited {takeover:.1} s: more than {TAKEOVER_S}");
    ensure!(
        ratio <= BESIDE,
        "beside another agency's many it took {ratio:.2} times as long as alone: more than {BESIDE}"
    );
    Ok(())
}
