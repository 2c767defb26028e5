//! Reports faults to Sentry when `SENTRY_DSN` is set: errors in the log, and panics.
//!
//! A report holds what the log says of the fault, where in the program it happened, and the request's id, method and
//! route. Bodies, headers, cookies, addresses and whom it happened to are not in it, and nothing is reported but faults.

use anyhow::Context;
use secrecy::ExposeSecret;
use sentry::{ClientInitGuard, ClientOptions, integrations::tracing::ErrorLayer, protocol::Event, types::Dsn};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::{config::Config, request};

/// Where faults go.
///
/// # Errors
/// The setting is malformed.
pub(crate) fn destination(config: &Config) -> anyhow::Result<Option<Dsn>> {
    let Some(dsn) = &config.sentry_dsn else { return Ok(None) };
    let dsn = dsn.expose_secret().parse();
    dsn.map(Some)
        .context("SENTRY_DSN is no address of a project such as https://key@sentry.example.com/1. Nothing was started")
}

/// Begins to report; what waits to be sent is sent when the guard is dropped, within two seconds.
///
/// # Errors
/// The setting is malformed.
pub(crate) fn start(config: &Config) -> anyhow::Result<Option<ClientInitGuard>> {
    let Some(dsn) = destination(config)? else { return Ok(None) };
    let options = ClientOptions::new()
        .dsn(&dsn.to_string())
        .release(concat!("audienceos@", env!("CARGO_PKG_VERSION")))
        .environment(if config.production { "production" } else { "development" })
        .max_breadcrumbs(0)
        .send_default_pii(false)
        .before_send(|event| Some(bare(event)));
    Ok(Some(sentry::init(options)))
}

/// Turns errors in the log into reports, once [`start`] was called.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    ErrorLayer::new().with_filter(LevelFilter::ERROR)
}

/// The report without what it must not hold, and with the request that it belongs to.
fn bare(mut event: Event<'static>) -> Event<'static> {
    (event.user, event.request, event.server_name) = (None, None, None);
    if let Some(request) = request::current() {
        event.tags.insert("request_id".into(), request.id);
        event.tags.insert("method".into(), request.method);
        event.tags.insert("route".into(), request.route);
    }
    event
}
