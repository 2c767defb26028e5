//! Accounts, campaigns, ad sets and ads: what they are, lists of them, and what people change.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::{
    Asked, Refusal, insights,
    select::{parse, select},
};
use crate::{
    clock::Zone,
    plan::Channel,
    rows::{Entity, Level},
    words::Creative,
    writes::Change,
};

/// Lists below an account: edge, level, type.
const EDGES: [(&str, Level, &str); 3] = [
    ("campaigns", Level::Campaign, "AdCampaignGroup"),
    ("adsets", Level::Group, "AdCampaign"),
    ("ads", Level::Ad, "Adgroup"),
];

/// What an id stands for.
pub(super) enum Node<'a> {
    Account,
    Entity(&'a Entity),
}

fn account(asked: &Asked<'_>, channel: &Channel) -> Value {
    let client = asked.desk.world.client_of(channel);
    let hours = client.zone.offset(asked.now).whole_hours();
    json!({
        "id": format!("act_{}", channel.external_id), "account_id": channel.external_id, "name": channel.name,
        "account_status": 1, "currency": client.currency, "timezone_name": client.zone.iana(),
        "timezone_id": match client.zone { Zone::Berlin => 47, Zone::NewYork => 7, Zone::LosAngeles => 1 },
        "timezone_offset_hours_utc": hours, "age": 900.0, "min_daily_budget": 100,
    })
}

/// The accounts that the person reaches.
pub(super) fn accounts(asked: &Asked<'_>) -> Result<Value, Refusal> {
    let fields = parse(asked.sent.get("fields").map_or("id,account_id", String::as_str))?;
    let all = asked.accounts()?.into_iter().map(|channel| select(&account(asked, channel), &fields, "AdAccount"));
    asked.page("me/adaccounts", &all.collect::<Result<Vec<_>, _>>()?)
}

/// Whether something is delivered, with what it is in.
pub(super) fn effective(entity: &Entity, all: &[Entity]) -> &'static str {
    let above = |entity: &Entity| all.iter().find(|other| Some(&other.external_id) == entity.parent_id.as_ref());
    let mut state = if entity.active { "ACTIVE" } else { return "PAUSED" };
    let mut here = above(entity);
    while let Some(parent) = here {
        // What is highest is named.
        state = match (parent.active, parent.level) {
            (true, _) => state,
            (false, Level::Campaign) => "CAMPAIGN_PAUSED",
            (false, _) => "ADSET_PAUSED",
        };
        here = above(parent);
    }
    state
}

fn describe(asked: &Asked<'_>, channel: &Channel, entity: &Entity, all: &[Entity], creatives: &[Creative]) -> Value {
    let zone = asked.desk.world.client_of(channel).zone;
    let since = zone.moment(entity.since, time::Time::MIDNIGHT).format(&Rfc3339).unwrap_or_default();
    let status = if entity.active { "ACTIVE" } else { "PAUSED" };
    let mut node = json!({
        "id": entity.external_id, "name": entity.name, "account_id": channel.external_id, "status": status,
        "configured_status": status, "effective_status": effective(entity, all), "created_time": since,
    });
    let parent = entity.parent_id.as_ref();
    match entity.level {
        Level::Group => {
            node["campaign_id"] = json!(parent);
            node["start_time"] = json!(since);
            node["optimization_goal"] = json!("OFFSITE_CONVERSIONS");
            node["billing_event"] = json!("IMPRESSIONS");
            node["daily_budget"] = Value::Null; // budgets are the campaigns'
        }
        Level::Ad => {
            let group = all.iter().find(|other| Some(&other.external_id) == parent);
            node["adset_id"] = json!(parent);
            node["campaign_id"] = json!(group.and_then(|group| group.parent_id.as_ref()));
            let creative = creatives.iter().find(|creative| creative.ad_id == entity.external_id);
            node["creative"] = creative.map_or(Value::Null, |creative| {
                // Buttons have fixed names.
                let call = match creative.call.as_str() {
                    "Learn more" => "LEARN_MORE",
                    "Order today" => "ORDER_NOW",
                    "See the range" => "BROWSE_SHOP",
                    _ => "SHOP_NOW",
                };
                let picture = format!("http://{}/rehearsal/pictures/{}.svg", asked.host(), creative.external_id);
                json!({ "id": creative.external_id, "name": creative.headline, "title": creative.headline,
                    "body": creative.text, "link_url": creative.link, "call_to_action_type": call, "image_url": picture })
            });
        }
        _ => {
            node["objective"] = json!("OUTCOME_SALES");
            node["buying_type"] = json!("AUCTION");
            node["daily_budget"] = json!(entity.budget_cents.map(|cents| cents.to_string()));
            node["start_time"] = json!(since);
        }
    }
    node
}

/// The account or thing that an id stands for, if the person may see it.
pub(super) fn find<T>(
    asked: &Asked<'_>,
    id: &str,
    then: impl FnOnce(&Channel, Node<'_>, &[Entity]) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let mine = asked.accounts()?;
    if let Some(number) = id.strip_prefix("act_") {
        let channel = mine.into_iter().find(|channel| channel.external_id == number);
        let channel = channel.ok_or_else(|| Refusal::missing(id))?;
        return then(channel, Node::Account, &asked.desk.world.entities(channel));
    }
    for channel in mine {
        let all = asked.desk.world.entities(channel);
        if let Some(entity) = all.iter().find(|entity| entity.external_id == id) {
            return then(channel, Node::Entity(entity), &all);
        }
    }
    Err(Refusal::missing(id))
}

/// One node by its id.
pub(super) fn one(asked: &Asked<'_>, id: &str) -> Result<Value, Refusal> {
    if let Some(told) = insights::state(asked, id)? {
        return Ok(told);
    }
    let fields = parse(asked.part("fields"))?;
    find(asked, id, |channel, node, all| match node {
        Node::Account => select(&account(asked, channel), &fields, "AdAccount"),
        Node::Entity(entity) => {
            let creatives = asked.desk.world.creatives(channel);
            let kind = EDGES.iter().find(|(_, level, _)| *level == entity.level).map_or("Node", |(.., kind)| kind);
            select(&describe(asked, channel, entity, all, &creatives), &fields, kind)
        }
    })
}

/// What is below a node.
pub(super) fn list(asked: &Asked<'_>, id: &str, edge: &str) -> Result<Value, Refusal> {
    let Some((_, level, kind)) = EDGES.iter().find(|(name, ..)| *name == edge) else {
        return Err(Refusal::path());
    };
    let fields = parse(asked.sent.get("fields").map_or("id", String::as_str))?;
    let states: Option<Vec<String>> = match asked.sent.get("effective_status") {
        None => None,
        Some(text) => Some(
            serde_json::from_str(text).map_err(|_| Refusal::parameter("Param effective_status must be an array."))?,
        ),
    };
    find(asked, id, |channel, node, all| {
        let within = |entity: &Entity| match node {
            Node::Account => true,
            Node::Entity(above) => inside(entity, above, all) && entity.level > above.level,
        };
        let creatives = asked.desk.world.creatives(channel);
        let of = all.iter().filter(|entity| entity.level == *level && within(entity));
        let of = of.filter(|entity| {
            states.as_ref().is_none_or(|states| states.iter().any(|state| state == effective(entity, all)))
        });
        let told = of.map(|entity| select(&describe(asked, channel, entity, all, &creatives), &fields, kind));
        asked.page(&format!("{id}/{edge}"), &told.collect::<Result<Vec<_>, _>>()?)
    })
}

/// Whether something is another thing or in it.
pub(super) fn inside(entity: &Entity, above: &Entity, all: &[Entity]) -> bool {
    let mut here = Some(entity);
    while let Some(entity) = here {
        if entity.external_id == above.external_id {
            return true;
        }
        here = all.iter().find(|other| Some(&other.external_id) == entity.parent_id.as_ref());
    }
    false
}

/// Switches something, or sets a campaign's budget.
pub(super) fn change(asked: &Asked<'_>, id: &str) -> Result<Value, Refusal> {
    if asked.holder()?.rights < 2 {
        return Err(Refusal::permission("ads_management"));
    }
    find(asked, id, |channel, node, _| {
        let Node::Entity(entity) = node else {
            return Err(Refusal::parameter("Accounts cannot be changed here"));
        };
        let (level, external_id) = (entity.level, entity.external_id.clone());
        let mut changes = vec![];
        for (name, value) in &asked.sent {
            match (name.as_str(), value.as_str()) {
                ("access_token" | "appsecret_proof", _) => {}
                ("status", "ACTIVE" | "PAUSED") => {
                    let (external_id, runs) = (external_id.clone(), value == "ACTIVE");
                    changes.push(Change::Runs { level, external_id, runs });
                }
                ("daily_budget", value) if level == Level::Campaign => {
                    // Cents, and no less than the account's least.
                    let cents = value.parse().ok().filter(|cents| (100..1_000_000_000).contains(cents));
                    let cents = cents.ok_or_else(|| {
                        Refusal::parameter("Param daily_budget must be an amount in cents of at least 100")
                    })?;
                    changes.push(Change::Budget { campaign: external_id.clone(), cents });
                }
                (name, _) => return Err(Refusal::parameter(&format!("Param {name} cannot be set to this here"))),
            }
        }
        changes.into_iter().for_each(|change| asked.desk.write(channel, asked.now, change));
        Ok(json!({ "success": true }))
    })
}
