//! Numbers with their nouns, as people read them.

use model::number::whole;

/// The number and its noun: `1 account`, `1,200 accounts`.
pub fn counted(number: i64, one: &str, more: &str) -> String {
    format!("{} {}", whole(number), if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_others_are_more() {
        assert_eq!(counted(1, "page", "pages"), "1 page");
        assert_eq!(counted(0, "page", "pages"), "0 pages");
        assert_eq!(counted(1200, "page", "pages"), "1,200 pages");
    }
}
