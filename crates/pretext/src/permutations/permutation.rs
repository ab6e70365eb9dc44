//! One permutation of the tiles.

/// Tile `permutation[i]` is shown at place `i`.
pub type Permutation = Vec<u8>;
