//! Why something cannot be said of the data given. Each variant reads as the end of "not enough data: …".

/// So many values, in words.
fn values(count: usize) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

/// A reason to say nothing, which is shown to people in place of a figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum NotEnough {
    /// Fewer values than the method needs.
    #[error("{}, and {needs} are needed", values(*.has))]
    TooShort {
        /// Values that are there.
        has: usize,
        /// Values that are needed.
        needs: usize,
    },
    /// A value that is not a finite number.
    #[error("the {} is not a finite number", place(.at))]
    NotFinite {
        /// Its place in the series, from 0.
        at: usize,
    },
    /// Every value is the same, so nothing can be learned of its changes.
    #[error("every value is the same")]
    Constant,
    /// A value below zero where only counts or amounts make sense.
    #[error("the {} is below zero", place(.at))]
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
    /// A figure with which nothing can be begun, such as no days, or a share above one.
    #[error("{what} is not usable")]
    Unusable {
        /// Which.
        what: &'static str,
    },
    /// More than half of the values are missing.
    #[error("only {has} of {of} values are there")]
    Gaps {
        /// Values that are there.
        has: usize,
        /// Values that the time between first and last has room for.
        of: usize,
    },
    /// Past forecasts were right on nineteen of twenty steps or more, as of what repeats itself, or has long been zero.
    #[error("hardly a past forecast was wrong, so nothing is known of errors")]
    NeverWrong,
    /// Values, or what follows from them, are larger than a number can be, or so far apart that the small ones are lost.
    #[error("the values are too large or too far apart to reckon with")]
    TooLarge,
    /// The chosen models are of another request.
    #[error("the models were chosen for another horizon or season")]
    Choice,
    /// A sum of which shares cannot be told.
    #[error("the sum is not above zero")]
    NoTotal,
    /// An action that only looks: there is nothing to measure.
    #[error("it changes nothing by itself, so there is nothing to measure")]
    ChangesNothing,
    /// A channel without any spend.
    #[error("nothing was spent")]
    NothingSpent,
}

/// A place in a series in words: "value 0" would read as the value zero.
fn place(at: &usize) -> String {
    let number = at.saturating_add(1);
    let ending = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending} value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_from_one_and_reads_as_a_place() {
        let said = |at| NotEnough::NotFinite { at }.to_string();
        assert_eq!(said(0), "the 1st value is not a finite number");
        assert_eq!(
            [10, 11, 12, 20, 21, 22, 100].map(|at| place(&at)).concat(),
            "11th value12th value13th value21st value22nd value23rd value101st value"
        );
        assert_eq!(NotEnough::Negative { at: 3 }.to_string(), "the 4th value is below zero");
    }
}
