//! Networks of Python libraries that have the variables of ours, and how to make them.

use super::frozen::Frozen;
use crate::inspect::architecture;
use kontrast_models::{Depth, EncoderSpec, Norm, ResNetSpec, Stem, VitSpec};
use serde::Serialize;

/// Channels of the first stage in the libraries' ResNets.
const WIDTH: i64 = 64;

/// A network of a library, and what is changed in it before it takes the weights.
#[derive(Debug, Serialize)]
pub(crate) struct Network {
    library: &'static str,
    #[serde(flatten)]
    kind: NetworkKind,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum NetworkKind {
    /// A ResNet by the name of its function, without its classifier.
    ResNet { name: &'static str, conv1: Convolution, maxpool: bool },
    /// A transformer by the arguments of its class.
    Transformer { name: &'static str, arguments: Transformer },
}

/// The first convolution, in words of PyTorch.
#[derive(Debug, Serialize)]
struct Convolution {
    in_channels: i64,
    out_channels: i64,
    kernel_size: i64,
    stride: i64,
    padding: i64,
}

/// Arguments of timm's `VisionTransformer`.
#[derive(Debug, Serialize)]
struct Transformer {
    img_size: i64,
    patch_size: i64,
    in_chans: i64,
    embed_dim: i64,
    depth: i64,
    num_heads: i64,
    num_classes: i64,
}

/// The network of torchvision that takes the weights.
///
/// # Errors
/// Where there is none: what it has, in words.
pub(crate) fn torchvision(encoder: &Frozen) -> Result<Network, String> {
    match encoder.spec {
        EncoderSpec::ResNet(spec) if spec.width == WIDTH && spec.norm == Norm::Batch => {
            Ok(resnet("torchvision", spec))
        }
        EncoderSpec::Vit(_) => Err(refusal("torchvision", encoder, "timm, torchscript or onnx")),
        _ => Err(refusal("torchvision", encoder, "torchscript or onnx")),
    }
}

/// The network of timm that takes the weights.
///
/// # Errors
/// As [`torchvision`].
pub(crate) fn timm(encoder: &Frozen) -> Result<Network, String> {
    match encoder.spec {
        EncoderSpec::ResNet(spec) if spec.width == WIDTH && spec.norm == Norm::Batch => {
            Ok(resnet("timm", spec))
        }
        EncoderSpec::Vit(spec) => transformer(spec, encoder.size),
        _ => Err(refusal("timm", encoder, "torchscript or onnx")),
    }
}

fn refusal(library: &str, encoder: &Frozen, others: &str) -> String {
    let transformers = if library == "timm" { ", and vision transformers" } else { "" };
    format!(
        "--format {library}: {library} has ResNet18, 34, 50, 101 and 152 of width {WIDTH} with batch norm{transformers}, and no {}; export it \
         with --format {others}",
        architecture(encoder.spec)
    )
}

fn resnet(library: &'static str, spec: ResNetSpec) -> Network {
    let name = match spec.depth {
        Depth::ResNet18 => "resnet18",
        Depth::ResNet34 => "resnet34",
        Depth::ResNet50 => "resnet50",
        Depth::ResNet101 => "resnet101",
        Depth::ResNet152 => "resnet152",
    };
    let (kernel_size, stride, padding) = if spec.stem == Stem::Cifar { (3, 1, 1) } else { (7, 2, 3) };
    let conv1 =
        Convolution { in_channels: spec.channels, out_channels: spec.width, kernel_size, stride, padding };
    Network { library, kind: NetworkKind::ResNet { name, conv1, maxpool: spec.stem == Stem::Imagenet } }
}

fn transformer(spec: VitSpec, (width, height): (usize, usize)) -> Result<Network, String> {
    if width != height || width as i64 % spec.patch != 0 {
        return Err(format!(
            "--format timm: expected square images of whole patches of {} pixels, found {width}x{height}; pass a --size, or \
             export it with --format torchscript or onnx",
            spec.patch
        ));
    }
    let arguments = Transformer {
        img_size: width as i64,
        patch_size: spec.patch,
        in_chans: spec.channels,
        embed_dim: spec.width,
        depth: spec.depth,
        num_heads: spec.heads,
        num_classes: 0,
    };
    let kind = NetworkKind::Transformer { name: "VisionTransformer", arguments };
    Ok(Network { library: "timm", kind })
}
