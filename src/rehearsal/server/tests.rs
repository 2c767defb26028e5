//! The product's own clients against the simulated providers, over sockets: consent, tokens, accounts, and every figure to the
//! cent.

mod broken;
mod load;
mod mail;
mod mailbox;
mod moved;
mod proxied;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use model::metric::{Account, DayRow, Days, Level as Depth};
use providers::{
    Bulk, Call, Client, Consent, Credential, Error, Exchange, Http, Limit, Order, Page, Provider, Report, Settings,
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use secrecy::SecretString;
use serde_json::{Value, json};
use time::macros::{date, datetime};

use super::*;
use crate::{Level, plan::Channel, protocol::fields};

const TODAY: Date = date!(2026 - 06 - 15);
const FIRST: Date = date!(2026 - 05 - 17);

fn machine() -> OffsetDateTime {
    datetime!(2026-06-15 12:00 UTC)
}

fn redirect(key: &str) -> String {
    format!("http://localhost:3000/api/oauth/{key}/callback")
}

fn rehearsal(clock: Clock) -> Rehearsal {
    let redirect_uris = ["google_ads", "meta_ads", "tiktok_ads", "shopify", "gmail", "outlook"].map(redirect).into();
    let (id, secret, developer_token) = ("our-app".into(), "our-secret".into(), "our-developer-token".into());
    Rehearsal::new(11, Some(FIRST), clock, App { id, secret, developer_token, redirect_uris }, machine).unwrap()
}

/// Asks without a socket; the body is JSON or a page.
fn ask(rehearsal: &Rehearsal, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (query, body) = (fields(query), body.as_bytes().to_vec());
    let question = Question { method: method.into(), path: path.into(), query, headers, body, early: false };
    let answer = rehearsal.ask(question).answer.unwrap();
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(json!(answer.body)))
}

/// A token of Meta's that may manage, for all accounts.
fn token(rehearsal: &Rehearsal) -> String {
    let back = redirect("meta_ads");
    let path = format!("/v26.0/dialog/oauth?client_id=our-app&redirect_uri={back}&scope=ads_management");
    let page = ask(rehearsal, "GET", &path, &[], "").1;
    let link = page.as_str().unwrap().split("<li><a href=\"").last().unwrap().split('"').next().unwrap().to_owned();
    let code = &fields(link.replace("&amp;", "&").split_once('?').unwrap().1)["code"];
    let path =
        format!("/v26.0/oauth/access_token?client_id=our-app&client_secret=our-secret&redirect_uri={back}&code={code}");
    let short = ask(rehearsal, "GET", &path, &[], "").1["access_token"].as_str().unwrap().to_owned();
    let app = "/v26.0/oauth/access_token?client_id=our-app&client_secret=our-secret";
    let path = format!("{app}&grant_type=fb_exchange_token&fb_exchange_token={short}");
    ask(rehearsal, "GET", &path, &[], "").1["access_token"].as_str().unwrap().to_owned()
}

static STATES: AtomicU32 = AtomicU32::new(0);

/// A rehearsal that listens.
struct Simulated {
    rehearsal: Arc<Rehearsal>,
    address: String,
    /// Where the mail server listens, for whoever reads and for whoever sends.
    mail: [SocketAddr; 2],
    tasks: Vec<tokio::task::AbortHandle>,
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

impl Simulated {
    async fn start(clock: Clock) -> Self {
        let rehearsal = Arc::new(rehearsal(clock));
        let (mut addresses, mut tasks) = (vec![], vec![]);
        for speech in [Speech::Http, Speech::Imap, Speech::Submission] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            addresses.push(listener.local_addr().unwrap());
            let task = tokio::spawn(serve(listener, speech, Arc::clone(&rehearsal), std::future::pending()));
            tasks.push(task.abort_handle());
        }
        let [http, imap, submission] = addresses.try_into().unwrap();
        Self { rehearsal, address: format!("http://{http}"), mail: [imap, submission], tasks }
    }

    /// Goes through consent at a provider by the `at`th choice, counted from the end if negative.
    async fn connect(&self, key: &str, at: isize) -> Connection {
        let provider = providers::find(key).unwrap();
        let value = |variable: &str| match variable {
            variable if variable.contains("DEVELOPER") => "our-developer-token",
            variable if variable.contains("SECRET") => "our-secret",
            _ => "our-app",
        };
        let named = provider.descriptor().settings.iter().map(|setting| setting.variable);
        let settings = Settings(named.map(|name| (name.to_owned(), SecretString::from(value(name)))).collect());
        let hosts = provider.hosts(Some(&self.address.parse().unwrap())).unwrap();
        let limit = Limit { per_second: 1000, burst: 1000 };
        let http = |base| Client::new().unwrap().bind(base, limit, provider.fault());
        let (redirect_uri, oauth) = (redirect(key), provider.oauth().unwrap());
        let shop = [("shop".to_owned(), "any.myshopify.com".to_owned())].into();
        // Verifier and challenge of RFC 7636, appendix B.
        let code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        // No two consents have the same.
        let state = format!("s&{}", STATES.fetch_add(1, Ordering::Relaxed));
        let asked =
            Consent { base: &hosts.consent, state: &state, redirect_uri: &redirect_uri, code_challenge, fields: &shop };
        let url = oauth.consent(&settings, &asked).unwrap();
        let path = format!("{}?{}", url.path(), url.query().unwrap());
        let (status, page) = ask(&self.rehearsal, "GET", &path, &[], "");
        assert_eq!(status, 200, "{page}");
        let links: Vec<_> = page.as_str().unwrap().split("<li><a href=\"").skip(1).collect();
        let at = if at < 0 { links.len().wrapping_add_signed(at) } else { at.unsigned_abs() };
        let link = links[at].split('"').next().unwrap().replace("&amp;", "&");
        let parameters = fields(link.strip_prefix(&redirect_uri).unwrap().strip_prefix('?').unwrap());
        assert_eq!(parameters["state"], state);
        let code = parameters.get("code").unwrap();
        let code_verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let asked = Exchange { code, redirect_uri: &redirect_uri, code_verifier, parameters: &parameters };
        let given = oauth.exchange(&http(hosts.tokens), &settings, &asked).await.unwrap();
        assert!(provider.descriptor().missing(&given.scopes).is_empty(), "{:?}", given.scopes);
        let credential = Credential { access_token: given.access_token, fields: given.fields };
        Connection { provider, http: http(hosts.api), credential, settings, refresh: given.refresh_token }
    }

    fn world<T>(&self, with: impl FnOnce(&World) -> T) -> T {
        with(&self.rehearsal.now().unwrap().0.world)
    }
}

struct Connection {
    provider: &'static dyn Provider,
    http: Http,
    credential: Credential,
    settings: Settings,
    refresh: Option<SecretString>,
}

impl Connection {
    fn call(&self) -> Call<'_> {
        Call { http: &self.http, credential: &self.credential, settings: &self.settings }
    }

    async fn accounts(&self) -> Result<Vec<Account>, Error> {
        self.provider.accounts(&self.call()).await
    }

    /// All pages of what is reported for days.
    async fn read(&self, account: &Account, days: Days) -> Result<Vec<DayRow>, Error> {
        let (mut rows, mut page) = (vec![], None);
        loop {
            let ads = self.provider.ads().unwrap();
            let Page { items: Report { rows: more, .. }, next } =
                ads.report(&self.call(), account, days, page.as_deref()).await?;
            rows.extend(more);
            match next {
                Some(next) => page = Some(next),
                None => return Ok(rows),
            }
        }
    }

    /// All orders by the file that the shop makes.
    async fn file(&self) -> Vec<Order> {
        let since = FIRST.midnight().assume_utc() - Duration::days(1);
        let (shop, mut orders, mut place) = (self.provider.shop().unwrap(), vec![], None);
        loop {
            match shop.bulk(&self.call(), since, place.as_deref()).await.unwrap() {
                Bulk::Waits { .. } => {}
                Bulk::Piece { orders: more, next, .. } => {
                    orders.extend(more);
                    match next {
                        Some(next) => place = Some(next),
                        None => return orders,
                    }
                }
                Bulk::Pages(why) => panic!("{why}"),
            }
        }
    }

    /// All orders that changed since then, by pages.
    async fn orders(&self, since: OffsetDateTime) -> Result<Vec<Order>, Error> {
        let (shop, mut orders, mut place) = (self.provider.shop().unwrap(), vec![], None);
        loop {
            let page = shop.orders(&self.call(), since, place.as_deref()).await?;
            orders.extend(page.items);
            match page.next {
                Some(next) => place = Some(next),
                None => return Ok(orders),
            }
        }
    }
}

fn cents(amount: Decimal) -> i64 {
    let cents = amount * Decimal::from(100);
    assert!(cents.is_integer(), "{amount}");
    cents.to_i64().unwrap()
}

/// Spend and claimed revenue in cents, and hundredths of conversions.
fn figures(rows: &[DayRow], depth: Depth) -> BTreeMap<Date, [i64; 5]> {
    let mut sums = BTreeMap::<_, [i64; 5]>::new();
    for row in rows.iter().filter(|row| row.level == depth) {
        let measures = &row.measures;
        let amount = |amount: Option<Decimal>| amount.map_or(0, cents);
        let of = [
            amount(measures.spend),
            amount(measures.claimed_revenue),
            amount(measures.conversions),
            measures.impressions.unwrap(),
            measures.clicks.unwrap(),
        ];
        of.iter().zip(sums.entry(row.day).or_default()).for_each(|(one, sum)| *sum += one);
    }
    sums
}

fn truth(world: &World, channel: &Channel, days: Days) -> BTreeMap<Date, [i64; 5]> {
    let rows = world.ad_rows(channel, days.first..=days.last, Level::Account, world.today()).into_iter();
    rows.map(|row| {
        let sums = row.sums;
        let of = [sums.spend_cents, sums.revenue_cents, sums.conversions_hundredths, sums.impressions, sums.clicks];
        (row.day, of)
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_products_own_clients_read_every_ad_account_to_the_cent() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    for (key, count) in [("google_ads", 7), ("meta_ads", 6), ("tiktok_ads", 5)] {
        let connection = simulated.connect(key, -1).await;
        let accounts = connection.accounts().await.unwrap();
        assert_eq!(accounts.len(), count, "{key}");
        for account in &accounts {
            let named =
                |channel: &&Channel| channel.external_id == account.external_id && channel.platform.key() == key;
            let mut first = FIRST;
            while first <= TODAY {
                // A week at a time: what is longer is made in the background, for which the client waits.
                let days = Days { first, last: (first + Duration::days(6)).min(TODAY) };
                let rows = connection.read(account, days).await.unwrap();
                let truth = simulated.world(|world| {
                    let channel = world.channels().iter().find(named).unwrap();
                    assert_eq!(
                        (world.client_of(channel).currency, &channel.name),
                        (account.currency.as_str(), &account.name)
                    );
                    truth(world, channel, days)
                });
                for depth in [Depth::Campaign, Depth::Group, Depth::Ad] {
                    assert_eq!(figures(&rows, depth), truth, "{key} {depth:?}");
                }
                first = days.last + Duration::DAY;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_report_is_made_in_the_background() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let connection = simulated.connect("meta_ads", 0).await;
    let [account] = connection.accounts().await.unwrap().try_into().unwrap();
    let days = Days { first: TODAY - Duration::days(29), last: TODAY };
    let rows = connection.read(&account, days).await.unwrap();
    let truth = simulated.world(|world| {
        let channel = world.channels().iter().find(|channel| channel.external_id == account.external_id).unwrap();
        truth(world, channel, days)
    });
    assert_eq!(figures(&rows, Depth::Ad), truth);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_products_own_client_reads_every_shop_to_the_cent_by_file_and_by_pages() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    for at in 0..8 {
        let connection = simulated.connect("shopify", at).await;
        let [account] = connection.accounts().await.unwrap().try_into().unwrap();
        let orders = connection.file().await;
        let since = TODAY.midnight().assume_utc() - Duration::days(4);
        for order in connection.orders(since).await.unwrap() {
            assert_eq!(orders.iter().find(|other| other.external_id == order.external_id), Some(&order));
        }
        simulated.world(|world| {
            let shop = world.channels().iter().find(|shop| shop.external_id == account.external_id).unwrap();
            let zone = world.client_of(shop).zone;
            let mut sums = BTreeMap::<Date, [i64; 4]>::new();
            for order in orders.iter().filter(|order| !order.test) {
                let placed = [1, cents(order.goods), cents(order.taxes), cents(order.shipping)];
                placed
                    .iter()
                    .zip(sums.entry(zone.day(order.created_at)).or_default())
                    .for_each(|(one, sum)| *sum += one);
                for refund in &order.refunds {
                    let back = [0, cents(refund.goods), cents(refund.taxes), cents(refund.shipping)];
                    back.iter()
                        .zip(sums.entry(zone.day(refund.created_at)).or_default())
                        .for_each(|(one, sum)| *sum -= one);
                }
            }
            for day in world.shop_days(shop) {
                let truth = [day.orders, day.ledger_cents, day.taxes_cents, day.shipping_cents];
                assert_eq!(sums.remove(&day.day).unwrap_or_default(), truth, "{}", day.day);
            }
            assert!(sums.is_empty());
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_and_taken_back() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    for key in ["google_ads", "meta_ads", "tiktok_ads", "shopify"] {
        let connection = simulated.connect(key, 0).await;
        let oauth = connection.provider.oauth().unwrap();
        if let Some(refresh) = &connection.refresh {
            let renewed = oauth.refresh(&connection.http, &connection.settings, refresh).await.unwrap();
            let credential = Credential { access_token: renewed.access_token, ..Credential::default() };
            let call = Call { credential: &credential, ..connection.call() };
            assert!(!connection.provider.accounts(&call).await.unwrap().is_empty(), "{key}");
        }
        let neighbour = simulated.connect(key, 0).await;
        oauth.revoke(&connection.call(), connection.refresh.as_ref()).await.unwrap();
        assert_eq!(connection.accounts().await.unwrap_err().key(), "unauthorized", "{key}");
        assert!(neighbour.accounts().await.is_ok(), "{key}: another's consent ended too");
    }
}

#[test]
fn the_picture_of_an_advertisement_is_where_its_platform_says() {
    let rehearsal = rehearsal(Clock::EndOf(TODAY));
    let bearer = format!("Bearer {}", token(&rehearsal));
    let headers = [("authorization", bearer.as_str()), ("host", "127.0.0.1:9")];
    let desk = rehearsal.desk().unwrap();
    let account = desk.world.channels().iter().find(|channel| channel.platform == Platform::MetaAds).unwrap();
    let creatives = desk.world.creatives(account);
    let path = format!("/v26.0/act_{}/ads?fields=creative{{image_url}}", account.external_id);
    let (status, told) = ask(&rehearsal, "GET", &path, &headers, "");
    assert_eq!((status, told["data"].as_array().unwrap().len()), (200, creatives.len()), "{told}");
    for ad in told["data"].as_array().unwrap() {
        let path = ad["creative"]["image_url"].as_str().unwrap().strip_prefix("http://127.0.0.1:9").unwrap();
        let known = creatives.iter().find(|one| path.contains(&one.external_id)).unwrap();
        assert_eq!(ask(&rehearsal, "GET", path, &[], ""), (200, json!(known.picture)), "{path}");
    }
    assert_eq!(ask(&rehearsal, "GET", "/rehearsal/pictures/1.svg", &[], "").0, 404);
}

#[tokio::test]
async fn unknown_paths_and_wrong_tokens_get_the_providers_own_words() {
    let rehearsal = rehearsal(Clock::EndOf(TODAY));
    let get = |path: &str, headers: &[(&str, &str)]| ask(&rehearsal, "GET", path, headers, "");
    let bad = ("authorization", "Bearer nobody");
    for (path, headers, status, place, told) in [
        ("/v26/nothing", [bad], 404, "/error/status", json!("NOT_FOUND")),
        ("/v26/customers:listAccessibleCustomers", [bad], 401, "/error/status", json!("UNAUTHENTICATED")),
        ("/google_ads/v26/customers:listAccessibleCustomers", [bad], 401, "/error/status", json!("UNAUTHENTICATED")),
        ("/v26.0/me/nothing/at/all", [bad], 404, "/error/type", json!("OAuthException")),
        // Meta's specification has status 400 for all refusals.
        ("/v26.0/me/adaccounts", [bad], 400, "/error/code", json!(190)),
        ("/meta_ads/v26.0/me/adaccounts", [bad], 400, "/error/code", json!(190)),
        ("/open_api/v1.3/nothing/", [bad], 404, "/code", json!(40402)),
        // With TikTok the code decides, whatever the status.
        ("/open_api/v1.3/advertiser/info/", [("access-token", "nobody")], 200, "/code", json!(40105)),
        ("/admin/nothing", [bad], 404, "/errors", json!("Not Found")),
        (
            "/bulk-operation-outputs/1.jsonl",
            [bad],
            404,
            "",
            json!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code></Error>"),
        ),
        ("/gmail/v1/users/me/profile", [bad], 401, "/error/errors/0/reason", json!("authError")),
        ("/gmail/gmail/v1/users/me/profile", [bad], 401, "/error/errors/0/reason", json!("authError")),
        ("/v1.0/me/messages", [bad], 401, "/error/code", json!("InvalidAuthenticationToken")),
        ("/outlook/v1.0/me/messages", [bad], 401, "/error/code", json!("InvalidAuthenticationToken")),
        ("/nothing", [bad], 404, "/error", json!("no simulated provider has this path")),
        ("/rehearsal/nothing", [bad], 404, "/error", json!("nothing is here")),
    ] {
        let (found, body) = get(path, &headers);
        assert_eq!((found, body.pointer(place)), (status, Some(&told)), "{path} {body}");
    }
    let graphql = "/admin/api/2026-07/graphql.json";
    assert_eq!(ask(&rehearsal, "POST", graphql, &[("x-shopify-access-token", "nobody")], "{}").0, 401);
}
