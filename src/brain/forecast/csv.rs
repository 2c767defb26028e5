//! Forecasts of many series as CSV: `series,t,value` in, one row a step out.
//!
//! `t` is a whole number, or a day (`2026-01-31`); all rows of a file use the same kind. The steps of the grid are the
//! largest that all distances within series are whole multiples of, so that weekly days make a weekly grid; days that are
//! all of the same day of the month make a monthly one. Steps without a row, and rows without a value, are missing values;
//! a series ends with its last row, even one without a value. Rows may come in any order; series come out in the order of
//! their first rows. A series of which nothing can be said has its rows all the same, with no number, and `not enough data:`
//! with the reason for a model, and so has one with a row that cannot be read, or with two rows of one moment: it does not stop
//! the others. What is no such table at all does.

use std::io::Read;

use time::{Date, format_description::well_known::Iso8601};

use super::{Forecast, Request, choose, forecast};
use crate::{NotEnough, Series};

/// Steps in a row of one series at most: more are no series, but a wrong `t`.
const LONGEST: i64 = 1_000_000;

/// A file that is not of the form asked for.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It is no CSV, or not UTF-8.
    #[error("the file cannot be read as CSV")]
    Csv(#[from] ::csv::Error),
    /// The first line is not the header.
    #[error("line 1 must be series,t,value")]
    Header,
    /// Numbers and days in one file.
    #[error("line {line}: days and numbers are mixed")]
    Mixed {
        /// From 1, the header counted.
        line: u64,
    },
}

/// What is wrong with a row of a series, of which nothing is said then. Lines count from 1, with the header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Wrong {
    /// Neither a whole number nor a day.
    #[error("line {line}: t is {t:?}, which is neither a whole number nor a day")]
    Time { line: u64, t: String },
    /// No number, or none that is finite.
    #[error("line {line}: value is {value:?}, which is not a finite number")]
    Value { line: u64, value: String },
    /// Two rows of one moment; the line is that of the later one.
    #[error("line {line}: t is {t} for the second time")]
    Duplicate { line: u64, t: String },
}

/// What was written, and whether anything was forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The answer as CSV.
    pub text: String,
    /// What is wrong with the first row that cannot be read, where nothing at all could be forecast.
    pub nothing: Option<String>,
}

/// One row: its moment as a number of steps or days, its value, its line.
struct Row {
    at: i64,
    value: Option<f64>,
    line: u64,
}

/// Rows of one series.
struct Named {
    name: String,
    rows: Vec<Row>,
    wrong: Option<Wrong>,
}

/// The file's series, and whether its moments are days.
fn read(input: impl Read) -> Result<(Vec<Named>, bool), BadFile> {
    let mut reader = ::csv::ReaderBuilder::new().trim(::csv::Trim::All).from_reader(input);
    let header: Vec<String> = reader.headers()?.iter().map(str::to_lowercase).collect();
    if header.iter().map(|name| name.trim_start_matches('\u{feff}')).ne(["series", "t", "value"]) {
        return Err(BadFile::Header);
    }
    let mut series: Vec<Named> = vec![];
    let mut places = std::collections::BTreeMap::new();
    let mut days = None;
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, ::csv::Position::line);
        let place = *places.entry(record[0].to_owned()).or_insert_with(|| {
            series.push(Named { name: record[0].to_owned(), rows: vec![], wrong: None });
            series.len() - 1
        });
        let of = &mut series[place];
        let Some((at, day)) = moment(&record[1]) else {
            of.wrong.get_or_insert(Wrong::Time { line, t: record[1].to_owned() });
            continue;
        };
        if *days.get_or_insert(day) != day {
            return Err(BadFile::Mixed { line });
        }
        let value = match &record[2] {
            "" => None,
            text => {
                let value = text.parse().ok().filter(|value: &f64| value.is_finite());
                if value.is_none() {
                    of.wrong.get_or_insert(Wrong::Value { line, value: text.to_owned() });
                }
                value
            }
        };
        of.rows.push(Row { at, value, line });
    }
    let days = days.unwrap_or(false);
    for Named { rows, wrong, .. } in &mut series {
        rows.sort_by_key(|row| (row.at, row.line));
        if let Some(pair) = rows.windows(2).find(|pair| pair[0].at == pair[1].at) {
            let t = if days { day(pair[1].at).to_string() } else { pair[1].at.to_string() };
            wrong.get_or_insert(Wrong::Duplicate { line: pair[1].line, t });
        }
    }
    Ok((series, days))
}

/// A whole number or a day as a number, and whether it is a day.
fn moment(text: &str) -> Option<(i64, bool)> {
    if let Ok(number) = text.parse::<i64>() {
        // Distances of any two must be numbers too.
        return (number.unsigned_abs() < 1 << 60).then_some((number, false));
    }
    Date::parse(text, &Iso8601::DATE).ok().map(|day| (i64::from(day.to_julian_day()), true))
}

fn day(number: i64) -> Date {
    i32::try_from(number).ok().and_then(|number| Date::from_julian_day(number).ok()).unwrap_or(Date::MIN)
}

/// Puts moments on the file's grid of steps, which series with a wrong row say nothing about.
fn to_grid(series: &mut [Named], days: bool) {
    let mut series: Vec<&mut Named> = series.iter_mut().filter(|one| one.wrong.is_none()).collect();
    let all = || series.iter().flat_map(|one| &one.rows);
    let first = all().next().map_or(1, |row| day(row.at).day());
    let monthly = days && all().count() > 1 && all().all(|row| day(row.at).day() == first);
    if monthly {
        for row in series.iter_mut().flat_map(|one| &mut one.rows) {
            let day = day(row.at);
            row.at = 12 * i64::from(day.year()) + i64::from(u8::from(day.month()));
        }
    }
    let distances = series.iter().flat_map(|one| one.rows.windows(2).map(|pair| pair[1].at - pair[0].at));
    let step = distances.fold(0, common).max(1);
    for one in series {
        let from = one.rows.first().map_or(0, |row| row.at);
        one.rows.iter_mut().for_each(|row| row.at = (row.at - from) / step);
    }
}

fn common(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { common(other, one % other) }
}

/// The series on its grid.
fn gridded(rows: &[Row]) -> Result<Series, NotEnough> {
    let steps = rows.last().map_or(0, |row| row.at + 1);
    if steps > LONGEST {
        return Err(NotEnough::Gaps { has: rows.len(), of: usize::try_from(steps).unwrap_or(usize::MAX) });
    }
    let mut values = vec![None; usize::try_from(steps).unwrap_or(0)];
    for row in rows {
        values[usize::try_from(row.at).unwrap_or(0)] = row.value;
    }
    Series::new(values)
}

/// Reads `series,t,value`, and writes `series,h,point,lo50,hi50,lo80,hi80,lo95,hi95,model`: as many rows a series as the
/// horizon has steps, h from 1. The seasons of the request are in steps of the file's grid.
///
/// # Errors
/// [`BadFile`] names the line; nothing is written then.
pub fn run(input: impl Read, request: &Request) -> Result<Written, BadFile> {
    let (mut series, days) = read(input)?;
    to_grid(&mut series, days);
    let mut writer = ::csv::Writer::from_writer(vec![]);
    writer.write_record(["series", "h", "point", "lo50", "hi50", "lo80", "hi80", "lo95", "hi95", "model"])?;
    let mut told = 0;
    for Named { name, rows, wrong } in &series {
        let said = match wrong {
            Some(wrong) => Err(wrong.to_string()),
            None => gridded(rows)
                .and_then(|series| forecast(&series, request, &choose(&series, request)?))
                .map_err(|reason| reason.to_string()),
        };
        told += usize::from(said.is_ok());
        write(&mut writer, name, request, &said)?;
    }
    let bytes = writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
    let wrong = series.iter().find_map(|one| one.wrong.as_ref());
    let nothing = wrong.filter(|_| told == 0).map(Wrong::to_string);
    Ok(Written { text: String::from_utf8_lossy(&bytes).into_owned(), nothing })
}

fn write(
    writer: &mut ::csv::Writer<Vec<u8>>,
    name: &str,
    request: &Request,
    said: &Result<Forecast, String>,
) -> Result<(), BadFile> {
    for ahead in 0..request.horizon {
        let mut record = vec![name.to_owned(), (ahead + 1).to_string()];
        match said {
            Ok(forecast) => {
                let step = forecast.steps[ahead];
                let all = [step.point, step.lo50, step.hi50, step.lo80, step.hi80, step.lo95, step.hi95];
                record.extend(all.iter().map(f64::to_string));
                record.push(forecast.model.clone());
            }
            Err(reason) => {
                record.extend(std::iter::repeat_n(String::new(), 7));
                record.push(format!("not enough data: {reason}"));
            }
        }
        writer.write_record(&record)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request::new(3, &[7]).unwrap()
    }

    fn out(file: &str) -> String {
        run(file.as_bytes(), &request()).unwrap().text
    }

    fn bad(file: &str) -> String {
        run(file.as_bytes(), &request()).unwrap_err().to_string()
    }

    #[test]
    fn a_series_of_which_nothing_can_be_said_does_not_stop_the_others() {
        let mut file = "series,t,value\nshort,0,1\nwild,0,NaN\nlong ago,0,1\nlong ago,999999999999,2\n".to_owned();
        for t in 0..60 {
            file.push_str(&format!("good,{t},{}\n", 10 + t % 7 + t * t % 5));
        }
        let out = out(&file);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 1 + 4 * 3, "{out}");
        assert_eq!(lines[0], "series,h,point,lo50,hi50,lo80,hi80,lo95,hi95,model");
        assert_eq!(lines[1], "short,1,,,,,,,,\"not enough data: 1 value, and 9 are needed\"");
        assert_eq!(
            lines[4],
            "wild,1,,,,,,,,\"not enough data: line 3: value is \"\"NaN\"\", which is not a finite number\""
        );
        assert!(lines[7].starts_with("long ago,1,,,,,,,,not enough data: only 2 of "), "{out}");
        let good: Vec<&str> = lines[12].split(',').collect();
        assert_eq!((good[0], good[1]), ("good", "3"));
        assert!(good[2..9].iter().all(|number| number.parse::<f64>().unwrap().is_finite()), "{out}");
    }

    #[test]
    fn a_broken_file_is_refused_by_its_line() {
        assert_eq!(bad("series,time,value\n"), "line 1 must be series,t,value");
        assert_eq!(bad("series,t,value\na,1,2\na,2026-01-01,2\n"), "line 3: days and numbers are mixed");
        assert!(matches!(run(&b"series,t,value\na,1\n"[..], &request()), Err(BadFile::Csv(_))));
        assert!(matches!(run(&b"series,t,value\n\xff,1,2\n"[..], &request()), Err(BadFile::Csv(_))));
    }

    #[test]
    fn a_row_that_cannot_be_read_stops_its_series_only_and_is_told_by_its_line() {
        let good: String = (0..60).map(|t| format!("good,{t},{}\n", 10 + t % 7 + t * t % 5)).collect();
        for (rows, why) in [
            ("a,1,2\na,x,2\na,y,2\n", "line 63: t is \"x\", which is neither a whole number nor a day"),
            ("a,1,two\na,1,3\n", "line 62: value is \"two\", which is not a finite number"),
            ("a,1,2\na,2,3\na,1,\n", "line 64: t is 1 for the second time"),
        ] {
            let written = run(format!("series,t,value\n{good}{rows}").as_bytes(), &request()).unwrap();
            assert_eq!(written.nothing, None, "{rows}");
            let mut reader = ::csv::Reader::from_reader(written.text.as_bytes());
            let told: Vec<::csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
            assert_eq!(told.len(), 6, "{}", written.text);
            assert!(told[..3].iter().all(|row| row[2].parse::<f64>().is_ok()), "{}", written.text);
            for row in &told[3..] {
                assert_eq!((&row[0], &row[2], &row[9]), ("a", "", format!("not enough data: {why}").as_str()));
            }
            // The same rows alone: they are written, and that nothing was forecast is told.
            let alone = run(format!("series,t,value\n{rows}").as_bytes(), &request()).unwrap();
            assert_eq!(alone.text.lines().count(), 4);
            assert!(alone.nothing.is_some_and(|why| why.starts_with("line ")), "{rows}");
        }
        // The other's grid stays what it is.
        assert_eq!(
            out(&format!("series,t,value\n{good}")),
            out(&format!("series,t,value\n{good}b,0,x\nb,7,1\n"))
                .lines()
                .take(4)
                .map(|line| format!("{line}\n"))
                .collect::<String>()
        );
        assert_eq!(run(&b"series,t,value\na,1,2\n"[..], &request()).unwrap().nothing, None, "it is short, not wrong");
    }

    fn grid(file: &str) -> Vec<Option<f64>> {
        let (mut series, days) = read(file.as_bytes()).unwrap();
        to_grid(&mut series, days);
        gridded(&series[0].rows).unwrap().values().to_vec()
    }

    #[test]
    fn what_has_no_row_is_missing_and_the_grid_is_the_files() {
        let one = [Some(1.0), None, Some(3.0), None];
        assert_eq!(grid("series,t,value\na,2,3\na,0,1\na,3,\n"), one);
        assert_eq!(grid("series,t,value\na,2026-01-01,1\na,2026-01-03,3\na,2026-01-04,\n"), one);
        assert_eq!(grid("series,t,value\na,2026-01-01,1\na,2026-01-15,3\na,2026-01-22,\n"), one);
        assert_eq!(grid("series,t,value\na,2025-12-01,1\na,2026-02-01,3\na,2026-03-01,\n"), one);
        // Another series tells that the steps are single ones.
        assert_eq!(grid("series,t,value\na,0,1\na,2,3\na,3,\nb,0,1\nb,1,1\n"), one);
        assert_eq!(grid("series,t,value\na,0,1\na,2,3\nb,0,1\nb,1,1\n"), one[..3]);
    }
}
