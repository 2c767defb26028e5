//! TikTok's API for Business v1.3: consent, accounts, reports by day of campaigns, ad groups and ads, and what they are set to.
//!
//! As with TikTok, nearly every refusal is HTTP 200 with a `code`, numbers in reports are texts, consent gives `auth_code`
//! without PKCE, and the token does not end. Shapes: TikTok's published specification of the report and the recorded answers
//! that airbyte tests with; the words of refusals about parameters are ours.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::{Date, OffsetDateTime, macros::format_description};

mod entities;

use super::{Answer, Desk, Holder, Question, decimal, encoded, html};
use crate::{
    account::Platform,
    clock::Zone,
    plan::Channel,
    rows::{AdRow, Level},
};

/// The longest report by day, in days.
const LONGEST: i64 = 30;
const CODE: &str = "tt-code";
const TOKEN: &str = "tt-token";
/// The permissions that are granted: reading accounts and reports, managing ads.
const SCOPE: [u64; 3] = [100, 44, 2];

/// A code of TikTok's with its words.
type Refusal = (i64, String);

/// Answers a question at a moment; no answer for a path that is not TikTok's.
pub fn answer(desk: &Desk, question: &Question, now: OffsetDateTime) -> Option<Answer> {
    if question.path == "/portal/auth" {
        return Some(consent(desk, question, now));
    }
    let call = question.path.strip_prefix("/open_api/")?;
    let answered = match (question.method.as_str(), call) {
        ("POST", "v1.3/oauth2/access_token/") => token(desk, question, now),
        ("POST", "v1.3/oauth2/revoke_token/") => revoke(desk, question),
        ("GET", "v1.3/oauth2/advertiser/get/") => advertisers(desk, question),
        ("GET", "v1.3/advertiser/info/") => info(desk, question),
        ("GET", "v1.3/report/integrated/get/") => report(desk, question, now),
        (method, call) => match entities::answer(desk, question, now, method, call) {
            Some(answered) => answered,
            None => return Some(envelope(404, 40402, "The requested path does not exist.", &json!({}))),
        },
    };
    Some(match answered {
        Ok(data) => envelope(200, 0, "OK", &data),
        Err((code, message)) => envelope(200, code, &message, &json!({})),
    })
}

fn envelope(status: u16, code: i64, message: &str, data: &Value) -> Answer {
    let id = "20260101000000rehearsal";
    Answer::json(status, &json!({ "code": code, "message": message, "request_id": id, "data": data }))
}

fn wrong(what: &str) -> Refusal {
    (40002, what.to_owned())
}

/// The page on which a person chooses what the app may read; without scripts.
fn consent(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let asked = |name: &str| question.query.get(name).map_or("", String::as_str);
    // Only to where the app is: anything else would lead people wherever a link says.
    let Some(back) = desk.back(asked("redirect_uri")).filter(|_| asked("app_id") == desk.app.id) else {
        return Answer::page(400, "This app is not known", "<p>The app or the address it leads back to is wrong.</p>");
    };
    let choice = |(holder, name): (Holder, &str)| {
        let (code, state) = (encoded(&desk.grant(CODE, holder, now.unix_timestamp())), encoded(asked("state")));
        let link = format!("{back}?auth_code={code}&code={code}&state={state}");
        format!("<li><a href=\"{}\">{}</a></li>", html(&link), html(name))
    };
    let holder = |client| Holder::new(client, asked("state"));
    let own = accounts(desk, Holder::AGENCY).map(|channel| (holder(Some(channel.client)), channel.name.as_str()));
    let choices: String = own.chain([(holder(None), "All accounts of the agency")]).map(choice).collect();
    let inside = format!("<p>Simulated TikTok Ads. Choose the account that the app may read.</p><ul>{choices}</ul>");
    Answer::page(200, "Allow access", &inside)
}

fn accounts(desk: &Desk, of: Holder) -> impl Iterator<Item = &Channel> {
    let all = desk.world.channels().iter().filter(|channel| channel.platform == Platform::TikTokAds);
    all.filter(move |channel| of.holds(channel))
}

fn body(question: &Question) -> Result<Value, Refusal> {
    serde_json::from_slice(&question.body).map_err(|_| wrong("The request body is not JSON."))
}

fn app(desk: &Desk, id: &str, secret: &str) -> Result<(), Refusal> {
    let known = desk.app.id == id && desk.app.secret == secret;
    known.then_some(()).ok_or_else(|| wrong("The app_id or secret is incorrect."))
}

fn token(desk: &Desk, question: &Question, now: OffsetDateTime) -> Result<Value, Refusal> {
    let body = body(question)?;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    app(desk, text("app_id"), text("secret"))?;
    let holder = desk.redeem(CODE, text("auth_code"), now);
    let holder = holder.ok_or_else(|| wrong("The auth_code is invalid, used or expired."))?;
    let ids: Vec<_> = accounts(desk, holder).map(|channel| &channel.external_id).collect();
    let token = desk.grant(TOKEN, holder, now.unix_timestamp());
    Ok(json!({ "access_token": token, "scope": SCOPE, "advertiser_ids": ids }))
}

fn revoke(desk: &Desk, question: &Question) -> Result<Value, Refusal> {
    let body = body(question)?;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    app(desk, text("app_id"), text("secret"))?;
    desk.granted(TOKEN, text("access_token")).ok_or_else(dead)?;
    desk.use_up(text("access_token"));
    Ok(json!({}))
}

fn dead() -> Refusal {
    (40105, "Access token is incorrect or has been revoked.".to_owned())
}

/// The holder whose token was shown.
fn allowed(desk: &Desk, question: &Question) -> Result<Holder, Refusal> {
    let Some(token) = question.headers.get("access-token") else {
        return Err((40104, "Access token is missing in the request header.".to_owned()));
    };
    desk.granted(TOKEN, token).map(|(holder, _)| holder).ok_or_else(dead)
}

fn advertisers(desk: &Desk, question: &Question) -> Result<Value, Refusal> {
    let holder = allowed(desk, question)?;
    app(desk, asked(question, "app_id")?, asked(question, "secret")?)?;
    let list = accounts(desk, holder)
        .map(|channel| json!({ "advertiser_id": channel.external_id, "advertiser_name": channel.name }));
    Ok(json!({ "list": list.collect::<Vec<_>>() }))
}

fn asked<'a>(question: &'a Question, name: &str) -> Result<&'a str, Refusal> {
    question
        .query
        .get(name)
        .map(String::as_str)
        .ok_or_else(|| wrong(&format!("{name}: Missing data for required field.")))
}

fn list(question: &Question, name: &str) -> Result<Vec<String>, Refusal> {
    serde_json::from_str(asked(question, name)?).map_err(|_| wrong(&format!("{name}: Not a valid list of strings.")))
}

/// The account, if the token's owner has it.
fn own<'a>(desk: &'a Desk, holder: Holder, id: &str) -> Result<&'a Channel, Refusal> {
    let mine = accounts(desk, holder).find(|channel| channel.external_id == id);
    mine.ok_or_else(|| (40001, format!("No permission to operate advertiser {id}.")))
}

fn info(desk: &Desk, question: &Question) -> Result<Value, Refusal> {
    let holder = allowed(desk, question)?;
    let describe = |id: &String| {
        let channel = own(desk, holder, id)?;
        let client = desk.world.client_of(channel);
        // POSIX turns the sign around: west is positive.
        let offset = match client.zone {
            Zone::Berlin => "Etc/GMT-1",
            Zone::NewYork => "Etc/GMT+5",
            Zone::LosAngeles => "Etc/GMT+8",
        };
        let all = json!({ "advertiser_id": id, "name": channel.name, "currency": client.currency, "timezone": offset,
            "display_timezone": client.zone.iana(), "status": "STATUS_ENABLE", "balance": 0 });
        let Value::Object(mut all) = all else { return Ok(all) };
        if question.query.contains_key("fields") {
            let fields = list(question, "fields")?;
            all.retain(|name, _| fields.contains(name));
        }
        Ok(Value::Object(all))
    };
    let list: Result<Vec<_>, _> = list(question, "advertiser_ids")?.iter().map(describe).collect();
    Ok(json!({ "list": list? }))
}

fn report(desk: &Desk, question: &Question, now: OffsetDateTime) -> Result<Value, Refusal> {
    let channel = own(desk, allowed(desk, question)?, asked(question, "advertiser_id")?)?;
    if (asked(question, "report_type")?, asked(question, "service_type").unwrap_or("AUCTION")) != ("BASIC", "AUCTION") {
        return Err(wrong("report_type: only BASIC reports of AUCTION are available."));
    }
    let (level, id) = match asked(question, "data_level")? {
        "AUCTION_CAMPAIGN" => (Level::Campaign, "campaign_id"),
        "AUCTION_ADGROUP" => (Level::Group, "adgroup_id"),
        "AUCTION_AD" => (Level::Ad, "ad_id"),
        other => return Err(wrong(&format!("data_level: {other} is not a valid choice."))),
    };
    let mut dimensions = list(question, "dimensions")?;
    dimensions.sort_by_key(|name| name == "stat_time_day");
    if dimensions != [id, "stat_time_day"] {
        return Err(wrong(&format!("dimensions: expected [\"{id}\", \"stat_time_day\"] at this data_level.")));
    }
    let day = |name: &str| {
        let day = Date::parse(asked(question, name)?, format_description!("[year]-[month]-[day]"));
        day.map_err(|_| wrong(&format!("{name}: Not a valid date, YYYY-MM-DD is expected.")))
    };
    let (first, last) = (day("start_date")?, day("end_date")?);
    if first > last || (last - first).whole_days() >= LONGEST {
        return Err(wrong("start_date: the time range with stat_time_day must be from 1 to 30 days."));
    }
    let (page, size) = (number(question, "page", 1, usize::MAX)?, number(question, "page_size", 10, 1000)?);
    let names = Names::new(desk, channel);
    let metrics = list(question, "metrics")?;
    let known = desk.known(desk.world.client_of(channel), question, now);
    let rows = desk.world.rows_known(channel, first..=last, level, &known);
    let shown = rows.iter().skip((page - 1).saturating_mul(size)).take(size);
    let rendered: Result<Vec<_>, _> = shown
        .map(|row| {
            let mut told = serde_json::Map::new();
            for metric in &metrics {
                told.insert(metric.clone(), names.metric(row, metric)?);
            }
            let day = format!("{} 00:00:00", row.day);
            Ok(json!({ "dimensions": { id: row.external_id, "stat_time_day": day }, "metrics": told }))
        })
        .collect();
    Ok(json!({ "list": rendered?, "page_info": page_info(page, size, rows.len()) }))
}

/// The number of a page or how much it holds.
fn number(question: &Question, name: &str, usual: usize, most: usize) -> Result<usize, Refusal> {
    let number = question.query.get(name).map_or(Some(usual), |text| text.parse().ok());
    number.filter(|n| (1..=most).contains(n)).ok_or_else(|| wrong(&format!("{name}: must be from 1 to {most}.")))
}

fn page_info(page: usize, size: usize, all: usize) -> Value {
    json!({ "page": page, "page_size": size, "total_number": all, "total_page": all.div_ceil(size) })
}

/// What reports call attributes: names, parents and texts.
struct Names {
    /// Name and parent of everything in the account.
    entities: BTreeMap<String, (String, Option<String>)>,
    texts: BTreeMap<String, String>,
}

impl Names {
    fn new(desk: &Desk, channel: &Channel) -> Self {
        let entities = desk
            .world
            .entities(channel)
            .into_iter()
            .map(|entity| (entity.external_id, (entity.name, entity.parent_id)));
        let texts = desk.world.creatives(channel).into_iter().map(|creative| (creative.ad_id, creative.text));
        Self { entities: entities.collect(), texts: texts.collect() }
    }

    /// The row's entity or what it is in, `up` levels above.
    fn above<'a>(&'a self, row: &'a AdRow, up: usize) -> Option<&'a str> {
        (0..up).try_fold(row.external_id.as_str(), |id, _| self.entities.get(id)?.1.as_deref())
    }

    fn metric(&self, row: &AdRow, metric: &str) -> Result<Value, Refusal> {
        let up = |level: Level| (row.level as usize).checked_sub(level as usize);
        let id = |level| up(level).and_then(|up| self.above(row, up));
        let name = |level| id(level).and_then(|id| Some(self.entities.get(id)?.0.as_str()));
        let said = |text: Option<&str>| Value::from(text.unwrap_or("-"));
        let sums = &row.sums;
        Ok(match metric {
            "spend" => decimal(sums.spend_cents).into(),
            "impressions" => sums.impressions.to_string().into(),
            "clicks" => sums.clicks.to_string().into(),
            "conversion" => (sums.conversions_hundredths / 100).to_string().into(),
            "total_complete_payment_rate" => decimal(sums.revenue_cents).into(),
            // Nothing is sold in apps or in TikTok's own shop.
            "total_purchase_value" | "total_onsite_shopping_value" => "0.00".into(),
            "campaign_id" => said(id(Level::Campaign)),
            "campaign_name" => said(name(Level::Campaign)),
            "adgroup_id" => said(id(Level::Group)),
            "adgroup_name" => said(name(Level::Group)),
            "ad_name" => said(name(Level::Ad)),
            "ad_text" => said(id(Level::Ad).and_then(|id| self.texts.get(id)).map(String::as_str)),
            other => return Err(wrong(&format!("metrics: {other} is not a valid metric."))),
        })
    }
}

#[cfg(test)]
mod tests;
