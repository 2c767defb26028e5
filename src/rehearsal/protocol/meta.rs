//! Meta's Marketing API v26.0: consent, tokens for an hour and for 60 days, accounts, campaigns, ad sets, ads with their
//! creatives, reports at once and in the background, and what people change.
//!
//! As with Meta, a refusal is status 400 with a code, numbers are texts, lists are read by cursors whose link to a next page
//! holds the token, and a token lasts until it is exchanged for the next. `appsecret_proof` is judged where it is shown.

mod insights;
mod nodes;
mod refusal;
mod select;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use time::OffsetDateTime;

pub(super) use self::{insights::Run, refusal::Refusal};
use super::{Answer, Desk, Holder, Question, encoded, fields as form, html};
use crate::{account::Platform, plan::Channel};

const BASE: &str = "/v26.0/";
/// How long the token that a code brings works, and the one that it is exchanged for, in seconds.
const LASTS: [(&str, i64); 2] = [("me-short", 5_400), ("me-long", 5_184_000)];
const CODE: &str = "me-code";
/// What a person allows: nothing, reading, and managing too.
const RIGHTS: [&str; 3] = ["", ".r", ".rm"];

/// Answers a question at a moment; no answer for a path that is not Meta's.
pub fn answer(desk: &Desk, question: &Question, now: OffsetDateTime) -> Option<Answer> {
    let path = question.path.strip_prefix(BASE)?;
    let mut sent = question.query.clone();
    sent.extend(form(&String::from_utf8_lossy(&question.body)));
    let asked = Asked { desk, question, sent, now };
    let method = question.method.as_str();
    let told = match (method, path) {
        ("GET", "dialog/oauth") => return Some(asked.consent()),
        ("GET" | "POST", "oauth/access_token") => asked.exchange(),
        ("GET", "me") => asked.holder().map(|person| json!({ "name": "Simulated person", "id": person.id() })),
        ("GET", "me/permissions") => asked.permissions(),
        ("DELETE", "me/permissions") => asked.revoke(),
        ("GET", "me/adaccounts") => nodes::accounts(&asked),
        (_, path) => match (method, path.split_once('/')) {
            ("GET", None) => nodes::one(&asked, path),
            ("POST", None) => nodes::change(&asked, path),
            ("GET", Some((id, "insights"))) => insights::now(&asked, id),
            ("POST", Some((id, "insights"))) => insights::later(&asked, id),
            ("GET", Some((id, edge))) => nodes::list(&asked, id, edge),
            _ => Err(Refusal::path()),
        },
    };
    Some(match told {
        Ok(told) => Answer::json(200, &told),
        Err(refusal) => refusal.answer(),
    })
}

/// A question with its parameters, from the address and the body.
struct Asked<'a> {
    desk: &'a Desk,
    question: &'a Question,
    sent: BTreeMap<String, String>,
    now: OffsetDateTime,
}

/// Who asks, and what they allowed.
#[derive(Clone, Copy, Debug)]
struct Person {
    holder: Holder,
    rights: usize,
}

impl Person {
    fn id(self) -> String {
        (10_000_000_000_000_000_u64 + self.holder.place as u64).to_string()
    }
}

impl<'a> Asked<'a> {
    /// Where it was asked.
    fn host(&self) -> &str {
        self.question.headers.get("host").map_or("localhost", String::as_str)
    }

    fn part(&self, name: &str) -> &str {
        self.sent.get(name).map_or("", String::as_str)
    }

    /// The page on which a person chooses what the app may see; without scripts.
    fn consent(&self) -> Answer {
        let known = (self.part("client_id") == self.desk.app.id).then(|| self.desk.back(self.part("redirect_uri")));
        let Some(back) = known.flatten() else {
            let words = "<p>The app, or the address that it leads back to, is not known.</p>";
            return Answer::page(400, "URL blocked", words);
        };
        let scopes: Vec<_> = self.part("scope").split([',', ' ']).collect();
        let rights = if scopes.contains(&"ads_management") { 2 } else { usize::from(scopes.contains(&"ads_read")) };
        let (kind, state) = (format!("{CODE}{}", RIGHTS[rights]), encoded(self.part("state")));
        let choice = |(holder, name): (Holder, &str)| {
            let code = encoded(&self.desk.grant(&kind, holder, self.now.unix_timestamp()));
            let link = format!("{back}?code={code}&state={state}");
            format!("<li><a href=\"{}\">{}</a></li>", html(&link), html(name))
        };
        let holder = |client| Holder::new(client, self.part("state"));
        let own = accounts(self.desk, Holder::AGENCY);
        let own = own.map(|channel| (holder(Some(channel.client)), channel.name.as_str()));
        let choices: String = own.chain([(holder(None), "All accounts of the agency")]).map(choice).collect();
        let deny = format!(
            "{back}?error=access_denied&error_code=200&error_description=Permissions+error&error_reason=user_denied&state={state}"
        );
        let words = "Simulated Facebook. Choose the account that the app may see.";
        let inside = format!("<p>{words}</p><ul>{choices}</ul><p><a href=\"{}\">Cancel</a></p>", html(&deny));
        Answer::page(200, "Log in with Facebook", &inside)
    }

    /// A code for a token, or a token for one that lasts longer.
    fn exchange(&self) -> Result<Value, Refusal> {
        if self.part("client_id") != self.desk.app.id {
            return Err(Refusal::app(
                101,
                "Error validating application. Cannot get application info due to a system error.",
            ));
        }
        if self.part("client_secret") != self.desk.app.secret {
            return Err(Refusal::app(1, "Error validating client secret."));
        }
        let (person, place) = if self.part("grant_type") == "fb_exchange_token" {
            (self.person(self.part("fb_exchange_token"))?, 1)
        } else {
            let redeem = |(rights, right): (usize, &&str)| {
                let holder = self.desk.redeem(&format!("{CODE}{right}"), self.part("code"), self.now)?;
                Some(Person { holder, rights })
            };
            let known = self.desk.back(self.part("redirect_uri")).is_some();
            let person = known.then(|| RIGHTS.iter().enumerate().find_map(redeem)).flatten();
            (
                person
                    .ok_or_else(|| Refusal::parameter("This authorization code has been used, or does not exist."))?,
                0,
            )
        };
        let (kind, lasts) = LASTS[place];
        let kind = format!("{kind}{}", RIGHTS[person.rights]);
        let from = self.now.unix_timestamp().max(self.desk.earliest("me", person.holder));
        let token = self.desk.grant(&kind, person.holder, from);
        Ok(json!({ "access_token": token, "token_type": "bearer", "expires_in": lasts }))
    }

    /// Whose token it is.
    fn person(&self, token: &str) -> Result<Person, Refusal> {
        for (kind, lasts) in LASTS {
            for (rights, right) in RIGHTS.iter().enumerate() {
                let Some((holder, from)) = self.desk.granted(&format!("{kind}{right}"), token) else { continue };
                if !self.desk.lives("me", holder, from) {
                    return Err(Refusal::withdrawn());
                }
                let ended = self.now.unix_timestamp() >= from + lasts;
                return if ended { Err(Refusal::expired()) } else { Ok(Person { holder, rights }) };
            }
        }
        Err(Refusal::unauthorized())
    }

    /// The token that was shown.
    fn token(&self) -> &str {
        let header = self.question.headers.get("authorization").and_then(|shown| shown.strip_prefix("Bearer "));
        header.unwrap_or_else(|| self.part("access_token"))
    }

    /// Who asks.
    fn holder(&self) -> Result<Person, Refusal> {
        let token = self.token();
        if token.is_empty() {
            return Err(Refusal::absent());
        }
        let person = self.person(token)?;
        let right = Hmac::<Sha256>::new_from_slice(self.desk.app.secret.as_bytes())
            .map(|mac| hex::encode(mac.chain_update(token).finalize().into_bytes()));
        match self.sent.get("appsecret_proof") {
            Some(proof) if right.is_ok_and(|right| right != *proof) => {
                Err(Refusal::plain("Invalid appsecret_proof provided in the API argument"))
            }
            _ => Ok(person),
        }
    }

    /// Who asks, if they may read.
    fn reader(&self) -> Result<Holder, Refusal> {
        let person = self.holder()?;
        if person.rights == 0 { Err(Refusal::permission("ads_read")) } else { Ok(person.holder) }
    }

    /// The accounts that may be read.
    fn accounts(&self) -> Result<Vec<&'a Channel>, Refusal> {
        Ok(accounts(self.desk, self.reader()?).collect())
    }

    fn permissions(&self) -> Result<Value, Refusal> {
        let names = ["public_profile", "ads_read", "ads_management"];
        let given = names.iter().take(self.holder()?.rights + 1);
        let given: Vec<_> = given.map(|name| json!({ "permission": name, "status": "granted" })).collect();
        Ok(json!({ "data": given }))
    }

    fn revoke(&self) -> Result<Value, Refusal> {
        let person = self.holder()?;
        self.desk.end("me", person.holder, self.now.unix_timestamp().max(self.desk.earliest("me", person.holder)));
        Ok(json!({ "success": true }))
    }

    /// A page of a list, as the parameters `limit` and `after` say.
    fn page(&self, path: &str, all: &[Value]) -> Result<Value, Refusal> {
        let limit = match self.sent.get("limit") {
            None => 25,
            Some(limit) => limit
                .parse::<usize>()
                .ok()
                .filter(|limit| (1..=5000).contains(limit))
                .ok_or_else(|| Refusal::parameter("Param limit must be an integer from 1 to 5000"))?,
        };
        let from = match self.part("after") {
            "" => 0,
            after => place(after).ok_or_else(|| Refusal::parameter("Invalid cursors values"))?,
        };
        let data: Vec<_> = all.iter().skip(from).take(limit).collect();
        if data.is_empty() {
            return Ok(json!({ "data": [] }));
        }
        let to = from + data.len();
        let mut paging = json!({ "cursors": { "before": cursor(from), "after": cursor(to) } });
        if to < all.len() {
            let host = self.host();
            let mut next = self.sent.clone();
            next.insert("after".into(), cursor(to));
            next.insert("access_token".into(), self.token().to_owned());
            next.remove("appsecret_proof");
            let next: Vec<_> = next.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
            paging["next"] = json!(format!("http://{host}{BASE}{path}?{}", next.join("&")));
        }
        Ok(json!({ "data": data, "paging": paging }))
    }
}

/// A place in a list as Meta writes them: of no use to anybody else.
fn cursor(at: usize) -> String {
    URL_SAFE_NO_PAD.encode(at.to_string())
}

fn place(cursor: &str) -> Option<usize> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?.parse().ok()
}

fn accounts(desk: &Desk, of: Holder) -> impl Iterator<Item = &Channel> {
    let all = desk.world.channels().iter().filter(|channel| channel.platform == Platform::MetaAds);
    all.filter(move |channel| of.holds(channel))
}

#[cfg(test)]
mod tests;
