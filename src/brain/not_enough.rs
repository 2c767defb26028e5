//! Why something cannot be said of the data given. Each variant reads as the end of "not enough data: …".

/// A reason to say nothing, which is shown to people in place of a figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum NotEnough {
    /// Fewer values than the method needs.
    #[error("{has} values, and {needs} are needed")]
    TooShort {
        /// Values that are there.
        has: usize,
        /// Values that are needed.
        needs: usize,
    },
    /// A value that is not a finite number.
    #[error("value {at} is not a finite number")]
    NotFinite {
        /// Its place in the series, from 0.
        at: usize,
    },
    /// Every value is the same, so nothing can be learned of its changes.
    #[error("every value is the same")]
    Constant,
    /// A value below zero where only counts or amounts make sense.
    #[error("value {at} is below zero")]
    Negative {
        /// Its place in the series, from 0.
        at: usize,
    },
    /// One moment has two values.
    #[error("{of} is there twice")]
    Duplicate {
        /// The day or number that is there twice, as it was given.
        of: String,
    },
    /// The amounts are of more than one currency.
    #[error("the currency changes from {from} to {to}")]
    Currency {
        /// ISO 4217 code before.
        from: String,
        /// ISO 4217 code after.
        to: String,
    },
    /// Fewer events (orders, clicks, tired creatives) than the method needs.
    #[error("{has} {of}, and {needs} are needed")]
    TooFew {
        /// What is counted, in the plural.
        of: &'static str,
        /// How many there are, rounded down; such that are independent of each other, where the text says "effective".
        has: usize,
        /// How many are needed.
        needs: usize,
    },
    /// An amount that exact decimals cannot hold.
    #[error("the amounts are too large")]
    TooLarge,
    /// A figure with which nothing can be begun, such as no days, or a share above one.
    #[error("{what} is not usable")]
    Unusable {
        /// Which.
        what: &'static str,
    },
}
