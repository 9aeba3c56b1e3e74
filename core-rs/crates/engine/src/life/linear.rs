//! Solves A x = b for a symmetric positive definite A, by Cholesky's decomposition.

/// `a` is row-major, its lower half is read and overwritten; None when it is not positive definite.
pub(super) fn solve(a: &mut [f64], b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    for row in 0..n {
        for column in 0..=row {
            let (above, below) = a.split_at(row * n);
            let left = if column == row { &below[..column] } else { &above[column * n..column * n + column] };
            let dot: f64 = below[..column].iter().zip(left).map(|(one, other)| one * other).sum();
            let rest = a[row * n + column] - dot;
            if column < row {
                a[row * n + column] = rest / a[column * n + column];
            } else if rest > 0.0 && rest.is_finite() {
                a[row * n + row] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    let mut x = b.to_vec();
    for row in 0..n {
        let dot: f64 = (0..row).map(|column| a[row * n + column] * x[column]).sum();
        x[row] = (x[row] - dot) / a[row * n + row];
    }
    for row in (0..n).rev() {
        let dot: f64 = (row + 1..n).map(|below| a[below * n + row] * x[below]).sum();
        x[row] = (x[row] - dot) / a[row * n + row];
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_solves() {
        let a = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let x = solve(&mut a.clone(), &[1.0, -2.0, 0.5]).unwrap();
        let back: Vec<f64> = (0..3).map(|row| (0..3).map(|column| a[row * 3 + column] * x[column]).sum()).collect();
        assert!(back.iter().zip([1.0, -2.0, 0.5]).all(|(got, want)| (got - want).abs() < 1e-12), "{back:?}");
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert_eq!(solve(&mut [1.0, 2.0, 2.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(solve(&mut [f64::NAN], &[1.0]), None);
    }
}
