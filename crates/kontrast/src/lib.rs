//! Trains image encoders without labels, and shows what they learned: the commands of the program `kontrast`, as a library.
//!
#![doc = include_str!("../README.md")]

mod canvas;
mod confusion;
mod data;
mod destination;
mod estimate;
mod evaluate;
mod evaluation;
mod failure;
mod figures;
mod host;
mod images;
mod inspect;
mod inventory;
mod observer;
mod pack;
mod permutations;
mod pretext;
mod pretext_sheet;
mod pretrain;
mod preview;
mod progress;
mod reconstruction;
mod record;
mod report;
mod score_lines;
mod session;
mod slow;
mod table;
mod task_images;
mod transfer;
mod words;

pub use data::{fetch, list};
pub use evaluate::evaluate;
pub use evaluation::FinalScores;
pub use failure::{Refusal, is_refused, panic_words};
pub use host::{Bar, Host, Runtime, Silent};
pub use inspect::inspect;
pub use kontrast_config as config;
pub use kontrast_eval::Stop;
pub use kontrast_runlog::Status;
pub use pack::{Pack, pack};
pub use permutations::{Permutations, permutations};
pub use pretrain::{Ended, Pretrain, pretrain};
pub use preview::{Preview, ViewKey, preview};
pub use report::report;
pub use session::Session;
pub use table::{Cells, Seeds, Table, table};
pub use transfer::transfer;
pub use words::quoted;
