//! Sums over all pairs of a row and a column, with their gradient, in memory linear in rows and columns.

use crate::surrogate::surrogate;
use crate::unit::positive;
use tch::{Kind, Tensor};

/// Products that a tile holds on a CPU: 16 MB in fp32, small beside the embeddings of a large batch.
const TILE: i64 = 1 << 22;
/// On a GPU, which wants few large kernels: 64 MB.
const TILE_CUDA: i64 = 1 << 24;
/// Rows of a tile at least: all columns are read again for each tile, which has to pay.
const ROWS: i64 = 64;

/// The products of rows and columns that a loss is made of.
pub(crate) struct Pairs<'a> {
    /// `[n, d]`, fp32 or fp64.
    pub rows: &'a Tensor,
    /// `[m, d]`, of the same kind.
    pub columns: &'a Tensor,
    /// What products are divided by.
    pub temperature: f64,
}

/// Some rows against all columns.
pub(crate) struct Tile {
    /// Where the first of these rows stands.
    pub start: i64,
    /// `[rows of the tile, m]`, divided by the temperature; free to be overwritten.
    pub products: Tensor,
}

/// What the rows of a tile add to the loss.
pub(crate) struct Terms {
    /// A scalar.
    pub sum: Tensor,
    /// `[rows of the tile, m]`: the derivative of the sum with respect to each product.
    pub slopes: Tensor,
}

impl Pairs<'_> {
    /// The sum of the terms of all tiles: a scalar whose gradient reaches rows and columns.
    pub fn sum(&self, terms: impl FnMut(Tile) -> Terms) -> Tensor {
        positive("temperature", self.temperature);
        let (sum, for_rows, for_columns) = tch::no_grad(|| self.evaluated(terms));
        let gradients = [(self.rows, for_rows), (self.columns, for_columns)];
        surrogate(&sum, &gradients.into_iter().filter_map(|(of, g)| Some((of, g?))).collect::<Vec<_>>())
    }

    /// The sum, and the gradients that somebody asks for.
    fn evaluated(&self, mut terms: impl FnMut(Tile) -> Terms) -> (Tensor, Option<Tensor>, Option<Tensor>) {
        let (n, m) = (self.rows.size()[0], self.columns.size()[0]);
        assert!(n > 0 && m > 0, "expected a row and a column at least, found {n} and {m}");
        let (kind, device) = (self.rows.kind(), self.rows.device());
        let tile = if device.is_cuda() { TILE_CUDA } else { TILE };
        let height = (tile / m).max(ROWS).min(n);
        // One piece of memory for all tiles: fresh pages for each would cost as much as the exponentials.
        let buffer = Tensor::empty([height, m], (kind, device));
        let mut sum = Tensor::zeros([], (Kind::Double, device));
        let wanted = |of: &Tensor| of.requires_grad().then(|| of.zeros_like());
        let (mut for_rows, mut for_columns) = (wanted(self.rows), wanted(self.columns));
        for start in (0..n).step_by(height.max(1) as usize) {
            let length = height.min(n - start);
            let rows = self.rows.narrow(0, start, length) / self.temperature;
            let products = rows.mm_out(&buffer.narrow(0, 0, length), &self.columns.tr());
            let terms = terms(Tile { start, products });
            sum += terms.sum;
            if let Some(gradient) = &mut for_rows {
                let _ = terms.slopes.mm_out(&gradient.narrow(0, start, length), self.columns);
            }
            if let Some(gradient) = &mut for_columns {
                let _ = gradient.addmm_(&terms.slopes.tr(), &rows);
            }
        }
        (
            sum.to_kind(kind),
            for_rows.map(|mut gradient| gradient.g_div_scalar_(self.temperature)),
            for_columns,
        )
    }
}

/// The sum of a tile's terms. Rows are added up in their own kind, so that no second tile is held in fp64.
pub(crate) fn total(terms: &Tensor) -> Tensor {
    terms.sum_dim_intlist([1i64].as_slice(), false, None).sum(Kind::Double)
}

impl Tile {
    /// The column that belongs to each row where row `i` has column `(i + shift) mod m`.
    ///
    /// # Shapes
    /// - returns `[rows of the tile, 1]`, i64
    pub fn column(&self, shift: i64) -> Tensor {
        let size = self.products.size();
        let first = self.start + shift;
        let options = (Kind::Int64, self.products.device());
        Tensor::arange_start(first, first + size[0], options).remainder(size[1]).unsqueeze(1)
    }

    /// The number of each row among all rows, where there are as many images as rows.
    ///
    /// # Shapes
    /// - returns `[rows of the tile]`, i64
    pub fn numbers(&self) -> Tensor {
        let options = (Kind::Int64, self.products.device());
        Tensor::arange_start(self.start, self.start + self.products.size()[0], options)
    }

    /// The part of a `[n]` tensor that belongs to the rows of this tile, as a column.
    pub fn of(&self, all: &Tensor) -> Tensor {
        all.narrow(0, self.start, self.products.size()[0]).unsqueeze(1)
    }
}
