//! What Google sends, and what it means: lenient about what is not used, strict about what is.

use std::collections::BTreeMap;

use model::metric::{Account, DayRow, Days, Entity, Level, Measures};
use rust_decimal::Decimal;
use serde::Deserialize;
use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

use super::refusal::Status;
use crate::{Answer, Error, Report, Result, number};

pub(super) const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accessible {
    resource_names: Vec<String>,
}

impl Accessible {
    /// `customers/123` is 123.
    pub fn ids(self) -> Result<Vec<String>> {
        let id = |name: String| name.strip_prefix("customers/").map(str::to_owned).ok_or(name);
        let ids: std::result::Result<_, _> = self.resource_names.into_iter().map(id).collect();
        ids.map_err(|name| Error::Malformed(format!("{name} is no account's name")))
    }
}

/// The chunks of a stream, read to its end.
#[derive(Deserialize)]
pub(super) struct Stream(Vec<Chunk>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    #[serde(default)]
    results: Vec<Row>,
    field_mask: Option<String>,
    error: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    customer: Option<Customer>,
    customer_client: Option<Customer>,
    campaign: Option<Part>,
    ad_group: Option<Part>,
    ad_group_ad: Option<AdGroupAd>,
    segments: Option<Segments>,
    #[serde(default)]
    metrics: Metrics,
}

#[derive(Deserialize)]
struct Segments {
    date: String,
}

/// A campaign or ad group.
#[derive(Deserialize)]
struct Part {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct AdGroupAd {
    ad: Ad,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ad {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    final_urls: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    #[serde(default, deserialize_with = "number::integer")]
    cost_micros: Option<i64>,
    #[serde(default, deserialize_with = "number::integer")]
    impressions: Option<i64>,
    #[serde(default, deserialize_with = "number::integer")]
    clicks: Option<i64>,
    #[serde(default, deserialize_with = "number::decimal")]
    conversions: Option<Decimal>,
    #[serde(default, deserialize_with = "number::decimal")]
    conversions_value: Option<Decimal>,
}

/// An account as it describes itself, or as its manager does.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Customer {
    id: String,
    #[serde(default)]
    descriptive_name: String,
    currency_code: Option<String>,
    time_zone: Option<String>,
    #[serde(default)]
    pub manager: bool,
    #[serde(default)]
    status: String,
}

impl Customer {
    pub fn enabled(&self) -> bool {
        self.status == "ENABLED"
    }

    pub fn ours(self, manager: Option<&str>) -> Result<Account> {
        let (Some(currency), Some(time_zone)) = (self.currency_code, self.time_zone) else {
            return Err(Error::Malformed(format!("account {} has no currency or no time zone", self.id)));
        };
        // Accounts without a name are known by their number.
        let name = if self.descriptive_name.is_empty() { self.id.clone() } else { self.descriptive_name };
        Ok(Account { external_id: self.id, name, currency, time_zone, manager_id: manager.map(str::to_owned) })
    }
}

impl Stream {
    /// An error in the middle makes all of it worthless.
    pub fn read(answer: &Answer) -> Result<Self> {
        let stream: Self = serde_json::from_slice(&answer.body).map_err(|error| Error::Malformed(error.to_string()))?;
        match stream.0.iter().find_map(|chunk| chunk.error.as_ref()) {
            Some(status) => Err(status.error(answer)),
            None => Ok(stream),
        }
    }

    pub fn customers(self) -> Result<Vec<Customer>> {
        self.all(|row| row.customer)
    }

    pub fn clients(self) -> Result<Vec<Customer>> {
        self.all(|row| row.customer_client)
    }

    fn all<T>(self, pick: fn(Row) -> Option<T>) -> Result<Vec<T>> {
        let rows = self.0.into_iter().flat_map(|chunk| chunk.results);
        rows.map(pick).collect::<Option<_>>().ok_or_else(|| missing("what was asked for"))
    }

    /// The rows as ours; a row that was not asked for makes the answer unreadable.
    pub fn report(self, level: Level, days: Days, attribution: &str) -> Result<Report> {
        let (mut entities, mut rows) = (BTreeMap::new(), Vec::new());
        let mut answered = Answered::default();
        for chunk in self.0 {
            // Each chunk repeats the mask; one that does not is answered like the one before.
            if let Some(mask) = &chunk.field_mask {
                answered = Answered::read(mask);
            }
            for row in chunk.results {
                let text = row.segments.as_ref().map_or("", |segments| segments.date.as_str());
                let day = Date::parse(text, DAY).ok().filter(|day| days.contains(*day));
                let day =
                    day.ok_or_else(|| Error::Malformed(format!("a row is of {text}, which was not asked for")))?;
                let measures = row.metrics.measures(&answered);
                let entity = row.entity(level)?;
                let (entity_id, attribution) = (entity.external_id.clone(), attribution.to_owned());
                rows.push(DayRow { day, level, entity_id, attribution, measures });
                entities.entry(entity.external_id.clone()).or_insert(entity);
            }
        }
        Ok(Report { entities: entities.into_values().collect(), rows })
    }
}

fn missing(what: &str) -> Error {
    Error::Malformed(format!("a row lacks {what}"))
}

impl Row {
    fn entity(self, level: Level) -> Result<Entity> {
        let campaign = self.campaign.ok_or_else(|| missing("its campaign"));
        let group = self.ad_group.ok_or_else(|| missing("its ad group"));
        let (part, parent_id, creative) = match level {
            Level::Group => (group?, Some(campaign?.id), None),
            Level::Ad => {
                let (group, AdGroupAd { ad, status }) = (group?, self.ad_group_ad.ok_or_else(|| missing("its ad"))?);
                let id = format!("{}~{}", group.id, ad.id);
                (Part { id, name: ad.name, status }, Some(group.id), ad.final_urls.into_iter().next())
            }
            Level::Campaign | Level::Account => (campaign?, None, None),
        };
        Ok(Entity { level, external_id: part.id, parent_id, name: part.name, status: part.status, creative })
    }
}

/// Which measures an answer answers, whether or not a row has them.
#[derive(Default)]
struct Answered {
    cost: bool,
    impressions: bool,
    clicks: bool,
    conversions: bool,
    value: bool,
}

impl Answered {
    /// Reads `campaign.id,metrics.costMicros`.
    fn read(mask: &str) -> Self {
        let has = |name: &str| mask.split(',').any(|field| field.strip_prefix("metrics.") == Some(name));
        Self {
            cost: has("costMicros"),
            impressions: has("impressions"),
            clicks: has("clicks"),
            conversions: has("conversions"),
            value: has("conversionsValue"),
        }
    }
}

impl Metrics {
    fn measures(&self, answered: &Answered) -> Measures {
        /// What the row says, else the zero that was left out, else nothing.
        fn said<T: Default>(value: Option<T>, answered: bool) -> Option<T> {
            value.or_else(|| answered.then(T::default))
        }
        Measures {
            spend: said(self.cost_micros, answered.cost).map(|micros| Decimal::new(micros, 6).normalize()),
            impressions: said(self.impressions, answered.impressions),
            clicks: said(self.clicks, answered.clicks),
            conversions: said(self.conversions, answered.conversions),
            claimed_revenue: said(self.conversions_value, answered.value),
            ..Measures::default()
        }
    }
}
