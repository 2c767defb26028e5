//! What every route needs, and how it is put together from the configuration.

use std::{path::PathBuf, sync::Arc};

use app::pages::{legal::Operator, outside::Ways};
use axum::extract::FromRef;
use http::HeaderValue;
use jobs::{mailer::Mailer, pulse::Pulse};
use leptos::config::LeptosOptions;
use providers::{Guarded, Mode, Outside};
use secrecy::{ExposeSecret, SecretString};
use service::{Clock, Offer, Passwords, Service, TokenKey};
use store::Db;

use crate::{
    config::Config,
    cors,
    events::Hub,
    google::Google,
    limit::Limits,
    metrics::Metrics,
    simulation::{self, Worlds},
    typefaces,
};

/// The state of the router, cheap to clone.
#[derive(Clone, Debug, FromRef)]
pub struct AppState {
    /// What people do.
    pub service: Service,
    /// Where the pages' files are.
    pub leptos: LeptosOptions,
    /// What of the configuration routes need.
    pub http: Arc<Http>,
    /// What operators see.
    pub metrics: Arc<Metrics>,
    /// How often somebody may ask.
    pub limits: Arc<Limits>,
    /// How the worker of this process is.
    pub pulse: Pulse,
    /// Signing in with Google, when it is configured.
    pub google: Option<Arc<Google>>,
    /// The way to the providers.
    pub outside: Arc<Outside>,
    /// Fetches what strangers' mail shows.
    pub guarded: Arc<Guarded>,
    /// The simulated agencies, where the operator wants them.
    pub(crate) worlds: Option<Arc<Worlds>>,
    /// What open pages are told.
    pub events: Arc<Hub>,
}

/// What of the configuration routes need.
#[derive(Debug)]
pub struct Http {
    /// Where people reach the product.
    pub public_url: String,
    /// Whether this installation serves people, not those who build it.
    pub production: bool,
    /// Whether cookies are marked secure.
    pub secure_cookies: bool,
    /// The folder with the built pages' files.
    pub site: PathBuf,
    /// Lets another program start schedules.
    pub cron_secret: Option<SecretString>,
    /// Other sites whose pages may use the API.
    pub cors_origins: Vec<HeaderValue>,
    /// Who runs this installation.
    pub operator: Operator,
    /// How people sign in and get mail.
    pub ways: Ways,
}

impl AppState {
    /// Puts the services together over a connected database.
    ///
    /// # Errors
    /// The secret cannot be read or made, or the key ring or the list of other sites is malformed.
    pub fn new(config: &Config, db: Db) -> anyhow::Result<Self> {
        let at_once = std::thread::available_parallelism().map_or(2, usize::from);
        let secret = config.token_key()?;
        let simulated_secret = TokenKey::new(secret).derive("simulation", "app");
        let outside = Arc::new(config.outside(simulation::outside(config, &simulated_secret)?)?);
        let service = Service {
            db,
            clock: Clock::default(),
            passwords: Arc::new(Passwords::new(at_once)),
            token_key: Arc::new(TokenKey::new(secret)),
            vault: Arc::new(config.vault()?),
            outbox: config.smtp_url.is_none().then(|| config.outbox().into()),
            uploads: config.uploads(),
            offers: offers(&outside),
            memory: Arc::new(jobs::Memory),
            writer: None,
            simulates: config.rehearsal.is_some(),
        };
        let worlds = |_| Arc::new(Worlds::new(service.clone(), simulated_secret, &config.public_url()));
        let worlds = config.rehearsal.map(worlds);
        let leptos = LeptosOptions::builder()
            .output_name("audienceos")
            .site_root(config.site.to_string_lossy().into_owned())
            .site_addr(config.address)
            .hash_files(hashed())
            .build();
        let google = Google::new(config)?.map(Arc::new);
        let http = Http {
            public_url: config.public_url(),
            production: config.production,
            secure_cookies: config.secure_cookies(),
            site: config.site.clone(),
            cron_secret: config.cron_secret.clone(),
            cors_origins: cors::origins(config)?,
            operator: Operator { name: config.operator_name.clone(), contact: config.operator_contact.clone() },
            ways: Ways {
                google: google.is_some(),
                outbox: config.smtp_url.is_none(),
                simulation: config.rehearsal.is_some(),
            },
        };
        let limits = Arc::new(Limits::new(config.limit_sign_in, config.limit_api));
        let metrics = Arc::new(Metrics::new(config.metrics_token.clone()));
        Ok(Self {
            events: Arc::new(Hub::new(service.clone())),
            service,
            leptos,
            http: Arc::new(http),
            metrics,
            limits,
            pulse: Pulse::default(),
            google,
            outside,
            guarded: Arc::new(if config.near_pictures { Guarded::here_too()? } else { Guarded::new()? }),
            worlds,
        })
    }
}

/// The providers that can be connected, as the settings allow.
fn offers(outside: &Outside) -> Arc<[Offer]> {
    let offer = |provider: &&'static dyn providers::Provider| {
        let descriptor = provider.descriptor();
        Offer { descriptor, missing: outside.missing(descriptor, Mode::Live) }
    };
    providers::all().iter().map(offer).collect()
}

/// Whether the build gave the files of the pages names with hashes: it then left a list beside the program.
fn hashed() -> bool {
    std::env::current_exe().is_ok_and(|exe| exe.with_file_name("hash.txt").exists())
}

/// What jobs need beside the services.
///
/// # Errors
/// The mail settings are malformed or the outbox cannot be made.
pub fn job_context(config: &Config, state: &AppState) -> anyhow::Result<jobs::Context> {
    if let Some(folder) = &config.fonts {
        typefaces::install(folder)?;
    }
    let mailer = match &config.smtp_url {
        Some(url) => Mailer::smtp(url.expose_secret(), &config.mail_from)?,
        None => Mailer::outbox(config.outbox(), &config.mail_from)?,
    };
    Ok(jobs::Context {
        service: state.service.clone(),
        mailer: Arc::new(mailer),
        public_url: config.public_url(),
        outside: state.outside.clone(),
        lease: config.recovery().silence,
        // Half of the workers: no organization takes them all.
        share: i64::try_from(config.jobs / 2).unwrap_or(i64::MAX).max(1),
        revoking: config.revoking,
        listeners: config.listeners,
    })
}
