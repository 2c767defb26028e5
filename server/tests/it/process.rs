//! The built program as an operator runs it: a process of its own, with its settings in the environment.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use sqlx::{ConnectOptions, PgPool};

pub struct Process {
    child: Child,
    pub url: String,
    pub address: String,
    data: PathBuf,
}

impl Process {
    /// `audienceos serve` with these settings and nothing else, before it is ready.
    pub fn spawn(address: &str, settings: &[(&str, &str)]) -> Self {
        Self::spawn_as(&["serve"], address, settings)
    }

    /// `audienceos` with other words.
    pub fn spawn_as(words: &[&str], address: &str, settings: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("audienceos-process-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&data).unwrap();
        let child = run(&data, words, address, settings);
        Self { child, url: format!("http://{address}"), address: address.to_owned(), data }
    }

    /// Serves again with the data of before, after it has ended.
    pub fn again(&mut self, settings: &[(&str, &str)]) {
        self.child = run(&self.data, &["serve"], &self.address, settings);
    }

    /// The same on the test's database, once it is ready.
    pub async fn start(pool: &PgPool, settings: &[(&str, &str)]) -> Self {
        let address = free_address();
        let database = pool.connect_options().to_url_lossy().to_string();
        let settings: Vec<_> = settings.iter().copied().chain([("DATABASE_URL", database.as_str())]).collect();
        let process = Self::spawn(&address, &settings);
        process.ready().await;
        process
    }

    /// Waits until it says that it is ready: at most a minute, for it may have to make a database first.
    pub async fn ready(&self) {
        for _ in 0..1200 {
            if reqwest::get(format!("{}/readyz", self.url)).await.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server did not become ready: {}", self.log());
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("log")).unwrap()
    }

    pub fn has_private_postgres(&self) -> bool {
        self.data.join("data/postgres").exists()
    }

    /// The private Postgres that runs now: its process id and the id of the user that it runs as.
    pub fn private_postgres(&self) -> Option<(u32, u32)> {
        let running = std::fs::read_to_string(self.data.join("data/postgres/cluster/postmaster.pid")).ok()?;
        let id = running.lines().next()?.trim().parse().ok()?;
        let user = std::fs::metadata(format!("/proc/{id}")).ok()?.uid();
        Some((id, user))
    }

    /// What the private Postgres wrote so far.
    pub fn postgres_log(&self) -> String {
        std::fs::read_to_string(self.data.join("data/postgres.log")).unwrap_or_default()
    }

    /// Asks it to stop, as a service manager does.
    pub fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Ends it at once, without a chance to do anything more.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How it ended, waiting up to twenty seconds.
    pub async fn ended(&mut self) -> ExitStatus {
        for _ in 0..400 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server did not end: {}", self.log());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

fn run(data: &Path, words: &[&str], address: &str, settings: &[(&str, &str)]) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(data.join("log")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_audienceos"))
        .args(words)
        .current_dir(data)
        .env_remove("DATABASE_URL")
        .env("RUST_BACKTRACE", "1")
        .env("AUDIENCEOS_DATA", data.join("data"))
        .env("AUDIENCEOS_ADDRESS", address)
        .envs(settings.iter().copied())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// An address on which nobody listens, nor at the two ports behind it, where a simulated agency has its mail server. It is none of
/// those that the system gives out by itself: what is free now is free when it is taken.
pub fn free_address() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    for _ in 0..7000 {
        let number = (std::process::id() + 997 * NUMBER.fetch_add(1, Ordering::Relaxed)) % 7000;
        let port = 10_000 + 3 * u16::try_from(number).unwrap();
        let free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (port..port + 3).all(free) {
            return format!("127.0.0.1:{port}");
        }
    }
    panic!("no port is free");
}
