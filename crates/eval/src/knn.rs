//! Weighted k-NN on unit features with cosine similarity (Wu et al. 2018, arXiv 1805.01978, section 3.4).

use crate::{EvalError, FeatureBank, Protocol, Score, Subject, split};
use kontrast_losses::unit;
use tch::{Kind, Tensor};

/// Queries compared with the bank at once.
const ROWS: i64 = 1024;
/// Settings tried where k and temperature are chosen. Among them are the published ones: k of 10, 20, 100 and 200 at
/// 0.07 (DINO's `eval_knn.py`, arXiv 2104.14294), 200 at 0.07 (Wu et al. 2018) and at 0.1 (MoCo's CIFAR-10 demo,
/// lightly). The rest is our own: finer steps between them, and smaller values for small training sets.
const KS: [i64; 6] = [5, 10, 20, 50, 100, 200];
const TEMPERATURES: [f64; 7] = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.2];

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
/// - `queries`: `[n, d]`, `bank`: `[m, d]`
/// - returns two times `[n, k]`
pub fn nearest(queries: &Tensor, bank: &Tensor, k: i64) -> (Tensor, Tensor) {
    tch::no_grad(|| {
        let (queries, bank) = (unit(queries), unit(bank).tr());
        let n = queries.size()[0];
        let (mut similarities, mut positions) = (Vec::new(), Vec::new());
        for start in (0..n).step_by(ROWS as usize) {
            let rows = queries.narrow(0, start, ROWS.min(n - start));
            let (s, p) = rows.matmul(&bank).topk(k, 1, true, true);
            similarities.push(s);
            positions.push(p);
        }
        (Tensor::cat(&similarities, 0), Tensor::cat(&positions, 0))
    })
}

/// The three settings of the protocol.
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

    /// `knn_200`: 200 neighbours at temperature 0.1, lightly's and MoCo's published setting.
    pub fn two_hundred() -> Self {
        Self { name: "knn_200", setting: KnnSetting::Fixed { k: 200, temperature: Some(0.1) } }
    }
}

impl Protocol for Knn {
    fn name(&self) -> &'static str {
        self.name
    }

    fn evaluate(&self, subject: &Subject<'_>) -> Result<Score, EvalError> {
        let bank = &subject.train_bank;
        let classes = subject.classes();
        let (k, temperature) = match self.setting {
            KnnSetting::Fixed { k, temperature } => (k, temperature),
            KnnSetting::Chosen { validation, seed } => {
                let (k, temperature) = choose(bank, classes, validation, seed)?;
                (k, Some(temperature))
            }
        };
        let k = k.min(bank.features.size()[0]);
        let (similarities, positions) = nearest(&subject.test_bank.features, &bank.features, k);
        let labels = labels_at(bank, &positions);
        let votes = knn_votes(&similarities, &labels, classes, k, temperature);
        let scores = ranked(&votes, &labels, k);
        let top = |count| per_cent(&scores, &subject.test_bank.labels, count);
        Ok(Score {
            top1: top(1),
            top5: (classes >= 10).then(|| top(5)),
            k: Some(k as usize),
            temperature,
            ..Score::default()
        })
    }
}

/// The setting with the best top-1 on the held part; among equals the first, the smallest k.
fn choose(bank: &FeatureBank, classes: i64, fraction: f64, seed: u64) -> Result<(i64, f64), EvalError> {
    let parts = split(&bank.classes(), fraction, seed)?;
    let part = |positions: &Tensor| {
        let positions = positions.to_device(bank.features.device());
        FeatureBank {
            features: bank.features.index_select(0, &positions),
            labels: bank.labels.index_select(0, &positions),
        }
    };
    let (fit, validation) = (part(&parts.fit), part(&parts.validation));
    let most = KS[KS.len() - 1].min(fit.features.size()[0]);
    let (similarities, positions) = nearest(&validation.features, &fit.features, most);
    let labels = labels_at(&fit, &positions);
    let mut best = (f64::MIN, KS[0].min(most), TEMPERATURES[0]);
    for k in KS.into_iter().filter(|&k| k <= most) {
        for temperature in TEMPERATURES {
            let votes = knn_votes(&similarities, &labels, classes, k, Some(temperature));
            let top1 = per_cent(&votes, &validation.labels, 1);
            if top1 > best.0 {
                best = (top1, k, temperature);
            }
        }
    }
    Ok((best.1, best.2))
}

fn labels_at(bank: &FeatureBank, positions: &Tensor) -> Tensor {
    bank.labels.index_select(0, &positions.flatten(0, -1)).reshape(positions.size())
}

/// Fraction of rows, per cent, whose label is among the `count` highest of `scores`. A class whose score is not finite
/// is never among them.
///
/// # Shapes
/// - `scores`: `[n, classes]`, `labels`: `[n]`
pub(crate) fn per_cent(scores: &Tensor, labels: &Tensor, count: i64) -> f64 {
    let (highest, top) = scores.topk(count, 1, true, true);
    // Of several equal scores the first class, as `argmax` has it and `topk` does not promise.
    let top = if count == 1 { scores.argmax(1, true) } else { top };
    let hits = top.eq_tensor(&labels.unsqueeze(1)).logical_and(&highest.isfinite()).any_dim(1, false);
    100.0 * hits.to_kind(Kind::Double).mean(Kind::Double).double_value(&[])
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

    #[test]
    fn field_scores_that_are_no_numbers_hit_nothing() {
        let labels = Tensor::from_slice(&[0i64, 1, 2]);
        for bad in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            let scores = Tensor::full([3, 10], bad, (Kind::Float, Device::Cpu));
            assert_eq!((per_cent(&scores, &labels, 1), per_cent(&scores, &labels, 5)), (0.0, 0.0), "{bad}");
        }
    }
}
