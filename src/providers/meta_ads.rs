//! Meta Ads: what advertising on Facebook, Instagram and Meta's other places cost and brought, by campaign, ad set and ad.
//!
//! Marketing API (Graph API) v26.0. Oddities:
//! - A refusal is HTTP 400 or 500 with a `code`, which alone says what it is. Limits say in a header after how many
//!   minutes calls are answered again; codes 4, 17, 32, 613 and 80000 to 80014 are limits.
//! - Long reports time out. Those of more than a week are made by Meta in the background: started, asked for until they
//!   are ready, and read in pages.
//! - Reports reach 37 months back; days before that are refused.
//! - The link to a next page holds the token and could name any host: only its cursor is used. The last page has a
//!   cursor too, but no link.
//! - Reports leave out what was deleted unless every state is asked for by name. Lists cannot name what was deleted, so
//!   names come from reports; states and creatives come from lists, which are read last.
//! - **Totals are those of campaigns.** Every level tells the same money again: levels are never added to each other, and
//!   figures of a deleted ad may be in its campaign only.
//! - Amounts are texts in the account's currency (only budgets, which are not read, are in cents). Each row says its
//!   currency; another one than the account's is refused.
//! - One purchase is listed under up to eight kinds. The first of [`PURCHASES`] that a row has is taken, for the count
//!   and for the value, and kinds are never added. What a row does not list is not reported, not 0.
//! - Windows are those of each ad set and stand in `attribution_setting` of each row; they are kept with it.
//! - Tokens last 60 days and are exchanged for new ones as long as they last: the token is its own refresh token.
//!   PKCE is in trial for sign-in only. Permission is taken back for a person and the whole app: every token of that
//!   person ends, so the person's id is kept with the token. Each call proves with `appsecret_proof` that it knows the app's secret.
//! - System users of a business have tokens that a person copies and that last. Such a token is another app's than the
//!   operator's: the proof is made with that app's secret, and left out where it was not typed, which apps allow as
//!   long as they do not require it.

mod place;
mod reading;
mod refusal;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use hmac::{Hmac, Mac};
use model::{
    metric::{Account, Days},
    provider::{Capability, CredentialKind, Descriptor, Field, Scope, Setting},
};
use place::{DEPTHS, Place, Step};
use reading::Reading;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

use crate::{
    ACCESS_TOKEN, Ads, Call, Consent, Credential, Error, Exchange, Fault, Hosts, Http, Limit, OAuth, Page, Provider,
    REVOCATION, Reach, Report, Request, Result, Settings, Tokens, Typed, address, page_of,
};

/// The one place that names the API's version.
const VERSION: &str = "v26.0";
/// How many days one request covers at most.
const PIECE: u16 = 30;
/// How many rows a page has: about five kilobytes each.
const PAGE_SIZE: &str = "500";
/// How many objects a page of a list has; more of them with their creatives are refused as too much.
const LIST_SIZE: &str = "100";
/// The window that each ad set's own setting says, where a row does not say it.
const ATTRIBUTION: &str = "ad_set_setting";
/// What counts as a purchase: everywhere; on the web; as the pixel saw it; in apps; on Meta's own pages.
const PURCHASES: [&str; 5] = [
    "omni_purchase",
    "purchase",
    "offsite_conversion.fb_pixel_purchase",
    "app_custom_event.fb_mobile_purchase",
    "onsite_conversion.purchase",
];
const SCOPE: &str = "ads_read";
const APP_ID: &str = "META_APP_ID";
const APP_SECRET: &str = "META_APP_SECRET";
/// The field with the secret of the app that a typed token belongs to; empty when it was not typed.
const TYPED_SECRET: &str = "app_secret";
/// The field with the id of the person who consented, as our app knows it.
const PERSON: &str = "person";

static DESCRIPTOR: Descriptor = Descriptor {
    key: "meta_ads",
    name: "Meta Ads",
    gives: "What advertising on Facebook and Instagram cost and brought, by campaign, ad set and ad, day by day",
    capabilities: &[Capability::Ads],
    credential: CredentialKind::OAuth2,
    fields: &[
        Field {
            name: ACCESS_TOKEN,
            label: "Access token of a system user",
            help: "In Meta's business settings under Users, System users, Generate token, with ads_read and without an \
                   end; the system user must be given the ad accounts",
            secret: true,
            required: true,
        },
        Field {
            name: TYPED_SECRET,
            label: "The app's secret",
            help: "Only where the app of this token requires it (App settings, Advanced, Require app secret)",
            secret: true,
            required: false,
        },
    ],
    scopes: &[Scope {
        name: SCOPE,
        gives: "the list of ad accounts, costs, impressions, clicks and purchases",
        required: true,
    }],
    settings: &[
        Setting {
            variable: APP_ID,
            what: "The app's id on Meta for Developers, App settings, Basic; the app needs Facebook Login and advanced \
                   access to ads_read",
        },
        Setting { variable: APP_SECRET, what: "The app's secret, beside its id" },
    ],
};

/// Meta Ads, for the registry.
pub(crate) const PROVIDER: MetaAds = MetaAds;

pub(crate) struct MetaAds;

#[async_trait]
impl Provider for MetaAds {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn base(&self) -> &'static str {
        "https://graph.facebook.com"
    }

    fn hosts(&self, replaced: Option<&Url>) -> Result<Hosts> {
        let api = replaced.cloned().map_or_else(|| address(self.base()), Ok)?;
        let consent = replaced.cloned().map_or_else(|| address("https://www.facebook.com"), Ok)?;
        Ok(Hosts { consent, tokens: api.clone(), api })
    }

    fn limit(&self) -> Limit {
        Limit { per_second: 5, burst: 10 }
    }

    fn fault(&self) -> Fault {
        refusal::fault
    }

    async fn accounts(&self, call: &Call<'_>) -> Result<Vec<Account>> {
        let (mut accounts, mut after) = (Vec::new(), String::new());
        loop {
            let request = get(call, "me/adaccounts")?.query("fields", "account_id,name,currency,timezone_name");
            let list: wire::List<wire::AdAccount> = paged(request, LIST_SIZE, &after).send().await?;
            let next = list.next(&after)?;
            accounts.extend(list.data.into_iter().map(Account::from));
            match next {
                Some(cursor) => after = cursor,
                None => return Ok(accounts),
            }
        }
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        Some(self)
    }

    fn typed(&self) -> Option<&dyn Typed> {
        Some(self)
    }

    fn ads(&self) -> Option<&dyn Ads> {
        Some(self)
    }
}

#[async_trait]
impl OAuth for MetaAds {
    fn consent(&self, settings: &Settings, asked: &Consent<'_>) -> Result<Url> {
        let mut url = page_of(asked.base, &format!("{VERSION}/dialog/oauth"));
        url.query_pairs_mut()
            .append_pair("client_id", settings.get(APP_ID)?.expose_secret())
            .append_pair("redirect_uri", asked.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", SCOPE)
            // Without it a permission that was denied once is never asked for again.
            .append_pair("auth_type", "rerequest")
            .append_pair("state", asked.state);
        Ok(url)
    }

    /// The code brings a token for an hour, that one a token for 60 days, and that one says what was granted.
    async fn exchange(&self, http: &Http, settings: &Settings, asked: &Exchange<'_>) -> Result<Tokens> {
        let fields = [("code", asked.code), ("redirect_uri", asked.redirect_uri)];
        let short = token(http, settings, &fields).await?;
        long_lived(http, settings, &short.access_token).await
    }

    async fn refresh(&self, http: &Http, settings: &Settings, refresh_token: &SecretString) -> Result<Tokens> {
        long_lived(http, settings, refresh_token).await
    }

    async fn revoke(&self, call: &Call<'_>, _: Option<&SecretString>) -> Result<()> {
        let request = call.http.delete(&format!("{VERSION}/me/permissions")).once().within(REVOCATION);
        signed(request, call)?.answer().await.map(drop)
    }

    fn reach(&self, given: &Credential) -> Reach {
        given.fields.get(PERSON).map_or(Reach::Unknown, |person| Reach::Grant(person.clone()))
    }
}

#[async_trait]
impl Typed for MetaAds {
    async fn granted(&self, call: &Call<'_>) -> Result<Vec<String>> {
        get(call, "me/permissions")?.send().await.map(scopes)
    }
}

fn scopes(granted: wire::List<wire::Permission>) -> Vec<String> {
    granted.data.into_iter().filter_map(wire::Permission::granted).collect()
}

async fn token(http: &Http, settings: &Settings, fields: &[(&str, &str)]) -> Result<wire::Token> {
    let (id, secret) = (settings.get(APP_ID)?, settings.get(APP_SECRET)?);
    let request = http.get(&format!("{VERSION}/oauth/access_token")).once().hide(id);
    let request = request.query("client_id", id.expose_secret()).query("client_secret", secret.expose_secret());
    fields.iter().fold(request, |request, (name, value)| request.query(name, value)).send().await
}

async fn long_lived(http: &Http, settings: &Settings, valid: &SecretString) -> Result<Tokens> {
    let fields = [("grant_type", "fb_exchange_token"), ("fb_exchange_token", valid.expose_secret())];
    let given = token(http, settings, &fields).await?;
    let request = http.get(&format!("{VERSION}/me/permissions"));
    let granted = proved(request, settings.get(APP_SECRET)?, &given.access_token)?.send().await?;
    let request = http.get(&format!("{VERSION}/me")).query("fields", "id");
    let person: wire::Person = proved(request, settings.get(APP_SECRET)?, &given.access_token)?.send().await?;
    Ok(Tokens {
        refresh_token: Some(given.access_token.clone()),
        access_token: given.access_token,
        expires_in: given.expires_in.filter(|seconds| *seconds > 0).map(Duration::from_secs),
        scopes: scopes(granted),
        fields: [(PERSON.to_owned(), person.id)].into(),
    })
}

#[async_trait]
impl Ads for MetaAds {
    fn piece(&self) -> u16 {
        PIECE
    }

    async fn report(&self, call: &Call<'_>, account: &Account, days: Days, page: Option<&str>) -> Result<Page<Report>> {
        let place = page.map_or_else(|| Some(Place::first(&DEPTHS[0], days)), Place::read);
        let Place { depth, step } = place.ok_or(Error::CursorExpired)?;
        let reading = Reading { call, account, days, depth };
        match step {
            Step::Sync { after } => reading.sync(after).await,
            Step::Start { starts } => reading.start(starts).await,
            Step::Wait(waiting) => reading.wait(waiting, false).await,
            Step::Result { run, after } => reading.result(run, after).await,
            Step::List { after } => reading.list(after).await,
        }
    }
}

fn get<'a>(call: &Call<'a>, what: &str) -> Result<Request<'a>> {
    signed(call.http.get(&format!("{VERSION}/{what}")), call)
}

/// The credential's token, with the proof that we are its app where we can give it.
fn signed<'a>(request: Request<'a>, call: &Call<'_>) -> Result<Request<'a>> {
    let token = &call.credential.access_token;
    match call.credential.fields.get(TYPED_SECRET) {
        None => proved(request, call.settings.get(APP_SECRET)?, token),
        Some(unknown) if unknown.is_empty() => Ok(request.bearer(token)),
        Some(secret) => proved(request, &SecretString::from(secret.as_str()), token),
    }
}

/// The token, and the proof that we are the app that it was given to.
fn proved<'a>(request: Request<'a>, secret: &SecretString, token: &SecretString) -> Result<Request<'a>> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| Error::Rejected(format!("{APP_SECRET} cannot be a key")))?;
    let proof = hex::encode(mac.chain_update(token.expose_secret()).finalize().into_bytes());
    Ok(request.bearer(token).query("appsecret_proof", &proof))
}

/// The page after the cursor `after`, or the first one.
fn paged<'a>(request: Request<'a>, size: &str, after: &str) -> Request<'a> {
    let request = request.query("limit", size);
    if after.is_empty() { request } else { request.query("after", after) }
}

#[cfg(test)]
mod tests;
