//! How many of the things found are false: one number per test, over all tests made at once.
//!
//! Benjamini & Hochberg 1995 ("Controlling the false discovery rate"), which holds for independent tests and, as
//! Benjamini & Yekutieli 2001 show, for tests that tend to rise and fall together, as the series of one agency do. One
//! day's series are one family, so that an alarm never waits for a later day and a quiet year buys no careless day, as
//! it can with the spending rules of online procedures (LORD: Javanmard & Montanari 2018).

/// The q-value of every p-value: the smallest share of false discoveries at which it would still be one.
///
/// The order is that of the input. A p-value that is no number counts as 1.
pub fn q_values(p: &[f64]) -> Vec<f64> {
    let p: Vec<f64> = p.iter().map(|p| if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) }).collect();
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
    let (mut q, mut least) = (vec![1.0; p.len()], 1.0_f64);
    for (place, at) in order.into_iter().enumerate() {
        least = least.min(p[at] * p.len() as f64 / (p.len() - place) as f64);
        q[at] = least;
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_paper() {
        // Benjamini & Hochberg 1995, section 3.2: 15 p-values, of which the first four are discoveries at 0.05.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        let q = q_values(&p);
        assert_eq!(q.iter().filter(|q| **q <= 0.05).count(), 4);
        assert!((q[3] - 0.0095 * 15.0 / 4.0).abs() < 1e-12 && q[14] == 1.0);
        assert!(q.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn one_test_is_itself_and_rubbish_is_no_discovery() {
        assert_eq!(q_values(&[0.03]), [0.03]);
        assert_eq!(q_values(&[f64::NAN, -1.0, 7.0]), [1.0, 0.0, 1.0]);
        assert!(q_values(&[]).is_empty());
    }
}
