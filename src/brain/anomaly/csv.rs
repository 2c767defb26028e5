//! `audienceos brain anomalies`: a file of series in, the same rows with their scores out.

use std::{collections::BTreeMap, io::Read};

use time::{Date, Month, Time};

use super::Scorer;
use crate::NotEnough;

/// Why a file cannot be read. Lines count from 1, the header included.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file is no CSV.
    #[error("line {line}: {message}")]
    Malformed {
        /// The line, 0 if unknown.
        line: u64,
        /// What the reader says.
        message: String,
    },
    /// A column that is needed is not in the header.
    #[error("there is no column {0}")]
    Column(&'static str),
    /// A time stamp that is neither a number of days nor a date, with or without a time.
    #[error("line {line}: {stamp:?} is no date, time or number")]
    Stamp {
        /// The line.
        line: u64,
        /// What stands there.
        stamp: String,
    },
    /// A value that is no number.
    #[error("line {line}: {value:?} is no number")]
    Value {
        /// The line.
        line: u64,
        /// What stands there.
        value: String,
    },
    /// A row that lies before the row above it of the same series.
    #[error("line {line}: {stamp} of {series} comes after a later row")]
    Order {
        /// The line.
        line: u64,
        /// The series.
        series: String,
        /// What stands there.
        stamp: String,
    },
}

/// Reads `series,timestamp,value` (in any order of columns, others are left alone; an empty value is missing) and writes the same rows
/// in the same order with two more columns: `score` (0–1, see [`super::Score`]) and `kind` (empty if it is no news). A row that
/// is not judged is no news yet: its score is 0. Where that is no matter of what will still come, `not enough data:` with the
/// reason is its kind: no row of its series was judged, its value is not finite, or its moment is there already.
///
/// A time stamp is a number of days, or `2026-01-31`, `2026-01-31 13:05[:00[.0]]`, with a `T` and a `Z` or an offset if you like;
/// an offset is passed over, since the course of a day is that of the clock on the wall. A row's score depends on no
/// later row. Of rows of one moment the first is judged.
///
/// # Errors
/// [`Refused`] names the line.
pub fn anomalies(input: impl Read) -> Result<String, Refused> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(input);
    let malformed = |error: csv::Error| Refused::Malformed {
        line: error.position().map_or(0, csv::Position::line),
        message: match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} fields where the header has {expected_len}")
            }
            csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
            _ => "not readable as CSV".to_owned(),
        },
    };
    let header = reader.headers().map_err(malformed)?.clone();
    let column = |name| header.iter().position(|known| known.trim() == name).ok_or(Refused::Column(name));
    let (series, timestamp, value) = (column("series")?, column("timestamp")?, column("value")?);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let write = |writer: &mut csv::Writer<Vec<u8>>, row: &csv::StringRecord, score: &str, kind: &str| {
        writer.write_record(row.iter().chain([score, kind])).map_err(malformed)
    };
    write(&mut writer, &header, "score", "kind")?;
    let mut scorers: BTreeMap<String, (Scorer, i64)> = BTreeMap::new();
    // Each series with whether a row of it was judged, and why the last one was not.
    let mut judged_at_all: BTreeMap<String, (bool, String)> = BTreeMap::new();
    let mut rows: Vec<(csv::StringRecord, String, String)> = Vec::new();
    for row in reader.records() {
        let row = row.map_err(malformed)?;
        let line = row.position().map_or(0, csv::Position::line);
        let (name, stamp, read) = (&row[series], row[timestamp].trim(), row[value].trim());
        let at = moment(stamp).map_err(|_| Refused::Stamp { line, stamp: stamp.to_owned() })?;
        let number = match read {
            "" | "NA" | "null" => None,
            text => Some(text.parse::<f64>().map_err(|_| Refused::Value { line, value: text.to_owned() })?),
        };
        if !scorers.contains_key(name) {
            scorers.insert(name.to_owned(), (Scorer::new(), i64::MIN));
        }
        let Some((scorer, last)) = scorers.get_mut(name) else { continue };
        if at < *last {
            return Err(Refused::Order { line, series: name.to_owned(), stamp: stamp.to_owned() });
        }
        let twice = || NotEnough::Duplicate { of: stamp.to_owned() };
        let judged = if at == *last { Err(twice()) } else { scorer.judge(at, number) };
        *last = at;
        let told = judged_at_all.entry(name.to_owned()).or_insert_with(|| (false, "there is no value".to_owned()));
        let (score, kind) = match (judged, number) {
            (Ok(judged), _) => {
                told.0 = true;
                (judged.score, judged.kind.map_or("", super::Kind::word).to_owned())
            }
            (Err(reason @ NotEnough::Duplicate { .. }), _) => (0.0, format!("not enough data: {reason}")),
            (Err(_), Some(number)) if !number.is_finite() => {
                (0.0, format!("not enough data: {read} is not a finite number"))
            }
            (Err(reason), Some(_)) => {
                told.1 = reason.to_string();
                (0.0, String::new())
            }
            (Err(_), None) => (0.0, String::new()),
        };
        rows.push((row, format!("{score:.6}"), kind));
    }
    for (row, score, kind) in rows {
        let why = judged_at_all.get(&row[series]).filter(|(judged, _)| !judged && kind.is_empty());
        let kind = why.map_or(kind.clone(), |(_, why)| format!("not enough data: {why}"));
        write(&mut writer, &row, &score, &kind)?;
    }
    let bytes = writer.into_inner().map_err(|error| Refused::Malformed { line: 0, message: error.to_string() })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A stamp in seconds since the beginning of the day 0 of its kind: a number of days, a date, or a date and a time.
///
/// # Errors
/// [`Refused::Stamp`] without a line.
pub fn moment(stamp: &str) -> Result<i64, Refused> {
    let refused = || Refused::Stamp { line: 0, stamp: stamp.to_owned() };
    if let Ok(days) = stamp.parse::<f64>() {
        // 10 million days are 27 thousand years.
        return if days.abs() <= 1e7 { Ok((days * 86_400.0).round() as i64) } else { Err(refused()) };
    }
    let (date, clock) = match stamp.find(['T', ' ']) {
        Some(at) => (&stamp[..at], &stamp[at + 1..]),
        None => (stamp, ""),
    };
    let parts: Vec<i32> = date.split('-').map(str::parse).collect::<Result<_, _>>().map_err(|_| refused())?;
    let [year, month, day] = parts[..] else { return Err(refused()) };
    let small = |number: i32| u8::try_from(number).map_err(|_| refused());
    let month = Month::try_from(small(month)?).map_err(|_| refused())?;
    let date = Date::from_calendar_date(year, month, small(day)?).map_err(|_| refused())?;
    let clock = clock.trim_end_matches('Z');
    let clock = clock.split(['+', '-', '.']).next().unwrap_or_default();
    let mut fields = [0_u8; 3];
    if !clock.is_empty() {
        let mut known = 0;
        for (place, field) in clock.split(':').enumerate() {
            *fields.get_mut(place).ok_or_else(refused)? = field.parse().map_err(|_| refused())?;
            known += 1;
        }
        if known < 2 {
            return Err(refused());
        }
    }
    let clock = Time::from_hms(fields[0], fields[1], fields[2]).map_err(|_| refused())?;
    // Julian days begin with a Monday, as the weekdays of a series in dates do.
    let seconds = i64::from(clock.hour()) * 3600 + i64::from(clock.minute()) * 60 + i64::from(clock.second());
    Ok(i64::from(date.to_julian_day()) * super::stream::DAY + seconds)
}
