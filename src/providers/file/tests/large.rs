//! Large files: memory must not grow with them. Slow, so only by name:
//! `./dev soak import`.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    time::Instant,
};

use super::*;

/// The largest this process has been, in MiB (proc(5)).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

/// A file of at least `size` bytes with as many different keys as rows.
fn write(size: usize) -> (File, u64) {
    let path = std::env::temp_dir().join(format!("audienceos-large-{}.csv", std::process::id()));
    let mut writer = BufWriter::new(File::create(&path).unwrap());
    let (mut written, mut rows) = (0, 0);
    writeln!(writer, "Day,Campaign,Cost,Clicks").unwrap();
    while written < size {
        let (day, campaign) = (rows % 28 + 1, rows / 28);
        let line = format!("2026-02-{day:02},\"Campaign {campaign:07}, summer\",{campaign}.{day:02},{rows}\n");
        writer.write_all(line.as_bytes()).unwrap();
        (written, rows) = (written + line.len(), rows + 1);
    }
    writer.flush().unwrap();
    let file = File::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    (file, rows)
}

/// Reads every row and keeps none, as a job does; how many can be kept, and how many are wrong.
fn pass(file: &mut File, mapping: &Mapping) -> (u64, u64) {
    let rows = read(file, mapping, &account(), TODAY).unwrap().spill_into(&std::env::temp_dir());
    rows.fold((0, 0), |(good, wrong), line| match line {
        Ok(_) => (good + 1, wrong),
        Err(Problem::Row(_)) => (good, wrong + 1),
        Err(Problem::File(error)) => panic!("{error}"),
    })
}

#[test]
#[ignore = "writes 200 MB"]
fn large_files_take_no_memory() {
    let (mut file, rows) = write(200 << 20);
    let before = peak();
    let found = preview(BufReader::new(&mut file), &Chosen::default()).unwrap();
    let seen = peak();
    let mapping = found.mapping().unwrap();
    let begun = Instant::now();
    let (good, wrong) = pass(&mut file, &mapping);
    let (spent, after) = (begun.elapsed(), peak());
    println!("{rows} rows; peak {before} MiB, after the preview {seen}, after checking {after}; {spent:?}");
    assert_eq!((good, wrong), (rows, 0));
    assert!(seen - before < 16, "the preview took {} MiB", seen - before);
    // Half a million keys, and a campaign for 28 rows; of all rows' keys it would be more than twice as much.
    assert!(after - before < 32, "checking took {} MiB", after - before);
}

#[test]
#[ignore = "reads 200 MB"]
fn large_files_without_rows_take_no_memory() {
    let (mut file, rows) = write(200 << 20);
    let mut mapping = ads();
    mapping.days = DayForm::MonthFirst;
    let before = peak();
    let (good, wrong) = pass(&mut file, &mapping);
    let after = peak();
    println!("{rows} wrong rows; peak {before} MiB, after checking {after}");
    assert_eq!((good, wrong), (0, rows));
    assert!(after - before < 8, "checking took {} MiB", after - before);
}
