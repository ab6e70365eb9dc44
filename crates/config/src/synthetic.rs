//! `data.synthetic` and `data.synthetic_video`: images that are drawn.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;
use crate::{Data, DataName};

/// Size of the synthetic data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Synthetic {
    /// Training images.
    pub train: usize,
    /// Test images.
    pub test: usize,
    /// Classes, kinds of shape: 2 to 15.
    pub classes: usize,
    /// Width and height in pixels: 8 to 1024.
    pub size: usize,
}

/// Size of the synthetic video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SyntheticVideo {
    /// Training clips.
    pub clips: usize,
    /// Frames of each clip: 2 to 1,000.
    pub frames: usize,
    /// Test clips.
    pub test: usize,
    /// Classes, kinds of shape: 2 to 15.
    pub classes: usize,
    /// Width and height in pixels: 8 to 1024.
    pub size: usize,
}

impl Data {
    pub(crate) fn check_synthetic(&self, problems: &mut Problems) {
        let wanted = self.name == DataName::Synthetic;
        let Some(Synthetic { train, test, classes, size }) = &self.synthetic else {
            if wanted {
                let table = "a table with train, test, classes and size, for data.name = \"synthetic\"";
                problems.missing("data.synthetic", table);
            }
            return;
        };
        if !wanted {
            let only = "no such table, since only data.name = \"synthetic\" reads it; take it out, or extend a file without \
                        it, such as one of configs/base";
            problems.require(false, "data.synthetic", &"a table", only);
            return;
        }
        problems.require(*test >= 1, "data.synthetic.test", test, "at least 1");
        // Five shapes with three fills each is all that can be drawn.
        problems.require((2..=15).contains(classes), "data.synthetic.classes", classes, "2 to 15");
        problems.require((8..=1024).contains(size), "data.synthetic.size", size, "8 to 1024 pixels");
        if let Some(subset) = self.subset {
            let at_most = format!("at most data.synthetic.train = {train}");
            problems.require(subset <= *train, "data.subset", &subset, &at_most);
        }
    }

    pub(crate) fn check_synthetic_video(&self, problems: &mut Problems) {
        let wanted = self.name == DataName::SyntheticVideo;
        let Some(SyntheticVideo { clips, frames, test, classes, size }) = &self.synthetic_video else {
            if wanted {
                let table =
                    "a table with clips, frames, test, classes and size, for data.name = \"synthetic-video\"";
                problems.missing("data.synthetic_video", table);
            }
            return;
        };
        let only = "no such table, since only data.name = \"synthetic-video\" reads it";
        problems.require(wanted, "data.synthetic_video", &"a table", only);
        let key = |name: &str| format!("data.synthetic_video.{name}");
        problems.require((1..=1 << 20).contains(clips), &key("clips"), clips, "1 to 1,048,576");
        problems.require((1..=1 << 20).contains(test), &key("test"), test, "1 to 1,048,576");
        problems.require((2..=1000).contains(frames), &key("frames"), frames, "2 to 1,000");
        problems.require((2..=15).contains(classes), &key("classes"), classes, "2 to 15");
        problems.require((8..=1024).contains(size), &key("size"), size, "8 to 1024 pixels");
    }
}
