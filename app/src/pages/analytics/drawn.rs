//! The answer as charts: made on the server, so that browsers get what is drawn and nothing else.
//!
//! Courses are drawn as they were counted; what a brain state foretells and noticed of them comes with another answer and is laid
//! over them by [`Over`] in the page, so that neither waits for the other or falls with it.

use model::{
    analytics::{self, Answer, Cohorts, Curve, Curves, Foreseen, Granularity, Head, Period, Said, Step, Value, Worth},
    chart::{
        Band, Before, Chart, Current, Few, Forecast, Heat, HeatCell, HeatRow, Ids, Kind, Lines, Mark, MarkKind,
        Response, ResponsePoint, Series, Shape, Size, Span, Stack, Unit, Words, dom_id,
    },
    dashboard::Beside,
};

use super::shown::{ClientCurves, Over, Worths};

/// Ratios that are shares of something.
const SHARES: [&str; 3] = ["ctr", "cvr", "refund_share"];

fn unit(key: &str, unit: &str) -> Unit {
    match unit {
        "count" => Unit::Count,
        "ratio" if SHARES.contains(&key) => Unit::Share,
        "ratio" => Unit::Ratio,
        currency => Unit::Money(currency.to_owned()),
    }
}

/// A number as it is drawn.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn spans(periods: &[Period]) -> Vec<Span> {
    periods.iter().map(|period| Span::days(&period.first, &period.last)).collect()
}

fn values(values: &[Option<Value>]) -> Vec<Option<f64>> {
    values.iter().map(|value| value.as_ref().and_then(|value| number(&value.value))).collect()
}

/// How the values of a metric are opened: by the id of the days of each.
fn ids(key: &str, scope: &str, currency: &str) -> Ids {
    Ids::Days(format!("m.{key}.{scope}."), format!(".{currency}"))
}

/// The course of each metric of which there is anything, by its spelling.
pub(super) fn courses(answer: &Answer) -> Vec<(String, Chart)> {
    let known = answer.series.iter().filter(|series| series.now.iter().any(Option::is_some));
    known.map(|series| (series.key.clone(), course(answer, series))).collect()
}

fn course(answer: &Answer, series: &analytics::Series) -> Chart {
    let head = &answer.head;
    let of = |name: String, drawn: &[Option<Value>]| Series {
        name,
        values: values(drawn),
        ids: ids(&series.key, &head.scope, &head.currency),
    };
    let compared = series
        .before
        .iter()
        .any(Option::is_some)
        .then(|| Before { spans: spans(&answer.compared_periods), series: of(before_name(head), &series.before) });
    let total = answer.totals.iter().find(|total| total.figure.key == series.key);
    let mut about = vec![Words::plain(format!("{} of {}", series.name, head.of))];
    if let Some(now) = total.and_then(|total| total.figure.now.as_ref().ok()) {
        about.push(Words::plain(": "));
        about.push(Words::figure(&now.shown, &now.id));
    }
    about.push(Words::plain(format!(" from {} to {}", head.days.0, head.days.1)));
    if let (Some(change), Some((first, last))) = (total.and_then(|total| total.figure.change.as_ref()), &head.compared)
    {
        about.push(Words::plain(", "));
        about.push(Words::figure(&change.shown, &change.id));
        about.push(Words::plain(format!(" beside {first} to {last}")));
    }
    about.push(Words::plain("."));
    Chart {
        id: dom_id(&format!("course {}", series.key)),
        title: series.name.clone(),
        about,
        unit: unit(&series.key, &series.unit),
        kind: Kind::Lines(Lines {
            spans: spans(&answer.periods),
            lines: Few::one(of(series.name.clone(), &series.now)),
            before: compared,
            forecast: None,
            marks: Vec::new(),
        }),
    }
}

/// What the course of the compared days is called.
fn before_name(head: &Head) -> String {
    head.compared.as_ref().map(|(first, last)| format!("{first} to {last}")).unwrap_or_default()
}

/// What is stacked, in the order of the page, and what it is called.
const STACKS: [(&str, &str); 3] = [
    ("spend", "Spend by channel"),
    ("ledger_revenue", "Ledger revenue by shop"),
    ("claimed_revenue", "Revenue that platforms claim, by channel"),
];

/// Spend and revenue, stacked by channel. What platforms claim is a stack of its own.
pub(super) fn stacks(answer: &Answer) -> Vec<Chart> {
    let stack = |(key, title): (&str, &str)| {
        let known = |stack: &&analytics::Stack| stack.key == key && stack.now.iter().any(Option::is_some);
        let parts = answer.stacks.iter().filter(known).map(|stack| Series {
            name: stack.name.clone(),
            values: values(&stack.now),
            ids: stack.scope.as_ref().map_or(Ids::None, |scope| ids(key, scope, &answer.head.currency)),
        });
        let parts = Few::try_from(parts.collect::<Vec<_>>()).ok().filter(|parts| !parts.is_empty())?;
        let shape = if answer.head.granularity == Granularity::Day { Shape::Areas } else { Shape::Bars };
        let (first, last) = &answer.head.days;
        Some(Chart {
            id: dom_id(&format!("stack {key}")),
            title: title.to_owned(),
            about: vec![Words::plain(format!("{title}, of {}, from {first} to {last}.", answer.head.of))],
            unit: unit(key, &answer.head.currency),
            kind: Kind::Stack(Stack { spans: spans(&answer.periods), parts, shape, marks: Vec::new() }),
        })
    };
    STACKS.into_iter().filter_map(stack).collect()
}

/// What a state foretells and noticed of each metric.
pub(super) fn over(said: &Said) -> Vec<Over> {
    let mut over: Vec<Over> = Vec::new();
    for foreseen in &said.forecasts {
        let (forecast, before, why) = match &foreseen.steps {
            Ok(steps) => (forecast(foreseen, steps), steps.first().and_then(|step| day_before(&step.day)), None),
            Err(why) => (None, None, Some(why.clone())),
        };
        over.push(Over {
            key: foreseen.key.clone(),
            of: foreseen.of.clone(),
            unit: Some(unit(&foreseen.key, &foreseen.unit)),
            record: foreseen.record.clone().filter(|_| forecast.is_some()),
            settled: foreseen.settled.clone(),
            forecast,
            before,
            why,
            marks: Vec::new(),
        });
    }
    for mark in &said.marks {
        let (key, drawn) = (mark.metric.clone().unwrap_or_default(), drawn_mark(mark));
        match over.iter_mut().find(|over| over.key == key) {
            Some(over) => over.marks.push(drawn),
            None => over.push(Over {
                key,
                of: String::new(),
                unit: None,
                forecast: None,
                before: None,
                record: None,
                settled: None,
                why: None,
                marks: vec![drawn],
            }),
        }
    }
    over
}

fn day_before(day: &str) -> Option<String> {
    model::page::parse_day("day", day).ok()?.previous_day().map(|day| day.to_string())
}

fn drawn_mark(mark: &analytics::Mark) -> Mark {
    let kind = match mark.kind {
        analytics::MarkKind::ChangePoint => MarkKind::ChangePoint,
        analytics::MarkKind::Anomaly => MarkKind::Anomaly,
    };
    let href = match mark.client_id {
        Some(client) => format!("/alerts?client={client}"),
        None => "/alerts".to_owned(),
    };
    Mark { day: mark.days.0.clone(), kind, words: format!("{}, {}", mark.name, mark.of), href: Some(href) }
}

/// Bands of days; none where a number of them cannot be drawn.
fn forecast(foreseen: &Foreseen, steps: &[Step]) -> Option<Forecast> {
    let all = |of: fn(&Step) -> &Beside| -> Option<(Vec<f64>, Ids)> {
        let values: Option<Vec<f64>> = steps.iter().map(|step| number(&of(step).value)).collect();
        Some((values?, Ids::Each(steps.iter().map(|step| Some(of(step).id.clone())).collect())))
    };
    let band = |sure: u8, low: fn(&Step) -> &Beside, high: fn(&Step) -> &Beside| -> Option<Band> {
        let ((low, low_ids), (high, high_ids)) = (all(low)?, all(high)?);
        Some(Band { sure, low, high, low_ids, high_ids })
    };
    let (middle, ids) = all(|step| &step.point)?;
    let bands = vec![
        band(80, |step| &step.within80.0, |step| &step.within80.1)?,
        band(95, |step| &step.within95.0, |step| &step.within95.1)?,
    ];
    let spans = steps.iter().map(|step| Span::day(&step.day)).collect();
    Some(Forecast { name: format!("Forecast of {}", foreseen.name), spans, middle, ids, bands })
        .filter(|forecast| !forecast.middle.is_empty())
}

/// What spend brings, client by client.
pub(super) fn curves(said: &Said) -> Vec<ClientCurves> {
    let shown = |(at, curves): (usize, &Curves)| ClientCurves {
        client: curves.client.clone(),
        curves: match &curves.curves {
            Ok(all) => {
                all.iter().enumerate().map(|(nth, curve)| response(curve, &curves.currency, (at, nth))).collect()
            }
            Err(_) => Vec::new(),
        },
        warnings: curves.warnings.clone(),
        why: curves.curves.as_ref().err().cloned(),
    };
    said.curves.iter().enumerate().map(shown).collect()
}

/// The curve of a channel; `Err` says of which channel nothing is known, and why.
fn response(curve: &Curve, currency: &str, (at, nth): (usize, usize)) -> Result<Chart, (String, String)> {
    let current = curve.current.as_ref().map_err(|why| (curve.name.clone(), why.clone()))?;
    let none = || (curve.name.clone(), "its numbers cannot be drawn".to_owned());
    let point = |point: &analytics::CurvePoint| {
        let all = [&point.spend, &point.brings, &point.within90.0, &point.within90.1];
        Some(ResponsePoint {
            spend: number(&point.spend.value)?,
            middle: number(&point.brings.value)?,
            low: number(&point.within90.0.value)?,
            high: number(&point.within90.1.value)?,
            seen: point.seen,
            ids: all.map(|beside| Some(beside.id.clone())),
        })
    };
    let points: Option<Vec<ResponsePoint>> = curve.points.iter().map(point).collect();
    let points = points.filter(|points| !points.is_empty()).ok_or_else(none)?;
    let mut about = vec![
        Words::plain(format!("{} spends ", curve.name)),
        Words::figure(&current.shown, &current.id),
        Words::plain(" a day"),
    ];
    if let Some(marginal) = &curve.marginal {
        about.push(Words::plain(format!("; one more {currency} a day would bring ")));
        about.push(Words::figure(&marginal.shown, &marginal.id));
    }
    about.push(Words::plain("."));
    Ok(Chart {
        id: dom_id(&format!("curve {at} {nth}")),
        title: curve.name.clone(),
        about,
        unit: Unit::Money(currency.to_owned()),
        kind: Kind::Response(Response {
            spend: "Spend a day".to_owned(),
            spend_unit: Unit::Money(currency.to_owned()),
            brings: "What it brings a day".to_owned(),
            points,
            sure: 90,
            current: number(&current.value).map(|spend| Current { spend, figure: Some(current.id.clone()) }),
        }),
    })
}

/// What customers are worth, shop by shop.
pub(super) fn worths(said: &Said) -> Vec<Worths> {
    let shown = |(at, cohorts): (usize, &Cohorts)| Worths { shop: cohorts.shop.clone(), chart: heat(cohorts, at) };
    said.cohorts.iter().enumerate().map(shown).collect()
}

fn heat(cohorts: &Cohorts, at: usize) -> Result<Chart, String> {
    let months = cohorts.cohorts.as_ref().map_err(Clone::clone)?;
    let cell = |worth: &Worth| match worth {
        Worth::Mature(worth) => {
            let value = number(&worth.value)?;
            Some(HeatCell { value, mature: true, figure: Some(worth.id.clone()) })
        }
        Worth::Immature(_) => None,
    };
    let row = |cohort: &analytics::Cohort| HeatRow {
        name: if cohort.doubtful { format!("{} (some may be older)", cohort.month) } else { cohort.month.clone() },
        size: Some(Size { shown: cohort.customers.shown.clone(), figure: Some(cohort.customers.id.clone()) }),
        cells: cohort.worth.iter().map(cell).collect(),
    };
    Ok(Chart {
        id: dom_id(&format!("cohorts {at}")),
        title: format!("What a customer of {} is worth", cohorts.shop),
        about: vec![Words::plain(
            "Revenue after refunds for each customer, by the month of the first order and the days since. A month \
             whose customers are not all that old has a gap there.",
        )],
        unit: Unit::Money(cohorts.currency.clone()),
        kind: Kind::Heat(Heat {
            group: "First order in".to_owned(),
            age: "Days since".to_owned(),
            ages: cohorts.ages.iter().map(ToString::to_string).collect(),
            rows: months.iter().map(row).collect(),
        }),
    })
}

#[cfg(test)]
mod tests;
