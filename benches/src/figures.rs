//! Figures in the order they were measured.

use serde_json::{Map, Value};

struct Figure {
    key: String,
    value: f64,
    unit: &'static str,
    rival: Option<f64>,
}

/// What was measured.
#[derive(Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// Adds a figure.
    pub fn add(&mut self, key: &str, value: f64, unit: &'static str) {
        self.0.push(Figure { key: key.to_owned(), value, unit, rival: None });
    }

    /// Adds a figure beside the rival's, as `key`, `key_<name>` and `key_ratio`.
    pub fn add_with_rival(&mut self, key: &str, value: f64, unit: &'static str, rival: f64) {
        self.0.push(Figure { key: key.to_owned(), value, unit, rival: Some(rival) });
    }

    /// Prints a table for people, or one JSON object.
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    pub fn print(&self, json: bool) {
        if json {
            let mut object = Map::new();
            for figure in &self.0 {
                object.insert(figure.key.clone(), round(figure.value).into());
                if let Some(rival) = figure.rival {
                    object.insert(format!("{}_next", figure.key), round(rival).into());
                    object.insert(format!("{}_ratio", figure.key), round(figure.value / rival).into());
                }
            }
            println!("{}", Value::Object(object));
            return;
        }
        println!("{:<28}{:>12} {:<6}{:>12}{:>8}", "key", "value", "unit", "rival", "ratio");
        for figure in &self.0 {
            let rival = figure.rival.map_or("–".to_owned(), |rival| round(rival).to_string());
            let ratio = figure.rival.map_or("–".to_owned(), |rival| format!("{:.2}", figure.value / rival));
            println!("{:<28}{:>12} {:<6}{rival:>12}{ratio:>8}", figure.key, round(figure.value), figure.unit);
        }
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
