//! The simulated agencies of this server. Each has a world of its own, whose providers answer at one address of this machine
//! below the agency's id; the mail server answers at the two ports behind it, in plain text, where the agency's id begins the
//! user's name. The product reads them through its ordinary providers; here and on the command line only is it
//! known who answers.

mod carry;
mod fill;
mod truth;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration as Pause,
};

use model::id::OrganizationId;
use providers::{Settings, Simulated};
use rehearsal::{
    Write,
    protocol::{Answer, App, Question},
    server::{Absent, Answers, Clock, Rehearsal, Reply, Speech, serve},
};
use secrecy::SecretString;
use service::{Service, simulation};
use time::{Date, Duration, OffsetDateTime};
use tokio::net::TcpListener;
use url::Url;

use crate::{config::Config, state::AppState};

pub(crate) use fill::{agree, fill, mailbox};

/// Which world everybody sees: one whose truth is proved by tests.
const SEED: u64 = 1;
/// How many days a world has when its agency begins.
const PAST: Duration = Duration::days(399);
/// So many worlds are held at once.
const MOST: usize = 24;
/// What the product is known as at simulated providers.
const APP: &str = "audienceos";

/// The worlds that were asked for since the start.
#[derive(Debug)]
pub(crate) struct Worlds {
    app: App,
    service: Service,
    worlds: Mutex<HashMap<OrganizationId, Arc<Rehearsal>>>,
}

/// Where simulated providers answer, and the settings with which they know this server; none when the operator wants none.
pub(crate) fn outside(config: &Config, secret: &str) -> anyhow::Result<Option<Simulated>> {
    let Some(address) = config.rehearsal else { return Ok(None) };
    let base: Url = format!("http://{address}/").parse()?;
    let Some([imap, submission]) = mail(address) else { return Ok(None) };
    let mail: Url = format!("imap-plain://{imap}/?smtp=smtp-plain://{submission}").parse()?;
    let variables = providers::all().iter().flat_map(|provider| provider.descriptor().settings);
    let value = |variable: &str| match variable {
        name if name.ends_with("_ID") || name.ends_with("_KEY") => APP,
        _ => secret,
    };
    let settings = variables.map(|setting| (setting.variable.to_owned(), SecretString::from(value(setting.variable))));
    Ok(Some(Simulated { base, mail, settings: Settings(settings.collect()) }))
}

/// Where the mail server of simulated agencies is read from and sent through; none where there are no such ports.
pub(crate) fn mail(address: SocketAddr) -> Option<[SocketAddr; 2]> {
    let behind = |by| Some(SocketAddr::new(address.ip(), address.port().checked_add(by)?));
    Some([behind(1)?, behind(2)?])
}

/// What went wrong in a world, for pages.
fn internal(error: anyhow::Error) -> service::Error {
    service::Error::Internal(error.into())
}

/// The moment, for worlds.
fn machine() -> OffsetDateTime {
    service::Clock::default().now()
}

impl Worlds {
    pub(crate) fn new(service: Service, secret: String, public_url: &str) -> Self {
        let back = |provider: &&'static dyn providers::Provider| {
            format!("{public_url}/api/oauth/{}/callback", provider.descriptor().key)
        };
        let app = App {
            id: APP.to_owned(),
            developer_token: secret.clone(),
            secret,
            redirect_uris: providers::all().iter().map(back).collect(),
        };
        Self { app, service, worlds: Mutex::default() }
    }

    /// The world of a simulated agency, with everything that was changed in it; none of any other.
    ///
    /// # Errors
    /// The database failed, or time is beyond the world's.
    pub(crate) async fn find(&self, id: OrganizationId) -> anyhow::Result<Option<Arc<Rehearsal>>> {
        let Some(found) = simulation::find(&self.service, id).await? else { return Ok(None) };
        let world = self.held(id, &found)?;
        // Changed before this program was started, or through another one.
        if usize::try_from(found.changes).unwrap_or_default() > world.writes().len() {
            let kept = simulation::changes(&self.service, id).await?;
            world.take_up(kept.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?);
        }
        Ok(Some(world))
    }

    /// The world of an agency as it is held here, or a new one.
    fn held(&self, id: OrganizationId, found: &simulation::Simulated) -> anyhow::Result<Arc<Rehearsal>> {
        let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(world) = worlds.get(&id) {
            world.set_ahead(found.ahead);
            return Ok(Arc::clone(world));
        }
        let first: Date = (found.created_at - PAST).date();
        let clock = Clock::Runs(found.ahead);
        // Agencies that were ended elsewhere are forgotten, too: a world can be drawn again.
        if worlds.len() >= MOST {
            worlds.clear();
        }
        let world = Arc::new(Rehearsal::new(SEED, Some(first), clock, self.app.clone(), machine)?);
        worlds.insert(id, Arc::clone(&world));
        Ok(world)
    }

    /// What the mailbox at the mail server is opened with, in every world.
    pub(crate) fn password(&self) -> &str {
        &self.app.secret
    }

    /// Asks the world of an agency; what the question changes is kept before the answer goes out.
    async fn ask<F: Future>(
        &self,
        id: OrganizationId,
        question: impl FnOnce(Arc<Rehearsal>) -> F,
    ) -> anyhow::Result<Option<F::Output>> {
        let Some(world) = self.find(id).await? else { return Ok(None) };
        let before = world.writes().len();
        let reply = question(Arc::clone(&world)).await;
        let writes = world.writes();
        if writes.len() > before
            && let Err(error) = self.keep(id, &writes).await
        {
            // Where the agency was ended meanwhile, nobody is left to answer for.
            return match simulation::find(&self.service, id).await? {
                Some(_) => Err(error),
                None => Ok(None),
            };
        }
        Ok(Some(reply))
    }

    /// Keeps what was changed in the world of an agency: all of it, oldest first.
    async fn keep(&self, id: OrganizationId, writes: &[Write]) -> anyhow::Result<()> {
        let changes = writes.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
        Ok(simulation::keep_changes(&self.service, id, &changes).await?)
    }

    /// Forgets the world of an agency that was ended.
    pub(crate) fn forget(&self, id: OrganizationId) {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

impl Answers for Worlds {
    async fn reply(self: Arc<Self>, mut question: Question) -> Reply {
        let plain = |status, words: &str| {
            let headers = vec![("content-type", "text/plain; charset=utf-8".to_owned())];
            let answer = Answer { status, headers, body: words.to_owned() };
            Reply { answer: Some(answer), after: Pause::ZERO, half: false }
        };
        let path = question.path.trim_start_matches('/').to_owned();
        let (agency, rest) = path.split_once('/').unwrap_or((&path, ""));
        let Ok(id) = agency.parse::<OrganizationId>() else { return plain(404, "no simulated agency is here") };
        question.path = format!("/{rest}");
        // Addresses in answers lie below the agency's id, too.
        if let Some(host) = question.headers.get_mut("host") {
            *host = format!("{host}/{id}");
        }
        // Who asks and goes away has changed what it changed.
        let asked = tokio::spawn(async move { self.ask(id, |world| world.reply(question)).await });
        match asked.await.map_err(anyhow::Error::from).flatten() {
            Ok(Some(reply)) => reply,
            Ok(None) => plain(404, "no simulated agency is here"),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a simulated provider could not answer");
                plain(503, "the simulated world does not answer")
            }
        }
    }

    async fn within<T: Send + 'static>(
        self: Arc<Self>,
        user: String,
        ask: impl FnOnce(&Rehearsal) -> T + Send + 'static,
    ) -> Result<T, Absent> {
        let agency = user.split_once('/').map_or("", |(agency, _)| agency);
        let id = agency.parse::<OrganizationId>().map_err(|_| Absent::Nobody)?;
        // Who asks and goes away has changed what it changed.
        let asked = tokio::spawn(async move {
            let there = |world: Arc<Rehearsal>| tokio::task::spawn_blocking(move || ask(&world));
            self.ask(id, there).await?.transpose().map_err(anyhow::Error::from)
        });
        match asked.await.map_err(anyhow::Error::from).flatten() {
            Ok(Some(told)) => Ok(told),
            Ok(None) => Err(Absent::Nobody),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a simulated mail server could not answer");
                Err(Absent::Away)
            }
        }
    }
}

/// Begins to answer for simulated providers. Where another server of this machine does so already, that one goes on, and this
/// one takes over when it ends.
///
/// # Errors
/// The address is none of this machine's.
pub async fn start(config: &Config, state: &AppState) -> anyhow::Result<()> {
    let (Some(address), Some(worlds)) = (config.rehearsal, state.worlds.clone()) else { return Ok(()) };
    listen(address, Speech::Http, Arc::clone(&worlds)).await?;
    let Some([imap, submission]) = mail(address) else { return Ok(()) };
    listen(imap, Speech::Imap, Arc::clone(&worlds)).await?;
    listen(submission, Speech::Submission, worlds).await
}

async fn listen(address: SocketAddr, speech: Speech, worlds: Arc<Worlds>) -> anyhow::Result<()> {
    let mut first = match TcpListener::bind(address).await {
        Ok(listener) => Some(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            tracing::info!("{address} is taken: another server of this machine answers for rehearsal agencies");
            None
        }
        Err(error) => anyhow::bail!("could not listen on {address}, as AUDIENCEOS_REHEARSAL asks for: {error}"),
    };
    // It ends with the program.
    tokio::spawn(async move {
        loop {
            let listener = match first.take() {
                Some(listener) => Ok(listener),
                None => TcpListener::bind(address).await,
            };
            if let Ok(listener) = listener {
                let _ = serve(listener, speech, Arc::clone(&worlds), std::future::pending()).await;
            }
            tokio::time::sleep(Pause::from_secs(3)).await;
        }
    });
    Ok(())
}

/// Whether an address can be reached from this machine only, as simulated providers must be.
pub(crate) fn is_near(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}
