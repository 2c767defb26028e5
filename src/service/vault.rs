//! Secrets at rest: sealed with XChaCha20-Poly1305 under a key that stays outside the database, and bound to the row
//! they belong to, so that a sealed secret copied into another row opens nothing.
//!
//! Stored is a version byte, the random nonce, and the ciphertext with its tag.

use std::fmt;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

use crate::{Error, Result, token};

const VERSION: u8 = 1;
const NONCE: usize = 24;

/// Seals and opens secrets.
pub struct Vault(XChaCha20Poly1305);

impl Vault {
    /// Derives the vault's own key from the installation's secret.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&token::derive_key(&secret, "vault").into()))
    }

    /// Seals `plain` for the row that `row` names.
    ///
    /// # Errors
    /// Internal: the system gives no randomness.
    pub fn seal(&self, row: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce = token::random_bytes::<NONCE>()?;
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: row.as_bytes() })
            .map_err(|error| Error::Internal(error.to_string().into()))?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the row that `row` names.
    ///
    /// # Errors
    /// Internal: it was sealed for another row or under another secret, or was changed.
    pub fn open(&self, row: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let opened = match sealed.split_first() {
            Some((&VERSION, rest)) => rest.split_first_chunk::<NONCE>().and_then(|(nonce, sealed)| {
                self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: row.as_bytes() }).ok()
            }),
            _ => None,
        };
        opened.ok_or_else(|| Error::Internal(format!("the sealed secret of {row} does not open").into()))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_row_only() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal("two_factor a", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, vault.seal("two_factor a", b"secret").unwrap(), "a new nonce every time");
        assert_eq!(vault.open("two_factor a", &sealed).unwrap(), b"secret");
        assert!(vault.open("two_factor b", &sealed).is_err(), "another row");
        assert!(Vault::new([8; 32]).open("two_factor a", &sealed).is_err(), "another secret");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(vault.open("two_factor a", &changed).is_err(), "changed at {place}");
        }
        assert!(vault.open("two_factor a", b"").is_err());
    }
}
