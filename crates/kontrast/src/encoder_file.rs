//! An encoder of a file, ready to turn images into vectors: a run's last checkpoint, or a file of weights.

use crate::host::Host;
use crate::{Refusal, evaluate};
use clap::Args;
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::{ColorSpace, ToTensor};
use kontrast_config::{Device, Infrastructure};
use kontrast_eval::Extractor;
use kontrast_models::{Artifact, ArtifactError, Encoder, Preprocessing};
use kontrast_runlog::{Layout, read_summary};
use kontrast_torch_ext::Precision;
use kontrast_training::Checkpoints;
use std::path::{Path, PathBuf};

/// What torchvision's networks were trained with, which their files do not say: ImageNet's mean and standard deviation.
const IMAGENET: ([f64; 3], [f64; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
/// Pixels on either side of an image, for a file that does not say it.
const SIDE: usize = 224;
/// The most images at once, and of how many pixels together: Ctrl-C is heard after each batch.
const BATCH: usize = 256;
const PIXELS: usize = BATCH * 64 * 64;

/// Options of every command that embeds images.
#[derive(Args, Debug)]
pub struct EncoderOptions {
    /// A run directory, whose last checkpoint is taken, or a file: a checkpoint, or weights of torchvision's ResNets
    pub encoder: PathBuf,
    /// The encoder's name, where the file has several [default: its first]
    #[arg(long)]
    pub tower: Option<String>,
    /// Pixels on either side of an image [default: as the file says, else 224]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u16).range(8..=8192))]
    pub size: Option<u16>,
    /// Compute in bf16: quicker where the processor has it, and less exact
    #[arg(long)]
    pub bf16: bool,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: Device,
    /// Threads of libtorch
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

impl EncoderOptions {
    /// The first of the options that was given, but for the encoder itself.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let all = [
            ("--tower", self.tower.is_some()),
            ("--size", self.size.is_some()),
            ("--bf16", self.bf16),
            ("--device", self.device != Device::Auto),
            ("--threads", self.threads.is_some()),
        ];
        all.into_iter().find_map(|(name, given)| given.then_some(name))
    }
}

/// An encoder with what it needs of an image.
pub(crate) struct Opened {
    pub(crate) encoder: Box<dyn Encoder>,
    pub(crate) extractor: Extractor,
    pub(crate) channels: usize,
}

/// Opens the encoder, and prepares the device.
pub(crate) fn open(asked: &EncoderOptions, host: &dyn Host) -> anyhow::Result<Opened> {
    let refused = |error: ArtifactError| Refusal(error.to_string());
    let file = file(&asked.encoder, host)?;
    let artifact = Artifact::open(&file).map_err(refused)?;
    let towers = &artifact.header().towers;
    let name = match (&asked.tower, towers.first()) {
        (Some(name), _) => name.clone(),
        (None, Some(first)) => first.name.clone(),
        (None, None) => {
            let text = format!(
                "{}: expected an encoder of this version's architectures, found none",
                file.display()
            );
            return Err(Refusal(text).into());
        }
    };
    let out = PathBuf::new();
    let wanted =
        Infrastructure { device: asked.device, threads: asked.threads.map(usize::from), workers: None, out };
    let runtime = host.runtime(&wanted, None)?;
    let encoder = artifact.encoder(&name, runtime.device).map_err(refused)?;
    let own = artifact.header().preprocessing.clone().unwrap_or_else(|| {
        host.note(&format_args!(
            "note: {}: the file does not say how images are prepared; taken as ImageNet's, of {SIDE}x{SIDE} pixels",
            file.display()
        ));
        let ((mean, std), size) = (IMAGENET, (SIDE, SIDE));
        Preprocessing { size, mean: mean.to_vec(), std: std.to_vec(), color_space: "rgb".to_owned() }
    });
    let space = match &*own.color_space {
        "rgb" => ColorSpace::Rgb,
        "lab" => ColorSpace::Lab,
        "ycbcr" => ColorSpace::Ycbcr,
        other => {
            let text =
                format!("{}: expected the colour space rgb, lab or ycbcr, found {other}", file.display());
            return Err(Refusal(text).into());
        }
    };
    let side = asked.size.map(usize::from);
    let (size, channels) = (side.map_or(own.size, |side| (side, side)), own.mean.len());
    let plan = ViewPlan::evaluation(size).of_channels(channels);
    let extractor = Extractor {
        plan: plan.map_err(|error| Refusal(format!("{}: {error}", file.display())))?,
        to_tensor: ToTensor::in_space(space, &own.mean, &own.std, runtime.device),
        precision: if asked.bf16 { Precision::Bf16 } else { Precision::Fp32 },
        batch: (PIXELS / (size.0 * size.1).max(1)).clamp(8, BATCH),
    };
    Ok(Opened { encoder, extractor, channels })
}

/// The file itself, or the last checkpoint of a run that is whole.
pub(crate) fn file(path: &Path, host: &dyn Host) -> anyhow::Result<PathBuf> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    if !path.exists() {
        let text = format!("{}: there is no such run directory or file", path.display());
        return Err(Refusal(text).into());
    }
    evaluate::require_run(path)?;
    let (summary, folder) = (read_summary(path)?, Layout::of(path).checkpoints());
    let last = Checkpoints::new(&folder, 1).latest(&summary.digest, summary.seed)?;
    let none = || Refusal(format!("{}: no checkpoint to take the encoder from", folder.display()));
    let last = last.ok_or_else(none)?;
    for damaged in &last.passed_over {
        host.note(&format_args!("warning: {damaged}"));
    }
    Ok(last.file)
}
