//! The product as a process of its own, on a port of its own; ended when dropped.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::bail;

pub struct Server {
    child: Child,
    /// Where it serves, if it does.
    pub url: String,
}

impl Server {
    /// Starts it with these words (`serve`, `worker`); one that serves is ready.
    pub async fn start(
        program: &Path,
        words: &[&str],
        database: &str,
        data: &Path,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let child = Command::new(program)
            .args(words)
            .env("DATABASE_URL", database)
            .env("AUDIENCEOS_DATA", data)
            .env("AUDIENCEOS_ADDRESS", &address)
            .env("AUDIENCEOS_LIMIT_SIGN_IN", "10000")
            .env("AUDIENCEOS_LIMIT_API", "1000000")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { child, url: format!("http://{address}") };
        if words.contains(&"serve") {
            server.ready().await?;
        }
        Ok(server)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        for _ in 0..600 {
            if reqwest::get(format!("{}/readyz", self.url)).await.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once: {status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server did not start")
    }

    /// Kills it, so that it cannot do anything more.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Its number among processes.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
