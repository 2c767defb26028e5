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

/// Digits that a number of a drawing holds for sure, on its way to the browser, too.
const SURE: usize = 15;

/// A number of a drawing, which is no exact decimal, times ten to the power of `shift`. It is rounded as it is written, as an
/// exact one would be: `1.005` is `1.01`, although what the machine holds is a little less.
pub fn of_float(value: f64, shift: i32, least: u32, most: u32) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let written = value.abs().to_string();
    let (whole, part) = written.split_once('.').unwrap_or((&written, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(part.bytes()).map(|byte| byte.wrapping_sub(b'0')).collect();
    let mut point = i32::try_from(whole.len()).unwrap_or(i32::MAX).saturating_add(shift);
    let (long, first) = (digits.len(), digits.iter().position(|digit| *digit > 0).unwrap_or_default());
    let carried = rounded(&mut digits, first + SURE);
    digits.resize(long + usize::from(carried), 0);
    point += i32::from(carried);
    // Enough digits on both sides of the point.
    while point < 1 {
        digits.insert(0, 0);
        point += 1;
    }
    let mut point = usize::try_from(point).unwrap_or_default();
    let (least, most) = (usize::try_from(least).unwrap_or_default(), usize::try_from(most).unwrap_or_default());
    digits.resize(digits.len().max(point + most), 0);
    point += usize::from(rounded(&mut digits, point + most));
    while digits.len() > point + least && digits.last() == Some(&0) {
        digits.pop();
    }
    let zeros = digits[..point].iter().take_while(|digit| **digit == 0).count().min(point - 1);
    let negative = value < 0.0 && digits.iter().any(|digit| *digit > 0);
    let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let mut out = separated(negative, &text[zeros..point]);
    if text.len() > point {
        out.push('.');
        out.push_str(&text[point..]);
    }
    out
}

/// Keeps so many digits, the last of them rounded, halves up. Whether that put one more in front.
fn rounded(digits: &mut Vec<u8>, keep: usize) -> bool {
    let up = digits.get(keep).is_some_and(|digit| *digit >= 5);
    digits.truncate(keep);
    if !up {
        return false;
    }
    match digits.iter().rposition(|digit| *digit < 9) {
        Some(at) => {
            digits[at] += 1;
            digits[at + 1..].fill(0);
            false
        }
        None => {
            digits.fill(0);
            digits.insert(0, 1);
            true
        }
    }
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
    fn numbers_of_drawings_are_rounded_as_they_are_written() {
        let of = |value: f64| of_float(value, 0, 2, 2);
        assert_eq!([0.0, 1.005, -1.005, 0.125, 1234.5].map(of), ["0.00", "1.01", "−1.01", "0.13", "1,234.50"]);
        assert_eq!([999.995, 9.999, -0.004, 1e21].map(of)[..3], ["1,000.00", "10.00", "0.00"]);
        assert_eq!(of_float(1e21, 0, 0, 0), "1,000,000,000,000,000,000,000");
        assert_eq!(of_float(1e-9, 0, 0, 2), "0");
        assert_eq!((of_float(0.0705, 2, 0, 2), of_float(0.5, 2, 2, 2)), ("7.05".to_owned(), "50.00".to_owned()));
        assert_eq!((of_float(12_345.0, -3, 0, 1), of_float(950.0, -3, 0, 1)), ("12.3".to_owned(), "1".to_owned()));
        assert_eq!(of_float(12_000.0, -6, 0, 1), "0");
        assert_eq!([f64::NAN, f64::INFINITY].map(of), ["–", "–"]);
        // One step of the machine beside what was meant is still what was meant.
        assert_eq!([1.005_f64.next_down(), 1.005_f64.next_up(), 10_f64.next_down()].map(of), ["1.01", "1.01", "10.00"]);
        for cents in (-300_000_i64..300_000).step_by(37) {
            let exact = Decimal::new(cents, 3);
            let float: f64 = exact.to_string().parse().unwrap();
            assert_eq!(of(float), grouped(exact, 2, 2), "{exact}");
        }
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
