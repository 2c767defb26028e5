//! The same numbers as a table: what is drawn is never known from a picture alone. Those of days have the newest first.

use leptos::prelude::*;
use model::chart::{Chart, Heat, Ids, Kind, Lines, Response, Series, Span, Stack, Unit};

use crate::components::figure::Figure;

/// Rows that stand there before somebody asks for all: a quarter of a year.
const FIRST: usize = 92;

/// A number in a table; none is not known.
#[derive(Clone, Debug, Default, PartialEq)]
struct Number {
    shown: Option<String>,
    id: Option<String>,
    /// A word beside it.
    note: &'static str,
}

/// A table: headings, and rows of a name and numbers.
#[derive(Clone, Debug, PartialEq)]
struct Grid {
    columns: Vec<String>,
    rows: Vec<(String, Vec<Number>)>,
}

fn grid(chart: &Chart) -> Grid {
    match &chart.kind {
        Kind::Lines(of) => lines(of, &chart.unit),
        Kind::Stack(of) => stack(of, &chart.unit),
        Kind::Response(of) => response(of, &chart.unit),
        Kind::Heat(of) => heat(of, &chart.unit),
    }
}

fn number(unit: &Unit, value: Option<f64>, id: Option<String>) -> Number {
    Number { shown: value.map(|value| unit.shown(value)), id: id.filter(|_| value.is_some()), note: "" }
}

/// The number of a series at a place.
fn of_series(series: &Series, unit: &Unit, place: usize, span: &Span) -> Number {
    number(unit, series.values.get(place).copied().flatten(), series.ids.at(place, span))
}

/// Of a number that is foretold.
fn foretold(values: &[f64], ids: &Ids, unit: &Unit, place: usize, span: &Span) -> Number {
    number(unit, values.get(place).copied(), ids.at(place, span))
}

/// What the places of time are called: days, or spans of them.
fn when(spans: &[Span]) -> String {
    if spans.iter().any(|span| span.last.is_some()) { "Days".to_owned() } else { "Day".to_owned() }
}

fn lines(of: &Lines, unit: &Unit) -> Grid {
    let mut columns = vec![when(&of.spans)];
    columns.extend(of.lines.iter().map(|series| series.name.clone()));
    columns.extend(of.before.iter().map(|before| before.series.name.clone()));
    if let Some(ahead) = &of.forecast {
        columns.push(ahead.name.clone());
        columns.extend(
            ahead.bands.iter().flat_map(|band| [format!("{} %: from", band.sure), format!("{} %: to", band.sure)]),
        );
    }
    let blank = |count: usize| std::iter::repeat_n(Number::default(), count);
    let ahead = of.forecast.as_ref().map_or(0, |ahead| 1 + ahead.bands.len() * 2);
    let known = of.spans.iter().enumerate().map(|(place, span)| {
        let own = of.lines.iter().map(|series| of_series(series, unit, place, span));
        let before = of.before.iter().map(|before| match before.spans.get(place) {
            Some(span) => of_series(&before.series, unit, place, span),
            None => Number::default(),
        });
        (span.words(), own.chain(before).chain(blank(ahead)).collect())
    });
    let beside = of.lines.len() + usize::from(of.before.is_some());
    let later = of.forecast.iter().flat_map(|ahead| {
        ahead.spans.iter().enumerate().map(move |(place, span)| {
            let bands = ahead.bands.iter().flat_map(|band| {
                [
                    foretold(&band.low, &band.low_ids, unit, place, span),
                    foretold(&band.high, &band.high_ids, unit, place, span),
                ]
            });
            let middle = foretold(&ahead.middle, &ahead.ids, unit, place, span);
            (span.words(), blank(beside).chain([middle]).chain(bands).collect())
        })
    });
    let mut rows: Vec<(String, Vec<Number>)> = known.chain(later).collect();
    rows.reverse();
    Grid { columns, rows }
}

fn stack(of: &Stack, unit: &Unit) -> Grid {
    let mut columns = vec![when(&of.spans)];
    columns.extend(of.parts.iter().map(|series| series.name.clone()));
    let rows = of.spans.iter().enumerate().map(|(place, span)| {
        (span.words(), of.parts.iter().map(|series| of_series(series, unit, place, span)).collect())
    });
    Grid { columns, rows: rows.rev().collect() }
}

fn response(of: &Response, unit: &Unit) -> Grid {
    let columns =
        vec![of.spend.clone(), of.brings.clone(), format!("{} %: from", of.sure), format!("{} %: to", of.sure)];
    let rows = of.points.iter().map(|point| {
        let [spend, middle, low, high] = &point.ids;
        let note = if point.seen { "" } else { "never spent" };
        let cells = vec![
            Number { note, ..number(&of.spend_unit, Some(point.spend), spend.clone()) },
            number(unit, Some(point.middle), middle.clone()),
            number(unit, Some(point.low), low.clone()),
            number(unit, Some(point.high), high.clone()),
        ];
        (String::new(), cells)
    });
    Grid { columns, rows: rows.collect() }
}

fn heat(of: &Heat, unit: &Unit) -> Grid {
    let sizes = of.rows.iter().any(|row| row.size.is_some());
    let mut columns = vec![of.group.clone()];
    columns.extend(sizes.then(|| "How many".to_owned()));
    columns.extend(of.ages.iter().map(|age| format!("{}: {age}", of.age)));
    let rows = of.rows.iter().map(|row| {
        let size =
            row.size.as_ref().map(|size| Number { shown: Some(size.shown.clone()), id: size.figure.clone(), note: "" });
        let cells = (0..of.ages.len()).map(|at| match row.cells.get(at) {
            Some(Some(cell)) => {
                let note = if cell.mature { "" } else { "still growing" };
                Number { note, ..number(unit, Some(cell.value), cell.figure.clone()) }
            }
            _ => Number::default(),
        });
        let size = sizes.then(|| size.unwrap_or_default());
        (row.name.clone(), size.into_iter().chain(cells).collect())
    });
    Grid { columns, rows: rows.collect() }
}

/// The table, which the key `t` opens; under it what happened, in words.
#[component]
pub(super) fn ChartTable(
    /// Of what.
    chart: StoredValue<Chart>,
) -> impl IntoView {
    let (Grid { columns, rows }, title) = chart.with_value(|chart| (grid(chart), chart.title.clone()));
    let count = rows.len();
    let whole = RwSignal::new(count <= FIRST);
    let rows = StoredValue::new(rows);
    let drawn = move || {
        let shown = if whole.get() { count } else { FIRST };
        rows.with_value(|rows| rows[..shown].iter().cloned().map(row).collect_view())
    };
    let does = format!("Show the table of “{title}”");
    let label = format!("{title}; scroll sideways for more");
    let happened = chart.with_value(|chart| match &chart.kind {
        Kind::Lines(of) => of.marks.clone(),
        Kind::Stack(of) => of.marks.clone(),
        Kind::Response(_) | Kind::Heat(_) => vec![],
    });
    view! {
        <details class="chart-table" data-test="chart-table">
            <summary class="disclosure" data-key="t" data-does=does>"Table"</summary>
            <div class="chart-table-frame" tabindex="0" role="group" aria-label=label>
                <table class="table" role="table" aria-label=title>
                    <thead role="rowgroup"><tr role="row" data-literal="">
                        {columns.into_iter().map(|words| view! { <th scope="col" role="columnheader">{words}</th> }).collect_view()}
                    </tr></thead>
                    <tbody role="rowgroup">{drawn}</tbody>
                </table>
            </div>
            {(count > FIRST).then(|| view! {
                <p class="text-xs text-muted needs-live" class:hidden=move || whole.get()>"The first " <span data-literal="">{FIRST}</span> " of " <span data-literal="">{count}</span> " rows. "
                    <button type="button" class="underline" data-test="all-rows" on:click=move |_| whole.set(true)>"Show all"</button></p>
            })}
            {(!happened.is_empty()).then(|| view! {
                <ul class="chart-happened" aria-label="What happened" data-literal="">
                    {happened.into_iter().map(|mark| {
                        let words = match mark.href {
                            Some(href) => view! { <a class="underline" href=href>{mark.words}</a> }.into_any(),
                            None => view! { <span>{mark.words}</span> }.into_any(),
                        };
                        view! { <li>{mark.day} " · " {mark.kind.label()} ": " {words}</li> }
                    }).collect_view()}
                </ul>
            })}
        </details>
    }
}

fn row((name, cells): (String, Vec<Number>)) -> impl IntoView {
    let named = !name.is_empty();
    view! {
        <tr role="row">
            {named.then(|| view! { <th scope="row" role="rowheader" data-literal="">{name}</th> })}
            {cells.into_iter().map(|Number { shown, id, note }| {
                let shown = match (shown, id) {
                    (Some(shown), Some(id)) => view! { <Figure id=id shown=shown /> }.into_any(),
                    (Some(shown), None) => view! { <span data-literal="">{shown}</span> }.into_any(),
                    (None, _) => view! { <span>"–"</span> }.into_any(),
                };
                let note = (!note.is_empty()).then(|| view! { <span class="text-xs text-muted">" " {note}</span> });
                view! { <td role="cell" class="number">{shown}{note}</td> }
            }).collect_view()}
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use model::chart::{Band, Before, Few, Forecast, HeatCell, HeatRow, Size};

    use super::*;

    fn series(name: &str, values: Vec<Option<f64>>) -> Series {
        let ids = Ids::Days(format!("m.{name}."), ".EUR".to_owned());
        Series { name: name.to_owned(), values, ids }
    }

    fn words(grid: &Grid) -> Vec<Vec<&str>> {
        grid.rows
            .iter()
            .map(|(name, cells)| {
                let cells = cells.iter().map(|cell| cell.shown.as_deref().unwrap_or("–"));
                std::iter::once(name.as_str()).chain(cells).collect()
            })
            .collect()
    }

    #[test]
    fn days_stand_newest_first_with_what_is_foretold_and_what_was() {
        let of = Lines {
            spans: vec![Span::day("2026-11-01"), Span::day("2026-11-02")],
            lines: Few::one(series("spend", vec![Some(10.5), None])),
            before: Some(Before { spans: vec![Span::day("2025-11-01")], series: series("before", vec![Some(8.0)]) }),
            forecast: Some(Forecast {
                name: "Forecast".to_owned(),
                spans: vec![Span::day("2026-11-03")],
                middle: vec![11.0],
                ids: Ids::Each(vec![Some("s.1".to_owned())]),
                bands: vec![Band {
                    sure: 80,
                    low: vec![9.0],
                    high: vec![13.0],
                    low_ids: Ids::None,
                    high_ids: Ids::None,
                }],
            }),
            marks: vec![],
        };
        let grid = lines(&of, &Unit::Count);
        assert_eq!(grid.columns, ["Day", "spend", "before", "Forecast", "80 %: from", "80 %: to"]);
        let expected = [
            ["2026-11-03", "–", "–", "11", "9", "13"],
            ["2026-11-02", "–", "–", "–", "–", "–"],
            ["2026-11-01", "10.5", "8", "–", "–", "–"],
        ];
        assert_eq!(words(&grid), expected);
        let ids: Vec<Option<&str>> = grid.rows[2].1.iter().map(|cell| cell.id.as_deref()).collect();
        assert_eq!(ids[0], Some("m.spend.2026-11-01.2026-11-01.EUR"));
        assert_eq!(ids[1], Some("m.before.2025-11-01.2025-11-01.EUR"), "it opens its own days");
        assert_eq!(grid.rows[1].1[0].id, None, "what is not known does not open");
        assert_eq!(grid.rows[0].1[2].id.as_deref(), Some("s.1"));
    }

    #[test]
    fn groups_keep_their_order_and_say_what_still_grows() {
        let of = Heat {
            group: "First order in".to_owned(),
            age: "Months since".to_owned(),
            ages: vec!["0".to_owned(), "1".to_owned()],
            rows: vec![HeatRow {
                name: "2026-10".to_owned(),
                size: Some(Size { shown: "120".to_owned(), figure: Some("s.2".to_owned()) }),
                cells: vec![Some(HeatCell { value: 0.5, mature: false, figure: None })],
            }],
        };
        let grid = heat(&of, &Unit::Share);
        assert_eq!(grid.columns, ["First order in", "How many", "Months since: 0", "Months since: 1"]);
        assert_eq!(words(&grid), [["2026-10", "120", "50.00 %", "–"]]);
        assert_eq!(grid.rows[0].1[1].note, "still growing");
    }
}
