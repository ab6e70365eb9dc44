//! Linear probe: multinomial logistic regression on frozen features, its rate and decay chosen on a split of the
//! training set (SimCLR, arXiv 2002.05709, section 2.3, without augmentation).

use crate::report::{per_cent, predicted};
use crate::{EvalError, FeatureBank, Needs, Network, Protocol, Report, Stop, Subject, split};
use kontrast_rng::KeyedRng;
use tch::{Kind, Tensor};

/// Momentum of the probe's SGD, as in the probes of MoCo (`main_lincls.py`) and lightly's benchmarks; others use
/// L-BFGS or Adam.
const MOMENTUM: f64 = 0.9;

/// The protocol `linear`.
#[derive(Clone, Debug)]
pub struct Linear {
    /// Passes over the features.
    pub epochs: u32,
    /// Features a step.
    pub batch: usize,
    /// Learning rates to choose from.
    pub lrs: Vec<f64>,
    /// Decays to choose from.
    pub weight_decays: Vec<f64>,
    /// Fraction of the training set that the choice is made on.
    pub validation: f64,
    /// Seed of the split and of the order of features.
    pub seed: u64,
}

impl Protocol for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        if self.grid().len() == 1 {
            return Ok(());
        }
        split(&network.labels(), self.validation, self.seed).map(drop)
    }

    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let (train, classes) = (subject.train(), subject.classes());
        let scale = Standardise::of(train.features());
        let (x, y) = (scale.apply(train.features()), train.labels());
        let (lr, weight_decay) = match self.grid()[..] {
            [only] => only,
            _ => self.choose(train, &x, stop)?,
        };
        let probe = self.train(&x, y, classes, &[(lr, weight_decay)], stop)?;
        let logits = probe.logits(&scale.apply(subject.test().features())).get(0);
        let report = Report::of_classes(self, subject, &predicted(&logits)).with_top5(&logits, subject);
        Ok(vec![subject.scored(report.with("lr", lr).with("weight_decay", weight_decay))])
    }
}

impl Linear {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::Linear, validation: f64, seed: u64) -> Self {
        Self {
            epochs: config.epochs,
            batch: config.batch,
            lrs: config.lrs.clone(),
            weight_decays: config.weight_decays.clone(),
            validation,
            seed,
        }
    }

    /// The rate and decay with the best top-1 on the held part; among equals the first.
    fn choose(&self, train: &FeatureBank, x: &Tensor, stop: &Stop) -> Result<(f64, f64), EvalError> {
        let (grid, y) = (self.grid(), train.labels());
        let parts = split(&train.labels_on_cpu(), self.validation, self.seed)?;
        let at = |positions: &Tensor| {
            let positions = positions.to_device(x.device());
            (x.index_select(0, &positions), y.index_select(0, &positions))
        };
        let (fit, held) = (at(&parts.fit), at(&parts.validation));
        let probes = self.train(&fit.0, &fit.1, train.classes(), &grid, stop)?;
        let logits = probes.logits(&held.0);
        let scores: Vec<f64> =
            (0..grid.len()).map(|which| per_cent(&logits.get(which as i64), &held.1, 1)).collect();
        let best = (0..grid.len()).rev().max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
        Ok(grid[best])
    }

    fn grid(&self) -> Vec<(f64, f64)> {
        self.lrs.iter().flat_map(|&lr| self.weight_decays.iter().map(move |&decay| (lr, decay))).collect()
    }

    /// Trains a probe for every pair of rate and decay at once, over the same batches.
    fn train(
        &self,
        x: &Tensor,
        y: &Tensor,
        classes: i64,
        grid: &[(f64, f64)],
        stop: &Stop,
    ) -> Result<Probes, EvalError> {
        tch::no_grad(|| {
            let (n, d, c) = (x.size()[0], x.size()[1], grid.len() as i64);
            let options = (Kind::Float, x.device());
            let column = |of: fn(&(f64, f64)) -> f64| {
                let values: Vec<f32> = grid.iter().map(|pair| of(pair) as f32).collect();
                Tensor::from_slice(&values).to_device(x.device()).reshape([c, 1, 1])
            };
            let (rates, decays) = (column(|pair| pair.0), column(|pair| pair.1));
            let targets = y.one_hot(classes).to_kind(Kind::Float);
            let mut probes = Probes {
                weight: Tensor::zeros([c, d, classes], options),
                bias: Tensor::zeros([c, 1, classes], options),
            };
            let (mut of_weight, mut of_bias) = (probes.weight.zeros_like(), probes.bias.zeros_like());
            let batch = (self.batch as i64).min(n);
            let per_epoch = n / batch;
            let steps = (per_epoch * i64::from(self.epochs)) as f64;
            let mut order = Tensor::new();
            for step in 0..per_epoch * i64::from(self.epochs) {
                stop.check()?;
                let (epoch, place) = (step / per_epoch, step % per_epoch);
                if place == 0 {
                    order = self.order(n, epoch).to_device(x.device());
                }
                let rows = order.narrow(0, place * batch, batch);
                let (xb, tb) = (x.index_select(0, &rows), targets.index_select(0, &rows));
                let gradient = (probes.logits(&xb).softmax(-1, None) - tb) / batch as f64;
                let for_weight = xb.tr().matmul(&gradient) + &probes.weight * &decays;
                of_weight = of_weight * MOMENTUM + for_weight;
                of_bias = of_bias * MOMENTUM + gradient.sum_dim_intlist([1i64].as_slice(), true, None);
                let cosine = f64::midpoint((std::f64::consts::PI * step as f64 / steps).cos(), 1.0);
                probes.weight -= &of_weight * &rates * cosine;
                probes.bias -= &of_bias * &rates * cosine;
            }
            Ok(probes)
        })
    }

    fn order(&self, n: i64, epoch: i64) -> Tensor {
        let mut order: Vec<i64> = (0..n).collect();
        KeyedRng::named(*b"probe   ", self.seed, epoch as u32, 0).shuffle(&mut order);
        Tensor::from_slice(&order)
    }
}

/// Linear classifiers side by side.
#[derive(Debug)]
struct Probes {
    /// `[probes, d, classes]`
    weight: Tensor,
    /// `[probes, 1, classes]`
    bias: Tensor,
}

impl Probes {
    /// `[n, d]` to `[probes, n, classes]`.
    fn logits(&self, x: &Tensor) -> Tensor {
        x.matmul(&self.weight) + &self.bias
    }
}

/// Mean 0 and standard deviation 1 in every dimension of the training features, so that one grid of rates serves all.
#[derive(Debug)]
struct Standardise {
    mean: Tensor,
    std: Tensor,
}

impl Standardise {
    fn of(features: &Tensor) -> Self {
        let mean = features.mean_dim([0i64].as_slice(), true, Kind::Float);
        let std = features.std_dim([0i64].as_slice(), false, true).clamp_min(1e-6);
        Self { mean, std }
    }

    fn apply(&self, features: &Tensor) -> Tensor {
        (features - &self.mean) / &self.std
    }
}
