//! Google Ads against its own package, which knows every field of the API and writes answers as Google encodes them,
//! and against an independent Google for consent and tokens.
//!
//! The package is no server: what it wrote is given by mountebank, whose record says what was asked.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::metric::{Account, Days, Level};
use providers::{Call, Consent, Credential, Error, Exchange, Http, Provider, Settings, find};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::macros::date;
use url::Url;

use crate::{
    emulate::Emulate,
    faults::{Faults, body, header},
    peers,
};

const TOKEN: &str = "ya29.token";
const DAYS: Days = Days { first: date!(2026 - 01 - 01), last: date!(2026 - 01 - 07) };

fn google() -> &'static dyn Provider {
    find("google_ads").unwrap()
}

struct Connection {
    http: Http,
    credential: Credential,
    settings: Settings,
}

impl Connection {
    fn new(base: &Url) -> Self {
        let (http, settings) = (peers::http(google(), base), peers::settings(google()));
        Self { http, credential: peers::credential(TOKEN), settings }
    }

    fn call(&self) -> Call<'_> {
        Call { http: &self.http, credential: &self.credential, settings: &self.settings }
    }

    async fn accounts(&self) -> Result<Vec<Account>, Error> {
        google().accounts(&self.call()).await
    }
}

/// Google's package, and the answers that it wrote.
struct Package {
    python: PathBuf,
    script: PathBuf,
    answers: PathBuf,
}

impl Package {
    fn start(name: &str) -> Option<Self> {
        let script = peers::shared("google_ads", "peers/run/gads.py")?;
        let python = peers::folder("google_ads", "AUDIENCEOS_PEER_GOOGLE_ADS")?;
        let answers = std::env::temp_dir().join(format!("audienceos-google-ads-{}-{name}", std::process::id()));
        let package = Self { python, script, answers };
        let made = package.command("v26").arg("gen").arg(&package.answers).stdout(Stdio::null()).status().unwrap();
        assert!(made.success());
        Some(package)
    }

    fn command(&self, version: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(&self.script).env("GADS_VER", version);
        command
    }

    fn answer(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.answers.join(format!("{name}.json"))).unwrap()).unwrap()
    }

    /// Whether that version of the API has every field of the query, and what it says of those that it has not.
    fn knows(&self, version: &str, query: &str) -> Result<(), String> {
        let mut command = self.command(version);
        let mut child = command.arg("check").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(query.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.answers);
    }
}

fn ok(body: &Value) -> Value {
    json!({ "is": { "statusCode": 200, "headers": { "Content-Type": "application/json" }, "body": body } })
}

fn refused(status: u16, body: &Value) -> Value {
    json!({ "is": { "statusCode": status, "headers": { "Content-Type": "application/json" }, "body": body } })
}

/// A stream with one row for each account.
fn described(resource: &str, accounts: &[(&str, &str, bool)]) -> Value {
    let row = |(id, name, manager): &(&str, &str, bool)| {
        let mut account = json!({ "id": id, "currencyCode": "EUR", "timeZone": "Europe/Berlin", "status": "ENABLED" });
        // A false flag and an empty name are left out, as every zero is.
        if *manager {
            account["manager"] = json!(true);
        }
        if !name.is_empty() {
            account["descriptiveName"] = json!(name);
        }
        json!({ resource: account })
    };
    ok(&json!([{ "results": accounts.iter().map(row).collect::<Vec<_>>(), "fieldMask": "x", "requestId": "y" }]))
}

fn account(id: &str, name: &str, manager: Option<&str>) -> Account {
    Account {
        external_id: id.into(),
        name: name.into(),
        currency: "EUR".into(),
        time_zone: "Europe/Berlin".into(),
        manager_id: manager.map(str::to_owned),
    }
}

#[tokio::test]
async fn every_query_has_only_fields_that_the_version_has() {
    let Some(package) = Package::start("queries") else { return };
    let answers = json!([
        ok(&json!({ "resourceNames": ["customers/9876543210"] })),
        described("customer", &[("9876543210", "Agency", true)]),
        described("customerClient", &[("1234567890", "Shop", false)]),
        ok(&json!([])),
        ok(&json!([])),
        ok(&json!([])),
    ]);
    let Some(faults) = Faults::start(answers).await else { return };
    let connection = Connection::new(&faults.url);
    let [shop] = connection.accounts().await.unwrap().try_into().unwrap();
    assert_eq!(shop, account("1234567890", "Shop", Some("9876543210")));
    let ads = google().ads().unwrap();
    let mut page = None;
    for levels in 1.. {
        page = ads.report(&connection.call(), &shop, DAYS, page.as_deref()).await.unwrap().next;
        if page.is_none() {
            assert_eq!(levels, 3);
            break;
        }
    }
    let requests = faults.requests().await;
    let queries: Vec<_> = requests.iter().filter(|request| request["method"] == "POST").collect();
    assert_eq!(queries.len(), 5);
    for request in &queries {
        let path = request["path"].as_str().unwrap();
        let version = path.strip_prefix("/base/").unwrap().split('/').next().unwrap();
        let query = body(request)["query"].as_str().unwrap().to_owned();
        assert_eq!(package.knows(version, &query), Ok(()), "{query}");
    }
    // The judge does judge.
    assert!(package.knows("v26", "SELECT campaign.idd FROM campaign").is_err());
    for request in &requests {
        assert_eq!(header(request, "authorization"), &json!(format!("Bearer {TOKEN}")));
        assert_eq!(header(request, "developer-token"), "hidden-google_ads_developer_token");
    }
    let manager = |request: &Value| header(request, "login-customer-id").as_str().map(str::to_owned);
    let through = Some("9876543210".to_owned());
    let managers: Vec<_> = requests.iter().map(manager).collect();
    assert_eq!(managers, [None, None, through.clone(), through.clone(), through.clone(), through]);
    assert_eq!(queries[4]["path"], "/base/v26/customers/1234567890/googleAds:searchStream");
}

#[tokio::test]
async fn what_googles_package_writes_is_read() {
    let Some(package) = Package::start("read") else { return };
    let answers =
        json!([ok(&package.answer("searchStream-campaign-2chunks")), ok(&package.answer("searchStream-empty"))]);
    let Some(faults) = Faults::start(answers).await else { return };
    let connection = Connection::new(&faults.url);
    let (ads, shop) = (google().ads().unwrap(), account("1234567890", "Shop", None));
    let page = ads.report(&connection.call(), &shop, DAYS, None).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("group 2026-01-01 7"));
    let [brand, performance] = page.items.rows.try_into().unwrap();
    assert_eq!(
        (brand.day, brand.level, brand.entity_id.as_str()),
        (date!(2026 - 01 - 05), Level::Campaign, "21000000001")
    );
    assert_eq!(brand.measures.spend, Some("45.21".parse().unwrap()));
    assert_eq!((brand.measures.impressions, brand.measures.clicks), (Some(1834), Some(97)));
    assert_eq!(brand.measures.conversions, Some("3.5".parse().unwrap()));
    assert_eq!(brand.measures.claimed_revenue, Some("412.25".parse().unwrap()));
    // Asked for, answered, and left out because it is zero.
    assert_eq!(performance.measures.conversions, Some("0".parse().unwrap()));
    assert_eq!(performance.measures.spend, Some("0".parse().unwrap()));
    assert_eq!(page.items.entities[1].status, "PAUSED");
    let none = ads.report(&connection.call(), &shop, DAYS, page.next.as_deref()).await.unwrap();
    assert_eq!((none.items.rows.len(), none.next.as_deref()), (0, Some("ad 2026-01-01 7")));
}

#[tokio::test]
async fn what_a_person_reaches_directly_needs_no_manager_and_comes_once() {
    let answers = json!([
        ok(&json!({ "resourceNames": ["customers/11", "customers/22", "customers/33"] })),
        described("customer", &[("11", "Agency", true)]),
        described("customerClient", &[("22", "Shop", false), ("44", "", false)]),
        described("customer", &[("22", "Shop", false)]),
        described("customer", &[("33", "Other agency", true)]),
        described("customerClient", &[("44", "", false)]),
    ]);
    let Some(faults) = Faults::start(answers).await else { return };
    let accounts = Connection::new(&faults.url).accounts().await.unwrap();
    assert_eq!(accounts, [account("22", "Shop", None), account("44", "44", Some("11"))]);
}

#[tokio::test]
async fn a_closed_account_hides_no_other_and_a_refusal_of_all_is_told() {
    let Some(package) = Package::start("closed") else { return };
    let closed = refused(403, &package.answer("error-403-customer-not-enabled"));
    let reached = ok(&json!({ "resourceNames": ["customers/11", "customers/22"] }));
    let open = described("customer", &[("22", "Shop", false)]);
    let Some(faults) = Faults::start(json!([reached, closed, open, reached, closed, closed])).await else { return };
    let connection = Connection::new(&faults.url);
    assert_eq!(connection.accounts().await.unwrap(), [account("22", "Shop", None)]);
    let Err(Error::Rejected(words)) = connection.accounts().await else { panic!() };
    assert!(words.ends_with("deactivated. (CUSTOMER_NOT_ENABLED)"), "{words}");
}

#[tokio::test]
async fn refusals_that_googles_package_writes_have_their_kind() {
    let Some(package) = Package::start("refusals") else { return };
    let limited = package.answer("error-429-resource-exhausted");
    let answers = json!([
        refused(401, &package.answer("error-401")),
        refused(429, &limited),
        refused(400, &package.answer("error-400-query")),
        refused(503, &json!("upstream")),
        ok(&json!({ "resourceNames": [] })),
    ]);
    let Some(faults) = Faults::start(answers).await else { return };
    let connection = Connection::new(&faults.url);
    assert_eq!(connection.accounts().await.unwrap_err().key(), "unauthorized");
    // The pause is in the body only.
    let after = Duration::from_secs(30);
    assert_eq!(connection.accounts().await, Err(Error::RateLimited { after }));
    let Err(Error::Rejected(words)) = connection.accounts().await else { panic!() };
    assert!(words.contains("campaign.nope"), "{words}");
    // What may pass is tried again.
    assert_eq!(connection.accounts().await, Ok(Vec::new()));
    assert_eq!(faults.requests().await.len(), 5);
}

#[tokio::test]
async fn a_short_pause_is_kept_and_the_stream_read_again() {
    let Some(package) = Package::start("pause") else { return };
    let mut short = package.answer("error-429-resource-exhausted");
    short[0]["error"]["details"][0]["errors"][0]["details"]["quotaErrorDetails"]["retryDelay"] = json!("2s");
    let Some(faults) = Faults::start(json!([refused(429, &short), ok(&json!([]))])).await else { return };
    let connection = Connection::new(&faults.url);
    let begun = Instant::now();
    let shop = account("1234567890", "Shop", None);
    google().ads().unwrap().report(&connection.call(), &shop, DAYS, None).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
}

const CLIENT: &str = "hidden-google_ads_client_id";
const REDIRECT: &str = "http://localhost:3000/api/oauth/google_ads/callback";

/// An independent Google, which knows no advertising.
async fn start_google() -> Option<Emulate> {
    let seed = format!(
        "  users:\n    - {{ email: olga@acme.test, name: Olga }}\n  oauth_clients:\n    - {{ client_id: {CLIENT}, \
         client_secret: hidden-google_ads_client_secret, name: Us, redirect_uris: [\"{REDIRECT}\"] }}\n"
    );
    Emulate::start("google", &seed, "").await
}

/// The code that comes back when the account is chosen.
async fn choose(google: &Emulate, consent: &Url) -> String {
    google.choose(consent, "o/oauth2/v2/auth/callback", "olga@acme.test").await
}

#[tokio::test]
async fn consent_with_a_verifier_brings_tokens_that_are_renewed_and_taken_back() {
    let Some(google_itself) = start_google().await else { return };
    let (oauth, settings, fields) = (google().oauth().unwrap(), peers::settings(google()), Default::default());
    let hosts = google().hosts(Some(&google_itself.peer.url)).unwrap();
    let verifier = "a-verifier-of-forty-three-characters-or-more";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let asked = Consent {
        base: &hosts.consent,
        state: "s&1",
        redirect_uri: REDIRECT,
        code_challenge: &challenge,
        fields: &fields,
    };
    let consent = oauth.consent(&settings, &asked).unwrap();
    // Google itself has its tokens at a host of their own; this one under a path.
    let tokens = peers::http(google(), &hosts.tokens.join("oauth2/").unwrap());
    let parameters = Default::default();
    let exchange = async |code: &str, code_verifier: &str| {
        let asked = Exchange { code, redirect_uri: REDIRECT, code_verifier, parameters: &parameters };
        oauth.exchange(&tokens, &settings, &asked).await
    };
    let stolen = choose(&google_itself, &consent).await;
    assert_eq!(exchange(&stolen, "another-verifier-of-forty-three-characters-").await.unwrap_err().key(), "rejected");
    let code = choose(&google_itself, &consent).await;
    let given = exchange(&code, verifier).await.unwrap();
    assert_eq!(exchange(&code, verifier).await.unwrap_err().key(), "rejected", "a code works once");
    assert!(given.expires_in.is_some_and(|time| time > Duration::from_secs(60)));
    assert!(google().descriptor().missing(&given.scopes).is_empty(), "{:?}", given.scopes);

    let refresh_token = given.refresh_token.unwrap();
    let renewed = oauth.refresh(&tokens, &settings, &refresh_token).await.unwrap();
    assert_ne!(renewed.access_token.expose_secret(), given.access_token.expose_secret());
    assert!(renewed.refresh_token.is_none());
    let credential = Credential { access_token: renewed.access_token, ..Credential::default() };
    let call = Call { http: &tokens, credential: &credential, settings: &settings };
    oauth.revoke(&call, Some(&refresh_token)).await.unwrap();
    let refused = oauth.refresh(&tokens, &settings, &refresh_token).await.unwrap_err();
    assert_eq!(refused.key(), "unauthorized");
    let unknown = oauth.refresh(&tokens, &settings, &SecretString::from("1//unknown")).await.unwrap_err();
    assert_eq!(unknown.key(), "unauthorized");
    let unset = oauth.refresh(&tokens, &Settings::default(), &refresh_token).await.unwrap_err();
    assert_eq!(unset, Error::Rejected("GOOGLE_ADS_CLIENT_ID is not set: ask your operator".into()));
}

#[test]
fn consent_is_asked_for_on_googles_page() {
    let hosts = google().hosts(None).unwrap();
    let fields = Default::default();
    let asked = Consent {
        base: &hosts.consent,
        state: "s",
        redirect_uri: "https://app.test/back",
        code_challenge: "c",
        fields: &fields,
    };
    let url = google().oauth().unwrap().consent(&peers::settings(google()), &asked).unwrap();
    let expected = "https://accounts.google.com/o/oauth2/v2/auth?client_id=hidden-google_ads_client_id\
                    &redirect_uri=https%3A%2F%2Fapp.test%2Fback&response_type=code\
                    &scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fadwords&access_type=offline&prompt=consent&state=s\
                    &code_challenge=c&code_challenge_method=S256";
    assert_eq!(url.as_str(), expected);
}
