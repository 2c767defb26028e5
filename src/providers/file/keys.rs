//! Which keys were there before, and in which line: the first so many in memory, those of more rows in a file, so that memory
//! does not grow with what is read.
//!
//! The file is a hash table with open addressing that doubles when it is half full. It has no name once it is open, so that
//! it goes with whoever reads, however that ends. What is used of it the system keeps at hand.

use std::{
    fs::{File, OpenOptions},
    io::{BufReader, ErrorKind, Read, Result},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// 96 bits of a digest.
pub(super) type Key = [u32; 3];

/// How many keys are kept in memory when there is a folder for the others: about nine megabytes of them.
const IN_MEMORY: usize = 500_000;
/// How many sorted lists the keys in memory are spread over: short enough to be inserted into, at millions of rows.
const SHARDS: usize = 4096;
/// The first table has so many bits of slots: less than half full with what was in memory.
const FIRST: u32 = 21;
/// Bytes of a slot: the key and the line, which is 0 in an empty one.
const SLOT: usize = 16;
/// How many slots are read at once; one is rarely far from where it belongs.
const AT_ONCE: u64 = 8;

/// The keys that were seen.
#[derive(Debug)]
pub(super) struct Keys {
    /// Where the file is made; without one all keys stay in memory.
    folder: Option<PathBuf>,
    in_memory: usize,
    first: u32,
    shards: Vec<Vec<Seen>>,
    count: usize,
    slots: Option<Slots>,
}

/// A key and where it was.
#[derive(Clone, Copy, Debug)]
struct Seen {
    key: Key,
    line: u32,
}

impl Default for Keys {
    fn default() -> Self {
        let shards = vec![Vec::new(); SHARDS];
        Self { folder: None, in_memory: IN_MEMORY, first: FIRST, shards, count: 0, slots: None }
    }
}

impl Keys {
    /// Keeps the keys of many rows in a file in `folder`.
    pub fn spill_into(&mut self, folder: &Path) {
        self.folder = Some(folder.to_owned());
    }

    /// Remembers the key; the line where it was seen before, if it was.
    pub fn seen_at(&mut self, key: Key, line: u64) -> Result<Option<u32>> {
        let line = u32::try_from(line).unwrap_or(u32::MAX).max(1);
        if let Some(slots) = &mut self.slots {
            return slots.insert(key, line);
        }
        if self.count >= self.in_memory
            && let Some(folder) = &self.folder
        {
            let mut slots = Slots::make(folder, self.first)?;
            for seen in std::mem::take(&mut self.shards).into_iter().flatten() {
                slots.insert(seen.key, seen.line)?;
            }
            return self.slots.insert(slots).insert(key, line);
        }
        let shard = &mut self.shards[key[0] as usize % SHARDS];
        match shard.binary_search_by_key(&key, |seen| seen.key) {
            Ok(at) => Ok(Some(shard[at].line)),
            Err(at) => {
                if shard.len() == shard.capacity() {
                    shard.reserve_exact(8.max(shard.len() / 8));
                }
                shard.insert(at, Seen { key, line });
                self.count += 1;
                Ok(None)
            }
        }
    }
}

/// The table in a file.
#[derive(Debug)]
struct Slots {
    file: File,
    folder: PathBuf,
    bits: u32,
    used: u64,
}

/// A slot's key, and its line or 0.
fn read(slot: &[u8]) -> (Key, u32) {
    let part = |at: usize| u32::from_le_bytes([slot[at], slot[at + 1], slot[at + 2], slot[at + 3]]);
    ([part(0), part(4), part(8)], part(12))
}

impl Slots {
    fn make(folder: &Path, bits: u32) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let file = loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}-{number}.keys", std::process::id()));
            let mut options = OpenOptions::new();
            match options.read(true).write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    std::fs::remove_file(&path)?;
                    break file;
                }
                // Another machine's, which is about to lose its name.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        file.set_len((SLOT as u64) << bits)?;
        Ok(Self { file, folder: folder.to_owned(), bits, used: 0 })
    }

    fn insert(&mut self, key: Key, line: u32) -> Result<Option<u32>> {
        if self.used * 2 >= 1 << self.bits {
            self.grow()?;
        }
        let known = self.put(key, line)?;
        self.used += u64::from(known.is_none());
        Ok(known)
    }

    /// Puts the key into the first free slot from where it belongs, unless it is there.
    fn put(&self, key: Key, line: u32) -> Result<Option<u32>> {
        let slots = 1u64 << self.bits;
        let mut at = (u64::from(key[1]) << 32 | u64::from(key[2])) >> (64 - self.bits);
        let mut bytes = [0; SLOT * AT_ONCE as usize];
        loop {
            let count = AT_ONCE.min(slots - at);
            let part = &mut bytes[..SLOT * count as usize];
            self.file.read_exact_at(part, at * SLOT as u64)?;
            for (place, slot) in (at..).zip(part.chunks_exact(SLOT)) {
                let (found, there) = read(slot);
                if there == 0 {
                    let words = [key[0], key[1], key[2], line].map(u32::to_le_bytes);
                    self.file.write_all_at(words.as_flattened(), place * SLOT as u64)?;
                    return Ok(None);
                }
                if found == key {
                    return Ok(Some(there));
                }
            }
            at = (at + count) % slots;
        }
    }

    /// Moves everything into a table of twice the size.
    fn grow(&mut self) -> Result<()> {
        let larger = Self::make(&self.folder, self.bits + 1)?;
        // Slots are read and written at their places only, so the file still stands at its beginning.
        let mut all = BufReader::with_capacity(1 << 16, &self.file);
        let mut slot = [0; SLOT];
        for _ in 0..1u64 << self.bits {
            all.read_exact(&mut slot)?;
            let (key, line) = read(&slot);
            if line != 0 {
                larger.put(key, line)?;
            }
        }
        *self = Self { used: self.used, ..larger };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that differ, many of which belong into the same slots.
    fn key(number: u32) -> Key {
        [number, number.wrapping_mul(0x9e37_79b9) & 0xff00_0000, number / 7]
    }

    #[test]
    fn many_keys_are_told_apart_in_a_file_as_in_memory() {
        let folder = std::env::temp_dir().join(format!("audienceos-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut spilled = Keys { in_memory: 100, first: 8, ..Keys::default() };
        spilled.spill_into(&folder);
        let mut whole = Keys::default();
        for number in 0..4000 {
            for keys in [&mut spilled, &mut whole] {
                assert_eq!(keys.seen_at(key(number), u64::from(number) + 2).unwrap(), None, "{number}");
            }
            // One of those before comes again, as early in memory as late in the file.
            let again = number / 3;
            for keys in [&mut spilled, &mut whole] {
                assert_eq!(keys.seen_at(key(again), 1_000_000).unwrap(), Some(again + 2), "{again} of {number}");
            }
        }
        let slots = spilled.slots.as_ref().unwrap();
        assert_eq!((slots.used, slots.bits), (4000, 13), "it grew");
        assert!(spilled.shards.is_empty() && whole.slots.is_none());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "the file has no name");
        std::fs::remove_dir_all(&folder).unwrap();
        let mut nowhere = Keys { in_memory: 1, ..Keys::default() };
        nowhere.spill_into(&folder);
        nowhere.seen_at(key(1), 2).unwrap();
        assert_eq!(nowhere.seen_at(key(2), 3).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
