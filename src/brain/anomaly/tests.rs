//! What has to hold of every series, and the cases that the kinds are named after.

use rand::Rng;
use time::{Date, Duration};

use super::{
    csv, findings,
    outage::{self, Cause, Channel},
    *,
};
use crate::{NotEnough, Series, random};

const HOUR: i64 = 3600;

fn normal(random: &mut impl Rng) -> f64 {
    let sum: f64 = (0..12).map(|_| random.random::<f64>()).sum();
    sum - 6.0
}

fn poisson(random: &mut impl Rng, mean: f64) -> f64 {
    let (mut left, mut count) = (mean, 0.0);
    loop {
        left += random.random::<f64>().max(1e-300).ln();
        if left < 0.0 {
            return count;
        }
        count += 1.0;
    }
}

/// Orders of a shop on which nothing changes, 40 a day, fewer at weekends.
fn orders(seed: u64, days: usize) -> Vec<Option<f64>> {
    let mut random = random::stream(seed, "orders");
    (0..days).map(|day| Some(poisson(&mut random, if day % 7 > 4 { 25.0 } else { 40.0 }))).collect()
}

fn first() -> Date {
    Date::from_ordinal_date(2025, 1).unwrap()
}

fn find(values: Vec<Option<f64>>, since: i64) -> Findings {
    let values = Series::new(values).unwrap();
    findings(&[Named { name: "orders", group: "", first: first(), values: &values }], first() + Duration::days(since))
}

fn scores(gap: i64, values: &[Option<f64>]) -> Vec<Score> {
    let mut scorer = Scorer::new();
    values.iter().enumerate().map(|(row, value)| scorer.next(row as i64 * gap, *value)).collect()
}

/// Anything at all, by seed.
fn rubbish(seed: u64, length: usize) -> Vec<Option<f64>> {
    let mut random = random::stream(seed, "rubbish");
    let kind = seed % 8;
    (0..length)
        .map(|_| {
            let any = random.random::<f64>();
            match kind {
                0 => (any < 0.5).then_some(any),
                1 => Some([0.0, 1e300, -1e300, 5e-324, f64::MAX][(any * 5.0) as usize]),
                2 => Some([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0][(any * 4.0) as usize]),
                3 => Some(0.0),
                4 => Some(7.25),
                5 => Some(if any < 0.01 { 1e12 } else { (any * 3.0).floor() }),
                6 => Some(-any * 100.0),
                _ => (any < 0.9).then(|| normal(&mut random) * 1e6),
            }
        })
        .collect()
}

#[test]
fn no_row_knows_a_later_one_and_nothing_is_no_number() {
    for seed in 0..48 {
        for gap in [24 * HOUR, HOUR, 300, 7 * 24 * HOUR, 0] {
            let values = rubbish(seed, 400);
            let all = scores(gap, &values);
            for cut in [1, 9, 10, 60, 233] {
                assert_eq!(scores(gap, &values[..cut]), all[..cut], "seed {seed}, gap {gap}");
            }
            for score in &all {
                assert!((0.0..1.0).contains(&score.score), "seed {seed}, gap {gap}: {score:?}");
            }
        }
    }
}

#[test]
fn findings_of_rubbish_are_sound_and_the_same_twice() {
    let all: Vec<Series> = (0..64)
        .map(|seed| {
            let finite = rubbish(seed, 200).into_iter().map(|value| value.filter(|value| value.is_finite()));
            Series::new(finite.collect()).unwrap()
        })
        .collect();
    let named: Vec<Named<'_>> =
        all.iter().map(|values| Named { name: "any", group: "", first: first(), values }).collect();
    let answer = findings(&named, first());
    assert_eq!(answer, findings(&named, first()));
    for one in &answer.found {
        for number in [one.actual, one.size, one.expected.0, one.expected.1, one.p, one.q] {
            assert!(number.is_finite(), "{one:?}");
        }
        assert!(one.relative.is_none_or(f64::is_finite) && (0.0..=1.0).contains(&one.p) && one.day <= one.found);
    }
}

#[test]
fn too_few_days_are_said_and_the_last_day_of_the_calendar_is_no_panic() {
    let short = Series::new(orders(1, 28)).unwrap();
    let answer = findings(&[Named { name: "new", group: "", first: first(), values: &short }], first());
    assert_eq!(answer.silent, [("new".to_owned(), NotEnough::TooShort { has: 28, needs: 29 })]);
    let end = Series::new(orders(1, 400)).unwrap();
    assert!(
        findings(&[Named { name: "end", group: "", first: Date::MAX - Duration::days(9), values: &end }], first())
            .found
            .is_empty()
    );
}

#[test]
fn nothing_changed_nothing_found() {
    // 200 series and 60 days: one false alarm in a thousand days each would be 12.
    let found: usize = (0..200).map(|seed| find(orders(seed, 240), 180).found.len()).sum();
    assert!(found <= 12, "{found}");
}

#[test]
fn events_are_called_by_their_names() {
    let with = |change: &dyn Fn(usize, f64) -> f64| {
        let values = orders(7, 240).into_iter().enumerate();
        let answer = find(values.map(|(day, value)| value.map(|value| change(day, value))).collect(), 200);
        answer.found.into_iter().map(|one| (one.kind, (one.found - first()).whole_days(), one)).collect::<Vec<_>>()
    };
    let spike = with(&|day, value| if day == 210 { 4.0 * value } else { value });
    assert_eq!((spike.len(), spike[0].0, spike[0].1), (1, Kind::Spike, 210));
    assert!(spike[0].2.relative.unwrap() > 1.5 && spike[0].2.size > 0.0 && spike[0].2.expected.1 < spike[0].2.actual);
    let out = with(&|day, value| if day == 210 { 0.0 } else { value });
    assert_eq!((out.len(), out[0].0, out[0].1), (1, Kind::DropOut, 210));
    let collapse = with(&|day, value| if day >= 210 { (0.1 * value).floor() } else { value });
    assert_eq!((collapse.len(), collapse[0].0, collapse[0].1), (1, Kind::DeliveryCollapse, 210));
    let shift = with(&|day, value| if day >= 210 { (1.6 * value).floor() } else { value });
    assert_eq!((shift.len(), shift[0].0), (1, Kind::LevelShift), "{shift:?}");
    assert!((210..=214).contains(&shift[0].1), "{shift:?}");
    let weeks = with(&|day, value| {
        if day >= 210 { (value * (1.0 - 0.035 * (day - 209) as f64).max(0.0)).floor() } else { value }
    });
    assert!(weeks.iter().any(|one| matches!(one.0, Kind::TrendBreak | Kind::LevelShift | Kind::DeliveryCollapse)));
}

#[test]
fn a_week_without_orders_is_one_finding_and_its_end_is_none() {
    let values = orders(3, 260).into_iter().enumerate();
    let values = values.map(|(day, value)| if (210..217).contains(&day) { Some(0.0) } else { value }).collect();
    let answer = find(values, 200);
    assert_eq!(answer.found.len(), 1, "{answer:?}");
    assert_eq!(answer.found[0].kind, Kind::DeliveryCollapse);
}

#[test]
fn the_same_amount_every_day_is_a_flat_line() {
    let mut random = random::stream(1, "amounts");
    let values = (0..120).map(|day| Some(if day < 100 { 500.0 + 40.0 * normal(&mut random) } else { 512.5 })).collect();
    let answer = find(values, 90);
    assert_eq!(answer.found.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::FlatLine]);
}

#[test]
fn what_all_series_share_is_told_once() {
    let all: Vec<Series> = (0..40)
        .map(|seed| {
            let values = orders(seed, 240).into_iter().enumerate();
            let change = |day: usize, value: f64| match (day, seed) {
                (220, 0) => 12.0 * value,
                (220, _) => 3.0 * value,
                _ => value,
            };
            Series::new(values.map(|(day, value)| value.map(|value| change(day, value))).collect()).unwrap()
        })
        .collect();
    let names: Vec<String> = (0..40).map(|seed| seed.to_string()).collect();
    let named: Vec<Named<'_>> =
        names.iter().zip(&all).map(|(name, values)| Named { name, group: "", first: first(), values }).collect();
    let answer = findings(&named, first() + Duration::days(215));
    let day = first() + Duration::days(220);
    let common = answer.common.iter().find(|one| one.day == day).unwrap();
    assert!(common.series.len() > 30 && common.of == 40, "{}", common.series.len());
    let found: Vec<&str> = answer.found.iter().filter(|one| one.found == day).map(|one| one.series.as_str()).collect();
    assert_eq!(found, ["0"]);
}

#[test]
fn a_stream_with_the_course_of_a_day_alarms_at_the_hour_that_is_wrong() {
    let mut random = random::stream(5, "stream");
    let course = |row: usize| 100.0 + 50.0 * (row as f64 / 24.0 * std::f64::consts::TAU).sin();
    let mut values: Vec<Option<f64>> = (0..2400).map(|row| Some(course(row) + 5.0 * normal(&mut random))).collect();
    let quiet = scores(HOUR, &values);
    // One row in a thousand of each of three averages in two directions: 12.4 of 2064 rows, and twice its standard error.
    let alarms = quiet.iter().skip(336).filter(|score| score.kind.is_some()).count();
    assert!(alarms <= 19, "{alarms}");
    // At the top of the day's course this value is as usual; at its bottom it is not.
    let bottom = 2000 / 24 * 24 + 18;
    values[bottom] = Some(150.0);
    let wrong = scores(HOUR, &values);
    assert_eq!(wrong[bottom].kind, Some(Kind::Spike));
    assert!(wrong[bottom].score > 0.5 && wrong[bottom].score > quiet[bottom].score);
}

#[test]
fn a_file_keeps_its_rows_and_a_bad_line_is_named() {
    let day = |day: usize| (Date::from_ordinal_date(2025, 1).unwrap() + Duration::days(day as i64)).to_string();
    let mut text = String::from("value,series,timestamp,note\n");
    for (at, value) in orders(2, 120).into_iter().enumerate() {
        let value = if at == 110 { 400.0 } else { value.unwrap() };
        text += &format!("{value},\"a, b\",{},x\n,c,{},\n", day(at), day(at));
    }
    let answer = csv::anomalies(text.as_bytes()).unwrap();
    assert_eq!(answer, csv::anomalies(text.as_bytes()).unwrap());
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!((lines.len(), lines[0]), (241, "value,series,timestamp,note,score,kind"));
    assert!(lines[221].starts_with("400,\"a, b\",2025-04-21,x,0.") && lines[221].ends_with(",spike"), "{}", lines[221]);
    assert_eq!(lines[222], ",c,2025-04-21,,0.000000,not enough data: there is no value");
    let refused = |text: &str| csv::anomalies(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(refused("series,timestamp\n"), "there is no column value");
    assert_eq!(refused("series,timestamp,value\na,1,2\na,x,3\n"), "line 3: \"x\" is no date, time or number");
    assert_eq!(refused("series,timestamp,value\na,1,two\n"), "line 2: \"two\" is no number");
    assert_eq!(refused("series,timestamp,value\na,2,1\na,1,1\n"), "line 3: 1 of a comes after a later row");
    assert_eq!(refused("series,timestamp,value\na,2\n"), "line 2: 2 fields where the header has 3");
}

#[test]
fn what_is_not_judged_is_no_news_and_what_never_is_says_why() {
    let told = |text: &str| -> Vec<(String, String)> {
        let answer = csv::anomalies(format!("series,timestamp,value\n{text}").as_bytes()).unwrap();
        let mut rows = ::csv::Reader::from_reader(answer.as_bytes());
        rows.records().map(|row| row.unwrap()).map(|row| (row[3].to_owned(), row[4].to_owned())).collect()
    };
    let why = |reason: &str| ("0.000000".to_owned(), format!("not enough data: {reason}"));
    assert_eq!(told("a,2026-01-01,5\n"), [why("1 value, and 10 are needed")]);
    let broken = told("a,1,NaN\na,2,inf\na,3,\na,4,7\na,4,8\n");
    let reasons = [
        "NaN is not a finite number",
        "inf is not a finite number",
        "1 value, and 10 are needed",
        "1 value, and 10 are needed",
        "4 is there twice",
    ];
    assert_eq!(broken, reasons.map(why));
    // Days are judged once there are four of each weekday, rows of an hour once something differs.
    let days: String = (0..40).map(|day| format!("a,{day},{}\n", 100 + day % 3)).collect();
    let days = told(&days);
    assert_eq!(days[27], ("0.000000".to_owned(), String::new()));
    assert!(
        days[28..].iter().all(|(score, kind)| score.parse::<f64>().is_ok() && !kind.contains("not enough")),
        "{days:?}"
    );
    let hours: String = (0..30).map(|hour| format!("a,2026-01-01 {:02}:{:02},3\n", hour / 2, hour % 2 * 30)).collect();
    assert_eq!(told(&hours)[29], why("every value is the same"));
}

#[test]
fn stamps_of_all_kinds_are_moments() {
    let day = csv::moment("2026-01-31").unwrap();
    assert_eq!(csv::moment("2026-01-31 13:05:10.000").unwrap() - day, 47_110);
    assert_eq!(csv::moment("2026-01-31T13:05:10+02:00").unwrap() - day, 47_110);
    assert_eq!(csv::moment("2026-01-31T13:05Z").unwrap() - day, 47_100);
    assert_eq!(csv::moment("12").unwrap(), 12 * 86_400);
    for wrong in ["", "2026-02-30", "2026-01-31 25:00", "2026-01-31 1", "1e30", "NaN", "2026-01", "2026-01-31 1:2:3:4"]
    {
        assert!(csv::moment(wrong).is_err(), "{wrong}");
    }
}

/// Clicks and conversions of channels with these clicks a day, changed on the last three of 90 days.
fn client(seed: u64, change: impl Fn(usize, f64, f64) -> (f64, f64)) -> Vec<(Series, Series)> {
    [400.0, 250.0, 120.0]
        .into_iter()
        .enumerate()
        .map(|(channel, usual)| {
            let mut random = random::stream(seed, &format!("channel {channel}"));
            let days = (0..90).map(|day| {
                let clicks = poisson(&mut random, usual);
                let (clicks, rate) = if day >= 87 { change(channel, clicks, 0.04) } else { (clicks, 0.04) };
                (Some(clicks), Some(poisson(&mut random, clicks * rate)))
            });
            let (clicks, conversions): (Vec<_>, Vec<_>) = days.unzip();
            (Series::new(clicks).unwrap(), Series::new(conversions).unwrap())
        })
        .collect()
}

fn causes(series: &[(Series, Series)]) -> Vec<(Cause, Vec<String>)> {
    let names = ["search", "social", "shopping"];
    let channels: Vec<Channel<'_>> = names
        .iter()
        .zip(series)
        .map(|(name, (clicks, conversions))| Channel { name, clicks, spend: None, conversions })
        .collect();
    outage::causes(&channels, 3).unwrap().into_iter().map(|one| (one.cause, one.channels)).collect()
}

#[test]
fn an_outage_a_fall_and_a_collapse_are_told_apart() {
    let mut quiet = 0;
    for seed in 0..20 {
        let out = causes(&client(seed, |_, clicks, _| (clicks, 0.0)));
        assert_eq!(out.len(), 1, "{out:?}");
        assert_eq!((out[0].0, out[0].1.len()), (Cause::TrackingOutage, 3));
        let one = causes(&client(seed, |channel, clicks, rate| (clicks, if channel == 0 { 0.0 } else { rate })));
        assert_eq!(one, [(Cause::ChannelTracking, vec!["search".to_owned()])]);
        let gone = causes(&client(seed, |channel, clicks, rate| (if channel == 1 { 0.0 } else { clicks }, rate)));
        assert_eq!(gone, [(Cause::DeliveryCollapse, vec!["social".to_owned()])]);
        let fall = causes(&client(seed, |_, clicks, rate| ((0.6 * clicks).floor(), rate)));
        // Of a small channel conversions can be as many as before by chance.
        assert!(fall.len() >= 2 && fall.iter().all(|one| one.0 == Cause::RealFall), "{fall:?}");
        quiet += causes(&client(seed, |_, clicks, rate| (clicks, rate))).len();
    }
    assert_eq!(quiet, 0);
}

#[test]
fn an_outage_is_judged_of_any_input() {
    for seed in 0..64 {
        let finite = |seed| {
            Series::new(rubbish(seed, 90).into_iter().map(|value| value.filter(|value| value.is_finite())).collect())
                .unwrap()
        };
        let (clicks, conversions, spend) = (finite(seed), finite(seed / 8), finite(seed + 3));
        let channel = Channel { name: "any", clicks: &clicks, spend: Some(&spend), conversions: &conversions };
        if let Ok(answer) = outage::causes(&[channel, channel], 5) {
            for one in answer {
                assert!(
                    one.p.is_finite() && one.expected.is_finite() && one.conversions.is_finite(),
                    "{seed}: {one:?}"
                );
            }
        }
    }
    let short = Series::new(vec![Some(1.0); 20]).unwrap();
    let channel = Channel { name: "new", clicks: &short, spend: None, conversions: &short };
    assert_eq!(outage::causes(&[channel], 1), Err(NotEnough::TooShort { has: 19, needs: 28 }));
}
