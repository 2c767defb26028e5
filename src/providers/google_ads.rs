//! Google Ads: what advertising with Google cost and brought, by campaign, ad group and ad.
//!
//! Google Ads API v26 over REST, read with GAQL through `searchStream`. Oddities:
//! - Every call needs the operator's developer token beside the person's own. An account that is reached through a
//!   manager is only answered when `login-customer-id` names that manager: [`Account::manager_id`] keeps it.
//! - Amounts are micros: a millionth of the account's currency. Whole numbers are texts, fractions are numbers.
//! - A zero may be left out of a row. `fieldMask` lists what was answered: a measure in it and not in the row is 0, one
//!   that is in neither is not reported.
//! - A stream cannot be resumed and its rows are not counted beforehand. A page is therefore one stream of one level over
//!   some days, as many as fit [`ROWS_AT_ONCE`] going by the page before; memory is bounded by that, not by the account.
//! - An error is an array of one object where a stream was asked for, and may come in the middle of one after status 200.
//! - **Totals are those of campaigns.** Performance Max and some other kinds have no ad groups or ads with figures, so
//!   that groups and ads are parts of the campaigns' figures: never a whole, never to be added to them.
//! - Ids of ads are unique within their group only: an ad is `group~ad`, as in Google's resource names.
//! - Rows without any figure are left out when days are told apart; removed campaigns stay in as long as they have some.
//! - Conversions count on the day of the click, by the windows that each conversion action sets; they are not said in
//!   reports. Google counts the actions that the account calls primary.

mod refusal;
mod wire;

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::{
    metric::{Account, Days, Level},
    provider::{Capability, CredentialKind, Descriptor, Scope, Setting},
};
use secrecy::SecretString;
use serde_json::json;
use time::Date;
use url::Url;

use crate::{
    Ads, Answer, Call, Consent, Error, Exchange, Fault, Hosts, Http, Limit, OAuth, Page, Provider, Report, Request,
    Result, Settings, Tokens, digits,
    google::{self, App},
    standard,
};

/// The one place that names the API's version.
const VERSION: &str = "v26";
/// How many days one request covers at most.
const PIECE: u16 = 7;
/// How many rows a page aims at, about 500 bytes each.
const ROWS_AT_ONCE: usize = 20_000;
/// How many more rows than this level the next one is expected to have.
const GROWTH: usize = 5;
/// The window that each conversion action's own setting says.
const ATTRIBUTION: &str = "conversion_action_setting";
const SCOPES: &[Scope] = &[Scope {
    name: "https://www.googleapis.com/auth/adwords",
    gives: "the list of accounts, costs, impressions, clicks and conversions",
    required: true,
}];
const DEVELOPER_TOKEN: &str = "GOOGLE_ADS_DEVELOPER_TOKEN";
const CLIENT_ID: &str = "GOOGLE_ADS_CLIENT_ID";
const CLIENT_SECRET: &str = "GOOGLE_ADS_CLIENT_SECRET";

static APP: App = App { id: CLIENT_ID, secret: CLIENT_SECRET, scopes: SCOPES };

static DESCRIPTOR: Descriptor = Descriptor {
    key: "google_ads",
    name: "Google Ads",
    gives: "What advertising with Google cost and brought, by campaign, ad group and ad, day by day",
    capabilities: &[Capability::Ads],
    credential: CredentialKind::OAuth2,
    fields: &[],
    scopes: SCOPES,
    settings: &[
        Setting {
            variable: DEVELOPER_TOKEN,
            what: "The developer token of your manager account, in Google Ads under Admin, API Center; it needs basic \
                   access",
        },
        Setting {
            variable: CLIENT_ID,
            what: "The id of an OAuth client of the kind web application, in the Google Cloud console under APIs & \
                   Services, Credentials; the project needs the Google Ads API switched on",
        },
        Setting { variable: CLIENT_SECRET, what: "The OAuth client's secret, beside its id" },
    ],
};

/// Google Ads, for the registry.
pub(crate) const PROVIDER: GoogleAds = GoogleAds;

pub(crate) struct GoogleAds;

#[async_trait]
impl Provider for GoogleAds {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn base(&self) -> &'static str {
        "https://googleads.googleapis.com"
    }

    fn hosts(&self, replaced: Option<&Url>) -> Result<Hosts> {
        google::hosts(self.base(), replaced)
    }

    fn limit(&self) -> Limit {
        Limit { per_second: 5, burst: 10 }
    }

    fn fault(&self) -> Fault {
        fault
    }

    /// Accounts that refuse to be looked at, such as closed ones, are left out as long as another one answers.
    async fn accounts(&self, call: &Call<'_>) -> Result<Vec<Account>> {
        let path = format!("{VERSION}/customers:listAccessibleCustomers");
        let reached: wire::Accessible = signed(call, call.http.get(&path))?.send().await?;
        let (mut direct, mut managed, mut refused) = (BTreeMap::new(), BTreeMap::new(), None);
        for id in reached.ids()? {
            match accounts_of(call, &id).await {
                Ok(accounts) => {
                    for account in accounts {
                        let known = if account.manager_id.is_none() { &mut direct } else { &mut managed };
                        known.entry(account.external_id.clone()).or_insert(account);
                    }
                }
                Err(Error::Rejected(words)) => {
                    refused.get_or_insert(words);
                }
                Err(error) => return Err(error),
            }
        }
        // What a person reaches directly needs no manager.
        managed.extend(direct);
        match refused {
            Some(words) if managed.is_empty() => Err(Error::Rejected(words)),
            _ => Ok(managed.into_values().collect()),
        }
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        Some(self)
    }

    fn ads(&self) -> Option<&dyn Ads> {
        Some(self)
    }
}

#[async_trait]
impl OAuth for GoogleAds {
    fn consent(&self, settings: &Settings, asked: &Consent<'_>) -> Result<Url> {
        APP.consent(settings, asked)
    }

    async fn exchange(&self, http: &Http, settings: &Settings, asked: &Exchange<'_>) -> Result<Tokens> {
        APP.exchange(http, settings, asked).await
    }

    async fn refresh(&self, http: &Http, settings: &Settings, refresh_token: &SecretString) -> Result<Tokens> {
        APP.refresh(http, settings, refresh_token).await
    }

    async fn revoke(&self, call: &Call<'_>, refresh_token: Option<&SecretString>) -> Result<()> {
        google::revoke(call, refresh_token).await
    }
}

/// The account itself, or those below it if it is a manager.
async fn accounts_of(call: &Call<'_>, id: &str) -> Result<Vec<Account>> {
    let [customer] =
        stream(call, id, None, CUSTOMER).await?.customers()?.try_into().map_err(|found: Vec<_>| {
            Error::Malformed(format!("account {id} describes itself {} times", found.len()))
        })?;
    if !customer.manager {
        return Ok(customer.enabled().then(|| customer.ours(None)).transpose()?.into_iter().collect());
    }
    let clients = stream(call, id, Some(id), CLIENTS).await?.clients()?;
    clients.into_iter().map(|client| client.ours(Some(id))).collect()
}

#[async_trait]
impl Ads for GoogleAds {
    fn piece(&self) -> u16 {
        PIECE
    }

    async fn report(&self, call: &Call<'_>, account: &Account, days: Days, page: Option<&str>) -> Result<Page<Report>> {
        let place = page.map_or_else(|| Some(Place::first(days)), |page| Place::read(page, days));
        let place = place.ok_or(Error::CursorExpired)?;
        let query = place.depth.query(place.days);
        let rows = stream(call, &account.external_id, account.manager_id.as_deref(), &query).await?;
        let items = rows.report(place.depth.level, place.days, ATTRIBUTION)?;
        Ok(Page { next: place.next(days, items.rows.len()), items })
    }
}

/// Asks one customer one question and reads all of the answer.
async fn stream(call: &Call<'_>, customer: &str, manager: Option<&str>, query: &str) -> Result<wire::Stream> {
    let path = format!("{VERSION}/customers/{}/googleAds:searchStream", digits(customer)?);
    let mut request = signed(call, call.http.post(&path))?.query("prettyPrint", "false");
    if let Some(manager) = manager {
        request = request.header("login-customer-id", digits(manager)?);
    }
    request.json(&json!({ "query": query })).send_with(|answer| wire::Stream::read(&answer)).await
}

fn signed<'a>(call: &Call<'_>, request: Request<'a>) -> Result<Request<'a>> {
    let developer = call.settings.get(DEVELOPER_TOKEN)?;
    Ok(request.secret("developer-token", developer).bearer(&call.credential.access_token))
}

const CUSTOMER: &str = "SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, \
                        customer.manager, customer.status FROM customer";

/// All levels below a manager, not only the first.
const CLIENTS: &str = "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, \
                       customer_client.time_zone FROM customer_client WHERE customer_client.manager = FALSE AND \
                       customer_client.status = 'ENABLED'";

const METRICS: &str = "metrics.cost_micros, metrics.impressions, metrics.clicks, metrics.conversions, \
                       metrics.conversions_value";

/// What a report asks for at one level.
struct Depth {
    level: Level,
    fields: &'static str,
    resource: &'static str,
}

impl Depth {
    fn query(&self, days: Days) -> String {
        let Self { fields, resource, .. } = self;
        let Days { first, last } = days;
        format!(
            "SELECT segments.date, {fields}, {METRICS} FROM {resource} WHERE segments.date BETWEEN '{first}' AND '{last}'"
        )
    }
}

/// In the order in which a piece is read.
static DEPTHS: [Depth; 3] = [
    Depth { level: Level::Campaign, fields: "campaign.id, campaign.name, campaign.status", resource: "campaign" },
    Depth {
        level: Level::Group,
        fields: "campaign.id, ad_group.id, ad_group.name, ad_group.status",
        resource: "ad_group",
    },
    Depth {
        level: Level::Ad,
        fields: "ad_group.id, ad_group_ad.ad.id, ad_group_ad.ad.name, ad_group_ad.ad.final_urls, ad_group_ad.status",
        resource: "ad_group_ad",
    },
];

/// Which level and days a page covers. As a text: `group 2026-01-05 3`, the last being the number of days.
struct Place {
    depth: &'static Depth,
    days: Days,
}

impl Place {
    fn first(days: Days) -> Self {
        Self::of(&DEPTHS[0], days.first, i64::from(PIECE), days)
    }

    /// At most `count` of `days`, from `first` on.
    fn of(depth: &'static Depth, first: Date, count: i64, days: Days) -> Self {
        let last = first.checked_add(time::Duration::days(count - 1)).map_or(days.last, |last| last.min(days.last));
        Self { depth, days: Days { first, last } }
    }

    fn read(page: &str, days: Days) -> Option<Self> {
        let mut parts = page.splitn(3, ' ');
        let level = Level::parse(parts.next()?)?;
        let first = Date::parse(parts.next()?, wire::DAY).ok().filter(|first| days.contains(*first))?;
        let count = parts.next()?.parse().ok().filter(|count| (1..=i64::from(PIECE)).contains(count))?;
        DEPTHS.iter().find(|depth| depth.level == level).map(|depth| Self::of(depth, first, count, days))
    }

    /// The page after this one, which had `rows` rows.
    fn next(&self, days: Days, rows: usize) -> Option<String> {
        let of_a_day = rows / usize::try_from(self.days.count()).unwrap_or(1).max(1);
        let (level, first, of_a_day) = match self.days.last.next_day().filter(|day| days.contains(*day)) {
            Some(day) => (self.depth.level, day, of_a_day),
            None => {
                let next = DEPTHS.iter().find(|next| next.level > self.depth.level)?;
                (next.level, days.first, of_a_day * GROWTH)
            }
        };
        let count = (ROWS_AT_ONCE / of_a_day.max(1)).clamp(1, usize::from(PIECE));
        Some(format!("{} {first} {count}", level.key()))
    }
}

/// The kind is Google's own, else the status's.
fn fault(answer: &Answer) -> Option<Error> {
    let plain = standard(answer)?;
    Some(refusal::Refusal::read(&answer.body).map_or(plain, |refusal| refusal.error(answer)))
}

#[cfg(test)]
mod tests;
