//! E-mail addresses: trimmed, lower case, shaped like an address.
//!
//! The check is deliberately loose (one `@`, a dotted domain, no spaces or control characters): whether an
//! address exists is shown by a mail that arrives, not by a pattern.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::input::{Invalid, has_invisible};

/// A parsed address in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses what a person typed into `field`.
    ///
    /// # Errors
    /// The text is not shaped like an address, or is longer than 254 characters (RFC 5321).
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let text = text.trim().to_lowercase();
        let wrong = || Invalid::new(field, "enter an e-mail address like name@example.com");
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"@".contains(c);
        let domain_fits = domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
            && domain.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.');
        let local_fits = !local.is_empty() && local.len() <= 64 && local.chars().all(plain) && !has_invisible(local);
        if text.len() > 254 || !local_fits || !domain_fits {
            return Err(wrong());
        }
        Ok(Self(text))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse("email", &text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_lower_case_and_trimmed() {
        assert_eq!(EmailAddress::parse("email", " New@X.com ").unwrap().as_str(), "new@x.com");
        for good in ["a+b@sub.example.co.uk", "o'brien@example.com", "ü@exämple.de"] {
            assert!(EmailAddress::parse("email", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "x",
            "x@",
            "@x.com",
            "a b@x.com",
            "x@localhost",
            "x@y..z",
            "a@b@c.com",
            "x@-y.com",
            "x\n@y.com",
            "<a@b.com>",
            "a\u{200b}b@x.com",
        ] {
            assert!(EmailAddress::parse("email", bad).is_err(), "{bad}");
        }
    }
}
