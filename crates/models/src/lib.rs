//! Encoders, with the variable names of torchvision (ResNets) and timm (vision transformers), and the heads on top of
//! them.
//!
#![doc = include_str!("../README.md")]

mod amdim;
mod amdim_block;
mod artifact;
mod artifact_error;
mod attention;
mod batch_norm;
mod bert;
mod context;
mod decoder;
mod direction;
mod encoder;
mod estimate;
mod group_norm;
mod header;
mod heads;
mod init;
mod layer_norm;
mod layers;
mod mae_decoder;
mod memory_bank;
mod momentum_encoder;
mod nin;
mod nin_block;
mod norm;
mod patches;
mod patchwise;
mod position;
mod prototypes;
mod queue;
mod resnet;
mod resnet_block;
mod rkhs;
mod spec;
mod split;
mod text_encoder;
mod text_tower;
mod text_transformer;
mod torchvision;
mod vit;
mod vit_block;
mod weights;

pub use amdim::{Amdim, AmdimSpec};
pub use artifact::{Artifact, read_tensors};
pub use artifact_error::ArtifactError;
pub use attention::Attention;
pub use batch_norm::BatchNorm;
pub use bert::{Bert, BertSpec, TextPooling};
pub use context::{ContextNetwork, ContextSpec};
pub use decoder::{Decoder, DecoderSpec};
pub use direction::Direction;
pub use encoder::{Encoder, Mode, Pass};
pub use estimate::Estimate;
pub use group_norm::GroupNorm;
pub use header::{Header, Preprocessing, Tower};
pub use heads::{Activation, Head, HeadNorm, HeadSpec};
pub use init::Init;
pub use kontrast_torch_ext::{Parameter, Role};
pub use layer_norm::LayerNorm;
pub use layers::{Conv2d, Like, Linear};
pub use mae_decoder::{MaeDecoder, MaeDecoderSpec};
pub use memory_bank::MemoryBank;
pub use momentum_encoder::MomentumEncoder;
pub use nin::{Nin, NinSpec};
pub use nin_block::NinBlock;
pub use norm::Norm;
pub use patches::{hidden_patches, patchify, unpatchify};
pub use patchwise::{Patchwise, PatchwiseSpec};
pub use prototypes::Prototypes;
pub use queue::Queue;
pub use resnet::{Depth, ResNet, ResNetSpec, Stem};
pub use rkhs::RkhsBlock;
pub use spec::EncoderSpec;
pub use split::{Split, SplitSpec};
pub use text_encoder::{TextEncoder, TextSpec};
pub use text_tower::{TextModel, TextTower};
pub use text_transformer::{TextActivation, TextTransformer, TextTransformerSpec};
pub use torchvision::{from_torchvision, to_torchvision};
pub use vit::{PositionEmbedding, Vit, VitSpec};
pub use weights::{Numbers, RawTensor, Taken, TorchFileError, read_torch_file};

/// The variables of a store that are trained, by name, in the order of their names.
pub fn trained(store: &tch::nn::VarStore) -> Vec<(String, tch::Tensor)> {
    state(store).trained()
}

/// All tensors of a store, trained or not, sharing memory with it.
pub fn state(store: &tch::nn::VarStore) -> kontrast_torch_ext::StateDict {
    store.variables().into_iter().collect()
}
