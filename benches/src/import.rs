//! A file of 200 MB over HTTP, as a person imports it: from the upload to figures. Every wrong row is told and nothing is kept
//! beside it, nothing is half imported, and no step takes more of the server's memory than with a small file.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use model::{
    actor::Actor,
    id::{ChannelId, OrganizationId},
    metric::{Days, Level},
};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use store::{Db, metric};
use time::Date;

use crate::{agency::Agency, figures::Figures, memory, server::Server, visitor};

const SMALL: usize = 10_000_000;
const LARGE: usize = 200_000_000;
/// So much more memory than with the small file a step may take, in MiB: the keys of half a million rows and the campaigns of
/// four million. All of them in memory would be the same again; the file itself would be four times as much.
const MORE_MIB: f64 = 48.0;
/// How long one step may take.
const PATIENCE: Duration = Duration::from_secs(3600);
const FIRST: Date = time::macros::date!(2025 - 02 - 01);
const DAYS: usize = 28;

/// A file, and what is true of it.
struct Sample {
    bytes: Vec<u8>,
    rows: usize,
    /// The lines that are wrong, and what is said of each.
    wrong: [(usize, &'static str); 3],
}

/// A file of at least `size` bytes with as many different keys as rows, and three rows that are wrong: in the middle, near the
/// end, and at the end the first one again. `run` makes the amounts of one file other than another's.
fn sample(size: usize, run: usize) -> Sample {
    let mut bytes = b"Day,Campaign,Cost,Clicks\n".to_vec();
    bytes.reserve_exact(size + 1024);
    let (mut rows, mut line, mut middle) = (0, 1, 0);
    while bytes.len() < size {
        if middle == 0 && bytes.len() > size / 2 {
            bytes.extend_from_slice(b"2025-02-30,Nowhere,1.00,1\n");
            line += 1;
            middle = line;
        }
        let (day, campaign) = (rows % DAYS + 1, rows / DAYS);
        let row = format!("2025-02-{day:02},\"Campaign {campaign:07}, summer\",{campaign}.{run}{},{rows}\n", day % 10);
        bytes.extend_from_slice(row.as_bytes());
        (rows, line) = (rows + 1, line + 1);
    }
    bytes.extend_from_slice(b"2025-02-01,Nobody,much,1\n");
    bytes.extend_from_slice(b"2025-02-01,\"Campaign 0000000, summer\",1.00,1\n");
    let wrong = [(middle, "2025-02-30"), (line + 1, "much"), (line + 2, "it stands in line 2 already")];
    Sample { bytes, rows, wrong }
}

/// The most memory of the server in each step of an import, and what it held before.
#[derive(Debug)]
struct Peaks {
    before: f64,
    upload: f64,
    check: f64,
    import: f64,
}

/// An agency with a source, and a way to what is kept.
struct Desk<'a> {
    server: &'a Server,
    agency: &'a Agency,
    source: ChannelId,
    db: Db,
    actor: Actor,
}

async fn answered(answer: Response, status: u16) -> anyhow::Result<Value> {
    let (found, body) = (answer.status(), answer.text().await?);
    ensure!(found == status, "{found} instead of {status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

impl Desk<'_> {
    async fn import(&self, id: &str) -> anyhow::Result<Value> {
        self.agency.read(&format!("/api/v1/imports/{id}")).await
    }

    /// The import once it is in this state; meanwhile not a row of it may be kept.
    async fn until(&self, id: &str, state: &str) -> anyhow::Result<Value> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            // Looked at first: when the import is still under way afterwards, it was then.
            let kept = self.kept(FIRST).await?;
            let found = self.import(id).await?;
            if found["state"] == state {
                return Ok(found);
            }
            ensure!(found["state"] != "failed" && found["fault"].is_null(), "the import failed: {found}");
            ensure!(kept == 0 || found["state"] == "undoing", "{kept} rows are kept of an import that is not done");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        bail!("the import was not {state} within {PATIENCE:?}")
    }

    /// How many rows of a day reports read.
    async fn kept(&self, day: Date) -> anyhow::Result<usize> {
        let mut tx = self.db.tenant(&self.actor).await?;
        let days = Days { first: day, last: day };
        Ok(metric::list(&mut tx, self.source, days, Level::Campaign, None).await?.len())
    }

    /// The whole way of one file, and back.
    async fn pass(&self, sample: Sample) -> anyhow::Result<Peaks> {
        let Sample { bytes, rows, wrong } = sample;
        let process = self.server.process();
        let before = memory::held_mib(process)?;
        memory::forget_peak(process);
        let path = format!("/api/v1/imports?source_id={}&file_name=large.csv", self.source);
        let uploaded = answered(self.agency.send_file(&path, bytes).await?, 201).await?;
        let id = uploaded["id"].as_str().context("no id")?;
        let open = self.until(id, "open").await?;
        let upload = memory::peak_mib(process)?;

        memory::forget_peak(process);
        let chosen = json!({"mapping": open["proposal"]});
        answered(self.agency.ask(Method::PUT, &format!("/api/v1/imports/{id}/mapping"), &chosen).await?, 202).await?;
        let checked = self.until(id, "checked").await?;
        let check = memory::peak_mib(process)?;
        ensure!(checked["rows"] == rows && checked["wrong"] == wrong.len(), "{rows} rows are right: {checked}");
        for (error, (line, words)) in checked["errors"].as_array().context("no errors")?.iter().zip(wrong) {
            let told = error["line"] == line && error["faults"].to_string().contains(words);
            ensure!(told, "line {line}, {words}: {error}");
        }
        let start = format!("/api/v1/imports/{id}/start");
        let refused = answered(self.agency.ask(Method::POST, &start, &json!({})).await?, 409).await?;
        ensure!(refused["error"]["code"] == "rows_wrong", "{refused}");
        ensure!(self.kept(FIRST).await? == 0, "rows are kept beside wrong ones that nobody left out");

        memory::forget_peak(process);
        answered(self.agency.ask(Method::POST, &start, &json!({"skip_wrong": true})).await?, 202).await?;
        let done = self.until(id, "done").await?;
        let import = memory::peak_mib(process)?;
        ensure!(done["rows_new"] == rows && done["rows_changed"] == 0, "{rows} rows are new: {done}");
        let mut kept = 0;
        for day in FIRST.to_julian_day()..FIRST.to_julian_day() + i32::try_from(DAYS)? {
            kept += self.kept(Date::from_julian_day(day)?).await?;
        }
        ensure!(kept == rows, "{kept} rows are kept instead of {rows}");

        answered(self.agency.ask(Method::POST, &format!("/api/v1/imports/{id}/undo"), &json!({})).await?, 202).await?;
        self.until(id, "undone").await?;
        ensure!(self.kept(FIRST).await? == 0, "what was taken back is still there");
        Ok(Peaks { before, upload, check, import })
    }
}

/// More memory than [`MORE_MIB`] is an error.
pub async fn soak(figures: &mut Figures, program: &Path, database: &str, data: &Path) -> anyhow::Result<()> {
    let server = Server::start(program, &["serve"], database, data, &[]).await?;
    let agency = Agency::new(&server.url, visitor::owner(&server.url, data).await?)?;
    let new = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "Etc/UTC"});
    let made = answered(agency.ask(Method::POST, "/api/v1/imports/sources", &new).await?, 201).await?;
    let session = agency.read("/api/v1/auth/session").await?;
    let organization: OrganizationId = session["organization_id"].as_str().context("no organization")?.parse()?;
    let desk = Desk {
        server: &server,
        agency: &agency,
        source: made["id"].as_str().context("no source")?.parse()?,
        db: Db::connect(database, 2).await?,
        actor: Actor::machine(organization),
    };
    let small = desk.pass(sample(SMALL, 1)).await?;
    let file = sample(LARGE, 2);
    figures.add("import_bytes", file.bytes.len() as f64, "bytes");
    figures.add("import_rows", file.rows as f64, "rows");
    let begun = Instant::now();
    let large = desk.pass(file).await?;
    figures.add("import_and_undo_s", begun.elapsed().as_secs_f64(), "s");
    figures.add("import_before_mib", large.before, "MiB");
    let steps = [
        ("import_upload_mib", small.upload, large.upload),
        ("import_check_mib", small.check, large.check),
        ("import_keep_mib", small.import, large.import),
    ];
    for (key, small, large) in steps {
        figures.add(&format!("{key}_small"), small, "MiB");
        figures.add(key, large, "MiB");
    }
    for (key, small, large) in steps {
        let more = large - small;
        ensure!(more <= MORE_MIB, "{key}: {more:.0} MiB more than with a small file, more than {MORE_MIB}");
    }
    Ok(())
}
