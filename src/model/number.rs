//! Numbers as people read them: a comma between thousands, and a minus that is as wide as a digit.

use rust_decimal::{Decimal, RoundingStrategy};

/// With so many decimals at least and at most.
pub fn grouped(value: Decimal, least: u32, most: u32) -> String {
    let rounded = value.round_dp_with_strategy(most, RoundingStrategy::MidpointAwayFromZero).normalize();
    let text = rounded.abs().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = separated(rounded.is_sign_negative() && !rounded.is_zero(), whole);
    let wanted = usize::try_from(least).unwrap_or_default().max(part.len());
    if wanted > 0 {
        out.push('.');
        out.push_str(part);
        out.extend(std::iter::repeat_n('0', wanted - part.len()));
    }
    out
}

/// A whole number: `12,345`.
pub fn whole(number: i64) -> String {
    separated(number < 0, &number.unsigned_abs().to_string())
}

/// Cents as an amount: `1,234.56`.
pub fn cents(cents: i64) -> String {
    let amount = cents.unsigned_abs();
    format!("{}.{:02}", separated(cents < 0, &(amount / 100).to_string()), amount % 100)
}

/// The sign, and the digits with their thousands apart.
fn separated(negative: bool, digits: &str) -> String {
    let mut text = String::from(if negative { "−" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1000, 12_345, 1_234_567].map(whole), ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(whole(-1000), "−1,000");
        assert_eq!([5, -1234, 123_456_789, -100_000].map(cents), ["0.05", "−12.34", "1,234,567.89", "−1,000.00"]);
    }

    #[test]
    fn decimals_are_as_many_as_are_asked_for() {
        let value = Decimal::new(-1_234_567_891, 4);
        assert_eq!(grouped(value, 0, 0), "−123,457");
        assert_eq!(grouped(value, 0, 2), "−123,456.79");
        assert_eq!((grouped(Decimal::TEN, 2, 2), grouped(Decimal::TEN, 0, 2)), ("10.00".to_owned(), "10".to_owned()));
        assert_eq!(grouped(Decimal::new(-1, 3), 2, 2), "0.00", "nothing has no sign");
    }
}
