//! The line to a mail server: to public addresses only where a person named it, and TLS with the system's certificates
//! (`SSL_CERT_FILE` names others).

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{self, ClientConfig, pki_types::ServerName},
};

use super::{place::Server, refusal::within};
use crate::{Error, Result, guarded::public};

/// Longer nobody waits for a line.
const PATIENCE: Duration = Duration::from_secs(10);

/// A line, plain or encrypted.
#[derive(Debug)]
enum Line {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// A line, with what stands before its first byte.
#[derive(Debug)]
pub(super) struct Wire {
    line: Line,
    before: &'static [u8],
}

impl Wire {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self { line: Line::Plain(stream), before: b"" }
    }

    /// As if the other side had said this first.
    pub(super) fn after(self, before: &'static [u8]) -> Self {
        Self { before, ..self }
    }

    /// The plain line, to be encrypted from here on.
    ///
    /// # Errors
    /// It is encrypted already.
    pub(super) fn into_plain(self) -> Result<TcpStream> {
        match self.line {
            Line::Plain(stream) => Ok(stream),
            Line::Secure(_) => Err(Error::Malformed("the connection is encrypted already".into())),
        }
    }
}

/// Calls a server.
///
/// # Errors
/// Rejected: a person named a server in a private network. Unavailable: it does not answer.
pub(super) async fn reach(server: &Server) -> Result<TcpStream> {
    let Server { host, port, trusted, .. } = server;
    within(PATIENCE, async {
        let found = lookup_host((host.as_str(), *port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|_| Error::Unavailable(format!("the mail server {host} was not found")))?.collect();
        if !trusted && !found.iter().all(|address| public(address.ip())) {
            return Err(Error::Rejected(format!("{host} lies in a private network, and such servers are not called")));
        }
        // What was looked at is called, and no second answer of the name service.
        for address in found {
            if let Ok(stream) = TcpStream::connect(address).await {
                return Ok(stream);
            }
        }
        Err(Error::Unavailable(format!("the mail server {host} does not answer at port {port}")))
    })
    .await
}

/// Encrypts a line; the server must show a certificate for its name.
///
/// # Errors
/// Rejected: the certificate is not trusted. Unavailable: the line broke.
pub(super) async fn secure(server: &Server, stream: TcpStream) -> Result<Wire> {
    let host = &server.host;
    let name = ServerName::try_from(host.as_str())
        .map_err(|_| Error::Rejected(format!("{host} is no name of a server")))?
        .to_owned();
    let connector = connector()?;
    within(PATIENCE, async {
        let stream = connector.connect(name, stream).await.map_err(|error| untrusted(host, &error))?;
        Ok(Wire { line: Line::Secure(Box::new(stream)), before: b"" })
    })
    .await
}

fn untrusted(host: &str, error: &io::Error) -> Error {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match of_tls {
        Some(rustls::Error::InvalidCertificate(why)) => {
            Error::Rejected(format!("the certificate of {host} is not trusted: {why:?}"))
        }
        Some(_) => Error::Unavailable(format!("{host} speaks no TLS at this port")),
        None => Error::Unavailable(format!("the encrypted connection to {host} broke")),
    }
}

fn connector() -> Result<TlsConnector> {
    let unusable =
        |error: rustls::Error| Error::Unavailable(format!("the system's certificates cannot be read: {error}"));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_platform_verifier()
        .map_err(unusable)?
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.before.is_empty() {
            let (now, later) = self.before.split_at(self.before.len().min(into.remaining()));
            into.put_slice(now);
            self.before = later;
            return Poll::Ready(Ok(()));
        }
        match &mut self.line {
            Line::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Line::Secure(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.line {
            Line::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Line::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Plain(stream) => Pin::new(stream).poll_flush(context),
            Line::Secure(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Line::Secure(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.line {
            Line::Plain(stream) => stream.peer_addr(),
            Line::Secure(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}
