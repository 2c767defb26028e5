//! What leaves as a file is what the answer says, and no spreadsheet reckons with what people typed.

use providers::file::{Chosen, Shown, preview};

use super::*;

/// The rows of a file, by what its columns are called.
pub(super) fn rows(csv: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut lines = csv.split("\r\n").filter(|line| !line.is_empty());
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let cells = |line: &str| {
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(std::mem::take(&mut cell)),
                other => cell.push(other),
            }
        }
        cells.push(cell);
        cells
    };
    lines
        .map(|line| {
            let cells = cells(line);
            assert_eq!(cells.len(), columns.len(), "{line}");
            columns.iter().map(ToString::to_string).zip(cells).collect()
        })
        .collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_holds_what_the_answer_says(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "=cmd|' /C calc'!A0", "currency": "EUR"})).await;
    for holds in ["ads", "shop"] {
        let source = source(&olga, &client, holds, "EUR", "UTC").await;
        let first = date!(2026 - 09 - 01);
        push(&olga, &source, if holds == "ads" { ads(first, 50) } else { books(first, 50) }).await;
    }
    let query = format!("client_id={client}&from=2026-10-01&to=2026-10-22&by=week");
    let answer = asked(&olga, &query).await;
    let file = olga.get(&format!("/api/v1/analytics/export?{query}")).await;
    assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
    let name = file.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(name, "attachment; filename=\"analytics-2026-10-01-2026-10-22.csv\"");
    let text = file.text().await.unwrap();
    assert!(!text.contains(",\"=") && !text.contains(",="), "{text}");
    let rows = rows(&text);
    let find = |table: &str, metric: &str| -> Vec<&std::collections::BTreeMap<String, String>> {
        rows.iter().filter(|row| row["table"] == table && row["metric"] == metric).collect()
    };
    let value = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for told in answer["totals"].as_array().unwrap() {
        let found = find("total", told["key"].as_str().unwrap());
        assert_eq!(found.len(), 1, "{told}");
        assert!(found[0]["of"].starts_with("'="), "{:?}", found[0]);
        for (column, number) in [("value", "now"), ("compared", "before"), ("change", "change")] {
            assert_eq!(found[0][column], value(&told[number]["value"]), "{told}");
        }
        assert_eq!(found[0]["missing"].is_empty(), told["now"].is_object() && told["lacks"] == json!([]), "{told}");
    }
    for series in answer["series"].as_array().unwrap() {
        let found = find("series", series["key"].as_str().unwrap());
        let told: Vec<String> = series["values"].as_array().unwrap().iter().map(value).collect();
        assert_eq!(found.iter().map(|row| row["value"].clone()).collect::<Vec<_>>(), told, "{series}");
        let firsts: Vec<&str> = found.iter().map(|row| row["first"].as_str()).collect();
        assert_eq!(firsts, ["2026-10-01", "2026-10-05", "2026-10-12", "2026-10-19"]);
    }
    let channels: Vec<String> = find("channel", "spend").iter().map(|row| row["value"].clone()).collect();
    let told = answer["channels"]["rows"].as_array().unwrap();
    assert_eq!(channels, told.iter().map(|row| value(&row["cells"][0]["now"]["value"])).collect::<Vec<_>>());

    let workbook = olga.get(&format!("/api/v1/analytics/export?{query}&format=xlsx")).await;
    assert!(workbook.headers()["content-type"].to_str().unwrap().ends_with("spreadsheetml.sheet"));
    same_in_the_workbook(&workbook.bytes().await.unwrap(), &answer);
    app.finish().await;
}

/// Its first rows, as the reader of imports has them, hold the totals: numbers as numbers, to the digits that a spreadsheet keeps.
fn same_in_the_workbook(bytes: &[u8], answer: &Value) {
    let chosen = Chosen { header: Some(1), ..Chosen::default() };
    let seen = preview(std::io::Cursor::new(bytes), &chosen).unwrap();
    assert_eq!(seen.sheets, ["Analytics"]);
    let cell = |row: &Shown, name: &str| {
        let at = seen.columns.iter().position(|column| column.name == name).unwrap();
        row.cells.get(at).cloned().unwrap_or_default()
    };
    let mut compared = 0;
    for row in seen.rows.iter().filter(|row| cell(row, "table") == "total") {
        let told = total(answer, &cell(row, "metric"));
        assert!(told.is_object(), "{row:?}");
        assert_eq!(cell(row, "of"), "=cmd|' /C calc'!A0", "words are a cell of text");
        for (column, number) in [("value", "now"), ("compared", "before"), ("change", "change")] {
            let written = cell(row, column);
            let Some(exact) = told[number]["value"].as_str() else {
                assert_eq!(written, "", "{column}: {row:?}");
                continue;
            };
            let (written, exact): (Decimal, Decimal) = (written.parse().unwrap(), exact.parse().unwrap());
            let near = (written - exact).abs() <= Decimal::new(1, 12) * exact.abs().max(Decimal::ONE);
            assert!(near, "{column} is {exact} in: {row:?}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared} numbers");
}
