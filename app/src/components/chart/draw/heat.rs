//! Groups by their age: the more, the stronger the colour; what still grows has a dashed edge.

use std::fmt::Write;

use model::chart::{Heat, Unit};

use super::{Drawing, cut, escaped, percent, text};

/// How high a row is, in pixels.
const ROW: i32 = 30;
/// How much of the colour the strongest cell has, in hundredths; letters on it are read in both themes.
const STRONGEST: f64 = 55.0;
/// How wide the names of groups are.
const NAMES: u32 = 96;

pub(super) fn draw(of: &Heat, unit: &Unit) -> Drawing {
    let known = || of.rows.iter().flat_map(|row| row.cells.iter().flatten()).map(|cell| cell.value);
    let most = known().fold(0.0_f64, |most, value| most.max(value.abs()));
    let columns = i32::try_from(of.ages.len().max(1)).unwrap_or(i32::MAX);
    let across = |column: usize| i32::try_from(column).unwrap_or_default() * 10_000 / columns;
    let (mut names, mut area) = (String::new(), String::new());
    for (at, row) in of.rows.iter().enumerate() {
        let top = i32::try_from(at).unwrap_or_default() * ROW;
        let _ = write!(
            names,
            r#"<text class="chart-text" x="0" y="{}">{}</text>"#,
            top + ROW / 2 + 4,
            escaped(&cut(&row.name, 14))
        );
        for (column, cell) in row.cells.iter().enumerate().take(of.ages.len()) {
            let Some(cell) = cell else { continue };
            let share = if most > 0.0 { cell.value.abs() / most } else { 0.0 };
            let grown = if cell.mature { "" } else { " chart-growing" };
            let _ = write!(
                area,
                r#"<rect class="chart-cell{grown}" x="{}" y="{}" width="{}" height="{}" fill-opacity="0.{:02}"/>"#,
                percent(across(column)),
                top + 1,
                percent(10_000 / columns - 20),
                ROW - 2,
                (5.0 + share * (STRONGEST - 5.0)).round() as i32
            );
            let middle = across(column) + 5_000 / columns;
            area.push_str(&text("chart-cell-text", middle, top + ROW / 2 + 4, "middle", &unit.short(cell.value)));
        }
    }
    let foot = i32::try_from(of.rows.len()).unwrap_or_default() * ROW;
    for (column, age) in of.ages.iter().enumerate() {
        area.push_str(&text("chart-text", across(column) + 5_000 / columns, foot + 16, "middle", &cut(age, 8)));
    }
    area.push_str(&text("chart-text", 5_000, foot + 34, "middle", &of.age));
    Drawing { axis: names, axis_width: NAMES, area, height: u32::try_from(foot + 42).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use model::chart::{HeatCell, HeatRow};

    use super::*;

    #[test]
    fn what_is_not_known_has_no_cell_and_what_still_grows_says_so() {
        let cell = |value, mature| Some(HeatCell { value, mature, figure: None });
        let row = |name: &str, cells| HeatRow { name: name.to_owned(), size: None, cells };
        let heat = Heat {
            group: "First order in".to_owned(),
            age: "Months since".to_owned(),
            ages: vec!["0".to_owned(), "1".to_owned()],
            rows: vec![
                row("2026-09", vec![cell(1.0, true), cell(0.5, true)]),
                row("2026-10", vec![cell(0.8, false), None]),
            ],
        };
        let drawn = draw(&heat, &Unit::Share);
        assert_eq!(drawn.area.matches("<rect").count(), 3);
        assert_eq!(drawn.area.matches("chart-growing").count(), 1);
        assert!(drawn.area.contains(r#"fill-opacity="0.55""#) && drawn.area.contains(">100 %<"), "{}", drawn.area);
        assert!(drawn.axis.contains(">2026-10<"));
        assert_eq!(drawn.height, 102);
    }
}
