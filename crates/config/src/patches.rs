//! `[encoder.resnet18.patches]`: a ResNet that sees an image patch by patch.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;
use crate::{AnyMethod, Encoder, Task, ViewSize, Views};

/// How an image is cut into the patches of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Patches {
    /// Pixels on a side of a patch; 80 in CPC v2, of 260 pixels.
    ///
    /// Range: at least what the stem takes (5 with `cifar`, 17 with `imagenet`), at most the view
    pub side: u32,
    /// Pixels from one patch to the next; about half of a patch in the papers.
    ///
    /// Range: 1 to `side`
    pub stride: u32,
}

impl Patches {
    /// Patches along a side of so many pixels.
    pub fn cells(self, side: usize) -> usize {
        let Self { side: patch, stride } = self;
        side.checked_sub(patch as usize).map_or(0, |rest| rest / stride.max(1) as usize + 1)
    }

    /// Whether the patches along a side of so many pixels reach both ends.
    fn cover(self, side: usize) -> bool {
        let cells = self.cells(side);
        cells > 0 && (cells - 1) * self.stride as usize + self.side as usize == side
    }

    /// Reports what is out of range; `key` names the table.
    pub(crate) fn check(self, key: &str, (least, split): (usize, Option<u32>), problems: &mut Problems) {
        let Self { side, stride } = self;
        let expected = format!("at least {least} pixels, for the stem");
        problems.require(side as usize >= least, &format!("{key}.side"), &side, &expected);
        let expected = format!("1 to {key}.side = {side}");
        problems.require((1..=side).contains(&stride), &format!("{key}.stride"), &stride, &expected);
        let expected = "no such table beside split: patches have all channels";
        problems.require(split.is_none(), key, &format_args!("{side} pixels every {stride}"), expected);
    }
}

impl Encoder {
    /// How it cuts images into patches, where it does.
    pub fn patches(&self) -> Option<Patches> {
        self.resnet().and_then(|own| own.patches)
    }

    /// Reports a method that predicts patches where the encoder cuts none, or too few of the views.
    pub(crate) fn check_patches(&self, method: &AnyMethod, views: &Views, problems: &mut Problems) {
        for task in method.tasks().iter().filter(|task| task.info.predicts.is_some()) {
            let key = format!("encoder.{}.patches", self.name());
            if let Some(patches) = self.patches() {
                patches.check_grid(&key, task, views, problems);
            } else {
                let what = "`{ side, stride }`, such as { side = 10, stride = 5 } of 30 pixels";
                problems.missing(&key, &format!("{what}, for {}; only ResNets have it", task.key));
            }
        }
    }

    /// Settings that are allowed and seldom meant, in words.
    pub fn notes(&self, method: &AnyMethod) -> Vec<String> {
        let (Some(own), Some(patches)) = (self.resnet(), self.patches()) else { return Vec::new() };
        let mut notes = Vec::new();
        for task in method.tasks() {
            let Some(predicts) = &task.info.predicts else { continue };
            if own.norm == crate::Norm::Batch {
                notes.push(format!(
                    "encoder.{}.norm = \"batch\" lets each patch see the others through the statistics, by which {} can predict \
                     them; take \"group\" or \"none\"",
                    self.name(),
                    task.key
                ));
            }
            if predicts.nearest * (patches.stride as usize) < patches.side as usize {
                notes.push(format!(
                    "{}.distances begin at {}: such patches share pixels, which predicts them without any content; begin at {}",
                    task.key,
                    predicts.nearest,
                    patches.side.div_ceil(patches.stride.max(1))
                ));
            }
        }
        notes
    }
}

impl Patches {
    /// Reports views that the grid does not cover, and distances beyond it.
    fn check_grid(self, key: &str, task: &Task, views: &Views, problems: &mut Problems) {
        let Self { side, stride } = self;
        let Some(predicts) = task.info.predicts.as_ref().filter(|_| stride > 0) else { return };
        for ViewSize { height, width } in task.sizes(&views.sizes()) {
            let size = ViewSize { height, width };
            if !(self.cover(height) && self.cover(width)) {
                let expected = format!(
                    "sides of {side} pixels and so many times {stride} more: {} predicts patches of all of it, which {key} cuts",
                    task.key
                );
                problems.require(
                    false,
                    &format!("views.{}", views.name()),
                    &format_args!("{size} pixels"),
                    &expected,
                );
                continue;
            }
            let (rows, columns) = (self.cells(height), self.cells(width));
            let least = if predicts.sideways { rows.min(columns) } else { rows };
            let expected =
                format!("below {least}, the patches that {key} cuts along a side of {size} pixels");
            let fits = predicts.farthest < least;
            problems.require(fits, &format!("{}.distances", task.key), &predicts.farthest, &expected);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_along_a_side_are_counted_and_the_last_reaches_its_end_or_not() {
        let patches = Patches { side: 10, stride: 5 };
        assert_eq!([9, 10, 14, 15, 30, 32].map(|side| patches.cells(side)), [0, 1, 1, 2, 5, 5]);
        assert_eq!(
            [9, 10, 14, 15, 30, 32].map(|side| patches.cover(side)),
            [false, true, false, true, true, false]
        );
        assert_eq!(Patches { side: 80, stride: 36 }.cells(260), 6);
    }
}
