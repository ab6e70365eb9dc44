//! `[method.relative_patch]`: relative patches (Doersch, Gupta and Efros 2015, arXiv 1505.05192).

use serde::{Deserialize, Serialize};

use super::checks::fitting_tiles;
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Pretext, Surroundings};
use crate::ViewSize;
use crate::problems::Problems;

/// Relative patches: where one tile lies beside the middle one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RelativePatch {
    /// Pixels on a side of a tile, which lies anywhere in its cell.
    ///
    /// Range: as `jigsaw.tile`, at most a third of the view
    pub tile: usize,
    /// Whether all eight pairs of an image are asked, or one that is drawn.
    ///
    /// Range: `true`, `false`
    pub all: bool,
    /// Whether each tile is normalised by its own mean and standard deviation.
    ///
    /// Range: `true`, `false`
    pub normalise: bool,
    /// One channel of three of each tile stays, and noise of this fraction of its standard deviation replaces the others;
    /// all stay where it is left out.
    ///
    /// Range: 0 or above
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_channels: Option<f64>,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
    /// `{ widths, batch_norm }`: layers before the classifier, none with `widths = []`.
    ///
    /// Range: as a head
    pub head: Head,
}

impl MethodSpec for RelativePatch {
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems) {
        problems.require(self.tile >= 1, &format!("{key}.tile"), &self.tile, "at least 1 pixel");
        if let Some(fraction) = self.drop_channels {
            let key_of_fraction = format!("{key}.drop_channels");
            problems.not_negative(&key_of_fraction, fraction);
            let expected =
                format!("left out with {key}.normalise = false: the noise lies about 0, as the tile has to");
            problems.require(self.normalise, &key_of_fraction, &fraction, &expected);
            let expected =
                "left out: two of three colours are dropped, and data.mean has another number of channels";
            problems.require(around.channels == 3, &key_of_fraction, &fraction, expected);
        }
        self.projector.check(&format!("{key}.projector"), problems);
        self.head.check(&format!("{key}.head"), problems);
    }

    fn check_size(&self, key: &str, (size, of): (ViewSize, &str), problems: &mut Problems) {
        fitting_tiles((key, None), (3, self.tile), (size, of), problems);
    }

    fn info(&self) -> MethodInfo {
        let normalised = if self.normalise { ", normalised each by itself" } else { "" };
        let drops = self.drop_channels.is_some();
        let dropped = if drops { ", and noise replaces two colours of each" } else { "" };
        let after_views = format!(
            "Of each view tiles of {} pixels are then cut{normalised}{dropped}; the encoder sees one tile at a time.",
            self.tile
        );
        let before = match (self.normalise, drops) {
            (true, true) => " Tiles are shown before they are normalised and lose colours.",
            (true, false) => " Tiles are shown before they are normalised.",
            _ => "",
        };
        let asked = format!(
            "On the left the tile in the middle of an image, on the right one of the eight around it: the network is asked \
             where the right one lies, seen from the middle. There is a row for each place.{before}"
        );
        MethodInfo {
            pretext: Some(Pretext { asked, of_training_images: false }),
            tile: Some(self.tile),
            after_views,
            ..MethodInfo::of(ComparedViews::Pretext)
        }
    }
}
