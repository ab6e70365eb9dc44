//! `[train]`: batch, epochs, precision, checkpoints.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;

/// How training runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// Images of a step; the last, smaller batch of an epoch is left out.
    ///
    /// Range: 2 or above
    pub batch: usize,
    /// Images that go through the network at once. The loss is that of the whole batch, in the memory of a chunk, for a
    /// second forward pass (GradCache, arXiv 2101.06983); batch norm sees a chunk at a time.
    ///
    /// Range: 2 or above, divides `batch`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<usize>,
    /// Passes over the training images.
    ///
    /// Range: 1 or above
    pub epochs: u32,
    /// Of forward and backward: `bf16` is autocast with fp32 weights. The loss is fp32 in both.
    ///
    /// Range: `bf16`, `fp32`
    pub precision: Precision,
    /// Whether images lie channels-last in memory: meant for speed under bf16, rounds differently.
    ///
    /// Range: `true`, `false`
    pub channels_last: bool,
    /// Gradient clipping, `{ norm, per }`: the largest norm, of each variable's gradient by itself with `per =
    /// "tensor"`, as in DINO, or of all together with `per = "all"`; none where it is left out.
    ///
    /// Range: `norm` above 0; `per` `"tensor"`, `"all"`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<Clip>,
    /// Where views are rendered: `host` by threads of the CPU, ahead of the step; `device` where the network is, from images
    /// that all lie there and have one size. Both draw the same recipes, and render them within two steps of a byte;
    /// default `host`. Not part of the digest.
    ///
    /// Range: `host`, `device`
    #[serde(default)]
    pub feed: Feed,
    /// Epochs between checkpoints; default 1.
    ///
    /// Range: 1 or above
    #[serde(default = "every_epoch")]
    pub checkpoint_every: u32,
    /// How many checkpoints stay; default 2.
    ///
    /// Range: 1 or above
    #[serde(default = "two")]
    pub keep: usize,
}

/// Number format of forward and backward; the loss is computed in fp32 under both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Autocast to bfloat16.
    Bf16,
    /// 32-bit floats throughout.
    Fp32,
}

impl Precision {
    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp32 => "fp32",
        }
    }
}

/// Where views are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Feed {
    /// By threads of the host, ahead of the step.
    #[default]
    Host,
    /// On the device, where all images lie as bytes; the host draws the recipes, ahead of the step.
    Device,
}

/// Gradient clipping (Pascanu et al. 2013, arXiv 1211.5063).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// The largest Euclidean norm.
    pub norm: f64,
    /// Whose norm it is.
    pub per: ClipPer,
}

/// Whose norm is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ClipPer {
    /// Of each variable's gradient by itself.
    Tensor,
    /// Of all gradients together.
    All,
}

impl Train {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let expected = "at least 2: a loss and batch norm compare the images of a batch";
        problems.require(self.batch >= 2, "train.batch", &self.batch, expected);
        if let Some(chunk) = self.chunk {
            let expected = format!("a divisor of train.batch = {}, 2 or above", self.batch);
            let divides = chunk >= 2 && self.batch.is_multiple_of(chunk);
            problems.require(divides, "train.chunk", &chunk, &expected);
        }
        if let Some(clip) = self.clip {
            problems.positive("train.clip.norm", clip.norm);
        }
        problems.require(self.epochs >= 1, "train.epochs", &self.epochs, "at least 1");
        let every = self.checkpoint_every;
        problems.require(every >= 1, "train.checkpoint_every", &every, "at least 1 epoch");
        problems.require(self.keep >= 1, "train.keep", &self.keep, "at least 1 checkpoint");
    }
}

fn every_epoch() -> u32 {
    1
}

fn two() -> usize {
    2
}
