//! Pretext tasks on whole images: rotations and jigsaws.

use serde::{Deserialize, Serialize};

use super::{Head, fitting_tiles};
use crate::problems::Problems;

/// Rotation prediction: how far an image was turned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Angles, evenly around the circle: 2, 4 or 8.
    pub rotations: u32,
    /// Whether a batch holds every image at all angles, or each at one that is drawn.
    pub all: bool,
    /// Between encoder and classifier.
    pub head: Head,
}

/// Jigsaw: which permutation the tiles of an image were shuffled by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jigsaw {
    /// Rows of tiles, and columns.
    pub grid: u8,
    /// Pixels on a side of a tile, which lies anywhere in its cell.
    pub tile: usize,
    /// The permutations to tell apart.
    pub permutations: Permutations,
    /// Whether each tile is normalised by its own mean and std.
    pub normalise: bool,
    /// Weight of a second loss, that of telling which tile is shown at each place; 0 switches it off.
    pub position_weight: f64,
    /// The head on each tile.
    pub projector: Head,
    /// Between the embeddings of all tiles, side by side, and the classifier.
    pub head: Head,
}

/// A set of permutations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    fn available(self, tiles: usize) -> Option<usize> {
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

impl Rotation {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        let rotations = self.rotations;
        let expected = "2, 4 or 8 angles";
        problems.require([2, 4, 8].contains(&rotations), &format!("{key}.rotations"), &rotations, expected);
        self.head.check(&format!("{key}.head"), problems);
    }
}

impl Jigsaw {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        let grid = self.grid;
        problems.require((2..=8).contains(&grid), &format!("{key}.grid"), &grid, "2 to 8 rows and columns");
        problems.require(self.tile >= 1, &format!("{key}.tile"), &self.tile, "at least 1 pixel");
        problems.not_negative(&format!("{key}.position_weight"), self.position_weight);
        self.projector.check(&format!("{key}.projector"), problems);
        self.head.check(&format!("{key}.head"), problems);
        let (tiles, count) = (usize::from(grid).pow(2), self.permutations.count);
        let (count_key, grid_key) = (format!("{key}.permutations.count"), format!("{key}.grid"));
        problems.require(
            count >= 2,
            &count_key,
            &count,
            "at least 2, for there must be something to tell apart",
        );
        let method = self.permutations.method.as_str();
        let known = self.permutations.method.available(tiles);
        let expected =
            format!("one that knows {tiles} tiles, those of {grid_key} = {grid}: greedy, random or cyclic");
        problems.require(known.is_some(), &format!("{key}.permutations.method"), &method, &expected);
        let available = known.unwrap_or(usize::MAX);
        let expected = format!(
            "at most {available}: {method} has no more with {grid_key} = {grid}; take fewer, or greedy"
        );
        problems.require(count <= available, &count_key, &count, &expected);
    }

    /// Whether the tiles lie in a view of `side` pixels, which `of` names.
    pub(super) fn check_side(&self, key: &str, (side, of): (usize, &str), problems: &mut Problems) {
        let grid = usize::from(self.grid.max(1));
        fitting_tiles((key, Some(&format!("{key}.grid"))), (grid, self.tile), (side, of), problems);
    }
}
