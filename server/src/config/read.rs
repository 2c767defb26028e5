//! Reads settings: the environment over the file over the defaults.
//!
//! Most settings are texts, and a text of digits is one, too: a secret such as 0123 must neither stop the start nor lose its
//! zero. Only those named here are numbers or yes and no. What is wrong is told by name, never with the value: it may be a
//! secret.

use anyhow::anyhow;
use figment::{
    Figment, Provider,
    error::Kind,
    providers::Serialized,
    value::{Dict, Value},
};

use super::Config;

/// Settings that are no texts.
const NO_TEXTS: [&str; 12] = [
    "production",
    "import_limit",
    "import_room",
    "connections",
    "jobs",
    "listeners",
    "worker_silence",
    "largest_answer",
    "limit_sign_in",
    "limit_api",
    "address",
    "rehearsal",
];
/// Variables without our prefix, as operators know them.
const KNOWN: [&str; 3] = ["database_url", "sentry_dsn", "cron_secret"];

/// Reads what is set.
///
/// # Errors
/// A value is malformed; the error names the setting and not its value.
pub(super) fn read(
    defaults: Figment,
    file: impl Provider,
    variables: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<Config> {
    let (mut known, mut ours) = (Dict::new(), Dict::new());
    for (name, value) in variables {
        let name = name.to_ascii_lowercase();
        // What is no text and empty is not set.
        let unset = |name: &&str| value.is_empty() && NO_TEXTS.contains(name);
        if let Some(name) = name.strip_prefix("audienceos_").filter(|name| !unset(name)) {
            ours.insert(name.to_owned(), of_variable(name, value));
        } else if KNOWN.contains(&name.as_str()) {
            known.insert(name, Value::from(value));
        }
    }
    let all = defaults.merge(file).merge(Serialized::defaults(known)).merge(Serialized::defaults(ours));
    let mut all: Dict = all.extract().map_err(words)?;
    for (_, value) in all.iter_mut().filter(|(name, _)| !NO_TEXTS.contains(&name.as_str())) {
        if let Some(text) = text(value) {
            *value = Value::from(text);
        }
    }
    Figment::from(Serialized::defaults(all)).extract().map_err(words)
}

/// What a variable holds: its text as it stands, where that is what the setting is.
fn of_variable(name: &str, value: String) -> Value {
    match value.parse() {
        Ok(read) if NO_TEXTS.contains(&name) => read,
        _ => Value::from(value),
    }
}

/// What somebody wrote without quotation marks into the file, as a text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(_, yes) => Some(yes.to_string()),
        Value::Num(..) => value.to_i128().map(|whole| whole.to_string()).or_else(|| Some(value.to_f64()?.to_string())),
        _ => None,
    }
}

/// What is wrong, without what was set.
fn words(error: figment::Error) -> anyhow::Error {
    let said: Vec<_> = error
        .into_iter()
        .map(|error| {
            let name = error.path.last().map(|name| match KNOWN.contains(&name.as_str()) {
                true => name.to_ascii_uppercase(),
                false => format!("AUDIENCEOS_{}", name.to_ascii_uppercase()),
            });
            match (error.kind, name) {
                (Kind::InvalidType(_, wanted) | Kind::InvalidValue(_, wanted), Some(name)) => {
                    format!("{name} must be {wanted}")
                }
                (Kind::Message(why), Some(name)) => format!("{name}: {why}"),
                (_, Some(name)) => format!("{name} is not what it must be"),
                // The file itself: its first line says where, the others repeat what stands there.
                (Kind::Message(why), None) => {
                    format!("audienceos.toml: {}", why.lines().next().unwrap_or("it cannot be read"))
                }
                (_, None) => "audienceos.toml is not what it must be".to_owned(),
            }
        })
        .collect();
    anyhow!(said.join("; "))
}

#[cfg(test)]
mod tests {
    use figment::providers::{Format, Toml};
    use secrecy::{ExposeSecret, SecretString};

    use super::*;

    fn load(file: &str, variables: &[(&str, &str)]) -> anyhow::Result<Config> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        read(Config::defaults(), Toml::string(file), variables)
    }

    fn shown(secret: &Option<SecretString>) -> &str {
        secret.as_ref().map_or("none", ExposeSecret::expose_secret)
    }

    #[test]
    fn texts_of_digits_stay_the_texts_that_they_are() {
        let variables = [
            ("CRON_SECRET", "0123456"),
            ("AUDIENCEOS_METRICS_TOKEN", "1e5"),
            ("AUDIENCEOS_SECRET", "true"),
            ("AUDIENCEOS_KEYS", "[1, 2]"),
            ("AUDIENCEOS_GOOGLE_CLIENT_SECRET", "340282366920938463463374607431768211456"),
            ("AUDIENCEOS_OPERATOR_NAME", "2026"),
            ("AUDIENCEOS_GOOGLE_CLIENT_ID", "42"),
            ("AUDIENCEOS_DATA", "7"),
            ("audienceos_jobs", "3"),
            ("AUDIENCEOS_PRODUCTION", "true"),
            ("AUDIENCEOS_ADDRESS", "127.0.0.1:81"),
            ("UNRELATED", "x"),
        ];
        let config = load("", &variables).unwrap();
        assert_eq!(shown(&config.cron_secret), "0123456");
        assert_eq!(shown(&config.metrics_token), "1e5");
        assert_eq!(shown(&config.secret), "true");
        assert_eq!(shown(&config.keys), "[1, 2]");
        assert_eq!(shown(&config.google_client_secret), "340282366920938463463374607431768211456");
        assert_eq!((config.operator_name.as_str(), config.google_client_id.as_deref()), ("2026", Some("42")));
        assert_eq!((config.data.to_str(), config.jobs, config.production), (Some("7"), 3, true));
        assert_eq!(config.address.port(), 81);
    }

    #[test]
    fn a_file_may_leave_quotation_marks_out_and_the_environment_wins() {
        let file = "cron_secret = 123456\nmetrics_token = true\noperator_name = -7\njobs = 2\nconnections = 5";
        let config = load(file, &[("AUDIENCEOS_JOBS", "9")]).unwrap();
        assert_eq!((shown(&config.cron_secret), shown(&config.metrics_token)), ("123456", "true"));
        assert_eq!((config.operator_name.as_str(), config.jobs, config.connections), ("-7", 9, 5));
    }

    #[test]
    fn what_is_wrong_is_named_without_its_value() {
        let wrong = |file: &str, variables: &[(&str, &str)]| format!("{:#}", load(file, variables).unwrap_err());
        let jobs = wrong("", &[("AUDIENCEOS_JOBS", "hunter2"), ("CRON_SECRET", "123456")]);
        assert!(jobs.contains("AUDIENCEOS_JOBS must be") && !jobs.contains("hunter2"), "{jobs}");
        let list = wrong("cron_secret = [123456]", &[]);
        assert!(list.contains("CRON_SECRET must be") && !list.contains("123456"), "{list}");
        let broken = wrong("cron_secret = 12x3456", &[]);
        assert!(broken.contains("audienceos.toml") && !broken.contains("12x3456"), "{broken}");
        let address = wrong("", &[("AUDIENCEOS_ADDRESS", "hunter2")]);
        assert!(address.contains("AUDIENCEOS_ADDRESS") && !address.contains("hunter2"), "{address}");
    }
}
