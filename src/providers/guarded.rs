//! Pictures from addresses that strangers wrote: asked for in nobody's name, and never within our own network.
//!
//! Every step of the way is looked at: the address that a name stands for is the one that is called, so it cannot be another when it
//! counts; where a picture is moved to is looked at like the first. Time and size are bounded, no cookie goes along, and what comes
//! is taken for a picture by nobody before it was made anew.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt;
use http::header;
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::{Host, Url};

use crate::{Error, Result};

/// The largest picture that is taken, in bytes.
const LARGEST: usize = 10 << 20;
/// How long all of it may take.
const LONGEST: Duration = Duration::from_secs(10);
/// How often a picture may have moved.
const MOVES: usize = 4;
/// What is taken for a picture.
const KINDS: [&str; 5] = ["image/gif", "image/jpeg", "image/jpg", "image/png", "image/webp"];

/// Which addresses of the network may be called.
type Reach = fn(IpAddr) -> bool;

/// Fetches pictures from anywhere but near by.
#[derive(Clone, Debug)]
pub struct Guarded {
    pool: reqwest::Client,
    reach: Reach,
}

impl Guarded {
    /// Makes the pool.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new() -> Result<Self> {
        Self::reaching(public)
    }

    /// Makes one that calls this machine as 127.0.0.1, too: for tests, whose pictures lie there.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn here_too() -> Result<Self> {
        Self::reaching(|address| public(address) || address == IpAddr::from([127, 0, 0, 1]))
    }

    fn reaching(reach: Reach) -> Result<Self> {
        reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(LONGEST)
            .redirect(Policy::none())
            // A proxy would look the name up again, elsewhere.
            .no_proxy()
            .dns_resolver(Arc::new(Resolver { reach }))
            .user_agent(concat!("AudienceOS/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(|pool| Self { pool, reach })
            .map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// The bytes of the picture at an address.
    ///
    /// # Errors
    /// Rejected where it is no address that is called, or no picture; Unavailable where it does not come. Which of them tells nobody
    /// what is within our network: no such address is called at all.
    pub async fn picture(&self, address: &str) -> Result<Vec<u8>> {
        let all = async {
            let mut url = self.allowed(address.parse().map_err(|_| refused())?)?;
            for _ in 0..=MOVES {
                let answer = self.pool.get(url.clone()).header(header::ACCEPT, KINDS.join(",")).send().await;
                let answer = answer.map_err(|_| away())?;
                if answer.status().is_redirection() {
                    let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).ok_or_else(away)?;
                    url = self.allowed(url.join(to).map_err(|_| refused())?)?;
                    continue;
                }
                return read(answer).await;
            }
            Err(away())
        };
        tokio::time::timeout(LONGEST, all).await.map_err(|_| away())?
    }

    /// An address that may be called, without a name and password that stand in it.
    fn allowed(&self, url: Url) -> Result<Url> {
        let near = match url.host() {
            None => true,
            Some(Host::Ipv4(address)) => !(self.reach)(address.into()),
            Some(Host::Ipv6(address)) => !(self.reach)(address.into()),
            // What it stands for is looked at when it is called.
            Some(Host::Domain(_)) => false,
        };
        let plain = url.username().is_empty() && url.password().is_none();
        let web = matches!(url.scheme(), "http" | "https");
        if near || !plain || !web { Err(refused()) } else { Ok(url) }
    }
}

async fn read(answer: reqwest::Response) -> Result<Vec<u8>> {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !answer.status().is_success() {
        return Err(away());
    }
    if !KINDS.contains(&kind.as_str()) {
        return Err(refused());
    }
    let (mut bytes, mut parts) = (Vec::new(), answer.bytes_stream());
    while let Some(part) = parts.next().await {
        bytes.extend_from_slice(&part.map_err(|_| away())?);
        if bytes.len() > LARGEST {
            return Err(refused());
        }
    }
    Ok(bytes)
}

fn refused() -> Error {
    Error::Rejected("this is no picture that is shown here".into())
}

fn away() -> Error {
    Error::Unavailable("the picture does not come".into())
}

/// Looks names up, and gives the addresses that may be called only: these are the ones that are called.
#[derive(Debug)]
struct Resolver {
    reach: Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(looked_up(name, self.reach))
    }
}

async fn looked_up(name: Name, reach: Reach) -> std::result::Result<Addrs, Box<dyn std::error::Error + Send + Sync>> {
    let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
    let far: Vec<SocketAddr> = found.filter(|address| reach(address.ip())).collect();
    if far.is_empty() {
        return Err("no address that is called".into());
    }
    Ok(Box::new(far.into_iter()))
}

/// Whether an address lies in the public network.
pub(crate) fn public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => public_v4(address),
        IpAddr::V6(address) => public_v6(address),
    }
}

/// Without what RFC 6890 keeps for other purposes.
fn public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let kept = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (18..20).contains(&second));
    !kept
}

fn public_v6(address: Ipv6Addr) -> bool {
    let low = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // Addresses of the older kind in the newer: mapped, compatible, NAT64 and 6to4.
        [0, 0, 0, 0, 0, 0xffff, a, b] | [0, 0, 0, 0, 0, 0, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] => low(a, b),
        [0x2002, a, b, ..] => low(a, b),
        [0x2001, 0xdb8, ..] | [0x2001, 0, ..] => false,
        // What is given out to the public so far.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests;
