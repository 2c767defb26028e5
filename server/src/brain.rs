//! `audienceos brain`: the brain on anybody's files, on the code path of the product. A table comes in on standard input, the
//! answer goes to standard output. Nothing of it needs the database or settings.

use std::io::{Read, Write, stdin, stdout};

use ::brain::{
    anomaly,
    curiosity::command::{self as division, Asked, parse_limit},
    forecast,
    response::{self, LiftTest, Query, parse_lift_test},
};
use anyhow::Context;
use clap::Subcommand;

/// The same draws every time.
const SEED: u64 = 1;

/// What can be asked of the brain.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Forecast every series of a CSV file (series,t,value): points and intervals as CSV.
    Forecast {
        /// Steps ahead.
        #[arg(long)]
        horizon: usize,
        /// One or two season lengths in steps, the shorter first, such as 7 or 7,365; 1 is none.
        #[arg(long, value_delimiter = ',', required = true)]
        season: Vec<usize>,
    },
    /// Score every row of a CSV file (series,timestamp,value) by how strange it is after the rows before it.
    Anomalies,
    /// Fit response curves to a CSV file of days or weeks: JSON with adstock, saturation, shares, returns and warnings.
    Response {
        /// The column with revenue or orders.
        #[arg(long)]
        target: String,
        /// The column with the day, as 2026-11-03.
        #[arg(long)]
        date: String,
        /// The columns with spend.
        #[arg(long, value_delimiter = ',', required = true)]
        spend: Vec<String>,
        /// The columns with what else moves the target.
        #[arg(long, value_delimiter = ',')]
        control: Vec<String>,
        /// What an experiment showed a channel to bring: channel:return:standard error, such as search:1.8:0.2.
        #[arg(long = "lift-test", value_parser = lift_test)]
        lift_tests: Vec<LiftTest>,
        /// Also divide this much per day or week among the channels in the best way, and say what that is expected to bring.
        #[arg(long)]
        total: Option<f64>,
        /// The least that a channel gets of it, such as search=100,social=50.
        #[arg(long, value_delimiter = ',', value_parser = limit, requires = "total")]
        floor: Vec<(String, f64)>,
        /// The most that a channel gets of it.
        #[arg(long, value_delimiter = ',', value_parser = limit, requires = "total")]
        cap: Vec<(String, f64)>,
    },
}

fn limit(text: &str) -> Result<(String, f64), String> {
    parse_limit(text).map_err(|refused| refused.to_string())
}

fn lift_test(text: &str) -> Result<LiftTest, String> {
    parse_lift_test(text).map_err(|refusal| refusal.to_string())
}

/// Runs it.
///
/// # Errors
/// What of the file or the question makes no sense, with its line.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    answer(command, stdin().lock(), &mut stdout().lock())
}

fn answer(command: &Command, input: impl Read, output: &mut impl Write) -> anyhow::Result<()> {
    let mut nothing = None;
    let text = match command {
        Command::Forecast { horizon, season } => {
            let request = forecast::Request::new(*horizon, season)?;
            let written = forecast::csv::run(input, &request).context("nothing was forecast")?;
            nothing = written.nothing;
            written.text
        }
        Command::Anomalies => anomaly::csv::anomalies(input).context("nothing was scored")?,
        Command::Response { target, date, spend, control, lift_tests, total, floor, cap } => {
            let query = Query {
                target: target.clone(),
                date: date.clone(),
                spend: spend.clone(),
                controls: control.clone(),
                lift_tests: lift_tests.clone(),
            };
            match total {
                None => response::run(&query, input, SEED).context("nothing was fitted")?,
                Some(total) => {
                    let asked = Asked { total: *total, floors: floor.clone(), caps: cap.clone() };
                    division::run(&query, &asked, input, SEED).context("nothing was divided")?
                }
            }
        }
    };
    output.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        output.write_all(b"\n")?;
    }
    match nothing {
        Some(why) => Err(anyhow::anyhow!(why).context("nothing was forecast")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_which_nothing_can_be_forecast_is_answered_and_fails_with_its_line() {
        let command = Command::Forecast { horizon: 1, season: vec![7] };
        let mut output = Vec::new();
        let error = answer(&command, &b"series,t,value\na,1,x\n"[..], &mut output).unwrap_err();
        let words = format!("{error:#}");
        assert!(words.contains("nothing was forecast: line 2: value is \"x\""), "{words}");
        assert!(String::from_utf8(output).unwrap().contains("a,1,,,,,,,,\"not enough data: line 2"));
        assert!(answer(&command, &b"series,t,value\na,1,3\n"[..], &mut Vec::new()).is_ok());
    }

    /// From files that are in order to what is none: an answer or a reason, never a panic, and the same twice.
    #[test]
    fn whatever_is_sent_gets_an_answer_or_a_reason() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut pick = |most: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % most as u64).unwrap()
        };
        let response = Command::Response {
            target: "y".into(),
            date: "t".into(),
            spend: vec!["a".into()],
            control: vec!["c".into()],
            lift_tests: Vec::new(),
            total: Some(10.0),
            floor: Vec::new(),
            cap: Vec::new(),
        };
        let commands = [
            (Command::Forecast { horizon: 5, season: vec![7] }, "series,t,value"),
            (Command::Anomalies, "series,timestamp,value"),
            (response, "t,y,a,c"),
        ];
        let odd = ["", "0", "-1", "NaN", "inf", "1e308", "-1e308", "5e-324", "x", "\"", "2026-02-30", "1,2", "é"];
        let mut answered = [0; 3];
        for round in 0..240 {
            let (command, header) = &commands[round % 3];
            let (rows, share) = ([0, 1, 2, 40, 60][pick(5)], [0, 1, 30][pick(3)]);
            let mut file = format!("{header}\n");
            for row in 0..rows {
                let day = time::macros::date!(2024 - 01 - 01) + time::Duration::days(row);
                let cells = header.split(',').map(|column| match column {
                    _ if pick(100) < share => odd[pick(odd.len())].to_owned(),
                    "series" => "s".to_owned(),
                    "t" | "timestamp" => day.to_string(),
                    _ => (10 + row % 7 + i64::try_from(pick(5)).unwrap()).to_string(),
                });
                let cells: Vec<String> = cells.collect();
                file.push_str(&format!("{}\n", cells.join(",")));
            }
            let mut bytes = file.into_bytes();
            if pick(4) == 0 {
                bytes.truncate(pick(bytes.len()));
            }
            if pick(6) == 0 && !bytes.is_empty() {
                let at = pick(bytes.len());
                bytes[at] = u8::try_from(pick(256)).unwrap();
            }
            let (mut one, mut other) = (Vec::new(), Vec::new());
            let first = answer(command, &bytes[..], &mut one).map_err(|error| format!("{error:#}"));
            let second = answer(command, &bytes[..], &mut other).map_err(|error| format!("{error:#}"));
            assert_eq!((&first, &one), (&second, &other), "round {round}");
            assert!(first.is_ok() || first.is_err_and(|why| why.starts_with("nothing was ")), "round {round}");
            answered[round % 3] += usize::from(!one.is_empty());
        }
        assert!(answered[0] > 5 && answered[1] > 5, "{answered:?}");
    }
}
