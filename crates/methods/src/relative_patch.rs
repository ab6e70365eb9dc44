//! Relative patches (Doersch, Gupta and Efros 2015, arXiv 1505.05192): where does one tile lie beside the middle one?

use crate::branch::Branch;
use crate::classifier::{Classifier, cross_entropy};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective, Pretext};
use crate::setting::{Setting, head};
use crate::{CollapseCriterion, Outputs, Predictions, Progress, draw};
use kontrast_augment_torch::{Views, normal};
use kontrast_models::Mode;
use kontrast_pretext::Grid;
use kontrast_pretext::patches::{AROUND, DIRECTIONS, MIDDLE, one_channel, pairs};
use kontrast_pretext::tiles::{Tiling, normalised};
use kontrast_torch_ext::{StateDict, channels_last};
use tch::{Kind, Tensor};

/// Classes of a pair.
const CLASSES: i64 = 8;

/// Encoder of tiles, and the classifier of pairs.
pub(crate) struct RelativePatch {
    branch: Branch,
    classifier: Classifier,
    tiling: Tiling,
    all: bool,
    normalise: bool,
    /// Standard deviation of the noise in place of two channels, as a fraction of the third's, where colours are
    /// dropped.
    drop_channels: Option<f64>,
    channels_last: bool,
    seed: u64,
}

impl RelativePatch {
    pub(crate) fn new(config: &kontrast_config::RelativePatch, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let classifier =
            Classifier::new("classifier", setting, 2 * branch.width(), &head(&config.head, 1), CLASSES);
        let grid = Grid::square(3).expect("a grid of nine");
        Self {
            branch,
            classifier,
            tiling: Tiling { grid, tile: config.tile as i64 },
            all: config.all,
            normalise: config.normalise,
            drop_channels: config.drop_channels,
            channels_last: setting.encoder.channels_last(),
            seed: setting.seed,
        }
    }

    /// The nine tiles of each image, `[n, 9, 3, tile, tile]`.
    fn cut(&self, views: &Views, progress: Progress) -> Tensor {
        let (images, indices) = (views.view(0), views.indices());
        let slack = self.tiling.slack(images.size()[3]);
        let offsets =
            draw::offsets(indices, self.seed, progress.epoch, (9, slack)).to_device(images.device());
        self.tiling.cut(&images, &offsets)
    }

    /// What the encoder sees: all nine tiles of each image, or the two of its pair, `[n, tiles, 3, tile, tile]`.
    fn tiles(&self, views: &Views, progress: Progress) -> Tensor {
        let (mut tiles, indices) = (self.cut(views, progress), views.indices());
        let device = tiles.device();
        if !self.all {
            let images = Tensor::arange(views.n(), (Kind::Int64, device));
            tiles = pairs(&tiles, &images, &self.targets(indices, progress).to_device(device));
        }
        if self.normalise {
            tiles = normalised(&tiles);
        }
        if let Some(fraction) = self.drop_channels {
            let count = tiles.size()[1] as usize;
            let (kept, keys) = draw::colours(indices, self.seed, progress.epoch, count);
            let side = self.tiling.tile;
            let index = Tensor::arange(3 * side * side, (Kind::Int64, device)).view([1, 3, side, side]);
            let noise = normal(&keys.to_device(device), &index).view_as(&tiles);
            tiles = one_channel(&tiles, &kept.to_device(device), &noise, fraction);
        }
        tiles
    }

    /// The class of each pair, in the order of the pairs.
    fn targets(&self, indices: &[u32], progress: Progress) -> Tensor {
        if self.all {
            return Tensor::arange(CLASSES, (Kind::Int64, tch::Device::Cpu)).repeat([indices.len() as i64]);
        }
        draw::answers(indices, self.seed, progress.epoch, |stream| draw::below(CLASSES, stream))
    }

    /// Representations `[n * tiles, width]`, and the logits of all pairs of an image, `[n, pairs, classes]`.
    fn classified(&self, views: &Views, progress: Progress, mode: Mode) -> (Tensor, Tensor) {
        let tiles = self.tiles(views, progress);
        let n = tiles.size()[0];
        let each = tiles.flatten(0, 1);
        let each = if self.channels_last { channels_last(&each) } else { each };
        let rows = draw::parts(&views.rows(), tiles.size()[1]);
        let pass = self.branch.rows(&each, &rows, progress, mode);
        let z = pass.z.view([n, -1, self.branch.width()]);
        let both = if self.all { beside_the_middle(&z) } else { z.view([n, 1, -1]) };
        (pass.h, self.classifier.logits(&both.flatten(0, 1), mode).view([n, -1, CLASSES]))
    }
}

/// The embedding of the middle tile beside that of each around it, in the order of the classes.
///
/// # Shapes
/// - `z`: `[n, 9, d]`
/// - returns `[n, 8, 2 d]`
pub(crate) fn beside_the_middle(z: &Tensor) -> Tensor {
    let others = Tensor::from_slice(&AROUND).to_device(z.device());
    let middle = z.narrow(1, MIDDLE, 1).expand([-1, CLASSES, -1], false);
    Tensor::cat(&[middle, z.index_select(1, &others)], 2)
}

impl Objective for RelativePatch {
    fn name(&self) -> &'static str {
        "relative_patch"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let (h, logits) = self.classified(views, progress, mode);
        Outputs::new(&h).with("logits", logits.unsqueeze(0))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let logits = online["logits"].flatten(0, 2);
        let targets = self.targets(batch.indices, batch.progress).to_device(logits.device());
        let (loss, right) = cross_entropy(&logits, &targets);
        let embeddings = logits.detach().unsqueeze(0);
        LossOutput::new(loss, Some((CLASSES as f64).ln()), &embeddings).with_accuracy(right)
    }

    fn pretext(&self) -> Option<&dyn Pretext> {
        Some(self)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("classifier", &self.classifier.state())
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Classes
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for relative patches also check that the tiles show \
         something (method.relative_patch.tile, the view's size), and that the views turn nothing upside down: preview \
         draws the view that they are cut from"
    }
}

impl Pretext for RelativePatch {
    fn predict(&self, views: &Views, progress: Progress) -> Predictions {
        let (_, logits) = self.classified(views, progress, Mode::Eval);
        let found = logits.flatten(0, 1).argmax(1, false);
        let targets = self.targets(views.indices(), progress).to_device(found.device());
        // Shown are the tiles of each pair before they are normalised.
        let images = Tensor::arange(views.n(), (Kind::Int64, targets.device()));
        let images = images.repeat_interleave_self_int(logits.size()[1], 0, None);
        let shown = pairs(&self.cut(views, progress), &images, &targets);
        // Side by side, the middle first.
        let pictures = Tensor::cat(&[shown.select(1, 0), shown.select(1, 1)], 3);
        let classes = DIRECTIONS.map(str::to_owned).to_vec();
        Predictions { targets, found, pictures, tiles: (1, 2), classes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{no_head, progress, setting_of, views};
    use kontrast_config::{Head, HeadNorm};
    use kontrast_models::{Depth, EncoderSpec, Norm, ResNetSpec, Stem};

    fn of(all: bool) -> RelativePatch {
        let config = kontrast_config::RelativePatch {
            tile: 5,
            all,
            normalise: true,
            drop_channels: None,
            projector: no_head(),
            head: Head { widths: vec![16], batch_norm: HeadNorm::None },
        };
        let resnet = ResNetSpec {
            depth: Depth::ResNet18,
            stem: Stem::Cifar,
            width: 8,
            channels: 3,
            channels_last: true,
            bn_splits: 1,
            norm: Norm::Batch,
        };
        let encoder = EncoderSpec::ResNet(resnet);
        RelativePatch::new(&config, &Setting { encoder, ..setting_of(1) })
    }

    /// Views of 15 pixels.
    fn small() -> Views {
        let whole = views(1);
        Views::new(whole.view(0).narrow(2, 0, 15).narrow(3, 0, 15).contiguous(), whole.indices().to_vec())
    }

    #[test]
    fn all_pairs_at_once_are_answered_as_each_by_itself() {
        let (all, one) = (of(true), of(false));
        let together = all.classified(&small(), progress(0), Mode::Eval).1;
        let targets = one.targets(small().indices(), progress(0));
        let alone = one.classified(&small(), progress(0), Mode::Eval).1;
        for (image, class) in Vec::<i64>::try_from(targets).unwrap().into_iter().enumerate() {
            let (found, expected) = (together.get(image as i64).get(class), alone.get(image as i64).get(0));
            kontrast_testkit::assert_close(&found, &expected, 1e-5);
        }
        // The class of the k-th pair is k.
        let classes = all.targets(small().indices(), progress(0)).view([-1, CLASSES]);
        assert_eq!(classes.get(3), Tensor::arange(CLASSES, (Kind::Int64, tch::Device::Cpu)));
    }
}
