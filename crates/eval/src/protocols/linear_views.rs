//! Linear probe on distorted images: each training image is cropped and flipped anew in each epoch and goes through the
//! frozen encoder (SimCLR, Chen et al. 2020, arXiv 2002.05709, appendix B.6; MoCo, He et al. 2019, arXiv 1911.05722,
//! section 4.1).

use crate::extractor::DrawnViews;
use crate::linear_probes::{LinearProbes, ProbeSgd, best, one_hot, order};
use crate::report::predicted;
use crate::split::positions;
use crate::tuned::crops_and_flips;
use crate::{EvalError, Needs, Network, Protocol, Report, Stop, Subject};
use tch::Tensor;

/// The protocol `linear_views`. The rate is chosen on held training images, which the probes do not see meanwhile; then one
/// is trained on all with it.
#[derive(Clone, Debug)]
pub struct LinearViews {
    /// Passes over the images.
    pub epochs: u32,
    /// Images of a step; the last, smaller batch of an epoch is left out.
    pub batch: usize,
    /// Rates to choose from.
    pub lrs: Vec<f64>,
    /// Weight decay.
    pub weight_decay: f64,
    /// The least fraction of an image's area that a crop keeps.
    pub least_area: f64,
    /// Fraction of the training set that the choice is made on.
    pub validation: f64,
    /// Seed of the split, of the order of images and of their views.
    pub seed: u64,
}

impl Protocol for LinearViews {
    fn name(&self) -> &'static str {
        "linear_views"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Network
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        if self.lrs.len() == 1 {
            return Ok(());
        }
        network.split(self.validation, self.seed).map(drop)
    }

    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let network = subject.network(self)?;
        let (lr, validated) = match self.lrs[..] {
            [only] => (only, None),
            _ => self.choose(subject, &network, stop).map(|(best, top1)| (best, Some(top1)))?,
        };
        let all: Vec<u32> = (0..network.train.len() as u32).collect();
        let probe = self.train(&network, &all, &[lr], stop)?;
        let logits = probe.logits(subject.test().features()).get(0);
        let report = Report::of_classes(self, subject, &predicted(&logits))
            .with_top5(&logits, subject)
            .with("epochs", self.epochs as usize)
            .with("lr", lr)
            .with("weight_decay", self.weight_decay)
            .validated(validated);
        Ok(vec![subject.scored(report)])
    }
}

impl LinearViews {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::LinearViews, validation: f64, seed: u64) -> Self {
        let kontrast_config::LinearViews { epochs, batch, lrs, weight_decay, least_area } = config.clone();
        Self { epochs, batch, lrs, weight_decay, least_area, validation, seed }
    }

    /// The rate with the best top-1 on held images, undistorted, and that; among equals the first.
    fn choose(
        &self,
        subject: &Subject<'_>,
        network: &Network<'_>,
        stop: &Stop,
    ) -> Result<(f64, f64), EvalError> {
        let parts = network.split(self.validation, self.seed)?;
        let probes = self.train(network, &positions(&parts.fit), &self.lrs, stop)?;
        let held = subject.train().part(&parts.validation);
        let (best, top1) = best(&probes.logits(held.features()), held.labels());
        Ok((self.lrs[best], top1))
    }

    /// A probe for each rate, over the same views of the training images at these positions.
    fn train(
        &self,
        network: &Network<'_>,
        positions: &[u32],
        lrs: &[f64],
        stop: &Stop,
    ) -> Result<LinearProbes, EvalError> {
        let plan = crops_and_flips(network, self.least_area);
        let (device, classes) =
            (network.extractor.to_tensor.device(), network.train.class_names().len() as i64);
        let labels = network.labels();
        let grid: Vec<(f64, f64)> = lrs.iter().map(|&lr| (lr, self.weight_decay)).collect();
        let mut sgd = ProbeSgd::new(network.encoder.width(), classes, &grid, device);
        let batch = self.batch.min(positions.len());
        let per_epoch = positions.len() / batch;
        let steps = (per_epoch * self.epochs as usize) as f64;
        for epoch in 0..self.epochs {
            let order = self::positions(&order(positions.len() as i64, *b"linviews", self.seed, epoch));
            for (place, chosen) in order.chunks_exact(batch).enumerate() {
                let indices: Vec<u32> = chosen.iter().map(|&which| positions[which as usize]).collect();
                let views = DrawnViews { plan: &plan, seed: self.seed, epoch };
                let x =
                    network.extractor.features_of(views, network.encoder, network.train, &indices, stop)?;
                let labels: Vec<i64> = indices.iter().map(|&index| labels[index as usize]).collect();
                let targets = one_hot(&Tensor::from_slice(&labels).to_device(device), classes);
                let done = (epoch as usize * per_epoch + place) as f64 / steps;
                tch::no_grad(|| sgd.step(&x, &targets, done));
            }
        }
        Ok(sgd.probes)
    }
}
