//! `[method.dino]`: DINO (Caron et al. 2021, arXiv 2104.14294).

use serde::{Deserialize, Serialize};

use super::checks::{before_the_end, several, some_layer};
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Momentum, Surroundings};
use crate::problems::Problems;

/// DINO: a student predicts what a slow, centred and sharpened teacher makes of other views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dino {
    /// Divides the student's scores.
    ///
    /// Range: above 0
    pub student_temperature: f64,
    /// `{ base, final, warmup_epochs }`: from one to the other straight, by epoch, then `final`; with `warmup_epochs =
    /// 0` always `final`.
    ///
    /// Range: `base`, `final` above 0; `warmup_epochs` 0 to `train.epochs`
    pub teacher_temperature: TeacherTemperature,
    /// Fraction of itself that the centre of the teacher's scores keeps.
    ///
    /// Range: 0 or above, below 1
    pub centre_momentum: f64,
    /// `{ base, final }`, the fraction of itself that the momentum encoder keeps at a step: `base` at the first,
    /// `final` at the last, half a cosine between.
    ///
    /// Range: each 0 to 1
    pub momentum: Momentum,
    /// First epochs in which the prototypes stay as they are.
    ///
    /// Range: 0 or above, below `train.epochs`
    pub frozen_epochs: u32,
    /// How many prototypes there are.
    ///
    /// Range: 2 or above
    pub prototypes: u32,
    /// The head before the prototypes, with GELU between its layers; its last width is the bottleneck, which is brought
    /// to unit length.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

/// The teacher's temperature over the first epochs, in equal steps from epoch to epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TeacherTemperature {
    /// In the first epoch of a warm-up.
    pub base: f64,
    /// After the warm-up, and from there on.
    #[serde(rename = "final")]
    pub last: f64,
    /// Epochs from one to the other; with 0 there is no warm-up.
    pub warmup_epochs: u32,
}

impl MethodSpec for Dino {
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems) {
        let train = around.train;
        problems.positive(&format!("{key}.student_temperature"), self.student_temperature);
        problems.positive(&format!("{key}.teacher_temperature.base"), self.teacher_temperature.base);
        problems.positive(&format!("{key}.teacher_temperature.final"), self.teacher_temperature.last);
        problems.below_one(&format!("{key}.centre_momentum"), self.centre_momentum);
        self.momentum.check(&format!("{key}.momentum"), problems);
        let frozen = format!("{key}.frozen_epochs");
        before_the_end(&frozen, self.frozen_epochs, "the last layer is trained after them", train, problems);
        let warmup = self.teacher_temperature.warmup_epochs;
        let expected = format!("0 to train.epochs = {}", train.epochs);
        let warmup_key = format!("{key}.teacher_temperature.warmup_epochs");
        problems.require(warmup <= train.epochs.max(1), &warmup_key, &warmup, &expected);
        several(key, self.prototypes, problems);
        some_layer(key, &self.projector, problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo::of(ComparedViews::PairAndMore)
    }
}
