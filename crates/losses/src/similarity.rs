//! How alike two embeddings are: by their product, or by their distance.

use crate::unit::{unit, widened};
use tch::Tensor;

/// What a margin is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Similarity {
    /// The dot product of unit vectors: rows are brought to unit length.
    Dot,
    /// Minus the Euclidean distance, not squared, of the rows as they are. It is the root of a square that is put together
    /// from products, so that all pairs cost one matrix product: distances are right to about 1e-3 of the rows' length
    /// from their middle, and two equal rows may lie that far apart instead of 0.
    Euclidean,
}

impl Similarity {
    /// Rows and columns whose products `scores` understands.
    ///
    /// # Shapes
    /// - `rows`: `[n, d]`, `columns`: `[m, d]`
    pub(crate) fn prepared(self, rows: &Tensor, columns: &Tensor) -> (Tensor, Tensor) {
        match self {
            Self::Dot => (unit(rows), unit(columns)),
            Self::Euclidean => lifted(rows, columns),
        }
    }

    /// Products, in place, as scores: the higher, the more alike.
    pub(crate) fn scores(self, products: Tensor) -> Tensor {
        match self {
            Self::Dot => products,
            Self::Euclidean => distances(products).neg_(),
        }
    }

    /// From the derivative with respect to each score to that with respect to each product.
    pub(crate) fn slopes(self, slopes: Tensor, scores: &Tensor) -> Tensor {
        match self {
            Self::Dot => slopes,
            Self::Euclidean => per_square(slopes.neg(), &scores.neg()),
        }
    }
}

/// Rows and columns with two more entries each, whose products are the squared distances of the rows and columns.
///
/// # Shapes
/// - `rows`: `[n, d]`, `columns`: `[m, d]`
/// - returns `[n, d + 2]`, `[m, d + 2]`
pub(crate) fn lifted(rows: &Tensor, columns: &Tensor) -> (Tensor, Tensor) {
    let (rows, columns) = (widened(rows), widened(columns));
    // Distances do not depend on the origin; near the middle of all the squares are small, and little cancels.
    let middle = columns.detach().mean_dim([0i64].as_slice(), true, None);
    let (rows, columns) = (rows - &middle, columns - middle);
    let square = |z: &Tensor| z.square().sum_dim_intlist([1i64].as_slice(), true, None);
    let (of_rows, of_columns) = (square(&rows), square(&columns));
    let one = |squares: &Tensor| squares.detach().ones_like();
    let rows = Tensor::cat(&[&rows * -2.0, one(&of_rows), of_rows], 1);
    let columns = Tensor::cat(&[columns, of_columns.shallow_clone(), one(&of_columns)], 1);
    (rows, columns)
}

/// Squared distances, in place, as distances; rounding may have left a square below zero.
pub(crate) fn distances(mut squares: Tensor) -> Tensor {
    squares.clamp_min_(0.0).sqrt_()
}

/// From the derivative with respect to each distance to that with respect to its square: 0 where both rows are one
/// point and no direction leads away.
pub(crate) fn per_square(slopes: Tensor, distances: &Tensor) -> Tensor {
    (slopes / (distances * 2.0)).masked_fill(&distances.le(0.0), 0.0)
}
