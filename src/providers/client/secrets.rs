//! Keeps what a request carries out of what is said about its failure.

use crate::Error;

/// What stands where something was struck out.
const HIDDEN: &str = "[hidden]";
/// Shorter texts are no secrets.
const SHORTEST: usize = 4;
/// Providers cut what they repeat: what begins like a secret for so many bytes is a part of it.
const BEGINNING: usize = 12;

/// What a request carries that must not come back in an error's text.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Answers of success that are longer are no refusals.
    pub(super) const LONGEST_REFUSAL: usize = 256 << 10;

    pub(super) fn learn(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
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
        let text = String::from_utf8_lossy(body);
        let holds = |secret: &String| text.contains(secret.get(..BEGINNING).unwrap_or(secret));
        self.0.iter().any(holds).then(|| self.strike_text(&text).into_bytes())
    }

    fn strike_text(&self, text: &str) -> String {
        strike(text, &self.0)
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

/// Words without these secrets, nor the beginning of one that was cut. To be done before anything is cut from the words.
pub fn strike(words: &str, secrets: &[String]) -> String {
    let long = secrets.iter().filter(|secret| secret.len() >= SHORTEST);
    long.fold(words.to_owned(), |words, secret| strike_beginning(&words.replace(secret.as_str(), HIDDEN), secret))
}

fn strike_beginning(words: &str, secret: &str) -> String {
    let Some(beginning) = secret.get(..BEGINNING) else { return words.to_owned() };
    let (mut struck, mut rest) = (String::new(), words);
    while let Some(at) = rest.find(beginning) {
        let same = rest[at..].chars().zip(secret.chars()).take_while(|(one, other)| one == other);
        let length: usize = same.map(|(one, _)| one.len_utf8()).sum();
        struck.push_str(&rest[..at]);
        struck.push_str(HIDDEN);
        rest = &rest[at + length..];
    }
    struck.push_str(rest);
    struck
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_struck_out_whole_and_where_somebody_cut_it() {
        let secrets = ["shpat_made-by-hand-c0ffee".to_owned(), "abc".to_owned(), "short-one".to_owned()];
        for (said, struck) in [
            ("shpat_made-by-hand-c0ffee is wrong", "[hidden] is wrong"),
            ("shpat_made-by-ha… is wrong", "[hidden]… is wrong"),
            ("twice: shpat_made-by-h, shpat_made-by-hand-c0ffee", "twice: [hidden], [hidden]"),
            ("a token begins with shpat_", "a token begins with shpat_"),
            ("abc and short-one", "abc and [hidden]"),
            ("größer shpat_made-by-", "größer [hidden]"),
        ] {
            assert_eq!(strike(said, &secrets), struck);
        }
    }

    #[test]
    fn what_an_answer_escapes_is_found_when_it_is_read() {
        let mut secrets = Secrets::default();
        secrets.learn("quo\"ted-secret-of-theirs");
        assert_eq!(secrets.strike(br#"{"message":"quo\"ted-secret-of-theirs"}"#), None);
        let read = Error::Rejected("no quo\"ted-secret-of-theirs".into());
        assert_eq!(secrets.strike_from(read), Error::Rejected("no [hidden]".into()));
    }
}
