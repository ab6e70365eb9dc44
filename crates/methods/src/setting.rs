//! What a method is made of besides its own numbers.

use crate::{ImageGroups, ViewSpec};
use kontrast_models::{Encoder, EncoderSpec, HeadSpec, TextSpec};
use kontrast_torch_ext::{Precision, StateDict};
use std::fmt;
use tch::{Device, Tensor};

/// What a method needs to know besides its own numbers.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The encoder.
    pub encoder: EncoderSpec,
    /// The encoder itself, where several tasks train one: it takes the place of a new one.
    pub shared: Option<SharedEncoder>,
    /// The views that a batch has.
    pub views: ViewSpec,
    /// Precision of the forward passes; losses and prototypes are fp32.
    pub precision: Precision,
    /// Seed of the initial weights and of what a method draws.
    pub seed: u64,
    /// Images that go through the network at once, where that is not the whole batch (GradCache): 2 or more, and a
    /// divisor of the batch.
    pub chunk: Option<i64>,
    /// Images of the data set: a memory bank has a slot for each.
    pub images: i64,
    /// Which images show the same thing, where a loss is to know it.
    pub groups: Option<ImageGroups>,
    /// What reads the texts, for a method that compares images with texts.
    pub texts: Option<TextSetting>,
    /// Steps of an epoch: what is said in epochs is done in steps.
    pub steps_per_epoch: u64,
    /// The peak learning rate, scaled to the batch, for what keeps it while the schedule lowers the others'.
    pub lr: f64,
    /// Where everything lies.
    pub device: Device,
}

/// What reads the texts.
#[derive(Clone, Debug)]
pub struct TextSetting {
    /// The text encoder.
    pub spec: TextSpec,
    /// Weights that it begins from in place of drawn ones, under its own names.
    pub weights: Option<StateDict>,
    /// Whether it keeps its weights, as in LiT (Zhai et al. 2021, arXiv 2111.07991).
    pub frozen: bool,
}

/// An encoder that several tasks train together.
pub struct SharedEncoder(Box<dyn Encoder>);

impl SharedEncoder {
    /// The same variables, for several tasks.
    pub fn of(encoder: &dyn Encoder) -> Self {
        Self(encoder.handle())
    }

    /// The encoder, for one of them.
    pub(crate) fn handle(&self) -> Box<dyn Encoder> {
        self.0.handle()
    }
}

impl Clone for SharedEncoder {
    /// The same variables.
    fn clone(&self) -> Self {
        Self::of(&*self.0)
    }
}

impl fmt::Debug for SharedEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedEncoder of width {}", self.0.width())
    }
}

/// The labels of a data set's images. Only what is made with them can see them: they are no part of a batch.
#[derive(Debug)]
pub struct Labels {
    by_image: Tensor,
    classes: i64,
}

impl Clone for Labels {
    /// The same numbers, shared.
    fn clone(&self) -> Self {
        Self { by_image: self.by_image.shallow_clone(), classes: self.classes }
    }
}

impl Labels {
    /// The class of every image of the data set.
    ///
    /// # Panics
    /// Where a label is not below `classes`.
    pub fn new(by_image: &[u32], classes: usize) -> Self {
        for (image, &label) in by_image.iter().enumerate() {
            assert!((label as usize) < classes, "image {image} has class {label}: expected below {classes}");
        }
        let by_image: Vec<i64> = by_image.iter().map(|&label| i64::from(label)).collect();
        Self { by_image: Tensor::from_slice(&by_image), classes: classes as i64 }
    }

    /// How many images have one.
    pub(crate) fn len(&self) -> usize {
        self.by_image.size()[0] as usize
    }

    /// How many classes there are.
    pub(crate) fn classes(&self) -> i64 {
        self.classes
    }

    /// The classes of some images, `[n]`, on `device`.
    pub(crate) fn of(&self, indices: &[u32], device: Device) -> Tensor {
        self.by_image.index_select(0, &slots(indices, Device::Cpu)).to_device(device)
    }
}

/// Image indices as a tensor, `[n]`.
pub(crate) fn slots(indices: &[u32], device: Device) -> Tensor {
    let slots: Vec<i64> = indices.iter().map(|&index| i64::from(index)).collect();
    Tensor::from_slice(&slots).to_device(device)
}

/// A head of the experiment file.
pub(crate) fn head(config: &kontrast_config::Head, bn_splits: i64) -> HeadSpec {
    use kontrast_config::HeadNorm as From;
    use kontrast_models::{Activation, HeadNorm as To};
    HeadSpec {
        widths: config.widths.iter().map(|&width| i64::from(width)).collect(),
        batch_norm: match config.batch_norm {
            From::None => To::None,
            From::All => To::All,
            From::Hidden => To::Hidden,
            From::LastPlain => To::LastPlain,
        },
        bias: true,
        activation: Activation::Relu,
        bn_splits,
    }
}
