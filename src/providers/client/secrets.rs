//! Keeps what a request carries out of what is said about its failure.

use crate::Error;

/// What a request carries that must not come back in an error's text.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Answers that are longer are no refusals.
    const LONGEST_REFUSAL: usize = 256 << 10;

    pub(super) fn learn(&mut self, secret: &str) {
        if secret.len() >= 4 {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            self.0.extend([secret.replace('/', "\\/"), encoded, secret.to_owned()]);
        }
    }

    /// Learns the value of a field whose name says that it is secret.
    pub(super) fn learn_named(&mut self, name: &str, value: &str) {
        if ["secret", "token", "code", "proof"].iter().any(|word| name.contains(word)) {
            self.learn(value);
        }
    }

    /// The body without them, if it holds any.
    pub(super) fn strike(&self, body: &[u8]) -> Option<Vec<u8>> {
        if body.len() > Self::LONGEST_REFUSAL {
            return None;
        }
        let text = String::from_utf8_lossy(body);
        self.0.iter().any(|secret| text.contains(secret)).then(|| self.strike_text(&text).into_bytes())
    }

    fn strike_text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[hidden]"))
    }

    pub(super) fn strike_from(&self, error: Error) -> Error {
        match error {
            Error::Unauthorized(words) => Error::Unauthorized(self.strike_text(&words)),
            Error::Unavailable(words) => Error::Unavailable(self.strike_text(&words)),
            Error::Malformed(words) => Error::Malformed(self.strike_text(&words)),
            Error::TooLarge(words) => Error::TooLarge(self.strike_text(&words)),
            Error::Rejected(words) => Error::Rejected(self.strike_text(&words)),
            limited @ (Error::RateLimited { .. } | Error::CursorExpired) => limited,
        }
    }
}
