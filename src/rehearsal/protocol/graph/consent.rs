//! Microsoft's consent and tokens: codes with PKCE, access tokens of an hour, refresh tokens that change with each use while
//! the old ones go on.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::MAILBOX;
use crate::protocol::{Answer, Desk, Holder, Question, encoded, fields, html};

const CODE: &str = "ms-code";
const ACCESS: &str = "ms-access";
const REFRESH: &str = "ms-refresh";
/// How long an access token works, in seconds.
const LASTS: i64 = 3600;
/// What stands before a scope's name where somebody asks for it in full.
const RESOURCE: &str = "https://graph.microsoft.com/";
const SCOPES: [&str; 4] = ["Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"];

pub(super) fn answer(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    match (question.method.as_str(), question.path.rsplit('/').next().unwrap_or_default()) {
        ("GET", "authorize") => consent(desk, question, now),
        ("POST", "token") => token(desk, question, now),
        _ => refused(404, "invalid_request", 900_144, "There is no such endpoint."),
    }
}

/// Whether who asks may read and send.
pub(super) fn allowed(desk: &Desk, question: &Question, now: OffsetDateTime) -> bool {
    let shown = question.headers.get("authorization").and_then(|shown| shown.strip_prefix("Bearer "));
    let granted = shown.and_then(|shown| desk.granted(ACCESS, shown));
    granted.is_some_and(|(holder, from)| now.unix_timestamp() < from + LASTS && desk.lives(ACCESS, holder, from))
}

fn refused(status: u16, error: &str, number: u32, words: &str) -> Answer {
    let description = format!("AADSTS{number}: {words} Trace ID: rehearsal Correlation ID: rehearsal");
    let body = json!({ "error": error, "error_description": description, "error_codes": [number],
        "trace_id": "rehearsal", "correlation_id": "rehearsal" });
    Answer::json(status, &body)
}

/// The challenge is part of what kind of code it is, so that only its verifier finds it again.
fn code_kind(offline: bool, challenge: &str) -> String {
    format!("{CODE}{}{challenge}", if offline { "" } else { ".online" })
}

/// The page on which a person chooses the mailbox; without scripts.
fn consent(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let asked = |name: &str| question.query.get(name).map_or("", String::as_str);
    let page = |words: &str| Answer::page(400, "Sign in: we could not sign you in", &format!("<p>{words}</p>"));
    let Some(back) = desk.back(asked("redirect_uri")) else {
        return page("AADSTS50011: The redirect URI that was asked for is not this app's.");
    };
    if asked("client_id") != desk.app.id {
        return page("AADSTS700016: The application was not found in the directory.");
    }
    let method = asked("code_challenge_method");
    if asked("response_type") != "code" || (!asked("code_challenge").is_empty() && method != "S256") {
        return page("AADSTS900144: Only codes are rehearsed, with a challenge of S256 or none.");
    }
    let scopes: Vec<&str> = asked("scope").split(' ').collect();
    if !scopes.iter().any(|scope| scope.trim_start_matches(RESOURCE).starts_with("Mail.")) {
        return page("AADSTS70011: Only the scopes of mail are rehearsed.");
    }
    let kind = code_kind(scopes.contains(&"offline_access"), asked("code_challenge"));
    let code = desk.grant(&kind, Holder::new(None, asked("state")), now.unix_timestamp());
    let state = encoded(asked("state"));
    let link = html(&format!("{back}?code={}&state={state}&session_state=rehearsal", encoded(&code)));
    let deny = html(&format!("{back}?error=access_denied&state={state}"));
    let words = "Simulated Microsoft. Choose the mailbox that the app may read and send from.";
    let choice = format!("<li><a href=\"{link}\">{}</a></li>", html(MAILBOX.address()));
    let inside = format!("<p>{words}</p><ul>{choice}</ul><p><a href=\"{deny}\">Cancel</a></p>");
    Answer::page(200, "Pick an account", &inside)
}

fn token(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let sent = fields(&String::from_utf8_lossy(&question.body));
    let part = |name: &str| sent.get(name).map_or("", String::as_str);
    if part("client_id") != desk.app.id || part("client_secret") != desk.app.secret {
        return refused(401, "invalid_client", 7_000_215, "Invalid client secret provided.");
    }
    let (holder, from, offline) = match part("grant_type") {
        "refresh_token" => match desk.granted(REFRESH, part("refresh_token")) {
            // Another than before, even within the same second.
            Some((holder, from)) if desk.lives(REFRESH, holder, from) => {
                (holder, now.unix_timestamp().max(from + 1), true)
            }
            _ => return refused(400, "invalid_grant", 70_000, "The refresh token was revoked or never given."),
        },
        "authorization_code" => {
            if desk.back(part("redirect_uri")).is_none() {
                return refused(400, "invalid_client", 50_011, "The redirect URI is not this app's.");
            }
            let challenge = match part("code_verifier") {
                "" => String::new(),
                verifier => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
            };
            let redeem = |offline| desk.redeem(&code_kind(offline, &challenge), part("code"), now);
            match redeem(true).map(|holder| (holder, true)).or_else(|| Some((redeem(false)?, false))) {
                Some((holder, offline)) => (holder, now.unix_timestamp(), offline),
                None => {
                    return refused(400, "invalid_grant", 70_008, "The code was used, is too old or was never given.");
                }
            }
        }
        _ => return refused(400, "unsupported_grant_type", 70_003, "The grant type is not supported."),
    };
    let full = if part("scope").contains(RESOURCE) { RESOURCE } else { "" };
    let scopes: Vec<_> = SCOPES.iter().map(|scope| format!("{full}{scope}")).collect();
    let from = |kind| from.max(desk.earliest(kind, holder));
    let mut given = json!({ "token_type": "Bearer", "scope": scopes.join(" "), "expires_in": LASTS - 1,
        "ext_expires_in": LASTS - 1, "access_token": desk.grant(ACCESS, holder, from(ACCESS)) });
    if offline {
        given["refresh_token"] = json!(desk.grant(REFRESH, holder, from(REFRESH)));
    }
    Answer::json(200, &given)
}
