//! Fine-tuning: a copy of the encoder is trained on with some of the labels (SimCLR, Chen et al. 2020, arXiv 2002.05709,
//! section 6 and appendix B.5), beside logistic regression on frozen features of the same images. Of random weights it is
//! the same network from scratch.

use super::Logistic;
use crate::report::{per_cent, predicted};
use crate::split::positions;
use crate::tuned::Training;
use crate::{EvalError, Needs, Network, Protocol, Report, Stop, Subject};
use kontrast_data::Labelled;
use kontrast_rng::KeyedRng;
use std::collections::BTreeMap;
use tch::Tensor;

/// The protocol `fine_tuning`. Steps and rate are chosen in the first draw, on held training images, of which no label is
/// learned from meanwhile; every draw is then trained with them, on labels drawn from all training images.
#[derive(Clone, Debug)]
pub struct FineTuning {
    /// Training images whose labels are used, in per cent; a score each, and one of frozen features.
    pub percents: Vec<u32>,
    /// How often these images are drawn; once where they are all.
    pub draws: u32,
    /// Steps to choose from.
    pub steps: Vec<u64>,
    /// Images of a step.
    pub batch: usize,
    /// Rates to choose from.
    pub lrs: Vec<f64>,
    /// Weight decay.
    pub weight_decay: f64,
    /// The least fraction of an image's area that a training crop keeps.
    pub least_area: f64,
    /// Fraction of the training set that settings are chosen on.
    pub validation: f64,
    /// Seed of all draws.
    pub seed: u64,
}

impl Protocol for FineTuning {
    fn name(&self) -> &'static str {
        "fine_tuning"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Network
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        let parts = network.split(self.validation, self.seed)?;
        let fit = positions(&parts.fit);
        self.percents.iter().try_for_each(|&percent| self.drawn(network.train, &fit, percent, 0).map(drop))
    }

    /// Two reports for each percentage: `fine_tuning_1`, and `frozen_1` of frozen features; means over draws.
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let network = subject.network(self)?;
        let mut reports = Vec::new();
        for &percent in &self.percents {
            reports.push(subject.scored(self.frozen(subject, &network, percent, stop)?));
            reports.push(subject.scored(self.tuned(subject, &network, percent, stop)?));
        }
        Ok(reports)
    }
}

impl FineTuning {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::FineTuning, validation: f64, seed: u64) -> Self {
        let kontrast_config::FineTuning { percents, draws, steps, batch, lrs, weight_decay, least_area } =
            config.clone();
        Self { percents, draws, steps, batch, lrs, weight_decay, least_area, validation, seed }
    }

    fn tuned(
        &self,
        subject: &Subject<'_>,
        network: &Network<'_>,
        percent: u32,
        stop: &Stop,
    ) -> Result<Report, EvalError> {
        let (steps, lr) = self.choose(network, percent, stop)?;
        let test: Vec<u32> = (0..network.test.len() as u32).collect();
        let report = self.over_draws(subject, network, ("fine_tuning", percent), |draw, drawn| {
            let tuned = self.training(steps, lr, draw).run(network, drawn, stop)?;
            let features = network.extractor.features(tuned.encoder(), network.test, &test, stop)?;
            Ok(predicted(&tuned.logits(&features)))
        })?;
        Ok(report.with("steps", steps as usize).with("lr", lr).with("weight_decay", self.weight_decay))
    }

    /// The steps and the rate with the best top-1 on held images; among equals the first.
    fn choose(&self, network: &Network<'_>, percent: u32, stop: &Stop) -> Result<(u64, f64), EvalError> {
        let each_rate = |&steps: &u64| self.lrs.iter().map(move |&lr| (steps, lr));
        let settings: Vec<(u64, f64)> = self.steps.iter().flat_map(each_rate).collect();
        if let [only] = settings[..] {
            return Ok(only);
        }
        let parts = network.split(self.validation, self.seed)?;
        let (fit, held) = (positions(&parts.fit), positions(&parts.validation));
        let drawn = self.drawn(network.train, &fit, percent, 0)?;
        let labels: Vec<i64> =
            held.iter().map(|&position| i64::from(network.train.label(position as usize))).collect();
        let (mut best, mut highest) = (settings[0], f64::NEG_INFINITY);
        for (steps, lr) in settings {
            let tuned = self.training(steps, lr, 0).run(network, &drawn, stop)?;
            let features = network.extractor.features(tuned.encoder(), network.train, &held, stop);
            let score = match features.map(|features| tuned.logits(&features)) {
                Ok(logits) => per_cent(&logits, &Tensor::from_slice(&labels).to_device(logits.device()), 1),
                // A rate at which training diverges is no candidate.
                Err(EvalError::NotFinite { .. }) => continue,
                Err(error) => return Err(error),
            };
            if score > highest {
                (best, highest) = ((steps, lr), score);
            }
        }
        Ok(best)
    }

    /// Logistic regression on the frozen features of the images whose labels are used.
    fn frozen(
        &self,
        subject: &Subject<'_>,
        network: &Network<'_>,
        percent: u32,
        stop: &Stop,
    ) -> Result<Report, EvalError> {
        let bank = subject.train();
        let logistic = Logistic::new(&FROZEN, self.validation, self.seed);
        let parts = network.split(self.validation, self.seed)?;
        let drawn = self.drawn(network.train, &positions(&parts.fit), percent, 0)?;
        let (c, _) = logistic.choose(&bank.part(&tensor(&drawn)), &bank.part(&parts.validation), stop)?;
        let report = self.over_draws(subject, network, ("frozen", percent), |_, drawn| {
            let part = bank.part(&tensor(drawn));
            Ok(predicted(&logistic.logits(&part, c, subject.test().features(), stop)?))
        })?;
        Ok(report.with("c", c))
    }

    /// The score `NAME_PERCENT` of what is predicted in each draw of the images whose labels are used.
    fn over_draws(
        &self,
        subject: &Subject<'_>,
        network: &Network<'_>,
        (name, percent): (&str, u32),
        predict: impl Fn(u32, &[u32]) -> Result<Tensor, EvalError>,
    ) -> Result<Report, EvalError> {
        let all: Vec<u32> = (0..network.train.len() as u32).collect();
        let draws: Vec<Vec<u32>> = (0..self.draws_of(percent))
            .map(|draw| self.drawn(network.train, &all, percent, draw))
            .collect::<Result<_, _>>()?;
        let predictions: Vec<Tensor> =
            (0..).zip(&draws).map(|(draw, drawn)| predict(draw, drawn)).collect::<Result<_, _>>()?;
        let report = Report::of_classes(self, subject, &Tensor::stack(&predictions, 0));
        let report = report.named(format!("{name}_{percent}")).with_labelled(&draws);
        Ok(report.with("labels", draws.first().map_or(0, Vec::len)).with("draws", draws.len()))
    }

    fn draws_of(&self, percent: u32) -> u32 {
        if percent == 100 { 1 } else { self.draws }
    }

    fn training(&self, steps: u64, lr: f64, draw: u32) -> Training {
        let Self { batch, weight_decay, least_area, .. } = *self;
        let seed = self.seed.wrapping_add(u64::from(draw) << 32);
        Training { steps, batch, lr, weight_decay, least_area, seed }
    }

    /// Positions whose labels are used: of each class this percentage of its images among `from`, one at least. Images of a
    /// group come together, as far as the number allows; a larger percentage holds a smaller one of the same draw.
    ///
    /// # Errors
    /// Where a class has no image, or there would be fewer than two images.
    fn drawn(
        &self,
        images: &dyn Labelled,
        from: &[u32],
        percent: u32,
        draw: u32,
    ) -> Result<Vec<u32>, EvalError> {
        let mut groups = vec![BTreeMap::<u64, Vec<u32>>::new(); images.class_names().len()];
        for &position in from {
            let of_class = &mut groups[images.label(position as usize) as usize];
            of_class.entry(images.group(position as usize)).or_default().push(position);
        }
        let mut drawn = Vec::new();
        for (class, groups) in groups.into_iter().enumerate() {
            let of_class: usize = groups.values().map(Vec::len).sum();
            if of_class == 0 {
                return Err(self.refused(percent, format!("none of class {class} to learn from")));
            }
            let count = ((of_class as f64 * f64::from(percent) / 100.0).round() as usize).max(1);
            let mut groups: Vec<Vec<u32>> = groups.into_values().collect();
            KeyedRng::named(*b"labelled", self.seed, draw, class as u64).shuffle(&mut groups);
            drawn.extend(groups.into_iter().flatten().take(count));
        }
        if drawn.len() < 2 {
            return Err(self.refused(percent, "one image".to_owned()));
        }
        Ok(drawn)
    }

    fn refused(&self, percent: u32, found: String) -> EvalError {
        EvalError::Setting {
            key: "eval.fine_tuning.percents",
            value: format!("{:?}", self.percents),
            expected: format!("images of every class, and two at least, at {percent} %"),
            found,
        }
    }
}

/// The regression on frozen features: DINOv2's penalties, fewer of them.
const FROZEN: kontrast_config::Logistic =
    kontrast_config::Logistic { values: 23, least_c: 1e-6, most_c: 1e5, iterations: 1000, tolerance: 1e-4 };

fn tensor(positions: &[u32]) -> Tensor {
    Tensor::from_slice(&positions.iter().map(|&position| i64::from(position)).collect::<Vec<_>>())
}
