//! From the experiment file to a method.

use crate::amdim::Amdim;
use crate::autoencoder::Autoencoder;
use crate::barlow_twins::BarlowTwins;
use crate::byol::Byol;
use crate::clip::{Clip, ClipSpec};
use crate::cmc::Cmc;
use crate::cpc::Cpc;
use crate::dcl::Dcl;
use crate::dino::Dino;
use crate::exemplar::Exemplar;
use crate::jigsaw::Jigsaw;
use crate::joint::Joint;
use crate::mae::Mae;
use crate::moco::Moco;
use crate::mocov3::Mocov3;
use crate::nnclr::Nnclr;
use crate::npid::Npid;
use crate::nt_logistic::NtLogistic;
use crate::objective::Objective;
use crate::relative_patch::RelativePatch;
use crate::rotation::Rotation;
use crate::simclr::Simclr;
use crate::simsiam::Simsiam;
use crate::supcon::Supcon;
use crate::supervised::Supervised;
use crate::swav::Swav;
use crate::triplet::Triplet;
use crate::vicreg::Vicreg;
use crate::{Labels, Method, Setting, ViewError, view_spec};
use kontrast_augment_torch::{ColorSpace, DeviceRenderer, ToTensor};
use kontrast_config as config;
use kontrast_models::{
    AmdimSpec, Depth, EncoderSpec, NinSpec, Norm, PatchwiseSpec, PositionEmbedding, ResNetSpec, SplitSpec,
    Stem, VitSpec,
};
use kontrast_pretext::permutations::PermutationError;
use kontrast_torch_ext::{Precision, StateError};
use tch::{Device, Kind};

/// What keeps a checked experiment from becoming a method.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The plan of the views.
    #[error(transparent)]
    Views(#[from] ViewError),
    /// A method that needs labels, and images without.
    #[error(
        "method.{method} needs labels, and the training images have none; take labelled images (a folder a class, \
         or data.name = \"cifar10\"), or a method that needs no labels, such as [method.simclr]"
    )]
    NoLabels {
        /// The method's name.
        method: &'static str,
    },
    /// A method that reads texts, without any.
    #[error(
        "method.{method} reads texts, and none were given: set `Setting::texts` and give the training a `TextSource`"
    )]
    NoTexts {
        /// The method's name.
        method: &'static str,
    },
    /// Weights that are not those of the text encoder.
    #[error("weights of the text encoder: {0}")]
    TextWeights(#[from] StateError),
    /// Labels of another data set.
    #[error("{labels} labels for {images} training images: expected one for each, in their order")]
    LabelCount {
        /// How many there are.
        labels: usize,
        /// Images of the data set.
        images: i64,
    },
    /// The permutations of a jigsaw.
    #[error("method.jigsaw.permutations: {0}")]
    Permutations(#[from] PermutationError),
    /// More negatives than there are other images.
    #[error(
        "{key} = {negatives}: expected fewer than the {images} training images; lower it, or raise \
         data.subset"
    )]
    Negatives {
        /// The key that says how many.
        key: &'static str,
        /// Draws for each image.
        negatives: usize,
        /// Images of the data set.
        images: i64,
    },
}

/// The setting that an experiment describes, for a data set of `images` images.
///
/// # Errors
/// Where the views cannot be drawn as the file says.
pub fn setting(
    experiment: &config::Experiment,
    images: usize,
    device: Device,
) -> Result<Setting, BuildError> {
    Ok(Setting {
        encoder: encoder(
            &experiment.encoder,
            experiment.data.channels() as i64,
            experiment.train.channels_last,
        ),
        shared: None,
        views: view_spec(&experiment.views, experiment.data.channels())?,
        precision: precision(experiment.train.precision),
        seed: experiment.seed,
        chunk: experiment.train.chunk.map(|chunk| chunk as i64),
        images: images as i64,
        groups: None,
        texts: None,
        steps_per_epoch: (images / experiment.train.batch).max(1) as u64,
        lr: experiment.optimizer.lr().scaled(experiment.train.batch),
        device,
    })
}

/// A method with its initial weights, which follow from the setting's seed. Only the supervised methods take labels.
///
/// `method` is one that `Experiment::load` gave: what its check refuses may panic here.
///
/// # Errors
/// Where a method that needs labels gets none, or a number does not fit the data set.
pub fn build(
    method: &config::AnyMethod,
    setting: &Setting,
    labels: Option<&Labels>,
) -> Result<Method, BuildError> {
    Ok(Method::new(objective(method, setting, labels)?, setting))
}

/// The objective of a method, before a step is made of it: for an objective that is made of others.
///
/// # Errors
/// As [`build`].
pub fn objective(
    method: &config::AnyMethod,
    setting: &Setting,
    labels: Option<&Labels>,
) -> Result<Box<dyn Objective>, BuildError> {
    let needed = || {
        let labels = labels.ok_or(BuildError::NoLabels { method: method.name() })?;
        let (count, images) = (labels.len(), setting.images);
        if count as i64 == images {
            Ok(labels.clone())
        } else {
            Err(BuildError::LabelCount { labels: count, images })
        }
    };
    Ok(match method {
        config::AnyMethod::Simclr(own) => Box::new(Simclr::new(own, setting)),
        config::AnyMethod::Moco(own) => Box::new(Moco::new(own, setting)),
        config::AnyMethod::Mocov3(own) => Box::new(Mocov3::new(own, setting)),
        config::AnyMethod::Npid(own) => {
            if own.negatives as i64 >= setting.images {
                let (negatives, images) = (own.negatives, setting.images);
                return Err(BuildError::Negatives { key: "method.npid.negatives", negatives, images });
            }
            Box::new(Npid::new(own, setting))
        }
        config::AnyMethod::Cmc(own) => {
            if let Some(bank) = own.bank.as_ref().filter(|bank| bank.negatives as i64 >= setting.images) {
                let (negatives, images) = (bank.negatives, setting.images);
                return Err(BuildError::Negatives { key: "method.cmc.bank.negatives", negatives, images });
            }
            Box::new(Cmc::new(own, setting))
        }
        config::AnyMethod::ImageText(own) => {
            let texts = setting.texts.clone().ok_or(BuildError::NoTexts { method: method.name() })?;
            Box::new(Clip::new(&ClipSpec::of(own, texts), setting)?)
        }
        config::AnyMethod::Amdim(own) => Box::new(Amdim::new(own, setting)),
        config::AnyMethod::Cpc(own) => Box::new(Cpc::new(own, setting)),
        config::AnyMethod::Byol(own) => Box::new(Byol::new(own, setting)),
        config::AnyMethod::Simsiam(own) => Box::new(Simsiam::new(own, setting)),
        config::AnyMethod::BarlowTwins(own) => Box::new(BarlowTwins::new(own, setting)),
        config::AnyMethod::Vicreg(own) => Box::new(Vicreg::new(own, setting)),
        config::AnyMethod::Swav(own) => Box::new(Swav::new(own, setting)),
        config::AnyMethod::Dino(own) => Box::new(Dino::new(own, setting)),
        config::AnyMethod::Nnclr(own) => Box::new(Nnclr::new(own, setting)),
        config::AnyMethod::Dcl(own) => Box::new(Dcl::new(own, setting)),
        config::AnyMethod::Dclw(own) => Box::new(Dcl::weighted(own, setting)),
        config::AnyMethod::Supcon(own) => Box::new(Supcon::new(own, needed()?, setting)),
        config::AnyMethod::Triplet(own) => Box::new(Triplet::new(own, setting)),
        config::AnyMethod::NtLogistic(own) => Box::new(NtLogistic::new(own, setting)),
        config::AnyMethod::Supervised(own) => Box::new(Supervised::new(own, needed()?, setting)),
        config::AnyMethod::Rotation(own) => Box::new(Rotation::new(own, setting)),
        config::AnyMethod::Jigsaw(own) => Box::new(Jigsaw::new(own, setting)?),
        config::AnyMethod::RelativePatch(own) => Box::new(RelativePatch::new(own, setting)),
        config::AnyMethod::Exemplar(own) => Box::new(Exemplar::new(own, setting)),
        config::AnyMethod::Autoencoder(own) => Box::new(Autoencoder::new(own, setting)),
        config::AnyMethod::Mae(own) => Box::new(Mae::new(own, setting)),
        config::AnyMethod::Joint(own) => {
            Box::new(Joint::new(own, setting, |method, setting| objective(method, setting, labels))?)
        }
    })
}

/// From bytes to tensors, as an experiment says.
///
/// # Panics
/// Where mean and std are still to be measured: [`config::Data::normalized_by`] has them.
pub fn to_tensor(data: &config::Data, device: Device) -> ToTensor {
    let (mean, std) = normalization(data);
    ToTensor::in_space(color_space(data), mean, std, device)
}

/// The renderer of views on a device, normalised as [`to_tensor`] does, in fp32.
///
/// # Panics
/// As [`to_tensor`].
pub fn device_renderer(data: &config::Data, device: Device) -> DeviceRenderer {
    let (mean, std) = normalization(data);
    DeviceRenderer::new(device, mean, std, Kind::Float).with_space(color_space(data))
}

fn normalization(data: &config::Data) -> (&[f64], &[f64]) {
    data.normalization().expect("data.mean and data.std are numbers, or were measured")
}

/// The space in which an experiment's images are normalised.
pub fn color_space(data: &config::Data) -> ColorSpace {
    match data.color_space.unwrap_or_default() {
        config::ColorSpace::Rgb => ColorSpace::Rgb,
        config::ColorSpace::Lab => ColorSpace::Lab,
        config::ColorSpace::Ycbcr => ColorSpace::Ycbcr,
    }
}

/// The precision of forward passes, in training and in evaluation.
pub fn precision(config: config::Precision) -> Precision {
    match config {
        config::Precision::Bf16 => Precision::Bf16,
        config::Precision::Fp32 => Precision::Fp32,
    }
}

fn encoder(config: &config::Encoder, channels: i64, channels_last: bool) -> EncoderSpec {
    let residual = |depth, own: &config::Resnet| {
        let stem = match own.stem {
            config::Stem::Cifar => Stem::Cifar,
            config::Stem::Imagenet => Stem::Imagenet,
        };
        let width = i64::from(own.width);
        let norm = match own.norm {
            config::Norm::Batch => Norm::Batch,
            config::Norm::Group => Norm::Group,
            config::Norm::None => Norm::None,
        };
        let network = ResNetSpec { depth, stem, width, channels, channels_last, bn_splits: 1, norm };
        if let Some(config::Patches { side, stride }) = own.patches {
            let (patch, stride) = (i64::from(side), i64::from(stride));
            return EncoderSpec::Patchwise(PatchwiseSpec { patch, stride, network });
        }
        match own.split {
            Some(first) => EncoderSpec::Split(SplitSpec { first: i64::from(first), network }),
            None => EncoderSpec::ResNet(network),
        }
    };
    match config {
        config::Encoder::Resnet18(own) => residual(Depth::ResNet18, own),
        config::Encoder::Resnet34(own) => residual(Depth::ResNet34, own),
        config::Encoder::Resnet50(own) => residual(Depth::ResNet50, own),
        config::Encoder::Resnet101(own) => residual(Depth::ResNet101, own),
        config::Encoder::Resnet152(own) => residual(Depth::ResNet152, own),
        config::Encoder::Nin(own) => EncoderSpec::Nin(NinSpec {
            blocks: i64::from(own.blocks),
            width: i64::from(own.width),
            channels,
            channels_last,
            bn_splits: 1,
        }),
        config::Encoder::Amdim(own) => EncoderSpec::Amdim(AmdimSpec {
            size: i64::from(own.size),
            width: i64::from(own.width),
            rkhs: i64::from(own.rkhs),
            depth: i64::from(own.depth),
            channels,
            channels_last,
            bn_splits: 1,
        }),
        config::Encoder::VitTiny(own) => {
            vit(VitSpec::tiny(own.patch.into(), own.size.into()), own, channels, channels_last)
        }
        config::Encoder::VitSmall(own) => {
            vit(VitSpec::small(own.patch.into(), own.size.into()), own, channels, channels_last)
        }
    }
}

fn vit(sized: VitSpec, config: &config::Vit, channels: i64, channels_last: bool) -> EncoderSpec {
    EncoderSpec::Vit(VitSpec {
        depth: i64::from(config.depth),
        position: match config.position {
            config::Position::Learned => PositionEmbedding::Learned,
            config::Position::Sines => PositionEmbedding::Sines,
        },
        stochastic_depth: config.stochastic_depth,
        frozen_projection: config.frozen_projection,
        channels,
        channels_last,
        ..sized
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn experiment(name: &str, changes: &[&str]) -> config::Experiment {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/smoke/{name}.toml"));
        let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
        config::Experiment::load(&file, &changes).unwrap().experiment
    }

    #[test]
    fn what_is_seldom_meant_is_said() {
        let said = |name, changes: &[&str]| {
            let experiment = experiment(name, changes);
            experiment.method.notes(512, &experiment.train)
        };
        assert!(said("moco", &["method.moco.queue=512"]).is_empty());
        let moco = said("moco", &["method.moco.queue=1024"]);
        assert!(
            moco[0].starts_with("method.moco.queue = 1024 holds more than all 512 training images"),
            "{moco:?}"
        );
        assert_eq!(said("nnclr", &["method.nnclr.queue=1024"]).len(), 1);
        let swav = said("swav", &["method.swav.frozen_steps=24"]);
        assert_eq!(swav, ["method.swav.frozen_steps = 24 of 24 steps: the prototypes are never trained"]);
        assert!(said("swav", &["method.swav.frozen_steps=23"]).is_empty());
    }

    #[test]
    fn labels_of_other_images_are_refused() {
        let experiment = experiment("supcon", &[]);
        let setting = setting(&experiment, 512, Device::Cpu).unwrap();
        let labels = Labels::new(&[0, 1, 2], 3);
        let Err(error) = build(&experiment.method, &setting, Some(&labels)) else {
            panic!("three labels for 512")
        };
        assert!(error.to_string().starts_with("3 labels for 512 training images"), "{error}");
    }
}
