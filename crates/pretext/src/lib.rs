//! Pretext tasks, from which an encoder learns where no label is at hand: which permutation the tiles of an image were
//! shuffled by, how far an image was turned, where a patch lies beside another.
//!
#![doc = include_str!("../README.md")]

pub mod grid;
pub mod patches;
pub mod permutations;
mod rotation;
pub mod tiles;

pub use grid::Grid;
pub use rotation::Rotations;

// torch-ext makes libtorch findable at run time for whoever depends on this crate.
use kontrast_torch_ext as _;
