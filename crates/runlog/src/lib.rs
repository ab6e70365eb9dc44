//! What a run writes and a report reads: the run directory, its events, its summary, TensorBoard scalars.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! use kontrast_runlog::{Event, RunDir, Status, Summary, read_events, read_summary};
//!
//! let path = RunDir::path_for(folder.path(), "quickstart", "5a2243f1e32fc956", 0);
//! assert!(path.ends_with("quickstart-5a2243f1-s0"));
//!
//! let mut run = RunDir::acquire(&path)?;
//! run.append(&Event::end(Status::Finished, None))?;
//! run.write_summary(&Summary { name: "quickstart".to_owned(), ..Summary::default() })?;
//!
//! assert_eq!(read_events(&path)?.events.len(), 1);
//! assert_eq!(read_summary(&path)?.name, "quickstart");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here is lost to a kill: files are replaced whole or not at all, a torn last line of the event
//! log is dropped, and the kernel frees the lock of a process that died. Damaged lines in its middle are passed over.

mod atomic;
mod cache;
mod crc32c;
mod error;
mod event;
mod event_log;
pub mod human;
mod in_effect;
mod layout;
mod lines;
mod records;
mod run_dir;
mod runs;
mod status;
mod summary;
mod temporary;
mod tensorboard;

pub use atomic::{atomic_write, atomic_write_with};
pub use cache::cache_home;
pub use error::RunlogError;
pub use event::{Event, now};
pub use event_log::{Events, read_events};
pub use layout::Layout;
pub use run_dir::{Held, RunDir};
pub use runs::runs_in;
pub use status::Status;
pub use summary::{
    Evaluation, LabelFree, LayerScore, LossPart, Pretext, Reconstruction, Score, Summary, read_summary,
};
pub use tensorboard::{Scalar, ScalarWriter, read_scalars};
