//! At most six: more series cannot be told apart.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// As many series as there are colours that all people can tell apart.
pub const MOST: usize = 6;

/// More series than can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} series are more than the six that can be told apart: put the smallest together as others")]
pub struct TooMany(pub usize);

/// Six at most. Whoever has more puts the smallest together as "Others".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>")]
pub struct Few<T>(Vec<T>);

impl<T> Few<T> {
    /// One.
    pub fn one(item: T) -> Self {
        Self(vec![item])
    }
}

impl<T> TryFrom<Vec<T>> for Few<T> {
    type Error = TooMany;

    fn try_from(items: Vec<T>) -> Result<Self, TooMany> {
        if items.len() > MOST { Err(TooMany(items.len())) } else { Ok(Self(items)) }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seventh_is_refused_in_words_however_it_comes() {
        assert_eq!(Few::try_from(vec![0; 6]).unwrap().len(), 6);
        let refused = Few::try_from(vec![0; 7]).unwrap_err();
        assert_eq!(refused, TooMany(7));
        assert!(refused.to_string().contains("as others"), "{refused}");
        assert!(serde_json::from_str::<Few<u8>>("[1,2,3,4,5,6]").is_ok());
        assert!(serde_json::from_str::<Few<u8>>("[1,2,3,4,5,6,7]").is_err());
        assert_eq!(serde_json::to_string(&Few::one(1)).unwrap(), "[1]");
    }
}
