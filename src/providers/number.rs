//! Numbers as providers write them, read exactly: `12.30`, `"12.30"`, `1e-7`, `"45210000"`.
//!
//! Nothing passes through a floating-point number. To be used with serde: `deserialize_with = "number::decimal"` for
//! what may be absent or null (together with `default`), both as a number and as a text.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;

/// Reads an exact decimal.
///
/// # Errors
/// It is neither a number nor a text that holds one.
pub fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    parse_raw(deserializer, |text| Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok())
}

/// Reads a whole number.
///
/// # Errors
/// It is neither a whole number nor a text that holds one.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    parse_raw(deserializer, |text| text.parse().ok())
}

fn parse_raw<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let text = raw.get();
    if text == "null" {
        return Ok(None);
    }
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    parse(inner).map(Some).ok_or_else(|| D::Error::custom(format!("{} is no such number", excerpt(text))))
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "decimal")]
        amount: Option<Decimal>,
        #[serde(default, deserialize_with = "integer")]
        count: Option<i64>,
    }

    fn read(text: &str) -> Result<(Option<Decimal>, Option<i64>), serde_json::Error> {
        serde_json::from_str::<Row>(text).map(|row| (row.amount, row.count))
    }

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_and_texts_are_read_exactly() {
        let read = |text| read(text).unwrap();
        assert_eq!(read(r#"{"amount":"14.35","count":"185"}"#), (Some(dec("14.35")), Some(185)));
        assert_eq!(read(r#"{"amount":412.25,"count":97}"#), (Some(dec("412.25")), Some(97)));
        assert_eq!(read(r#"{"amount":0.30000000000000004}"#), (Some(dec("0.30000000000000004")), None));
        assert_eq!(read(r#"{"amount":1.5e-7}"#), (Some(dec("0.00000015")), None));
        assert_eq!(read(r#"{"amount":null,"count":null}"#), (None, None));
        assert_eq!(read(r#"{"count":"9007199254740993"}"#), (None, Some(9_007_199_254_740_993)));
        assert_eq!(read("{}"), (None, None));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            [r#"{"amount":""}"#, r#"{"amount":"1,5"}"#, r#"{"amount":true}"#, r#"{"count":1.5}"#, r#"{"count":{}}"#]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
