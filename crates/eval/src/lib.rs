//! What representations are worth: protocols over frozen features, feature maps or networks, beside their baselines.
//!
#![doc = include_str!("../README.md")]

mod bank;
mod benchmark;
mod captions;
mod error;
mod extractor;
mod fingerprint;
mod label_free;
mod linear_probes;
mod model;
mod needs;
mod pixels;
mod pretext;
mod protocol;
pub mod protocols;
mod reconstruction;
mod report;
mod scores;
mod softmax_regression;
mod split;
mod stop;
mod subject;
mod task_images;
mod tuned;

pub use bank::FeatureBank;
pub use benchmark::{Benchmark, Scored};
pub use captions::CaptionRetrieval;
pub use error::EvalError;
pub use extractor::Extractor;
pub use fingerprint::fingerprint;
pub use kontrast_runlog::{LabelFree, LayerScore, Score};
pub use label_free::label_free;
pub use model::{Model, TextSide, Tokenize};
pub use needs::Needs;
pub use pixels::Pixels;
pub use pretext::{PretextAccuracy, pretext_accuracy};
pub use protocol::{Milestone, Protocol, evaluate};
pub use protocols::{nearest, protocols, protocols_for_curves};
pub use reconstruction::reconstruction;
pub use report::{Cluster, Metric, Report, predicted};
pub use scores::Scores;
pub use split::{FitSplit, split};
pub use stop::Stop;
pub use subject::{Network, Subject};
pub use task_images::TaskImages;
