//! Signs of currencies beside numbers. A sign never says which currency it is (`$` is twenty of them), but it says which
//! it is not: euros in the column of a dollar account are refused.

use model::currency;

/// A sign and the currencies that people write with it.
#[rustfmt::skip]
const SIGNS: &[(&str, &[&str])] = &[
    ("€", &["EUR"]), ("£", &["GBP", "GIP", "FKP", "SHP", "EGP", "SYP", "LBP", "SDG"]), ("¥", &["JPY", "CNY"]),
    ("元", &["CNY", "TWD", "HKD"]), ("円", &["JPY"]), ("₹", &["INR"]), ("₺", &["TRY"]), ("₽", &["RUB"]), ("₴", &["UAH"]),
    ("₩", &["KRW", "KPW"]), ("₪", &["ILS"]), ("฿", &["THB"]), ("₫", &["VND"]), ("₱", &["PHP"]), ("₦", &["NGN"]),
    ("₡", &["CRC"]), ("₲", &["PYG"]), ("₸", &["KZT"]), ("₾", &["GEL"]), ("₵", &["GHS"]), ("zł", &["PLN"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]), ("Kč", &["CZK"]), ("Ft", &["HUF"]), ("lei", &["RON", "MDL"]),
    ("лв", &["BGN"]), ("Fr", &["CHF"]), ("SFr", &["CHF"]), ("R", &["ZAR"]), ("Rs", &["INR", "PKR", "LKR", "NPR", "MUR"]),
    ("Rp", &["IDR"]), ("RM", &["MYR"]), ("R$", &["BRL"]), ("US$", &["USD"]), ("A$", &["AUD"]), ("AU$", &["AUD"]),
    ("C$", &["CAD"]), ("CA$", &["CAD"]), ("NZ$", &["NZD"]), ("HK$", &["HKD"]), ("S$", &["SGD"]), ("NT$", &["TWD"]),
    ("MX$", &["MXN"]), ("S/", &["PEN"]),
    ("$", &["USD", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "FJD", "GYD", "HKD", "JMD", "KYD",
            "LRD", "MXN", "NAD", "NZD", "ARS", "SBD", "SGD", "SRD", "TTD", "TWD", "UYU", "XCD", "DOP", "CUP", "CVE"]),
];

fn part(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '$' | '£' | '¥' | '\u{20a0}'..='\u{20cf}' | '฿')
}

/// The sign at one end of a number, and the rest.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let first = text.find(|c: char| !part(c)).unwrap_or(text.len());
    if first > 0 {
        // "Fr. 5" and "kr.5" have a full stop behind the sign.
        let end = if text[..first].ends_with(char::is_alphabetic) && text[first..].starts_with('.') { 1 } else { 0 };
        return Some((&text[..first + end], &text[first + end..]));
    }
    let body = text.strip_suffix('.').filter(|body| body.ends_with(char::is_alphabetic)).unwrap_or(text);
    let rest = body.trim_end_matches(part);
    (rest.len() < body.len()).then(|| (&text[rest.len()..], rest))
}

fn currencies(sign: &str) -> Option<&'static [&'static str]> {
    let bare = sign.strip_suffix('.').unwrap_or(sign);
    SIGNS.iter().find(|(known, _)| known.eq_ignore_ascii_case(bare)).map(|(_, currencies)| *currencies)
}

/// Whether the text is a sign or a code of a currency.
pub(super) fn known(sign: &str) -> bool {
    currencies(sign).is_some() || currency::ALL.iter().any(|code| code.eq_ignore_ascii_case(sign))
}

/// Whether `sign` may stand for the currency with this code.
pub(super) fn fits(sign: &str, code: &str) -> bool {
    sign.eq_ignore_ascii_case(code) || currencies(sign).is_some_and(|currencies| currencies.contains(&code))
}

/// The code at the end of a column's name: "Amount spent (EUR)", "Cost [USD]", "Umsatz EUR".
pub(super) fn code_in(column: &str) -> Option<&'static str> {
    let word = column.trim_end_matches([')', ']', ' ']);
    let word = &word[word
        .rfind(|c: char| !c.is_ascii_uppercase())
        .map_or(0, |at| at + word[at..].chars().next().map_or(1, char::len_utf8))..];
    let alone = word.len() == column.len();
    currency::ALL.iter().find(|code| !alone && **code == word).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_says_which_currency_it_is_not() {
        assert!(fits("€", "EUR") && fits("eur", "EUR") && fits("$", "CAD") && fits("kr.", "SEK"));
        assert!(!fits("€", "USD") && !fits("USD", "EUR") && !fits("$", "EUR") && !fits("US$", "CAD"));
        assert!(!known("apples") && !known(""));
    }

    #[test]
    fn names_of_columns_may_hold_a_code() {
        assert_eq!(code_in("Amount spent (EUR)"), Some("EUR"));
        assert_eq!(code_in("Cost [USD]"), Some("USD"));
        assert_eq!(code_in("Umsatz EUR"), Some("EUR"));
        for name in ["Cost", "ALL", "Clicks (ALL)x", "ROAS", "Cost (all)", "", "Ü"] {
            assert_eq!(code_in(name), None, "{name}");
        }
    }

    #[test]
    fn every_code_of_the_table_is_a_currency_or_was_one() {
        let codes = SIGNS.iter().flat_map(|(_, codes)| *codes);
        assert_eq!(codes.filter(|code| !currency::ALL.contains(code)).collect::<Vec<_>>(), [&"BGN"]);
    }
}
