//! `[eval.layers]`: probes on the maps of single stages.

use super::some_each_once;
use super::spec::ProtocolSpec;
use crate::Encoder;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Probes on the maps of single stages of the frozen encoder (Zhang, Isola and Efros 2016, arXiv 1603.08511, section
/// 3.2; Gidaris, Singh and Komodakis 2018, arXiv 1803.07728, section 3.1). RotNet's numbers are those of its published
/// code, `config/CIFAR10_*Classifier_on_RotNet_NIN4blocks_Conv2_feats.py` of github.com/gidariss/FeatureLearningRotNet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LayerProbes {
    /// Which are trained: `linear` is softmax regression on the standardised values of the pooled map, `mlp` has two
    /// hidden layers of 200 before it, `conv` is three convolutions of 192 channels on the whole map, `attentive` a learned
    /// query that attends to its cells.
    ///
    /// Range: at least one of `linear`, `mlp`, `conv`, `attentive`, each once
    pub probes: Vec<Probe>,
    /// The stages that are probed, in rising order; all where it is left out.
    ///
    /// Range: 1 to the encoder's stages: 4 of a ResNet, `blocks` of `nin`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<usize>>,
    /// The most values of a map that `linear` and `mlp` see: maps are averaged over the finest square grid that stays
    /// within, of one cell at least.
    ///
    /// Range: 1 or above; 9,000 in the literature
    pub features: usize,
    /// Passes over the maps; the rate drops to a fifth after 35, 70 and 85 % of them.
    ///
    /// Range: 1 or above; 100 in RotNet's code
    pub epochs: u32,
    /// Maps of a step; the last, smaller batch of an epoch is left out.
    ///
    /// Range: 2 or above; 128 in RotNet
    pub batch: usize,
    /// Decay of all weights of a probe.
    ///
    /// Range: 0 or above; 5e-4 in RotNet
    pub weight_decay: f64,
    /// Learning rates at the beginning, by probe: `{ linear = 0.001, mlp = 0.1, conv = 0.1 }`. Every probe that is
    /// trained has one; further ones are not used.
    ///
    /// Range: above 0
    pub lr: ProbeLrs,
}

/// A classifier on the maps of one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// Softmax regression on the standardised values of the pooled map.
    Linear,
    /// Two hidden layers of 200 with batch norm and ReLU, on what `linear` sees.
    Mlp,
    /// A block of three convolutions of 192 channels on the whole map, its global average, a linear layer.
    Conv,
    /// The cells of the whole map, averaged by a learned query, a linear layer (El-Nouby et al. 2024, arXiv 2401.08541,
    /// section 4).
    Attentive,
}

/// Learning rates by probe.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProbeLrs {
    /// Of `linear`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<f64>,
    /// Of `mlp`: 0.1 in RotNet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlp: Option<f64>,
    /// Of `conv`: 0.1 in RotNet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conv: Option<f64>,
    /// Of `attentive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attentive: Option<f64>,
}

impl Probe {
    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Mlp => "mlp",
            Self::Conv => "conv",
            Self::Attentive => "attentive",
        }
    }
}

impl ProbeLrs {
    /// The rate of a probe, which is there for every probe of a checked experiment.
    pub fn of(&self, probe: Probe) -> Option<f64> {
        match probe {
            Probe::Linear => self.linear,
            Probe::Mlp => self.mlp,
            Probe::Conv => self.conv,
            Probe::Attentive => self.attentive,
        }
    }
}

impl LayerProbes {
    /// A whole table, as a `--set` of `eval.layers` has it: one probe, quickly.
    pub const EXAMPLE: &str =
        "{probes=[\"linear\"], features=9000, epochs=20, batch=128, weight_decay=5e-4, lr={linear=0.001}}";

    /// The stages that are probed, of so many that the encoder has.
    pub fn stages(&self, all: usize) -> Vec<usize> {
        self.stages.clone().unwrap_or_else(|| (1..=all).collect())
    }
}

impl ProtocolSpec for LayerProbes {
    fn check(&self, encoder: &Encoder, problems: &mut Problems) {
        let Self { probes, stages, features, epochs, batch, weight_decay, lr } = self;
        let some = some_each_once(probes);
        let names: Vec<_> = probes.iter().map(|probe| probe.as_str()).collect();
        problems.require(
            some,
            "eval.layers.probes",
            &names,
            "at least one of linear, mlp, conv and attentive, each once",
        );
        if let Some(stages) = stages {
            let all = encoder.stages();
            let rises = stages.windows(2).all(|pair| pair[0] < pair[1]);
            let there = !stages.is_empty() && rises && stages.iter().all(|stage| (1..=all).contains(stage));
            let expected =
                format!("stages from 1 to {all}, as encoder.{} has them, in rising order", encoder.name());
            problems.require(there, "eval.layers.stages", stages, &expected);
        }
        problems.require(*features >= 1, "eval.layers.features", features, "at least 1");
        problems.require(*epochs >= 1, "eval.layers.epochs", epochs, "at least 1");
        let expected = "at least 2: batch norm compares the maps of a batch";
        problems.require(*batch >= 2, "eval.layers.batch", batch, expected);
        problems.not_negative("eval.layers.weight_decay", *weight_decay);
        for probe in [Probe::Linear, Probe::Mlp, Probe::Conv, Probe::Attentive] {
            let key = format!("eval.layers.lr.{}", probe.as_str());
            match lr.of(probe) {
                Some(lr) => problems.positive(&key, lr),
                None if probes.contains(&probe) => {
                    let expected =
                        format!("a learning rate, since eval.layers.probes has {:?}", probe.as_str());
                    problems.missing(&key, &expected);
                }
                None => {}
            }
        }
    }

    fn scores(&self) -> Vec<String> {
        Vec::new()
    }
}
