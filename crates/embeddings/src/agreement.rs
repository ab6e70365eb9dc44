//! How well clusters agree with classes: accuracy by the best assignment, normalised mutual information, adjusted Rand
//! index.

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

/// How many rows are in each cluster and class, `[clusters][classes]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contingency {
    counts: Vec<Vec<u64>>,
    rows: u64,
}

impl Contingency {
    /// Counts rows by their cluster and their class.
    ///
    /// # Panics
    /// Where there is no row, or not a class for each cluster.
    pub fn new(clusters: &[usize], classes: &[usize]) -> Self {
        assert_eq!(clusters.len(), classes.len(), "a cluster and a class for each row");
        assert!(!clusters.is_empty(), "at least one row");
        let size = |numbers: &[usize]| numbers.iter().max().map_or(0, |&most| most + 1);
        let mut counts = vec![vec![0; size(classes)]; size(clusters)];
        for (&cluster, &class) in clusters.iter().zip(classes) {
            counts[cluster][class] += 1;
        }
        Self { counts, rows: clusters.len() as u64 }
    }

    /// Which class each cluster stands for, so that most rows are right: a class for one cluster at most (Kuhn 1955, as
    /// SCAN evaluates clusters, arXiv 2005.12320). None for a cluster that is left without a class.
    pub fn assignment(&self) -> Vec<Option<usize>> {
        let (clusters, classes) = (self.counts.len(), self.counts[0].len());
        // The matrix may be wider than high, not the other way round.
        let side = classes.max(clusters);
        let weight = |(cluster, class): (usize, usize)| {
            self.counts[cluster].get(class).map_or(0, |&count| count as i64)
        };
        let weights = Matrix::from_fn(clusters, side, weight);
        let (_, assigned) = kuhn_munkres(&weights);
        assigned.into_iter().map(|class| (class < classes).then_some(class)).collect()
    }

    /// The fraction of rows whose cluster stands for their class, by [`Contingency::assignment`]: ACC.
    pub fn accuracy(&self) -> f64 {
        let assignment = self.assignment();
        let right =
            |(cluster, class): (usize, &Option<usize>)| class.map_or(0, |class| self.counts[cluster][class]);
        assignment.iter().enumerate().map(right).sum::<u64>() as f64 / self.rows as f64
    }

    /// Mutual information over the mean of both entropies, from 0 to 1: NMI as scikit-learn has it by default. 1 where both
    /// are one group.
    pub fn normalized_mutual_information(&self) -> f64 {
        let (by_cluster, by_class) = (self.by_cluster(), self.by_class());
        let rows = self.rows as f64;
        let entropy = |sums: &[u64]| -> f64 {
            let terms = sums.iter().filter(|&&sum| sum > 0).map(|&sum| sum as f64 / rows);
            -terms.map(|fraction| fraction * fraction.ln()).sum::<f64>()
        };
        let mean = f64::midpoint(entropy(&by_cluster), entropy(&by_class));
        if mean == 0.0 {
            return 1.0;
        }
        let mut mutual = 0.0;
        for (counts, &cluster) in self.counts.iter().zip(&by_cluster) {
            for (&count, &class) in counts.iter().zip(&by_class).filter(|&(&count, _)| count > 0) {
                let together = count as f64;
                mutual += together / rows * (together * rows / (cluster as f64 * class as f64)).ln();
            }
        }
        (mutual / mean).clamp(0.0, 1.0)
    }

    /// The Rand index less what chance gives (Hubert and Arabie 1985): 1 where clusters are the classes, about 0 by chance.
    pub fn adjusted_rand_index(&self) -> f64 {
        let pairs = |count: u64| count as f64 * (count as f64 - 1.0) / 2.0;
        let sum = |counts: &[u64]| counts.iter().map(|&count| pairs(count)).sum::<f64>();
        let together: f64 = self.counts.iter().map(|counts| sum(counts)).sum();
        let (clusters, classes, all) = (sum(&self.by_cluster()), sum(&self.by_class()), pairs(self.rows));
        if all == 0.0 {
            return 1.0;
        }
        let by_chance = clusters * classes / all;
        let most = f64::midpoint(clusters, classes);
        if most == by_chance { 1.0 } else { (together - by_chance) / (most - by_chance) }
    }

    fn by_cluster(&self) -> Vec<u64> {
        self.counts.iter().map(|counts| counts.iter().sum()).collect()
    }

    fn by_class(&self) -> Vec<u64> {
        (0..self.counts[0].len()).map(|class| self.counts.iter().map(|counts| counts[class]).sum()).collect()
    }
}
