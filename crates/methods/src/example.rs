//! A small setting and a batch for unit tests.

use crate::{Outputs, Progress, Setting, ViewSpec};
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::Views;
use kontrast_config::{Head, HeadNorm};
use kontrast_models::{Depth, EncoderSpec, Norm, ResNetSpec, Stem};
use kontrast_torch_ext::Precision;
use tch::{Device, Kind, Tensor};

/// Images of a batch.
pub(crate) const N: i64 = 16;

/// A head without layers.
pub(crate) fn no_head() -> Head {
    Head { widths: Vec::new(), batch_norm: HeadNorm::None }
}

pub(crate) fn setting() -> Setting {
    setting_of(2)
}

/// With so many views of each image.
pub(crate) fn setting_of(count: usize) -> Setting {
    let plan = ViewPlan::evaluation((16, 16));
    Setting {
        encoder: EncoderSpec::ResNet(ResNetSpec {
            depth: Depth::ResNet18,
            stem: Stem::Cifar,
            width: 8,
            channels: 3,
            channels_last: true,
            bn_splits: 1,
            norm: Norm::Batch,
        }),
        shared: None,
        views: ViewSpec { plans: vec![plan; count] },
        precision: Precision::Fp32,
        seed: 1,
        chunk: None,
        groups: None,
        texts: None,
        images: 64,
        steps_per_epoch: 4,
        lr: 0.05,
        device: Device::Cpu,
    }
}

/// Noisy views of waves, from a formula.
pub(crate) fn views(count: i64) -> Views {
    views_of(count, 16)
}

/// The same with so many pixels on a side.
pub(crate) fn views_of(count: i64, side: i64) -> Views {
    let ramp = Tensor::arange(N * 3 * side * side, (Kind::Float, Device::Cpu)).reshape([N, 3, side, side]);
    let image = (&ramp * 0.013).sin() + (&ramp * 0.0007).cos();
    let view = |view: i64| &image + (&ramp * (1.7 + 0.37 * view as f64)).sin() * 0.3;
    Views::new(Tensor::cat(&(0..count).map(view).collect::<Vec<_>>(), 0), (0..N as u32).collect())
}

/// Outputs made by hand, by name.
pub(crate) fn outputs(named: &[(&str, &Tensor)]) -> Outputs {
    named.iter().fold(Outputs::none(), |outputs, (name, output)| outputs.with(*name, output.shallow_clone()))
}

pub(crate) fn progress(step: u64) -> Progress {
    Progress { step, steps: 100, epoch: 0, epochs: 1 }
}
