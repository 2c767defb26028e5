//! What each provider says when something goes wrong on purpose, and what becomes of an answer that comes out of order.

use serde_json::{Value, json};

use super::{Answer, Question, gmail, google, graph, meta, shopify};
use crate::{account::Platform, fault::Fault};

/// Whose question it is, if anybody's.
pub(crate) fn platform(question: &Question) -> Option<Platform> {
    let path = question.path.as_str();
    let begins = |with: &[&str]| with.iter().any(|begin| path.starts_with(begin));
    if begins(&["/gmail/", "/upload/gmail/"]) {
        Some(Platform::Gmail)
    } else if begins(&["/v1.0/"]) || path.contains("/oauth2/v2.0/") {
        Some(Platform::Outlook)
    } else if begins(&["/v26/", "/o/oauth2/"]) || ["/token", "/revoke"].contains(&path) {
        // Consent and tokens of all that is Google's have the same paths.
        let scopes = question.query.get("scope").map_or("", String::as_str);
        let mail = google::about_mail(scopes) || String::from_utf8_lossy(&question.body).contains(google::MAIL_GRANTS);
        Some(if mail { Platform::Gmail } else { Platform::GoogleAds })
    } else if begins(&["/v26.0/"]) {
        Some(Platform::MetaAds)
    } else if begins(&["/open_api/", "/portal/"]) {
        Some(Platform::TikTokAds)
    } else if begins(&["/admin/", shopify::FILES]) {
        Some(Platform::Shopify)
    } else {
        None
    }
}

/// Whether a path is about consent or tokens.
pub(crate) fn sign_in(path: &str) -> bool {
    // TikTok's list of accounts is named so, too.
    let named = path.contains("oauth") && !path.ends_with("/advertiser/get/");
    named || path.starts_with("/portal/") || ["/token", "/revoke"].contains(&path)
}

/// Whether a question says where a page begins.
pub(crate) fn cursor(platform: Platform, question: &Question) -> bool {
    let body = || serde_json::from_slice::<Value>(&question.body).unwrap_or_default();
    match platform {
        Platform::GoogleAds => body()["pageToken"].as_str().is_some_and(|token| !token.is_empty()),
        Platform::MetaAds => question.query.get("after").is_some_and(|after| !after.is_empty()),
        Platform::TikTokAds => false, // its pages have numbers
        Platform::Shopify => question.path.starts_with(shopify::FILES) || body()["variables"]["after"].is_string(),
        Platform::Gmail => ["pageToken", "startHistoryId"].iter().any(|name| question.query.contains_key(*name)),
        Platform::Outlook => ["$skiptoken", "$deltatoken"].iter().any(|name| question.query.contains_key(*name)),
    }
}

/// What a provider says instead of an answer; none for a fault that lets it answer.
pub(crate) fn refuse(platform: Platform, question: &Question, fault: Fault) -> Option<Answer> {
    let tiktok = |status, code: i64, message: &str| {
        let body = json!({ "code": code, "message": message, "request_id": "20260101000000rehearsal", "data": {} });
        Answer::json(status, &body)
    };
    let shopify = |status, words: &str| Answer::json(status, &json!({ "errors": words }));
    let limited = "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.";
    let mut answer = match (fault, platform) {
        (Fault::Unauthorized, Platform::GoogleAds) => google::Refusal::unauthorized().answer(question),
        (Fault::Unauthorized, Platform::MetaAds) => meta::Refusal::expired().answer(),
        (Fault::Unauthorized, Platform::TikTokAds) => {
            tiktok(200, 40105, "Access token is incorrect or has been revoked.")
        }
        (Fault::Unauthorized, Platform::Shopify) => {
            shopify(401, "[API] Invalid API key or access token (unrecognized login or wrong password)")
        }
        (Fault::Unauthorized, Platform::Gmail) => gmail::Refusal::unauthorized().answer(),
        (Fault::Unauthorized, Platform::Outlook) => graph::Refusal::unauthorized().answer(),
        (Fault::Limited { .. }, Platform::Gmail) => gmail::Refusal::limited(429).answer(),
        (Fault::Throttled { .. }, Platform::Gmail) => gmail::Refusal::limited(403).answer(),
        (Fault::Limited { .. }, Platform::Outlook) => graph::Refusal::limited("ApplicationThrottled").answer(),
        (Fault::Throttled { .. }, Platform::Outlook) => graph::Refusal::limited("TooManyRequests").answer(),
        (Fault::Unavailable { status }, Platform::Gmail) => gmail::Refusal::unavailable(status).answer(),
        (Fault::Unavailable { status }, Platform::Outlook) => graph::Refusal::unavailable(status).answer(),
        (Fault::ExpiredCursor, Platform::Gmail) if question.query.contains_key("pageToken") => {
            gmail::Refusal::invalid("Invalid pageToken").answer()
        }
        (Fault::ExpiredCursor, Platform::Gmail) => gmail::Refusal::missing().answer(),
        (Fault::ExpiredCursor, Platform::Outlook) => graph::Refusal::expired().answer(),
        (Fault::Limited { seconds } | Fault::Throttled { seconds }, Platform::GoogleAds) => {
            google::Refusal::limited(seconds).answer(question)
        }
        (Fault::Limited { seconds }, Platform::MetaAds) => meta::Refusal::limited(429, seconds).answer(),
        (Fault::Throttled { seconds }, Platform::MetaAds) => meta::Refusal::limited(400, seconds).answer(),
        (Fault::Limited { .. }, Platform::TikTokAds) => tiktok(429, 40100, "Too many requests. Please retry later."),
        (Fault::Throttled { .. }, Platform::TikTokAds) => tiktok(200, 40100, "Too many requests. Please retry later."),
        (Fault::Limited { .. }, Platform::Shopify) => shopify(429, limited),
        (Fault::Throttled { seconds }, Platform::Shopify) => throttled(seconds),
        (Fault::Unavailable { status }, Platform::GoogleAds) => google::Refusal::unavailable(status).answer(question),
        (Fault::Unavailable { status }, Platform::MetaAds) => meta::Refusal::unavailable(status).answer(),
        (Fault::Unavailable { status }, Platform::TikTokAds) => tiktok(status, 50000, "System error"),
        (Fault::Unavailable { status }, Platform::Shopify) => shopify(status, "Internal Server Error"),
        (Fault::ExpiredCursor, Platform::GoogleAds) => {
            let words = "The specified page token has expired.".to_owned();
            google::Refusal::invalid("requestError", "EXPIRED_PAGE_TOKEN", words).answer(question)
        }
        (Fault::ExpiredCursor, Platform::MetaAds) => meta::Refusal::parameter("Invalid cursors values").answer(),
        (Fault::ExpiredCursor, Platform::Shopify) => shopify::expired(question),
        _ => return None,
    };
    if let Fault::Limited { seconds } | Fault::Throttled { seconds } = fault {
        let named = answer.headers.iter().any(|(name, _)| *name == "retry-after");
        // Shopify's GraphQL says it in the body.
        let in_body = platform == Platform::Shopify && answer.status == 200;
        if !named && !in_body {
            answer.headers.push(("retry-after", seconds.to_string()));
        }
    }
    Some(answer)
}

/// The bucket lacks what a query costs by as much as fills in so many seconds.
fn throttled(seconds: u32) -> Answer {
    let extensions = json!({ "code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits" });
    let (rate, left) = (100.0, 10.0);
    let status = json!({ "maximumAvailable": 2000.0, "currentlyAvailable": left, "restoreRate": rate });
    let cost = json!({ "requestedQueryCost": left + rate * f64::from(seconds), "actualQueryCost": null,
        "throttleStatus": status });
    let error = json!({ "message": "Throttled", "extensions": extensions });
    Answer::json(200, &json!({ "errors": [error], "extensions": { "cost": cost } }))
}

/// The answer with its list changed by a fault, if it has a list.
pub(crate) fn upset(platform: Platform, answer: Answer, fault: Fault) -> Answer {
    if !matches!(fault, Fault::Duplicates | Fault::OutOfOrder) || answer.status != 200 {
        return answer;
    }
    let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) else { return answer };
    let mut change = |place: &str| {
        let Some(list) = body.pointer_mut(place).and_then(Value::as_array_mut) else { return };
        // An account that describes itself is no list.
        if platform == Platform::GoogleAds && list.first().is_none_or(|row| row["segments"].is_null()) {
            return;
        }
        match (fault, list.first().cloned()) {
            (Fault::Duplicates, Some(first)) => list.push(first),
            (Fault::OutOfOrder, _) => list.reverse(),
            _ => {}
        }
    };
    match platform {
        Platform::GoogleAds => ["/0/results", "/results"].into_iter().for_each(&mut change),
        Platform::MetaAds => change("/data"),
        Platform::TikTokAds => change("/data/list"),
        Platform::Shopify => change("/data/orders/nodes"),
        Platform::Gmail => ["/messages", "/history", "/threads"].into_iter().for_each(&mut change),
        Platform::Outlook => change("/value"),
    }
    Answer { body: body.to_string(), ..answer }
}
