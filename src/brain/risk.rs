//! The global risk: one colour for a client or the agency, with the findings that caused it.
//!
//! A colour is a decision, not a measurement, so its rule is short enough to be read out: what counts is how bad a finding
//! is times how probable it is, never how many series were looked at. Green says that one looked and found nothing; where
//! nobody looked there is no colour.

use serde::{Deserialize, Serialize};

use crate::{
    NotEnough,
    finding::{Finding, Severity},
};

/// The colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// One looked, and nothing needs attention.
    Green,
    /// Something needs attention this week.
    Yellow,
    /// Something needs attention today.
    Red,
}

/// The colour and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// The colour.
    pub colour: Colour,
    /// The places of the findings that caused it among those given, the worst first; none when it is green.
    pub causes: Vec<usize>,
    /// How many series, creatives and channels were looked at.
    pub looked_at: usize,
}

/// A finding that is less probable than this causes nothing: one in five of such findings would be false.
pub const PROBABLE: f64 = 0.8;
/// From here on a finding is as good as certain, which a red light needs.
pub const CERTAIN: f64 = 0.95;

/// The risk from these findings, made by looking at so many series, creatives and channels.
///
/// Red: a high severity that is as good as certain ([`CERTAIN`]), or medium or worse ones, as good as certain, about three
/// different entities. Yellow: a medium severity or worse that is [`PROBABLE`], or low ones about three different entities.
///
/// # Errors
/// [`NotEnough::TooFew`] if nothing was looked at.
pub fn assess(findings: &[Finding], looked_at: usize) -> Result<Risk, NotEnough> {
    if looked_at == 0 {
        return Err(NotEnough::TooFew { of: "series", has: 0, needs: 1 });
    }
    let at_least = |severity: Severity, probability: f64| -> Vec<usize> {
        let bad = |finding: &Finding| finding.severity >= severity && finding.probability >= probability;
        (0..findings.len()).filter(|&at| bad(&findings[at])).collect()
    };
    let several = |places: &[usize]| {
        let mut entities: Vec<_> = places.iter().map(|&at| &findings[at].entity).collect();
        entities.sort();
        entities.dedup();
        entities.len() >= 3
    };
    let (high, medium) = (at_least(Severity::High, CERTAIN), at_least(Severity::Medium, CERTAIN));
    let (some, low) = (at_least(Severity::Medium, PROBABLE), at_least(Severity::Low, PROBABLE));
    let (colour, mut causes) = if several(&medium) {
        (Colour::Red, medium)
    } else if !high.is_empty() {
        (Colour::Red, high)
    } else if several(&low) {
        (Colour::Yellow, low)
    } else if !some.is_empty() {
        (Colour::Yellow, some)
    } else {
        (Colour::Green, vec![])
    };
    let rank = |at: usize| (findings[at].severity, findings[at].probability);
    causes.sort_by(|&a, &b| {
        let ((one, sure), (other, surer)) = (rank(a), rank(b));
        other.cmp(&one).then(surer.total_cmp(&sure)).then(a.cmp(&b))
    });
    Ok(Risk { colour, causes, looked_at })
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::finding::{Entity, Kind, Level};

    fn finding(id: &str, severity: Severity, probability: f64) -> Finding {
        Finding {
            kind: Kind::Drop,
            entity: Entity { id: id.into(), level: Level::Channel },
            channels: Vec::new(),
            metric: None,
            first: date!(2026 - 11 - 01),
            last: date!(2026 - 11 - 01),
            calendar: None,
            size: None,
            probability,
            severity,
            basis: vec![],
        }
    }

    #[test]
    fn nothing_found_is_green_and_nothing_looked_at_is_no_colour() {
        assert_eq!(assess(&[], 3), Ok(Risk { colour: Colour::Green, causes: vec![], looked_at: 3 }));
        assert_eq!(assess(&[], 0), Err(NotEnough::TooFew { of: "series", has: 0, needs: 1 }));
    }

    #[test]
    fn the_colour_follows_the_rule() {
        use Severity::{High, Info, Low, Medium};
        let cases = [
            (vec![("a", High, 0.96)], Colour::Red, vec![0]),
            (vec![("a", High, 0.94)], Colour::Yellow, vec![0]),
            (vec![("a", High, 0.79)], Colour::Green, vec![]),
            (vec![("a", High, f64::NAN)], Colour::Green, vec![]),
            (vec![("a", Medium, 0.99)], Colour::Yellow, vec![0]),
            (vec![("a", Medium, 0.97), ("b", Medium, 0.99), ("c", High, 0.96)], Colour::Red, vec![2, 1, 0]),
            (vec![("a", Medium, 0.99), ("a", Medium, 0.97), ("a", Medium, 0.96)], Colour::Yellow, vec![0, 1, 2]),
            (vec![("a", Low, 0.99), ("b", Low, 0.99)], Colour::Green, vec![]),
            (vec![("a", Low, 0.99), ("b", Low, 0.99), ("c", Low, 0.8)], Colour::Yellow, vec![0, 1, 2]),
            (vec![("a", Info, 1.0), ("b", Info, 1.0), ("c", Info, 1.0)], Colour::Green, vec![]),
        ];
        for (given, colour, causes) in cases {
            let findings: Vec<_> = given.iter().map(|(id, severity, p)| finding(id, *severity, *p)).collect();
            assert_eq!(assess(&findings, 9), Ok(Risk { colour, causes, looked_at: 9 }), "{given:?}");
        }
    }
}
