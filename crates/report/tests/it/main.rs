//! Pages of sample runs: what stands on them, and that they stand alone.

mod ablations;
mod runs;
mod sample;
