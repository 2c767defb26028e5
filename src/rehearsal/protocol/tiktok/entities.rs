//! Campaigns, ad groups and ads at TikTok: lists of them, switches, and budgets of campaigns.
//!
//! Shapes as TikTok documents them (`campaign/get/`, `campaign/status/update/`, `campaign/update/` and the same for the other
//! levels); no specification of them is published.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Desk, Question, Refusal, allowed, asked, body, number, own, page_info, wrong};
use crate::{
    plan::Channel,
    rows::{Entity, Level},
    writes::Change,
};

/// What the levels are called, from above.
const LEVELS: [(&str, Level); 3] = [("campaign", Level::Campaign), ("adgroup", Level::Group), ("ad", Level::Ad)];

/// Answers what is about them; none for another path.
pub(super) fn answer(
    desk: &Desk,
    question: &Question,
    now: OffsetDateTime,
    method: &str,
    call: &str,
) -> Option<Result<Value, Refusal>> {
    let (name, what) = call.strip_prefix("v1.3/")?.split_once('/')?;
    let level = LEVELS.iter().find(|(known, _)| *known == name)?;
    match (method, what) {
        ("GET", "get/") => Some(list(desk, question, level)),
        ("POST", "status/update/") => Some(switch(desk, question, now, level)),
        ("POST", "update/") if level.1 == Level::Campaign => Some(budget(desk, question, now)),
        _ => None,
    }
}

fn list(desk: &Desk, question: &Question, (name, level): &(&str, Level)) -> Result<Value, Refusal> {
    let channel = own(desk, allowed(desk, question)?, asked(question, "advertiser_id")?)?;
    let (page, size) = (number(question, "page", 1, usize::MAX)?, number(question, "page_size", 10, 1000)?);
    let all = desk.world.entities(channel);
    let of: Vec<_> = all.iter().filter(|entity| entity.level == *level).collect();
    let shown = of.iter().skip((page - 1).saturating_mul(size)).take(size);
    let list: Vec<_> = shown.map(|entity| describe(channel, &all, entity, name)).collect();
    Ok(json!({ "list": list, "page_info": page_info(page, size, of.len()) }))
}

fn describe(channel: &Channel, all: &[Entity], entity: &Entity, name: &str) -> Value {
    let mut told = serde_json::Map::new();
    let mut above = Some(entity);
    for (name, level) in LEVELS.iter().rev() {
        let Some(here) = above.filter(|here| here.level == *level) else { continue };
        told.insert(format!("{name}_id"), json!(here.external_id));
        told.insert(format!("{name}_name"), json!(here.name));
        above = here.parent_id.as_ref().and_then(|parent| all.iter().find(|other| other.external_id == *parent));
    }
    told.insert("advertiser_id".into(), json!(channel.external_id));
    told.insert("operation_status".into(), json!(if entity.active { "ENABLE" } else { "DISABLE" }));
    let state = if entity.active { "DELIVERY_OK" } else { "DISABLE" };
    told.insert("secondary_status".into(), json!(format!("{}_STATUS_{state}", name.to_uppercase())));
    if let Some(cents) = entity.budget_cents {
        told.insert("budget".into(), json!(cents as f64 / 100.0));
        told.insert("budget_mode".into(), json!("BUDGET_MODE_DAY"));
    }
    Value::Object(told)
}

/// The account that a body names.
fn account<'a>(desk: &'a Desk, question: &Question, body: &Value) -> Result<&'a Channel, Refusal> {
    let holder = allowed(desk, question)?;
    let id = body["advertiser_id"].as_str();
    own(desk, holder, id.ok_or_else(|| wrong("advertiser_id: Missing data for required field."))?)
}

fn known(desk: &Desk, channel: &Channel, level: Level, id: &str) -> Result<(), Refusal> {
    let there = desk.world.entities(channel).iter().any(|entity| entity.level == level && entity.external_id == id);
    there.then_some(()).ok_or_else(|| (40002, format!("The object {id} does not exist.")))
}

fn switch(
    desk: &Desk,
    question: &Question,
    now: OffsetDateTime,
    (name, level): &(&str, Level),
) -> Result<Value, Refusal> {
    let body = body(question)?;
    let channel = account(desk, question, &body)?;
    let runs = match body["operation_status"].as_str() {
        Some("ENABLE") => true,
        Some("DISABLE") => false,
        _ => return Err(wrong("operation_status: Must be one of: ENABLE, DISABLE.")),
    };
    let field = format!("{name}_ids");
    let ids: Option<Vec<_>> = body[&field].as_array().map(|ids| ids.iter().filter_map(Value::as_str).collect());
    let ids = ids.filter(|ids| (1..=20).contains(&ids.len()));
    let ids = ids.ok_or_else(|| wrong(&format!("{field}: a list of 1 to 20 ids is expected.")))?;
    ids.iter().try_for_each(|id| known(desk, channel, *level, id))?;
    for id in &ids {
        desk.write(channel, now, Change::Runs { level: *level, external_id: (*id).to_owned(), runs });
    }
    Ok(json!({ field: ids, "status": if runs { "ENABLE" } else { "DISABLE" } }))
}

fn budget(desk: &Desk, question: &Question, now: OffsetDateTime) -> Result<Value, Refusal> {
    let body = body(question)?;
    let channel = account(desk, question, &body)?;
    let campaign = body["campaign_id"].as_str();
    let campaign = campaign.ok_or_else(|| wrong("campaign_id: Missing data for required field."))?;
    known(desk, channel, Level::Campaign, campaign)?;
    // A day's budget has 50 units at least.
    let budget = body["budget"].as_f64().filter(|budget| (50.0..1e7).contains(budget));
    let budget = budget.ok_or_else(|| wrong("budget: the daily budget must be at least 50."))?;
    let cents = (budget * 100.0).round() as i64;
    desk.write(channel, now, Change::Budget { campaign: campaign.to_owned(), cents });
    Ok(json!({ "campaign_id": campaign, "budget": budget }))
}
