//! An encoder of a file, ready to turn images into vectors: a run's last checkpoint, or a file of weights.

use crate::host::Host;
use crate::tokenizer::{self, Tokenizer};
use crate::{Refusal, evaluate, texts};
use clap::Args;
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::{ColorSpace, ToTensor};
use kontrast_config::{Device, Infrastructure};
use kontrast_eval::Extractor;
use kontrast_models::{Artifact, Encoder, EncoderSpec, Header, Preprocessing, TextModel};
use kontrast_runlog::{Layout, read_summary};
use kontrast_torch_ext::{Precision, Texts};
use kontrast_training::Checkpoints;
use std::path::{Path, PathBuf};

/// What torchvision's networks were trained with, which their files do not say: ImageNet's mean and standard deviation.
const IMAGENET: ([f64; 3], [f64; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
/// Pixels on either side of an image, for a file that does not say it.
const SIDE: usize = 224;
/// The most images at once, and of how many pixels together: Ctrl-C is heard after each batch.
const BATCH: usize = 256;
const PIXELS: usize = BATCH * 64 * 64;

/// Which encoder, for images of which size.
#[derive(Args, Debug)]
pub struct EncoderFile {
    /// A run directory, whose last checkpoint is taken, or a file: a checkpoint, or weights of another program
    pub encoder: PathBuf,
    /// The encoder's name, where the file has several [default: its first]
    #[arg(long)]
    pub tower: Option<String>,
    /// Pixels on either side of an image [default: as the file says, else 224]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u16).range(8..=8192))]
    pub size: Option<u16>,
}

/// Options of every command that embeds images.
#[derive(Args, Debug)]
pub struct EncoderOptions {
    /// The encoder
    #[command(flatten)]
    pub file: EncoderFile,
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
            ("--tower", self.file.tower.is_some()),
            ("--size", self.file.size.is_some()),
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

/// What embeds texts where an encoder embeds images.
pub(crate) struct OpenedTexts {
    model: TextModel,
    tokenizer: Tokenizer,
}

impl OpenedTexts {
    /// Embeddings of some texts, one after another, of as many values as the encoder's.
    pub(crate) fn embed(&self, texts: &[String]) -> anyhow::Result<Vec<f32>> {
        let ids = texts.iter().map(|text| texts::ids(&self.tokenizer, text)).collect::<Result<Vec<_>, _>>();
        let ids = ids.map_err(|why| Refusal(format!("--text: {why}")))?;
        let z = self.model.embed_texts(&Texts::padded(&ids, 0));
        Ok(z.to_device(tch::Device::Cpu).contiguous().flatten(0, -1).try_into()?)
    }
}

/// Opens the encoder, and prepares the device.
pub(crate) fn open(asked: &EncoderOptions, host: &dyn Host) -> anyhow::Result<Opened> {
    Ok(opened(asked, host)?.0)
}

/// As [`open`], an encoder whose embeddings lie where those of texts do, and what embeds texts.
pub(crate) fn open_with_texts(
    asked: &EncoderOptions,
    host: &dyn Host,
) -> anyhow::Result<(Opened, OpenedTexts)> {
    let (opened, found, device) = opened(asked, host)?;
    let model = found.artifact.texts(device).map_err(|error| Refusal(error.to_string()))?;
    let (Some(model), Some(tower)) = (model, &found.header().texts) else {
        let text = format!(
            "{}: holds no text encoder; take a run of a method that reads texts, such as [method.clip]",
            asked.file.encoder.display()
        );
        return Err(Refusal(text).into());
    };
    let tokenizer = tokenizer::read(&tower.tokenizer, tower.length)?;
    let encoder = model.image_encoder(opened.encoder);
    Ok((Opened { encoder, ..opened }, OpenedTexts { model, tokenizer }))
}

fn opened(asked: &EncoderOptions, host: &dyn Host) -> anyhow::Result<(Opened, Found, tch::Device)> {
    let found = find(&asked.file, host)?;
    let out = PathBuf::new();
    let wanted =
        Infrastructure { device: asked.device, threads: asked.threads.map(usize::from), workers: None, out };
    let runtime = host.runtime(&wanted, None)?;
    let encoder = found.encoder(runtime.device)?;
    let size = found.preprocessing.size;
    let extractor = Extractor {
        plan: found.plan.clone(),
        to_tensor: found.to_tensor(runtime.device),
        precision: if asked.bf16 { Precision::Bf16 } else { Precision::Fp32 },
        batch: (PIXELS / (size.0 * size.1).max(1)).clamp(8, BATCH),
    };
    Ok((Opened { encoder, extractor, channels: found.plan.channels() }, found, runtime.device))
}

/// An encoder of a file, not yet made.
pub(crate) struct Found {
    artifact: Artifact,
    /// Its name.
    pub(crate) tower: String,
    /// How images are prepared, of the size that was asked for.
    pub(crate) preprocessing: Preprocessing,
    space: ColorSpace,
    plan: ViewPlan,
}

impl Found {
    /// What the file says of itself.
    pub(crate) fn header(&self) -> &Header {
        self.artifact.header()
    }

    /// The encoder, with its weights.
    pub(crate) fn encoder(&self, device: tch::Device) -> Result<Box<dyn Encoder>, Refusal> {
        self.artifact.encoder(&self.tower, device).map_err(|error| Refusal(error.to_string()))
    }

    /// From bytes to tensors.
    pub(crate) fn to_tensor(&self, device: tch::Device) -> ToTensor {
        ToTensor::in_space(self.space, &self.preprocessing.mean, &self.preprocessing.std, device)
    }
}

/// Reads the file, and says what it lacks.
pub(crate) fn find(asked: &EncoderFile, host: &dyn Host) -> anyhow::Result<Found> {
    let file = file(&asked.encoder, host)?;
    let artifact = Artifact::open(&file).map_err(|error| Refusal(error.to_string()))?;
    let tower = match (&asked.tower, artifact.header().towers.first()) {
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
    if let Some(guessed) = artifact.guessed(&tower) {
        host.note(&format_args!("note: {}: {guessed}", file.display()));
    }
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
    let preprocessing = Preprocessing { size: side.map_or(own.size, |side| (side, side)), ..own };
    let spec = artifact.header().towers.iter().find(|own| own.name == tower).map(|own| own.encoder);
    let least = match spec {
        Some(EncoderSpec::Amdim(spec)) => Some(spec.size),
        Some(EncoderSpec::Patchwise(spec)) => Some(spec.patch),
        _ => None,
    };
    if let Some(least) = least {
        let (width, height) = preprocessing.size;
        if width.min(height) < least as usize {
            let text = format!(
                "{}: images of {width}x{height} pixels are too small for an encoder of {least}; pass a larger --size",
                file.display()
            );
            return Err(Refusal(text).into());
        }
    }
    let plan = ViewPlan::evaluation(preprocessing.size).of_channels(preprocessing.mean.len());
    let plan = plan.map_err(|error| Refusal(format!("{}: {error}", file.display())))?;
    Ok(Found { artifact, tower, preprocessing, space, plan })
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
