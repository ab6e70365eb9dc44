//! From the experiment file to a method.

use crate::{Method, Simclr, SimclrSpec, ViewError, view_spec};
use kontrast_config as config;
use kontrast_models::{Depth, ProjectorSpec, ResNetSpec, Stem};
use kontrast_torch_ext::Precision;
use tch::Device;

/// What keeps a checked experiment from becoming a method.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The plan of the views.
    #[error(transparent)]
    Views(#[from] ViewError),
}

/// The method of an experiment with its initial weights, which follow from the experiment's seed.
///
/// # Errors
/// Where the views cannot be drawn as the file says.
pub fn build(experiment: &config::Experiment, device: Device) -> Result<Box<dyn Method>, BuildError> {
    let views = view_spec(&experiment.views)?;
    let encoder = encoder(&experiment.encoder, experiment.train.channels_last);
    let config::Method::Simclr(simclr) = &experiment.method;
    let spec = SimclrSpec {
        encoder,
        projector: ProjectorSpec {
            widths: simclr.projector.widths.iter().map(|&width| i64::from(width)).collect(),
            batch_norm: simclr.projector.batch_norm,
        },
        temperature: simclr.temperature,
        precision: precision(experiment.train.precision),
        seed: experiment.seed,
    };
    Ok(Box::new(Simclr::new(spec, views, device)))
}

/// The precision of forward passes, in training and in evaluation.
pub fn precision(config: config::Precision) -> Precision {
    match config {
        config::Precision::Bf16 => Precision::Bf16,
        config::Precision::Fp32 => Precision::Fp32,
    }
}

fn encoder(config: &config::Encoder, channels_last: bool) -> ResNetSpec {
    let depth = match config {
        config::Encoder::Resnet18(_) => Depth::ResNet18,
        config::Encoder::Resnet34(_) => Depth::ResNet34,
        config::Encoder::Resnet50(_) => Depth::ResNet50,
    };
    let stem = match config.resnet().stem {
        config::Stem::Cifar => Stem::Cifar,
        config::Stem::Imagenet => Stem::Imagenet,
    };
    ResNetSpec { depth, stem, width: i64::from(config.resnet().width), channels_last }
}
