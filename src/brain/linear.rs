//! Small dense linear algebra: a matrix by columns, the Cholesky factor of a symmetric one, least squares, ridge.
//!
//! For tens of columns and thousands of rows, in a fixed order of operations, so that the same input gives the same bytes.
//! Nothing here pivots for rank or iterates: a system that has no sound answer gives `None`. Algorithms after Golub & Van
//! Loan, *Matrix Computations* (4th ed.), 4.2 (Cholesky) and 5.2 (Householder QR).

/// Rows × columns of numbers, kept column after column.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    cells: Vec<f64>,
}

impl Matrix {
    /// All zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, cells: vec![0.0; rows * columns] }
    }

    /// These columns; `None` when their lengths differ.
    pub fn of_columns(columns: &[Vec<f64>]) -> Option<Self> {
        let rows = columns.first().map_or(0, Vec::len);
        columns.iter().all(|column| column.len() == rows).then(|| Self { rows, cells: columns.concat() })
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn columns(&self) -> usize {
        self.cells.len().checked_div(self.rows).unwrap_or(0)
    }

    /// One column.
    pub fn column(&self, at: usize) -> &[f64] {
        &self.cells[at * self.rows..(at + 1) * self.rows]
    }

    /// One column, to write.
    pub fn column_mut(&mut self, at: usize) -> &mut [f64] {
        &mut self.cells[at * self.rows..(at + 1) * self.rows]
    }

    /// The value at this row and column.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.cells[column * self.rows + row]
    }

    /// Writes the value at this row and column.
    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        self.cells[column * self.rows + row] = value;
    }

    /// Columns in products with each other: `XᵀX`.
    pub fn gram(&self) -> Self {
        let size = self.columns();
        let mut gram = Self::zeros(size, size);
        for left in 0..size {
            for right in left..size {
                let product = dot(self.column(left), self.column(right));
                gram.set(left, right, product);
                gram.set(right, left, product);
            }
        }
        gram
    }

    /// Every column in product with a vector: `Xᵀv`.
    pub fn transposed_times(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.columns()).map(|at| dot(self.column(at), vector)).collect()
    }

    /// The sum of the columns, each times its weight: `Xw`.
    pub fn times(&self, weights: &[f64]) -> Vec<f64> {
        let mut sum = vec![0.0; self.rows];
        for (at, weight) in weights.iter().enumerate() {
            add(&mut sum, *weight, self.column(at));
        }
        sum
    }
}

/// The sum of the products of two vectors, in eight running sums that the processor adds at once.
pub fn dot(left: &[f64], right: &[f64]) -> f64 {
    let (heads, tail) = left.as_chunks::<8>();
    let (right_heads, right_tail) = right.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (left, right) in heads.iter().zip(right_heads) {
        for lane in 0..8 {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f64 = tail.iter().zip(right_tail).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f64>() + rest
}

/// Adds `factor` times `other` to `sum`.
pub fn add(sum: &mut [f64], factor: f64, other: &[f64]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += factor * other;
    }
}

/// The lower triangle `L` with `LLᵀ` = a symmetric positive definite matrix.
#[derive(Clone, Debug)]
pub struct Cholesky {
    size: usize,
    /// Row after row, whole rows.
    lower: Vec<f64>,
}

impl Cholesky {
    /// The factor of a symmetric matrix, of which the lower triangle is read; `None` unless it is positive definite to
    /// within rounding.
    pub fn of(matrix: &Matrix) -> Option<Self> {
        let size = matrix.columns();
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            let (above, this) = lower.split_at_mut(row * size);
            for column in 0..row {
                let other = &above[column * size..column * size + column + 1];
                let cell = matrix.at(row, column) - dot(&this[..column], &other[..column]);
                this[column] = cell / other[column];
            }
            let pivot = matrix.at(row, row) - dot(&this[..row], &this[..row]);
            // A pivot that is all rounding means that the row depends on those before it.
            if pivot <= 4.0 * f64::EPSILON * matrix.at(row, row) || !pivot.is_finite() {
                return None;
            }
            this[row] = pivot.sqrt();
        }
        Some(Self { size, lower })
    }

    /// The value of `L` at this row and column; zero above the diagonal.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.lower[row * self.size + column]
    }

    /// Turns `b` into `L⁻¹b`.
    pub fn forward(&self, vector: &mut [f64]) {
        for row in 0..self.size {
            let line = &self.lower[row * self.size..];
            vector[row] = (vector[row] - dot(&line[..row], &vector[..row])) / line[row];
        }
    }

    /// Turns `b` into `L⁻ᵀb`.
    pub fn backward(&self, vector: &mut [f64]) {
        for row in (0..self.size).rev() {
            let line = &self.lower[row * self.size..];
            vector[row] /= line[row];
            let value = vector[row];
            add(&mut vector[..row], -value, &line[..row]);
        }
    }

    /// Turns `b` into the solution of `LLᵀx = b`.
    pub fn solve(&self, vector: &mut [f64]) {
        self.forward(vector);
        self.backward(vector);
    }

    /// The natural logarithm of the determinant of `LLᵀ`.
    pub fn log_determinant(&self) -> f64 {
        (0..self.size).map(|at| 2.0 * libm::log(self.lower[at * self.size + at])).sum()
    }

    /// The inverse of `LLᵀ`.
    pub fn inverse(&self) -> Matrix {
        let mut inverse = Matrix::zeros(self.size, self.size);
        for at in 0..self.size {
            let column = inverse.column_mut(at);
            column[at] = 1.0;
            self.solve(column);
        }
        inverse
    }
}

/// Weights that make `Xw` come nearest to `y` when the square of each weight costs its penalty; with zeros, plain least
/// squares by the normal equations (fast; [`least_squares`] is the one for columns nearly alike). `None` when lengths
/// differ or the weights are not determined.
pub fn ridge(columns: &Matrix, target: &[f64], penalties: &[f64]) -> Option<Vec<f64>> {
    if columns.rows() != target.len() || columns.columns() != penalties.len() {
        return None;
    }
    let mut gram = columns.gram();
    for (at, penalty) in penalties.iter().enumerate() {
        gram.set(at, at, gram.at(at, at) + penalty);
    }
    let mut weights = columns.transposed_times(target);
    Cholesky::of(&gram)?.solve(&mut weights);
    weights.iter().all(|weight| weight.is_finite()).then_some(weights)
}

/// Weights that make `Xw` come nearest to `y`, by Householder reflections. `None` when lengths differ, there are fewer
/// rows than columns, or a column is a sum of the others to within rounding.
pub fn least_squares(columns: &Matrix, target: &[f64]) -> Option<Vec<f64>> {
    let (rows, size) = (columns.rows(), columns.columns());
    if rows != target.len() || rows < size {
        return None;
    }
    let (mut work, mut right) = (columns.clone(), target.to_vec());
    for at in 0..size {
        let whole = dot(columns.column(at), columns.column(at)).sqrt();
        let mut mirror = work.column(at)[at..].to_vec();
        let length = dot(&mirror, &mirror).sqrt();
        if !length.is_finite() || length <= 1e-12 * whole {
            return None;
        }
        let pivot = if mirror[0] > 0.0 { -length } else { length };
        mirror[0] -= pivot;
        let square = dot(&mirror, &mirror);
        for other in at..size {
            let factor = -2.0 * dot(&mirror, &work.column(other)[at..]) / square;
            add(&mut work.column_mut(other)[at..], factor, &mirror);
        }
        let factor = -2.0 * dot(&mirror, &right[at..]) / square;
        add(&mut right[at..], factor, &mirror);
    }
    right.truncate(size);
    for row in (0..size).rev() {
        right[row] /= work.at(row, row);
        let value = right[row];
        add(&mut right[..row], -value, &work.column(row)[..row]);
    }
    right.iter().all(|weight| weight.is_finite()).then_some(right)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::random;

    fn drawn(rows: usize, columns: usize) -> Matrix {
        let mut random = random::stream(7, "linear");
        let mut matrix = Matrix::zeros(rows, columns);
        matrix.cells.fill_with(|| random.random::<f64>() - 0.5);
        matrix
    }

    #[test]
    fn the_factor_of_a_known_matrix() {
        // Golub & Van Loan's kind of example: [4 2; 2 5] = [2 0; 1 2][2 1; 0 2].
        let matrix = Matrix::of_columns(&[vec![4.0, 2.0], vec![2.0, 5.0]]).unwrap();
        let factor = Cholesky::of(&matrix).unwrap();
        assert_eq!(factor.lower, [2.0, 0.0, 1.0, 2.0]);
        assert!((factor.log_determinant() - 16f64.ln()).abs() < 1e-12);
        assert!((factor.inverse().at(0, 1) + 0.125).abs() < 1e-12);
    }

    #[test]
    fn solving_gives_back_what_was_multiplied() {
        let columns = drawn(60, 17);
        let gram = columns.gram();
        let truth: Vec<f64> = (0..17).map(|at| f64::from(at) - 8.0).collect();
        let mut solved = gram.times(&truth);
        Cholesky::of(&gram).unwrap().solve(&mut solved);
        assert!(solved.iter().zip(&truth).all(|(solved, truth)| (solved - truth).abs() < 1e-9));
        let target = columns.times(&truth);
        for found in [least_squares(&columns, &target).unwrap(), ridge(&columns, &target, &[0.0; 17]).unwrap()] {
            assert!(found.iter().zip(&truth).all(|(found, truth)| (found - truth).abs() < 1e-9));
        }
    }

    #[test]
    fn residuals_stand_at_right_angles_and_a_penalty_shrinks() {
        let columns = drawn(40, 5);
        let target = drawn(40, 6).column(5).to_vec();
        let weights = least_squares(&columns, &target).unwrap();
        let mut rest = target.clone();
        add(&mut rest, -1.0, &columns.times(&weights));
        assert!(columns.transposed_times(&rest).iter().all(|product| product.abs() < 1e-12));
        let shrunk = ridge(&columns, &target, &[100.0; 5]).unwrap();
        assert!(dot(&shrunk, &shrunk) < 0.1 * dot(&weights, &weights));
    }

    #[test]
    fn what_is_not_determined_has_no_answer() {
        let twice = Matrix::of_columns(&[vec![1.0, 2.0, 3.0], vec![2.0, 4.0, 6.0]]).unwrap();
        assert!(Cholesky::of(&twice.gram()).is_none());
        assert!(least_squares(&twice, &[1.0, 2.0, 3.0]).is_none());
        assert!(least_squares(&drawn(3, 4), &[1.0; 3]).is_none());
        assert!(ridge(&twice, &[1.0, f64::NAN, 3.0], &[1.0, 1.0]).is_none());
        assert!(Matrix::of_columns(&[vec![1.0], vec![]]).is_none());
    }
}
