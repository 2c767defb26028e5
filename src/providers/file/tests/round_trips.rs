//! What was written in any form is read in that form: random rows from a seed.

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;

fn day_text(day: Date, form: DayForm, random: &mut StdRng) -> String {
    let (year, month, number) = (day.year(), u8::from(day.month()), day.day());
    let sign = ['-', '/', '.'][random.random_range(0..3)];
    let wide = random.random_bool(0.5);
    let part = |part: u8| if wide { format!("{part:02}") } else { part.to_string() };
    let (month, number) = (part(month), part(number));
    match form {
        DayForm::YearFirst => format!("{year}{sign}{month}{sign}{number}"),
        DayForm::DayFirst => format!("{number}{sign}{month}{sign}{year}"),
        DayForm::MonthFirst => format!("{month}{sign}{number}{sign}{year}"),
    }
}

fn number_text(number: Decimal, form: NumberForm, random: &mut StdRng) -> String {
    let plain = number.to_string();
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(whole, part)| (whole, Some(part)));
    let (point, own) = if form == NumberForm::Comma { (',', '.') } else { ('.', ',') };
    let group = [None, Some(own), Some(' '), Some('\u{a0}'), Some('\'')][random.random_range(0..5)];
    let group = group.filter(|sign| form != NumberForm::Digits || *sign != own);
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if let Some(sign) = group
            && index > 0
            && (whole.len() - index).is_multiple_of(3)
        {
            text.push(sign);
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push(point);
        text.push_str(fraction);
    }
    match random.random_range(0..4) {
        0 => format!("€{text}"),
        1 => format!("{text} EUR"),
        2 => format!(" {text} "),
        _ => text,
    }
}

fn name(random: &mut StdRng) -> String {
    let alphabet = ["a", "B", "é", "日", " ", ",", ";", "|", "\"", "\n", "\r\n", "\t", "'", "=", "-", "/", "\\"];
    let letters: String = (0..random.random_range(0..8)).map(|_| alphabet[random.random_range(0..17)]).collect();
    format!("x{letters}{}", random.random_range(0..1_000_000))
}

#[test]
fn what_is_written_is_read_in_every_form() {
    let mut random = StdRng::seed_from_u64(11);
    let delimiters =
        [(Delimiter::Comma, b','), (Delimiter::Semicolon, b';'), (Delimiter::Tab, b'\t'), (Delimiter::Bar, b'|')];
    for form in [NumberForm::Point, NumberForm::Comma, NumberForm::Digits] {
        for days in DayForm::ALL {
            for (delimiter, byte) in delimiters {
                for protected in [false, true] {
                    let mut mapping = ads();
                    (mapping.numbers, mapping.days, mapping.protected) = (form, days, protected);
                    mapping.format = Format::Csv { encoding: Encoding::Utf8, delimiter };
                    let mut writer = ::csv::WriterBuilder::new().delimiter(byte).from_writer(Vec::new());
                    writer.write_record(["Day", "Campaign", "Cost", "Clicks"]).unwrap();
                    let mut written = Vec::new();
                    for _ in 0..40 {
                        let day = Date::from_ordinal_date(2025, random.random_range(1..=365)).unwrap();
                        let scale = if form == NumberForm::Digits { 0 } else { random.random_range(0..5) };
                        let spend =
                            random.random_bool(0.8).then(|| Decimal::new(random.random_range(0..1 << 40), scale));
                        let clicks = random.random_bool(0.8).then(|| random.random_range(0..1_i64 << 40));
                        let name = name(&mut random);
                        let nothing = ["", "-", "–", "n/a"][random.random_range(0..4)].to_owned();
                        let spelled = spend.map(|spend| number_text(spend, form, &mut random));
                        let counted = clicks.map(|clicks| clicks.to_string());
                        let said = if protected { protect(&name).into_owned() } else { name.clone() };
                        let cells = [
                            day_text(day, days, &mut random),
                            said,
                            spelled.unwrap_or_else(|| nothing.clone()),
                            counted.unwrap_or(nothing),
                        ];
                        writer.write_record(&cells).unwrap();
                        written.push((day, name, spend, clicks));
                    }
                    let bytes = writer.into_inner().unwrap();
                    let mut names = Vec::new();
                    let read = lines(&bytes, &mapping).into_iter().map(|line| {
                        let line = line.unwrap();
                        names.extend(line.entities.into_iter().map(|entity| entity.name));
                        (line.row.day, names.last().unwrap().clone(), line.row.measures.spend, line.row.measures.clicks)
                    });
                    assert_eq!(read.collect::<Vec<_>>(), written, "{form:?} {days:?} {delimiter:?} {protected}");
                }
            }
        }
    }
}

#[test]
fn any_bytes_at_all_are_read_or_refused() {
    let mut random = StdRng::seed_from_u64(13);
    let alphabet: &[&[u8]] = &[
        b"Day",
        b"Campaign",
        b"Cost",
        b"Clicks",
        b",",
        b",",
        b",",
        b";",
        b"\"",
        b"\n",
        b"\r",
        b"\t",
        b"2026-02-01",
        b"A",
        b"1",
        b"1,5",
        b"-",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\0",
        b"=1+1",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\xc3",
        b"<",
        b"%",
    ];
    for _ in 0..3000 {
        let mut bytes = if random.random_bool(0.7) { b"Day,Campaign,Cost,Clicks\n".to_vec() } else { Vec::new() };
        (0..random.random_range(0..60)).for_each(|_| bytes.extend(alphabet[random.random_range(0..alphabet.len())]));
        let _ = preview(Cursor::new(&bytes), &Chosen::default());
        if let Ok(rows) = read(Cursor::new(&bytes), &ads(), &account(), TODAY) {
            let lines: Vec<_> = rows.collect();
            let at = |line: &Result<Line, Problem>| match line {
                Ok(line) => line.line,
                Err(Problem::Row(error)) => error.line,
                Err(Problem::File(_)) => u64::MAX,
            };
            assert!(lines.is_sorted_by_key(at), "{bytes:?}");
        }
    }
}
