//! What representations are worth: protocols over frozen features, feature maps or networks, beside their baselines.
//!
//! A [`Protocol`] scores a [`Subject`] and gives [`Report`]s. Settings are chosen on a split of the training set; the
//! test set is read once, at the end. Features that were computed elsewhere are scored alike:
//!
//! ```
//! use kontrast_eval::{FeatureBank, Protocol, Stop, Subject, protocols::Knn};
//! use tch::{Kind, Tensor};
//!
//! # fn main() -> Result<(), kontrast_eval::EvalError> {
//! let labels = Tensor::from_slice(&[0i64, 1, 2].repeat(20));
//! let features = labels.one_hot(3).to_kind(Kind::Float);
//! let bank = || FeatureBank::new(&features, &labels, 3);
//! let subject = Subject::of_features("mine", bank()?, bank()?)?;
//! let reports = Knn::ten().evaluate(&subject, &Stop::default())?;
//! assert_eq!(reports[0].top1(), 100.0);
//! # Ok(())
//! # }
//! ```

mod bank;
mod benchmark;
mod error;
mod extractor;
mod fingerprint;
mod label_free;
mod pixels;
mod pretext;
mod protocol;
pub mod protocols;
mod reconstruction;
mod report;
mod scores;
mod split;
mod stop;
mod subject;
mod task_images;

pub use bank::FeatureBank;
pub use benchmark::{Benchmark, Whose};
pub use error::EvalError;
pub use extractor::Extractor;
pub use fingerprint::fingerprint;
pub use kontrast_runlog::{LabelFree, LayerScore, Score};
pub use label_free::label_free;
pub use pixels::Pixels;
pub use pretext::{PretextAccuracy, pretext_accuracy};
pub use protocol::{Milestone, Needs, Protocol, evaluate};
pub use protocols::{nearest, protocols, protocols_for_curves};
pub use reconstruction::reconstruction;
pub use report::{Metric, Report, predicted};
pub use scores::Scores;
pub use split::{FitSplit, split};
pub use stop::Stop;
pub use subject::{Network, Subject};
pub use task_images::TaskImages;
