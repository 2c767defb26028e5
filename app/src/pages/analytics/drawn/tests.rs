//! What is drawn holds what was counted and what is said, each number with its id.

use model::analytics::{Breakdown, MarkKind as Noticed};

use super::*;

const CLIENT: &str = "c0190a1b2-c3d4-7000-8000-000000000001";
const CHANNEL: &str = "h0190a1b2-c3d4-7000-8000-000000000002";

fn value(text: &str) -> Option<Value> {
    Some(Value { value: text.into(), shown: format!("{text} EUR") })
}

fn beside(id: &str, value: &str) -> Beside {
    Beside { id: id.into(), shown: value.into(), value: value.into() }
}

fn answer() -> Answer {
    let day = |day: &str| Period { first: day.into(), last: day.into() };
    let series = |key: &str, now: Vec<Option<Value>>| analytics::Series {
        key: key.into(),
        name: key.into(),
        unit: "EUR".into(),
        now,
        before: vec![],
    };
    Answer {
        head: Head {
            query: String::new(),
            notes: vec![],
            of: "Acme".into(),
            scope: CLIENT.into(),
            days: ("2026-11-01".into(), "2026-11-02".into()),
            count: 2,
            compared: None,
            granularity: Granularity::Day,
            currency: "EUR".into(),
            read: true,
            may_connect: true,
            may_import_rates: true,
            simulated: false,
        },
        totals: vec![],
        periods: vec![day("2026-11-01"), day("2026-11-02")],
        compared_periods: vec![],
        series: vec![series("spend", vec![value("10.5"), None]), series("orders", vec![None, None])],
        stacks: vec![analytics::Stack {
            key: "spend".into(),
            channel_id: None,
            name: "Search".into(),
            scope: Some(CHANNEL.into()),
            now: vec![value("10.5"), None],
        }],
        channels: Breakdown::default(),
    }
}

#[test]
fn each_number_of_a_course_opens_as_the_answer_says_and_the_unknown_is_a_gap() {
    let answer = answer();
    let drawn = courses(&answer);
    assert_eq!(drawn.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["spend"], "orders are not known");
    let Kind::Lines(lines) = &drawn[0].1.kind else { panic!("{:?}", drawn[0].1.kind) };
    assert_eq!(lines.lines[0].values, [Some(10.5), None]);
    let id = lines.lines[0].ids.at(0, &lines.spans[0]);
    assert_eq!(id, Some(answer.id("spend", &answer.periods[0])));
}

#[test]
fn what_platforms_claim_is_no_part_of_another_stack() {
    let answer = answer();
    let drawn = stacks(&answer);
    assert_eq!(drawn.len(), 1, "nothing else was read");
    let Kind::Stack(stack) = &drawn[0].kind else { panic!("{:?}", drawn[0].kind) };
    let id = stack.parts[0].ids.at(1, &stack.spans[1]);
    assert_eq!(id, Some(format!("m.spend.{CHANNEL}.2026-11-02.2026-11-02.EUR")));
}

#[test]
fn what_is_foretold_and_was_noticed_is_laid_over_its_metric() {
    let step = |day: &str| Step {
        day: day.into(),
        point: beside("s.point", "11"),
        within80: (beside("s.low", "9"), beside("s.high", "13")),
        within95: (beside("s.lower", "8"), beside("s.higher", "14")),
    };
    let foreseen = |key: &str, steps: Result<Vec<Step>, String>| Foreseen {
        key: key.into(),
        name: key.into(),
        of: "Acme".into(),
        unit: "EUR".into(),
        model: "ets".into(),
        record: Some((beside("s.held", "0.81"), beside("s.over", "84"))),
        settled: Some("19 Oct 2026".into()),
        steps,
    };
    let mark = |metric: Option<&str>| analytics::Mark {
        kind: Noticed::Anomaly,
        what: "spike".into(),
        name: "Spike".into(),
        metric: metric.map(str::to_owned),
        days: ("2026-11-01".into(), "2026-11-01".into()),
        of: "Acme".into(),
        client_id: None,
        channel_id: None,
        size: None,
        probability: None,
    };
    let said = Said {
        forecasts: vec![
            foreseen("spend", Ok(vec![step("2026-11-03")])),
            foreseen("orders", Err("too few days".into())),
        ],
        marks: vec![mark(Some("spend")), mark(None)],
        ..Said::default()
    };
    let over = over(&said);
    let spend = over.iter().find(|over| over.key == "spend").unwrap();
    let forecast = spend.forecast.as_ref().unwrap();
    assert_eq!((spend.before.as_deref(), forecast.middle.as_slice()), (Some("2026-11-02"), [11.0].as_slice()));
    assert_eq!(forecast.bands.iter().map(|band| (band.sure, band.low[0])).collect::<Vec<_>>(), [(80, 9.0), (95, 8.0)]);
    assert_eq!(spend.marks.len(), 1);
    assert_eq!(spend.record.as_ref().map(|(held, over)| (&*held.id, &*over.id)), Some(("s.held", "s.over")));
    assert_eq!(spend.settled.as_deref(), Some("19 Oct 2026"), "with what it ends");
    let orders = over.iter().find(|over| over.key == "orders").unwrap();
    assert_eq!((orders.forecast.as_ref(), orders.why.as_deref()), (None, Some("too few days")));
    assert_eq!(orders.record, None, "where nothing is foretold nothing held");
    assert_eq!(over.iter().find(|over| over.key.is_empty()).unwrap().marks[0].words, "Spike, Acme");
}
