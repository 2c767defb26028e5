//! The figures as one table or one JSON object: those of the issue first, in its order, each beside what it must be and what
//! is aimed at; then the others as they were measured.

use std::fmt::{Display, Formatter};

use crate::Figure;

/// What a figure may be.
#[derive(Clone, Copy)]
enum Bound {
    Most(f64),
    Least(f64),
    Between(f64, f64),
}

use Bound::{Between, Least, Most};

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Most(most) => value <= most,
            Least(least) => value >= least,
            Between(least, most) => (least..=most).contains(&value),
        }
    }
}

impl Display for Bound {
    fn fmt(&self, to: &mut Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Most(most) => format!("≤{most}"),
            Least(least) => format!("≥{least}"),
            Between(least, most) => format!("{least}–{most}"),
        };
        to.pad(&text)
    }
}

type Wanted = (&'static str, Bound, Option<Bound>);

/// Keys in the order, what they must be, and what is aimed at.
const WANTED: [Wanted; 23] = [
    ("nn5_mase", Most(0.87), Some(Most(0.84))),
    ("nn5_cov80", Between(0.75, 0.85), None),
    ("nn5_cov95", Between(0.92, 0.97), None),
    ("cpu_ratio_ets", Most(0.2), Some(Most(0.05))),
    ("cpu_ratio_prophet", Most(0.2), Some(Most(0.05))),
    ("nab_known_cause", Least(45.0), Some(Least(55.0))),
    ("null_alarms", Most(1.0), Some(Most(0.3))),
    ("injected_precision", Least(0.8), None),
    ("injected_recall", Least(0.8), None),
    ("fatigue_auc", Least(0.85), None),
    ("fatigue_calibration", Most(0.05), None),
    ("mmm_adstock_error", Most(0.1), Some(Most(0.05))),
    ("mmm_share_error", Most(0.03), Some(Most(0.015))),
    ("curve_coverage", Least(0.85), Some(Least(0.9))),
    ("cycle_seconds", Most(1.0), Some(Most(0.2))),
    ("cold_cycle_seconds", Most(60.0), Some(Most(10.0))),
    ("agencies_1000_minutes", Most(15.0), None),
    ("reallocation_share", Least(0.95), Some(Least(0.99))),
    ("null_won", Most(0.10), Some(Most(0.05))),
    ("agency_null_won", Most(0.10), Some(Most(0.05))),
    ("agency_null_held", Least(0.8), None),
    ("true_sign", Least(0.90), Some(Least(0.97))),
    ("allocation_ms", Most(200.0), Some(Most(20.0))),
];

/// Prints them.
#[expect(clippy::print_stdout, reason = "the table is what it is for")]
pub(super) fn print(mut figures: Vec<Figure>, json: bool) {
    let place = |figure: &Figure| WANTED.iter().position(|wanted| wanted.0 == figure.key).unwrap_or(WANTED.len());
    figures.sort_by_key(place);
    if json {
        // A map would sort its keys; what is no number is null.
        let pair = |figure: &Figure| format!("\"{}\":{}", figure.key, serde_json::Value::from(figure.value));
        println!("{{{}}}", figures.iter().map(pair).collect::<Vec<_>>().join(","));
        return;
    }
    println!("{:<28} {:>10} {:>10} {:>8} {:<7} what", "key", "value", "must", "aim", "");
    for figure in &figures {
        let wanted = WANTED.get(place(figure));
        let text = |bound: Option<Bound>| bound.map_or(String::new(), |bound| bound.to_string());
        let verdict = match wanted {
            Some((_, must, _)) if !must.holds(figure.value) => "missed",
            Some((_, _, Some(aim))) if aim.holds(figure.value) => "aim",
            Some(_) => "holds",
            None => "",
        };
        // A share of nothing, and a middle of none.
        let value = if figure.value.is_nan() { "none".to_owned() } else { format!("{:.4}", figure.value) };
        println!(
            "{:<28} {value:>10} {:>10} {:>8} {verdict:<7} {}",
            figure.key,
            text(wanted.map(|wanted| wanted.1)),
            text(wanted.and_then(|wanted| wanted.2)),
            figure.what
        );
    }
}
