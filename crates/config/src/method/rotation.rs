//! `[method.rotation]`: rotation prediction (Gidaris, Singh and Komodakis 2018, arXiv 1803.07728).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Pretext, Surroundings};
use crate::ViewSize;
use crate::problems::Problems;

/// Rotation prediction: how far an image was turned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Angles to tell apart, evenly around the circle.
    ///
    /// Range: 2, 4, 8
    pub rotations: u32,
    /// Whether upright is one of the angles; of 2 rotations without it one is a quarter turn to the left, one to the right
    /// (table 2 of the paper).
    ///
    /// Range: `true`; `false` where `rotations = 2`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upright: Option<bool>,
    /// Whether a batch holds every image at all angles, or each at one that is drawn.
    ///
    /// Range: `true`, `false`
    pub all: bool,
    /// `{ widths, batch_norm }`: layers before the classifier, none with `widths = []`.
    ///
    /// Range: as a head
    pub head: Head,
}

impl MethodSpec for Rotation {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        let rotations = self.rotations;
        let expected = "2, 4 or 8 angles";
        problems.require([2, 4, 8].contains(&rotations), &format!("{key}.rotations"), &rotations, expected);
        if let Some(upright) = self.upright {
            let expected =
                format!("true, for {key}.rotations = {rotations}: 2 rotations alone leave upright out");
            problems.require(upright || rotations == 2, &format!("{key}.upright"), &upright, &expected);
        }
        self.head.check(&format!("{key}.head"), problems);
    }

    fn check_size(&self, key: &str, (size, of): (ViewSize, &str), problems: &mut Problems) {
        let fits = size.is_square() || self.rotations == 2 && self.upright != Some(false);
        let which = if self.rotations == 2 {
            "upright = false".into()
        } else {
            format!("rotations = {}", self.rotations)
        };
        let expected = format!(
            "a square for {key}.{which}, since a quarter turn of others has another size; or 2 rotations"
        );
        problems.require(fits, of, &format_args!("{size} pixels"), &expected);
    }

    fn info(&self) -> MethodInfo {
        let angles = self.rotations;
        let after = if self.all {
            format!("Each view is then turned by all {angles} angles, and all of them are trained on.")
        } else {
            format!("Each view is then turned by one of {angles} angles.")
        };
        let columns = if self.all { ", a column for each image" } else { "" };
        let asked = format!(
            "The network is asked by how much an image was turned, counter-clockwise; there is a row for each angle\
             {columns}."
        );
        MethodInfo {
            pretext: Some(Pretext { asked, of_training_images: false }),
            after_views: after,
            ..MethodInfo::of(ComparedViews::Pretext)
        }
    }
}
