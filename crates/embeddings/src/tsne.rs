//! t-SNE (van der Maaten and Hinton 2008), by Barnes and Hut's approximation, from principal components.

use crate::{EmbeddingsError, Index, Pca, Similarity, Table};
use bhtsne::{Neighbor, tSNE};
use ndarray::Array2;

/// How rows are laid out in two dimensions. The default has scikit-learn's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tsne {
    /// About how many neighbours a row keeps near.
    pub perplexity: f32,
    /// Rounds.
    pub iterations: usize,
    /// The largest ratio of a cell's side to its distance at which its rows count as one; above 0.
    pub theta: f32,
}

impl Default for Tsne {
    fn default() -> Self {
        Self { perplexity: 30.0, iterations: 1000, theta: 0.5 }
    }
}

impl Tsne {
    /// Lays the rows out by their cosines, `[n, 2]`. It draws nothing: it begins with the two first principal components.
    ///
    /// # Errors
    /// Where three times the perplexity is below one or not below the rows, theta is not above 0, or rows have one value.
    pub fn lay_out(&self, table: &Table) -> Result<Array2<f32>, EmbeddingsError> {
        let (rows, near) = (table.len(), (3.0 * self.perplexity) as usize);
        if near == 0 || near >= rows {
            let expected = format!("at least one and below a third of the {rows} rows");
            return Err(EmbeddingsError::Setting {
                what: "perplexity",
                asked: self.perplexity as usize,
                expected,
            });
        }
        if self.theta.is_nan() || self.theta <= 0.0 || table.width() < 2 {
            let (theta, width) = (self.theta, table.width());
            let what = format!(
                "t-SNE: expected theta above 0 and rows of two values at least, found theta {theta} and {width}"
            );
            return Err(EmbeddingsError::Layout { what });
        }
        let index = Index::of(table, Similarity::Cosine);
        let found = index.search(index.table(), near + 1)?;
        let neighbors: Vec<Vec<Neighbor<f32>>> = (0..rows)
            .map(|row| {
                let pairs = found.positions.row(row).into_iter().zip(found.scores.row(row));
                let others = pairs.filter(|&(&position, _)| position as usize != row).take(near);
                // Of unit rows, the distance.
                let neighbor = |(&position, &cosine): (&u32, &f32)| Neighbor {
                    index: position as usize,
                    distance: (2.0 - 2.0 * cosine).max(0.0).sqrt(),
                };
                others.map(neighbor).collect()
            })
            .collect();
        let pca = Pca::fit(index.table(), 2)?;
        let start = pca.project(index.table())?;
        // As small as scikit-learn has it, so that all rows still move.
        let std = pca.variances[0].sqrt();
        let scale = if std > f64::from(f32::EPSILON) { (1e-4 / std) as f32 } else { 0.0 };
        let data: Vec<()> = vec![(); rows];
        let fit = || {
            let mut tsne = tSNE::<f32, (), 2>::new(&data);
            tsne.perplexity(self.perplexity)
                .epochs(self.iterations)
                .initial_embedding(start.iter().map(|value| value * scale).collect::<Vec<f32>>())
                .barnes_hut_with_neighbors(self.theta, &neighbors);
            tsne.embedding()
        };
        // It sums in parallel: with one thread, always in the same order.
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let one =
            one.map_err(|error| EmbeddingsError::Layout { what: format!("t-SNE: no thread: {error}") })?;
        let laid_out = Array2::from_shape_vec((rows, 2), one.install(fit));
        Ok(laid_out.expect("two coordinates a row"))
    }
}
