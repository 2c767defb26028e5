//! The simulated agency on the command line: its truth and its providers, without a database, the same each time, refused in
//! words.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn audienceos(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_audienceos"))
        .args(words)
        .current_dir(std::env::temp_dir())
        .env_remove("DATABASE_URL")
        .output()
        .unwrap()
}

#[test]
fn the_truth_is_told_without_a_database_and_is_the_same_each_time() {
    let words = ["rehearsal", "truth", "--seed", "7", "--today", "2026-06-15"];
    let (one, other) = (audienceos(&words), audienceos(&words));
    assert!(one.status.success() && one.stdout == other.stdout, "{}", String::from_utf8_lossy(&one.stderr));
    let truth: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!((&truth["seed"], &truth["today"]), (&7.into(), &"2026-06-15".into()));
    let count = |of: &str| truth[of].as_array().unwrap().len();
    assert_eq!((count("clients"), count("channels") + count("shops"), count("planted")), (8, 26, 14));
    assert_ne!(audienceos(&["rehearsal", "truth", "--seed", "8", "--today", "2026-06-15"]).stdout, one.stdout);
}

#[test]
fn days_that_are_none_are_refused_in_words() {
    for (day, words) in [("2026-02-30", "enter a day as"), ("1990-01-01", "between 2008 and 2099")] {
        let refused = audienceos(&["rehearsal", "truth", "--seed", "7", "--today", day]);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && refused.stdout.is_empty() && said.contains(words), "{said}");
    }
}

#[test]
fn its_providers_are_served_until_the_program_is_stopped() {
    let words = ["rehearsal", "--seed", "7", "--port", "0", "--today", "2026-06-15"];
    let mut program = Command::new(env!("CARGO_BIN_EXE_audienceos"))
        .args(words)
        .current_dir(std::env::temp_dir())
        .env_remove("DATABASE_URL")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let address = said.trim().strip_prefix("rehearsing on http://").unwrap();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let about = get("/rehearsal");
    assert!(about.starts_with("HTTP/1.1 200 ") && about.contains("\"today\":\"2026-06-15\""), "{about}");
    assert!(get("/v26/customers:listAccessibleCustomers").starts_with("HTTP/1.1 401 "));
    program.kill().unwrap();
    program.wait().unwrap();
    let refused = audienceos(&["rehearsal", "--seed", "7"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("--port"), "{said}");
}
