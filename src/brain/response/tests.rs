use rand::Rng;
use time::macros::date;

use super::*;
use crate::NotEnough;

/// Name, adstock, half point and limit of the channels of [`weeks_of`]; the form is exponential.
const KNOWN: [(&str, f64, f64, f64); 2] = [("search", 0.2, 60.0, 900.0), ("tv", 0.6, 200.0, 1500.0)];

fn weeks() -> Table {
    weeks_of(1)
}

/// Two years of weeks: two channels with known curves, an event, noise.
fn weeks_of(seed: u64) -> Table {
    let mut random = random::stream(seed, "weeks");
    let mut uniform = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
    let mut target: Vec<f64> = (0..110).map(|week| 4000.0 + 5.0 * f64::from(week) + uniform(-150.0, 150.0)).collect();
    let mut channels = Vec::new();
    for (name, adstock, half, limit) in KNOWN {
        let spend: Vec<f64> =
            (0..110).map(|_| if uniform(0.0, 1.0) < 0.2 { 0.0 } else { half * uniform(0.1, 3.0) }).collect();
        let shape = Shape { adstock, family: Family::Exponential, half, slope: 1.0 };
        let curve = Curve { shape, limit };
        for (target, exposure) in target.iter_mut().zip(shape.exposure(&spend, 8)) {
            *target += curve.at(exposure);
        }
        channels.push(Column { name: name.to_owned(), values: spend });
    }
    let event: Vec<f64> = (0..110).map(|week| f64::from(u8::from(week % 17 == 3))).collect();
    target.iter_mut().zip(&event).for_each(|(target, event)| *target += 800.0 * event);
    Table {
        step: Step::Weekly,
        start: date!(2023 - 01 - 02),
        target: target.into_iter().map(Some).collect(),
        channels,
        controls: vec![Column { name: "event".to_owned(), values: event }],
        lift_tests: Vec::new(),
    }
}

fn found<'a>(response: &'a Response, name: &str) -> &'a Fitted {
    response.channels.iter().find(|channel| channel.name == name).and_then(Channel::fitted).unwrap()
}

fn concerns(response: &Response) -> Vec<&Concern> {
    response.warnings.iter().map(|warning| &warning.concern).collect()
}

#[test]
fn known_curves_lie_in_their_intervals() {
    let mut inside = 0;
    for seed in 0..6 {
        let table = weeks_of(seed);
        let response = fit(&table, 1).unwrap();
        for (name, adstock, half, limit) in KNOWN {
            let fitted = found(&response, name);
            let shape = Shape { adstock, family: Family::Exponential, half, slope: 1.0 };
            let column = table.channels.iter().find(|channel| channel.name == name).unwrap();
            let brought: f64 = shape.exposure(&column.values, 8).iter().map(|e| limit * shape.saturation(*e)).sum();
            inside += u32::from(fitted.contribution.covers(brought));
            assert!((fitted.contribution.mean / brought - 1.0).abs() < 0.4, "{brought}: {:?}", fitted.contribution);
            assert!((fitted.adstock.mean - adstock).abs() < 0.15, "{:?}", fitted.adstock);
        }
    }
    // Fewer than nine of twelve have a chance of one in forty when each is inside with 90 %.
    assert!(inside >= 9, "{inside}");
}

#[test]
fn curves_never_fall_and_shares_are_one_together() {
    let response = fit(&weeks(), 1).unwrap();
    for channel in &response.channels {
        let fitted = channel.fitted().unwrap();
        assert!(fitted.curve.windows(2).all(|pair| {
            let (one, two) = (pair[0].target, pair[1].target);
            one.mean <= two.mean && one.low <= two.low && one.high <= two.high && one.low <= one.mean
        }));
        assert!((fitted.families.iter().map(|likely| likely.probability).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(fitted.curve.iter().any(|point| !point.seen));
    }
    let shares = response.channels.iter().map(|channel| channel.fitted().unwrap().share.mean);
    let event = response.controls[0].share.unwrap();
    assert!((shares.sum::<f64>() + event.mean + response.base_share.mean - 1.0).abs() < 1e-9);
    // 800 in each of seven weeks.
    assert!((event.mean / (7.0 * 800.0 / response.total) - 1.0).abs() < 0.1, "{event:?}");
}

#[test]
fn the_same_table_gives_the_same_bytes_in_whatever_order() {
    let table = weeks();
    let one = fit(&table, 5).unwrap();
    // No assert_eq: a whole answer is no message.
    assert!(one == fit(&table, 5).unwrap());
    let mut turned = table;
    turned.channels.reverse();
    assert!(one == fit(&turned, 5).unwrap());
    assert!(one != fit(&turned, 6).unwrap());
}

#[test]
fn a_channel_without_spend_has_a_reason_and_changes_nothing() {
    let table = weeks();
    let without = fit(&table, 1).unwrap();
    let mut with = table;
    with.channels.insert(1, Column { name: "radio".to_owned(), values: vec![0.0; 110] });
    with.controls.push(Column { name: "always".to_owned(), values: vec![3.0; 110] });
    let response = fit(&with, 1).unwrap();
    let radio = &response.channels[0];
    assert_eq!(
        (radio.name.as_str(), &radio.answer),
        ("radio", &Answer::NotEnough { not_enough: NotEnough::NothingSpent })
    );
    assert!(response.channels[1..] == without.channels);
    assert_eq!(response.controls[0], Control { name: "always".to_owned(), share: None });
    let text = serde_json::to_value(&response.channels[0]).unwrap();
    assert_eq!(text, serde_json::json!({ "name": "radio", "not_enough": { "reason": "nothing_spent" } }));
}

#[test]
fn a_lift_test_pulls_the_fit() {
    let mut table = weeks();
    // Channels that only move together are not told apart by the rows.
    table.channels[1].values = table.channels[0].values.iter().map(|value| 2.0 * value + 1.0).collect();
    let before = fit(&table, 1).unwrap();
    let apart = concerns(&before).iter().any(
        |concern| matches!(concern, Concern::MoveTogether { channel, with, .. } if channel == "search" && with == "tv"),
    );
    assert!(apart, "{:?}", before.warnings);
    let low = found(&before, "search").roas.low;
    table.lift_tests = vec![LiftTest { channel: "search".to_owned(), roas: 0.5 * low, error: 0.02 * low }];
    let after = fit(&table, 1).unwrap();
    let (then, now) = (found(&before, "search").roas, found(&after, "search").roas);
    assert!((now.mean / low - 0.5).abs() < 0.06 && now.high - now.low < then.high - then.low, "{then:?} {now:?}");
    assert!(found(&after, "tv").roas.mean > found(&before, "tv").roas.mean);
}

#[test]
fn a_constant_channel_speaks_only_with_a_test() {
    let mut table = weeks();
    table.channels[0].values = vec![50.0; 110];
    let answer = &fit(&table, 1).unwrap().channels[0].answer;
    assert_eq!(*answer, Answer::NotEnough { not_enough: NotEnough::Constant });
    table.lift_tests = vec![LiftTest { channel: "search".to_owned(), roas: 2.0, error: 0.1 }];
    let response = fit(&table, 1).unwrap();
    assert!(found(&response, "search").roas.covers(2.0));
    assert!(concerns(&response).iter().any(|concern| matches!(concern, Concern::HardlyVaries { .. })));
}

#[test]
fn a_refresh_agrees_with_a_fit_and_reads_what_is_new() {
    let table = weeks();
    let whole = fit(&table, 1).unwrap();
    let mut shorter = table.clone();
    shorter.target.truncate(109);
    shorter.channels.iter_mut().chain(&mut shorter.controls).for_each(|column| column.values.truncate(109));
    let earlier = fit(&shorter, 1).unwrap();
    let fresh = refresh(&table, &earlier.posterior, 1).unwrap();
    assert_eq!((fresh.rows, fresh.total), (whole.rows, whole.total));
    assert!(fresh == refresh(&table, &earlier.posterior, 1).unwrap());
    let text = serde_json::to_string(&earlier.posterior).unwrap();
    let kept: Posterior = serde_json::from_str(&text).unwrap();
    let stored = refresh(&table, &kept, 1).unwrap();
    for channel in &whole.channels {
        let (fitted, refreshed) = (channel.fitted().unwrap(), found(&fresh, &channel.name));
        let width = fitted.roas.high - fitted.roas.low;
        assert!((fitted.roas.mean - refreshed.roas.mean).abs() < 0.35 * width);
        assert!((found(&stored, &channel.name).roas.mean / refreshed.roas.mean - 1.0).abs() < 1e-6);
    }
    shorter.channels.remove(0);
    assert!(refresh(&shorter, &kept, 1) == Err(Unusable::OtherFit));
}

#[test]
fn draws_are_joint_and_agree_with_the_answer() {
    let response = fit(&weeks(), 1).unwrap();
    assert_eq!(response.posterior.channels().collect::<Vec<_>>(), ["search", "tv"]);
    let draws: Vec<Vec<Curve>> = response.posterior.draws().collect();
    assert_eq!(draws.len(), 400);
    let fitted = found(&response, "tv");
    let mean = draws.iter().map(|draw| draw[1].at(fitted.curve[10].spend)).sum::<f64>() / 400.0;
    assert!((mean / fitted.curve[10].target.mean - 1.0).abs() < 1e-9);
    assert!(draws.iter().all(|draw| draw.iter().all(|curve| curve.marginal(0.0) >= 0.0)));
}

#[test]
fn what_is_missing_is_warned_of() {
    let mut table = weeks();
    assert!(!concerns(&fit(&table, 1).unwrap()).iter().any(|concern| {
        matches!(concern, Concern::ControlMissing { .. } | Concern::FollowsDemand { .. } | Concern::Unsettled { .. })
    }));
    // A cause that lasts, and then a budget that follows it a week later as well.
    let mut random = random::stream(4, "cause");
    let mut cause = 0.0;
    let mut spend = table.channels[0].values.clone();
    for (week, spend) in spend.iter_mut().enumerate() {
        if week > 0 {
            *spend = (100.0 + 0.3 * cause + 5.0 * random.random::<f64>()).max(0.0);
        }
        cause = 0.85 * cause + 300.0 * (random.random::<f64>() - 0.5);
        table.target[week] = table.target[week].map(|target| target + 3.0 * cause);
    }
    let response = fit(&table, 1).unwrap();
    let said = concerns(&response);
    assert!(said.iter().any(|concern| matches!(concern, Concern::ControlMissing { .. })), "{said:?}");
    table.channels[0].values = spend;
    let response = fit(&table, 1).unwrap();
    let said = concerns(&response);
    assert!(
        said.iter().any(|concern| matches!(concern, Concern::FollowsDemand { channel } if channel == "search")),
        "{said:?}"
    );
    table.target.truncate(60);
    table.channels.iter_mut().chain(&mut table.controls).for_each(|column| column.values.truncate(60));
    let response = fit(&table, 1).unwrap();
    assert!(concerns(&response).contains(&&Concern::HistoryShort { days: 420, wants: 728 }));
    assert!(response.warnings.iter().all(|warning| !warning.words.is_empty()));
}

#[test]
fn what_cannot_be_fitted_is_named() {
    let table = weeks();
    let refused = |change: &dyn Fn(&mut Table)| {
        let mut table = table.clone();
        change(&mut table);
        fit(&table, 1).unwrap_err()
    };
    let target = |reason| Unusable::Target { reason };
    let column = |name: &str, reason| Unusable::Column { name: name.to_owned(), reason };
    assert_eq!(refused(&|table| table.target[5] = Some(f64::NAN)), target(NotEnough::NotFinite { at: 5 }));
    assert_eq!(refused(&|table| table.target[5] = Some(1e300)), target(NotEnough::TooLarge));
    assert_eq!(refused(&|table| table.target.fill(Some(0.0))), target(NotEnough::Constant));
    assert_eq!(refused(&|table| table.target.fill(None)), target(NotEnough::TooShort { has: 0, needs: 26 }));
    let negative = |table: &mut Table| table.target.iter_mut().flatten().for_each(|target| *target = -*target);
    assert_eq!(refused(&negative), target(NotEnough::NoTotal));
    let spend = |value| move |table: &mut Table| table.channels[1].values[7] = value;
    assert_eq!(refused(&spend(-1.0)), column("tv", NotEnough::Negative { at: 7 }));
    assert_eq!(refused(&spend(f64::INFINITY)), column("tv", NotEnough::NotFinite { at: 7 }));
    assert_eq!(refused(&|table| table.channels.clear()), Unusable::NoChannel);
    assert_eq!(refused(&|table| table.controls[0].name = "tv".to_owned()), Unusable::Twice { name: "tv".to_owned() });
    let short = |table: &mut Table| table.controls[0].values.truncate(9);
    assert_eq!(refused(&short), column("event", NotEnough::TooShort { has: 9, needs: 110 }));
    let test = |channel: &str, error| LiftTest { channel: channel.to_owned(), roas: 1.0, error };
    let unknown = |table: &mut Table| table.lift_tests = vec![test("radio", 0.1)];
    assert_eq!(refused(&unknown), Unusable::UnknownChannel { name: "radio".to_owned() });
    let sure = |table: &mut Table| table.lift_tests = vec![test("tv", 0.0)];
    assert_eq!(refused(&sure), Unusable::LiftTest { name: "tv".to_owned() });
}

/// Whatever comes in, what comes out is a reason or numbers, and never a panic.
#[test]
fn garbage_gets_a_reason_or_numbers() {
    let mut random = random::stream(2, "garbage");
    let odd = [0.0, 0.0, 1.0, -1.0, 1e300, -1e-300, 1e99, f64::NAN, f64::INFINITY, 1e-320, 7.5];
    let mut answered = 0;
    for round in 0..24 {
        let rows = [0, 1, 2, 30, 47, 130][random.random_range(0..6)];
        // Most rounds are harmless but for one odd kind of value.
        let kinds = if round % 4 == 0 { odd.len() } else { 3 };
        let value = |random: &mut rand_chacha::ChaCha8Rng| match random.random_range(0..10) {
            0 => odd[random.random_range(0..kinds)],
            _ => random.random::<f64>() * 10f64.powi(round % 7 * 30 - 90),
        };
        let mut column =
            |name: &str| Column { name: name.to_owned(), values: (0..rows).map(|_| value(&mut random)).collect() };
        let table = Table {
            channels: vec![column("a"), column("b")],
            controls: vec![column("c")],
            target: column("y").values.into_iter().map(|value| (value != 0.0).then_some(value)).collect(),
            step: if rows == 130 { Step::Daily } else { Step::Weekly },
            start: date!(2024 - 02 - 29),
            lift_tests: Vec::new(),
        };
        if let Ok(response) = fit(&table, 1) {
            answered += 1;
            // JSON has no word for what is no number.
            let text = serde_json::to_string(&response).unwrap();
            assert!(!text.contains(":null,\"low\"") && !text.contains("\"mean\":null"), "{round}");
        }
    }
    assert!(answered > 3, "{answered}");
}

fn csv(rows: usize) -> String {
    let table = weeks();
    let mut text = "day,y,tv,search,event\n".to_owned();
    for row in 0..rows {
        let day = table.start + time::Duration::weeks(i64::try_from(row).unwrap());
        let [search, tv] = [0, 1].map(|at: usize| table.channels[at].values[row]);
        let (target, event) = (table.target[row].unwrap(), table.controls[0].values[row]);
        text += &format!("{day},{target},{tv},{search},{event}\n");
    }
    text
}

fn query() -> Query {
    Query {
        target: "y".to_owned(),
        date: "day".to_owned(),
        spend: vec!["search".to_owned(), "tv".to_owned()],
        controls: vec!["event".to_owned()],
        lift_tests: Vec::new(),
    }
}

#[test]
fn the_command_answers_in_json_like_the_function() {
    let text = csv(110);
    let table = read(&query(), text.as_bytes()).unwrap();
    assert_eq!(table, weeks());
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    assert_eq!(read(&query(), lines.join("\n").as_bytes()).unwrap(), table);
    let json: serde_json::Value = serde_json::from_str(&run(&query(), text.as_bytes(), 1).unwrap()).unwrap();
    let tv = &json["channels"][1];
    for key in ["adstock", "half_saturation", "contribution", "share", "roas", "marginal_roas"] {
        assert!(tv[key]["low"].as_f64().unwrap() <= tv[key]["high"].as_f64().unwrap(), "{key}");
    }
    assert_eq!((tv["name"].as_str(), tv["curve"].as_array().map(Vec::len)), (Some("tv"), Some(31)));
    assert!(json["warnings"].is_array() && json.get("posterior").is_none());
}

#[test]
fn bad_text_names_line_and_column() {
    let text = csv(30);
    let said = |text: &str| read(&query(), text.as_bytes()).unwrap_err().to_string();
    let with = |line: usize, new: &str| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines[line - 1] = new;
        lines.join("\n")
    };
    assert_eq!(said("day,y,tv\n"), "there is no column search");
    assert_eq!(said("day,y,tv,tv,search,event\n"), "there are two columns tv");
    assert_eq!(said(&with(3, "2023-01-09,1,x,1,0")), "line 3: tv is no number: x");
    assert_eq!(said(&with(3, "2023-01-09,1,NaN,1,0")), "line 3: tv is no number: NaN");
    assert_eq!(said(&with(3, "2023-01-09,1,1,,0")), "line 3: search is empty; write 0 where there was none");
    assert_eq!(said(&with(3, "9.1.2023,1,1,1,0")), "line 3: day is no day like 2026-01-31: 9.1.2023");
    assert_eq!(said(&with(3, "2023-01-02,1,1,1,0")), "line 3: day 2023-01-02 is there twice");
    assert!(said(&with(3, "2023-01-10,1,1,1,0")).starts_with("line 3: day 2023-01-10 does not follow"));
    assert!(said(&with(3, "2023-01-09,1")).starts_with("line 3: "));
    assert_eq!(read(&query(), with(3, "2023-01-09,,1,1,0").as_bytes()).unwrap().target[1], None);
    assert!(matches!(run(&query(), "day,y,tv,search,event\n".as_bytes(), 1), Err(Refusal::Unusable(_))));
}

#[test]
fn a_lift_test_is_read_from_the_end() {
    let test = LiftTest { channel: "a:b".to_owned(), roas: 1.8, error: 0.2 };
    assert_eq!(parse_lift_test("a:b:1.8:0.2"), Ok(test));
    for bad in ["a:1.8", ":1:1", "a:1:0", "a:1:-1", "a:NaN:1", "a:1:inf", ""] {
        assert!(matches!(parse_lift_test(bad), Err(Refusal::LiftTest { .. })), "{bad}");
    }
}
