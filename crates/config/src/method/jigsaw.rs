//! `[method.jigsaw]`: jigsaw puzzles (Noroozi and Favaro 2016, arXiv 1603.09246).

use serde::{Deserialize, Serialize};

use super::checks::fitting_tiles;
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Permutations, Pretext, Shuffled, Surroundings};
use crate::ViewSize;
use crate::problems::Problems;

/// Jigsaw: which permutation the tiles of an image were shuffled by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Jigsaw {
    /// Rows of tiles, and columns.
    ///
    /// Range: 2 to 8, dividing the view's size
    pub grid: u8,
    /// Pixels on a side of a tile, which lies anywhere in its cell.
    ///
    /// Range: as many as the encoder needs (5 with the `cifar` stem, 17 with `imagenet`, 3 with `nin`) to those of a
    /// cell: the view's size by `grid`
    pub tile: usize,
    /// `{ method, count, seed }`: the set to tell apart (docs/methods/jigsaw.md).
    ///
    /// Range: `method` as there; `count` 2 to as many as there are
    pub permutations: Permutations,
    /// Whether each tile is normalised by its own mean and standard deviation.
    ///
    /// Range: `true`, `false`
    pub normalise: bool,
    /// Weight of a second loss, that of telling which tile is shown at each place; 0 switches it off.
    ///
    /// Range: 0 or above
    pub position_weight: f64,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
    /// `{ widths, batch_norm }`: layers before the classifier, none with `widths = []`.
    ///
    /// Range: as a head
    pub head: Head,
}

impl MethodSpec for Jigsaw {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
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

    fn check_size(&self, key: &str, (size, of): (ViewSize, &str), problems: &mut Problems) {
        let grid = usize::from(self.grid.max(1));
        fitting_tiles((key, Some(&format!("{key}.grid"))), (grid, self.tile), (size, of), problems);
    }

    fn info(&self) -> MethodInfo {
        let normalised = if self.normalise { ", normalised each by itself" } else { "" };
        let after_views = format!(
            "Of each view {0}x{0} tiles of {1} pixels are then cut{normalised}, and shuffled; the encoder sees one tile at a \
             time.",
            self.grid, self.tile
        );
        let answers = if self.grid <= 3 {
            "An answer has the number of the tile at each place, row by row; in the image itself tiles are numbered from 0, \
             row by row."
        } else {
            "Answers are the permutations' places in permutations.toml, from 0."
        };
        let before = if self.normalise { " Tiles are shown before they are normalised." } else { "" };
        let asked =
            format!("The network is asked by which permutation the tiles were shuffled. {answers}{before}");
        MethodInfo {
            pretext: Some(Pretext { asked, of_training_images: false }),
            tile: Some(self.tile),
            shuffled: Some(Shuffled { grid: self.grid, permutations: self.permutations.clone() }),
            after_views,
            ..MethodInfo::of(ComparedViews::Pretext)
        }
    }
}
