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
    setting: Setting,
}

#[derive(Clone, Copy, Debug)]
enum Setting {
    /// Chosen on this share of the training set.
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
        Self { name: "knn", setting: Setting::Chosen { validation, seed } }
    }

    /// `knn_10`: ten neighbours with equal votes, a published setting.
    pub fn ten() -> Self {
        Self { name: "knn_10", setting: Setting::Fixed { k: 10, temperature: None } }
    }

    /// `knn_200`: 200 neighbours at temperature 0.1, lightly's and MoCo's published setting.
    pub fn two_hundred() -> Self {
        Self { name: "knn_200", setting: Setting::Fixed { k: 200, temperature: Some(0.1) } }
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
            Setting::Fixed { k, temperature } => (k, temperature),
            Setting::Chosen { validation, seed } => {
                let (k, temperature) = choose(bank, classes, validation, seed)?;
                (k, Some(temperature))
            }
        };
        let k = k.min(bank.features.size()[0]);
        let (similarities, positions) = nearest(&subject.test_bank.features, &bank.features, k);
        let votes = knn_votes(&similarities, &labels_at(bank, &positions), classes, k, temperature);
        let top = |count| per_cent(&votes, &subject.test_bank.labels, count);
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
fn choose(bank: &FeatureBank, classes: i64, share: f64, seed: u64) -> Result<(i64, f64), EvalError> {
    let parts = split(bank.features.size()[0] as usize, share, seed)?;
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

/// Share of rows, per cent, whose label is among the `count` highest of `scores`.
///
/// # Shapes
/// - `scores`: `[n, classes]`, `labels`: `[n]`
pub(crate) fn per_cent(scores: &Tensor, labels: &Tensor, count: i64) -> f64 {
    let hits = if count == 1 {
        scores.argmax(1, false).eq_tensor(labels)
    } else {
        let (_, top) = scores.topk(count, 1, true, true);
        top.eq_tensor(&labels.unsqueeze(1)).any_dim(1, false)
    };
    100.0 * hits.to_kind(Kind::Double).mean(Kind::Double).double_value(&[])
}
