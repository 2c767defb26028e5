//! What Microsoft sends, and what it means: lenient about what is not used, strict about what is.

use model::{message::Address, metric::Account};
use secrecy::SecretString;
use serde::{Deserialize, de::IgnoredAny};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Error, Result};

#[derive(Deserialize)]
pub(super) struct Token {
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    pub expires_in: Option<u64>,
    #[serde(default)]
    pub scope: String,
}

#[derive(Deserialize)]
pub(super) struct Id {
    pub id: String,
}

#[derive(Deserialize)]
pub(super) struct List<T> {
    pub value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub next: Option<String>,
}

/// A page of what changed in a folder.
#[derive(Deserialize)]
pub(super) struct Page {
    pub value: Vec<State>,
    #[serde(rename = "@odata.nextLink")]
    pub next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub delta: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Folder {
    pub id: String,
    #[serde(rename = "@odata.type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub child_folder_count: u32,
}

/// What is so of a message; of one that changed only what did.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    pub id: String,
    #[serde(rename = "@removed")]
    pub removed: Option<IgnoredAny>,
    pub is_read: Option<bool>,
    pub is_draft: Option<bool>,
    #[serde(rename = "receivedDateTime")]
    pub received_at: Option<String>,
    pub conversation_id: Option<String>,
    pub parent_folder_id: Option<String>,
}

impl State {
    pub fn at(&self) -> Result<OffsetDateTime> {
        let at = self.received_at.as_deref().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        at.ok_or_else(|| Error::Malformed(format!("message {} has no time that can be read", self.id)))
    }
}

/// The person who consented.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me {
    display_name: Option<String>,
    mail: Option<String>,
    user_principal_name: String,
    #[serde(default)]
    proxy_addresses: Vec<String>,
}

impl Me {
    /// Personal accounts without an address of their own sign in with one of elsewhere.
    fn address(&self) -> String {
        let mail = self.mail.as_deref().map(str::trim).filter(|mail| !mail.is_empty());
        mail.unwrap_or(&self.user_principal_name).to_lowercase()
    }

    pub fn account(&self) -> Result<Account> {
        let address = self.address();
        if !address.contains('@') {
            return Err(Error::Malformed("the mailbox has no address".into()));
        }
        Ok(Account {
            external_id: address.clone(),
            name: address,
            currency: String::new(),
            time_zone: String::new(),
            manager_id: None,
        })
    }

    /// The one that it writes as by itself first, then the others that mail reaches it under.
    pub fn addresses(self, own: &str) -> Vec<Address> {
        let name = self.display_name.clone().unwrap_or_default();
        let further = self.proxy_addresses.iter().filter_map(|text| {
            let (kind, address) = text.split_once(':')?;
            (kind.eq_ignore_ascii_case("smtp") && address.contains('@')).then(|| address.to_lowercase())
        });
        let mut addresses: Vec<Address> = Vec::new();
        for address in [self.address(), own.to_owned()].into_iter().chain(further) {
            if !addresses.iter().any(|known| known.address == address) {
                addresses.push(Address { name: name.clone(), address });
            }
        }
        addresses
    }
}
