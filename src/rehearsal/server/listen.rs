//! Sockets: who connects is spoken to in the language of the port, each connection by itself.

use std::{future::Future, io, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use super::{Answers, http, imap, submission};

/// What is spoken at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// By all providers but the mail server.
    Http,
    /// To the mail server, by whoever reads the mailbox.
    Imap,
    /// To the mail server, by whoever sends from it (SMTP).
    Submission,
}

/// Answers what comes to `listener` until `stop` is there.
///
/// # Errors
/// None: who cannot be answered is let go.
pub async fn serve(
    listener: TcpListener,
    speech: Speech,
    who: Arc<impl Answers>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => return Ok(()),
        };
        let Ok((stream, _)) = accepted else {
            // No more files may be opened for a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let who = Arc::clone(&who);
        tokio::spawn(async move {
            // An error is a connection that ended, perhaps because it was to.
            let _ = match speech {
                Speech::Http => http::converse(stream, who).await,
                Speech::Imap => imap::converse(stream, who).await,
                Speech::Submission => submission::converse(stream, who).await,
            };
        });
    }
}
