//! What was made of much that is stored, kept in this process with everything that it was made of. What it was made of is read
//! each time, as the member who asks; only the same, all of it, gives what was made of it before. So nobody is shown what they do
//! not see, or what is not so any more.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The newest last.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    most: usize,
    all: Mutex<VecDeque<(K, V)>>,
}

impl<K: PartialEq, V: Clone> Kept<K, V> {
    /// Keeps so many.
    pub const fn new(most: usize) -> Self {
        Self { most, all: Mutex::new(VecDeque::new()) }
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<(K, V)>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was made of exactly this.
    pub fn find(&self, of: &K) -> Option<V> {
        self.all().iter().find(|(known, _)| known == of).map(|(_, made)| made.clone())
    }

    /// Keeps what was made of this, and lets the oldest go.
    pub fn keep(&self, of: K, made: V) {
        let mut all = self.all();
        all.retain(|(known, _)| *known != of);
        all.push_back((of, made));
        while all.len() > self.most {
            all.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_of_the_same_is_found_and_the_oldest_goes() {
        let kept = Kept::new(2);
        kept.keep((1, "a"), 10);
        assert_eq!(kept.find(&(1, "a")), Some(10));
        assert_eq!((kept.find(&(1, "b")), kept.find(&(2, "a"))), (None, None));
        kept.keep((1, "a"), 11);
        kept.keep((2, "a"), 20);
        assert_eq!((kept.find(&(1, "a")), kept.find(&(2, "a"))), (Some(11), Some(20)));
        kept.keep((3, "a"), 30);
        assert_eq!((kept.find(&(1, "a")), kept.find(&(3, "a"))), (None, Some(30)));
    }
}
