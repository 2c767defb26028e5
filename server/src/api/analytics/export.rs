//! A table as a file. Words in it may have been typed by anybody: no spreadsheet may take them for a formula.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, header};
use model::input::Invalid;
use rust_xlsxwriter::{Workbook, XlsxError};
use service::analytics::{Cell, Export};

use crate::api::{audit::csv_cell, error::ApiError};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Xlsx,
}

impl Format {
    pub fn parse(text: Option<&str>) -> Result<Self, Invalid> {
        match text {
            None | Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Xlsx),
            Some(_) => Err(Invalid::new("format", "format is csv or xlsx")),
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// The file, called by its days.
pub(super) async fn file(
    format: Format,
    (first, last): &(String, String),
    table: Export,
) -> Result<(HeaderMap, Body), ApiError> {
    let mark = if table.simulated { "simulated-" } else { "" };
    let name = format!("attachment; filename=\"{mark}analytics-{first}-{last}.{}\"", format.ending());
    let internal = |error: Box<dyn std::error::Error + Send + Sync>| service::Error::Internal(error);
    let written = tokio::task::spawn_blocking(move || match format {
        Format::Csv => Ok(csv(&table).into_bytes()),
        Format::Xlsx => xlsx(&table),
    });
    let bytes = written.await.map_err(|error| internal(error.into()))?.map_err(|error| internal(error.into()))?;
    let name = HeaderValue::from_str(&name).map_err(|error| internal(error.into()))?;
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(format.kind())),
        (header::CONTENT_DISPOSITION, name),
    ]);
    Ok((headers, Body::from(bytes)))
}

fn csv(table: &Export) -> String {
    let mut text = table.columns.join(",");
    text.push_str("\r\n");
    for row in &table.rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| match cell {
                Cell::Text(text) => csv_cell(text),
                // A number is ours, and its minus begins no formula.
                Cell::Number(number) => number.clone(),
                Cell::Empty => String::new(),
            })
            .collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Words are cells of text there, which no spreadsheet reckons with.
fn xlsx(table: &Export) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(if table.simulated { "Analytics (simulated)" } else { "Analytics" })?;
    for (column, name) in (0..).zip(&table.columns) {
        sheet.write_string(0, column, *name)?;
    }
    for (row, cells) in (1..).zip(&table.rows) {
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Text(text) => sheet.write_string(row, column, text.as_str())?,
                // A spreadsheet keeps 15 digits; what is no number there stays as it is.
                Cell::Number(number) => match number.parse::<f64>() {
                    Ok(value) if value.is_finite() => sheet.write_number(row, column, value)?,
                    _ => sheet.write_string(row, column, number.as_str())?,
                },
                Cell::Empty => continue,
            };
        }
    }
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_formulas_and_numbers_are_as_they_are() {
        let rows = vec![vec![Cell::Text("=1+1".into()), Cell::Number("-12.50".into()), Cell::Empty]];
        let table = Export { columns: vec!["of", "value", "change"], rows, simulated: false };
        assert_eq!(csv(&table), "of,value,change\r\n\"'=1+1\",-12.50,\r\n");
        assert!(xlsx(&table).unwrap().starts_with(b"PK"));
        assert_eq!(Format::parse(Some("pdf")).unwrap_err().field, "format");
    }
}
