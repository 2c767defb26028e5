//! Of two hundred generated states every number is a figure of the state, the personas tell the same ones, and in no sentence
//! alike. What the templates say is looked at before what is unfounded is left out: the check would hide what they get wrong.

mod world;

use std::collections::BTreeSet;

use model::summary::Section;
use serde_json::{Value, json};
use time::macros::date;
use world::{DAY, id, world};

use super::*;

fn sentences(summary: &Summary) -> Vec<&Sentence> {
    summary.sections.iter().flat_map(|section| &section.sentences).collect()
}

/// Names, which may hold digits that are no figures.
fn called_here(names: &Names) -> Vec<String> {
    let called = names.channels.values().flat_map(|(name, id)| [name.clone(), id.clone()]);
    let called = called.chain(names.clients.values().cloned()).chain(names.creatives.values().cloned());
    let mut called: Vec<String> = called.chain(["120210".to_owned()]).collect();
    called.sort_by_key(|name| std::cmp::Reverse(name.len()));
    called
}

/// Where an outcome writes a day that a sentence with figures of it may name.
const DAYS: [&str; 6] = ["/now/first", "/now/last", "/revenue/days/first", "/revenue/days/last", "/from", "/first"];

/// The days that a sentence may name: of the outcomes that its figures are of; of one without a figure, the last of a gap.
fn days_of(sentence: &Sentence, outcomes: &[Outcome]) -> Vec<String> {
    let written = |outcome: &Outcome, places: &[&str]| {
        let body: Value = serde_json::from_str(&outcome.body).unwrap_or_default();
        places.iter().filter_map(|place| Some(body.pointer(place)?.as_str()?.to_owned())).collect::<Vec<_>>()
    };
    if sentence.figures.is_empty() {
        let gaps = outcomes.iter().filter(|outcome| outcome.kind == "gap");
        return gaps.flat_map(|gap| written(gap, &["/absent/last"])).collect();
    }
    let rests = |outcome: &&Outcome| sentence.figures.iter().any(|figure| figure.outcome == outcome.number);
    outcomes.iter().filter(rests).flat_map(|outcome| written(outcome, &DAYS)).collect()
}

/// The text without its figures, without names, and without `days` where such a one stands by itself.
fn rest(sentence: &Sentence, called: &[String], days: &[String]) -> String {
    let mut characters: Vec<char> = sentence.text.chars().collect();
    for figure in sentence.figures.iter().rev() {
        characters.drain(figure.at..figure.at + figure.shown.chars().count());
    }
    let text: String = characters.into_iter().collect();
    let text = called.iter().fold(text, |text, name| text.replace(name, ""));
    let day = |word: &&str| days.iter().any(|day| day == word.trim_matches(|c: char| "(),:;.".contains(c)));
    text.split(' ').filter(|word| !day(word)).collect::<Vec<_>>().join(" ")
}

/// What a figure is, wherever it stands.
fn identity(figure: &model::summary::Figure) -> String {
    let model::summary::Figure { key, value, unit, shown, outcome, path, .. } = figure;
    format!("{key} {value} {unit} {shown} {outcome} {path}")
}

#[test]
fn every_number_of_200_states_is_a_figure_of_that_state() {
    let (mut figures, mut all, mut dated) = (0, 0, 0);
    for seed in 0..200 {
        let (outcomes, names) = world(seed);
        let one = names.clients.keys().next().copied();
        let (called, bodies) = (called_here(&names), Bodies::read(&outcomes));
        for client in [None, one] {
            for persona in Persona::ALL {
                let summary = draft(&outcomes, &names, DAY, persona, client);
                let all_told = sentences(&summary);
                assert!(!all_told.is_empty(), "{seed}");
                for sentence in &all_told {
                    assert_eq!(unfounded(sentence, &bodies), None, "{seed}: {}", sentence.text);
                    let without = rest(sentence, &called, &days_of(sentence, &outcomes));
                    assert!(!without.contains(char::is_numeric), "{seed}: {} leaves {without}", sentence.text);
                    dated += usize::from(rest(sentence, &called, &[]).contains(char::is_numeric));
                    figures += sentence.figures.len();
                    all += 1;
                }
                let written = write(&outcomes, &names, DAY, persona, client);
                assert_eq!(sentences(&written), all_told, "{seed}: the same words again, and all of them");
            }
        }
    }
    assert!(figures > 10_000 && all > 5_000, "{figures} figures in {all} sentences");
    assert!(dated > 1_000, "{dated} sentences name a day");
}

#[test]
fn a_day_that_the_sentences_outcome_does_not_hold_is_noticed() {
    let mut seen = 0;
    for seed in 0..20 {
        let (outcomes, names) = world(seed);
        let called = called_here(&names);
        let summary = draft(&outcomes, &names, DAY, Persona::Cmo, None);
        for sentence in sentences(&summary) {
            let days = days_of(sentence, &outcomes);
            for day in days.iter().filter(|day| sentence.text.contains(day.as_str())) {
                // As long as the other, so that the figures stand where they stood.
                let other = Sentence { text: sentence.text.replace(day, "2019-01-31"), ..sentence.clone() };
                assert!(rest(&other, &called, &days).contains("2019-01-31"), "{}", other.text);
                let longer = Sentence { text: format!("Read until {day}7."), figures: Vec::new() };
                assert!(rest(&longer, &called, &days).contains(char::is_numeric), "{}", longer.text);
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "these states have sentences with days");
}

#[test]
fn the_personas_tell_the_same_figures_and_share_no_sentence() {
    for seed in 0..200 {
        let (outcomes, names) = world(seed);
        let told = Persona::ALL.map(|persona| draft(&outcomes, &names, DAY, persona, None));
        let figures = told.each_ref().map(|summary| {
            let mut figures: Vec<String> =
                sentences(summary).iter().flat_map(|one| one.figures.iter().map(identity)).collect();
            figures.sort();
            figures
        });
        assert_eq!(figures[0], figures[1], "{seed}");
        assert_eq!(figures[0], figures[2], "{seed}");
        let texts = told
            .each_ref()
            .map(|summary| sentences(summary).iter().map(|one| one.text.as_str()).collect::<BTreeSet<_>>());
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            assert_eq!(texts[one].intersection(&texts[other]).collect::<Vec<_>>(), Vec::<&&str>::new(), "{seed}");
        }
    }
}

#[test]
fn a_false_figure_is_noticed() {
    let (outcomes, names) = world(7);
    let bodies = Bodies::read(&outcomes);
    let summary = write(&outcomes, &names, DAY, Persona::Cmo, None);
    let sentence = sentences(&summary).into_iter().find(|one| !one.figures.is_empty()).unwrap();
    let with = |change: &dyn Fn(&mut model::summary::Figure)| {
        let mut other = sentence.clone();
        change(&mut other.figures[0]);
        unfounded(&other, &bodies)
    };
    assert_eq!(with(&|_| ()), None);
    assert!(with(&|figure| figure.value = "123.4".into()).is_some());
    assert!(with(&|figure| figure.path = "/nowhere".into()).is_some());
    assert!(with(&|figure| figure.outcome = 5_000).is_some());
    assert!(with(&|figure| figure.at += 1).is_some());
    assert!(with(&|figure| figure.at = 10_000).is_some());
}

#[test]
fn an_unfounded_sentence_is_left_out_and_the_others_are_not() {
    let (outcomes, names) = world(7);
    let whole = draft(&outcomes, &names, DAY, Persona::Cmo, None);
    let mut wrong = whole.clone();
    let false_one =
        wrong.sections.iter_mut().flat_map(|section| &mut section.sentences).find(|one| !one.figures.is_empty());
    let text = false_one.map(|one| {
        one.figures[0].value = "123.4".into();
        one.text.clone()
    });
    let kept = checked(wrong, &outcomes);
    let expected: Vec<&Sentence> =
        sentences(&whole).into_iter().filter(|one| Some(&one.text) != text.as_ref()).collect();
    assert_eq!(sentences(&kept), expected);
    assert_eq!(expected.len() + 1, sentences(&whole).len());
    let nothing = Summary { sections: vec![Section { heading: "x".into(), sentences: vec![] }], ..whole };
    assert!(checked(nothing, &outcomes).sections.is_empty(), "a section without a sentence is none");
}

#[test]
fn what_people_decided_about_is_told_apart_by_its_client_and_key() {
    let outcome = |kind: &str, client: u128, key: &str| Outcome {
        number: 1,
        kind: kind.to_owned(),
        client_id: Some(id(client).into()),
        channel_id: None,
        body: json!({ "key": key }).to_string(),
    };
    let mut barred = Barred::default();
    barred.bar(id(1).into(), "raise:a".to_owned(), Some(date!(2026 - 11 - 02)));
    assert!(decided(&outcome("action", 1, "raise:a"), &barred));
    let since = |day: &str| {
        let body = json!({ "key": "raise:a", "began": day }).to_string();
        decided(&Outcome { body, ..outcome("action", 1, "raise:a") }, &barred)
    };
    assert!(since("2026-11-02") && !since("2026-11-03"), "what began after it was done is another matter");
    for other in [
        outcome("action", 2, "raise:a"),
        outcome("action", 1, "raise:b"),
        outcome("finding", 1, "raise:a"),
        Outcome { body: "no JSON".into(), ..outcome("action", 1, "raise:a") },
        Outcome { client_id: None, ..outcome("action", 1, "raise:a") },
    ] {
        assert!(!decided(&other, &barred), "{other:?}");
    }
}

#[test]
fn what_a_figure_is_made_of_says_the_currency_of_money() {
    let basis =
        |name: &str, value: f64| json!({"name": name, "value": value, "first": "2026-11-01", "last": "2026-11-02"});
    let made = |body: serde_json::Value| {
        let outcome =
            Outcome { number: 1, kind: "x".into(), client_id: None, channel_id: None, body: body.to_string() };
        Said::new(&outcome).unwrap().basis()
    };
    assert_eq!(
        made(
            json!({"currency": "EUR", "basis": [basis("spend", 1120.5), basis("clicks", 812.0), basis("marginal_roas", 2.5)]})
        ),
        [
            "spend: 1,120.50 EUR, 2026-11-01 to 2026-11-02",
            "clicks: 812, 2026-11-01 to 2026-11-02",
            "marginal ROAS: 2.5, 2026-11-01 to 2026-11-02"
        ]
    );
    let size = |unit: serde_json::Value| json!({"size": {"unit": unit}, "basis": [basis("actual", 12.0)]});
    assert_eq!(made(size(json!({"money": "USD"}))), ["actual: 12.00 USD, 2026-11-01 to 2026-11-02"]);
    assert_eq!(made(size(json!("count"))), ["actual: 12, 2026-11-01 to 2026-11-02"]);
}

/// Every kind of sentence is said somewhere in these states; nothing of an unknown kind is.
#[test]
fn everything_that_can_be_told_is_told_in_some_state() {
    let all: String = (0..200)
        .flat_map(|seed| {
            let (outcomes, names) = world(seed);
            Persona::ALL.map(|persona| {
                let summary = write(&outcomes, &names, DAY, persona, None);
                sentences(&summary).iter().map(|one| format!("{}\n", one.text)).collect::<String>()
            })
        })
        .collect();
    for words in [
        "better",
        "worse",
        "too close to call",
        "is green",
        "is yellow",
        "is red",
        "cannot be said: not enough data yet",
        "counted twice",
        "without anybody claiming",
        "expected to come to",
        "held 81 % of the time over the last 84 days",
        "not connected",
        "is in no sum",
        "too young to be judged",
        "a worth that nobody knows",
        "Move budget",
        "[act_",
        "the ad Video 15s",
        "in the 28 days",
        "nothing to sum up",
        "further clients",
        "over 99 %",
        "without the days that are missing",
    ] {
        assert!(all.contains(words), "{words} is never said");
    }
    for words in ["unknown_kind", "dance", "no_such_metric", "unheard", "NaN", "null", "  "] {
        assert!(!all.contains(words), "{words}");
    }
}

#[test]
fn numbers_that_cannot_be_written_are_left_out() {
    let (mut outcomes, names) = world(3);
    for outcome in &mut outcomes {
        outcome.body = outcome.body.replace("0.9", "1e300");
    }
    for persona in Persona::ALL {
        let summary = write(&outcomes, &names, DAY, persona, None);
        assert!(sentences(&summary).iter().all(|one| !one.text.contains("1e300")));
    }
}

#[test]
fn amounts_without_a_rate_are_said_and_only_what_is_alike_is_set_beside_each_other() {
    let days = |first: &str, last: &str| json!({"first": first, "last": last});
    let (now, before) = (days("2026-10-25", "2026-11-21"), days("2026-09-27", "2026-10-24"));
    let figure = |value: &str, days: &Value, gaps: Value| {
        json!({"value": value, "unit": {"money": "USD"}, "formula": "spend", "parts": [{"measure": "spend",
            "value": value, "days": days, "sources": ["a", "b"], "rows": 28, "gaps": gaps}]})
    };
    let rate = |days: &Value| {
        json!([{"source": "b", "reason": "rate", "currency": "EUR", "first": days["first"], "last": days["last"],
            "days": 28, "nothing": true}])
    };
    let told = |persona, earlier: Value| {
        let spend = json!({"now": figure("90", &now, rate(&now)), "before": figure("100", &before, earlier),
            "verdict": {"absent": {"reason": "unusable"}}});
        let body = json!({"entity": {"id": "", "level": "agency"}, "now": now, "before": before,
            "metrics": {"spend": spend}});
        let risk = json!({"risk": {"colour": "green", "looked_at": 3}});
        let outcomes = [(0, "figures", body), (1, "risk", risk)].map(|(number, kind, body)| Outcome {
            number,
            kind: kind.to_owned(),
            client_id: None,
            channel_id: None,
            body: body.to_string(),
        });
        assert!(money::lack_rates(&read(&outcomes), None));
        let summary = write(&outcomes, &Names::default(), DAY, persona, None);
        sentences(&summary).iter().map(|one| format!("{}\n", one.text)).collect::<String>()
    };
    for persona in Persona::ALL {
        let both = told(persona, rate(&before));
        let words = "90.00 USD without days in EUR for which there is no rate of exchange";
        assert!(both.contains(words) && both.contains("100 USD"), "{both}");
        let one = told(persona, json!([]));
        assert!(one.contains(words) && !one.contains("100 USD"), "other clients are no comparison: {one}");
    }
}

#[test]
fn where_no_amount_of_the_agency_has_a_rate_each_client_is_told_of_in_its_own_currency() {
    let days = |first: &str, last: &str| json!({"first": first, "last": last});
    let (now, before) = (days("2026-10-25", "2026-11-21"), days("2026-09-27", "2026-10-24"));
    let bakery = id(1);
    let spend = |days: &Value| {
        json!({"value": "90", "unit": {"money": "USD"}, "formula": "spend", "parts": [{"measure": "spend", "value": "90",
            "days": days, "sources": ["a"], "rows": 28, "gaps": []}]})
    };
    let lacking = |reason: &str| {
        json!({"absent": {"reason": "incomplete", "measure": "spend", "gaps": [{"source": "a", "reason": reason,
            "currency": "USD", "first": "2026-10-25", "last": "2026-11-21", "days": 28, "nothing": true}]}})
    };
    let told = |reason: &str| {
        let figures = |level: &str, one: Value, other: Value| {
            json!({"entity": {"id": "", "level": level}, "now": now, "before": before,
                "metrics": {"spend": {"now": one, "before": other, "verdict": {"absent": {"reason": "unusable"}}}}})
        };
        let forecast = json!({"entity": {"id": "", "level": "agency"}, "metric": "spend", "currency": "JPY",
            "from": "2026-11-22", "forecast": {"absent": {"reason": "too_short", "has": 0, "needs": 1}}});
        let risk = json!({"risk": {"colour": "green", "looked_at": 3}});
        let all = [
            ("figures", None, figures("agency", lacking(reason), lacking(reason))),
            ("figures", Some(bakery), figures("client", spend(&now), spend(&before))),
            ("forecast", None, forecast),
            ("risk", None, risk.clone()),
            ("risk", Some(bakery), risk),
        ];
        let outcomes: Vec<Outcome> = (0..)
            .zip(all)
            .map(|(number, (kind, client, body))| Outcome {
                number,
                kind: kind.to_owned(),
                client_id: client.map(Into::into),
                channel_id: None,
                body: body.to_string(),
            })
            .collect();
        let names = Names { clients: [(bakery.into(), "Bakery".to_owned())].into(), ..Names::default() };
        Persona::ALL.map(|persona| {
            let summary = write(&outcomes, &names, DAY, persona, None);
            sentences(&summary).iter().map(|one| format!("{}\n", one.text)).collect::<String>()
        })
    };
    for text in told("rate") {
        assert!(text.contains("Bakery") && text.contains("90.00 USD"), "{text}");
        let why = text.lines().filter(|line| line.contains("days of it have no rate of exchange")).count();
        assert_eq!(why, 2, "spend of the agency, now and ahead: {text}");
        assert!(!text.contains("not enough data yet"), "there are days enough: {text}");
    }
    for text in told("not_read") {
        assert!(!text.contains("Bakery") && text.contains("not enough data yet"), "{text}");
    }
}

#[test]
fn a_forecast_lacks_rates_only_where_they_would_bring_it() {
    let why = |unrated: i64, absent: Value| {
        let gap = json!({"source": "a", "reason": "rate", "currency": "USD", "first": "2026-10-25", "last": "2026-11-21",
            "days": unrated});
        let entity = json!({"id": "", "level": "agency"});
        let now = json!({"absent": {"reason": "incomplete", "measure": "spend", "gaps": [gap]}});
        let figures = json!({"entity": entity, "metrics": {"spend": {"now": now}}});
        let forecast =
            json!({"entity": entity, "metric": "spend", "from": "2026-11-22", "forecast": {"absent": absent}});
        let outcomes = [(0, "figures", figures), (1, "forecast", forecast)].map(|(number, kind, body)| Outcome {
            number,
            kind: kind.to_owned(),
            client_id: None,
            channel_id: None,
            body: body.to_string(),
        });
        money::unforeseen(&read(&outcomes), None)[0].1
    };
    let (rates, too_few) = ("days of it have no rate of exchange", "not enough data yet");
    let short = |has: i64, needs: i64| json!({"reason": "too_short", "has": has, "needs": needs});
    assert_eq!(why(28, short(0, 1)), rates);
    assert_eq!(why(28, short(10, 60)), rates, "what it is on every day it is on earlier ones, too");
    assert_eq!(why(5, short(15, 20)), rates);
    assert_eq!(why(4, short(15, 20)), too_few, "with rates there would be too few as well");
    assert_eq!(why(10, json!({"reason": "gaps", "has": 10, "of": 40})), rates);
    assert_eq!(why(9, json!({"reason": "gaps", "has": 10, "of": 40})), too_few);
    assert_eq!(why(28, json!({"reason": "constant"})), "it never changed");
    assert_eq!(why(28, json!({"reason": "not_chosen_yet"})), "no method was chosen yet");
}
