//! What a mail server's refusals mean, with what a person can do about them. Nothing of a message stands in the words.

use async_imap::error::Error as Imap;

use super::place;
use crate::{Error, Result};

/// So much of a server's words is repeated.
const SHOWN: usize = 120;

/// A server's words as they can be shown: in one line, and cut.
pub(super) fn shown(words: &str) -> String {
    let plain = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(SHOWN).collect::<String>().trim().to_owned()
}

/// The connection is no more, or what came over it cannot be read.
pub(super) fn broken(error: &std::io::Error) -> Error {
    // What cannot be parsed stands in the error, and may be part of a message.
    match error.kind() {
        std::io::ErrorKind::Other => Error::Malformed("the mail server's answer is not IMAP".into()),
        _ => Error::Unavailable("the connection to the mail server broke".into()),
    }
}

/// What the library says of a command that it sent itself.
pub(super) fn of_library(error: &Imap) -> Error {
    match error {
        Imap::Io(error) => broken(error),
        Imap::No(words) => no(said(words)),
        Imap::Bad(words) => Error::Rejected(shown(said(words))),
        Imap::ConnectionLost => closed(),
        Imap::Validate(_) => Error::Rejected("a line break cannot be sent".into()),
        _ => Error::Malformed("the mail server's answer is not IMAP".into()),
    }
}

pub(super) fn closed() -> Error {
    Error::Unavailable("the mail server ended the connection".into())
}

/// The server's own words in what the library writes: `code: None, info: Some("…")`.
fn said(words: &str) -> &str {
    let own = words.split_once("info: Some(\"").map(|(_, rest)| rest);
    own.and_then(|rest| rest.rsplit_once("\")")).map_or("", |(own, _)| own)
}

/// A command that was answered with NO (RFC 5530 has the codes).
pub(super) fn no(words: &str) -> Error {
    let code = words.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(code, _)| code);
    match code.to_ascii_uppercase().as_str() {
        "UNAVAILABLE" | "INUSE" | "SERVERBUG" => Error::Unavailable(shown(words)),
        "LIMIT" => Error::limited(None),
        "AUTHENTICATIONFAILED" | "AUTHORIZATIONFAILED" | "EXPIRED" => Error::Unauthorized(shown(words)),
        _ => Error::Rejected(shown(words)),
    }
}

/// A sign-in that was refused: the server may only be busy.
pub(super) fn login(error: &Imap, domain: &str) -> Error {
    let Imap::No(words) = error else { return of_library(error) };
    match no(said(words)) {
        Error::Unauthorized(words) | Error::Rejected(words) => wrong_password(domain, &words),
        other => other,
    }
}

/// Neither server says whether the address or the password is wrong.
pub(super) fn wrong_password(domain: &str, words: &str) -> Error {
    let help = if place::of_yahoo(domain) {
        "address or app password is wrong. Yahoo takes no ordinary password here: at login.yahoo.com, Security, generate \
         an app password and copy it without spaces"
    } else {
        "user name or password is wrong. Many providers want an app password here, made in the account's security settings"
    };
    Error::Unauthorized(if words.is_empty() { help.to_owned() } else { format!("{help} ({words})") })
}

/// What waits no longer than `limit`.
pub(super) async fn within<T>(limit: std::time::Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || Err(Error::Unavailable("no answer in time".into()));
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| late())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_sign_in_says_what_to_do_and_a_busy_server_is_no_refusal() {
        let no = |words: &str| Imap::No(format!("code: None, info: Some(\"{words}\")"));
        let yahoo = login(&no("[AUTHENTICATIONFAILED] LOGIN Invalid credentials"), "yahoo.com");
        let Error::Unauthorized(words) = &yahoo else { panic!("{yahoo}") };
        assert!(
            words.contains("app password")
                && words.contains("login.yahoo.com")
                && words.contains("Invalid credentials")
        );
        let plain = login(&no("Authentication failed."), "acme.test");
        assert!(matches!(&plain, Error::Unauthorized(words) if !words.contains("Yahoo")), "{plain}");
        assert_eq!(login(&no("[UNAVAILABLE] Temporary failure"), "yahoo.com").key(), "unavailable");
        assert_eq!(login(&no("[LIMIT] Too many"), "yahoo.com").key(), "rate_limited");
    }

    #[test]
    fn what_cannot_be_parsed_is_not_repeated() {
        let error = broken(&std::io::Error::other("Error during parsing of \"Subject: secret\""));
        assert!(matches!(&error, Error::Malformed(words) if !words.contains("secret")), "{error}");
    }
}
