//! Tokens: random ones for sessions, derived ones for mailed links. The database holds only their SHA-256.
//!
//! A link's token is the HMAC of its row's id, so that a mail job that runs again sends the same link, and neither
//! the queue nor the database ever holds it.

use std::fmt;

use hmac::{Hmac, Mac};
use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The installation's secret for mailed links. It stays outside the database.
pub struct TokenKey([u8; 32]);

impl TokenKey {
    /// Takes the secret: 32 bytes.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The token for the row `id` used for `purpose`: 64 hexadecimal digits.
    pub fn derive(&self, purpose: &str, id: impl fmt::Display) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!("HMAC takes any key length"));
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(id.to_string().as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// What the database keeps of a token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A new random token of 256 bits: 64 hexadecimal digits.
///
/// # Errors
/// Internal: the system gives no randomness.
pub fn random() -> Result<String> {
    Ok(hex::encode(random_bytes::<32>()?))
}

/// So many random bytes.
///
/// # Errors
/// Internal: the system gives no randomness.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0u8; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Error::Internal(Box::new(error)))?;
    Ok(bytes)
}

/// A key of its own for `purpose`, derived from the installation's secret.
pub(crate) fn derive_key(secret: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes any key length"));
    mac.update(b"key\0");
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_by_purpose_and_id_and_stay_the_same() {
        let key = TokenKey::new([7; 32]);
        let token = key.derive("sign_up", 1);
        assert_eq!((token.len(), &token), (64, &key.derive("sign_up", 1)));
        assert_ne!(token, key.derive("reset", 1));
        assert_ne!(token, key.derive("sign_up", 2));
        assert_ne!(token, TokenKey::new([8; 32]).derive("sign_up", 1));
        assert_ne!(random().unwrap(), random().unwrap());
    }
}
