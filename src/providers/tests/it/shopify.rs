//! Shopify against a mock on Shopify's own schema, which refuses a query that the schema does not allow, and against
//! signatures made by Shopify's own library.

use std::{collections::BTreeMap, path::PathBuf, process::Command, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use model::metric::Account;
use providers::{
    Bulk, Call, Credential, Error, Exchange, Http, Provider, Settings, find,
    shopify::{callback_signed, webhook_signed},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;
use time::macros::datetime;

use crate::{
    peers::{self, Peer},
    shopify_bulk::StandIn,
};

/// The only token that the mock knows.
const TOKEN: &str = "shpat_test";

struct Mock {
    peer: Peer,
    copy: PathBuf,
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.copy);
    }
}

/// The mock invents its data, `hasNextPage` too; in a copy of it the lists within an order are whole.
async fn mock(name: &str) -> Option<Mock> {
    let program = std::fs::read_to_string(peers::shared("shopify", "peers/run/shopmock.mjs")?).unwrap();
    let schema = peers::shared("shopify", "peers/openapi/shopify-admin-2026-07.schema.json.gz")?;
    let folder = peers::folder("shopify", "AUDIENCEOS_PEER_NODE")?;
    let ours = "PageInfo:()=>({hasNextPage:false}),Count:()=>({count:1000}),BulkOperation:()=>({status:'COMPLETED'}),";
    let whole = program.replace("const mocks={", &format!("const mocks={{{ours}"));
    assert_ne!(whole, program);
    let copy = std::env::temp_dir().join(format!("audienceos-shopmock-{}-{name}.mjs", std::process::id()));
    std::fs::write(&copy, whole).unwrap();
    let port = peers::free_port();
    let mut command = Command::new(peers::node(&folder, "").get_program());
    command.arg(&copy).arg(port.to_string()).arg(schema).arg("2026-07").env("PEERS_NPM", folder.join("x.js"));
    Some(Mock { peer: Peer::start(&mut command, port).await, copy })
}

fn shopify() -> &'static dyn Provider {
    find("shopify").unwrap()
}

struct Connection {
    http: Http,
    credential: Credential,
    settings: Settings,
}

impl Connection {
    fn new(mock: &Mock, token: &str) -> Self {
        let http = peers::http(shopify(), &mock.peer.url);
        Self { http, credential: peers::credential(token), settings: peers::settings(shopify()) }
    }

    fn call(&self) -> Call<'_> {
        Call { http: &self.http, credential: &self.credential, settings: &self.settings }
    }

    async fn accounts(&self) -> Result<Vec<Account>, Error> {
        shopify().accounts(&self.call()).await
    }
}

#[tokio::test]
async fn every_query_is_one_that_the_schema_allows() {
    let Some(mock) = mock("queries").await else { return };
    let connection = Connection::new(&mock, TOKEN);
    let [shop] = connection.accounts().await.unwrap().try_into().unwrap();
    assert_eq!(shop.time_zone.is_empty(), shop.currency.is_empty());
    let since = datetime!(2026-01-05 10:00 UTC);
    let page = shopify().shop().unwrap().orders(&connection.call(), since, None).await.unwrap();
    assert!(page.items.iter().any(|order| !order.refunds.is_empty()), "the query of refunds was not judged");
    for order in page.items {
        assert!(order.external_id.starts_with("gid://shopify/"), "{order:?}");
        assert_eq!(order.created_at, since);
        assert_eq!(order.taxes, "19.99".parse().unwrap());
    }
    let later =
        shopify().shop().unwrap().orders(&connection.call(), since, Some("2026-01-05T10:00:00Z 25 cursor")).await;
    assert!(!matches!(later, Err(Error::Rejected(_))), "{later:?}");
}

#[tokio::test]
async fn what_a_token_may_do_is_asked_as_the_schema_allows() {
    let Some(mock) = mock("scopes").await else { return };
    let typed = shopify().typed().unwrap();
    assert!(!typed.granted(&Connection::new(&mock, TOKEN).call()).await.unwrap().is_empty());
    let refused = typed.granted(&Connection::new(&mock, "shpat_revoked").call()).await.unwrap_err();
    assert_eq!(refused.key(), "unauthorized");
}

#[tokio::test]
async fn every_step_to_a_file_of_orders_is_one_that_the_schema_allows() {
    let Some(mock) = mock("bulk").await else { return };
    let connection = Connection::new(&mock, TOKEN);
    let (shop, since) = (shopify().shop().unwrap(), datetime!(2026-01-05 10:00 UTC));
    let started = shop.bulk(&connection.call(), since, None).await;
    assert!(matches!(started, Ok(Bulk::Waits { .. })), "found none, counted, and started one: {started:?}");
    let place = "0 0 gid://shopify/BulkOperation/1";
    let asked = shop.bulk(&connection.call(), since, Some(place)).await;
    let Ok(Bulk::Pages(why)) = asked else { panic!("{asked:?}") };
    assert!(why.ends_with("it lies on a host that is not Shopify's storage"), "{why}");
    // What Shopify is to run itself is judged as a query of its own.
    let stand_in = StandIn::start(1000).await;
    stand_in.bulk(since, None).await.unwrap();
    let query = stand_in.world().operations[0].query.clone();
    let token = SecretString::from(TOKEN);
    let request = connection.http.post("admin/api/2026-07/graphql.json").secret("x-shopify-access-token", &token);
    // Only here a list needs an end.
    let plain = query.replace("orders(", "orders(first: 2, ");
    let answer: Value = request.json(&json!({ "query": plain })).send().await.unwrap();
    let order = &answer["data"]["orders"]["edges"][0]["node"];
    assert!(order["shippingLines"]["edges"].is_array() && order["refunds"].is_array(), "{answer}");
    // What Shopify documents of bulk queries beside the schema: contents by `edges`, at most two levels of connections.
    assert!(!query.contains("nodes") && query.matches("edges").count() == 2, "{query}");
}

#[tokio::test]
async fn a_throttled_query_waits_and_in_the_end_says_how_long() {
    let Some(mock) = mock("throttled").await else { return };
    let connection = Connection::new(&mock, TOKEN);
    let throttle = async |times: &str| {
        let body = times.parse::<u32>().unwrap();
        connection.http.post("_throttle").json(&body).answer().await.unwrap();
    };
    throttle("1").await;
    let begun = Instant::now();
    connection.accounts().await.unwrap();
    assert!(begun.elapsed().as_millis() >= 1000, "{:?}", begun.elapsed());
    throttle("4").await;
    let after = std::time::Duration::from_secs(1);
    assert_eq!(connection.accounts().await, Err(Error::RateLimited { after }));
    connection.accounts().await.unwrap();
}

#[tokio::test]
async fn a_token_that_is_not_known_is_unauthorized() {
    let Some(mock) = mock("unauthorized").await else { return };
    let connection = Connection::new(&mock, "shpat_revoked");
    let Err(Error::Unauthorized(words)) = connection.accounts().await else { panic!("the token was accepted") };
    assert!(words.starts_with("[API] Invalid API key or access token"), "{words}");
}

#[tokio::test]
async fn consent_comes_back_signed_or_not_at_all() {
    let Some(mock) = mock("consent").await else { return };
    let connection = Connection::new(&mock, TOKEN);
    let mut parameters: BTreeMap<String, String> =
        [("code", "c0de"), ("shop", "acme.myshopify.com"), ("state", "s"), ("timestamp", "1337178173")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let secret = connection.settings.get("SHOPIFY_API_SECRET").unwrap();
    let sign = |text: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).unwrap();
        hex::encode(mac.chain_update(text).finalize().into_bytes())
    };
    let exchange = async |parameters: &BTreeMap<String, String>| {
        let asked = Exchange { code: "c0de", redirect_uri: "https://app.test/", code_verifier: "v", parameters };
        shopify().oauth().unwrap().exchange(&connection.http, &connection.settings, &asked).await
    };
    assert_eq!(exchange(&parameters).await.unwrap_err().key(), "rejected");
    parameters.insert("hmac".into(), sign("code=c0de&shop=acme.myshopify.com&state=s&timestamp=1337178173"));
    let tokens = exchange(&parameters).await.unwrap();
    assert_eq!(tokens.access_token.expose_secret(), TOKEN);
    assert_eq!(tokens.fields["shop"], "acme.myshopify.com");
    assert!(shopify().descriptor().missing(&tokens.scopes).is_empty());
    parameters.insert("shop".into(), "evil.test".into());
    parameters.insert("hmac".into(), sign("code=c0de&shop=evil.test&state=s&timestamp=1337178173"));
    assert_eq!(exchange(&parameters).await.unwrap_err().key(), "rejected");
}

#[test]
fn signatures_of_shopifys_own_library_are_known_and_others_are_not() {
    let Some(file) = peers::shared("shopify", "peers/samples/webhook-signatures.json") else { return };
    let samples: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let sample = |provider: &str| samples.iter().find(|sample| sample["provider"] == provider).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();

    let webhook = sample("shopify");
    let (secret, body) =
        (SecretString::from(text(&webhook["secret"])), STANDARD.decode(text(&webhook["body_b64"])).unwrap());
    let signature = text(&webhook["headers"]["X-Shopify-Hmac-Sha256"]);
    assert!(webhook_signed(&secret, &body, &signature));
    let mut changed = body.clone();
    changed[3] ^= 1;
    assert!(!webhook_signed(&secret, &changed, &signature));
    assert!(!webhook_signed(&SecretString::from("other"), &body, &signature));
    for broken in ["", "!", &signature[1..], &signature[..8]] {
        assert!(!webhook_signed(&secret, &body, broken), "{broken}");
    }
    let unset = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(&body).finalize().into_bytes();
    assert!(!webhook_signed(&SecretString::default(), &body, &STANDARD.encode(unset)));

    let callback = sample("shopify-oauth-callback");
    let secret = SecretString::from(text(&callback["secret"]));
    let parameters: BTreeMap<_, _> =
        callback["query"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
    assert!(callback_signed(&secret, &parameters));
    for name in parameters.keys() {
        let mut changed = parameters.clone();
        changed.get_mut(name).unwrap().replace_range(..1, "x");
        assert!(!callback_signed(&secret, &changed), "{name}");
        changed.remove(name);
        assert!(!callback_signed(&secret, &changed), "without {name}");
    }
}

#[tokio::test]
async fn a_refused_refresh_means_reconnect_and_a_missing_setting_does_not() {
    let Some(mock) = mock("refresh").await else { return };
    let connection = Connection::new(&mock, TOKEN);
    let (oauth, token) = (shopify().oauth().unwrap(), SecretString::from("refresh-token"));
    let refreshed = oauth.refresh(&connection.http, &connection.settings, &token).await.unwrap();
    assert_eq!(refreshed.access_token.expose_secret(), TOKEN);
    let unset = oauth.refresh(&connection.http, &Settings::default(), &token).await.unwrap_err();
    assert_eq!(unset, Error::Rejected("SHOPIFY_API_KEY is not set: ask your operator".into()));
    // The mock refuses no token; an address that it does not know is refused as Shopify refuses.
    let elsewhere = peers::http(shopify(), &mock.peer.url.join("elsewhere/").unwrap());
    let refused = oauth.refresh(&elsewhere, &connection.settings, &token).await.unwrap_err();
    assert_eq!(refused, Error::Unauthorized("Not Found".into()));
}
