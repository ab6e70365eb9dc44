//! `inspect`: which encoders a file holds, and what it says of itself.

use crate::host::Host;
use crate::{Refusal, encoder_file};
use kontrast_models::{Artifact, EncoderSpec, Norm, TextSpec};
use kontrast_runlog::human;
use std::path::Path;
use tch::Device;

/// Opens a checkpoint, the last one of a run, or weights of another program, makes each encoder and says what it is.
///
/// # Errors
/// Where the file holds no encoder that this version knows, or the run has no checkpoint.
pub fn inspect(path: &Path, host: &dyn Host) -> anyhow::Result<()> {
    let refused = |error: kontrast_models::ArtifactError| Refusal(error.to_string());
    let file = encoder_file::file(path, host)?;
    let artifact = Artifact::open(&file).map_err(refused)?;
    let header = artifact.header();
    let of = if header.digest.is_empty() {
        String::new()
    } else {
        format!(", configuration {:.8}", header.digest)
    };
    host.out(&format_args!("{}: {}{of}, {} tensors", file.display(), header.method, artifact.state().len()));
    for tower in &header.towers {
        let encoder = artifact.encoder(&tower.name, Device::Cpu).map_err(refused)?;
        let trained = encoder.variables().trained().iter().map(|(_, variable)| variable.numel() as u64).sum();
        let (width, parameters) = (encoder.width(), human::counted(trained, "parameter"));
        host.out(&format_args!(
            "{}: {}, {width} values, {parameters}",
            tower.name,
            architecture(tower.encoder)
        ));
        if let Some(guessed) = artifact.guessed(&tower.name) {
            host.out(&format_args!("{}: {guessed}", tower.name));
        }
    }
    if let Some(texts) = &header.texts {
        host.out(&format_args!(
            "text encoder: {}, texts of at most {} tokens",
            text_encoder(texts.encoder),
            texts.length
        ));
    }
    if header.towers.is_empty() {
        host.out(&"no encoder of this version's architectures");
    }
    host.out(&match &header.preprocessing {
        Some(own) => format!(
            "images: {}x{} pixels, {}, mean {:?}, std {:?}",
            own.size.0, own.size.1, own.color_space, own.mean, own.std
        ),
        None => "images: the file does not say how they are prepared".to_owned(),
    });
    Ok(())
}

/// The architecture of a text encoder in words.
fn text_encoder(encoder: TextSpec) -> String {
    let (name, depth, heads, width) = match encoder {
        TextSpec::Transformer(own) => ("transformer", own.depth, own.heads, own.width),
        TextSpec::Bert(own) => ("BERT", own.depth, own.heads, own.width),
    };
    let (blocks, heads) = (depth.unsigned_abs(), heads.unsigned_abs());
    let (blocks, heads) = (human::counted(blocks, "block"), human::counted(heads, "head"));
    format!("{name} of {blocks}, {heads} and width {width}, {} tokens", encoder.vocabulary())
}

/// An architecture in words.
pub(crate) fn architecture(encoder: EncoderSpec) -> String {
    match encoder {
        EncoderSpec::ResNet(own) => format!(
            "{:?} of width {} ({:?} stem{}), {}",
            own.depth,
            own.width,
            own.stem,
            match own.norm {
                Norm::Batch => "",
                Norm::Group => ", group norm",
                Norm::None => ", no norm",
            },
            human::counted(own.channels.unsigned_abs(), "channel")
        ),
        EncoderSpec::Patchwise(own) => format!(
            "{}, of patches of {} pixels every {}",
            architecture(EncoderSpec::ResNet(own.network)),
            own.patch,
            own.stride
        ),
        EncoderSpec::Split(own) => format!(
            "two {:?} of width {} ({:?} stem), of the first {} and of the other {}",
            own.network.depth,
            own.network.width,
            own.network.stem,
            human::counted(own.first.unsigned_abs(), "channel"),
            (own.network.channels - own.first).unsigned_abs()
        ),
        EncoderSpec::Nin(own) => format!(
            "network in network of {} and width {}, {}",
            human::counted(own.blocks.unsigned_abs(), "block"),
            own.width,
            human::counted(own.channels.unsigned_abs(), "channel")
        ),
        EncoderSpec::Amdim(own) => format!(
            "AMDIM's network of width {} with {} a block, for {} pixels, {} values, {}",
            own.width,
            human::counted(own.depth.unsigned_abs(), "unit"),
            own.size,
            own.rkhs,
            human::counted(own.channels.unsigned_abs(), "channel")
        ),
        EncoderSpec::Vit(own) => format!(
            "vision transformer of {}, {} heads, patches of {} pixels, {}",
            human::counted(own.depth.unsigned_abs(), "block"),
            own.heads,
            own.patch,
            human::counted(own.channels.unsigned_abs(), "channel")
        ),
    }
}
