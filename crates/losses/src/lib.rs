//! Losses of self-supervised learning as pure functions: tensors in, a scalar tensor out.
//!
#![doc = include_str!("../README.md")]

mod alignment;
mod barlow_twins;
mod cpc;
mod dcl;
mod dino;
pub mod geometry;
mod groups;
mod info_nce;
mod labels;
mod margin_contrastive;
mod masked_mse;
mod mining;
mod multi_scale_nce;
mod n_pair;
mod nce;
mod negative_cosine;
mod nt_logistic;
mod nt_xent;
mod pairs;
mod similarity;
mod soft_targets;
mod softmax;
mod sup_con;
mod surrogate;
mod swav;
mod temperature;
mod triplet;
mod triplet_labelled;
mod uniformity;
mod unit;
mod vicreg;

pub use alignment::alignment;
pub use barlow_twins::barlow_twins;
pub use cpc::{cpc, cpc_ignoring, cpc_uniform, cpc_uniform_ignoring};
pub use dcl::{dcl, dcl_ignoring, dcl_uniform, dclw, dclw_ignoring};
pub use dino::{dino, dino_uniform};
pub use groups::{
    Groups, Others, dcl_uniform_ignoring, info_nce_batch_uniform_ignoring, info_nce_uniform_ignoring,
    nt_xent_uniform_ignoring,
};
pub use info_nce::{
    info_nce, info_nce_batch, info_nce_batch_grouped, info_nce_batch_rows, info_nce_batch_uniform,
    info_nce_grouped, info_nce_uniform,
};
pub use margin_contrastive::{contrastive_labelled, margin_contrastive};
pub use masked_mse::{masked_mse, normalised_patches, patch_statistics};
pub use mining::Mining;
pub use multi_scale_nce::{
    ScoreBounds, multi_scale_nce, multi_scale_nce_ignoring, multi_scale_nce_uniform,
    multi_scale_nce_uniform_ignoring,
};
pub use n_pair::{n_pair, n_pair_uniform};
pub use nce::{nce, nce_ignoring, nce_normaliser};
pub use negative_cosine::negative_cosine;
pub use nt_logistic::{nt_logistic, nt_logistic_ignoring, nt_logistic_uniform};
pub use nt_xent::{nt_xent, nt_xent_grouped, nt_xent_rows, nt_xent_rows_grouped, nt_xent_uniform};
pub use similarity::Similarity;
pub use sup_con::{sup_con, sup_con_uniform};
pub use swav::{sinkhorn, swapped_prediction, swapped_prediction_uniform};
pub use temperature::Temperature;
pub use triplet::{triplet_margin, triplet_margin_ignoring};
pub use triplet_labelled::triplet_labelled;
pub use uniformity::uniformity;
pub use unit::unit;
pub use vicreg::{VicregWeights, vicreg};

// torch-ext makes libtorch findable at run time for whoever depends on this crate.
use kontrast_torch_ext as _;
