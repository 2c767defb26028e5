//! Secrets at rest: sealed with XChaCha20-Poly1305 under keys that stay outside the database, and bound to the row they
//! belong to, so that a sealed secret copied into another row opens nothing.
//!
//! Stored is a version byte, the key's id with its length, the random nonce, and the ciphertext with its tag; what stands
//! before the nonce is bound in too. Version 1 had no id: it is under the key of the installation's secret. The bytes
//! alone say which key they need (docs/adr/0004); the function `sealed_key` in `migrations/` reads it likewise.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use store::sealed::Row;
use time::Date;

use crate::{Error, Result, token};

/// The id of the key that derives from the installation's secret.
pub const INSTALLATION: &str = "installation";

/// Before there were key ids; only read.
const WITHOUT_ID: u8 = 1;
const VERSION: u8 = 2;
const NONCE: usize = 24;
const LONGEST_ID: usize = 20;

struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// Seals and opens secrets. The first key of the ring seals, all of them open.
pub struct Vault(Vec<Key>);

/// The keys that an operator set.
pub struct Keys(Vec<(String, [u8; 32])>);

/// Why a text is no key ring. It never repeats a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadKeys(String);

impl Keys {
    /// Reads `id:key`, separated by commas or lines; a line that begins with `#` is a remark. An id is up to 20 lower-case
    /// letters, digits, hyphens and underscores; a key is 32 bytes in base64url.
    ///
    /// # Errors
    /// The first entry that is wrong, by its id or its number.
    pub fn parse(text: &str) -> std::result::Result<Self, BadKeys> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let entries = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|entry| !entry.is_empty());
        let mut keys: Vec<(String, [u8; 32])> = Vec::new();
        for (index, entry) in entries.enumerate() {
            let number = index + 1;
            let (id, key) = entry
                .split_once(':')
                .filter(|(id, _)| plain(id))
                .ok_or_else(|| BadKeys(format!("entry {number} does not begin with an id and a colon, such as k1:")))?;
            if id == INSTALLATION || id == "file" {
                return Err(BadKeys(format!("the id {id} of entry {number} is taken: choose another")));
            }
            let key = URL_SAFE_NO_PAD.decode(key.trim_end_matches('='));
            let key = key.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let key =
                key.ok_or_else(|| BadKeys(format!("the key {id} is not 32 bytes in base64url (43 characters)")))?;
            if let Some((other, _)) = keys.iter().find(|(known, bytes)| known == id || *bytes == key) {
                return Err(BadKeys(format!("the keys {other} and {id} have the same id or are the same key")));
            }
            keys.push((id.to_owned(), key));
        }
        if keys.is_empty() { Err(BadKeys("there is no key in it".into())) } else { Ok(Self(keys)) }
    }
}

fn plain(id: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(known)
}

/// A new entry for a key ring, named after the day.
///
/// # Errors
/// Internal: the system gives no randomness.
pub fn new_key(today: Date) -> Result<String> {
    let day = format!("{:04}{:02}{:02}", today.year(), u8::from(today.month()), today.day());
    let name = hex::encode(token::random_bytes::<2>()?);
    Ok(format!("k{day}-{name}:{}", URL_SAFE_NO_PAD.encode(token::random_bytes::<32>()?)))
}

impl Vault {
    /// A vault whose only key derives from the installation's secret.
    pub fn new(secret: [u8; 32]) -> Self {
        let cipher = XChaCha20Poly1305::new(&token::derive_key(&secret, "vault").into());
        Self(vec![Key { id: INSTALLATION.to_owned(), cipher }])
    }

    /// A vault that seals with the first of `keys`. What was sealed before there were any opens still.
    pub fn with_keys(secret: [u8; 32], keys: Keys) -> Self {
        let set = keys.0.into_iter().map(|(id, key)| Key { id, cipher: XChaCha20Poly1305::new(&key.into()) });
        Self(set.chain(Self::new(secret).0).collect())
    }

    /// The ids of all keys; the first seals.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// The id of the key that seals.
    pub fn sealing(&self) -> &str {
        self.ids().next().unwrap_or(INSTALLATION)
    }

    /// Seals `plain` for `row`.
    ///
    /// # Errors
    /// Internal: the system gives no randomness.
    pub fn seal(&self, row: &Row, plain: &[u8]) -> Result<Vec<u8>> {
        let key = self.0.first().ok_or_else(|| Error::Internal("the key ring is empty".into()))?;
        let length = u8::try_from(key.id.len()).map_err(|error| Error::Internal(Box::new(error)))?;
        let head = [&[VERSION, length], key.id.as_bytes()].concat();
        let nonce = token::random_bytes::<NONCE>()?;
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &bound(&head, row) })
            .map_err(|error| Error::Internal(error.to_string().into()))?;
        Ok([&head[..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed for `row`.
    ///
    /// # Errors
    /// Internal: it was sealed for another row or under a key that is not in the ring, or was changed.
    pub fn open(&self, row: &Row, sealed: &[u8]) -> Result<Vec<u8>> {
        let broken = || Error::Internal(format!("the sealed secret of {row} does not open").into());
        let (head, id, rest) = split(sealed).ok_or_else(broken)?;
        let key = self.0.iter().find(|key| key.id == id).ok_or_else(|| {
            Error::Internal(
                format!("the secret of {row} is sealed under the key {id}, which is not in the ring").into(),
            )
        })?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        let payload = Payload { msg: sealed, aad: &bound(head, row) };
        key.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| broken())
    }
}

/// The head that is bound in, the key's id, and nonce with ciphertext.
fn split(sealed: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    match sealed {
        [WITHOUT_ID, rest @ ..] => Some((&[], INSTALLATION, rest)),
        [VERSION, length, rest @ ..] => {
            let (id, rest) = rest.split_at_checked(usize::from(*length))?;
            let id = std::str::from_utf8(id).ok().filter(|id| plain(id))?;
            Some((&sealed[..2 + id.len()], id, rest))
        }
        _ => None,
    }
}

fn bound(head: &[u8], row: &Row) -> Vec<u8> {
    [head, row.to_string().as_bytes()].concat()
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

#[cfg(test)]
pub(crate) mod tests;
