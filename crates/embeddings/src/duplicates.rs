//! Near duplicates: the pairs of rows whose cosine is at least a threshold.

use crate::search::{products, ranges};
use crate::{EmbeddingsError, Table};
use ndarray::{Array2, ArrayView1, Axis, s};
use rayon::prelude::*;
use std::sync::Mutex;

/// Rows of a block; the scores of a pair of blocks stay in a core's cache.
const ROWS: usize = 512;
/// How far from the threshold a cosine of single precision is sure.
const CLOSE: f32 = 1e-5;

/// Two rows that are alike, the earlier first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The earlier row.
    pub first: u32,
    /// The later row.
    pub second: u32,
    /// Their cosine.
    pub cosine: f32,
}

/// The pairs that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicates {
    /// The most alike first; of equals those of earlier rows.
    pub pairs: Vec<Pair>,
    /// All pairs with such a cosine: more than `pairs` holds, where there are more than it may hold.
    pub found: usize,
}

/// The pairs of rows with a cosine of at least `threshold`, and of these the `most` that are most alike.
///
/// Every pair is compared. Memory is bounded by `most`, and by the vectors once more where their lengths are not 1.
///
/// # Errors
/// Where `most` is 0, or the threshold is no cosine.
pub fn near_duplicates(table: &Table, threshold: f32, most: usize) -> Result<Duplicates, EmbeddingsError> {
    if most == 0 {
        let expected = "at least one pair".to_owned();
        return Err(EmbeddingsError::Setting { what: "pairs", asked: most, expected });
    }
    if !(-1.0..=1.0).contains(&threshold) {
        return Err(EmbeddingsError::Threshold(threshold));
    }
    let values = table.unit_values();
    let kept = Mutex::new(Kept { most, found: 0, pairs: Vec::new() });
    let blocks = ranges(table.len(), ROWS);
    let pairs: Vec<(usize, usize)> = (0..blocks.len())
        .flat_map(|first| (first..blocks.len()).map(move |second| (first, second)))
        .collect();
    pairs.into_par_iter().for_each_init(
        || Array2::zeros((ROWS, ROWS)),
        |scores, (first, second)| {
            let (a, b) = (blocks[first].clone(), blocks[second].clone());
            let mut scores = scores.slice_mut(s![..a.len(), ..b.len()]);
            products(values.slice(s![a.clone(), ..]), values.slice(s![b.clone(), ..]), &mut scores);
            let exact = |i: usize, j: usize| cosine(values.row(a.start + i), values.row(b.start + j));
            let mut near = Vec::new();
            for (i, row) in scores.axis_iter(Axis(0)).enumerate() {
                // Within a block each pair once, and no row with itself.
                let from = if first == second { i + 1 } else { 0 };
                for (j, &cosine) in row.iter().enumerate().skip(from) {
                    // Single precision decides nothing that is this close.
                    let cosine = if (cosine - threshold).abs() > CLOSE { cosine } else { exact(i, j) };
                    if cosine >= threshold {
                        near.push(Pair { first: (a.start + i) as u32, second: (b.start + j) as u32, cosine });
                    }
                }
            }
            if !near.is_empty() {
                kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take(near);
            }
        },
    );
    let mut kept = kept.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    kept.cut();
    Ok(Duplicates { found: kept.found, pairs: kept.pairs })
}

/// The cosine of two unit rows, in double precision.
fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
    let (mut product, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a), f64::from(b));
        product += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    let lengths: f64 = of_a * of_b;
    if lengths > 0.0 { (product / lengths.sqrt()).clamp(-1.0, 1.0) as f32 } else { 0.0 }
}

/// The pairs so far.
struct Kept {
    most: usize,
    found: usize,
    pairs: Vec<Pair>,
}

impl Kept {
    fn take(&mut self, near: Vec<Pair>) {
        self.found += near.len();
        self.pairs.extend(near);
        if self.pairs.len() / 2 > self.most {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let place = |pair: &Pair| (pair.first, pair.second);
        self.pairs.sort_unstable_by(|a, b| b.cosine.total_cmp(&a.cosine).then(place(a).cmp(&place(b))));
        self.pairs.truncate(self.most);
    }
}
