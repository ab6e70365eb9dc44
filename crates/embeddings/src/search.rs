//! Exact search: the rows of a table that are nearest to others, by cosine or by product. Every row is compared; memory is
//! bounded by blocks. Only where more than 16 rows lie within single precision's rounding of the k-th may others of these be
//! found.

use crate::top::{Candidate, Top};
use crate::{EmbeddingsError, Table};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// Queries that are compared with a block of the table at once: its rows are read once for all of them.
const QUERIES: usize = 128;
/// Rows of the table in a block: with [`QUERIES`] scores each they stay in a core's cache.
const ROWS: usize = 2048;
/// Rows from which few queries share their work among threads.
const SPAN: usize = 32 * ROWS;
/// Candidates beyond k: single precision picks so many more rows than are asked for, double precision orders them and keeps
/// k.
const MORE: usize = 16;

/// What makes vectors near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Similarity {
    /// Their cosine, from -1 to 1.
    Cosine,
    /// Their product.
    Dot,
}

/// A table that is searched: its own, or one that is borrowed.
#[derive(Clone, Debug)]
pub struct Index<'t> {
    table: Cow<'t, Table>,
    similarity: Similarity,
}

/// The nearest rows of each query, the nearest first; of equals the earlier.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// Rows of the table, `[queries, k]`.
    pub positions: Array2<u32>,
    /// How near they are, `[queries, k]`.
    pub scores: Array2<f32>,
}

impl Index<'static> {
    /// Makes a table ready; for cosines its rows come to length 1.
    pub fn new(table: Table, similarity: Similarity) -> Self {
        let table = if similarity == Similarity::Cosine { table.unit() } else { table };
        Self { table: Cow::Owned(table), similarity }
    }
}

impl<'t> Index<'t> {
    /// The same of a table that stays where it is: a copy is made only for cosines of rows of other lengths than 1.
    pub fn of(table: &'t Table, similarity: Similarity) -> Self {
        if similarity == Similarity::Dot || table.is_unit() {
            return Self { table: Cow::Borrowed(table), similarity };
        }
        Index::new(table.clone(), similarity)
    }

    /// The rows as they are compared.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The `k` rows nearest to each of `queries`, the same whatever else is asked and with any number of threads.
    ///
    /// ```
    /// use kontrast_embeddings::{Index, Similarity, Table};
    /// use ndarray::array;
    ///
    /// let index = Index::new(Table::new(array![[1.0, 0.0], [0.0, 3.0], [1.0, 1.0]])?, Similarity::Cosine);
    /// let found = index.search(&Table::new(array![[0.0, 0.5]])?, 2)?;
    /// assert_eq!(found.positions, array![[1, 2]]);
    /// assert_eq!(found.scores, array![[1.0, 0.5_f32.sqrt()]]);
    /// # Ok::<(), kontrast_embeddings::EmbeddingsError>(())
    /// ```
    ///
    /// # Errors
    /// Where the widths differ, or `k` is 0 or above the rows.
    pub fn search(&self, queries: &Table, k: usize) -> Result<Neighbours, EmbeddingsError> {
        queries.require_width_of(&self.table)?;
        let rows = self.table.len();
        if k == 0 || k > rows {
            let expected = format!("from 1 to the {rows} rows of the table");
            return Err(EmbeddingsError::Setting { what: "k", asked: k, expected });
        }
        let queries = if self.similarity == Similarity::Cosine {
            queries.unit_values()
        } else {
            queries.values().into()
        };
        let blocks: Vec<Range<usize>> = ranges(queries.nrows(), QUERIES);
        let span = if blocks.len() >= rayon::current_num_threads() { rows } else { SPAN };
        let found: Vec<Vec<Candidate>> = blocks
            .into_par_iter()
            .flat_map_iter(|block| {
                let block = queries.slice(s![block, ..]);
                let parts: Vec<Vec<Top>> = ranges(rows, span)
                    .into_par_iter()
                    .map(|span| self.scan(block, span, (k + MORE).min(rows)))
                    .collect();
                let tops = parts.into_iter().reduce(merged).unwrap_or_default();
                block
                    .axis_iter(Axis(0))
                    .zip(tops)
                    .map(|(query, top)| self.decide(query, top, k))
                    .collect::<Vec<_>>()
            })
            .collect();
        let of = |row: usize, place: usize| found[row][place];
        Ok(Neighbours {
            positions: Array2::from_shape_fn((found.len(), k), |(row, place)| of(row, place).position),
            scores: Array2::from_shape_fn((found.len(), k), |(row, place)| of(row, place).score),
        })
    }

    /// The highest products of some queries with the rows of a span.
    fn scan(&self, queries: ArrayView2<'_, f32>, span: Range<usize>, keep: usize) -> Vec<Top> {
        let mut tops = vec![Top::new(keep); queries.nrows()];
        let mut scores = Array2::zeros((queries.nrows(), ROWS));
        for start in span.clone().step_by(ROWS) {
            let rows = self.table.values().slice_move(s![start..span.end.min(start + ROWS), ..]);
            let mut scores = scores.slice_mut(s![.., ..rows.nrows()]);
            products(queries, rows, &mut scores);
            for (top, scores) in tops.iter_mut().zip(scores.axis_iter(Axis(0))) {
                top.scan(start, scores.as_slice().expect("a row of a block lies in one piece"));
            }
        }
        tops
    }

    /// Orders those that came near by products of double precision.
    fn decide(&self, query: ndarray::ArrayView1<'_, f32>, top: Top, k: usize) -> Vec<Candidate> {
        let mut near = top.sorted();
        for candidate in &mut near {
            let row = self.table.row(candidate.position as usize);
            let product: f64 = query.iter().zip(row).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            candidate.score = product as f32;
        }
        near.sort_unstable_by(|a, b| a.order(*b));
        near.truncate(k);
        near
    }
}

fn merged(mut tops: Vec<Top>, others: Vec<Top>) -> Vec<Top> {
    tops.iter_mut().zip(others).for_each(|(top, other)| top.merge(other));
    tops
}

/// `queries` times `rows` transposed. Few queries are limited by how fast rows come from memory: these are read once, in
/// order.
pub(crate) fn products(
    queries: ArrayView2<'_, f32>,
    rows: ArrayView2<'_, f32>,
    out: &mut ndarray::ArrayViewMut2<'_, f32>,
) {
    const FEW: usize = 4;
    if queries.nrows() > FEW {
        general_mat_mul(1.0, &queries, &rows.t(), 0.0, out);
        return;
    }
    for (query, mut scores) in queries.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))) {
        let query = query.as_slice().expect("rows of a table lie in one piece");
        for (row, score) in rows.axis_iter(Axis(0)).zip(&mut scores) {
            *score = dot(query, row.as_slice().expect("rows of a table lie in one piece"));
        }
    }
}

/// The product of two vectors of one length.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2+fma"))]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 32;
    let (a, rest_a) = a.as_chunks::<LANES>();
    let (b, rest_b) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// From 0 to `len` in steps.
pub(crate) fn ranges(len: usize, step: usize) -> Vec<Range<usize>> {
    (0..len).step_by(step.max(1)).map(|start| start..len.min(start + step)).collect()
}
