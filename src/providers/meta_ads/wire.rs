//! What Meta sends, and what it means: lenient about what is not used, strict about what is.

use std::collections::BTreeMap;

use model::metric::{Account, DayRow, Days, Entity, Level, Measures};
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde::Deserialize;
use time::{Date, macros::format_description};

use super::{ATTRIBUTION, PURCHASES, refusal::Words};
use crate::{Error, Report, Result, number};

#[derive(Deserialize)]
pub(super) struct Token {
    pub access_token: SecretString,
    pub expires_in: Option<u64>,
}

/// Who consented.
#[derive(Deserialize)]
pub(super) struct Person {
    pub id: String,
}

#[derive(Deserialize)]
pub(super) struct Permission {
    permission: String,
    status: String,
}

impl Permission {
    pub fn granted(self) -> Option<String> {
        (self.status == "granted").then_some(self.permission)
    }
}

/// A page of anything.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    cursors: Option<Cursors>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Cursors {
    after: Option<String>,
}

impl<T> List<T> {
    /// Where the next page begins, if this one, which began at `after`, is not the last. The link is never followed.
    pub fn next(&self, after: &str) -> Result<Option<String>> {
        let Some(Paging { cursors, next: Some(_) }) = &self.paging else { return Ok(None) };
        let cursor = cursors.as_ref().and_then(|cursors| cursors.after.clone());
        let other = cursor.filter(|cursor| !cursor.is_empty() && cursor != after);
        other.map(Some).ok_or_else(|| Error::Malformed("there is another page without a cursor of its own".into()))
    }
}

#[derive(Deserialize)]
pub(super) struct AdAccount {
    account_id: String,
    name: Option<String>,
    currency: String,
    timezone_name: String,
}

impl From<AdAccount> for Account {
    fn from(found: AdAccount) -> Self {
        Self {
            // Accounts without a name are known by their number.
            name: found.name.filter(|name| !name.is_empty()).unwrap_or_else(|| found.account_id.clone()),
            external_id: found.account_id,
            currency: found.currency,
            time_zone: found.timezone_name,
            manager_id: None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Run {
    pub report_run_id: String,
}

#[derive(Deserialize)]
pub(super) struct RunState {
    async_status: String,
    error_code: Option<i64>,
    error_subcode: Option<i64>,
    error_message: Option<String>,
    error_user_msg: Option<String>,
}

/// What became of a report.
pub(super) enum Outcome {
    Running,
    Ready,
    Failed(Error),
}

impl RunState {
    pub const FIELDS: &str =
        "async_status,async_percent_completion,error_code,error_subcode,error_message,error_user_msg";

    pub fn outcome(self) -> Outcome {
        match self.async_status.as_str() {
            "Job Not Started" | "Job Started" | "Job Running" => return Outcome::Running,
            "Job Completed" => return Outcome::Ready,
            _ => {}
        }
        let unsaid = Error::Unavailable(self.async_status);
        let Some(code) = self.error_code.filter(|code| *code != 0) else { return Outcome::Failed(unsaid) };
        let (subcode, message) = (self.error_subcode, self.error_message);
        let words = Words { code, subcode, message, user_message: self.error_user_msg, is_transient: false };
        Outcome::Failed(words.kind(|| None, Error::Rejected(String::new())))
    }
}

/// A row of a report.
#[derive(Deserialize)]
pub(super) struct Insight {
    date_start: String,
    date_stop: String,
    account_currency: Option<String>,
    attribution_setting: Option<String>,
    campaign_id: Option<String>,
    campaign_name: Option<String>,
    adset_id: Option<String>,
    adset_name: Option<String>,
    ad_id: Option<String>,
    ad_name: Option<String>,
    #[serde(default, deserialize_with = "number::decimal")]
    spend: Option<Decimal>,
    #[serde(default, deserialize_with = "number::integer")]
    impressions: Option<i64>,
    #[serde(default, deserialize_with = "number::integer")]
    clicks: Option<i64>,
    #[serde(default)]
    actions: Vec<Action>,
    #[serde(default)]
    action_values: Vec<Action>,
}

/// How often something was done, or what it was worth.
#[derive(Deserialize)]
struct Action {
    action_type: String,
    #[serde(default, deserialize_with = "number::decimal")]
    value: Option<Decimal>,
}

impl List<Insight> {
    /// The rows as ours; a row that was not asked for makes the answer unreadable, and so does another currency.
    pub fn report(self, level: Level, days: Days, currency: &str) -> Result<Report> {
        let (mut entities, mut rows) = (BTreeMap::new(), Vec::with_capacity(self.data.len()));
        for row in self.data {
            let text = &row.date_start;
            let day = Date::parse(text, format_description!("[year]-[month]-[day]")).ok();
            let day = day.filter(|day| days.contains(*day) && row.date_stop == *text).ok_or_else(|| {
                Error::Malformed(format!("a row is of {text} to {}, which was not asked for", row.date_stop))
            })?;
            if let Some(other) = row.account_currency.as_ref().filter(|said| *said != currency) {
                return Err(Error::Malformed(format!("amounts are in {other}, the account's are in {currency}")));
            }
            let setting = row.attribution_setting.clone().filter(|setting| !setting.is_empty());
            let (attribution, measures) = (setting.unwrap_or_else(|| ATTRIBUTION.to_owned()), row.measures());
            let entity = row.entity(level)?;
            rows.push(DayRow { day, level, entity_id: entity.external_id.clone(), attribution, measures });
            entities.entry(entity.external_id.clone()).or_insert(entity);
        }
        Ok(Report { entities: entities.into_values().collect(), rows })
    }
}

impl Insight {
    /// Purchases by the first kind that either list has, so that count and value are of the same purchases.
    fn measures(&self) -> Measures {
        let of = |list: &[Action], kind: &str| {
            list.iter().find(|action| action.action_type == kind).map(|action| action.value)
        };
        let kinds = PURCHASES.iter().map(|kind| (of(&self.actions, kind), of(&self.action_values, kind)));
        let (count, value) = kinds.into_iter().find(|(count, value)| count.or(*value).is_some()).unwrap_or_default();
        Measures {
            spend: self.spend,
            impressions: self.impressions,
            clicks: self.clicks,
            conversions: count.flatten(),
            claimed_revenue: value.flatten(),
            ..Measures::default()
        }
    }

    /// Reports say names and parents, but no state.
    fn entity(self, level: Level) -> Result<Entity> {
        let (id, name, parent_id) = match level {
            Level::Group => (self.adset_id, self.adset_name, self.campaign_id),
            Level::Ad => (self.ad_id, self.ad_name, self.adset_id),
            Level::Campaign | Level::Account => (self.campaign_id, self.campaign_name, None),
        };
        let missing = || Error::Malformed(format!("a row of {} has no {} id", self.date_start, level.key()));
        let (external_id, name) = (id.ok_or_else(missing)?, name.unwrap_or_default());
        Ok(Entity { level, external_id, parent_id, name, status: String::new(), creative: None })
    }
}

/// A campaign, ad set or ad in a list.
#[derive(Deserialize)]
pub(super) struct Object {
    id: String,
    name: Option<String>,
    effective_status: Option<String>,
    campaign_id: Option<String>,
    adset_id: Option<String>,
    creative: Option<Creative>,
}

#[derive(Deserialize)]
struct Creative {
    body: Option<String>,
    title: Option<String>,
    link_url: Option<String>,
}

impl Object {
    pub fn entity(self, level: Level) -> Entity {
        let creative = self.creative.and_then(|creative| creative.body.or(creative.title).or(creative.link_url));
        Entity {
            level,
            external_id: self.id,
            parent_id: if level == Level::Ad { self.adset_id } else { self.campaign_id },
            name: self.name.unwrap_or_default(),
            status: self.effective_status.unwrap_or_default(),
            creative,
        }
    }
}
