//! Weighted k-NN on unit features with cosine similarity (Wu et al. 2018, arXiv 1805.01978, section 3.4).

use crate::report::{per_cent, predicted};
use crate::{EvalError, FeatureBank, Needs, Network, Protocol, Report, Stop, Subject};
use kontrast_embeddings::highest;
use kontrast_losses::unit;
use kontrast_torch_ext::with_values;
use ndarray::ArrayView2;
use tch::{Device, Kind, Tensor};

/// Queries compared with the bank at once, on a GPU and on a CPU.
const ROWS: i64 = 1024;
const ROWS_ON_CPU: i64 = 256;
/// Settings tried where k and temperature are chosen. Among them are the published ones: k of 10, 20, 100 and 200 at
/// 0.07 (DINO's `eval_knn.py`, arXiv 2104.14294), 200 at 0.07 (Wu et al. 2018) and at 0.1 (MoCo's CIFAR-10 demo,
/// lightly). The rest is our own: finer steps between them, and smaller values for small training sets.
const KS: [i64; 6] = [5, 10, 20, 50, 100, 200];
const TEMPERATURES: [f64; 7] = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.2];

const DINOV2: &str = "knn_dinov2";

/// Votes of the k nearest, each weighted by exp(similarity / temperature), or equally without a temperature.
///
/// # Shapes
/// - `similarities`, `labels`: `[n, at least k]`, nearest first, as [`nearest`] gives them
/// - returns `[n, classes]`
pub fn knn_votes(
    similarities: &Tensor,
    labels: &Tensor,
    classes: i64,
    k: i64,
    temperature: Option<f64>,
) -> Tensor {
    let (near, labels) = (similarities.narrow(1, 0, k), labels.narrow(1, 0, k));
    // The nearest weighs 1: the shift keeps the exponential in range and changes no order.
    let weights: Tensor = match temperature {
        Some(temperature) => ((&near - near.narrow(1, 0, 1)) / temperature).exp(),
        None => near.ones_like(),
    };
    let votes = Tensor::zeros([weights.size()[0], classes], (weights.kind(), weights.device()));
    votes.scatter_add(1, &labels, &weights)
}

/// Votes as scores to rank classes by: a class that none of the k neighbours is of got no vote and is no guess, so its
/// score is minus infinity. The neighbour is asked, not the vote, which at a low temperature is zero by rounding.
///
/// # Shapes
/// - `votes`: `[n, classes]`, `labels`: `[n, at least k]`, as [`knn_votes`] has them
/// - returns `[n, classes]`
fn ranked(votes: &Tensor, labels: &Tensor, k: i64) -> Tensor {
    let labels = labels.narrow(1, 0, k);
    let neighbours = Tensor::zeros(votes.size(), (Kind::Float, votes.device()));
    let ones = Tensor::ones(labels.size(), (Kind::Float, votes.device()));
    votes.masked_fill(&neighbours.scatter_add(1, &labels, &ones).eq(0.0), f64::NEG_INFINITY)
}

/// The most similar rows of a bank: cosine similarities and positions, most similar first.
///
/// # Shapes
/// - `queries`: `[n, d]`, `bank`: `[m, d]`, m at least k
/// - returns two times `[n, k]`
pub fn nearest(queries: &Tensor, bank: &Tensor, k: i64) -> (Tensor, Tensor) {
    tch::no_grad(|| {
        let (queries, bank) = (unit(queries), unit(bank).tr());
        let n = queries.size()[0];
        let on_cpu = queries.device() == Device::Cpu && queries.kind() == Kind::Float;
        let at_once = if on_cpu { ROWS_ON_CPU } else { ROWS };
        let (mut similarities, mut positions) = (Vec::new(), Vec::new());
        // The same memory for every block.
        let mut products = Tensor::new();
        for start in (0..n).step_by(at_once as usize) {
            let rows = queries.narrow(0, start, at_once.min(n - start));
            if products.size() != [rows.size()[0], bank.size()[1]] {
                products = Tensor::empty([rows.size()[0], bank.size()[1]], (rows.kind(), rows.device()));
            }
            let products = rows.matmul_out(&products, &bank);
            let (s, p) = if on_cpu { scanned(&products, k) } else { products.topk(k, 1, true, true) };
            similarities.push(s);
            positions.push(p);
        }
        (Tensor::cat(&similarities, 0), Tensor::cat(&positions, 0))
    })
}

/// What `topk` finds, and of equals the first, by one look at each value.
fn scanned(products: &Tensor, k: i64) -> (Tensor, Tensor) {
    let shape = (products.size()[0] as usize, products.size()[1] as usize);
    let (scores, positions) = with_values(products, |values| {
        let rows = ArrayView2::from_shape(shape, values).expect("a value for each query and each row");
        highest(rows, k as usize)
    });
    let tensor = |of: Tensor| of.view([shape.0 as i64, k]);
    let positions: Vec<i64> = positions.into_iter().map(i64::from).collect();
    let scores: Vec<f32> = scores.into_iter().collect();
    (tensor(Tensor::from_slice(&scores)), tensor(Tensor::from_slice(&positions)))
}

/// The settings of the protocol.
#[derive(Clone, Copy, Debug)]
pub struct Knn {
    name: &'static str,
    setting: KnnSetting,
}

#[derive(Clone, Copy, Debug)]
enum KnnSetting {
    /// Chosen on this fraction of the training set.
    Chosen {
        validation: f64,
        seed: u64,
    },
    Fixed {
        k: i64,
        temperature: Option<f64>,
    },
}

impl Knn {
    /// `knn`: k and temperature chosen on a split of the training set.
    pub fn chosen(validation: f64, seed: u64) -> Self {
        Self { name: "knn", setting: KnnSetting::Chosen { validation, seed } }
    }

    /// `knn_10`: ten neighbours with equal votes, a published setting.
    pub fn ten() -> Self {
        Self { name: "knn_10", setting: KnnSetting::Fixed { k: 10, temperature: None } }
    }

    /// `knn_dinov2_20`: this many neighbours at temperature 0.07, as DINOv2 has 10, 20, 100 and 200 of them (Oquab et al.
    /// 2023, arXiv 2304.07193, `eval/knn.py`).
    pub fn dinov2(k: usize) -> Self {
        Self { name: DINOV2, setting: KnnSetting::Fixed { k: k as i64, temperature: Some(0.07) } }
    }

    /// `knn_200`: 200 neighbours at temperature 0.1, lightly's and MoCo's published setting.
    pub fn two_hundred() -> Self {
        Self { name: "knn_200", setting: KnnSetting::Fixed { k: 200, temperature: Some(0.1) } }
    }
}

impl Protocol for Knn {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        match self.setting {
            KnnSetting::Chosen { validation, seed } => network.split(validation, seed).map(drop),
            KnnSetting::Fixed { .. } => Ok(()),
        }
    }

    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let bank = subject.train();
        let (k, temperature, validated) = match self.setting {
            KnnSetting::Fixed { k, temperature } => (k, temperature, None),
            KnnSetting::Chosen { validation, seed } => {
                let (top1, k, temperature) = choose(bank, validation, seed, stop)?;
                (k, Some(temperature), Some(top1))
            }
        };
        let (asked, k) = (k, k.min(bank.rows()));
        let scores = class_scores(bank, subject.test().features(), k, temperature);
        let report = Report::of_classes(self, subject, &predicted(&scores)).with_top5(&scores, subject);
        let report = report.with("k", k as usize).validated(validated);
        // Several of them are asked for at once.
        let report = if self.name == DINOV2 { report.named(format!("{DINOV2}_{asked}")) } else { report };
        Ok(vec![subject.scored(match temperature {
            Some(temperature) => report.with("temperature", temperature),
            None => report,
        })])
    }
}

/// The votes of a bank on each query, as scores to rank classes by: minus infinity for a class without a neighbour.
///
/// # Shapes
/// - `queries`: `[n, d]`
/// - returns `[n, classes]`
pub(super) fn class_scores(bank: &FeatureBank, queries: &Tensor, k: i64, temperature: Option<f64>) -> Tensor {
    let (similarities, positions) = nearest(queries, bank.features(), k);
    let labels = labels_at(bank, &positions);
    ranked(&knn_votes(&similarities, &labels, bank.classes(), k, temperature), &labels, k)
}

/// The best top-1 on the held part, and its k and temperature; among equals the first, the smallest k.
fn choose(bank: &FeatureBank, fraction: f64, seed: u64, stop: &Stop) -> Result<(f64, i64, f64), EvalError> {
    let parts = bank.split(fraction, seed)?;
    let (fit, validation) = (bank.part(&parts.fit), bank.part(&parts.validation));
    let most = KS[KS.len() - 1].min(fit.rows());
    let (similarities, positions) = nearest(validation.features(), fit.features(), most);
    let labels = labels_at(&fit, &positions);
    let mut best = (f64::MIN, KS[0].min(most), TEMPERATURES[0]);
    for k in KS.into_iter().filter(|&k| k <= most) {
        stop.check()?;
        for temperature in TEMPERATURES {
            let votes = knn_votes(&similarities, &labels, bank.classes(), k, Some(temperature));
            let top1 = per_cent(&votes, validation.labels(), 1);
            if top1 > best.0 {
                best = (top1, k, temperature);
            }
        }
    }
    Ok(best)
}

fn labels_at(bank: &FeatureBank, positions: &Tensor) -> Tensor {
    bank.labels().index_select(0, &positions.flatten(0, -1)).reshape(positions.size())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    /// Four queries whose labels are 0, 1, 2 and 3, of ten classes.
    fn top5(neighbours: &[i64], k: i64, temperature: Option<f64>) -> f64 {
        let labels = Tensor::from_slice(neighbours).expand([4, neighbours.len() as i64], true);
        let similarities = Tensor::linspace(1.0, -1.0, labels.size()[1], (Kind::Float, Device::Cpu));
        let similarities = similarities.expand(labels.size(), true);
        let votes = knn_votes(&similarities, &labels, 10, k, temperature);
        per_cent(&ranked(&votes, &labels, k), &Tensor::arange(4, (Kind::Int64, Device::Cpu)), 5)
    }

    #[test]
    fn what_is_chosen_reaches_on_held_images_what_is_said() {
        let _guard = tch::no_grad_guard();
        let case = kontrast_testkit::Case::from_bytes(include_bytes!(
            "../../tests/golden/logistic/case.safetensors"
        ));
        let bank = FeatureBank::new(&case["train.features"], &case["train.labels"], 5).unwrap();
        let (top1, k, temperature) = choose(&bank, 0.3, 1, &Stop::default()).unwrap();
        let parts = bank.split(0.3, 1).unwrap();
        let held = bank.part(&parts.validation);
        let scores = class_scores(&bank.part(&parts.fit), held.features(), k, Some(temperature));
        assert_eq!(per_cent(&scores, held.labels(), 1), top1);
        assert!(top1 > 20.0 && top1 < 100.0, "{top1}");
    }

    #[test]
    fn field_a_class_without_a_neighbour_is_not_among_the_five() {
        assert_eq!(top5(&[0; 10], 10, None), 25.0, "all votes are for one class");
        assert_eq!(top5(&[0, 0, 0, 1, 1, 1], 6, Some(0.1)), 50.0, "two classes have votes");
        assert_eq!(top5(&[0, 0, 0, 1, 1, 1], 3, Some(0.1)), 25.0, "the second class lies beyond k");
    }

    #[test]
    fn field_a_vote_that_rounds_to_zero_is_a_vote() {
        // exp(-2 / 0.01) is zero in fp32, and the neighbour is there all the same.
        assert_eq!(top5(&[0, 0, 1], 3, Some(0.01)), 50.0);
    }
}
