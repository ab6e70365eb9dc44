//! Losses of self-supervised learning as pure functions: tensors in, a scalar tensor out.
//!
//! ```
//! use kontrast_losses::nt_xent;
//! use tch::{Device, Kind, Tensor};
//!
//! let z1 = Tensor::from_slice2(&[[1f32, 0.0], [0.0, 1.0]]).set_requires_grad(true);
//! let z2 = Tensor::from_slice2(&[[1f32, 0.1], [0.1, 1.0]]);
//! let loss = nt_xent(&z1, &z2, 0.5);
//! loss.backward();
//! assert!(loss.double_value(&[]) < (3f64).ln(), "below the uniform value: the pairs agree");
//! assert_eq!(z1.grad().size(), [2, 2]);
//! ```
//!
//! Embeddings of any float kind are computed with in fp32 at least; a loss is called outside an autocast guard, which
//! would take that back. Losses over all pairs of a batch hold a part of them at a time. A gradient is computed with
//! the value, so a loss can be differentiated once.
//!
//! # Panics
//! Every loss panics where a tensor has another shape than its documentation says, or a temperature is not above zero:
//! both are mistakes in the calling program, and would else come back as a loss that is no number.

mod alignment;
mod barlow_twins;
mod dcl;
mod dino;
pub mod geometry;
mod info_nce;
mod labels;
mod margin_contrastive;
mod mining;
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
pub use dcl::{dcl, dcl_uniform, dclw};
pub use dino::{dino, dino_uniform};
pub use info_nce::{info_nce, info_nce_batch, info_nce_batch_rows, info_nce_batch_uniform, info_nce_uniform};
pub use margin_contrastive::{contrastive_labelled, margin_contrastive};
pub use mining::Mining;
pub use n_pair::{n_pair, n_pair_uniform};
pub use nce::{nce, nce_normaliser};
pub use negative_cosine::negative_cosine;
pub use nt_logistic::{nt_logistic, nt_logistic_uniform};
pub use nt_xent::{nt_xent, nt_xent_rows, nt_xent_uniform};
pub use similarity::Similarity;
pub use sup_con::{sup_con, sup_con_uniform};
pub use swav::{sinkhorn, swapped_prediction, swapped_prediction_uniform};
pub use temperature::Temperature;
pub use triplet::triplet_margin;
pub use triplet_labelled::triplet_labelled;
pub use uniformity::uniformity;
pub use unit::unit;
pub use vicreg::{VicregWeights, vicreg};

// torch-ext makes libtorch findable at run time for whoever depends on this crate.
use kontrast_torch_ext as _;
