//! Workbooks: whole ones written by `rust_xlsxwriter`, which is not ours, and hostile ones made by hand.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};
use rust_xlsxwriter::{ExcelDateTime, Format as Look, Formula, Workbook as Writer};

use super::*;
use crate::file::workbook::{Limits, Workbook};

/// A container with deflated parts.
fn pack(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut crc = Crc::new();
        crc.update(text.as_bytes());
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        entry(&mut bytes, &mut directory, name, &encoder.finish().unwrap(), text.len(), crc.sum());
    }
    end(&mut bytes, &directory, parts.len());
    bytes
}

fn entry(bytes: &mut Vec<u8>, directory: &mut Vec<u8>, name: &str, packed: &[u8], size: usize, crc: u32) {
    let four = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    let start = bytes.len();
    let mut common = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
    common.extend(crc.to_le_bytes());
    common.extend(four(packed.len()));
    common.extend(four(size));
    common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    common.extend([0, 0]);
    bytes.extend(b"PK\x03\x04");
    bytes.extend(&common);
    bytes.extend(name.as_bytes());
    bytes.extend(packed);
    directory.extend(b"PK\x01\x02\x14\0");
    directory.extend(&common);
    directory.extend([0; 10]);
    directory.extend(four(start));
    directory.extend(name.as_bytes());
}

fn end(bytes: &mut Vec<u8>, directory: &[u8], count: usize) {
    let start = u32::try_from(bytes.len()).unwrap();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(u16::try_from(count).unwrap().to_le_bytes().repeat(2));
    bytes.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
}

const PACKAGE: (&str, &str) = (
    "_rels/.rels",
    r#"<Relationships><Relationship Id="r" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
);
const BOOK: (&str, &str) =
    ("xl/workbook.xml", r#"<workbook><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#);
const RELATIONS: (&str, &str) = (
    "xl/_rels/workbook.xml.rels",
    r#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/s.xml"/><Relationship Id="r2" Type="x/sharedStrings" Target="t.xml"/></Relationships>"#,
);

/// A workbook with these rows and shared texts.
fn by_hand(rows: &str, texts: &str) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    pack(&[PACKAGE, BOOK, RELATIONS, ("xl/worksheets/s.xml", &sheet), ("xl/t.xml", &format!("<sst>{texts}</sst>"))])
}

const HEADER: &str = r#"<row r="1"><c t="inlineStr"><is><t>Day</t></is></c><c t="inlineStr"><is><t>Campaign</t></is></c>
    <c t="inlineStr"><is><t>Cost</t></is></c><c t="inlineStr"><is><t>Clicks</t></is></c></row>"#;

fn of_sheet(sheet: &str) -> Mapping {
    Mapping { format: Format::Xlsx { sheet: sheet.into() }, ..ads() }
}

/// The problem that a workbook made by hand ends with.
fn end_of(bytes: &[u8]) -> Option<Unreadable> {
    match read(Cursor::new(bytes), &of_sheet("S"), &account(), TODAY) {
        Err(error) => Some(error),
        Ok(rows) => rows.into_iter().find_map(|line| match line {
            Err(Problem::File(error)) => Some(error),
            _ => None,
        }),
    }
}

#[test]
fn a_workbook_of_another_program_is_read_cell_by_cell() {
    let mut writer = Writer::new();
    writer.add_worksheet().set_name("Notes").unwrap().write(0, 0, "see the other sheet").unwrap();
    let sheet = writer.add_worksheet().set_name("Ads & more").unwrap();
    let day = Look::new().set_num_format("dd.mm.yyyy");
    for (column, name) in ["Day", "Campaign", "Cost", "Clicks"].into_iter().enumerate() {
        sheet.write(2, u16::try_from(column).unwrap(), name).unwrap();
    }
    let date = |day| ExcelDateTime::from_ymd(2026, 2, day).unwrap();
    sheet.write_with_format(3, 0, date(1), &day).unwrap();
    sheet.write(3, 1, "=1+1").unwrap().write(3, 2, 4.56).unwrap().write(3, 3, 97).unwrap();
    sheet.write_with_format(5, 0, date(2), &day).unwrap();
    sheet.write(5, 1, " <Grüße> & \"more\"\n").unwrap().write(5, 2, "1,234.56 €").unwrap();
    sheet.write(6, 0, "2026-02-03").unwrap().write(6, 1, 2024).unwrap();
    sheet.write(6, 2, Formula::new("=B1*2").set_result("12.5")).unwrap();
    sheet.write(6, 3, "n/a").unwrap();
    let bytes = writer.save_to_buffer().unwrap();
    let found = preview(Cursor::new(&bytes), &Chosen::default()).unwrap();
    assert_eq!(found.sheets, ["Notes", "Ads & more"]);
    let mapping = Mapping { header: Some(3), ..of_sheet("Ads & more") };
    let chosen = Chosen { format: Some(mapping.format.clone()), ..Chosen::default() };
    let found = preview(Cursor::new(&bytes), &chosen).unwrap();
    assert_eq!((found.header, found.kind, found.days.sure()), (Some(3), Some(Kind::Ads), Some(DayForm::YearFirst)));
    assert_eq!(found.numbers.sure(), Some(NumberForm::Point));
    assert_eq!(found.rows[0].cells, ["2026-02-01", "=1+1", "4.56", "97"]);
    assert_eq!(found.mapping(), Some(mapping.clone()));
    let lines: Vec<_> = lines(&bytes, &mapping).into_iter().map(Result::unwrap).collect();
    let said = |line: &Line| (line.line, line.row.day, line.row.measures.spend, line.row.measures.clicks);
    assert_eq!(
        lines.iter().map(said).collect::<Vec<_>>(),
        [
            (4, date!(2026 - 02 - 01), dec("4.56"), Some(97)),
            (6, date!(2026 - 02 - 02), dec("1234.56"), None),
            (7, date!(2026 - 02 - 03), dec("12.5"), None),
        ]
    );
    let names: Vec<_> = lines.iter().map(|line| line.entities[0].name.as_str()).collect();
    assert_eq!(names, ["=1+1", " <Grüße> & \"more\"\n", "2024"]);
}

#[test]
fn cells_that_are_no_amount_are_row_errors() {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet().set_name("S").unwrap();
    for (column, name) in ["Day", "Campaign", "Cost", "Clicks"].into_iter().enumerate() {
        sheet.write(0, u16::try_from(column).unwrap(), name).unwrap();
    }
    let (day, month) = (Look::new().set_num_format("yyyy-mm-dd"), Look::new().set_num_format("mmm yy"));
    let percent = Look::new().set_num_format("0.0%");
    for row in 1..=8 {
        sheet.write(row, 0, "2026-02-01").unwrap().write(row, 1, row).unwrap();
    }
    sheet.write_with_format(1, 2, 0.05, &percent).unwrap();
    sheet.write(2, 2, true).unwrap();
    sheet.write(3, 2, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write_with_format(4, 2, 46054, &day).unwrap();
    sheet.write(5, 3, 1.5).unwrap();
    sheet.write_with_format(6, 0, 46054, &month).unwrap();
    sheet.write(7, 0, 46054).unwrap();
    sheet.write_with_format(8, 0, 46054.25, &day).unwrap();
    let found = faults(&writer.save_to_buffer().unwrap(), &of_sheet("S"));
    assert_eq!(found[2].1, "Cost: holds the error #DIV/0! of the spreadsheet");
    let expected = [
        "percentage",
        "is not a number",
        "#DIV/0!",
        "is a day, not an amount",
        "whole number",
        "a time or a month",
        "Format the column as a date",
        "time of day",
    ];
    for ((line, words), (row, expected)) in found.iter().zip((2..).zip(expected)) {
        assert!(*line == row && words.contains(expected), "{line} {words}");
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn rows_by_hand_in_every_kind_of_cell() {
    let rows = format!(
        r#"{HEADER}<row r="3"><c r="A3" t="d"><v>2026-02-01</v></c><c r="B3" t="s"><v>0</v></c><c r="D3"><v>7</v></c></row>
        <row><c t="str"><f>x()</f><v>2026-02-02</v></c><c t="s"><v>1</v></c><c><v>4.5599999999999996</v></c></row>
        <row><c t="inlineStr"><is><r><t>2026-</t></r><r><t>02-03</t></r></is></c><c t="s"><v>2</v></c><c t="n"><v>1E2</v></c></row>
        <row r="9"><c r="A9"><f>TODAY()</f></c><c r="B9" t="s"><v>9</v></c></row>"#
    );
    let bytes =
        by_hand(&rows, "<si><t>A</t></si><si><r><t>B</t></r><r><t>&amp;&#67;</t></r><rPh><t>x</t></rPh></si><si/>");
    let found = lines(&bytes, &of_sheet("S"));
    let first = found[0].as_ref().unwrap();
    assert_eq!((first.line, first.row.entity_id.as_str(), first.row.measures.clicks), (3, "name:A", Some(7)));
    let second = found[1].as_ref().unwrap();
    assert_eq!((second.line, second.row.entity_id.as_str(), second.row.measures.spend), (4, "name:B&C", dec("4.56")));
    let Err(Problem::Row(third)) = &found[2] else { panic!("{found:?}") };
    assert!(third.line == 5 && third.to_string().contains("Campaign: \"\" is empty"), "{third}");
    let Err(Problem::Row(last)) = &found[3] else { panic!("{found:?}") };
    let words = last.to_string();
    assert!(last.line == 9 && words.contains("formula without a result") && words.contains("does not hold"), "{words}");
    assert_eq!(found.len(), 4);
}

#[test]
fn an_id_keeps_every_digit_or_is_refused() {
    let mut mapping = of_sheet("S");
    let column = mapping.columns.remove(&Field::Campaign).unwrap();
    mapping.columns.insert(Field::CampaignId, column);
    let file =
        |id: &str| by_hand(&format!(r#"{HEADER}<row><c t="d"><v>2026-02-01</v></c><c><v>{id}</v></c></row>"#), "");
    assert_eq!(rows(&file("120212345678901234"), &mapping)[0].entity_id, "120212345678901234");
    assert_eq!(rows(&file("1.5E3"), &mapping)[0].entity_id, "1500");
    for id in ["1.2021234567890123E+17", "1.5", "-3"] {
        assert_eq!(faults(&file(id), &mapping).len(), 1, "{id}");
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let bomb = "<si><t>".to_owned() + &"x".repeat(2 << 20) + "</t></si>";
    assert!(matches!(end_of(&by_hand(HEADER, &bomb)), Some(Unreadable::Workbook(words)) if words.contains("1 MiB")));
    let deep = "<a>".repeat(100_000);
    assert!(matches!(end_of(&by_hand(&deep, "")), Some(Unreadable::Workbook(words)) if words.contains("deep")));
    let cell = format!(r#"<c t="inlineStr"><is><t>{}</t></is></c>"#, "x".repeat(1 << 19));
    let wide = format!(r#"{HEADER}<row>{}</row>"#, cell.repeat(3));
    assert_eq!(end_of(&by_hand(&wide, "")), Some(Unreadable::RowTooLong { line: 2 }));
}

#[test]
fn each_part_has_its_limit() {
    const SMALL: Limits = Limits { description: 2 << 20, texts: 4 << 20, text: 1 << 20, sheet: 3 << 20 };
    let open = |bytes: &[u8]| Workbook::open(&mut Cursor::new(bytes), SMALL);
    let refused = |bytes: &[u8]| match open(bytes) {
        Err(Unreadable::TooLarge { limit, .. }) => limit,
        _ => panic!(),
    };
    let half = format!("<si><t>{}</t></si>", "x".repeat(1 << 19));
    assert!(open(&by_hand(HEADER, &half)).is_ok());
    assert_eq!(refused(&by_hand(HEADER, &half.repeat(3))), 1);
    // Texts without a letter take memory too.
    assert_eq!(refused(&by_hand(HEADER, &"<si/>".repeat(1 << 18))), 1);
    assert_eq!(refused(&by_hand(HEADER, &format!("<!---->{}", "<!-- -->".repeat(1 << 19)))), 4);
    let relations = RELATIONS.1.replace("x/sharedStrings", "x/styles");
    let styles = format!("<styleSheet>{}</styleSheet>", "<xf/>".repeat(1 << 19));
    assert_eq!(refused(&pack(&[PACKAGE, BOOK, (RELATIONS.0, &relations), ("xl/t.xml", &styles)])), 2);
    let long = by_hand(&"<row></row>".repeat(3 << 17), "");
    let mut sheet = open(&long).unwrap().sheet(Cursor::new(&long), "S").unwrap();
    assert!(matches!(sheet.finish(), Err(Unreadable::TooLarge { limit: 3, .. })));
}

#[test]
fn what_a_file_only_claims_is_not_believed() {
    // calamine reserves what this attribute says.
    let sheet = format!("<worksheet><dimension ref=\"A1:XFD99999999999\"/><sheetData>{HEADER}</sheetData></worksheet>");
    let claim = r#"<sst count="18446744073709551615" uniqueCount="18446744073709551615"><si><t>A</t></si></sst>"#;
    let parts = [PACKAGE, BOOK, RELATIONS, ("xl/worksheets/s.xml", sheet.as_str()), ("xl/t.xml", claim)];
    assert_eq!(end_of(&pack(&parts)), None);
    let entity = r#"<!DOCTYPE a [<!ENTITY b "c">]><sst/>"#;
    let parts = [PACKAGE, BOOK, RELATIONS, ("xl/worksheets/s.xml", sheet.as_str()), ("xl/t.xml", entity)];
    assert!(matches!(end_of(&pack(&parts)), Some(Unreadable::Workbook(_))));
    // A directory that would be larger than the file, or begins behind its end.
    let good = by_hand(HEADER, "");
    let at = good.len() - 22;
    for (place, bytes) in [(12, [0xfe, 0xff, 0xff, 0xff]), (12, [0, 0, 0x30, 0]), (16, [0xfe, 0xff, 0xff, 0xff])] {
        let mut bad = good.clone();
        bad[at + place..at + place + 4].copy_from_slice(&bytes);
        assert!(end_of(&bad).is_some());
    }
}

#[test]
fn a_damaged_workbook_never_gives_other_numbers() {
    let rows = |range: std::ops::Range<u32>| -> String {
        range
            .map(|row| format!(r#"<row><c t="d"><v>2026-02-01</v></c><c><v>{row}</v></c><c><v>{row}</v></c></row>"#))
            .collect()
    };
    let good = by_hand(&format!("{HEADER}{}", rows(0..40)), "");
    let all = super::rows(&good, &of_sheet("S"));
    assert_eq!(all.len(), 40);
    let mut told = 0;
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        let Ok(rows) = read(Cursor::new(&bad), &of_sheet("S"), &account(), TODAY) else { continue };
        match rows.map(|line| line.map(|line| line.row)).collect::<Result<Vec<_>, _>>() {
            Ok(rows) => assert!(rows == all, "byte {at}"),
            Err(_) => told += 1,
        }
    }
    assert!(told > 0);
    for length in 0..good.len() {
        assert!(end_of(&good[..length]).is_some(), "the first {length} bytes");
    }
}

#[test]
fn sheets_that_are_not_there_or_hold_charts_are_no_choice() {
    let bytes = by_hand(HEADER, "");
    let mapping = of_sheet("Gone");
    assert_eq!(read(Cursor::new(&bytes), &mapping, &account(), TODAY).err(), Some(Unreadable::Sheet("Gone".into())));
    assert!(matches!(read(Cursor::new(&bytes), &ads(), &account(), TODAY).err(), Some(Unreadable::Header(_))));
    let hidden = BOOK.1.replace("sheetId", r#"state="hidden" sheetId"#);
    let hidden = hidden.replace("</sheets>", r#"<sheet name="T" r:id="r1"/><sheet name="C" r:id="r2"/></sheets>"#);
    let sheet = format!("<worksheet><sheetData>{HEADER}</sheetData></worksheet>");
    let parts = [PACKAGE, (BOOK.0, &hidden), RELATIONS, ("xl/worksheets/s.xml", &sheet), ("xl/t.xml", "<sst/>")];
    let found = preview(Cursor::new(pack(&parts)), &Chosen::default()).unwrap();
    assert_eq!((found.sheets, found.format), (vec!["T".into(), "S".into()], Format::Xlsx { sheet: "T".into() }));
}
