//! Whole files, from their bytes to rows or row errors. The rooms' own tests stand beside their code.

mod large;
mod proposals;
mod round_trips;
mod vectors;
mod workbooks;

use std::io::Cursor;

use model::metric::{Account, DayRow, Level};
use rust_decimal::Decimal;
use time::{Date, macros::date};

use super::*;

const TODAY: Date = date!(2026 - 03 - 01);

fn account() -> Account {
    Account {
        external_id: "act".into(),
        name: "Acme".into(),
        currency: "EUR".into(),
        time_zone: "Europe/Berlin".into(),
        manager_id: None,
    }
}

fn dec(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

/// A mapping of the columns in their order to `fields`; `_` is not mapped.
fn mapping(kind: Kind, header: &str, fields: &[Option<Field>]) -> Mapping {
    let column = |(index, name): (usize, &str)| Column { number: index + 1, name: name.to_owned() };
    let columns = fields.iter().zip(header.split(',').enumerate().map(column));
    Mapping {
        kind,
        format: Format::Csv { encoding: Encoding::Utf8, delimiter: Delimiter::Comma },
        header: Some(1),
        columns: columns.filter_map(|(field, column)| Some(((*field)?, column))).collect(),
        numbers: NumberForm::Point,
        days: DayForm::YearFirst,
        refunds: Refunds::AboveZero,
        protected: false,
        leave_out: Vec::new(),
    }
}

/// Day, campaign, spend, clicks.
fn ads() -> Mapping {
    let fields = [Field::Day, Field::Campaign, Field::Spend, Field::Clicks].map(Some);
    mapping(Kind::Ads, "Day,Campaign,Cost,Clicks", &fields)
}

fn lines(bytes: &[u8], mapping: &Mapping) -> Vec<Result<Line, Problem>> {
    read(Cursor::new(bytes), mapping, &account(), TODAY).unwrap().collect()
}

/// The rows of a file without faults.
fn rows(bytes: &[u8], mapping: &Mapping) -> Vec<DayRow> {
    lines(bytes, mapping).into_iter().map(|line| line.unwrap().row).collect()
}

/// The line and message of each wrong row.
fn faults(bytes: &[u8], mapping: &Mapping) -> Vec<(u64, String)> {
    let fault = |problem| match problem {
        Problem::Row(error) => {
            (error.line, error.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        Problem::File(error) => panic!("{error}"),
    };
    lines(bytes, mapping).into_iter().filter_map(Result::err).map(fault).collect()
}

/// What is wrong with the one row of ads that `cells` are.
fn fault(cells: &str) -> String {
    let found = faults(format!("Day,Campaign,Cost,Clicks\n{cells}\n").as_bytes(), &ads());
    let [(2, words)] = &found[..] else { panic!("{cells}: {found:?}") };
    words.clone()
}

#[test]
fn a_file_becomes_rows_and_what_they_are_about() {
    let text =
        "Day,Campaign,Cost,Clicks\n2026-02-01,Spring,12.30,97\n2026-02-02,Spring,,0\n2026-02-01,\"A, B\",-,n/a\n";
    let lines: Vec<_> = lines(text.as_bytes(), &ads()).into_iter().map(Result::unwrap).collect();
    assert_eq!(lines.iter().map(|line| line.line).collect::<Vec<_>>(), [2, 3, 4]);
    let first = &lines[0];
    assert_eq!((first.row.day, first.row.level), (date!(2026 - 02 - 01), Level::Campaign));
    assert_eq!((first.row.entity_id.as_str(), first.row.attribution.as_str()), ("name:Spring", ""));
    assert_eq!((first.row.measures.spend, first.row.measures.clicks), (dec("12.30"), Some(97)));
    assert_eq!(first.row.measures.impressions, None);
    assert_eq!((first.entities[0].name.as_str(), first.entities[0].external_id.as_str()), ("Spring", "name:Spring"));
    assert_eq!((lines[1].row.measures.spend, lines[1].row.measures.clicks), (None, Some(0)));
    assert!(lines[1].entities.is_empty());
    assert!(lines[2].row.measures.nothing() && lines[2].entities[0].name == "A, B");
}

#[test]
fn every_encoding_delimiter_and_line_end_gives_the_same_rows() {
    let text = "Tag;Kampagne;Kosten;Klicks\n01.02.2026;Grüße;1.234,56;1.000\n02.02.2026;\"a;b\n\"\"c\"\"\";0,5;2\n";
    let mut mapping = mapping(
        Kind::Ads,
        "Tag,Kampagne,Kosten,Klicks",
        &[Field::Day, Field::Campaign, Field::Spend, Field::Clicks].map(Some),
    );
    (mapping.numbers, mapping.days) = (NumberForm::Comma, DayForm::DayFirst);
    let mut expected = None;
    for (delimiter, sign) in [(Delimiter::Semicolon, ';'), (Delimiter::Tab, '\t'), (Delimiter::Bar, '|')] {
        for end in ["\n", "\r\n", "\r"] {
            // The quoted cell keeps its own sign and line end.
            let text =
                text.replace('\n', end).replace(';', &sign.to_string()).replace(&format!("a{sign}b{end}"), "a;b\n");
            let marked = format!("\u{feff}{text}");
            let windows: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
            let files = [
                (Encoding::Utf8, text.clone().into_bytes()),
                (Encoding::Utf8, marked.clone().into_bytes()),
                (Encoding::Utf8, marked.encode_utf16().flat_map(u16::to_le_bytes).collect()),
                (Encoding::Utf8, marked.encode_utf16().flat_map(u16::to_be_bytes).collect()),
                (Encoding::Windows1252, windows),
            ];
            for (encoding, bytes) in files {
                mapping.format = Format::Csv { encoding, delimiter };
                let found = rows(&bytes, &mapping);
                assert_eq!(found[0].entity_id, "name:Grüße");
                assert_eq!((found[0].measures.spend, found[0].measures.clicks), (dec("1234.56"), Some(1000)));
                assert_eq!(found[1].entity_id, "name:a;b\n\"c\"");
                assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "{encoding:?} {delimiter:?} {end:?}");
            }
        }
    }
}

#[test]
fn comma_delimited_files_quote_decimal_commas() {
    let mut mapping = ads();
    mapping.numbers = NumberForm::Comma;
    let found = rows(b"Day,Campaign,Cost,Clicks\n2026-02-01,A,\"1.234,56\",3\n", &mapping);
    assert_eq!(found[0].measures.spend, dec("1234.56"));
    let words = &faults(b"Day,Campaign,Cost,Clicks\n2026-02-01,A,1.234,56,3\n", &mapping)[0].1;
    assert!(words.contains("5 cells under 4 columns"), "{words}");
}

#[test]
fn each_wrong_cell_is_named_with_its_line_and_column() {
    let text =
        "Day,Campaign,Cost,Clicks\n2026-02-01,\"two\nlines\",1,1\n\n01.02.2026,B,\"1.234,56\",1.5\n2026-02-01,C,2,2\n";
    let found = lines(text.as_bytes(), &ads());
    let Err(Problem::Row(error)) = &found[1] else { panic!("{found:?}") };
    assert_eq!(error.line, 5);
    let told = |fault: &Fault| (fault.field.unwrap(), fault.column.clone().unwrap(), fault.value.clone().unwrap());
    let told: Vec<_> = error.faults.iter().map(told).collect();
    let owned = |field, column: &str, value: &str| (field, column.to_owned(), value.to_owned());
    assert_eq!(
        told,
        [
            owned(Field::Day, "Day", "01.02.2026"),
            owned(Field::Spend, "Cost", "1.234,56"),
            owned(Field::Clicks, "Clicks", "1.5")
        ]
    );
    assert!(found[0].is_ok() && found[2].is_ok());
    let saved = serde_json::to_string(error).unwrap();
    assert_eq!(serde_json::from_str::<RowError>(&saved).unwrap(), *error);
}

#[test]
fn what_is_wrong_with_a_row_is_said_so() {
    for (cells, words) in [
        ("2026-02-01,A,12%,1", "percentage"),
        ("2026-02-01,A,1.2E+05,1", "shortened"),
        ("2026-02-01,A,-5,1", "below zero"),
        ("2026-02-01,A,(5),1", "below zero"),
        ("2026-02-01,A,5,-1", "below zero"),
        ("2026-02-01,A,$5,1", "not in the account's currency, EUR"),
        ("2026-02-01,A,5,€1", "amount of money"),
        ("2026-02-01,A,5,99999999999999999999", "too large"),
        ("2026-02-01,,5,1", "is empty"),
        ("2026-02-01, ,5,1", "is empty"),
        (",A,5,1", "every row needs its day"),
        ("2026-03-02,A,5,1", "has not been yet"),
        ("1985-03-02,A,5,1", "1990"),
        ("2026-02-01,A\0,5,1", "control characters"),
        ("2026-02-01,A\u{fffd},5,1", "were lost"),
        ("2026-02-01,A,5", "the row ends before this column"),
        ("2026-02-01,A,5,1,6", "5 cells under 4 columns"),
        ("2026-02-01,\"A\"B,5,1", "behind a closed quotation mark"),
    ] {
        assert!(fault(cells).contains(words), "{cells}: {}", fault(cells));
    }
    assert!(fault(&format!("2026-02-01,{},5,1", "x".repeat(501))).contains("more than 500 characters"));
    assert!(fault(&format!("2026-02-01,{},5,1", "😀".repeat(300))).contains("too long"));
    // Nothing in cells behind the names is no surplus.
    assert_eq!(faults(b"Day,Campaign,Cost,Clicks\n2026-02-01,A,5,1,,\n", &ads()), []);
}

#[test]
fn bytes_of_another_encoding_are_row_errors_where_they_are_needed() {
    let text = b"Day,Campaign,Cost,Clicks\n2026-02-01,Gr\xfcn,1,1\n2026-02-01,Rot,1,1\n";
    assert!(faults(text, &ads())[0].1.contains("no UTF-8"));
    let mut unnamed = ads();
    unnamed.columns.remove(&Field::Campaign);
    unnamed.columns.insert(Field::Attribution, Column { number: 4, name: "Clicks".into() });
    unnamed.columns.remove(&Field::Clicks);
    let text = b"Day,Campaign,Cost,Clicks\n2026-02-01,Gr\xfcn,1,7d\n2026-02-01,Gr\xfcn,1,1d\n";
    let found = rows(text, &unnamed);
    assert_eq!(
        (found[0].level, found[0].entity_id.as_str(), found[0].attribution.as_str()),
        (Level::Account, "act", "7d")
    );
}

#[test]
fn a_key_occurs_once_in_the_whole_file() {
    let mut text = "Day,Campaign,Cost,Clicks\n".to_owned();
    (1..=28).for_each(|day| text.push_str(&format!("2026-02-{day:02},A,1,1\n2026-02-{day:02},B,1,1\n")));
    assert_eq!(faults(text.as_bytes(), &ads()), []);
    text.push_str("2026-02-03,B,9,9\n");
    let found = faults(text.as_bytes(), &ads());
    assert_eq!(found.len(), 1);
    assert!(
        found[0].0 == 58 && found[0].1.contains("\"B\" on 2026-02-03") && found[0].1.contains("line 7"),
        "{found:?}"
    );
}

#[test]
fn groups_of_one_name_in_two_campaigns_are_two() {
    let fields = [Field::Day, Field::Campaign, Field::Group, Field::Spend].map(Some);
    let mapping = mapping(Kind::Ads, "Day,Campaign,Group,Cost", &fields);
    let text = "Day,Campaign,Group,Cost\n2026-02-01,A,X,1\n2026-02-01,B,X,2\n2026-02-01,A/B,X,3\n2026-02-01,A,B/X,4\n";
    let found: Vec<_> = lines(text.as_bytes(), &mapping).into_iter().map(Result::unwrap).collect();
    let ids: Vec<_> = found.iter().map(|line| line.row.entity_id.as_str()).collect();
    assert_eq!(ids, ["name:A/X", "name:B/X", "name:A\\/B/X", "name:A/B\\/X"]);
    assert!(found.iter().all(|line| line.row.level == Level::Group));
    let group = &found[1].entities[1];
    assert_eq!((group.level, group.parent_id.as_deref(), group.name.as_str()), (Level::Group, Some("name:B"), "X"));
}

#[test]
fn ids_are_texts_and_the_newest_name_comes_last() {
    let fields = [Field::Day, Field::CampaignId, Field::Campaign, Field::Spend].map(Some);
    let mapping = mapping(Kind::Ads, "Day,Id,Campaign,Cost", &fields);
    let text = "Day,Id,Campaign,Cost\n2026-02-02, 007 ,New,1\n2026-02-01,007,Old,1\n2026-02-03,007,Newest,1\n";
    let found: Vec<_> = lines(text.as_bytes(), &mapping).into_iter().map(Result::unwrap).collect();
    assert!(found.iter().all(|line| line.row.entity_id == "007"));
    let names: Vec<_> = found.iter().flat_map(|line| &line.entities).map(|entity| entity.name.as_str()).collect();
    assert_eq!(names, ["New", "Newest"]);
    for shortened in ["1.20212E+17", "\"1,20212E+17\""] {
        let text = format!("Day,Id,Campaign,Cost\n2026-02-02,{shortened},A,1\n");
        assert!(faults(text.as_bytes(), &mapping)[0].1.contains("shortened"));
    }
    assert!(faults(b"Day,Id,Campaign,Cost\n2026-02-02,,A,1\n", &mapping)[0].1.contains("is empty"));
}

#[test]
fn a_shop_has_its_own_fields_and_signs() {
    let header = "Day,Orders,Net sales,Returns,Taxes,Shipping,Currency";
    let fields = [
        Field::Day,
        Field::Orders,
        Field::LedgerRevenue,
        Field::Refunds,
        Field::Taxes,
        Field::Shipping,
        Field::Currency,
    ];
    let mut shop = mapping(Kind::Shop, header, &fields.map(Some));
    shop.refunds = Refunds::BelowZero;
    let file = |row: &str| format!("{header}\n{row}\n").into_bytes();
    let found = rows(&file("2026-02-01,2,-5.50,-25.50,3.80,4.90,EUR"), &shop);
    let measures = &found[0].measures;
    assert_eq!((measures.orders, measures.ledger_revenue, measures.refunds), (Some(2), dec("-5.50"), dec("25.50")));
    assert_eq!((measures.taxes, measures.shipping, measures.claimed_revenue), (dec("3.80"), dec("4.90"), None));
    assert_eq!((found[0].level, found[0].entity_id.as_str()), (Level::Account, "act"));
    assert_eq!(rows(&file("2026-02-01,0,0,0,0,0,eur"), &shop)[0].measures.refunds, dec("0"));
    for (row, words) in [
        ("2026-02-01,2,5,25.50,1,1,EUR", "above zero"),
        ("2026-02-01,2,5,-1,1,1,USD", "is not the account's currency, EUR"),
        ("2026-02-01,2,5,-1,1,1,", "is empty"),
        ("2026-02-01,2,5,-1,-1,1,EUR", "below zero"),
    ] {
        assert!(faults(&file(row), &shop)[0].1.contains(words), "{row}: {:?}", faults(&file(row), &shop));
    }
    shop.refunds = Refunds::AboveZero;
    assert!(faults(&file("2026-02-01,2,5,-1,1,1,EUR"), &shop)[0].1.contains("below zero"));
    assert_eq!(rows(&file("2026-02-01,2,5,25.50,1,1,EUR"), &shop)[0].measures.refunds, dec("25.50"));
}

#[test]
fn titles_and_totals_are_passed_by_when_the_mapping_says_so() {
    let text =
        "Campaign report\n\"January, 2026\"\n\nDay,Campaign,Cost,Clicks\n2026-02-01,A,1,1\nTotal: account,--,1,1\n";
    let mut mapping = ads();
    mapping.header = Some(4);
    assert_eq!(faults(text.as_bytes(), &mapping).len(), 1);
    mapping.leave_out = vec!["Total".into()];
    let checked = check(Cursor::new(text), &mapping, &account(), TODAY, 10).unwrap();
    assert_eq!((checked.rows, checked.left_out, checked.wrong, checked.clean()), (1, 1, 0, true));
    mapping.header = Some(3);
    assert!(matches!(read(Cursor::new(text), &mapping, &account(), TODAY), Err(Unreadable::Header(_))));
    mapping.header = Some(40);
    assert!(matches!(read(Cursor::new(text), &mapping, &account(), TODAY), Err(Unreadable::Header(_))));
}

#[test]
fn a_file_without_names_is_mapped_by_place() {
    let mut mapping = ads();
    mapping.header = None;
    let found = rows(b"2026-02-01,A,1,2\n2026-02-02,A,1,2\n", &mapping);
    assert_eq!((found.len(), found[0].measures.clicks), (2, Some(2)));
}

#[test]
fn checking_counts_everything_and_lists_a_part() {
    let mut text = "Day,Campaign,Cost,Clicks\n".to_owned();
    (1..=20).for_each(|day| text.push_str(&format!("2026-02-{day:02},A,{},1\n", if day % 2 == 0 { "x" } else { "1" })));
    let checked = check(Cursor::new(&text), &ads(), &account(), TODAY, 3).unwrap();
    assert_eq!((checked.rows, checked.wrong, checked.errors.len(), checked.clean()), (10, 10, 3, false));
    assert_eq!(checked.errors.iter().map(|error| error.line).collect::<Vec<_>>(), [3, 5, 7]);
    let days = checked.days.unwrap();
    assert_eq!((days.first, days.last), (date!(2026 - 02 - 01), date!(2026 - 02 - 19)));
    assert!(!check(Cursor::new("Day,Campaign,Cost,Clicks\n"), &ads(), &account(), TODAY, 3).unwrap().clean());
}

#[test]
fn batches_hold_every_row_once_and_stop_at_a_fault() {
    let mut text = "Day,Campaign,Cost,Clicks\n".to_owned();
    (1..=7).for_each(|day| text.push_str(&format!("2026-02-{day:02},A,1,1\n")));
    let sizes = |text: &str| {
        let mut rows = read(Cursor::new(text.to_owned()), &ads(), &account(), TODAY).unwrap();
        std::iter::from_fn(move || Some(rows.batch(3).map(|batch| batch.len())).filter(|size| *size != Ok(0)))
            .take(5)
            .collect::<Result<Vec<_>, _>>()
    };
    assert_eq!(sizes(&text), Ok(vec![3, 3, 1]));
    text.push_str("2026-02-08,A,x,1\n");
    assert!(matches!(sizes(&text), Err(Problem::Row(RowError { line: 9, .. }))));
}

#[test]
fn a_file_of_another_make_is_refused_as_a_whole() {
    let refused = |bytes: &[u8]| read(Cursor::new(bytes.to_vec()), &ads(), &account(), TODAY).err();
    assert_eq!(refused(b""), Some(Unreadable::Empty));
    assert_eq!(refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1and so on"), Some(Unreadable::OldWorkbook));
    assert!(matches!(refused(b"PK\x03\x04"), Some(Unreadable::Header(_))));
    assert!(matches!(refused(b"Day,Campaign,Amount,Clicks\n"), Some(Unreadable::Header(_))));
    assert!(matches!(refused(b"Day;Campaign;Cost;Clicks\n"), Some(Unreadable::Header(_))));
    let open = lines(b"Day,Campaign,Cost,Clicks\n2026-02-01,A,1,1\n2026-02-02,\"A,1,1\n2026-02-03,A,1,1\n", &ads());
    assert_eq!(open.last(), Some(&Err(Problem::File(Unreadable::Quotation { line: 3 }))));
    let checked = check(Cursor::new("Day,Campaign,Cost,Clicks\n\"x"), &ads(), &account(), TODAY, 1);
    assert_eq!(checked, Err(Unreadable::Quotation { line: 2 }));
}

#[test]
fn rows_that_are_pushed_are_judged_alike() {
    let mut judge = Judge::new(Kind::Ads, &account(), TODAY);
    let mut push = |place, text: &str| {
        let row = Row::from_json(place, text).map_err(Problem::Row)?;
        judge.line(place, &row)
    };
    let first = push(1, r#"{"day":"2026-02-01","campaign_id":"1","campaign":"A","spend":"1.50","currency":"EUR"}"#);
    assert_eq!(first.unwrap().row.measures.spend, dec("1.50"));
    for (place, text, words) in [
        (2, r#"{"day":"2026-02-01","campaign_id":"1","spend":2}"#, "stands in line 1 already"),
        (3, r#"{"day":"2026-02-02","campaign_id":"1","spend":-2}"#, "below zero"),
        (4, r#"{"day":"2026-02-02","campaign_id":"1","orders":2}"#, "does not belong"),
        (5, r#"{"day":"2026-02-02","campaign_id":"","spend":2}"#, "is empty"),
        (6, r#"{"day":"2026-02-02","campaign_id":"1","currency":"USD"}"#, "account's currency"),
        (7, r#"{"day":"2026-03-02","campaign_id":"1","spend":2}"#, "has not been yet"),
        (8, r#"{"day":"2026-02-02","campaign_id":"1","cost":2}"#, "unknown field"),
    ] {
        let Err(Problem::Row(error)) = push(place, text) else { panic!("{text}") };
        assert!(error.line == place && error.to_string().contains(words), "{error}");
    }
    assert!(push(9, r#"{"day":"2026-02-02","campaign_id":"1"}"#).unwrap().row.measures.nothing());
}
