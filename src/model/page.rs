//! Pages of a list: a bounded number of items and an opaque cursor to the next.

use serde::{Deserialize, Serialize};

use crate::input::Invalid;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items of this page, in the list's order.
    pub items: Vec<T>,
    /// Pass as `cursor` to get what follows; absent on the last page.
    pub next_cursor: Option<String>,
}

/// How many items a page holds when nothing is asked: 25.
pub const DEFAULT_LIMIT: i64 = 25;
/// The most a page holds; asking for more gives this many.
pub const MAX_LIMIT: i64 = 100;

/// Parses a `limit` parameter.
///
/// # Errors
/// Not a whole number, or less than 1.
pub fn parse_limit(text: Option<&str>) -> Result<i64, Invalid> {
    let Some(text) = text else { return Ok(DEFAULT_LIMIT) };
    match text.parse::<i64>() {
        Ok(limit) if limit >= 1 => Ok(limit.min(MAX_LIMIT)),
        _ => Err(Invalid::new("limit", "limit must be a whole number of at least 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_cut_or_refused() {
        assert_eq!(parse_limit(None), Ok(25));
        assert_eq!(parse_limit(Some("150")), Ok(100));
        for bad in ["0", "-5", "abc", ""] {
            assert!(parse_limit(Some(bad)).is_err(), "{bad}");
        }
    }
}
