//! Pages of sample runs: what stands on them, and that they stand alone.

mod ablation_pictures;
mod ablations;
mod claims;
mod committed_results;
mod grid;
mod measures;
mod pictures;
mod runs;
mod sample;
mod transfer;
mod tuned;
