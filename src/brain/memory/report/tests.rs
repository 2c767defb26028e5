//! What totals and rates are made of, and what is said where they cannot be made.

use time::{Date, Duration, macros::date};

use super::*;
use crate::memory::{Day, Gone, rows};

const FIRST: Date = date!(2026 - 11 - 02);

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn dollar() -> Currency {
    Currency::parse("USD").unwrap()
}

fn week() -> Days {
    Days { first: FIRST, last: FIRST + Duration::days(6) }
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn source(id: &str, currency: Currency, count: i64, measures: &[(Measure, &str)]) -> Source {
    let day = |at| {
        let day = Day::new(FIRST + Duration::days(at), currency);
        measures.iter().fold(day, |day, (measure, value)| day.with(*measure, Some(number(value))))
    };
    Source::new(id, week(), (0..count).map(day).collect()).unwrap()
}

fn ads(currency: Currency) -> Source {
    let measures = [
        (Measure::Spend, "10.10"),
        (Measure::Impressions, "2000"),
        (Measure::Clicks, "40"),
        (Measure::ClaimedConversions, "1.5"),
        (Measure::ClaimedRevenue, "33.33"),
    ];
    source("ads", currency, 7, &measures)
}

fn shop() -> Source {
    let measures = [
        (Measure::Orders, "4"),
        (Measure::LedgerRevenue, "101.01"),
        (Measure::Refunds, "8.99"),
        (Measure::NewOrders, "2"),
        (Measure::ReturningOrders, "2"),
    ];
    source("shop", euro(), 7, &measures)
}

fn run(sources: &[&Source], rates: &Rates, display: Option<Currency>, margin: Option<&str>) -> Report {
    report(sources, week(), &Setting { display, rates, margin: margin.map(number) })
}

#[test]
fn every_metric_has_its_value_and_its_parts() {
    let (ads, shop, rates) = (ads(euro()), shop(), Rates::default());
    let found = run(&[&ads, &shop], &rates, None, Some("0.4"));
    let expected = [
        (Metric::Spend, "70.7"),
        (Metric::ClaimedRevenue, "233.31"),
        (Metric::LedgerRevenue, "707.07"),
        (Metric::ClaimedConversions, "10.5"),
        (Metric::Orders, "28"),
        (Metric::Impressions, "14000"),
        (Metric::Clicks, "280"),
        (Metric::Refunds, "62.93"),
        (Metric::NewCustomers, "14"),
        (Metric::ReturningOrders, "14"),
        (Metric::Ctr, "0.02"),
        (Metric::Cvr, "0.0375"),
        (Metric::Cpc, "0.2525"),
        (Metric::Cpm, "5.05"),
        (Metric::Aov, "25.2525"),
        (Metric::RoasClaimed, "3.3"),
        (Metric::ContributionMargin, "212.128"),
        (Metric::Cac, "5.05"),
    ];
    for (metric, value) in expected {
        assert_eq!(found.get(metric).unwrap().value, number(value), "{metric:?}");
    }
    let mer = found.get(Metric::Mer).unwrap();
    assert_eq!(mer.value.round_dp(6), number("10.000990"));
    assert_eq!(
        (mer.parts[0].measure, mer.parts[0].rows, &mer.parts[1].sources[0][..]),
        (Measure::LedgerRevenue, 7, "ads")
    );
    assert!(mer.whole());
    assert_eq!(found.get(Metric::Cpa).unwrap().unit, Unit::Money(euro()));
    // The books say what all advertising together brought; of one account alone they say nothing.
    assert_eq!(found.get(Metric::RoasLedger).unwrap().value, mer.value);
    let alone = run(&[&ads], &rates, None, None);
    assert_eq!(alone.get(Metric::RoasLedger), Err(&Absent::NotConnected { measure: Measure::LedgerRevenue }));
}

#[test]
fn what_is_not_connected_or_not_set_is_absent_and_never_zero() {
    let (ads, rates) = (ads(euro()), Rates::default());
    let found = run(&[&ads], &rates, None, None);
    for (metric, figure) in &found.figures {
        let zero = figure.as_ref().is_ok_and(|figure| figure.value.is_zero());
        assert!(!zero, "{metric:?}");
    }
    assert_eq!(found.get(Metric::Orders), Err(&Absent::NotConnected { measure: Measure::Orders }));
    assert_eq!(found.get(Metric::ContributionMargin), Err(&Absent::NoMargin));
    let none = run(&[], &rates, None, None);
    assert!(none.figures.iter().all(|(_, figure)| figure.is_err()));
}

#[test]
fn a_read_day_without_a_row_is_nothing_and_an_unread_day_is_a_gap() {
    let (three, rates) = (source("shop", euro(), 3, &[(Measure::Orders, "2")]), Rates::default());
    let setting = Setting { display: None, rates: &rates, margin: None };
    let orders = |days| report(&[&three], days, &setting).get(Metric::Orders).cloned().map_err(Clone::clone);
    assert_eq!(orders(week()).unwrap().value, Decimal::from(6));
    let quiet = Days { first: FIRST + Duration::days(4), last: FIRST + Duration::days(5) };
    assert_eq!(orders(quiet).unwrap().value, Decimal::ZERO);
    let long = orders(Days { first: FIRST - Duration::days(2), last: week().last }).unwrap();
    let gap = &long.parts[0].gaps[0];
    assert_eq!((&gap.gone, gap.days, gap.last), (&Gone::NotRead, 2, FIRST - Duration::days(1)));
    let unread = Days { first: date!(2025 - 01 - 01), last: date!(2025 - 01 - 02) };
    assert!(matches!(orders(unread), Err(Absent::Incomplete { .. })));
    assert_eq!(orders(Days { first: FIRST, last: FIRST - Duration::days(1) }), Err(Absent::NoDays));
}

#[test]
fn a_quotient_of_unlike_days_is_refused() {
    let (shop, rates) = (shop(), Rates::default());
    let read = Days { first: FIRST, last: FIRST + Duration::days(3) };
    let day = |at| Day::new(FIRST + Duration::days(at), euro()).with(Measure::Spend, Some(Decimal::TEN));
    let ads = Source::new("ads", read, (0..4).map(day).collect()).unwrap();
    let found = run(&[&ads, &shop], &rates, None, None);
    assert!(matches!(found.get(Metric::Mer), Err(Absent::Incomplete { measure: Measure::Spend, .. })));
    assert_eq!(found.get(Metric::Spend).unwrap().value, Decimal::from(40));
}

#[test]
fn amounts_are_converted_by_the_rate_of_their_day_and_a_missing_rate_is_said() {
    let ads = ads(dollar());
    let rate = |at, rate: &str| (FIRST + Duration::days(at), dollar(), number(rate));
    let rates = Rates::new(euro(), [rate(0, "1.25"), rate(3, "1")]).unwrap();
    let found = run(&[&ads], &rates, Some(euro()), None);
    assert_eq!(found.get(Metric::Spend).unwrap().value, number("64.64"));
    // Three days at 8.08 and four at 10.10.
    assert_eq!(found.get(Metric::RoasClaimed).unwrap().value, number("3.3"));
    let late = Rates::new(euro(), [rate(3, "1")]).unwrap();
    let found = run(&[&ads], &late, Some(euro()), None);
    let spend = found.get(Metric::Spend).unwrap();
    assert_eq!(spend.value, number("40.4"));
    assert_eq!((&spend.parts[0].gaps[0].gone, spend.parts[0].gaps[0].days), (&Gone::Rate { currency: dollar() }, 3));
    // The same rows lack both amounts, so their quotient holds; clicks are there on all days, so a click's cost does not.
    assert_eq!(found.get(Metric::RoasClaimed).unwrap().value, number("3.3"));
    assert!(matches!(found.get(Metric::Cpc), Err(Absent::Incomplete { .. })));
    let never = Rates::default();
    assert!(matches!(run(&[&ads], &never, Some(euro()), None).get(Metric::Spend), Err(Absent::Incomplete { .. })));
    assert_eq!(run(&[&ads], &never, Some(euro()), None).get(Metric::Clicks).unwrap().value, Decimal::from(280));
}

#[test]
fn several_currencies_need_one_to_show_them_in_and_zero_divides_nothing() {
    let (one, other, rates) = (ads(euro()), ads(dollar()), Rates::default());
    let mixed = run(&[&one, &other], &rates, None, None);
    assert_eq!(mixed.get(Metric::Spend), Err(&Absent::Currencies { from: euro(), to: dollar() }));
    let idle = source("ads", euro(), 7, &[(Measure::Spend, "0"), (Measure::ClaimedRevenue, "0")]);
    let found = run(&[&idle], &rates, None, None);
    assert_eq!(found.get(Metric::RoasClaimed), Err(&Absent::NoDenominator { measure: Measure::Spend }));
    let vast = source("ads", euro(), 7, &[(Measure::Spend, "79228162514264337593543950335")]);
    assert_eq!(run(&[&vast], &rates, None, None).get(Metric::Spend), Err(&Absent::TooLarge));
}

/// A week of spend and of what it claims, without the claims of these days.
fn claims(id: &str, spend: &str, silent: &[i64]) -> Source {
    let day = |at: i64| {
        let revenue = (!silent.contains(&at)).then(|| number("30"));
        let day = Day::new(FIRST + Duration::days(at), euro()).with(Measure::Spend, Some(number(spend)));
        day.with(Measure::ClaimedRevenue, revenue)
    };
    Source::new(id, week(), (0..7).map(day).collect()).unwrap()
}

#[test]
fn a_quotient_is_of_the_days_on_which_both_are_known_and_its_rows_are_too() {
    let (large, small, rates) = (claims("large", "10", &[]), claims("small", "2", &[0, 1, 4]), Rates::default());
    let setting = Setting { display: Some(euro()), rates: &rates, margin: None };
    let sources = [&large, &small];
    let found = run(&sources, &rates, Some(euro()), None);
    let roas = found.get(Metric::RoasClaimed).unwrap();
    // Seven days at 30 for 10, four at 30 for 2.
    assert_eq!(roas.value, (number("330") / number("78")).normalize());
    assert_eq!([roas.parts[0].value, roas.parts[1].value], [number("330"), number("78")]);
    assert_eq!(roas.parts[1].beside, Some(Measure::ClaimedRevenue));
    for part in &roas.parts {
        let told = rows(part, &sources, &setting);
        assert_eq!((told.len(), told.iter().map(|row| row.counted).sum::<Decimal>()), (11, part.value));
        assert_eq!((part.rows, part.gaps.len(), part.gaps[0].days), (11, 1, 3));
    }
    let gap = &roas.parts[0].gaps[0];
    let day = |at| FIRST + Duration::days(at);
    let runs = [Days { first: day(0), last: day(1) }, Days { first: day(4), last: day(4) }];
    assert_eq!((&gap.source[..], &gap.gone, &gap.runs[..]), ("small", &Gone::NotReported, &runs[..]));
    assert!(!gap.nothing, "four days of it are in the sum");
    // The cost by itself is known of all days.
    assert_eq!(found.get(Metric::Spend).unwrap().value, number("84"));
    assert_eq!(found.get(Metric::Spend).unwrap().parts[0].beside, None);
}

#[test]
fn a_quotient_is_refused_where_more_than_a_tenth_of_a_sum_has_nothing_to_be_set_against() {
    let rates = Rates::default();
    let told = |spend: &str, silent: &[i64]| {
        let (large, small) = (claims("large", "7.5", &[]), claims("small", spend, silent));
        run(&[&large, &small], &rates, None, None).get(Metric::RoasClaimed).cloned().map_err(Clone::clone)
    };
    // Of fourteen days that cost the same, one is less than a tenth and two are more.
    assert!(told("7.5", &[3]).is_ok());
    let Err(Absent::Incomplete { measure, beside, gaps }) = told("7.5", &[2, 3]) else { panic!("it is told") };
    assert_eq!((measure, beside), (Measure::ClaimedRevenue, Some(Measure::Spend)));
    assert_eq!((gaps.len(), gaps[0].days, gaps[0].last), (1, 2, FIRST + Duration::days(3)));
}

#[test]
fn what_went_in_of_a_source_is_told_from_what_did_not() {
    let (euros, dollars, rates) = (ads(euro()), ads(dollar()), Rates::default());
    let found = run(&[&euros, &dollars], &rates, Some(euro()), None);
    let spend = found.get(Metric::Spend).unwrap();
    assert_eq!((spend.value, spend.parts[0].gaps.len()), (number("70.7"), 1));
    let gap = serde_json::to_value(&spend.parts[0].gaps[0]).unwrap();
    let days = serde_json::json!({"source": "ads", "reason": "rate", "currency": "USD", "first": "2026-11-02",
        "last": "2026-11-08", "days": 7, "nothing": true});
    assert_eq!(gap, days, "days that follow one another need no list");
}
