//! New ids: UUID v7, so that keys grow with time and neighbours lie together on disk.

use time::OffsetDateTime;
use uuid::{ContextV7, Timestamp, Uuid};

/// A new id for a row created at `now`.
pub fn new<T: From<Uuid>>(now: OffsetDateTime) -> T {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(ContextV7::new(), seconds, now.nanosecond())).into()
}
