//! `[encoder]`: the network that is trained.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;
use crate::{AmdimEncoder, AnyMethod, ComparedViews, Patches, Task, Vit, Weights};

/// The encoder. One variant is named, as in `[encoder.resnet18]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Encoder {
    /// ResNet-18 (He et al. 2015, arXiv 1512.03385): basic blocks, 2 2 2 2.
    Resnet18(Resnet),
    /// ResNet-34: basic blocks, 3 4 6 3.
    Resnet34(Resnet),
    /// ResNet-50: bottleneck blocks, 3 4 6 3.
    Resnet50(Resnet),
    /// ResNet-101: bottleneck blocks, 3 4 23 3.
    Resnet101(Resnet),
    /// ResNet-152: bottleneck blocks, 3 8 36 3.
    Resnet152(Resnet),
    /// The network in network that RotNet trains (Gidaris, Singh and Komodakis 2018, arXiv 1803.07728, section 3.1).
    Nin(Nin),
    /// ViT-Tiny: 3 heads, 192 values.
    #[serde(rename = "vit_tiny")]
    VitTiny(Vit),
    /// ViT-Small: 6 heads, 384 values.
    #[serde(rename = "vit_small")]
    VitSmall(Vit),
    /// AMDIM's network without padding (Bachman, Hjelm and Buchwalter 2019, arXiv 1906.00910, section 3.4).
    Amdim(AmdimEncoder),
}

/// What the residual networks share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resnet {
    /// The first layers: `cifar` is 3x3 of stride 1 without max-pool, for images of about 32 pixels; `imagenet` is 7x7
    /// of stride 2 with it.
    ///
    /// Range: `cifar`, `imagenet`
    pub stem: Stem,
    /// Channels of the first stage; 64 in the paper, 128 and 256 in SimCLR's wider networks (2x, 4x). A representation has 8
    /// times that, 32 times with ResNet-50, 101 and 152.
    ///
    /// Range: 1 or above
    pub width: u32,
    /// Channels that one network sees, where a second one of the same shape sees the others: CMC's (arXiv 1906.05849). A
    /// representation is both of theirs. One network of all channels where it is left out.
    ///
    /// Range: 1 to one less than the images' channels
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<u32>,
    /// What stands after each convolution: `batch` norm, as where it is left out; `group` norm with one group, which takes mean
    /// and variance of one image, or patch, over all channels and pixels; or `none`. Only `batch` has published weights.
    ///
    /// Range: `batch`, `group`, `none`
    #[serde(default, skip_serializing_if = "Norm::is_batch")]
    pub norm: Norm,
    /// `{ side, stride }`: the network sees each patch of a grid by itself, and a representation is the mean over the patches:
    /// CPC's encoder (arXiv 1905.09272). The whole image at once where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patches: Option<Patches>,
    /// Weights to begin from in place of drawn ones, of Kontrast or of another program (docs/weights.md): a file, or `{ file,
    /// tower, heads }`: which of the file's encoders, where it holds several, and whether heads of a checkpoint of Kontrast
    /// are taken too. The file's SHA-256 is part of the digest, its place is not.
    ///
    /// Range: a path, relative to the folder in which the command runs; a table; `"random"` for drawn ones
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::weights::read")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::weights::schema"))]
    pub weights: Option<Weights>,
}

/// A network in network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Nin {
    /// Blocks; 3, 4 and 5 in the paper, whose best features are those of the second.
    ///
    /// Range: 3 to 5
    pub blocks: u32,
    /// Channels of every block but the first, which ends in half of it; 192 in the paper. A representation has as many
    /// values.
    ///
    /// Range: a multiple of 6
    pub width: u32,
    /// Weights to begin from in place of drawn ones, of Kontrast or of another program (docs/weights.md): a file, or `{ file,
    /// tower, heads }`: which of the file's encoders, where it holds several, and whether heads of a checkpoint of Kontrast
    /// are taken too. The file's SHA-256 is part of the digest, its place is not.
    ///
    /// Range: a path, relative to the folder in which the command runs; a table; `"random"` for drawn ones
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::weights::read")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::weights::schema"))]
    pub weights: Option<Weights>,
}

/// The first layers of a ResNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Stem {
    /// 3x3 convolution of stride 1, no pooling (SimCLR, appendix B.9): for images of about 32 pixels.
    Cifar,
    /// 7x7 convolution of stride 2, then max-pooling.
    Imagenet,
}

/// The norm of a ResNet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// Each channel by its mean and variance over the batch.
    #[default]
    Batch,
    /// Each image by its mean and variance over all channels and pixels (Wu and He 2018, arXiv 1803.08494, with one group).
    Group,
    /// None.
    None,
}

impl Norm {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
    fn is_batch(&self) -> bool {
        *self == Self::Batch
    }
}

impl Stem {
    /// Pixels on a side of the smallest image that it takes.
    fn least_side(self) -> usize {
        match self {
            Self::Cifar => 5,
            Self::Imagenet => 17,
        }
    }

    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cifar => "cifar",
            Self::Imagenet => "imagenet",
        }
    }
}

impl Encoder {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Resnet18(_) => "resnet18",
            Self::Resnet34(_) => "resnet34",
            Self::Resnet50(_) => "resnet50",
            Self::Resnet101(_) => "resnet101",
            Self::Resnet152(_) => "resnet152",
            Self::Nin(_) => "nin",
            Self::VitTiny(_) => "vit_tiny",
            Self::VitSmall(_) => "vit_small",
            Self::Amdim(_) => "amdim",
        }
    }

    /// Its shape in words.
    pub fn shape(&self) -> String {
        match self {
            Self::Resnet18(own)
            | Self::Resnet34(own)
            | Self::Resnet50(own)
            | Self::Resnet101(own)
            | Self::Resnet152(own) => {
                let norm = match own.norm {
                    Norm::Batch => "",
                    Norm::Group => ", group norm",
                    Norm::None => ", no norm",
                };
                let patches = own.patches.map_or_else(String::new, |Patches { side, stride }| {
                    format!(", of patches of {side} pixels every {stride}")
                });
                let one = format!(
                    "{} of width {} ({} stem{norm}){patches}",
                    self.name(),
                    own.width,
                    own.stem.as_str()
                );
                own.split
                    .map_or_else(|| one.clone(), |first| format!("2 x {one}, split after channel {first}"))
            }
            Self::Nin(own) => format!("nin of {} blocks, width {}", own.blocks, own.width),
            Self::VitTiny(own) | Self::VitSmall(own) => format!("{} {}", self.name(), own.shape()),
            Self::Amdim(own) => format!("amdim {}", own.shape()),
        }
    }

    /// Pixels on a side of the smallest image that still has more than one pixel before every step that halves it.
    /// Where a map of one pixel is halved there is nothing to halve, and libtorch 2.11 returns noise for the gradient of
    /// such a convolution in bf16 on a CPU.
    pub fn least_side(&self) -> usize {
        match self {
            Self::Resnet18(own)
            | Self::Resnet34(own)
            | Self::Resnet50(own)
            | Self::Resnet101(own)
            | Self::Resnet152(own) => {
                own.patches.map_or(own.stem.least_side(), |patches| patches.side as usize)
            }
            Self::Nin(_) => 3,
            Self::VitTiny(own) | Self::VitSmall(own) => own.patch as usize,
            Self::Amdim(own) => own.size as usize,
        }
    }

    /// How many stages it has, of which each gives a feature map.
    pub fn stages(&self) -> usize {
        match self {
            Self::Resnet18(_)
            | Self::Resnet34(_)
            | Self::Resnet50(_)
            | Self::Resnet101(_)
            | Self::Resnet152(_) => 4,
            Self::Nin(own) => own.blocks as usize,
            Self::VitTiny(own) | Self::VitSmall(own) => own.depth as usize,
            Self::Amdim(_) => 6,
        }
    }

    /// The key that says how large it is.
    pub fn size_key(&self) -> String {
        let key = if matches!(self, Self::VitTiny(_) | Self::VitSmall(_)) { "depth" } else { "width" };
        format!("encoder.{}.{key}", self.name())
    }

    /// Its settings, where it is a ResNet.
    pub(crate) fn resnet(&self) -> Option<&Resnet> {
        match self {
            Self::Resnet18(own)
            | Self::Resnet34(own)
            | Self::Resnet50(own)
            | Self::Resnet101(own)
            | Self::Resnet152(own) => Some(own),
            Self::Nin(_) | Self::VitTiny(_) | Self::VitSmall(_) | Self::Amdim(_) => None,
        }
    }

    /// Channels that its first network sees, where it has two.
    pub fn split(&self) -> Option<u32> {
        self.resnet().and_then(|own| own.split)
    }

    /// Reports a split that leaves a network without channels, and a method that needs one where there is none.
    pub(crate) fn check_split(&self, channels: usize, method: &AnyMethod, problems: &mut Problems) {
        let key = format!("encoder.{}.split", self.name());
        if let Some(first) = self.split() {
            let expected =
                format!("1 to {}, which leaves channels for the other network", channels.saturating_sub(1));
            problems.require((1..channels).contains(&(first as usize)), &key, &first, &expected);
            return;
        }
        let halves = |task: &Task| task.info.compared_views == ComparedViews::Halves;
        if let Some(task) = method.tasks().into_iter().find(halves) {
            let what = "the channels that one network sees, such as 1 for L of Lab";
            problems.missing(&key, &format!("{what}, for {}; only ResNets have it", task.key));
        }
    }

    /// Reports a method that compares cells of maps where the encoder makes none that it can compare.
    pub(crate) fn check_cells(&self, method: &AnyMethod, problems: &mut Problems) {
        let compares = |task: &Task| task.info.compares_cells;
        let Some(task) = method.tasks().into_iter().find(compares) else { return };
        let expected = format!("[encoder.amdim], whose cells {} compares", task.key);
        let fits = matches!(self, Self::Amdim(_));
        problems.require(fits, "encoder", &format_args!("{}", self.name()), &expected);
    }

    /// Reports a method that hides patches where the encoder has none.
    pub(crate) fn check_tokens(&self, method: &AnyMethod, problems: &mut Problems) {
        let Some(task) = method.tasks().into_iter().find(|task| task.info.hidden.is_some()) else { return };
        let expected = format!("[encoder.vit_tiny] or [encoder.vit_small], whose patches {} hides", task.key);
        let fits = matches!(self, Self::VitTiny(_) | Self::VitSmall(_));
        problems.require(fits, "encoder", &format_args!("{}", self.name()), &expected);
    }

    /// The weights that it begins from, where they are not drawn.
    pub fn weights(&self) -> Option<&Weights> {
        match self {
            Self::Resnet18(own)
            | Self::Resnet34(own)
            | Self::Resnet50(own)
            | Self::Resnet101(own)
            | Self::Resnet152(own) => own.weights.as_ref(),
            Self::Nin(own) => own.weights.as_ref(),
            Self::VitTiny(own) | Self::VitSmall(own) => own.weights.as_ref(),
            Self::Amdim(own) => own.weights.as_ref(),
        }
    }

    /// Finds out which weights the file of these holds.
    pub(crate) fn identify_weights(&mut self, problems: &mut Problems) {
        let key = format!("encoder.{}.weights", self.name());
        let weights = match self {
            Self::Resnet18(own)
            | Self::Resnet34(own)
            | Self::Resnet50(own)
            | Self::Resnet101(own)
            | Self::Resnet152(own) => &mut own.weights,
            Self::Nin(own) => &mut own.weights,
            Self::VitTiny(own) | Self::VitSmall(own) => &mut own.weights,
            Self::Amdim(own) => &mut own.weights,
        };
        if let Some(weights) = weights {
            weights.identify(&key, problems);
        }
    }

    /// Pixels of which the sides of all images that it sees have to be multiples.
    pub(crate) fn patch(&self) -> usize {
        match self {
            Self::VitTiny(own) | Self::VitSmall(own) => own.patch.max(1) as usize,
            _ => 1,
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let key = |field: &str| format!("encoder.{}.{field}", self.name());
        if let Some(weights) = self.weights() {
            weights.check(&key("weights"), problems);
        }
        match self {
            Self::Resnet18(own)
            | Self::Resnet34(own)
            | Self::Resnet50(own)
            | Self::Resnet101(own)
            | Self::Resnet152(own) => {
                problems.require(own.width >= 1, &key("width"), &own.width, "at least 1 channel");
                if let Some(patches) = own.patches {
                    patches.check(&key("patches"), (own.stem.least_side(), own.split), problems);
                }
            }
            Self::Nin(Nin { blocks, width, .. }) => {
                problems.require((3..=5).contains(blocks), &key("blocks"), blocks, "3, 4 or 5 blocks");
                let whole = *width > 0 && width.is_multiple_of(6);
                let expected = "a multiple of 6: the first block has 5/6 and 1/2 of it";
                problems.require(whole, &key("width"), width, expected);
            }
            Self::VitTiny(own) | Self::VitSmall(own) => {
                own.check(&format!("encoder.{}", self.name()), problems);
            }
            Self::Amdim(own) => own.check("encoder.amdim", problems),
        }
    }
}
