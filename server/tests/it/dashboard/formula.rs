//! Works a figure's formula out of its parts, as a person with a calculator would.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

/// The value of a formula of names, numbers, `+`, `−`, `×`, `/` and brackets.
pub fn value(formula: &str, parts: &BTreeMap<String, Decimal>) -> Decimal {
    let spaced = formula.replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let value = sum(&mut words, parts);
    assert_eq!(words, [""; 0], "{formula} was read to its end");
    value
}

fn sum(words: &mut Vec<&str>, parts: &BTreeMap<String, Decimal>) -> Decimal {
    let mut value = product(words, parts);
    while let Some(sign) = words.pop_if(|word| matches!(*word, "+" | "−")) {
        let next = product(words, parts);
        value = if sign == "+" { value + next } else { value - next };
    }
    value
}

fn product(words: &mut Vec<&str>, parts: &BTreeMap<String, Decimal>) -> Decimal {
    let mut value = single(words, parts);
    while let Some(sign) = words.pop_if(|word| matches!(*word, "×" | "/")) {
        let next = single(words, parts);
        value = if sign == "×" { value * next } else { value / next };
    }
    value
}

fn single(words: &mut Vec<&str>, parts: &BTreeMap<String, Decimal>) -> Decimal {
    let word = words.pop().unwrap();
    if word == "(" {
        let value = sum(words, parts);
        assert_eq!(words.pop(), Some(")"));
        return value;
    }
    parts.get(word).copied().unwrap_or_else(|| word.parse().unwrap())
}

#[test]
fn formulas_are_worked_out() {
    let parts = BTreeMap::from([("a".to_owned(), Decimal::from(6)), ("b_before".to_owned(), Decimal::from(2))]);
    let of = |formula: &str| value(formula, &parts).normalize().to_string();
    assert_eq!([of("a"), of("a / b_before"), of("(a / b_before) / (b_before / 4) − 1")], ["6", "3", "5"]);
    assert_eq!(of("1000 × a / (b_before + 1)"), "2000");
}
