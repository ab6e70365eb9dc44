//! Linear classifiers side by side on the same batches: softmax regression by SGD with momentum, gradients in closed form.

use crate::report::per_cent;
use kontrast_rng::KeyedRng;
use tch::{Device, Kind, Tensor};

/// Momentum of the probe's SGD, as in the probes of MoCo (`main_lincls.py`) and lightly's benchmarks; others use
/// L-BFGS or Adam.
const MOMENTUM: f64 = 0.9;
/// Of those that train by Adam: decay of both moments, and what the denominator begins at; PyTorch's.
pub(crate) const BETAS: (f64, f64) = (0.9, 0.999);
pub(crate) const EPS: f64 = 1e-8;

/// Linear classifiers side by side.
#[derive(Debug)]
pub(crate) struct LinearProbes {
    /// `[probes, d, classes]`
    pub(crate) weight: Tensor,
    /// `[probes, 1, classes]`
    pub(crate) bias: Tensor,
}

impl LinearProbes {
    pub(crate) fn zero(probes: i64, width: i64, classes: i64, device: Device) -> Self {
        let zeros = |shape: [i64; 3]| Tensor::zeros(shape, (Kind::Float, device));
        Self { weight: zeros([probes, width, classes]), bias: zeros([probes, 1, classes]) }
    }

    /// `[n, d]` to `[probes, n, classes]`.
    pub(crate) fn logits(&self, x: &Tensor) -> Tensor {
        x.matmul(&self.weight) + &self.bias
    }

    /// Gradients of the mean cross-entropy by weight and bias.
    ///
    /// # Shapes
    /// - `x`: `[n, d]`, `targets`: `[n, classes]`, 0 or 1
    pub(crate) fn gradients(&self, x: &Tensor, targets: &Tensor) -> (Tensor, Tensor) {
        let errors = (self.logits(x).softmax(-1, None) - targets) / x.size()[0] as f64;
        (x.tr().matmul(&errors), errors.sum_dim_intlist([1i64].as_slice(), true, None))
    }
}

/// Their training, each with a rate and a decay of its own. The rates fall along half a cosine.
pub(crate) struct ProbeSgd {
    pub(crate) probes: LinearProbes,
    /// Steps remembered, of weight and bias.
    moving: (Tensor, Tensor),
    /// `[probes, 1, 1]`
    rates: Tensor,
    decays: Tensor,
}

impl ProbeSgd {
    /// From zero, for pairs of rate and decay.
    pub(crate) fn new(width: i64, classes: i64, grid: &[(f64, f64)], device: Device) -> Self {
        let column = |of: fn(&(f64, f64)) -> f64| {
            let values: Vec<f32> = grid.iter().map(|pair| of(pair) as f32).collect();
            Tensor::from_slice(&values).to_device(device).reshape([-1, 1, 1])
        };
        let probes = LinearProbes::zero(grid.len() as i64, width, classes, device);
        let moving = (probes.weight.zeros_like(), probes.bias.zeros_like());
        Self { probes, moving, rates: column(|pair| pair.0), decays: column(|pair| pair.1) }
    }

    /// A step on a batch, when `done` of all steps lie behind, from 0 to 1.
    ///
    /// # Shapes
    /// - `x`: `[n, d]`, `targets`: `[n, classes]`, 0 or 1
    pub(crate) fn step(&mut self, x: &Tensor, targets: &Tensor, done: f64) {
        let (for_weight, for_bias) = self.probes.gradients(x, targets);
        let (of_weight, of_bias) = &self.moving;
        let for_weight = for_weight + &self.probes.weight * &self.decays;
        self.moving = (of_weight * MOMENTUM + for_weight, of_bias * MOMENTUM + for_bias);
        let cosine = f64::midpoint((std::f64::consts::PI * done).cos(), 1.0);
        self.probes.weight -= &self.moving.0 * &self.rates * cosine;
        self.probes.bias -= &self.moving.1 * &self.rates * cosine;
    }
}

/// The probe with the best top-1, and that in per cent; among equals the first.
///
/// # Shapes
/// - `logits`: `[probes, n, classes]`, `labels`: `[n]`
pub(crate) fn best(logits: &Tensor, labels: &Tensor) -> (usize, f64) {
    let count = logits.size()[0] as usize;
    let scores: Vec<f64> = (0..count).map(|which| per_cent(&logits.get(which as i64), labels, 1)).collect();
    let first = (0..count).rev().max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
    (first, scores[first])
}

/// `[n]` to `[n, classes]`, 0 or 1 in fp32.
pub(crate) fn one_hot(labels: &Tensor, classes: i64) -> Tensor {
    labels.one_hot(classes).to_kind(Kind::Float)
}

/// The order of `n` rows in an epoch, drawn under a name.
pub(crate) fn order(n: i64, name: [u8; 8], seed: u64, epoch: u32) -> Tensor {
    let mut order: Vec<i64> = (0..n).collect();
    KeyedRng::named(name, seed, epoch, 0).shuffle(&mut order);
    Tensor::from_slice(&order)
}

/// Mean 0 and standard deviation 1 in every dimension of the training features, so that one grid of rates serves all.
#[derive(Debug)]
pub(crate) struct Standardise {
    mean: Tensor,
    std: Tensor,
}

impl Standardise {
    pub(crate) fn of(features: &Tensor) -> Self {
        let mean = features.mean_dim([0i64].as_slice(), true, Kind::Float);
        let std = features.std_dim([0i64].as_slice(), false, true).clamp_min(1e-6);
        Self { mean, std }
    }

    pub(crate) fn apply(&self, features: &Tensor) -> Tensor {
        (features - &self.mean) / &self.std
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::{Case, assert_close};

    #[test]
    fn probes_side_by_side_are_those_that_pytorch_trains_alone() {
        let case = Case::from_bytes(include_bytes!("../tests/golden/linear_sgd/case.safetensors"));
        let (x, targets) = (case["features"].to_kind(Kind::Float), one_hot(&case["labels"], 4));
        let settings: Vec<f64> = Vec::try_from(case["settings"].flatten(0, -1)).unwrap();
        let grid: Vec<(f64, f64)> = settings.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        let steps = case.number("steps") as u32;
        let mut sgd = ProbeSgd::new(x.size()[1], 4, &grid, Device::Cpu);
        tch::no_grad(|| {
            for step in 0..steps {
                sgd.step(&x, &targets, f64::from(step) / f64::from(steps));
            }
        });
        assert_close(&sgd.probes.logits(&x), &case["logits"], 1e-5);
        let (chosen, top1) = best(&sgd.probes.logits(&x), &case["labels"]);
        assert_eq!(chosen as f64, case.number("best"));
        assert_eq!(top1, per_cent(&case["logits"].get(chosen as i64), &case["labels"], 1));
    }
}
