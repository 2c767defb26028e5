//! `audienceos doctor`: which settings are missing or wrong, feature by feature, and what will not work without them.

use std::path::Path;

use model::provider::{CredentialKind, Descriptor};
use secrecy::ExposeSecret;
use store::Db;

use crate::{config::Config, typefaces};

/// How a feature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ok,
    Missing,
    Wrong,
}

struct Finding {
    feature: &'static str,
    state: State,
    words: String,
}

/// Prints one line a feature; the answer is whether the server would start.
///
/// # Errors
/// Never in practice; findings are printed, not returned.
pub(crate) async fn run(config: &Config, faults: &[anyhow::Error], database: Option<&str>) -> anyhow::Result<bool> {
    let stops = faults.iter().map(|fault| finding("start", State::Wrong, format!("{fault:#}")));
    let mut findings: Vec<_> = stops.collect();
    findings.extend([
        check_secret(config),
        check_keys(config),
        check_mail(config),
        check_google(config),
        check_cron(config),
        check_address(config),
        check_site(&config.site),
        check_fonts(config.fonts.as_deref()),
        check_faults(config),
        check_metrics(config),
    ]);
    findings.extend(providers::all().iter().map(|provider| check_provider(config, provider.descriptor())));
    findings.extend(check_database(config, database).await);
    #[expect(clippy::print_stdout, reason = "this is what the command is for")]
    for finding in &findings {
        let mark = match finding.state {
            State::Ok => "ok     ",
            State::Missing => "missing",
            State::Wrong => "wrong  ",
        };
        println!("{mark}  {:<10} {}", finding.feature, finding.words);
    }
    Ok(findings.iter().all(|finding| finding.state != State::Wrong))
}

fn finding(feature: &'static str, state: State, words: impl Into<String>) -> Finding {
    Finding { feature, state, words: words.into() }
}

fn check_secret(config: &Config) -> Finding {
    match (&config.secret, config.token_key()) {
        (_, Err(error)) => finding("secret", State::Wrong, format!("{error:#}")),
        (Some(_), Ok(_)) => finding("secret", State::Ok, "AUDIENCEOS_SECRET is set"),
        (None, Ok(_)) => {
            let place = config.data.join("secret");
            finding(
                "secret",
                State::Missing,
                format!("AUDIENCEOS_SECRET is not set; outside production {} is used", place.display()),
            )
        }
    }
}

fn check_keys(config: &Config) -> Finding {
    match config.key_ring() {
        Err(error) => finding("keys", State::Wrong, format!("{error:#}")),
        Ok(None) => finding(
            "keys",
            State::Missing,
            "AUDIENCEOS_KEYS is not set: secrets at rest are sealed with a key of the installation's secret, which must \
             then stay as it is",
        ),
        Ok(Some(_)) => finding("keys", State::Ok, "AUDIENCEOS_KEYS is set"),
    }
}

/// What lies under which key.
async fn check_sealed(config: &Config, db: &Db) -> Option<Finding> {
    let vault = config.vault().ok()?;
    let usage = match service::keys::list(db, &vault).await {
        Ok(usage) => usage,
        Err(_) => return Some(finding("vault", State::Wrong, "the sealed secrets could not be counted")),
    };
    let used = usage.iter().filter(|usage| usage.secrets > 0);
    let words: Vec<_> = used.clone().map(|usage| format!("{} under {}", usage.secrets, usage.key)).collect();
    let words = if words.is_empty() { "nothing is sealed yet".to_owned() } else { words.join(", ") };
    let lost: Vec<_> = usage.iter().filter(|usage| !usage.in_ring).map(|usage| usage.key.as_str()).collect();
    Some(if !lost.is_empty() {
        let lost = lost.join(", ");
        let words =
            format!("{words}; {lost} is not in AUDIENCEOS_KEYS: what lies under it cannot be opened. Put it back");
        finding("vault", State::Wrong, words)
    } else if used.clone().any(|usage| !usage.seals) {
        finding("vault", State::Ok, format!("{words}; `audienceos keys rotate` puts all under {}", vault.sealing()))
    } else {
        finding("vault", State::Ok, words)
    })
}

fn check_mail(config: &Config) -> Finding {
    let Some(url) = &config.smtp_url else {
        let outbox = config.outbox();
        let words =
            format!("AUDIENCEOS_SMTP_URL is not set: no mail leaves this server, it lies in {}", outbox.display());
        return finding("mail", State::Missing, words);
    };
    match jobs::mailer::Mailer::smtp(url.expose_secret(), &config.mail_from) {
        Ok(_) => finding("mail", State::Ok, format!("mail goes out from {}", config.mail_from)),
        Err(_) => finding(
            "mail",
            State::Wrong,
            "AUDIENCEOS_SMTP_URL or AUDIENCEOS_MAIL_FROM is malformed: no mail would go out",
        ),
    }
}

fn check_google(config: &Config) -> Finding {
    let callback = format!("{}{}", config.public_url(), crate::google::CALLBACK);
    match (&config.google_client_id, &config.google_client_secret) {
        (Some(_), Some(_)) => {
            finding("google", State::Ok, format!("people sign in with Google; it sends them to {callback}"))
        }
        (None, None) => finding(
            "google",
            State::Missing,
            "AUDIENCEOS_GOOGLE_CLIENT_ID and AUDIENCEOS_GOOGLE_CLIENT_SECRET are not set: nobody can sign in with Google",
        ),
        _ => finding(
            "google",
            State::Wrong,
            "only one of AUDIENCEOS_GOOGLE_CLIENT_ID and AUDIENCEOS_GOOGLE_CLIENT_SECRET is set: nobody can sign in with \
             Google",
        ),
    }
}

fn check_provider(config: &Config, provider: &Descriptor) -> Finding {
    let unset = |name: &&str| !config.providers.contains_key(*name);
    let missing: Vec<_> = provider.settings.iter().map(|setting| setting.variable).filter(unset).collect();
    let callback = format!("{}/api/oauth/{}/callback", config.public_url(), provider.key);
    if provider.credential == CredentialKind::Fields && missing.is_empty() {
        finding(provider.key, State::Ok, format!("{} can be connected by what people type", provider.name))
    } else if missing.is_empty() {
        finding(provider.key, State::Ok, format!("{} can be connected; it sends people to {callback}", provider.name))
    } else {
        let words = format!("not set: {}; nobody can connect {}", missing.join(", "), provider.name);
        finding(provider.key, State::Missing, words)
    }
}

fn check_cron(config: &Config) -> Finding {
    match &config.cron_secret {
        Some(secret) if !secret.expose_secret().is_empty() => {
            finding("cron", State::Ok, "CRON_SECRET is set: another program can start schedules")
        }
        _ => finding("cron", State::Missing, "CRON_SECRET is not set: only the built-in schedules run"),
    }
}

fn check_address(config: &Config) -> Finding {
    let url = config.public_url();
    match (url.starts_with("https://"), config.secure_cookies()) {
        (true, _) => finding("address", State::Ok, format!("people reach the product at {url}")),
        (false, false) => finding("address", State::Ok, format!("{url}, on this machine only")),
        (false, true) => {
            let words = format!(
                "AUDIENCEOS_PUBLIC_URL is {url}: browsers keep secure cookies only over https, so nobody could sign in"
            );
            finding("address", State::Wrong, words)
        }
    }
}

fn check_site(site: &Path) -> Finding {
    if site.join("pkg").is_dir() {
        finding("pages", State::Ok, format!("the pages' files are in {}", site.display()))
    } else {
        let words = format!(
            "AUDIENCEOS_SITE is {}, which holds no pkg folder: pages would be bare and not live",
            site.display()
        );
        finding("pages", State::Wrong, words)
    }
}

fn check_fonts(folder: Option<&Path>) -> Finding {
    let Some(folder) = folder else {
        let words = "AUDIENCEOS_FONTS is not set: reports have empty boxes for letters that are neither Latin, Greek nor \
                     Cyrillic";
        return finding("fonts", State::Missing, words);
    };
    match typefaces::take(folder) {
        Err(error) => finding("fonts", State::Wrong, format!("{error:#}")),
        Ok(taken) if taken.unread.is_empty() => {
            let words = format!("typefaces in {} for other letters of reports: {}", folder.display(), taken.many);
            finding("fonts", State::Ok, words)
        }
        Ok(taken) => {
            let words = format!("AUDIENCEOS_FONTS holds files that could not be read: {}", taken.unread.join(", "));
            finding("fonts", State::Wrong, words)
        }
    }
}

fn check_faults(config: &Config) -> Finding {
    match &config.sentry_dsn {
        Some(_) => finding("faults", State::Ok, "faults are reported to Sentry"),
        None => finding("faults", State::Missing, "SENTRY_DSN is not set: faults stand in the log only"),
    }
}

fn check_metrics(config: &Config) -> Finding {
    match &config.metrics_token {
        Some(_) => finding("metrics", State::Ok, "/metrics opens with AUDIENCEOS_METRICS_TOKEN"),
        None => finding("metrics", State::Missing, "AUDIENCEOS_METRICS_TOKEN is not set: there is no /metrics"),
    }
}

async fn check_database(config: &Config, url: Option<&str>) -> Vec<Finding> {
    let Some(url) = url else {
        return vec![match crate::postgres::find_programs(config.postgres_bin.as_deref()) {
            Ok(bin) => {
                finding("database", State::Ok, format!("a private cluster with the programs in {}", bin.display()))
            }
            Err(error) => finding("database", State::Wrong, format!("DATABASE_URL is not set and {error:#}")),
        }];
    };
    let db = match Db::connect(url, 1).await {
        Ok(db) => db,
        Err(error) => {
            return vec![finding("database", State::Wrong, format!("DATABASE_URL cannot be reached: {error}"))];
        }
    };
    let schema = match db.ready().await {
        true => finding("schema", State::Ok, "the migrations are applied"),
        false => {
            return vec![finding(
                "schema",
                State::Missing,
                "the migrations are not applied; `audienceos migrate` or the next start does so",
            )];
        }
    };
    let tenants = match db.check_separation().await {
        Ok(()) => finding("tenants", State::Ok, "the database separates organizations"),
        Err(error) => finding("tenants", State::Wrong, error.to_string()),
    };
    [schema, tenants].into_iter().chain(check_sealed(config, &db).await).collect()
}
