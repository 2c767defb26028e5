//! Values on a regular grid of time.

use crate::NotEnough;

/// Values of equal distance in time, oldest first; `None` is missing, which is not zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series(Vec<Option<f64>>);

impl Series {
    /// A series of these values, in the unit of what they measure.
    ///
    /// # Errors
    /// [`NotEnough::NotFinite`] names the first value that is no finite number.
    pub fn new(values: Vec<Option<f64>>) -> Result<Self, NotEnough> {
        match values.iter().position(|value| value.is_some_and(|value| !value.is_finite())) {
            Some(at) => Err(NotEnough::NotFinite { at }),
            None => Ok(Self(values)),
        }
    }

    /// The values, oldest first.
    pub fn values(&self) -> &[Option<f64>] {
        &self.0
    }

    /// How many values are there, missing ones not counted.
    pub fn present(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// Itself, if so many values are there.
    ///
    /// # Errors
    /// [`NotEnough::TooShort`] otherwise.
    pub fn at_least(&self, needs: usize) -> Result<&Self, NotEnough> {
        let has = self.present();
        if has < needs { Err(NotEnough::TooShort { has, needs }) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_no_number_is_named() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Series::new(vec![Some(1.0), None, Some(value)]), Err(NotEnough::NotFinite { at: 2 }));
        }
    }

    #[test]
    fn missing_values_do_not_count() {
        let series = Series::new(vec![Some(1.0), None]).unwrap();
        assert_eq!(series.at_least(2), Err(NotEnough::TooShort { has: 1, needs: 2 }));
        assert!(series.at_least(1).is_ok());
    }
}
