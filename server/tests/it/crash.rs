//! Workers killed and a database stopped in the middle of a reading: in the end everything is there, once.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::StatusCode;
use sqlx::{ConnectOptions, PgPool};

use crate::{
    support::{Agency, count, environment},
    sync::{KEYS, SECRET, back, connect, map, run, sizes, start, stored_cents, sync, today},
    tiktok::{APP_SECRET, TikTok},
};

fn worker(pool: &PgPool, tiktok: &TikTok) -> Worker {
    let settings = [
        ("TIKTOK_APP_ID", "tt-app"),
        ("TIKTOK_APP_SECRET", APP_SECRET),
        ("AUDIENCEOS_TIKTOK_ADS_BASE_URL", tiktok.url.as_str()),
    ];
    worker_with(pool, &settings)
}

/// A worker as a process of its own, believed dead after a second.
pub fn worker_with(pool: &PgPool, settings: &[(&str, &str)]) -> Worker {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audienceos"));
    command.arg("worker").current_dir(std::env::temp_dir());
    command.env("DATABASE_URL", pool.connect_options().to_url_lossy().to_string());
    command.env("AUDIENCEOS_SECRET", SECRET).env("AUDIENCEOS_KEYS", KEYS).env("AUDIENCEOS_WORKER_SILENCE", "1000");
    command.env("RUST_LOG", "warn").envs(settings.iter().copied());
    Worker(command.spawn().unwrap())
}

/// Ended with the test, however that ends.
pub struct Worker(Child);

impl Worker {
    /// Whether it runs.
    pub fn lives(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How often workers are killed: how long the proof is.
pub fn kills_wanted() -> u32 {
    environment("AUDIENCEOS_KILLS").map_or(2, |text| text.parse().unwrap())
}

/// Numbers that differ from run to run.
pub struct Chance(pub u32);

impl Chance {
    pub fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % end
    }
}

/// The pages of a first reading: of each of three pieces two of campaigns, three of groups and four of ads.
const PAGES: usize = 27;

pub async fn runs_running(pool: &PgPool) -> i64 {
    count(pool, "select count(*) from sync_run where state = 'running'").await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn workers_killed_while_they_read_lose_and_double_nothing(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    app.leave_jobs();
    tiktok.world().latency = Duration::from_millis(40);
    let wanted = kills_wanted();
    let mut chance = Chance(std::process::id());
    let (mut kills, mut accounts) = (0, 0);
    while kills < wanted {
        accounts += 1;
        let code = format!("acme{accounts}");
        let connection = connect(&agency.ada, &code).await;
        map(&agency.ada, &connection, &agency.c[0]).await;
        let (asked, before) = (tiktok.reports(), kills);
        // Each time some of them are made before the kill, never all.
        for _ in 0..3 {
            let until = tiktok.reports() + usize::try_from(chance.below(7)).unwrap();
            let mut child = worker(&pool, &tiktok);
            while tiktok.reports() <= until {
                assert!(child.lives(), "the worker ended by itself");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(chance.below(60).into())).await;
            assert_eq!(runs_running(&pool).await, 1, "it was killed while it read");
            child.kill();
            kills += 1;
            if kills >= wanted {
                break;
            }
        }
        let mut last = worker(&pool, &tiktok);
        let ended = run(&agency.ada, &connection, 1).await;
        last.kill();
        assert_eq!((&ended["state"], &ended["days_done"]), (&"succeeded".into(), &90.into()), "{ended}");
        assert_eq!(ended["rows_new"], 900, "what was kept before the kills is counted once: {ended}");
        let (asked, lost) = (tiktok.reports() - asked, usize::try_from(kills - before).unwrap());
        assert!(asked <= PAGES + lost, "{asked} pages were asked for: each of {lost} kills costs one at most");
        let mut truth = 0;
        for account in 1..=accounts {
            truth += tiktok.truth(&format!("acme{account}-1"), back(&app, 89), today(&app));
        }
        for level in ["campaign", "group", "ad"] {
            assert_eq!(stored_cents(&pool, level).await, truth, "{level} after {kills} kills");
        }
        assert_eq!(sizes(&pool).await, (900 * accounts, 900 * accounts), "after {kills} kills");
        assert_eq!(count(&pool, "select count(*) from staged_page").await, 0);
    }
    app.stop().await;
}

/// A Postgres of a test's own, which may be stopped without harm to others.
struct Cluster {
    folder: PathBuf,
    server: Child,
}

impl Cluster {
    async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("audienceos-cluster-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("postgres:").arg(&folder).status().unwrap().success());
        }
        let mut making = program("initdb");
        making.args(["--username=audienceos", "--auth=trust", "--no-sync", "-D"]).arg(folder.join("data"));
        assert!(making.stdout(Stdio::null()).status().unwrap().success());
        let server = Self::serve(&folder);
        let cluster = Self { folder, server };
        cluster.ready().await;
        cluster
    }

    fn serve(folder: &std::path::Path) -> Child {
        let log = std::fs::File::create(folder.with_extension("log")).unwrap();
        let mut server = program("postgres");
        server.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-c", "listen_addresses="]);
        server.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=audienceos", self.folder.display())
    }

    async fn ready(&self) {
        for _ in 0..400 {
            if PgPool::connect(&self.url()).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the cluster did not become ready");
    }

    /// What `pg_ctl stop -m immediate` sends, and a new start.
    async fn stop_at_once_and_start(&mut self) {
        let kill = format!("kill -QUIT {}", self.server.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.server.wait().unwrap();
        self.server = Self::serve(&self.folder);
        self.ready().await;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let kill = format!("kill -QUIT {}", self.server.id());
        let _ = Command::new("sh").args(["-c", &kill]).status();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = std::fs::remove_file(self.folder.with_extension("log"));
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A program of the newest Postgres; root starts it as Postgres' own user, as it refuses root.
fn program(name: &str) -> Command {
    let mut versions: Vec<_> =
        std::fs::read_dir("/usr/lib/postgresql").unwrap().map(|entry| entry.unwrap().path()).collect();
    versions.sort_by_key(|path| path.file_name().unwrap().to_str().unwrap().parse::<u32>().unwrap());
    let path = versions.pop().unwrap().join("bin").join(name);
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(path).current_dir("/").env("LC_ALL", "C.UTF-8");
    command
}

#[tokio::test]
async fn a_database_stopped_at_once_while_it_is_written_loses_and_doubles_nothing() {
    let mut cluster = Cluster::start().await;
    let pool = PgPool::connect(&cluster.url()).await.unwrap();
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let connection = connect(&agency.ada, "acme").await;
    tiktok.world().latency = Duration::from_millis(40);
    map(&agency.ada, &connection, &agency.c[0]).await;
    let mut chance = Chance(std::process::id());
    for _ in 0..2 {
        let until = tiktok.reports() + usize::try_from(chance.below(9)).unwrap();
        while tiktok.reports() <= until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(runs_running(&pool).await, 1, "it was stopped while it was written");
        cluster.stop_at_once_and_start().await;
    }
    let ended = run(&agency.ada, &connection, 1).await;
    assert_eq!((&ended["state"], &ended["rows_new"]), (&"succeeded".into(), &900.into()), "{ended}");
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 89), today(&app)));
    assert_eq!(sizes(&pool).await, (900, 900));
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    assert_eq!(run(&agency.ada, &connection, 2).await["rows_new"], 0);
    assert_eq!(sizes(&pool).await, (900, 900));
    pool.close().await;
    app.stop().await;
}
