//! The only place that reads the time. Tests hold the clock and turn it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use time::{Duration, OffsetDateTime};

/// Tells the time: the machine's, moved by what a test added. Postgres keeps microseconds, and so does this.
#[derive(Clone, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// The moment, in UTC, to the microsecond.
    pub fn now(&self) -> OffsetDateTime {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
        let now = OffsetDateTime::now_utc();
        let now = now.replace_nanosecond(now.microsecond() * 1000).unwrap_or(now);
        now + Duration::seconds(self.offset_seconds.load(Ordering::Relaxed))
    }

    /// Moves this clock and its clones; for tests.
    pub fn advance(&self, by: Duration) {
        self.offset_seconds.fetch_add(by.whole_seconds(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
