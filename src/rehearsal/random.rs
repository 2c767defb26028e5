//! Chance that is the same everywhere: streams named by what they are for, and samplers on top of them.
//!
//! A stream belongs to one quantity (this seed, this channel, this day, this purpose), so any part of the world can be
//! computed alone and a later day never changes an earlier one. The generator is Philox4x32-10 (Salmon et al. 2011,
//! "Parallel random numbers: as easy as 1, 2, 3"), which needs no state but its counter. Logarithms come from `libm`:
//! those of the standard library differ between machines. To add a sampler, test its mean and variance below.

/// Names a stream. Keys that were made from other parts, or from the same in another order, give unrelated streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64, u64);

/// The finalizer of SplitMix64 (Steele et al. 2014, constants by Stafford).
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Key {
    /// The root of a world.
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)), mix(seed ^ 0x6a09_e667_f3bc_c909)).number(seed)
    }

    /// The key of a part that has a number.
    pub const fn number(self, number: u64) -> Self {
        let first = mix(self.0 ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(self.1);
        Self(first, mix(self.1.wrapping_add(number).rotate_left(25) ^ first))
    }

    /// The key of a part that has a name (FNV-1a, then mixed).
    pub fn name(self, name: &str) -> Self {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        self.number(hash)
    }

    /// The stream of this key, from its beginning.
    pub const fn stream(self) -> Stream {
        let (key, rest) = (self.0, self.1);
        Stream {
            key: [key as u32, (key >> 32) as u32],
            counter: [0, 0, rest as u32, (rest >> 32) as u32],
            block: [0; 4],
            left: 0,
        }
    }
}

/// Ten rounds of Philox4x32.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
        }
        let first = u64::from(counter[0]) * 0xd251_1f53;
        let second = u64::from(counter[2]) * 0xcd9e_8d57;
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
    }
    counter
}

/// Draws, one after the other.
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    left: usize,
}

impl Stream {
    fn next_u32(&mut self) -> u32 {
        if self.left == 0 {
            self.block = philox(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.left = 4;
        }
        self.left -= 1;
        self.block[3 - self.left]
    }

    /// 64 fair bits.
    pub fn bits(&mut self) -> u64 {
        u64::from(self.next_u32()) | u64::from(self.next_u32()) << 32
    }

    /// Uniform in the open interval from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Uniform from `low` to `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from 0 to `n` - 1; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// A whole number from `low` to `high`, both included.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(0) as usize) as i64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of these, each as likely; there must be one.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Puts these into a random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, of: &mut [T]) {
        for last in (1..of.len()).rev() {
            of.swap(last, self.below(last + 1));
        }
    }

    /// Standard normal, by Marsaglia's polar method.
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                return u * (-2.0 * libm::log(square) / square).sqrt();
            }
        }
    }

    /// Log-normal with this mean (not median); `sigma` is the standard deviation of its logarithm.
    pub fn log_normal(&mut self, mean: f64, sigma: f64) -> f64 {
        mean * libm::exp(sigma * self.normal() - sigma * sigma / 2.0)
    }

    /// How many failures come before the first success: mean `(1 - p) / p`.
    pub fn geometric(&mut self, p: f64) -> u32 {
        (libm::log(self.unit()) / libm::log1p(-p)) as u32
    }

    /// Gamma with mean `shape`, for shapes of at least 1 (Marsaglia and Tsang 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape.max(1.0) - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            let v = v * v * v;
            if v > 0.0 && libm::log(self.unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// Poisson with this mean: by multiplication below 10, by Hörmann's PTRS (1993) above. 0 for a mean of 0 or less.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean < 10.0 {
            let (limit, mut product, mut count) = (libm::exp(-mean), self.unit(), 0);
            while product > limit {
                product *= self.unit();
                count += 1;
            }
            return count;
        }
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inverse = libm::log(1.1239 + 1.1328 / (b - 3.4));
        let (quick, log_mean) = (0.9277 - 3.6224 / (b - 2.0), libm::log(mean));
        loop {
            let (u, v) = (self.unit() - 0.5, self.unit());
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= quick {
                return k as u64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let height = libm::log(v) + inverse - libm::log(a / (us * us) + b);
            if height <= k * log_mean - mean - libm::lgamma(k + 1.0) {
                return k as u64;
            }
        }
    }

    /// Poisson whose mean is itself spread: variance `mean + mean² / size` (negative binomial), for sizes of at least 1.
    pub fn negative_binomial(&mut self, mean: f64, size: f64) -> u64 {
        let rate = mean / size * self.gamma(size);
        self.poisson(rate)
    }

    /// How many of `n` trials succeed: by waiting times where few do, by Hörmann's BTRS (1993) elsewhere.
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        if p <= 0.0 || n == 0 {
            return 0;
        }
        let size = n as f64;
        if size * p < 10.0 {
            let (mut place, mut count) = (0.0, 0);
            loop {
                place += f64::from(self.geometric(p)) + 1.0;
                if place > size {
                    return count;
                }
                count += 1;
            }
        }
        let deviation = (size * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * deviation;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let (c, quick, odds) = (size * p + 0.5, 0.92 - 4.2 / b, p / (1.0 - p));
        let alpha = (2.83 + 5.1 / b) * deviation;
        let mode = ((size + 1.0) * p).floor();
        let height = libm::lgamma(mode + 1.0) + libm::lgamma(size - mode + 1.0);
        loop {
            let (u, v) = (self.unit() - 0.5, self.unit());
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if k < 0.0 || k > size {
                continue;
            }
            if us >= 0.07 && v <= quick {
                return k as u64;
            }
            let v = libm::log(v * alpha / (a / (us * us) + b));
            let log_odds = (k - mode) * libm::log(odds);
            if v <= height - libm::lgamma(k + 1.0) - libm::lgamma(size - k + 1.0) + log_odds {
                return k as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests;
