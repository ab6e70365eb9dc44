//! `export`: an encoder as a file that other programs open.

mod card;
mod check;
mod frozen;
mod library;
mod network;
mod onnx;
mod torchscript;

use crate::encoder_file::{self, EncoderFile};
use crate::host::Host;
use crate::{Refusal, destination, inspect};
use card::{Card, Source};
use check::Samples;
use clap::{Args, ValueEnum};
use frozen::Frozen;
use kontrast_models::{Artifact, Header, Mode, to_torchvision};
use kontrast_runlog::human;
use library::Network;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use tch::{CModule, Device, Tensor};

/// How far the output of a file may be from the encoder's, as a fraction of the largest value.
const TOLERANCE: f64 = 1e-4;
/// The same with weights of half precision, which have eleven bits.
const HALF_TOLERANCE: f64 = 1e-2;

/// Options of `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The encoder
    #[command(flatten)]
    pub file: EncoderFile,
    /// What is to open it
    #[arg(long, value_enum)]
    pub format: Format,
    /// Store the weights in half precision
    #[arg(long)]
    pub fp16: bool,
    /// The file
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// What opens an exported encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub enum Format {
    /// Weights of one of torchvision's ResNets, safetensors
    Torchvision,
    /// Weights of a vision transformer or a ResNet of timm, safetensors
    Timm,
    /// A module that PyTorch loads without further code, of every encoder
    TorchScript,
    /// A graph with its weights for onnxruntime and others, of every encoder
    Onnx,
}

/// Writes the encoder for other programs, once the file, opened again, gives what the encoder gives; returns the largest
/// difference as a fraction of the largest value. Nothing is returned, and nothing written, where it was asked to stop.
///
/// # Errors
/// Where there is no such encoder, the format does not have it, or the file cannot be written or is not the encoder.
pub fn export(asked: &Export, host: &dyn Host) -> anyhow::Result<Option<f64>> {
    destination::require_free("--out", &asked.out, asked.force)?;
    let found = encoder_file::find(&asked.file, host)?;
    let encoder = found.encoder(Device::Cpu)?;
    let (spec, own) = (encoder.spec().expect("an encoder of a file has a spec"), &found.preprocessing);
    let frozen = Frozen::new(&*encoder, spec, own.size, asked.fp16).map_err(Refusal)?;
    let network = asked.format.network(&frozen).map_err(Refusal)?;
    let samples = Samples::new(&*encoder, &found.to_tensor(Device::Cpu), own.size);
    let (header, h) = (found.header(), samples.h()?);
    let source = Source { method: &header.method, digest: &header.digest, tower: &found.tower };
    let what = (asked.format.name(), asked.fp16);
    let card = Card::new(what, source, network.as_ref(), own, (&samples.image, &h)).to_text();
    let header = Header::of_encoder(frozen.spec, (&header.method, &header.digest), own.clone());
    let bytes = asked.format.bytes(&frozen, &header, &card)?;
    let stop = host.stop()?;
    let placed = check::place(&asked.out, asked.force, &bytes, |file| {
        let again = asked.format.open(file)?;
        let difference = samples.difference(&*again)?;
        require_near(asked, difference)?;
        Ok((!stop.load(Ordering::Relaxed)).then_some(difference))
    })?;
    let Some(difference) = placed else {
        host.note(&"stopped; nothing was written");
        return Ok(None);
    };
    let (width, height) = own.size;
    host.out(&format_args!(
        "{}: {} for images of {width}x{height} pixels, {}, {}",
        asked.out.display(),
        inspect::architecture(spec),
        if asked.fp16 { "fp16" } else { "fp32" },
        human::bytes(bytes.len() as u64)
    ));
    let near = if difference == 0.0 {
        "exactly what the encoder gives".to_owned()
    } else {
        format!("within {difference:.1e} of the largest value")
    };
    host.out(&format_args!("opened again, on the sample and on random images: {near}"));
    Ok(Some(difference))
}

/// A network that is opened again.
type Forward = Box<dyn Fn(&Tensor) -> anyhow::Result<Tensor>>;

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Torchvision => "torchvision",
            Self::Timm => "timm",
            Self::TorchScript => "torchscript",
            Self::Onnx => "onnx",
        }
    }

    /// The network of the library, where the format is one's weights.
    fn network(self, encoder: &Frozen) -> Result<Option<Network>, String> {
        match self {
            Self::Torchvision => library::torchvision(encoder).map(Some),
            Self::Timm => library::timm(encoder).map(Some),
            Self::TorchScript | Self::Onnx => Ok(None),
        }
    }

    fn bytes(self, encoder: &Frozen, header: &Header, card: &str) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Self::Torchvision | Self::Timm => {
                let texts = [(Header::KEY, header.to_text()), (card::KEY, card.to_owned())];
                let metadata: HashMap<_, _> =
                    texts.into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
                to_torchvision(&encoder.state).to_bytes(Some(metadata))?
            }
            Self::TorchScript => torchscript::file(encoder, (card::KEY, card))?,
            Self::Onnx => onnx::file(encoder, (card::KEY, card)).map_err(Refusal)?,
        })
    }

    /// Opens a file of this format, as far as that can be done from here: weights by our own encoder, which is as strict
    /// about names and shapes; the others as their graph says.
    fn open(self, file: &Path) -> anyhow::Result<Forward> {
        Ok(match self {
            Self::Torchvision | Self::Timm => {
                let encoder = Artifact::open(file)?.encoder("encoder", Device::Cpu)?;
                Box::new(move |images| Ok(encoder.forward(images, Mode::Eval.into())))
            }
            Self::TorchScript => {
                let module = CModule::load(file)?;
                Box::new(move |images| Ok(module.forward_ts(&[images])?))
            }
            Self::Onnx => {
                let program = onnx::Program::read(&std::fs::read(file)?)?;
                Box::new(move |images| Ok(program.run(images)?))
            }
        })
    }
}

/// # Errors
/// Where the difference is too large, or NaN.
fn require_near(asked: &Export, difference: f64) -> anyhow::Result<()> {
    let tolerance = if asked.fp16 { HALF_TOLERANCE } else { TOLERANCE };
    if difference <= tolerance {
        return Ok(());
    }
    let text = format!(
        "--out {}: opened again, the file gives h that is {difference:.1e} of the largest value from the encoder's, expected at \
         most {tolerance:.0e}; nothing was written",
        asked.out.display()
    );
    if asked.fp16 {
        // A value beyond 65,504, or a variance below 6e-8.
        return Err(
            Refusal(format!("{text}: half precision does not hold its values; leave out --fp16")).into()
        );
    }
    anyhow::bail!("{text}: this is a defect of Kontrast, please report it")
}
