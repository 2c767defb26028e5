//! The simulated agency on the command line: its truth and its providers, without a database, the same each time, refused in
//! words.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Output, Stdio},
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

/// The program while it serves its providers; it ends with the value.
struct Served {
    program: Child,
    address: String,
    /// The two lines, of which each names where somebody is answered.
    said: [String; 2],
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Served {
    fn start(more: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_audienceos"))
            .args(["rehearsal", "--seed", "7", "--port", "0", "--today", "2026-06-15"])
            .args(more)
            .current_dir(std::env::temp_dir())
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said = [said.next().unwrap(), said.next().unwrap()];
        let address = said[0].strip_prefix("rehearsing on http://").unwrap().to_owned();
        Self { program, address, said }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

const ACCOUNTS: &str = "/v26/customers:listAccessibleCustomers";

#[test]
fn its_providers_are_served_until_the_program_is_stopped() {
    let served = Served::start(&[]);
    let about = served.get("/rehearsal");
    assert!(about.starts_with("HTTP/1.1 200 ") && about.contains("\"today\":\"2026-06-15\""), "{about}");
    assert!(served.get(ACCOUNTS).starts_with("HTTP/1.1 401 "));
    // The mail server, as a setting of the product names it.
    let mail = served.said[1].strip_prefix("rehearsing on imap-plain://").unwrap();
    let (imap, submission) = mail.split_once("/?smtp=smtp-plain://").unwrap();
    for (address, greeting, last, answer) in [
        (imap, "* OK ", "a LOGIN desk@agency.example rehearsal-secret\r\nb LOGOUT\r\n", "a OK "),
        (submission, "220 ", "EHLO here\r\nQUIT\r\n", "250-AUTH PLAIN LOGIN"),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(last.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with(greeting) && said.lines().any(|line| line.starts_with(answer)), "{said}");
    }
    drop(served);
    let refused = audienceos(&["rehearsal", "--seed", "7"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("--port"), "{said}");
}

#[test]
fn faults_are_read_from_a_file_or_refused_in_words() {
    let path = std::env::temp_dir().join(format!("audienceos-faults-{}.json", std::process::id()));
    let file = path.to_str().unwrap();
    let script = r#"[{"fault": {"unavailable": {"status": 503}}, "provider": "google_ads", "requests": [2]}]"#;
    std::fs::write(&path, script).unwrap();
    let served = Served::start(&["--faults", file]);
    let told = [1, 2, 3].map(|_| served.get(ACCOUNTS)[9..12].to_owned());
    assert_eq!(told, ["401", "503", "401"], "the second request meets it");
    drop(served);
    std::fs::write(&path, r#"[{"fault": "luck"}]"#).unwrap();
    for (file, words) in [(file, "holds no list of faults"), ("/nowhere/faults.json", "could not be read")] {
        let refused = audienceos(&["rehearsal", "--seed", "7", "--port", "0", "--faults", file]);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains(words), "{said}");
    }
    std::fs::remove_file(&path).unwrap();
}
