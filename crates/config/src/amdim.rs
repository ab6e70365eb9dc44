//! `[encoder.amdim]`: the encoder of AMDIM (Bachman, Hjelm and Buchwalter 2019, arXiv 1906.00910, section 3.4).

use serde::{Deserialize, Serialize};

use crate::problems::Problems;
use crate::{AnyMethod, ViewSize, Views, Weights};

/// A residual network without padding, so that a cell of a map has seen its own part of the image alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AmdimEncoder {
    /// Pixels on a side of the images that it is made for, whose last map is one cell; larger ones are averaged.
    ///
    /// Range: 32, 64, 128
    pub size: u32,
    /// Channels of the first layer, `ndf` in the paper; 320 on CIFAR-10 and ImageNet.
    ///
    /// Range: 1 or above
    pub width: u32,
    /// Values of a representation, and of a cell that is compared with it; 1,280 on CIFAR-10, 2,560 on ImageNet.
    ///
    /// Range: 4 times `width` or above, 8 times for images of 64 and 128 pixels
    pub rkhs: u32,
    /// Residual units of a block, of which the first alone sees more than a pixel; 10 in the paper. The last block has one, and
    /// at 32 pixels the first too.
    ///
    /// Range: 1 or above
    pub depth: u32,
    /// Weights to begin from in place of drawn ones, of Kontrast or of another program (docs/weights.md): a file, or `{ file,
    /// tower, heads }`: which of the file's encoders, where it holds several, and whether heads of a checkpoint of Kontrast
    /// are taken too. The file's SHA-256 is part of the digest, its place is not.
    ///
    /// Range: a path, relative to the folder in which the command runs; a table; `"random"` for drawn ones
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::weights::read")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::weights::schema"))]
    pub weights: Option<Weights>,
}

impl AmdimEncoder {
    /// Its shape in words, without the name.
    pub(crate) fn shape(&self) -> String {
        format!("of width {}, {} values, for {} pixels", self.width, self.rkhs, self.size)
    }

    /// Reports what is out of range; `key` names the table.
    pub(crate) fn check(&self, key: &str, problems: &mut Problems) {
        let Self { size, width, rkhs, depth, .. } = self;
        problems.require([32, 64, 128].contains(size), &format!("{key}.size"), size, "32, 64 or 128 pixels");
        problems.require(*width >= 1, &format!("{key}.width"), width, "at least 1 channel");
        let least = u64::from(*width) * if *size == 32 { 4 } else { 8 };
        let expected = format!("at least {least}, the channels of the maps of {key}.width = {width}");
        problems.require(u64::from(*rkhs) >= least, &format!("{key}.rkhs"), rkhs, &expected);
        problems.require(*depth >= 1, &format!("{key}.depth"), depth, "at least 1 unit");
    }

    /// Reports views whose last map has another number of cells than one, for a method that compares cells.
    pub(crate) fn check_views(&self, method: &AnyMethod, views: &Views, problems: &mut Problems) {
        let own = ViewSize::from(self.size as usize);
        let other = |size: &ViewSize| *size != own;
        let Some(task) = method.tasks().into_iter().find(|task| task.info.compares_cells) else { return };
        if let Some(size) = views.sizes().into_iter().find(other) {
            let expected = format!("{own}, which is encoder.amdim.size: {} compares its maps", task.key);
            let key = format!("views.{}", views.name());
            problems.require(false, &key, &format_args!("{size} pixels"), &expected);
        }
    }
}
