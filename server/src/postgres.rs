//! The private Postgres: a cluster under the data folder, on a Unix socket, that lives as long as the server.
//!
//! Postgres refuses to run as root, so root runs it as the user `postgres` (or `nobody`), with just the right to pass
//! through folders that are closed to that user. Should the server be killed, the kernel stops the cluster.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

/// A running private cluster.
#[derive(Debug)]
pub(crate) struct Postgres {
    server: Child,
    url: String,
}

struct User {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// Starts the cluster in `data/postgres`, which is made when it is missing.
    ///
    /// # Errors
    /// Postgres is not installed, or does not start; the error says where its log is.
    pub(crate) async fn start(data: &Path, bin: Option<&Path>) -> anyhow::Result<Self> {
        let bin = find_programs(bin)?;
        fs::create_dir_all(data)?;
        let folder = data.canonicalize()?.join("postgres");
        let socket = socket_folder(&folder);
        let user = unprivileged_user()?;
        for path in [&folder, &socket] {
            if !path.exists() {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
            if let Some(user) = &user {
                chown(path, Some(user.uid), Some(user.gid))?;
            }
        }

        let log = data.join("postgres.log");
        if !folder.join("cluster").exists() {
            let making = folder.join("making");
            if making.exists() {
                fs::remove_dir_all(&making)?;
            }
            // What an interrupted first start left behind is no cluster; `PG_VERSION` may be there already.
            let output = command(&bin.join("initdb"), user.as_ref())
                .args(["--username=audienceos", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-D"])
                .arg(&making)
                .output()
                .await?;
            if !output.status.success() {
                bail!("initdb could not make {}: {}", making.display(), String::from_utf8_lossy(&output.stderr));
            }
            fs::rename(&making, folder.join("cluster"))?;
        }
        let out = fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let server = command(&bin.join("postgres"), user.as_ref())
            .arg("-D")
            .arg(folder.join("cluster"))
            .arg("-k")
            .arg(&socket)
            .args(["-c", "listen_addresses=", "-c", "max_connections=100"])
            .process_group(0)
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .context("could not start postgres")?;
        let mut postgres = Self { server, url: address(&socket) };
        postgres.wait_until_ready(&log).await?;
        Ok(postgres)
    }

    /// Whether there is a cluster in `data/postgres`, running or not.
    pub(crate) fn is_made(data: &Path) -> bool {
        data.join("postgres").join("cluster").exists()
    }

    /// Where the cluster in `data/postgres` is reached that another process runs now.
    pub(crate) fn running(data: &Path) -> Option<String> {
        let socket = socket_folder(&data.canonicalize().ok()?.join("postgres"));
        std::os::unix::net::UnixStream::connect(socket.join(".s.PGSQL.5432")).ok()?;
        Some(address(&socket))
    }

    /// Where to connect.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    async fn wait_until_ready(&mut self, log: &Path) -> anyhow::Result<()> {
        for _ in 0..600 {
            if let Some(status) = self.server.try_wait()? {
                bail!(
                    "the private Postgres ended at once ({status}): is another AudienceOS running on this data folder? \
                     {} says why",
                    log.display()
                );
            }
            if store::Db::connect(&self.url, 1).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("postgres did not answer within a minute; see {}", log.display())
    }

    /// Stops the cluster after its running transactions were ended.
    pub(crate) async fn stop(mut self) {
        if let Some(id) = self.server.id() {
            // The shell's own kill: the program of that name is not on every machine.
            let _ = Command::new("sh").args(["-c", &format!("kill -INT {id}")]).status().await;
            let _ = tokio::time::timeout(Duration::from_secs(30), self.server.wait()).await;
        }
    }
}

/// `program` with the rights of `user`, stopped by the kernel when the server dies.
fn command(program: &Path, user: Option<&User>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if let Some(user) = user {
        command.args([format!("--reuid={}", user.uid), format!("--regid={}", user.gid)]);
        command.args(["--clear-groups", "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]);
    }
    command.arg(program).current_dir("/").env_remove("DATABASE_URL").env("LC_ALL", "C.UTF-8");
    command
}

/// The folder with Postgres' programs: the one that is set, else the newest installed.
///
/// # Errors
/// None is there; the error says what to install.
pub(crate) fn find_programs(bin: Option<&Path>) -> anyhow::Result<PathBuf> {
    match bin {
        Some(bin) if bin.join("postgres").exists() => Ok(bin.to_owned()),
        Some(bin) => bail!("AUDIENCEOS_POSTGRES_BIN is {}, which holds no postgres", bin.display()),
        None => newest_installed(),
    }
}

fn newest_installed() -> anyhow::Result<PathBuf> {
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let mut found: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("bin/postgres").exists())
        .filter_map(|path| Some((version(&path)?, path.join("bin"))))
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin).context(
        "no Postgres is installed under /usr/lib/postgresql. Install it (`apt-get install postgresql`), or set \
         DATABASE_URL to a database, or AUDIENCEOS_POSTGRES_BIN to the folder with its programs",
    )
}

/// Paths of Unix sockets are short, so the socket lies in a folder of its own under the system's temporary folder.
fn socket_folder(folder: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    std::env::temp_dir().join(format!("audienceos-{:016x}", hasher.finish()))
}

fn address(socket: &Path) -> String {
    format!("postgres:///postgres?host={}&user=audienceos", socket.display())
}

/// Whom to run as when we are root: `postgres`, else `nobody`.
fn unprivileged_user() -> anyhow::Result<Option<User>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2);
        Some(User { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .map(Some)
        .context("there is no user postgres or nobody to run Postgres as")
}
