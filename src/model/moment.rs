//! A moment as people read it: the server writes the words, in the agency's time zone, and the browser only shows them.
//!
//! Pages carry this instead of a timestamp, so that what browsers load holds no library for times. Programs get
//! RFC 3339 from the API.

use serde::{Deserialize, Serialize};

/// A moment in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// For programs: RFC 3339, in UTC.
    pub at: String,
    /// Near in time "4 min ago", else the day: "3 Nov 2026".
    pub words: String,
    /// To the minute, without the zone: "2026-11-03 14:05".
    pub clock: String,
    /// The zone of `words` and `clock`: "Europe/Berlin".
    pub zone: String,
}
