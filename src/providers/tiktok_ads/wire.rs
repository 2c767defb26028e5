//! What TikTok sends, and what it means: lenient about what is not used, strict about what is.

use std::collections::BTreeMap;

use model::metric::{Account, DayRow, Days, Entity, Level, Measures};
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;
use time::{Date, macros::format_description};

use crate::{Error, Report, Result, number};

/// The envelope's own words; `code` may be absent from a success.
#[derive(Deserialize)]
pub(super) struct Outcome {
    pub code: Option<i64>,
    pub message: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Reply<T> {
    pub data: T,
}

#[derive(Deserialize)]
pub(super) struct List<T> {
    pub list: Vec<T>,
}

#[derive(Deserialize)]
pub(super) struct Token {
    pub access_token: SecretString,
    #[serde(default)]
    pub scope: Vec<u64>,
    pub expires_in: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Advertiser {
    pub advertiser_id: String,
}

#[derive(Deserialize)]
pub(super) struct AdvertiserInfo {
    advertiser_id: String,
    name: String,
    currency: String,
    timezone: String,
    display_timezone: Option<String>,
}

impl From<AdvertiserInfo> for Account {
    fn from(info: AdvertiserInfo) -> Self {
        Self {
            external_id: info.advertiser_id,
            name: info.name,
            currency: info.currency,
            time_zone: info.display_timezone.filter(|zone| !zone.is_empty()).unwrap_or(info.timezone),
            manager_id: None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Rows {
    list: Vec<Row>,
    pub page_info: PageInfo,
}

#[derive(Deserialize)]
pub(super) struct PageInfo {
    pub total_page: u32,
}

#[derive(Deserialize)]
struct Row {
    dimensions: Dimensions,
    metrics: Metrics,
}

#[derive(Deserialize)]
struct Dimensions {
    stat_time_day: String,
    campaign_id: Option<String>,
    adgroup_id: Option<String>,
    ad_id: Option<String>,
}

#[derive(Deserialize)]
struct Metrics {
    campaign_id: Option<String>,
    campaign_name: Option<String>,
    adgroup_id: Option<String>,
    adgroup_name: Option<String>,
    ad_name: Option<String>,
    ad_text: Option<String>,
    #[serde(default, deserialize_with = "decimal")]
    spend: Option<Decimal>,
    #[serde(default, deserialize_with = "integer")]
    impressions: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    clicks: Option<i64>,
    #[serde(default, deserialize_with = "decimal")]
    conversion: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    total_complete_payment_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    total_purchase_value: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    total_onsite_shopping_value: Option<Decimal>,
}

impl Rows {
    /// The rows as ours; a row that was not asked for makes the answer unreadable.
    pub fn report(self, level: Level, days: Days, attribution: &str) -> Result<Report> {
        let mut entities = BTreeMap::new();
        let mut rows = Vec::with_capacity(self.list.len());
        for Row { dimensions, metrics } in self.list {
            let text = &dimensions.stat_time_day;
            let day = text.get(..10).and_then(|day| Date::parse(day, format_description!("[year]-[month]-[day]")).ok());
            let day = day
                .filter(|day| days.contains(*day))
                .ok_or_else(|| Error::Malformed(format!("a row is of {text}, which was not asked for")))?;
            let id = match level {
                Level::Campaign => dimensions.campaign_id,
                Level::Group => dimensions.adgroup_id,
                Level::Ad => dimensions.ad_id,
                Level::Account => None,
            };
            let id = id.ok_or_else(|| Error::Malformed(format!("a row of {text} has no {} id", level.key())))?;
            rows.push(DayRow {
                day,
                level,
                entity_id: id.clone(),
                attribution: attribution.to_owned(),
                measures: metrics.measures(),
            });
            entities.entry(id.clone()).or_insert_with(|| metrics.entity(level, id));
        }
        Ok(Report { entities: entities.into_values().collect(), rows })
    }
}

impl Metrics {
    fn measures(&self) -> Measures {
        let revenue = [self.total_complete_payment_rate, self.total_purchase_value, self.total_onsite_shopping_value];
        Measures {
            spend: self.spend,
            impressions: self.impressions,
            clicks: self.clicks,
            conversions: self.conversion,
            claimed_revenue: revenue.into_iter().flatten().reduce(|sum, value| sum + value),
            ..Measures::default()
        }
    }

    /// Reports say names and parents, but no state.
    fn entity(self, level: Level, external_id: String) -> Entity {
        let (name, parent_id, creative) = match level {
            Level::Group => (self.adgroup_name, self.campaign_id, None),
            Level::Ad => (self.ad_name, self.adgroup_id, self.ad_text),
            Level::Campaign | Level::Account => (self.campaign_name, None, None),
        };
        let said = |text: &String| !text.is_empty() && text != "-";
        Entity {
            level,
            external_id,
            parent_id: parent_id.filter(said),
            name: name.filter(said).unwrap_or_default(),
            status: String::new(),
            creative: creative.filter(said),
        }
    }
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Decimal>, D::Error> {
    said(deserializer)?.map_or(Ok(None), |raw| number::decimal(&*raw).map_err(D::Error::custom))
}

fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<i64>, D::Error> {
    said(deserializer)?.map_or(Ok(None), |raw| number::integer(&*raw).map_err(D::Error::custom))
}

/// A value, unless it is TikTok's dash for "not reported".
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(|raw| Some(raw).filter(|raw| raw.get() != r#""-""#))
}
