//! A minimum in a box, by the simplex of Nelder and Mead (1965).

/// Side of a box, lowest and highest value.
pub(crate) type Side = (f64, f64);

/// A difference of costs that tells nothing. Costs here are of the size of −2 log likelihoods, in which one parameter more
/// or less counts 2 (Akaike 1974).
const FLAT: f64 = 0.05;

/// The point with the least `cost` found from `start` within the box, and that cost; at most `evaluations` are spent.
///
/// A cost that is not a number counts as infinite. `near` says that the start is one that was good yesterday, so that the
/// first simplex is small. The search ends when the simplex is flat to [`FLAT`].
pub(crate) fn minimise(
    mut cost: impl FnMut(&[f64]) -> f64,
    start: &[f64],
    sides: &[Side],
    near: bool,
    evaluations: usize,
) -> (Vec<f64>, f64) {
    let size = start.len();
    let mut spent = 0;
    let mut judge = |point: &mut Vec<f64>| {
        for (value, (low, high)) in point.iter_mut().zip(sides) {
            *value = value.clamp(*low, *high);
        }
        spent += 1;
        let found = cost(point);
        (if found.is_nan() { f64::INFINITY } else { found }, spent >= evaluations)
    };
    let mut first = start.to_vec();
    let (found, _) = judge(&mut first);
    let mut simplex = vec![(first, found)];
    for at in 0..size {
        let mut corner = start.to_vec();
        let (low, high) = sides[at];
        let step = if near { 0.03 } else { 0.2 } * (high - low);
        corner[at] += if corner[at] + step <= high { step } else { -step };
        let (found, _) = judge(&mut corner);
        simplex.push((corner, found));
    }
    loop {
        simplex.sort_by(|one, other| one.1.total_cmp(&other.1));
        let (best, worst) = (simplex[0].1, simplex[size].1);
        if worst - best <= FLAT {
            break;
        }
        let centre: Vec<f64> =
            (0..size).map(|at| simplex[..size].iter().map(|(point, _)| point[at]).sum::<f64>() / size as f64).collect();
        let along = |by: f64| -> Vec<f64> {
            centre.iter().zip(&simplex[size].0).map(|(middle, far)| middle + by * (middle - far)).collect()
        };
        let mut point = along(1.0);
        let (mut found, mut over) = judge(&mut point);
        if found < best && !over {
            let mut further = along(2.0);
            let (there, end) = judge(&mut further);
            over = end;
            if there < found {
                (point, found) = (further, there);
            }
        } else if found >= simplex[size - 1].1 && !over {
            let mut nearer = along(if found < worst { 0.5 } else { -0.5 });
            let (there, end) = judge(&mut nearer);
            over = end;
            if there < found.min(worst) {
                (point, found) = (nearer, there);
            }
        }
        if found < worst {
            simplex[size] = (point, found);
        } else if !over {
            let anchor = simplex[0].0.clone();
            for (corner, value) in &mut simplex[1..] {
                for (one, fixed) in corner.iter_mut().zip(&anchor) {
                    *one = fixed + 0.5 * (*one - fixed);
                }
                let (there, end) = judge(corner);
                *value = there;
                over |= end;
            }
        }
        if over {
            simplex.sort_by(|one, other| one.1.total_cmp(&other.1));
            break;
        }
    }
    simplex.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_rosenbrock_is_walked_to_its_end() {
        let valley = |x: &[f64]| 1e5 * ((1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2));
        let (point, cost) = minimise(valley, &[-1.0, 1.0], &[(-2.0, 2.0), (-2.0, 2.0)], false, 1000);
        assert!(cost < 1.0 && (point[0] - 1.0).abs() < 0.01, "{point:?} {cost}");
    }

    #[test]
    fn a_minimum_outside_is_looked_for_on_the_edge_and_what_is_no_number_is_avoided() {
        let (point, _) = minimise(|x| 1e3 * (x[0] - 5.0).powi(2), &[0.5], &[(0.0, 1.0)], false, 200);
        assert!((point[0] - 1.0).abs() < 1e-4, "{point:?}");
        let half = |x: &[f64]| if x[0] < 0.5 { f64::NAN } else { 100.0 * x[0] };
        let (point, cost) = minimise(half, &[0.9], &[(0.0, 1.0)], false, 200);
        assert!(point[0] >= 0.5 && cost < 50.5, "{point:?}");
    }

    #[test]
    fn no_more_is_spent_than_allowed() {
        let mut spent = 0;
        let rough = |x: &[f64]| {
            spent += 1;
            libm::sin(1e6 * x[0]) + libm::sin(1e6 * x[1])
        };
        minimise(rough, &[0.3, 0.3], &[(0.0, 1.0), (0.0, 1.0)], false, 40);
        assert!(spent <= 43, "{spent}");
    }
}
