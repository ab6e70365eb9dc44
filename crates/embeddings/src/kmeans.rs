//! k-means: Lloyd's algorithm from centres that are drawn far apart (Arthur and Vassilvitskii 2007, k-means++), the best of
//! several starts.

use crate::search::ranges;
use crate::{EmbeddingsError, Table};
use kontrast_rng::KeyedRng;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Zip, s};
use rayon::prelude::*;
use std::ops::Range;

/// Parts of the rows that are summed by themselves, whatever the number of threads: so a sum is always the same.
const PARTS: usize = 32;
/// Rows whose distances to all centres are held at once.
const ROWS: usize = 1024;

/// How rows are clustered. [`KMeans::new`] has scikit-learn's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeans {
    /// Clusters.
    pub clusters: usize,
    /// How often it is begun; the one with the least inertia stays.
    pub starts: usize,
    /// The most rounds of a start.
    pub iterations: usize,
    /// How far all centres may still move in a round at the end, squared, as a fraction of the columns' mean variance.
    pub tolerance: f64,
    /// Fixes the draws.
    pub seed: u64,
}

/// Rows by clusters.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// `[clusters, d]`.
    pub centers: Array2<f32>,
    /// The cluster of each row, that of the nearest centre.
    pub assignment: Vec<usize>,
    /// Squared distances of all rows to their centres, summed.
    pub inertia: f64,
    /// Rounds until the centres stood still, or the most that were asked for.
    pub iterations: usize,
}

impl Clustering {
    /// The cluster of each row of another table, that of the nearest centre.
    ///
    /// # Panics
    /// Where its rows have another width.
    pub fn assign(&self, table: &Table) -> Vec<usize> {
        assert_eq!(self.centers.ncols(), table.width(), "centres as wide as rows");
        // Less what all centres have in common, as in the rounds: single precision keeps the digits in which they differ.
        let mean = self.centers.mean_axis(Axis(0)).expect("at least one centre");
        Round::of((&table.values() - &mean).view(), &(&self.centers - &mean)).assignment
    }
}

impl KMeans {
    /// Ten starts of up to 300 rounds.
    pub fn new(clusters: usize, seed: u64) -> Self {
        Self { clusters, starts: 10, iterations: 300, tolerance: 1e-4, seed }
    }

    /// Clusters the rows.
    ///
    /// # Errors
    /// Where there are fewer rows than clusters, or no cluster or no start is asked for.
    pub fn fit(&self, table: &Table) -> Result<Clustering, EmbeddingsError> {
        self.fit_watched(table, &mut |_, _| {})
    }

    /// The same; `watch` is told after each round which start it belongs to and which of its rounds it was, both from 0.
    ///
    /// # Errors
    /// As [`KMeans::fit`].
    pub fn fit_watched(
        &self,
        table: &Table,
        watch: &mut dyn FnMut(usize, usize),
    ) -> Result<Clustering, EmbeddingsError> {
        let rows = table.len();
        if self.clusters == 0 || self.clusters > rows {
            let expected = format!("from 1 to the {rows} rows of the table");
            return Err(EmbeddingsError::Setting { what: "clusters", asked: self.clusters, expected });
        }
        let rows = Centred::of(table);
        let starts = (0..self.starts).map(|start| {
            let mut rng = KeyedRng::named(*b"kmeans  ", self.seed, 0, start as u64);
            let centers = far_apart(rows.values.view(), self.clusters, &mut rng);
            self.centred_from(&rows, centers, &mut |round| watch(start, round))
        });
        let best = starts.min_by(|a, b| a.inertia.total_cmp(&b.inertia));
        let expected = "at least one".to_owned();
        best.ok_or(EmbeddingsError::Setting { what: "starts", asked: 0, expected })
    }

    /// Clusters the rows from given centres, `[clusters, d]`.
    ///
    /// # Panics
    /// Where the centres have another width than the rows.
    pub fn fit_from(&self, table: &Table, centers: Array2<f32>) -> Clustering {
        assert_eq!(centers.ncols(), table.width(), "centres as wide as rows");
        let rows = Centred::of(table);
        let centers = centers - &rows.mean;
        self.centred_from(&rows, centers, &mut |_| {})
    }

    fn centred_from(
        &self,
        rows: &Centred,
        mut centers: Array2<f32>,
        watch: &mut dyn FnMut(usize),
    ) -> Clustering {
        let (values, variance) = (rows.values.view(), rows.variance);
        let mut before: Option<Vec<usize>> = None;
        let mut iterations = 0;
        loop {
            let round = Round::of(values, &centers);
            watch(iterations);
            if iterations == self.iterations || before.as_ref() == Some(&round.assignment) {
                return round.ended(rows, centers, iterations);
            }
            let moved = round.centers(values, &centers);
            let distance: f64 =
                Zip::from(&moved).and(&centers).fold(0.0, |sum, &a, &b| sum + f64::from(a - b).powi(2));
            centers = moved;
            iterations += 1;
            if distance <= self.tolerance * variance {
                return Round::of(values, &centers).ended(rows, centers, iterations);
            }
            before = Some(round.assignment);
        }
    }
}

/// Rows less their mean: what all have in common costs single precision the digits in which they differ.
struct Centred {
    values: Array2<f32>,
    mean: Array1<f32>,
    /// Mean variance of the columns.
    variance: f64,
}

impl Centred {
    fn of(table: &Table) -> Self {
        let (rows, mut mean) = (table.len() as f64, Array1::<f64>::zeros(table.width()));
        for row in table.values().outer_iter() {
            mean.zip_mut_with(&row, |sum, &value| *sum += f64::from(value) / rows);
        }
        let mean = mean.mapv(|value| value as f32);
        let values = &table.values() - &mean;
        let squares: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
        Self { variance: squares / values.len() as f64, values, mean }
    }
}

/// All rows with their nearest centres.
struct Round {
    assignment: Vec<usize>,
    /// Rows of each cluster, and their sum.
    counts: Vec<u64>,
    sums: Array2<f64>,
}

impl Round {
    fn of(values: ArrayView2<'_, f32>, centers: &Array2<f32>) -> Self {
        let lengths: Array1<f32> = centers.map_axis(Axis(1), |center| center.dot(&center));
        let parts: Vec<_> = ranges(values.nrows(), values.nrows().div_ceil(PARTS))
            .into_par_iter()
            .map(|part| Part::of(values, centers, &lengths, part))
            .collect();
        let (counts, sums) = (vec![0; centers.nrows()], Array2::zeros(centers.dim()));
        let mut round = Self { assignment: Vec::new(), counts, sums };
        for part in parts {
            round.assignment.extend(part.assignment);
            round.counts.iter_mut().zip(part.counts).for_each(|(sum, count)| *sum += count);
            round.sums += &part.sums;
        }
        round
    }

    /// What is found, where these were the centres.
    fn ended(self, rows: &Centred, centers: Array2<f32>, iterations: usize) -> Clustering {
        let inertia = self.inertia(rows.values.view(), &centers);
        Clustering { centers: centers + &rows.mean, assignment: self.assignment, inertia, iterations }
    }

    /// The squared distance of each row to its centre.
    fn distances(&self, values: ArrayView2<'_, f32>, centers: &Array2<f32>) -> Vec<f64> {
        let nearest = |row: usize| squared_distance(values.row(row), centers.row(self.assignment[row]));
        (0..values.nrows()).into_par_iter().map(nearest).collect()
    }

    /// Those distances, summed part by part.
    fn inertia(&self, values: ArrayView2<'_, f32>, centers: &Array2<f32>) -> f64 {
        let distances = self.distances(values, centers);
        let parts = ranges(distances.len(), distances.len().div_ceil(PARTS));
        parts.into_iter().map(|part| distances[part].iter().sum::<f64>()).sum()
    }

    /// The means of the clusters. One that is empty moves to the row that is farthest from its centre.
    fn centers(&self, values: ArrayView2<'_, f32>, before: &Array2<f32>) -> Array2<f32> {
        let mut centers = before.clone();
        let mut farthest: Vec<usize> = Vec::new();
        if self.counts.contains(&0) {
            let distances = self.distances(values, before);
            farthest = (0..distances.len()).collect();
            farthest.sort_by(|&a, &b| distances[b].total_cmp(&distances[a]));
        }
        let mut farthest = farthest.into_iter();
        let (mut counts, mut sums) = (self.counts.clone(), self.sums.clone());
        for cluster in (0..counts.len()).filter(|&cluster| self.counts[cluster] == 0) {
            let Some(row) = farthest.next() else { break };
            let value = values.row(row).map(|&value| f64::from(value));
            let old = self.assignment[row];
            sums.row_mut(old).zip_mut_with(&value, |sum, &value| *sum -= value);
            counts[old] -= 1;
            sums.row_mut(cluster).assign(&value);
            counts[cluster] = 1;
        }
        for (cluster, mut center) in
            centers.outer_iter_mut().enumerate().filter(|&(cluster, _)| counts[cluster] > 0)
        {
            let count = counts[cluster] as f64;
            center.zip_mut_with(&sums.row(cluster), |value, &sum| *value = (sum / count) as f32);
        }
        centers
    }
}

/// Some rows of a round.
struct Part {
    assignment: Vec<usize>,
    counts: Vec<u64>,
    sums: Array2<f64>,
}

impl Part {
    fn of(
        values: ArrayView2<'_, f32>,
        centers: &Array2<f32>,
        lengths: &Array1<f32>,
        rows: Range<usize>,
    ) -> Self {
        let mut part = Self {
            assignment: Vec::with_capacity(rows.len()),
            counts: vec![0; centers.nrows()],
            sums: Array2::zeros(centers.dim()),
        };
        for block in ranges(rows.len(), ROWS) {
            let block = values.slice(s![rows.start + block.start..rows.start + block.end, ..]);
            let products = block.dot(&centers.t());
            for (row, products) in block.outer_iter().zip(products.outer_iter()) {
                let nearest = nearest(products, lengths);
                part.assignment.push(nearest);
                part.counts[nearest] += 1;
                part.sums.row_mut(nearest).zip_mut_with(&row, |sum, &value| *sum += f64::from(value));
            }
        }
        part
    }
}

/// The centre with the least distance, the first of several: all but the row's own length, which is the same for each.
fn nearest(products: ArrayView1<'_, f32>, lengths: &Array1<f32>) -> usize {
    let (mut nearest, mut least) = (0, f32::INFINITY);
    for (center, (&product, &length)) in products.iter().zip(lengths).enumerate() {
        let distance = length - 2.0 * product;
        if distance < least {
            (nearest, least) = (center, distance);
        }
    }
    nearest
}

/// Centres by k-means++: each the best of a few rows that are drawn by their squared distance to the nearest before.
fn far_apart(values: ArrayView2<'_, f32>, clusters: usize, rng: &mut KeyedRng) -> Array2<f32> {
    let trials = 2 + (clusters as f64).ln() as usize;
    let mut chosen = vec![rng.below(values.nrows())];
    let mut nearest = squared_distances(values, chosen[0]);
    while chosen.len() < clusters {
        let drawn = (0..trials).map(|_| drawn(&nearest, rng.uniform(0.0, 1.0)));
        let candidates = drawn.map(|row| {
            let mut distances = squared_distances(values, row);
            distances
                .iter_mut()
                .zip(&nearest)
                .for_each(|(distance, &before)| *distance = distance.min(before));
            (row, distances.iter().sum::<f64>(), distances)
        });
        let best = candidates.min_by(|a, b| a.1.total_cmp(&b.1));
        let (row, _, distances) = best.expect("at least two trials");
        chosen.push(row);
        nearest = distances;
    }
    values.select(Axis(0), &chosen)
}

/// The row at which the sum of weights passes this fraction of all.
fn drawn(weights: &[f64], fraction: f64) -> usize {
    let mut left = fraction * weights.iter().sum::<f64>();
    let passes = |&weight: &f64| {
        left -= weight;
        left < 0.0
    };
    weights.iter().position(passes).unwrap_or(weights.len() - 1)
}

fn squared_distances(values: ArrayView2<'_, f32>, from: usize) -> Vec<f64> {
    let center = values.row(from);
    let distance = |row: usize| squared_distance(values.row(row), center);
    (0..values.nrows()).into_par_iter().map(distance).collect()
}

/// In double precision, over lanes of their own: so the compiler adds several values at once.
fn squared_distance(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    const LANES: usize = 8;
    let (Some(a), Some(b)) = (a.as_slice(), b.as_slice()) else {
        return a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    };
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += (f64::from(a[lane]) - f64::from(b[lane])).powi(2);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    sums.iter().sum::<f64>() + rest.sum::<f64>()
}
