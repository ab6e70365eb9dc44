//! What a run writes and a report reads: the run directory, its events, its summary, TensorBoard scalars.
//!
#![doc = include_str!("../README.md")]

pub mod answers;
mod atomic;
mod cache;
mod cost;
mod crc32c;
mod error;
mod event;
mod event_log;
pub mod human;
mod in_effect;
mod layout;
mod lines;
mod named_score;
mod nan;
mod processor;
mod records;
mod run_dir;
mod runs;
mod score;
mod status;
mod summary;
mod temporary;
mod tensorboard;
mod tuning;

pub use atomic::{atomic_write, atomic_write_with};
pub use cache::cache_home;
pub use cost::TrainingCost;
pub use error::RunlogError;
pub use event::{Event, now};
pub use event_log::{Events, read_events};
pub use layout::Layout;
pub use processor::is_quick_in_bf16;
pub use run_dir::{Held, RunDir};
pub use runs::runs_in;
pub use score::{Measure, Score, SettingValue};
pub use status::Status;
pub use summary::{
    Evaluation, LabelFree, LayerScore, LossPart, Normalization, Pretext, Reconstruction, StartWeights,
    Summary, read_summary,
};
pub use tensorboard::{Scalar, ScalarWriter, read_scalars};
pub use tuning::Tuning;
