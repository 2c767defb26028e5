//! Google Ads API v26 over REST: consent with PKCE, tokens of an hour, accounts below a manager, reports with GAQL, and what
//! campaigns, ad groups and ads are set to. Consent and tokens are those of Gmail, too.
//!
//! One holder is a person at a client, who reaches that client's account directly; another is the agency, which reaches its
//! manager account, and the others only with `login-customer-id`. Whole numbers are texts, amounts are micros, an enum is its
//! name, and what is empty is left out, as Google's own package writes it. Refusals: `refusal`; GAQL: `gaql` and `search`.

mod fields;
mod gaql;
mod mutate;
mod refusal;
mod search;
mod tell;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

pub(super) use self::refusal::Refusal;
use super::{Answer, Desk, Holder, Question, encoded, fields as form, html};
use crate::{account::Platform, mail::Mailbox, plan::Channel};

/// The one place that names the API's version.
const VERSION: &str = "v26";
/// What every answer calls its request.
const REQUEST: &str = "rehearsal";

/// What somebody may be asked to permit, and what the codes and tokens for it are called.
struct Permit {
    code: &'static str,
    access: &'static str,
    refresh: &'static str,
    scopes: &'static str,
}

const ADS: Permit = Permit {
    code: "gg-code",
    access: "gg-access",
    refresh: "gg-refresh",
    scopes: "https://www.googleapis.com/auth/adwords",
};
/// What begins all that is given for the mailbox.
pub(super) const MAIL_GRANTS: &str = "gm-";
const MAIL: Permit = Permit {
    code: "gm-code",
    access: "gm-access",
    refresh: "gm-refresh",
    scopes: "https://www.googleapis.com/auth/gmail.modify https://www.googleapis.com/auth/gmail.readonly \
             https://www.googleapis.com/auth/gmail.send",
};
const PERMITS: [&Permit; 2] = [&ADS, &MAIL];

/// Which of them scopes are about, if any.
fn permit(scopes: &str) -> Option<&'static Permit> {
    let named = |permit: &&&Permit| scopes.split(' ').any(|one| permit.scopes.split(' ').any(|known| known == one));
    PERMITS.iter().find(named).copied()
}

/// Whether scopes are about the mailbox.
pub(super) fn about_mail(scopes: &str) -> bool {
    permit(scopes).is_some_and(|permit| permit.code == MAIL.code)
}

/// Whether who asks may read and send the agency's mail.
pub(super) fn may_mail(desk: &Desk, question: &Question, now: OffsetDateTime) -> bool {
    bearer(desk, &MAIL, question, now).is_some()
}

/// How long an access token works, in seconds.
const LASTS: i64 = 3600;

/// Answers a question at a moment; no answer for a path that is not Google's.
pub fn answer(desk: &Desk, question: &Question, now: OffsetDateTime) -> Option<Answer> {
    match (question.method.as_str(), question.path.as_str()) {
        ("GET", "/o/oauth2/v2/auth") => return Some(consent(desk, question, now)),
        ("POST", "/token") => return Some(token(desk, question, now)),
        ("POST", "/revoke") => return Some(revoke(desk, question, now)),
        _ => {}
    }
    let Some(call) = question.path.strip_prefix("/v26/") else {
        let mine = question.path.starts_with("/o/oauth2/") || ["/token", "/revoke"].contains(&question.path.as_str());
        return mine.then(|| Refusal::missing().answer(question));
    };
    let answered = match (question.method.as_str(), call) {
        ("GET", "customers:listAccessibleCustomers") => accessible(desk, question, now),
        ("POST", call) => match call.strip_prefix("customers/").and_then(|call| call.split_once('/')) {
            Some((id, what)) => ask(desk, question, now, id, what),
            None => Err(Refusal::missing()),
        },
        _ => Err(Refusal::missing()),
    };
    Some(match answered {
        Ok(told) => Answer::json(200, &told),
        Err(refusal) => refusal.answer(question),
    })
}

/// What kind of code is given: the challenge is part of it, so that only its verifier finds it again.
fn code_kind(permit: &Permit, offline: bool, challenge: &str) -> String {
    format!("{}{}{challenge}", permit.code, if offline { "" } else { ".online" })
}

/// The page on which a person chooses an account; without scripts.
fn consent(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let asked = |name: &str| question.query.get(name).map_or("", String::as_str);
    let refused = |error: &str, words: &str| {
        Answer::page(400, &format!("Access blocked: Error 400: {error}"), &format!("<p>{words}</p>"))
    };
    let Some(back) = desk.back(asked("redirect_uri")) else {
        return refused("redirect_uri_mismatch", "The address that it leads back to is not this app's.");
    };
    if asked("client_id") != desk.app.id {
        return refused("invalid_client", "The OAuth client was not found.");
    }
    let method = asked("code_challenge_method");
    if asked("response_type") != "code" || (!asked("code_challenge").is_empty() && method != "S256") {
        return refused("invalid_request", "Only codes are rehearsed, with a challenge of S256 or none.");
    }
    let Some(permit) = permit(asked("scope")) else {
        return refused("invalid_scope", "Only the scopes of Google Ads and Gmail are rehearsed.");
    };
    let kind = code_kind(permit, asked("access_type") == "offline", asked("code_challenge"));
    let state = encoded(asked("state"));
    let choice = |(holder, name): (Holder, &str)| {
        let code = encoded(&desk.grant(&kind, holder, now.unix_timestamp()));
        let link = format!("{back}?state={state}&code={code}&scope={}", encoded(permit.scopes));
        format!("<li><a href=\"{}\">{}</a></li>", html(&link), html(name))
    };
    let holder = |client| Holder::new(client, asked("state"));
    let own = accounts(desk, Holder::AGENCY).map(|channel| (holder(Some(channel.client)), channel.name.as_str()));
    let choices: String = if about_mail(asked("scope")) {
        choice((holder(None), Mailbox::Gmail.address()))
    } else {
        own.chain([(holder(None), "The agency's manager account")]).map(choice).collect()
    };
    let deny = html(&format!("{back}?error=access_denied&state={state}"));
    let words = "Simulated Google. Choose the account that the app may see, edit and manage.";
    Answer::page(
        200,
        "Sign in with Google",
        &format!("<p>{words}</p><ul>{choices}</ul><p><a href=\"{deny}\">Cancel</a></p>"),
    )
}

fn accounts(desk: &Desk, of: Holder) -> impl Iterator<Item = &Channel> {
    let all = desk.world.channels().iter().filter(|channel| channel.platform == Platform::GoogleAds);
    all.filter(move |channel| of.holds(channel))
}

/// The number of the agency's own account, which manages the others.
fn manager(desk: &Desk) -> String {
    desk.world.plan.key.name("manager").stream().whole(1_000_000_000, 9_999_999_999).to_string()
}

fn token(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let sent = form(&String::from_utf8_lossy(&question.body));
    let part = |name: &str| sent.get(name).map_or("", String::as_str);
    if part("client_id") != desk.app.id || part("client_secret") != desk.app.secret {
        return refusal::oauth("invalid_client", "The OAuth client was not found.");
    }
    let (permit, holder, offline) = match part("grant_type") {
        "refresh_token" => {
            let found = PERMITS.into_iter().find_map(|permit| {
                let (holder, from) = desk.granted(permit.refresh, part("refresh_token"))?;
                desk.lives(permit.refresh, holder, from).then_some((permit, holder))
            });
            match found {
                Some((permit, holder)) => (permit, holder, false),
                None => return refusal::oauth("invalid_grant", "Token has been expired or revoked."),
            }
        }
        "authorization_code" => {
            if desk.back(part("redirect_uri")).is_none() {
                return refusal::oauth("redirect_uri_mismatch", "Bad Request");
            }
            let challenge = match part("code_verifier") {
                "" => String::new(),
                verifier => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
            };
            let kinds = PERMITS.into_iter().flat_map(|permit| [(permit, true), (permit, false)]);
            let redeemed = kinds.map(|(permit, offline)| {
                let kind = code_kind(permit, offline, &challenge);
                Some((permit, desk.redeem(&kind, part("code"), now)?, offline))
            });
            match redeemed.flatten().next() {
                Some(redeemed) => redeemed,
                None => return refusal::oauth("invalid_grant", "Bad Request"),
            }
        }
        _ => return refusal::oauth("unsupported_grant_type", "Invalid grant_type: it is not supported."),
    };
    let from = |kind| now.unix_timestamp().max(desk.earliest(kind, holder));
    let Permit { access, refresh, scopes, .. } = *permit;
    let mut given = json!({ "access_token": desk.grant(access, holder, from(access)), "expires_in": LASTS - 1,
        "scope": scopes, "token_type": "Bearer" });
    if offline {
        given["refresh_token"] = json!(desk.grant(refresh, holder, from(refresh)));
    }
    Answer::json(200, &given)
}

/// Taking back either token takes back all that the person gave.
fn revoke(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let sent = form(&String::from_utf8_lossy(&question.body));
    let shown = sent.get("token").map_or("", String::as_str);
    let kinds = PERMITS.into_iter().flat_map(|permit| [(permit, permit.access), (permit, permit.refresh)]);
    let mut found = kinds.filter_map(|(permit, kind)| {
        let (holder, from) = desk.granted(kind, shown)?;
        desk.lives(kind, holder, from).then_some((permit, holder, from))
    });
    let Some((permit, holder, from)) = found.next() else {
        return refusal::oauth("invalid_token", "Token expired or revoked");
    };
    let last = now.unix_timestamp().max(from);
    [permit.access, permit.refresh].into_iter().for_each(|kind| desk.end(kind, holder, last));
    Answer::json(200, &json!({}))
}

/// The holder whose token was shown, if it works.
fn bearer(desk: &Desk, permit: &Permit, question: &Question, now: OffsetDateTime) -> Option<Holder> {
    let shown = question.headers.get("authorization")?.strip_prefix("Bearer ")?;
    let (holder, from) = desk.granted(permit.access, shown)?;
    (now.unix_timestamp() < from + LASTS && desk.lives(permit.access, holder, from)).then_some(holder)
}

/// The holder whose token was shown, beside the operator's developer token.
fn allowed(desk: &Desk, question: &Question, now: OffsetDateTime) -> Result<Holder, Refusal> {
    let holder = bearer(desk, &ADS, question, now).ok_or_else(Refusal::unauthorized)?;
    match question.headers.get("developer-token") {
        None => {
            let words = "A developer token was not provided.".to_owned();
            Err(Refusal::invalid("requestError", "DEVELOPER_TOKEN_PARAMETER_MISSING", words))
        }
        Some(shown) if *shown != desk.app.developer_token => {
            let words = "The developer token is not valid.";
            Err(Refusal::denied(401, "authenticationError", "DEVELOPER_TOKEN_INVALID", words))
        }
        Some(_) => Ok(holder),
    }
}

/// What the person reaches directly.
fn accessible(desk: &Desk, question: &Question, now: OffsetDateTime) -> Result<Value, Refusal> {
    let holder = allowed(desk, question, now)?;
    let names: Vec<_> = if holder.agency() {
        vec![format!("customers/{}", manager(desk))]
    } else {
        accounts(desk, holder).map(|channel| format!("customers/{}", channel.external_id)).collect()
    };
    Ok(if names.is_empty() { json!({}) } else { json!({ "resourceNames": names }) })
}

/// Whose account a call is about.
#[derive(Clone, Copy, Debug)]
enum Customer<'a> {
    Manager,
    Account(&'a Channel),
}

/// The account of that number, if the holder may see it.
fn customer<'a>(desk: &'a Desk, question: &Question, holder: Holder, id: &str) -> Result<Customer<'a>, Refusal> {
    let digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(id) {
        let words = format!("Invalid customer ID '{id}'.");
        return Err(Refusal::invalid("requestError", "INVALID_CUSTOMER_ID", words));
    }
    let login = question.headers.get("login-customer-id").map(String::as_str);
    if login.is_some_and(|login| !digits(login)) {
        let words = "The login customer ID could not be validated.".to_owned();
        return Err(Refusal::invalid("headerError", "INVALID_LOGIN_CUSTOMER_ID", words));
    }
    let manager = manager(desk);
    let through = if holder.agency() { manager.as_str() } else { id };
    let shown = login.unwrap_or(id);
    let found = if id == manager && holder.agency() {
        Some(Customer::Manager)
    } else {
        accounts(desk, holder).find(|channel| channel.external_id == id).map(Customer::Account)
    };
    found.filter(|_| shown == through).ok_or_else(|| {
        let words = "User doesn't have permission to access customer. Note: If you're accessing a client customer, the \
                     manager's customer id must be set in the 'login-customer-id' header. See \
                     https://developers.google.com/google-ads/api/docs/concepts/call-structure#cid";
        Refusal::denied(403, "authorizationError", "USER_PERMISSION_DENIED", words)
    })
}

fn ask(desk: &Desk, question: &Question, now: OffsetDateTime, id: &str, what: &str) -> Result<Value, Refusal> {
    let holder = allowed(desk, question, now)?;
    let customer = customer(desk, question, holder, id)?;
    let body = || {
        let words = "Invalid JSON payload received.".to_owned();
        serde_json::from_slice::<Value>(&question.body).map_err(|_| Refusal::malformed(words))
    };
    match what {
        "googleAds:searchStream" => search::stream(desk, question, now, customer, &body()?),
        "googleAds:search" => search::pages(desk, question, now, customer, &body()?),
        _ => match what.strip_suffix(":mutate") {
            Some(of) => mutate::answer(desk, now, customer, of, &body()?),
            None => Err(Refusal::missing()),
        },
    }
}

#[cfg(test)]
mod tests;
