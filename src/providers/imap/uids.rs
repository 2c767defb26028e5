//! Numbers of messages, as IMAP writes them: `1:57,60,62:99`. A mailbox of many thousands has few gaps.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A set of numbers, as ranges in order that neither touch nor overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Uids(Vec<(u32, u32)>);

impl Uids {
    pub(super) fn insert(&mut self, uid: u32) {
        let at = self.0.partition_point(|(_, last)| *last < uid);
        if self.0.get(at).is_some_and(|(first, _)| *first <= uid) {
            return;
        }
        let before = at > 0 && self.0[at - 1].1.checked_add(1) == Some(uid);
        let after = self.0.get(at).is_some_and(|(first, _)| uid.checked_add(1) == Some(*first));
        match (before, after) {
            (true, true) => self.0[at - 1].1 = self.0.remove(at).1,
            (true, false) => self.0[at - 1].1 = uid,
            (false, true) => self.0[at].0 = uid,
            (false, false) => self.0.insert(at, (uid, uid)),
        }
    }

    pub(super) fn remove(&mut self, uid: u32) {
        let at = self.0.partition_point(|(_, last)| *last < uid);
        let Some((first, last)) = self.0.get(at).copied().filter(|(first, _)| *first <= uid) else { return };
        let left = (first < uid).then(|| (first, uid - 1));
        let right = (uid < last).then(|| (uid + 1, last));
        drop(self.0.splice(at..=at, left.into_iter().chain(right)));
    }

    pub(super) fn contains(&self, uid: u32) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < uid);
        self.0.get(at).is_some_and(|(first, _)| *first <= uid)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// The smallest and the largest.
    pub(super) fn span(&self) -> Option<(u32, u32)> {
        Some((self.0.first()?.0, self.0.last()?.1))
    }

    /// Reads what [`text`](Self::text) writes; none when it is something else.
    fn read(text: &str) -> Option<Self> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once(':').unwrap_or((part, part));
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            let follows =
                ranges.last().is_none_or(|(_, before)| before.checked_add(1).is_some_and(|next| next < first));
            if first > last || !follows {
                return None;
            }
            ranges.push((first, last));
        }
        Some(Self(ranges))
    }

    fn text(&self) -> String {
        let part =
            |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}:{last}") };
        self.0.iter().map(part).collect::<Vec<_>>().join(",")
    }
}

impl FromIterator<u32> for Uids {
    fn from_iter<T: IntoIterator<Item = u32>>(uids: T) -> Self {
        let mut set = Self::default();
        uids.into_iter().for_each(|uid| set.insert(uid));
        set
    }
}

impl Serialize for Uids {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Uids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("no set of numbers"))
    }
}

/// Numbers as a command names them; `uids` may be in any order.
pub(super) fn set(uids: impl IntoIterator<Item = u32>) -> String {
    uids.into_iter().collect::<Uids>().text()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_is_a_set_that_is_written_as_ranges() {
        let (mut uids, mut plain) = (Uids::default(), BTreeSet::new());
        // Every number up to 97 in an order that meets all neighbours, then every third taken out.
        for step in 0..97_u32 {
            let uid = step * 31 % 97 + 1;
            uids.insert(uid);
            plain.insert(uid);
            assert_eq!(uids.iter().collect::<Vec<_>>(), plain.iter().copied().collect::<Vec<_>>());
            assert_eq!(Uids::read(&uids.text()), Some(uids.clone()));
        }
        assert_eq!(uids.text(), "1:97");
        for uid in (0..99).step_by(3) {
            uids.remove(uid);
            plain.remove(&uid);
            assert!(!uids.contains(uid));
            assert_eq!(uids.iter().collect::<Vec<_>>(), plain.iter().copied().collect::<Vec<_>>());
        }
        assert_eq!((uids.span(), Uids::default().span()), (Some((1, 97)), None));
        assert_eq!(set([7, 3, 5, 4, 4_294_967_295]), "3:5,7,4294967295");
    }

    #[test]
    fn what_is_no_set_is_not_read() {
        for text in ["x", "1:", "3:1", "1,1", "1:3,2", "1:3,4", "1:*", "-1", "4294967296"] {
            assert_eq!(Uids::read(text), None, "{text}");
        }
        assert_eq!(Uids::read(""), Some(Uids::default()));
    }
}
