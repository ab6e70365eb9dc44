//! Free lists: a transform of the file as a step of a plan.

use kontrast_augment::{Choice, Filling, Policy, Sampling, Step};
use kontrast_config::{self as config, Transform};

pub(super) fn step(transform: &Transform) -> Step {
    match transform {
        Transform::RandomApply { probability, steps } => {
            Step::RandomApply { probability: *probability, steps: steps.iter().map(step).collect() }
        }
        Transform::OneOf(choices) => {
            let choice = |choice: &config::WeightedTransform| Choice {
                weight: choice.weight,
                step: step(&choice.step),
            };
            Step::OneOf(choices.iter().map(choice).collect())
        }
        Transform::Sequence(steps) => Step::Sequence(steps.iter().map(step).collect()),
        Transform::Shared(steps) => Step::Shared(steps.iter().map(step).collect()),
        Transform::Fit => Step::Fit,
        Transform::Resize { short } => Step::Resize { short: *short },
        Transform::CentreCrop => Step::CentreCrop,
        Transform::RandomCrop { padding } => Step::RandomCrop { padding: *padding },
        Transform::RandomResizedCrop { scale, ratio, antialias } => {
            Step::RandomResizedCrop { scale: (*scale).into(), ratio: (*ratio).into(), antialias: *antialias }
        }
        Transform::HorizontalFlip => Step::HorizontalFlip,
        Transform::VerticalFlip => Step::VerticalFlip,
        Transform::QuarterTurns => Step::QuarterTurns,
        Transform::Rotate { degrees, sampling: how } => {
            Step::Rotate { degrees: (*degrees).into(), sampling: sampling(*how) }
        }
        Transform::Translate { fraction, sampling: how } => {
            Step::Translate { fraction: (*fraction).into(), sampling: sampling(*how) }
        }
        Transform::ReflectTranslate { most } => Step::ReflectTranslate { most: *most },
        Transform::Shear { x, y, sampling: how } => {
            Step::Shear { x: (*x).into(), y: (*y).into(), sampling: sampling(*how) }
        }
        others => values(others),
    }
}

/// Transforms that change values and leave pixels in their places.
fn values(transform: &Transform) -> Step {
    match *transform {
        Transform::ColorJitter { brightness, contrast, saturation, hue } => {
            Step::ColorJitter { brightness, contrast, saturation, hue }
        }
        Transform::Grayscale => Step::Grayscale,
        Transform::GaussianBlur { sigma, kernel } => Step::GaussianBlur { sigma: sigma.into(), kernel },
        Transform::Solarize { threshold } => Step::Solarize { threshold },
        Transform::Posterize { bits } => Step::Posterize { bits },
        Transform::Equalize => Step::Equalize,
        Transform::Invert => Step::Invert,
        Transform::Autocontrast => Step::Autocontrast,
        Transform::Sharpness { factor } => Step::Sharpness { factor: factor.into() },
        Transform::Erase { scale, ratio, filling: with } => {
            Step::Erase { scale: scale.into(), ratio: ratio.into(), filling: filling(with) }
        }
        Transform::Cutout { side, filling: with } => Step::Cutout { side, filling: filling(with) },
        Transform::GaussianNoise { std } => Step::GaussianNoise { std },
        Transform::Sobel => Step::Sobel,
        Transform::ShiftChannels { most } => Step::ShiftChannels { most },
        Transform::DropChannels { fraction } => Step::DropChannels { fraction },
        Transform::RandAugment { count, magnitude, sampling: how } => {
            Step::RandAugment { count, magnitude, sampling: sampling(how) }
        }
        Transform::AutoAugment { policy: learned, sampling: how } => {
            Step::AutoAugment { policy: policy(learned), sampling: sampling(how) }
        }
        _ => unreachable!("every other transform is a step of its own above"),
    }
}

pub(super) fn sampling(sampling: config::Sampling) -> Sampling {
    match sampling {
        config::Sampling::Nearest => Sampling::Nearest,
        config::Sampling::Bilinear => Sampling::Bilinear,
    }
}

pub(super) fn policy(policy: config::Policy) -> Policy {
    match policy {
        config::Policy::Cifar10 => Policy::Cifar10,
        config::Policy::Imagenet => Policy::Imagenet,
    }
}

fn filling(filling: config::Filling) -> Filling {
    match filling {
        config::Filling::Value(value) => Filling::Value(value),
        config::Filling::Noise => Filling::Noise,
    }
}
