//! What an encoder has learned: k-NN and linear probes on frozen features, and figures that need no labels.
//!
//! Settings of a protocol are chosen on a split of the training set; the test set is read once, at the end.

mod features;
mod fingerprint;
mod knn;
mod label_free;
pub mod layers;
mod linear;
mod pixels;
mod protocol;
mod split;
mod subject;

pub use features::{Extractor, FeatureBank};
pub use fingerprint::fingerprint;
pub use knn::{Knn, knn_votes, nearest};
pub use kontrast_runlog::{LabelFree, LayerScore, Score};
pub use label_free::label_free;
pub use linear::Linear;
pub use pixels::Pixels;
pub use protocol::{EvalError, Protocol, evaluate, protocols};
pub use split::{FitSplit, split};
pub use subject::Subject;
