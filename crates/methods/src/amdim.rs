//! AMDIM (Bachman, Hjelm and Buchwalter 2019, arXiv 1906.00910): what one view shows as a whole, and in one of its cells,
//! predicts the cells of the other view among those of other images.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::Setting;
use crate::{ImageGroups, Outputs, Part, Progress, draw};
use kontrast_augment_torch::Views;
use kontrast_losses::{
    ScoreBounds, multi_scale_nce, multi_scale_nce_ignoring, multi_scale_nce_uniform,
    multi_scale_nce_uniform_ignoring,
};
use kontrast_models::{AmdimSpec, EncoderSpec, HeadSpec, Init, Like, Mode, RkhsBlock};
use kontrast_torch_ext::{Autocast, Precision, StateDict};
use tch::{Device, Kind, Tensor, nn};

/// Cells of the coarser map.
const CELLS_5: i64 = 25;

/// AMDIM's encoder, and what makes the cells of its maps comparable with its representation.
pub(crate) struct Amdim {
    branch: Branch,
    /// Of the maps of 5x5 and of 7x7 cells; none where nothing is predicted of that map.
    heads: [Option<RkhsBlock>; 2],
    weights: [f64; 3],
    bounds: ScoreBounds,
    groups: Option<ImageGroups>,
    seed: u64,
    precision: Precision,
    device: Device,
}

/// A map: its place among the encoder's, the name of its cells, and that of its head.
const MAPS: [(usize, &str, &str); 2] =
    [(AmdimSpec::MAP_5, "cells_5", "head_5"), (AmdimSpec::MAP_7, "cells_7", "head_7")];

impl Amdim {
    /// # Panics
    /// Where the encoder is not AMDIM's: the experiment's check refuses that.
    pub(crate) fn new(config: &kontrast_config::Amdim, setting: &Setting) -> Self {
        let EncoderSpec::Amdim(spec) = setting.encoder else { panic!("method.amdim has encoder.amdim") };
        let own = &config.weights;
        let weights = [own.from_1_to_5, own.from_1_to_7, own.from_5_to_5];
        let wanted = [weights[0] + weights[2] > 0.0, weights[1] > 0.0];
        let head = |(name, wanted): (&str, bool)| {
            let init = Init::new(setting.seed).part(name);
            let like = Like { init, channels_last: spec.channels_last, bn_splits: 1 };
            let widths = [spec.local_channels(), spec.rkhs];
            wanted.then(|| RkhsBlock::new(&nn::VarStore::new(setting.device), widths, like))
        };
        Self {
            branch: Branch::new(setting, &HeadSpec::none(), 1),
            heads: [(MAPS[0].2, wanted[0]), (MAPS[1].2, wanted[1])].map(head),
            weights,
            bounds: ScoreBounds { clip: config.clip, regulariser: config.regulariser },
            groups: setting.groups.clone(),
            seed: setting.seed,
            precision: setting.precision,
            device: setting.device,
        }
    }

    /// The representations of one view, `[n, d]`, and the cells of each map that has a head, `[n, cells, d]`.
    fn view(&self, images: &Tensor, mode: Mode) -> (Tensor, [Option<Tensor>; 2]) {
        let maps = self.branch.stages(images, mode);
        let _autocast = Autocast::new(self.device, self.precision);
        let cells = |place: usize| {
            let head = self.heads[place].as_ref()?;
            Some(head.forward(&maps[MAPS[place].0], mode).flatten(2, -1).transpose(1, 2))
        };
        let z = maps[AmdimSpec::MAP_1].to_kind(Kind::Float).flatten(1, -1);
        (z, [cells(0), cells(1)])
    }

    /// A random cell of each view of each image, `[views, n, d]`.
    fn sources(&self, cells: &Tensor, batch: BatchInfo<'_>) -> Tensor {
        let (views, _, _, d) = cells.size4().expect("cells of views are [views, n, cells, d]");
        let drawn = draw::cells(batch.indices, self.seed, batch.progress.epoch, (views, CELLS_5));
        let place = drawn.to_device(cells.device()).view([views, -1, 1, 1]).expand([-1, -1, 1, d], false);
        cells.gather(2, &place, false).squeeze_dim(2)
    }
}

impl Objective for Amdim {
    fn name(&self) -> &'static str {
        "amdim"
    }

    fn embed(&self, views: &Views, _progress: Progress, mode: Mode) -> Outputs {
        let (mut z, mut cells) = (Vec::new(), [Vec::new(), Vec::new()]);
        // A pass for each view, as in the authors' code.
        for which in 0..views.count() {
            let (of_view, of_maps) = self.view(&views.view(which), mode);
            z.push(of_view);
            for (all, own) in cells.iter_mut().zip(of_maps) {
                all.extend(own);
            }
        }
        let outputs = Outputs::new(&Tensor::cat(&z, 0)).with("z", Tensor::stack(&z, 0));
        let found = MAPS.iter().zip(&cells).filter(|(_, cells)| !cells.is_empty());
        found.fold(outputs, |outputs, ((_, name, _), cells)| outputs.with(*name, Tensor::stack(cells, 0)))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, z.device()));
        let (n, bounds) = (batch.indices.len(), self.bounds);
        // From each view to the other.
        let task = |sources: &Tensor, cells: &Tensor| {
            let term = |from: i64, to: i64| match &groups {
                Some(groups) => {
                    multi_scale_nce_ignoring(&sources.get(from), &cells.get(to), &groups.of, bounds)
                }
                None => multi_scale_nce(&sources.get(from), &cells.get(to), bounds),
            };
            let l = cells.size()[2] as usize;
            let uniform = match &groups {
                Some(groups) => multi_scale_nce_uniform_ignoring(&groups.numbers, l),
                None => multi_scale_nce_uniform(n, l),
            };
            ((term(0, 1) + term(1, 0)) / 2.0, uniform)
        };
        let (mut parts, mut sum, mut uniform) = (Vec::new(), Vec::new(), 0.0);
        for (name, weight) in ["1_to_5", "1_to_7", "5_to_5"].into_iter().zip(self.weights) {
            if weight == 0.0 {
                continue;
            }
            let cells = &online[if name == "1_to_7" { "cells_7" } else { "cells_5" }];
            let (loss, of_task) = match name {
                "5_to_5" => task(&self.sources(cells, batch), cells),
                _ => task(z, cells),
            };
            sum.push(&loss * weight);
            uniform += weight * of_task;
            parts.push(Part::new(name, loss, Some(of_task)));
        }
        let loss = sum.into_iter().reduce(|a, b| a + b).expect("a weight above 0");
        LossOutput { parts, ..LossOutput::new(loss, Some(uniform), z) }
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        let heads =
            MAPS.iter().zip(&self.heads).filter_map(|((_, _, name), head)| Some((name, head.as_ref()?)));
        heads.fold(self.branch.state(), |all, (name, head)| all.and(name, &head.state()))
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for AMDIM also check that method.amdim.clip leaves scores room (20), \
         that method.amdim.regulariser is not far above 0.05, and that the views share no crop"
    }
}
