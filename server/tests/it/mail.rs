//! Mail through a real SMTP server that we did not write, also when it refuses.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::StatusCode;
use serde_json::Value;
use sqlx::PgPool;

use crate::support::{TestApp, environment, secret, shared, sign_up_body};

struct SmtpServer(Child, u16);

impl SmtpServer {
    /// aiosmtpd with the shared fault handler: bounce* is refused for good, defer* for now.
    async fn start(faults: &Path, folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let python = environment("AUDIENCEOS_PEER_PYTHON").expect("./dev test sets AUDIENCEOS_PEER_PYTHON");
        let child = Command::new(python)
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}"), "-c", "smtpfaults.Faults"])
            .arg(folder)
            .env("PYTHONPATH", faults.parent().unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self(child, port)
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sign_up_answers_201_whether_or_not_the_mail_server_takes_the_mail(pool: PgPool) {
    let Some(faults) = shared("mail", "peers/run/smtpfaults.py") else { return };
    let folder = std::env::temp_dir().join(format!("audienceos-smtp-{}", std::process::id()));
    let smtp = SmtpServer::start(&faults, &folder).await;
    let app =
        TestApp::start_with(pool, |config| config.smtp_url = secret(&format!("smtp://127.0.0.1:{}", smtp.1))).await;
    for (email, sent) in [("olga@acme.test", true), ("defer@acme.test", false), ("bounce@acme.test", false)] {
        let answer = app.browser().post("/api/v1/auth/signup", &sign_up_body(email, "Acme")).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{email}");
        assert_eq!(answer.json::<Value>().await.unwrap()["verificationEmailSent"], sent, "{email}");
    }
    let stored: Vec<_> = std::fs::read_dir(folder.join("new")).unwrap().collect();
    assert_eq!(stored.len(), 1, "one mail arrived at the peer");
    assert_eq!(app.jobs_left().await, 2, "the refused ones wait for another try");
    std::fs::remove_dir_all(folder).unwrap();
    app.stop().await;
}
