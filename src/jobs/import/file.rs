//! The blocking part: a file is read row by row, in constant memory.

use std::{fs::File, io::BufReader, path::Path};

use model::{
    import::{Chosen, Found, MOST_ERRORS, Mapping, Preview, RowError},
    metric::{Account, DayRow, Days, Entity},
};
use providers::file::{self, Problem, Rows, Unreadable};
use service::import::BATCH;
use time::Date;
use tokio::sync::mpsc::Sender;

use super::Passed;

/// What a pass over all rows found.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub found: Found,
    pub errors: Vec<RowError>,
}

impl Read {
    fn keep(&mut self, day: Date) {
        self.found.rows += 1;
        self.found.days = Some(self.found.days.map_or(Days { first: day, last: day }, |days| Days {
            first: days.first.min(day),
            last: days.last.max(day),
        }));
    }

    fn refuse(&mut self, error: RowError) {
        self.found.wrong += 1;
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error);
        }
    }
}

fn open(path: &Path) -> Result<BufReader<File>, Unreadable> {
    Ok(BufReader::with_capacity(1 << 16, File::open(path)?))
}

/// Begins to read the rows. What is needed to compare them lies beside the file.
fn rows(path: &Path, mapping: &Mapping, account: &Account, today: Date) -> Result<Rows<BufReader<File>>, Unreadable> {
    let rows = file::read(open(path)?, mapping, account, today)?;
    Ok(match path.parent() {
        Some(folder) => rows.spill_into(folder),
        None => rows,
    })
}

pub(super) fn look(path: &Path, chosen: &Chosen) -> Result<Preview, Unreadable> {
    file::preview(open(path)?, chosen)
}

/// Reads every row and keeps none.
pub(super) fn check(
    path: &Path,
    mapping: &Mapping,
    account: &Account,
    today: Date,
    passed: &Passed,
) -> Result<Read, Unreadable> {
    let mut rows = rows(path, mapping, account, today)?;
    let mut read = Read::default();
    for line in rows.by_ref() {
        match line {
            Ok(line) => read.keep(line.row.day),
            Err(Problem::Row(error)) => read.refuse(error),
            Err(Problem::File(error)) => return Err(error),
        }
        passed.row();
        if passed.stopped() {
            break;
        }
    }
    read.found.left_out = i64::try_from(rows.left_out).unwrap_or(i64::MAX);
    Ok(read)
}

/// Rows that belong together, and what they are about.
pub(super) type Batch = (Vec<DayRow>, Vec<Entity>);

/// Reads every row again and hands the good ones on. Ends early when nobody takes them any more.
pub(super) fn hand_on(
    path: &Path,
    mapping: &Mapping,
    account: &Account,
    today: Date,
    batches: &Sender<Batch>,
) -> Result<Read, Unreadable> {
    let mut rows = rows(path, mapping, account, today)?;
    let mut read = Read::default();
    let mut batch: Batch = Default::default();
    for line in rows.by_ref() {
        match line {
            Ok(line) => {
                read.keep(line.row.day);
                batch.0.push(line.row);
                batch.1.extend(line.entities);
            }
            Err(Problem::Row(error)) => read.refuse(error),
            Err(Problem::File(error)) => return Err(error),
        }
        if batch.0.len() == BATCH && batches.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(read);
        }
    }
    read.found.left_out = i64::try_from(rows.left_out).unwrap_or(i64::MAX);
    if !batch.0.is_empty() {
        let _ = batches.blocking_send(batch);
    }
    Ok(read)
}
