//! What can be asked for, and what it is in a row. To add a field, add a line to [`value`].

use serde_json::{Value, json};
use time::Date;

use crate::{
    rows::{AdSums, Entity},
    words::Creative,
};

/// A resource that can stand after FROM, with those whose fields can be asked for beside its own.
pub(super) const RESOURCES: [(&str, &[&str]); 6] = [
    ("customer", &[]),
    ("customer_client", &["customer"]),
    ("campaign", &["customer", "campaign_budget"]),
    ("campaign_budget", &["customer"]),
    ("ad_group", &["customer", "campaign"]),
    ("ad_group_ad", &["customer", "campaign", "ad_group"]),
];

/// An account as it is described.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub id: String,
    pub name: String,
    pub currency: &'static str,
    pub zone: &'static str,
    pub manager: bool,
    /// Levels below the one that was asked.
    pub level: u8,
}

/// What a row is about; what is not there has no fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Row<'a> {
    pub customer: Option<&'a Described>,
    pub client: Option<&'a Described>,
    pub campaign: Option<&'a Entity>,
    pub group: Option<&'a Entity>,
    pub ad: Option<&'a Entity>,
    pub creative: Option<&'a Creative>,
    pub day: Option<Date>,
    pub sums: Option<AdSums>,
}

/// The place at which a switch stands.
fn status(entity: &Entity) -> &'static str {
    if entity.active { "ENABLED" } else { "PAUSED" }
}

/// The number of a campaign's own budget.
pub(super) fn budget_id(campaign: &str) -> String {
    format!("1{campaign}")
}

impl Row<'_> {
    fn of(&self, kind: &str, id: &str) -> String {
        format!("customers/{}/{kind}/{id}", self.customer.map_or("", |customer| &customer.id))
    }

    /// The name by which a resource is known.
    pub fn name(&self, resource: &str) -> Option<String> {
        Some(match resource {
            "customer" => format!("customers/{}", self.customer?.id),
            "customer_client" => self.of("customerClients", &self.client?.id),
            "campaign" => self.of("campaigns", &self.campaign?.external_id),
            "campaign_budget" => self.of("campaignBudgets", &budget_id(&self.campaign?.external_id)),
            "ad_group" => self.of("adGroups", &self.group?.external_id),
            "ad_group_ad" => self.of("adGroupAds", &format!("{}~{}", self.group?.external_id, self.ad?.external_id)),
            "ad_group_ad.ad" => self.of("ads", &self.ad?.external_id),
            _ => return None,
        })
    }

    /// What stands in a field of this row: null if nothing does, none if there is no such field.
    pub fn value(&self, field: &str) -> Option<Value> {
        let (resource, name) = field.split_once('.')?;
        if name == "resource_name" {
            return RESOURCES.iter().any(|(known, _)| *known == resource).then(|| json!(self.name(resource)));
        }
        match resource {
            "customer" => described(self.customer, name),
            "customer_client" => match name {
                "client_customer" => Some(json!(self.client.map(|client| format!("customers/{}", client.id)))),
                "level" => Some(json!(self.client.map(|client| client.level.to_string()))),
                "hidden" => Some(json!(false)),
                name => described(self.client, name),
            },
            "campaign" => self.campaign_value(name),
            "campaign_budget" => self.budget_value(name),
            "ad_group" => Some(match name {
                "id" => json!(self.group.map(|group| &group.external_id)),
                "name" => json!(self.group.map(|group| &group.name)),
                "status" => json!(self.group.map(status)),
                "campaign" => json!(self.name("campaign")),
                _ => return None,
            }),
            "ad_group_ad" => self.ad_value(name),
            "segments" => segment(self.day, name),
            "metrics" => metric(self.sums, name),
            _ => None,
        }
    }

    fn campaign_value(&self, name: &str) -> Option<Value> {
        let search = |campaign: &Entity| if campaign.name.starts_with("Search") { "SEARCH" } else { "DEMAND_GEN" };
        Some(match name {
            "id" => json!(self.campaign.map(|campaign| &campaign.external_id)),
            "name" => json!(self.campaign.map(|campaign| &campaign.name)),
            "status" => json!(self.campaign.map(status)),
            "advertising_channel_type" => json!(self.campaign.map(search)),
            "campaign_budget" => json!(self.name("campaign_budget")),
            _ => return None,
        })
    }

    fn budget_value(&self, name: &str) -> Option<Value> {
        let micros = |campaign: &Entity| Some((campaign.budget_cents? * 10_000).to_string());
        Some(match name {
            "id" => json!(self.campaign.map(|campaign| budget_id(&campaign.external_id))),
            "name" => json!(self.campaign.map(|campaign| format!("{} budget", campaign.name))),
            "amount_micros" => json!(self.campaign.and_then(micros)),
            "status" => json!("ENABLED"),
            "period" => json!("DAILY"),
            "explicitly_shared" => json!(false),
            _ => return None,
        })
    }

    fn ad_value(&self, name: &str) -> Option<Value> {
        Some(match name {
            "status" => json!(self.ad.map(status)),
            "ad_group" => json!(self.name("ad_group")),
            "ad.resource_name" => json!(self.name("ad_group_ad.ad")),
            "ad.id" => json!(self.ad.map(|ad| &ad.external_id)),
            "ad.name" => json!(self.ad.map(|ad| &ad.name)),
            "ad.type" => json!("RESPONSIVE_SEARCH_AD"),
            "ad.final_urls" => json!(self.creative.map(|creative| [&creative.link])),
            "ad.responsive_search_ad.headlines" => {
                json!(self.creative.map(|creative| [json!({ "text": creative.headline })]))
            }
            "ad.responsive_search_ad.descriptions" => {
                json!(self.creative.map(|creative| [json!({ "text": creative.text })]))
            }
            _ => return None,
        })
    }
}

fn described(account: Option<&Described>, name: &str) -> Option<Value> {
    Some(match name {
        "id" => json!(account.map(|account| &account.id)),
        "descriptive_name" => json!(account.map(|account| &account.name)),
        "currency_code" => json!(account.map(|account| account.currency)),
        "time_zone" => json!(account.map(|account| account.zone)),
        "manager" => json!(account.map(|account| account.manager)),
        "test_account" => json!(false),
        "status" => json!("ENABLED"),
        _ => return None,
    })
}

fn segment(day: Option<Date>, name: &str) -> Option<Value> {
    let from = |day: Date, back: u8| (day - time::Duration::days(back.into())).to_string();
    let week = |day: Date| from(day, day.weekday().number_days_from_monday());
    Some(match name {
        "date" => json!(day.map(|day| day.to_string())),
        "week" => json!(day.map(week)),
        "month" => json!(day.map(|day| from(day, day.day() - 1))),
        "year" => json!(day.map(Date::year)),
        _ => return None,
    })
}

fn metric(sums: Option<AdSums>, name: &str) -> Option<Value> {
    let hundredths = |number: i64| number as f64 / 100.0;
    let per = |top: i64, bottom: i64| (bottom > 0).then(|| top as f64 / bottom as f64);
    let Some(sums) = sums else {
        // Whether there is such a measure.
        return metric(Some(AdSums::default()), name).map(|_| Value::Null);
    };
    let micros = sums.spend_cents * 10_000;
    Some(match name {
        "cost_micros" => json!(micros.to_string()),
        "impressions" => json!(sums.impressions.to_string()),
        "clicks" => json!(sums.clicks.to_string()),
        "conversions" => json!(hundredths(sums.conversions_hundredths)),
        "conversions_value" => json!(hundredths(sums.revenue_cents)),
        "view_through_conversions" => json!((sums.view_hundredths / 100).to_string()),
        "ctr" => json!(per(sums.clicks, sums.impressions)),
        "average_cpc" => json!(per(micros, sums.clicks)),
        "average_cpm" => json!(per(micros * 1000, sums.impressions)),
        "cost_per_conversion" => json!(per(micros * 100, sums.conversions_hundredths)),
        _ => return None,
    })
}

/// `ad_group_ad.ad.final_urls` as `adGroupAd.ad.finalUrls`.
pub(super) fn camel(field: &str) -> String {
    let mut upper = false;
    let one = |letter: char| {
        let told = (letter != '_').then(|| if upper { letter.to_ascii_uppercase() } else { letter });
        upper = letter == '_';
        told
    };
    field.chars().filter_map(one).collect()
}
