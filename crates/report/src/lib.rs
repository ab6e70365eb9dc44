//! Tables, curves, and the HTML page of a run or an ablation, from what the run wrote.
//!
#![doc = include_str!("../README.md")]

mod ablation;
mod ablation_csv;
mod ablation_page;
mod ablation_pictures;
mod axis_plot;
mod captions;
mod cell_curves;
mod confused;
mod curve;
mod embedding_map;
mod error;
mod heat_map;
mod label_curves;
mod label_free;
mod layers;
mod loss_parts;
mod measures;
mod metric;
mod page;
mod paper_scatter;
mod placement;
mod run_curves;
mod run_page;
mod scale;
mod scores;
mod spectrum;
mod spread;
mod svg;
mod table;
mod tuned;
mod verdict;

pub use ablation::{AblationResult, CellResult, Outcome, ablation_markdown};
pub use ablation_csv::ablation_csv;
pub use ablation_page::ablation_page;
pub use ablation_pictures::ablation_picture;
pub use confused::confused_score;
pub use curve::{Curve, Level, Series};
pub use embedding_map::{EmbeddingMap, MapLayout};
pub use error::ReportError;
pub use label_free::label_free_markdown;
pub use layers::layers_markdown;
pub use loss_parts::loss_parts_markdown;
pub use measures::measures_markdown;
pub use run_page::run_page;
pub use scores::{conclusion, read_run, scores_markdown, seeds_markdown};
pub use spread::Spread;
pub use table::markdown_table;
pub use tuned::CandidateResult;
pub use verdict::{JudgedClaim, Verdict};
