//! Configuration: environment variables, and `audienceos.toml` in the working directory for those who prefer a file.
//! Nothing else reads the environment.

mod read;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, anyhow};
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use jobs::runner::Recovery;
use providers::{LARGEST_ANSWER, Outside, Simulated};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::{Vault, vault::Keys};
use url::Url;

/// Everything that can be set. Variables are `AUDIENCEOS_` + the name in capitals, unless said otherwise.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `DATABASE_URL`: the Postgres database. Unset: a private cluster under the data folder.
    pub database_url: Option<SecretString>,
    /// The folder for everything the server keeps outside the database.
    pub data: PathBuf,
    /// Where to listen.
    pub address: SocketAddr,
    /// Where the providers of simulated agencies answer, on this machine; their mail server does at the two ports behind it. Unset:
    /// there are no simulated agencies.
    pub rehearsal: Option<SocketAddr>,
    /// Where people reach the product, without a slash at the end. Unset: `http://localhost` + the port.
    pub public_url: Option<String>,
    /// Refuses to start without its secrets, writes JSON logs.
    pub production: bool,
    /// 64 hexadecimal digits that make links in mail unforgeable. Unset outside production: made once in the data folder.
    pub secret: Option<SecretString>,
    /// The keys that seal secrets at rest: `id:key`, separated by commas, the first seals; or `file:` and the path of a
    /// file with one a line. Unset: a key that derives from the secret.
    pub keys: Option<SecretString>,
    /// `smtp://` or `smtps://user:password@host:port`. Unset: mail goes into the outbox folder.
    pub smtp_url: Option<SecretString>,
    /// The sender of mail.
    pub mail_from: String,
    /// The id that Google gave this installation. With the secret it opens "Sign in with Google".
    pub google_client_id: Option<String>,
    /// The secret that belongs to it.
    pub google_client_secret: Option<SecretString>,
    /// Another place in Google's stead, for tests and proxies. Refused in production.
    pub google_base_url: Option<String>,
    /// The settings of providers by the names under which operators know them, without a prefix: `GOOGLE_ADS_CLIENT_ID`…
    #[serde(skip)]
    pub providers: BTreeMap<String, SecretString>,
    /// `AUDIENCEOS_<PROVIDER>_BASE_URL`: another place in a provider's stead by its key, for tests and proxies. Refused in
    /// production.
    #[serde(skip)]
    pub provider_urls: BTreeMap<String, Url>,
    /// `CRON_SECRET`: lets another program start schedules. Unset: none can.
    pub cron_secret: Option<SecretString>,
    /// The largest file that can be imported, in megabytes (10⁶ bytes).
    pub import_limit: u64,
    /// What the files of one agency that wait to be imported may fill together, in megabytes (10⁶ bytes).
    pub import_room: u64,
    /// The folder with the built pages' files.
    pub site: PathBuf,
    /// Connections to the database.
    pub connections: u32,
    /// Jobs at the same time; what people wait for has places beside them.
    pub jobs: usize,
    /// Mailboxes that one process listens to, where their servers tell what comes; the others are read when their time comes.
    pub listeners: usize,
    /// Milliseconds: a worker that was silent for so long is believed dead, and its jobs are taken over.
    pub worker_silence: u64,
    /// So long a provider is waited for that is to take a permission back. Nobody sets it but tests.
    #[serde(skip, default = "revoking")]
    pub revoking: Duration,
    /// Pictures that letters show may lie on this machine. Nobody sets it but tests.
    #[serde(skip)]
    pub near_pictures: bool,
    /// Mebibytes: the largest answer of a provider that is read. What is larger is asked for in pieces of fewer days.
    pub largest_answer: usize,
    /// Attempts a minute on one route of signing up, in and resetting, from one address.
    pub limit_sign_in: u32,
    /// Requests a minute on one route by one member.
    pub limit_api: u32,
    /// Opens `/metrics` to those who send it as a bearer token. Unset: there are no metrics.
    pub metrics_token: Option<SecretString>,
    /// Other sites whose pages may use the API with an access token: origins, separated by commas. Empty: none.
    pub cors_origins: String,
    /// `SENTRY_DSN`: where faults are reported. Unset: they stand in the log only.
    pub sentry_dsn: Option<SecretString>,
    /// Who runs this installation, for the privacy, terms and security pages.
    pub operator_name: String,
    /// Where to write to the operator.
    pub operator_contact: String,
    /// A folder with typefaces (`.ttf`, `.otf`, `.ttc`, `.otc`), for letters of reports that the one in the program has not. Unset:
    /// none.
    pub fonts: Option<PathBuf>,
    /// The folder with Postgres' programs, for the private cluster. Unset: the newest under `/usr/lib/postgresql`.
    pub postgres_bin: Option<PathBuf>,
}

fn revoking() -> Duration {
    jobs::permission::PATIENCE
}

#[derive(Serialize)]
struct Defaults {
    data: PathBuf,
    address: SocketAddr,
    production: bool,
    mail_from: &'static str,
    site: PathBuf,
    import_limit: u64,
    import_room: u64,
    connections: u32,
    jobs: usize,
    listeners: usize,
    worker_silence: u64,
    largest_answer: usize,
    limit_sign_in: u32,
    limit_api: u32,
    cors_origins: &'static str,
    operator_name: &'static str,
    operator_contact: &'static str,
}

impl Config {
    /// Reads file and environment; the environment wins.
    ///
    /// # Errors
    /// A value is malformed; the error names it.
    pub fn load() -> anyhow::Result<Self> {
        let (config, faults) = Self::read()?;
        faults.into_iter().next().map_or(Ok(config), Err)
    }

    /// Reads file and environment, and lists everything because of which the server would not start.
    ///
    /// # Errors
    /// A value is malformed; the error names it.
    pub fn read() -> anyhow::Result<(Self, Vec<anyhow::Error>)> {
        let environment = Env::raw();
        let variables = environment.iter().map(|(name, value)| (name.to_string(), value));
        let mut config = read::read(Self::defaults(), Toml::file("audienceos.toml"), variables)
            .context("a setting is wrong; nothing was started")?;
        let mut faults = config.production_faults();
        faults.extend(config.read_providers());
        faults.extend(config.secret.is_some().then(|| config.token_key().err()).flatten());
        faults.extend(config.key_ring().err());
        if let Some(address) = config.rehearsal.filter(|address| !crate::simulation::is_near(*address)) {
            faults.push(anyhow!(
                "AUDIENCEOS_REHEARSAL is {address}: simulated providers answer on this machine only, for instance at \
                 127.0.0.1:3999. Nothing was started"
            ));
        }
        if let Some(address) = config.rehearsal.filter(|address| crate::simulation::mail(*address).is_none()) {
            faults.push(anyhow!(
                "AUDIENCEOS_REHEARSAL is {address}: there must be two more ports behind it, for the simulated mail server. \
                 Nothing was started"
            ));
        }
        faults.extend(crate::cors::origins(&config).err());
        faults.extend(crate::faults::destination(&config).err());
        Ok((config, faults))
    }

    /// What production must have, and must not.
    fn production_faults(&self) -> Vec<anyhow::Error> {
        let mut faults = Vec::new();
        if !self.production {
            return faults;
        }
        if self.secret.is_none() {
            faults.push(anyhow!(
                "AUDIENCEOS_SECRET is not set: production needs it for the links in mail. Nothing was started. Set it to \
                 64 hexadecimal digits, for instance from `openssl rand -hex 32`"
            ));
        }
        if !self.public_url().starts_with("https://") {
            faults.push(anyhow!(
                "AUDIENCEOS_PUBLIC_URL is not an https:// address: production needs it for links in mail and secure \
                 cookies. Nothing was started"
            ));
        }
        if self.google_base_url.is_some() {
            faults.push(anyhow!(
                "AUDIENCEOS_GOOGLE_BASE_URL is set: in production only Google itself says who somebody is. Nothing was \
                 started. Take the setting away"
            ));
        }
        faults
    }

    /// Reads what providers need, the names are theirs; what of it is wrong.
    fn read_providers(&mut self) -> Vec<anyhow::Error> {
        let set = |name: &str| Env::raw().only(&[name]).iter().map(|(_, value)| value).next();
        let mut faults = Vec::new();
        for provider in providers::all() {
            let descriptor = provider.descriptor();
            for setting in descriptor.settings {
                if let Some(value) = set(setting.variable).filter(|value| !value.is_empty()) {
                    self.providers.insert(setting.variable.to_owned(), value.into());
                }
            }
            let variable = format!("AUDIENCEOS_{}_BASE_URL", descriptor.key.to_uppercase());
            let Some(value) = set(&variable) else { continue };
            match value.parse() {
                _ if self.production => faults.push(anyhow!(
                    "{variable} is set: in production only {} itself is called. Nothing was started. Take the setting away",
                    descriptor.name
                )),
                Ok(url) => {
                    self.provider_urls.insert(descriptor.key.to_owned(), url);
                }
                Err(_) => faults.push(anyhow!("{variable} is no address. Nothing was started")),
            }
        }
        faults
    }

    /// The way to the providers, as set.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn outside(&self, simulated: Option<Simulated>) -> anyhow::Result<Outside> {
        let settings = providers::Settings(self.providers.clone());
        let largest = self.largest_answer.clamp(1, 1024) << 20;
        Ok(Outside::new(settings, self.provider_urls.clone(), simulated, largest)?)
    }

    /// Defaults and nothing from outside, for tests: only what they ask for is read.
    ///
    /// # Errors
    /// Never in practice.
    pub fn test(data: PathBuf) -> anyhow::Result<Self> {
        Ok(Self { data, listeners: 0, ..Self::defaults().extract()? })
    }

    fn defaults() -> Figment {
        Figment::from(Serialized::defaults(Defaults {
            data: "data".into(),
            address: ([127, 0, 0, 1], 3000).into(),
            production: false,
            mail_from: "AudienceOS <audienceos@localhost>",
            site: "target/site".into(),
            import_limit: 250,
            import_room: 2000,
            connections: 20,
            jobs: 4,
            listeners: 100,
            worker_silence: 30_000,
            largest_answer: LARGEST_ANSWER >> 20,
            limit_sign_in: 10,
            limit_api: 600,
            cors_origins: "",
            operator_name: "",
            operator_contact: "",
        }))
    }

    /// How fast a dead worker's jobs are taken over.
    pub fn recovery(&self) -> Recovery {
        let silence = Duration::from_millis(self.worker_silence.max(500));
        Recovery { heartbeat: silence / 6, silence }
    }

    /// Where mails lie while no mail server is set.
    pub fn outbox(&self) -> PathBuf {
        self.data.join("outbox")
    }

    /// Where files lie until they are imported. Servers and workers on several machines share this folder.
    pub fn uploads(&self) -> service::import::Uploads {
        let bytes = |megabytes: u64| megabytes.saturating_mul(1_000_000);
        let folder = self.data.join("imports").into();
        service::import::Uploads::new(folder, bytes(self.import_limit), bytes(self.import_room))
    }

    /// Where people reach the product.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{}", self.address.port()),
        }
    }

    /// Whether cookies must be marked secure: always, but on plain http to a loopback address.
    pub fn secure_cookies(&self) -> bool {
        let url = self.public_url();
        let host = url.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default().to_owned());
        !host.is_some_and(|host| host == "localhost" || host == "[" || host.starts_with("127."))
    }

    /// The secret for links in mail: as set, else the one kept in the data folder, made when it is missing.
    ///
    /// # Errors
    /// The setting is malformed, or the file cannot be read or made.
    pub fn token_key(&self) -> anyhow::Result<[u8; 32]> {
        if let Some(secret) = &self.secret {
            return parse_key(secret.expose_secret()).context("AUDIENCEOS_SECRET must be 64 hexadecimal digits");
        }
        let path = self.data.join("secret");
        if !path.exists() {
            std::fs::create_dir_all(&self.data)?;
            let token = service::random_token()?;
            write_private(&path, &token).with_context(|| format!("could not write {}", path.display()))?;
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        parse_key(text.trim()).with_context(|| format!("{} must hold 64 hexadecimal digits", path.display()))
    }

    /// The keys that are set, if any are.
    ///
    /// # Errors
    /// The setting is malformed, or names a file that cannot be read. No key is in the words.
    pub fn key_ring(&self) -> anyhow::Result<Option<Keys>> {
        let Some(keys) = &self.keys else { return Ok(None) };
        let text = keys.expose_secret();
        let keys = match text.strip_prefix("file:") {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("AUDIENCEOS_KEYS names the file {path}, which cannot be read"))?;
                Keys::parse(&text)
                    .with_context(|| format!("AUDIENCEOS_KEYS names the file {path}, which is no key ring"))
            }
            None => Keys::parse(text).context("AUDIENCEOS_KEYS is no key ring"),
        };
        keys.map(Some)
    }

    /// What seals and opens secrets at rest.
    ///
    /// # Errors
    /// As [`Self::key_ring`] and [`Self::token_key`].
    pub fn vault(&self) -> anyhow::Result<Vault> {
        let secret = self.token_key()?;
        Ok(match self.key_ring()? {
            Some(keys) => Vault::with_keys(secret, keys),
            None => Vault::new(secret),
        })
    }
}

fn parse_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = hex::decode(text)?;
    bytes.try_into().map_err(|_| anyhow::anyhow!("not 32 bytes"))
}

fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_secure_everywhere_but_on_loopback() {
        let config = |url: &str| Config { public_url: Some(url.into()), ..Config::test("data".into()).unwrap() };
        for plain in ["http://localhost:3000", "http://127.0.0.1:80", "http://[::1]:3000"] {
            assert!(!config(plain).secure_cookies(), "{plain}");
        }
        for secure in
            ["https://localhost", "https://app.example.com", "http://app.example.com", "http://localhost.evil.com"]
        {
            assert!(config(secure).secure_cookies(), "{secure}");
        }
    }

    #[test]
    fn the_secret_is_made_once() {
        let folder = std::env::temp_dir().join(format!("audienceos-config-{}", std::process::id()));
        let config = Config::test(folder.clone()).unwrap();
        assert_eq!(config.token_key().unwrap(), config.token_key().unwrap());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
