//! What Shopify signs with the app's secret: the way back from consent and every webhook. Compared in constant time;
//! what cannot be read is not signed.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Whether `signature`, the header `X-Shopify-Hmac-Sha256`, is that of the body as it came.
pub fn webhook_signed(secret: &SecretString, body: &[u8], signature: &str) -> bool {
    STANDARD.decode(signature.trim()).is_ok_and(|signature| signed(secret, body, &signature))
}

/// Whether the parameter `hmac` is that of all other parameters, sorted and encoded as in an address.
pub fn callback_signed(secret: &SecretString, parameters: &BTreeMap<String, String>) -> bool {
    let rest = parameters.iter().filter(|(name, _)| *name != "hmac" && *name != "signature");
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
    let signature = parameters.get("hmac").and_then(|signature| hex::decode(signature).ok());
    signature.is_some_and(|signature| signed(secret, text.as_bytes(), &signature))
}

fn signed(secret: &SecretString, text: &[u8], signature: &[u8]) -> bool {
    // Without a secret anybody could sign.
    !secret.expose_secret().is_empty()
        && Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .is_ok_and(|mac| mac.chain_update(text).verify_slice(signature).is_ok())
}
