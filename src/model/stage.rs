//! Stages: the columns of the board on which clients move.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    id::StageId,
    input::{Invalid, line},
};

/// The stages of a new agency.
pub const DEFAULT: [&str; 6] = ["Onboarding", "Installation", "Audit", "Live", "Needs Support", "Off-boarding"];

/// A column of the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its id.
    pub id: StageId,
    /// Its name.
    pub name: String,
}

/// A stage as an agency writes its list: with the id of an existing one, or none for a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageEdit {
    /// The stage that is kept or renamed.
    pub id: Option<StageId>,
    /// Its name.
    pub name: String,
}

/// Checks a whole list of stages: 3–20, each with a name of its own of 1–50 characters.
///
/// # Errors
/// An [`Invalid`] for `stages`.
pub fn parse_list(stages: Vec<StageEdit>) -> Result<Vec<StageEdit>, Invalid> {
    if !(3..=20).contains(&stages.len()) {
        return Err(Invalid::new("stages", "a board has between 3 and 20 stages"));
    }
    let mut parsed: Vec<StageEdit> = Vec::new();
    for stage in stages {
        let name = line("stages", "A stage's name", &stage.name, 50)?;
        if parsed.iter().any(|other| other.name.to_lowercase() == name.to_lowercase()) {
            return Err(Invalid::new("stages", format!("there are two stages named {name}")));
        }
        if stage.id.is_some() && parsed.iter().any(|other| other.id == stage.id) {
            return Err(Invalid::new("stages", "a stage is named twice"));
        }
        parsed.push(StageEdit { id: stage.id, name });
    }
    Ok(parsed)
}

/// A move of a client, in its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageChange {
    /// The stage it moved to, as named then.
    pub stage: String,
    /// Who moved it.
    pub member: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// How long a client may stay in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// From this many days on it is yellow: Slow on screen.
    pub yellow_days: i32,
    /// From this many days on it is red: Stuck on screen.
    pub red_days: i32,
}

impl Thresholds {
    /// Checks that Slow comes before Stuck.
    ///
    /// # Errors
    /// An [`Invalid`] for the field that must change.
    pub fn parse(self) -> Result<Self, Invalid> {
        for (field, days) in [("stage_yellow_days", self.yellow_days), ("stage_red_days", self.red_days)] {
            if !(1..=3650).contains(&days) {
                return Err(Invalid::new(field, "enter between 1 and 3650 days"));
            }
        }
        if self.yellow_days >= self.red_days {
            return Err(Invalid::new("stage_red_days", "Stuck must come later than Slow"));
        }
        Ok(self)
    }

    /// The health of a client that has been in its stage for `days`.
    pub fn health(self, days: i64) -> Health {
        match days {
            _ if days >= i64::from(self.red_days) => Health::Red,
            _ if days >= i64::from(self.yellow_days) => Health::Yellow,
            _ => Health::Green,
        }
    }
}

/// Whether a client has stayed in its stage for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Not long.
    Green,
    /// Long.
    Yellow,
    /// Too long.
    Red,
}

impl Health {
    /// The spelling in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    /// The words on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Green => "On track",
            Self::Yellow => "Slow",
            Self::Red => "Stuck",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(name: &str) -> StageEdit {
        StageEdit { id: None, name: name.into() }
    }

    #[test]
    fn a_board_has_three_to_twenty_stages_with_names_of_their_own() {
        assert!(parse_list(vec![edit("A"), edit("B")]).is_err());
        assert!(parse_list((0..21).map(|n| edit(&n.to_string())).collect()).is_err());
        assert!(parse_list(vec![edit("A"), edit("a "), edit("C")]).is_err());
        assert_eq!(parse_list(vec![edit(" A "), edit("B"), edit("C")]).unwrap()[0].name, "A");
    }

    #[test]
    fn health_turns_at_the_thresholds() {
        let thresholds = Thresholds { yellow_days: 7, red_days: 14 };
        let health = [6, 7, 8, 13, 14].map(|days| thresholds.health(days));
        assert_eq!(health, [Health::Green, Health::Yellow, Health::Yellow, Health::Yellow, Health::Red]);
        assert!(Thresholds { yellow_days: 7, red_days: 7 }.parse().is_err());
    }
}
