//! Sets of permutations of a jigsaw's tiles.

use serde::{Deserialize, Serialize};

/// A set of permutations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Permutations {
    /// How they are chosen.
    pub method: PermutationMethod,
    /// How many.
    pub count: usize,
    /// Fixes the first choice, and which of equals is taken.
    pub seed: u64,
}

/// How permutations are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PermutationMethod {
    /// Each the farthest from those before, by the sum of Hamming distances.
    Greedy,
    /// Each the farthest from its nearest.
    MaxMin,
    /// Each the median.
    Middle,
    /// Each the nearest.
    MinAvg,
    /// Drawn.
    Random,
    /// Shifts of the tiles.
    Cyclic,
    /// The affine group of GF(9): 72.
    Agl19,
    /// The projective group of GF(8): 504.
    Pgl28,
    /// The same with automorphisms: 1,512.
    Pgammal28,
}

impl PermutationMethod {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Greedy,
        Self::MaxMin,
        Self::Middle,
        Self::MinAvg,
        Self::Random,
        Self::Cyclic,
        Self::Agl19,
        Self::Pgl28,
        Self::Pgammal28,
    ];

    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Greedy => "greedy",
            Self::MaxMin => "max_min",
            Self::Middle => "middle",
            Self::MinAvg => "min_avg",
            Self::Random => "random",
            Self::Cyclic => "cyclic",
            Self::Agl19 => "agl19",
            Self::Pgl28 => "pgl28",
            Self::Pgammal28 => "pgammal28",
        }
    }

    /// How many permutations of so many tiles there are to choose from, where it knows them.
    pub(super) fn available(self, tiles: usize) -> Option<usize> {
        match self {
            Self::Greedy | Self::Random => Some((1..=tiles).fold(1, usize::saturating_mul)),
            Self::MaxMin | Self::Middle | Self::MinAvg => (tiles <= 9).then(|| (1..=tiles).product()),
            Self::Cyclic => Some(tiles),
            Self::Agl19 => (tiles == 9).then_some(72),
            Self::Pgl28 => (tiles == 9).then_some(504),
            Self::Pgammal28 => (tiles == 9).then_some(1512),
        }
    }
}
