//! A benchmark: the data set and the protocols by which encoders are scored, and their two baselines.

use crate::{
    EvalError, Extractor, Milestone, Model, Network, Pixels, Protocol, Report, Scores, Stop, Subject,
    TextSide, evaluate,
};
use kontrast_augment::ViewPlan;
use kontrast_data::Labelled;
use std::fmt;

/// Pixels on the shorter side of the baseline without a network.
const PIXELS: usize = 8;

/// Labelled images of one data set, and the protocols that are run on them.
pub struct Benchmark<'a> {
    /// Name of the data set.
    pub dataset: &'a str,
    /// Images that protocols may learn from.
    pub train: &'a dyn Labelled,
    /// Images that scores are of.
    pub test: &'a dyn Labelled,
    /// How images become features.
    pub extractor: &'a Extractor,
    /// What a training knew of texts, where it read some.
    pub texts: Option<TextSide<'a>>,
    /// What is run, in this order.
    pub protocols: Vec<Box<dyn Protocol>>,
}

/// What is scored: the trained encoder or one of its baselines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scored {
    /// The trained encoder.
    Trained,
    /// The same encoder with its initial weights.
    RandomInit,
    /// The pixels of the image itself, 8 on its shorter side.
    Pixels,
}

impl fmt::Display for Scored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trained => "trained",
            Self::RandomInit => "random init",
            Self::Pixels => "raw pixels",
        })
    }
}

/// A view's width and height with [`PIXELS`] on the shorter side, in its proportions.
fn shrunk((width, height): (usize, usize)) -> (usize, usize) {
    let shorter = width.min(height).max(1);
    let side = |side: usize| (PIXELS * side + shorter / 2) / shorter;
    (side(width), side(height))
}

impl Benchmark<'_> {
    /// Refuses, before hours of training, what would be refused after them.
    ///
    /// # Errors
    /// Where a protocol needs more than there is, and as [`Protocol::check`] of each.
    pub fn check(&self, model: Model<'_>) -> Result<(), EvalError> {
        let network = self.network(model);
        self.protocols.iter().try_for_each(|protocol| {
            network.require(&**protocol)?;
            protocol.check(&network)
        })
    }

    /// The scores of one encoder.
    ///
    /// # Errors
    /// Where an image cannot be read, a protocol fails, the encoder moved, or the caller asked to stop.
    pub fn scores(
        &self,
        model: Model<'_>,
        stop: &Stop,
        watch: &dyn Fn(Milestone<'_>),
    ) -> Result<Vec<Report>, EvalError> {
        let subject = Subject::new(self.network(model), stop)?.watched_by(watch);
        evaluate(&self.protocols, &subject, stop)
    }

    /// The scores of a trained encoder, of the same encoder with its initial weights, and of pixels, for which protocols
    /// that need more than features are left out.
    ///
    /// # Errors
    /// As [`Benchmark::scores`].
    pub fn beside_baselines(
        &self,
        trained: Model<'_>,
        random_init: Model<'_>,
        stop: &Stop,
        watch: &dyn Fn(Scored, Milestone<'_>),
    ) -> Result<Scores, EvalError> {
        let of = |scored, model| self.scores(model, stop, &|what| watch(scored, what));
        Ok(Scores {
            dataset: self.dataset.to_owned(),
            trained: of(Scored::Trained, trained)?,
            random_init: of(Scored::RandomInit, random_init)?,
            pixels: self.pixels(stop, &|what| watch(Scored::Pixels, what))?,
        })
    }

    /// The scores of the pixels of each image, 8 on its shorter side, without protocols that need more than features.
    ///
    /// # Errors
    /// As [`Benchmark::scores`].
    pub fn pixels(&self, stop: &Stop, watch: &dyn Fn(Milestone<'_>)) -> Result<Vec<Report>, EvalError> {
        let (size, channels) = (shrunk(self.extractor.plan.size()), self.extractor.plan.channels());
        let encoder = Pixels { values: (channels * size.0 * size.1) as i64 };
        let plan = ViewPlan::evaluation(size).of_channels(channels).expect("cropping changes no colour");
        let bank = |images| self.extractor.bank_of(&plan, &encoder, images, stop);
        let subject = Subject::of_features(self.dataset, bank(self.train)?, bank(self.test)?)?;
        let subject = subject.watched_by(watch);
        let fitting = self.protocols.iter().filter(|protocol| protocol.needs() <= subject.offers());
        evaluate(fitting, &subject, stop)
    }

    fn network<'e>(&'e self, model: Model<'e>) -> Network<'e> {
        let &Self { dataset, train, test, extractor, texts, .. } = self;
        let Model { encoder, projector, texts: space } = model;
        Network { dataset, encoder, projector, texts: space.zip(texts), train, test, extractor }
    }
}
