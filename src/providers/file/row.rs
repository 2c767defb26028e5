//! The import format: one row with a value for each field. Files become it through a mapping; rows that are pushed as JSON
//! are it.
//!
//! ```json
//! { "day": "2026-02-01", "campaign_id": "17", "campaign": "Spring", "spend": "12.30", "clicks": 97 }
//! ```
//! `day` is the only field that must be there. Ids and names are texts; amounts and counts are numbers or texts that
//! hold one (`12.30`, `"12.30"`), read exactly. Absent or null is "not reported", never 0. Refunds are what was paid
//! back, at or above zero. A field that does not exist is refused, as its value would be lost without a word.

use model::metric::Measures;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::value::RawValue;
use time::Date;

use super::{Fault, Field, RowError, amount};

time::serde::format_description!(iso_day, Date, "[year]-[month]-[day]");

/// One row. See the module for what it looks like in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The day in the account's own zone, `2026-02-01`.
    #[serde(with = "iso_day")]
    pub day: Date,
    /// The campaign's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<String>,
    /// The campaign's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The ad group's or ad set's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// The ad group's or ad set's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The ad's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
    /// The ad's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad: Option<String>,
    /// The attribution window, as the platform spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// ISO 4217; if it is said, it must be the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What the advertising cost.
    #[serde(default, deserialize_with = "exact", skip_serializing_if = "Option::is_none")]
    pub spend: Option<Decimal>,
    /// How often it was shown.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub impressions: Option<i64>,
    /// How often it was clicked.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub clicks: Option<i64>,
    /// Conversions that the platform claims; platforms count in fractions.
    #[serde(default, deserialize_with = "exact", skip_serializing_if = "Option::is_none")]
    pub conversions: Option<Decimal>,
    /// Revenue that the platform claims.
    #[serde(default, deserialize_with = "exact", skip_serializing_if = "Option::is_none")]
    pub claimed_revenue: Option<Decimal>,
    /// Orders in the shop's books.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub orders: Option<i64>,
    /// Revenue in the shop's books: after discounts and refunds, without taxes and shipping.
    #[serde(default, deserialize_with = "exact", skip_serializing_if = "Option::is_none")]
    pub ledger_revenue: Option<Decimal>,
    /// What was paid back on that day, at or above zero.
    #[serde(default, deserialize_with = "exact", skip_serializing_if = "Option::is_none")]
    pub refunds: Option<Decimal>,
    /// Taxes of that day's orders.
    #[serde(default, deserialize_with = "exact", skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Decimal>,
    /// Shipping paid with that day's orders.
    #[serde(default, deserialize_with = "exact", skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Decimal>,
}

impl Row {
    /// A row of which only the day is known.
    pub const fn of(day: Date) -> Self {
        Self {
            day,
            campaign_id: None,
            campaign: None,
            group_id: None,
            group: None,
            ad_id: None,
            ad: None,
            attribution: None,
            currency: None,
            spend: None,
            impressions: None,
            clicks: None,
            conversions: None,
            claimed_revenue: None,
            orders: None,
            ledger_revenue: None,
            refunds: None,
            taxes: None,
            shipping: None,
        }
    }

    /// Reads one JSON object; `place` is its place among the rows.
    ///
    /// # Errors
    /// It is not a row, in serde's words.
    pub fn from_json(place: u64, text: &str) -> Result<Self, RowError> {
        serde_json::from_str(text)
            .map_err(|error| RowError { line: place, faults: vec![Fault::row(error.to_string())] })
    }

    /// The text of a field that is a text.
    pub(super) fn text(&self, field: Field) -> Option<&str> {
        match field {
            Field::CampaignId => self.campaign_id.as_deref(),
            Field::Campaign => self.campaign.as_deref(),
            Field::GroupId => self.group_id.as_deref(),
            Field::Group => self.group.as_deref(),
            Field::AdId => self.ad_id.as_deref(),
            Field::Ad => self.ad.as_deref(),
            Field::Attribution => self.attribution.as_deref(),
            Field::Currency => self.currency.as_deref(),
            _ => None,
        }
    }

    /// Sets a field that is a text.
    pub(super) fn set_text(&mut self, field: Field, text: String) {
        let place = match field {
            Field::CampaignId => &mut self.campaign_id,
            Field::Campaign => &mut self.campaign,
            Field::GroupId => &mut self.group_id,
            Field::Group => &mut self.group,
            Field::AdId => &mut self.ad_id,
            Field::Ad => &mut self.ad,
            Field::Attribution => &mut self.attribution,
            Field::Currency => &mut self.currency,
            _ => return,
        };
        *place = Some(text);
    }

    /// The number of a field that is one.
    pub(super) fn number(&self, field: Field) -> Option<Decimal> {
        match field {
            Field::Spend => self.spend,
            Field::Impressions => self.impressions.map(Decimal::from),
            Field::Clicks => self.clicks.map(Decimal::from),
            Field::Conversions => self.conversions,
            Field::ClaimedRevenue => self.claimed_revenue,
            Field::Orders => self.orders.map(Decimal::from),
            Field::LedgerRevenue => self.ledger_revenue,
            Field::Refunds => self.refunds,
            Field::Taxes => self.taxes,
            Field::Shipping => self.shipping,
            _ => None,
        }
    }

    /// Sets a field that is a number; false if it is a count and the number is none.
    pub(super) fn set_number(&mut self, field: Field, number: Decimal) -> bool {
        let place = match field {
            Field::Impressions | Field::Clicks | Field::Orders => {
                let Some(count) = number.to_i64().filter(|_| number.fract().is_zero()) else { return false };
                let place = match field {
                    Field::Impressions => &mut self.impressions,
                    Field::Clicks => &mut self.clicks,
                    _ => &mut self.orders,
                };
                *place = Some(count);
                return true;
            }
            Field::Spend => &mut self.spend,
            Field::Conversions => &mut self.conversions,
            Field::ClaimedRevenue => &mut self.claimed_revenue,
            Field::LedgerRevenue => &mut self.ledger_revenue,
            Field::Refunds => &mut self.refunds,
            Field::Taxes => &mut self.taxes,
            Field::Shipping => &mut self.shipping,
            _ => return false,
        };
        *place = Some(number);
        true
    }

    /// The amounts and counts.
    pub(super) const fn measures(&self) -> Measures {
        Measures {
            spend: self.spend,
            impressions: self.impressions,
            clicks: self.clicks,
            conversions: self.conversions,
            claimed_revenue: self.claimed_revenue,
            orders: self.orders,
            ledger_revenue: self.ledger_revenue,
            refunds: self.refunds,
            taxes: self.taxes,
            shipping: self.shipping,
        }
    }
}

fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let text = raw.get();
    if text == "null" {
        return Ok(None);
    }
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let words = || D::Error::custom(format!("{} is not a number such as 12.30", model::import::excerpt(text)));
    amount::plain(inner).ok_or_else(words).map(Some)
}

fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = exact(deserializer)?;
    let count = |number: Decimal| {
        let count = number.to_i64().filter(|_| number.fract().is_zero());
        count.ok_or_else(|| D::Error::custom(format!("{number} is not a whole number")))
    };
    number.map(count).transpose()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn json_is_read_exactly() {
        let row = Row::from_json(
            1,
            r#"{"day":"2026-02-01","campaign_id":"17","spend":"12.30","conversions":0.30000000000000004,
                "clicks":"97","impressions":9007199254740993,"claimed_revenue":null}"#,
        );
        let dec = |text: &str| Some(text.parse().unwrap());
        let expected = Row {
            campaign_id: Some("17".into()),
            spend: dec("12.30"),
            conversions: dec("0.30000000000000004"),
            clicks: Some(97),
            impressions: Some(9_007_199_254_740_993),
            ..Row::of(date!(2026 - 02 - 01))
        };
        assert_eq!(row, Ok(expected));
    }

    #[test]
    fn what_is_written_as_json_comes_back() {
        let mut row = Row::of(date!(2026 - 12 - 31));
        for (field, number) in Field::ALL.iter().filter(|field| field.measure()).zip(1_i64..) {
            assert!(row.set_number(*field, Decimal::from(number)) && row.number(*field) == Some(Decimal::from(number)));
        }
        for field in Field::ALL.iter().filter(|field| !field.measure() && **field != Field::Day) {
            row.set_text(*field, field.key().to_owned());
            assert_eq!(row.text(*field), Some(field.key()));
        }
        let text = serde_json::to_string(&row).unwrap();
        assert!(Field::ALL.iter().all(|field| text.contains(&format!("\"{}\":", field.key()))), "{text}");
        assert_eq!(Row::from_json(1, &text), Ok(row));
    }

    #[test]
    fn what_is_no_row_is_refused() {
        for text in [
            "{}",
            r#"{"day":"01.02.2026"}"#,
            r#"{"day":"2026-02-30"}"#,
            r#"{"day":"2026-02-01","cost":1}"#,
            r#"{"day":"2026-02-01","spend":"1,5"}"#,
            r#"{"day":"2026-02-01","spend":""}"#,
            r#"{"day":"2026-02-01","spend":"=1+1"}"#,
            r#"{"day":"2026-02-01","spend":true}"#,
            r#"{"day":"2026-02-01","clicks":1.5}"#,
            r#"{"day":"2026-02-01","clicks":99999999999999999999}"#,
            r#"{"day":"2026-02-01","campaign_id":17}"#,
            r#"{"day":"2026-02-01","spend":1,"spend":2}"#,
            "[]",
            "",
        ] {
            assert_eq!(Row::from_json(7, text).unwrap_err().line, 7, "{text}");
        }
    }
}
