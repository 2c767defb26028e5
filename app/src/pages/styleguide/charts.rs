//! Every kind of chart. The numbers are made up, follow a rule that everybody can see, and say so.

use leptos::prelude::*;
use model::chart::{
    Band, Before, Chart, Current, Few, Forecast, Heat, HeatCell, HeatRow, Ids, Kind, Lines, Mark, MarkKind, Response,
    ResponsePoint, Series, Shape, Size, Span, Stack, Unit, Words, dom_id,
};

use crate::components::{card::Card, chart::ChartView};

/// Days that are drawn, and those that are foretold.
const DAYS: i32 = 120;
const AHEAD: i32 = 14;
const MONTHS: [(&str, i32); 6] =
    [("2026-05", 31), ("2026-06", 30), ("2026-07", 31), ("2026-08", 31), ("2026-09", 30), ("2026-10", 31)];

/// The day so many after 1 May 2026.
fn day(after: i32) -> Span {
    let mut left = after;
    for (month, days) in MONTHS {
        if left < days {
            return Span::day(format!("{month}-{:02}", left + 1));
        }
        left -= days;
    }
    Span::day("2026-10-31")
}

/// A week that goes up and down, around a level.
fn value(at: i32, level: i32) -> f64 {
    f64::from(level + (at * 3) % 7 * level / 20 + at * level / 400)
}

fn series(name: &str, level: i32, missing: &[i32]) -> Series {
    let values = (0..DAYS).map(|at| (!missing.contains(&at)).then(|| value(at, level)));
    Series { name: name.to_owned(), values: values.collect(), ids: Ids::None }
}

fn example(title: &str, about: &str, unit: Unit, kind: Kind) -> Chart {
    let about = vec![Words::plain(format!("Example, made-up numbers: {about}"))];
    Chart { id: dom_id(title), title: title.to_owned(), about, unit, kind }
}

/// There are six at most here.
fn few(all: Vec<Series>) -> Few<Series> {
    Few::try_from(all).unwrap_or_else(|_| Few::one(series("Too many", 1, &[])))
}

fn euros() -> Unit {
    Unit::Money("EUR".to_owned())
}

fn lines() -> Chart {
    let mut revenue = series("Ledger revenue", 1000, &[30, 31, 32, 40, 42]);
    revenue.ids = Ids::Days("m.ledger_revenue.a00000000-0000-0000-0000-000000000000.".to_owned(), ".EUR".to_owned());
    let middle: Vec<f64> = (DAYS..DAYS + AHEAD).map(|at| value(at, 1000)).collect();
    let band = |sure: u8, share: f64| {
        let wide = |at: usize| middle[at] * share * (1.0 + at as f64 / 10.0);
        let ends = |sign: f64| (0..middle.len()).map(|at| middle[at] + sign * wide(at)).collect();
        Band { sure, low: ends(-1.0), high: ends(1.0), low_ids: Ids::None, high_ids: Ids::None }
    };
    let bands = vec![band(50, 0.03), band(80, 0.07), band(95, 0.12)];
    let mark = |at: i32, kind, words: &str| Mark { day: day(at).first, kind, words: words.to_owned(), href: None };
    let kind = Kind::Lines(Lines {
        spans: (0..DAYS).map(day).collect(),
        lines: few(vec![revenue, series("Claimed revenue", 700, &[])]),
        before: Some(Before { spans: (0..DAYS).map(day).collect(), series: series("Previous period", 850, &[10]) }),
        forecast: Some(Forecast {
            name: "Forecast".to_owned(),
            spans: (DAYS..DAYS + AHEAD).map(day).collect(),
            middle,
            ids: Ids::None,
            bands,
        }),
        marks: vec![
            mark(25, MarkKind::ChangePoint, "Revenue rose"),
            mark(60, MarkKind::Action, "Budget raised"),
            mark(88, MarkKind::Anomaly, "Unusually low"),
        ],
    });
    example("Revenue by day", "it rises, some days are missing, and two weeks are foretold.", euros(), kind)
}

fn stack(title: &str, shape: Shape) -> Chart {
    let names = ["Search", "Social", "Video", "Shop ads", "Mail", "Others"];
    let parts = names.iter().zip(1..).map(|(name, at)| series(name, at * 60, &[50])).collect::<Vec<_>>();
    let spans = (0..DAYS).map(day).collect();
    let parts = few(parts);
    let kind = Kind::Stack(Stack { spans, parts, shape, marks: vec![] });
    example(title, "the later a channel is named, the more it has, and a day is missing.", euros(), kind)
}

fn response() -> Chart {
    let point = |at: u32| {
        let spend = f64::from(at) * 100.0;
        let middle = 5000.0 * spend / (spend + 600.0);
        let ids = [None, None, None, None];
        ResponsePoint { spend, middle, low: middle * 0.85, high: middle * 1.15, seen: at < 9, ids }
    };
    let kind = Kind::Response(Response {
        spend: "Spend a day".to_owned(),
        spend_unit: euros(),
        brings: "Revenue a day".to_owned(),
        points: (0..14).map(point).collect(),
        sure: 80,
        current: Some(Current { spend: 620.0, figure: None }),
    });
    example(
        "What search brings",
        "each further euro brings less, and more than 800 a day was never spent.",
        euros(),
        kind,
    )
}

fn heat() -> Chart {
    let row = |(at, (month, _)): (usize, (&str, i32))| HeatRow {
        name: month.to_owned(),
        size: Some(Size { shown: (100 + at * 10).to_string(), figure: None }),
        cells: (0..MONTHS.len())
            .map(|age| {
                let known = age + at < MONTHS.len();
                let value = 1.0 / (age as f64 + 1.5 + at as f64 / 10.0);
                known.then_some(HeatCell { value, mature: age + at + 1 < MONTHS.len(), figure: None })
            })
            .collect(),
    };
    let kind = Kind::Heat(Heat {
        group: "First order in".to_owned(),
        age: "Months since".to_owned(),
        ages: (0..MONTHS.len()).map(|age| age.to_string()).collect(),
        rows: MONTHS.into_iter().enumerate().map(row).collect(),
    });
    example("Who orders again", "fewer each month, and the newest month of each row is not over.", Unit::Share, kind)
}

/// The charts.
#[component]
pub(super) fn Charts() -> impl IntoView {
    let charts = [
        lines(),
        stack("Spend by channel", Shape::Bars),
        stack("Revenue by channel", Shape::Areas),
        response(),
        heat(),
    ];
    view! {
        <Card title="Chart" about="Drawn by the server first; the browser's own comes over it. Made-up numbers; their figures open nothing.">
            <div class="flex flex-col gap-8" data-test="charts">
                {charts.map(|chart| view! { <ChartView chart=chart mark="Example" /> }).into_iter().collect_view()}
            </div>
        </Card>
    }
}
