//! Shopify: a shop's orders and refunds, the books that platforms' claims are held against.
//!
//! Admin GraphQL API 2026-07; one host for each shop. Calls are limited by cost: 1000 points for one query, a bucket that
//! fills with 100 points a second or more. Oddities:
//! - A refusal is HTTP 200 with `errors`; `THROTTLED` says in `extensions.cost` how much is missing and how fast it
//!   fills, from which the pause is computed.
//! - With `taxesIncluded` the prices of goods and shipping contain their taxes, and so do the refunded lines of goods;
//!   refunded shipping and adjustments never do.
//! - `totalShippingPriceSet` is before discounts and `totalRefundedSet` is blind to goods that were taken back unpaid:
//!   the lines are added up instead. A refund's difference from its lines stands in `orderAdjustments`, negative when
//!   the customer got more.
//! - Days are counted by `processedAt`: `createdAt` of an imported order is the day of the import.
//! - A refund's lines are pages within a list, which would break the limit of a query and which bulk operations refuse
//!   ("connection within a list"): refunds are read one by one. The first reading takes the rest from a bulk operation's
//!   file (`bulk.rs`).
//! - A list ends after 25 000 entries without a word, over all its pages: the filter moves on before that.
//! - Orders older than 60 days need the scope `read_all_orders`, which Shopify grants on request.
//! - Offline tokens last an hour and their refresh token changes with each use; older apps get one that lasts.
//! - Who may write something may read it; a token's scopes then need not list the reading.
//! - Custom apps that were made in a shop's admin before 2026 have a token that a person can copy, and that lasts.
//! - A shop's address comes from the person and the signed callback, and must be one label under `.myshopify.com`.

mod bulk;
mod signature;
mod wire;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use http::HeaderMap;
use model::{
    metric::Account,
    provider::{Capability, CredentialKind, Descriptor, Field, Scope, Setting},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
pub use signature::{callback_signed, webhook_signed};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use crate::{
    ACCESS_TOKEN, Answer, Asks, Bulk, Call, Consent, Credential, Error, Event, Exchange, Fault, Hosts, Http, Limit,
    OAuth, Order, Page, Provider, REVOCATION, Reach, Refund, Request, Result, Settings, Shop, Tokens, Typed, Webhooks,
    address, page_of, standard,
};

/// The one place that names the API's version.
const VERSION: &str = "2026-07";
/// How many orders a page has: about 30 points each.
const PAGE_SIZE: u32 = 25;
/// A list has 25 000 entries at most, over all its pages.
const LONGEST_LIST: usize = 20_000;
/// How many lines of a refund a page has.
const LINES: u32 = 50;
/// The field with the shop's address: `acme.myshopify.com`.
const SHOP: &str = "shop";
const API_KEY: &str = "SHOPIFY_API_KEY";
const API_SECRET: &str = "SHOPIFY_API_SECRET";
const TOKEN: &str = "x-shopify-access-token";

static DESCRIPTOR: Descriptor = Descriptor {
    key: "shopify",
    name: "Shopify",
    gives: "A shop's orders and refunds: revenue as its books have it, without taxes and shipping",
    capabilities: &[Capability::Shop],
    credential: CredentialKind::ShopOAuth2,
    fields: &[
        Field {
            name: SHOP,
            label: "Shop's address at Shopify",
            help: "Its own one, such as your-shop.myshopify.com",
            secret: false,
            required: true,
        },
        Field {
            name: ACCESS_TOKEN,
            label: "Admin API access token",
            help: "Of a custom app in the shop's admin under Settings, Apps, Develop apps, with read_orders and \
                   read_customers; it begins with shpat_. Apps made there since January 2026 have none",
            secret: true,
            required: true,
        },
    ],
    scopes: &[
        Scope { name: "read_orders", gives: "orders and refunds of the last 60 days", required: true },
        Scope { name: "read_customers", gives: "telling new customers from those who come again", required: true },
    ],
    settings: &[
        Setting { variable: API_KEY, what: "The app's client id in Shopify's Dev Dashboard, Settings" },
        Setting { variable: API_SECRET, what: "The app's secret, beside its client id; it signs webhooks too" },
    ],
};

/// Shopify, for the registry.
pub(crate) const PROVIDER: Shopify = Shopify;

pub(crate) struct Shopify;

#[async_trait]
impl Provider for Shopify {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    /// Never called itself: the shop's name stands before it.
    fn base(&self) -> &'static str {
        "https://myshopify.com"
    }

    fn hosts(&self, replaced: Option<&Url>) -> Result<Hosts> {
        self.hosts_for(&BTreeMap::new(), replaced)
    }

    fn hosts_for(&self, fields: &BTreeMap<String, String>, replaced: Option<&Url>) -> Result<Hosts> {
        // Elsewhere, too, what is no shop's address is said before anybody is asked.
        let shop = fields.contains_key(SHOP).then(|| shop_of(fields)).transpose()?;
        let api = match (replaced, shop) {
            (Some(replaced), _) => replaced.clone(),
            (None, Some(shop)) => address(&format!("https://{shop}"))?,
            (None, None) => return Err(no_shop()),
        };
        Ok(Hosts { consent: api.clone(), tokens: api.clone(), api })
    }

    fn asks(&self) -> Option<Asks> {
        let tidy = |typed: &str| typed.trim().trim_start_matches("https://").trim_end_matches('/').to_ascii_lowercase();
        Some(Asks { field: SHOP, tidy })
    }

    fn limit(&self) -> Limit {
        Limit { per_second: 4, burst: 8 }
    }

    fn fault(&self) -> Fault {
        fault
    }

    async fn accounts(&self, call: &Call<'_>) -> Result<Vec<Account>> {
        let answer: wire::ShopAnswer = query(call, wire::SHOP, &json!({})).await?;
        Ok(vec![answer.shop.into()])
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        Some(self)
    }

    fn typed(&self) -> Option<&dyn Typed> {
        Some(self)
    }

    fn shop(&self) -> Option<&dyn Shop> {
        Some(self)
    }

    fn webhooks(&self) -> Option<&dyn Webhooks> {
        Some(self)
    }
}

#[async_trait]
impl OAuth for Shopify {
    fn consent(&self, settings: &Settings, asked: &Consent<'_>) -> Result<Url> {
        shop_of(asked.fields)?;
        let scopes: Vec<_> = DESCRIPTOR.scopes.iter().map(|scope| scope.name).collect();
        let mut url = page_of(asked.base, "admin/oauth/authorize");
        url.query_pairs_mut()
            .append_pair("client_id", settings.get(API_KEY)?.expose_secret())
            .append_pair("scope", &scopes.join(","))
            .append_pair("redirect_uri", asked.redirect_uri)
            .append_pair("state", asked.state);
        Ok(url)
    }

    async fn exchange(&self, http: &Http, settings: &Settings, asked: &Exchange<'_>) -> Result<Tokens> {
        if !callback_signed(settings.get(API_SECRET)?, asked.parameters) {
            return Err(Error::Rejected("Shopify's signature on the way back is missing or wrong".into()));
        }
        let shop = shop_of(asked.parameters)?;
        // A replaced host, outside production, is no shop's.
        if checked(http.host()).is_ok_and(|asked| asked != shop) {
            return Err(Error::Rejected(format!("consent came back from another shop, {shop}")));
        }
        let fields = [(SHOP.to_owned(), shop.to_owned())].into();
        let code = asked.parameters.get("code").map_or(asked.code, String::as_str);
        tokens(http, settings, &[("code", code), ("expiring", "1")]).await.map(|tokens| Tokens { fields, ..tokens })
    }

    async fn refresh(&self, http: &Http, settings: &Settings, refresh_token: &SecretString) -> Result<Tokens> {
        app(settings)?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        match tokens(http, settings, &fields).await {
            Err(Error::Rejected(words)) => Err(Error::Unauthorized(words)),
            result => result,
        }
    }

    async fn revoke(&self, call: &Call<'_>, _: Option<&SecretString>) -> Result<()> {
        let request = call.http.delete("admin/api_permissions/current.json");
        request.once().within(REVOCATION).secret(TOKEN, &call.credential.access_token).answer().await.map(drop)
    }

    /// The app is taken out of the shop, whoever else uses it there.
    fn reach(&self, given: &Credential) -> Reach {
        given.fields.get(SHOP).map_or(Reach::Unknown, |shop| Reach::Grant(shop.clone()))
    }
}

#[async_trait]
impl Typed for Shopify {
    async fn granted(&self, call: &Call<'_>) -> Result<Vec<String>> {
        query::<wire::ScopesAnswer>(call, wire::SCOPES, &json!({})).await.map(wire::ScopesAnswer::granted)
    }
}

fn app(settings: &Settings) -> Result<(&SecretString, &SecretString)> {
    Ok((settings.get(API_KEY)?, settings.get(API_SECRET)?))
}

async fn tokens(http: &Http, settings: &Settings, fields: &[(&str, &str)]) -> Result<Tokens> {
    let (key, secret) = app(settings)?;
    let mut form = vec![("client_id", key.expose_secret()), ("client_secret", secret.expose_secret())];
    form.extend_from_slice(fields);
    let given: wire::Token = http.post("admin/oauth/access_token").once().hide(key).form(&form).send().await?;
    Ok(Tokens {
        access_token: given.access_token,
        refresh_token: given.refresh_token,
        expires_in: given.expires_in.map(Duration::from_secs),
        scopes: given.scope.split(',').filter(|scope| !scope.is_empty()).map(|scope| scope.trim().to_owned()).collect(),
        fields: BTreeMap::new(),
    })
}

#[async_trait]
impl Shop for Shopify {
    async fn orders(&self, call: &Call<'_>, since: OffsetDateTime, page: Option<&str>) -> Result<Page<Vec<Order>>> {
        let place = page.map_or_else(|| Ok(Place::first(since)), Place::read)?;
        let variables = json!({ "first": PAGE_SIZE, "after": place.cursor, "filter": filter(place.since)? });
        let wire::OrdersAnswer { orders } = query(call, wire::ORDERS, &variables).await?;
        let mut items = Vec::with_capacity(orders.nodes.len());
        for order in orders.nodes {
            let mut refunds = Vec::with_capacity(order.refunds.len());
            for refund in &order.refunds {
                refunds.push(refund_of(call, &refund.id).await?);
            }
            items.push(order.ours(refunds)?);
        }
        let changed = items.last().map(|order: &Order| order.updated_at);
        let next = orders.page_info.next()?.map(|cursor| place.next(cursor, items.len(), changed));
        Ok(Page { items, next: next.transpose()? })
    }

    async fn bulk(&self, call: &Call<'_>, since: OffsetDateTime, place: Option<&str>) -> Result<Bulk> {
        bulk::read(call, since, place).await
    }
}

/// What changed since then. Shopify counts in seconds; one order too many does no harm.
fn filter(since: OffsetDateTime) -> Result<String> {
    let since = since.replace_nanosecond(0).unwrap_or(since);
    let since = since.format(&Rfc3339).map_err(|error| Error::Rejected(error.to_string()))?;
    Ok(format!("updated_at:>='{since}'"))
}

/// Where a page begins. As a text: the beginning of the filter, how many orders came since then, and the cursor.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    since: OffsetDateTime,
    seen: usize,
    cursor: Option<String>,
}

impl Place {
    fn first(since: OffsetDateTime) -> Self {
        Self { since, seen: 0, cursor: None }
    }

    fn read(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, ' ');
        let mut part = || parts.next().ok_or(Error::CursorExpired);
        let since = OffsetDateTime::parse(part()?, &Rfc3339).map_err(|_| Error::CursorExpired)?;
        let seen = part()?.parse().map_err(|_| Error::CursorExpired)?;
        let cursor = Some(part()?.to_owned()).filter(|cursor| !cursor.is_empty());
        Ok(Self { since, seen, cursor })
    }

    /// Before Shopify's limit of a list the filter begins anew where the page ended; what has the same time comes twice.
    fn next(&self, cursor: String, came: usize, changed: Option<OffsetDateTime>) -> Result<String> {
        let (since, seen, cursor) = match changed {
            Some(changed) if self.seen + came >= LONGEST_LIST && changed > self.since => (changed, 0, String::new()),
            _ => (self.since, self.seen + came, cursor),
        };
        let since = since.format(&Rfc3339).map_err(|error| Error::Rejected(error.to_string()))?;
        Ok(format!("{since} {seen} {cursor}"))
    }
}

/// Reads a refund with all its lines.
async fn refund_of(call: &Call<'_>, id: &str) -> Result<Refund> {
    let mut after = None;
    let mut sum: Option<Refund> = None;
    loop {
        let variables = json!({ "id": id, "first": LINES, "after": after });
        let answer: wire::RefundAnswer = query(call, wire::REFUND, &variables).await?;
        let refund = answer.refund.ok_or_else(|| Error::Malformed(format!("refund {id} is named but not there")))?;
        after = refund.refund_line_items.page_info.next()?;
        refund.add_to(&mut sum)?;
        if after.is_none() {
            return sum.ok_or_else(|| Error::Malformed(format!("refund {id} is empty")));
        }
    }
}

async fn query<T: DeserializeOwned>(call: &Call<'_>, query: &str, variables: &Value) -> Result<T> {
    request(call, query, variables).send::<wire::Reply<T>>().await.map(|reply| reply.data)
}

fn request<'a>(call: &Call<'a>, query: &str, variables: &Value) -> Request<'a> {
    let path = format!("admin/api/{VERSION}/graphql.json");
    let body = json!({ "query": query, "variables": variables });
    call.http.post(&path).secret(TOKEN, &call.credential.access_token).json(&body)
}

/// The shop's address among `fields`, if it can be nothing else.
fn shop_of(fields: &BTreeMap<String, String>) -> Result<&str> {
    checked(fields.get(SHOP).map_or("", String::as_str))
}

/// `^[a-z0-9][a-z0-9-]*\.myshopify\.com$`
fn checked(shop: &str) -> Result<&str> {
    let name = shop.strip_suffix(".myshopify.com").unwrap_or_default();
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good = name.bytes().next().is_some_and(letter) && name.bytes().all(|byte| letter(byte) || byte == b'-');
    good.then_some(shop).ok_or_else(no_shop)
}

fn no_shop() -> Error {
    Error::Rejected("a shop's address looks like your-shop.myshopify.com, in small letters and without https://".into())
}

impl Webhooks for Shopify {
    fn event(&self, settings: &Settings, headers: &HeaderMap, body: &[u8]) -> Result<Event> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let unsigned = || Error::Unauthorized("this webhook is not signed as it should be".into());
        let secret = settings.get(API_SECRET).map_err(|_| unsigned())?;
        if !webhook_signed(secret, body, text("x-shopify-hmac-sha256")) {
            return Err(unsigned());
        }
        let (id, topic) = (text("x-shopify-webhook-id"), text("x-shopify-topic"));
        if id.is_empty() || id.len() > 200 || topic.len() > 200 {
            return Err(Error::Malformed("the webhook has no id".into()));
        }
        Ok(Event { account: text("x-shopify-shop-domain").to_owned(), id: id.to_owned(), topic: topic.to_owned() })
    }
}

/// `errors` decide inside status 200; elsewhere the status does, in Shopify's words.
fn fault(answer: &Answer) -> Option<Error> {
    let said: Option<wire::Refusal> = serde_json::from_slice(&answer.body).ok();
    let words = said.as_ref().and_then(wire::Refusal::words);
    let Some(error) = standard(answer) else {
        let (said, words) = (said?, words?);
        return Some(if said.has("THROTTLED") {
            Error::limited(said.pause().or_else(|| answer.retry_after()))
        } else if said.has("INTERNAL_SERVER_ERROR") {
            Error::Unavailable(words)
        } else {
            Error::Rejected(words)
        });
    };
    Some(match (error, words) {
        (Error::Unauthorized(_), Some(words)) => Error::Unauthorized(words),
        (Error::Rejected(_), Some(words)) => Error::Rejected(words),
        (error, _) => error,
    })
}

#[cfg(test)]
mod tests;
