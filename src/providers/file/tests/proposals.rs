//! Previews: what a sample allows, and what it leaves to a person.

use super::*;

fn look(bytes: &[u8]) -> Preview {
    preview(Cursor::new(bytes), &Chosen::default()).unwrap()
}

fn names(preview: &Preview) -> Vec<(Field, &str)> {
    preview.fields.iter().map(|(field, column)| (*field, column.name.as_str())).collect()
}

#[test]
fn a_file_without_doubt_is_proposed_whole() {
    let text = "Campaign report\nLast week\n\nDay;Campaign;Cost (EUR);Impr.;Clicks\n\
                13.02.2026;A;1.234,56;1.000;5\n14.02.2026;B;0,50;2;–\n";
    let found = look(text.as_bytes());
    assert_eq!(found.format, Format::Csv { encoding: Encoding::Utf8, delimiter: Delimiter::Semicolon });
    assert_eq!((found.header, found.kind, found.fallback), (Some(4), Some(Kind::Ads), false));
    let expected = [
        (Field::Day, "Day"),
        (Field::Campaign, "Campaign"),
        (Field::Spend, "Cost (EUR)"),
        (Field::Impressions, "Impr."),
        (Field::Clicks, "Clicks"),
    ];
    assert_eq!(names(&found), expected);
    assert_eq!(
        found.rows[0],
        Shown { line: 5, cells: ["13.02.2026", "A", "1.234,56", "1.000", "5"].map(String::from).to_vec() }
    );
    let mapping = found.mapping().unwrap();
    assert_eq!((mapping.numbers, mapping.days), (NumberForm::Comma, DayForm::DayFirst));
    assert_eq!(rows(text.as_bytes(), &mapping)[0].measures.spend, dec("1234.56"));
}

#[test]
fn a_day_that_could_be_two_is_left_open() {
    let found = look(b"Day,Cost\n01/02/2026,1\n02/03/2026,2\n");
    assert_eq!(found.days.fits, [DayForm::DayFirst, DayForm::MonthFirst]);
    assert_eq!((found.days.example.as_deref(), found.mapping()), (Some("01/02/2026"), None));
    // One cell that can be read in one way only decides for all.
    assert_eq!(look(b"Day,Cost\n01/02/2026,1\n01/13/2026,2\n").days.sure(), Some(DayForm::MonthFirst));
    assert_eq!(look(b"Day,Cost\n2026-01-02,1\n").days.sure(), Some(DayForm::YearFirst));
    // Cells that contradict each other.
    let mixed = look(b"Day,Cost\n13/01/2026,1\n01/13/2026,2\n");
    assert_eq!((mixed.days.fits.len(), mixed.days.example.as_deref()), (0, Some("01/13/2026")));
}

#[test]
fn a_number_that_could_be_two_is_left_open() {
    let found = look(b"Day;Cost\n2026-01-02;1,234\n2026-01-03;5\n");
    assert_eq!(found.numbers.fits, [NumberForm::Point, NumberForm::Comma]);
    assert_eq!((found.numbers.example.as_deref(), found.mapping()), (Some("1,234"), None));
    for (cells, sure) in [
        ("1,234;5", NumberForm::Digits),
        ("1,23;5", NumberForm::Comma),
        ("0,123;5", NumberForm::Comma),
        ("1,234.5;5", NumberForm::Point),
        ("1.5;5", NumberForm::Point),
        ("7;5", NumberForm::Digits),
        ("1 000;5", NumberForm::Digits),
        // A count is whole: what leaves a fraction is no reading of it.
        ("1,234;1.000", NumberForm::Comma),
    ] {
        let found = look(format!("Day;Cost;Clicks\n2026-01-02;{cells}\n").as_bytes());
        let expected = Some(sure).filter(|_| cells != "1,234;5");
        assert_eq!(found.numbers.sure(), expected, "{cells} {:?}", found.numbers);
    }
    let mixed = look(b"Day;Cost\n2026-01-02;1.234,5\n2026-01-03;1,234.5\n");
    assert!(mixed.numbers.fits.is_empty() && mixed.numbers.example.is_some());
    let columns = look(b"Day;Cost;Conversions\n2026-01-02;1.5;1,5\n");
    assert!(columns.numbers.fits.is_empty() && columns.numbers.example.is_some(), "{:?}", columns.numbers);
}

#[test]
fn digits_alone_propose_a_form_that_refuses_signs_later() {
    let mapping = look(b"Day,Cost\n2026-01-02,7\n").mapping().unwrap();
    assert_eq!(mapping.numbers, NumberForm::Digits);
    assert_eq!(faults(b"Day,Cost\n2026-01-02,7\n2026-01-03,\"1,234\"\n2026-01-04,1.5\n", &mapping).len(), 2);
}

#[test]
fn the_delimiter_cuts_all_rows_alike() {
    let delimiter = |text: &str| look(text.as_bytes()).delimiters.unwrap();
    assert_eq!(delimiter("Day;Cost\n2026-01-02;1,5\n2026-01-03;2,5\n").sure(), Some(Delimiter::Semicolon));
    assert_eq!(delimiter("Day\tCost\n2026-01-02\t1,5\n").sure(), Some(Delimiter::Tab));
    assert_eq!(delimiter("Day|Cost\n2026-01-02|1\n").sure(), Some(Delimiter::Bar));
    assert_eq!(delimiter("Day,Cost\n2026-01-02,\"1;5\"\n").sure(), Some(Delimiter::Comma));
    let open = delimiter("Day,a;Cost\n2026-01-02,b;1\n");
    assert_eq!((open.fits.len(), open.sure()), (2, None));
    assert_eq!(look(b"Day,a;Cost\n2026-01-02,b;1\n").mapping(), None);
    assert!(delimiter("Day\n2026-01-02\n").fits.is_empty());
}

#[test]
fn windows_1252_is_never_a_finding() {
    let text = b"Day,Campaign,Cost\n2026-01-02,Gr\xfc\xdfe,1\n";
    let found = look(text);
    assert_eq!(found.format, Format::Csv { encoding: Encoding::Windows1252, delimiter: Delimiter::Comma });
    assert!(found.fallback && found.mapping().is_none());
    assert_eq!(found.rows[0].cells[1], "Grüße");
    let chosen = Chosen { format: Some(found.format), ..Chosen::default() };
    let found = preview(Cursor::new(text), &chosen).unwrap();
    assert!(!found.fallback && found.mapping().is_some());
    let utf16: Vec<u8> = "\u{feff}Day;Cost\n2026-01-02;1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(look(&utf16).format, Format::Csv { encoding: Encoding::Utf16Le, delimiter: Delimiter::Semicolon });
    assert_eq!(preview(Cursor::new(&utf16[2..]), &Chosen::default()), Err(Unreadable::Unknown));
}

#[test]
fn exports_of_known_systems_are_recognised() {
    let google = look(b"Day,Campaign,Campaign ID,Ad group,Currency code,Cost,Impr.,Clicks,Conversions,Conv. value\n");
    let fields: Vec<_> = google.fields.keys().copied().collect();
    use Field::{Campaign, CampaignId, ClaimedRevenue, Clicks, Conversions, Currency, Day, Group, Impressions, Spend};
    let expected =
        [Day, CampaignId, Campaign, Group, Currency, Spend, Impressions, Clicks, Conversions, ClaimedRevenue];
    assert_eq!((google.kind, fields), (Some(Kind::Ads), expected.to_vec()));
    let meta =
        look(b"Reporting starts,Campaign name,Ad set name,Ad name,Amount spent (EUR),Clicks (all),Link clicks\n");
    assert_eq!(meta.fields[&Spend].number, 5);
    assert_eq!((meta.fields[&Clicks].name.as_str(), meta.fields[&Group].number), ("Link clicks", 3));
    let shop = look(b"Day,Orders,Gross sales,Returns,Net sales,Shipping charges,Taxes\n2026-01-02,1,20,-5,15,4,3\n");
    assert_eq!((shop.kind, shop.refunds), (Some(Kind::Shop), Refunds::BelowZero));
    assert_eq!(shop.fields.len(), 6);
    assert!(shop.mapping().is_some());
    let nothing = look(b"Alpha,Beta\nx,y\n");
    assert!(nothing.kind.is_none() && nothing.fields.is_empty() && nothing.mapping().is_none());
}

#[test]
fn what_was_chosen_is_not_guessed_again() {
    let text = b"A,B,C\n01/02/2026,1,x\n";
    let column = |number, name: &str| Column { number, name: name.into() };
    let chosen = Chosen {
        kind: Some(Kind::Shop),
        header: Some(1),
        columns: Some([(Field::Day, column(1, "A")), (Field::Orders, column(2, "B"))].into()),
        ..Chosen::default()
    };
    let found = preview(Cursor::new(text), &chosen).unwrap();
    assert_eq!((found.kind, found.fields, found.days.fits.len()), (chosen.kind, chosen.columns.unwrap(), 2));
    let found = preview(Cursor::new(text), &Chosen { header: Some(0), ..Chosen::default() }).unwrap();
    assert_eq!((found.header, found.rows[0].line, found.columns[0].name.as_str()), (None, 1, ""));
    let saved = serde_json::to_string(&look(text)).unwrap();
    assert_eq!(serde_json::from_str::<Preview>(&saved).unwrap(), look(text));
}

#[test]
fn a_long_file_is_shown_in_part() {
    let mut text = "Day,Campaign,Cost\n".to_owned();
    (0..5000).for_each(|row| text.push_str(&format!("2026-01-02,{row},{}\n", "1".repeat(9))));
    text.push_str(&format!("2026-01-02,{},1\n", "x".repeat(5000)));
    assert_eq!(look(text.as_bytes()).rows.len(), 20);
    let wide = format!("Day,Campaign,Cost\n2026-01-02,{},1\n", "é".repeat(5000));
    assert_eq!(look(wide.as_bytes()).rows[0].cells[1].chars().count(), 200);
    assert!(look(b"Day,Campaign,Cost\n2026-01-02,'=1+1,1\n").protected);
    assert!(!look(b"Day,Campaign,Cost\n2026-01-02,'Spring',1\n").protected);
}

#[test]
fn what_is_no_table_is_refused() {
    let refused = |bytes: &[u8]| preview(Cursor::new(bytes.to_vec()), &Chosen::default()).unwrap_err();
    assert_eq!(refused(b""), Unreadable::Empty);
    assert_eq!(refused(b"\n\n \n"), Unreadable::Empty);
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Unreadable::Unknown);
    assert!(matches!(refused(b"PK\x03\x04 and nothing"), Unreadable::Workbook(_)));
}
