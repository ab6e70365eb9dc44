//! Linear probe: multinomial logistic regression on frozen features, its rate and decay chosen on a split of the
//! training set (SimCLR, arXiv 2002.05709, section 2.3, without augmentation).

use crate::linear_probes::{LinearProbes, ProbeSgd, Standardise, best, one_hot, order};
use crate::report::predicted;
use crate::{EvalError, FeatureBank, Needs, Network, Protocol, Report, Stop, Subject};
use tch::Tensor;

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
        network.split(self.validation, self.seed).map(drop)
    }

    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let (train, classes) = (subject.train(), subject.classes());
        let scale = Standardise::of(train.features());
        let (x, y) = (scale.apply(train.features()), train.labels());
        let ((lr, weight_decay), validated) = match self.grid()[..] {
            [only] => (only, None),
            _ => self.choose(train, &x, stop).map(|(best, top1)| (best, Some(top1)))?,
        };
        let probe = self.train(&x, y, classes, &[(lr, weight_decay)], stop)?;
        let logits = probe.logits(&scale.apply(subject.test().features())).get(0);
        let report = Report::of_classes(self, subject, &predicted(&logits)).with_top5(&logits, subject);
        let report = report.with("lr", lr).with("weight_decay", weight_decay);
        Ok(vec![subject.scored(report.validated(validated))])
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

    /// The rate and decay with the best top-1 on the held part, and that; among equals the first.
    fn choose(&self, train: &FeatureBank, x: &Tensor, stop: &Stop) -> Result<((f64, f64), f64), EvalError> {
        let (grid, y) = (self.grid(), train.labels());
        let parts = train.split(self.validation, self.seed)?;
        let at = |positions: &Tensor| {
            let positions = positions.to_device(x.device());
            (x.index_select(0, &positions), y.index_select(0, &positions))
        };
        let (fit, held) = (at(&parts.fit), at(&parts.validation));
        let probes = self.train(&fit.0, &fit.1, train.classes(), &grid, stop)?;
        let (best, top1) = best(&probes.logits(&held.0), &held.1);
        Ok((grid[best], top1))
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
    ) -> Result<LinearProbes, EvalError> {
        tch::no_grad(|| {
            let n = x.size()[0];
            let targets = one_hot(y, classes);
            let mut sgd = ProbeSgd::new(x.size()[1], classes, grid, x.device());
            let batch = (self.batch as i64).min(n);
            let per_epoch = n / batch;
            let steps = per_epoch * i64::from(self.epochs);
            let mut shuffled = Tensor::new();
            for step in 0..steps {
                stop.check()?;
                let (epoch, place) = (step / per_epoch, step % per_epoch);
                if place == 0 {
                    shuffled = order(n, *b"probe   ", self.seed, epoch as u32).to_device(x.device());
                }
                let rows = shuffled.narrow(0, place * batch, batch);
                sgd.step(
                    &x.index_select(0, &rows),
                    &targets.index_select(0, &rows),
                    step as f64 / steps as f64,
                );
            }
            Ok(sgd.probes)
        })
    }
}
