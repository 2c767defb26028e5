//! Chance from a seed: the same seed and name give the same draws everywhere.

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// The stream of draws that belongs to this seed and this name (a series, a purpose), unrelated to every other name's.
pub fn stream(seed: u64, name: &str) -> ChaCha8Rng {
    // FNV-1a: a name becomes a number, always the same one.
    let number = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(number);
    random
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::RngCore;

    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_seed_and_name() {
        let draw = |seed, name| stream(seed, name).next_u64();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert!(draw(1, "a") != draw(2, "a") && draw(1, "a") != draw(1, "b"));
    }
}
