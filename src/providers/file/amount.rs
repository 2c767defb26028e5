//! Amounts and counts as people and spreadsheets write them, read exactly, in one form for the whole file: `1,234` is a
//! thousand or little more than one, and nothing in the cell says which.
//!
//! Nothing passes through a floating-point number. Empty, `-`, `–`, `—`, `--` and `n/a` are "not reported", never 0.
//! Percentages and what a spreadsheet shortened (`1.2E+05`) are refused.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{NumberForm, sign};

/// A number as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number<'a> {
    pub value: Decimal,
    /// The sign or code of a currency beside it.
    pub currency: Option<&'a str>,
    /// How many digits stood behind the sign of the fraction.
    fraction: usize,
}

/// Excel's digits: what it stores beyond them is the noise of binary numbers (Excel specifications and limits).
const EXCEL_DIGITS: u32 = 15;
/// What a `Decimal` holds for sure.
const MOST_DIGITS: usize = 28;

/// Whether the text says that there is no number.
pub(super) fn absent(text: &str) -> bool {
    let text = text.trim();
    matches!(text, "" | "-" | "--" | "–" | "—" | "−") || text.eq_ignore_ascii_case("n/a")
}

/// Reads an amount; none if it was not reported.
///
/// # Errors
/// What is wrong, following the text.
pub(super) fn amount(text: &str, form: NumberForm) -> Result<Option<Number<'_>>, String> {
    if absent(text) {
        return Ok(None);
    }
    if text.contains(['%', '‰', '％']) {
        return Err("is a percentage, not an amount or a count".to_owned());
    }
    let none = || format!("is not a number written like {}", form.example());
    let (mut rest, mut negative, mut currency) = (text, None, None);
    loop {
        let before = rest;
        rest = rest.trim();
        if negative.is_none()
            && let Some((inner, below)) = unsigned(rest)
        {
            (rest, negative) = (inner, Some(below));
        }
        if currency.is_none()
            && let Some((found, inner)) = sign::split(rest)
        {
            (rest, currency) = (inner, Some(found));
        }
        if rest == before {
            break;
        }
    }
    if plain(rest).is_some() && rest.contains(['e', 'E']) {
        return Err("was shortened by a spreadsheet. Show all digits there and save the file again".to_owned());
    }
    if currency.is_some_and(|sign| !sign::known(sign)) {
        return Err(none());
    }
    let (value, fraction) = digits(rest, form).ok_or_else(none)?;
    let value = if negative == Some(true) { -value } else { value };
    Ok(Some(Number { value, currency, fraction }))
}

/// What stands beside a sign, and whether it says "below zero": `-5`, `5-`, `(5)`, `+5`.
fn unsigned(text: &str) -> Option<(&str, bool)> {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let inner = inner.or_else(|| text.strip_prefix(['-', '−'])).or_else(|| text.strip_suffix(['-', '−']));
    inner.map(|inner| (inner, true)).or_else(|| text.strip_prefix('+').map(|inner| (inner, false)))
}

/// Reads a whole number; none if it was not reported. A fraction of zeros is taken, but not three of them: 1.000 would be
/// one in this form, and is a thousand in the other.
///
/// # Errors
/// What is wrong, following the text.
pub(super) fn count(text: &str, form: NumberForm) -> Result<Option<Decimal>, String> {
    match amount(text, form)? {
        None => Ok(None),
        Some(number) if number.currency.is_some() => Err("is an amount of money, not a count".to_owned()),
        Some(number) if number.fraction == 3 || !number.value.fract().is_zero() => {
            Err(format!("is not a whole number when it is read like {}", form.example()))
        }
        Some(number) => Ok(Some(number.value.trunc())),
    }
}

/// Digits in groups, and how many stand behind the sign of the fraction.
fn digits(text: &str, form: NumberForm) -> Option<(Decimal, usize)> {
    let (point, group) = form.signs().unzip();
    let (whole, fraction) = match point.and_then(|point| text.split_once(point)) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.is_some_and(|fraction| !number(fraction)) {
        return None;
    }
    let apart = |c: char| Some(c) == group || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’');
    let mut plain = String::with_capacity(text.len());
    match whole.chars().find(|c| apart(*c)) {
        Some(sign) => {
            let groups: Vec<&str> = whole.split(sign).collect();
            let (first, rest) = groups.split_first()?;
            let (last, middle) = rest.split_last()?;
            // 1 234 567, and 12,34,567 as in India. A group begins no number with a zero: 0,123 is a fraction.
            let thousands = middle.iter().all(|group| group.len() == 3) && first.len() <= 3;
            let lakhs = middle.iter().all(|group| group.len() == 2) && first.len() <= 2;
            if !groups.iter().all(|group| number(group)) || first.starts_with('0') || last.len() != 3 {
                return None;
            }
            if !(thousands || lakhs) {
                return None;
            }
            plain.extend(groups);
        }
        None if whole.is_empty() && fraction.is_some() => plain.push('0'),
        None if number(whole) => plain.push_str(whole),
        None => return None,
    }
    let length = fraction.map_or(0, str::len);
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    Some((Decimal::from_str_exact(&plain).ok()?, length))
}

/// Reads `-12.30` and `1.5E-7`: the form of JSON and of spreadsheets' own files.
pub(super) fn plain(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !number(whole) || !number(fraction) || whole.len() + fraction.len() > MOST_DIGITS {
        return None;
    }
    match exponent {
        None => Decimal::from_str_exact(mantissa).ok(),
        Some(exponent) if number(exponent.trim_start_matches(['+', '-'])) => Decimal::from_scientific(text).ok(),
        Some(_) => None,
    }
}

/// Reads a number of a spreadsheet's file. Excel writes 4.56 as 4.5599999999999996: with a fraction or an exponent,
/// digits beyond the fifteen that it shows are noise. Whole numbers that a program wrote out stay as they are.
pub(super) fn of_sheet(text: &str) -> Option<Decimal> {
    let value = plain(text)?;
    if text.contains(['.', 'e', 'E']) {
        return value
            .round_sf_with_strategy(EXCEL_DIGITS, RoundingStrategy::MidpointAwayFromZero)
            .map(|v| v.normalize());
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{
        NumberForm::{Comma, Digits, Point},
        *,
    };

    fn dec(text: &str) -> Option<Decimal> {
        Some(text.parse().unwrap())
    }

    fn read(text: &str, form: NumberForm) -> Result<Option<Decimal>, String> {
        amount(text, form).map(|number| number.map(|number| number.value))
    }

    #[test]
    fn amounts_are_read_exactly_in_their_form() {
        for (text, form, expected) in [
            ("1,234.56", Point, "1234.56"),
            ("1.234,56", Comma, "1234.56"),
            ("1234.5", Point, "1234.5"),
            ("1,234", Point, "1234"),
            ("1,234", Comma, "1.234"),
            ("1 234 567,8", Comma, "1234567.8"),
            ("1\u{a0}234,5", Comma, "1234.5"),
            ("1\u{202f}234,5", Comma, "1234.5"),
            ("1'234.50", Point, "1234.50"),
            ("1’234’567", Point, "1234567"),
            ("12,34,567.89", Point, "1234567.89"),
            ("$1,234.56", Point, "1234.56"),
            ("1.234,56 €", Comma, "1234.56"),
            ("EUR 5", Comma, "5"),
            ("R$ 1.000,00", Comma, "1000"),
            ("-5", Point, "-5"),
            ("−5.5", Point, "-5.5"),
            ("-€5", Point, "-5"),
            ("€-5", Point, "-5"),
            ("(12.50)", Point, "-12.50"),
            ("$(12.50)", Point, "-12.50"),
            ("($12.50)", Point, "-12.50"),
            ("5.25-", Point, "-5.25"),
            ("+7", Point, "7"),
            (".5", Point, "0.5"),
            ("0.30000000000000004", Point, "0.30000000000000004"),
            ("0", Point, "0"),
            ("1234", Digits, "1234"),
            ("1 234", Digits, "1234"),
            ("-5 €", Digits, "-5"),
        ] {
            assert_eq!(read(text, form), Ok(dec(expected)), "{text} {form:?}");
        }
    }

    #[test]
    fn what_was_not_reported_is_none_and_zero_is_zero() {
        for text in ["", "  ", "-", "–", "—", "--", " --", "n/a", "N/A", "\u{a0}"] {
            assert_eq!(read(text, Point), Ok(None), "{text:?}");
        }
        assert_eq!(read("0.00", Point), Ok(dec("0")));
    }

    #[test]
    fn what_is_no_number_of_the_form_is_refused() {
        for (text, form) in [
            ("1.234,56", Point),
            ("1,234.56", Comma),
            ("1,23", Point),
            ("0,123", Point),
            ("12.5", Comma),
            ("1,2345", Point),
            ("1,,234", Point),
            ("1 23", Point),
            ("1,234 567", Point),
            ("1.2.3", Point),
            ("5.", Point),
            ("1,234", Digits),
            ("1.5", Digits),
            ("12 %", Point),
            ("12%", Point),
            ("1.2E+05", Point),
            ("1e5", Comma),
            ("--5", Point),
            ("-5-", Point),
            ("(-5)", Point),
            ("-1+1", Point),
            ("=1+1", Point),
            ("@SUM(1)", Point),
            ("five", Point),
            ("5 apples", Point),
            ("€5€", Point),
            ("1_000", Point),
            ("0x10", Point),
            ("٣", Point),
            ("NaN", Point),
            ("null", Point),
            ("99999999999999999999999999999999", Point),
            ("0.00000000000000000000000000000000001", Point),
        ] {
            assert!(read(text, form).is_err(), "{text} {form:?} {:?}", read(text, form));
        }
        assert!(read("12%", Point).unwrap_err().contains("percentage"));
        assert!(read("1.2E+05", Point).unwrap_err().contains("shortened"));
    }

    #[test]
    fn counts_are_whole_and_never_a_thousand_taken_for_one() {
        assert_eq!(count("1,234", Point), Ok(dec("1234")));
        assert_eq!(count("12.0", Point), Ok(dec("12")));
        for (text, form) in [("1.000", Point), ("1,000", Comma), ("1.5", Point), ("$5", Point)] {
            assert!(count(text, form).is_err(), "{text}");
        }
        assert_eq!(count("n/a", Point), Ok(None));
    }

    #[test]
    fn a_currency_beside_the_number_is_told() {
        assert_eq!(amount("€ 5", Point).unwrap().unwrap().currency, Some("€"));
        assert_eq!(amount("5 kr.", Point).unwrap().unwrap().currency, Some("kr."));
        assert_eq!(amount("5", Point).unwrap().unwrap().currency, None);
    }

    #[test]
    fn numbers_of_spreadsheets_lose_the_noise_and_nothing_else() {
        for (text, expected) in [
            ("4.5599999999999996", "4.56"),
            ("1.1000000000000001", "1.1"),
            ("0.30000000000000004", "0.3"),
            ("1234.56", "1234.56"),
            ("1.2345E-2", "0.012345"),
            ("1E5", "100000"),
            ("120212345678901234", "120212345678901234"),
        ] {
            assert_eq!(of_sheet(text), dec(expected), "{text}");
        }
        for text in ["", "1,5", "abc", "1E999", "--1", "1e", "1.5.2", " 1"] {
            assert_eq!(of_sheet(text), None, "{text}");
        }
    }
}
