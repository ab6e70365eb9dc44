//! `[eval]`: how the encoder is judged.

use serde::{Deserialize, Serialize};

use crate::Encoder;
use crate::problems::Problems;

/// Which protocols run, and when. All of them read frozen features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Eval {
    /// Weighted k-NN: `knn` with k (5, 10, 20, 50, 100, 200) and temperature (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.2)
    /// chosen on a split of the training images, and at the end `knn_10` (10 neighbours, equal votes) and `knn_200`
    /// (200, temperature 0.1), which are published settings.
    ///
    /// Range: `true`, `false`
    pub knn: bool,
    /// Epochs between evaluations while training; 0 evaluates at the end only.
    ///
    /// Range: 0 or above
    pub online_every: u32,
    /// The fraction of the training images on which settings are chosen.
    ///
    /// Range: above 0, below 1
    pub validation: f64,
    /// A linear probe on standardised features: softmax regression from zero, SGD with momentum 0.9, cosine without
    /// warm-up.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<Linear>,
    /// Few-shot k-NN at the end: a few images of each class vote, over several draws (DINOv2, arXiv 2304.07193, with
    /// `--n-per-class-list` of its `eval/knn.py`).
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub few_shot: Option<FewShot>,
    /// Probes on the maps after single stages of the encoder, at the end, trained and with random weights; see
    /// docs/probes.md.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<LayerProbes>,
}

/// The linear probe: logistic regression on frozen features, over a grid of settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// Passes over the features.
    ///
    /// Range: 1 or above
    pub epochs: u32,
    /// Features of a step.
    ///
    /// Range: 1 or above
    pub batch: usize,
    /// Learning rates to choose from.
    ///
    /// Range: at least one, above 0
    pub lrs: Vec<f64>,
    /// Weight decays to choose from.
    ///
    /// Range: at least one, 0 or above
    pub weight_decays: Vec<f64>,
}

/// Weighted k-NN on a few images of each class, the mean over draws of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FewShot {
    /// How many training images of each class vote, and how many of them on each test image: a score each, `few_shot_1`,
    /// `few_shot_5`.
    ///
    /// Range: at least one, each 1 or above and once; no more than each class has training images
    pub shots: Vec<usize>,
    /// How often they are drawn.
    ///
    /// Range: 1 or above
    pub draws: u32,
    /// Temperature of the vote.
    ///
    /// Range: above 0; 0.07 in DINOv2
    pub temperature: f64,
}

impl FewShot {
    fn check(&self, problems: &mut Problems) {
        let Self { shots, draws, temperature } = self;
        let some = some_each_once(shots) && shots.iter().all(|count| *count >= 1);
        problems.require(some, "eval.few_shot.shots", shots, "at least one number, each at least 1 and once");
        problems.require(*draws >= 1, "eval.few_shot.draws", draws, "at least 1");
        problems.positive("eval.few_shot.temperature", *temperature);
    }
}

/// Probes on the maps of single stages of the frozen encoder (Zhang, Isola and Efros 2016, arXiv 1603.08511, section
/// 3.2; Gidaris, Singh and Komodakis 2018, arXiv 1803.07728, section 3.1). RotNet's numbers are those of its published
/// code, `config/CIFAR10_*Classifier_on_RotNet_NIN4blocks_Conv2_feats.py` of github.com/gidariss/FeatureLearningRotNet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LayerProbes {
    /// Which are trained: `linear` is softmax regression on the standardised values of the pooled map, `mlp` has two
    /// hidden layers of 200 before it, `conv` is three convolutions of 192 channels on the whole map.
    ///
    /// Range: at least one of `linear`, `mlp`, `conv`, each once
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
}

/// What tables and pages say of a score.
#[derive(Clone, Copy, Debug)]
pub struct ScoreInfo {
    /// Its name in `summary.json`; N stands for any number.
    pub name: &'static str,
    /// What a file says to have it made.
    pub switch: &'static str,
    /// What it is, in a few words.
    pub meaning: &'static str,
}

/// The scores of a run by name.
pub(crate) const SCORES: [ScoreInfo; 5] = [
    ScoreInfo {
        name: "knn",
        switch: "eval.knn = true",
        meaning: "weighted k-NN, k and temperature chosen on a split of train",
    },
    ScoreInfo { name: "knn_10", switch: "eval.knn = true", meaning: "k-NN with equal votes, as published" },
    ScoreInfo { name: "knn_200", switch: "eval.knn = true", meaning: "weighted k-NN, as published" },
    ScoreInfo { name: "linear", switch: "[eval.linear]", meaning: "linear probe on frozen features" },
    ScoreInfo {
        name: "few_shot_N",
        switch: "[eval.few_shot]",
        meaning: "weighted k-NN on a few images of each class, mean over draws of them",
    },
];

/// What is known of the score of this name; none where no protocol makes one.
pub fn score_info(name: &str) -> Option<&'static ScoreInfo> {
    SCORES.iter().find(|info| match info.name.strip_suffix('N') {
        Some(prefix) => number_after(prefix, name).is_some(),
        None => info.name == name,
    })
}

fn number_after(prefix: &str, name: &str) -> Option<usize> {
    name.strip_prefix(prefix)?.parse().ok()
}

impl Probe {
    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Mlp => "mlp",
            Self::Conv => "conv",
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

    fn check(&self, encoder: &Encoder, problems: &mut Problems) {
        let Self { probes, stages, features, epochs, batch, weight_decay, lr } = self;
        let some = some_each_once(probes);
        let names: Vec<_> = probes.iter().map(|probe| probe.as_str()).collect();
        problems.require(
            some,
            "eval.layers.probes",
            &names,
            "at least one of linear, mlp and conv, each once",
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
        for probe in [Probe::Linear, Probe::Mlp, Probe::Conv] {
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
}

impl Eval {
    /// Whether the score of this name is made.
    pub(crate) fn scores(&self, name: &str) -> bool {
        match name {
            "knn" | "knn_10" | "knn_200" => self.knn,
            "linear" => self.linear.is_some(),
            _ => self.few_shot.as_ref().is_some_and(|few_shot| {
                number_after("few_shot_", name).is_some_and(|shots| few_shot.shots.contains(&shots))
            }),
        }
    }

    /// The keys of the protocols that are asked for by a table of their own.
    pub fn tables(&self) -> Vec<&'static str> {
        let tables = [
            ("eval.linear", self.linear.is_some()),
            ("eval.few_shot", self.few_shot.is_some()),
            ("eval.layers", self.layers.is_some()),
        ];
        tables.into_iter().filter_map(|(key, asked)| asked.then_some(key)).collect()
    }

    pub(crate) fn check(&self, encoder: &Encoder, problems: &mut Problems) {
        let fraction = self.validation > 0.0 && self.validation < 1.0;
        problems.require(fraction, "eval.validation", &self.validation, "a fraction above 0 and below 1");
        if let Some(few_shot) = &self.few_shot {
            few_shot.check(problems);
        }
        if let Some(layers) = &self.layers {
            layers.check(encoder, problems);
        }
        let Some(Linear { epochs, batch, lrs, weight_decays }) = &self.linear else { return };
        problems.require(*epochs >= 1, "eval.linear.epochs", epochs, "at least 1");
        problems.require(*batch >= 1, "eval.linear.batch", batch, "at least 1");
        let some = !lrs.is_empty() && lrs.iter().all(|lr| *lr > 0.0 && lr.is_finite());
        problems.require(some, "eval.linear.lrs", lrs, "at least one number, all above 0");
        let some = !weight_decays.is_empty() && weight_decays.iter().all(|d| *d >= 0.0 && d.is_finite());
        let key = "eval.linear.weight_decays";
        problems.require(some, key, weight_decays, "at least one number, all 0 or above");
    }
}

/// Whether there are elements, no two of them equal.
fn some_each_once<T: PartialEq>(list: &[T]) -> bool {
    !list.is_empty() && list.iter().enumerate().all(|(position, element)| !list[..position].contains(element))
}
