//! Layer-wise probes: classifiers on the maps of single stages of a frozen encoder, which show where in it what classes
//! need has formed (Zhang, Isola and Efros 2016, arXiv 1603.08511, section 3.2; Gidaris, Singh and Komodakis 2018, arXiv
//! 1803.07728, section 3.1).

mod attention;
mod maps;
mod probe;
mod room;

pub use maps::grid;

use crate::report::{Report, predicted};
use crate::{EvalError, Milestone, Needs, Network, Protocol, Stop, Subject};
use kontrast_config::Probe;
use kontrast_torch_ext::available_memory;
use maps::Shape;
use probe::{Training, logits};

/// The protocol `layers`. Nothing is chosen: each probe is scored once, after its last epoch.
///
/// # Memory
/// The maps of one stage and both splits lie on the device in bf16: two bytes for each of `images * channels * grid *
/// grid` values, with the grid of [`grid`] for `linear` and `mlp` and the map's own for `conv` and `attentive`. On CIFAR-10 a ResNet-18
/// of width 64 has 7.9 GB of them after its first stage (64x32x32), 0.9 GB pooled to 9,000 values. No two stages are
/// held at once.
#[derive(Clone, Debug)]
pub struct LayerProbes {
    /// Probes with their learning rates.
    pub probes: Vec<(Probe, f64)>,
    /// Stages from 1, shallow before deep; all that the encoder has where none are named.
    pub stages: Option<Vec<usize>>,
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

impl LayerProbes {
    /// The name of the protocol.
    pub const NAME: &'static str = "layers";

    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::LayerProbes, seed: u64) -> Self {
        Self {
            // A checked experiment has a rate for each.
            probes: config.probes.iter().filter_map(|&probe| Some((probe, config.lr.of(probe)?))).collect(),
            stages: config.stages.clone(),
            features: config.features,
            epochs: config.epochs,
            batch: config.batch,
            weight_decay: config.weight_decay,
            seed,
        }
    }
}

impl Protocol for LayerProbes {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Layers
    }

    /// Of a GPU's memory it knows nothing.
    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        let shared = self.shared(network, &Stop::default())?;
        room::require(&shared, available_memory(network.extractor.to_tensor.device()))
    }

    /// A report for every stage and probe, stage by stage, named `layers.1.linear`.
    ///
    /// # Errors
    /// [`EvalError::Setting`] where the encoder has no such stage or a step has no maps, and as [`Protocol::evaluate`].
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let network = subject.network(self)?;
        let shared = self.shared(&network, stop)?;
        room::require(&shared, available_memory(network.extractor.to_tensor.device()))?;
        let count = shared.iter().map(|maps| maps.probes.len()).sum();
        let mut reports = Vec::new();
        for maps in &shared {
            reports.extend(self.probe(subject, &network, maps, count, stop)?);
            subject.require_still("the layer-wise probes")?;
        }
        Ok(reports)
    }
}

impl LayerProbes {
    /// All maps that are going to be held, one after the other.
    fn shared(&self, network: &Network<'_>, stop: &Stop) -> Result<Vec<Shared>, EvalError> {
        let shapes = maps::shapes(network, stop)?;
        let images = network.train.len() + network.test.len();
        let stages = self.stages.clone().unwrap_or_else(|| (1..=shapes.len()).collect());
        let mut shared = Vec::new();
        let setting = |key, value, expected, found| Err(EvalError::Setting { key, value, expected, found });
        if self.batch == 0 {
            let (expected, found) = ("at least 1 map a step".to_owned(), "none".to_owned());
            return setting("eval.layers.batch", "0".to_owned(), expected, found);
        }
        if let Some(stage) = stages.iter().find(|stage| !(1..=shapes.len()).contains(*stage)) {
            let expected = format!("stages from 1 to {}, as the encoder has them", shapes.len());
            return setting("eval.layers.stages", format!("{stages:?}"), expected, format!("stage {stage}"));
        }
        for stage in stages {
            let shape = shapes[stage - 1];
            let seen = |probe: Probe| match probe {
                Probe::Linear | Probe::Mlp => grid(shape.channels, shape.side, self.features as i64),
                Probe::Conv | Probe::Attentive => shape.side,
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

    /// The probes of one grid of one stage, of `count` at all stages.
    fn probe(
        &self,
        subject: &Subject<'_>,
        network: &Network<'_>,
        maps: &Shared,
        count: usize,
        stop: &Stop,
    ) -> Result<Vec<Report>, EvalError> {
        let &Shared { shape, grid, bytes, ref probes } = maps;
        subject.tell(Milestone::Maps { stage: shape.stage, bytes });
        let train = maps::read(network, network.train, shape, grid, stop)?;
        let test = maps::read(network, network.test, shape, grid, stop)?;
        let mut reports = Vec::new();
        for &(probe, lr) in probes {
            let training = Training { probe, lr, stage: shape.stage, of: self };
            let precision = network.extractor.precision;
            let net = training.run(&train, subject, precision, stop, &|epoch| {
                let (stage, epochs) = (shape.stage, self.epochs);
                subject.tell(Milestone::Epoch { stage, probe, epoch, epochs, probes: count });
            })?;
            let report = Report::of_classes(self, subject, &predicted(&logits(&net, &test)))
                .named(format!("{}.{}.{}", Self::NAME, shape.stage, probe.as_str()))
                .with("stage", shape.stage)
                .with("channels", shape.channels as usize)
                .with("side", shape.side as usize)
                .with("grid", grid as usize)
                .with("probe", probe.as_str())
                .with("epochs", self.epochs as usize)
                .with("batch", self.batch.min(network.train.len()))
                .with("lr", lr)
                .with("weight_decay", self.weight_decay);
            reports.push(subject.scored(report));
        }
        Ok(reports)
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
