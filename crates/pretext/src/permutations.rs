//! Sets of permutations of the tiles: a jigsaw is told apart by the set's members, so they should differ in as many
//! places as can be.
//!
//! Noroozi and Favaro (2016, arXiv 1603.09246, algorithm 1) choose greedily; [`Choice`] has their variants. Where there
//! are nine tiles, sharply transitive groups are strictly better: of 72 permutations no two agree in more than one
//! place, of 504 in more than two, of 1,512 in more than three, and on average they differ as much as any sets of
//! their sizes can.

mod assigned;
mod distances;
mod groups;
mod permutation;
mod pool;

pub use distances::Distances;
pub use groups::PermutationGroup;
pub use permutation::Permutation;

use crate::Grid;
use pool::{Pool, Rule};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use std::fmt;

/// The most tiles whose permutations are all looked at: 362,880.
const FEW_TILES: usize = 9;

/// How a set is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Each the farthest from those chosen, by the sum of Hamming distances (Noroozi and Favaro's algorithm 1); among
    /// equals the farthest from its nearest.
    Greedy,
    /// Each the farthest from its nearest among those chosen; among equals by the sum of distances.
    MaxMin,
    /// Each the median of those left, by the sum of distances (the paper's middle row of table 4).
    Middle,
    /// Each the nearest to those chosen, by the sum of distances (the paper's lowest row of table 4).
    MinAverage,
    /// Drawn.
    Random,
    /// All of a group, or some of it, chosen greedily.
    Group(PermutationGroup),
}

/// Why a set cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PermutationError {
    /// A task with one answer.
    #[error("{count} permutations: expected 2 or more, for there must be something to tell apart")]
    TooFew {
        /// What was asked for.
        count: usize,
    },
    /// More than there are.
    #[error("{count} permutations: {choice} on a {grid} grid has {available}; ask for fewer{more}")]
    TooMany {
        /// What was asked for.
        count: usize,
        /// How they are chosen.
        choice: Choice,
        /// Of which tiles.
        grid: Grid,
        /// What there is.
        available: usize,
        /// What else would serve.
        more: &'static str,
    },
    /// A group of nine points on another grid.
    #[error("{choice} permutes nine tiles, and a {grid} grid has {}; take a 3x3 grid, or greedy", grid.tiles())]
    NotNine {
        /// The group.
        choice: Choice,
        /// Of which tiles.
        grid: Grid,
    },
    /// What would need all permutations.
    #[error(
        "{choice} looks at every permutation, and a {grid} grid has more than 362,880; take greedy or random, or 9 tiles \
         at most"
    )]
    TooManyTiles {
        /// How they were to be chosen.
        choice: Choice,
        /// Of which tiles.
        grid: Grid,
    },
}

/// Distinct permutations of the tiles of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermutationSet {
    grid: Grid,
    choice: Choice,
    seed: u64,
    permutations: Vec<Permutation>,
}

impl PermutationSet {
    /// `count` permutations, or the whole of a group where none is given; `seed` fixes the first choice and the order
    /// in which equals are taken.
    ///
    /// # Errors
    /// Where there are not as many, or the choice does not fit the grid.
    pub fn choose(
        grid: Grid,
        choice: Choice,
        count: Option<usize>,
        seed: u64,
    ) -> Result<Self, PermutationError> {
        let available = available(grid, choice)?;
        let count = count.unwrap_or(available);
        if count < 2 {
            return Err(PermutationError::TooFew { count });
        }
        if count > available {
            let more = match choice {
                Choice::Group(_) => {
                    ", or take a larger group (cyclic 9, agl19 72, pgl28 504, pgammal28 1512) or greedy"
                }
                _ => ", or take a larger grid",
            };
            return Err(PermutationError::TooMany { count, choice, grid, available, more });
        }
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        let permutations = chosen(grid.tiles(), choice, count, &mut stream);
        Ok(Self { grid, choice, seed, permutations })
    }

    /// The grid whose tiles are permuted.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The permutations, in the order in which they were chosen: a class each.
    pub fn permutations(&self) -> &[Permutation] {
        &self.permutations
    }

    /// The set with its figures, as a file has it.
    pub fn to_toml(&self) -> String {
        let Distances { minimum, mean } = self.distances();
        let (rows, columns) = (self.grid.rows(), self.grid.columns());
        let mut text = format!(
            "method = \"{}\"\ngrid = [{rows}, {columns}]\nseed = {}\ncount = {}\n\n# In how many places two of them \
             differ.\nminimum_distance = {minimum}\nmean_distance = {mean:.6}\n\n# Tile permutations[k][i] is shown \
             at place i.\npermutations = [\n",
            self.choice,
            self.seed,
            self.permutations.len()
        );
        for permutation in &self.permutations {
            let tiles: Vec<_> = permutation.iter().map(ToString::to_string).collect();
            text.extend(["    [", &tiles.join(", "), "],\n"]);
        }
        text + "]\n"
    }

    /// How far its members are from each other.
    pub fn distances(&self) -> Distances {
        Distances::of(&self.permutations)
    }
}

/// How many permutations there are to choose from.
fn available(grid: Grid, choice: Choice) -> Result<usize, PermutationError> {
    let tiles = grid.tiles();
    match choice {
        Choice::Group(group) => group.size(tiles).ok_or(PermutationError::NotNine { choice, grid }),
        Choice::MaxMin | Choice::Middle | Choice::MinAverage if tiles > FEW_TILES => {
            Err(PermutationError::TooManyTiles { choice, grid })
        }
        _ => Ok((1..=tiles).fold(1_usize, usize::saturating_mul)),
    }
}

fn chosen(tiles: usize, choice: Choice, count: usize, stream: &mut ChaCha8Rng) -> Vec<Permutation> {
    let rule = match choice {
        Choice::Group(group) => {
            let mut members = group.members(tiles);
            if count == members.len() {
                return members;
            }
            members.shuffle(stream);
            return Pool::new(&members).choose(count, Rule::Farthest);
        }
        Choice::Random => return assigned::drawn(tiles, count, stream),
        Choice::Greedy if tiles > FEW_TILES => return assigned::farthest(tiles, count, stream),
        Choice::Greedy => Rule::Farthest,
        Choice::MaxMin => Rule::FarthestFromNearest,
        Choice::Middle => Rule::Middle,
        Choice::MinAverage => Rule::Nearest,
    };
    Pool::all(tiles, stream).choose(count, rule)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greedy => "greedy",
            Self::MaxMin => "max_min",
            Self::Middle => "middle",
            Self::MinAverage => "min_avg",
            Self::Random => "random",
            Self::Group(group) => group.name(),
        })
    }
}
