//! TikTok Ads: what advertising on TikTok cost and brought, by campaign, ad group and ad.
//!
//! TikTok API for Business v1.3. A report by day covers at most 30 days and 1000 rows a page. Oddities:
//! - Almost every answer is HTTP 200; `code` tells success (0) from failure, so that the status alone proves nothing.
//! - Numbers are texts, and `-` is "not reported"; it must not become 0.
//! - Reports leave out what was deleted unless asked for, though it cost money: `STATUS_ALL` is asked for at each level.
//! - More than 20 000 ads are cut off with only a header to say so (`X-Tt-Ads-Throttle`): refused, as totals would be low.
//! - Purchases on websites, in apps and in TikTok's own shop are counted apart; the value of the first is misnamed
//!   `total_complete_payment_rate`. Revenue is the sum of those that were reported.
//! - Attribution windows are set at each ad group and not said in reports.
//! - Days are those of `display_timezone`; `timezone` is an offset with the sign of POSIX (Etc/GMT+8 is west).
//! - The long-lived token has no refresh token. Consent gives `auth_code`, once, and there is no PKCE.
//! - What a permission allows has a number; a number higher in the tree includes those below it.

mod wire;

use std::time::Duration;

use async_trait::async_trait;
use model::{
    metric::{Account, Days, Level},
    provider::{Capability, CredentialKind, Descriptor, Scope, Setting},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;

use crate::{
    Ads, Answer, Call, Consent, Error, Exchange, Fault, Http, Limit, OAuth, Page, Provider, REVOCATION, Report,
    Request, Result, Settings, Tokens, page_of, standard,
};

/// The one place that names the API's version.
const VERSION: &str = "v1.3";
/// How many rows a page has.
const PAGE_SIZE: &str = "1000";
/// How many accounts one call describes.
const ACCOUNTS_AT_ONCE: usize = 100;
/// The window that each ad group's own setting says.
const ATTRIBUTION: &str = "ad_group_setting";
const READ_ACCOUNTS: &str = "100";
const READ_REPORTS: &str = "44";
const APP_ID: &str = "TIKTOK_APP_ID";
const APP_SECRET: &str = "TIKTOK_APP_SECRET";

static DESCRIPTOR: Descriptor = Descriptor {
    key: "tiktok_ads",
    name: "TikTok Ads",
    gives: "What advertising on TikTok cost and brought, by campaign, ad group and ad, day by day",
    capabilities: &[Capability::Ads],
    credential: CredentialKind::OAuth2,
    fields: &[],
    scopes: &[
        Scope { name: READ_ACCOUNTS, gives: "the list of ad accounts, their currency and time zone", required: true },
        Scope { name: READ_REPORTS, gives: "costs, impressions, clicks and conversions", required: true },
    ],
    settings: &[
        Setting {
            variable: APP_ID,
            what: "The app's id in TikTok API for Business, My Apps; the app needs the permissions Ad Account \
                   Information (read) and Consolidated Report",
        },
        Setting { variable: APP_SECRET, what: "The app's secret, beside its id" },
    ],
};

/// TikTok Ads, for the registry.
pub(crate) const PROVIDER: TikTokAds = TikTokAds;

pub(crate) struct TikTokAds;

#[async_trait]
impl Provider for TikTokAds {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn base(&self) -> &'static str {
        "https://business-api.tiktok.com"
    }

    fn limit(&self) -> Limit {
        Limit { per_second: 5, burst: 10 }
    }

    fn fault(&self) -> Fault {
        fault
    }

    async fn accounts(&self, call: &Call<'_>) -> Result<Vec<Account>> {
        let (id, secret) = app(call.settings)?;
        let request = get(call, "oauth2/advertiser/get/").hide(id).query("app_id", id.expose_secret());
        let reached: wire::List<wire::Advertiser> = send(request.query("secret", secret.expose_secret())).await?;
        let ids: Vec<_> = reached.list.into_iter().map(|advertiser| advertiser.advertiser_id).collect();
        let fields = json!(["advertiser_id", "name", "currency", "timezone", "display_timezone"]).to_string();
        let mut accounts = Vec::with_capacity(ids.len());
        for ids in ids.chunks(ACCOUNTS_AT_ONCE) {
            let request = get(call, "advertiser/info/").query("advertiser_ids", &json!(ids).to_string());
            let described: wire::List<wire::AdvertiserInfo> = send(request.query("fields", &fields)).await?;
            accounts.extend(described.list.into_iter().map(Account::from));
        }
        Ok(accounts)
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        Some(self)
    }

    fn ads(&self) -> Option<&dyn Ads> {
        Some(self)
    }
}

#[async_trait]
impl OAuth for TikTokAds {
    fn consent(&self, settings: &Settings, asked: &Consent<'_>) -> Result<Url> {
        let mut url = page_of(asked.base, "portal/auth");
        url.query_pairs_mut()
            .append_pair("app_id", settings.get(APP_ID)?.expose_secret())
            .append_pair("state", asked.state)
            .append_pair("redirect_uri", asked.redirect_uri);
        Ok(url)
    }

    async fn exchange(&self, http: &Http, settings: &Settings, asked: &Exchange<'_>) -> Result<Tokens> {
        let code = asked.parameters.get("auth_code").map_or(asked.code, String::as_str);
        let (id, secret) = app(settings)?;
        let body = json!({ "app_id": id.expose_secret(), "secret": secret.expose_secret(), "auth_code": code });
        let request = http.post(&path("oauth2/access_token/")).once().hide(id).json(&body);
        let given: wire::Token = send(request).await?;
        Ok(Tokens {
            access_token: given.access_token,
            refresh_token: None,
            expires_in: given.expires_in.filter(|seconds| *seconds > 0).map(Duration::from_secs),
            scopes: with_included(&given.scope),
            fields: Default::default(),
        })
    }

    async fn refresh(&self, _: &Http, _: &Settings, _: &SecretString) -> Result<Tokens> {
        Err(Error::Unauthorized("TikTok's token cannot be renewed".into()))
    }

    async fn revoke(&self, call: &Call<'_>, _: Option<&SecretString>) -> Result<()> {
        let ((id, secret), token) = (app(call.settings)?, &call.credential.access_token);
        let (app_id, app_secret) = (id.expose_secret(), secret.expose_secret());
        let body = json!({ "app_id": app_id, "secret": app_secret, "access_token": token.expose_secret() });
        let request = call.http.post(&path("oauth2/revoke_token/")).secret("access-token", token);
        request.once().within(REVOCATION).hide(id).json(&body).answer().await.map(drop)
    }
}

#[async_trait]
impl Ads for TikTokAds {
    fn piece(&self) -> u16 {
        30
    }

    async fn report(&self, call: &Call<'_>, account: &Account, days: Days, page: Option<&str>) -> Result<Page<Report>> {
        let (depth, number) = match page {
            Some(page) => place(page).ok_or(Error::CursorExpired)?,
            None => (&DEPTHS[0], 1),
        };
        let metrics: Vec<_> = METRICS.iter().chain(depth.attributes).collect();
        let filter = json!([{ "field_name": depth.filter, "filter_type": "IN", "filter_value": r#"["STATUS_ALL"]"# }]);
        let request = get(call, "report/integrated/get/")
            .query("advertiser_id", &account.external_id)
            .query("report_type", "BASIC")
            .query("service_type", "AUCTION")
            .query("data_level", depth.data_level)
            .query("dimensions", &json!([depth.id, "stat_time_day"]).to_string())
            .query("metrics", &json!(metrics).to_string())
            .query("filtering", &filter.to_string())
            .query("start_date", &days.first.to_string())
            .query("end_date", &days.last.to_string())
            .query("page", &number.to_string())
            .query("page_size", PAGE_SIZE);
        let rows: wire::Rows = send(request).await?;
        let next = if number < rows.page_info.total_page {
            Some(format!("{} {}", depth.level.key(), number + 1))
        } else {
            DEPTHS.iter().find(|next| next.level > depth.level).map(|next| format!("{} 1", next.level.key()))
        };
        Ok(Page { items: rows.report(depth.level, days, ATTRIBUTION)?, next })
    }
}

/// What a report asks for at one level.
struct Depth {
    level: Level,
    data_level: &'static str,
    id: &'static str,
    filter: &'static str,
    /// Names and parents, which reports give as if they were measures.
    attributes: &'static [&'static str],
}

/// In the order in which a piece is read.
static DEPTHS: [Depth; 3] = [
    Depth {
        level: Level::Campaign,
        data_level: "AUCTION_CAMPAIGN",
        id: "campaign_id",
        filter: "campaign_status",
        attributes: &["campaign_name"],
    },
    Depth {
        level: Level::Group,
        data_level: "AUCTION_ADGROUP",
        id: "adgroup_id",
        filter: "adgroup_status",
        attributes: &["campaign_id", "adgroup_name"],
    },
    Depth {
        level: Level::Ad,
        data_level: "AUCTION_AD",
        id: "ad_id",
        filter: "ad_status",
        attributes: &["adgroup_id", "ad_name", "ad_text"],
    },
];

const METRICS: [&str; 7] = [
    "spend",
    "impressions",
    "clicks",
    "conversion",
    "total_complete_payment_rate",
    "total_purchase_value",
    "total_onsite_shopping_value",
];

/// Reads where a page begins: `group 3`.
fn place(page: &str) -> Option<(&'static Depth, u32)> {
    let (level, number) = page.split_once(' ')?;
    let level = Level::parse(level)?;
    let number = number.parse().ok().filter(|number| *number > 0)?;
    DEPTHS.iter().find(|depth| depth.level == level).map(|depth| (depth, number))
}

fn app(settings: &Settings) -> Result<(&SecretString, &SecretString)> {
    Ok((settings.get(APP_ID)?, settings.get(APP_SECRET)?))
}

fn path(call: &str) -> String {
    format!("open_api/{VERSION}/{call}")
}

fn get<'a>(call: &Call<'a>, what: &str) -> Request<'a> {
    call.http.get(&path(what)).secret("access-token", &call.credential.access_token)
}

async fn send<T: DeserializeOwned>(request: Request<'_>) -> Result<T> {
    request.send::<wire::Reply<T>>().await.map(|reply| reply.data)
}

/// The numbers that were granted, and those of ours that they include.
fn with_included(granted: &[u64]) -> Vec<String> {
    let mut scopes: Vec<_> = granted.iter().map(u64::to_string).collect();
    for (ours, higher) in [(READ_ACCOUNTS, &[1, 10][..]), (READ_REPORTS, &[4])] {
        if !scopes.iter().any(|scope| scope == ours) && granted.iter().any(|scope| higher.contains(scope)) {
            scopes.push(ours.to_owned());
        }
    }
    scopes
}

/// The return code decides, whatever the status; without one, the status does.
fn fault(answer: &Answer) -> Option<Error> {
    if let Some(warning) = answer.headers.get("x-tt-ads-throttle") {
        return Some(Error::Rejected(format!("it leaves out a part: {}", warning.to_str().unwrap_or_default())));
    }
    let status = || standard(answer);
    let Ok(wire::Outcome { code: Some(code), message }) = serde_json::from_slice(&answer.body) else { return status() };
    let words = format!("{} (code {code})", message.unwrap_or_default());
    match code {
        0 => status(),
        40016 | 40100 | 40132 | 40133 | 51021 => Some(Error::limited(answer.retry_after())),
        40102..=40107 => Some(Error::Unauthorized(words)),
        50000..=59999 => Some(Error::Unavailable(words)),
        _ => match status() {
            Some(error @ (Error::Unauthorized(_) | Error::RateLimited { .. } | Error::Unavailable(_))) => Some(error),
            _ => Some(Error::Rejected(words)),
        },
    }
}

#[cfg(test)]
mod tests;
