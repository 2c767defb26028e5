//! Changes: campaigns, ad groups and ads are switched, budgets are set. Only what an `updateMask` names is changed, and all
//! operations of a request or none.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Customer, Desk, Refusal, fields::budget_id};
use crate::{
    plan::Channel,
    rows::{Entity, Level},
    writes::Change,
};

/// Makes the operations of a request on one kind of resource.
pub(super) fn answer(
    desk: &Desk,
    now: OffsetDateTime,
    customer: Customer<'_>,
    of: &str,
    body: &Value,
) -> Result<Value, Refusal> {
    if !["campaigns", "adGroups", "adGroupAds", "campaignBudgets"].contains(&of) {
        return Err(Refusal::missing());
    }
    let Customer::Account(channel) = customer else {
        let words = "The request cannot be executed by a manager account.".to_owned();
        return Err(Refusal::invalid("requestError", "CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT", words));
    };
    let operations = body["operations"].as_array().filter(|operations| !operations.is_empty());
    let operations = operations.ok_or_else(|| {
        Refusal::invalid("requestError", "OPERATION_REQUIRED", "An operation is required.".to_owned())
    })?;
    let entities = desk.world.entities(channel);
    let read = |operation: &Value| change(channel, &entities, of, operation);
    let changes: Vec<_> = operations.iter().map(read).collect::<Result<_, _>>()?;
    let mut results = vec![];
    for (name, change) in changes {
        results.push(json!({ "resourceName": name }));
        if body["validateOnly"] != true {
            desk.write(channel, now, change);
        }
    }
    // What was only judged has no results.
    Ok(if body["validateOnly"] == true { json!({}) } else { json!({ "results": results }) })
}

fn change(channel: &Channel, entities: &[Entity], of: &str, operation: &Value) -> Result<(String, Change), Refusal> {
    let update = &operation["update"];
    let name = update["resourceName"].as_str().ok_or_else(|| {
        let words = "Only updates are rehearsed, and an update needs a resource name.".to_owned();
        Refusal::invalid("requestError", "RESOURCE_NAME_MISSING", words)
    })?;
    let id = name.strip_prefix(&format!("customers/{}/{of}/", channel.external_id)).ok_or_else(|| {
        Refusal::invalid("requestError", "RESOURCE_NAME_MALFORMED", format!("'{name}' is not part of this account."))
    })?;
    let found = entities.iter().find(|entity| match of {
        "campaigns" => entity.level == Level::Campaign && entity.external_id == id,
        "adGroups" => entity.level == Level::Group && entity.external_id == id,
        "adGroupAds" => {
            let group = entity.parent_id.as_deref().unwrap_or_default();
            entity.level == Level::Ad && format!("{group}~{}", entity.external_id) == id
        }
        _ => entity.level == Level::Campaign && budget_id(&entity.external_id) == id,
    });
    let found = found.ok_or_else(|| {
        Refusal::invalid("mutateError", "RESOURCE_NOT_FOUND", format!("Resource was not found: {name}"))
    })?;
    let mask = operation["updateMask"].as_str().unwrap_or_default();
    let id = found.external_id.clone();
    let change = match (of, mask) {
        (_, "") => {
            let words = "The field mask must be provided for update operations.".to_owned();
            return Err(Refusal::invalid("fieldMaskError", "FIELD_MASK_MISSING", words));
        }
        ("campaignBudgets", "amountMicros" | "amount_micros") => {
            Change::Budget { campaign: id, cents: cents(&update["amountMicros"])? }
        }
        ("campaigns" | "adGroups" | "adGroupAds", "status") => {
            let runs = match update["status"].as_str() {
                Some("ENABLED") => true,
                Some("PAUSED") => false,
                _ => {
                    let words = "Only ENABLED and PAUSED are rehearsed.".to_owned();
                    return Err(Refusal::invalid("requestError", "INVALID_ENUM_VALUE", words));
                }
            };
            Change::Runs { level: found.level, external_id: id, runs }
        }
        (_, mask) => {
            let words = format!("The field mask contained a field that cannot be changed here: '{mask}'.");
            return Err(Refusal::invalid("fieldMaskError", "FIELD_NOT_FOUND", words));
        }
    };
    Ok((name.to_owned(), change))
}

/// Micros as cents; they come as a text or a number.
fn cents(amount: &Value) -> Result<i64, Refusal> {
    let micros = amount.as_i64().or_else(|| amount.as_str()?.parse().ok());
    let micros = micros.filter(|micros| *micros > 0).ok_or_else(|| {
        Refusal::invalid("campaignBudgetError", "NEGATIVE_MONEY_AMOUNT", "The amount must be above 0.".to_owned())
    })?;
    if micros % 10_000 != 0 {
        let words = "The amount is not a multiple of the currency's smallest unit.".to_owned();
        return Err(Refusal::invalid("campaignBudgetError", "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", words));
    }
    Ok(micros / 10_000)
}
