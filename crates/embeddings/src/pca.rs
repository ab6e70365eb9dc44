//! Principal components (Pearson 1901; Hotelling 1933), by the eigenvectors of the covariance, in double precision.

use crate::search::ranges;
use crate::{EmbeddingsError, Table};
use linfa_linalg::eigh::{EigSort, EighInto};
use ndarray::{Array1, Array2, Axis, s};

/// Rows that are centred at once.
const ROWS: usize = 4096;

/// The directions in which rows vary most.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// Mean of the rows, `[d]`.
    pub mean: Array1<f64>,
    /// Unit directions, `[components, d]`, those of most variance first; the value of largest size in each is positive.
    pub components: Array2<f64>,
    /// Variance of the rows along each, with n - 1 below, `[components]`.
    pub variances: Array1<f64>,
    /// The fraction of the whole variance that each has, `[components]`.
    pub fractions: Array1<f64>,
}

impl Pca {
    /// The first `components` of a table.
    ///
    /// # Errors
    /// Where there are fewer than two rows, or more components than rows or columns.
    pub fn fit(table: &Table, components: usize) -> Result<Self, EmbeddingsError> {
        let (rows, width) = (table.len(), table.width());
        if rows < 2 {
            let expected = "two rows at least".to_owned();
            return Err(EmbeddingsError::Setting { what: "rows", asked: rows, expected });
        }
        let most = width.min(rows);
        if components == 0 || components > most {
            let expected = format!("from 1 to {most}, for {rows} rows of {width} values");
            return Err(EmbeddingsError::Setting { what: "components", asked: components, expected });
        }
        let mean = sum_of_rows(table) / rows as f64;
        let mut covariance = Array2::zeros((width, width));
        for range in ranges(rows, ROWS) {
            let centred = table.values().slice(s![range, ..]).map(|&value| f64::from(value)) - &mean;
            covariance += &centred.t().dot(&centred);
        }
        covariance /= (rows - 1) as f64;
        let whole = covariance.diag().sum();
        let pairs = covariance.eigh_into().map_err(|error| EmbeddingsError::Setting {
            what: "components",
            asked: components,
            expected: format!("rows whose covariance has eigenvectors: {error}"),
        })?;
        let (values, vectors) = pairs.sort_eig_desc();
        let mut directions =
            vectors.slice_move(s![.., ..components]).reversed_axes().as_standard_layout().into_owned();
        for mut direction in directions.outer_iter_mut() {
            let largest = direction.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
            direction *= largest.signum();
        }
        let variances = values.slice_move(s![..components]).mapv(|value| value.max(0.0));
        let fractions = if whole > 0.0 { &variances / whole } else { Array1::zeros(components) };
        Ok(Self { mean, components: directions, variances, fractions })
    }

    /// Rows in the directions of the components, `[n, components]`.
    ///
    /// # Errors
    /// Where the table has another width than the one that was fitted.
    pub fn project(&self, table: &Table) -> Result<Array2<f32>, EmbeddingsError> {
        let (expected, found) = (self.mean.len(), table.width());
        if expected != found {
            return Err(EmbeddingsError::Width { expected, found });
        }
        let mut projected = Array2::zeros((table.len(), self.components.nrows()));
        for range in ranges(table.len(), ROWS) {
            let centred =
                table.values().slice(s![range.clone(), ..]).map(|&value| f64::from(value)) - &self.mean;
            let block = centred.dot(&self.components.t()).mapv(|value| value as f32);
            projected.slice_mut(s![range, ..]).assign(&block);
        }
        Ok(projected)
    }
}

fn sum_of_rows(table: &Table) -> Array1<f64> {
    let mut sum = Array1::zeros(table.width());
    for row in table.values().axis_iter(Axis(0)) {
        sum.zip_mut_with(&row, |sum, &value| *sum += f64::from(value));
    }
    sum
}
