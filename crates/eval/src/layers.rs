//! Layer-wise probes: classifiers on the maps of single stages of a frozen encoder, which show where in it what classes
//! need has formed (Zhang, Isola and Efros 2016, arXiv 1603.08511, section 3.2; Gidaris, Singh and Komodakis 2018, arXiv
//! 1803.07728, section 3.1).

mod maps;
mod probe;
mod room;

pub use maps::grid;

use crate::{EvalError, Extractor, LayerScore, Subject};
use kontrast_config::Probe;
use kontrast_data::Labelled;
use kontrast_models::Encoder;
use kontrast_torch_ext::available_memory;
use maps::Shape;
use probe::{Training, top1};
use std::ops::ControlFlow;

/// What layer-wise probes are trained with. Nothing is chosen: each is scored once, after its last epoch.
///
/// # Memory
/// The maps of one stage and both splits lie on the device in bf16: two bytes for each of `images * channels * grid *
/// grid` values, with the grid of [`grid`] for `linear` and `mlp` and the map's own for `conv`. On CIFAR-10 a ResNet-18
/// of width 64 has 7.9 GB of them after its first stage (64x32x32), 0.9 GB pooled to 9,000 values. No two stages are
/// held at once.
#[derive(Clone, Debug)]
pub struct Probes {
    /// Probes with their learning rates.
    pub probes: Vec<(Probe, f64)>,
    /// Stages from 1, shallow before deep.
    pub stages: Vec<usize>,
    /// The most values of a map that `linear` and `mlp` see.
    pub features: usize,
    /// Passes over the maps.
    pub epochs: u32,
    /// Maps of one step.
    pub batch: usize,
    /// Decay of all weights.
    pub weight_decay: f64,
    /// Seed of initial weights and of the order of maps.
    pub seed: u64,
}

/// How far layer-wise probes have come.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// The maps of a stage are about to be computed.
    Maps {
        /// The stage, from 1.
        stage: usize,
        /// What they take.
        bytes: u64,
    },
    /// A probe has passed over them once more.
    Epoch {
        /// The stage, from 1.
        stage: usize,
        /// The probe.
        probe: Probe,
        /// Epochs done, of it alone.
        epoch: u32,
    },
    /// A probe is scored.
    Scored(&'a LayerScore),
}

impl Probes {
    /// What an experiment asks for, of an encoder with so many stages.
    pub fn new(config: &kontrast_config::LayerProbes, stages: usize, seed: u64) -> Self {
        Self {
            // A checked experiment has a rate for each.
            probes: config.probes.iter().filter_map(|&probe| Some((probe, config.lr.of(probe)?))).collect(),
            stages: config.stages(stages),
            features: config.features,
            epochs: config.epochs,
            batch: config.batch,
            weight_decay: config.weight_decay,
            seed,
        }
    }

    /// A score for every stage and probe, stage by stage. `watch` may end it after any epoch.
    ///
    /// # Errors
    /// Where the maps have no room in memory, an image cannot be read, the encoder's variables moved, or `watch` said to
    /// stop.
    ///
    /// # Panics
    /// Where the encoder has no such stage.
    pub fn evaluate(
        &self,
        subject: &Subject<'_>,
        extractor: &Extractor,
        watch: &mut dyn FnMut(Heard<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<LayerScore>, EvalError> {
        let shared = self.shared(subject.encoder, subject.train, subject.test, extractor)?;
        room::require(&shared, available_memory(extractor.to_tensor.device()))?;
        let mut scores = Vec::new();
        for maps in &shared {
            self.probe(subject, extractor, maps, watch, &mut scores)?;
            subject.assert_still("the layer-wise probes")?;
        }
        Ok(scores)
    }

    /// [`Probes::evaluate`] asks it too; asked before work of hours, it spares that work. Of a GPU's memory it knows
    /// nothing.
    ///
    /// # Errors
    /// Where the maps have no room in the memory that is available now, or the first image cannot be read.
    ///
    /// # Panics
    /// Where the encoder has no such stage.
    pub fn require_room(
        &self,
        encoder: &dyn Encoder,
        train: &dyn Labelled,
        test: &dyn Labelled,
        extractor: &Extractor,
    ) -> Result<(), EvalError> {
        let shared = self.shared(encoder, train, test, extractor)?;
        room::require(&shared, available_memory(extractor.to_tensor.device()))
    }

    /// All maps that are going to be held, one after the other.
    fn shared(
        &self,
        encoder: &dyn Encoder,
        train: &dyn Labelled,
        test: &dyn Labelled,
        extractor: &Extractor,
    ) -> Result<Vec<Shared>, EvalError> {
        let shapes = maps::shapes(encoder, train, extractor)?;
        let images = train.len() + test.len();
        let mut shared = Vec::new();
        for &stage in &self.stages {
            assert!((1..=shapes.len()).contains(&stage), "stage {stage} of {}", shapes.len());
            let shape = shapes[stage - 1];
            let seen = |probe: Probe| match probe {
                Probe::Linear | Probe::Mlp => grid(shape.channels, shape.side, self.features as i64),
                Probe::Conv => shape.side,
            };
            let mut left = self.probes.clone();
            while let Some(&(first, _)) = left.first() {
                let grid = seen(first);
                let (probes, later): (Vec<_>, Vec<_>) =
                    left.iter().partition(|(probe, _)| seen(*probe) == grid);
                left = later;
                shared.push(Shared { shape, grid, bytes: maps::bytes(images, shape, grid), probes });
            }
        }
        Ok(shared)
    }

    /// The probes of one grid of one stage.
    fn probe(
        &self,
        subject: &Subject<'_>,
        extractor: &Extractor,
        maps: &Shared,
        watch: &mut dyn FnMut(Heard<'_>) -> ControlFlow<()>,
        scores: &mut Vec<LayerScore>,
    ) -> Result<(), EvalError> {
        let &Shared { shape, grid, bytes, ref probes } = maps;
        hear(watch, Heard::Maps { stage: shape.stage, bytes })?;
        let train = maps::read(subject.encoder, extractor, subject.train, shape, grid)?;
        let test = maps::read(subject.encoder, extractor, subject.test, shape, grid)?;
        for &(probe, lr) in probes {
            let training = Training { probe, lr, stage: shape.stage, classes: subject.classes(), of: self };
            let net = training.run(&train, &subject.train_bank.labels, extractor, watch)?;
            let score = LayerScore {
                stage: shape.stage,
                channels: shape.channels as usize,
                side: shape.side as usize,
                grid: grid as usize,
                probe: probe.as_str().to_owned(),
                epochs: self.epochs,
                batch: self.batch.min(subject.train.len()),
                lr,
                weight_decay: self.weight_decay,
                top1: top1(&net, &test, &subject.test_bank.labels),
                random_init: None,
            };
            hear(watch, Heard::Scored(&score))?;
            scores.push(score);
        }
        Ok(())
    }
}

/// The maps of one stage over one grid, and the probes that see them.
struct Shared {
    shape: Shape,
    grid: i64,
    /// What the maps of both splits take.
    bytes: u64,
    /// With their learning rates.
    probes: Vec<(Probe, f64)>,
}

/// The trained encoder's scores, each beside that of the same probe on random weights; both lists are of one
/// [`Probes`].
pub fn beside(trained: Vec<LayerScore>, random_init: &[LayerScore]) -> Vec<LayerScore> {
    assert_eq!(trained.len(), random_init.len(), "the same probes on both encoders");
    let baseline = |(score, baseline): (LayerScore, &LayerScore)| LayerScore {
        random_init: Some(baseline.top1),
        ..score
    };
    trained.into_iter().zip(random_init).map(baseline).collect()
}

fn hear(watch: &mut dyn FnMut(Heard<'_>) -> ControlFlow<()>, what: Heard<'_>) -> Result<(), EvalError> {
    if watch(what).is_break() { Err(EvalError::Stopped) } else { Ok(()) }
}
