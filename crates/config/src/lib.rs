//! The experiment file: typed structs, loading, merging, checking. No behaviour.
//!
#![doc = include_str!("../README.md")]

mod ablation;
mod amdim;
mod background;
mod channel_values;
mod choices;
mod color_space;
mod data;
mod digest;
mod elements;
mod encoder;
mod error;
mod eval;
mod experiment;
mod explain;
mod infrastructure;
mod kind;
mod known_file;
mod load;
mod location;
mod merge;
mod method;
mod missing;
mod optimizer;
mod overrides;
mod pairs;
mod patches;
mod phrases;
mod problems;
mod renamed;
mod scans;
mod schedule;
#[cfg(feature = "schema")]
pub mod schema;
mod shape;
mod source;
mod synthetic;
mod text;
mod texts;
mod train;
mod views;
mod vit;
mod weights;

pub use ablation::{Ablation, Axis, AxisValue, Cell, Claim, ClaimTest, Group, PaperValue, Scale};
pub use amdim::AmdimEncoder;
pub use background::Background;
pub use channel_values::ChannelValues;
pub use color_space::ColorSpace;
pub use data::{Data, DataName, Unreadable};
pub use encoder::{Encoder, Nin, Norm, Resnet, Stem};
pub use error::{ConfigError, Fault};
pub use eval::*;
pub use experiment::Experiment;
pub use infrastructure::{Device, Infrastructure};
pub use known_file::KnownFile;
pub use load::Loaded;
pub use location::Location;
pub use method::{
    Amdim, AmdimWeights, AnyMethod, Autoencoder, BarlowTwins, Byol, Cmc, CmcBank, ComparedViews, Cpc,
    CpcContext, CpcJitter, Dcl, Dclw, Dino, Exemplar, Head, HeadNorm, ImageText, Jigsaw, Joint, JointTask,
    Mae, MaeDecoder, MethodInfo, MethodSpec, Mining, Moco, Mocov3, Momentum, Nnclr, Npid, NtLogistic,
    PermutationMethod, Permutations, PixelLoss, PredictedPatches, Pretext, RelativePatch, Rotation, Shuffled,
    Simclr, Similarity, Simsiam, Supcon, Supervised, Surroundings, Swav, SwavQueue, Task, TeacherTemperature,
    Triplet, Vicreg,
};
pub use optimizer::{AdamW, Lars, Lr, LrRule, Optimizer, Sgd};
pub use pairs::{Others, Pairs, PairsFrom};
pub use patches::Patches;
pub use problems::{Problem, Problems};
pub use scans::{Patients, Percentiles, Plane, Scans, Spacing, Window};
pub use schedule::{Constant, Cosine, Multistep, Schedule};
pub use synthetic::{Synthetic, SyntheticVideo};
pub use texts::{Bert, TextActivation, TextEncoder, TextPooling, TextTransformer, Texts, Tokenizer};
pub use train::{Clip, ClipPer, Feed, Precision, Train};
pub use views::{
    AmdimCrop, AmdimViews, Blur, Crop, Crops, CustomViews, DinoViews, Filling, Finish, IdentityViews, Jitter,
    PairViews, Policy, RandAugment, Sampling, SimclrViews, Solarize, SupervisedViews, SwavViews, Transform,
    ViewList, ViewSize, Views, WeightedTransform,
};
pub use vit::{Position, Vit};
pub use weights::{Weights, sha256};
