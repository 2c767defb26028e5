//! What the outside world offers: a provider's description, as the settings page, onboarding and the docs show it.
//!
//! The descriptions themselves stand in `providers`, one file each; they reach the browser as this data. A provider's
//! key is permanent, even when the company renames itself.

use serde::{Deserialize, Serialize};

/// What the providers are called, by key: a channel is named where no description of its provider is at hand. The contract of
/// `providers` holds each description against it.
const NAMES: [(&str, &str); 7] = [
    ("google_ads", "Google Ads"),
    ("meta_ads", "Meta Ads"),
    ("tiktok_ads", "TikTok Ads"),
    ("shopify", "Shopify"),
    ("gmail", "Gmail"),
    ("outlook", "Outlook"),
    ("imap", "Mailbox (IMAP)"),
];

/// What the provider with this key is called; none for a platform that only files are of.
pub fn name(key: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == key).map(|(_, name)| *name)
}

/// What a provider is, what it gives and what it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    /// Lower-case letters and underscores; stored, in paths and in settings, for ever.
    pub key: &'static str,
    /// As people know it.
    pub name: &'static str,
    /// One sentence: what an agency has from connecting it.
    pub gives: &'static str,
    /// What it can do.
    pub capabilities: &'static [Capability],
    /// How a person lets us in.
    pub credential: CredentialKind,
    /// What is typed of a credential that a person makes by hand at the provider; empty where there is no such way.
    pub fields: &'static [Field],
    /// What we ask for, with the feature that needs it.
    pub scopes: &'static [Scope],
    /// What the operator must set on the server before anybody can connect it.
    pub settings: &'static [Setting],
}

impl Descriptor {
    /// The features that are missing without the scopes that were denied.
    pub fn missing(&self, granted: &[String]) -> Vec<&Scope> {
        self.scopes.iter().filter(|scope| !granted.iter().any(|name| name == scope.name)).collect()
    }
}

/// A group of features that several providers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Reads and sends messages.
    Inbox,
    /// Reports what advertisements cost and brought.
    Ads,
    /// Reports orders and refunds.
    Shop,
}

/// How a person lets us in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// Consent on the provider's own page (RFC 6749 with RFC 7636).
    OAuth2,
    /// Consent on the page of one shop, whose address is asked for first.
    ShopOAuth2,
    /// In no other way than by the fields that are typed.
    Fields,
}

/// A field of a typed credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name in requests and in the vault.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// Where to find it.
    pub help: &'static str,
    /// Whether it is never shown again. All of them are kept in the vault.
    pub secret: bool,
    /// Whether it must be typed.
    pub required: bool,
}

/// A permission that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// As the provider spells it.
    pub name: &'static str,
    /// The feature that is missing without it.
    pub gives: &'static str,
    /// Whether connecting makes no sense without it.
    pub required: bool,
}

/// A variable of the server's environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name.
    pub variable: &'static str,
    /// What it is and where the operator gets it.
    pub what: &'static str,
}
