//! The outside world: one file for each provider, the registry, and the HTTP client that all share.
//!
//! A provider's file stands in this order: what it is, its API version, limits and oddities with why they matter; the
//! descriptor; wire types; calls; mapping to `model`; tests. To add one, write `<key>.rs` and two lines here: the module
//! and its place in [`all`]. Capabilities default to none, so that a new one touches no provider that is there.
//! Nothing here knows the database or decides what to do about a failure: [`Error`]'s kind does.

mod books;
mod client;
mod error;
pub mod file;
mod gmail;
mod google;
mod google_ads;
mod guarded;
mod imap;
mod inbox;
mod meta_ads;
pub mod number;
mod outlook;
mod outside;
pub mod shopify;
mod tiktok_ads;

use std::{collections::BTreeMap, fmt, time::Duration};

use async_trait::async_trait;
pub use books::{Bulk, Order, Refund, Shop};
pub use client::{Answer, Client, Fault, Http, LARGEST_ANSWER, Limit, Request, standard, strike};
pub use error::{Error, LONGEST_PAUSE, Result};
pub use guarded::Guarded;
use http::HeaderMap;
pub use inbox::{Change, Changes, Content, Inbox, Lookup, Message, Outgoing, Sent, Told};
use model::{
    connection::ChannelKind,
    metric::{Account, DayRow, Days, Entity},
    provider::Descriptor,
};
pub use outside::{Mode, Outside, Simulated};
use secrecy::SecretString;
use url::Url;

/// A provider: what it is, and what it can do.
#[async_trait]
pub trait Provider: Send + Sync {
    /// What it is, gives and needs.
    fn descriptor(&self) -> &'static Descriptor;
    /// Where its API lives. Outside production a setting may replace the host, for tests and proxies.
    fn base(&self) -> &'static str;
    /// All hosts at which it is spoken to: its own, or `replaced` in their place.
    ///
    /// # Errors
    /// Never, for addresses that are written as they should be.
    fn hosts(&self, replaced: Option<&Url>) -> Result<Hosts> {
        let api = replaced.cloned().map_or_else(|| address(self.base()), Ok)?;
        Ok(Hosts { consent: api.clone(), tokens: api.clone(), api })
    }
    /// The hosts of one connection, for providers whose hosts depend on its fields (a shop's address); else [`hosts`].
    ///
    /// [`hosts`]: Provider::hosts
    ///
    /// # Errors
    /// Rejected, saying what is wrong with a field.
    fn hosts_for(&self, fields: &BTreeMap<String, String>, replaced: Option<&Url>) -> Result<Hosts> {
        let _ = fields;
        self.hosts(replaced)
    }
    /// What a person types before consent, for providers whose hosts depend on it; nothing else of a form is kept.
    fn asks(&self) -> Option<Asks> {
        None
    }
    /// How often it may be called.
    fn limit(&self) -> Limit;
    /// How its refusals are told from its answers.
    fn fault(&self) -> Fault;
    /// The accounts that a credential reaches; the call that proves that a credential works.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    async fn accounts(&self, call: &Call<'_>) -> Result<Vec<Account>>;
    /// Consent on the provider's own page.
    fn oauth(&self) -> Option<&dyn OAuth> {
        None
    }
    /// Credentials that a person makes at the provider by hand and types here: the fields of its description.
    fn typed(&self) -> Option<&dyn Typed> {
        None
    }
    /// Reports of advertising.
    fn ads(&self) -> Option<&dyn Ads> {
        None
    }
    /// Orders of a shop.
    fn shop(&self) -> Option<&dyn Shop> {
        None
    }
    /// Messages of a mailbox, or of a place where people chat.
    fn inbox(&self) -> Option<&dyn Inbox> {
        None
    }
    /// What it sends by itself.
    fn webhooks(&self) -> Option<&dyn Webhooks> {
        None
    }
}

/// What a person types before consent.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// The field's name.
    pub field: &'static str,
    /// What is kept of what was typed; whether it can be, the hosts say.
    pub tidy: fn(&str) -> String,
}

/// The hosts at which a provider is spoken to; mostly one and the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Answers the calls.
    pub api: Url,
    /// Shows the page of consent.
    pub consent: Url,
    /// Gives tokens and takes them back: the client of [`OAuth::exchange`], `refresh` and `revoke` is bound to it.
    pub tokens: Url,
}

/// Reads an address that is written in the source.
pub(crate) fn address(text: &str) -> Result<Url> {
    text.parse().map_err(|_| Error::Rejected(format!("{text} is no address")))
}

/// The address of a page of a host, which may itself lie under a path.
pub(crate) fn page_of(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/')));
    url
}

/// An id that stands in a path: digits and nothing else.
pub(crate) fn digits(id: &str) -> Result<&str> {
    let good = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(id).ok_or_else(|| Error::Rejected("an account's id has digits only".into()))
}

/// What a call needs: the connection's client, its credential, and the server's settings.
#[derive(Debug)]
pub struct Call<'a> {
    /// The HTTP client, bound to the provider's host and the connection's rate.
    pub http: &'a Http,
    /// The connection's credential.
    pub credential: &'a Credential,
    /// The settings that the descriptor names.
    pub settings: &'a Settings,
}

/// A connection's opened credential. Nothing of it is ever written to a trace.
#[derive(Clone, Default)]
pub struct Credential {
    /// What is sent with each call.
    pub access_token: SecretString,
    /// Typed fields, and what the provider said at consent (a shop's host, for instance).
    pub fields: BTreeMap<String, String>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("fields", &self.fields.keys()).finish_non_exhaustive()
    }
}

/// The server's settings for providers, by the variable's name.
#[derive(Clone, Debug, Default)]
pub struct Settings(pub BTreeMap<String, SecretString>);

impl Settings {
    /// The value of `variable`.
    ///
    /// # Errors
    /// Rejected, naming the variable, when the operator has not set it.
    pub fn get(&self, variable: &str) -> Result<&SecretString> {
        self.0.get(variable).ok_or_else(|| Error::Rejected(format!("{variable} is not set: ask your operator")))
    }
}

/// How long a provider may take to take a permission back: the person who disconnects waits for it.
pub(crate) const REVOCATION: Duration = Duration::from_secs(5);

/// Consent: RFC 6749 with PKCE (RFC 7636), as each provider speaks it.
#[async_trait]
pub trait OAuth: Send + Sync {
    /// The page on which a person consents.
    ///
    /// # Errors
    /// A setting or field is missing.
    fn consent(&self, settings: &Settings, asked: &Consent<'_>) -> Result<Url>;
    /// Exchanges the code that came back.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    async fn exchange(&self, http: &Http, settings: &Settings, asked: &Exchange<'_>) -> Result<Tokens>;
    /// Asks for a new access token. A rotated refresh token is in the answer; the old one is dead from then on.
    ///
    /// # Errors
    /// Unauthorized when the provider refuses the refresh token.
    async fn refresh(&self, http: &Http, settings: &Settings, refresh_token: &SecretString) -> Result<Tokens>;
    /// Takes the permission back.
    ///
    /// # Errors
    /// The kinds of [`Error`]; the connection is removed all the same.
    async fn revoke(&self, call: &Call<'_>, refresh_token: Option<&SecretString>) -> Result<()>;
    /// What goes when the permission of this credential is taken back; by default its token and no other.
    fn reach(&self, given: &Credential) -> Reach {
        let _ = given;
        Reach::Token
    }
}

/// What a provider takes back when it is asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This token only.
    Token,
    /// All tokens that came of what this person, or shop, allowed our app.
    Grant(String),
    /// All tokens that came of what somebody allowed our app; who that was is not known.
    Unknown,
}

impl Reach {
    /// Whether taking the one back may end the other.
    pub fn ends(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Token, _) | (_, Self::Token) => false,
            (Self::Grant(one), Self::Grant(other)) => one == other,
            (Self::Unknown, _) | (_, Self::Unknown) => true,
        }
    }
}

/// The field of a typed credential that holds what is sent with each call.
pub const ACCESS_TOKEN: &str = "access_token";

/// A credential that a person made at the provider by hand.
#[async_trait]
pub trait Typed: Send + Sync {
    /// The scopes that a typed credential has: beside [`Provider::accounts`] the call that proves that it works.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    async fn granted(&self, call: &Call<'_>) -> Result<Vec<String>>;
}

/// What is asked for at consent.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// The provider's consent host, live or replaced.
    pub base: &'a Url,
    /// Comes back unchanged; one-time.
    pub state: &'a str,
    /// Where the browser comes back.
    pub redirect_uri: &'a str,
    /// SHA-256 of the verifier, base64url (RFC 7636 §4.2).
    pub code_challenge: &'a str,
    /// What the person typed first (a shop's address).
    pub fields: &'a BTreeMap<String, String>,
}

/// What is exchanged for tokens. All but the address of return is secret.
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    /// The code that came back.
    pub code: &'a str,
    /// The same address as at consent.
    pub redirect_uri: &'a str,
    /// The verifier of the challenge (RFC 7636 §4.1).
    pub code_verifier: &'a str,
    /// Every parameter that came back, for providers that sign them.
    pub parameters: &'a BTreeMap<String, String>,
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// What a provider gives for consent.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Sent with each call.
    pub access_token: SecretString,
    /// Gets the next access token.
    pub refresh_token: Option<SecretString>,
    /// How long the access token works; none is "until it is taken back".
    pub expires_in: Option<Duration>,
    /// The scopes that were granted, as the provider spells them.
    pub scopes: Vec<String>,
    /// What else a connection must know (a shop's host).
    pub fields: BTreeMap<String, String>,
}

/// One page of something, and where the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: T,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// Reports of advertising, day by day.
#[async_trait]
pub trait Ads: Send + Sync {
    /// How many days one request covers.
    fn piece(&self) -> u16;
    /// One page of what is reported for `days`; the pages of a piece belong together and are kept together.
    ///
    /// # Errors
    /// The kinds of [`Error`].
    async fn report(&self, call: &Call<'_>, account: &Account, days: Days, page: Option<&str>) -> Result<Page<Report>>;
}

/// What a page of a report holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The campaigns, groups and ads that the rows are about.
    pub entities: Vec<Entity>,
    /// What was reported of them.
    pub rows: Vec<DayRow>,
}

/// What a provider sends by itself when something changes.
pub trait Webhooks: Send + Sync {
    /// What the raw body says, once its signature holds.
    ///
    /// # Errors
    /// Unauthorized when it is unsigned, wrongly signed, or the secret is not set; Malformed when it has no id.
    fn event(&self, settings: &Settings, headers: &HeaderMap, body: &[u8]) -> Result<Event>;
}

/// Something that changed at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The provider's id of the account it is about.
    pub account: String,
    /// The provider's id of the event: one that came before is not acted on again.
    pub id: String,
    /// What kind of change.
    pub topic: String,
}

/// Every provider, in the order of the settings page.
pub fn all() -> &'static [&'static dyn Provider] {
    &[
        &google_ads::PROVIDER,
        &meta_ads::PROVIDER,
        &tiktok_ads::PROVIDER,
        &shopify::PROVIDER,
        &gmail::PROVIDER,
        &outlook::PROVIDER,
        &imap::PROVIDER,
    ]
}

/// What the accounts of a provider report.
pub fn channel_kind(provider: &dyn Provider) -> ChannelKind {
    if provider.inbox().is_some() {
        ChannelKind::Inbox
    } else if provider.shop().is_some() {
        ChannelKind::Shop
    } else {
        ChannelKind::Ads
    }
}

/// The provider with this key.
pub fn find(key: &str) -> Option<&'static dyn Provider> {
    all().iter().copied().find(|provider| provider.descriptor().key == key)
}
